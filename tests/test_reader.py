"""A year of digests, played to the reader library and to laws: each paper is new once, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from functools import cache
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
EDITED = {"corrected", "an old one corrected", "relabelled", "a paper added below", "a paper added above"}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """What is published after each thing that happens in a year."""
    return list(replay(tmp_path_factory.mktemp("year")))


@cache
def parsed(document: bytes) -> etree._Element:
    """Parse a document; the same for the same bytes."""
    return etree.fromstring(document)


@cache
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
    missed = {
        paper["entry_id"]: paper for paper in year[-1].papers.values() if paper["entry_id"] not in in_all[FOLLOWED[0]]
    }
    assert missed.keys() == too_late(year) != set()
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
    """Votes, other words, another address, program or title move no `updated`; a title or field that comes does.

    In a digest that is edited the items below an added one move by a second, as their places do.
    """
    moved = 0
    for earlier, step in pairwise(year):
        for key in earlier.papers.keys() & step.papers.keys():
            old, new = earlier.papers[key], step.papers[key]
            same = all(old[name] == new[name] for name in SIGNIFICANT)
            if old["updated"] != new["updated"] and step.what in EDITED:
                assert key in step.keys
                assert abs(moment(new["updated"]) - moment(old["updated"])) == dt.timedelta(seconds=1)
            elif old["updated"] != new["updated"]:
                moved += 1
                assert not same or old["published"] != new["published"], (step.what, key)
            elif not same:
                assert step.what in EDITED, (step.what, key)
    assert moved > 10


def moment(text: str) -> dt.datetime:
    """Read a moment."""
    return dt.datetime.fromisoformat(text)


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


def test_a_closed_document_is_changed_by_its_own_only(year: list[Step]) -> None:
    """An archive document keeps its bytes while no digest of its month changes, nor one that shows its papers.

    What a digest says of a known paper may be new (a field, a title in Latin script): then the paper's entry changes
    wherever it is, and with its fields the documents that hold it and those that link to them.
    """
    kept = 0
    for earlier, step in pairwise(year):
        months = touched(earlier, step)
        for path in archives(earlier) & archives(step) if step.what not in CONFIGURED else ():
            old, new = earlier.documents[path], step.documents[path]
            kept += old == new
            if old != new and month_of(path) not in months:
                links = link(old, "prev-archive"), link(new, "prev-archive")
                assert best_shows(path, earlier, step) or (links[0] != links[1] and months & set(map(month_of, links)))
    assert kept > 5000


def archives(step: Step) -> set[str]:
    """The paths of the archive documents."""
    return {path for path in step.documents if "/archive/" in path}


def month_of(path: str | None) -> str:
    """The month of an archive document."""
    return (path or "").rpartition("/")[2][:7]


def touched(earlier: Step, step: Step) -> set[str]:
    """The months of the digests that changed and of the papers that they show."""
    rows = [state.papers[key] for state in (earlier, step) for key in step.keys & state.papers.keys()]
    return {*step.months} | {local_day(row["published"])[:7] for row in rows}


def local_day(text: str) -> str:
    """The day of a moment in the digests' time zone."""
    return str(moment(text).astimezone(ZoneInfo(CONFIG.timezone)).date())


def best_shows(path: str, earlier: Step, step: Step) -> bool:
    """Whether a document of the best shows a paper of a digest that changed, or of a week that it ended."""
    if "/top-" not in path:
        return False
    ids = {i.rpartition("/")[2] for state in (earlier, step) for i in entries(state.documents[path])}
    last = max(local_day(paper["published"])[:7] for paper in earlier.papers.values())
    return bool(ids & step.keys) or month_of(path) == last


def test_a_day_of_new_papers_changes_nothing_that_is_closed(year: list[Step]) -> None:
    """A digest of new papers changes of all archive documents only the last of its month, which links to the next."""
    days = 0
    for earlier, step in pairwise(year):
        if step.what == "a day" and not step.keys & earlier.papers.keys():
            days += 1
            for path in archives(earlier) - {path for path in archives(earlier) if "/top-" in path}:
                old, new = earlier.documents[path], step.documents[path]
                if old != new:
                    assert month_of(path) in step.months
                    assert link(old, "next-archive") is None
                    assert str(link(new, "next-archive")) in step.documents.keys() - earlier.documents.keys()
                    assert entries(old) == entries(new)
    assert days > 20


def test_an_entry_changes_with_its_paper_only(year: list[Step]) -> None:
    """An entry has the same bytes after as before while its paper's texts and fields are the same."""
    for earlier, step in pairwise(year):
        same = {
            new["entry_id"]
            for key, new in step.papers.items()
            if key in earlier.papers
            and all(new[n] == earlier.papers[key][n] for n in (*SIGNIFICANT, "labels", "published", "updated"))
        }
        for path in earlier.documents.keys() & step.documents.keys() if step.what != "moved" else ():
            if path.endswith(".xml") and "/daily/" not in path and not path.endswith("rss.xml"):
                old, new = entries(earlier.documents[path]), entries(step.documents[path])
                assert all(old[i] == new[i] for i in old.keys() & new.keys() & same), (step.what, path)


def test_another_version_changes_no_feed(year: list[Step]) -> None:
    """A new version of the program that renders as the old one did writes the same bytes."""
    (pair,) = [(earlier, step) for earlier, step in pairwise(year) if step.what == "new version"]
    assert pair[0].documents == pair[1].documents


def test_votes_alone_change_no_feed(year: list[Step]) -> None:
    """A digest in which only the votes were edited leaves every feed as it was."""
    (pair,) = [(earlier, step) for earlier, step in pairwise(year) if step.what == "recounted"]
    changed = {path for path, data in pair[1].documents.items() if pair[0].documents.get(path) != data}
    assert {path.split("/")[1] for path in changed} <= {"top-week", "top-month"}


def test_a_site_that_moves_keeps_its_ids(year: list[Step]) -> None:
    """Another base URL changes addresses only: no id of a feed or entry, no date, no order."""
    (pair,) = [(earlier, step) for earlier, step in pairwise(year) if step.what == "moved"]
    assert pair[0].documents.keys() == pair[1].documents.keys()
    for path in (path for path in pair[0].documents if path.endswith("atom.xml") or "/archive/" in path):
        old, new = pair[0].documents[path], pair[1].documents[path]
        assert b"papers.example.org/" not in new
        for name in ("id", "updated"):
            assert parsed(old).findtext(ATOM + name) == parsed(new).findtext(ATOM + name)
        assert [(i, *e[:2]) for i, e in entries(old).items()] == [(i, *e[:2]) for i, e in entries(new).items()]


def test_a_feed_is_as_new_as_its_newest_entry(year: list[Step]) -> None:
    """The `updated` of each document is the latest of its entries', so that it moves with none of its own accord."""
    for step in year:
        for path, document in step.documents.items():
            if path.endswith("atom.xml") or "/archive/" in path:
                updated = [entry[1] for entry in entries(document).values()]
                assert not updated or parsed(document).findtext(f"{ATOM}updated") == max(updated), (step.what, path)
