"""The output tree: paths that fit every file system, ids that never depend on where the site is."""

from __future__ import annotations

import re
import string
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed import arxiv, urls
from digestfeed.fields import builtin_vocabulary
from digestfeed.merge import key_of
from digestfeed.model import Item
from digestfeed.urls import Format, Urls

COMPONENT = re.compile(r"[a-z0-9][a-z0-9._-]*")
RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
TAG = re.compile(  # RFC 4151, section 2.1
    r"tag:(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?,\d{4}(?:-\d\d(?:-\d\d)?)?"
    r":(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*",
    re.ASCII,
)

SINGLE = [urls.FRONT, urls.OPML, urls.STATUS, urls.SITEMAP, urls.ROBOTS, urls.NOT_FOUND, urls.ARCHIVE]
ASSETS = [urls.STYLE, urls.FEED_STYLE]

four_digits = st.builds("{:02d}{:02d}.{:04d}".format, st.integers(8, 14), st.integers(1, 12), st.integers(1, 9999))
five_digits = st.builds("{:02d}{:02d}.{:05d}".format, st.integers(15, 99), st.integers(1, 12), st.integers(1, 99999))
old_style = st.builds(
    "{}/{:02d}{:02d}{:03d}".format,
    st.sampled_from(sorted(arxiv.ARCHIVES)),
    st.integers(92, 99) | st.integers(0, 6),
    st.integers(1, 12),
    st.integers(1, 999),
)
written = st.one_of(
    four_digits,
    five_digits,
    old_style,
    st.builds("arXiv:{}v{}".format, five_digits, st.integers(1, 30)),
    st.builds(str.upper, old_style),
    st.from_regex(arxiv._ID_AT_START, fullmatch=True),
    st.text(string.printable, max_size=20),
)
arxiv_keys = written.map(arxiv.canonical).filter(bool)
titles = st.text(st.characters(), min_size=1)
links = st.builds(
    "https://{}.example/{}".format,
    st.sampled_from(["a", "www.b", "CON"]),
    st.text(string.ascii_letters + string.digits + "/?&=%.-_~#"),
)
items = st.builds(
    Item, line=st.just(1), position=st.just(0), title=titles, links=st.lists(links, max_size=2).map(tuple)
)
keys = arxiv_keys | items.map(key_of)
slugs = st.sampled_from([field.slug for field in builtin_vocabulary().fields] + ["all"])
months = st.builds(lambda year, month: year * 100 + month, st.integers(1990, 2100), st.integers(1, 12))


def _is_good(path: str) -> bool:
    parts = path.split("/")
    return all(COMPONENT.fullmatch(part) and not RESERVED.fullmatch(part) and len(part) < 200 for part in parts)


@given(keys)
def test_a_papers_page_fits_every_file_system(key: str) -> None:
    """Any key gives ASCII, lower case, short components and none of Windows' names; one of our paths."""
    path = urls.paper_path(key)
    assert _is_good(path), path
    assert urls.is_ours(path)
    assert path.count("/") == 2


@given(st.lists(keys, unique=True, max_size=30))
def test_no_two_papers_share_a_page(found: list[str]) -> None:
    """Also not on a file system that folds case."""
    assert len({urls.paper_path(key).casefold() for key in found}) == len(found)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("2412.17743", "papers/2412/2412.17743.html"),
        ("0704.0001", "papers/0704/0704.0001.html"),
        ("hep-th/9901001", "papers/hep-th/9901001.html"),
        ("item-0123456789ab", "papers/items/0123456789ab.html"),
    ],
)
def test_pages_of_papers_stay_where_they_are(key: str, path: str) -> None:
    """People link to these."""
    assert urls.paper_path(key) == path


def test_archives_never_take_the_folder_of_items() -> None:
    """No archive of arXiv is called like a folder that has another meaning below papers/."""
    assert "items" not in arxiv.ARCHIVES
    assert not any(name.isdigit() for name in arxiv.ARCHIVES)


@given(slugs, months, st.integers(0, 500))
def test_paths_of_channels_and_months_fit_every_file_system(slug: str, month: int, number: int) -> None:
    """Feeds, archive documents and the archive's months: all of them good, different, and ours."""
    paths = [
        *(urls.feed_path(slug, form) for form in Format),
        urls.feed_page(slug),
        urls.archive_document(slug, month, number),
        *(make(which) for make in _OF_MONTH for which in (month, 0)),
    ]
    assert all(map(_is_good, paths))
    assert all(map(urls.is_ours, paths))
    assert len({path.casefold() for path in [*paths, *SINGLE, *ASSETS]}) == len(paths) + len(SINGLE) + len(ASSETS)


_OF_MONTH = (urls.month_page, urls.month_data, urls.month_bibliography, urls.month_sitemap)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (urls.feed_path("all", Format.ATOM), "feeds/all/atom.xml"),
        (urls.feed_path("all", Format.RSS), "feeds/all/rss.xml"),
        (urls.feed_path("all", Format.JSON), "feeds/all/feed.json"),
        (urls.feed_page("robotics"), "feeds/robotics/index.html"),
        (urls.archive_document("all", 202412, 1), "feeds/all/archive/2024-12-1.xml"),
        (urls.month_page(202412), "archive/2024-12/index.html"),
        (urls.month_data(202412), "archive/2024-12/papers.jsonl"),
        (urls.month_bibliography(0), "archive/undated/papers.bib"),
        (urls.OPML, "feeds.opml"),
        (urls.FRONT, "index.html"),
    ],
)
def test_addresses_that_people_subscribe_to(path: str, expected: str) -> None:
    """The output tree is a contract: nobody's subscription may break."""
    assert path == expected


@pytest.mark.parametrize("path", [*SINGLE, *ASSETS])
def test_single_files_are_good_paths(path: str) -> None:
    """What is there once, too."""
    assert _is_good(path)


@pytest.mark.parametrize(
    "path",
    [
        "notes.txt",
        "feeds/all/notes.txt",
        "feeds/all/archive/2024-12-1.xml.bak",
        "feeds/All/atom.xml",
        "papers/2412/x/2412.17743.html",
        "papers/2412.17743.html",
        "archive/2024-12/notes.jsonl",
        "archive/2024/index.html",
        "feeds/all/atom.xml\n",
        "../papers/2412/2412.17743.html",
    ],
)
def test_other_files_are_not_ours(path: str) -> None:
    """What this program does not make is never taken for its own."""
    assert not urls.is_ours(path)


@given(keys, st.sampled_from(["localhost,2024", "example.org,2024-01", "me@example.org,2024-12-31"]))
def test_entry_ids_are_tag_uris(key: str, authority: str) -> None:
    """RFC 4151 holds for any key, with no version in it."""
    found = Urls("https://example.org/", authority).entry_id(key)
    assert TAG.fullmatch(found), found
    assert found == f"tag:{authority}:paper/{key}"


@given(slugs)
def test_feed_ids_are_tag_uris_and_no_papers(slug: str) -> None:
    """A feed's id is of the same kind and can be no entry's."""
    found = Urls("https://example.org/", "example.org,2024").feed_id(slug)
    assert TAG.fullmatch(found)
    assert found == f"tag:example.org,2024:feed/{slug}"


@given(keys, slugs)
def test_ids_do_not_depend_on_where_the_site_is(key: str, slug: str) -> None:
    """A site that moves keeps its subscribers: only URLs change."""
    here = Urls("https://one.example/", "example.org,2024")
    there = Urls("http://two.example:8080/deep/", "example.org,2024")
    assert here.entry_id(key) == there.entry_id(key)
    assert here.feed_id(slug) == there.feed_id(slug)
    assert here.paper(key) != there.paper(key)


@given(keys, slugs, st.sampled_from(Format))
def test_permalinks_are_the_base_and_the_path(key: str, slug: str, form: Format) -> None:
    """Every URL is absolute and leads to the path it is for."""
    site = Urls("https://example.org/ai/", "example.org,2024")
    for url, path in [
        (site.paper(key), urls.paper_path(key)),
        (site.feed(slug, form), urls.feed_path(slug, form)),
    ]:
        assert url == f"https://example.org/ai/{path}" == site.absolute(path)
        assert urlsplit(url).path == f"/ai/{path}"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("index.html", "https://example.org/"),
        ("feeds/all/index.html", "https://example.org/feeds/all/"),
        ("feeds/all/atom.xml", "https://example.org/feeds/all/atom.xml"),
    ],
)
def test_a_folders_page_goes_by_the_folder(path: str, url: str) -> None:
    """So do web servers show it."""
    assert Urls("https://example.org/", "example.org,2024").absolute(path) == url
