"""Putting the output where people find it: a folder, S3-compatible storage, SFTP, whatever fsspec reaches.

Owns what is sent, in which order, and what is taken away; refuses making content.  A manifest at the target says
what was put there.  It is written before the first file, with every file that may be put, and again after the last:
so a publication that is cut off is completed by the next, and nothing is ever removed that was not put there.

What links to something is sent after it: data, pages and archive documents first, then the documents that readers
poll, last what says that all is well.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Protocol

import msgspec

from digestfeed import serve, urls, write
from digestfeed.errors import OutputError

MANIFEST = ".digestfeed-published.json"
"""Where the target remembers; a hidden name, which web servers do not show."""

_PENDING = ""  # the hash of a file that may or may not be there
_PARTIAL = ".digestfeed-partial"
_THREADS = 16  # requests under way to storage that answers each by itself


class Sent(msgspec.Struct, frozen=True):
    """A file at the target: its size, the mtime (ns) of the output's file that it was made from, and its SHA-256."""

    size: int
    mtime_ns: int
    hash: str


class Manifest(msgspec.Struct, frozen=True):
    """What was put at the target, by path."""

    files: dict[str, Sent]


class Mirrored(msgspec.Struct, frozen=True):
    """What a publication did."""

    sent: int
    bytes: int
    removed: int
    unchanged: int


class Storage(Protocol):
    """What is asked of a file system of fsspec."""

    async_impl: bool

    def cat_file(self, path: str) -> bytes:
        """Give a file's bytes."""

    def pipe_file(self, path: str, value: bytes, **kwargs: str) -> None:
        """Write a file."""

    def rm_file(self, path: str) -> None:
        """Remove a file."""

    def mv(self, path1: str, path2: str) -> None:
        """Rename a file, over one that is there."""

    def makedirs(self, path: str, *, exist_ok: bool) -> None:
        """Make a folder and those above it."""


def open_target(url: str) -> Target:
    """Open the storage that a URL or a path names.

    Raises:
        OutputError: the library for it is missing, or it does not answer.
    """
    try:
        import fsspec  # noqa: PLC0415 -- an extra

        storage, root = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise OutputError(url, f"{error}; pip install 'digestfeed[publish]' brings what is needed") from error
    except Exception as error:  # each kind of storage has errors of its own
        raise OutputError(url, _said("cannot be opened", error)) from error
    return Target(url, storage, root)


class Target:
    """A place for files, by their paths in the output; `url` names it for people."""

    def __init__(self, url: str, storage: Storage, root: str) -> None:
        self.url = url
        self._storage = storage
        self._root = root.rstrip("/")
        kind = type(storage).__module__.partition(".")[0]
        self._is_objects = kind in {"s3fs", "gcsfs", "adlfs"}  # whole or not at all, with headers, and no folders
        self._threads = _THREADS if storage.async_impl else 1
        self._folders: set[str] = set()

    def read(self, path: str) -> bytes | None:
        """Give a file's bytes; None where it is not there.

        Raises:
            OutputError: the target does not answer.
        """
        try:
            return self._storage.cat_file(self._place(path))
        except FileNotFoundError:
            return None
        except Exception as error:
            raise OutputError(self.url, _said(f"cannot read {path}", error)) from error

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Put files, each whole or not at all, several at a time where the storage allows.

        Raises:
            OutputError: one of them cannot be written.
        """
        self._each(self._put, files)

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files; those that are gone already are no fault.

        Raises:
            OutputError: one of them cannot be removed.
        """
        self._each(self._remove, [(path,) for path in paths])

    def _each(self, function: Callable[..., None], calls: Sequence[tuple[object, ...]]) -> None:
        with ThreadPoolExecutor(self._threads) as pool:
            for done in [pool.submit(function, *call) for call in calls]:
                done.result()

    def _put(self, path: str, data: bytes) -> None:
        place = self._place(path)
        try:
            if self._is_objects:
                self._storage.pipe_file(place, data, **_headers(path))
                return
            folder = place.rpartition("/")[0]
            if folder not in self._folders:
                self._storage.makedirs(folder, exist_ok=True)
                self._folders.add(folder)
            self._storage.pipe_file(place + _PARTIAL, data)
            self._storage.mv(place + _PARTIAL, place)
        except Exception as error:
            raise OutputError(self.url, _said(f"cannot write {path}", error)) from error

    def _remove(self, path: str) -> None:
        try:
            self._storage.rm_file(self._place(path))
        except FileNotFoundError:
            pass
        except Exception as error:
            raise OutputError(self.url, _said(f"cannot remove {path}", error)) from error

    def _place(self, path: str) -> str:
        return f"{self._root}/{path}"


def _said(what: str, error: Exception) -> str:
    return f"{what}: {' '.join(str(error).split()) or type(error).__name__}"


# The first that fits; the same as docs/servers has it for a server of one's own.
_CACHE: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda path: path == urls.STATUS, "no-cache"),
    (lambda path: path.startswith("assets/"), "max-age=3600"),
    (lambda path: path.startswith("feeds/") and "/archive/" in path, "max-age=86400"),
    (lambda path: urls.is_subscription(path) or path.endswith(".opml"), "max-age=3600"),
    (lambda _: True, "max-age=600"),
)


def _headers(path: str) -> dict[str, str]:
    """The headers with which object storage is to answer, as S3 names them."""
    cache = next(value for fits, value in _CACHE if fits(path))
    return {"ContentType": serve.media_type(path), "CacheControl": cache}


# What is linked to comes before what links to it.
_TURNS: tuple[Callable[[str], bool], ...] = (
    lambda path: path.startswith("assets/"),
    lambda path: path.startswith(("papers/", "search/")) and path != urls.SEARCH_ENTRY,
    lambda path: path.startswith("archive/") or "/archive/" in path,
    lambda path: path.startswith("feeds/") and not urls.is_subscription(path),
    urls.is_subscription,
    lambda path: path != urls.STATUS,
    lambda _: True,
)


def turn(path: str) -> int:
    """Tell in which turn a file is sent."""
    return next(number for number, fits in enumerate(_TURNS) if fits(path))


def mirror(out: Path, target: Target, progress: Callable[[str, int, int], None] | None = None) -> Mirrored:
    """Bring the target up to date with the output: send what is new or other, then remove what is no longer made.

    No build may run meanwhile: hold the output's lock.

    Raises:
        OutputError: the output is empty or cannot be read, or the target cannot be written.
    """
    here = dict(_files(out))
    if not here:
        raise OutputError(os.fspath(out), "expected a built site, got an empty folder")
    there = _manifest(target)
    found = {path: _compared(out, path, state, there.get(path)) for path, state in here.items()}
    todo = sorted((turn(path), path) for path, sent in found.items() if not _is_there(sent, there.get(path)))
    gone = sorted(there.keys() - here.keys())
    done = total = 0
    if todo or gone:
        pending = {path: Sent(0, 0, _PENDING) for _, path in todo}
        _remember(target, {**there, **pending})
    for _, group in groupby(todo, key=lambda one: one[0]):
        for batch in _batches([path for _, path in group]):
            files = [(path, (out / path).read_bytes()) for path in batch]
            target.put(files)
            done += len(files)
            total += sum(len(data) for _, data in files)
            if progress is not None:
                progress("publishing", done, len(todo))
    target.remove(gone)
    if found != there:
        _remember(target, found)
    return Mirrored(len(todo), total, len(gone), len(here) - len(todo))


_BATCH = 64


def _batches(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(paths), _BATCH):
        yield paths[start : start + _BATCH]


def _files(out: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    for path in sorted(write.walk(out)):
        info = (out / path).stat()
        yield path, (info.st_size, info.st_mtime_ns)


def _compared(out: Path, path: str, state: tuple[int, int], known: Sent | None) -> Sent:
    """Say what a file is; it is read only if its size or mtime is another than when it was sent."""
    if known is not None and known.hash != _PENDING and (known.size, known.mtime_ns) == state:
        return known
    return Sent(*state, hashlib.sha256((out / path).read_bytes()).hexdigest())


def _is_there(sent: Sent, known: Sent | None) -> bool:
    return known is not None and known.hash == sent.hash


def _manifest(target: Target) -> dict[str, Sent]:
    data = target.read(MANIFEST)
    if data is None:
        return {}
    try:
        return msgspec.json.decode(data, type=Manifest).files
    except msgspec.MsgspecError as error:
        raise OutputError(target.url, f"expected what digestfeed wrote in {MANIFEST}, got: {error}") from error


def _remember(target: Target, files: dict[str, Sent]) -> None:
    target.put([(MANIFEST, msgspec.json.encode(Manifest(dict(sorted(files.items())))))])
