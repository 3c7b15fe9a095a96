"""A reader of an output: goes over all its files again and again while builds come and go, and trusts nobody.

A process of its own.  It is told on stdin what to expect (`Expected`, the path of a JSON file a line) and answers
each with a line when it goes by that; when stdin ends it prints what it saw (`Seen`).
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from lxml import etree

_SHOWN = 20
_PAUSE = 0.01  # seconds between two passes, in which others get something done


class Expected(msgspec.Struct, frozen=True):
    """What may be there: path → the hashes of its versions; and what must be there at every moment."""

    versions: dict[str, set[str]]
    required: set[str]


class Seen(msgspec.Struct):
    """What a reader saw: how often it went over everything, the files it read, and how many different versions.

    `torn` are files whose bytes are no version of them, or that do not parse; `missing` those that must be there
    and were not; `foreign` those that should never have been there.
    """

    passes: int = 0
    files: int = 0
    versions: int = 0
    torn: list[str] = msgspec.field(default_factory=list)
    missing: list[str] = msgspec.field(default_factory=list)
    foreign: list[str] = msgspec.field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Everything that was wrong."""
        return [*self.torn, *self.missing, *self.foreign]


def name_of(data: bytes) -> str:
    """Give the hash by which a version is known."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def expected(*versions: Mapping[str, bytes]) -> Expected:
    """Expect any mixture of outputs, and always what all of them have."""
    names: dict[str, set[str]] = {}
    for files in versions:
        for path, data in files.items():
            names.setdefault(path, set()).add(name_of(data))
    return Expected(names, set(versions[0]).intersection(*versions))


def public_files(root: Path) -> Iterable[str]:
    """Go over the files of an output that a web server shows: those without a hidden name in their path."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                yield os.path.relpath(Path(folder, name), root)


def parses(path: str, data: bytes) -> bool:
    """Tell whether a file is one document from its beginning to its end."""
    try:
        if path.endswith((".xml", ".opml")):
            etree.fromstring(data)
        elif path.endswith((".json", ".jsonl")):
            for document in data.splitlines() if path.endswith("l") else [data]:
                json.loads(document)
    except (etree.XMLSyntaxError, ValueError):
        return False
    return not path.endswith(".html") or data.rstrip().endswith(b"</html>")


def look(root: Path, wanted: Expected, seen: Seen, known: set[tuple[str, str]]) -> None:
    """Read every file of an output once.

    Args:
        root: the output.
        wanted: what to expect of it.
        seen: takes what is found.
        known: versions that were parsed already, and takes those that are parsed now.
    """
    for path in sorted(wanted.required.union(public_files(root))):
        try:
            data = Path(root, path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            if path in wanted.required:
                seen.missing.append(path)
            continue
        seen.files += 1
        name = name_of(data)
        if path not in wanted.versions:
            seen.foreign.append(path)
        elif name not in wanted.versions[path]:
            seen.torn.append(f"{path}: {len(data)} bytes of no version")
        elif (path, name) not in known:
            known.add((path, name))
            if not parses(path, data):
                seen.torn.append(f"{path}: does not parse")
    seen.passes += 1
    seen.versions = len(known)


class Reader:
    """A reader in a process of its own; a context manager.  `seen` is there when that has ended.

    Args:
        out: the output.
        scratch: a folder for what it is told.
    """

    def __init__(self, out: Path, scratch: Path) -> None:
        self._out = out
        self._note = scratch / "expected.json"
        self.seen = Seen()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 -- this Python, this module
            [sys.executable, "-m", "tests.crash.reader", str(self._out)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def expect(self, wanted: Expected) -> None:
        """Say what to expect from now on, and wait until the reader goes by that."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._note.write_bytes(msgspec.json.encode(wanted))
        answer = ""
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{self._note}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer == "going\n", f"the reader has seen enough, or failed: {answer}{self._process.stdout.read()}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(BrokenPipeError):
            said, _ = self._process.communicate(timeout=60)
            with suppress(msgspec.DecodeError):
                self.seen = msgspec.json.decode(said, type=Seen)


def main(out: Path) -> None:
    """Read until stdin ends."""
    wanted, seen, known = Expected({}, set()), Seen(), set[tuple[str, str]]()
    pause: float | None = None
    while True:
        if select.select([sys.stdin], [], [], pause)[0]:
            note = sys.stdin.readline().strip()
            if not note:
                break
            wanted = msgspec.json.decode(Path(note).read_bytes(), type=Expected)
            pause = _PAUSE
            print("going", flush=True)  # noqa: T201 -- it is what is waited for
        look(out, wanted, seen, known)
        if len(seen.faults) > _SHOWN:
            break
    sys.stdout.write(msgspec.json.encode(seen).decode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
