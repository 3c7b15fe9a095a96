"""The first sentence of a summary as plain text, for lists and descriptions.

Refuses HTML: what it gives is text, to be escaped where it is shown.
"""

from __future__ import annotations

import html
import re

from digestfeed.model import Paper
from digestfeed.text import one_line, shorten

TEASER_WIDTH = 160
"""Characters of a teaser at most."""

_TEASER_SCAN = 800
_SHORTEST_SENTENCE = 24


# Characters that may be marks of Markdown or HTML, entities, or invisible and turning the text around them.
_INVISIBLE = r"\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_MARKUP = re.compile(rf"[*`\[<&#>\\_~{_INVISIBLE}]")
_LIST_MARK = re.compile(r"\s{0,9}(?:[-+]|\d{1,9}[.)])\s")
_MARKS = re.compile(
    r"!?\[(?P<text>[^\[\]]*)\]\([^()]*(?:\)|\Z)"
    r"|</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>"
    r"|^\s{0,9}(?:\#{1,6}(?=\s)|[-+*](?=\s)|>|\d{1,9}[.)](?=\s))"
    rf"|(?<!\s)\*+|\*+(?!\s)|[`{_INVISIBLE}]+|__+|~~+"
    r"|\\(?=[*_`#\[\]<>|~-])",
    re.MULTILINE,
)
# A full stop and what closes after it, or an empty line; found by the first character, which is quick.
_SENTENCE_END = re.compile(
    r"[.!?。！？\n](?:(?<!\n)(?<![\s.(][A-Za-z]\.)(?<!\s(?:al|vs)\.)[\"'”’)\]*_]*(?=\s|\Z)|(?<=\n)[ \t]*\n)"
)


def teaser(paper: Paper) -> str:
    """Give the first sentence of the summary as plain text of at most 160 characters; empty without one."""
    text = (paper.summary or paper.easy_summary or "")[:_TEASER_SCAN]
    end = _SENTENCE_END.search(text, _SHORTEST_SENTENCE)
    return shorten(without_marks(text[: end.end()] if end else text), TEASER_WIDTH)


def without_marks(text: str) -> str:
    """Give a text without what is Markdown or HTML in it, on one line."""
    if _MARKUP.search(text) or _LIST_MARK.match(text) or "\n" in text:
        # A character reference may stand for one of the invisible.
        text = one_line(html.unescape(_MARKS.sub(_mark_text, text)))
    return " ".join(text.split())


def _mark_text(mark: re.Match[str]) -> str:
    return mark["text"] or ""
