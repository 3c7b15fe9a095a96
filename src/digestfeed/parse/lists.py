"""The lists behind the labels: labels of fields, and names of authors.

Each reader takes the lines as written and gives what they list, () where that is nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from digestfeed.parse.values import is_nothing, title_and_link, unbold, unique, without_bullet
from digestfeed.text import one_line

_OPEN, _CLOSE = "([{（［", ")]}）］"
_AND_OTHERS = re.compile(r"\s(?:et al\.?|외(?:\s?\d{1,4}\s?[명인])?(?: 등)?|등)$")
_PYTHON_QUOTED = re.compile(
    r"'([^'\\]{0,100}(?:\\.[^'\\]{0,100}){0,5})'|\"([^\"\\]{0,100}(?:\\.[^\"\\]{0,100}){0,5})\""
)
_SEPARATOR = re.compile(r"[,，、;；|]")
_BRACKET_OR_SEPARATOR = re.compile(r"[\[({（［\])}）］,，、;；|]")
_SPACED_SEPARATOR = re.compile(r"\s[/·•]\s")
_NUMBERED = re.compile(r"\s*(?:1[.)]|①)\s?\S[^,]*\s(?:2[.)]|②)\s?[^,]*$")  # `1) 강화학습 2) 추론`
_LONGEST_NUMBERED = 300  # characters
_NUMBERS = re.compile(r"(?:^|\s)(?:\d{1,2}[.)]|[①-⑳])\s?(?=\S)")
_GLOSSED = re.compile(r"\*\*([^*]{1,100}?)(?:\s?[:：]\*\*|\*\*\s?[:：])\s*(\S.*)")
_LONGEST_LISTED = 25  # characters of what may be a label where it may also be a part of a sentence
_ANY_SEPARATOR = re.compile(r"[,，、;；|/·•#\n]")


def labels(lines: list[str]) -> tuple[str, ...]:
    """Split field labels: by line, then by commas outside parentheses; bullets and a final full stop dropped."""
    found: list[str] = []
    for line in lines:
        text = unbold(without_bullet(line).strip())
        if len(line) < _LONGEST_NUMBERED and _NUMBERED.match(line):
            text = ",".join(_NUMBERS.split(line.strip()))
        glossed = _GLOSSED.fullmatch(text)
        if glossed:  # `**확산 모델**: 생성 모델의 한 종류`, or `**AI**: 자연어 처리, 로봇`
            parts = split_outside(glossed[2])
            text = (
                glossed[1]
                if len(parts) == 1 or len(max(parts, key=len)) > _LONGEST_LISTED
                else ",".join((glossed[1], *parts))
            )
        if text.startswith("[") and text.endswith("]"):
            text = text[1:-1]
        for part in split_outside(text):
            label = _known_label(part) if len(part) <= _LONGEST_KNOWN else _label(part)
            if label:
                found.append(label)
    return unique(found)


def _label(text: str) -> str:
    """One label as it is kept; empty for what says that there is none."""
    label = unbold(text.strip().lstrip("#").strip()).rstrip(".。").strip()
    label = one_line(label.strip("`\"'“”‘’").removeprefix("and ").removesuffix(" 등").strip())
    return "" if is_nothing(label) else label


_LONGEST_KNOWN = 100  # characters of a label that is likely to come again
_known_label = lru_cache(maxsize=4096)(_label)


def split_outside(text: str) -> list[str]:
    """Split at what separates labels outside parentheses; an unclosed one splits at every separator.

    Commas and their like, hashes of `#tags`, and slashes and dots with blanks around them (`AI/ML` is one).

    >>> split_outside("a (b, c), d / e"), split_outside("#NLP #Vision")
    (['a (b, c)', ' d', 'e'], ['', 'NLP ', 'Vision'])
    """
    if not _ANY_SEPARATOR.search(text) and "` `" not in text:
        return [text]
    if text.startswith("`") and "` `" in text:
        return text.split("` `")
    if text.startswith("#"):
        return re.split(r"#|[,，、;；|]", text)
    parts = _split_by_depth(text) if any(c in text for c in _OPEN) else _SEPARATOR.split(text)
    return [piece for part in parts for piece in _SPACED_SEPARATOR.split(part)]


def _split_by_depth(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for match in _BRACKET_OR_SEPARATOR.finditer(text):
        char = match[0]
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth = max(depth - 1, 0)
        elif not depth:
            parts.append(text[start : match.start()])
            start = match.end()
    return _SEPARATOR.split(text) if depth else [*parts, text[start:]]


def names(lines: list[str]) -> tuple[str, ...]:
    """Read authors: a list of names by commas, a bullet list, or a Python list; `+` and `et al.` are nobody."""
    if not lines:
        return ()
    text = " ".join(lines).strip()
    if text.startswith("[") and "](" not in text:
        quoted = [single or double for single, double in _PYTHON_QUOTED.findall(text)]
        parts = quoted or text.strip("[]").split(",")
    else:
        parts = [part for line in lines for part in _split_names(without_bullet(line))]
    return unique([name for name in map(_name, parts) if name])


def _split_names(text: str) -> list[str]:
    text = title_and_link(text)[0] if text.count("](") == 1 else text
    if any(c in text for c in _OPEN):
        return _split_by_depth(text)
    parts = _SEPARATOR.split(text)
    if len(parts) <= 2:
        parts = [piece for part in parts for piece in re.split(r"\s(?:and|&|및)\s", part)]
    return parts


def _name(text: str) -> str:
    name = one_line(unbold(text.strip())).removeprefix("and ").removeprefix("& ")
    name = _AND_OTHERS.sub("", name).strip("*_ ")
    return name if name not in {"et al", "et al.", "외", "등"} and any(map(str.isalpha, name)) else ""
