"""Lines that say several things at once: `👍 42 | [arXiv](…)`, and `1. **[X](…)** - what X is about`.

Each reader looks at one line alone and gives its parts, or None where it is not all made of such.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from digestfeed import arxiv
from digestfeed.parse.labels import Slot, announces_link
from digestfeed.parse.lines import VOTES_AT_END, Kind, Line, Mark, read_line
from digestfeed.parse.values import closing, is_link_line, links, unbold

LONGEST = 1000  # characters; what is longer is a text

_BETWEEN = re.compile(r"\s[|·•]\s|,?\s(?=\*\*[^*]{1,30}(?:\*\*\s?[:：]|[:：]\*\*))")
_TWO_LABELS = 3  # marks of emphasis around them, and one more
_TAGS = re.compile(r"`[^`]{1,60}`(?:\s?,?\s?`[^`]{1,60}`){0,20}")
_COUNTED = re.compile(r"(?:\*\*)?([\d,]{1,9})(?:\*\*)?\s?(?:표|추천|votes?|upvotes?|likes?)", re.IGNORECASE)
_BULLET = re.compile(r"\s{0,3}(?:[-*+•]|\d{1,3}[.)])\s+")
_BOLD = re.compile(r"\*\*([^*\[\]]{2,300})\*\*\s?\(?(?=\[)")
_JOINT = re.compile(r"\)?[*_]{0,3}\s?(?:[-–—]\s|[:：])[*_]{0,3}\s*")
_SHORTEST_ABOUT = 10  # characters that say what a paper is about


class Listed(NamedTuple):
    """A paper as a line of a list: its title as a link, what is said of it, and its votes as written."""

    title: str
    about: str
    votes: str | None


def parts_of(raw: str) -> list[Line] | None:
    """Read a line of labels with their values, links and tags, parted by bars or dots; some part must be labelled."""
    if not (" | " in raw or " · " in raw or " • " in raw or raw.count("**") > _TWO_LABELS) or len(raw) > LONGEST:
        return None
    found = [_part(piece) for piece in _BETWEEN.split(raw.strip().lstrip("> "))]
    parts = [part for part in found if part is not None]
    if len(parts) < max(len(found), 2) or all(part.slot in (Slot.LINK, Slot.FIELDS) for part in parts):
        return None
    return parts


def _part(piece: str) -> Line | None:
    text = piece.strip()
    if is_link_line(text):
        return Line(Kind.LABEL, text, slot=Slot.LINK, mark=Mark.FULL)
    if _TAGS.fullmatch(text):
        return Line(Kind.LABEL, text, slot=Slot.FIELDS, mark=Mark.FULL)
    counted = _COUNTED.fullmatch(text)
    if counted:
        return Line(Kind.LABEL, counted[1], slot=Slot.VOTES, mark=Mark.WEAK)
    line = read_line(text)
    return line if line.kind is Kind.LABEL and line.value and line.slot is not Slot.TITLE else None


def listed_of(raw: str) -> Listed | None:
    """Read a line of a list: a title that is a link to an arXiv paper or has one right behind it, and words on that."""
    bullet = _BULLET.match(raw) if "](" in raw and len(raw) <= LONGEST else None
    body = raw[bullet.end() :].strip() if bullet else ""
    bold = _BOLD.match(body)
    start = bold.end() if bold else len(body) - len(body.lstrip("*_"))
    middle, end = _link_at(body, start)
    joint = _JOINT.match(body, end + 1) if end > 0 else None
    if joint is None or _is_title(body[start + 1 : middle]) is (bold is not None):
        return None
    title, about = body[start : end + 1], body[joint.end() :]
    if not any(arxiv.id_in_url(url).id for url in links(title).urls):
        return None
    title = f"[{bold[1]}{title[middle - start :]}" if bold else title
    votes = VOTES_AT_END.search(about)
    about = about[: votes.start()] if votes else about
    return Listed(title, about, votes[1] if votes else None) if len(about) >= _SHORTEST_ABOUT else None


def title_line_of(raw: str) -> str | None:
    """Read a line that is nothing but a title in bold and a link to its arXiv paper, as the link that it amounts to.

    >>> title_line_of("**[A b](https://arxiv.org/abs/2410.00001)**")
    '[A b](https://arxiv.org/abs/2410.00001)'
    >>> title_line_of("**A b** ([PDF](https://arxiv.org/abs/2410.00001))")
    '[A b](https://arxiv.org/abs/2410.00001)'
    """
    text = raw.strip()
    if len(text) > LONGEST or not text.startswith("**"):
        return None
    bold = _BOLD.match(text)
    start = bold.end() if bold else len("**")
    middle, end = _link_at(text, start)
    if end < 0 or text[end + 1 :] not in {"**", ")", ""} or _is_title(text[start + 1 : middle]) is (bold is not None):
        return None
    url = text[middle + 2 : end]
    words = bold[1] if bold else text[start + 1 : middle]
    return f"[{words}]({url})" if arxiv.id_in_url(url).id is not None else None


def _link_at(text: str, start: int) -> tuple[int, int]:
    """Where the words of a link end that begins at a place, and where itself does; -1 where none begins or ends."""
    middle = text.find("](", start)
    is_link = middle > start and text[start] == "["
    return middle, closing(text, middle + 1) if is_link else -1


def _is_title(words: str) -> bool:
    """Whether the words of a link are a paper's title, and not what any link to one says."""
    return len(words) > 1 and not announces_link(unbold(words)) and arxiv.canonical(words) is None


def plain_links(raw: str) -> tuple[str, ...]:
    """Give the links to arXiv papers in a line whose first link shows no other title: `*A, B* - [arXiv](…)`."""
    if "://" not in raw or len(raw) > LONGEST or not is_plain_link(raw):
        return ()
    return tuple(url for url in links(raw).urls if arxiv.id_in_url(url).id is not None)


def is_plain_link(text: str) -> bool:
    """Tell whether a line that is a link shows no title in its words: `[arXiv](…)`, a bare URL."""
    middle = text.find("](")
    return middle < 0 or not _is_title(text[text.find("[") + 1 : middle])
