"""Channels: which feeds there are, and that each paper is in its feed or in one archive document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed.channels import (
    ALL,
    Channel,
    ChannelKind,
    FieldName,
    Page,
    channels,
    closed_pages,
    newest,
    open_count,
)

VISION = FieldName("computer-vision", "컴퓨터 비전")
ROBOTICS = FieldName("robotics", "로봇공학", ("robots", "machines"))
MUSIC = FieldName("music", "음악")

counts = st.integers(0, 500)
sizes = st.integers(1, 120)


def _channels(
    fields: list[FieldName], held: dict[str, int], *, published: tuple[str, ...] = (), min_papers: int = 1
) -> dict[str, Channel]:
    found = channels("Site", "About it.", fields, held, frozenset(published), min_papers)
    slugs = [channel.slug for channel in found]
    assert len(set(slugs)) == len(slugs)
    assert slugs[0] == ALL
    return {channel.slug: channel for channel in found}


# -- which channels ----------------------------------------------------------------------------------------


def test_all_papers_are_always_a_channel() -> None:
    """Also when there is nothing else: it has the site's own title and description."""
    found = _channels([], {})
    assert list(found) == [ALL]
    assert (found[ALL].title, found[ALL].description) == ("Site", "About it.")
    assert (found[ALL].kind, found[ALL].source) == (ChannelKind.ALL, ALL)


def test_a_field_with_papers_is_a_channel() -> None:
    """In the vocabulary's order, by its name; a field without papers is none."""
    found = _channels([VISION, ROBOTICS, MUSIC], {"music": 3, "computer-vision": 1})
    assert list(found) == [ALL, "computer-vision", "music"]
    assert found["music"].title == "음악"
    assert "Site" in found["music"].description
    assert "음악" in found["music"].description
    assert (found["music"].kind, found["music"].source) == (ChannelKind.FIELD, "music")


@pytest.mark.parametrize(("papers", "there"), [(0, False), (4, False), (5, True), (6, True)])
def test_a_field_needs_as_many_papers_as_the_config_says(papers: int, there: bool) -> None:  # noqa: FBT001
    """For a feed of its own."""
    assert ("music" in _channels([MUSIC], {"music": papers}, min_papers=5)) is there


def test_a_feed_that_was_published_stays() -> None:
    """Though its field has fewer papers now than a new one would need; its subscribers see no end."""
    assert "music" in _channels([MUSIC], {"music": 1}, published=("music",), min_papers=5)


def test_a_former_name_shows_what_it_became() -> None:
    """Same title, and the slug of the channel whose papers and addresses it gives."""
    found = _channels([ROBOTICS, MUSIC], {"robotics": 1, "music": 1})
    assert list(found) == [ALL, "robotics", "music", "robots", "machines"]
    former = found["robots"]
    assert (former.kind, former.stands_for, former.source) == (ChannelKind.FORMER, "robotics", "robotics")
    assert (former.title, former.description) == (found["robotics"].title, found["robotics"].description)
    assert all(found[slug].stands_for is None for slug in (ALL, "robotics", "music"))


def test_a_former_name_without_papers_is_no_channel() -> None:
    """There is nothing it could stand for."""
    assert list(_channels([ROBOTICS, MUSIC], {"music": 1})) == [ALL, "music"]


def test_a_feed_published_under_a_former_name_stays() -> None:
    """Also where the field that it became would have too few papers for a feed of its own."""
    found = _channels([ROBOTICS], {"robotics": 1}, published=("robots",), min_papers=5)
    assert found["robots"].stands_for == "robotics"


def test_a_former_name_that_is_a_field_again_is_that_field() -> None:
    """A slug never names two channels; the field goes before, and of two former names the first."""
    again = FieldName("robots", "로봇")
    other = FieldName("machines-and-more", "기계", ("machines",))
    held = {"robotics": 1, "robots": 1, "machines-and-more": 1}
    found = _channels([ROBOTICS, again, other], held)
    assert found["robots"].kind is ChannelKind.FIELD
    assert found["machines"].stands_for == "robotics"


@given(
    st.lists(
        st.builds(FieldName, st.sampled_from("abcd"), st.just("N"), st.lists(st.sampled_from("abcdef")).map(tuple)),
        unique_by=lambda field: field.slug,
    ),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9)),
    st.frozensets(st.sampled_from("abcdef")),
    st.integers(1, 9),
)
def test_no_two_channels_share_a_slug(
    fields: list[FieldName], held: dict[str, int], published: frozenset[str], least: int
) -> None:
    """Whatever the vocabulary says; and each former name stands for a field that has a channel."""
    found = _channels(fields, held, published=tuple(published), min_papers=least)
    for channel in found.values():
        assert found[channel.source].stands_for is None


# -- which papers where ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "over", "pages"),
    [
        (0, False, []),
        (0, True, [Page(0, 0, 0)]),
        (7, False, []),
        (7, True, [Page(0, 0, 7)]),
        (10, False, [Page(1, 0, 10)]),
        (10, True, [Page(1, 0, 10), Page(0, 10, 10)]),
        (25, False, [Page(1, 0, 10), Page(2, 10, 20)]),
        (25, True, [Page(1, 0, 10), Page(2, 10, 20), Page(0, 20, 25)]),
    ],
)
def test_closed_pages(count: int, over: bool, pages: list[Page]) -> None:  # noqa: FBT001
    """Full documents are closed at once, the rest of the month when a later one has begun, as number 0."""
    assert closed_pages(count, 10, month_is_over=over) == pages


@given(counts, sizes, st.booleans())
def test_closed_pages_hold_each_paper_once(count: int, size: int, over: bool) -> None:  # noqa: FBT001
    """In order and without a gap from the first paper on; what they leave is what is said to be open."""
    pages = closed_pages(count, size, month_is_over=over)
    held = [index for page in pages for index in range(page.start, page.stop)]
    assert held == list(range(len(held)))
    assert count - len(held) == (0 if over else open_count(count, size))
    assert all(page.stop - page.start <= size for page in pages)
    assert all(page.stop - page.start == size for page in pages if page.number)
    assert len({page.number for page in pages}) == len(pages)


@given(counts, counts, sizes)
def test_a_closed_document_never_changes_as_papers_come(count: int, more: int, size: int) -> None:
    """What was closed while the month ran is closed with the same papers ever after."""
    running = closed_pages(count, size, month_is_over=False)
    assert closed_pages(count + more, size, month_is_over=False)[: len(running)] == running
    assert closed_pages(count + more, size, month_is_over=True)[: len(running)] == running
    assert closed_pages(count, size, month_is_over=True)[-1].number == 0


@given(
    st.dictionaries(st.integers(202401, 202412), st.integers(1, 300), max_size=5),
    st.integers(0, 300),
    st.integers(1, 80),
    sizes,
)
def test_subscription_and_archives_are_everything(over: dict[int, int], running: int, latest: int, size: int) -> None:
    """For any months: each paper is in one archive document or in none, and those in none are in the feed.

    The feed holds the newest, as many as asked for where there are, and no more than that or than are open.
    """
    months = {**over, **({202501: running} if running else {})}
    everything = [(month, index) for month in sorted(months) for index in range(months[month])]
    archived = [
        (month, index)
        for month in sorted(months)
        for page in closed_pages(months[month], size, month_is_over=month < 202501)
        for index in range(page.start, page.stop)
    ]
    still_open = open_count(running, size)
    taken = newest(sorted(months.items(), reverse=True), latest, still_open)
    feed = sorted((month, months[month] - 1 - back) for month, held in taken for back in range(held))
    assert len(set(archived)) == len(archived)
    assert set(archived) | set(feed) == set(everything)
    assert feed == everything[len(everything) - len(feed) :]
    assert len(feed) == min(len(everything), max(latest, still_open))


@pytest.mark.parametrize(
    ("months", "latest", "still_open", "taken"),
    [
        ([], 50, 0, []),
        ([(202412, 10)], 50, 10, [(202412, 10)]),
        ([(202412, 10), (202411, 60)], 50, 10, [(202412, 10), (202411, 40)]),
        ([(202412, 50), (202411, 60)], 50, 50, [(202412, 50)]),
        ([(202412, 90), (202411, 60)], 50, 90, [(202412, 90)]),
        ([(202412, 1), (202410, 1), (202409, 9)], 3, 1, [(202412, 1), (202410, 1), (202409, 1)]),
    ],
)
def test_newest(months: list[tuple[int, int]], latest: int, still_open: int, taken: list[tuple[int, int]]) -> None:
    """The last papers of the newest months, as many as wanted."""
    assert newest(months, latest, still_open) == taken
