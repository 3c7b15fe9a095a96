"""Text that is safe to pass on: XML-clean strings, keys for matching, slugs, plain text, moments as text.

Owns what holds for any text; refuses any knowledge of papers.  Nothing here backtracks: each function takes
time linear in its argument.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Literal

from digestfeed.model import Moment

MONTH_NAMES = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
"""The months in English, whole or short, as alternatives of a regular expression; the first three letters tell them."""

# XML 1.0 (5th ed.) production 2 leaves these out; the C1 controls (but NEL) are discouraged there and invisible.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# HTML has no place for the last two of each plane either; apart, because they make the pattern ten times as slow.
_ENDS_OF_PLANES = tuple(chr(plane << 16 | end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))
_NO_CHARACTERS = dict.fromkeys(map(ord, _ENDS_OF_PLANES), "�")
# Marks that change how the text around them is shown: embeddings, overrides and isolates (UAX #9, 2), which turn it
# around up to their partner or the end of the paragraph; marks of direction; and format characters that are shown as
# nothing, but for joiners, which scripts and emoji need.
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_DIRECTIONS = (0x200E, 0x200F, 0x061C)
_UNSEEN = (0x00AD, 0x180E, 0x200B, *range(0x2060, 0x2065), *range(0x206A, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC))
_UNSEEN_ABOVE = (*range(0x1D173, 0x1D17B), 0xE0001, *range(0xE0020, 0xE0080))
_INVISIBLE = {**_TURNS, **dict.fromkeys([*_DIRECTIONS, *_UNSEEN, *_UNSEEN_ABOVE])}
_RESERVED_NAMES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))]
)


def xml_clean(text: str) -> str:
    r"""Replace what XML 1.0 cannot carry (controls, lone surrogates, U+FFFE…) by U+FFFD.

    >>> xml_clean("a\x00b")
    'a�b'
    """
    if text.isascii():
        return _NOT_XML.sub("�", text) if _NOT_XML.search(text) else text
    text = _NOT_XML.sub("�", text)
    return text.translate(_NO_CHARACTERS) if any(map(text.__contains__, _ENDS_OF_PLANES)) else text


def unturned(text: str) -> str:
    r"""Drop the marks that turn the text around them: bidi embeddings, overrides and isolates.

    >>> unturned("a\u202eb\u2069")
    'ab'
    """
    return text if text.isascii() else text.translate(_TURNS)


def one_line(text: str) -> str:
    r"""Fold white space to single blanks and drop marks that only disturb: bidi overrides, zero-width characters.

    >>> one_line("  a\n\u202eb ")
    'a b'
    """
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    return " ".join(text.split())


Form = Literal["NFC", "NFKC", "NFD", "NFKD"]
_ANY_PIECE = 256  # characters
_PIECES = re.compile(rf"(?s:.){{1,{_ANY_PIECE}}}(?=[\s,;.]|\Z)|(?s:.){{{_ANY_PIECE}}}")


def normal(form: Form, text: str) -> str:
    """Normalise a text as `unicodedata.normalize` does, in time linear in its length.

    Combining marks are sorted (UAX #15, 3.11), in the library by exchanging neighbours: a hundred thousand marks
    in disorder take minutes.  So a long text is normalised in pieces, which end before a blank, comma or full stop
    where there is one in 256 characters; no canonical composition reaches over these.

    >>> normal("NFC", "\u1100\u1161"), normal("NFKC", "ﬁ")
    ('가', 'fi')
    """
    if len(text) <= _ANY_PIECE:
        return unicodedata.normalize(form, text)
    return "".join([unicodedata.normalize(form, piece) for piece in _PIECES.findall(text)])


def match_key(text: str) -> str:
    """Give the key by which two spellings are the same: NFKC, case folded, letters and digits only.

    >>> match_key("쉬운 설명:") == match_key("쉬운설명")
    True
    """
    folded = text.casefold() if text.isascii() else normal("NFKC", text).casefold()
    return folded if folded.isalnum() else "".join(filter(str.isalnum, folded))


def slug(text: str) -> str:
    """Make a path component of ASCII letters, digits and hyphens; empty when nothing of the text survives.

    Under 64 bytes, never one of the names that Windows reserves.

    >>> slug("Vision & Language"), slug("CON"), slug("한국어")
    ('vision-language', 'con-', '')
    """
    ascii_text = normal("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = "-".join(re.findall(r"[a-z0-9]+", ascii_text))[:63].strip("-")
    return f"{name}-" if name in _RESERVED_NAMES else name


def primary_language(tag: str) -> str:
    """Give the language of a tag without its script and region, in lower case (RFC 5646, 2.2.1).

    >>> primary_language("ko-KR"), primary_language("kok")
    ('ko', 'kok')
    """
    return tag.partition("-")[0].lower()


def rfc3339(moment: Moment) -> str:
    """Write a moment as RFC 3339 does, in UTC, to the second.

    >>> rfc3339(0)
    '1970-01-01T00:00:00Z'
    """
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat()[:19] + "Z"  # in a third of strftime's time


def visible(text: str) -> str:
    r"""Write a text so that it can be shown on a terminal: what would steer that, or turn text around, as escapes.

    >>> visible("a\x1b[31m\u202eb\U000e0001")
    'a\\u001b[31m\\u202eb\\U000e0001'
    """
    return text if text.isprintable() else "".join(map(_escape, text))


def _escape(char: str) -> str:
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


_LONGEST_SEARCHED = 4000  # characters: what has more faults than lines is not searched again for each of them
_TOLD_BY = 200  # characters of a part by which it is found


def span_of(part: str, line: str) -> tuple[int, int]:
    """Tell where a part stands in a line for the last time: its column, counted from 1, and its length; else 0, 0.

    >>> span_of("many", "votes: many "), span_of("few", "votes: many")
    ((8, 4), (0, 0))
    """
    part = part.strip()
    start = line.rfind(part[:_TOLD_BY], 0, _LONGEST_SEARCHED) if part else -1
    return (start + 1, min(len(part), len(line) - start)) if start >= 0 else (0, 0)


def shorten(text: str, width: int) -> str:
    """Cut a text to at most `width` characters, at a blank where there is one near, with an ellipsis.

    >>> shorten("one two three", 9)
    'one two…'
    """
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    blank = cut.rfind(" ", width // 2)
    return (cut[:blank] if blank > 0 else cut).rstrip(" ,.;:") + "…"


def number_of(count: int, noun: str) -> str:
    """Count things in English words: `1 digest`, `2 digests`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
