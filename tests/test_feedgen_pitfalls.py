"""What feedgen does otherwise than one expects, each with the output that readers need instead."""

from __future__ import annotations

import concurrent.futures
import locale
import multiprocessing
import subprocess
import sys
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from digestfeed.model import Links
from digestfeed.render import _feedgen, atom, body, rss
from digestfeed.urls import Format
from tests.papers import make_context, make_head, make_paper
from tests.test_render_feeds import ATOM, BASE, ENCODED, atom_document, head_for, rss_document, sample_papers

CONTEXT = make_context()
FEEDS = type(CONTEXT.config.feeds)(hubs=("https://hub.example/",))


def atom_entry(key: str = "2412.17743", /, **values: object) -> etree._Element:
    """Render one paper and give its entry in a whole Atom document."""
    entry = etree.fromstring(atom_document([make_paper(key, **values)], CONTEXT)).find(f"{ATOM}entry")
    assert entry is not None
    return entry


def rss_item(key: str = "2412.17743", /, **values: object) -> etree._Element:
    """Render one paper and give its item in a whole RSS document."""
    item = etree.fromstring(rss_document([make_paper(key, **values)], CONTEXT)).find("channel/item")
    assert item is not None
    return item


def test_entry_links_keep_rel_type_and_title() -> None:
    """Feedgen 1.0 writes only the href of an entry's link: the PDF would be a second alternate."""
    links = {link.get("rel"): dict(link.attrib) for link in atom_entry().findall(f"{ATOM}link")}
    pdf = [link for link in atom_entry().findall(f"{ATOM}link") if link.get("type") == "application/pdf"]
    assert [dict(link.attrib) for link in pdf] == [
        {
            "rel": "related",
            "type": "application/pdf",
            "title": "PDF",
            "href": "https://arxiv.org/pdf/2412.17743",
        }
    ]
    assert links["via"]["href"] == "https://huggingface.co/papers/2412.17743"
    found = feedparser.parse(atom_document([make_paper()], CONTEXT)).entries[0]
    assert found.link == "https://digests.example.org/papers/2412/2412.17743.html"


def test_channel_link_is_the_page() -> None:
    """Feedgen takes the last of all links for the channel's `<link>`, be it a hub or an archive."""
    context = make_context(feeds=FEEDS)
    head = head_for(Format.RSS, prev_archive=BASE + "archive/2024-11-1.xml")
    channel = etree.fromstring(rss.document(head, [], context))[0]
    assert [link.text for link in channel.findall("link")] == [BASE]


def test_channel_keeps_all_its_links() -> None:
    """Feedgen writes none of a channel's atom:links but the first self."""
    context = make_context(feeds=FEEDS)
    head = head_for(Format.RSS, prev_archive=BASE + "archive/2024-11-1.xml")
    channel = etree.fromstring(rss.document(head, [], context))[0]
    rels = [link.get("rel") for link in channel.findall(f"{ATOM}link")]
    assert sorted(rels) == ["hub", "prev-archive", "self"]  # type: ignore[type-var]


def test_each_format_has_its_own_self() -> None:
    """One FeedGenerator has one self address for both formats, so each document has one of its own."""
    for render, form in ((atom.document, Format.ATOM), (rss.document, Format.RSS)):
        links = feedparser.parse(render(head_for(form), [], CONTEXT)).feed.links
        own = [(link.href, link.type) for link in links if link.rel == "self"]
        assert own == [(BASE + form.value, f"application/{form.value.partition('.')[0]}+xml")]


def test_entries_keep_their_order() -> None:
    """`add_entry` puts each entry before the last."""
    keys = [f"2412.{number:05d}" for number in range(120)]
    papers = [make_paper(key) for key in keys]
    for render in (atom_document, rss_document):
        found = [entry.id.rpartition("/")[2] for entry in feedparser.parse(render(papers, CONTEXT)).entries]
        assert found == keys


def test_no_date_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not set is the current time, with microseconds; so everything is set."""
    before = [render(sample_papers(), CONTEXT) for render in (atom_document, rss_document)]
    papers = [body.entry(paper, CONTEXT) for paper in sample_papers()]
    generator = _feedgen._fragments(papers, CONTEXT)
    for node, paper in zip(generator.entry(), papers, strict=True):
        assert node.updated().timestamp() == paper.updated
    assert generator.updated().timestamp() == 0
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.5)
    assert [render(sample_papers(), CONTEXT) for render in (atom_document, rss_document)] == before


def test_skip_days_are_not_used() -> None:
    """`skipDays` is a set: its order changes with the hash seed."""
    assert b"skipDays" not in rss_document(sample_papers(), CONTEXT)


def test_items_do_not_set_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Feedgen formats each date of RSS under `setlocale`; only a document's own date still is."""
    calls: list[object] = []
    real = locale.setlocale

    def counted(category: int, name: str | None = None) -> str:
        calls.append(name)
        return real(category, name)

    monkeypatch.setattr(locale, "setlocale", counted)
    entries = [body.entry(paper, CONTEXT) for paper in sample_papers()]
    atom.entries(entries, CONTEXT)
    assert calls == []
    rss.entries(entries[:1], CONTEXT)
    of_one = len(calls)
    rss.entries(entries, CONTEXT)
    assert len(calls) == 2 * of_one


def test_the_locale_is_left_as_it_was() -> None:
    """After a whole RSS document the process has the locale that it had."""
    before = locale.setlocale(locale.LC_ALL)
    rss_document(sample_papers(), CONTEXT)
    assert locale.setlocale(locale.LC_ALL) == before


def test_rendering_works_in_a_process_pool() -> None:
    """Arguments and results are picklable, and another process gives the same bytes."""
    entries = [body.entry(paper, CONTEXT) for paper in sample_papers()]
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        assert pool.submit(rss.entries, entries, CONTEXT).result() == rss.entries(entries, CONTEXT)
        assert pool.submit(body.entry, sample_papers()[0], CONTEXT).result() == entries[0]


def test_a_bad_character_costs_only_itself() -> None:
    """A control character or surrogate raises only when all is serialised, and takes every entry along."""
    papers = [
        make_paper(title="a\x00\x1b\ud800\ufffe", authors=("\x00",), labels=("\ud800",)),
        make_paper("2412.00001"),
    ]
    for render in (atom_document, rss_document):
        found = feedparser.parse(render(papers, CONTEXT)).entries
        assert [entry.title for entry in found] == ["a\ufffd\ufffd\ufffd\ufffd", papers[1].title]


def test_elements_are_in_their_namespaces() -> None:
    """Feedgen's tree is in no namespace; the bytes are, without invented prefixes."""
    for document in (atom_document(sample_papers(), CONTEXT), rss_document(sample_papers(), CONTEXT)):
        assert b"ns0:" not in document
        assert document.count(b"xmlns:media=") == 1
    root = etree.fromstring(atom_document(sample_papers(), CONTEXT))
    names = {element.tag for element in root.iter() if isinstance(element.tag, str)}
    assert all(str(name).startswith(("{http://www.w3.org/2005/Atom}", "{http://search.yahoo.com/")) for name in names)


def test_ids_are_iris_and_no_links() -> None:
    """Feedgen checks no id, and a guid may turn into a permalink."""
    guid = rss_item().find("guid")
    assert guid is not None
    assert (guid.text, guid.get("isPermaLink")) == ("tag:example.org,2024:paper/2412.17743", "false")
    assert str(guid.text).isascii()


def test_content_is_html() -> None:
    """Of the content types only html is written and read alike by all."""
    content = atom_entry().find(f"{ATOM}content")
    assert content is not None
    assert content.get("type") == "html"
    assert b"CDATA" not in atom_document(sample_papers()[:5], CONTEXT)


def test_summary_and_content_are_both_there() -> None:
    """`description` after `content` would overwrite Atom's content; `summary` gives both formats both."""
    entry, item = atom_entry(), rss_item()
    assert entry.findtext(f"{ATOM}summary") == item.findtext("description")
    assert entry.findtext(f"{ATOM}content") == item.findtext(ENCODED)
    assert "<p>" in str(item.findtext(ENCODED))


def test_what_is_empty_is_left_out() -> None:
    """An empty summary would give an empty element, an empty title an exception."""
    values: dict[str, object] = {"summary": None, "easy_summary": None, "title": "\u200b"}
    assert atom_entry(**values).find(f"{ATOM}summary") is None
    assert atom_entry(**values).findtext(f"{ATOM}title") == "2412.17743"
    head = make_head(title="", description="")
    assert feedparser.parse(atom.document(head, [], CONTEXT)).feed.title == "all"
    assert feedparser.parse(rss.document(head, [], CONTEXT)).feed.description == "all"


def test_titles_are_no_markup() -> None:
    """Titles have no type in RSS, so readers guess; none of the guesses is markup."""
    for node, name in (
        (atom_entry(title="<b>x</b> &lt;i&gt;"), f"{ATOM}title"),
        (rss_item(title="<b>x</b> &lt;i&gt;"), "title"),
    ):
        assert node.findtext(name) == "‹b›x‹/b› ‹i›"


def test_authors_without_an_address_are_kept() -> None:
    """RSS drops authors without e-mail; `dc:creator` names them, in RSS only."""
    item = rss_item(authors=("김 하나", "B"))
    assert [creator.text for creator in item.findall("{http://purl.org/dc/elements/1.1/}creator")] == [
        "김 하나",
        "B",
    ]
    assert item.find("author") is None
    assert atom_entry(authors=("B",)).find("{http://purl.org/dc/elements/1.1/}creator") is None


def test_thumbnails_are_in_no_group() -> None:
    """A thumbnail alone in a `media:group` is refused by validators."""
    for node in (
        atom_entry(thumbnail="https://cdn.example/a.png"),
        rss_item(thumbnail="https://cdn.example/a.png"),
    ):
        thumbnail = node.find("{http://search.yahoo.com/mrss/}thumbnail")
        assert thumbnail is not None
        assert thumbnail.getparent() is node
        assert node.find("{http://search.yahoo.com/mrss/}group") is None


def test_there_are_no_enclosures() -> None:
    """Of two enclosures RSS keeps the last, and one without a type raises: the PDF is a related link."""
    assert rss_item().find("enclosure") is None
    assert all(link.get("rel") != "enclosure" for link in atom_entry().findall(f"{ATOM}link"))


@pytest.mark.parametrize("name", [b"textInput", b"sy:", b"<source", b"<rights"])
def test_broken_elements_are_not_used(name: bytes) -> None:
    """What feedgen writes wrongly is not written."""
    for render in (atom_document, rss_document):
        assert name not in render(sample_papers(), CONTEXT)


def test_replies_are_linked() -> None:
    """Feedgen refuses `rel=replies`, by which a reader finds the page for comments."""
    rels = [link.get("rel") for link in atom_entry().findall(f"{ATOM}link")]
    assert "replies" in rels
    assert rss_item().findtext("comments") == "https://huggingface.co/papers/2412.17743"


def test_categories_have_a_term_and_a_label() -> None:
    """A category without a label would be an empty element in RSS."""
    values = {"fields": ("natural-language-processing", "other", "unnamed"), "labels": ("",)}
    found = [dict(category.attrib) for category in atom_entry(**values).findall(f"{ATOM}category")]
    scheme = "https://digests.example.org/feeds/"
    assert found == [
        {"term": "natural-language-processing", "scheme": scheme, "label": "자연어 처리"},
        {"term": "other", "scheme": scheme, "label": "기타"},
        {"term": "unnamed", "label": "unnamed"},
    ]
    assert [category.text for category in rss_item(**values).findall("category")] == [
        "자연어 처리",
        "기타",
        "unnamed",
    ]


def test_iris_are_encoded() -> None:
    """Feedgen passes on any link; readers and validators want URIs."""
    links = Links(source="https://news.example/한 글")
    hrefs = [link.get("href") for link in atom_entry("item-0123456789ab", links=links).findall(f"{ATOM}link")]
    assert "https://news.example/%ED%95%9C%20%EA%B8%80" in hrefs


def test_the_module_can_be_imported_first() -> None:
    """Some of feedgen's modules fail unless `feedgen.feed` was imported before them."""
    command = [sys.executable, "-W", "error", "-c", "import digestfeed.render._feedgen"]
    subprocess.run(command, check=True)  # noqa: S603


def test_only_public_names_of_feedgen_are_used() -> None:
    """The private tree builders may change with any release."""
    source = Path(_feedgen.__file__).read_text(encoding="utf-8")
    assert "_create_" not in source
    assert "_FeedGenerator__" not in source
    assert "_FeedEntry__" not in source
