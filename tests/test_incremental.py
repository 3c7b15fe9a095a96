"""A build that remembers gives what a build that does not would give, byte for byte, whatever happened between."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digestfeed.config import ChannelConfig, Config, FeedsConfig, FieldConfig, SiteConfig
from digestfeed.errors import RefusedError
from digestfeed.model import Paper
from digestfeed.render import body
from digestfeed.render.context import Context
from tests.trees import NOW, item, run, times, tree, write_digest

IDS = [f"24{month:02d}.{number:05d}" for month in (8, 9, 10) for number in (11, 222, 3333, 4444)]
LABELS = ["컴퓨터 비전", "자연어 처리(NLP), 강화 학습", "아무도 모르는 분야", "", "로봇공학, 컴퓨터 비전"]
NAMES = [
    "2024-11-01.md",
    "2024-11-01-15-00-12.md",
    "2024/12/02.md",
    "old/2024-09-30.md",
    "undated.md",
    "2025-01-09.txt",
]
CONFIGS = [
    Config(feeds=FeedsConfig(latest=3, archive_size=2), site=SiteConfig(search=True)),
    Config(feeds=FeedsConfig(latest=3, archive_size=2), base_url="https://example.org/"),
    Config(feeds=FeedsConfig(latest=2, archive_size=3), language="en"),
    Config(
        feeds=FeedsConfig(latest=3, archive_size=2),
        fields={"robotics": FieldConfig(aliases=("아무도 모르는 분야",), formerly=("machines",))},
    ),
    Config(feeds=FeedsConfig(latest=3, archive_size=2), fields={"robotics": FieldConfig(terms=("says",))}),
    Config(feeds=FeedsConfig(latest=3, archive_size=2), site=SiteConfig(pages=False)),
    Config(feeds=FeedsConfig(latest=3, archive_size=2), timezone="America/New_York"),
    Config(
        feeds=FeedsConfig(latest=3, archive_size=2),
        channels=(
            ChannelConfig(slug="liked", title="Liked", any=("computer-vision", "robotics"), min_votes=2),
            ChannelConfig(slug="worded", title="Worded", include="Another", none=("robotics",)),
        ),
    ),
]

digests = st.lists(
    st.tuples(
        st.sampled_from(IDS),
        st.sampled_from(LABELS),
        st.integers(0, 3),
        st.sampled_from(["", "Another title", "한국어 제목"]),
    ),
    max_size=5,
)
steps = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(NAMES), digests),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("touch"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("config"), st.integers(0, len(CONFIGS) - 1), st.none()),
    st.tuples(st.just("lose"), st.integers(0, 10_000), st.none()),
    st.tuples(st.just("forget"), st.none(), st.none()),
    st.tuples(st.just("flip"), st.integers(0, 1_000_000), st.none()),
)


class World:
    """A digests folder, a config, and an output that is built again after each step."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.digests = root / "digests"
        self.config = CONFIGS[0]
        write_digest(self.digests, "2024-10-31.md", item(IDS[0]), item(IDS[5], labels=LABELS[1]))

    def write(self, name: str, items: list[tuple[str, str, int, str]]) -> None:
        texts = [item(i, labels=labels, votes=votes, title=title) for i, labels, votes, title in items]
        write_digest(self.digests, name, *texts)

    def delete(self, name: str, _: None) -> None:
        (self.digests / name).unlink(missing_ok=True)

    def rename(self, name: str, other: str) -> None:
        if (self.digests / name).exists():
            (self.digests / other).parent.mkdir(parents=True, exist_ok=True)
            (self.digests / name).rename(self.digests / other)

    def touch(self, name: str, _: None) -> None:
        if (self.digests / name).exists():
            os.utime(self.digests / name, ns=(1, 1))

    def config_(self, number: int, _: None) -> None:
        self.config = CONFIGS[number]

    def lose(self, number: int, _: None) -> None:
        """Someone takes a file of the output away."""
        files = sorted(path for path in (self.root / "out").rglob("*") if path.is_file())
        files[number % len(files)].unlink()

    def forget(self, _: None, __: None) -> None:
        shutil.rmtree(self.root / "catalog")

    def flip(self, number: int, _: None) -> None:
        """A byte of the catalog changes."""
        path = self.root / "catalog" / "catalog.sqlite3"
        data = bytearray(path.read_bytes())
        data[number % len(data)] ^= 0x55
        path.write_bytes(data)

    def do(self, step: tuple[str, object, object]) -> None:
        names: dict[str, Callable[..., None]] = {"config": self.config_}
        names.get(step[0], getattr(self, step[0], self.config_))(step[1], step[2])

    def build(self) -> None:
        run(self.root, self.config, allow_shrink=True)

    def cold(self) -> dict[str, bytes]:
        """What a build gives that remembers nothing."""
        with tempfile.TemporaryDirectory() as name:
            shutil.copytree(self.digests, Path(name, "digests"))
            run(Path(name), self.config, allow_shrink=True)
            return tree(Path(name, "out"))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=1, max_size=5))
def test_any_edits_end_where_a_cold_build_ends(happened: list[tuple[str, object, object]]) -> None:
    """After any sequence of edits and accidents the output is that of a cold build."""
    with tempfile.TemporaryDirectory() as name:
        world = World(Path(name))
        world.build()
        for step in happened:
            world.do(step)
            world.build()
        now, cold = tree(Path(name, "out")), world.cold()
        assert now.keys() == cold.keys()
        assert [path for path in cold if now[path] != cold[path]] == []


@pytest.mark.parametrize("config", CONFIGS[3:5])
@pytest.mark.parametrize("labels", LABELS)
def test_what_is_left_of_a_paper_has_the_fields_of_now(tmp_path: Path, config: Config, labels: str) -> None:
    """The vocabulary becomes another, then a digest goes that showed the paper too."""
    world = World(tmp_path)
    for name in NAMES[:2]:
        world.write(name, [(IDS[1], labels, 1, "")])
    world.build()
    world.config = config
    world.build()
    world.delete(NAMES[0], None)
    world.build()
    assert tree(tmp_path / "out") == world.cold()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world with a few digests, built."""
    found = World(tmp_path)
    for number, name in enumerate(NAMES):
        found.write(name, [(i, LABELS[number % 5], number, "") for i in IDS[number : number + 4]])
    found.build()
    return found


def test_an_entry_is_rendered_once_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a live feed said of a paper or a day is kept; with another config, or if asked, it is rendered again."""
    rendered: list[str] = []

    def entry(paper: Paper, context: Context, texts: tuple[str, str] | None = None) -> body.Entry:
        rendered.append(paper.key)
        return original(paper, context, texts)

    def day_entry(day: dt.date, papers: Sequence[body.Listed], context: Context) -> body.Entry:
        rendered.append(day.isoformat())
        return original_day(day, papers, context)

    original, original_day = body.entry, body.day_entry
    monkeypatch.setattr(body, "entry", entry)
    monkeypatch.setattr(body, "day_entry", day_entry)
    folder = tmp_path / "digests"
    write_digest(folder, "2024-10-30.md", item("2410.00001"), item("2410.00002"))
    run(tmp_path)
    assert set(rendered) == {"2410.00001", "2410.00002", "2024-10-30"}
    rendered.clear()
    write_digest(folder, "2024-10-31.md", item("2410.00003"))
    assert run(tmp_path).changed_feeds
    assert set(rendered) == {"2410.00003", "2024-10-31"}
    assert len(rendered) == len(set(rendered))
    rendered.clear()
    write_digest(folder, "2024-10-30.md", item("2410.00001", votes=77), item("2410.00002"))
    run(tmp_path)
    assert set(rendered) == {"2410.00001", "2024-10-30"}
    for full in (False, True):
        rendered.clear()
        run(tmp_path, Config(language="en"), full=full)
        assert set(rendered) == {"2410.00001", "2410.00002", "2410.00003", "2024-10-30", "2024-10-31"}


def test_nothing_changed_writes_nothing(world: World) -> None:
    """A second build of the same digests touches no file."""
    before = times(world.root / "out")
    report = run(world.root, world.config)
    assert report.written == report.removed == 0
    assert times(world.root / "out") == before


def test_deleting_the_catalog_changes_no_file(world: World) -> None:
    """Without its catalog a build takes longer and writes nothing."""
    before = times(world.root / "out")
    shutil.rmtree(world.root / "catalog")
    run(world.root, world.config)
    assert times(world.root / "out") == before


def test_a_damaged_catalog_is_explained_in_one_line(world: World) -> None:
    """Random bytes in the catalog give the same output and one note that says why it took longer."""
    before = tree(world.root / "out")
    for offset in range(0, 20_000, 999):
        world.flip(offset, None)
    report = run(world.root, world.config)
    assert len(report.notes) == 1
    assert "everything is built again" in report.notes[0]
    assert tree(world.root / "out") == before


def test_an_unknown_schema_is_rebuilt(world: World) -> None:
    """A catalog of another schema is no error."""
    import sqlite3

    path = world.root / "catalog" / "catalog.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    report = run(world.root, world.config)
    assert "schema 99" in report.notes[0]
    assert report.written == 0


def test_processes_and_executors_give_the_same_bytes(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One process, several, or somebody's executor: the same output."""
    for number in range(60):
        world.write(
            f"more/2024-12-{number % 28 + 1:02d}-{number:02d}-00-00.md",
            [(f"2411.{number:05d}", LABELS[0], 1, "")],
        )
    for number in range(420):
        world.write(f"many/{number}/2023-0{number % 8 + 1}-11.md", [(f"2301.{number + 1:05d}", LABELS[1], 2, "")])
    run(world.root, world.config)
    expected = tree(world.root / "out")
    for name, options in (("two", {"jobs": 2}), ("threads", {"jobs": 2, "executor": ThreadPoolExecutor(2)})):
        other = tmp_path_factory.mktemp(name)
        shutil.copytree(world.digests, other / "digests")
        run(other, world.config, **options)
        assert tree(other / "out") == expected


def test_one_new_digest_writes_what_it_reaches(world: World) -> None:
    """A new digest of one paper leaves other months' documents alone."""
    before = times(world.root / "out")
    world.write("2025-01-10.md", [("2501.00001", LABELS[0], 1, "")])
    world.build()
    after = times(world.root / "out")
    changed = {path for path in after if before.get(path) != after[path]}
    assert "papers/2501/2501.00001.html" in changed
    assert not any("2024-1" in path for path in changed if "/archive/" in path or path.startswith("archive/2024"))


def test_an_old_digest_changes_its_month_and_no_other(world: World) -> None:
    """A digest that comes late changes the archive documents of its own month alone."""
    before = times(world.root / "out")
    world.write("2024-11-20.md", [(f"2410.{n:05d}", LABELS[0], 1, "") for n in range(900, 907)])
    world.build()
    after = times(world.root / "out")
    changed = {path for path in before if before[path] != after.get(path) and "/archive/" in path}
    assert changed
    assert all("2024-11" in path for path in changed)


def test_a_digest_that_cannot_be_read_keeps_its_papers(world: World) -> None:
    """What an unreadable digest said stays published, and is reported each time."""
    before = tree(world.root / "out")
    path = world.digests / "2025-01-09.txt"
    text = path.read_bytes()
    path.write_bytes(b"\xff\x00\x81\xff" * 20)
    for _ in range(2):
        report = run(world.root, world.config)
        assert [p.code for p in report.problems] == [p.code for p in report.fresh] == ["D002"]
        now = tree(world.root / "out")
        assert {p for p in now if now[p] != before.get(p)} == {"status.json", "status.html"}
    path.write_bytes(text)
    assert run(world.root, world.config).problems == ()
    assert tree(world.root / "out") == before


def test_papers_do_not_vanish_by_accident(world: World) -> None:
    """A digest that lost its items stops the build, and the output stays."""
    before = tree(world.root / "out")
    (world.digests / "2025-01-09.txt").write_text("", "utf-8")
    with pytest.raises(RefusedError, match="would vanish"):
        run(world.root, world.config)
    assert tree(world.root / "out") == before
    run(world.root, world.config, allow_shrink=True)
    assert tree(world.root / "out") == world.cold()


def test_an_empty_folder_stops_the_build(world: World) -> None:
    """When all digests are gone at once the output stays as it was."""
    before = tree(world.root / "out")
    shutil.rmtree(world.digests)
    world.digests.mkdir()
    with pytest.raises(RefusedError, match="no digest"):
        run(world.root, world.config)
    assert tree(world.root / "out") == before


def test_a_digest_of_tomorrow_waits_for_its_day(world: World) -> None:
    """A digest of a later day is reported, held back, and published when its day has come."""
    import datetime as dt

    world.write("2026-01-03.md", [("2512.00001", LABELS[0], 1, "")])
    report = run(world.root, world.config)
    assert [problem.kind for problem in report.problems] == ["from-the-future"]
    page = world.root / "out" / "papers" / "2512" / "2512.00001.html"
    assert not page.exists()
    report = run(world.root, world.config, now=NOW + dt.timedelta(days=3))
    assert report.problems == ()
    assert page.exists()


def test_files_of_others_are_left_alone(world: World) -> None:
    """Only what digestfeed made is removed, even when the catalog is gone."""
    out = world.root / "out"
    (out / "mine.html").write_text("mine", "utf-8")
    (out / "papers" / "2408").mkdir(parents=True, exist_ok=True)
    (out / "papers" / "2408" / "notes.html").write_text("mine too", "utf-8")
    (world.digests / "2024/12/02.md").unlink()
    shutil.rmtree(world.root / "catalog")
    world.build()
    assert (out / "mine.html").exists()
    assert (out / "papers" / "2408" / "notes.html").exists()
    ours = {path: data for path, data in tree(out).items() if data[:4] != b"mine"}
    assert ours == world.cold()
