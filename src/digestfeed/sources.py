"""Finding and decoding digest files: the door by which digests come in.

Owns what counts as a digest file; refuses parsing.  Only regular files are read, up to a size; links are followed
only where they stay inside the digests folder.  The operator's own files, config and templates, come in here too.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

import msgspec

from digestfeed import encodings
from digestfeed.config import CONFIG_NAME, Config, parse_config
from digestfeed.errors import ConfigError, SourceError

SUFFIXES = (".md", ".markdown", ".txt")
NAMED = "*.md, *.markdown or *.txt"
"""The same, for sentences."""


class SourceFile(msgspec.Struct, frozen=True):
    """A digest file as the folder shows it: path relative to the folder with `/`, size in bytes, mtime in ns."""

    path: str
    size: int
    mtime_ns: int


class SourceFault(msgspec.Struct, frozen=True):
    """A file or folder that cannot be taken as a digest, and why: expected …, got …; of a kind of `problems`."""

    path: str
    reason: str
    kind: str = "unreadable"

    @property
    def told(self) -> str:
        """The kind and the reason in one, as the catalog keeps it of a digest."""
        return f"{self.kind}: {self.reason}"


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
        raise SourceError(root, reason, is_missing=True)
    return root


def would_read(folder: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Tell whether a scan of a folder would come through another one, which need not be there yet."""
    inside = os.path.relpath(os.path.realpath(other), os.path.realpath(folder)).split(os.sep)
    return inside == ["."] or not any(name.startswith(".") for name in inside)


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


def read_config(path: str | os.PathLike[str] = CONFIG_NAME) -> Config:
    """Read a config file, by default `digestfeed.toml` in the current folder.

    Raises:
        ConfigError: it cannot be read, or a key of it cannot be used; says which, and its line.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "expected UTF-8"
        raise ConfigError(os.fspath(path), f"cannot read the config: {reason}", is_unread=True) from error
    return parse_config(os.fspath(path), text)


def templates(folder: str | os.PathLike[str]) -> dict[str, str]:
    """Read the operator's own templates: name (with `/`) → text; none where there is no such folder.

    Raises:
        ConfigError: one of them cannot be read, or is no UTF-8.
    """
    root = Path(folder)
    found = {}
    for path in sorted(root.rglob("*.html")):
        name = path.relative_to(root).as_posix()
        try:
            found[name] = path.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigError(str(path), "expected UTF-8 text") from error
        except OSError as error:
            raise ConfigError(str(path), f"cannot be read: {error.strerror}") from error
    return found


_CANNOT_READ = "expected a readable file, got an error: {}"
_EFFECTIVE = os.access in os.supports_effective_ids


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
                _blame(error, self._root)
                if not prefix:
                    raise SourceError(self._root, f"cannot list it: {error.strerror}") from error
                self._fault(prefix.rstrip("/"), f"expected a folder that can be listed, got an error: {error.strerror}")
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
            _blame(error, self._root)
            self._fault(name, _CANNOT_READ.format(error.strerror))
            return
        if stat.S_ISDIR(info.st_mode):
            self._take_folder(entry, name, info)
        elif entry.name.lower().endswith(SUFFIXES):
            self._take_file(name, entry.path, info)

    def _leads_inside(self, entry: os.DirEntry[str], name: str) -> bool:
        real = os.path.realpath(entry.path)
        inside = real == self._inside or _is_inside(real, self._inside)
        if not inside and entry.name.lower().endswith(SUFFIXES):
            self._fault(name, _OUTSIDE, "link-outside")
        return inside

    def _take_folder(self, entry: os.DirEntry[str], name: str, info: os.stat_result) -> None:
        place = (info.st_dev, info.st_ino)
        if not entry.is_symlink() and place not in self._seen:  # what a link shows is there under its own name too
            self._seen.add(place)
            self._pending.append((name + "/", entry.path))

    def _take_file(self, name: str, path: str, info: os.stat_result) -> None:
        if not stat.S_ISREG(info.st_mode):
            self._fault(name, "expected a regular file, got something else", "not-a-file")
        elif printable(name) != name:
            self._fault(name, "expected a file name that is printable UTF-8, got one that is not", "bad-file-name")
        elif not info.st_mode & stat.S_IROTH and not os.access(path, os.R_OK, effective_ids=_EFFECTIVE):
            self._fault(name, _CANNOT_READ.format(os.strerror(errno.EACCES)))  # also where it was read once
        else:
            self.found.append(SourceFile(name, info.st_size, info.st_mtime_ns))

    def _fault(self, name: str, reason: str, kind: str = "unreadable") -> None:
        self.faults.append(SourceFault(printable(name), reason, kind))


_OURS = frozenset([errno.EMFILE, errno.ENFILE, errno.ENOMEM])


def _blame(error: OSError, root: str) -> None:
    """End the run by an error that is no fault of the file that it came with: there are no handles, or no memory.

    Raises:
        SourceError: it is such.
    """
    if error.errno in _OURS:
        raise SourceError(root, f"cannot read it: {error.strerror}") from error


def printable(name: str) -> str:
    """Write a file name so that it can be printed: what is no UTF-8 or no printable character as an escape."""
    if name.isprintable():
        return name
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in name
    )


def read(folder: str | os.PathLike[str], path: str, max_bytes: int) -> SourceText | SourceFault:
    """Read and decode one file (see `encodings`)."""
    try:
        data = _bytes(os.fspath(folder), path, max_bytes + 1)
    except _LeadsOutError:
        return SourceFault(path, _OUTSIDE, "link-outside")
    except OSError as error:
        _blame(error, os.fspath(folder))
        return SourceFault(path, _CANNOT_READ.format(error.strerror))
    if len(data) > max_bytes:
        reason = f"expected at most {max_bytes} bytes, got more; raise digests.max_bytes to read it"
        return SourceFault(path, reason, "too-large")
    digest = hashlib.blake2b(data, digest_size=16).digest()
    decoded = encodings.decode(data)
    if isinstance(decoded, str):
        return SourceFault(path, decoded, "not-text")
    return SourceText(path, decoded.text, digest, decoded.note)


A_FOLDER = SourceFault("", "expected a regular file, got a folder", "not-a-file").told
"""What is told of a digest in whose place there is a folder."""


def is_folder(folder: str | os.PathLike[str], path: str) -> bool:
    """Tell whether a path below the folder is a folder itself, where there was a digest."""
    return os.path.isdir(os.path.join(folder, path))


_OUTSIDE = "expected a file inside the folder, got a link that leads out"


class _LeadsOutError(Exception):
    """A file lies outside the folder: since it was found a link took its place, or that of a folder above it."""


def _bytes(folder: str, path: str, limit: int) -> bytes:
    """Read at most `limit` bytes of a regular file inside a folder; never waits on a pipe that took its place."""
    whole = os.path.join(folder, path)
    handle = os.open(whole, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0))
    with open(handle, "rb") as file:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(0, "it is no regular file")
        if not (_is_inside(_place(handle), folder) or _is_same_inside(info, os.path.realpath(whole), folder)):
            raise _LeadsOutError
        return file.read(limit)


def _place(handle: int) -> str:
    """Where an open file lies; empty where the system does not tell."""
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    except OSError:
        return ""


def _is_same_inside(info: os.stat_result, real: str, folder: str) -> bool:
    """Tell whether an open file is the one that a path leads to, below a folder."""
    return _is_inside(real, os.path.realpath(folder)) and os.path.samestat(info, os.stat(real))


def _is_inside(place: str, folder: str) -> bool:
    return place.startswith(os.path.join(os.path.abspath(folder), ""))
