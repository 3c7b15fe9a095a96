"""A build that is killed leaves whole files, and the next one ends where an undisturbed one would."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lxml import etree

from tests.trees import item, run, tree, write_digest

FIELDS = ("컴퓨터 비전, 로봇공학", "자연어 처리(NLP)", "강화 학습, 인공지능")


def _digests(root: Path, days: int) -> None:
    for day in range(days):
        items = [item(f"24{day // 28 + 1:02d}.{day * 10 + n + 1:05d}", labels=FIELDS[n % 3]) for n in range(6)]
        write_digest(root / "digests", f"2024-{day // 28 + 1:02d}-{day % 28 + 1:02d}-15-00-00.md", *items)


def _whole(path: Path) -> None:
    """Fail unless a file is one document from its beginning to its end."""
    data = path.read_bytes()
    if path.suffix in {".xml", ".opml"}:
        etree.fromstring(data)
    elif path.suffix == ".json":
        json.loads(data)
    elif path.suffix == ".jsonl":
        assert [json.loads(line) for line in data.splitlines()]
    elif path.suffix == ".html":
        assert data.rstrip().endswith(b"</html>")


def _killed(root: Path, seconds: float, number: signal.Signals) -> int:
    command = [sys.executable, "-m", "digestfeed", "build", "-q", "-j", "2", "--base-url", "https://example.org/"]
    process = subprocess.Popen(  # noqa: S603 -- this Python, this program
        command, cwd=root, stderr=subprocess.DEVNULL
    )
    time.sleep(seconds)
    process.send_signal(number)
    return process.wait(30)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a build gives that nobody disturbs."""
    root = tmp_path_factory.mktemp("undisturbed")
    _digests(root, 84)
    subprocess.run(
        [sys.executable, "-m", "digestfeed", "build", "-q", "--base-url", "https://example.org/"], cwd=root, check=True
    )
    return tree(root / "out")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_killed_builds(number: signal.Signals, tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    """At any moment each public file is whole; after the last kill one build repairs everything."""
    chance = random.Random(number)  # noqa: S311 -- moments, no secrets
    _digests(tmp_path, 84)
    for _ in range(8):
        _killed(tmp_path, chance.uniform(0.15, 1.6), number)
        for path in (tmp_path / "out").rglob("*") if (tmp_path / "out").exists() else ():
            if path.is_file() and ".staging" not in path.parts:
                _whole(path)
        if chance.random() < 0.3:
            shutil.rmtree(tmp_path / ".digestfeed", ignore_errors=True)
    subprocess.run(
        [sys.executable, "-m", "digestfeed", "build", "-q", "--base-url", "https://example.org/"],
        cwd=tmp_path,
        check=True,
    )
    assert tree(tmp_path / "out") == undisturbed


def test_what_a_killed_build_wrote_is_not_believed(tmp_path: Path) -> None:
    """A digest that is taken back after a kill leaves no trace of what was already published of it."""
    write_digest(tmp_path / "digests", "2024-01-01.md", item("2401.00001"))
    run(tmp_path)
    before = tree(tmp_path / "out")
    late = write_digest(tmp_path / "digests", "2024-01-02.md", item("2401.00002"), item("2401.00001", labels="로봇"))
    pid = os.fork()
    if not pid:
        from digestfeed.catalog import Catalog

        # Everything is written, and nothing known.
        Catalog.commit = lambda _: os._exit(9)  # type: ignore[assignment, method-assign]
        run(tmp_path)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert tree(tmp_path / "out") != before
    late.unlink()
    report = run(tmp_path)
    assert "interrupted" in report.notes[0]
    assert tree(tmp_path / "out") == before
