"""Channels: which feeds there are, and that each paper is in its feed or in one archive document."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed.channels import (
    ALL,
    Channel,
    ChannelKind,
    ChannelNames,
    FieldName,
    Page,
    Shown,
    Wanted,
    channels,
    check_chosen,
    closed_pages,
    entered,
    newest,
    open_count,
    top,
)
from digestfeed.config import ChannelConfig
from digestfeed.errors import ConfigError

VISION = FieldName("computer-vision", "컴퓨터 비전")
ROBOTICS = FieldName("robotics", "로봇공학", ("robots", "machines"))
MUSIC = FieldName("music", "음악")

counts = st.integers(0, 500)
sizes = st.integers(1, 120)


def _channels(
    fields: list[FieldName],
    held: dict[str, int],
    *,
    published: tuple[str, ...] = (),
    min_papers: int = 1,
    chosen: tuple[ChannelConfig, ...] = (),
) -> dict[str, Channel]:
    wanted = Wanted(
        title="Site",
        description="About it.",
        names=ChannelNames("Daily", "Week", "Month", "{} once"),
        fields=tuple(fields),
        chosen=chosen,
        counts=held,
        published=frozenset(published),
        min_papers=min_papers,
    )
    found = channels(wanted)
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


# -- channels that hold papers for another reason than their fields ----------------------------------------


def test_days_tops_and_once_are_channels_where_there_are_papers() -> None:
    """As soon as there is a paper there are its day, the best of its time, and its first field once."""
    held = {ALL: 2, "music": 2, "once-music": 1}
    found = _channels([VISION, MUSIC], held, chosen=(ChannelConfig(slug="mine", title="Mine"),))
    assert list(found) == [ALL, "music", "mine", "top-week", "top-month", "daily", "once-music"]
    assert found["once-music"].title == "음악 once"


@pytest.mark.parametrize("slug", ["all", "daily", "top-week", "once-x", "robotics", "robots", "mine"])
def test_a_channel_takes_no_slug_of_another(slug: str) -> None:
    """The config's own channels may not have the slug of a field, of its former names, or of ours."""
    with pytest.raises(ConfigError, match=slug):
        check_chosen("x.toml", [ChannelConfig(slug="mine", title="1"), ChannelConfig(slug=slug, title="2")], [ROBOTICS])


@pytest.mark.parametrize("rule", ["any", "all", "none"])
@pytest.mark.parametrize(
    ("slug", "advice"), [("robotic", "; did you mean 'robotics'?"), ("xyz", "; `digestfeed fields` lists them")]
)
def test_a_channel_names_fields_that_are(rule: str, slug: str, advice: str) -> None:
    """Or it would stay empty without a word."""
    mine = ChannelConfig(slug="mine", title="1", **{rule: ("robotics", slug)})  # type: ignore[arg-type]
    with pytest.raises(ConfigError) as caught:
        check_chosen("x.toml", [mine], [ROBOTICS])
    assert str(caught.value) == f"x.toml: channels: expected the slug of a field, got {slug!r}{advice}"
    check_chosen("x.toml", [ChannelConfig(slug="mine", title="1", any=("robotics",))], [ROBOTICS])


@pytest.mark.parametrize(
    ("rule", "since"),
    [
        ({}, 10),
        ({"any": ("robotics", "music")}, 10),
        ({"any": ("music",)}, None),
        ({"all": ("robotics", "computer-vision")}, 10),
        ({"all": ("robotics", "music")}, None),
        ({"none": ("music",)}, 10),
        ({"none": ("robotics",)}, None),
        ({"min_votes": 5}, 10),
        ({"min_votes": 6}, 20),
        ({"min_votes": 30}, 20),
        ({"min_votes": 31}, None),
        ({"include": "reason|추론"}, 10),
        ({"include": "^nothing$"}, None),
        ({"exclude": "추론"}, None),
        ({"exclude": "nothing"}, 10),
    ],
)
def test_what_a_channel_of_the_config_holds(rule: dict[str, Any], since: int | None) -> None:
    """Fields, votes and words decide; votes let a paper in with the digest that first shows enough of them."""
    channel = ChannelConfig(slug="x", title="X", **rule)
    shown = [(10, 5), (15, None), (20, 30), (30, 2)]
    assert entered(channel, ["robotics", "computer-vision"], "수학적 추론", shown) == since


def test_the_best_of_a_week_enter_when_it_is_over() -> None:
    """By votes, the best last; without votes a paper is never among them."""
    shown: dict[str, Shown] = {"a": [(1, 5)], "b": [(2, 9)], "c": [(3, None)], "d": [(4, 7)]}
    assert top(shown, 100, 2) == {"b": 100, "d": 99}


def test_a_late_riser_enters_with_the_digest_that_lifts_it() -> None:
    """And whom it passes stays: what readers have seen is not taken back."""
    shown = {"a": [(1, 5), (150, 5)], "b": [(2, 9)], "c": [(3, 1), (120, 6), (130, 10)]}
    assert top(shown, 100, 2) == {"b": 100, "a": 99, "c": 120}


@given(
    st.dictionaries(
        st.sampled_from("abcdefg"),
        st.lists(st.tuples(st.integers(0, 200), st.one_of(st.none(), st.integers(0, 20))), min_size=1, max_size=4).map(
            lambda seen: sorted(seen, key=lambda pair: (pair[0], pair[1] or 0))
        ),
    ),
    st.integers(0, 4),
)
def test_later_votes_take_nobody_out(shown: dict[str, list[tuple[int, int | None]]], size: int) -> None:
    """What was in the channel before a digest is in it after, since the same moment."""
    now = 120
    before = {key: [pair for pair in seen if pair[0] <= now] for key, seen in shown.items()}
    then = top({key: seen for key, seen in before.items() if seen}, 100, size)
    assert then.items() <= top(shown, 100, size).items()
