"""A build that is disturbed at its n-th step: for every n, with `DIGESTFEED_STEPS=all`; for some otherwise."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from digestfeed import urls
from digestfeed.config import Config, FeedsConfig
from tests.crash import steps
from tests.crash.reader import Seen, expected, look
from tests.trees import item, run, tree, write_digest

CONFIG = Config(feeds=FeedsConfig(latest=3, archive_size=2))
SOME = 14  # steps that are tried by default
ALL = os.environ.get("DIGESTFEED_STEPS") == "all"


class Project(msgspec.Struct, frozen=True):
    """A project that was built, whose digests then changed: where it is, its output then, and now if nothing is."""

    template: Path
    root: Path
    old: dict[str, bytes]
    new: dict[str, bytes]

    def build(self) -> None:
        """Build it, here."""
        run(self.root, CONFIG, allow_shrink=True)

    def take_back(self) -> None:
        """Let the digests be as they were before they changed."""
        shutil.rmtree(self.root / "digests")
        _old_digests(self.root)


def _old_digests(root: Path) -> None:
    write_digest(root / "digests", "2024-01-05.md", item("2401.00001"), item("2401.00002"))
    write_digest(root / "digests", "2024-02-05.md", item("2402.00003"))
    write_digest(root / "digests", "2024-03-05.md", item("2403.00004"), item("2401.00001", labels="로봇공학"))


def _change(root: Path) -> None:
    """Files are replaced, added and removed by this, and folders too."""
    write_digest(root / "digests", "2024-01-05.md", item("2401.00001"), item("2401.00002", title="Another title"))
    (root / "digests" / "2024-02-05.md").unlink()
    write_digest(root / "digests", "2024-04-05.md", item("2404.00005"), item("2404.00006", labels="강화 학습"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose digests have changed since it was built."""
    folder = tmp_path_factory.mktemp("steps")
    template = folder / "template"
    _old_digests(template)
    run(template, CONFIG)
    old = tree(template / "out")
    _change(template)
    root = folder / "project"
    steps.restore(template, root)
    found = Project(template, root, old, {})
    found.build()
    new = tree(root / "out")
    assert old.keys() - new.keys()
    assert new.keys() - old.keys()
    return msgspec.structs.replace(found, new=new)


def _numbers(project: Project, share: int = 0) -> list[int]:
    """Give the steps to try: all, or some that are spread over the build; another `share` gives others."""
    steps.restore(project.template, project.root)
    _, count, _ = steps.forked(0, steps.dies, project.build)
    assert count > 100
    return [*range(1, count + 1)] if ALL else [*range(1 + share, count + 1, count // SOME)]


def _assert_whole(project: Project, number: int, said: str) -> None:
    seen = Seen()
    look(project.root / "out", expected(project.old, project.new), seen, set())
    assert seen.faults == [], (number, said)


def _assert_repaired(project: Project, number: int, said: str) -> None:
    """The next build makes what an undisturbed one makes; of the digests as they are now, or as they were."""
    if number % 2:
        project.build()
        assert tree(project.root / "out") == project.new, (number, said)
    else:
        project.take_back()
        project.build()
        assert tree(project.root / "out") == project.old, (number, said)


def test_a_build_that_dies_at_a_step(project: Project) -> None:
    """Each file is the old or the new; the next build ends where an undisturbed one would."""
    for number in _numbers(project):
        steps.restore(project.template, project.root)
        code, _, said = steps.forked(number, steps.dies, project.build)
        assert code == steps.DIED
        _assert_whole(project, number, said)
        _assert_repaired(project, number, said)


def test_a_build_whose_step_fails(project: Project) -> None:
    """The same where the disk is full at one step; and that is told in a line, unless it does not matter."""
    told = 0
    for number in _numbers(project, share=3):
        steps.restore(project.template, project.root)
        code, _, said = steps.forked(number, steps.fails, project.build)
        assert code in {steps.DONE, steps.FAILED}, (number, said)
        told += code == steps.FAILED
        assert said.count("\n") == 0
        _assert_whole(project, number, said)
        _assert_repaired(project, number, said)
    assert told > SOME // 2


def test_two_deaths_in_a_row(project: Project) -> None:
    """A build that repairs what another left may die of it too."""
    for number in _numbers(project, share=6):
        steps.restore(project.template, project.root)
        steps.forked(number, steps.dies, project.build)
        steps.forked(number + number % 7, steps.dies, project.build)
        _assert_whole(project, number, "")
        _assert_repaired(project, number, "")


@pytest.mark.parametrize("disturb", [steps.dies, steps.fails])
def test_a_first_build_that_is_disturbed(project: Project, tmp_path: Path, disturb: Callable[[str], None]) -> None:
    """Of an output that is not there yet, nothing is torn, and the next build makes all of it."""
    fresh = msgspec.structs.replace(project, root=tmp_path / "fresh")

    def empty() -> None:
        shutil.rmtree(fresh.root, ignore_errors=True)
        shutil.copytree(project.template / "digests", fresh.root / "digests")

    empty()
    _, count, _ = steps.forked(0, steps.dies, fresh.build)
    for number in range(1, count + 1, 1 if ALL else count // SOME):
        empty()
        code, _, said = steps.forked(number, disturb, fresh.build)
        assert code != steps.BROKE, (number, said)
        seen = Seen()
        look(fresh.root / "out", expected(project.new, {}), seen, set())
        assert seen.faults == [], (number, said)
        fresh.build()
        assert tree(fresh.root / "out") == project.new, (number, said)


def test_that_a_build_died_is_told(project: Project) -> None:
    """The next one says why it takes longer."""
    number = _numbers(project)[-4]
    steps.restore(project.template, project.root)
    code, _, _ = steps.forked(number, steps.dies, project.build)
    assert code == steps.DIED
    report = run(project.root, CONFIG)
    assert report.notes == ("the last build was interrupted: everything is checked again",)
    assert "feeds/all/atom.xml" in report.changed_feeds  # the one that died told nobody that it had changed it
    again = run(project.root, CONFIG)
    assert (again.notes, again.changed_feeds) == ((), ())


def test_whatever_may_be_left_over_is_known_by_its_mark(project: Project) -> None:
    """A document whose path another state of the project does not have says who made it, or is known by its path."""
    for path, data in {**project.old, **project.new}.items():
        if urls.is_ours(path):
            assert b"digestfeed" in data[:2048] or path.endswith((".jsonl", ".bib")), path
    both = project.old.keys() & project.new.keys()
    assert all(urls.is_ours(path) for path in (project.old.keys() | project.new.keys()) - both)


CALLS = "rename,renameat,renameat2,unlink,unlinkat,mkdir,rmdir,write,pwrite64,fsync,fdatasync,sync,ftruncate"
BUILD = [sys.executable, "-m", "digestfeed", "build", "-q", "-j", "1", "--allow-shrink"]


@pytest.mark.skipif(not (ALL and shutil.which("strace")), reason="takes long, and strace")
def test_a_build_that_is_killed_at_a_system_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At each that changes a file, those of SQLite too; also at two in a row."""
    template, root, log = tmp_path / "template", tmp_path / "project", tmp_path / "log"
    _old_digests(template)
    subprocess.run(BUILD, cwd=template, check=True)  # noqa: S603
    old = tree(template / "out")
    _change(template)

    def traced(call: str = "", number: int = 0) -> int:
        inject = [f"--inject={call}:signal=KILL:when={number}"] if call else []
        command = ["strace", "-f", "-qq", "-o", str(log), f"--trace={CALLS}", *inject, *BUILD]
        return subprocess.run(command, cwd=root, check=False).returncode  # noqa: S603

    steps.restore(template, root)
    assert traced() == 0
    new = tree(root / "out")
    names = re.findall(r"^(?:\d+ +)?(\w+)\(", log.read_text("utf-8", "replace"), re.MULTILINE)
    calls = [(name, number) for name, count in Counter(names).items() for number in range(1, count + 1)]
    killed = 0
    for call, number in calls:  # strace counts those of one name
        steps.restore(template, root)
        killed += traced(call, number) == -signal.SIGKILL
        if number % 2:
            killed += traced(call, number // 2 + 1) == -signal.SIGKILL
        seen = Seen()
        look(root / "out", expected(old, new), seen, set())
        assert seen.faults == [], (call, number)
        subprocess.run(BUILD, cwd=root, check=True)  # noqa: S603
        assert tree(root / "out") == new, (call, number)
    with capsys.disabled():
        print(f"\n{len(calls)} calls, {killed} builds killed")  # noqa: T201 -- the figures
    assert killed >= len(calls)
