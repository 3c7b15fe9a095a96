"""A year of digests, played to the reader library and to laws: each paper is new once, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from reader import make_reader

from tests.clients.replay import AUTHORITY, CONFIG, LATEST, Step, replay

ATOM = "{http://www.w3.org/2005/Atom}"
FOLLOWED = (
    "feeds/all/atom.xml",
    "feeds/all/rss.xml",
    "feeds/all/feed.json",
    "feeds/computer-vision/atom.xml",
    "feeds/once-computer-vision/atom.xml",
    "feeds/daily/atom.xml",
    "feeds/top-week/atom.xml",
)
SIGNIFICANT = ("title", "summary", "easy_summary", "fields", "links", "authors")
CONFIGURED = {"moved", "new version", "renamed"}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """What is published after each thing that happens in a year."""
    return list(replay(tmp_path_factory.mktemp("year")))


@lru_cache(maxsize=None)
def parsed(document: bytes) -> etree._Element:
    """Parse a document; the same for the same bytes."""
    return etree.fromstring(document)


@lru_cache(maxsize=None)
def entries(document: bytes) -> dict[str, tuple[str, str, bytes]]:
    """The entries of an Atom document, in order: id → published, updated, bytes."""
    found = {}
    for node in parsed(document).iter(f"{ATOM}entry"):
        texts = [node.findtext(ATOM + name, "") for name in ("id", "published", "updated")]
        assert texts[0] not in found
        found[texts[0]] = (texts[1], texts[2], etree.tostring(node))
    return found


def link(document: bytes, rel: str) -> str | None:
    """The path that a link of a document leads to, wherever the site is hosted."""
    found = parsed(document).find(f"{ATOM}link[@rel='{rel}']")
    return None if found is None else re.sub("^.*?(?=feeds/)", "", str(found.get("href")))


def slugs(step: Step) -> list[str]:
    """The channels of a step."""
    return sorted({path.split("/")[1] for path in step.documents})


def walked(step: Step, slug: str) -> list[str]:
    """The paths of the archive documents that prev-archive leads to, newest first."""
    found: list[str] = []
    path = link(step.documents[f"feeds/{slug}/atom.xml"], "prev-archive")
    while path is not None:
        assert path not in found
        found.append(path)
        path = link(step.documents[path], "prev-archive")
    return found


def held(step: Step, slug: str) -> set[str] | None:
    """The ids that a channel has to hold, as the data files tell; None for the best of a week or month."""
    if slug.startswith("top-"):
        return None
    if slug == "daily":
        zone = ZoneInfo(CONFIG.timezone)
        moments = (dt.datetime.fromisoformat(paper["published"]) for paper in step.papers.values())
        return {f"tag:{AUTHORITY}:day/{moment.astimezone(zone).date()}" for moment in moments}
    first = slug.removeprefix("once-")
    return {
        paper["entry_id"]
        for paper in step.papers.values()
        if slug == "all" or (paper["fields"][0] == first if slug.startswith("once-") else slug in paper["fields"])
    }


def test_each_paper_is_unread_once(year: list[Step], tmp_path: Path) -> None:
    """Who fetches after each step and reads everything sees each entry of each feed once, whatever happens to it."""
    unread: Counter[tuple[str, str]] = Counter()
    shown: set[tuple[str, str]] = set()
    before: dict[str, bytes] = {}
    with make_reader(":memory:", feed_root=str(tmp_path)) as reader:
        for step in year:
            for path in FOLLOWED:
                document = step.documents.get(path)
                if document is None or document == before.get(path):
                    continue
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_bytes(document)
                reader.add_feed(path, exist_ok=True)
                before[path] = document
                reader.update_feed(path)
                if path.endswith("atom.xml"):
                    shown |= {(path, entry_id) for entry_id in entries(document)}
            for entry in list(reader.get_entries(read=False)):
                unread[entry.feed_url, entry.id] += 1
                reader.mark_entry_as_read(entry)
    assert set(unread.values()) == {1}
    assert {place for place in unread if place[0].endswith("atom.xml")} == shown
    in_all = {path: {i for feed, i in unread if feed == path} for path in FOLLOWED[:3]}
    assert in_all[FOLLOWED[0]] == in_all[FOLLOWED[1]] == in_all[FOLLOWED[2]]
    missed = {paper["entry_id"]: paper for paper in year[-1].papers.values() if paper["entry_id"] not in in_all[FOLLOWED[0]]}
    assert missed.keys() <= too_late(year)
    assert in_all[FOLLOWED[0]] == held(year[-1], "all") - missed.keys()  # type: ignore[operator]


def too_late(year: list[Step]) -> set[str]:
    """The papers of which a digest came when the newest 20 were all younger: only archives have them."""
    found = set()
    for earlier, step in pairwise(year):
        order = sorted(step.papers.values(), key=lambda paper: (paper["published"], paper["key"]))
        new = {paper["entry_id"] for paper in order[:-LATEST]} - {p["entry_id"] for p in earlier.papers.values()}
        found |= new
    return found


def test_updated_moves_only_with_what_matters(year: list[Step]) -> None:
    """Votes, other words, another address, program or title move no `updated`; a title or field that comes does."""
    moved = 0
    for earlier, step in pairwise(year):
        for key in earlier.papers.keys() & step.papers.keys():
            old, new = earlier.papers[key], step.papers[key]
            same = all(old[name] == new[name] for name in SIGNIFICANT)
            if old["updated"] != new["updated"]:
                moved += 1
                assert not same or old["published"] != new["published"], (step.what, key)
            elif not same:
                assert step.what not in {"a day", "late", *CONFIGURED}, (step.what, key)
    assert moved > 10


def test_feeds_say_what_the_data_says(year: list[Step]) -> None:
    """In each feed, also in archives, an entry has the dates of its paper."""
    for step in year:
        rows = {paper["entry_id"]: (paper["published"], paper["updated"]) for paper in step.papers.values()}
        for path, document in step.documents.items():
            if path.endswith("atom.xml") or "/archive/" in path:
                for entry_id, (published, updated, _) in entries(document).items():
                    assert "/daily/" in path or (published, updated) == rows[entry_id], (step.what, path)


def test_subscription_and_archives_are_everything_once(year: list[Step]) -> None:
    """At every moment prev-archive leads from a feed to all that it ever held, in no two archive documents."""
    for step in year:
        for slug in slugs(step):
            subscribed = entries(step.documents[f"feeds/{slug}/atom.xml"])
            archived = [i for path in walked(step, slug) for i in entries(step.documents[path])]
            wanted = held(step, slug)
            assert len(archived) == len(set(archived)), (step.what, slug)
            assert wanted is None or subscribed.keys() | set(archived) == wanted, (step.what, slug)


def test_every_archive_document_is_on_the_way(year: list[Step]) -> None:
    """No archive document is there that prev-archive does not lead to, and next-archive leads back on the same way."""
    for step in year:
        for slug in slugs(step):
            way = walked(step, slug)
            assert sorted(way) == sorted(p for p in step.documents if p.startswith(f"feeds/{slug}/archive/"))
            for newer, older in pairwise(way):
                assert link(step.documents[older], "next-archive") in {newer, None}
            for path in way:
                assert link(step.documents[path], "self") == path
                assert link(step.documents[path], "current") == f"feeds/{slug}/atom.xml"


def test_what_readers_have_seen_among_the_best_stays(year: list[Step]) -> None:
    """No paper leaves the channels of a week's and a month's best because of what later digests say."""
    for earlier, step in pairwise(year):
        for slug in ("top-week", "top-month"):
            if slug in slugs(earlier) and step.what == "a day":
                assert everything(earlier, slug) <= everything(step, slug)


def everything(step: Step, slug: str) -> set[str]:
    """The ids of a channel's entries."""
    paths = [f"feeds/{slug}/atom.xml", *walked(step, slug)]
    return {entry_id for path in paths for entry_id in entries(step.documents[path])}


def test_a_closed_document_is_changed_by_its_own_digests_only(year: list[Step]) -> None:
    """An archive document has the same bytes after as before, unless a digest of its month or papers changed."""
    kept, why = 0, Counter[str]()
    for earlier, step in pairwise(year):
        if step.what in CONFIGURED:
            continue
        for path in earlier.documents.keys() & step.documents.keys():
            if "/archive/" not in path:
                continue
            old, new = earlier.documents[path], step.documents[path]
            kept += old == new
            if old != new:
                reason = excuse(path, old, new, step)
                why[f"{step.what}: {reason}"] += 1
    print(kept, dict(why))
    assert 0


def excuse(path: str, old: bytes, new: bytes, step: Step) -> str:
    """Tell why a closed document changed."""
    month = path.rpartition("/")[2][:7]
    if month in step.months:
        return "own month"
    ids = {i.rpartition("/")[2] for i in (*entries(old), *entries(new))}
    if "/daily/" not in path and ids & step.keys:
        return "shows a paper of the digest"
    if link(old, "prev-archive") != link(new, "prev-archive"):
        return "prev-archive"
    return f"NONE {path}"
