"""A built site as programs see it: data files with their index, sitemaps, canonical links, feeds to discover."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import html5lib
import pytest

from digestfeed import urls
from digestfeed.config import Config, FeedsConfig, SiteConfig
from tests.trees import item, run, tree, write_digest

HOME = "https://papers.example.org/a/"
CONFIG = Config(base_url=HOME, id_authority="example.org,2024", language="en")
UNLISTED = {urls.NOT_FOUND, urls.STATUS_PAGE, urls.SEARCH_PAGE}
"""Pages that no search engine is sent to."""
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "## 제목: 뉴스 하나\n**요약**: 무엇.\n[링크](https://news.example.com/a)\n---\n\n"


def written(root: Path) -> None:
    """Digests of two months, with news, with one that has no date, and one that has neither date nor number."""
    folder = root / "digests"
    write_digest(folder, "2024-11-30.md", item("2411.00001"), item("2411.00002", labels="로봇공학, 컴퓨터 비전"))
    write_digest(folder, "2024-12-24.md", item("2412.00001"), NEWS)
    write_digest(folder, "2024-12-25.md", item("2412.00002", votes=9), item("2411.00001", votes=5))
    write_digest(folder, "some.md", item("2410.05000"), NEWS.replace("하나", "둘"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A site of a few digests."""
    root = tmp_path_factory.mktemp("machines")
    written(root)
    run(root, CONFIG)
    return tree(root / "out")


def pages(site: dict[str, bytes]) -> dict[str, Any]:
    """The heads of all pages: path → element."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return {path: parser.parse(data).find("head") for path, data in site.items() if path.endswith(".html")}


def own_address(path: str) -> str:
    """The address that a page has."""
    return HOME + path.removesuffix("index.html")


def linked(head: Any, rel: str) -> list[dict[str, str]]:  # noqa: ANN401 -- html5lib has no types
    """The links of a head, in order."""
    return [link.attrib for link in head.findall("link") if link.get("rel") == rel]


def locations(data: bytes) -> list[str]:
    """The addresses that a sitemap lists."""
    return [str(loc.text) for loc in ET.fromstring(data).iter(SITEMAP + "loc")]  # noqa: S314 -- our own


# --- archive/index.json -------------------------------------------------------------------------------------


def assert_index(out: dict[str, bytes]) -> Any:  # noqa: ANN401
    """Check that the index lists exactly the data files that are there, as they are; give it."""
    index = json.loads(out[urls.DATA_INDEX])
    listed = {}
    for month in index["months"]:
        for file in month["files"]:
            path = file["url"].removeprefix(index["url"])
            listed[path] = file
            assert path.startswith(f"archive/{month['month']}/")
            assert file["bytes"] == len(out[path])
            assert file["sha256"] == hashlib.sha256(out[path]).hexdigest()
            count = (
                out[path].count(b"\n") if path.endswith(".jsonl") else len(re.findall(rb"^@", out[path], re.MULTILINE))
            )
            assert count == month["papers"], path
    assert listed.keys() == {path for path in out if path.endswith((".jsonl", ".bib"))}
    assert index["papers"] == sum(month["papers"] for month in index["months"])
    return index


def test_the_index_is_true(site: dict[str, bytes]) -> None:
    """Every data file is listed with its size, its hash and its count, newest month first, the undated last."""
    index = assert_index(site)
    assert [month["month"] for month in index["months"]] == ["2024-12", "2024-11", "2024-10", "undated"]
    assert index["papers"] == 7


def test_the_index_stays_true_whatever_happens(tmp_path: Path) -> None:
    """Digests come, change, move and go, files are lost, the catalog is lost: the index tells what is there."""
    written(tmp_path)
    out = tmp_path / "out"

    def build(config: Config = CONFIG) -> Any:  # noqa: ANN401
        run(tmp_path, config, allow_shrink=True)
        return assert_index(tree(out))

    first = build()
    write_digest(tmp_path / "digests", "2024-12-26.md", item("2412.00003"))
    assert build()["papers"] == first["papers"] + 1
    (tmp_path / "digests" / "2024-12-26.md").unlink()
    assert build() == first
    (out / "archive" / "2024-11" / "papers.bib").unlink()
    assert build() == first
    (out / urls.DATA_INDEX).unlink()
    assert build() == first
    shutil.rmtree(tmp_path / "catalog")
    assert build() == first
    (tmp_path / "digests" / "2024-11-30.md").unlink()
    assert [month["month"] for month in build()["months"]] == ["2024-12", "2024-10", "undated"]
    build(Config(base_url=HOME, site=SiteConfig(pages=False)))


def test_unchanged_months_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new digest makes the index anew without a look into the files of other months."""
    written(tmp_path)
    run(tmp_path, CONFIG)
    write_digest(tmp_path / "digests", "2024-12-26.md", item("2412.00003"))
    opened: list[str] = []
    known = os.open

    def spy(path: str, *args: Any, **kwargs: Any) -> int:  # noqa: ANN401
        opened.append(os.fspath(path))
        return known(path, *args, **kwargs)

    import builtins

    really = builtins.open

    def look(path: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        opened.append(str(path))
        return really(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", spy)
    monkeypatch.setattr(builtins, "open", look)
    run(tmp_path, CONFIG)
    monkeypatch.undo()
    assert any("2024-12/papers.jsonl" in path for path in opened)
    assert not any(re.search(r"2024-1[01]/papers|undated/papers", path) for path in opened)
    assert_index(tree(tmp_path / "out"))


def test_what_a_lost_catalog_knew_is_removed(tmp_path: Path) -> None:
    """Of a month that is gone nothing stays, not its data and not its sitemap, also when nobody remembers it."""
    written(tmp_path)
    run(tmp_path, CONFIG)
    (tmp_path / "digests" / "2024-12-24.md").unlink()
    (tmp_path / "digests" / "2024-12-25.md").unlink()
    shutil.rmtree(tmp_path / "catalog")
    run(tmp_path, CONFIG)
    assert not [path for path in tree(tmp_path / "out") if "2024-12" in path or "/2412." in path]


# --- pages --------------------------------------------------------------------------------------------------


def test_each_page_says_who_made_it(site: dict[str, bytes]) -> None:
    """Among its first bytes, by which a build without a catalog knows what it may remove."""
    for path, data in site.items():
        if path.endswith((".html", "sitemap.xml")):
            assert b"digestfeed" in data[:1000], path


def test_each_page_says_its_address(site: dict[str, bytes]) -> None:
    """One canonical link, to itself; the page for lost addresses has none."""
    for path, head in pages(site).items():
        canonical = [link["href"] for link in linked(head, "canonical")]
        assert canonical == ([] if path == urls.NOT_FOUND else [own_address(path)]), path


def test_each_page_that_is_listed_has_a_card(site: dict[str, bytes]) -> None:
    """Title, type and address for who shows links, and a picture that is there."""
    for path, head in pages(site).items():
        if path in UNLISTED:
            continue
        named = {meta.get("property"): meta.get("content") for meta in head.findall("meta") if meta.get("property")}
        assert named["og:url"] == own_address(path), path
        assert named["og:title"]
        assert named["og:type"] == ("article" if path.startswith("papers/") else "website")
        assert named["og:image"].removeprefix(HOME) in site
        assert named["og:locale"] == "en_US"


def test_every_data_block_is_json(site: dict[str, bytes]) -> None:
    """On each paper's page and on the front page one, and its addresses inside the site lead somewhere."""
    for path, head in pages(site).items():
        blocks = [block.text for block in head.findall("script") if block.get("type")]
        assert len(blocks) == (path.startswith("papers/") or path == urls.FRONT), path
        for block in blocks:
            assert json.loads(block)["@context"] == "https://schema.org"
            for url in re.findall(rf'"{re.escape(HOME)}([^"#]*)"', block):
                assert (f"{url}index.html" if url.endswith("/") or not url else url) in site, (path, url)


def test_each_page_leads_to_feeds_its_own_first(site: dict[str, bytes]) -> None:
    """The page of a field to its three feeds, a paper's to that of its first field, days and months to the days'."""
    every = [f"feeds/all/{form}" for form in urls.Format]
    for path, head in pages(site).items():
        found = [link["href"].removeprefix(HOME) for link in linked(head, "alternate")]
        assert found[-3:] == every, path
        own = found[:-3]
        folder = path.split("/")
        if path.startswith("feeds/") and folder[1] != "all":
            assert own == [f"feeds/{folder[1]}/{form}" for form in urls.Format]
        elif re.match(r"archive/\d{4}-\d\d/", path):
            assert own == [f"feeds/daily/{form}" for form in urls.Format]
        elif path == "papers/2411/2411.00002.html":
            assert own == ["feeds/robotics/atom.xml"]
        elif not path.startswith("papers/"):
            assert own == []
        assert set(found) <= site.keys()


def test_a_field_that_may_have_no_feed_is_not_led_to(tmp_path: Path) -> None:
    """Where fields need so many papers for a feed, and for the undated, a paper's page names that of all alone."""
    written(tmp_path)
    run(tmp_path, Config(base_url=HOME, feeds=FeedsConfig(min_papers=3)))
    site = tree(tmp_path / "out")
    heads = {path: head for path, head in pages(site).items() if path.startswith("papers/")}
    assert heads
    for path, head in heads.items():
        assert {link["href"].removeprefix(HOME) for link in linked(head, "alternate")} <= site.keys(), path


def test_sitemaps_list_every_page_once(site: dict[str, bytes]) -> None:
    """The index leads to all sitemaps, and these to all pages but those that are for no search engine."""
    maps = [path.removeprefix(HOME) for path in locations(site[urls.SITEMAP])]
    assert sorted(maps) == sorted(path for path in site if "sitemap" in path and path != urls.SITEMAP)
    listed = [address for path in maps for address in locations(site[path])]
    assert len(listed) == len(set(listed))
    assert set(listed) == {own_address(path) for path in site if path.endswith(".html") and path not in UNLISTED}
    assert f"Sitemap: {HOME}{urls.SITEMAP}" in site[urls.ROBOTS].decode()


def test_pages_for_nobody_ask_not_to_be_indexed(site: dict[str, bytes]) -> None:
    """What no sitemap lists says so itself."""
    for path, head in pages(site).items():
        robots = [meta.get("content") for meta in head.findall("meta") if meta.get("name") == "robots"]
        assert robots == (["noindex"] if path in UNLISTED else []), path


def test_what_a_page_links_as_data_is_there(site: dict[str, bytes]) -> None:
    """The month's page leads to its two data files."""
    for path, data in site.items():
        if re.fullmatch(r"archive/[^/]+/index\.html", path):
            found = re.findall(rb'href="(papers\.[a-z]+)" type="([a-z/-]+)"', data)
            assert [kind for _, kind in found] == [b"application/jsonl", b"application/x-bibtex"]
            assert all(urljoin(path, name.decode()) in site for name, _ in found)
