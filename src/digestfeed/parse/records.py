"""Digests that are JSON: each line that has a key, a value or a bracket → the line of Markdown that says the same.

Line for line, so that places stay what they are; a file that was cut off is read as far as it goes.  Objects on
one line are not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from digestfeed.parse.labels import slot_of

_STRING = r'"(?:[^"\\]|\\.)*"'
_KEY = re.compile(rf"\s*({_STRING})\s*:\s*(\S.*)$")
_ELEMENT = re.compile(rf"\s*({_STRING})\s*(?:,\s*)?$")
_BRACKETS = re.compile(r"\s*[\[\]{}][\[\]{},\s]*$")
_FENCE = ("```", "~~~")
_MOST_KEYS = 200  # lines in which a key that is a label must come
RULE = "---"


def records_of(lines: Sequence[str]) -> list[str] | None:
    """Write a file of JSON as Markdown, line for line; None where it is none, or has no key that is a label."""
    start = next((number for number, line in enumerate(lines) if line.lstrip()[:1] in {"{", "["}), len(lines))
    if not any(_is_label(line) for line in lines[start : start + _MOST_KEYS]):
        return None
    written = [line for line in lines if line.strip() and not line.lstrip().startswith(_FENCE)]
    if 2 * sum(map(_is_json, written)) <= len(written):
        return None
    return [_markdown(line) if number >= start and _is_json(line) else line for number, line in enumerate(lines)]


def _is_label(line: str) -> bool:
    match = _KEY.match(line) if ":" in line else None
    return match is not None and slot_of(_text(match[1])) is not None


def _is_json(line: str) -> bool:
    return line.lstrip()[:1] in {'"', "{", "}", "[", "]"} and any(
        form.match(line) for form in (_BRACKETS, _KEY, _ELEMENT)
    )


def _markdown(line: str) -> str:
    if _BRACKETS.match(line):
        return RULE
    match = _KEY.match(line)
    if match is None:
        return f"- {_text(line.strip().rstrip(','))}"
    key, value = _text(match[1]), match[2].rstrip().removesuffix(",").rstrip()
    if value not in {"[", "{"}:
        return f"**{key}**: {_text(value) or '-'}"
    return f"**{key}**:" if slot_of(key) is not None else RULE


def _text(value: str) -> str:
    """Give a value as text: a string without its quotes, a list by commas, nothing as `-`."""
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value.strip('"')
    if isinstance(found, list):
        return ", ".join(map(str, found))
    return "-" if found is None else str(found)
