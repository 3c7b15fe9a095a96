"""What a single line of a digest that is not blank is: rule, heading, image, label, or text.

A line is looked at alone; what it means in its place is for `machine`.  Most lines are text and are known as
such by their first character.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from digestfeed.parse.labels import LONGEST, Slot, is_counter, slot_of


class Kind(IntEnum):
    """The kinds of line."""

    RULE = 1
    HEADING = 2
    IMAGE = 3
    LABEL = 4
    TEXT = 5
    FENCE = 6


class Line(NamedTuple):
    """A line, read: `slot` of a label, `level` of a heading (0: a label that is none), `value` what follows.

    For a heading the value is its text without numbering; for an image its URL, None where it has none; for a
    label what stands behind it on the line.  `tail` is what follows an image.
    """

    kind: Kind
    value: str | None = None
    level: int = 0
    slot: Slot | None = None
    tail: str = ""
    bold: bool = False


RULE = Line(Kind.RULE)

_RULE = re.compile(r"(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:=[ \t]*){3,}|(?:—[ \t]*){2,}")
_BULLET = re.compile(r"(?:[-*+•·▪◦‣]|\d{1,3}[.)])\s+")
_NUMBERING = re.compile(r"\[?\d{1,3}(?:[.)\]:]\s*\)?|\s*번\s*[.:)]?)\s*(?=\S)")
_COLONS = ":："  # noqa: RUF001 -- the full-width colon is meant
_BRACKETS = {"[": "]", "【": "】", "<": ">", "「": "」", "《": "》"}
_EMPHASIS = frozenset("*_`")
_MAYBE_LABEL = frozenset("*_#[【<「《-+•·▪◦‣!`~")


def read_line(stripped: str) -> Line:
    """Read a line that is already stripped of white space at both ends, and not empty."""
    return _read_short(stripped) if len(stripped) <= LONGEST else _read(stripped)


def _read(stripped: str) -> Line:
    first = stripped[0]
    if first.isalpha() and first not in "*_":
        return _plain(stripped)
    if first in "-*_=—" and _RULE.fullmatch(stripped):
        return RULE
    if first == "#":
        return _heading(stripped)
    if stripped.startswith("!["):
        return _image(stripped)
    if stripped.startswith(("```", "~~~")):
        return Line(Kind.FENCE, stripped.strip("`~ ").lower())
    if first in _MAYBE_LABEL or first.isdigit() or not first.isascii():
        return _marked(stripped)
    return Line(Kind.TEXT, stripped)


# The short lines are labels and rules, and those come again in every item.
_read_short = lru_cache(maxsize=4096)(_read)


def _plain(stripped: str) -> Line:
    """`Vote: 12`, `제목: X`: a label without any mark counts only with a colon close behind it."""
    head = stripped[:LONGEST]
    cut = min((head.find(c) for c in _COLONS if c in head), default=-1)
    if cut > 0:
        slot = slot_of(head[:cut])
        if slot is not None:
            return Line(Kind.LABEL, stripped[cut + 1 :].strip(), slot=slot)
    return Line(Kind.TEXT, stripped)


def _heading(stripped: str) -> Line:
    level = len(stripped) - len(stripped.lstrip("#"))
    text = stripped[level:].strip().rstrip("#").strip()
    if level > 6 or not text:
        return Line(Kind.TEXT, stripped) if level > 6 else Line(Kind.HEADING, "", level)
    slot, value = split_label(text)
    if slot is not None:
        return Line(Kind.LABEL, value, level, slot, bold=True)
    return Line(Kind.HEADING, without_number(text), level)


def _marked(stripped: str) -> Line:
    """A label in bold, in brackets or behind a bullet or an emoji; any other such line is text."""
    bullet = _BULLET.match(stripped)
    body = stripped[bullet.end() :] if bullet else stripped
    if body.startswith("!["):
        return Line(Kind.TEXT, stripped)
    bold = body.startswith(("**", "__")) or body[:1] in _BRACKETS
    if bold or not body[:1].isascii() or bullet is None:
        slot, value = split_label(body)
    else:
        plain = _plain(body)
        slot, value = plain.slot, plain.value or ""
    if slot is None:
        return Line(Kind.TEXT, stripped)
    return Line(Kind.LABEL, value, slot=slot, bold=bold)


def split_label(text: str) -> tuple[Slot | None, str]:
    """Split `**요약**: value`, `요약: value`, `【요약】 value`, `요약` into slot and value; (None, text) if it is none.

    A value needs a colon or a mark before it; bare words are a label only when nothing follows.
    """
    mark = text[:2] if text[:2] in {"**", "__"} else ""
    if mark:
        end = text.find(mark, 2)
        if 2 < end <= LONGEST + 4:
            words, rest = text[2:end], text[end + 2 :].lstrip("*_ ")
            inner = words.rstrip(" ").rstrip(_COLONS)
            if inner != words.rstrip(" ") or not rest or rest[0] in _COLONS:
                slot = slot_of(inner)
                if slot is not None:
                    return slot, rest.lstrip(_COLONS + " \t").strip()
        return _split_at_colon(text)
    close = _BRACKETS.get(text[:1])
    if close and close in text[: LONGEST + 2]:
        words, _, rest = text[1:].partition(close)
        if not rest.startswith("("):  # a link, not a label
            slot = slot_of(words)
            if slot is not None:
                return slot, rest.lstrip(_COLONS + " \t").strip()
    return _split_at_colon(text)


def _split_at_colon(text: str) -> tuple[Slot | None, str]:
    head = text[: LONGEST + 4]
    cut = min((head.find(c) for c in _COLONS if c in head), default=-1)
    words, value = (text[:cut], text[cut + 1 :]) if cut > 0 else (text, "")
    slot = slot_of(words.strip("*_ "))
    return (slot, value.strip().removeprefix("**").strip()) if slot is not None else (None, text)


def without_number(text: str) -> str:
    """Drop what only numbers a heading: `1. X`, `논문 2: X`, `논문: X`, `[3] X`.

    >>> without_number("논문 1: A: B"), without_number("3D Vision"), without_number("**2. X**")
    ('A: B', '3D Vision', 'X')
    """
    text = unbold(text)
    numbering = _NUMBERING.match(text)
    if numbering and not text.startswith("[" + text[1 : numbering.end()].strip() + "("):
        text = text[numbering.end() :]
    head = text[:LONGEST]
    cut = min((head.find(c) for c in _COLONS if c in head), default=-1)
    if cut > 0 and is_counter(text[:cut]) and text[cut + 1 :].strip():
        text = text[cut + 1 :]
    return unbold(text.strip())


def unbold(text: str) -> str:
    """Drop one pair of emphasis marks around the whole text; marks inside it stay."""
    if text[:1] not in _EMPHASIS:
        return text
    for mark in ("***", "**", "__", "*", "`"):
        inner = text[len(mark) : -len(mark)]
        if text.startswith(mark) and text.endswith(mark) and inner.strip() and mark not in inner:
            return inner.strip()
    return text


def _image(stripped: str) -> Line:
    middle = stripped.find("](")
    if middle < 0:
        return Line(Kind.TEXT, stripped)
    end = closing(stripped, middle + 1)
    if end < 0:
        return Line(Kind.IMAGE, stripped[middle + 2 :].strip(), level=-1)
    return Line(Kind.IMAGE, stripped[middle + 2 : end].strip(), tail=stripped[end + 1 :].strip())


def closing(text: str, start: int) -> int:
    """Give the index of the parenthesis that closes the one at `start`, or -1; pairs inside a URL count."""
    end = text.find(")", start)
    if end < 0 or "(" not in text[start + 1 : end]:
        return end
    depth = 0
    for index in range(start, len(text)):
        if text[index] == "(":
            depth += 1
        elif text[index] == ")":
            depth -= 1
            if not depth:
                return index
    return -1
