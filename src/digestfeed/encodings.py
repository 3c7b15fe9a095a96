"""The bytes of a file → its text.

Owns which encodings are read, how one without a byte order mark is recognised, and that a text comes out the same
whatever system wrote it.  Refuses the disk, and guessing where a wrong guess would publish nonsense.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from digestfeed.text import normal


class Decoded(NamedTuple):
    """A text, and the name of its encoding where that was not UTF-8."""

    text: str
    note: str | None = None


_MARKED = (
    (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_UTF16 = ("utf-16-le", "utf-16-be")
_SAMPLE = 4000  # bytes by which UTF-16 without a mark is recognised
_USUAL = re.compile("[\t\n\r -~가-힣]")
_ABOVE_ASCII = re.compile(r"[^\x00-\x7f]+")
_OTHER_ENDS = re.compile("[\v\f\x1c-\x1e\u2028\u2029]")
_HANGUL_PARTS = re.compile("[\u1160-\u11ff]")
_NO_UTF8 = re.compile("[\udc80-\udcff]")  # bytes as `surrogateescape` shows them
_ASCII = bytes(range(0x80))
_UNUSUAL = bytes(set(range(0x100)) - {*range(0xA1, 0xA4), *range(0xB0, 0xC9)})
"""First bytes in EUC-KR of what is neither a sign nor a syllable: hanja, and the letters of other scripts."""


def decode(data: bytes) -> Decoded | str:
    r"""Decode UTF-8, UTF-16 and UTF-32 by their byte order mark, UTF-16 without one, or CP949; else say why not.

    Line ends come out as `\n`: CRLF, CR and NEL alike, and any others in a text that has none of these.  Byte order
    marks go, wherever files were joined.  Hangul in its parts (NFD, as a Mac may write it) is composed.

    >>> decode("요약: 글".encode("cp949"))
    Decoded(text='요약: 글', note='CP949')
    """
    found = _marked(data) or _unmarked_utf16(data) or _utf8(data) or _cp949(data)
    if found is None:
        return _why_not(data)
    text = _with_line_feeds(found.text).replace("\ufeff", "")
    return Decoded(_composed(text) if found.note or _may_have_parts(data) else text, found.note if text else None)


def _marked(data: bytes) -> Decoded | None:
    for mark, encoding, note in _MARKED:
        text = _text(data, encoding) if data.startswith(mark) else None
        if text is not None:
            return Decoded(text, note)
    return None


def _unmarked_utf16(data: bytes) -> Decoded | None:
    """UTF-16 has NULs for each ASCII letter, and is mostly that and Hangul if it is decoded rightly."""
    for encoding in _UTF16 if b"\0" in data[:_SAMPLE] else ():
        sample = data[:_SAMPLE].decode(encoding, "replace")
        if 4 * len(_USUAL.findall(sample)) > 3 * len(sample):
            text = _text(data, encoding)
            return None if text is None else Decoded(text, "UTF-16 without its mark")
    return None


def _utf8(data: bytes) -> Decoded | None:
    text = _text(data, "utf-8")
    return None if text is None else Decoded(text)


def _cp949(data: bytes) -> Decoded | None:
    """Decode what is meant as CP949: nearly any pair of high bytes is some letter of it.

    What is UTF-8 but for some bytes is not meant so.  And of Korean text nearly all are syllables and signs of
    EUC-KR, which has those in use; what other encodings look like mostly is not.
    """
    text = None if _is_broken_utf8(data) else _text(data, "cp949")
    if text is None:
        return None
    letters = _above_ascii(text)
    usual = letters.encode("euc_kr", "ignore")[::2].translate(None, _UNUSUAL)
    return Decoded(text, "CP949") if 4 * len(usual) > 3 * len(letters) else None


def _is_broken_utf8(data: bytes) -> bool:
    """Tell whether more of the bytes above ASCII are UTF-8 than are not."""
    valid = len(_above_ascii(data.decode("utf-8", "ignore")).encode())
    return 2 * valid > len(data.translate(None, _ASCII))


def _why_not(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "expected UTF-16 text, as its first bytes say, got bytes that are none"
    if not _is_broken_utf8(data):
        return "expected UTF-8 text, got bytes that are neither that nor CP949"
    text = data.decode("utf-8", "surrogateescape")
    before = _NO_UTF8.split(text, maxsplit=1)[0]
    byte, line = ord(text[len(before)]) - 0xDC00, before.count("\n") + 1
    return f"expected UTF-8 text, got the byte 0x{byte:02x} out of place in line {line}"


def _text(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _above_ascii(text: str) -> str:
    return "".join(_ABOVE_ASCII.findall(text))


def _with_line_feeds(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\x85", "\n")
    return text if "\n" in text else _OTHER_ENDS.sub("\n", text)


def _may_have_parts(data: bytes) -> bool:
    """Tell whether UTF-8 may have Hangul in its parts, in a tenth of the time that the text takes to search."""
    return b"\xe1\x85" in data or b"\xe1\x86" in data or b"\xe1\x87" in data


def _composed(text: str) -> str:
    return normal("NFC", text) if _HANGUL_PARTS.search(text) else text
