"""Problems as they are shown: carets below what is at fault, JSON and annotations that say the same."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from digestfeed import diagnostics
from digestfeed.diagnostics import WIDTH, Finding, as_github, as_json, as_text, excerpt, findings
from digestfeed.model import Chatter, Location, Problem
from digestfeed.text import visible

# Any text of a line: a digest has what strangers wrote.
LINES = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=300)
LONG = st.builds(lambda a, n, b: a * n + b, LINES, st.integers(1, 20), LINES)


def problem(column: int = 0, length: int = 0, message: str = "expected X, got Y") -> Problem:
    """A problem in the first line of a digest."""
    return Problem(Location("a.md", 1, column), "bad-date", message, length)


def shown(line: str, column: int = 0, length: int = 0) -> tuple[str, str]:
    """How a line and its carets are shown."""
    (finding,) = findings([problem(column, length)], line)
    assert finding.source is not None
    return excerpt(finding, finding.source)


@pytest.mark.parametrize(
    ("line", "column", "length", "text", "carets"),
    [
        ("## Papers (2024-13-45)", 12, 10, "## Papers (2024-13-45)", "           ^^^^^^^^^^"),
        ("추천수: 많음", 6, 2, "추천수: 많음", "        ^^^^"),
        ("추천수: many", 6, 4, "추천수: many", "        ^^^^"),
        ("  all of it  ", 0, 0, "  all of it  ", "  ^^^^^^^^^"),
        ("a\tb", 3, 1, "a b", "  ^"),
        ("a\x1b[31m b", 8, 1, "a\\u001b[31m b", "            ^"),
        ("\u202ebad", 2, 3, "\\u202ebad", "      ^^^"),
        ("x\U000e0001y", 2, 1, "x\\U000e0001y", " ^^^^^^^^^^"),
        ("e\u0301 x", 4, 1, "e\u0301 x", "  ^"),
        ("", 0, 0, "", "^"),
        ("   ", 0, 0, "   ", "^"),
        ("a" * 30, 1, 30, "a" * 30, "^" * 30),
    ],
)
def test_carets_stand_below_the_fault(line: str, column: int, length: int, text: str, carets: str) -> None:
    """Also below wide letters and escapes; without a column below all that is written."""
    assert shown(line, column, length) == (text, carets)


@pytest.mark.parametrize("letter", ["a", "가"])
@pytest.mark.parametrize("before", [0, 50, 150, 900, 3000, 100_000])
@pytest.mark.parametrize("behind", [0, 50, 150, 900, 100_000])
def test_a_long_line_is_shown_around_the_fault(letter: str, before: int, behind: int) -> None:
    """The fault is there whole, with the carets below it, and what is left out is marked."""
    line = letter * before + "FAULT" + letter * behind
    text, carets = shown(line, before + 1, 5)
    assert cell_len(text) <= WIDTH
    at = text.index("FAULT")
    assert carets == " " * cell_len(text[:at]) + "^^^^^"
    if cell_len(letter) * (before + behind) + 5 <= WIDTH:
        assert text == line
    else:
        assert cell_len(text) >= WIDTH - 1
        assert text.startswith("…") == (text.count(letter, 0, at) < before)
        assert text.endswith("…") == (text.count(letter, at) < behind)
        assert text.count("…") in {1, 2}


def test_a_long_fault_is_cut_too() -> None:
    """Its beginning is what tells."""
    text, carets = shown("링크: " + "x" * 5000, 5, 5000)
    assert text.startswith("링크: xxx")
    assert text.endswith("…")
    assert cell_len(text) <= WIDTH
    assert carets == "      " + "^" * 60


@given(line=LONG, column=st.integers(0, 400), length=st.integers(1, 400))
def test_whatever_a_line_says_it_is_shown_safely(line: str, column: int, length: int) -> None:
    """One printable line that fits, and carets that do not stand outside of it."""
    column = min(column, len(line))
    text, carets = shown(line, column, min(length, max(len(line) - column + 1, 0)) if column else 0)
    assert text.isprintable()
    assert re.fullmatch(" *\\^+", carets)
    cells = sum(map(cell_len, text))  # letters that join into one are narrower together
    assert len(carets) <= max(cells, 1)
    assert cell_len(text) <= WIDTH + 1


def test_text_says_where_and_shows_the_line() -> None:
    """A line that editors and terminals can jump to, then the digest's own with its number."""
    found = findings([problem(3, 2)], "a bc d")
    assert list(as_text(found, "digests")) == [
        "digests/a.md:1:3: D012 bad-date: expected X, got Y",
        "    1 | a bc d",
        "      |   ^^",
    ]


def test_a_problem_with_a_whole_file_shows_no_line() -> None:
    """Nor does one at a line that is no longer there."""
    whole = Problem(Location("a.md"), "no-digest", "expected X, got Y")
    assert list(as_text(findings([whole], "text"), "d")) == ["d/a.md: D008 no-digest: expected X, got Y"]
    gone = Problem(Location("a.md", 9), "bad-date", "m")
    assert findings([gone], "one line") == [Finding(gone)]


@pytest.mark.parametrize("line", ["::error::owned", "  ::stop-commands::x", "\x1b]0;owned\x07"])
def test_a_line_of_a_digest_is_no_command(line: str) -> None:
    """GitHub's runner obeys lines that begin with two colons, terminals obey escapes: none gets that far."""
    for said in as_text(findings([problem()], line), "d"):
        assert not said.lstrip().startswith("::")
        assert said.isprintable()


@given(line=LINES, message=LINES, path=LINES)
def test_json_says_the_same(line: str, message: str, path: str) -> None:
    """Whatever is in it, it is one document, printable, and reads back to what was put in."""
    wrong = Problem(Location(path, 1, 1), "bad-date", message, 1)
    text = as_json(findings([wrong], line), [Chatter(Location(path, 3), line)], "d")
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == {
        "problems": [
            {
                "code": "D012",
                "kind": "bad-date",
                "path": f"d/{path}",
                "line": 1,
                "column": 1,
                "length": 1,
                "message": message,
                "source": line,
                "source_column": 1,
            }
        ],
        "counts": {"D012": 1},
        "chatter": [{"path": f"d/{path}", "line": 3, "text": line}],
    }


def test_json_of_a_long_line_says_where_its_piece_begins() -> None:
    """The column counts in the line, the piece begins at `source_column`; a file without a line has neither."""
    line = "가" * 3000 + "FAULT" + "나" * 3000
    whole = Problem(Location("b.md"), "no-digest", "m")
    long, none = json.loads(as_json(findings([problem(3001, 5), whole], line), [], "d"))["problems"]
    at = long["column"] - long["source_column"]
    assert long["source"][at : at + long["length"]] == "FAULT"
    assert len(long["source"]) < 1000
    assert (none["source"], none["source_column"], none["line"], none["column"]) == (None, 0, 0, 0)


def parsed(command: str) -> tuple[dict[str, str], str]:
    """Read an annotation as GitHub's runner does: properties are split first, then unescaped."""
    match = re.fullmatch(r"::warning ([^\n]*?)::([^\n]*)", command)
    assert match
    pairs = [pair.partition("=")[::2] for pair in match[1].split(",")]
    codes = {"%0D": "\r", "%0A": "\n", "%25": "%"}
    more = {"%3A": ":", "%2C": ","}
    properties = {name: _unescaped(value, {**more, **codes}) for name, value in pairs}
    return properties, _unescaped(match[2], codes)


def _unescaped(text: str, codes: dict[str, str]) -> str:
    for code, char in codes.items():
        text = text.replace(code, char)
    return text


@given(message=LINES, path=st.text(st.characters(categories=["L", "N", "P"]), min_size=1))
def test_annotations_read_back(message: str, path: str) -> None:
    """Commas, colons and percent signs anywhere; the message keeps its own."""
    (command,) = as_github(findings([Problem(Location(path, 3, 5), "bad-link", message, 2)], ""), "d:1,2")
    properties, data = parsed(command)
    assert properties == {
        "file": f"d:1,2/{path}",
        "line": "3",
        "col": "5",
        "endColumn": "7",
        "title": "D032 bad-link",
    }
    assert data == visible(message)


def test_problems_are_counted_by_code() -> None:
    """In order of codes, with what each means and where to read on."""
    wrong = [problem(), Problem(Location("a"), "no-digest", "m"), problem()]
    assert list(diagnostics.summary(wrong)) == [
        "    1  D008 no-digest        a file in which there is no item",
        "    2  D012 bad-date         a date or time that does not exist",
        "what to do: digestfeed explain D008 D012",
    ]
    assert list(diagnostics.summary([])) == []
