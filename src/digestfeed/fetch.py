"""Bringing digests from elsewhere into the folder of digests: the counterpart of `mirror`.

Owns what is brought, what is taken away, and which names are let in; refuses reading what a digest says.  A manifest
in the folder says what was brought, as mirror's does at its target.  It is written before the first digest, with all
that may come, and again after the last: a fetch that is cut off is completed by the next, and nothing is ever
overwritten or removed that was not brought.

The names come from whoever may write there, so they are as untrusted as what the digests say.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from digestfeed import write
from digestfeed.errors import SourceError
from digestfeed.sources import SUFFIXES, SourceFault, printable
from digestfeed.storage import Listed, Storage

MANIFEST = ".digestfeed-fetched.json"
"""Where the folder remembers; a hidden name, which no build reads."""

_BATCH = 64  # files asked for together
_BATCH_BYTES = 32_000_000  # and their size, which bounds memory; one file alone may be larger
_NAME_BYTES = 255  # of a file, as common file systems have it
_PATH_BYTES = 1024


class Brought(msgspec.Struct, frozen=True):
    """A digest that was brought: its state there (empty: it may not have come yet), its bytes and mtime (ns) here."""

    state: str = ""
    size: int = -1
    mtime_ns: int = -1


class Manifest(msgspec.Struct, frozen=True):
    """What was brought, and from where."""

    source: str
    files: dict[str, Brought]


class Fetched(msgspec.Struct, frozen=True):
    """What a fetch did: digests brought and their bytes, removed, as they were; and those left alone, with reasons."""

    brought: int
    bytes: int
    removed: int
    unchanged: int
    skipped: tuple[SourceFault, ...]


def fetch(
    source: Storage,
    folder: Path,
    max_bytes: int,
    *,
    allow_shrink: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Fetched:
    """Bring the digests in a folder up to date with those elsewhere.

    No other fetch may run meanwhile: hold the folder's lock.

    Args:
        source: where they are.
        folder: where they come to; it is there.
        max_bytes: how many bytes a digest may have.
        allow_shrink: remove what was brought also when more of it is gone than there is left.
        progress: is told a stage, how many files are done, and of how many.

    Raises:
        SourceError: the source does not answer, has no digest, or suddenly few; or the folder is of another source.
        OutputError: the folder cannot be written.
    """
    known = _known(folder, source)
    every = source.listing()
    wanted, skipped = chosen(every, max_bytes)
    gone = sorted(known.keys() - {file.path for file in every})
    if not allow_shrink:
        _guard(source, len(wanted), len(gone))
    write.clear_staging(folder)
    bringing = _Bringing(source, folder, known, max_bytes)
    other = [file for file in wanted if not bringing.is_here(file)]
    todo = [file for file in other if not bringing.refuses(file.path)]
    bringing.begin(todo, gone)
    done = 0
    for batch in _batches(todo):
        bringing.bring(batch)
        done += len(batch)
        if progress is not None:
            progress("fetching", done, len(todo))
    removed = bringing.remove(gone)
    bringing.end(is_other=bool(todo or gone))
    faults = sorted([*skipped, *bringing.faults], key=lambda fault: fault.path)
    return Fetched(bringing.count, bringing.bytes, removed, len(wanted) - len(other), tuple(faults))


def _guard(source: Storage, there: int, gone: int) -> None:
    """Let nothing be removed because of a source that is empty, or nearly, by accident."""
    if not there:
        raise SourceError(source.url, "expected digests, got none; nothing was removed")
    if gone > there:
        reason = f"{gone} digests are gone there and {there} are left; nothing was changed"
        raise SourceError(source.url, f"{reason}. If that is meant, use --allow-shrink")


# -- which names are let in ----------------------------------------------------------------------------------------


def chosen(listed: Iterable[Listed], max_bytes: int) -> tuple[list[Listed], list[SourceFault]]:
    """Choose the digests among files: those that a build would read, if they lay in the folder.

    Hidden files and those that are no digests by their names are passed over, as a build does; what else is not let
    in is told.
    """
    digests = [file for file in listed if file.path.lower().endswith(SUFFIXES)]
    names = {file.path for file in digests}
    found, faults = [], []
    for file in digests:
        reason = unfit(file.path)
        if reason is None and any(above in names for above in _above(file.path)):
            reason = "expected a file in a folder, got one below another file"
        elif reason is None and file.size is not None and file.size > max_bytes:
            reason = _TOO_LARGE.format(max_bytes, file.size)
        if reason is None:
            found.append(file)
        elif reason:
            faults.append(SourceFault(printable(file.path), reason))
    return found, faults


_TOO_LARGE = "expected at most {} bytes, got {}; raise digests.max_bytes to fetch it"


def _above(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:length]) for length in range(1, len(parts)))


# The first that fits says why a name is not let in; the empty reason need not be told.
_RULES: tuple[tuple[Callable[[str, list[str]], bool], str], ...] = (
    (lambda _, parts: not {"", ".", ".."}.isdisjoint(parts), "expected a name that leads into the folder, got another"),
    (lambda _, parts: any(part.startswith(".") for part in parts), ""),
    (lambda path, _: printable(path) != path, "expected a file name that is printable UTF-8, got one that is not"),
    (
        lambda path, parts: len(path.encode()) > _PATH_BYTES or max(len(part.encode()) for part in parts) > _NAME_BYTES,
        "expected a name that a file system takes, got a longer one",
    ),
)


def unfit(path: str) -> str | None:
    """Say why a file of this name is not let in, None if it is; empty where that need not be told."""
    parts = path.split("/")
    return next((reason for holds, reason in _RULES if holds(path, parts)), None)


# -- what is brought -----------------------------------------------------------------------------------------------


def _batches(files: Sequence[Listed]) -> Iterator[list[Listed]]:
    batch: list[Listed] = []
    size = 0
    for file in files:
        if batch and (len(batch) == _BATCH or size + (file.size or 0) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size or 0
    if batch:
        yield batch


class _Bringing:
    """A fetch under way.

    Attributes:
        count, bytes: what was written.
        faults: what could not be brought, or was left.
    """

    def __init__(self, source: Storage, folder: Path, known: dict[str, Brought], max_bytes: int) -> None:
        self._source = source
        self._folder = folder
        self._known = known
        self._max_bytes = max_bytes
        self._now = dict(known)
        self._own: set[str] = set()  # files that were here, and that no fetch brought
        self.count = self.bytes = 0
        self.faults: list[SourceFault] = []

    def is_here(self, file: Listed) -> bool:
        """Tell whether a file is here as it is there."""
        known = self._known.get(file.path)
        return known is not None and known.state == file.state and self._is_as_brought(file.path)

    def _is_as_brought(self, path: str) -> bool:
        known = self._known[path]
        return (known.size, known.mtime_ns) == _shape(self._folder / path)

    def refuses(self, path: str) -> bool:
        """Tell whether a file cannot be put here, and note why; note also if one is here that was not brought."""
        place = self._folder / path
        inside = os.path.realpath(self._folder)
        if os.path.commonpath([inside, os.path.realpath(place.parent)]) != inside:
            self.faults.append(SourceFault(path, "expected a folder inside the folder, got a link that leads out"))
            return True
        if place.is_dir():
            self.faults.append(SourceFault(path, "expected a place for a file, got a folder"))
            return True
        if path not in self._known and os.path.lexists(place):
            self._own.add(path)
        return False

    def begin(self, todo: Sequence[Listed], gone: Sequence[str]) -> None:
        """Remember what may come from now on."""
        coming = [file.path for file in todo if file.path not in self._own]
        if coming or gone:
            self._remember({**self._known, **dict.fromkeys(coming, Brought())})

    def bring(self, files: Sequence[Listed]) -> None:
        """Bring files, each whole or not at all."""
        limit = self._max_bytes + 1
        full = [file for file in files if file.size != 0]  # to ask for a part of nothing is an error for S3
        read = dict(zip(full, self._source.read_each([file.path for file in full], limit), strict=True))
        come: list[Listed] = []
        with write.Batch(self._folder) as batch:
            for file in files:
                data = read.get(file, b"")
                fault = self._fault_of(file.path, data)
                if fault is not None:
                    self.faults.append(SourceFault(file.path, fault))
                elif isinstance(data, bytes):
                    batch.put(file.path, data)
                    come.append(file)
        self.count += len(batch.written)
        self.bytes += sum(document.size for document in batch.written)
        for file in come:
            self._now[file.path] = Brought(file.state or "", *_shape(self._folder / file.path))

    def _fault_of(self, path: str, data: bytes | OSError) -> str | None:
        if isinstance(data, OSError):
            return f"expected a readable file, got an error: {data.strerror or type(data).__name__}"
        if len(data) > self._max_bytes:
            return _TOO_LARGE.format(self._max_bytes, "more")
        if path in self._own and (self._folder / path).read_bytes() != data:
            return "expected no other file of this name in the folder, got one that was not fetched; it was left"
        return None

    def remove(self, gone: Sequence[str]) -> int:
        """Remove what is gone there, but not what was written anew here; give how many files that were."""
        ours = []
        for path in gone:
            known = self._now.pop(path)
            if not known.state or self._is_as_brought(path) or not os.path.lexists(self._folder / path):
                ours.append(path)
            else:
                self.faults.append(SourceFault(path, "expected it as it was fetched, got another; it was left"))
        return write.remove(self._folder, ours)

    def end(self, *, is_other: bool) -> None:
        """Remember what is here."""
        if is_other:
            write.settle(self._folder)
        if is_other or self._now != self._known:
            self._remember(self._now)
            write.clear_staging(self._folder)

    def _remember(self, files: dict[str, Brought]) -> None:
        manifest = Manifest(_named(self._source), dict(sorted(files.items())))
        with write.Batch(self._folder) as batch:
            batch.put(MANIFEST, msgspec.json.encode(manifest))


def _shape(path: Path) -> tuple[int, int]:
    try:
        info = path.lstat()
    except OSError:
        return -1, -1
    return info.st_size, info.st_mtime_ns


def _known(folder: Path, source: Storage) -> dict[str, Brought]:
    """Read what the folder remembers."""
    path = folder / MANIFEST
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SourceError(os.fspath(path), f"cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise SourceError(os.fspath(path), f"expected what digestfeed wrote, got: {error}") from error
    if found.source != _named(source):
        reason = f"it holds what was fetched from {found.source}; fetch {_named(source)} into another folder"
        raise SourceError(os.fspath(folder), reason)
    return {path: one for path, one in found.files.items() if unfit(path) is None}


def _named(source: Storage) -> str:
    """Name a source whoever logs in to it: by its URL, or by where its folder lies."""
    parts = urlsplit(source.url)
    if "://" not in source.url:
        return os.path.realpath(source.url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
