"""Finding and decoding digest files: the door by which digests come in.

Owns what counts as a digest file and how its bytes become text; refuses parsing.  Only regular files are read,
up to a size; links are followed only where they stay inside the digests folder.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
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


def scan(folder: str | os.PathLike[str]) -> tuple[list[SourceFile], list[SourceFault]]:
    """List the digest files below a folder, hidden names skipped, in order of path.

    Raises:
        SourceError: the folder is missing, is none, or cannot be listed.
    """
    root = os.fspath(folder)
    if not os.path.isdir(root):
        reason = (
            "expected a folder of digests, got a file"
            if os.path.exists(root)
            else "no such folder of digests"
        )
        raise SourceError(root, reason)
    found: list[SourceFile] = []
    faults: list[SourceFault] = []
    inside = os.path.realpath(root)
    seen: set[tuple[int, int]] = set()
    pending = [("", root)]
    while pending:
        prefix, path = pending.pop()
        try:
            entries = list(os.scandir(path))
        except OSError as error:
            if not prefix:
                raise SourceError(root, f"cannot list it: {error.strerror}") from error
            faults.append(
                SourceFault(
                    printable(prefix.rstrip("/")), f"expected a folder that can be listed: {error.strerror}"
                )
            )
            continue
        pending += _take(entries, prefix, inside, seen, found, faults)
    found.sort(key=lambda file: file.path)
    faults.sort(key=lambda fault: fault.path)
    return found, faults


def _take(
    entries: list[os.DirEntry[str]],
    prefix: str,
    inside: str,
    seen: set[tuple[int, int]],
    found: list[SourceFile],
    faults: list[SourceFault],
) -> Iterator[tuple[str, str]]:
    """Sort a folder's entries into files, faults, and the folders to go on with."""
    for entry in entries:
        name = prefix + entry.name
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_symlink() and not _stays_inside(entry.path, inside):
                if entry.name.lower().endswith(SUFFIXES):
                    faults.append(
                        SourceFault(
                            printable(name), "expected a file inside the folder, got a link that leads out"
                        )
                    )
                continue
            info = entry.stat()
        except OSError as error:
            faults.append(SourceFault(printable(name), f"expected a readable file: {error.strerror}"))
            continue
        if stat.S_ISDIR(info.st_mode):
            if entry.is_symlink() or (info.st_dev, info.st_ino) in seen:
                continue  # what a link shows is there under its own name too
            seen.add((info.st_dev, info.st_ino))
            yield name + "/", entry.path
        elif entry.name.lower().endswith(SUFFIXES):
            fault = _fault_of(name, info)
            if fault:
                faults.append(fault)
            else:
                found.append(SourceFile(name, info.st_size, info.st_mtime_ns))


def _fault_of(name: str, info: os.stat_result) -> SourceFault | None:
    if not stat.S_ISREG(info.st_mode):
        return SourceFault(printable(name), "expected a regular file, got something else")
    if printable(name) != name:
        return SourceFault(printable(name), "expected a file name that is printable UTF-8")
    return None


def _stays_inside(path: str, inside: str) -> bool:
    real = os.path.realpath(path)
    return real == inside or real.startswith(inside + os.sep)


def printable(name: str) -> str:
    """Write a file name so that it can be printed: what is no UTF-8 or no printable character as an escape."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in name
    )


def read(folder: str | os.PathLike[str], path: str, max_bytes: int) -> SourceText | SourceFault:
    """Read and decode one file: UTF-8, UTF-16 by its mark, else CP949 (said so in `note`).

    Line ends come out as `\\n`: CRLF, CR and NEL alike.
    """
    try:
        data = _bytes(Path(folder, path), max_bytes + 1)
    except OSError as error:
        return SourceFault(path, f"expected a readable file: {error.strerror}")
    if len(data) > max_bytes:
        return SourceFault(
            path, f"expected at most {max_bytes} bytes, got more; raise digests.max_bytes to read it"
        )
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
