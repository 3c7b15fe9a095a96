"""Watching what a site is made of, to build it again.

Owns when a change is over and worth a build: of the digests, by what the system tells of their folder (watchfiles);
of the config and the templates, which are few, by looking at them now and then, since an editor puts a new file in a
file's place and a folder of templates may come later.  Refuses building.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from types import ModuleType

from digestfeed.errors import DigestFeedError, SourceError

LOOK_MS = 500
"""Milliseconds between two looks at the config and the templates."""

QUIET_MS = 200
"""Milliseconds without a change after which a change is over: a digest may be written in pieces."""

LONGEST_MS = 2000
"""Milliseconds after which a change is told though it goes on."""


def changes(
    digests: Path, others: Sequence[Path] = (), made: Sequence[Path] = (), stop: Event | None = None
) -> Iterator[list[str]]:
    """Yield what changed, whenever a change is over; the first time, with nothing, as soon as the watch is set.

    Args:
        digests: the folder of digests, watched with all below it.
        others: files, and folders with all below them, that need not be there.
        made: what builds write; changes in these folders are none.
        stop: ends the watch when it is set.

    Yields:
        The paths, sorted; the digests folder's own when it was taken away or came back.

    Raises:
        SourceError: the system cannot watch the folder.
        DigestFeedError: watchfiles is not installed.
    """
    stop = stop or Event()
    stamps, concerns = _Stamps(digests, others), _Filter(digests, made)
    while not stop.is_set():
        if digests.is_dir():
            yield from _while_there(digests, stamps, concerns, stop)
        else:
            stop.wait(LOOK_MS / 1000)
        if not stop.is_set() and (paths := stamps.changed()):
            yield paths


def library() -> ModuleType:
    """Give the library that watches folders.

    Raises:
        DigestFeedError: it is not installed.
    """
    try:
        import watchfiles  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise DigestFeedError("watching needs watchfiles: pip install 'digestfeed[watch]'") from error
    return watchfiles


def _while_there(digests: Path, stamps: _Stamps, concerns: _Filter, stop: Event) -> Iterator[list[str]]:
    """Watch until the folder is gone, or is another."""
    for number, told in enumerate(_told(digests, concerns, stop)):
        if stamps.root_changed():
            return
        if (paths := sorted({*told, *stamps.changed()})) or not number:
            yield paths


def _told(digests: Path, concerns: _Filter, stop: Event) -> Iterator[set[str]]:
    try:
        for batch in library().watch(
            digests,
            watch_filter=None,
            debounce=LONGEST_MS,
            step=QUIET_MS,
            stop_event=stop,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
        ):
            yield {path for _, path in batch if concerns(path)}
    except OSError as error:
        raise SourceError(str(digests), f"it cannot be watched: {error}") from error


class _Filter:
    """Which of the changed paths concern a build: none that it wrote, none with a hidden name."""

    def __init__(self, digests: Path, made: Iterable[Path]) -> None:
        self._root = digests
        self._made = [os.path.realpath(path) for path in made]

    def __call__(self, path: str) -> bool:
        real = os.path.realpath(path)
        if any(real == made or real.startswith(made + os.sep) for made in self._made):
            return False
        return not any(part.startswith(".") for part in Path(os.path.relpath(path, self._root)).parts)


class _Stamps:
    """How some files were when one last looked."""

    def __init__(self, root: Path, others: Sequence[Path]) -> None:
        self._root = root
        self._others = others
        self._root_was = _identity(root)
        self._was = self._look()

    def root_changed(self) -> bool:
        """Tell whether the root is another folder, or none."""
        return _identity(self._root) != self._root_was

    def changed(self) -> list[str]:
        """Give the paths that are not as they were at the last call."""
        was, self._was = self._was, self._look()
        root_was, self._root_was = self._root_was, _identity(self._root)
        differ = {path for path in was.keys() | self._was.keys() if was.get(path) != self._was.get(path)}
        return sorted(differ | ({str(self._root)} if root_was != self._root_was else set()))

    def _look(self) -> dict[str, tuple[int, int, int]]:
        found: dict[str, tuple[int, int, int]] = {}
        for other in self._others:
            for path in (other, *sorted(other.rglob("*"))):
                with suppress(OSError):
                    info = path.stat()
                    if path.is_file():
                        found[str(path)] = (info.st_mtime_ns, info.st_size, info.st_ino)
        return found


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino
