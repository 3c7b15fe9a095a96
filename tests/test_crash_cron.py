"""What a build that nobody watches must do: one at a time, quiet when all is well, and nothing lost by accident."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from digestfeed.catalog import Catalog
from digestfeed.errors import BusyError, OutputError, RefusedError
from digestfeed.write import CatalogLock, Lock
from tests.crash import ends
from tests.patience import WAIT
from tests.trees import NOW, item, run, times, tree, write_digest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of three digests that was built."""
    write_digest(tmp_path / "digests", "2024-01-05.md", item("2401.00001"), item("2401.00002", labels="로봇공학"))
    write_digest(tmp_path / "digests", "2024-02-05.md", item("2402.00003"))
    write_digest(tmp_path / "digests", "2024/03/05.md", item("2403.00004"), item("2401.00001", votes=3))
    assert ends.here(tmp_path, "build", "-q") == ends.Ended(0, "")
    return tmp_path


# -- one at a time ---------------------------------------------------------------------------------------------


@contextmanager
def _stopped_build(project: Path) -> Iterator[int]:
    """Give the process of a build that hangs in the middle of its work."""
    write_digest(project / "digests", "2024-04-05.md", *(item(f"2404.{n:05d}") for n in range(1, 60)))
    mark = project / ".digestfeed" / "catalog.sqlite3.building"
    with subprocess.Popen(
        [sys.executable, "-m", "digestfeed", "build", "-q"], cwd=project, stderr=subprocess.PIPE
    ) as process:
        while not mark.exists() and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        try:
            assert mark.exists()
            yield process.pid
        finally:
            process.kill()


def test_a_second_build_is_turned_away_at_once(project: Path) -> None:
    """Also when the first hangs: exit 75, one line, nothing touched.  The lock of a dead process is no obstacle."""
    with _stopped_build(project):
        before = times(project)
        started = time.monotonic()
        ended = ends.command(project, "build", "-q")
        assert ended == ends.Ended(75, "digestfeed: another run is using out; nothing was touched\n")
        assert time.monotonic() - started < WAIT  # it hangs for ever
        assert times(project) == before
    assert ends.here(project, "build", "-q") == ends.Ended(0, "")
    assert (project / "out/papers/2404/2404.00001.html").exists()


def test_a_catalog_is_used_by_one_at_a_time(project: Path) -> None:
    """Two outputs of one config share it: the second build would throw away what the first is writing."""
    with CatalogLock(project / ".digestfeed" / "catalog.sqlite3"):
        ended = ends.here(project, "build", "-q", "-o", "other")
        assert ended.code == 75
        assert ended.said == (
            f"digestfeed: another run is using {Path('.digestfeed', 'catalog.sqlite3')}; nothing was touched\n"
        )
    assert ends.here(project, "build", "-q", "-o", "other") == ends.Ended(0, "")
    assert tree(project / "other") == tree(project / "out")


def test_locks_are_nothing_that_is_published(project: Path) -> None:
    """No file of the output is one."""
    with Lock(project / "out"):
        assert not [path for path in tree(project / "out") if "lock" in path]
    assert sorted(path.name for path in (project / ".digestfeed").iterdir()) == [
        "catalog.sqlite3",
        "catalog.sqlite3.lock",
        "catalog.sqlite3.stamp",
    ]


def test_a_lock_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    """As when there is a file where a folder is needed."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot use the catalog: File exists"), CatalogLock(tmp_path / "file/c"):
        pass
    with pytest.raises(OutputError, match="cannot use this folder"), Lock(tmp_path / "file/out"):
        pass
    with Lock(tmp_path / "out"), pytest.raises(BusyError), Lock(tmp_path / "out"):
        pass


# -- nothing shrinks by accident -------------------------------------------------------------------------------


def test_papers_do_not_vanish_by_accident(project: Path) -> None:
    """A digest that lost an item is refused on every run, in one line, until somebody insists."""
    before = tree(project / "out")
    write_digest(project / "digests", "2024-01-05.md", item("2401.00001"))
    for _ in range(2):
        ended = ends.here(project, "build", "-q")
        assert ended.is_one_line
        assert "2401.00002 would vanish though the digest is still there" in ended.said
        assert "--allow-shrink" in ended.said
        assert tree(project / "out") == before
    assert ends.here(project, "build", "-q", "--full", "--allow-shrink") == ends.Ended(0, "")
    assert not (project / "out/papers/2401/2401.00002.html").exists()
    assert ends.here(project, "build", "-q") == ends.Ended(0, "")


def test_a_paper_that_is_elsewhere_too_does_not_vanish(project: Path) -> None:
    """Then its digest may lose it."""
    write_digest(project / "digests", "2024-01-05.md", item("2401.00002", labels="로봇공학"))
    assert ends.here(project, "build", "-q") == ends.Ended(0, "")
    assert (project / "out/papers/2401/2401.00001.html").exists()


def test_a_digest_that_is_deleted_takes_its_papers_along(project: Path) -> None:
    """That is no accident; but that all are gone at once is."""
    (project / "digests/2024-02-05.md").unlink()
    assert ends.here(project, "build", "-q") == ends.Ended(0, "")
    assert not (project / "out/papers/2402").exists()
    before = tree(project / "out")
    shutil.rmtree(project / "digests")
    (project / "digests").mkdir()
    assert ends.here(project, "build", "-q").is_one_line
    assert tree(project / "out") == before


def _unreadable_bytes(path: Path) -> None:
    path.write_bytes(b"\xff\x00\x81\xff" * 20)


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _a_link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to("gone.md")


def _a_link_that_leads_out(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _too_long(path: Path) -> None:
    path.write_bytes(b"x" * 5_000_000)


@pytest.mark.parametrize(
    "breaks", [_unreadable_bytes, _a_folder, _a_pipe, _a_link_to_nothing, _a_link_that_leads_out, _too_long]
)
@pytest.mark.parametrize("again", [(), ("--full",)], ids=["", "full"])
def test_a_digest_that_cannot_be_read_keeps_its_papers(project: Path, breaks: object, again: tuple[str, ...]) -> None:
    """It is reported on every run, also a quiet or a full one, until it is mended or deleted."""
    assert callable(breaks)
    (project / "digestfeed.toml").write_text("[digests]\nmax_bytes = 1000000\n", "utf-8")
    assert ends.here(project, "build", "-q") == ends.Ended(0, "")
    before = tree(project / "out")
    path = project / "digests/2024/03/05.md"
    text = path.read_bytes()
    breaks(path)
    for _ in range(3):
        ended = ends.here(project, "build", "-q", *again)
        assert ended.code == 0
        assert ended.said.startswith("digests/2024/03/05.md: ")
        assert ended.said.count("\n") == 1
        now = tree(project / "out")
        assert {name for name in now if now[name] != before.get(name)} == {"status.html", "status.json"}
        assert now.keys() == before.keys()
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    mended = project / "digests/2024/03/05.md"
    mended.write_bytes(text)
    assert ends.here(project, "build", "-q") == ends.Ended(0, "")
    assert tree(project / "out") == before
    breaks(path)
    ends.here(project, "build", "-q")
    shutil.rmtree(project / "digests/2024")
    assert ends.here(project, "build", "-q") == ends.Ended(0, "")
    assert not (project / "out/papers/2403").exists()


def test_a_digest_that_may_not_be_read_keeps_its_papers() -> None:
    """A file, or the folder that it is in."""
    with ends.folder_of_nobody() as root:
        write_digest(root / "digests", "2024-01-05.md", item("2401.00001"))
        write_digest(root / "digests", "2024/03/05.md", item("2403.00004"))
        ends.hand_over(root)
        assert ends.as_nobody(root, "build", "-q") == ends.Ended(0, "")
        before = tree(root / "out")
        for place in (root / "digests/2024/03/05.md", root / "digests/2024"):
            mode = place.stat().st_mode
            place.chmod(0)
            for _ in range(2):
                ended = ends.as_nobody(root, "build", "-q")
                assert ended.code == 0
                assert f"{place.relative_to(root)}: D001 unreadable" in ended.said
                assert all("Permission denied" in line for line in ended.said.splitlines())
                now = tree(root / "out")
                assert {name for name in now if now[name] != before.get(name)} == {"status.html", "status.json"}
            place.chmod(mode)
            assert ends.as_nobody(root, "build", "-q") == ends.Ended(0, "")
            assert tree(root / "out") == before


def test_what_only_a_lost_catalog_knew_does_not_vanish(project: Path) -> None:
    """The output still shows the papers of a digest that cannot be read: that stops the build, until it can be."""
    before = tree(project / "out")
    path = project / "digests/2024-02-05.md"
    text = path.read_bytes()
    _unreadable_bytes(path)
    shutil.rmtree(project / ".digestfeed")
    for _ in range(2):
        ended = ends.here(project, "build", "-q")
        assert ended.is_one_line
        assert "1 paper would vanish: 1 digest cannot be read" in ended.said
        assert tree(project / "out") == before
    path.write_bytes(text)
    assert ends.here(project, "build", "-q") == ends.Ended(0, "")
    assert tree(project / "out") == before
    _unreadable_bytes(path)
    shutil.rmtree(project / ".digestfeed")
    assert ends.here(project, "build", "-q", "--allow-shrink").code == 0
    assert not (project / "out/papers/2402").exists()
    assert ends.here(project, "build", "-q").code == 0


def test_a_first_build_may_meet_what_cannot_be_read(tmp_path: Path) -> None:
    """There is nothing that could vanish."""
    write_digest(tmp_path / "digests", "2024-01-05.md", item("2401.00001"))
    (tmp_path / "digests/bad.md").write_bytes(b"\xff\x00\x81\xff")
    ended = ends.here(tmp_path, "build", "-q")
    assert (ended.code, ended.said.count("\n")) == (0, 1)
    (tmp_path / "out/status.json").write_text("no JSON", "utf-8")
    shutil.rmtree(tmp_path / ".digestfeed")
    assert ends.here(tmp_path, "build", "-q").code == 0


# -- clocks ----------------------------------------------------------------------------------------------------

YEAR = dt.timedelta(days=365)


def test_a_clock_that_goes_back_takes_nothing_away(tmp_path: Path) -> None:
    """What was of today stays, though it is of the future now; that it would vanish if read again is refused."""
    write_digest(tmp_path / "digests", "2024-01-05.md", item("2401.00001"))
    write_digest(tmp_path / "digests", "2025-12-30.md", item("2512.00002"))
    run(tmp_path)
    before = tree(tmp_path / "out")
    report = run(tmp_path, now=NOW - YEAR)
    assert (report.written, report.removed, report.problems) == (0, 0, ())
    write_digest(tmp_path / "digests", "2024-01-06.md", item("2401.00003"))
    run(tmp_path, now=NOW - YEAR)
    assert tree(tmp_path / "out").keys() >= before.keys()
    (tmp_path / "digests/2024-01-06.md").unlink()
    run(tmp_path, now=NOW - YEAR)
    with pytest.raises(RefusedError, match=r"2512\.00002 would vanish"):
        run(tmp_path, now=NOW - YEAR, full=True)
    shutil.rmtree(tmp_path / "catalog")
    with pytest.raises(RefusedError, match="1 paper would vanish: 1 digest cannot be read, or of a later day"):
        run(tmp_path, now=NOW - YEAR)
    assert tree(tmp_path / "out") == before
    run(tmp_path)
    assert tree(tmp_path / "out") == before


def test_a_digest_that_is_held_back_waits_through_all_jumps(tmp_path: Path) -> None:
    """It is published when its day has come, and then stays."""
    write_digest(tmp_path / "digests", "2024-01-05.md", item("2401.00001"))
    write_digest(tmp_path / "digests", "2026-01-03.md", item("2512.00002"))
    page = tmp_path / "out/papers/2512/2512.00002.html"
    for jump, there in [(0, False), (-365, False), (1, False), (3, True), (-365, True), (0, True)]:
        run(tmp_path, now=NOW + dt.timedelta(days=jump))
        assert page.exists() == there, jump


def test_times_of_files_may_be_anything(project: Path) -> None:
    """Of tomorrow, of 1970: a time says only that a file is another than before."""
    before = tree(project / "out")
    path = project / "digests/2024-02-05.md"
    for seconds in (0, 4_000_000_000, 1):
        os.utime(path, (seconds, seconds))
        assert ends.here(project, "build", "-q") == ends.Ended(0, "")
        assert tree(project / "out") == before
    write_digest(project / "digests", "2024-02-05.md", item("2402.00003", title="Another title"))
    os.utime(path, (0, 0))
    assert ends.here(project, "build", "-q") == ends.Ended(0, "")
    assert tree(project / "out") != before


def test_a_change_that_leaves_size_and_time_is_seen_by_a_full_build(project: Path) -> None:
    """A limit: nothing tells a normal one.  An editor, git and rsync leave another time."""
    path = project / "digests/2024-02-05.md"
    info = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Paper 2402", b"Pager 2402"))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    page = project / "out/papers/2402/2402.00003.html"
    assert ends.here(project, "build", "-q") == ends.Ended(0, "")
    assert b"Pager" not in page.read_bytes()
    assert ends.here(project, "build", "-q", "--full") == ends.Ended(0, "")
    assert b"Pager" in page.read_bytes()


# -- the catalog -----------------------------------------------------------------------------------------------


def test_a_catalog_of_a_build_that_was_refused_is_not_suspected(tmp_path: Path) -> None:
    """What a first build left that had nothing to build was changed by nobody."""
    (tmp_path / "digests").mkdir()
    assert ends.here(tmp_path, "build").code == 1
    write_digest(tmp_path / "digests", "2024-01-05.md", item("2401.00001"))
    assert "everything is built again" not in ends.here(tmp_path, "build").said


def test_a_catalog_that_breaks_unseen_is_made_again(project: Path) -> None:
    """Its size and time are as they should be, its pages are not: one line at most, then all is as before."""
    before = tree(project / "out")
    path = project / ".digestfeed/catalog.sqlite3"
    whole = path.read_bytes()
    for page in range(len(whole) // 4096):
        info = path.stat()
        data = bytearray(whole)
        data[page * 4096 : (page + 1) * 4096] = os.urandom(4096)
        path.write_bytes(data)
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
        (project / ".digestfeed/catalog.sqlite3.stamp").write_text(f"{info.st_size} {info.st_mtime_ns}", "ascii")
        write_digest(project / "digests", "2024-02-05.md", item("2402.00003", votes=page))
        ended = ends.here(project, "build", "-q", "--full")
        assert not ended.code or ended.is_one_line, (page, ended)
        if ended.code:
            assert "the next build makes a new one" in ended.said
            assert ends.here(project, "build", "-q") == ends.Ended(0, "")
        write_digest(project / "digests", "2024-02-05.md", item("2402.00003"))
        shutil.rmtree(project / ".digestfeed")
        assert ends.here(project, "build", "-q") == ends.Ended(0, "")
        assert tree(project / "out") == before, page
        path.write_bytes(whole)


def test_a_catalog_that_cannot_be_opened_is_not_thrown_away(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is right, and knows what cannot be read any more; the disk is full, or another has locked it."""
    import sqlite3

    path = project / ".digestfeed/catalog.sqlite3"
    before = path.read_bytes()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr("digestfeed.catalog._tune", lambda db: db.execute("PRAGMA busy_timeout = 1"))
    with pytest.raises(OutputError, match="cannot use the catalog: database is locked"):
        Catalog(path)
    other.close()
    assert path.read_bytes() == before
