"""Finding and decoding digest files: the door by which digests come in.

Owns what counts as a digest file and how its bytes become text; refuses parsing.  Only regular files are read,
up to a size; links are followed only where they stay inside the digests folder.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import msgspec

from digestfeed.errors import SourceError

SUFFIXES = (".md", ".markdown", ".txt")


class SourceFile(msgspec.Struct, frozen=True):
    """A digest file as the folder shows it: path relative to the folder with `/`, size in bytes, mtime in ns."""

    path: str
    size: int
    mtime_ns: int


class SourceFault(msgspec.Struct, frozen=True):
    """A file or folder that cannot be taken as a digest, and why: expected …, got …."""

    path: str
    reason: str


class SourceText(msgspec.Struct, frozen=True):
    """A digest file's text; `note` says how it was decoded where that was not UTF-8, `hash` is of the bytes."""

    path: str
    text: str
    hash: bytes
    note: str | None = None


def require(folder: str | os.PathLike[str]) -> str:
    """Give the path of a folder of digests.

    Raises:
        SourceError: it is missing, or none.
    """
    root = os.fspath(folder)
    if not os.path.isdir(root):
        reason = "expected a folder of digests, got a file" if os.path.exists(root) else "no such folder of digests"
        raise SourceError(root, reason)
    return root


def scan(folder: str | os.PathLike[str]) -> tuple[list[SourceFile], list[SourceFault]]:
    """List the digest files below a folder, hidden names skipped, in order of path.

    Raises:
        SourceError: the folder is missing, is none, or cannot be listed.
    """
    root = require(folder)
    walk = _Walk(root)
    walk.enter("", root)
    walk.found.sort(key=lambda file: file.path)
    walk.faults.sort(key=lambda fault: fault.path)
    return walk.found, walk.faults


class _Walk:
    """A walk over a folder and all below it; each folder is entered once, whatever links lead to it."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._inside = os.path.realpath(root)
        self._seen: set[tuple[int, int]] = set()
        self._pending: list[tuple[str, str]] = []
        self.found: list[SourceFile] = []
        self.faults: list[SourceFault] = []

    def enter(self, prefix: str, path: str) -> None:
        """Take all below a folder; `prefix` is its path from the root, `` or ending with a slash."""
        self._pending = [(prefix, path)]
        while self._pending:
            prefix, path = self._pending.pop()
            try:
                entries = list(os.scandir(path))
            except OSError as error:
                if not prefix:
                    raise SourceError(self._root, f"cannot list it: {error.strerror}") from error
                self._fault(prefix.rstrip("/"), f"expected a folder that can be listed: {error.strerror}")
                continue
            for entry in entries:
                if not entry.name.startswith("."):
                    self._take(entry, prefix + entry.name)

    def _take(self, entry: os.DirEntry[str], name: str) -> None:
        try:
            if entry.is_symlink() and not self._leads_inside(entry, name):
                return
            info = entry.stat()
        except OSError as error:
            self._fault(name, f"expected a readable file: {error.strerror}")
            return
        if stat.S_ISDIR(info.st_mode):
            self._take_folder(entry, name, info)
        elif entry.name.lower().endswith(SUFFIXES):
            self._take_file(name, info)

    def _leads_inside(self, entry: os.DirEntry[str], name: str) -> bool:
        real = os.path.realpath(entry.path)
        inside = real == self._inside or real.startswith(self._inside + os.sep)
        if not inside and entry.name.lower().endswith(SUFFIXES):
            self._fault(name, "expected a file inside the folder, got a link that leads out")
        return inside

    def _take_folder(self, entry: os.DirEntry[str], name: str, info: os.stat_result) -> None:
        place = (info.st_dev, info.st_ino)
        if not entry.is_symlink() and place not in self._seen:  # what a link shows is there under its own name too
            self._seen.add(place)
            self._pending.append((name + "/", entry.path))

    def _take_file(self, name: str, info: os.stat_result) -> None:
        if not stat.S_ISREG(info.st_mode):
            self._fault(name, "expected a regular file, got something else")
        elif printable(name) != name:
            self._fault(name, "expected a file name that is printable UTF-8")
        else:
            self.found.append(SourceFile(name, info.st_size, info.st_mtime_ns))

    def _fault(self, name: str, reason: str) -> None:
        self.faults.append(SourceFault(printable(name), reason))


def printable(name: str) -> str:
    """Write a file name so that it can be printed: what is no UTF-8 or no printable character as an escape."""
    if name.isprintable():
        return name
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in name
    )


def read(folder: str | os.PathLike[str], path: str, max_bytes: int) -> SourceText | SourceFault:
    r"""Read and decode one file: UTF-8, UTF-16 by its mark, else CP949 (said so in `note`).

    Line ends come out as `\n`: CRLF, CR and NEL alike.
    """
    try:
        data = _bytes(Path(folder, path), max_bytes + 1)
    except OSError as error:
        return SourceFault(path, f"expected a readable file: {error.strerror}")
    if len(data) > max_bytes:
        return SourceFault(path, f"expected at most {max_bytes} bytes, got more; raise digests.max_bytes to read it")
    digest = hashlib.blake2b(data, digest_size=16).digest()
    decoded = _decode(data)
    if decoded is None:
        return SourceFault(path, "expected UTF-8 text, got bytes that are neither that nor CP949")
    text, note = decoded
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return SourceText(path, text.replace("\x85", "\n"), digest, note)


def _bytes(path: Path, limit: int) -> bytes:
    """Read at most `limit` bytes of a regular file; never waits on a pipe that took its place."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0))
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "it is no regular file")
        return file.read(limit)


_MARKED: tuple[tuple[str, str | None], ...] = (("utf-16", "UTF-16"),)
_UNMARKED: tuple[tuple[str, str | None], ...] = (("utf-8-sig", None), ("cp949", "CP949"))


def _decode(data: bytes) -> tuple[str, str | None] | None:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding, note in _MARKED if marked else _UNMARKED:
        try:
            return data.decode(encoding), note
        except UnicodeDecodeError:
            continue
    return None
