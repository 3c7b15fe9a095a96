"""Hostile texts, each in every place of a digest, through a whole build: nothing of them is code, and all is read.

The cases are in `tests/hostile/`, by threat.  One site is built of all; each case is then looked for in its feeds
and pages.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from click.testing import CliRunner
from lxml import etree

from digestfeed.cli import main
from digestfeed.config import PREVIEW_URL, Config, FeedsConfig
from tests.hostile import reading
from tests.hostile.cases import Case, counts, digest_of, text_cases
from tests.hostile.reading import Entry, Shape
from tests.laws import is_web
from tests.trees import run, tree, write_digest

CASES = text_cases()
CONFIG = Config(feeds=FeedsConfig(latest=2_000, archive_size=100))
CALM = {"text": "Robotics", "labels": "plain words, Robotics", "urls": "https://x.example/a.png"}


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A built site: its folder, its files, the entries of its main feed by id, and its papers by their digest."""

    root: Path
    files: dict[str, bytes]
    entries: dict[str, Entry]
    papers: dict[str, list[dict[str, object]]]


def site_of(root: Path, cases: tuple[Case, ...]) -> Site:
    """Build a site with a digest for each case."""
    for case in cases:
        write_digest(root / "digests", case.digest, digest_of(case))
    run(root, CONFIG)
    files = tree(root / "out")
    papers: dict[str, list[dict[str, object]]] = {}
    for path, data in files.items():
        for line in data.splitlines() if path.endswith(".jsonl") else ():
            paper = json.loads(line)
            papers.setdefault(paper["appearances"][0]["digest"], []).append(paper)
    entries = {entry.id: entry for entry in reading.atom_entries(files["feeds/all/atom.xml"])}
    return Site(root=root, files=files, entries=entries, papers=papers)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of all cases."""
    return site_of(tmp_path_factory.mktemp("hostile"), CASES)


@pytest.fixture(scope="module")
def shape(tmp_path_factory: pytest.TempPathFactory) -> Shape:
    """What the pages of a site are made of whose digests say nothing but plain words."""
    calm = tuple(msgspec.structs.replace(case, payload=CALM[case.place]) for case in CASES[::5])
    built = site_of(tmp_path_factory.mktemp("calm"), calm)
    pages = sorted(path for path in built.files if path.endswith(".html"))
    papers = [path for path in pages if path.startswith("papers/")]
    return reading.shape_of(built.files[path] for path in pages if path not in papers[10:-10])


def papers_of(site: Site, case: Case) -> list[dict[str, object]]:
    """The papers of a case's digest, in the order of its lines."""
    return sorted(site.papers.get(case.digest, []), key=lambda paper: paper["appearances"][0]["line"])  # type: ignore[index]


def page_of(site: Site, paper: dict[str, object]) -> tuple[str, bytes]:
    """The path and the bytes of a paper's page."""
    key = str(paper["key"])
    path = f"papers/items/{key[5:]}.html" if key.startswith("item-") else f"papers/{key[:4]}/{key}.html"
    return path, site.files[path]


# -- each case -------------------------------------------------------------------------------------------------


def test_there_are_many_cases() -> None:
    """Of each threat some; what a case is called tells it from all others."""
    assert len(CASES) >= 400
    assert sum(counts().values()) >= 600
    assert min(counts().values()) >= 15
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_nothing_of_it_is_code(site: Site, shape: Shape, case: Case) -> None:
    """In feeds and pages are listed elements and http(s) addresses alone, parsed once or twice; text is text."""
    papers = papers_of(site, case)
    assert papers
    for paper in papers:
        path, page = page_of(site, paper)
        faults = [*reading.entry_faults(site.entries[str(paper["entry_id"])])]
        faults += reading.page_faults(path, page, shape, site.files)
        assert faults == []


@pytest.mark.parametrize("case", [case for case in CASES if case.place == "text"], ids=lambda case: case.id)
def test_its_text_still_reads(site: Site, case: Case) -> None:
    """What a payload says is there to read in title, texts, fields and authors, and so is what stands around it."""
    [paper] = papers_of(site, case)
    entry = site.entries[str(paper["entry_id"])]
    whole = ("vor", *case.reads, "nach")
    named = () if case.is_long else whole  # cut, and said to be
    assert paper["key"] == case.arxiv_id
    assert reading.missing(named, entry.title) == []
    assert case.title is None or entry.title == f"vor {case.title} nach"
    summary, _, more = reading.seen(entry.content).partition("쉬운 설명")
    easy = more.rpartition("분야:")[0]
    assert reading.missing(whole, summary) == []
    assert reading.missing(whole, easy) == []
    assert reading.missing(case.reads, reading.main_text(page_of(site, paper)[1])) == []
    assert reading.missing(named, " ".join(entry.texts[2:])) == []


URLS = [case for case in CASES if case.place == "urls"]


@pytest.mark.parametrize("case", URLS, ids=lambda case: case.id)
def test_an_address_is_safe_or_gone(site: Site, case: Case) -> None:
    """A URL is published as it should be or not at all; the words of its links and pictures stay."""
    told, titled = papers_of(site, case)
    entry = site.entries[str(told["entry_id"])]
    addresses = {url for url in {*entry.urls, *reading.leads_to(entry.content)} if not url.startswith(PREVIEW_URL)}
    assert addresses == set(case.becomes)
    assert entry.title == f"vor url {case.number} nach"
    assert reading.missing(("vor", "linked words", "shown words", "nach"), reading.seen(entry.content)) == []
    assert f"vor title {case.number} nach" in site.entries[str(titled["entry_id"])].title
    for paper in (told, titled):  # in the data it stands as it is written, if it is an address of the web
        assert all(map(leads_to_the_web, (*paper["links"].values(), paper["thumbnail"])))  # type: ignore[attr-defined]


def leads_to_the_web(url: str | None) -> bool:
    """Tell whether a URL, if there is one, is http or https to a host without a user."""
    parts = urlsplit(url or "https://example.org/")
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


# -- the whole site --------------------------------------------------------------------------------------------


def test_every_document_is_well_formed(site: Site) -> None:
    """XML parses as XML and brings no document type along, JSON and JSON Lines as JSON, BibTeX braces match."""
    for path, data in site.files.items():
        if path.endswith((".xml", ".opml", ".svg")):
            assert etree.fromstring(data).getroottree().docinfo.internalDTD is None
        elif path.endswith(".json"):
            json.loads(data)
        elif path.endswith(".jsonl"):
            assert len([json.loads(line) for line in data.splitlines()]) == data.count(b"\n")
        elif path.endswith(".bib"):
            assert_bibtex(data.decode())


def assert_bibtex(text: str) -> None:
    """Check that each entry is one, whose braces match, with fields of ours alone."""
    entries = re.split(r"^(?=@)", text, flags=re.MULTILINE)[1:]
    for entry in entries:
        assert re.match(r"@misc\{(?:arxiv|item)-[A-Za-z0-9.-]+,\n", entry)
        assert entry.count("{") == entry.count("}")
        assert {line.split(" = ")[0].strip() for line in entry.splitlines()[1:-1] if " = " in line} <= BIBTEX
        depth = 0
        for char in entry.strip():
            depth += (char == "{") - (char == "}")
            assert depth >= 0
    assert text.count("@misc{") >= len(entries)


BIBTEX = {
    *("title", "author", "year", "month", "date", "eprint", "archivePrefix", "eprinttype", "primaryClass", "doi"),
    *("url", "howpublished", "urldate", "note", "abstract", "keywords"),
}


def test_no_document_has_a_mark_that_disturbs(site: Site) -> None:
    """Controls, noncharacters and what turns text around are in no feed and on no page, however they were written.

    The data of a month have texts as they are written, and JSON escapes what could end one.
    """
    disturbing = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff\ufeff]")
    found = {path: disturbing.findall(data.decode()) for path, data in site.files.items() if path.endswith(SHOWN)}
    assert {path: marks for path, marks in found.items() if marks} == {}


SHOWN = (".html", ".xml", ".opml", "feed.json", "status.json", ".bib", ".txt")


def test_the_formats_say_the_same(site: Site) -> None:
    """RSS and JSON Feed hold what Atom holds, and what is text there is text in them too."""
    for read, path in ((reading.rss_entries, "rss.xml"), (reading.json_entries, "feed.json")):
        entries = {entry.id: entry for entry in read(site.files[f"feeds/all/{path}"])}
        assert entries.keys() == site.entries.keys()
        for key, entry in entries.items():
            assert (entry.title, entry.content) == (site.entries[key].title, site.entries[key].content)
            assert [fault for text in entry.texts for fault in reading.text_faults(text)] == []
            assert all(map(is_web, entry.urls))


def test_pages_of_many_papers_are_safe(site: Site, shape: Shape) -> None:
    """Those of days, months, fields, the front page and all others but the papers' own."""
    pages = [path for path in site.files if path.endswith(".html") and not path.startswith("papers/")]
    assert len(pages) > 20
    faults = {path: list(reading.page_faults(path, site.files[path], shape, site.files)) for path in pages}
    assert {path: found for path, found in faults.items() if found} == {}


def test_other_feeds_are_safe(site: Site) -> None:
    """The feeds of fields and days, the archives, the lists of feeds."""
    feeds = [path for path in site.files if re.fullmatch(r"feeds/.+/(?:atom|\d{4}-\d\d-\d+)\.xml", path)]
    assert len(feeds) > 10
    seen: set[tuple[str, str]] = set()
    for path in feeds:
        for entry in reading.atom_entries(site.files[path]):
            if (entry.id, entry.content) not in seen and site.entries.get(entry.id) != entry:
                seen.add((entry.id, entry.content))
                assert list(reading.entry_faults(entry)) == []
    for path in ("feeds.opml", "feeds-once.opml"):
        for node in etree.fromstring(site.files[path]).iter("outline"):
            assert list(reading.text_faults(str(node.get("text")))) == []


def test_nothing_is_written_elsewhere(site: Site) -> None:
    """Beside the output and the catalog nothing is made, and paths in the output are ours, whatever labels say."""
    assert sorted(path.name for path in site.root.iterdir()) == ["catalog", "digests", "out"]
    assert sorted(path.name for path in (site.root / "digests").iterdir()) == sorted(case.digest for case in CASES)
    assert all(re.fullmatch(r"(?:[a-z0-9][a-z0-9._-]*/)*[a-z0-9][a-z0-9._-]*", path) for path in site.files)
    assert len({path.casefold() for path in site.files}) == len(site.files)
    assert not any(path.is_symlink() for path in (site.root / "out").rglob("*"))


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["check", "--format", "github"],
        ["check", "--format", "json"],
        ["fields"],
        ["fields", "--suggest"],
        *(["show", case.arxiv_id] for case in CASES if case.threat in {"Control characters", "Unicode"}),
    ],
    ids=" ".join,
)
def test_the_terminal_is_not_steered(site: Site, command: list[str]) -> None:
    """What is printed of hostile digests has no control character and no mark that turns text around."""
    done = CliRunner().invoke(main, [*command, str(site.root / "digests")])
    assert done.exit_code in {0, 1}
    assert done.output
    assert [line for line in done.output.split("\n") if not line.isprintable()] == []


def test_a_build_prints_nothing_that_steers(site: Site, tmp_path: Path) -> None:
    """Neither do its report and its warnings, nor the line that ends a strict build."""
    for more in (["-v"], ["--strict"]):
        folders = ["-o", str(tmp_path / "out"), "--catalog", str(tmp_path / "catalog")]
        done = CliRunner().invoke(main, ["build", str(site.root / "digests"), *folders, "-j", "1", *more])
        assert [line for line in done.output.split("\n") if not line.isprintable()] == []
