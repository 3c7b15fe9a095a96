"""What holds for the parser whatever it reads: it never fails, loses no line, and takes linear time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed.model import Item, Parsed
from digestfeed.parse import Fate, account, parse
from digestfeed.parse.labels import LABELS
from digestfeed.text import match_key
from tests.strategies import WrittenDigest, any_text, digests, spoilt_digests

CASES = Path(__file__).parent / "cases" / "parse"
LINES = sorted({line for case in CASES.glob("*.md") for line in case.read_text("utf-8").split("\n")})
# Lines of all the cases in any order, the same few again and again: what no case has beside one another.
SHUFFLED = st.lists(st.sampled_from(LINES), min_size=1, max_size=10).flatmap(
    lambda pool: st.lists(st.sampled_from([*pool, ""]), max_size=14).map("\n".join)
)
TEXTS = st.one_of(any_text(), spoilt_digests(), digests().map(lambda digest: digest.text), SHUFFLED)


def items_of(parsed: Parsed) -> Iterator[Item]:
    """All items of a file."""
    return (item for digest in parsed.digests for item in digest.items)


@given(TEXTS)
def test_each_written_line_has_one_fate(text: str) -> None:
    """Every line that is not blank is accounted for, and no other."""
    written = {n for n, line in enumerate(text.split("\n"), 1) if line.strip().lstrip("> \t")}
    fates = account("a.md", text)
    assert written <= fates.keys()
    assert Fate.IDLE not in fates.values()


@given(TEXTS)
def test_lines_said_to_be_chatter_are_the_chatter(text: str) -> None:
    """Exactly the lines accounted for as chatter stand in the chatter, each once."""
    fates = account("a.md", text)
    said = sorted(text.split("\n")[n - 1].rstrip() for n, fate in fates.items() if fate is Fate.CHATTER)
    assert sorted(line for piece in parse("a.md", text).chatter for line in piece.text.split("\n")) == said


@given(TEXTS)
def test_lines_said_to_be_a_field_are_in_an_item(text: str) -> None:
    """A file with a line that is accounted for as part of an item has an item, and one without has none."""
    fates = account("a.md", text)
    has_items = any(True for _ in items_of(parse("a.md", text)))
    assert has_items or Fate.FIELD not in fates.values()


@given(spoilt_digests())
def test_no_sentence_is_lost(text: str) -> None:
    """The words of every sentence in a spoilt digest are found again in an item, in chatter or in a problem."""
    parsed, fates = parse("a.md", text), account("a.md", text)
    values = [value for item in items_of(parsed) for value in msgspec.structs.astuple(item)]
    found = match_key(f"{values} {parsed.chatter} {[problem.message for problem in parsed.problems]}")
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("글 ") and fates[number] is not Fate.STRUCTURE:
            assert match_key(line)[:20] in found


@given(TEXTS)
def test_lines_said_to_be_a_problem_are_reported(text: str) -> None:
    """A line accounted for as a problem has a problem at that line."""
    reported = {problem.where.line for problem in parse("a.md", text).problems}
    assert {n for n, fate in account("a.md", text).items() if fate is Fate.PROBLEM} <= reported


@given(TEXTS)
def test_places_exist(text: str) -> None:
    """Items, chatter and problems point at lines of the file, and items stand in order of lines."""
    parsed, lines = parse("a.md", text), text.count("\n") + 1
    places = [piece.where.line for piece in parsed.chatter] + [problem.where.line for problem in parsed.problems]
    begins = [item.line for item in items_of(parsed)]
    assert all(1 <= line <= lines for line in [*places, *begins])
    assert begins == sorted(begins)


@given(digests())
def test_a_well_written_digest_is_read_as_it_was_written(digest: WrittenDigest) -> None:
    """Each paper comes back whole and in order, whatever the form of labels, titles and rules."""
    read = [
        (item.arxiv_id, item.title, item.summary, item.easy_summary, item.labels, item.votes)
        for item in items_of(parse("a.md", digest.text))
    ]
    assert read == [(p.arxiv_id, p.title, p.summary, p.easy, p.fields, p.votes) for p in digest.papers]


@given(digests(), st.data())
def test_an_item_cut_short_takes_no_other_with_it(digest: WrittenDigest, data: st.DataObject) -> None:
    """A file that ends anywhere still shows the papers whose text stands before the end."""
    cut = data.draw(st.integers(0, len(digest.text)))
    text = digest.text[:cut]
    whole = [p.arxiv_id for p in digest.papers if f"arxiv.org/pdf/{p.arxiv_id})" in text]
    assert [item.arxiv_id for item in items_of(parse("a.md", text))][: len(whole)] == whole


@given(st.text(max_size=30), st.sampled_from(sorted(LABELS)))
def test_values_of_any_kind_are_read(value: str, label: str) -> None:
    """Whatever stands behind a label, reading it gives an answer."""
    parse("a.md", f"## X\n**요약**: Y\n**{label}**: {value}\n{label}: {value}\n{label}\n{value}")


HARD = {
    "headings": "# a\n",
    "dated headings": "# 2024-10-18\n",
    "empty headings": "#\n",
    "labels": "**요약**: a\n",
    "titles": "**제목**: a\n",
    "plain labels": "추천수: 3\n",
    "links": "**링크**: https://arxiv.org/abs/2413.00001\n",
    "images": "![a](https://x.org/a.png)\n",
    "broken images": "![a](https://x.org/(((a.png\n",
    "rules": "---\n",
    "underlines": "a\n===\n",
    "fences": "```\na\n",
    "nested fences": "```a\n",
    "quotes": "> **요약**: a\n",
    "deep quotes": "> > > > a\n",
    "rows": "| a | b |\n",
    "tables": "| 제목 | 요약 |\n|---|---|\n| a | b |\n",
    "blanks": "\n",
    "gaps": "a\n\n\n\n",
    "bold titles": "**1. a**\n**요약**: b\n",
    "sections": "# 요약\n",
    "numbers alone": "### 1.\n",
    "parts of a line": "**추천수:** 1 | **저자:** a · `b`\n",
    "listed links": "- **[a a](https://arxiv.org/abs/2411.00001)** - about the paper\n",
    "unlabelled texts": "## a\nb\n요약: c\n",
    "languages": "**[English]**\n요약: a\n",
    "underlined titles": "a\n---\n**요약**: b\n",
    "records": '{"title": "a",\n "summary": "b"},\n',
    "items": "## a\n**요약**: b\n**추천수**: x\n**링크**: [a](\n---\n",
}
LONG = {
    "letters": "a",
    "blanks": " ",
    "brackets": "[",
    "parentheses": "(",
    "links": "[a](",
    "closed links": "[a](b)",
    "images": "![a](b",
    "emphasis": "*",
    "underscores": "_",
    "ticks": "`",
    "quotes": ">",
    "wide quotes": ">\u3000",  # read a level at a time, these were deeper than Python goes
    "quoted tags": "<b>> ",
    "hashes": "#",
    "rules": "- ",
    "colons": ":",
    "commas": "a,",
    "quoted names": "'\\",
    "digits": "1",
    "dots": "1.",
    "pipes": "|a",
    "tags": "<b>",
    "images in HTML": "<img ",
    "urls": "https://x.org/) ",
    "closing parentheses": "https://x.org/)",
    "slashes": "a / ",
    "blank runs": "a      ",
}
PREFIXES = (
    "",
    "## ",
    "**요약**: ",
    "## a\n**링크**: ",
    "## a\n**요약**: b\n**관련분야**: ",
    "## a\n**요약**: b\n**저자**: [",
    "![a](",
    "| 제목 | 요약 |\n| ",
)


def seconds(text: str) -> float:
    """CPU time of parsing a text, the better of two."""
    taken = []
    for _ in range(2):
        start = time.process_time()
        parse("a.md", text)
        taken.append(time.process_time() - start)
    return min(taken)


def assert_linear(unit: str, head: str, size: int) -> None:
    """Ten times the text takes little more than ten times the time; what is done in 0.2 s is fast enough."""
    small, large = (seconds(head + unit * (times * size // len(unit))) for times in (1, 10))
    assert large < max(0.2, 30 * small)


@pytest.mark.parametrize("name", HARD)
def test_many_lines_take_linear_time(name: str) -> None:
    """Up to two hundred thousand lines of a kind, with an item open above them, are read in linear time."""
    for head in (
        "",
        "## a\n**요약**: b\n",
        "## a\n**요약**: b\n**관련분야**:\n",
        "### [a](https://arxiv.org/abs/2410.00001)\n",
    ):
        assert_linear(HARD[name], head, 20_000)


@pytest.mark.parametrize("name", LONG)
def test_long_lines_take_linear_time(name: str) -> None:
    """A line of half a million characters is read in linear time, as a value of any kind."""
    for prefix in PREFIXES:
        assert_linear(LONG[name], prefix, 50_000)


def test_fences_in_fences_take_linear_time() -> None:
    """Fences nested around a label are looked through once."""
    deep = [
        f"## a\n**요약**: b\n{'```a' + chr(10)}" + "```a\n" * n + "**추천수**: 1\n" + "```\n" * n
        for n in (5_000, 50_000)
    ]
    small, large = map(seconds, deep)
    assert large < max(0.2, 30 * small)


def test_an_endless_label_is_text() -> None:
    """A label of ten thousand characters is none, and is not lost."""
    parsed = parse("a.md", f"**{'요약' * 5000}**: a\n{'제목' * 5000}: b")
    assert not parsed.digests
    assert len(parsed.chatter) == 1
