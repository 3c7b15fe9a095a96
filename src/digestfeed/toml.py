"""Where a key stands in a TOML text, which the readers of TOML do not tell.

Owns the look of headers and keys (TOML 1.0, "Keys", "Table", "Array of Tables"); refuses values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

Path = tuple[str | int, ...]
"""A key with those of the tables around it; the tables of an array by their index from 0."""

_KEY = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_KEYS = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEYS})\s*\]")
_PAIR = re.compile(rf"\s*({_KEYS})\s*=")
_ONE = re.compile(_KEY)


def line_of(text: str, path: Sequence[str | int]) -> int:
    r"""Give the line (from 1) of a key, or of the innermost table around it that has one; 0 where none has.

    >>> line_of('a = 1\n[[b]]\nc = 2\n[[b]]\nc = [3]\n', ["b", 1, "c", 0])
    5
    """
    found = [(len(place), -line) for line, place in _places(text) if tuple(path[: len(place)]) == place]
    return -max(found)[1] if found else 0


def _places(text: str) -> Iterator[tuple[int, Path]]:
    """Give the line and the path of each header and key."""
    table: Path = ()
    seen: Counter[Path] = Counter()
    for number, line in enumerate(text.split("\n"), 1):
        header = _HEADER.match(line)
        pair = None if header else _PAIR.match(line)
        if header:
            table = _within(seen, _split(header[2]))
            if header[1] == "[[":
                seen[table] += 1
                table = (*table, seen[table] - 1)
            yield number, table
        elif pair:
            yield number, (*table, *_split(pair[1]))


def _within(seen: Counter[Path], keys: Path) -> Path:
    """Place a header in the last table of each array that it names the beginning of."""
    place: Path = ()
    for index, key in enumerate(keys):
        place = (*place, key)
        if seen[place] and index < len(keys) - 1:
            place = (*place, seen[place] - 1)
    return place


def _split(keys: str) -> Path:
    return tuple(key.strip("\"'") for key in _ONE.findall(keys))
