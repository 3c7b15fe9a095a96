"""The parser against real digests that were annotated by hand, where they are at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from digestfeed.model import Item, Parsed
from digestfeed.parse import parse

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
GENEXIS, GOLD = CORPUS / "genexis", CORPUS / "genexis-gold"
DAILY_PAPERS = CORPUS / "daily_papers_ko"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the real digests are not here")

HEAD = 25  # characters of a text that the annotations keep
LINKED_HEADING = re.compile(r"^### \[(.*)\]\((\S+)\)\s*$", re.MULTILINE)


class GoldItem(msgspec.Struct):
    """An annotated item; of texts only head and tail."""

    kind: str
    arxiv_id: str | None
    title: str | None
    summary_head: str | None
    summary_tail: str | None
    easy_head: str | None
    easy_tail: str | None
    fields: list[str] | None
    votes: int | None
    importance: int | None
    link: str | None
    thumbnail: str | None


class Gold(msgspec.Struct):
    """An annotated file."""

    file: str
    items: list[GoldItem]
    chatter: list[str]


def read(path: Path, root: Path) -> Parsed:
    """Parse a file of the corpus."""
    return parse(str(path.relative_to(root)), path.read_text("utf-8-sig"))


def items_of(parsed: Parsed) -> list[Item]:
    """All items of a file."""
    return [item for digest in parsed.digests for item in digest.items]


def annotated() -> Iterator[tuple[Gold, Parsed]]:
    """Each annotated file with what the parser makes of it."""
    for path in sorted(GOLD.rglob("*.json")):
        gold = msgspec.json.decode(path.read_bytes(), type=Gold)
        yield gold, read(GENEXIS / gold.file, GENEXIS)


def compared(item: Item, gold: GoldItem) -> Iterator[tuple[str, Any, Any]]:
    """The values of an item beside those of its annotation."""
    summary, easy = item.summary or "", item.easy_summary or ""
    yield "arxiv_id", item.arxiv_id, gold.arxiv_id
    yield "title", item.title, gold.title or None
    yield "summary_head", summary[:HEAD], gold.summary_head or ""
    yield "summary_tail", summary[-HEAD:], gold.summary_tail or ""
    yield "easy_head", easy[:HEAD], gold.easy_head or ""
    yield "easy_tail", easy[-HEAD:], gold.easy_tail or ""
    yield "labels", list(item.labels), gold.fields or []
    yield "votes", item.votes, gold.votes
    yield "importance", item.importance, gold.importance
    yield "link", item.links[0] if item.links else None, gold.link
    if (
        gold.kind != "junk"
    ):  # the invented picture of the invented paper: the annotation leaves it out, the parser says what stands there
        yield "thumbnail", item.thumbnail, gold.thumbnail


def test_every_item_is_found_and_none_is_invented() -> None:
    """Each annotated file gives its items, in order, by arXiv id."""
    for gold, parsed in annotated():
        assert (gold.file, [item.arxiv_id for item in items_of(parsed)]) == (
            gold.file,
            [item.arxiv_id for item in gold.items],
        )


def test_values_are_those_of_the_annotation() -> None:
    """At least 99.5 % of all values are exactly the annotated ones."""
    values = [
        (gold.file, item.line, *value)
        for gold, parsed in annotated()
        for item, wanted in zip(items_of(parsed), gold.items, strict=True)
        for value in compared(item, wanted)
    ]
    missed = [value for value in values if value[3] != value[4]]
    assert len(values) > 1400
    assert len(missed) <= 0.005 * len(values), "\n".join(map(str, missed))


def test_chatter_is_told_from_items() -> None:
    """Each annotated piece of chatter is reported as such, and nothing else is."""
    for gold, parsed in annotated():
        heads = [piece.text[: len(head)] for piece, head in zip(parsed.chatter, gold.chatter, strict=False)]
        assert (gold.file, heads, len(parsed.chatter)) == (gold.file, gold.chatter, len(gold.chatter))


def test_the_invented_paper_is_no_paper() -> None:
    """The file in which the writer apologised gives an item without an arXiv id and without a title."""
    junk = [
        item
        for gold, parsed in annotated()
        for item, wanted in zip(items_of(parsed), gold.items, strict=True)
        if wanted.kind == "junk"
    ]
    assert [(item.arxiv_id, item.title) for item in junk] == [(None, None)]


@pytest.mark.parametrize("path", sorted(DAILY_PAPERS.rglob("[0-9]*.md")), ids=lambda path: "-".join(path.parts[-3:]))
def test_daily_papers_are_read_whole(path: Path) -> None:
    """Every linked heading is an item with its title, link, votes, authors and a text."""
    text = path.read_text("utf-8-sig")
    items = items_of(read(path, DAILY_PAPERS))
    wanted = [(" ".join(title.split()), url) for title, url in LINKED_HEADING.findall(text)]
    assert [(item.title, item.links[0]) for item in items] == wanted
    assert all(item.summary and item.arxiv_id for item in items)
    votes = re.findall(r"^Vote: (\d+)", text, re.MULTILINE)
    assert [str(item.votes) for item in items if item.votes is not None] == votes
    authors = re.findall(r"^Authors: .*[A-Za-z]", text, re.MULTILINE)
    assert sum(bool(item.authors) for item in items) == len(authors)


@pytest.mark.parametrize("name", ["2024/10/18.md", "2025/02/19.md"])
def test_two_sections_of_a_day_are_two_digests(name: str) -> None:
    """A file with two dated headings gives both, and positions go on from one to the other."""
    digests = read(DAILY_PAPERS / "paper_logs" / name, DAILY_PAPERS).digests
    assert [digest.heading for digest in digests] == [name.removesuffix(".md").replace("/", "-")] * 2
    positions = [item.position for digest in digests for item in digest.items]
    assert positions == list(range(len(positions)))


def test_the_first_two_digests() -> None:
    """The two files that the project began with show eight papers."""
    items = [item for path in sorted((CORPUS / "seeds").iterdir()) for item in items_of(read(path, CORPUS))]
    assert len(items) == 8
    assert all(item.arxiv_id and item.title and item.summary and item.labels for item in items)
