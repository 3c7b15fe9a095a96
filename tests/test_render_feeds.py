"""Atom, RSS and JSON Feed: by real clients, by the rules of their specifications, and byte by byte."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feedparser
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from digestfeed.model import Links, Mention
from digestfeed.render import atom, body, jsonfeed, rss
from digestfeed.urls import Format
from tests.papers import MOMENT, make_context, make_head, make_paper
from tests.test_render_markdown import assert_safe, markdown_texts

if TYPE_CHECKING:
    from digestfeed.model import Paper
    from digestfeed.render.context import Context, FeedHead

SCHEMAS = Path(__file__).parents[2] / "shared" / "schemas"
ATOM = "{http://www.w3.org/2005/Atom}"
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
BASE = "https://digests.example.org/feeds/all/"
HOSTILE = "a\x00b\x0b\ud800\ufffe]]><![CDATA[<script>alert(1)</script>&lt;b&gt; \u202eאב <b>"


def sample_papers() -> list[Paper]:
    """Make papers of all kinds, newest first."""
    return [
        make_paper("2412.17743", thumbnail="https://cdn.example/a.png?x=1&y=2", authors=("김 하나", "B & C <d>")),
        make_paper("2412.00002", published=MOMENT - 1, title="p < 0.05 & <b>bold</b> $x^2$"),
        make_paper("hep-th/9901001", published=MOMENT - 2, summary=None, easy_summary=None),
        make_paper("item-0123456789ab", published=MOMENT - 3, links=Links(source="https://news.example/한?a=1&b=2")),
        make_paper("2412.00005", published=MOMENT - 4, fields=("other",), labels=("양자 생물학",)),
        make_paper("2412.00006", published=MOMENT - 5, title=HOSTILE, summary=HOSTILE, authors=(HOSTILE,)),
    ]


def head_for(form: Format, **values: object) -> FeedHead:
    """Make a head whose `self` is the document of a format."""
    return make_head(self_url=BASE + form.value, **values)


def atom_document(papers: list[Paper], context: Context, **values: object) -> bytes:
    """Render papers as an Atom document."""
    entries = [body.entry(paper, context) for paper in papers]
    return atom.document(head_for(Format.ATOM, **values), atom.entries(entries, context), context)


def rss_document(papers: list[Paper], context: Context, **values: object) -> bytes:
    """Render papers as an RSS document."""
    entries = [body.entry(paper, context) for paper in papers]
    return rss.document(head_for(Format.RSS, **values), rss.entries(entries, context), context)


def json_document(papers: list[Paper], context: Context, **values: object) -> bytes:
    """Render papers as a JSON Feed."""
    entries = [body.entry(paper, context) for paper in papers]
    return jsonfeed.document(head_for(Format.JSON, **values), jsonfeed.items(entries, context), context)


def parsed(document: bytes) -> Any:  # noqa: ANN401 -- feedparser has no types
    """Read a feed with feedparser, which must find nothing wrong with it."""
    result = feedparser.parse(document)
    assert not result.bozo, result.get("bozo_exception")
    return result


def test_three_formats_say_the_same() -> None:
    """A client finds the same ids, titles, links and dates, in the same order, in all three formats."""
    context = make_context()
    papers = sample_papers()
    in_atom = parsed(atom_document(papers, context)).entries
    in_rss = parsed(rss_document(papers, context)).entries
    in_json = json.loads(json_document(papers, context))["items"]
    assert len(in_atom) == len(in_rss) == len(in_json) == len(papers)
    for one, two, three, paper in zip(in_atom, in_rss, in_json, papers, strict=True):
        assert one.id == two.id == three["id"] == f"tag:example.org,2024:paper/{paper.key}"
        assert one.link == two.link == three["url"]
        assert body.plain(one.title) == body.plain(two.title) == three["title"]
        assert one.published_parsed == two.published_parsed
        assert one.updated_parsed == two.updated_parsed
        assert one.published == three["date_published"]
        assert one.updated == three["date_modified"]
        assert [tag.label for tag in one.get("tags", [])] == three.get("tags", [])
        assert [tag.term for tag in two.get("tags", [])] == three.get("tags", [])
        assert one.get("summary", "") == two.get("summary", "") or "summary" not in three
        assert three["content_html"] == body.entry(paper, context).content_html


def test_clients_find_thumbnails_comments_and_authors() -> None:
    """A client finds the picture, the page for comments and each author."""
    context = make_context()
    papers = sample_papers()[:1]
    in_atom, in_rss = parsed(atom_document(papers, context)), parsed(rss_document(papers, context))
    for feed in (in_atom, in_rss):
        assert feed.entries[0].media_thumbnail == [{"url": "https://cdn.example/a.png?x=1&y=2"}]
    assert [author.name for author in in_atom.entries[0].authors] == ["김 하나", "B & C ‹d›"]
    assert in_rss.entries[0].comments == "https://huggingface.co/papers/2412.17743"
    replies = [link for link in in_atom.entries[0].links if link.rel == "replies"]
    assert [(link.href, link.type) for link in replies] == [("https://huggingface.co/papers/2412.17743", "text/html")]


def test_atom_keeps_rfc_4287() -> None:
    """The rules of RFC 4287 that readers rely on hold for subscription and archive documents."""
    context = make_context()
    for values in ({}, {"current_url": BASE + "atom.xml", "prev_archive": BASE + "archive/2024-11-1.xml"}):
        root = etree.fromstring(atom_document(sample_papers(), context, **values))
        assert_atom(root)


def assert_atom(root: etree._Element) -> None:
    """Check a feed and its entries by RFC 4287, sections 4.1.1, 4.1.2 and 4.2."""
    assert root.tag == f"{ATOM}feed"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "ko"
    assert len(root.findall(f"{ATOM}author")) == 1
    assert [link.get("rel") for link in root.findall(f"{ATOM}link")].count("self") == 1
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert str(element.findtext(f"{ATOM}id")).startswith("tag:example.org,2024:")
        assert str(element.findtext(f"{ATOM}title")).strip()
        alternates = [
            (link.get("type"), link.get("hreflang"))
            for link in element.findall(f"{ATOM}link")
            if link.get("rel", "alternate") == "alternate"
        ]
        assert len(alternates) == len(set(alternates)) == 1
        assert all(str(link.get("href")).startswith("https://") for link in element.findall(f"{ATOM}link"))
    for entry in root.findall(f"{ATOM}entry"):
        assert [content.get("type") for content in entry.findall(f"{ATOM}content")] == ["html"]
        assert len(entry.findall(f"{ATOM}published")) == 1
        assert all(summary.get("type") is None for summary in entry.findall(f"{ATOM}summary"))
        assert all(name.text for name in entry.findall(f"{ATOM}author/{ATOM}name"))
        assert all(category.get("term") for category in entry.findall(f"{ATOM}category"))
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))


@pytest.mark.skipif(not SCHEMAS.exists(), reason="the schemas are not here")
def test_atom_is_valid_by_its_schema() -> None:
    """Atom documents are valid by the RELAX NG schema of RFC 4287's appendix."""
    schema = etree.RelaxNG(etree.parse(SCHEMAS / "atom.rng"))
    context = make_context()
    for papers in (sample_papers(), []):
        schema.assertValid(etree.fromstring(atom_document(papers, context)))


def test_rss_keeps_its_rules() -> None:
    """The rules of RSS 2.0 and its Profile 1.0 hold: elements once each, no e-mail, ids that are no links."""
    channel = etree.fromstring(rss_document(sample_papers(), make_context()))[0]
    for name in ("title", "link", "description", "language", "lastBuildDate", "ttl", "generator"):
        assert len(channel.findall(name)) == 1, name
    assert channel.findtext("link") == BASE
    assert channel.find(f"{ATOM}link").get("href") == BASE + "rss.xml"  # type: ignore[union-attr]
    for item in channel.findall("item"):
        assert [guid.get("isPermaLink") for guid in item.findall("guid")] == ["false"]
        assert not item.findall("author")
        assert not item.findall("enclosure")
        for name in ("title", "link", "pubDate"):
            assert len(item.findall(name)) == 1
        names = [child.tag for child in item]
        assert names.count("description") == 1
        if ENCODED in names:
            assert names.index("description") < names.index(ENCODED)
    first = channel.find("item")
    assert first is not None
    assert [creator.text for creator in first.findall("{*}creator")] == ["김 하나", "B & C ‹d›"]


@pytest.mark.skipif(not SCHEMAS.exists(), reason="the schemas are not here")
def test_rss_is_valid_by_its_schema() -> None:
    """RSS documents are valid by an XML Schema of RSS 2.0."""
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "rss-2.0-thelin.xsd"))
    schema.assertValid(etree.fromstring(rss_document(sample_papers(), make_context())))


def test_json_keeps_its_rules() -> None:
    """The rules of JSON Feed 1.1 hold: required keys, string ids, absolute URLs, `about` in the extension."""
    feed = json.loads(json_document(sample_papers(), make_context()))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == BASE + "feed.json"
    assert feed["_digestfeed"]["about"]
    assert "author" not in feed
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item["content_html"]
        assert all(item[name].startswith("https://") for name in ("url", "external_url", "image") if name in item)
        assert all(attachment["mime_type"] for attachment in item.get("attachments", []))
        assert "votes" not in json.dumps(item)


@pytest.mark.skipif(not SCHEMAS.exists(), reason="the schemas are not here")
def test_json_is_valid_by_its_schema() -> None:
    """JSON Feeds are valid by the community's JSON schema."""
    schema = json.loads((SCHEMAS / "jsonfeed-1.1.json").read_bytes())
    hubs = type(make_context().config.feeds)(hubs=("https://hub.example/",))
    for context in (make_context(), make_context(feeds=hubs)):
        jsonschema.validate(json.loads(json_document(sample_papers(), context)), schema)


def test_archives_and_hubs_are_linked() -> None:
    """RFC 5005 and WebSub: links in both XML formats, the mark of an archive, hubs where one subscribes."""
    feeds = type(make_context().config.feeds)(hubs=("https://hub.example/",))
    context = make_context(feeds=feeds)
    previous, following = BASE + "archive/2024-11-1.xml", BASE + "archive/2025-01-1.xml"
    subscription = {"prev_archive": previous}
    archive = {"prev_archive": previous, "next_archive": following, "current_url": BASE + "atom.xml"}
    for render in (atom_document, rss_document):
        links = parsed(render(sample_papers(), context, **subscription)).feed.links
        rels = {link.rel: link.href for link in links}
        assert rels["hub"] == "https://hub.example/"
        assert rels["prev-archive"] == previous
        assert rels["alternate"] == BASE
    document = atom_document(sample_papers(), context, **archive)
    rels = {link.rel: link.href for link in parsed(document).feed.links}
    assert "hub" not in rels
    assert (rels["current"], rels["next-archive"]) == (BASE + "atom.xml", following)
    assert len(etree.fromstring(document).findall("{http://purl.org/syndication/history/1.0}archive")) == 1
    assert b"fh:archive" not in atom_document([], context, **subscription)


def test_documents_are_joined_from_fragments() -> None:
    """An entry's bytes are the same in every feed and in any batch, and keep their order."""
    context = make_context()
    entries = [body.entry(make_paper(f"2412.{number:05d}"), context) for number in range(120)]
    for render in (atom.entries, rss.entries, jsonfeed.items):
        together = render(entries, context)
        assert together == [render([entry], context)[0] for entry in entries]
        assert [entry.key in part.decode() for entry, part in zip(entries, together, strict=True)] == [True] * 120
        assert render([], context) == []


def test_nothing_depends_on_the_head_but_the_head() -> None:
    """A document is its frame around the fragments, whatever the head says."""
    context = make_context()
    fragments = atom.entries([body.entry(paper, context) for paper in sample_papers()], context)
    one = atom.document(make_head(), fragments, context)
    two = atom.document(make_head(title="<x>", slug="x"), fragments, context)
    assert b"".join(fragments) in one
    assert b"".join(fragments) in two
    assert "‹x›".encode() in two


def test_feeds_without_entries() -> None:
    """A feed without entries is whole; its `updated` is the Unix epoch, since no clock is read."""
    context = make_context()
    in_atom = parsed(atom_document([], context, updated=None))
    assert in_atom.feed.updated == "1970-01-01T00:00:00Z"
    assert parsed(rss_document([], context, updated=None)).entries == []
    assert json.loads(json_document([], context))["items"] == []


def test_the_program_version_is_in_no_feed() -> None:
    """A new version of the program, or new votes, rewrites no feed."""
    context = make_context()
    for render in (atom_document, rss_document, json_document):
        assert b"1.2.3" not in render(sample_papers(), context)
        voted = [make_paper(votes=n, mentions=(mention(n),)) for n in (1, 99)]
        assert render([voted[0]], context) == render([voted[1]], context)


def mention(votes: int) -> Mention:
    """Make a mention with so many votes."""
    return Mention(digest="2024-12-25.md", line=3, day=None, votes=votes)


def test_documents_point_at_the_style_sheet() -> None:
    """Both XML formats name the CSS that makes them readable in a browser, after the XML declaration."""
    for render in (atom_document, rss_document):
        lines = render([], make_context()).decode().splitlines()
        assert lines[0] == "<?xml version='1.0' encoding='UTF-8'?>"
        assert lines[1] == ('<?xml-stylesheet type="text/css" href="https://digests.example.org/assets/feed.css"?>')


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=30), markdown_texts, st.text(max_size=30))
def test_any_text_makes_whole_documents(title: str, summary: str, label: str) -> None:
    """Whatever a digest says, documents are well-formed, hold all entries, and nothing in them is code."""
    context = make_context(title=title or "x", description=label, author=label or "x")
    papers = [
        make_paper(title=title, summary=summary, fields=("other",), labels=(label,), authors=(label,)),
        make_paper("2412.00001"),
    ]
    values = {"title": title, "description": label}
    in_atom = etree.fromstring(atom_document(papers, context, **values))
    in_rss = etree.fromstring(rss_document(papers, context, **values))
    in_json = json.loads(json_document(papers, context, **values))
    contents = [
        [entry.findtext(f"{ATOM}content") for entry in in_atom.findall(f"{ATOM}entry")],
        [item.findtext(ENCODED) or item.findtext("description") for item in in_rss.iter("item")],
        [item["content_html"] for item in in_json["items"]],
    ]
    for found in contents:
        assert len(found) == len(papers)
        for html in found:
            assert_safe(str(html))


SCRIPT = """
import hashlib
from tests.papers import make_context
from tests.test_render_feeds import atom_document, json_document, rss_document, sample_papers
context = make_context()
parts = [render(sample_papers(), context) for render in (atom_document, rss_document, json_document)]
print(hashlib.sha256(b"".join(parts)).hexdigest())
"""


def test_bytes_do_not_depend_on_the_process() -> None:
    """Another run with another hash seed gives the same bytes."""
    context = make_context()
    here = hashlib.sha256()
    for render in (atom_document, rss_document, json_document):
        here.update(render(sample_papers(), context))
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603
        assert done.stdout.strip() == here.hexdigest()


def test_dates_are_utc_in_every_format() -> None:
    """Dates are RFC 3339 with Z in Atom and JSON, RFC 822 with +0000 in RSS, and fall in the given order."""
    context = make_context()
    root = etree.fromstring(atom_document(sample_papers(), context))
    published = [str(element.text) for element in root.iter(f"{ATOM}published")]
    assert published[0] == "2024-12-25T00:00:00Z"
    assert all(later > earlier for later, earlier in pairwise(published))
    channel = etree.fromstring(rss_document(sample_papers(), context))[0]
    assert channel.findtext("lastBuildDate") == "Thu, 26 Dec 2024 00:00:00 +0000"
    assert channel.findtext("item/pubDate") == "Wed, 25 Dec 2024 00:00:00 +0000"
