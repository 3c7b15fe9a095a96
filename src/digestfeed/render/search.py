"""The search index: the files in which a browser looks up which papers have a word.

Owns how a text is cut into terms, and the form of the files; refuses the disk, and any decision about which papers
are indexed together.  `assets/search.js` reads these files and cuts a query in the same way; `docs/search.md`
describes them, and says why no library makes them.

A text is cut into runs of letters and digits.  A run of Hangul, kana or Han characters becomes its pairs of
neighbours: `언어모델을` is 언어, 어모, 모델 and 델을, so that `모델` finds it wherever the word begins or ends.  Any
other run is a term as it is.  Of the texts that are searched, not of queries, neighbours across a blank are pairs too.

An index covers some hundred or thousand papers, numbered from 0.  Its terms are spread over files by their first
character, so that a query reads one small file a term, and finds there too what begins or is spelt like it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from operator import add, sub
from typing import Final

import msgspec

from digestfeed.model import Paper
from digestfeed.render.teasers import without_marks
from digestfeed.text import one_line, shorten, xml_clean
from digestfeed.urls import month_name

FORMAT: Final = 1
"""Of the files: grows when a script made for the old ones could not read the new ones."""

PAPERS_A_FILE: Final = 20
"""As many papers are shown at a time, and what is shown lies together: neighbours in time often match together."""

VOTES: Final = (5, 10, 20, 50, 100)
"""The least numbers of votes that can be asked for."""

_PAPERS_A_WORD_FILE: Final = 25  # a paper has some 550 bytes in them, so a file some 12 kB
_TEXT: Final = 500  # characters of a summary from which excerpts are cut
_MOST: Final = 20_000  # characters of a text that are indexed: ten times the longest summary that was seen
_MARK: Final = "digestfeed search"

_PAIRED: Final = "가-힣\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_RUN: Final = re.compile(rf"[{_PAIRED}]+|[^\W_{_PAIRED}]{{1,32}}")
# Korean writes 언어모델 as well as 언어 모델, so neighbours across one blank are a pair too; not after these syllables,
# which end a word that joins with none.
_JOINT: Final = re.compile("(?![을를은는며된할될다])[가-힣] [가-힣]")
_ONE_PAIRED: Final = re.compile(f"[{_PAIRED}]")  # what lies between the two below are other letters too
_FIRST_PAIRED: Final = "\u3040"
_LAST_PAIRED: Final = "힣"

# A number is written as one character, which UTF-8 makes one byte for most: from "!" on, so that no control
# character is among them.  What is too big for that takes two, so that no surrogate is.
_OFFSET: Final = 0x21
_SMALL: Final = 0x4000
_LEAD: Final = 0x8000
_CHARACTERS: Final = [chr(value + _OFFSET) for value in range(_SMALL)]


def terms(text: str) -> set[str]:
    """Cut a text into its terms.

    >>> sorted(terms("LLM의 언어모델을"))
    ['llm', '델을', '모델', '어모', '언어', '의']
    """
    return set(_cut(folded(text)))


def folded(text: str) -> str:
    """Fold what does not make another word: width, ligatures, case."""
    return (text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)).lower()


def _cut(text: str) -> list[str]:
    """Cut a folded text."""
    return [term for run in _RUN.findall(text) for term in _terms_of(run)]


def _terms_of(run: str) -> Iterable[str]:
    if len(run) > 1 and _FIRST_PAIRED <= run[0] <= _LAST_PAIRED and _ONE_PAIRED.match(run):
        return map(add, run, run[1:])
    return (run,)


def word_bits(papers: int) -> int:
    """Give how many bits of a term's hash choose its file, for an index of so many papers."""
    return (papers // _PAPERS_A_WORD_FILE).bit_length()


def word_file(term: str, bits: int) -> int:
    """Give the number of the file that has a term: by its first character, spread evenly (Knuth's multiplier)."""
    return (ord(term[0]) * 2654435761 & 0xFFFFFFFF) >> (32 - bits)


class Index:
    """The index of some papers, which have their places in it from 0 on.

    Args:
        papers: the papers, oldest first.
        field_words: for each field's slug what it is found by, in all languages.
    """

    def __init__(self, papers: Sequence[Paper], field_words: Mapping[str, str]) -> None:
        self._papers = papers
        self._bits = word_bits(len(papers))
        self._files: list[list[str]] = [[] for _ in range(1 << self._bits)]
        everything, titles = _Places(), _Places()
        for place, paper in enumerate(papers):
            title = "\n".join((paper.title, *paper.titles))
            titles.add(place, title)
            everything.add(place, "\n".join((title, *_texts(paper, field_words))))
        titled = titles.by_term()
        for term, places in sorted(everything.by_term().items()):
            line = f"{term}\t{_numbers(places)}"
            if term in titled:
                line += f"\t{_numbers(titled[term])}"
            self._files[word_file(term, self._bits)].append(line)

    def words(self, number: int) -> bytes:
        """Give a file of terms: a line each, with the papers that have it, and those that have it in their title."""
        return _lines(self._files[number])

    def filters(self) -> bytes:
        """Give the papers of each field, and those with so many votes: a line each, as in a file of terms."""
        found: dict[str, list[int]] = {}
        for place, paper in enumerate(self._papers):
            for slug in dict.fromkeys(paper.fields):
                found.setdefault(f"field:{slug}", []).append(place)
            for least in VOTES:
                if paper.votes is not None and paper.votes >= least:
                    found.setdefault(f"votes:{least}", []).append(place)
        return _lines(f"{name}\t{_numbers(found[name])}" for name in sorted(found))

    def papers(self, number: int) -> bytes:
        """Give what is shown of the papers in a file's places, as JSON."""
        start = number * PAPERS_A_FILE
        shown = [_shown(paper) for paper in self._papers[start : start + PAPERS_A_FILE]]
        return msgspec.json.encode({"by": _MARK, "papers": shown})


class _Places:
    """Which places have which words, from which follows which have which terms.

    To cut each word of all texts once, and not each text, takes half the time.
    """

    def __init__(self) -> None:
        self._by_word: dict[str, list[int]] = {}

    def add(self, place: int, text: str) -> None:
        """Take in the text of a place; places come in order."""
        by_word, text = self._by_word, folded(text)
        joints = (joint.replace(" ", "") for joint in _JOINT.findall(text))
        for word in {*text.split(), *joints}:
            places = by_word.get(word)
            if places is None:
                by_word[word] = [place]
            else:
                places.append(place)

    def by_term(self) -> dict[str, list[int]]:
        """Give the places of each term, ascending."""
        lists: dict[str, list[list[int]]] = {}
        for word, places in self._by_word.items():
            for term in _cut(word):
                lists.setdefault(term, []).append(places)
        return {term: found[0] if len(found) == 1 else sorted(set().union(*found)) for term, found in lists.items()}


def _texts(paper: Paper, field_words: Mapping[str, str]) -> Iterable[str]:
    """What a paper is found by beside its titles."""
    for text in (paper.summary, paper.easy_summary):
        if text:
            yield _without_addresses(text[:_MOST])
    yield from (field_words.get(slug, slug) for slug in paper.fields)
    yield from paper.labels
    yield from paper.authors
    yield paper.key.removeprefix("item-")


_ADDRESS: Final = re.compile(r"https?://[^\s()<>]*|</?[A-Za-z][^<>]*>")


def _without_addresses(text: str) -> str:
    """Drop what nobody reads: links' addresses and HTML.  Other marks fall out when a text is cut."""
    if "http" in text or "<" in text:
        text = _ADDRESS.sub(" ", text)
    return html.unescape(text) if "&" in text else text


class _Shown(msgspec.Struct, frozen=True, array_like=True):
    key: str
    title: str
    day: str
    votes: int | None
    fields: tuple[str, ...]
    text: str


def _shown(paper: Paper) -> _Shown:
    text = without_marks((paper.summary or paper.easy_summary or "")[: _TEXT + 100])
    return _Shown(
        key=paper.key,
        title=one_line(xml_clean(paper.title)),
        day=paper.day.isoformat() if paper.day else "",
        votes=paper.votes,
        fields=paper.fields,
        text=shorten(xml_clean(text), _TEXT),
    )


def _lines(lines: Iterable[str]) -> bytes:
    return "\n".join((f"{_MARK} {FORMAT}", *lines)).encode()


def _numbers(places: list[int]) -> str:
    """Write ascending numbers: the first, then the steps from each to the next."""
    steps = [places[0], *map(sub, places[1:], places)]
    if places[-1] < _SMALL:
        return "".join(map(_CHARACTERS.__getitem__, steps))
    return "".join(map(_number, steps))


def _number(value: int) -> str:
    lead, rest = divmod(value, _SMALL)
    return (chr(_LEAD + lead) if lead else "") + _CHARACTERS[rest]


class Part(msgspec.Struct, frozen=True):
    """An index as the entry file lists it: its folder, and how many papers of which months (YYYYMM, 0 undated)."""

    folder: str
    months: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        """How many papers it covers."""
        return sum(count for _, count in self.months)


def entry(parts: Iterable[Part]) -> bytes:
    """Give the entry file, which lists the indexes, newest first."""
    listed = [
        {
            "folder": part.folder,
            "bits": word_bits(part.count),
            "months": [(month_name(month), count) for month, count in part.months],
        }
        for part in parts
    ]
    return msgspec.json.encode({"by": _MARK, "format": FORMAT, "papers_a_file": PAPERS_A_FILE, "parts": listed})
