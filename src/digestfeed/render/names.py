"""An author's name as the formats of citations write it.

Owns where a name is divided, and its form in each format; refuses what is around the names.

A name is divided as BibTeX divides `First von Last`: the last word is the family's, words in lower case before
it belong to it.  What is one word, has a comma or an `and`, names a group, or is not in Latin letters stays
whole: it is better not to abbreviate a name than to abbreviate a wrong part of it.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Final

import msgspec

from digestfeed.render.tex import tex
from digestfeed.text import one_line, xml_clean

MOST: Final = 50
"""Names that a page gives; some papers have a thousand authors.  The month's data files have all of them."""

OTHERS: Final = "others"
"""What stands for the rest of a long list; BibTeX's own word for it."""

_LAST_WORDS: Final = """
    AI Authors Collaboration Community Consortium Contributors Corp Foundation Group Inc Institute Lab Laboratory Labs
    LLC Ltd Project Research Team University
"""
_GROUPS: Final = frozenset(_LAST_WORDS.split())
_JOINED: Final = re.compile(r",|\band\b", re.IGNORECASE)
OTHER_SCRIPT: Final = re.compile("[\u0370-\u1dff\u2e80-\ud7ff\uf900-\ufaff]")
"""Finds what is not in Latin letters: Greek to Georgian, and from the radicals of Chinese to Hangul."""


class Name(msgspec.Struct, frozen=True, gc=False):
    """A name in each format.

    `csl` and `person` are JSON objects (CSL's name variable; schema.org's Person or Organization), `meta` is
    escaped for HTML, `written` is the name on one line.
    """

    written: str
    bibtex: str
    ris: str
    csl: str
    person: str
    meta: str


class _Parts(msgspec.Struct, frozen=True):
    given: str
    particle: str
    family: str


_json = msgspec.json.Encoder().encode


@lru_cache(maxsize=8192)
def name(written: str) -> Name | None:
    """Give a name's forms; None for what is none, such as blanks.

    >>> forms = name("Arie van Deursen")
    >>> forms.ris, forms.csl
    ('van Deursen, Arie', '{"family":"Deursen","non-dropping-particle":"van","given":"Arie"}')
    """
    text = one_line(xml_clean(written))
    if not text:
        return None
    group = _is_group(text)
    parts = None if group else _divided(text)
    kind = "Organization" if group else "Person"
    return Name(
        written=text,
        bibtex=_bibtex(text, whole=group),
        ris=text if parts is None else f"{_after(parts.particle)}{parts.family}, {parts.given}",
        csl=_csl(text, parts),
        person=f'{{"@type":"{kind}","name":{quoted(text)}}}',
        meta=html.escape(text),
    )


def names(authors: tuple[str, ...]) -> list[Name]:
    """Give the names of authors, in order; what is no name is left out."""
    return [found for author in authors if (found := name(author)) is not None]


def _is_group(text: str) -> bool:
    return text.rpartition(" ")[2].rstrip(".") in _GROUPS  # as written: Qingyao Ai is a person


def _divided(text: str) -> _Parts | None:
    if " " not in text or _JOINED.search(text) or OTHER_SCRIPT.search(text):
        return None
    words = text.split(" ")
    first = last = len(words) - 1
    while first > 1 and words[first - 1].islower():
        first -= 1
    return _Parts(" ".join(words[:first]), " ".join(words[first:last]), words[last])


def _bibtex(text: str, *, whole: bool) -> str:
    """Escape a name; one that BibTeX would take for several, or divide where it must not, is braced."""
    escaped = tex(text)
    return f"{{{escaped}}}" if whole or _JOINED.search(escaped) or escaped.lower() == OTHERS else escaped


def _csl(text: str, parts: _Parts | None) -> str:
    if parts is None:
        return f'{{"literal":{quoted(text)}}}'
    particle = f',"non-dropping-particle":{quoted(parts.particle)}' if parts.particle else ""
    return f'{{"family":{quoted(parts.family)}{particle},"given":{quoted(parts.given)}}}'


def _after(particle: str) -> str:
    return f"{particle} " if particle else ""


def quoted(text: str) -> str:
    """Write a text as a JSON string."""
    return _json(text).decode()
