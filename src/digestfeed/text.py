"""Text that is safe to pass on: XML-clean strings, keys for matching, slugs, plain text, moments as text.

Owns what holds for any text; refuses any knowledge of papers.  Nothing here backtracks: each function takes
time linear in its argument.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from digestfeed.model import Moment

# XML 1.0 (5th ed.) production 2 leaves these out; the C1 controls (but NEL) are discouraged there and invisible.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Marks that change how the text around them is shown: bidi overrides and isolates, zero-width joiners, BOM.
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])
_INVISIBLE = {**_BIDI, **dict.fromkeys([0x200B, 0x2060, 0xFEFF, 0x00AD, *range(0xFFF9, 0xFFFC)])}
_WHITE = re.compile(r"\s+")
_RESERVED_NAMES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))]
)


def xml_clean(text: str) -> str:
    r"""Replace what XML 1.0 cannot carry (controls, lone surrogates, U+FFFE…) by U+FFFD.

    >>> xml_clean("a\x00b")
    'a�b'
    """
    return _NOT_XML.sub("�", text) if not text.isascii() or _NOT_XML.search(text) else text


def one_line(text: str) -> str:
    r"""Fold white space to single blanks and drop marks that only disturb: bidi overrides, zero-width characters.

    >>> one_line("  a\n\u202eb ")
    'a b'
    """
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    return _WHITE.sub(" ", text).strip()


def match_key(text: str) -> str:
    """Give the key by which two spellings are the same: NFKC, case folded, letters and digits only.

    >>> match_key("쉬운 설명:") == match_key("쉬운설명")
    True
    """
    folded = text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return folded if folded.isalnum() else "".join(filter(str.isalnum, folded))


def slug(text: str) -> str:
    """Make a path component of ASCII letters, digits and hyphens; empty when nothing of the text survives.

    Under 64 bytes, never one of the names that Windows reserves.

    >>> slug("Vision & Language"), slug("CON"), slug("한국어")
    ('vision-language', 'con-', '')
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = "-".join(re.findall(r"[a-z0-9]+", ascii_text))[:63].strip("-")
    return f"{name}-" if name in _RESERVED_NAMES else name


def rfc3339(moment: Moment) -> str:
    """Write a moment as RFC 3339 does, in UTC, to the second.

    >>> rfc3339(0)
    '1970-01-01T00:00:00Z'
    """
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat()[:19] + "Z"  # in a third of strftime's time


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
