"""The parser against digests written for it: `cases/parse/*.md`, and beside each what a reader sees in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from digestfeed.model import Item, Parsed
from digestfeed.parse import parse
from digestfeed.parse.labels import Slot, marked_slot_of, slot_of
from digestfeed.parse.lines import Kind, read_line
from digestfeed.parse.lists import labels, names
from digestfeed.parse.parts import Listed, listed_of, parts_of
from digestfeed.parse.values import closing, completed, is_web_url, links, number, title, title_and_link

CASES = sorted((Path(__file__).parent / "cases" / "parse").glob("*.md"))


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """What a case's JSON says: whole items without their places, the heads of chatter, lines and kinds of problems."""

    items: list[dict[str, Any]]
    chatter: list[str]
    problems: list[tuple[int, str]]
    digests: list[str] | None = None


def shown(item: Item) -> dict[str, Any]:
    """An item as a case writes it: values that are there, by name."""
    written: dict[str, Any] = msgspec.to_builtins(item)
    return {name: value for name, value in written.items() if name not in {"line", "position"}}


def items_of(parsed: Parsed) -> list[Item]:
    """All items of a file."""
    return [item for digest in parsed.digests for item in digest.items]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """A digest gives the items, chatter, problems and dated headings that a reader sees in it."""
    case = msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=Case)
    parsed = parse(path.name, path.read_bytes().decode())
    assert [shown(item) for item in items_of(parsed)] == [
        {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}
        for item in case.items
    ]
    heads = [piece.text[: len(head)] for piece, head in zip(parsed.chatter, case.chatter, strict=False)]
    assert (heads, len(parsed.chatter)) == (case.chatter, len(case.chatter))
    assert [(problem.where.line, problem.kind) for problem in parsed.problems] == case.problems
    assert case.digests is None or [digest.heading for digest in parsed.digests] == case.digests


def test_there_are_cases() -> None:
    """The cases are found, and each has its pair."""
    assert len(CASES) >= 100
    assert all(path.with_suffix(".json").exists() for path in CASES)


def test_messages_say_what_was_expected_and_what_stands_there() -> None:
    """A problem's message names the value as it is written, and what it should have been."""
    text = "## 제목:\n**요약**: a\n**추천수**: 많음\n**링크**: [PDF](https://arxiv.org/pdf/2413.00001) [PDF](https://arxiv.org/pdf/2412\n"
    assert [problem.message for problem in parse("a.md", text).problems] == [
        "expected a title, got none",
        "expected a number of votes, got '많음'",
        "expected an arXiv id like 2412.17743, got '2413.00001'",
        "expected [text](URL), got '[PDF](https://arxiv.org/pdf/2412'",
    ]


def test_problems_point_at_what_is_wrong() -> None:
    """Line and column of the value that is at fault, the whole line where there is none; also of links below a text."""
    text = (
        "## 제목:\n**요약**: a\n**추천수**: 아주 많음\n\n---\n"
        "### [B](https://arxiv.org/abs/2413.00001)\n![](https://x.org/a.png)\n- b\n---\n"
        "**제목**: C\n**요약**: c\n\nd\n\nhttps://arxiv.org/abs/2412.00000\n"
    )
    lines = text.split("\n")
    problems = parse("a.md", text).problems
    parts = [lines[p.where.line - 1][p.where.column - 1 :][: p.length] for p in problems]
    assert [(p.where.line, p.kind, part) for p, part in zip(problems, parts, strict=True)] == [
        (1, "missing-title", "## 제목:"),
        (3, "bad-number", "아주 많음"),
        (6, "bad-arxiv-id", "2413.00001"),
        (15, "bad-arxiv-id", "2412.00000"),
    ]


@pytest.mark.parametrize("link", ["htps://arxiv.org/abs/2411.09595", "arxiv.org/abs/2411.09595", "https://a.example/b"])
def test_what_was_meant_as_an_item_is_not_lost_in_silence(link: str) -> None:
    """A title with labels that leads to no paper and has no summary is a problem; a product with votes is none."""
    text = "### [A](https://arxiv.org/abs/2411.00001)\nVote: 1\n- a\n### [B]({})\nVote: 2\n- b\n"
    parsed = parse("a.md", text.format(link))
    assert [(p.where.line, p.kind) for p in parsed.problems] == [(4, "lost-item")]
    assert [item.title for item in items_of(parsed)] == ["A"]
    assert parsed.chatter[-1].text == f"### [B]({link})\nVote: 2\n- b"
    assert parse("a.md", text.format("https://www.producthunt.com/b")).problems == ()


def test_positions_go_on_in_sections_of_one_day() -> None:
    """Items are counted from 0 in each day, also where its heading stands twice."""
    item = "### [X](https://arxiv.org/abs/2410.00001)\n- a\n"
    text = f"## Papers (2024-10-18)\n{item}{item}## More (2024-10-18)\n{item}## Papers (2024-10-17)\n{item}"
    assert [item.position for item in items_of(parse("a.md", text))] == [0, 1, 2, 0]


def test_lines_are_those_of_the_file() -> None:
    """An item begins at its picture or heading, a dated section at its heading, chatter at its first line."""
    text = "hello\n\n## 2024-10-18\n\n![](https://x.org/a.png)\n## 제목: X\n**요약**: a\n---\n\nbye\nnow\n"
    parsed = parse("a.md", text)
    assert [item.line for item in items_of(parsed)] == [5]
    assert [digest.heading_line for digest in parsed.digests] == [3]
    assert [piece.where.line for piece in parsed.chatter] == [1, 10]


@pytest.mark.parametrize(
    ("words", "slot"),
    [
        ("쉬운 설명", Slot.EASY),
        ("요약 (Summary)", Slot.SUMMARY),
        ("1. Title", Slot.TITLE),
        ("📌 제목", Slot.TITLE),
        ("Summary/요약", Slot.SUMMARY),
        ("TL;DR", Slot.SUMMARY),
        ("결과", None),
        ("", None),
        ("#제목", None),
        ("요약 결과", None),
        ("A/요약", None),
        ("①요약", Slot.SUMMARY),
        ("요" * 41, None),
    ],
)
def test_slot_of(words: str, slot: Slot | None) -> None:
    """A label's words name a slot in any dress, and other words name none."""
    assert slot_of(words) is slot


@pytest.mark.parametrize(
    ("words", "slot"),
    [
        ("이 논문의 쉬운 요약", Slot.EASY),
        ("세 문장 요약", Slot.SUMMARY),
        ("비전공자를 위한 요약", Slot.EASY),
        ("요약본", None),
        ("Hugging Face 추천수", Slot.VOTES),
        ("", None),
    ],
)
def test_marked_slot_of(words: str, slot: Slot | None) -> None:
    """The ending of a marked label is enough to tell its slot."""
    assert marked_slot_of(words) is slot


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42  ", 42),
        ("👍 42", 42),
        ("42개", 42),
        ("1,024", 1024),
        ("9점", 9),
        ("9/10", 9),
        ("8.5점", 8),
        ("1.2k", 1200),
        ("3만", 30000),
        ("★★★☆☆", 3),
        ("0", 0),
        ("-3", None),
        ("없음", None),
        ("", None),
        ("1234567890123", None),
        ("10 만점", 10),
        ("1,02", None),
    ],
)
def test_number(text: str, value: int | None) -> None:
    """A number is read out of what stands around it, or not at all."""
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "urls", "broken"),
    [
        ("[a](https://x.org/1)", ["https://x.org/1"], None),
        ("![a](https://x.org/1)", ["https://x.org/1"], None),
        ("<https://x.org/1>", ["https://x.org/1"], None),
        ("see https://x.org/1.", ["https://x.org/1"], None),
        ("(https://x.org/a_(b))", ["https://x.org/a_(b)"], None),
        ("[a](https://x.org/a_(b)_c)", ["https://x.org/a_(b)_c"], None),
        ("[a](https:\\/\\/x.org\\/1)", ["https://x.org/1"], None),
        ('[a](https://x.org/1 "b")', ["https://x.org/1"], None),
        ("[https://x.org/1](https://x.org/1)", ["https://x.org/1"], None),
        (
            "[a](https://x.org/1), [b](https://x.org/2) https://x.org/3",
            ["https://x.org/1", "https://x.org/2", "https://x.org/3"],
            None,
        ),
        ("[a](https://x.org/1", ["https://x.org/1"], "[a](https://x.org/1"),
        ("[a]", [], "[a]"),
        ("[a](", [], "[a]("),
        ("없음", [], None),
    ],
)
def test_links(text: str, urls: list[str], broken: str | None) -> None:
    """All URLs of a value are found in order, and a link that does not end is told."""
    found = links(text)
    assert (list(found.urls), found.broken) == (urls, broken)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://x.org", True),
        ("http://x.org/a?b=c#d", True),
        ("https://논문.kr/a", True),
        ("https://x.org:8080/", True),
        ("ftp://x.org/", False),
        ("javascript:alert(1)", False),
        ("https://u@x.org/", False),
        ("https://localhost/", False),
        ("https://x.org/a b", False),
        ("https://x.org/\x00", False),
        ("https://x.org:99999/", False),
        ("https://[::1/", False),
        ("//x.org/a", False),
        ("", False),
        ("https://x.org/" + "a" * 2000, False),
        ("https://x.org\\@y.org/", False),
    ],
)
def test_is_web_url(url: str, good: bool) -> None:  # noqa: FBT001 -- a row of the table above
    """Only http and https to a host, without user info, may be published."""
    assert is_web_url(url) is good


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("**X**", "X"),
        ("X  Y", "X Y"),
        ('"X"', "X"),
        ('"X" and "Y"', '"X" and "Y"'),
        ("'X' 발표", "'X' 발표"),
        ("(제목이 제공되지 않음)", None),
        ("Untitled", None),
        ("-", None),
        ("제목 없음", None),
        ("제목 없는 그림 그리기", "제목 없는 그림 그리기"),
        ("**A** or **B**", "**A** or **B**"),
    ],
)
def test_title(text: str, value: str | None) -> None:
    """Dress around a whole title is dropped, and words for none are none."""
    assert title(text) == value


def test_title_and_link() -> None:
    """A title that is a link, or has one behind it, is parted from the URL."""
    url = "https://x.org/1"
    assert title_and_link(f"[A [b] c]({url})") == ("A [b] c", (url,))
    assert title_and_link(f"**[A]({url})**") == ("A", (url,))
    assert title_and_link(f"A ([PDF]({url}))") == ("A", (url,))
    assert title_and_link("A [b](c)") == ("A [b](c)", ())
    assert title_and_link("A") == ("A", ())


def test_labels_split_where_they_should() -> None:
    """Commas within parentheses do not split; an unclosed parenthesis splits at every comma."""
    assert labels(["a (b, c), d."]) == ("a (b, c)", "d")
    assert labels(["a (b, c, d"]) == ("a (b", "c", "d")
    assert labels(["- a", "* b", "3. c"]) == ("a", "b", "c")
    assert labels(["a, a, 없음"]) == ("a",)


def test_names_leave_out_what_is_nobody() -> None:
    """Plus signs and `et al.` are no authors, and a name with a quote in a Python list is whole."""
    assert names(["A B, +, et al."]) == ("A B",)
    assert names(["['A', \"O'B\"]"]) == ("A", "O'B")
    assert names([]) == ()


def test_closing_counts_pairs() -> None:
    """The parenthesis that closes is found behind pairs within, and not where there is none."""
    assert closing("(a(b)c)d", 0) == 6
    assert closing("(a(b", 0) == -1


@pytest.mark.parametrize(
    ("line", "slots"),
    [
        ("👍 42 | [arXiv](https://arxiv.org/abs/2410.00001)", [Slot.VOTES, Slot.LINK]),
        ("[PDF](https://arxiv.org/pdf/2410.00001) · 42표 · `NLP` `CV`", [Slot.LINK, Slot.VOTES, Slot.FIELDS]),
        ("> **Votes:** 1 | **Authors:** A, B", [Slot.VOTES, Slot.AUTHORS]),
        ("**추천수:** 1 | 아무 말", None),
        ("**제목:** A | **추천수:** 1", None),
        ("[arXiv](https://arxiv.org/abs/2410.00001) | [Code](https://example.org/c)", None),
        ("**관련분야:** NLP | CV", None),
        ("**추천수:** 1" + " | **추천수:** 1" * 100, None),
    ],
)
def test_parts_of_a_line(line: str, slots: list[Slot] | None) -> None:
    """A line is several labels only if each part of it is one, and not all are links."""
    parts = parts_of(line)
    assert (None if parts is None else [part.slot for part in parts]) == slots


@pytest.mark.parametrize(
    ("line", "listed"),
    [
        (
            "- [A b](https://arxiv.org/abs/2410.00001): shows how. (👍 5)",
            Listed("[A b](https://arxiv.org/abs/2410.00001)", "shows how.", "5"),
        ),
        (
            "2. **A b** ([arXiv](https://arxiv.org/abs/2410.00001)) — shows how.",
            Listed("[A b](https://arxiv.org/abs/2410.00001)", "shows how.", None),
        ),
        ("[A b](https://arxiv.org/abs/2410.00001): shows how.", None),
        ("- [A b](https://example.org/2410.00001): shows how.", None),
        ("- [arXiv](https://arxiv.org/abs/2410.00001): shows how.", None),
        ("- [A b](https://arxiv.org/abs/2410.00001)", None),
        ("- [A b](https://arxiv.org/abs/2410.00001) - short", None),
        ("- **핵심**: [A b](https://arxiv.org/abs/2410.00001)를 넓힙니다.", None),
    ],
)
def test_a_line_of_a_list(line: str, listed: Listed | None) -> None:
    """A paper in a list has a bullet, its title, its link and words about it."""
    assert listed_of(line) == listed


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("arxiv.org/abs/2410.00001", "https://arxiv.org/abs/2410.00001"),
        ("`www.example.org/a?b=c`", "https://www.example.org/a?b=c"),
        ("DOI: 10.48550/arXiv.2410.00001", "https://doi.org/10.48550/arXiv.2410.00001"),
        ("arxiv.org", None),
        ("a/b", None),
        ("3.5/10", None),
        ("준비 중", None),
        ("user@example.org/a", None),
    ],
)
def test_an_address_without_its_scheme_is_completed(text: str, url: str | None) -> None:
    """A host with a path, or a DOI, is a link; other words are none."""
    assert completed(text) == url


@pytest.mark.parametrize(
    ("line", "is_label"),
    [
        ("**Paper**: https://arxiv.org/abs/2410.00001", True),
        ("- 논문: [arXiv](https://arxiv.org/abs/2410.00001)", True),
        ("논문 번호: 2410.00001", True),
        ("논문 번호: 3", False),
        ("**논문**: 세 편을 고른 2024", False),
        ("**Code**: https://example.org/2410.00001", False),
    ],
)
def test_words_that_announce_only_a_link(line: str, is_label: bool) -> None:  # noqa: FBT001 -- a row of the table above
    """`논문` is a label where a link or an id stands behind it, and nowhere else."""
    assert (read_line(line).kind is Kind.LABEL) is is_label
