"""The script that people write today: regular expressions and feedgen.

It reads a tree of digests, joins the appearances of a paper by its arXiv id, and writes an Atom and an RSS
feed for each field and for all papers, the newest fifty each. With ``--archive`` it also writes every paper
to monthly Atom documents, by field. It does its work well enough: a paper's ``FeedEntry`` is built once and
shared by its feeds, and files are read and written once. It has no memory, so that each run does everything
again; and it trusts its input, escapes text rather than rendering Markdown, and reports nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import html
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from labels import SLUGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BASE_URL = "https://digests.example.org/"
ID_PREFIX = "tag:example.org,2024:"
NEWEST = 50
SUMMARY = 300
"""How many characters of the text an entry's plain summary has."""
SEOUL = ZoneInfo("Asia/Seoul")

RULE = re.compile(r"^---$", re.MULTILINE)
ARXIV_ID = re.compile(r"arxiv\.org/pdf/(\d{4}\.\d{4,5})")
TITLE = re.compile(r"^## 제목:\s*(.+)$", re.MULTILINE)
SECTION = re.compile(
    r"^\*\*(요약|쉬운설명|관련분야|추천수)\*\*:\s*(.*?)(?=\n\n\*\*[^*\n]+\*\*:)", re.MULTILINE | re.DOTALL
)
OUTER_COMMA = re.compile(r",\s*(?![^()]*\))")
STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")


@dataclass(slots=True)
class Paper:
    """A paper, joined from its appearances."""

    arxiv_id: str
    title: str
    summary: str
    easy: str
    votes: int
    published: dt.datetime
    fields: dict[str, str] = field(default_factory=dict)
    """Labels by field slug, in the order first seen."""


def digest_time(path: Path) -> dt.datetime:
    """Return the moment that a digest's file name tells."""
    match = STAMP.search(path.name)
    if match is None:
        raise ValueError(f"no date in {path.name}")
    return dt.datetime(*map(int, match.groups()), tzinfo=SEOUL)  # type: ignore[arg-type, misc]


def read_digest(path: Path) -> Iterator[Paper]:
    """Yield the papers of one digest, a second apart."""
    moment = digest_time(path)
    for position, block in enumerate(RULE.split(path.read_text(encoding="utf-8"))):
        arxiv_id, title = ARXIV_ID.search(block), TITLE.search(block)
        if arxiv_id is None or title is None:
            continue
        parts = dict(SECTION.findall(block))
        labels = OUTER_COMMA.split(parts.get("관련분야", ""))
        yield Paper(
            arxiv_id=arxiv_id[1],
            title=title[1].strip(),
            summary=parts.get("요약", "").strip(),
            easy=parts.get("쉬운설명", "").strip(),
            votes=int(parts.get("추천수") or 0),
            published=moment - dt.timedelta(seconds=position),
            fields={SLUGS.get(label.strip(), "other"): label.strip() for label in labels},
        )


def read_papers(digests: Path) -> list[Paper]:
    """Read a tree of digests and return its distinct papers, newest first."""
    papers: dict[str, Paper] = {}
    for path in sorted(digests.rglob("*.md")):
        for paper in read_digest(path):
            known = papers.setdefault(paper.arxiv_id, paper)
            if known is not paper:
                known.votes = paper.votes
                known.fields = paper.fields | known.fields
    return sorted(papers.values(), key=attrgetter("published", "arxiv_id"), reverse=True)


def paragraphs(text: str) -> str:
    """Return text as HTML paragraphs."""
    return "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n") if part)


def body_of(paper: Paper) -> str:
    """Return the HTML of an entry."""
    pdf = f"https://arxiv.org/pdf/{paper.arxiv_id}"
    thumbnail = f"https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/{paper.arxiv_id}.png"
    fields = ", ".join(html.escape(label) for label in paper.fields.values())
    return (
        f'<p><img src="{thumbnail}" alt=""></p>{paragraphs(paper.summary)}'
        f"<h3>쉬운설명</h3>{paragraphs(paper.easy)}"
        f'<p>관련분야: {fields}</p><p>추천수: {paper.votes}</p><p><a href="{pdf}">PDF</a></p>'
    )


def entry_of(paper: Paper) -> FeedEntry:
    """Return a paper as a feed entry, which any number of feeds can share."""
    entry = FeedEntry()
    entry.id(f"{ID_PREFIX}paper/{paper.arxiv_id}")
    entry.title(paper.title)
    entry.link(href=f"{BASE_URL}papers/{paper.arxiv_id[:4]}/{paper.arxiv_id}.html")
    entry.published(paper.published)
    entry.updated(paper.published)
    entry.summary(paper.summary[:SUMMARY])
    entry.content(body_of(paper), type="html")
    for slug, label in paper.fields.items():
        entry.category(term=slug, label=label)
    return entry


class Site:
    """The feeds of one run, which share the entries of papers.

    Args:
        out: The folder to write to.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.entries: dict[str, FeedEntry] = {}

    def entry(self, paper: Paper) -> FeedEntry:
        """Return a paper's entry, built when it is first wanted."""
        entry = self.entries.get(paper.arxiv_id)
        if entry is None:
            entry = self.entries[paper.arxiv_id] = entry_of(paper)
        return entry

    def feed(self, slug: str, path: str, papers: Iterable[Paper], updated: dt.datetime) -> FeedGenerator:
        """Return a feed of papers in the order given."""
        feed = FeedGenerator()
        feed.id(f"{ID_PREFIX}feed/{slug}")
        feed.title(f"Papers: {slug}")
        feed.description(f"AI papers of the field {slug}")
        feed.author(name="digests")
        feed.language("ko")
        feed.link(href=f"{BASE_URL}feeds/{slug}/", rel="alternate")
        feed.link(href=f"{BASE_URL}{path}", rel="self")
        feed.updated(updated)
        for paper in papers:
            feed.add_entry(self.entry(paper), order="append")
        return feed

    def write_feed(self, slug: str, papers: list[Paper]) -> None:
        """Write a channel's Atom and RSS documents with its newest papers."""
        newest = papers[:NEWEST]
        folder = self.out / "feeds" / slug
        folder.mkdir(parents=True, exist_ok=True)
        feed = self.feed(slug, f"feeds/{slug}/atom.xml", newest, newest[0].published)
        feed.atom_file(str(folder / "atom.xml"))
        feed.link(
            [
                {"href": f"{BASE_URL}feeds/{slug}/rss.xml", "rel": "self"},
                {"href": f"{BASE_URL}feeds/{slug}/", "rel": "alternate"},
            ],
            replace=True,
        )
        feed.rss_file(str(folder / "rss.xml"))

    def write_archive(self, slug: str, papers: list[Paper]) -> None:
        """Write a channel's papers to one Atom document a month."""
        months: dict[str, list[Paper]] = defaultdict(list)
        for paper in papers:
            months[f"{paper.published.astimezone(dt.UTC):%Y-%m}"].append(paper)
        folder = self.out / "feeds" / slug / "archive"
        folder.mkdir(parents=True, exist_ok=True)
        for month, members in months.items():
            path = f"feeds/{slug}/archive/{month}.xml"
            self.feed(slug, path, members, members[0].published).atom_file(str(self.out / path))


def build(digests: Path, out: Path, *, archive: bool) -> int:
    """Write all feeds of a tree and return how many papers it has."""
    papers = read_papers(digests)
    channels: dict[str, list[Paper]] = {"all": papers}
    for paper in papers:
        for slug in paper.fields:
            channels.setdefault(slug, []).append(paper)
    site = Site(out)
    for slug, members in channels.items():
        site.write_feed(slug, members)
        if archive:
            site.write_archive(slug, members)
    return len(papers)


def main(argv: list[str] | None = None) -> int:
    """Write the feeds of a tree of digests.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description="Write feeds with regular expressions and feedgen.")
    parser.add_argument("digests", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--archive", action="store_true", help="also write all papers to monthly Atom documents")
    options = parser.parse_args(argv)
    count = build(options.digests, options.out, archive=options.archive)
    print(f"{count} papers", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
