"""Where in a file the reading stands, and what can be told from there about the next line.

Nothing in here changes anything: these are the questions that `machine` asks before it acts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from digestfeed.parse import values
from digestfeed.parse.draft import LISTS, TEXTS, Draft
from digestfeed.parse.labels import Slot
from digestfeed.parse.lines import Kind, Line, Mark, is_strong_title, read_line, title_like

DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s?(?:[-/.]|년)\s?\d{1,2}\s?(?:[-/.]|월)\s?\d{1,2}(?!\d)(?:\s?일)?"
    r"|(?<!\d)(?:19|20)\d{6}(?!\d)"
)
"""A date in any of the spellings that `dating` reads."""

_AROUND_DATE = 60  # characters: a heading with a date and more than this beside it is a title
_AROUND_DATE_LINE = 15  # the same for a line that is no heading, at the head of a file
_BULLET = re.compile(r"(?:[-*+•·▪◦‣]|\d{1,3}[.)])\s")


class State:
    """The lines of a file, the draft that is open, and the slot of it into which lines go."""

    def __init__(self, lines: Sequence[str], idle: Sequence[int]) -> None:
        self.lines = lines
        self.draft: Draft | None = None
        self.slot: Slot | None = None
        self.mark = Mark.FULL  # of the label that opened the slot
        self.quoted = False  # that label stood in a quotation
        self.inline = False  # the slot's value began on the line of its label
        self.ruled = False  # a rule stood since the last line of the draft
        self.gap = False  # a blank line stood since the last line of the slot
        self._idle = idle

    def ahead(self, number: int) -> Line | None:
        """The next line after this one that is not blank."""
        lines = self.lines
        for index in range(number, len(lines)):
            line = read_line(lines[index])
            if line.kind is not Kind.BLANK:
                return line
        return None

    def counts(self, line: Line, slot: Slot) -> bool:
        """Whether a line that reads like a label is one in its place; within a text, few marks make it text."""
        draft, mark = self.draft, line.mark
        in_text = self.slot in TEXTS and draft is not None and self.slot in draft.at
        if mark is Mark.FULL:
            return not (in_text and line.quoted and not self.quoted)
        if mark is Mark.BULLET:
            return not in_text or self.mark is Mark.BULLET
        if draft is None:
            return slot is Slot.TITLE or slot is Slot.DATE or slot in TEXTS
        return self._plain_counts(draft, line, slot, in_text=in_text)

    def _plain_counts(self, draft: Draft, line: Line, slot: Slot, *, in_text: bool) -> bool:
        value = line.value or ""
        if line.mark is Mark.WEAK and not value and self.slot is not None and self.slot not in draft.at:
            return False  # the value that an open label waits for
        if slot is Slot.TITLE and (self.ruled or draft.complete):
            return True
        if slot in draft.texts:
            return self.ruled
        return not in_text or self.mark < Mark.BULLET or _fits(slot, value)

    def heads_section(self, number: int) -> bool:
        """Whether a heading that reads like a label (`## 쉬운 설명`) is one of a section of items."""
        draft = self.draft
        if draft is not None and not draft.complete and not self.ruled:
            return False
        ahead = self.ahead(number)
        return ahead is not None and (ahead.kind in (Kind.HEADING, Kind.IMAGE) or ahead.slot is Slot.TITLE)

    def is_subheading(self, draft: Draft, number: int, level: int) -> bool:
        """Whether a heading is part of the open item: below it in level, and not followed by what begins one."""
        if draft.complete or self.ruled or level <= draft.level or not (draft.starts or draft.urls):
            return False
        ahead = self.ahead(number)
        if ahead is None:
            return draft.has_body()
        if not draft.has_body():
            return Slot.TITLE in draft.at and ahead.kind is Kind.TEXT
        if ahead.kind is Kind.LABEL:
            return ahead.slot is not Slot.TITLE and ahead.slot not in draft.starts
        return ahead.kind is not Kind.IMAGE or draft.thumbnail is None

    def is_dated(self, number: int, text: str, level: int) -> bool:
        """Whether a heading is that of a day's digest; one above labels is a title, one within a text is text."""
        match = DATE.search(text) if len(text) <= _AROUND_DATE + 20 and "](" not in text else None
        if match is None or len(text) - (match.end() - match.start()) > _AROUND_DATE:
            return False
        draft = self.draft
        if draft is not None and self.slot in TEXTS and not (self.ruled or draft.complete) and level > draft.level:
            return False
        if _names_digests(text[: match.start()] + text[match.end() :]):
            return True
        ahead = self.ahead(number)
        return ahead is None or ahead.kind is not Kind.LABEL or ahead.slot is Slot.TITLE

    def image_begins(self, draft: Draft, number: int, url: str) -> bool:
        """Whether a picture is the next item's: a rule, or what comes next, tells; else it is the open one's."""
        if self.ruled or not draft.has_body():
            return draft.has_body()
        is_free = draft.thumbnail is None
        if is_free and draft.complete and draft.shows(url):
            return False
        ahead = self.ahead(number)
        if ahead is None or ahead.kind is Kind.RULE:
            return draft.complete and not is_free
        if ahead.kind is Kind.LABEL:
            return ahead.slot is Slot.TITLE or ahead.slot in draft.at or (draft.complete and ahead.slot in TEXTS)
        return draft.complete or (ahead.kind is Kind.HEADING and ahead.level <= draft.level)

    def list_ends(self, draft: Draft, slot: Slot, text: str) -> bool:
        """Whether a line is no more of an open list or of the links above it."""
        if slot is Slot.LINK:
            return not values.is_link_line(text)
        if self.inline:
            return not draft.texts[slot][-1].endswith((",", "、", "，"))
        if self.gap:
            return slot is Slot.AUTHORS or not _BULLET.match(text)
        return text[:2] == "**" and text.find(":") > 0

    def title_above(self, number: int, *, strong: bool) -> int | None:
        """The line above, if it can be a title without label or heading: idle, or the end of the open text."""
        above = number - 1
        while above and not self.lines[above - 1].strip():
            above -= 1
        if not above:
            return None
        raw, idle, draft = self.lines[above - 1], self._idle, self.draft
        if self.slot in TEXTS and draft is not None:
            return above if is_strong_title(raw) and draft.at.get(self.slot, above) < above else None
        if not idle or idle[-1] != above or (draft is not None and draft.first > above):
            return None
        alone = len(idle) < 2 or idle[-2] < above - 1
        return above if is_strong_title(raw) or (alone and not strong and title_like(raw)) else None


_OF_DIGESTS_TABLE = """
    daily papers paper digest digests arxiv hf huggingface hugging face ai ml news newsletter summary of the for and
    today todays 오늘 오늘의 일일 데일리 논문 논문들 요약 정리 다이제스트 뉴스 뉴스레터 소식 추천 최신 인공지능 날짜
"""
_OF_DIGESTS = frozenset(_OF_DIGESTS_TABLE.split())
_WORD = re.compile(r"[^\W\d_]+")


def _names_digests(text: str) -> bool:
    """Whether what stands beside a date only says that a digest follows: `Daily Papers`, `오늘의 AI 논문`."""
    words = _WORD.findall(text.lower())
    return bool(words) and all(word in _OF_DIGESTS for word in words)


def is_strong_label(raw: str) -> bool:
    """Whether a line is a label that is marked as one."""
    line = read_line(raw)
    return line.kind is Kind.LABEL and line.mark is Mark.FULL


def is_media(text: str) -> bool:
    """A line that only shows something: raw HTML, a table, or a link alone that is no Markdown, `[Watch Video]URL`."""
    behind = text.partition("]")[2].lstrip("(")
    return text[0] in "<|" or (text.startswith("[") and behind.startswith("http") and " " not in behind)


def is_date_line(text: str) -> bool:
    """Whether a line that is no heading says a date and little else."""
    match = DATE.search(text) if len(text) < 40 else None
    return match is not None and len(text) - len(match.group()) <= _AROUND_DATE_LINE


def _fits(slot: Slot, value: str) -> bool:
    """Whether a value is such that a label without any mark is believed even within a text."""
    if slot in (Slot.VOTES, Slot.IMPORTANCE):
        return len(value) < 20 and (values.number(value) is not None or values.is_nothing(value))
    if slot in (Slot.LINK, Slot.THUMBNAIL):
        return "://" in value and (values.is_link_line(value) or "](" in value)
    return slot is Slot.EASY or (slot in LISTS and 0 < len(value) < 200 and not value.endswith((".", "다")))
