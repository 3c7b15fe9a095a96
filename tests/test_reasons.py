"""Why a build does what it does with each file, as `-v` tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from digestfeed.config import Config, FeedsConfig, SiteConfig
from digestfeed.pipeline.plan import DISTRUSTED, LOST, NEW, PAPERS, UNPLANNED, why
from tests.trees import item, run, write_digest

PROGRAM = "the config, the templates or the program changed"
BESIDE = "what it says beside its papers changed"


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (None, "abc", NEW),
        ("", "abc", DISTRUSTED),
        ("xbc", "abc", PROGRAM),
        ("xyz", "abc", PROGRAM),
        ("axc", "abc", BESIDE),
        ("axz", "abc", PAPERS),
        ("abz", "abc", PAPERS),
        ("abc", "abc", DISTRUSTED),
    ],
)
def test_each_part_of_a_hash_has_a_reason(before: str | None, now: str, said: str) -> None:
    """The first is the context's, then what is beside the papers, then these, which matter more."""
    told = [None if text is None else b"".join(10 * letter.encode() for letter in text) for text in (before, now)]
    assert why(told[0], told[1] or b"") == said


class Told:
    """A project, and what its builds tell."""

    def __init__(self, root: Path) -> None:
        self.root = root
        write_digest(root / "digests", "2024-10-31.md", item("2410.00001"), item("2410.00002"))
        write_digest(root / "digests", "2024-11-01.md", item("2411.00001"))

    def build(self, config: Config | None = None, **options: bool) -> dict[str, tuple[str, str]]:
        """Build, and give for each file, seen from the project, what was done and why."""
        found: dict[str, tuple[str, str]] = {}

        def tell(what: str, path: Path, reason: str) -> None:
            name = str(path.relative_to(self.root))
            assert name not in found
            found[name] = (what, reason)

        report = run(self.root, config or Config(), tell=tell, **options)
        assert sum(what == "wrote" for what, _ in found.values()) == report.written
        assert sum(what == "removed" for what, _ in found.values()) == report.removed
        return found


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """A project that was built once."""
    found = Told(tmp_path)
    first = found.build()
    assert set(first.values()) == {("read", "it is new"), ("wrote", NEW)}
    return found


def test_a_search_index(tmp_path: Path) -> None:
    """Its files have names by what is in them: another index is new, and the one before goes."""
    told, config = Told(tmp_path), Config(site=SiteConfig(search=True))
    assert set(told.build(config).values()) == {("read", "it is new"), ("wrote", NEW)}
    write_digest(tmp_path / "digests", "2024-11-02.md", item("2411.00002"))
    said = told.build(config)
    assert {told for path, told in said.items() if path.startswith("out/search/2")} == {
        ("wrote", NEW),
        ("removed", UNPLANNED),
    }


def test_nothing_is_told_of_nothing(told: Told) -> None:
    """A build that has nothing to do is silent."""
    assert told.build() == {}


def test_a_digest_that_changed(told: Told) -> None:
    """Its papers' pages and feeds, and nothing of others but their neighbours'."""
    write_digest(told.root / "digests", "2024-11-01.md", item("2411.00001", title="Another title"))
    said = told.build()
    assert said["digests/2024-11-01.md"] == ("read", "it changed")
    assert said["out/papers/2411/2411.00001.html"] == ("wrote", PAPERS)
    assert said["out/feeds/all/atom.xml"] == ("wrote", PAPERS)
    assert "out/papers/2410/2410.00001.html" not in said


def test_a_digest_that_came_and_went(told: Told) -> None:
    """What it alone brought is new, then removed."""
    write_digest(told.root / "digests", "2024-11-02.md", item("2411.00002"))
    came = told.build()
    assert came["out/papers/2411/2411.00002.html"] == ("wrote", NEW)
    assert came["out/archive/2024-11/papers.jsonl"] == ("wrote", PAPERS)
    (told.root / "digests" / "2024-11-02.md").unlink()
    gone = told.build()
    assert gone["out/papers/2411/2411.00002.html"] == ("removed", UNPLANNED)


def test_a_config_that_changed(told: Told) -> None:
    """Everything is another's then."""
    said = told.build(Config(language="en"))
    assert said["out/index.html"] == ("wrote", PROGRAM)
    assert "digests/2024-11-01.md" not in said


def test_a_feed_that_is_shorter_now(told: Told) -> None:
    """Another number of entries is another config."""
    said = told.build(Config(feeds=FeedsConfig(latest=1)))
    assert said["out/feeds/all/atom.xml"] == ("wrote", PROGRAM)


def test_a_file_that_was_taken_away(told: Told) -> None:
    """It comes back."""
    (told.root / "out/feeds/all/atom.xml").unlink()
    assert told.build() == {"out/feeds/all/atom.xml": ("wrote", LOST)}


def test_a_build_of_everything(told: Told) -> None:
    """All is read; what is the same is not written."""
    (told.root / "out/index.html").write_bytes(b"changed by hand")
    said = told.build(full=True)
    assert said == {
        "digests/2024-10-31.md": ("read", "everything is read again"),
        "digests/2024-11-01.md": ("read", "everything is read again"),
        "out/index.html": ("wrote", DISTRUSTED),
    }
