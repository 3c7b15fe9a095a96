"""Changes to a digest that a mutator of bytes would not hit on: whole lines moved, marked, labelled, joined.

Without these nearly all that a fuzzer tries is a text without a label.  `changed` is a pure function of its seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from digestfeed.parse.labels import LABELS
from tests.strategies import ODD

_WORDS = tuple(sorted(LABELS))
_ODD = tuple(line for line in ODD if "\ud800" not in line)  # which has no bytes; others come of broken UTF-8
_MARKS = (
    "**{}**: ",
    "## {}\n",
    "- **{}**: ",
    "{}: ",
    "【{}】 ",
    "| {} | ",
    "**{}**",
    "📌 {}: ",
    "> {}: ",
    "### 1. {}: ",
)
_ENDS = ("https://arxiv.org/abs/2410.00001", "[PDF](https://x.org/a.pdf)", "12", "a, b (c, d)", "글", "", "![", "`")

_Change = Callable[[random.Random, list[str]], None]


def _at(chance: random.Random, lines: list[str]) -> int:
    return chance.randrange(len(lines))


def _label(chance: random.Random, lines: list[str]) -> None:
    label = chance.choice(_MARKS).format(chance.choice(_WORDS))
    lines.insert(_at(chance, lines), label + chance.choice(_ENDS))


def _odd(chance: random.Random, lines: list[str]) -> None:
    lines.insert(_at(chance, lines), chance.choice(_ODD))


def _move(chance: random.Random, lines: list[str]) -> None:
    lines.insert(_at(chance, lines), lines.pop(_at(chance, lines)))
    if not lines:
        lines.append("")


def _double(chance: random.Random, lines: list[str]) -> None:
    low = _at(chance, lines)
    lines[low:low] = lines[low : low + chance.randint(1, 6)]


def _drop(chance: random.Random, lines: list[str]) -> None:
    low = _at(chance, lines)
    lines[low : low + chance.randint(1, 4)] = [] if len(lines) > 4 else [""]


def _mark(chance: random.Random, lines: list[str]) -> None:
    index = _at(chance, lines)
    lines[index] = chance.choice(("> ", "# ", "## ", "- ", "1. ", "  ", "**", "`", "|", "<b>", "![a](")) + lines[index]


def _end(chance: random.Random, lines: list[str]) -> None:
    index = _at(chance, lines)
    lines[index] += chance.choice((":", "**", "](", ")", "|", "</b>", " ", "\r", "\u200b", "`", "\x00", " 2024-10-18"))


def _join(chance: random.Random, lines: list[str]) -> None:
    index = _at(chance, lines)
    lines[index : index + 2] = ["".join(lines[index : index + 2])]


def _cut(chance: random.Random, lines: list[str]) -> None:
    index = _at(chance, lines)
    lines[index] = lines[index][: chance.randint(0, len(lines[index]))]


def _repeat(chance: random.Random, lines: list[str]) -> None:
    index = _at(chance, lines)
    text = lines[index][:8]
    lines[index] += text * chance.randint(1, 40)


_CHANGES: tuple[_Change, ...] = (_label, _label, _odd, _odd, _move, _double, _drop, _mark, _end, _join, _cut, _repeat)


def changed(bytes_: bytes, longest: int, seed: int) -> bytes:
    """Change one to four times what the lines of a digest are; what is no UTF-8 stays as it is."""
    chance = random.Random(seed)  # noqa: S311 -- no secrets
    lines = bytes_.decode("utf-8", "surrogateescape").split("\n")
    for _ in range(chance.randint(1, 4)):
        chance.choice(_CHANGES)(chance, lines)
    return "\n".join(lines).encode("utf-8", "surrogateescape")[:longest]
