"""What stands around the items of a file: code fences, fences around the whole file, front matter.

Few files have any of these, and which they are is told before the lines are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_MARKERS = ("```", "~~~")
_WRAPPERS = frozenset(["", "markdown", "md", "text", "txt", "plaintext"])
_FRONT = frozenset(["---", "+++"])
_LONGEST_FRONT = 60  # lines
_FRONT_LINE = re.compile(r"[A-Za-z_][\w-]*\s*[:=](?:\s|$)|\s|-\s|#|[\]}]|$")
_DATE_KEYS = ("date:", "date=", "date =")


class Frames(NamedTuple):
    """Lines, counted from 1: `code` leads from a fence to the one that closes it, `wrappers` only wrap items."""

    code: dict[int, int]
    wrappers: frozenset[int]


class FrontMatter(NamedTuple):
    """YAML or TOML at the head of a file: its last line, and its date as written with the date's line."""

    end: int
    date: str | None
    date_line: int


def frames_of(lines: Sequence[str]) -> Frames:
    """Pair the fences; where most lines of a file stand in fences of Markdown, these wrap items and are no code."""
    code: dict[int, int] = {}
    outermost: list[tuple[int, int]] = []
    opened: list[tuple[int, str]] = []
    for number, raw in enumerate(lines, 1):
        text = raw.strip()
        if not text.startswith(_MARKERS) or "`" in text.strip("`"):
            continue
        info = text.strip("`~ ").lower()
        if info or not opened or opened[-1][1] != text[0]:
            opened.append((number, text[0]))
            continue
        start, _ = opened.pop()
        code[start] = number
        if not opened:
            outermost.append((start, number))
    wraps = [pair for pair in outermost if is_wrapper(lines[pair[0] - 1])]
    inside = sum(_written(lines[start : end - 1]) for start, end in wraps)
    if inside * 2 <= _written(lines):
        return Frames(code, frozenset())
    for start, _ in wraps:
        del code[start]
    return Frames(code, frozenset(number for pair in wraps for number in pair))


def is_wrapper(fence: str) -> bool:
    """Tell whether a fence may wrap Markdown: it names no other language."""
    return fence.strip().strip("`~ ").lower() in _WRAPPERS


def _written(lines: Sequence[str]) -> int:
    return sum(not line.isspace() and line != "" for line in lines)


def front_matter_of(lines: Sequence[str]) -> FrontMatter | None:
    """Find the front matter; an item between two rules at the head of a file is none."""
    marker = lines[0].strip("\ufeff \t\r")
    if marker not in _FRONT:
        return None
    date, date_line = None, 0
    for number, raw in enumerate(lines[1:_LONGEST_FRONT], 2):
        line = raw.rstrip()
        if line in (marker, "..."):
            return FrontMatter(number, date, date_line) if number > 2 else None
        if not _FRONT_LINE.match(line) or line.startswith("##") or "](" in line or "arxiv.org/" in line:
            return None
        if line.startswith(_DATE_KEYS):
            date, date_line = line[4:].strip(" :=\"'"), number
    return None
