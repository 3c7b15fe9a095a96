"""Hostile files through a whole build: bytes, names, links, pipes, races, and shapes that digests should not have."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from digestfeed import sources
from digestfeed.config import Config, DigestsConfig
from digestfeed.pipeline.report import Report
from tests.hostile import reading
from tests.hostile.files import (
    MAKERS,
    SHAPES,
    BytesCase,
    FileCase,
    NameCase,
    ShapeCase,
    bytes_cases,
    counted,
    digest,
    file_cases,
    name_cases,
    shape_cases,
)
from tests.trees import run, tree

BYTES, NAMES, FILES, SHAPED = bytes_cases(), name_cases(), file_cases(), shape_cases()
SIZE = int(os.environ.get("DIGESTFEED_HOSTILE_BYTES", "1_000_000"))
"""Bytes of the long lines; 50 MB by hand."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="such names and files are there on POSIX only")


class Site(msgspec.Struct, frozen=True):
    """A built site: its report, its files, and its papers by arXiv id."""

    report: Report
    files: dict[str, bytes]
    papers: dict[str, dict[str, object]]

    def kinds(self, path: str) -> set[str]:
        """The kinds of problem that are reported of a file."""
        return {problem.kind for problem in self.report.problems if problem.where.path == path}


def built(root: Path, **more: object) -> Site:
    """Build the site of a folder."""
    report = run(root, **more)  # type: ignore[arg-type]
    files = tree(root / "out")
    lines = [line for path, data in files.items() if path.endswith(".jsonl") for line in data.splitlines()]
    return Site(report, files, {paper["key"]: paper for paper in map(json.loads, lines)})


def test_there_are_many_cases() -> None:
    """Of each kind some; what a case is called tells it from the others."""
    for cases, least in ((BYTES, 50), (NAMES, 25), (FILES, 35), (SHAPED, 15)):
        assert len({case.name for case in cases}) == len(cases) >= least
    assert {case.make for case in FILES} == MAKERS.keys()
    assert {case.make for case in SHAPED} == SHAPES.keys()


# -- bytes -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_bytes(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of all cases of bytes, and of one good file."""
    root = tmp_path_factory.mktemp("bytes")
    (root / "digests").mkdir()
    for case in BYTES:
        (root / "digests" / case.path).write_bytes(case.data())
    (root / "digests" / "good.md").write_text(digest("good", "2401.00001"), "utf-8")
    return built(root)


@pytest.mark.parametrize("case", BYTES, ids=lambda case: case.name)
def test_bytes_are_read_rightly_or_not_at_all(of_bytes: Site, case: BytesCase) -> None:
    """A title is published as it was meant, or there is a problem of the file and nothing of it is published."""
    assert of_bytes.kinds(case.path) == ({case.kind} if case.kind else set())
    paper = of_bytes.papers.get(case.arxiv_id)
    assert (paper["title"] if paper else None) == case.title
    assert "2401.00001" in of_bytes.papers


# -- names -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_names(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of all cases of names."""
    root = tmp_path_factory.mktemp("names")
    for case in NAMES:
        path = root / "digests" / os.fsdecode(case.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(digest("good", case.arxiv_id), "utf-8")
    return built(root)


@pytest.mark.parametrize("case", NAMES, ids=lambda case: case.name)
def test_names_are_shown_as_text_or_refused(of_names: Site, case: NameCase) -> None:
    """A file is read and its name shown as it is, or passed over as hidden, or reported by an escaped name."""
    shown = sources.printable(os.fsdecode(case.path))
    assert of_names.kinds(shown) == ({case.kind} if case.kind else set())
    is_read = not case.hidden and case.kind != "bad-file-name"
    assert (case.arxiv_id in of_names.papers) == is_read
    if is_read:
        page = of_names.files[f"papers/{case.arxiv_id[:4]}/{case.arxiv_id}.html"]
        assert shown in [node.text for node in reading.document(page).iter("code")]
        assert (
            sum(node.text is not None for node in reading.document(page).iter("script")) == 1
        )  # what search engines read


# -- the file system ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.name)
def test_what_lies_in_the_folder(case: FileCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build ends, publishes what is a digest, says what is none, and shows nothing of what lies outside."""
    folder = tmp_path / "digests"
    (folder / "kept").mkdir(parents=True)
    (folder / "kept" / "kept.md").write_text(digest("kept", "2401.00001"), "utf-8")
    _between_listing_and_reading(monkeypatch, MAKERS[case.make](folder))
    if os.geteuid() == 0:
        _obey_modes(monkeypatch)
    try:
        site = built(tmp_path, config=Config(digests=DigestsConfig(max_bytes=1_000_000)))
    finally:
        for path in (folder / "x", folder / "a.md"):
            if path.exists() and not path.is_symlink():
                path.chmod(0o755)
    said = {problem.where.path: problem.kind for problem in site.report.problems}
    assert (set(said.values()) if "*" in case.problems else said) == (
        {case.problems["*"]} if "*" in case.problems else case.problems
    )
    assert sorted(str(paper["title"]) for paper in site.papers.values()) == sorted(["kept", *case.reads])
    assert not [path for path, data in site.files.items() if b"SECRET" in data or b"root:" in data]


def _between_listing_and_reading(monkeypatch: pytest.MonkeyPatch, then: object) -> None:
    """Let something happen after the folder was listed."""
    scan = sources.scan

    def scanned(folder: str) -> tuple[list[sources.SourceFile], list[sources.SourceFault]]:
        found = scan(folder)
        if callable(then):
            then()
        return found

    monkeypatch.setattr(sources, "scan", scanned)


def _obey_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse even root what its mode allows to nobody."""

    def refuse(function: Callable[..., object]) -> Callable[..., object]:
        def refusing(path: str, *more: object, **named: object) -> object:
            if isinstance(path, str) and os.path.exists(path) and not os.stat(path).st_mode & 0o777:  # noqa: PTH110, PTH116
                raise PermissionError(13, "Permission denied", path)
            return function(path, *more, **named)

        return refusing

    for name in ("open", "scandir"):
        monkeypatch.setattr(os, name, refuse(getattr(os, name)))


# -- shapes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", SHAPED, ids=lambda case: case.name.format(bytes="many", many="many"))
def test_shapes_are_read_and_published(case: ShapeCase, tmp_path: Path) -> None:
    """Whatever shape a digest has, a build ends, counts its items and problems, and publishes a good one beside it."""
    folder = tmp_path / "digests"
    folder.mkdir()
    (folder / "2024-11-02.md").write_text(digest("kept", "2401.00001"), "utf-8")
    texts = {"2024-11-01.md": SHAPES[case.make](SIZE)}
    if case.make == "many_digests":
        ids = (f"24{n // 50_000 + 1:02d}.{n % 50_000 + 1:05d}" for n in range(1, counted(case.items) + 1))
        texts = {f"2024-11-01-no-{name}.md": digest(name, name) for name in ids}
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    site = built(tmp_path)
    assert site.report.items == counted(case.items) + 1
    problems = {kind: counted(count) for kind, count in case.problems.items()}
    assert Counter(problem.kind for problem in site.report.problems) == problems
    assert "2401.00001" in site.papers
    assert {entry.title for entry in reading.atom_entries(site.files["feeds/all/atom.xml"])} >= {"kept"}
