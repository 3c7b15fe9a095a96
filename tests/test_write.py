"""Writing: whole files, only those that differ, readable by a web server, and one build at a time."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from digestfeed import write
from digestfeed.errors import BusyError, OutputError
from digestfeed.write import STAGING, Batch, Lock, Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

OLD = 1_000_000_000_000_000_000
"""An mtime (ns) that no file written now has."""


def _files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def _write(root: Path, documents: dict[str, bytes]) -> list[str]:
    """Write documents in one batch; give the paths of those for which a file was written."""
    batch = _put(root, documents.items())
    write.settle(root)
    return [written.path for written in batch.written]


def _put(root: Path, documents: Iterable[tuple[str, bytes]]) -> Batch:
    with Batch(root) as batch:
        for path, data in documents:
            batch.put(path, data)
    return batch


def _age(root: Path) -> None:
    for path in root.rglob("*"):
        os.utime(path, ns=(OLD, OLD))


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


# -- what is written -------------------------------------------------------------------------------------


def test_documents_go_where_they_belong(tmp_path: Path) -> None:
    """With the folders that they need and nothing beside them, in whatever order they come."""
    documents = {
        "index.html": b"front",
        "f/all/archive/1.xml": b"1",
        "f/all/atom.xml": b"2",
        "f/x/a": b"",
        "a/b/c": b"",
    }
    assert _write(tmp_path, documents) == list(documents)
    assert _files(tmp_path) == documents
    assert not (tmp_path / STAGING).exists()
    assert _write(tmp_path, {"f/all/archive/2.xml": b"3", "f/y": b"4"}) == ["f/all/archive/2.xml", "f/y"]
    assert _files(tmp_path) == {**documents, "f/all/archive/2.xml": b"3", "f/y": b"4"}


def test_a_batch_tells_what_was_written(tmp_path: Path) -> None:
    """Path and size of what was not there yet, in the order in which they were put."""
    _write(tmp_path, {"same": b"1"})
    with Batch(tmp_path) as batch:
        for path, data in (("same", b"1"), ("other", b"22"), ("new/third", b"333")):
            batch.put(path, data)
    assert batch.written == [Written("other", 2), Written("new/third", 3)]


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    """A file with the same bytes keeps its time and its inode, so that a server goes on answering 304."""
    _write(tmp_path, {"a": b"1", "b": b"2", "c/d": b"3"})
    _age(tmp_path)
    inode = (tmp_path / "a").stat().st_ino
    assert _write(tmp_path, {"a": b"1", "b": b"9", "c/d": b"3", "new": b"4"}) == ["b", "new"]
    assert (tmp_path / "a").stat().st_mtime_ns == (tmp_path / "c/d").stat().st_mtime_ns == OLD
    assert (tmp_path / "a").stat().st_ino == inode
    assert (tmp_path / "b").stat().st_mtime_ns != OLD


@pytest.mark.parametrize("data", [b"12", b"21", b"1", b"123", b""])
def test_a_file_of_other_bytes_is_replaced(tmp_path: Path, data: bytes) -> None:
    """Shorter, longer, or of the same size."""
    _write(tmp_path, {"a": b"12"})
    assert _write(tmp_path, {"a": data}) == (["a"] if data != b"12" else [])
    assert _files(tmp_path) == {"a": data}


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o000])
def test_files_are_public_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    """Cron's umask must not keep a web server from files (0644) or folders (0755)."""
    out = tmp_path / "srv" / "out"
    with _umask(mask), Lock(out):
        _write(out, {"index.html": b"1", "feeds/all/archive/x.xml": b"2"})
        _write(out, {"index.html": b"changed"})
    modes = {p.relative_to(tmp_path).as_posix(): stat.S_IMODE(p.stat().st_mode) for p in tmp_path.rglob("*")}
    assert {mode for path, mode in modes.items() if path.endswith((".html", ".xml"))} == {0o644}
    assert {mode for path, mode in modes.items() if not path.endswith((".html", ".xml"))} == {0o755}


def test_batches_at_the_same_time_are_public_too(tmp_path: Path) -> None:
    """The umask is the whole process's: it stays until the last of several is done."""
    with _umask(0o077):
        one, other = Batch(tmp_path), Batch(tmp_path)
        one.__enter__()
        other.__enter__()
        one.__exit__(None, None, None)
        other.put("a/b", b"1")
        other.__exit__(None, None, None)
        assert os.umask(0o077) == 0o077
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o755


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """Somebody chose it."""
    (tmp_path / "feeds").mkdir(mode=0o711)
    (tmp_path / "feeds").chmod(0o711)
    _write(tmp_path, {"feeds/all/atom.xml": b"1"})
    assert stat.S_IMODE((tmp_path / "feeds").stat().st_mode) == 0o711


def test_a_link_in_the_output_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """Nothing is written outside the output."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a").symlink_to(outside)
    _write(tmp_path / "out", {"a": b"document"})
    assert outside.read_bytes() == b"mine"
    assert (tmp_path / "out/a").read_bytes() == b"document"
    assert not (tmp_path / "out/a").is_symlink()


# -- nothing torn ----------------------------------------------------------------------------------------


def test_a_file_is_old_or_new_and_never_between(tmp_path: Path) -> None:
    """Who has the old file open goes on reading the old bytes; until the batch ends, everyone does."""
    _write(tmp_path, {"a": b"old" * 1000})
    with (tmp_path / "a").open("rb") as reader:
        beginning = reader.read(10)
        with Batch(tmp_path) as batch:
            batch.put("a", b"new" * 2000)
            batch.put("b", b"b")
            assert (tmp_path / "a").read_bytes() == b"old" * 1000
            assert not (tmp_path / "b").exists()
        assert (tmp_path / "a").read_bytes() == b"new" * 2000
        assert beginning + reader.read() == b"old" * 1000


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """However often it looks while the file is replaced."""
    versions = [bytes([number]) * 200_000 for number in range(30)]
    _write(tmp_path, {"a": versions[0]})
    seen: set[bytes] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add((tmp_path / "a").read_bytes())

    reader = threading.Thread(target=look)
    reader.start()
    for data in versions:
        _write(tmp_path, {"a": data})
    done.set()
    reader.join()
    assert seen <= set(versions)


def test_a_file_is_synced_before_it_takes_anothers_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a power cut could leave an empty file where a whole one was; new files are synced by `settle`."""
    _write(tmp_path, {"a": b"1", "b": b"2"})
    events: list[str] = []
    for name in ("fsync", "sync", "rename"):
        monkeypatch.setattr(os, name, _recorded(name, events))
    with Batch(tmp_path) as batch:
        for path in ("a", "b", "c"):
            batch.put(path, b"changed")
    assert events.count("rename") == 3
    assert events[:2] == ["fsync", "fsync"]
    assert "fsync" not in events[2:]
    del events[:]
    write.settle(tmp_path)
    assert events[0] == "sync"


def test_many_files_are_synced_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sync of everything, still before the first rename."""
    documents = {f"{number}": b"1" for number in range(60)}
    _write(tmp_path, documents)
    events: list[str] = []
    for name in ("fsync", "sync", "rename"):
        monkeypatch.setattr(os, name, _recorded(name, events))
    with Batch(tmp_path) as batch:
        for path in documents:
            batch.put(path, b"2")
    assert events[0] == "sync"
    assert set(events[1:]) == {"rename"}


def _recorded(name: str, events: list[str]) -> object:
    really = getattr(os, name)

    def call(*args: object) -> object:
        events.append(name)
        return really(*args)

    return call


# -- what goes wrong -------------------------------------------------------------------------------------


def test_a_batch_that_ends_in_an_error_is_thrown_away(tmp_path: Path) -> None:
    """No document of it goes out, not even those that were ready; the error goes on."""
    _write(tmp_path, {"a": b"1"})

    def documents() -> Iterator[tuple[str, bytes]]:
        yield from [("a", b"2"), ("b", b"2"), ("new/c", b"2")]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _put(tmp_path, documents())
    assert _files(tmp_path) == {"a": b"1"}


def test_a_full_disk_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a document is staged: the output is as before."""
    _write(tmp_path, {"a": b"1"})

    def full(_handle: int, _data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OutputError, match="cannot write it: No space left on device"):
        _put(tmp_path, [("a", b"2")])
    monkeypatch.undo()
    write.clear_staging(tmp_path)
    assert _files(tmp_path) == {"a": b"1"}


def test_an_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Before anything is staged; the umask is as it was."""
    (tmp_path / STAGING).write_bytes(b"in the way")
    with _umask(0o077):
        with pytest.raises(OutputError, match="cannot write it: "), Batch(tmp_path):
            pass
        assert os.umask(0o077) == 0o077


def test_a_rename_that_fails_leaves_whole_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is the old or the new one, and what was staged is gone."""
    _write(tmp_path, {"a": b"1", "b": b"1"})
    really = os.rename
    left = [1]

    def fails(source: str, target: str) -> None:
        if not left:
            raise OSError(30, "Read-only file system")
        left.pop()
        really(source, target)

    monkeypatch.setattr(os, "rename", fails)
    with pytest.raises(OutputError, match="Read-only file system"):
        _put(tmp_path, [("a", b"2"), ("b", b"2")])
    assert _files(tmp_path) == {"a": b"2", "b": b"1"}


@pytest.mark.parametrize("path", ["a/b", "a/b/c", "x"])
def test_a_file_and_a_folder_that_want_one_name_are_told(tmp_path: Path, path: str) -> None:
    """A file of somebody's stands where a folder is needed, or the other way round."""
    (tmp_path / "a").write_bytes(b"file")
    (tmp_path / "x/y").mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot write it: ") as caught:
        _write(tmp_path, {path: b"1"})
    assert "/a" in caught.value.path or caught.value.path.endswith("/x")
    assert (tmp_path / "a").read_bytes() == b"file"
    assert (tmp_path / "x/y").is_dir()


DIES = """
import os, signal, sys
from pathlib import Path
from digestfeed.write import Batch, Lock
root = Path(sys.argv[1])
with Lock(root), Batch(root) as batch:
    batch.put("a", b"new")
    batch.put("b", b"new")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_build_that_is_killed_leaves_the_old_files(tmp_path: Path) -> None:
    """What it left half-written is hidden, and is thrown away by the next one."""
    _write(tmp_path, {"a": b"old"})
    ended = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False)  # noqa: S603
    assert ended.returncode == -signal.SIGKILL
    assert list(write.walk(tmp_path)) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"
    assert any((tmp_path / STAGING).rglob("*"))
    write.clear_staging(tmp_path)
    assert _files(tmp_path) == {"a": b"old"}
    assert not (tmp_path / STAGING).exists()


# -- one at a time ---------------------------------------------------------------------------------------

HOLDS = """
import sys, time
from pathlib import Path
from digestfeed.write import Lock
with Lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
HOLDS_WITH_CHILDREN = """
import multiprocessing, os, sys, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from digestfeed.write import Lock
with Lock(Path(sys.argv[1])), ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


@contextmanager
def _holding(program: str, root: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", program, str(root)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_a_second_build_is_turned_away(tmp_path: Path) -> None:
    """At once, in this process or another; when the first has ended, however it did, the output is free."""
    with Lock(tmp_path), pytest.raises(BusyError), Lock(tmp_path):
        pass
    with _holding(HOLDS, tmp_path) as (process, said):
        assert said == "held"
        with pytest.raises(BusyError, match="nothing was touched") as caught, Lock(tmp_path):
            pass
        assert caught.value.exit_code == 75
        process.kill()
        process.wait()
        with Lock(tmp_path):
            pass


def test_processes_that_outlive_a_killed_build_do_not_hold_the_output(tmp_path: Path) -> None:
    """Its workers were forked while it held the lock; the lock goes with the build alone."""
    with _holding(HOLDS_WITH_CHILDREN, tmp_path) as (process, worker):
        process.kill()
        process.wait()
        try:
            with Lock(tmp_path):
                pass
        finally:
            with suppress(ProcessLookupError):
                os.kill(int(worker), signal.SIGKILL)


def test_the_output_folder_is_made(tmp_path: Path) -> None:
    """With the folders above it."""
    with Lock(tmp_path / "srv/papers"):
        assert (tmp_path / "srv/papers").is_dir()


@pytest.mark.parametrize("path", ["file", "file/out"])
def test_an_output_that_is_no_folder_is_told(tmp_path: Path, path: str) -> None:
    """In one line that names it."""
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(OutputError, match="cannot use this folder") as caught,
        Lock(tmp_path / path),
    ):
        pass
    assert caught.value.path == str(tmp_path / path)


# -- what is removed -------------------------------------------------------------------------------------


def test_only_what_is_given_is_removed(tmp_path: Path) -> None:
    """And the folders that it leaves empty, up to the output, which stays; what others put there stays."""
    _write(tmp_path, {"a/b/1": b"", "a/b/2": b"", "a/3": b"", "c/d/4": b"", "5": b""})
    (tmp_path / "a/b/mine.txt").write_bytes(b"mine")
    assert write.remove(tmp_path, ["a/b/1", "a/b/2", "c/d/4", "5", "gone", "c/d/gone"]) == 4
    assert _files(tmp_path) == {"a/3": b"", "a/b/mine.txt": b"mine"}
    assert not (tmp_path / "c").exists()
    assert write.remove(tmp_path, ["a/3"]) == 1
    (tmp_path / "a/b/mine.txt").unlink()
    assert write.remove(tmp_path, ["a/b/already-gone"]) == 0
    assert tmp_path.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    """Only files that this program made are ever removed."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a").symlink_to(outside)
    write.remove(tmp_path / "out", ["a"])
    assert outside.read_bytes() == b"mine"


def test_what_cannot_be_removed_is_told(tmp_path: Path) -> None:
    """A folder of somebody's that took a document's name: one line, no traceback, and it stays."""
    (tmp_path / "a/x").mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot remove it"):
        write.remove(tmp_path, ["a"])
    assert (tmp_path / "a/x").is_dir()


# -- looking ---------------------------------------------------------------------------------------------


def test_looking_at_the_output(tmp_path: Path) -> None:
    """Regular files below it, hidden ones and links left out; those in a folder; first bytes; times."""
    _write(tmp_path, {"b/2": b"22", "b/1": b"11", "a": b"0" * 5000, ".hidden/x": b"", "b/.x": b""})
    (tmp_path / "link").symlink_to("a")
    _age(tmp_path)
    assert list(write.walk(tmp_path)) == ["a", "b/1", "b/2"]
    assert write.files_in(tmp_path, "b") == {"1", "2", ".x"}
    assert write.files_in(tmp_path, "") == {"a"}
    assert write.files_in(tmp_path, "gone") == set()
    assert write.head_of(tmp_path, "a", 3) == b"000"
    assert len(write.head_of(tmp_path, "a")) == 2048
    assert write.head_of(tmp_path, "gone") == b""
    assert write.folder_times(tmp_path, ["b", "gone"]) == [("b", OLD)]
