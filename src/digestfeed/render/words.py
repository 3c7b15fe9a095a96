"""The words of the pages, Korean and English side by side in one table.

Owns every string of the interface and how a day, a month and a number are said; refuses HTML and papers.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from digestfeed.channels import ChannelNames
from digestfeed.urls import month_name

_LANGUAGES = ("ko", "en")

# Name → (Korean, English).  A name that counts has a twin ending in `_1` for one, because English needs it.
_TABLE: dict[str, tuple[str, str]] = {
    "skip": ("본문으로 건너뛰기", "Skip to content"),
    "archive": ("아카이브", "Archive"),
    "fields": ("분야", "Fields"),
    "subscribe": ("구독", "Subscribe"),
    "menu": ("주 메뉴", "Main menu"),
    "caution": (
        "요약은 언어 모델이 쓴 것이라 틀릴 수 있습니다. 인용하기 전에 논문을 확인하세요.",
        "The summaries were written by a language model and may be wrong. Check the paper before citing.",
    ),
    "papers": ("논문 {:,}편", "{:,} papers"),
    "papers_1": ("논문 {:,}편", "{:,} paper"),
    "votes": ("추천 {:,}", "{:,} votes"),
    "votes_1": ("추천 {:,}", "{:,} vote"),
    "newest": ("새 논문", "Newest papers"),
    "none_yet": ("아직 논문이 없습니다.", "No papers yet."),
    "whole_archive": ("전체 아카이브", "The whole archive"),
    "subscribe_how": (
        "아래 주소 가운데 하나를 피드 리더에 붙여 넣으세요. 새 논문이 나올 때마다 리더에 나타납니다.",
        "Paste one of these addresses into your feed reader; new papers then appear there by themselves.",
    ),
    "subscribe_opml": (
        "분야별 피드를 한꺼번에 구독하려면 OPML 파일을 리더로 가져오세요.",
        "To follow the fields one by one, import the OPML file into your reader.",
    ),
    "opml": ("분야별 피드 목록 (OPML)", "The feeds of all fields (OPML)"),
    "once_opml": (
        "한 논문이 여러 피드에 겹쳐 나오는 것이 싫다면 이 목록을 쓰세요:",
        "If you would rather not see a paper in several feeds, take this list:",
    ),
    "opml_once": ("한 번씩만 (OPML)", "Each paper once (OPML)"),
    "renamed": ("이 피드는 이름이 바뀌었습니다. 새 주소:", "This feed has a new name. It is now here:"),
    "by_month": ("월별 논문", "Papers by month"),
    "undated": ("날짜를 모르는 논문", "Papers without a date"),
    "undated_why": (
        "다이제스트에 날짜가 없고 arXiv 번호도 없어서 피드에는 실리지 않습니다.",
        "Neither their digest nor an arXiv number tells their day, so they are in no feed.",
    ),
    "days": ("날짜별로 바로 가기", "Go to a day"),
    "downloads": ("이 달의 자료", "This month as data"),
    "jsonl": ("JSON Lines", "JSON Lines"),
    "bibtex": ("BibTeX", "BibTeX"),
    "previous_month": ("이전 달", "Earlier"),
    "next_month": ("다음 달", "Later"),
    "months": ("앞뒤 달", "Neighbouring months"),
    "summary": ("요약", "Summary"),
    "easy_summary": ("쉬운 설명", "In plain words"),
    "no_summary": ("다이제스트에 요약이 없습니다.", "The digest has no summary of it."),
    "links": ("링크", "Links"),
    "abs": ("arXiv 초록", "Abstract on arXiv"),
    "pdf": ("PDF", "PDF"),
    "huggingface": ("Hugging Face", "Hugging Face"),
    "source": ("원문", "Source"),
    "facts": ("이 논문에 대하여", "About this paper"),
    "titles": ("다른 제목", "Also titled"),
    "authors": ("저자", "Authors"),
    "inferred": ("제목과 요약에서 추정", "inferred from title and summary"),
    "labels": ("다이제스트에 적힌 분야", "Labels as written"),
    "importance": ("중요도", "Importance"),
    "key": ("arXiv 번호", "arXiv number"),
    "submitted_term": ("제출일", "Submitted"),
    "submitted": (
        "{day}쯤 제출됨 — arXiv 번호로 추정한 날짜",
        "submitted about {day}, estimated from its arXiv number",
    ),
    "about": ("{day}쯤", "about {day}"),
    "published_term": ("소개일", "First shown"),
    "heading": ("{day} — 다이제스트 제목에 적힌 날짜", "{day}, by the heading of the digest"),
    "file-name": ("{day} — 다이제스트 파일 이름의 날짜", "{day}, by the file name of the digest"),
    "path": ("{day} — 다이제스트가 놓인 폴더의 날짜", "{day}, by the folder of the digest"),
    "arxiv-id": (
        "{day}쯤 — 다이제스트에 날짜가 없어 arXiv 번호로 추정",
        "about {day}; the digest has no date, so it is estimated from the arXiv number",
    ),
    "no_day": ("날짜를 알 수 없음", "day unknown"),
    "updated_term": ("바뀐 날", "Updated"),
    "updated": ("{day}", "{day}"),
    "mentions": ("실린 다이제스트", "Digests that show it"),
    "line": ("{}번째 줄", "line {}"),
    "month_of": ("{month}의 다른 논문", "Other papers of {month}"),
    "lost_title": ("페이지를 찾을 수 없습니다", "Page not found"),
    "lost": (
        "주소가 바뀌었거나 잘못되었습니다. 첫 페이지나 아카이브에서 찾아보세요.",
        "The address is wrong or no longer in use. Try the front page or the archive.",
    ),
    "front": ("첫 페이지", "Front page"),
    "daily": ("하루치 논문", "The day's papers"),
    "top_week": ("주간 인기 논문", "Top of the week"),
    "top_month": ("월간 인기 논문", "Top of the month"),
    "once": ("{} (한 번씩만)", "{} (each paper once)"),
}
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


class Words(msgspec.Struct, frozen=True):
    """The words of one language; `code` is `ko` or `en`."""

    code: str
    text: dict[str, str]

    def day(self, year: int, month: int, day: int) -> str:
        """Say a day.

        >>> words("ko").day(2024, 12, 23), words("en").day(2024, 12, 23)
        ('2024년 12월 23일', '23 December 2024')
        """
        if self.code == "ko":
            return f"{year}년 {month}월 {day}일"
        return f"{day} {_MONTHS[month - 1]} {year}"

    def month(self, month: int) -> str:
        """Say a month, an integer YYYYMM (0: undated).

        >>> words("ko").month(202412), words("en").month(202412)
        ('2024년 12월', 'December 2024')
        """
        if not month:
            return self.text["undated"]
        return f"{month // 100}년 {month % 100}월" if self.code == "ko" else f"{_named(month)} {month // 100}"

    def month_in_year(self, month: int) -> str:
        """Say a month under the heading of its year."""
        return f"{month % 100}월" if self.code == "ko" else _named(month)

    def year(self, year: int) -> str:
        """Say a year."""
        return f"{year}년" if self.code == "ko" else str(year)

    def count(self, name: str, number: int) -> str:
        """Say a number of things.

        >>> words("en").count("votes", 1), words("en").count("votes", 1200)
        ('1 vote', '1,200 votes')
        """
        return self.text[name + "_1" if number == 1 else name].format(number)


@lru_cache(maxsize=8)
def words(language: str) -> Words:
    """Give the words for a language tag: Korean for `ko` and its regions, English for any other."""
    code = "ko" if language.lower().partition("-")[0] == "ko" else "en"
    column = _LANGUAGES.index(code)
    return Words(code, {name: row[column] for name, row in _TABLE.items()})


def _named(month: int) -> str:
    number = month % 100
    return _MONTHS[number - 1] if 1 <= number <= len(_MONTHS) else month_name(month)


def channel_names(language: str) -> ChannelNames:
    """Name the channels that are neither fields nor the config's own."""
    text = words(language).text
    return ChannelNames(daily=text["daily"], top_week=text["top_week"], top_month=text["top_month"], once=text["once"])
