"""Whole sites, of the project's own digests and of real ones, as their readers see them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urljoin
from zoneinfo import ZoneInfo

import feedparser
import html5lib
import listparser
import pytest
from lxml import etree

from digestfeed.config import PREVIEW_URL, Config, FeedsConfig
from tests.trees import NOW, run, tree

ROOT = Path(__file__).parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
SOURCES = {
    "own": ROOT / "digests",
    "seeds": CORPUS / "seeds",
    "genexis": CORPUS / "genexis",
    "daily_papers_ko": CORPUS / "daily_papers_ko" / "paper_logs",
}
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module", params=SOURCES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a site, of small archive documents so that there are many; those of others' digests if there."""
    source = SOURCES[request.param]
    if not source.is_dir():
        pytest.skip(f"{source} is not there")
    root = tmp_path_factory.mktemp(request.param)
    config = Config(feeds=FeedsConfig(latest=20, archive_size=7))
    run(root, config, digests=source, now=NOW + dt.timedelta(days=400))
    return tree(root / "out")


def channels(site: dict[str, bytes]) -> list[str]:
    """The slugs of a site's channels."""
    return sorted({path.split("/")[1] for path in site if path.startswith("feeds/")})


def held(site: dict[str, bytes], slug: str) -> set[str] | None:
    """The ids of the entries that a channel has to hold; None for those that hold the best."""
    known = {i: p for i, p in papers(site).items() if p["published"]}
    if slug == "daily":
        zone = ZoneInfo("Asia/Seoul")
        days = {dt.datetime.fromisoformat(str(p["published"])).astimezone(zone).date() for p in known.values()}
        return {f"tag:localhost,2024:day/{day}" for day in days}
    if slug.startswith("top-"):
        return None
    if slug.startswith("once-"):
        return {i for i, p in known.items() if p["fields"][0] == slug.removeprefix("once-")}  # type: ignore[index]
    return {i for i, p in known.items() if slug == "all" or slug in p["fields"]}  # type: ignore[operator]


def papers(site: dict[str, bytes]) -> dict[str, dict[str, object]]:
    """All papers of a site, by entry id, as the data files have them."""
    lines = [line for path, data in site.items() if path.endswith(".jsonl") for line in data.splitlines()]
    return {paper["entry_id"]: paper for paper in map(json.loads, lines)}


def test_no_two_paths_collide(site: dict[str, bytes]) -> None:
    """On a file system that folds case, and on Windows, each file has its own name."""
    folded = Counter(path.casefold() for path in site)
    assert max(folded.values()) == 1
    assert all(re.fullmatch(r"[a-z0-9._/-]+", path) for path in site)


def test_every_document_is_well_formed(site: dict[str, bytes]) -> None:
    """Each XML document parses as XML, each JSON document as JSON."""
    for path, data in site.items():
        if path.endswith((".xml", ".opml")):
            etree.fromstring(data)
        elif path.endswith(".json"):
            json.loads(data)
        elif path.endswith(".jsonl"):
            assert [json.loads(line) for line in data.splitlines()]


def test_pages_are_valid_html(site: dict[str, bytes]) -> None:
    """Pages of each kind hold to the HTML parsing rules without one error."""
    pages = sorted(path for path in site if path.endswith(".html"))
    for path in pages[:: max(len(pages) // 60, 1)]:
        html5lib.HTMLParser(strict=True).parse(site[path])


def test_links_inside_the_site_lead_somewhere(site: dict[str, bytes]) -> None:
    """No page has a broken link to another file of the site."""
    for path, data in site.items():
        if not path.endswith(".html"):
            continue
        base = PREVIEW_URL + path
        for href in re.findall(rb'(?:href|src)="([^"#]*)', data):
            url = urljoin(base, href.decode()).split("?")[0]
            if url.startswith(PREVIEW_URL):
                target = unquote(url.removeprefix(PREVIEW_URL))
                assert (f"{target}index.html" if target.endswith("/") or not target else target) in site, (path, url)


def test_three_formats_say_the_same(site: dict[str, bytes]) -> None:
    """Atom, RSS and JSON of a channel have the same ids, titles and dates in the same order."""
    for slug in channels(site):
        atom = feedparser.parse(site[f"feeds/{slug}/atom.xml"])
        rss = feedparser.parse(site[f"feeds/{slug}/rss.xml"])
        feed = json.loads(site[f"feeds/{slug}/feed.json"])
        assert not atom.bozo
        assert not rss.bozo
        of_atom = [(e.id, e.title, e.published_parsed, e.updated_parsed) for e in atom.entries]
        of_rss = [(e.id, e.title, e.published_parsed, e.updated_parsed) for e in rss.entries]
        of_json = [(i["id"], i["title"], i["date_published"], i["date_modified"]) for i in feed["items"]]
        assert of_atom == of_rss
        assert [entry[:2] for entry in of_atom] == [item[:2] for item in of_json]
        moments = [dt.datetime.fromisoformat(item[2]).timetuple()[:6] for item in of_json]
        assert moments == [tuple(entry[2])[:6] for entry in of_atom]
        assert slug.startswith("top-") or moments == sorted(moments, reverse=True)
        assert feed["feed_url"].endswith(f"feeds/{slug}/feed.json")


def test_opml_lists_every_field(site: dict[str, bytes]) -> None:
    """A list reader finds the feed of each field, each under a name of its own."""
    found = listparser.parse(site["feeds.opml"])
    assert not found.bozo
    urls = [feed.url for feed in found.feeds]
    slugs = [slug for slug in channels(site) if not re.match("all$|daily$|top-|once-", slug)]
    assert sorted(urls) == [f"{PREVIEW_URL}feeds/{slug}/atom.xml" for slug in slugs]
    assert len({feed.title for feed in found.feeds}) == len(urls)


def test_the_once_list_shows_each_paper_once(site: dict[str, bytes]) -> None:
    """Who follows every feed of the once list sees each paper in exactly one of them."""
    slugs = [feed.url.split("/")[-2] for feed in listparser.parse(site["feeds-once.opml"]).feeds]
    shown = [i for slug in slugs for i in held(site, slug) or ()]
    assert sorted(shown) == sorted(i for i, p in papers(site).items() if p["published"])


def test_subscription_and_archives_are_everything_once(site: dict[str, bytes]) -> None:
    """Who follows prev-archive (RFC 5005) finds each paper of a channel, in no two archive documents."""
    for slug in channels(site):
        wanted = held(site, slug)
        document = etree.fromstring(site[f"feeds/{slug}/atom.xml"])
        newest = [e.findtext(f"{ATOM}id") for e in document.iter(f"{ATOM}entry")]
        archived: list[str | None] = []
        while (link := document.find(f"{ATOM}link[@rel='prev-archive']")) is not None:
            url = str(link.get("href"))
            document = etree.fromstring(site[url.removeprefix(PREVIEW_URL)])
            archived += [e.findtext(f"{ATOM}id") for e in document.iter(f"{ATOM}entry")]
        assert wanted is None or set(newest) | set(archived) == wanted
        assert len(archived) == len(set(archived))
        assert len(newest) == len(set(newest))


def test_data_files_are_sorted_and_complete(site: dict[str, bytes]) -> None:
    """Each month's JSON Lines are in order, and each paper has its page and its citation."""
    for path, data in site.items():
        if path.endswith(".jsonl"):
            rows = [json.loads(line) for line in data.splitlines()]
            assert [(r["published"] or "", r["key"]) for r in rows] == sorted(
                (r["published"] or "", r["key"]) for r in rows
            )
            assert data.count(b"\n") == len(rows)
            assert site[path.replace("papers.jsonl", "papers.bib")].count(b"@misc{") == len(rows)
    assert sum(path.startswith("papers/") for path in site) == len(papers(site))
