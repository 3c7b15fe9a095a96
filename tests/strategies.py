"""Hypothesis strategies that write digests of the kind that digestfeed reads, and spoil them.

`digests()` gives the text of a digest together with what it says; `spoilt_digests()` and `any_text()` give texts
of which nothing is known but that reading them must not fail.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

KOREAN = (
    "이",
    "모델은",
    "긴",
    "글을",
    "읽고",
    "그림을",
    "그리며",
    "값을",
    "셈합니다",
    "새로운",
    "데이터",
    "요약",
    "제목",
)
ENGLISH = ("Scaling", "Sparse", "Attention", "for", "Long", "Video", "Models", "with", "Noise", "a", "Survey", "of")
FIELDS = ("자연어 처리", "컴퓨터 비전(CV)", "Robotics", "강화 학습", "AI", "시계열 예측(Time Series, TSF)")
LABELS = {
    "title": ("제목", "논문 제목", "Title"),
    "summary": ("요약", "핵심 요약", "Summary", "요약 (Summary)"),
    "easy": ("쉬운설명", "쉬운 설명", "Simple explanation"),
    "fields": ("관련분야", "관련 분야", "Related fields"),
    "votes": ("추천수", "Upvotes", "좋아요 수"),
    "link": ("PDF 다운로드 링크", "링크", "PDF Link"),
}
LABEL_FORMS = ("**{}**: ", "**{}:** ", "**{}**:\n", "### {}\n", "### {}:\n", "#### {}: ", "📌 **{}**: ", "【{}】 ")
TITLE_FORMS = (
    "## {}",
    "## 제목: {}",
    "## 제목:\n**{}**",
    "### {n}. {}",
    "## [논문 {n}] {}",
    "**제목**: {}",
    "## 논문 {n}: {}",
)
RULES = ("\n---\n\n", "---\n", "\n***\n\n", "\n\n", "\n--- \n---\n", "\n* * *\n")
GREETINGS = ("", "안녕하세요! 오늘 나온 글을 정리합니다.\n\n", "# 오늘의 소식\n\n")
CLOSINGS = ("", "\n---\n\n더 알고 싶으면 말씀해 주세요.\n")


@dataclass(frozen=True)
class Written:
    """A paper as a digest was told to show it."""

    arxiv_id: str
    title: str
    summary: str
    easy: str | None
    fields: tuple[str, ...]
    votes: int | None


@dataclass(frozen=True)
class WrittenDigest:
    """The text of a digest and the papers that it shows, in order."""

    text: str
    papers: tuple[Written, ...]


def arxiv_ids() -> st.SearchStrategy[str]:
    """Ids that arXiv could have given out."""
    months = st.sampled_from(["2408", "2409", "2410", "2411", "2412"])
    return st.builds("{}.{:05d}".format, months, st.integers(1, 19_999))


def titles() -> st.SearchStrategy[str]:
    """Titles of a few English words that read like no label and no number."""
    words = st.lists(st.sampled_from(ENGLISH), min_size=2, max_size=7)
    return words.map(lambda chosen: "On " + " ".join(chosen))


def sentences() -> st.SearchStrategy[str]:
    """A text of one line in Korean."""
    return st.lists(st.sampled_from(KOREAN), min_size=3, max_size=20).map(lambda words: "글 " + " ".join(words) + ".")


def texts() -> st.SearchStrategy[str]:
    """A summary: paragraphs, perhaps with a numbered list."""
    paragraphs = st.lists(sentences(), min_size=1, max_size=3).map("\n\n".join)
    items = st.lists(sentences(), min_size=1, max_size=3).map(
        lambda lines: "\n".join(f"{n}. **점 {n}**: {line}" for n, line in enumerate(lines, 1))
    )
    return st.one_of(paragraphs, st.builds("{}\n\n{}".format, paragraphs, items))


def papers() -> st.SearchStrategy[Written]:
    """What an item is to show."""
    return st.builds(
        Written,
        arxiv_id=arxiv_ids(),
        title=titles(),
        summary=texts(),
        easy=st.none() | sentences(),
        fields=st.lists(st.sampled_from(FIELDS), max_size=3, unique=True).map(tuple),
        votes=st.none() | st.integers(0, 2000),
    )


@st.composite
def digests(draw: st.DrawFn, *, min_papers: int = 0, max_papers: int = 5) -> WrittenDigest:
    """A well-written digest: one form of labels, titles and rules throughout, each paper once."""
    shown = draw(st.lists(papers(), min_size=min_papers, max_size=max_papers, unique_by=lambda paper: paper.arxiv_id))
    words = {slot: draw(st.sampled_from(spellings)) for slot, spellings in LABELS.items()}
    label, title, rule = (draw(st.sampled_from(forms)) for forms in (LABEL_FORMS, TITLE_FORMS, RULES))
    pictured = draw(st.booleans())
    items = [_item(paper, n, words, label, title, pictured) for n, paper in enumerate(shown, 1)]
    text = draw(st.sampled_from(GREETINGS)) + rule.join(items) + draw(st.sampled_from(CLOSINGS))
    return WrittenDigest(text, tuple(shown))


def _item(paper: Written, n: int, words: dict[str, str], label: str, title: str, pictured: bool) -> str:  # noqa: FBT001 -- all that varies
    thumbnail = f"![Image](https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/{paper.arxiv_id}.png)\n"
    values = {
        "summary": paper.summary,
        "easy": paper.easy,
        "fields": ", ".join(paper.fields),
        "votes": None if paper.votes is None else str(paper.votes),
        "link": f"[PDF](https://arxiv.org/pdf/{paper.arxiv_id})",
    }
    lines = [label.format(words[slot]) + value for slot, value in values.items() if value]
    head = title.format(paper.title, n=n)
    return (thumbnail if pictured else "") + head + "\n" + "\n\n".join(lines) + "\n"


@st.composite
def spoilt_digests(draw: st.DrawFn) -> str:
    """A digest whose lines were shuffled, cut, doubled, or mixed with anything."""
    lines = draw(digests(max_papers=4)).text.split("\n")
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(lines) - 1))
        change = draw(st.sampled_from(_CHANGES))
        lines = change(lines, place, draw(st.integers(0, len(lines) - 1)))
        if draw(st.booleans()):
            lines.insert(place, draw(ODD_LINES))
    return "\n".join(lines)


def _cut(lines: list[str], place: int, other: int) -> list[str]:
    return [*lines[:place], lines[place][: other % (len(lines[place]) + 1)], *lines[place + 1 :]]


def _double(lines: list[str], place: int, other: int) -> list[str]:
    return [*lines[:place], lines[other], *lines[place:]]


def _swap(lines: list[str], place: int, other: int) -> list[str]:
    changed = list(lines)
    changed[place], changed[other] = changed[other], changed[place]
    return changed


def _drop(lines: list[str], place: int, other: int) -> list[str]:
    low, high = sorted((place, other))
    return [*lines[:low], *lines[min(high, low + 3) :]] or [""]


def _quote(lines: list[str], place: int, other: int) -> list[str]:
    low, high = sorted((place, other))
    return [*lines[:low], *("> " + line for line in lines[low:high]), *lines[high:]]


def _join(lines: list[str], place: int, other: int) -> list[str]:  # noqa: ARG001 -- one signature
    return [*lines[:place], "".join(lines[place : place + 2]), *lines[place + 2 :]]


_CHANGES = (_cut, _double, _swap, _drop, _quote, _join)

ODD = (
    "```",
    "```markdown",
    "~~~",
    "---",
    "===",
    "+++",
    "## Daily Papers (2024-10-18)",
    "# 2024년 13월 1일",
    "| 제목 | 요약 |",
    "|---|---|",
    "| 요약 | 글 |",
    "| A | B |",
    "> ",
    "> **요약**: 글",
    "**2. 다음 글**",
    "1.",
    "### 논문 3",
    "#",
    "# 요약",
    "## 쉬운 설명",
    "![Image](thumbnail_url)",
    "![Image](https://x.org/a(1).png)",
    "![",
    "[PDF](",
    "https://arxiv.org/abs/2410.00001",
    "[보기](https://x.org)",
    "👍 12",
    "날짜: 2024-10-18",
    "제목",
    "요약",
    "- 추천수: 3",
    "<b>요약</b>: 글",
    "<img src=x>",
    "\ufeff",
    "\x00",
    "\ud800",
    "**",
    "** **",
    ":",
    "：",
    "# :",
    "**: **",
    "[]",
    "[](",
    "|",
    "||",
    "|||",
)
"""Lines that stand where nobody expects them."""

ODD_LINES: st.SearchStrategy[str] = st.sampled_from(ODD)


def any_text() -> st.SearchStrategy[str]:
    """Any text at all, lone surrogates and controls included, and piles of odd lines."""
    characters = st.text(st.characters(), max_size=300)
    marks = st.text("#*-_=|>`~:：![]()<>\n 0123제목요약링크a", max_size=300)
    return st.one_of(characters, marks, st.lists(ODD_LINES | sentences() | titles(), max_size=30).map("\n".join))


# -- whole folders ---------------------------------------------------------------------------------------------

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[a](javascript:alert(1))",
    "![a](data:text/html,<script>alert(1)</script>)",
    '[a](https://x.org/" onmouseover="alert(1))',
    "<https://me:secret@x.org/>",
    "]]></content:encoded><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;b&#62; &amp;lt;",
    "<!-- --!><script>alert(1)</script>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "$\\href{javascript:alert(1)}{x}$ $x^2$",
    "\u202egpj.exe \u200b\ufeff",
    "\x00\x08\x0b\x1b[31m\x7f\x85\ufffe",
    "../../etc/passwd",
    "CON",
    "%00%2e%2e",
    "{{ 7*7 }} {% raw %}",
    "</title></summary></entry>",
    "\U0001f9d1\u200d\U0001f4bb\U0001f1f0\U0001f1f7",
    "한글",  # in its parts
    "Z\u0335\u0321a\u0334l\u0336g\u0337o",
)
"""Techniques by which a text breaks out of where it stands, one of a kind; tests/hostile has them all."""


@st.composite
def hostile_digests(draw: st.DrawFn) -> str:
    """A digest in which payloads stand in titles, texts, labels and links."""
    text = draw(digests(min_papers=1, max_papers=3)).text
    words = sorted({*ENGLISH, *KOREAN, *FIELDS, "10.", "papers/", "PDF"} - {"a", "of", "for", "with"})
    for _ in range(draw(st.integers(1, 5))):
        text = text.replace(draw(st.sampled_from(words)), draw(st.sampled_from(PAYLOADS)), draw(st.integers(1, 3)))
    return text


def encodings(text: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """A text as somebody's editor writes it: in UTF-8 nearly always, with other line ends or marks, or broken."""
    return st.builds(
        _encoded, text, st.sampled_from([*["utf-8"] * 6, "utf-8-sig", "utf-16", "cp949", "crlf", "cr", "cut"])
    )


def _encoded(text: str, form: str) -> bytes:
    if form in {"crlf", "cr"}:
        text = text.replace("\n", "\r\n" if form == "crlf" else "\r")
    if form == "cut":  # in the middle of a character
        return text.encode("utf-8", "replace")[:-1]
    return text.encode(form if form not in {"crlf", "cr"} else "utf-8", "replace")


FILES = (
    "2024-12-28.md",
    "2024-12-29-15-00-00.md",
    "2025/01/02.md",
    "20250103-hf.markdown",
    "notes.txt",
    "뉴스/2024년 12월 30일.md",
    "2024-13-45.md",
    "2099-01-01.md",
    "a b & <c>'\"%2e.md",
)


def folders() -> st.SearchStrategy[dict[str, bytes]]:
    """A folder of digests: well written, spoilt, hostile, or anything; path → bytes."""
    text = st.one_of(digests(max_papers=3).map(lambda made: made.text), hostile_digests(), spoilt_digests(), any_text())
    contents = st.one_of(encodings(text), encodings(text), encodings(text), st.binary(max_size=200))
    return st.dictionaries(st.sampled_from(FILES), contents, min_size=1, max_size=4)
