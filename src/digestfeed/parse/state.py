"""Where in a file the reading stands, and what can be told from there about the next line.

Nothing in here changes anything: these are the questions that `machine` asks before it acts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from digestfeed.parse import values
from digestfeed.parse.draft import LISTS, TEXTS, Draft
from digestfeed.parse.labels import Slot, is_section
from digestfeed.parse.lines import Kind, Line, Mark, is_numbered, is_strong_title, read_line, title_like
from digestfeed.text import MONTH_NAMES

_MONTH = rf"(?:{MONTH_NAMES})\.?"
DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s?(?:[-/.]|년)\s?\d{1,2}\s?(?:[-/.]|월)\s?\d{1,2}(?!\d)(?:\s?일)?"
    r"|(?<!\d)(?:19|20)\d{6}(?!\d)"
    rf"|(?<![a-z]){_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d(?!\d)"
    rf"|(?<![a-z\d])\d{{1,2}}(?:st|nd|rd|th)?[\s-]{_MONTH},?[\s-](?:19|20)\d\d(?!\d)"
    rf"|(?<!\d)(?:19|20)\d\d[\s-]{_MONTH}[\s-]\d{{1,2}}(?!\d)"
    r"|(?<!\d)\d\d\s?년\s?\d{1,2}\s?월\s?\d{1,2}\s?일",
    re.IGNORECASE,
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

    def counts(self, line: Line, slot: Slot, number: int) -> bool:
        """Whether a line that reads like a label is one in its place; within a text, few marks make it text."""
        draft, mark = self.draft, line.mark
        in_text = self.slot in TEXTS and draft is not None and self.slot in draft.at
        if mark is Mark.FULL:
            is_new = draft is not None and self.slot not in draft.starts and slot not in draft.at
            return is_new or not (in_text and line.quoted and not self.quoted)
        if mark is Mark.BULLET:
            return not in_text or self.mark is Mark.BULLET
        if draft is None:
            return slot is Slot.TITLE or slot is Slot.DATE or slot in TEXTS
        return self._plain_counts(draft, line, slot, number)

    def _plain_counts(self, draft: Draft, line: Line, slot: Slot, number: int) -> bool:
        value = line.value or ""
        if line.mark is Mark.WEAK and not value and self.slot is not None and self.slot not in draft.at:
            return False  # the value that an open label waits for
        if slot is Slot.TITLE and (self.ruled or draft.complete):
            return True
        if slot in draft.texts:
            return self.ruled or self._is_below_next_title(draft, number) or self._ends_loose_text(draft, slot, number)
        in_text = self.slot in TEXTS and self.slot in draft.at
        return not in_text or self.mark < Mark.BULLET or _fits(slot, value)

    def _ends_loose_text(self, draft: Draft, slot: Slot, number: int) -> bool:
        """Whether what stands below a heading is no summary, since one with its label comes, and another label."""
        if slot is not Slot.SUMMARY or slot in draft.starts or draft.heading is None:
            return False
        ahead = self.ahead(number)
        return ahead is not None and ahead.kind is Kind.LABEL

    def _is_below_next_title(self, draft: Draft, number: int) -> bool:
        """Whether the line above is the next item's title, bold or numbered, after all texts of the open one."""
        if self.slot in TEXTS and draft.starts and not draft.complete:
            return False
        above = self.title_above(number, strong=False)
        if above is None:
            return False
        raw = self.lines[above - 1]
        return is_strong_title(raw) or (draft.complete and is_numbered(raw))

    def heads_section(self, number: int) -> bool:
        """Whether a heading that reads like a label (`## 쉬운 설명`) is one of a section of items."""
        draft = self.draft
        if draft is not None and not draft.complete and not self.ruled:
            return False
        ahead = self.ahead(number)
        return ahead is not None and (ahead.kind in (Kind.HEADING, Kind.IMAGE) or ahead.slot is Slot.TITLE)

    def is_subheading(self, draft: Draft, number: int, level: int) -> bool:
        """Whether a heading is part of the open item: below it in level, and not followed by what begins one."""
        if draft.complete or self.ruled or draft.is_listed or level <= draft.level:
            return self.is_part(draft, number)
        if not (draft.starts or draft.urls):
            return not draft.has_body() and draft.level > 0 and _is_gloss(self.lines[number - 1])
        if not draft.is_named() and draft.thumbnail is None and is_numbered(self.lines[number - 1]):
            return False  # a text without a title stands above the items: `## 오늘의 요약`
        return self.is_part(draft, number) or self._goes_on(draft, number)

    def _goes_on(self, draft: Draft, number: int) -> bool:
        """Whether what stands below a sub-heading is the open item's too."""
        ahead = self.ahead(number)
        if ahead is None:
            return draft.has_body()
        if not draft.has_body():
            return Slot.TITLE in draft.at and ahead.kind is Kind.TEXT
        if ahead.kind is Kind.LABEL:
            return ahead.slot is not Slot.TITLE and ahead.slot not in draft.starts
        return ahead.kind is not Kind.IMAGE or draft.thumbnail is None

    def is_part(self, draft: Draft, number: int) -> bool:
        """Whether a heading is that of a part of the open item's summary, which has no label."""
        if self.ruled or not draft.urls or Slot.SUMMARY in draft.starts:
            return False
        return is_section(self.lines[number - 1].strip("# \t*_:"))

    def is_dated(self, number: int, text: str, level: int) -> bool:
        """Whether a heading is that of a day's digest; one above labels is a title, one within a text is text."""
        match = DATE.search(text) if len(text) <= _AROUND_DATE + 20 and "](" not in text else None
        if match is None or len(text) - (match.end() - match.start()) > _AROUND_DATE:
            return False
        draft = self.draft
        is_closed = draft is None or self.ruled or draft.complete or draft.is_listed
        if self.slot in TEXTS and not is_closed and draft is not None and level > draft.level:
            return False
        if _names_digests(text[: match.start()] + text[match.end() :]):
            return True
        ahead = self.ahead(number)
        return ahead is None or ahead.kind is not Kind.LABEL or ahead.slot is Slot.TITLE

    def dates_file(self, number: int) -> bool:
        """Whether a date under a label is the file's: nothing of an item stands above it, or labels below it."""
        if self.draft is None:
            return True
        ahead = self.ahead(number)
        if self.draft.has_body() or (ahead is not None and ahead.kind is Kind.TEXT and self.draft.level != 1):
            return False
        return ahead is None or ahead.kind is not Kind.LABEL or ahead.slot is Slot.TITLE

    def may_list(self) -> bool:
        """Whether a line of a list may be an item: it is in none, unless that is such a line too."""
        draft = self.draft
        return draft is None or self.ruled or draft.is_listed or not (draft.starts or draft.urls)

    def underlines(self, number: int) -> bool:
        """Whether a rule is the underline of a title: labels of a text below it, one line of text right above."""
        idle = self._idle
        if self.slot is not None or not idle or idle[-1] != number - 1 or (len(idle) > 1 and idle[-2] == number - 2):
            return False
        text, draft = self.lines[number - 2], self.draft
        if not (draft is None or draft.complete) or title_like(text) is None:
            return False
        ahead = self.ahead(number)
        return ahead is not None and ahead.kind is Kind.LABEL and ahead.slot in TEXTS

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
            first = draft.at.get(self.slot, above)
            # One that opens the text below a heading is the title of an item, and the heading that of a section.
            begins = first == above and not draft.starts and is_numbered(raw) and not self._is_numbered(draft)
            return above if is_strong_title(raw) and (first < above or begins) else None
        if not idle or idle[-1] != above or (draft is not None and draft.first > above):
            return None
        alone = len(idle) < 2 or idle[-2] < above - 1
        may = alone and (is_numbered(raw) or not strong) and title_like(raw)
        return above if is_strong_title(raw) or may else None

    def _is_numbered(self, draft: Draft) -> bool:
        return is_numbered(self.lines[draft.heading_line - 1])


_OF_DIGESTS_TABLE = """
    daily papers paper digest digests arxiv hf huggingface hugging face ai ml news newsletter summary of the for and
    today todays 오늘 오늘의 일일 데일리 논문 논문들 요약 정리 다이제스트 뉴스 뉴스레터 소식 추천 최신 인공지능 날짜
    brief briefing report update roundup research top weekly date 브리핑 리포트 보고서 연구 동향 주요 주간 기준 자 호
    monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun
    월요일 화요일 수요일 목요일 금요일 토요일 일요일 월 화 수 목 금 토 일
"""
_OF_DIGESTS = frozenset(_OF_DIGESTS_TABLE.split())
_WORD = re.compile(r"[^\W\d_]+")


def _names_digests(text: str) -> bool:
    """Whether what stands beside a date only says that a digest follows: `Daily Papers`, `오늘의 AI 논문`."""
    words = _WORD.findall(text.lower())
    return bool(words) and all(word in _OF_DIGESTS for word in words)


def _is_gloss(heading: str) -> bool:
    """Whether a heading only says the title above it in other words: all of it stands in parentheses."""
    text = heading.strip("# \t*_")
    return text[:1] in {"(", "（"} and text[-1:] in {")", "）"}


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
