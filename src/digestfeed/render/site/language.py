"""Days as readers and programs understand them, and the marks of a text in another language than the page's."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from markupsafe import Markup, escape

from digestfeed.render.words import words

NOTHING = Markup()
"""No markup, where an attribute or a piece of it may stand."""

_LANG = {"ko": Markup(' lang="ko"'), "en": Markup(' lang="en"')}
_HANGUL = re.compile("[가-힣ㄱ-ㆎᄀ-ᇿ]")
_LATIN = re.compile("[A-Za-z]")
_OTHER_SCRIPT = re.compile("[\u0400-\u052f\u0590-\u08ff\u0900-\u0fff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@lru_cache(maxsize=4096)
def spoken(code: str, day: dt.date) -> Markup:
    """A day as readers and programs understand it."""
    said = words(code).day(day.year, day.month, day.day)
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), said)


@lru_cache(maxsize=4096)
def dated(code: str, name: str, day: dt.date) -> Markup:
    """A day with what it rests on."""
    return escape(words(code).text[name]).format(day=spoken(code, day))


def lang(text: str, language: str) -> Markup:
    """The `lang` attribute that a text needs inside a page of another language.

    Korean is told by its letters; on a Korean page what has only Latin letters is taken for English.
    """
    if _HANGUL.search(text):
        return NOTHING if language == "ko" else _LANG["ko"]
    if language == "ko" and _LATIN.search(text) and not _OTHER_SCRIPT.search(text):
        return _LANG["en"]
    return NOTHING
