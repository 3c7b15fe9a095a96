"""Whole sites: every link leads somewhere, every page is reached, every page is valid HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urljoin, urlsplit

import html5lib
import msgspec
import pytest
from lxml import etree, html

from digestfeed.config import PREVIEW_URL
from tests.sites import CORPUS, SAMPLES, kinds

_URLS = ("href", "src", "action", "poster", "data-entry")
UNREACHED = re.compile(r"404\.html|feeds/once-[a-z0-9-]+/index\.html")
"""What a server shows for addresses that lead nowhere; and what only readers lead to, by the OPML file."""


class Crawled(msgspec.Struct):
    """What is said of a page: the ids in it, and the addresses that it leads to, as (path, fragment)."""

    ids: set[str]
    links: set[tuple[str, str]]
    absolute: set[str]


def page_of(out: Path, path: str) -> Crawled:
    """Read a page; addresses are resolved against it, those of other sites left out."""
    tree = html.fromstring((out / path).read_bytes())
    links, absolute = set(), set()
    for element in tree.iter(etree.Element):
        for name in _URLS:
            value = element.get(name)
            if value is None:
                continue
            resolved = urljoin(PREVIEW_URL + path, value.strip())
            if resolved.startswith(PREVIEW_URL):
                parts = urlsplit(resolved)
                links.add((unquote(parts.path[1:]), unquote(parts.fragment)))
            elif urlsplit(resolved).scheme in {"http", "https"}:
                absolute.add(resolved)
    return Crawled(set(found(tree, "//@id")), links, absolute)


def found(tree: etree._Element, path: str) -> list[Any]:
    """Give what an XPath selects: elements, or values of attributes."""
    return cast("list[Any]", tree.xpath(path))


def crawl(out: Path) -> tuple[dict[str, Crawled], list[str]]:
    """Follow all links from the front page; give the pages, and what is broken."""
    pages: dict[str, Crawled] = {}
    broken: list[str] = []
    waiting = ["index.html", *filter(UNREACHED.fullmatch, written(out))]
    while waiting:
        path = waiting.pop()
        pages[path] = page_of(out, path)
        for target, _ in sorted(pages[path].links):
            file = target + "index.html" if target.endswith("/") or not target else target
            if not (out / file).is_file():
                broken.append(f"{path} -> {target}")
            elif file.endswith(".html") and file not in pages and file not in waiting:
                waiting.append(file)
    return pages, broken


def lost_fragments(pages: dict[str, Crawled]) -> Iterator[str]:
    """Give the links to a place of a page that has no such place."""
    for path, page in pages.items():
        for target, fragment in page.links:
            file = target + "index.html" if target.endswith("/") or not target else target
            if fragment and file in pages and fragment not in pages[file].ids:
                yield f"{path} -> {target}#{fragment}"


def written(out: Path) -> set[str]:
    """Give all pages that are there."""
    return {path.relative_to(out).as_posix() for path in out.rglob("*.html")}


def check(out: Path) -> dict[str, Crawled]:
    """Hold that a site is one: nothing broken, nothing that nobody leads to, nothing that looks like a local path."""
    pages, broken = crawl(out)
    assert broken == []
    assert list(lost_fragments(pages)) == []
    assert written(out) - pages.keys() == set()
    machine = re.compile(rb'(?:href|src)="(?:file:|/(?:home|tmp|root|work)/)')
    assert [path for path in pages if machine.search((out / path).read_bytes())] == []
    return pages


@pytest.fixture(params=["ko", "en"])
def samples(request: pytest.FixtureRequest, sample_sites: dict[str, Path]) -> Path:
    """The site of the samples, in a language."""
    return sample_sites[request.param]


def test_no_link_of_the_samples_is_broken(samples: Path) -> None:
    """Files, folders, places in pages, pictures, the search's entry; and each page is reached."""
    assert len(check(samples)) > len(list(SAMPLES.rglob("*.md")))


def test_each_kind_of_page_is_valid(samples: Path) -> None:
    """As html5lib's strict parser has it: no unknown, unclosed, misplaced or doubled thing."""
    parser = html5lib.HTMLParser(strict=True)
    for kind, path in kinds(samples).items():
        data = (samples / path).read_bytes()
        try:
            parser.parse(data, transport_encoding="utf-8")
        except html5lib.html5parser.ParseError as error:
            position = parser.tokenizer.stream.position()
            pytest.fail(f"{kind}: {error!r} at {position}: {data.decode().splitlines()[position[0] - 1][:200]}")


def test_ids_are_there_once_and_names_are_used(samples: Path) -> None:
    """What a validator says beyond the grammar: ids are unique; labels, headings and pictures have what they need."""
    for kind, path in kinds(samples).items():
        tree = html.fromstring((samples / path).read_bytes())
        ids = found(tree, "//@id")
        assert len(ids) == len(set(ids)), kind
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            for value in found(tree, f"//@{name}"):
                assert set(value.split()) <= set(ids), (kind, name)
        assert len(found(tree, "//h1")) == 1, kind
        levels = [int(heading.tag[1]) for heading in found(tree, "//h1|//h2|//h3|//h4|//h5|//h6")]
        assert all(after <= before + 1 for before, after in pairwise(levels)), (kind, levels)
        assert found(tree, "//img[not(@alt) or not(@width) or not(@height)]") == [], kind
        assert (
            found(tree, "//svg[not(ancestor::svg) and not(@aria-hidden or @aria-label or @aria-labelledby or title)]")
            == []
        ), kind
        assert found(tree, "//@style|//@onclick|//@onload|//style") == [], kind


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not there")
def test_no_link_of_the_corpus_is_broken(corpus_site: Path) -> None:
    """A thousand real papers."""
    assert len(check(corpus_site)) > 900
