"""The words that announce a value: which spelling stands for which slot of an item.

Adding a spelling is adding a word here.  Keys are compared by `text.match_key`: case, spaces, punctuation and
emoji do not count.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from digestfeed.text import match_key


class Slot(IntEnum):
    """A part of an item that a label can announce."""

    TITLE = 1
    SUMMARY = 2
    EASY = 3
    FIELDS = 4
    VOTES = 5
    LINK = 6
    IMPORTANCE = 7
    AUTHORS = 8
    THUMBNAIL = 9


TEXT_SLOTS = frozenset([Slot.SUMMARY, Slot.EASY])

_SPELLINGS: dict[Slot, str] = {
    Slot.TITLE: """제목 논문제목 논문명 논문의제목 논문타이틀 기사제목 뉴스제목 원제 타이틀 title papertitle nameofpaper""",
    Slot.SUMMARY: """요약 논문요약 핵심요약 내용요약 주요요약 상세요약 전문요약 전문적요약 전문적인요약 전문가요약
        전문가용요약 기술요약 요약문 요약내용 초록 초록요약 논문초록 개요 논문개요 주요내용 핵심내용
        summary papersummary abstract professionalsummary technicalsummary executivesummary overview tldr tl;dr""",
    Slot.EASY: """쉬운설명 쉬운요약 쉬운해설 쉬운풀이 쉽게설명 쉽게말하면 쉽게풀어쓴설명 쉽게이해하기 알기쉬운설명
        이해하기쉬운설명 간단설명 간단한설명 간략설명 비전문가용설명 비전공자용설명 비전공자를위한설명 초보자설명
        초보자용설명 초보자를위한설명 일반인을위한설명 쉬운말설명 쉬운말로설명
        easyexplanation easysummary simpleexplanation simplesummary simplifiedsummary simplifiedexplanation
        plainsummary plainlanguagesummary laysummary layexplanation eli5 inplainwords""",
    Slot.FIELDS: """관련분야 관련된분야 관련연구분야 연구분야 적용분야 분야 주제분야 관련주제 키워드 관련키워드 주요키워드
        카테고리 태그 field fields relatedfield relatedfields researchfields area areas relatedareas category
        categories keyword keywords tag tags topic topics""",
    Slot.VOTES: """추천수 추천 추천횟수 추천개수 좋아요 좋아요수 업보트 업보트수 vote votes upvote upvotes numberofvotes
        numberofupvotes like likes recommendations""",
    Slot.LINK: """pdf다운로드링크 pdf다운로드 pdf다운로드주소 pdf다운링크 pdf링크 pdf주소 pdf 다운로드링크 다운로드 논문링크
        논문pdf 논문주소 논문보기 논문원문 링크 원문 원문링크 원문보기 원문주소 전체링크 전체기사 전체기사링크
        기사링크 뉴스링크 관련링크 출처 출처링크 바로가기 바로가기링크
        link links paperlink pdfdownloadlink pdfdownload pdflink pdfurl downloadlink url paperurl source sourcelink
        fulllink fulltext arxiv arxivlink arxiv링크 arxivid arxiv번호 허깅페이스 huggingface huggingfacelink""",
    Slot.IMPORTANCE: """중요도 중요도점수 중요성 importance importancescore""",
    Slot.AUTHORS: """저자 저자들 저자명 저자목록 작성자 글쓴이 연구자 author authors by writtenby""",
    Slot.THUMBNAIL: """썸네일 썸네일이미지 이미지 대표이미지 thumbnail image thumbnailimage""",
}
LABELS: dict[str, Slot] = {match_key(word): slot for slot, words in _SPELLINGS.items() for word in words.split()}
LONGEST = 40  # characters; what is longer is no label, whatever it says

# Words that number an item in its heading: `### 논문 1: X`.
_COUNTERS = frozenset(
    "논문 뉴스 기사 항목 소식 연구 번호 paper papers article news item no number story".split()
)
_GLOSS = re.compile(r"[(（\[][^()（）\[\]]*[)）\]]")
_NUMBER = re.compile(r"^\W*\d{1,3}\s*[.)\]:번]?\s*")


@lru_cache(maxsize=4096)
def slot_of(words: str) -> Slot | None:
    """Tell which slot a label's words name, or None: `쉬운 설명`, `요약 (Summary)`, `1. Title`, `📌 제목`."""
    if len(words) > LONGEST:
        return None
    key = match_key(words)
    found = LABELS.get(key)
    if found is None and key:
        bare = _NUMBER.sub("", _GLOSS.sub("", words))
        found = LABELS.get(match_key(bare))
    return found


def is_counter(words: str) -> bool:
    """Tell whether words only number an item: `논문 3`, `Paper #2`, `뉴스`."""
    return len(words) <= LONGEST and match_key(words).strip("0123456789") in _COUNTERS
