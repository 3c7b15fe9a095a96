"""The words of the pages, Korean and English side by side in one table.

Owns every string of the interface and how a day, a month and a number are said; refuses HTML and papers.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import msgspec

from digestfeed.channels import ChannelNames
from digestfeed.text import primary_language
from digestfeed.urls import month_name

_LANGUAGES = ("ko", "en")

# Name → (Korean, English).  A name that counts has a twin ending in `_1` for one, because English needs it.
_TABLE: dict[str, tuple[str, str]] = {
    "search": ("검색", "Search"),
    "search_lead": (
        "제목, 요약, 쉬운 설명, 분야, 저자에서 찾습니다. 낱말의 일부만 써도 되고, 여러 낱말은 모두 있어야 합니다.",
        "In titles, summaries, fields and authors. A part of a word will do; of several words, all must be there.",
    ),
    "search_words": ("찾을 말", "Words to find"),
    "search_field": ("분야", "Field"),
    "search_month": ("기간", "Time"),
    "search_year": ("전체", "(all)"),
    "search_order": ("순서", "Order"),
    "search_any": ("모두", "any"),
    "search_votes": ("{} 이상", "{} or more"),
    "search_best": ("관련 있는 순", "best first"),
    "search_new": ("새로운 순", "newest first"),
    "search_results": ("찾은 논문", "Papers found"),
    "search_more": ("더 보기", "Show more"),
    "search_needs": (
        "검색에는 자바스크립트와 웹 서버가 필요합니다. 없으면 아카이브를 훑어보세요.",
        "Searching needs JavaScript and a web server. Without them, browse the archive.",
    ),
    "search_hint": ("찾을 말을 쓰거나 조건을 고르세요.", "Write a word, or choose a filter."),
    "search_busy": ("찾는 중…", "Searching…"),
    "search_found": ("논문 {n}편", "{n} papers"),
    "search_found_1": ("논문 1편", "1 paper"),
    "search_nothing": ("맞는 논문이 없습니다.", "No paper matches."),
    "search_short": ("두 글자 이상 쓰세요.", "Write two letters or more."),
    "search_like": ("비슷한 말 “{words}”: 논문 {n}편", "For “{words}”, spelt alike: {n} papers"),
    "search_near": ("“{words}”와 비슷한 말이 든 논문 {n}편", "{n} papers with words spelt like “{words}”"),
    "search_failed": (
        "검색 자료를 읽지 못했습니다. 연결을 확인하고 다시 해 보세요.",
        "The index could not be read. Check the connection and try again.",
    ),
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
    "twin_once": (
        "여러 분야를 함께 구독한다면 논문이 서로 겹치지 않는 피드가 낫습니다:",
        "If you follow several fields, take the feed that shares no paper with theirs:",
    ),
    "twin_whole": ("이 분야의 논문이 모두 실리는 피드:", "The feed that has every paper of the field:"),
    "renamed": ("이 피드는 이름이 바뀌었습니다. 새 주소:", "This feed has a new name. It is now here:"),
    "by_month": ("월별 논문", "Papers by month"),
    "undated": ("날짜를 모르는 논문", "Papers without a date"),
    "undated_why": (
        "다이제스트에 날짜가 없고 arXiv 번호도 없어서 피드에는 실리지 않습니다.",
        "Neither their digest nor an arXiv number tells their day, so they are in no feed.",
    ),
    "days": ("날짜별로 바로 가기", "Go to a day"),
    "downloads": ("자료", "As data"),
    "jsonl": ("JSON Lines", "JSON Lines"),
    "bibtex": ("BibTeX", "BibTeX"),
    "previous": ("이전", "Earlier"),
    "following": ("다음", "Later"),
    "around": ("앞뒤 페이지", "Neighbouring pages"),
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
    "related": ("같은 분야의 논문", "Papers of the same fields"),
    "lost_title": ("페이지를 찾을 수 없습니다", "Page not found"),
    "lost": (
        "주소가 바뀌었거나 잘못되었습니다. 첫 페이지나 아카이브에서 찾아보세요.",
        "The address is wrong or no longer in use. Try the front page or the archive.",
    ),
    "front": ("첫 페이지", "Front page"),
    "daily": ("하루치 논문", "The day's papers"),
    "top_week": ("주간 인기 논문", "Top of the week"),
    "top_month": ("월간 인기 논문", "Top of the month"),
    "voted": ("추천", "votes"),
    "and_others": ("{} 외 {}명", "{} and {} more"),
    "votes_term": ("추천의 변화", "Votes over time"),
    "last_day": ("최근 다이제스트", "Newest digest"),
    "all_papers": ("모든 논문", "All papers"),
    "other_feeds": ("그 밖의 피드", "Other feeds"),
    "by_reader": ("리더에서 바로 구독", "Subscribe in a reader"),
    "app": ("내 기기의 앱", "App on this device"),
    "cite": ("인용", "Cite"),
    "copy": ("복사", "Copy"),
    "copied": ("복사했습니다", "Copied"),
    "address_of": ("{} 주소", "{} address"),
    "about_field": (
        "‘{}’ 분야에 든 새 논문이 모두 실립니다. 한 논문이 여러 분야의 피드에 실릴 수 있습니다.",
        "Every new paper in the field “{}”. A paper may be in the feeds of several fields.",
    ),
    "about_once": (
        "‘{}’: 첫 번째 분야가 이것인 논문만 실립니다. ‘한 번씩만’ 피드끼리는 논문이 겹치지 않습니다.",
        "“{}”: only the papers whose first field it is, so that no two feeds of this kind share a paper.",
    ),
    "about_daily": (
        "하루에 나온 논문을 글 하나로 묶어 보냅니다. 날마다 한 번만 읽고 싶은 분께 맞습니다.",
        "The papers of a day as one entry, for those who want to look once a day.",
    ),
    "about_top_week": (
        "한 주가 끝나면 그 주에 추천을 가장 많이 받은 논문 열 편이 실립니다.",
        "When a week is over, its ten papers with the most votes.",
    ),
    "about_top_month": (
        "한 달이 끝나면 그달에 추천을 가장 많이 받은 논문 서른 편이 실립니다.",
        "When a month is over, its thirty papers with the most votes.",
    ),
    "status": ("빌드 상태", "Build status"),
    "status_lead": (
        "마지막 빌드가 다이제스트에서 본 것과 읽지 못한 것입니다.",
        "What the last build saw in the digests, and what it could not read.",
    ),
    "seen_digests": ("다이제스트", "Digests"),
    "seen_items": ("항목", "Items"),
    "seen_papers": ("논문", "Papers"),
    "seen_merged": ("여러 번 실린 논문", "Papers shown more than once"),
    "seen_feeds": ("피드", "Feeds"),
    "seen_newest": ("가장 새 다이제스트", "Newest digest"),
    "problems": ("문제 {:,}건", "{:,} problems"),
    "problems_1": ("문제 {:,}건", "{:,} problem"),
    "no_problems": ("읽지 못한 것이 없습니다.", "Everything could be read."),
    "left_out": ("이 밖에 {:,}건이 더 있습니다.", "{:,} more are not listed."),
    "left_out_1": ("이 밖에 {:,}건이 더 있습니다.", "{:,} more is not listed."),
    "kind": ("종류", "Kind"),
    "place": ("위치", "Place"),
    "message": ("내용", "Message"),
    "as_data": ("같은 내용의 JSON", "The same as JSON"),
    "once": ("{} (한 번씩만)", "{} (each paper once)"),
    "trends": ("흐름", "Trends"),
    "trends_lead": (
        "아카이브를 그림으로 봅니다. 그림마다 같은 숫자를 표로도 볼 수 있습니다.",
        "The archive in pictures. Below each, the same numbers as a table.",
    ),
    "columns": ("월별 논문", "Papers a month"),
    "columns_how": (
        "논문을 첫 번째 분야로 한 번씩만 셉니다. 막대 안의 순서는 아래에서 위로 다음과 같습니다.",
        "Each paper is counted once, under its first field. From the foot of a column up, the fields are:",
    ),
    "columns_alt": (
        "{first}부터 {last}까지. 가장 많은 달은 {month}, {count}.",
        "From {first} to {last}. The fullest month is {month} with {count}.",
    ),
    "rest": ("그 밖의 분야", "Other fields"),
    "calendar": ("날짜별 논문", "Papers a day"),
    "calendar_how": (
        "한 칸이 하루, 한 열이 월요일에서 일요일까지 한 주입니다. 논문이 많은 날일수록 칸이 크고 진합니다.",
        "A square is a day, a column a week from Monday to Sunday. The more papers, the larger and bolder the square.",
    ),
    "trends_more": ("분야별 흐름 보기", "Trends by field"),
    "calendar_whole": ("모든 해의 달력", "The calendar of all years"),
    "panels": ("분야의 흐름", "Fields over time"),
    "panels_how": (
        "그달 논문 가운데 그 분야에 든 논문의 비율입니다. 눈금은 그림마다 다르고, 위의 숫자가 가장 높은 달입니다.",
        "The field's part of each month's papers. Each picture has its own scale, with the highest month's on top.",
    ),
    "panel_alt": (
        "{field}: {first}부터 {last}까지 달마다의 비율. 가장 높은 달은 {month}, {share}.",
        "{field}: its part of each month from {first} to {last}. The highest is {month} with {share}.",
    ),
    "shares": ("분야의 비중", "Share of each field"),
    "shares_how": (
        "전체 논문 가운데 그 분야에 든 논문입니다. 한 논문이 여러 분야에 들 수 있어서 더하면 100%를 넘습니다.",
        "How many of all papers are in the field. A paper may be in several, so the shares add up to more than 100%.",
    ),
    "shares_more": ("나머지 분야 {}개", "{} more fields"),
    "shares_more_1": ("나머지 분야 {}개", "{} more field"),
    "as_table": ("표로 보기", "As a table"),
    "month_column": ("달", "Month"),
    "papers_column": ("논문", "Papers"),
    "field_column": ("분야", "Field"),
    "share_column": ("비중", "Share"),
    "all_column": ("전체", "All"),
}
_WEEKDAYS = (tuple("월화수목금토일"), tuple("Mon Tue Wed Thu Fri Sat Sun".split()))  # noqa: SIM905
_WEEKDAYS_LONG = (
    tuple(f"{day}요일" for day in _WEEKDAYS[0]),
    tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),  # noqa: SIM905
)
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

    def day_parts(self, year: int, month: int, day: int) -> tuple[str, str, str, str]:
        """Say a day and its weekday in parts, in the order of reading: before the number, it, its unit, behind.

        >>> words("ko").day_parts(2024, 12, 24), words("en").day_parts(2024, 12, 24)
        (('2024년 12월', '24', '일', '화요일'), ('Tuesday', '24', '', 'December 2024'))
        """
        weekday = self.weekdays_long[dt.date(year, month, day).weekday()]
        parts = (self.month(year * 100 + month), str(day))
        return (*parts, "일", weekday) if self.code == "ko" else (weekday, parts[1], "", parts[0])

    @property
    def weekdays(self) -> tuple[str, ...]:
        """The days of the week, short, from Monday."""
        return _WEEKDAYS[_LANGUAGES.index(self.code)]

    @property
    def weekdays_long(self) -> tuple[str, ...]:
        """The days of the week, from Monday."""
        return _WEEKDAYS_LONG[_LANGUAGES.index(self.code)]

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

    def short_month(self, month: int) -> str:
        """Say a month in the year of its place on an axis, as short as can be: 12월, Dec."""
        return f"{month % 100}월" if self.code == "ko" else _named(month)[:3]

    def brief_month(self, month: int) -> str:
        """Say a month and its year as short as can be: 2024.12, Dec 2024."""
        return f"{month // 100}.{month % 100}" if self.code == "ko" else f"{_named(month)[:3]} {month // 100}"

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
    code = "ko" if primary_language(language) == "ko" else "en"
    column = _LANGUAGES.index(code)
    return Words(code, {name: row[column] for name, row in _TABLE.items()})


def _named(month: int) -> str:
    number = month % 100
    return _MONTHS[number - 1] if 1 <= number <= len(_MONTHS) else month_name(month)


def channel_names(language: str) -> ChannelNames:
    """Name the channels that are neither fields nor the config's own."""
    text = words(language).text
    return ChannelNames(daily=text["daily"], top_week=text["top_week"], top_month=text["top_month"], once=text["once"])
