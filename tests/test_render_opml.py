"""The list of feeds, by a real client and by the rules of OPML 2.0."""

from __future__ import annotations

from pathlib import Path

import listparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from digestfeed.render import opml
from digestfeed.render.opml import Outline
from tests.papers import MOMENT, make_context

SCHEMA = Path(__file__).parents[2] / "shared" / "schemas" / "opml-2.0.xsd"


def outline(slug: str, title: str, folder: str | None = None) -> Outline:
    """Make the outline of a channel."""
    base = f"https://digests.example.org/feeds/{slug}/"
    return Outline(title=title, description=f"{title}!", xml_url=base + "atom.xml", html_url=base, folder=folder)


OUTLINES = [
    outline("all", "모든 논문"),
    outline("a", "A & B", "분야"),
    outline("b", "<b>", "분야"),
    outline("c", "모든 논문", "분야"),
    outline("d", "a & b", "분야"),
    outline("e", ""),
]


def test_a_client_finds_the_feeds() -> None:
    """Listparser finds each feed once, by its address and a title of its own, in one level of folders."""
    found = listparser.parse(opml.document(make_context(), OUTLINES))
    assert not found.bozo
    assert [feed.url for feed in found.feeds] == [one.xml_url for one in OUTLINES]
    titles = [feed.title for feed in found.feeds]
    assert titles == ["모든 논문", "A & B", "‹b›", "모든 논문 (c)", "a & b (d)", "e"]
    assert [feed.get("categories", []) for feed in found.feeds[:2]] == [[], [["분야"]]]


def test_outlines_have_what_readers_need() -> None:
    """Each subscription has text, title, type rss, xmlUrl and htmlUrl."""
    root = etree.fromstring(opml.document(make_context(), OUTLINES))
    assert root.get("version") == "2.0"
    feeds = root.findall(".//outline[@xmlUrl]")
    assert len(feeds) == len(OUTLINES)
    for feed in feeds:
        assert feed.get("type") == "rss"
        assert feed.get("text") == feed.get("title") != ""
        assert str(feed.get("htmlUrl")).startswith("https://")
    assert [folder.get("text") for folder in root.findall("body/outline[outline]")] == ["분야"]


def test_the_date_is_given_or_left_out() -> None:
    """No clock is read: dateModified is what the caller says, or is not there."""
    context = make_context()
    assert b"dateModified" not in opml.document(context, OUTLINES)
    dated = etree.fromstring(opml.document(context, OUTLINES, MOMENT))
    assert dated.findtext("head/dateModified") == "Wed, 25 Dec 2024 00:00:00 GMT"
    assert opml.document(context, OUTLINES) == opml.document(context, iter(OUTLINES))


@pytest.mark.skipif(not SCHEMA.exists(), reason="the schemas are not here")
def test_valid_by_its_schema() -> None:
    """The file is valid by an XML Schema of OPML 2.0."""
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    schema.assertValid(etree.fromstring(opml.document(make_context(), OUTLINES, MOMENT)))


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.text(max_size=8), st.sampled_from([None, "가", "나"])), max_size=8))
def test_texts_are_unique(titles: list[tuple[str, str | None]]) -> None:
    """Whatever the titles, the file is well-formed and no two subscriptions share a text."""
    outlines = [outline(f"s{number}", title, folder) for number, (title, folder) in enumerate(titles)]
    root = etree.fromstring(opml.document(make_context(), outlines))
    texts = [str(feed.get("text")).casefold() for feed in root.iter("outline") if feed.get("xmlUrl")]
    assert len(texts) == len(outlines) == len(set(texts))
