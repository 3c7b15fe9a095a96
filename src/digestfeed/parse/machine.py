"""The state machine that turns the lines of a digest into items, chatter and problems.

One pass, no backtracking.  A draft item collects what the lines say until something begins the next one; a
draft that turns out to be none (a section heading, an introduction) gives its lines back as chatter, so that
each non-blank line ends in an item, in chatter or in a problem.  Where a line alone does not tell whether it
begins an item, the line after it does, and a title without any label is known by the label below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum

from digestfeed.model import Chatter, Digest, Item, Location, Parsed, Problem
from digestfeed.parse import values
from digestfeed.parse.draft import CLOSERS, LISTS, TEXTS, Draft
from digestfeed.parse.frames import frames_of, front_matter_of
from digestfeed.parse.items import WORDS, Finisher
from digestfeed.parse.labels import Slot, marked_slot_of
from digestfeed.parse.lines import UNDERLINE, Kind, Line, Mark, is_strong_title, read_line, title_like
from digestfeed.text import match_key

_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s?(?:[-/.]|년)\s?\d{1,2}\s?(?:[-/.]|월)\s?\d{1,2}(?!\d)(?:\s?일)?|(?<!\d)(?:19|20)\d{6}(?!\d)"
)
_AROUND_DATE = 60  # characters: a heading with a date and more than this beside it is a title
_AROUND_DATE_LINE = 15  # the same for a line that is no heading, at the head of a file
_LONGEST_TITLE = 300
_BULLET = re.compile(r"(?:[-*+•·▪◦‣]|\d{1,3}[.)])\s")
_CELL = re.compile(r"(?<!\\)\|")
_NONE = 0


class Fate(Enum):
    """What becomes of a line that is not blank."""

    FIELD = "part of a value of an item"
    STRUCTURE = "a label, heading, rule or fence"
    CHATTER = "text that belongs to no item"
    PROBLEM = "reported as a problem"


_Handler = Callable[[int, str, Line], Fate | None]


class Machine:
    """Reads the lines of one file; `parsed()` gives what they said.  Used once.

    Each handler of a kind of line gives the line's fate, None where it is idle: not yet known to be chatter.
    With `fates`, these are kept, by line.
    """

    def __init__(self, path: str, lines: Sequence[str], fates: dict[int, Fate] | None = None) -> None:
        self._path = path
        self._lines = lines
        self._fates = fates
        self._digests: list[Digest] = []
        self._items: list[Item] = []
        self._heading: str | None = None
        self._heading_line = 0
        self._position = 0  # in the day: sections of one date go on counting
        self._chatter: list[Chatter] = []
        self._idle: list[int] = []  # lines of chatter not yet handed over
        self._problems: list[Problem] = []
        self._finisher = Finisher(path, self._problems)
        self._draft: Draft | None = None
        self._slot: Slot | None = None  # where the next line goes
        self._mark = Mark.FULL  # of the label that opened the slot
        self._quoted = False  # that label stood in a quotation
        self._inline = False  # the slot's value began on the line of its label
        self._ruled = False  # a rule stood since the last line of the draft
        self._gap = False  # a blank line stood since the last line of the slot
        self._code: dict[int, int] = {}
        self._wrappers: frozenset[int] = frozenset()
        self._code_end = _NONE
        self._columns: list[Slot | None] = []
        self._row = _NONE  # the last line of the table that `_columns` is of

    def parsed(self) -> Parsed:
        """Run over all lines."""
        self._run(self._frame())
        self._finish(len(self._lines) + 1)
        self._flush()
        self._close_digest()
        return Parsed(
            digests=tuple(self._digests), chatter=tuple(self._chatter), problems=tuple(sorted(self._problems))
        )

    def _frame(self) -> int:
        """Look for what stands around the items; gives the first line that is not front matter."""
        lines = self._lines
        if any(line.lstrip().startswith(("```", "~~~")) for line in lines):
            self._code, self._wrappers = frames_of(lines)
        front = front_matter_of(lines)
        if front is None:
            return 1
        self._idle += [n for n in range(1, front.end + 1) if lines[n - 1].strip()]
        if front.date and _DATE.search(front.date):
            self._begin_digest(front.date_line, front.date)
        return front.end + 1

    def _run(self, first: int) -> None:
        handlers: tuple[_Handler, ...] = (
            self._on_blank, self._on_rule, self._on_heading, self._on_image, self._on_label, self._on_text,
            self._on_fence, self._on_row,
        )  # fmt: skip
        fates = self._fates
        for number, raw in enumerate(self._lines[first - 1 :], first):
            line = read_line(raw)
            if number <= self._code_end:
                fate = self._on_code(number, raw)
            else:
                fate = handlers[line[0]](number, raw, line)
            if fates is not None and fate is not None:
                fates[number] = fate

    # -- one method a kind of line --------------------------------------------------------------------------

    def _on_blank(self, number: int, raw: str, line: Line) -> Fate | None:  # noqa: ARG002 -- one signature
        self._gap = True
        if self._slot in TEXTS:
            self._draft.texts[self._slot].append("")  # type: ignore[union-attr, index]  # an open slot has a draft
        return None

    def _on_rule(self, number: int, raw: str, line: Line) -> Fate | None:  # noqa: ARG002 -- one signature
        idle = self._idle
        if line is UNDERLINE and self._slot is None and idle and idle[-1] == number - 1:
            text = self._lines[idle.pop() - 1].strip()
            fate = self._on_heading(number - 1, text, read_line("# " + text))
            self._account(number - 1, fate)
            return Fate.STRUCTURE
        self._slot, self._ruled = None, True
        if self._draft is None:
            self._flush()
        return Fate.STRUCTURE

    def _on_fence(self, number: int, raw: str, line: Line) -> Fate | None:
        if number in self._wrappers:
            self._slot, self._ruled = None, True
            return Fate.STRUCTURE
        end = self._code.get(number, _NONE)
        labelled = self._draft is not None and bool(self._draft.starts)
        if end and not (labelled and any(map(_is_strong_label, self._lines[number:end]))):
            self._code_end = end
            return self._on_code(number, raw)
        return self._on_text(number, raw, line)

    def _on_code(self, number: int, raw: str) -> Fate | None:
        if self._slot in TEXTS:
            self._draft.add(self._slot, number, raw)  # type: ignore[union-attr, arg-type]  # as in _on_blank
            return Fate.FIELD
        return self._leave(number) if raw.strip() else None

    def _on_heading(self, number: int, raw: str, line: Line) -> Fate | None:
        if line.kind is not Kind.HEADING:  # an underlined text that reads as a label
            return self._on_label(number, raw, line) if line.kind is Kind.LABEL else self._leave(number)
        text, draft = line.value or "", self._draft
        if text and self._is_dated(number, text, line.level):
            return self._begin_digest(number, text)
        if not text and line.slot is None:
            self._slot = None
            return self._leave(number)
        if draft is not None and self._is_subheading(draft, number, line):
            if self._slot in TEXTS:
                draft.add(self._slot, number, raw)  # type: ignore[arg-type]  # is in TEXTS
                return Fate.FIELD
            self._slot = None
            return self._leave(number)
        if draft is None or draft.is_begun():
            draft = self._begin(number)
        draft.name(text, number, line.level)
        self._slot = None if text else Slot.TITLE
        self._mark, self._ruled = Mark.FULL, False
        return Fate.STRUCTURE

    def _on_image(self, number: int, raw: str, line: Line) -> Fate | None:
        draft, slot, url = self._draft, self._slot, line.value
        url = values.unescape(url) if url else ""
        if slot is Slot.LINK and draft is not None and slot not in draft.at:
            return self._on_text(number, raw, line)
        if not values.is_web_url(url):
            if slot in TEXTS and draft is not None and slot in draft.at:
                return self._on_text(number, raw, line)
            return self._leave(number)
        if draft is None or self._image_begins(draft, number, url):
            self._begin_named(number, strong=True).thumbnail = url
        elif slot in TEXTS and slot in draft.at and (draft.thumbnail is not None or Slot.SUMMARY in draft.starts):
            return self._on_text(number, raw, line)
        elif draft.thumbnail is None:
            draft.thumbnail = url
            self._slot = None if slot is Slot.THUMBNAIL else slot
        else:
            return self._leave(number)
        return Fate.FIELD

    def _image_begins(self, draft: Draft, number: int, url: str) -> bool:
        """Whether a picture is the next item's: a rule, or what comes next, tells; else it is this one's."""
        if not draft.has_body():
            return False
        if self._ruled:
            return True
        free = draft.thumbnail is None
        if free and draft.complete and draft.shows(url):
            return False
        ahead = self._ahead(number)
        if ahead is None or ahead.kind is Kind.RULE:
            return not free and draft.complete
        if ahead.kind is Kind.HEADING:
            return draft.complete or ahead.level <= draft.level
        if ahead.kind is Kind.LABEL:
            return ahead.slot is Slot.TITLE or ahead.slot in draft.at or (draft.complete and ahead.slot in TEXTS)
        return draft.complete

    def _on_label(self, number: int, raw: str, line: Line) -> Fate | None:
        slot, value = line.slot, line.value or ""
        if slot is None or not self._counts(line, slot, value):
            return self._on_text(number, raw, line)
        if slot is Slot.DATE:
            return self._on_date(number, raw, value)
        if line.level and slot in TEXTS and not value and self._heads_section(number):
            self._finish(number)
            return self._leave(number)
        return self._open(number, raw, slot, line)

    def _on_text(self, number: int, raw: str, line: Line) -> Fate | None:
        draft, slot = self._draft, self._slot
        if slot is None or draft is None:
            return self._loose(number, raw)
        if slot in TEXTS:
            text = raw if not (self._quoted and line.quoted) else line.value or raw
            if slot in draft.at:
                draft.texts[slot].append(text)
            else:
                draft.add(slot, number, text)
            return Fate.FIELD
        return self._short_value(draft, slot, number, raw)

    def _on_row(self, number: int, raw: str, line: Line) -> Fate | None:
        """A row of a table: a label and its value, or one item under a header of labels; any other is text."""
        follows, self._row = self._row == number - 1, number
        cells = [cell.strip() for cell in _CELL.split(raw.strip().strip("|"))]
        if not any(cell.strip("-: ") for cell in cells):
            if follows and (self._columns or self._slot is None):
                return Fate.STRUCTURE
        elif self._slot not in TEXTS:
            if follows and self._columns:
                return self._item_of_row(number, raw, cells)
            slots = [marked_slot_of(cell.strip("*_` ")) for cell in cells]
            if Slot.TITLE in slots and not TEXTS.isdisjoint(slots):
                self._columns = slots
                return Fate.STRUCTURE
            if len(cells) == 2 and slots[0] is not None:
                label = Line(Kind.LABEL, cells[1], slot=slots[0], mark=Mark.FULL)
                fate = self._on_label(number, raw, label)
                self._slot, self._columns = None, []
                return fate
        self._columns = []
        return self._on_text(number, raw, line)

    def _item_of_row(self, number: int, raw: str, cells: list[str]) -> Fate:
        self._begin(number)
        for slot, cell in zip(self._columns, cells, strict=False):
            if slot is not None and slot is not Slot.DATE and cell:
                self._open(number, raw, slot, Line(Kind.LABEL, cell, slot=slot, mark=Mark.FULL))
        self._slot = None
        return Fate.FIELD

    # -- labels and values ----------------------------------------------------------------------------------

    def _counts(self, line: Line, slot: Slot, value: str) -> bool:
        """Whether a line that reads like a label is one in its place; within a text, few marks make it text."""
        draft, mark = self._draft, line.mark
        in_text = self._slot in TEXTS and draft is not None and self._slot in draft.at
        if mark is Mark.FULL or (mark is Mark.BULLET and (not in_text or self._mark is Mark.BULLET)):
            return not (in_text and line.quoted and not self._quoted)
        if mark is Mark.BULLET:
            return False
        if draft is None:
            return slot is Slot.TITLE or slot is Slot.DATE or slot in TEXTS
        if mark is Mark.WEAK and not value and self._slot is not None and self._slot not in draft.at:
            return False  # the value that an open label waits for
        if slot is Slot.TITLE and (self._ruled or draft.complete):
            return True
        if slot in draft.texts:
            return self._ruled
        return not in_text or self._mark < Mark.BULLET or _fits(slot, value)

    def _heads_section(self, number: int) -> bool:
        """Whether a heading that reads like a label (`## 쉬운 설명`) is one of a section of items."""
        draft = self._draft
        if draft is not None and not draft.complete and not self._ruled:
            return False
        ahead = self._ahead(number)
        return ahead is not None and (ahead.kind in (Kind.HEADING, Kind.IMAGE) or ahead.slot is Slot.TITLE)

    def _open(self, number: int, raw: str, slot: Slot, line: Line) -> Fate:
        """Open the slot of a label; its value begins on this line or on the next."""
        draft, value = self._draft_for(number, slot, line), line.value or ""
        if slot in draft.at and slot is not Slot.LINK:
            if slot in draft.starts or slot is not Slot.SUMMARY:
                return self._repeated(number, raw, slot)
            self._drop_loose(draft, number)
        if not draft.starts and not draft.is_named() and slot is not Slot.TITLE:
            self._adopt(draft, number, strong=line.mark is not Mark.FULL)
        draft.starts.setdefault(slot, number)
        draft.texts.setdefault(slot, [])
        if slot is Slot.TITLE:
            draft.is_section = bool(draft.level) and draft.level < line.level
            draft.level = min(draft.level or 7, line.level) if line.level else draft.level
            draft.title_line, draft.strong = number, line.mark is Mark.FULL
        elif slot in CLOSERS:
            draft.complete = draft.complete or Slot.SUMMARY in draft.at or Slot.EASY in draft.at
        self._slot, self._mark, self._quoted = slot, line.mark, line.quoted
        self._ruled = self._gap = False
        self._inline = bool(value)
        if value:
            self._value(draft, slot, number, value)
        return Fate.FIELD if value else Fate.STRUCTURE

    def _value(self, draft: Draft, slot: Slot, number: int, value: str) -> None:
        if slot is Slot.THUMBNAIL:
            urls = values.links(value).urls
            draft.thumbnail = draft.thumbnail or next(filter(values.is_web_url, urls), None)
        draft.add(slot, number, value)
        if slot not in TEXTS and slot not in LISTS and slot is not Slot.LINK:
            self._slot = None

    def _draft_for(self, number: int, slot: Slot, line: Line) -> Draft:
        """The draft that a label belongs to: the open one, or a new one where that has had its say."""
        draft = self._draft
        if slot is Slot.TITLE:
            return self._begin(number) if draft is None or draft.has_body() else draft
        if draft is None:
            return self._begin_named(number, strong=line.mark is not Mark.FULL)
        if slot in draft.at and (slot in draft.starts or slot is not Slot.SUMMARY):
            stale = self._ruled or (draft.complete and slot not in CLOSERS)
        else:
            stale = False
        if stale:
            return self._begin_named(number, strong=False)
        if slot in draft.starts or (draft.complete and slot in TEXTS):
            title = self._title_above(number, strong=True)
            if title is not None:
                return self._begin_named(number, strong=True)
        return draft

    def _repeated(self, number: int, raw: str, slot: Slot) -> Fate:
        """A label that stands already: more of the open text, or a problem; never a silent overwrite."""
        if self._slot in TEXTS and self._draft is not None:
            self._draft.add(self._slot, number, raw)  # type: ignore[arg-type]  # is in TEXTS
            return Fate.FIELD
        got = f"expected {WORDS[slot]} once in an item, got another: {values.folded(raw)[:60]!r}"
        self._finisher.problem(number, "repeated-label", got)
        self._slot = None
        return Fate.PROBLEM

    def _short_value(self, draft: Draft, slot: Slot, number: int, raw: str) -> Fate | None:
        """A line below a label whose value is a line or a list."""
        text = raw.strip().lstrip("> ")
        if slot in draft.at and self._ends(draft, slot, text):
            self._slot = None
            return self._loose(number, raw)
        self._gap = False
        if slot is Slot.TITLE and slot not in draft.starts:  # below a heading that is but a number
            self._slot = None
            if len(text) > _LONGEST_TITLE:
                return self._loose(number, raw)
            draft.name(title_like(text) or text, number, draft.level)
        else:
            self._value(draft, slot, number, text)
        return Fate.FIELD

    def _ends(self, draft: Draft, slot: Slot, text: str) -> bool:
        """Whether a line is no more of an open list or of the links above it."""
        if slot is Slot.LINK:
            return not values.is_link_line(text)
        if self._inline:
            return not draft.texts[slot][-1].endswith((",", "、", "，"))
        if self._gap:
            return slot is Slot.AUTHORS or not _BULLET.match(text)
        return text[:2] == "**" and text.find(":") > 0

    def _loose(self, number: int, raw: str) -> Fate | None:
        """Text under no label: an item's link, the summary of an item that has a heading alone, else chatter."""
        draft, text = self._draft, raw.strip()
        if draft is None:
            return self._on_date(number, raw, text) if not self._items and _is_date_line(text) else self._leave(number)
        if self._ruled:
            return self._leave(number)
        if values.is_link_line(text):
            if draft.is_begun() and not draft.urls and Slot.LINK not in draft.at:
                draft.add(Slot.LINK, number, text)
                self._slot, self._inline = Slot.LINK, False
                return Fate.FIELD
        elif draft.is_named() and TEXTS.isdisjoint(draft.texts) and not _is_media(text):
            self._slot, self._mark, self._quoted = Slot.SUMMARY, Mark.FULL, False
            draft.add(Slot.SUMMARY, number, raw)
            return Fate.FIELD
        return self._leave(number)

    def _drop_loose(self, draft: Draft, number: int) -> None:
        """Give back as chatter what was taken for a summary until the label of one came."""
        if self._slot is Slot.SUMMARY:
            self._idle += [n for n in range(draft.at[Slot.SUMMARY], number) if self._lines[n - 1].strip()]
            del draft.at[Slot.SUMMARY], draft.texts[Slot.SUMMARY]

    # -- headings, titles and dates -------------------------------------------------------------------------

    def _ahead(self, number: int) -> Line | None:
        """The next line that is not blank."""
        lines = self._lines
        for index in range(number, len(lines)):
            line = read_line(lines[index])
            if line.kind is not Kind.BLANK:
                return line
        return None

    def _is_subheading(self, draft: Draft, number: int, line: Line) -> bool:
        """Whether a heading is part of the open item: below it in level, and not followed by what begins one."""
        if draft.complete or self._ruled or line.level <= draft.level or not (draft.starts or draft.urls):
            return False
        ahead = self._ahead(number)
        if ahead is None or not draft.has_body():
            return draft.has_body()
        if ahead.kind is Kind.LABEL:
            return ahead.slot is not Slot.TITLE and ahead.slot not in draft.starts
        return ahead.kind is not Kind.IMAGE or draft.thumbnail is None

    def _is_dated(self, number: int, text: str, level: int) -> bool:
        """Whether a heading is that of a day's digest; one above labels is a title, one within a text is text."""
        match = _DATE.search(text) if len(text) <= _AROUND_DATE + 20 and "](" not in text else None
        if match is None or len(text) - (match.end() - match.start()) > _AROUND_DATE:
            return False
        draft = self._draft
        if draft is not None and self._slot in TEXTS and not (self._ruled or draft.complete) and level > draft.level:
            return False
        ahead = self._ahead(number)
        return ahead is None or ahead.kind is not Kind.LABEL or ahead.slot is Slot.TITLE

    def _on_date(self, number: int, raw: str, value: str) -> Fate | None:
        """A date that is no heading counts at the head of a file alone; an item may have one of its own."""
        if self._draft is None and not self._items and _DATE.search(value):
            return self._begin_digest(number, value)
        return self._on_text(number, raw, Line(Kind.TEXT, raw))

    def _title_above(self, number: int, *, strong: bool) -> int | None:
        """The line above, if it can be a title that has neither label nor heading: idle, or the end of a text."""
        above = number - 1
        while above and not self._lines[above - 1].strip():
            above -= 1
        if not above:
            return None
        raw, idle = self._lines[above - 1], self._idle
        if self._slot in TEXTS and self._draft is not None:
            return above if is_strong_title(raw) and self._draft.at.get(self._slot, above) < above else None  # type: ignore[index]
        if not idle or idle[-1] != above or (self._draft is not None and self._draft.first > above):
            return None
        alone = len(idle) < 2 or idle[-2] < above - 1
        fits = is_strong_title(raw) or (alone and not strong and title_like(raw) is not None)
        return above if fits else None

    def _take_title(self, line: int) -> str:
        """Take a title's line out of what it was taken for."""
        if self._slot in TEXTS and self._draft is not None:
            texts = self._draft.texts[self._slot]  # type: ignore[index]  # is in TEXTS
            while texts and not texts.pop().strip():
                pass
        else:
            self._idle.pop()
        self._account(line, Fate.FIELD)
        return title_like(self._lines[line - 1].strip().lstrip("# ")) or self._lines[line - 1].strip()

    def _adopt(self, draft: Draft, number: int, *, strong: bool) -> None:
        """Give a draft that has but a picture the title that stands below that."""
        above = self._title_above(number, strong=strong)
        if above is not None:
            draft.name(self._take_title(above), above)

    # -- beginnings and ends --------------------------------------------------------------------------------

    def _begin(self, number: int) -> Draft:
        self._finish(number)
        self._flush()
        self._draft = Draft(number)
        self._slot, self._ruled, self._gap = None, False, False
        return self._draft

    def _begin_named(self, number: int, *, strong: bool) -> Draft:
        """Begin an item at a picture or label; the line above that may be its title."""
        above = self._title_above(number, strong=strong)
        if above is None:
            return self._begin(number)
        title = self._take_title(above)
        draft = self._begin(above)
        draft.name(title, above)
        return draft

    def _begin_digest(self, number: int, text: str) -> Fate:
        self._finish(number)
        self._flush()
        self._close_digest()
        match = _DATE.search(text)
        heading = match.group() if match else text
        if heading != self._heading:
            self._position = 0
        self._heading, self._heading_line = heading, number
        self._slot, self._ruled = None, False
        return Fate.STRUCTURE

    def _close_digest(self) -> None:
        if self._items or self._heading is not None:
            items = tuple(self._items)
            digest = Digest(path=self._path, heading=self._heading, heading_line=self._heading_line, items=items)
            self._digests.append(digest)
        self._items = []

    def _finish(self, end: int) -> None:
        """Close the draft; `end` is the first line that is no longer its own."""
        draft, self._draft, self._slot = self._draft, None, None
        if draft is None:
            return
        if draft.is_item():
            if draft.is_section and Slot.TITLE in draft.at and not draft.urls:
                self._part_from_heading(draft)
            self._items.append(self._finisher.item(draft, self._position))
            self._position += 1
            return
        known = set(self._idle)
        for number in range(draft.first, end):
            if number not in known and read_line(self._lines[number - 1]).kind not in (Kind.BLANK, Kind.RULE):
                self._idle.append(number)
        self._idle.sort()
        self._flush()

    def _part_from_heading(self, draft: Draft) -> None:
        """A heading above an item's title that says something else than that heads a section."""
        heading, title = match_key(draft.heading or ""), match_key(" ".join(draft.texts[Slot.TITLE]))
        if title not in heading and heading not in title:
            self._leave(draft.heading_line)
            self._idle.sort()
            if draft.first == draft.heading_line:
                draft.first = draft.starts[Slot.TITLE]

    def _leave(self, number: int) -> None:
        """A line that is chatter unless a label below makes a title of it."""
        self._idle.append(number)

    def _flush(self) -> None:
        """Hand over idle lines, each run of neighbours (blank lines between) as one piece."""
        run: list[int] = []
        lines = self._lines
        for number in self._idle:
            if run and any(lines[n - 1].strip() for n in range(run[-1] + 1, number)):
                self._hand_over(run)
                run = []
            run.append(number)
        if run:
            self._hand_over(run)
        self._idle = []

    def _hand_over(self, run: list[int]) -> None:
        text = "\n".join(self._lines[n - 1].rstrip() for n in run)
        self._chatter.append(Chatter(Location(self._path, run[0]), text))
        for number in run:
            self._account(number, Fate.CHATTER)

    def _account(self, number: int, fate: Fate | None) -> None:
        if self._fates is not None and fate is not None:
            self._fates[number] = fate


def _is_strong_label(raw: str) -> bool:
    line = read_line(raw)
    return line.kind is Kind.LABEL and line.mark is Mark.FULL


def _fits(slot: Slot, value: str) -> bool:
    """Whether a value is such that a label without any mark is believed even within a text."""
    if slot in (Slot.VOTES, Slot.IMPORTANCE):
        return len(value) < 20 and (values.number(value) is not None or values.is_nothing(value))
    if slot in (Slot.LINK, Slot.THUMBNAIL):
        return "://" in value and (values.is_link_line(value) or "](" in value)
    return slot is Slot.EASY or (slot in LISTS and 0 < len(value) < 200 and not value.endswith((".", "다")))


def _is_media(text: str) -> bool:
    """A line that only shows something: raw HTML, a table, or a link alone that is no Markdown, `[Watch Video]URL`."""
    behind = text.partition("]")[2].lstrip("(")
    return text[0] in "<|" or (text.startswith("[") and behind.startswith("http") and " " not in behind)


def _is_date_line(text: str) -> bool:
    match = _DATE.search(text) if len(text) < 40 else None
    return match is not None and len(text) - len(match.group()) <= _AROUND_DATE_LINE
