"""Writing the output: the door by which documents go out.

Owns how a file comes to be: written aside, synced, renamed, so that each public file is at every moment whole,
the old or the new; written only where its bytes differ; removed only where this program made it.  Refuses any
knowledge of what is in a file.

Files are staged in one hidden folder of the output, which a next run empties, and renamed from there in batches.
A file that replaces another is synced before its rename.  For a new one there is nothing that could be torn:
those are synced all together before the catalog believes in them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import msgspec

from digestfeed.errors import BusyError, OutputError

STAGING = ".staging"
_SYNC_EACH = 24  # more replaced files than this in a batch: one sync of everything is cheaper than one each
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644


class Written(msgspec.Struct, frozen=True, array_like=True):
    """What became of a document: its path, the hash of its bytes, its size, and whether a file was written."""

    path: str
    content: bytes
    size: int
    changed: bool


def content_hash(data: bytes) -> bytes:
    """Give the hash by which two documents are the same."""
    return hashlib.blake2b(data, digest_size=16).digest()


class Lock:
    """The right to build one output: an flock on its folder, gone with the process however that ends."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._handle = -1

    def __enter__(self) -> Lock:
        try:
            _make_folder(os.fspath(self._root))
            self._handle = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._handle)
            raise BusyError(str(self._root)) from error
        except OSError as error:
            raise OutputError(str(self._root), f"cannot use it as the output folder: {error.strerror}") from error
        _held.add(self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        _held.discard(self._handle)
        os.close(self._handle)


_held: set[int] = set()


def _let_go() -> None:
    """In a forked child: give up the parent's locks, or a child that outlives a killed parent would keep them."""
    for handle in _held:
        with suppress(OSError):
            os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


class Batch:
    """Documents that go out together.  On leaving without an error they are renamed into place, else thrown away.

    Args:
        root: the output folder.
        known: path → hash of the bytes that lie there; a document with the same is not even read.
    """

    def __init__(self, root: Path, known: dict[str, bytes]) -> None:
        self._root = os.fspath(root)
        self._known = known
        self._staging = f"{self._root}/{STAGING}"
        self._new: list[tuple[str, str]] = []
        self._replaced: list[tuple[str, str]] = []
        self.results: list[Written] = []

    def __enter__(self) -> Batch:
        os.makedirs(self._staging, mode=0o700, exist_ok=True)
        return self

    def put(self, path: str, data: bytes) -> Written:
        """Stage a document if the file at its path has other bytes."""
        content = content_hash(data)
        changed = self._known.get(path) != content and not self._is_there(path, data)
        if changed:
            self._stage(path, data)
        written = Written(path, content, len(data), changed)
        self.results.append(written)
        return written

    def _is_there(self, path: str, data: bytes) -> bool:
        try:
            with open(f"{self._root}/{path}", "rb") as file:
                return os.fstat(file.fileno()).st_size == len(data) and file.read() == data
        except OSError:
            return False

    def _stage(self, path: str, data: bytes) -> None:
        staged = f"{self._staging}/{os.getpid()}-{id(self):x}-{len(self._new) + len(self._replaced)}"
        target = f"{self._root}/{path}"
        handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _FILE_MODE)
        try:
            _write_all(handle, data)
            os.fchmod(handle, _FILE_MODE)
        finally:
            os.close(handle)
        (self._replaced if os.path.lexists(target) else self._new).append((staged, target))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._throw_away()
            if isinstance(error, OSError):
                raise OutputError(self._root, f"cannot write it: {error.strerror}") from error
            return
        try:
            self._sync()
            for staged, target in (*self._new, *self._replaced):
                _rename(staged, target)
        except OSError as problem:
            self._throw_away()
            raise OutputError(self._root, f"cannot write it: {problem.strerror}") from problem

    def _sync(self) -> None:
        if len(self._replaced) > _SYNC_EACH:
            os.sync()
            return
        for staged, _ in self._replaced:
            handle = os.open(staged, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _throw_away(self) -> None:
        for staged, _ in (*self._new, *self._replaced):
            with suppress(OSError):
                os.unlink(staged)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _rename(staged: str, target: str) -> None:
    try:
        os.rename(staged, target)
    except FileNotFoundError:
        _make_folder(os.path.dirname(target))
        os.rename(staged, target)
    except (IsADirectoryError, NotADirectoryError) as error:
        raise OSError(error.errno, f"a file and a folder want one name: {target}") from error


def _make_folder(path: str) -> None:
    """Make a folder and those above it that are missing, open to a web server whatever the umask."""
    missing = []
    while path and not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for folder in reversed(missing):
        with suppress(FileExistsError):  # another process was faster; what is no folder shows at the rename
            os.mkdir(folder, _FOLDER_MODE)
            os.chmod(folder, _FOLDER_MODE)


def settle(root: Path) -> None:
    """Sync what was written, so that a catalog that believes in it is right even after a power cut."""
    os.sync()
    _remove_staging(root)


def clear_staging(root: Path) -> None:
    """Throw away what a run that died left half-written."""
    staging = root / STAGING
    with suppress(OSError):
        for name in os.listdir(staging):
            (staging / name).unlink()
    _remove_staging(root)


def _remove_staging(root: Path) -> None:
    with suppress(OSError):
        (root / STAGING).rmdir()


def remove(root: Path, paths: Iterable[str]) -> int:
    """Remove documents that are no longer made, and the folders that this leaves empty; give how many were there."""
    count = 0
    folders = set()
    for path in paths:
        try:
            (root / path).unlink()
            count += 1
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise OutputError(str(root / path), f"cannot remove it: {error.strerror}") from error
        folders.add(os.path.dirname(path))
    for folder in sorted(folders, key=len, reverse=True):
        while folder:
            try:
                (root / folder).rmdir()
            except OSError:
                break
            folder = os.path.dirname(folder)
    return count


def folder_times(root: Path, folders: Iterable[str]) -> list[tuple[str, int]]:
    """Give the mtime (ns) of output folders, by which a next run sees that something was taken away; absent ones left out."""
    times = []
    for folder in folders:
        with suppress(OSError):
            times.append((folder, os.stat(root / folder).st_mtime_ns))
    return times


def files_in(root: Path, folder: str) -> set[str]:
    """Give the names of the regular files directly in an output folder; none where it is gone."""
    try:
        with os.scandir(root / folder) as entries:
            return {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}
    except OSError:
        return set()


def walk(root: Path) -> Iterable[str]:
    """Go over all regular files below the output folder, hidden ones left out, as relative paths."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        prefix = os.path.relpath(folder, root)
        for name in sorted(names):
            if not name.startswith(".") and stat.S_ISREG(os.lstat(os.path.join(folder, name)).st_mode):
                yield name if prefix == "." else f"{prefix}/{name}"


def head_of(root: Path, path: str, size: int = 2048) -> bytes:
    """Give the first bytes of a file; empty where it cannot be read."""
    try:
        with open(root / path, "rb") as file:
            return file.read(size)
    except OSError:
        return b""
