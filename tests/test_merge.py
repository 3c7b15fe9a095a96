"""Merging: the rules one by one, and the laws that hold for any appearances."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed import arxiv
from digestfeed.merge import canonical_link, is_latin, key_of, latest, merge, order
from digestfeed.model import Appearance, Basis, Item, Mention, Paper
from digestfeed.text import match_key

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = "2412.17743"
NEWS = "item-0123456789ab"
SLUGS = {"NLP": "nlp", "자연어 처리": "nlp", "Vision": "vision", "RL": "rl"}
START = 1_735_084_800  # 2024-12-25T00:00:00Z
DAY = 86_400


def fields_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Map labels as a vocabulary does."""
    return tuple(dict.fromkeys(SLUGS.get(label, "other") for label in labels))


def infer(title: str, summary: str) -> tuple[str, ...]:
    """Infer fields as a vocabulary does."""
    return ("nlp",) if "language" in f"{title} {summary}" else ("other",)


def seen(at: int | None = 0, **item: object) -> Appearance:
    """Make an appearance `at` days after the first (None: undated)."""
    key = str(item.pop("key", KEY))
    basis = item.pop("basis", Basis.FILE_NAME)
    name = str(item.pop("digest", f"{at}.md"))
    arxiv_id = None if key.startswith("item-") else key
    return Appearance(
        key=key,
        digest=name,
        moment=None if at is None else START + at * DAY,
        day=None if at is None else dt.date(2024, 12, 25) + dt.timedelta(at),
        basis=None if at is None else Basis(str(basis)),
        item=msgspec.convert({"line": 1, "position": 0, "arxiv_id": arxiv_id, **item}, Item),
    )


def merged(*appearances: Appearance) -> Paper:
    """Merge by the vocabulary above."""
    return merge(appearances, fields_of, infer)


# -- which items are one paper ---------------------------------------------------------------------------

SAME = [
    ("https://news.example/a", "http://news.example/a"),
    ("https://news.example/a", "https://www.news.example/a/"),
    ("https://news.example/a", "https://NEWS.example/a#top"),
    ("https://news.example/a", "https://news.example:443/a"),
    ("https://news.example/a?id=1", "https://news.example/a?utm_source=x&id=1&fbclid=y"),
]
DIFFERENT = [
    ("https://news.example/a", "https://news.example/b"),
    ("https://news.example/a", "https://news.example/A"),
    ("https://news.example/a", "https://other.example/a"),
    ("https://news.example/a?id=1", "https://news.example/a?id=2"),
    ("https://news.example/a?id=1", "https://news.example/a"),
    ("https://news.example:8001/a", "https://news.example:8002/a"),
    ("https://news.example/a?q=%B0%A1", "https://news.example/a?q=%B0%A2"),
    ("https://news.example/a?q=가", "https://news.example/a?q=각"),
]


def _news(link: str | None, title: str | None) -> Item:
    return Item(line=1, position=0, title=title, links=(link,) if link else ())


def test_an_arxiv_id_is_the_key() -> None:
    """Whatever else the item says, and also without a title."""
    item = Item(line=1, position=0, arxiv_id="hep-th/9901001", links=("https://news.example/a",))
    assert key_of(item) == "hep-th/9901001"
    assert key_of(msgspec.structs.replace(item, title="T")) == "hep-th/9901001"


@pytest.mark.parametrize(("one", "other"), SAME)
def test_news_of_the_same_link_and_title_is_one(one: str, other: str) -> None:
    """Scheme, `www.`, a final slash, fragment and tracking do not count; nor does the title's spelling."""
    key = key_of(_news(one, "Big News: today!"))
    assert key == key_of(_news(other, "big news – today"))
    assert key is not None
    assert re.fullmatch("item-[0-9a-f]{12}", key)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_news_of_different_links_is_two(one: str, other: str) -> None:
    """Also when the titles are the same, and whatever the encoding of a query is."""
    assert canonical_link(one) != canonical_link(other)
    assert key_of(_news(one, "News")) != key_of(_news(other, "News"))


@pytest.mark.parametrize(("one", "other"), [("News", "Other news"), ("소식", "소식들"), ("🔥", "🚀"), ("?", "!")])
@pytest.mark.parametrize("link", ["https://news.example/a", None])
def test_news_of_different_titles_is_two(one: str, other: str, link: str | None) -> None:
    """A link alone is not unique; and titles without any letter are compared as they are."""
    assert key_of(_news(link, one)) != key_of(_news(link, other))


def test_the_first_link_counts() -> None:
    """What else an item links to may change."""
    link = "https://news.example/a"
    item = msgspec.structs.replace(_news(link, "T"), links=(link, "https://other.example/"))
    assert key_of(item) == key_of(_news(link, "T"))


def test_what_has_neither_id_nor_title_has_no_key() -> None:
    """A link alone names nothing."""
    assert key_of(_news("https://news.example/a", None)) is None


@given(
    st.lists(
        st.tuples(st.sampled_from([*(a for pair in DIFFERENT for a in pair), None]), st.text(min_size=1)),
        min_size=2,
        max_size=2,
    )
)
def test_different_items_never_have_one_key(pair: list[tuple[str | None, str]]) -> None:
    """Two keys are the same only where the canonical links are, and the titles to the letter and digit."""
    (link, title), (other_link, other_title) = pair
    if key_of(_news(link, title)) == key_of(_news(other_link, other_title)):
        assert canonical_link(link or "") == canonical_link(other_link or "")
        assert match_key(title) == match_key(other_title)
        assert match_key(title) or title == other_title


# -- which of several texts is taken ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["summary", "easy_summary", "thumbnail"])
def test_a_text_comes_from_the_earliest_that_has_it(name: str) -> None:
    """So an entry does not change when a later digest words it anew."""
    paper = merged(seen(2, **{name: "third"}), seen(0), seen(1, **{name: "second"}))
    assert getattr(paper, name) == "second"


def test_authors_come_from_the_earliest_that_names_any() -> None:
    """All from one digest: two lists are never mixed."""
    paper = merged(seen(0), seen(1, authors=("A", "B")), seen(2, authors=("A", "B", "C")))
    assert paper.authors == ("A", "B")


@pytest.mark.parametrize(
    ("titles", "title", "others"),
    [
        (["Small Models"], "Small Models", ()),
        (["Small Models", "Tiny Models"], "Small Models", ("Tiny Models",)),
        (["작은 모델", "Small Models", "Tiny Models"], "Small Models", ("작은 모델", "Tiny Models")),
        (["작은 모델", "조그만 모델"], "작은 모델", ("조그만 모델",)),
        ([None, "Small Models"], "Small Models", ()),
        ([None, "작은 모델", None], "작은 모델", ()),
        (["Small Models", "Small Models"], "Small Models", ()),
        (["YuLan-Mini: 작은 모델", "YuLan-Mini"], "YuLan-Mini", ("YuLan-Mini: 작은 모델",)),
        (["42", "Forty-two"], "Forty-two", ("42",)),
        ([None, None], "arXiv:2412.17743", ()),
    ],
)
def test_the_title(titles: list[str | None], title: str, others: tuple[str, ...]) -> None:
    """The earliest in Latin script, else the earliest; the others are kept, each once, in the order seen."""
    paper = merged(*(seen(day, title=written) for day, written in enumerate(titles)))
    assert (paper.title, paper.titles) == (title, others)


@pytest.mark.parametrize(
    ("title", "latin"),
    [
        ("Attention Is All You Need", True),
        ("Émile: naïve α-β models", True),
        ("GPT-4 기술 보고서", False),
        ("深度学习 with PyTorch", False),
        ("ニューラル Networks", False),
        ("Глубокое обучение", False),
        ("1 + 1 = 2", False),
        ("", False),
    ],
)
def test_latin_script(title: str, latin: bool) -> None:  # noqa: FBT001
    """Some Latin letter and none of the scripts that translated titles are in."""
    assert is_latin(title) is latin


def test_votes_and_importance_are_the_latest() -> None:
    """Of the digests that say some, the last one counts, also when it says less."""
    paper = merged(seen(1, votes=40, importance=9), seen(0, votes=50), seen(2, votes=3), seen(3))
    assert (paper.votes, paper.importance) == (3, 9)
    assert merged(seen(0)).votes is None


def test_votes_of_a_dated_digest_are_later_than_any_estimate() -> None:
    """A day estimated from the id tells nothing of when the votes were counted."""
    dated, estimated = seen(0, votes=5), seen(9, basis=Basis.ARXIV_ID, votes=99)
    assert merged(dated, estimated).votes == 5
    assert latest([seen(0), estimated], "votes") == 99


def test_fields_are_the_union_in_the_order_first_seen() -> None:
    """Two labels of one field are one field; the raw labels are all kept, each once."""
    paper = merged(
        seen(1, labels=("Vision", "NLP")), seen(0, labels=("자연어 처리",)), seen(2, labels=("NLP", "그 밖"))
    )
    assert paper.fields == ("nlp", "vision", "other")
    assert paper.labels == ("자연어 처리", "Vision", "NLP", "그 밖")
    assert not paper.fields_inferred


def test_fields_are_inferred_only_where_no_digest_labels() -> None:
    """One label anywhere is enough, and is not mixed with what could be inferred."""
    bare = merged(seen(0, title="A language model"), seen(1))
    assert (bare.fields, bare.labels, bare.fields_inferred) == (("nlp",), (), True)
    labelled = merged(seen(0, title="A language model"), seen(1, labels=("RL",)))
    assert (labelled.fields, labelled.fields_inferred) == (("rl",), False)


def test_two_sections_of_one_file_are_one_paper() -> None:
    """Some digests tell each paper twice, for experts and for everyone: each summary finds its place."""
    expert = seen(0, digest="a.md", line=3, position=0, title="T", summary="For experts.", labels=("NLP",))
    simple = seen(0, digest="a.md", line=40, position=7, title="T", easy_summary="For all.", votes=4)
    paper = merged(simple, expert)
    assert (paper.summary, paper.easy_summary, paper.votes) == ("For experts.", "For all.", 4)
    assert (paper.published, paper.updated) == (START, START)
    assert [(mention.digest, mention.line) for mention in paper.mentions] == [("a.md", 3), ("a.md", 40)]


LINKS = [
    ([], (True, True, False, None)),
    (["https://arxiv.org/pdf/2412.17743v2"], (True, True, False, None)),
    (["https://huggingface.co/papers/2412.17743"], (True, True, True, None)),
    (["https://arxiv.org/abs/2412.17743", "https://x.example/"], (True, True, False, "https://x.example/")),
    (["https://x.example/", "https://y.example/"], (True, True, False, "https://x.example/")),
    (["https://huggingface.co/spaces/a/b"], (True, True, False, "https://huggingface.co/spaces/a/b")),
]


@pytest.mark.parametrize(("links", "expected"), LINKS)
def test_links_of_a_paper(links: list[str], expected: tuple[bool, bool, bool, str | None]) -> None:
    """Those of arXiv follow from the id; huggingface's only where seen; the own one is the first other."""
    found = merged(seen(0, links=tuple(links))).links
    assert (found.abs == arxiv.abs_url(KEY), found.pdf == arxiv.pdf_url(KEY)) == expected[:2]
    assert (found.huggingface == arxiv.huggingface_url(KEY), found.source) == expected[2:]


def test_links_are_gathered_from_all_appearances() -> None:
    """The thumbnail of huggingface shows that it has the paper; the earliest own link holds."""
    thumbnail = "https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2412.17743.png"
    own = (seen(0, links=("https://x.example/",)), seen(2, links=("https://y.example/",)))
    paper = merged(seen(1, thumbnail=thumbnail), *own)
    assert paper.links.huggingface == "https://huggingface.co/papers/2412.17743"
    assert paper.links.source == "https://x.example/"


def test_news_has_its_own_link_only() -> None:
    """There is no arXiv page to link to, and no day of submission."""
    paper = merged(seen(0, key=NEWS, title="T", links=("https://news.example/a",)))
    assert (paper.links.abs, paper.links.pdf, paper.links.huggingface) == (None, None, None)
    assert paper.links.source == "https://news.example/a"
    assert paper.submitted is None


# -- when ------------------------------------------------------------------------------------------------


def test_dated_appearances_come_before_estimated_ones() -> None:
    """An estimate is no digest's word, however early it is; what is undated comes last of all."""
    estimated = seen(-20, basis=Basis.ARXIV_ID, summary="estimated", digest="list.md")
    dated = seen(3, basis=Basis.HEADING, summary="dated")
    paper = merged(estimated, seen(None, summary="undated"), dated)
    assert (paper.summary, paper.published, paper.published_basis) == (
        "dated",
        START + 3 * DAY,
        Basis.HEADING,
    )
    assert [mention.digest for mention in paper.mentions] == ["3.md", "list.md", "None.md"]
    assert merged(estimated).published_basis is Basis.ARXIV_ID


def test_published_is_the_first_digest_less_the_position() -> None:
    """Day and basis are those of the first appearance; a later digest never moves them."""
    paper = merged(seen(5), seen(1, position=7, basis=Basis.PATH))
    assert (paper.published, paper.day) == (START + DAY - 7, dt.date(2024, 12, 26))
    assert paper.published_basis is Basis.PATH


def test_what_is_undated_has_no_times() -> None:
    """Neither published nor updated, until a dated digest shows it."""
    undated = seen(None, key=NEWS, title="T")
    paper = merged(undated)
    assert (paper.published, paper.day, paper.updated, paper.published_basis) == (None, None, None, None)
    assert merged(undated, seen(2, key=NEWS, title="T")).published == START + 2 * DAY


FIRST: dict[str, object] = {
    "title": "Small Models",
    "summary": "S",
    "authors": ("A",),
    "labels": ("NLP",),
    "links": ("https://x.example/",),
    "votes": 1,
}


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({}, False),
        ({"votes": 100}, False),
        ({"importance": 10}, False),
        ({"thumbnail": "https://x.example/a.png"}, False),
        ({"summary": "Worded anew."}, False),
        ({"title": "작은 모델"}, False),
        ({"title": "Tiny Models"}, False),
        ({"authors": ("A", "B")}, False),
        ({"labels": ("자연어 처리",)}, False),
        ({"links": ("https://y.example/",)}, False),
        ({"links": ("https://arxiv.org/abs/2412.17743",)}, False),
        ({"easy_summary": "E"}, True),
        ({"labels": ("Vision",)}, True),
        ({"links": ("https://huggingface.co/papers/2412.17743",)}, True),
    ],
)
def test_updated_moves_only_on_significant_change(change: dict[str, object], moves: bool) -> None:  # noqa: FBT001
    """A later digest moves it by what the entry gains, not by votes, pictures or other words for the same."""
    paper = merged(seen(0, **FIRST), seen(4, **change))
    assert paper.updated == START + (4 * DAY if moves else 0)
    assert paper.published == START


@pytest.mark.parametrize(
    ("missing", "change"),
    [
        ("title", {"title": "Small Models"}),
        ("summary", {"summary": "S"}),
        ("authors", {"authors": ("A",)}),
        ("links", {"links": ("https://x.example/",)}),
    ],
)
def test_updated_moves_when_something_missing_comes(missing: str, change: dict[str, object]) -> None:
    """A text that no earlier digest had is a significant change."""
    first = {name: value for name, value in FIRST.items() if name != missing}
    assert merged(seen(0, **first), seen(4, **change)).updated == START + 4 * DAY


def test_a_title_in_latin_script_moves_updated() -> None:
    """The entry's title changes then."""
    assert merged(seen(0, title="작은 모델"), seen(4, title="Small Models")).updated == START + 4 * DAY


def test_an_estimated_day_never_moves_updated() -> None:
    """It is no moment at which a digest changed anything."""
    assert merged(seen(0), seen(9, basis=Basis.ARXIV_ID, summary="S")).updated == START


def test_submitted_is_before_the_first_digest() -> None:
    """It is estimated from the id, and at latest the day before the first digest that is dated itself."""
    estimate = arxiv.submission_day(KEY)
    assert merged(seen(0)).submitted == min(estimate, dt.date(2024, 12, 24))
    assert merged(seen(-3)).submitted == dt.date(2024, 12, 21)
    assert merged(seen(0, basis=Basis.ARXIV_ID)).submitted == estimate


def test_a_mention_tells_the_digests_own_day() -> None:
    """None where the digest has none, also where the id gave an estimate."""
    paper = merged(seen(0, line=7, votes=3), seen(1, line=8, basis=Basis.ARXIV_ID), seen(None, line=9))
    assert paper.mentions == (
        Mention(digest="0.md", line=7, day=dt.date(2024, 12, 25), votes=3),
        Mention(digest="1.md", line=8, day=None, votes=None),
        Mention(digest="None.md", line=9, day=None, votes=None),
    )


# -- laws ------------------------------------------------------------------------------------------------

words = st.sampled_from(["a", "b", "language", "가", "Small", "작은 b"])
an_item: dict[str, st.SearchStrategy[object]] = {
    "title": st.none() | words,
    "summary": st.none() | words,
    "easy_summary": st.none() | words,
    "labels": st.lists(st.sampled_from([*SLUGS, "x", "y"]), max_size=3, unique=True).map(tuple),
    "votes": st.none() | st.integers(0, 5),
    "importance": st.none() | st.integers(0, 5),
    "authors": st.lists(words, max_size=2).map(tuple),
    "links": st.lists(
        st.sampled_from(["https://x.example/", "https://y.example/", "https://huggingface.co/papers/2412.17743"]),
        max_size=2,
        unique=True,
    ).map(tuple),
    "thumbnail": st.none() | st.sampled_from(["https://x.example/1.png", "https://x.example/2.png"]),
}
appearances = st.lists(
    st.builds(
        seen,
        st.none() | st.integers(-2, 2),
        line=st.integers(1, 4),
        position=st.integers(0, 3) | st.just(10**6),
        basis=st.sampled_from(Basis),
        digest=st.sampled_from(["a.md", "b.md", "가.md"]),
        **an_item,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda appearance: (appearance.digest, appearance.item.line),
)


@given(appearances, st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(found: list[Appearance], random: object) -> None:
    """Any permutation of the appearances gives the same paper."""
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merged(*shuffled) == merged(*found)


@given(appearances)
def test_every_appearance_is_mentioned(found: list[Appearance]) -> None:
    """Each once, with its place and votes, in the order in which they were merged."""
    paper = merged(*found)
    told = [(m.digest, m.line, m.votes) for m in paper.mentions]
    assert told == [(a.digest, a.item.line, a.item.votes) for a in sorted(found, key=order)]


@given(appearances)
def test_what_is_said_twice_changes_nothing(found: list[Appearance]) -> None:
    """The same appearances once more give the same paper, but for being mentioned twice."""
    once, twice = merged(*found), merged(*found, *found)
    assert msgspec.structs.replace(twice, mentions=once.mentions) == once
    assert len(twice.mentions) == 2 * len(once.mentions)


@given(appearances)
def test_nothing_is_made_up(found: list[Appearance]) -> None:
    """Each text, label and number of the paper is one of some appearance; each label and title is kept."""
    paper, given_items = merged(*found), [appearance.item for appearance in found]
    for name in ("summary", "easy_summary", "thumbnail", "votes", "importance"):
        written = {getattr(item, name) for item in given_items} - {None}
        assert getattr(paper, name) in (written or {None})
    assert paper.authors in {item.authors for item in given_items}
    assert set(paper.labels) == {label for item in given_items for label in item.labels}
    titles = {item.title for item in given_items} - {None}
    assert {paper.title, *paper.titles} == (titles or {f"arXiv:{KEY}"})
    assert len(set(paper.titles)) == len(paper.titles)


@given(appearances)
def test_times_are_in_order(found: list[Appearance]) -> None:
    """Submitted before published, and not updated before that; each time is some digest's."""
    paper = merged(*found)
    times = {appearance.published for appearance in found}
    assert paper.published in times
    assert paper.updated in times
    if paper.published is not None and paper.updated is not None:
        assert paper.published <= paper.updated
        if paper.published_basis is not Basis.ARXIV_ID and paper.submitted and paper.day:
            assert paper.submitted < paper.day


@given(appearances, appearances)
def test_a_later_digest_never_takes_anything_away(found: list[Appearance], more: list[Appearance]) -> None:
    """With appearances added that come later, the texts, the first day and the id stay; fields only grow."""
    last = max(found, key=order)
    later = [a for a in more if order(a) > order(last)]
    before, after = merged(*found), merged(*found, *later)
    for name in ("summary", "easy_summary", "thumbnail", "authors"):
        assert not getattr(before, name) or getattr(after, name) == getattr(before, name)
    assert (after.published, after.day, after.key) == (before.published, before.day, before.key)
    if before.labels:
        assert after.fields[: len(before.fields)] == before.fields
