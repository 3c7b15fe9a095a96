"""Putting the output where people find it.

Owns what is sent, in which order, and what is taken away; refuses making content.  A manifest at the target says
what was put there.  It is written before the first file, with every file that may be put, and again after the last:
so a publication that is cut off is completed by the next, and nothing is ever removed that was not put there.

What links to something is sent after it: data, pages and archive documents first, then the documents that readers
poll, last what says that all is well.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import msgspec

from digestfeed import urls, write
from digestfeed.errors import OutputError
from digestfeed.media import media_type
from digestfeed.storage import Storage

MANIFEST = ".digestfeed-published.json"
"""The manifest's path at the target: a hidden name, which web servers do not show."""

_PENDING = ""  # the hash of a file that may or may not be there


class Sent(msgspec.Struct, frozen=True):
    """A file at the target: its bytes, the mtime (ns) of the output's file that it was made from, and its SHA-256."""

    size: int
    mtime_ns: int
    hash: str


class Manifest(msgspec.Struct, frozen=True):
    """What was put at the target, by path."""

    files: dict[str, Sent]


class Mirrored(msgspec.Struct, frozen=True):
    """What a publication did: files sent and their bytes, files removed, files that were there already."""

    sent: int
    bytes: int
    removed: int
    unchanged: int


# The first that fits counts.  docs/servers has the same for a server of one's own.
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
    return {"ContentType": media_type(path), "CacheControl": cache}


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


def mirror(out: Path, target: Storage, progress: Callable[[str, int, int], None] | None = None) -> Mirrored:
    """Bring the target up to date with the output: send what is new or changed, then remove what is no longer made.

    No build may run meanwhile: hold the output's lock.  `progress` is told a stage, how many files are done, and of
    how many.

    Raises:
        OutputError: the output is empty or cannot be read, or the target cannot be written.
    """
    unlisted: list[OSError] = []
    here = dict(_files(out, unlisted.append))
    if not here:
        raise OutputError(os.fspath(out), "expected a built site, got an empty folder; digestfeed build first")
    there = _manifest(target)
    gone = sorted(there.keys() - here.keys())
    _guard(out, gone, unlisted)
    found = {path: _compared(out, path, state, there.get(path)) for path, state in here.items()}
    todo = sorted((turn(path), path) for path, sent in found.items() if not _is_there(sent, there.get(path)))
    done = total = 0
    if todo or gone:
        pending = {path: Sent(0, 0, _PENDING) for _, path in todo}
        _remember(target, {**there, **pending})
    for batch in _batches(todo):
        files = [(path, _read(out, path)) for path in batch]
        target.put(files, _headers)
        done += len(files)
        total += sum(len(data) for _, data in files)
        if progress is not None:
            progress("publishing", done, len(todo))
    target.remove(gone)
    if found != there:
        _remember(target, found)
    return Mirrored(len(todo), total, len(gone), len(here) - len(todo))


def _guard(out: Path, gone: Sequence[str], unlisted: Iterable[OSError]) -> None:
    """Take no file for gone because its folder cannot be listed."""
    for error in unlisted:
        folder = Path(error.filename)
        if any((out / path).is_relative_to(folder) for path in gone):
            raise OutputError(os.fspath(folder), f"cannot be listed: {error.strerror}") from error


_BATCH = 64


def _batches(todo: Sequence[tuple[int, str]]) -> Iterator[list[str]]:
    """Cut what is to be sent, (turn, path) in order, into batches of one turn each."""
    for _, group in groupby(todo, key=itemgetter(0)):
        paths = [path for _, path in group]
        for start in range(0, len(paths), _BATCH):
            yield paths[start : start + _BATCH]


def _files(out: Path, unlisted: Callable[[OSError], object]) -> Iterator[tuple[str, tuple[int, int]]]:
    for path in sorted(write.walk(out, unlisted)):
        info = (out / path).stat()
        yield path, (info.st_size, info.st_mtime_ns)


def _read(out: Path, path: str) -> bytes:
    try:
        return (out / path).read_bytes()
    except OSError as error:
        raise OutputError(os.fspath(out / path), f"cannot be read: {error.strerror}") from error


def _compared(out: Path, path: str, state: tuple[int, int], known: Sent | None) -> Sent:
    """Say what a file is; it is read only if its size or mtime differs from when it was sent."""
    if known is not None and known.hash != _PENDING and (known.size, known.mtime_ns) == state:
        return known
    return Sent(*state, hashlib.sha256(_read(out, path)).hexdigest())


def _is_there(sent: Sent, known: Sent | None) -> bool:
    return known is not None and known.hash == sent.hash


def _manifest(target: Storage) -> dict[str, Sent]:
    data = target.read(MANIFEST)
    if data is None:
        return {}
    try:
        return msgspec.json.decode(data, type=Manifest).files
    except msgspec.MsgspecError as error:
        raise OutputError(target.url, f"expected what digestfeed wrote in {MANIFEST}, got: {error}") from error


def _remember(target: Storage, files: dict[str, Sent]) -> None:
    target.put([(MANIFEST, msgspec.json.encode(Manifest(dict(sorted(files.items())))))], _headers)
