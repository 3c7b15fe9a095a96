"""Writing the output: the door by which documents go out.

Owns how a file comes to be: written aside, synced, renamed, so that each public file is at every moment whole,
the old or the new; written only where its bytes differ; removed only where this program made it.  Refuses any
knowledge of what is in a file.

Files are staged in a hidden folder of the output and renamed from there in batches; a folder that is not there yet
is staged whole and takes one rename.  A file that replaces another is synced before its rename.  For a new one
there is nothing that could be torn: those are synced all together before the catalog believes in them.

What a run that died left staged is taken away by the next.  That is a fence too: a process that outlives the build
it worked for finds nothing to rename any more, and stages nothing new.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from digestfeed.errors import BusyError, OutputError

STAGING = ".staging"
_TAKEN = ".staging.old"  # where a dead run's staging folder goes before it is emptied
_SYNC_EACH = 24  # more replaced files than this in a batch: one sync of everything is cheaper than one each
_UMASK = 0o022  # public files are 0644, folders 0755, whatever the caller's umask


class Written(msgspec.Struct, frozen=True, array_like=True):
    """A document that was written: its path and its size in bytes."""

    path: str
    size: int


class _Public:
    """Makes files and folders that everyone may read, whatever the caller's umask, which is the whole process's.

    So it is set by the first that comes in, of whatever thread, and restored by the last that leaves.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._inside = 0
        self._before = 0

    def __enter__(self) -> None:
        with self._guard:
            if not self._inside:
                self._before = os.umask(_UMASK)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._inside -= 1
            if not self._inside:
                os.umask(self._before)


_public = _Public()


class Lock:
    """The right to write into one folder: an flock on it, gone with the process however that ends."""

    def __init__(self, root: Path) -> None:
        self._path = root
        self._name = str(root)
        self._handle = -1

    def __enter__(self) -> Self:
        try:
            self._handle = self._open()
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._handle)
            raise BusyError(self._name) from error
        except OSError as error:
            raise OutputError(self._name, f"{self._cannot}: {error.strerror}") from error
        _held.add(self._handle)
        return self

    _cannot = "cannot use this folder"

    def _open(self) -> int:
        with _public:
            self._path.mkdir(parents=True, exist_ok=True)
        return os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __exit__(self, *_: object) -> None:
        _held.discard(self._handle)
        os.close(self._handle)


class CatalogLock(Lock):
    """The right to use one catalog, of whatever outputs: a file beside it, which stays.

    Args:
        catalog: the catalog's file.
    """

    _cannot = "cannot use the catalog"

    def __init__(self, catalog: Path) -> None:
        super().__init__(catalog.with_name(catalog.name + ".lock"))
        self._name = str(catalog)

    def _open(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)


_held: set[int] = set()


def _let_go() -> None:
    """In a forked child: give up the parent's locks, or a child that outlives a killed parent would keep them."""
    for handle in _held:
        with suppress(OSError):
            os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)

_builder: int | None = None


def only_for(builder: int) -> None:
    """In a process that works for another: write nothing once that is gone.

    Args:
        builder: the id of the process that holds the lock, the parent of this one.
    """
    global _builder  # noqa: PLW0603 -- it is the process's
    _builder = builder


def _check_builder() -> None:
    if _builder is not None and os.getppid() != _builder:
        raise OSError(errno.ECANCELED, "the build that this was for is gone")


class Batch:
    """Documents that go out together.  On leaving without an error they are renamed into place, else thrown away.

    Args:
        root: the output folder.

    Attributes:
        written: the documents whose bytes were not there yet.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        self._staging = f"{self._root}/{STAGING}/{os.getpid()}-{id(self):x}"
        self._folders: dict[str, str | None] = {}  # folder → where it is staged whole; None: it is there already
        self._new: list[tuple[str, str]] = []
        self._replaced: list[tuple[str, str]] = []
        self.written: list[Written] = []

    def __enter__(self) -> Self:
        _public.__enter__()
        try:
            os.makedirs(self._staging, exist_ok=True)
            _check_builder()  # after that: who sees it alive has its folder where the next build takes it away
        except OSError as error:
            _clear(self._staging)
            _public.__exit__()
            raise OutputError(self._root, f"cannot write it: {error.strerror}") from error
        return self

    def put(self, path: str, data: bytes) -> None:
        """Stage a document if the file at its path has other bytes, or is not there."""
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._place(folder)
        whole = self._folders[folder]
        if whole is not None:
            _write(f"{whole}/{name}", data)
        else:
            there = self._compare(path, data)
            if there is True:
                return
            staged = f"{self._staging}/{len(self.written)}"
            _write(staged, data)
            (self._new if there is None else self._replaced).append((staged, f"{self._root}/{path}"))
        self.written.append(Written(path, len(data)))

    def _place(self, folder: str) -> str | None:
        """Tell where a folder is staged that is not there yet."""
        if os.path.lexists(f"{self._root}/{folder}"):
            return None
        staged = f"{self._staging}/folder{len(self._folders)}"
        os.mkdir(staged)
        return staged

    def _compare(self, path: str, data: bytes) -> bool | None:
        """Tell whether the file at a path has these bytes; None where there is none."""
        try:
            with open(f"{self._root}/{path}", "rb", buffering=0) as file:
                return os.fstat(file.fileno()).st_size == len(data) and file.read() == data
        except FileNotFoundError:
            return None
        except OSError:
            return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._sync()
                self._publish()
        except OSError as problem:
            error = problem
        finally:
            _clear(self._staging)
            _public.__exit__()
        if isinstance(error, OSError):
            place = error.filename2 or error.filename or self._root
            raise OutputError(str(place), f"cannot write it: {error.strerror}") from error

    def _publish(self) -> None:
        for folder, whole in self._folders.items():
            if whole is not None:
                self._publish_folder(whole, f"{self._root}/{folder}")
        for staged, target in (*self._new, *self._replaced):
            os.rename(staged, target)

    @staticmethod
    def _publish_folder(whole: str, target: str) -> None:
        """Rename a folder into place; where another process was first, its files one by one."""
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            os.rename(whole, target)
        except OSError:
            for name in os.listdir(whole):
                os.rename(f"{whole}/{name}", f"{target}/{name}")

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


def _write(path: str, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        done = os.write(handle, data)
        while done < len(data):
            done += os.write(handle, data[done:])
    finally:
        os.close(handle)


def settle(root: Path) -> None:
    """Sync what was written, so that a catalog that believes in it is right even after a power cut."""
    os.sync()
    clear_staging(root)


def clear_staging(root: Path) -> None:
    """Throw away what a run that died left half-written.

    It is renamed before it is emptied: from then on nobody who still works for that run can publish any of it.
    """
    taken = f"{root}/{_TAKEN}"
    _clear(taken)
    with suppress(OSError):
        os.rename(f"{root}/{STAGING}", taken)
        _clear(taken)


def _clear(folder: str) -> None:
    for place, folders, names in os.walk(folder, topdown=False):
        with suppress(OSError):
            for name in names:
                os.unlink(f"{place}/{name}")
            for name in folders:
                os.rmdir(f"{place}/{name}")
    with suppress(OSError):
        os.rmdir(folder)


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
        _remove_empty(root, folder)
    return count


def _remove_empty(root: Path, folder: str) -> None:
    """Remove a folder that holds nothing, and those above it that then hold nothing."""
    while folder:
        try:
            (root / folder).rmdir()
        except OSError:
            return
        folder = os.path.dirname(folder)


def folder_times(root: Path, folders: Iterable[str]) -> list[tuple[str, int]]:
    """Give the mtime (ns) of the output folders that are there; by it a next run sees that something was taken."""
    times = []
    for folder in folders:
        with suppress(OSError):
            times.append((folder, os.stat(root / folder).st_mtime_ns))
    return times


def is_there(root: Path, path: str) -> bool:
    """Tell whether there is a file at an output path."""
    return os.path.isfile(root / path)


def files_in(root: Path, folder: str) -> set[str]:
    """Give the names of the regular files directly in an output folder; none where it is gone."""
    try:
        with os.scandir(root / folder) as entries:
            return {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}
    except OSError:
        return set()


def walk(root: Path, unlisted: Callable[[OSError], object] | None = None) -> Iterable[str]:
    """Go over all regular files below the output folder, hidden ones left out, as relative paths.

    A folder that cannot be listed is passed over; `unlisted` is told of it, by the error with the folder's name.
    """
    for folder, folders, names in os.walk(root, onerror=unlisted):
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


def create(root: Path, path: str, data: bytes) -> bool:
    """Write a file that is not there yet, below a folder; tell whether it was not.

    Raises:
        OutputError: it cannot be written.
    """
    place = root / path
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(data)
    except FileExistsError:
        return False
    except OSError as error:
        raise OutputError(os.fspath(place), f"cannot write it: {error.strerror}") from error
    return True
