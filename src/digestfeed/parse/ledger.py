"""What has been read of a file so far: its digests, items, chatter and problems, and the lines not yet given to any."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from digestfeed.model import Chatter, Digest, Item, Location, Parsed, Problem
from digestfeed.parse.draft import Draft
from digestfeed.parse.items import Finisher, take_last_lines_as_links
from digestfeed.parse.labels import Slot
from digestfeed.parse.lines import Kind, read_line
from digestfeed.text import match_key


class Fate(Enum):
    """What becomes of a line that is not blank."""

    FIELD = "part of a value of an item"
    STRUCTURE = "a label, heading, rule or fence"
    CHATTER = "text that belongs to no item"
    PROBLEM = "reported as a problem"
    IDLE = "not yet known to be chatter; no line stays so"


class Ledger:
    """Books the lines of one file; with `fates`, keeps what becomes of each."""

    def __init__(self, path: str, lines: Sequence[str], fates: dict[int, Fate] | None) -> None:
        self._path = path
        self._lines = lines
        self._fates = fates
        self._digests: list[Digest] = []
        self._heading: str | None = None
        self._heading_line = 0
        self._position = 0  # in the day: sections of one date go on counting
        self._chatter: list[Chatter] = []
        self._problems: list[Problem] = []
        self._finisher = Finisher(path, lines, self._problems)
        self.items: list[Item] = []  # of the open digest
        self.idle: list[int] = []  # lines of chatter not yet handed over; one list for good

    def parsed(self) -> Parsed:
        """Close the books."""
        self.flush()
        self._close_digest()
        problems = tuple(sorted(self._problems))
        return Parsed(digests=tuple(self._digests), chatter=tuple(self._chatter), problems=problems)

    def account(self, number: int, fate: Fate) -> None:
        """Set down what becomes of a line, where that is asked for."""
        if self._fates is not None:
            self._fates[number] = fate

    def leave(self, number: int) -> Fate:
        """Take a line that is chatter, unless a label below makes a title of it."""
        self.idle.append(number)
        return Fate.IDLE

    def problem(self, number: int, kind: str, message: str) -> Fate:
        """Report a fault of a line, and thereby the line."""
        self._finisher.problem(number, kind, message, self._lines[number - 1])
        return Fate.PROBLEM

    def begin_digest(self, number: int, date: str) -> None:
        """Begin a section with its date as written."""
        self.flush()
        self._close_digest()
        if date != self._heading:
            self._position = 0
        self._heading, self._heading_line = date, number

    def _close_digest(self) -> None:
        if self.items or self._heading is not None:
            items = tuple(self.items)
            digest = Digest(path=self._path, heading=self._heading, heading_line=self._heading_line, items=items)
            self._digests.append(digest)
        self.items = []

    def finish(self, draft: Draft, end: int) -> None:
        """Take a draft as the item that it amounts to, else its lines as chatter; `end` is the first line after it."""
        if Slot.LINK not in draft.at and not draft.urls and not draft.is_item():
            take_last_lines_as_links(draft, self._lines)
        if draft.is_item():
            if draft.is_section and Slot.TITLE in draft.at and not draft.urls:
                self._part_from_heading(draft)
            self.items.append(self._finisher.item(draft, self._position))
            self._position += 1
            return
        if draft.is_lost():
            wanted = "expected a link to a paper, or a summary with its label, below this title, got neither"
            self._finisher.problem(draft.heading_line, "lost-item", wanted)
        known = set(self.idle)
        for number in range(draft.first, end):
            kind = read_line(self._lines[number - 1]).kind
            if kind is Kind.RULE:
                self.account(number, Fate.STRUCTURE)  # also one that stood in code, and was text until now
            elif number not in known and kind is not Kind.BLANK:
                self.idle.append(number)
        self.idle.sort()
        self.flush()

    def _part_from_heading(self, draft: Draft) -> None:
        """A heading above an item's title that says something else than that heads a section."""
        heading, title = match_key(draft.heading or ""), match_key(" ".join(draft.texts[Slot.TITLE]))
        if title not in heading and heading not in title:
            self.idle.append(draft.heading_line)
            self.idle.sort()
            if draft.first == draft.heading_line:
                draft.first = draft.starts[Slot.TITLE]

    def flush(self) -> None:
        """Hand over idle lines, each run of neighbours (blank lines between) as one piece."""
        run: list[int] = []
        lines = self._lines
        for number in self.idle:
            if run and any(lines[n - 1].strip() for n in range(run[-1] + 1, number)):
                self._hand_over(run)
                run = []
            run.append(number)
        if run:
            self._hand_over(run)
            self.idle.clear()

    def _hand_over(self, run: list[int]) -> None:
        text = "\n".join(self._lines[n - 1].rstrip() for n in run)
        self._chatter.append(Chatter(Location(self._path, run[0]), text))
        for number in run:
            self.account(number, Fate.CHATTER)
