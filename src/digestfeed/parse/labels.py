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
    DATE = 10


_SPELLINGS: dict[Slot, str] = {
    Slot.TITLE: """
        제목 논문제목 논문명 논문의제목 논문타이틀 기사제목 뉴스제목 원제 원제목 타이틀 영문제목 영어제목
        한글제목 한국어제목 국문제목 번역제목 title papertitle nameofpaper titleofthepaper originaltitle
        englishtitle koreantitle
    """,
    Slot.SUMMARY: """
        요약 논문요약 핵심요약 내용요약 주요요약 상세요약 전문요약 전문적요약 전문적인요약 전문가요약
        전문가용요약 기술요약 요약문 요약내용 초록 초록요약 논문초록 개요 논문개요 주요내용 핵심내용 한줄요약
        세줄요약 줄요약 전문적인설명 전문적설명 전문설명 전문가용설명 상세설명 기술적설명 논문설명
        summary papersummary abstract professionalsummary professionalexplanation technicalexplanation
        detailedexplanation technicalsummary executivesummary
        overview tldr expertsummary briefsummary keysummary
    """,
    Slot.EASY: """
        쉬운설명 쉬운요약 쉬운해설 쉬운풀이 쉽게설명 쉽게말하면 쉽게풀어쓴설명 쉽게이해하기 알기쉬운설명
        이해하기쉬운설명 간단설명 간단한설명 간략설명 비전문가용설명 비전공자용설명 비전공자를위한설명
        초보자설명 초보자용설명 초보자를위한설명 일반인을위한설명 쉬운말설명 쉬운말로설명 쉬운버전
        easy easyversion simpleversion simplified
        easyexplanation easysummary easytounderstand simpleexplanation simplesummary simplifiedsummary
        simplifiedexplanation plainsummary plainlanguagesummary plainexplanation laysummary layexplanation
        laymansexplanation laymansummary eli5 explainlikeimfive inplainwords inplainenglish insimpleterms
        insimplewords simplyput forbeginners
    """,
    Slot.FIELDS: """
        관련분야 관련분야들 관련된분야 관련연구분야 연구분야 적용분야 분야 주제분야 관련주제 주제 키워드 관련키워드
        주요키워드 핵심키워드 카테고리 태그 해시태그 field fields relatedfield relatedfields researchfield
        researchfields fieldsofstudy area areas relatedarea relatedareas researcharea researchareas domain
        domains category categories keyword keywords tag tags topic topics relatedtopics subject subjects
    """,
    Slot.VOTES: """
        추천수 추천 추천수치 추천횟수 추천개수 좋아요 좋아요수 업보트 업보트수 투표수 득표수 vote votes votecount upvote
        upvotes numberofvotes numberofupvotes like likes recommendations recommendation
    """,
    Slot.LINK: """
        pdf다운로드링크 pdf다운로드 pdf다운로드주소 pdf다운링크 pdf링크 pdf주소 pdf 다운로드링크 다운로드
        논문링크 논문pdf 논문주소 논문보기 논문원문 링크 원문 원문링크 원문보기 원문주소 전체링크 전체기사
        전체기사링크 전체글 기사링크 뉴스링크 관련링크 출처 출처링크 참고링크 바로가기 바로가기링크 link links
        paperlink pdfdownloadlink pdfdownload pdflink pdfurl downloadlink downloadpdf url paperurl source
        sourcelink fulllink fulltext fullpaper readmore arxiv arxivlink arxiv링크 arxivid arxiv번호 허깅페이스
        허깅페이스링크 huggingface huggingfacelink doi doi링크 doilink
    """,
    Slot.IMPORTANCE: """
        중요도 중요도점수 중요성 importance importancescore
    """,
    Slot.AUTHORS: """
        저자 저자들 저자명 저자목록 저자정보 작성자 글쓴이 연구자 연구진 author authors authorlist by writtenby
    """,
    Slot.THUMBNAIL: """
        썸네일 썸네일이미지 이미지 대표이미지 thumbnail image thumbnailimage
    """,
    Slot.DATE: """
        날짜 일자 기준일 작성일 date digestdate
    """,
}
LABELS: dict[str, Slot] = {match_key(word): slot for slot, words in _SPELLINGS.items() for word in words.split()}
LONGEST = 40  # characters; what is longer is no label, whatever it says

# Words that announce a link only where one stands behind them: elsewhere they number or head an item.
_LINKED = frozenset(
    [
        "paper",
        "논문",
        "thepaper",
        "arxivpaper",
        "paperid",
        "논문번호",
        "논문id",
        "논문페이지",
        "paperpage",
        "abs",
        "hf",
        "hfpaper",
    ]
)
# What heads the wording of an item in one of two languages, and is never a title.
_LANGUAGES = frozenset(
    """
        english korean 영어 영문 한국어 한글 국문 englishversion koreanversion 영어버전 영문버전 한국어버전 한글버전
        영어요약 영문요약 한국어요약 한글요약 englishsummary koreansummary en kr ko kor eng
    """.split()  # noqa: SIM905 -- as above
)

# Headings within the text of an item, whatever their level.
_SECTIONS = frozenset(
    """
        whatsnew technicaldetails performancehighlights keycontributions keyfindings highlights methodology
        새로운점 기술적세부사항 기술세부사항 성능하이라이트 성능및결과 핵심기여 주요기여 주요결과 핵심결과
        연구배경 연구방법 연구결과
    """.split()  # noqa: SIM905 -- as above
)

# How longer labels end, for those that are marked as labels: `초등학생도 이해하는 쉬운 설명`, `이 논문의 추천수`.
_ENDINGS: tuple[tuple[str, Slot], ...] = (
    *((ending, Slot.EASY) for ending in ("쉬운설명", "쉬운요약", "위한설명", "easyexplanation", "simpleexplanation")),
    *((ending, Slot.SUMMARY) for ending in ("요약", "초록", "summary", "abstract")),
    *((ending, Slot.FIELDS) for ending in ("관련분야", "연구분야", "키워드", "keywords", "relatedfields")),
    *((ending, Slot.VOTES) for ending in ("추천수", "좋아요수", "upvotes")),
    *((ending, Slot.LINK) for ending in ("링크", "downloadlink", "paperlink", "pdflink")),
)
# An ending alone does not tell for which readers a text is.
_FOR_EVERYONE = (
    "쉬운",
    "쉽게",
    "쉽",
    "간단",
    "비전공",
    "비전문",
    "초보",
    "일반인",
    "easy",
    "simple",
    "plain",
    "layman",
    "beginner",
)

# Words that number an item in its heading: `### 논문 1: X`.
_COUNTERS = frozenset(
    """
        논문 뉴스 기사 항목 소식 연구 번호 번째논문 paper papers article news item no number story
    """.split()  # noqa: SIM905 -- as above
)
_DIGITS = "0123456789"
_GLOSS = re.compile(r"[(（\[][^()（）\[\]]*[)）\]]")
_COMMAS = frozenset(",，、;")
_YEAR = re.compile(r"(?<!\d)(?:(?:19|20)\d\d(?!\d)|\d\d\s?년)")
_JOINTS = re.compile(r"[/|·&]|\s및\s|\sand\s")


def slot_of(words: str) -> Slot | None:
    """Tell which slot a label's words name, or None: `쉬운 설명`, `요약 (Summary)`, `1. Title`, `📌 제목 / Title`."""
    return _slot_of(words) if 0 < len(words) <= LONGEST else None  # what is long is not remembered either


@lru_cache(maxsize=4096)
def _slot_of(words: str) -> Slot | None:
    if "#" in words or "`" in words:
        return None
    key = match_key(words)
    found = LABELS.get(key) or LABELS.get(key.lstrip(_DIGITS))
    if found is None and not words.isalnum():
        bare = _GLOSS.sub("", words)
        found = LABELS.get(match_key(bare).lstrip(_DIGITS)) or _slot_of_parts(bare)
    return found


def _slot_of_parts(words: str) -> Slot | None:
    """`요약/Summary` names one slot in two languages; of two slots (`요약 및 쉬운설명`) the first counts."""
    parts = _JOINTS.split(words)
    if len(parts) < 2:
        return None
    slots = [LABELS.get(match_key(part).lstrip(_DIGITS)) for part in parts]
    return slots[0] if None not in slots else None


def marked_slot_of(words: str) -> Slot | None:
    """Tell which slot the words of a label that is marked as one name; there its ending is enough."""
    return _marked_slot_of(words) if 0 < len(words) <= LONGEST else None


@lru_cache(maxsize=4096)
def _marked_slot_of(words: str) -> Slot | None:
    found = _slot_of(words)
    if found is not None or "#" in words or "`" in words:
        return found
    bare = _GLOSS.sub("", words)
    if not _COMMAS.isdisjoint(bare) or _YEAR.search(bare):
        return None  # `자연어 처리, 문서 요약` lists fields, `2024년 10월 18일 논문 요약` heads a day
    key = match_key(bare)
    for ending, slot in _ENDINGS:
        if key.endswith(ending):
            easy = slot is Slot.SUMMARY and any(word in key for word in _FOR_EVERYONE)
            return Slot.EASY if easy else slot
    return None


def announces_link(words: str) -> bool:
    """Tell whether words announce a link if one stands behind them: `논문`, `Paper`, `arXiv`."""
    return len(words) <= LONGEST and (match_key(words) in _LINKED or marked_slot_of(words) is Slot.LINK)


def is_language(words: str) -> bool:
    """Tell whether words only say in which language what follows is written: `[English]`, `한국어 버전`."""
    return len(words) <= LONGEST and match_key(words) in _LANGUAGES


def is_section(words: str) -> bool:
    """Tell whether a heading's words are those of a part of a summary: `What's New`, `핵심 기여 (Contributions)`."""
    return len(words) <= LONGEST and not {match_key(words), match_key(_GLOSS.sub("", words))}.isdisjoint(_SECTIONS)


def is_counter(words: str) -> bool:
    """Tell whether words only number an item: `논문 3`, `Paper #2`, `뉴스`, `2`."""
    return len(words) <= LONGEST and _is_counter(words)


@lru_cache(maxsize=4096)
def _is_counter(words: str) -> bool:
    key = match_key(words)
    return key.strip(_DIGITS) in _COUNTERS or (len(key) <= 3 and key.isdigit())
