"""From a draft to an `Item`, with the problems in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from digestfeed import arxiv
from digestfeed.model import Item, Location, Problem
from digestfeed.parse import lists, values
from digestfeed.parse.draft import Draft
from digestfeed.parse.labels import Slot
from digestfeed.text import shorten, span_of

WORDS = {
    Slot.TITLE: "the title",
    Slot.SUMMARY: "the summary",
    Slot.EASY: "the easy explanation",
    Slot.FIELDS: "the fields",
    Slot.VOTES: "votes",
    Slot.LINK: "the link",
    Slot.IMPORTANCE: "importance",
    Slot.AUTHORS: "the authors",
    Slot.THUMBNAIL: "the thumbnail",
    Slot.DATE: "the date",
}
"""What a slot is called in a message."""

_ONE = WORDS | {Slot.FIELDS: "a field", Slot.AUTHORS: "an author"}


LONGEST_TITLE = 500
"""Characters of a title at most; the longest of real papers has less than half as many."""

LONGEST_NAME = 200
"""Characters of a field's label or an author at most."""

LONGEST_TEXT = 50_000
"""Characters of a summary or explanation at most; the longest seen has two thousand, and a feed holds fifty of them."""

MOST_NAMES = {Slot.FIELDS: 100, Slot.AUTHORS: 5_000}
"""Labels and authors of an item at most; the largest collaborations of physics sign with three thousand names."""

_SEARCHED = 50  # lines of an item in which its thumbnail is looked for


class Finisher:
    """Makes items of one file's drafts; what is wrong with them goes to `problems`."""

    def __init__(self, path: str, lines: Sequence[str], problems: list[Problem]) -> None:
        self._path = path
        self._lines = lines
        self._problems = problems

    def problem(self, line: int, kind: str, message: str, part: str = "") -> None:
        """Report a fault at a line, in the part of it that is at fault; without one, in all of it."""
        raw = self._lines[line - 1]
        column, length = span_of(part if part.strip() else raw, raw)
        self._problems.append(Problem(Location(self._path, line, column), kind, message, length))

    def item(self, draft: Draft, position: int) -> Item:
        """Make the item that a draft amounts to."""
        if Slot.LINK not in draft.at and not draft.urls:
            take_last_lines_as_links(draft, self._lines)
        for slot, start in draft.starts.items():
            if slot not in draft.at and slot is not Slot.TITLE:
                self.problem(start, "empty-label", f"expected a value after the label for {WORDS[slot]}, got none")
        if Slot.THUMBNAIL in draft.at and draft.thumbnail is None:
            self._no_picture(draft)
        title, title_urls = self._title(draft)
        links = self._links(draft, title_urls)
        return Item(
            line=draft.first,
            position=position,
            title=title,
            summary=self._text(draft, Slot.SUMMARY),
            easy_summary=self._text(draft, Slot.EASY),
            labels=self._names(draft, Slot.FIELDS, lists.labels),
            votes=self._number(draft, Slot.VOTES),
            importance=self._number(draft, Slot.IMPORTANCE),
            authors=self._names(draft, Slot.AUTHORS, lists.names),
            links=tuple(links),
            thumbnail=draft.thumbnail,
            arxiv_id=self._arxiv_id(draft, links),
        )

    def _no_picture(self, draft: Draft) -> None:
        written = " ".join(draft.texts[Slot.THUMBNAIL])
        if not values.is_nothing(written):
            message = f"expected a link to a picture, got {_quoted(written)}"
            self.problem(draft.at[Slot.THUMBNAIL], "bad-link", message, written)

    def _title(self, draft: Draft) -> tuple[str | None, tuple[str, ...]]:
        """The title under its label, else the heading; and where a title that is a link leads."""
        lines = draft.texts.get(Slot.TITLE)
        written = " ".join(lines) if lines else ""
        text, urls = values.title_and_link(written)
        found = values.title(text) if text else None
        if found is None and draft.heading and not written:
            found = values.title(draft.heading)
        if found is None:
            self.problem(draft.title_line, "missing-title", f"expected a title, got {_quoted(written)}", written)
        elif len(found) > LONGEST_TITLE:
            self._too_long(draft.title_line, LONGEST_TITLE, Slot.TITLE, found)
            found = shorten(found, LONGEST_TITLE)
        return found, urls

    def _text(self, draft: Draft, slot: Slot) -> str | None:
        """A summary or explanation as it is written, cut where it is no such thing any more."""
        text = "\n".join(draft.texts.get(slot, ())).strip()
        if len(text) > LONGEST_TEXT:
            self._too_long(draft.at[slot], LONGEST_TEXT, slot, text)
            text = shorten(text, LONGEST_TEXT)
        return text or None

    def _names(self, draft: Draft, slot: Slot, read: Callable[[list[str]], tuple[str, ...]]) -> tuple[str, ...]:
        """The field labels or authors, each cut to a length at which it may be one."""
        lines = draft.texts.get(slot)
        found = read(lines) if lines else ()
        if len(found) > MOST_NAMES[slot]:
            wanted = f"expected at most {MOST_NAMES[slot]} of {WORDS[slot]}, got {len(found)}; the others are left out"
            self.problem(draft.at[slot], "too-long", wanted)
            found = found[: MOST_NAMES[slot]]
        longest = max(found, key=len, default="")
        if len(longest) <= LONGEST_NAME:
            return found
        self._too_long(draft.at[slot], LONGEST_NAME, slot, longest)
        return tuple(dict.fromkeys(shorten(name, LONGEST_NAME) for name in found))

    def _too_long(self, line: int, most: int, slot: Slot, found: str) -> None:
        wanted = f"expected at most {most} characters for {_ONE[slot]}, got {len(found)}; cut"
        self.problem(line, "too-long", wanted, found)

    def _number(self, draft: Draft, slot: Slot) -> int | None:
        lines = draft.texts.get(slot)
        if not lines and slot is Slot.VOTES and draft.named_votes is not None:
            return values.number(draft.named_votes)
        if not lines:
            return None
        found = values.number(lines[0])
        if found is None and not values.is_nothing(lines[0]):
            of = "of votes" if slot is Slot.VOTES else f"for {WORDS[slot]}"
            message = f"expected a number {of}, got {_quoted(lines[0])}"
            self.problem(draft.at[slot], "bad-number", message, lines[0])
        return found

    def _links(self, draft: Draft, title_urls: tuple[str, ...]) -> dict[str, int]:
        """The links that may be published, in order, each with its line."""
        found = [(url, draft.title_line) for url in (*_unbroken(draft.urls, draft.broken), *title_urls)]
        if draft.broken is not None:
            self._broken_link(draft.heading_line, draft.broken)
        for line, text in zip(draft.link_lines, draft.texts.get(Slot.LINK, ()), strict=True):
            urls, broken = values.links(text)
            if broken is not None:
                self._broken_link(line, broken)
            urls = _unbroken(urls, broken) or (self._bare_id(text, line) if broken is None and not urls else ())
            found += [(url, line) for url in urls]
        if not found:
            found = [(url, draft.title_line) for url in _spare(draft)]
        good: dict[str, int] = {}
        for url, line in found:
            if values.is_web_url(url):
                good.setdefault(url, line)
            elif not values.is_nothing(url):
                message = f"expected a link that starts with http:// or https://, got {_quoted(url)}"
                self.problem(line, "bad-link", message, url)
        return good

    def _bare_id(self, text: str, line: int) -> tuple[str, ...]:
        """A link's value without a URL: an arXiv id alone, a word for none, or a problem."""
        name = arxiv.canonical(text.strip(" `*()[]"))
        if name is not None:
            return (arxiv.abs_url(name),)
        url = values.completed(text)
        if url is not None:
            return (url,)
        if not values.is_nothing(text):
            self.problem(line, "bad-link", f"expected a link, got {_quoted(text)}", text)
        return ()

    def _arxiv_id(self, draft: Draft, links: dict[str, int]) -> str | None:
        """The first possible id of the item's links, else the thumbnail's; an impossible one is a problem."""
        found: str | None = None
        for url, line in links.items():
            seen = arxiv.id_in_url(url)
            found = found or seen.id
            if seen.rejected is not None:
                message = f"expected an arXiv id like 2412.17743, got {_quoted(seen.rejected)}"
                self.problem(line, "bad-arxiv-id", message, seen.rejected)
        pictured = arxiv.id_in_url(draft.thumbnail).id if draft.thumbnail else None
        if found and pictured and found != pictured:
            self._other_picture(draft, found, pictured)
        return found or pictured

    def _other_picture(self, draft: Draft, found: str, pictured: str) -> None:
        below = range(draft.first, min(draft.first + _SEARCHED, len(self._lines) + 1))
        line = next((number for number in below if pictured in self._lines[number - 1]), draft.first)
        self.problem(line, "id-mismatch", f"expected the thumbnail of {found}, got that of {pictured}", pictured)

    def _broken_link(self, line: int, broken: str) -> None:
        self.problem(line, "broken-link", f"expected [text](URL), got {_quoted(broken)}", broken)


_ID_AT_END = re.compile(r"[(\[]\s?(arXiv:\s?[^\s()\[\]]{9,30})\s?[)\]]\s*$", re.IGNORECASE)
_ON_ANOTHER = re.compile(r"\b(?:comment|reply|response|erratum|corrigendum|remark|note)s?\b", re.IGNORECASE)


def _named_in_title(draft: Draft) -> str | None:
    """The id at the end of a title, `X (arXiv:2412.17743)`; of a comment or reply it may be another paper's."""
    title = draft.heading or " ".join(draft.texts.get(Slot.TITLE, ()))
    match = _ID_AT_END.search(title) if len(title) <= LONGEST_TITLE and not _ON_ANOTHER.search(title) else None
    return arxiv.canonical(match[1]) if match else None


def _spare(draft: Draft) -> tuple[str, ...]:
    """The link of an item that gives none as its own: that of the line below its title, or the id in that."""
    if len({arxiv.id_in_url(url).id for url in draft.spare}) == 1:
        return draft.spare[:1]
    named = _named_in_title(draft)
    return () if named is None else (arxiv.abs_url(named),)


def _unbroken(urls: tuple[str, ...], broken: str | None) -> tuple[str, ...]:
    """Leave out what a link that does not end has cut to no possible id: that it is broken says enough."""
    if broken is None:
        return urls
    cut = values.unescape(broken)
    return tuple(url for url in urls if url not in cut or arxiv.id_in_url(url).rejected is None)


def take_last_lines_as_links(draft: Draft, file: Sequence[str]) -> None:
    """Where no link is labelled, lines at the end of a text that are nothing but links are the item's own."""
    for slot in (Slot.SUMMARY, Slot.EASY):
        lines = draft.texts.get(slot)
        if not lines:
            continue
        end = len(lines)
        while end and (not lines[end - 1] or lines[end - 1].isspace() or values.is_link_line(lines[end - 1])):
            end -= 1
        at = draft.at.get(slot) or draft.starts[slot]
        for index in range(end, len(lines)):
            if lines[index].strip():
                draft.add(Slot.LINK, _line_of(lines[index], file, at + index), lines[index].strip())
        del lines[end:]


_NEAR = 20  # lines: a text leaves out few, pictures and blank lines above it


def _line_of(text: str, file: Sequence[str], about: int) -> int:
    """Find the line that a text stands in, near where it should be if no line was left out."""
    for away in range(_NEAR):
        for number in (about + away, about - away):
            if 0 < number <= len(file) and text in file[number - 1]:
                return number
    return min(about, len(file))


def _quoted(text: str) -> str:
    return repr(shorten(text.strip(), 60)) if text.strip() else "none"
