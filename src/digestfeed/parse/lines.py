"""What a single line of a digest is: blank, rule, heading, image, label, table row, fence, or text.

A line is looked at alone; what it means in its place is for `machine`.  Most lines are short and come again in
every item, or are long and text: the short are looked up, the long are known by their first character.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from digestfeed import arxiv
from digestfeed.parse.labels import LONGEST, Slot, announces_link, is_counter, is_language, marked_slot_of, slot_of
from digestfeed.parse.values import closing, is_link_line, unbold


class Kind(IntEnum):
    """The kinds of line."""

    BLANK = 0
    RULE = 1
    HEADING = 2
    IMAGE = 3
    LABEL = 4
    TEXT = 5
    FENCE = 6
    ROW = 7
    TAG = 8


class Mark(IntEnum):
    """How a label is marked as one: the less it is, the more its place must speak for it."""

    NONE = 0  # `요약: X`
    WEAK = 1  # `**요약** X`, `요약` alone on its line
    BULLET = 2  # `- **요약**: X`
    FULL = 3  # `**요약**: X`, `## 요약`, `【요약】 X`, `📌 요약: X`


class Line(NamedTuple):
    """A line, read.

    `value` is a heading's text without its number, an image's URL (None where it does not end), what stands
    behind a label on its line, or a quoted text without its `>`.  `level` is a heading's,
    0 for what is none.  A heading that only numbers an item has the slot TITLE and no value.
    """

    kind: Kind
    value: str | None = None
    level: int = 0
    slot: Slot | None = None
    mark: Mark = Mark.NONE
    quoted: bool = False


BLANK, RULE, TEXT, TAG = Line(Kind.BLANK), Line(Kind.RULE), Line(Kind.TEXT), Line(Kind.TAG)
UNDERLINE = Line(Kind.RULE, "=")  # a rule that is a heading's underline where a text stands right above

_RULE_CHARACTERS = frozenset("-*_=—–―─━═•·⸻~")
_BULLET = re.compile(r"(?:[-*+•·▪◦‣]|\d{1,3}[.)])\s+")
_NUMBERING = re.compile(
    r"(?:\[\d{1,3}\]|\(\d{1,3}\)|#?\d{1,3}[.):](?!\d)|#\d{1,3}(?=\s)|\d{1,3}\s*번[.:)]?|\d\ufe0f?\u20e3|[①-⑳][.)]?|No\.\s*\d{1,3}[.:)]?)\s*"
)
_COUNTER = re.compile(r"([^:：.|–—-]{1,30}?)\s*([:：]|[.|](?=\s)|\s[-–—](?=\s))\s*(?=\S)")
_DECORATION = "📄📑📃📜📝📰🗞📌📍🔹🔸🔷🔶▶▷►■□◆◇●○★☆✅✔➡👉📚📖🔖🏷🔥✨💡🆕\ufe0f \t"
_COLONS = ":："
_BRACKETS = {"[": "]", "【": "】", "<": ">", "「": "」", "《": "》", "〈": "〉", "『": "』"}
_JOINT = re.compile(r"\s*(?:[:：|→]|=>|[-–—](?=\s))\s*")
_SPECIAL = frozenset("#*_`-+=~>|![<【「《〈『")
_TAG = re.compile(r"</?(?:b|strong|i|em|u|p|div|center|span|br|summary|details|h[1-6])(?:\s[^<>]*)?/?>", re.IGNORECASE)
_BREAKS_AT_END = re.compile(r"(?:\s?<br\s?/?>){1,9}$", re.IGNORECASE)
_IMG = re.compile(r"<img\s[^<>]*?\bsrc\s*=\s*[\"']?([^\"'\s<>]+)", re.IGNORECASE)
_QUOTATION = re.compile(r"[>\s]+")  # all levels at once: one call a level would be as deep as somebody likes
_SENTENCE_ENDS = (".", ":", "：", "!", "。", "…", "~", ",")
_LINKED = re.compile(
    r"[-*+•\s]{0,6}[^\w\s*]{0,4}\s?\*{0,3}([^:：*\[\]()]{1,30}?)\s?(?:\*{0,3}\s?[:：]\*{0,3}|\*\*)\s*(\S.*)"
)
_VOTE_SIGNS = "👍⬆🔺🔼❤♥▲\ufe0f"
VOTES_AT_END = re.compile(rf"[\s|·(,-]{{0,4}}[{_VOTE_SIGNS}]{{1,2}}\s?([\d,]{{1,9}})\)?$")
"""Votes behind a title or a text: `X (👍 42)`."""

_BLOCKS = frozenset(["|", ">", "|-", ">-"])  # how YAML says that a text stands below

_LONGEST_LINKED = 300  # characters of a label and its link
SHORT = 48  # characters of a line that is likely to come again


def read_line(raw: str) -> Line:
    """Read a line as it stands in the file, without its line end."""
    return read_short(raw) if len(raw) <= SHORT else read_long(raw)


def read_long(raw: str) -> Line:
    """Read a line that is not likely to come again."""
    text = raw.strip()
    text = without_break(text) or text
    if not text:
        return BLANK
    line = _read(text)
    return _linked(text) if line is TEXT and _may_be_linked(text) else line


def without_break(text: str) -> str:
    """Drop the line breaks of HTML that a line ends with: `**요약**: X<br>`."""
    return _BREAKS_AT_END.sub("", text) if text[-1:] == ">" else text


def _may_be_linked(text: str) -> bool:
    """Whether a number or URL near its beginning may be a link behind words: cheap, and false for nearly all lines."""
    return len(text) < _LONGEST_LINKED and ("://" in text[:80] or text[-1].isdigit())


def _read(text: str) -> Line:
    first = text[0]
    if first.isalpha():
        return _plain(text)
    if first in _RULE_CHARACTERS and _is_rule(text):
        return UNDERLINE if first == "=" else RULE
    if first in _SPECIAL:
        return _special(text, first)
    return _marked(text) if first.isdigit() or not first.isascii() else TEXT


def _linked(text: str) -> Line:
    """`**Paper**: https://…`, `논문 번호: 2412.17743`: words that are a label only where a link stands behind them."""
    match = _LINKED.match(text) if len(text) < _LONGEST_LINKED else None
    if match is None or not announces_link(match[1]):
        return TEXT
    value = match[2].strip()
    if is_link_line(value) or arxiv.canonical(value) is not None:
        return Line(
            Kind.LABEL, value, slot=Slot.LINK, mark=Mark.FULL if "*" in match[0][: match.start(2)] else Mark.NONE
        )
    return TEXT


read_short = lru_cache(maxsize=8192)(read_long)


def _is_rule(text: str) -> bool:
    bare = text.replace(" ", "").replace("\t", "")
    return (
        len(bare) >= (2 if bare[0] in "—―⸻" else 3)
        and bare.count(bare[0]) == len(bare)
        and (bare[0] != "~" or len(bare) > 5)
    )


def _special(text: str, first: str) -> Line:
    if first == "*" and text[1:2] == "*":
        end = text.find("**:", 2, LONGEST)  # as most labels are written
        slot = marked_slot_of(text[2:end]) if end > 2 else None
        if slot is not None:
            return Line(Kind.LABEL, text[end + 3 :].strip(), 0, slot, Mark.FULL)
    if text.startswith(("```", "~~~")):
        return Line(Kind.FENCE)
    return _READERS.get(first, _marked)(text)


def _plain(text: str) -> Line:
    """`Vote: 12`, `제목: X`: a label without any mark counts only with a colon close behind it, or alone."""
    head = text[:LONGEST]
    cut = _colon(head)
    if cut > 0:
        slot = slot_of(head[:cut])
        if slot is not None:
            value = text[cut + 1 :].strip(" \t*")
            return Line(Kind.LABEL, "" if value in _BLOCKS else value, slot=slot)
    elif len(text) <= LONGEST:
        slot = slot_of(text)
        if slot is not None:
            return Line(Kind.LABEL, "", slot=slot, mark=Mark.WEAK)
    return TEXT


def _colon(head: str) -> int:
    """The index of the first colon, narrow or wide; -1 for none."""
    narrow, wide = head.find(":"), head.find("：")
    return narrow if wide < 0 or 0 <= narrow < wide else wide


def _heading(text: str) -> Line:
    level = len(text) - len(text.lstrip("#"))
    body = text[level:].strip().rstrip("#").strip()
    if level > 6:
        return TEXT
    if not body:
        return Line(Kind.HEADING, "", level)
    slot, value, _ = split_label(body)
    if slot is not None:
        return Line(Kind.LABEL, value, level, slot, Mark.FULL)
    if level == 1 and not text[1].isspace():
        return TEXT  # `#NLP` is a hashtag
    title = without_number(body)
    return Line(Kind.HEADING, title, level) if title else Line(Kind.HEADING, "", level, Slot.TITLE)


def _quoted(text: str) -> Line:
    inner = _QUOTATION.sub("", text, count=1)
    if not inner:
        return BLANK
    line = read_line(inner)
    return line._replace(value=inner, quoted=True) if line.kind is Kind.TEXT else line._replace(quoted=True)


def _html(text: str) -> Line:
    """A line of HTML: its picture, or what it is without the tags that only dress it."""
    image = _IMG.search(text) if "<img" in text[:200].lower() else None
    if image:
        return Line(Kind.IMAGE, image[1])
    if text[:4].lower() in {"<hr>", "<hr/", "<hr "} and text.endswith(">"):
        return RULE
    bare = _TAG.sub("", text).strip()
    if not bare and "=" not in text:
        return TAG  # `</details>` says nothing; what an attribute says is text
    if bare == text or not bare or bare[0] in "<>":
        return _marked(text) if bare == text else TEXT
    level = int(text[2]) if text[1] in "hH" and text[2:3].isdigit() else 0
    line = read_line("#" * level + " " + bare if level else bare)
    if line.kind is Kind.LABEL and text[1:3].lower() in {"b>", "st"}:
        return line._replace(mark=Mark.FULL)
    return line if line.kind in (Kind.LABEL, Kind.HEADING) else TEXT


def _marked(text: str) -> Line:
    """A label in bold, in brackets or behind a bullet or an emoji; any other such line is text."""
    bullet = _BULLET.match(text)
    body = text[bullet.end() :] if bullet else text
    first = body[:1]
    if body.startswith("!["):
        return TEXT
    if bullet and first == "#":
        heading = _heading(body)
        return heading if heading.kind is Kind.LABEL else TEXT
    if first.isalnum():  # `3D 생성, 문서 요약` is marked by nothing
        plain = _plain(body)
        return plain if plain.mark is Mark.NONE and plain.kind is Kind.LABEL else TEXT
    if body[0] in _VOTE_SIGNS and body.strip(_VOTE_SIGNS + " :+").replace(",", "").isdigit():
        return Line(Kind.LABEL, body.strip(_VOTE_SIGNS + " :+"), slot=Slot.VOTES, mark=Mark.WEAK)
    slot, value, mark = split_label(body)
    if slot is None:
        return TEXT
    return Line(Kind.LABEL, value, slot=slot, mark=Mark.BULLET if bullet and mark is Mark.FULL else mark)


def split_label(text: str) -> tuple[Slot | None, str, Mark]:
    """Split a label from its value: `**요약**: X`, `요약: X`, `【요약】 X`, `**요약** X`, `요약`; None if it is none.

    >>> split_label("**Votes:** 12")
    (<Slot.VOTES: 5>, '12', <Mark.FULL: 3>)
    """
    mark = _emphasis(text)
    if mark:
        found = _split_emphasis(text, mark)
        if found is not None:
            return found
    close = _BRACKETS.get(text[:1])
    if close and close in text[: LONGEST + 2]:
        words, _, rest = text[1:].partition(close)
        # `[PDF](…)` is a link and `</title>` a tag, not a label
        slot = None if rest.startswith("(") or words.startswith("/") else marked_slot_of(words)
        if slot is not None:
            return slot, rest.lstrip(_COLONS + " \t").strip(), Mark.FULL
    return _split_at_colon(text)


def _emphasis(text: str) -> str:
    """The emphasis that a text begins with: `**`, `***`, `_`, `` ` ``; empty for none."""
    first = text[:1]
    if first not in {"*", "_", "`"}:
        return ""
    return first * min(len(text) - len(text.lstrip(first)), 3)


def _split_emphasis(text: str, mark: str) -> tuple[Slot | None, str, Mark] | None:
    end = text.find(mark, len(mark), LONGEST + 10)
    if end <= len(mark):
        return None
    words, rest = text[len(mark) : end].strip(), text[end + len(mark) :].lstrip("*_")
    inner = words.rstrip(_COLONS + " ")
    slot = marked_slot_of(inner)
    if slot is None:
        return None
    joint = _JOINT.match(rest)
    if joint or inner != words or not rest:
        return slot, rest[joint.end() if joint else 0 :].strip(), Mark.FULL
    return (slot, rest.strip(), Mark.WEAK) if rest[0].isspace() and slot is slot_of(inner) else None


def _split_at_colon(text: str) -> tuple[Slot | None, str, Mark]:
    head = text[: LONGEST + 6]
    cut = _colon(head)
    words, value = (head[:cut], text[cut + 1 :]) if cut > 0 else (text, "")
    before, _, inner = words.strip("*_` ").rpartition("**")
    slot = None if any(map(str.isalnum, before)) else marked_slot_of(inner)
    if slot is None:
        return (*_split_number(text), Mark.FULL) if cut < 0 and text[-1:].isdigit() else (None, text, Mark.NONE)
    value = value.strip()
    if words[:1] in "*_`":  # `**제목: X**`
        mark = _emphasis(words)
        value = value.removesuffix(mark).strip() if value.endswith(mark) and value.count(mark) == 1 else value
    return slot, value.removeprefix("**").strip() if value.count("**") == 1 else value, Mark.FULL


def _split_number(text: str) -> tuple[Slot | None, str]:
    """`추천수 42`: the labels of numbers need no colon."""
    if len(text) > LONGEST:
        return None, text
    words = text.rstrip("0123456789,")
    slot = slot_of(words.strip("*_` "))
    return (slot, text[len(words) :]) if slot in (Slot.VOTES, Slot.IMPORTANCE) else (None, text)


def without_number(text: str) -> str:
    """Drop what only numbers or decorates a heading: `1. X`, `논문 2: X`, `논문: X`, `[논문 3] X`, `📄 X`.

    >>> without_number("논문 1: A: B"), without_number("3D Vision"), without_number("**2. X**")
    ('A: B', '3D Vision', 'X')
    """
    text = text.lstrip(_DECORATION)
    votes = votes_at_end(text)
    if votes and text[: votes.start()]:
        return f"{without_number(text[: votes.start()])} ({_VOTE_SIGNS[0]} {votes[1]})"
    text = unbold(text)
    numbering = _NUMBERING.match(text)
    if numbering and not text.startswith("(", numbering.end()):
        text = text[numbering.end() :]
    elif text[:1] in _BRACKETS:
        words, close, rest = text[1 : LONGEST + 2].partition(_BRACKETS[text[0]])
        if close and not rest.startswith("(") and is_counter(words):
            text = text[len(words) + 2 :].lstrip(_COLONS + " -")
    counter = _COUNTER.match(text)
    if counter and is_counter(counter[1]) and (counter[2] in _COLONS or any(map(str.isdigit, counter[1]))):
        text = text[counter.end() :]
    elif text[-1:].isdigit() and is_counter(text):
        return ""
    return unbold(text.strip().lstrip(_DECORATION))


def title_like(raw: str) -> str | None:
    """Give the title that a line of text is which stands alone above labels, or None where it cannot be one.

    Bold as a whole, numbered, quoted, a link, or short and no sentence.
    """
    text = raw.strip().lstrip("> ")
    if len(text) > 300 or text.startswith(("![", "<", "|", "http", "```", "~~~")):
        return None
    title = without_number(text)
    if not title or is_language(title) or (title == text and title.endswith(_SENTENCE_ENDS)):
        return None
    return title


def votes_at_end(text: str) -> re.Match[str] | None:
    """Find the votes behind a title, `X (👍 42)`; searched for only where a text ends as such do."""
    return VOTES_AT_END.search(text) if text[-1:].isdigit() or text[-1:] == ")" else None


def is_numbered(raw: str) -> bool:
    """Tell whether a line begins with a number, in its emphasis or before it: `1. X`, `**2) X**`, `3️⃣ **X**`."""
    return _NUMBERING.match(raw.strip().lstrip("*_# ")) is not None


def is_strong_title(raw: str) -> bool:
    """Tell whether a line within a text could be the title of the next item: bold as a whole, or a heading."""
    text = raw.strip()
    if is_language(text):
        return False
    numbering = _NUMBERING.match(text)
    body = text[numbering.end() :] if numbering else text
    body = VOTES_AT_END.sub("", body) if body[:2] in {"**", "__"} and body[-1:] not in "*_" else body
    return text.startswith("#") or (len(body) < 300 and body[:2] in {"**", "__"} and unbold(body) != body)


def _row(text: str) -> Line:
    return Line(Kind.ROW) if text.count("|") > 2 else TEXT


def _image(text: str) -> Line:
    if not text.startswith("!["):
        return TEXT
    middle = text.find("](")
    if middle < 0:
        return TEXT
    if text[-1] == ")" and text.find("(", middle + 2) < 0 and text.find(")") == len(text) - 1 and " " not in text:
        return Line(Kind.IMAGE, text[middle + 2 : -1])
    end = closing(text, middle + 1)
    if end < 0:
        return Line(Kind.IMAGE)
    return Line(Kind.IMAGE, text[middle + 2 : end].partition(' "')[0].strip().strip("<>"))


_READERS = {"#": _heading, "!": _image, "|": _row, ">": _quoted, "<": _html}
