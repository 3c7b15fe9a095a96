"""The state machine that turns the lines of a digest into items, chatter and problems.

One pass, no backtracking.  A draft item collects what the lines say until something begins the next one; a
draft that turns out to be none (a section heading, an introduction) gives its lines back as chatter, so that
each non-blank line ends in an item, in chatter or in a problem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from digestfeed import arxiv
from digestfeed.model import Chatter, Digest, Item, Location, Parsed, Problem
from digestfeed.parse import values
from digestfeed.parse.labels import TEXT_SLOTS, Slot
from digestfeed.parse.lines import Kind, Line, read_line
from digestfeed.text import shorten

_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s*(?:[-/.]|년)\s*\d{1,2}\s*(?:[-/.]|월)\s*\d{1,2}(?!\d)\s*일?"
    r"|(?<!\d)(?:19|20)\d{6}(?!\d)"
)
_AROUND_DATE = 60  # characters: a heading with a date and more than this beside it is a title
_BULLET = re.compile(r"(?:[-*+•·▪◦‣]|\d{1,3}[.)])\s")
_LINK_HEADING = re.compile(r"\[")
_SINGLE = frozenset([Slot.TITLE, Slot.VOTES, Slot.IMPORTANCE, Slot.LINK, Slot.THUMBNAIL])
_LISTS = frozenset([Slot.FIELDS, Slot.AUTHORS])
# Labels that by themselves make a draft an item; the others (키워드, 추천수…) also stand in lists of products.
_EVIDENCE = frozenset([Slot.SUMMARY, Slot.EASY])
_CLOSING = frozenset([Slot.LINK, Slot.VOTES, Slot.IMPORTANCE])


class _Draft:
    """An item under construction: the lines of each slot, and where each began."""

    __slots__ = ("first", "heading", "heading_link", "level", "slots", "starts", "thumbnail", "title_line")

    def __init__(self, first: int) -> None:
        self.first = first
        self.heading: str | None = None
        self.heading_link: str | None = None
        self.level = 7
        self.slots: dict[Slot, list[str]] = {}
        self.starts: dict[Slot, int] = {}
        self.thumbnail: str | None = None
        self.title_line = first

    def has_body(self) -> bool:
        return any(slot is not Slot.TITLE for slot in self.slots)

    def filled(self, slot: Slot) -> bool:
        return any(line.strip() for line in self.slots.get(slot, ()))

    def is_complete(self) -> bool:
        return any(slot in self.slots for slot in _CLOSING)

    def is_item(self) -> bool:
        """A heading that links to a paper, a summary under its label, or a link beside labels of our kind."""
        if self.heading_link is not None and _concerns_arxiv(self.heading_link):
            return True
        labelled = any(slot in self.starts and self.starts[slot] > 0 for slot in _EVIDENCE)
        return labelled or (Slot.TITLE in self.slots and self.has_body()) or self._links_to_arxiv()

    def _links_to_arxiv(self) -> bool:
        lines = self.slots.get(Slot.LINK, ())
        return any(_concerns_arxiv(url) for line in lines for url in values.links(line).urls)


class Machine:
    """Reads the lines of one file; `parsed()` gives what they said.  Used once."""

    def __init__(self, path: str, lines: Sequence[str]) -> None:
        self._path = path
        self._lines = lines
        self._digests: list[Digest] = []
        self._items: list[Item] = []
        self._heading: str | None = None
        self._heading_line = 0
        self._position = 0  # in the day: sections of one date go on counting
        self._chatter: list[Chatter] = []
        self._idle: list[int] = []  # lines of chatter not yet handed over
        self._problems: list[Problem] = []
        self._draft: _Draft | None = None
        self._slot: Slot | None = None
        self._ruled = False  # a rule stood since the last line of the draft
        self._gap = False  # a blank line stood since the last line of the slot
        self._inline = False  # the slot's value began on the line of its label
        self._fenced = False
        self._on: dict[Kind, Callable[[int, str, Line], None]] = {
            Kind.RULE: self._on_rule,
            Kind.HEADING: self._on_heading,
            Kind.IMAGE: self._on_image,
            Kind.LABEL: self._on_label,
            Kind.TEXT: self._on_text,
            Kind.FENCE: self._on_fence,
        }

    def parsed(self) -> Parsed:
        """Run over all lines."""
        for number, raw in enumerate(self._lines, 1):
            stripped = raw.strip()
            if not stripped:
                self._on_blank()
                continue
            line = read_line(stripped)
            if self._fenced and line.kind is not Kind.FENCE:
                line = Line(Kind.TEXT, stripped)
            self._on[line.kind](number, raw, line)
        end = len(self._lines) + 1
        self._finish(end)
        self._flush_chatter()
        self._close_digest()
        self._problems.sort()
        return Parsed(
            digests=tuple(self._digests), chatter=tuple(self._chatter), problems=tuple(self._problems)
        )

    # -- one method a kind of line ------------------------------------------------------------------------

    def _on_blank(self) -> None:
        self._gap = True
        if self._slot in TEXT_SLOTS and self._draft is not None:
            self._draft.slots[self._slot].append("")

    def _on_rule(self, number: int, raw: str, line: Line) -> None:  # noqa: ARG002 -- one signature for all
        self._slot = None
        self._ruled = True
        if self._draft is None:
            self._flush_chatter()

    def _on_fence(self, number: int, raw: str, line: Line) -> None:
        if self._slot in TEXT_SLOTS and self._draft is not None and (self._fenced or line.value != "markdown"):
            self._fenced = not self._fenced
            self._draft.slots[self._slot].append(raw)
        else:
            self._idle.append(number)

    def _on_heading(self, number: int, raw: str, line: Line) -> None:
        text = line.value or ""
        draft = self._draft
        if self._is_dated(text):
            self._begin_digest(number, text)
            return
        if not text:
            self._slot = None
            self._idle.append(number)
            return
        if draft is not None and line.level > draft.level and self._inside_text(draft):
            draft.slots[self._slot].append(raw)  # type: ignore[index]  # _inside_text saw the slot
            return
        if draft is None or draft.has_body() or draft.heading is not None or Slot.TITLE in draft.slots:
            draft = self._begin(number)
        draft.heading, draft.level, draft.title_line = text, line.level, number
        if text.startswith("["):
            self._link_heading(draft, text)
        self._slot = None
        self._ruled = False

    def _on_image(self, number: int, raw: str, line: Line) -> None:
        url = values.unescape(line.value or "")
        draft = self._draft
        if self._slot is Slot.LINK and draft is not None and not draft.filled(Slot.LINK):
            self._on_text(number, raw, Line(Kind.TEXT, raw.strip()))
            return
        if line.level < 0 or not values.is_web_url(url):
            if self._slot in TEXT_SLOTS and draft is not None and not self._ruled and draft.filled(self._slot):
                draft.slots[self._slot].append(raw)
            else:
                self._idle.append(number)
            return
        if self._slot is Slot.THUMBNAIL and draft is not None:
            draft.thumbnail, self._slot = url, None
        elif draft is None or (draft.has_body() and (self._ruled or draft.is_complete())):
            self._begin(number).thumbnail = url
        elif draft.thumbnail is None and not draft.filled(Slot.SUMMARY):
            draft.thumbnail = url
        elif self._slot in TEXT_SLOTS:
            draft.slots[self._slot].append(raw)
        elif draft.thumbnail is None:
            draft.thumbnail = url
        else:
            self._idle.append(number)

    def _on_label(self, number: int, raw: str, line: Line) -> None:
        slot, value = line.slot, line.value or ""
        if slot is None:  # pragma: no cover -- `read_line` never gives a label without one
            return
        if not line.bold and not self._plain_label_counts(slot):
            self._on_text(number, raw, Line(Kind.TEXT, raw.strip()))
            return
        draft = self._draft_for(slot, number)
        if slot in draft.slots and slot is not Slot.LINK and draft.filled(slot):
            self._repeated(number, raw, slot)
            return
        if line.level:
            draft.level = min(draft.level, line.level) if slot is Slot.TITLE else draft.level
        if slot is Slot.TITLE:
            draft.title_line = number
        draft.slots.setdefault(slot, [])
        draft.starts.setdefault(slot, number)
        self._slot, self._ruled, self._gap = slot, False, False
        if value:
            draft.slots[slot].append(value)
            if slot in _SINGLE or slot is Slot.AUTHORS:
                self._slot = None
            self._inline = True
        else:
            self._inline = False

    def _on_text(self, number: int, raw: str, line: Line) -> None:
        draft, slot = self._draft, self._slot
        if draft is None or slot is None:
            self._loose(number, raw)
        elif slot in TEXT_SLOTS:
            draft.slots[slot].append(raw)
        elif slot in _LISTS and self._gap and draft.filled(slot) and self._ends_list(line.value or ""):
            self._slot = None
            self._loose(number, raw)
        else:
            draft.slots[slot].append(raw.strip())
            if slot in _SINGLE:
                self._slot = None
        self._gap = False

    def _ends_list(self, text: str) -> bool:
        """Whether a line below a gap is no more of the list: only a bullet goes on, and only a list of bullets."""
        return self._inline or not _BULLET.match(text)

    # -- what the kinds share -------------------------------------------------------------------------------

    def _inside_text(self, draft: _Draft) -> bool:
        return self._slot in TEXT_SLOTS and not draft.is_complete() and not self._ruled

    def _plain_label_counts(self, slot: Slot) -> bool:
        """A label without marks begins a value only where none of its slot stands yet and an item is open."""
        draft = self._draft
        if draft is None:
            return slot is Slot.TITLE
        if slot in TEXT_SLOTS or slot is Slot.TITLE:
            return slot not in draft.slots or (slot is Slot.TITLE and (self._ruled or draft.is_complete()))
        return slot not in draft.slots

    def _draft_for(self, slot: Slot, number: int) -> _Draft:
        draft = self._draft
        if draft is None:
            return self._begin(number)
        if slot is Slot.TITLE:
            fresh = not draft.has_body() and Slot.TITLE not in draft.slots
            return draft if fresh else self._begin(number)
        if draft.filled(slot) and (self._ruled or draft.is_complete()) and slot not in _CLOSING:
            return self._begin(number)
        return draft

    def _repeated(self, number: int, raw: str, slot: Slot) -> None:
        """A label that stands already: more of the open text, or chatter; never a silent overwrite."""
        if self._slot in TEXT_SLOTS and self._draft is not None:
            self._draft.slots[self._slot].append(raw)
            return
        self._problem(number, "repeated-label", f"expected one {slot.name.lower()} in an item, got another")
        self._slot = None

    def _loose(self, number: int, raw: str) -> None:
        """Text that stands under no label: the summary of an item that has a heading alone, else chatter."""
        draft = self._draft
        if draft is None or self._ruled or not self._takes_summary(draft, raw.strip()):
            self._idle.append(number)
            return
        draft.slots[Slot.SUMMARY] = [raw]
        draft.starts[Slot.SUMMARY] = 0
        self._slot = Slot.SUMMARY

    @staticmethod
    def _takes_summary(draft: _Draft, text: str) -> bool:
        if draft.heading is None and Slot.TITLE not in draft.slots:
            return False
        if Slot.SUMMARY in draft.slots or Slot.EASY in draft.slots:
            return False
        return not _is_media(text)

    def _is_dated(self, text: str) -> bool:
        if text.startswith("[") or self._inside_open_item():
            return False
        match = _DATE.search(text)
        return match is not None and len(text) - (match.end() - match.start()) <= _AROUND_DATE

    def _inside_open_item(self) -> bool:
        draft = self._draft
        return draft is not None and self._slot in TEXT_SLOTS and not self._ruled and not draft.is_complete() and (
            draft.heading_link is None
        )

    @staticmethod
    def _link_heading(draft: _Draft, text: str) -> None:
        middle = text.rfind("](")
        found = values.links(text)
        if middle > 0 and found.urls:
            draft.heading, draft.heading_link = text[1:middle], found.urls[-1]

    # -- beginnings and ends --------------------------------------------------------------------------------

    def _begin(self, number: int) -> _Draft:
        self._finish(number)
        self._flush_chatter()
        self._draft = _Draft(number)
        self._slot, self._ruled, self._gap, self._fenced = None, False, False, False
        return self._draft

    def _begin_digest(self, number: int, text: str) -> None:
        self._finish(number)
        self._flush_chatter()
        self._close_digest()
        match = _DATE.search(text)
        heading = match.group() if match else text
        if heading != self._heading:
            self._position = 0
        self._heading, self._heading_line = heading, number
        self._ruled = False

    def _close_digest(self) -> None:
        if self._items or self._heading is not None:
            self._digests.append(
                Digest(
                    path=self._path,
                    heading=self._heading,
                    heading_line=self._heading_line,
                    items=tuple(self._items),
                )
            )
        self._items = []

    def _finish(self, end: int) -> None:
        """Close the draft; `end` is the first line that is no longer its own."""
        draft, self._draft, self._slot, self._fenced = self._draft, None, None, False
        if draft is None:
            return
        if not draft.is_item():
            known = set(self._idle)
            own = [n for n in range(draft.first, end) if n not in known and self._lines[n - 1].strip()]
            self._idle = sorted([*self._idle, *own])
            self._flush_chatter()
            return
        self._items.append(self._item(draft))

    def _flush_chatter(self) -> None:
        """Hand over idle lines, each run of neighbours (blank lines between) as one piece."""
        for run in _runs(self._idle, self._lines):
            text = "\n".join(self._lines[n - 1].rstrip() for n in run)
            self._chatter.append(Chatter(Location(self._path, run[0]), text))
        self._idle = []

    def _problem(self, line: int, kind: str, message: str) -> None:
        self._problems.append(Problem(Location(self._path, line), kind, message))

    # -- from a draft to an item ----------------------------------------------------------------------------

    def _item(self, draft: _Draft) -> Item:
        for slot, start in draft.starts.items():
            if not draft.filled(slot) and slot is not Slot.TITLE:
                self._problem(start, "empty-label", f"expected a value after the label for {_WORDS[slot]}, got none")
        own_links = self._links(draft)
        self._position += 1
        return Item(
            line=draft.first,
            position=self._position - 1,
            title=self._title(draft),
            summary=_text(draft, Slot.SUMMARY),
            easy_summary=_text(draft, Slot.EASY),
            labels=values.labels(draft.slots.get(Slot.FIELDS, [])),
            votes=self._number(draft, Slot.VOTES),
            importance=self._number(draft, Slot.IMPORTANCE),
            authors=values.names(draft.slots.get(Slot.AUTHORS, [])),
            links=own_links,
            thumbnail=draft.thumbnail,
            arxiv_id=self._arxiv_id(draft, own_links),
        )

    def _title(self, draft: _Draft) -> str | None:
        written = " ".join(draft.slots.get(Slot.TITLE, []))
        found = values.title(written) if written else None
        if found is None and draft.heading and not (Slot.TITLE in draft.slots and written):
            found = values.title(draft.heading)
        if found is None:
            self._problem(draft.title_line, "missing-title", f"expected a title, got {_quoted(written)}")
        return found

    def _number(self, draft: _Draft, slot: Slot) -> int | None:
        text = " ".join(draft.slots.get(slot, []))
        if not text or values.is_nothing(text):
            return None
        found = values.number(text)
        if found is None:
            line = draft.starts[slot]
            self._problem(line, "bad-number", f"expected a number of {_WORDS[slot]}, got {_quoted(text)}")
        return found

    def _links(self, draft: _Draft) -> tuple[str, ...]:
        found = [draft.heading_link] if draft.heading_link else []
        start = draft.starts.get(Slot.LINK, draft.title_line)
        for text in draft.slots.get(Slot.LINK, []):
            value = values.links(text)
            found += value.urls
            if value.broken is not None:
                self._problem(start, "broken-link", f"expected [text](URL), got {_quoted(value.broken)}")
            elif not value.urls:
                found += self._bare_id(text, start)
        good = [url for url in found if values.is_web_url(url)]
        for url in found:
            if url not in good:
                self._problem(start, "bad-link", f"expected a link that starts with http:// or https://, got {_quoted(url)}")
        return tuple(dict.fromkeys(good))

    def _bare_id(self, text: str, line: int) -> list[str]:
        """A link's value without a URL: an arXiv id alone, a word for none, or a problem."""
        name = arxiv.canonical(text.strip(" `*()[]"))
        if name is not None:
            return [arxiv.abs_url(name)]
        if not values.is_nothing(text):
            self._problem(line, "bad-link", f"expected a link, got {_quoted(text)}")
        return []

    def _arxiv_id(self, draft: _Draft, own_links: tuple[str, ...]) -> str | None:
        """The first possible id of the item's links, else the thumbnail's; an impossible one is a problem."""
        line = draft.starts.get(Slot.LINK, draft.title_line)
        found: str | None = None
        for url in own_links:
            seen = arxiv.id_in_url(url)
            found = found or seen.id
            if seen.rejected is not None:
                self._problem(
                    line, "bad-arxiv-id", f"expected an arXiv id like 2412.17743, got {_quoted(seen.rejected)}"
                )
        pictured = arxiv.id_in_url(draft.thumbnail).id if draft.thumbnail else None
        if found and pictured and found != pictured:
            self._problem(line, "id-mismatch", f"expected the thumbnail of {found}, got that of {pictured}")
        return found or pictured


_WORDS = {
    Slot.TITLE: "the title",
    Slot.SUMMARY: "the summary",
    Slot.EASY: "the easy explanation",
    Slot.FIELDS: "the fields",
    Slot.VOTES: "votes",
    Slot.LINK: "the link",
    Slot.IMPORTANCE: "importance",
    Slot.AUTHORS: "the authors",
    Slot.THUMBNAIL: "the thumbnail",
}


def _concerns_arxiv(url: str) -> bool:
    """Whether a URL names an arXiv paper, possible or not."""
    seen = arxiv.id_in_url(url)
    return seen.id is not None or seen.rejected is not None


def _is_media(text: str) -> bool:
    """A line that only shows something: raw HTML, or a link alone, `[Watch Video](URL)`, parentheses or not."""
    behind = text.partition("]")[2].lstrip("(")
    return text.startswith("<") or (text.startswith("[") and behind.startswith("http") and " " not in behind)


def _text(draft: _Draft, slot: Slot) -> str | None:
    return "\n".join(draft.slots.get(slot, ())).strip() or None


def _quoted(text: str) -> str:
    return repr(shorten(text, 60)) if text else "none"


def _runs(numbers: list[int], lines: Sequence[str]) -> Iterator[list[int]]:
    run: list[int] = []
    for number in numbers:
        if run and any(lines[n - 1].strip() for n in range(run[-1] + 1, number)):
            yield run
            run = []
        run.append(number)
    if run:
        yield run
