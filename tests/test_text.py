"""Text: what comes out of it can go into XML, paths and comparisons, whatever went in."""

from __future__ import annotations

import re
import time
import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from digestfeed.text import match_key, normal, one_line, shorten, slug, unturned, xml_clean

any_text = st.text(st.characters())  # also lone surrogates and controls
odd_text = st.text(st.characters(categories=["Cc", "Cf", "Cn", "Co", "Cs"]))

RESERVED = ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))]


@given(any_text | odd_text)
def test_xml_clean_text_goes_into_an_element_and_comes_out_again(text: str) -> None:
    """Any string is encodable afterwards, is accepted by lxml, and survives a parser."""
    clean = xml_clean(text)
    clean.encode()
    element = etree.Element("a", b=clean)
    element.text = clean
    read = etree.fromstring(etree.tostring(element))
    assert (read.text or "") == clean


@given(any_text | odd_text)
def test_xml_clean_replaces_character_for_character(text: str) -> None:
    """Nothing is dropped or moved, and a second cleaning finds nothing."""
    clean = xml_clean(text)
    assert len(clean) == len(text)
    assert all(new in {old, "\ufffd"} for old, new in zip(text, clean, strict=True))
    assert xml_clean(clean) == clean


@pytest.mark.parametrize("text", ["", "plain", "tab\tand\nline\rend", "한국어 요약", "🤗 emoji", "a\x85b", "\ufffd"])
def test_xml_clean_leaves_what_xml_can_carry(text: str) -> None:
    """What is allowed stays as it is."""
    assert xml_clean(text) == text


@pytest.mark.parametrize("code", [0, 8, 0x0B, 0x1B, 0x7F, 0x9B, 0xD800, 0xDFFF, 0xFDD0, 0xFFFF, 0x1FFFE, 0x10FFFF])
def test_xml_clean_marks_what_it_cannot(code: int) -> None:
    """A control, a lone surrogate or a noncharacter leaves a mark in its place."""
    assert xml_clean(f"a{chr(code)}b") == "a\ufffdb"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("  a \t b\n\nc  ", "a b c"),
        ("a\u00a0\u3000b", "a b"),
        ("a\u2028b\x85c", "a b c"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("zero\u200bwidth\ufeff soft\u00adhyphen", "zerowidth softhyphen"),
        ("\u2067right\u2069", "right"),
        (" \u200b ", ""),
    ],
)
def test_one_line(text: str, expected: str) -> None:
    """White space folds to single blanks; marks that only disturb are dropped."""
    assert one_line(text) == expected


@given(any_text)
def test_one_line_is_one_line(text: str) -> None:
    """The result has no line break, no blank at an end and no two in a row; a second pass changes nothing."""
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert "  " not in line
    assert one_line(line) == line


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("쉬운 설명:", "쉬운설명"),
        ("**쉬운-설명**", "쉬운 설명"),
        (unicodedata.normalize("NFD", "컴퓨터 비전"), "컴퓨터비전"),
        ("Ｄｅｅｐ　Ｌｅａｒｎｉｎｇ", "deep learning"),
        ("Straße", "STRASSE"),
        ("📌 Title", "title"),
        ("multi-modal", "Multi Modal"),
    ],
)
def test_match_key_makes_spellings_equal(one: str, other: str) -> None:
    """Case, width, spaces, punctuation and the form of Unicode do not count."""
    assert match_key(one) == match_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("요약", "쉬운 요약"), ("GPT-3", "GPT-4"), ("analysis", "analyses"), ("가", "각")]
)
def test_match_key_keeps_words_apart(one: str, other: str) -> None:
    """Other words have other keys."""
    assert match_key(one) != match_key(other)


@given(st.text())
def test_match_key_is_the_same_for_every_form_of_unicode(text: str) -> None:
    """Composed or decomposed, a text has one key, of letters and digits only."""
    key = match_key(text)
    assert match_key(unicodedata.normalize("NFD", text)) == match_key(unicodedata.normalize("NFC", text))
    assert all(map(str.isalnum, key))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vision & Language", "vision-language"),
        ("  --Émile's (naïve) Café--  ", "emile-s-naive-cafe"),
        ("한국어", ""),
        ("LLM 에이전트", "llm"),
        ("../../etc/passwd", "etc-passwd"),
        ("a" * 500, "a" * 63),
        ("a" * 62 + " b", "a" * 62),
        ("ＣＯＮ", "con-"),
        ("com¹", "com1-"),
    ],
)
def test_slug(text: str, expected: str) -> None:
    """A slug keeps the ASCII letters and digits, words joined by hyphens."""
    assert slug(text) == expected


@given(any_text | st.sampled_from(RESERVED))
def test_a_slug_is_a_good_folder_anywhere(text: str) -> None:
    """ASCII, lower case, short, no name that Windows reserves; and a slug's slug is itself."""
    name = slug(text)
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*-?)?", name)
    assert len(name) < 64
    assert name not in RESERVED
    assert slug(name) == name


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("short", 5, "short"),
        ("one two three", 9, "one two…"),
        ("one two, three", 10, "one two…"),
        ("unbreakable", 6, "unbre…"),
        ("a verylongwordfollows", 12, "a verylongw…"),
        ("", 3, ""),
    ],
)
def test_shorten(text: str, width: int, expected: str) -> None:
    """A text is cut at a blank where one is near the end, else where it must."""
    assert shorten(text, width) == expected


@given(st.text(), st.integers(min_value=1, max_value=30))
def test_shortened_text_fits_and_begins_as_the_text_does(text: str, width: int) -> None:
    """At most the width, a beginning of the text and an ellipsis; a text that fits is left alone."""
    short = shorten(text, width)
    assert len(short) <= width
    assert short == text or (len(text) > width and short.endswith("…") and text.startswith(short[:-1]))


@pytest.mark.parametrize("function", [xml_clean, one_line, match_key, slug])
@pytest.mark.parametrize("piece", [" ", "\x00", "\u200b-", "가 ", "a-"])
def test_long_text_takes_no_long_time(function: object, piece: str) -> None:
    """A megabyte of anything is done at once: no function goes over it more than a few times."""
    assert callable(function)
    started = time.perf_counter()
    function(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - started < 30


@given(st.text(max_size=300), st.sampled_from(["NFC", "NFKC", "NFD", "NFKD"]))
def test_a_text_with_blanks_is_normalised_as_ever(text: str, form: Literal["NFC", "NFKC", "NFD", "NFKD"]) -> None:
    """In pieces or whole, where there is a blank in every 256 characters."""
    long = " ".join([text[:250]] * 3)
    assert normal(form, long) == unicodedata.normalize(form, long)


@given(st.text("가\u0315\u0316e\u0301 ", min_size=250, max_size=600))
def test_nothing_is_lost_where_there_is_no_blank(text: str) -> None:
    """A word that is too long is cut into pieces, which hold the same characters."""
    assert sorted(normal("NFD", text)) == sorted(unicodedata.normalize("NFD", text))


def test_marks_in_disorder_are_sorted_in_pieces() -> None:
    """The library takes time to the square of their number; here ten times as many take ten times as long."""
    marks = "\u0315\u0316" * 500_000  # ten minutes and more, in one piece
    assert len(normal("NFKC", marks)) == len(marks)
    assert match_key(marks) == ""


@given(any_text)
def test_unturned_text_has_no_marks_that_turn_it(text: str) -> None:
    """Embeddings, overrides and isolates are gone, and nothing else is."""
    turns = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
    assert unturned(text) == "".join(char for char in text if char not in turns)


@given(any_text | odd_text)
def test_one_line_shows_all_that_it_has(text: str) -> None:
    """Of format characters only joiners are left, and what a script needs."""
    hidden = {"\u00ad", "\u200b", "\u202e", "\u2060", "\u206f", "\ufeff", "\ufff9", "\U000e0041"}
    assert not hidden & set(one_line(text + "".join(hidden)))
