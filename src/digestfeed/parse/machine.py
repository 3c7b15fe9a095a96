"""The state machine that turns the lines of a digest into items, chatter and problems.

One pass, no backtracking.  A draft item collects what the lines say until something begins the next one; a
draft that turns out to be none (a section heading, an introduction) gives its lines back as chatter, so that
each non-blank line ends in an item, in chatter or in a problem.  Where a line alone does not tell whether it
begins an item, the line after it does, and a title without any label is known by the label below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from digestfeed.model import Parsed
from digestfeed.parse import values
from digestfeed.parse.builder import Builder
from digestfeed.parse.draft import TEXTS, Draft
from digestfeed.parse.frames import frames_of, front_matter_of, is_wrapper
from digestfeed.parse.labels import Slot, is_language, marked_slot_of
from digestfeed.parse.ledger import Fate
from digestfeed.parse.lines import (
    BLANK,
    SHORT,
    TEXT,
    UNDERLINE,
    Kind,
    Line,
    Mark,
    read_line,
    read_long,
    read_short,
)
from digestfeed.parse.parts import listed_of, parts_of, title_line_of
from digestfeed.parse.state import DATE, is_strong_label

_CELL = re.compile(r"(?<!\\)\|")

_Handler = Callable[[int, str, Line], Fate]


class Machine(Builder):
    """Reads the lines of one file; `parsed()` gives what they said.  Used once.

    Each handler of a kind of line takes its number, the line as it stands and as it was read, and gives its fate.
    """

    def __init__(self, path: str, text: str, fates: dict[int, Fate] | None = None) -> None:
        super().__init__(path, text, fates)
        self._fates = fates
        self._has_fences = "```" in text or "~~~" in text
        self._code: dict[int, int] = {}
        self._wrappers: frozenset[int] = frozenset()
        self._code_end = 0
        self._label_line = 0  # as far as `_next_label` has looked
        self._columns: list[Slot | None] = []
        self._row = 0  # the last line of the table that `_columns` is of

    def parsed(self) -> Parsed:
        """Run over all lines."""
        self._run(self._frame())
        self._finish(len(self.lines) + 1)
        return self._ledger.parsed()

    def _frame(self) -> int:
        """Look for what stands around the items; gives the first line that is not front matter."""
        if self._has_fences:
            self._code, self._wrappers = frames_of(self.lines)
        if self._has_records:
            self._wrappers |= self._code.keys() | frozenset(self._code.values())
            self._code = {}
        front = front_matter_of(self.lines)
        if front is None:
            return 1
        for number in range(1, front.end + 1):
            if self.lines[number - 1].strip():
                self._ledger.account(number, self._ledger.leave(number))
        if front.date and DATE.search(front.date):
            self._begin_digest(front.date_line, front.date)
        return front.end + 1

    def _run(self, first: int) -> None:
        handlers: tuple[_Handler, ...] = (
            self._as_text,  # no blank line comes here
            self._on_rule,
            self._on_heading,
            self._on_image,
            self._on_label,
            self._on_text,
            self._on_fence,
            self._on_row,
            self._on_tag,
        )
        fates = self._fates
        for number, raw in enumerate(self.lines if first == 1 else self.lines[first - 1 :], first):
            line = read_short(raw) if len(raw) <= SHORT else read_long(raw)
            if line is BLANK:
                self.gap = True
                if self.draft is not None and self.slot in TEXTS:
                    self.draft.texts[self.slot].append("")
                continue
            handler = handlers[line.kind] if number > self._code_end else self._on_code
            fate = handler(number, raw, line)
            if fates is not None:
                fates[number] = fate

    # -- one method a kind of line --------------------------------------------------------------------------

    def _on_rule(self, number: int, raw: str, line: Line) -> Fate:  # noqa: ARG002 -- one signature for all
        idle = self._ledger.idle
        is_underline = line is UNDERLINE and self.slot is None and idle and idle[-1] == number - 1
        if is_underline or self.underlines(number):
            text = self.lines[idle.pop() - 1].strip()
            fate = self._on_underlined(number - 1, ("# " if is_underline else "## ") + text)
            self._ledger.account(number - 1, fate)
            return Fate.STRUCTURE
        self.slot, self.ruled = None, True
        if self.draft is None:
            self._ledger.flush()
        return Fate.STRUCTURE

    def _on_underlined(self, number: int, text: str) -> Fate:
        line = read_line(text)
        if line.kind is Kind.LABEL:
            return self._on_label(number, text, line)
        return self._on_heading(number, text, line) if line.kind is Kind.HEADING else self._ledger.leave(number)

    def _on_fence(self, number: int, raw: str, line: Line) -> Fate:
        if number in self._wrappers:
            self.slot, self.ruled = None, True
            return Fate.STRUCTURE
        end = self._code.get(number, 0)
        is_labelled = self.draft is not None and bool(self.draft.starts)
        is_language = bool(raw.strip().strip("`~ ")) and not is_wrapper(raw)
        if end and (is_language or not is_labelled or self._next_label(number) >= end):
            self._code_end = end
            return self._on_code(number, raw, line)
        return self._on_text(number, raw, TEXT)

    def _next_label(self, number: int) -> int:
        """The first line after this one that is marked as a label, else the line after the last."""
        line = max(self._label_line, number + 1)
        while line <= len(self.lines) and not is_strong_label(self.lines[line - 1]):
            line += 1
        self._label_line = line
        return line

    def _on_code(self, number: int, raw: str, line: Line) -> Fate:  # noqa: ARG002 -- one signature for all
        if self.draft is None or self.slot not in TEXTS:
            return self._ledger.leave(number)
        self.draft.add(self.slot, number, raw)
        return Fate.FIELD

    def _on_heading(self, number: int, raw: str, line: Line) -> Fate:
        text, draft = line.value or "", self.draft
        if text and self.is_dated(number, text, line.level):
            return self._begin_digest(number, text)
        if is_language(text) and draft is not None and draft.is_begun():
            return self._on_text(number, raw, TEXT)
        if not text and line.slot is None:
            self.slot = None
            return self._ledger.leave(number)
        if draft is not None and self.is_subheading(draft, number, line.level):
            return self._on_subheading(draft, number, raw)
        if draft is None or draft.is_begun():
            draft = self._begin(number)
        draft.name(text, number, line.level)
        self.slot = None if text else Slot.TITLE
        self.mark, self.ruled = Mark.FULL, False
        return Fate.STRUCTURE

    def _on_subheading(self, draft: Draft, number: int, raw: str) -> Fate:
        if self.slot not in TEXTS and TEXTS.isdisjoint(draft.texts) and self.is_part(draft, number):
            self.slot, self.mark, self.quoted = Slot.SUMMARY, Mark.FULL, False
        if self.slot not in TEXTS:
            self.slot = None
            return self._ledger.leave(number)
        draft.add(self.slot, number, raw)
        return Fate.FIELD

    def _on_image(self, number: int, raw: str, line: Line) -> Fate:
        draft, slot, url = self.draft, self.slot, values.unescape(line.value or "")
        is_filled = draft is not None and slot in draft.at
        if slot is Slot.LINK and not is_filled:
            return self._on_text(number, raw, TEXT)
        if not values.is_web_url(url):
            return self._on_text(number, raw, TEXT) if slot in TEXTS and is_filled else self._ledger.leave(number)
        if draft is None or self.image_begins(draft, number, url):
            self._begin_named(number, strong=True).thumbnail = url
        elif slot in TEXTS and is_filled and (draft.thumbnail is not None or Slot.SUMMARY in draft.starts):
            return self._on_text(number, raw, TEXT)
        elif draft.thumbnail is None:
            draft.thumbnail = url
            self.slot = None if slot is Slot.THUMBNAIL else slot
        else:
            return self._ledger.leave(number)
        return Fate.FIELD

    def _on_label(self, number: int, raw: str, line: Line) -> Fate:
        slot, value = line.slot, line.value or ""
        parts = parts_of(raw)
        if parts is not None:
            return self._on_parts(number, raw, parts)
        if slot is None or not self.counts(line, slot, number):
            return self._as_text(number, raw, line)
        if slot is Slot.DATE:
            return self._on_date(number, raw, value)
        if line.level and not value and slot in TEXTS and self.heads_section(number):
            self._finish(number)
            return self._ledger.leave(number)
        return self._open(number, raw, slot, line)

    def _on_text(self, number: int, raw: str, line: Line) -> Fate:
        parts = parts_of(raw)
        if parts is not None:
            return self._on_parts(number, raw, parts)
        if "](" in raw and self.may_list():
            fate = self._on_listed(number, raw)
            if fate is not None:
                return fate
        draft = self.draft
        if draft is not None and draft.is_listed and self.gap and draft.has_words() and not raw[0].isspace():
            self._finish(number)
        return self._as_text(number, raw, line)

    def _on_parts(self, number: int, raw: str, parts: list[Line]) -> Fate:
        """A line of several labels, links and tags."""
        labels = [(part, slot) for part in parts if (slot := part.slot) is not None and slot is not Slot.DATE]
        if self.draft is None or not all(self.counts(part, slot, number) for part, slot in labels):
            return self._as_text(number, raw, TEXT)
        fate = Fate.FIELD
        for part, slot in labels:
            fate = self._open(number, raw, slot, part)
        self.slot = None
        return fate

    def _on_listed(self, number: int, raw: str) -> Fate | None:
        """A line of a list that is an item by itself, or one that is nothing but a title; None for any other."""
        listed = listed_of(raw)
        title = listed.title if listed else title_line_of(raw)
        if title is None:
            return None
        draft = self._begin(number)
        draft.is_listed = True
        draft.name(title, number)
        if listed is None:
            return Fate.STRUCTURE
        draft.add(Slot.SUMMARY, number, listed.about)
        if listed.votes is not None:
            draft.add(Slot.VOTES, number, listed.votes)
        self.slot, self.mark, self.quoted = Slot.SUMMARY, Mark.FULL, False
        return Fate.FIELD

    def _as_text(self, number: int, raw: str, line: Line) -> Fate:
        draft, slot = self.draft, self.slot
        if slot is None or draft is None:
            return self._loose(number, raw)
        if slot not in TEXTS:
            return self._short_value(draft, slot, number, raw)
        text = raw if not (self.quoted and line.quoted) else line.value or raw
        if slot in draft.at:
            draft.texts[slot].append(text)
        else:
            draft.add(slot, number, text)
        return Fate.FIELD

    def _on_tag(self, number: int, raw: str, line: Line) -> Fate:  # noqa: ARG002 -- one signature for all
        """A line that is nothing but tags: it parts paragraphs."""
        self.gap = True
        if self.draft is not None and self.slot in TEXTS:
            self.draft.texts[self.slot].append("")
        return Fate.STRUCTURE

    def _on_row(self, number: int, raw: str, line: Line) -> Fate:
        """A row of a table: a label and its value, or one item under a header of labels; any other is text."""
        follows, self._row = self._row == number - 1, number
        cells = [cell.strip() for cell in _CELL.split(raw.strip().strip("|"))]
        columns = self._columns if follows else []
        if self.slot in TEXTS:
            self._columns = []
        elif not any(cell.strip("-: ") for cell in cells):
            if follows:
                return Fate.STRUCTURE
        elif columns:
            return self._item_of_row(number, raw, columns, cells)
        else:
            return self._on_head_row(number, raw, line, cells)
        return self._on_text(number, raw, line)

    def _on_head_row(self, number: int, raw: str, line: Line, cells: list[str]) -> Fate:
        slots = [marked_slot_of(cell.strip("*_` ")) for cell in cells]
        self._columns = slots if Slot.TITLE in slots and not TEXTS.isdisjoint(slots) else []
        if self._columns:
            return Fate.STRUCTURE
        if len(cells) != 2 or slots[0] is None:
            return self._on_text(number, raw, line)
        fate = self._on_label(number, raw, Line(Kind.LABEL, cells[1], slot=slots[0], mark=Mark.FULL))
        self.slot = None
        return fate

    def _item_of_row(self, number: int, raw: str, columns: list[Slot | None], cells: list[str]) -> Fate:
        self._begin(number)
        for slot, cell in zip(columns, cells, strict=False):
            if slot is not None and slot is not Slot.DATE and cell:
                self._open(number, raw, slot, Line(Kind.LABEL, cell, slot=slot, mark=Mark.FULL))
        self.slot = None
        return Fate.FIELD

    def _on_date(self, number: int, raw: str, value: str) -> Fate:
        """A date that is no heading counts at the head of a file alone; an item may have one of its own."""
        if not self._ledger.items and DATE.search(value) and self.dates_file(number):
            return self._begin_digest(number, value)
        return self._on_text(number, raw, TEXT)
