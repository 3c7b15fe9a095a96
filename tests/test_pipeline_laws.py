"""What holds for whole builds, whatever the folder of digests holds: nothing fails, nothing is lost, nothing is unsafe.

Each example is built in this process, into a folder of its own, and looked at as its readers would.
`DIGESTFEED_EXAMPLES` sets how many folders are tried.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import html5lib
from hypothesis import HealthCheck, Phase, given, settings
from lxml import etree

from digestfeed import sources
from digestfeed.config import Config, FeedsConfig
from digestfeed.errors import RefusedError
from digestfeed.parse import parse
from digestfeed.pipeline.report import Report
from tests.laws import NOT_XML, html_faults, is_web, line_faults
from tests.strategies import folders
from tests.test_feed_rules import ATOM_RULES, JSON_RULES, OPML_RULES, RSS_RULES, opml_frame
from tests.trees import run, times, tree

EXAMPLES = int(os.environ.get("DIGESTFEED_EXAMPLES", "60"))
CONFIG = Config(feeds=FeedsConfig(latest=3, archive_size=2))
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 -- each build syncs its files
MAX_BYTES = CONFIG.digests.max_bytes


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(folders())
def test_any_folder_becomes_a_sound_site(files: dict[str, bytes]) -> None:
    """A build of any folder ends in a site that keeps the promises, or refuses because there is no digest."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        root = Path(name)
        for path, data in files.items():
            (root / "digests" / path).parent.mkdir(parents=True, exist_ok=True)
            (root / "digests" / path).write_bytes(data)
        try:
            report = run(root, CONFIG)
        except RefusedError:
            assert not (root / "out").exists() or not any((root / "out").glob("*.html"))
            return
        site = tree(root / "out")
        assert list(lost_lines(root, report)) == []
        assert list(lost_items(root, report, site)) == []
        assert list(doubled(site)) == []
        assert list(broken_rules(site)) == []
        assert list(unsafe(site)) == []
        before = times(root / "out")
        assert run(root, CONFIG).written == 0
        assert times(root / "out") == before


# -- nothing is lost -------------------------------------------------------------------------------------------


def texts(root: Path, report: Report) -> Iterator[tuple[str, str]]:
    """Give the digests that could be read, by path; that another could not is a problem."""
    unreadable = {problem.where.path for problem in report.problems if problem.where.line == 0}
    files, _ = sources.scan(root / "digests")
    for file in files:
        read = sources.read(root / "digests", file.path, MAX_BYTES)
        if isinstance(read, sources.SourceText):
            yield file.path, read.text
        else:
            assert file.path in unreadable


def lost_lines(root: Path, report: Report) -> Iterator[str]:
    """Say which lines are neither in an item nor reported."""
    for path, text in texts(root, report):
        yield from (f"{path}: {fault}" for fault in line_faults(text))


def lost_items(root: Path, report: Report, site: dict[str, bytes]) -> Iterator[str]:
    """Say which items of digests are in no data file, and not reported as what cannot be published either."""
    shown = {(place["digest"], place["line"]) for paper in papers(site) for place in paper["appearances"]}
    later = {problem.where.path for problem in report.problems if problem.kind == "from-the-future"}
    nameless = {(problem.where.path, problem.where.line) for problem in report.problems}
    for path, text in texts(root, report):
        if path in later:
            continue
        for item in (item for digest in parse(path, text).digests for item in digest.items):
            if (path, item.line) not in shown and not has_no_name(path, item.line, nameless):
                yield f"{path}:{item.line}: {item}"


def has_no_name(path: str, line: int, reported: set[tuple[str, int]]) -> bool:
    """Tell whether an item without title and link was reported, at its line or below."""
    return any(where == path and number >= line for where, number in reported)


def papers(site: dict[str, bytes]) -> list[dict[str, Any]]:
    """Give all papers, as the data files have them."""
    lines = [line for path, data in site.items() if path.endswith(".jsonl") for line in data.splitlines()]
    return [json.loads(line) for line in lines]


def doubled(site: dict[str, bytes]) -> Iterator[str]:
    """Say which papers stand in the data twice, and which appearances in two papers."""
    found = papers(site)
    keys = Counter(paper["key"] for paper in found)
    places = Counter((place["digest"], place["line"]) for paper in found for place in paper["appearances"])
    yield from (f"{key} {times} times" for key, times in keys.items() if times > 1)
    # A row of a table is an item, and so may be a line: one line can show two papers only where it holds both.
    yield from (f"{place} in {times}" for place, times in places.items() if times > 1)
    pages = {path for path in site if path.startswith("papers/")}
    if len(pages) != len(keys):
        yield f"{len(pages)} pages for {len(keys)} papers"


# -- by the specifications -------------------------------------------------------------------------------------


def broken_rules(site: dict[str, bytes]) -> Iterator[str]:
    """Say which rules of RFC 4287, RSS, JSON Feed and OPML the feeds break."""
    for path, data in site.items():
        if path.endswith((".xml", ".opml")):
            document = etree.fromstring(data)
            for rule in rules_of(path):
                if rule is opml_frame and not any(paper["published"] for paper in papers(site)):
                    continue  # a list must hold something, and there is no feed
                yield from (f"{path}: {rule.__name__}: {fault}" for fault in rule(document))
        elif path.endswith("feed.json"):
            feed = json.loads(data)
            for rule in JSON_RULES:
                yield from (f"{path}: {rule.__name__}: {fault}" for fault in rule(feed))


def rules_of(path: str) -> tuple[Any, ...]:
    """Give the rules for a document; none for sitemaps."""
    if path.endswith("atom.xml") or "/archive/" in path[5:]:
        return ATOM_RULES
    if path.endswith("rss.xml"):
        return RSS_RULES
    return OPML_RULES if path.endswith(".opml") else ()


TEXTS = (".html", ".xml", ".opml", ".json", ".jsonl", ".bib", ".txt", ".css", ".js", ".svg")


# -- safe ------------------------------------------------------------------------------------------------------

_CONTENT = "{http://www.w3.org/2005/Atom}content"
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_FEED = re.compile(r"^feed:(?:https?:)?//")  # the page's own way to a reader
_FORBIDDEN = {"iframe", "object", "embed", "base", "form", "frame", "frameset", "applet", "audio", "video", "svg"}


def unsafe(site: dict[str, bytes]) -> Iterator[str]:
    """Say what of entries and pages does more than to be read, and which files hold characters that are none."""
    for path, data in site.items():
        if not path.endswith(TEXTS):
            continue
        text = data.decode("utf-8")
        if NOT_XML.search(text) and not path.endswith(".jsonl"):  # which has texts as they were written
            yield f"{path}: a control character"
        if path.endswith("atom.xml"):
            for node in etree.fromstring(data).iter(_CONTENT):
                yield from (f"{path}: {fault}" for fault in html_faults(str(node.text)))
        elif path.endswith(".html") and (not path.startswith("feeds/") or "/all/" in path):
            yield from (f"{path}: {fault}" for fault in page_faults(text))


def page_faults(text: str) -> Iterator[str]:
    """Say what on a page could act for a digest; its own forms and scripts are of files, and of its frame."""
    parser = html5lib.HTMLParser()
    document = parser.parse(text)
    yield from (f"parsing: {code} at {place}" for place, code, _ in parser.errors)
    for node in document.iter():
        name = str(node.tag).rpartition("}")[2]
        if name in _FORBIDDEN - {"svg", "form"} or (
            name == "script" and "".join(node.itertext()).strip() and inline(node)
        ):
            yield f"<{name}>"
        for attribute, value in node.attrib.items():
            if attribute.startswith("on") or attribute in {"style", "srcdoc", "formaction", "ping"}:
                yield f"<{name} {attribute}>"
            if (
                attribute in {"href", "src", "action"}
                and _ABSOLUTE.match(value)
                and not is_web(_FEED.sub("http://", value))
            ):
                yield f"<{name} {attribute}={value!r}>"


def inline(node: Any) -> bool:  # noqa: ANN401 -- html5lib's trees have no types
    """Tell whether a script would run; data (JSON-LD) does not."""
    return node.get("type") not in {"application/ld+json", "application/json"}
