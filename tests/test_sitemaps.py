"""Sitemaps and robots.txt: which pages there are, and when they changed."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

from digestfeed import urls
from digestfeed.model import Basis, Links
from digestfeed.render.sitemaps import month_sitemap, robots, site_sitemap, sitemap_index
from tests.papers import MOMENT, make_context, make_paper

CONTEXT = make_context(base_url="https://example.org/a&b/")
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOME = "https://example.org/a&b/"


def listed(data: bytes) -> list[tuple[str | None, ...]]:
    """The URLs of a sitemap with when they changed, where it says so."""
    tree = ET.fromstring(data)  # noqa: S314 -- our own
    assert tree.tag == SITEMAP + "urlset"
    return [tuple(child.text for child in url) for url in tree]


def test_a_month_lists_its_page_its_days_and_its_papers() -> None:
    """Days in order, papers as they come, each with the moment of the newest digest that changed it."""
    papers = [
        make_paper(updated=MOMENT + 60),
        make_paper("2412.18072", day=dt.date(2024, 12, 24), updated=MOMENT),
        make_paper("2412.18176", updated=MOMENT + 30),
    ]
    assert listed(month_sitemap(202412, papers, CONTEXT)) == [
        (f"{HOME}archive/2024-12/", "2024-12-25T00:01:00Z"),
        (f"{HOME}archive/2024-12/2024-12-24.html", "2024-12-25T00:00:00Z"),
        (f"{HOME}archive/2024-12/2024-12-25.html", "2024-12-25T00:01:00Z"),
        (f"{HOME}papers/2412/2412.17743.html", "2024-12-25T00:01:00Z"),
        (f"{HOME}papers/2412/2412.18072.html", "2024-12-25T00:00:00Z"),
        (f"{HOME}papers/2412/2412.18176.html", "2024-12-25T00:00:30Z"),
    ]


def test_an_estimated_day_is_no_change() -> None:
    """A paper whose digest has no date does not say when it changed, and neither do the pages that show it."""
    papers = [make_paper(), make_paper("2412.18072", published_basis=Basis.ARXIV_ID)]
    assert listed(month_sitemap(202412, papers, CONTEXT)) == [
        (f"{HOME}archive/2024-12/",),
        (f"{HOME}archive/2024-12/2024-12-25.html",),
        (f"{HOME}papers/2412/2412.17743.html", "2024-12-26T00:00:00Z"),
        (f"{HOME}papers/2412/2412.18072.html",),
    ]


def test_the_undated_have_no_day() -> None:
    """They have a page together, and one each."""
    paper = make_paper("item-0123456789ab", day=None, published=None, updated=None, links=Links())
    assert listed(month_sitemap(0, [paper], CONTEXT)) == [
        (f"{HOME}archive/undated/",),
        (f"{HOME}papers/items/0123456789ab.html",),
    ]


def test_the_sites_own_pages() -> None:
    """The front page changes with the papers on it; of the others nothing is said."""
    pages = [urls.FRONT, urls.ARCHIVE, urls.feed_page("all")]
    assert listed(site_sitemap(pages, [make_paper(), make_paper("2412.18072", updated=MOMENT)], CONTEXT)) == [
        (HOME, "2024-12-26T00:00:00Z"),
        (f"{HOME}archive/",),
        (f"{HOME}feeds/all/",),
    ]
    assert listed(site_sitemap(pages[:1], [], CONTEXT)) == [(HOME,)]


def test_the_index_lists_sitemaps() -> None:
    """Well-formed whatever an address holds."""
    tree = ET.fromstring(sitemap_index(["https://example.org/a?b&c"]))  # noqa: S314 -- our own
    assert tree.tag == SITEMAP + "sitemapindex"
    assert [loc.text for loc in tree.iter(SITEMAP + "loc")] == ["https://example.org/a?b&c"]


def test_robots() -> None:
    """All may come in; the sitemap is named by its absolute address."""
    assert robots(CONTEXT).decode().splitlines() == [
        "# digestfeed",
        "User-agent: *",
        "Disallow:",
        "",
        f"Sitemap: {HOME}sitemap.xml",
    ]
