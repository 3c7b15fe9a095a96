"""What is done to the drafts of a file: labels open slots, values fill them, titles and labels begin new ones."""

from __future__ import annotations

from digestfeed.parse import values
from digestfeed.parse.draft import CLOSERS, LISTS, NUMBERS, TEXTS, Draft
from digestfeed.parse.items import WORDS
from digestfeed.parse.labels import Slot
from digestfeed.parse.ledger import Fate, Ledger
from digestfeed.parse.lines import Line, Mark, title_like, without_break
from digestfeed.parse.parts import plain_links
from digestfeed.parse.records import records_of
from digestfeed.parse.state import DATE, State, is_date_line, is_media

_LONGEST_TITLE = 300


class Builder(State):
    """Builds the drafts of one file and hands them to its ledger."""

    def __init__(self, path: str, text: str, fates: dict[int, Fate] | None) -> None:
        lines = text.split("\n")
        self._ledger = Ledger(path, lines, fates)
        records = records_of(lines) if '":' in text or '" :' in text else None
        super().__init__(records or lines, self._ledger.idle)
        self._has_records = records is not None

    # -- labels and values ----------------------------------------------------------------------------------

    def _open(self, number: int, raw: str, slot: Slot, line: Line) -> Fate:
        """Open the slot of a label; its value begins on this line or on the next."""
        draft, value = self._draft_for(number, slot, line), line.value
        if slot in draft.at and slot is not Slot.LINK and not self._gives_way(draft, slot, number):
            return self._repeated(number, raw, slot)
        if slot is Slot.TITLE:
            draft.is_section = draft.is_section or 0 < draft.level < line.level
            draft.level = min(draft.level or 7, line.level) if line.level else draft.level
            draft.title_line, draft.strong = number, line.mark is Mark.FULL
        elif not draft.starts and not draft.is_named():
            self._adopt(draft, number, strong=line.mark is not Mark.FULL)
        elif slot in CLOSERS and (Slot.SUMMARY in draft.at or Slot.EASY in draft.at):
            draft.complete = True
        if self.slot is Slot.SUMMARY and self.slot not in draft.starts:
            draft.loose_end = number
        draft.starts.setdefault(slot, number)
        draft.texts.setdefault(slot, [])
        self.slot, self.mark, self.quoted = slot, line.mark, line.quoted
        self.ruled = self.gap = False
        self.inline = bool(value)
        if not value:
            return Fate.STRUCTURE
        self._value(draft, slot, number, value)
        if self._has_records:
            self.slot = None
        return Fate.FIELD

    def _value(self, draft: Draft, slot: Slot, number: int, value: str) -> None:
        draft.add(slot, number, value)
        if slot in TEXTS or slot in LISTS or slot is Slot.LINK:
            return
        self.slot = None
        if slot is Slot.THUMBNAIL and draft.thumbnail is None:
            draft.thumbnail = next(filter(values.is_web_url, values.links(value).urls), None)

    def _draft_for(self, number: int, slot: Slot, line: Line) -> Draft:
        """The draft that a label belongs to: the open one, or a new one where that has had its say."""
        draft = self.draft
        if slot is Slot.TITLE:
            is_late = self._has_records and not self.ruled and draft is not None and slot not in draft.at
            return draft if draft is not None and (is_late or not draft.has_body()) else self._begin(number)
        if draft is None:
            return self._begin_named(number, strong=line.mark is not Mark.FULL)
        is_filled = slot in draft.at and (slot in draft.starts or slot is not Slot.SUMMARY)
        if is_filled and (self.ruled or (draft.complete and slot not in CLOSERS)):
            return self._begin_named(number, strong=False)
        is_section = slot in TEXTS and not draft.starts and not draft.urls and self.slot in draft.at
        might_begin = slot in draft.starts or is_section or (draft.complete and slot in TEXTS)
        if might_begin and self.title_above(number, strong=True) is not None:
            return self._begin_named(number, strong=True)
        return draft

    def _repeated(self, number: int, raw: str, slot: Slot) -> Fate:
        """A label that stands already: more of the open text, or a problem; never a silent overwrite."""
        if self.slot in TEXTS and self.draft is not None:
            self.draft.add(self.slot, number, raw)
            return Fate.FIELD
        self.slot = None
        got = f"expected {WORDS[slot]} once in an item, got another: {values.folded(raw)[:60]!r}"
        return self._ledger.problem(number, "repeated-label", got)

    def _short_value(self, draft: Draft, slot: Slot, number: int, raw: str) -> Fate:
        """A line below a label whose value is a line or a list."""
        text = without_break(raw.strip().lstrip("> "))
        is_title_of_number = slot is Slot.TITLE and slot not in draft.starts
        is_no_number = slot in NUMBERS and self.gap and text[:2] in {"- ", "* ", "+ ", "• "}
        if (
            is_no_number
            or (slot in draft.at and self.list_ends(draft, slot, text))
            or (is_title_of_number and len(text) > _LONGEST_TITLE)
        ):
            self.slot = None
            return self._loose(number, raw)
        self.gap = False
        if is_title_of_number:
            self.slot = None
            draft.name(title_like(text) or text, number, draft.level)
            draft.is_section = True
        else:
            self._value(draft, slot, number, text)
        return Fate.FIELD

    def _loose(self, number: int, raw: str) -> Fate:
        """Text under no label: an item's link, the summary of an item that has a heading alone, else chatter."""
        draft, text = self.draft, raw.strip().lstrip("> ")
        if draft is None and not self._ledger.items and is_date_line(text):
            return self._begin_digest(number, text)
        if draft is None or self.ruled:
            return self._ledger.leave(number)
        if values.is_link_line(text):
            if not draft.is_begun() or draft.urls or Slot.LINK in draft.at:
                return self._ledger.leave(number)
            self.slot, self.inline = Slot.LINK, False
            draft.add(Slot.LINK, number, text)
        elif draft.is_named() and TEXTS.isdisjoint(draft.texts) and not is_media(text):
            self.slot, self.mark, self.quoted = Slot.SUMMARY, Mark.FULL, False
            draft.add(Slot.SUMMARY, number, raw)
        else:
            return self._ledger.leave(number)
        return Fate.FIELD

    def _gives_way(self, draft: Draft, slot: Slot, number: int) -> bool:
        """Whether what was taken for a summary is none, now that the label of one comes: a title, or chatter."""
        if slot is not Slot.SUMMARY:
            return False
        if slot not in draft.starts:
            self._drop_loose(draft, number)
            return True
        if self.slot is not slot:
            return False
        lines, start = draft.texts[slot], draft.starts[slot]
        is_alone = len(lines) < 5 and not any(map(str.strip, lines[1:]))
        if draft.is_named() or not is_alone or not self.lines[start - 1].lstrip().startswith("#"):
            return False
        draft.name(lines[0], start, 1)  # `### 논문 요약: X`, and then `**요약**: …`
        del draft.at[slot], draft.texts[slot], draft.starts[slot]
        return True

    def _drop_loose(self, draft: Draft, number: int) -> None:
        """Give back as chatter what was taken for a summary until the label of one came."""
        end = number if self.slot is Slot.SUMMARY else draft.loose_end
        if not end:
            return
        for line in range(draft.at[Slot.SUMMARY], end):
            if self.lines[line - 1].strip():
                self._ledger.account(line, self._ledger.leave(line))
            draft.spare += plain_links(self.lines[line - 1])
        del draft.at[Slot.SUMMARY], draft.texts[Slot.SUMMARY]

    # -- beginnings and ends --------------------------------------------------------------------------------

    def _take_title(self, line: int) -> str:
        """Take a title's line out of what it was taken for."""
        if self.slot in TEXTS and self.draft is not None:
            texts = self.draft.texts[self.slot]
            while texts and not texts.pop().strip():
                pass
        else:
            self._ledger.idle.pop()
        self._ledger.account(line, Fate.FIELD)
        text = self.lines[line - 1].strip()
        return title_like(text.lstrip("# ")) or text

    def _adopt(self, draft: Draft, number: int, *, strong: bool) -> None:
        """Give a draft that has but a picture the title that stands below that."""
        above = self.title_above(number, strong=strong)
        if above is not None:
            draft.name(self._take_title(above), above)

    def _begin(self, number: int) -> Draft:
        self._finish(number)
        self._ledger.flush()
        self.draft = Draft(number)
        self.ruled = self.gap = False
        return self.draft

    def _begin_named(self, number: int, *, strong: bool) -> Draft:
        """Begin an item at a picture or label; the line above that may be its title."""
        above = self.title_above(number, strong=strong)
        if above is None:
            return self._begin(number)
        title = self._take_title(above)
        draft = self._begin(above)
        draft.name(title, above)
        return draft

    def _begin_digest(self, number: int, text: str) -> Fate:
        self._finish(number)
        match = DATE.search(text)
        self._ledger.begin_digest(number, match.group() if match else text)
        self.ruled = False
        return Fate.STRUCTURE

    def _finish(self, end: int) -> None:
        """Close the draft; `end` is the first line that is no longer its own."""
        draft, self.draft, self.slot = self.draft, None, None
        if draft is not None:
            self._ledger.finish(draft, end)
