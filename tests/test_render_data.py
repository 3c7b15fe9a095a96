"""JSON Lines and BibTeX: the archive for programs."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digestfeed.model import Links, Mention, Paper
from digestfeed.render.citation import citation_key, cited
from digestfeed.render.data import DataFile, MonthData, bibliography, index, jsonl_line
from digestfeed.render.tex import tex
from tests.papers import make_context, make_paper

CONTEXT = make_context()
KEYS = [
    *("key", "entry_id", "title", "titles", "published", "published_basis", "submitted", "submitted_basis"),
    *("updated", "summary", "easy_summary", "fields", "labels", "fields_inferred", "votes", "importance"),
    *("authors", "links", "thumbnail", "appearances"),
]


def test_a_line_has_the_contract() -> None:
    """A line has all keys in order, dates in UTC, texts as written and each appearance."""
    line = jsonl_line(make_paper(titles=("다른 제목",)), CONTEXT)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    row = json.loads(line)
    assert list(row) == KEYS
    assert row["entry_id"] == "tag:example.org,2024:paper/2412.17743"
    assert (row["published"], row["updated"]) == ("2024-12-25T00:00:00Z", "2024-12-26T00:00:00Z")
    assert (row["published_basis"], row["submitted"], row["submitted_basis"]) == (
        "file-name",
        "2024-12-23",
        "arxiv-id",
    )
    assert row["summary"].count("\n\n") == 1
    assert row["votes"] == 42
    assert list(row["links"]) == ["abs", "pdf", "huggingface", "source"]
    assert row["appearances"] == [{"digest": "2024-12-25.md", "line": 3, "date": "2024-12-25", "votes": 42}]


def test_what_is_not_known_is_null() -> None:
    """Nulls and empty lists are written, for programs that ask for every key."""
    mention = Mention(digest="a.md", line=1, day=None, votes=None)
    values = dict.fromkeys(["published", "published_basis", "day", "updated", "summary", "easy_summary", "votes"])
    row = json.loads(jsonl_line(make_paper("item-0123456789ab", mentions=(mention,), **values), CONTEXT))
    assert list(row) == KEYS
    for key in (
        "published",
        "published_basis",
        "submitted",
        "submitted_basis",
        "updated",
        "summary",
        "votes",
    ):
        assert row[key] is None
    assert row["links"] == {"abs": None, "pdf": None, "huggingface": None, "source": None}
    assert row["appearances"] == [{"digest": "a.md", "line": 1, "date": None, "votes": None}]


def test_a_lone_surrogate_costs_only_itself() -> None:
    """A file name or text that UTF-8 cannot carry gives a line all the same."""
    mention = Mention(digest="\udcff.md", line=1, day=None, votes=None)
    row = json.loads(jsonl_line(make_paper(title="a\ud800", mentions=(mention,)), CONTEXT))
    assert list(row) == KEYS
    assert row["title"] == "a\ufffd"
    assert row["appearances"][0]["digest"] == "\ufffd.md"


def read_bibtex(paper: Paper) -> tuple[str, dict[str, str]]:
    """Read a paper's entry as BibTeX does: a key, then names and values, braces counted and nothing else."""
    text = bibliography([cited(paper)]).decode()
    head = re.match(r"@misc\{([A-Za-z0-9.-]+),\n", text)
    assert head is not None
    assert text.endswith("\n}\n")
    fields = {}
    for line in text[head.end() : -3].split("\n"):
        match = re.fullmatch(r"  ([A-Za-z]+) = (\{.*\}|[a-z]{3}),", line)
        assert match is not None, line
        assert match[1] not in fields
        depth = 0
        for place, character in enumerate(match[2]):
            depth += (character == "{") - (character == "}")
            assert depth > 0 or place == len(match[2]) - 1 or match[2].isalpha()
        assert depth == 0
        fields[match[1]] = match[2]
    return head[1], fields


def assert_tex(value: str) -> None:
    """Check that no special character of TeX stands unescaped outside maths, and that maths is closed."""
    outside = re.sub(r"(?<!\\)\$[^$]*(?<!\\)\$", "", value)
    assert not re.search(r"(?<!\\)[%&#_$]", outside)
    assert not re.search(r"[~^]", outside)
    assert set(re.findall(r"\\([A-Za-z]+)", outside)) <= {
        *("textbackslash", "textbraceleft", "textbraceright", "textasciitilde", "textasciicircum")
    }


def test_an_arxiv_paper() -> None:
    """An arXiv paper is cited by its number, title braced, authors joined, month by its macro."""
    key, fields = read_bibtex(make_paper(authors=("Ada Lovelace", "김 하나")))
    assert key == "arxiv-2412.17743"
    assert fields == {
        "title": "{{YuLan-Mini: An Open Data-efficient Language Model}}",
        "author": "{Ada Lovelace and 김 하나}",
        "year": "{2024}",
        "month": "dec",
        "eprint": "{2412.17743}",
        "archivePrefix": "{arXiv}",
        "url": "{https://arxiv.org/abs/2412.17743}",
    }


@pytest.mark.parametrize(
    ("key", "year", "month"),
    [
        ("2501.00001", "{2025}", "jan"),
        ("hep-th/9901001", "{1999}", "jan"),
        ("math.GT/0309136", "{2003}", "sep"),
    ],
)
def test_year_and_month_from_the_id(key: str, year: str, month: str) -> None:
    """Without a day of submission, the arXiv id tells year and month, in the new and the old form."""
    _, fields = read_bibtex(make_paper(key, submitted=None))
    assert (fields["year"], fields["month"]) == (year, month)


def test_news() -> None:
    """What has no arXiv id is cited by its address and the day of its digest."""
    links = Links(source="https://news.example/a_b?c=%20&d={x}")
    paper = make_paper("item-0123456789ab", links=links, day=dt.date(2024, 11, 22))
    key, fields = read_bibtex(paper)
    assert key == "item-0123456789ab"
    assert fields["howpublished"] == "{news.example}"
    assert fields["url"] == "{https://news.example/a_b?c=%20&d=%7Bx%7D}"
    assert (fields["date"], fields["month"]) == ("{2024-11-22}", "nov")


def test_organisations_are_one_author() -> None:
    """A name with `and` or a comma in it is braced, or BibTeX would take it apart."""
    _, fields = read_bibtex(make_paper(authors=("Search and Rescue Lab", "Doe, Jane")))
    assert fields["author"] == "{{Search and Rescue Lab} and {Doe, Jane}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100% & #1_a", r"100\% \& \#1\_a"),
        (r"a\b", r"a\textbackslash{}b"),
        ("{a", r"\textbraceleft{}a"),
        ("$O(n^2)$ time", "$O(n^2)$ time"),
        (r"$\mathbb{R}^d_{+}$", r"$\mathbb{R}^d_{+}$"),
        ("costs $5 and $10", r"costs \$5 and \$10"),
        (r"$\input{/etc/passwd}$", r"\$\textbackslash{}input\textbraceleft{}/etc/passwd\textbraceright{}\$"),
        ("$^^5cinput$", r"\$\textasciicircum{}\textasciicircum{}5cinput\$"),
        ("$a}$", r"\$a\textbraceright{}\$"),
        ("$x%y$", r"\$x\%y\$"),
    ],
)
def test_tex(text: str, expected: str) -> None:
    """Text is escaped; maths is kept only where it is closed, balanced and of well-known symbols."""
    assert tex(text) == expected


TEX_PIECES = [
    "$",
    "\\",
    "{",
    "}",
    "%",
    "&",
    "#",
    "_",
    "^",
    "^^",
    "~",
    "a",
    "1",
    " ",
    "\n",
    "\\alpha",
    "\\input",
    "\\$",
    '"',
    "@",
    ",",
]


@settings(deadline=None, max_examples=600)
@given(st.one_of(st.lists(st.sampled_from(TEX_PIECES), max_size=12).map("".join), st.text(max_size=30)))
@example("$$")
@example("$a\\$")
@example("$\\$ $")
def test_any_title_makes_a_whole_entry(text: str) -> None:
    """Whatever a digest gives as title, authors and link, the entry reads as one and runs nothing."""
    links = Links(source=f"https://news.example/{text}")
    paper = make_paper("item-0123456789ab", title=text, authors=(text, "B"), links=links)
    _, fields = read_bibtex(paper)
    for name in {"title", "author", "howpublished"} & set(fields):
        assert_tex(fields[name][1:-1])


def test_citation_keys_are_unique() -> None:
    """Keys that differ make citation keys that differ, and without odd characters."""
    keys = ["2412.17743", "hep-th/9901001", "math.GT/0309136", "item-0123456789ab", "2412.1774"]
    made = [citation_key(key) for key in keys]
    assert len(set(made)) == len(keys)
    assert all(re.fullmatch("[A-Za-z0-9.-]+", key) for key in made)


def test_groups_are_one_author() -> None:
    """A team is no person with a family name."""
    _, fields = read_bibtex(make_paper(authors=("Gemma Team", "Ada Lovelace")))
    assert fields["author"] == "{{Gemma Team} and Ada Lovelace}"


def test_the_index_lists_files_with_sizes_and_hashes() -> None:
    """Each month has its name, its count and its files, in the order given, and the whole has their sum."""
    december = MonthData(
        202412,
        3,
        (
            DataFile("archive/2024-12/papers.jsonl", 10, bytes(range(32))),
            DataFile("archive/2024-12/papers.bib", 20, bytes(32)),
        ),
    )
    undated = MonthData(0, 2, (DataFile("archive/undated/papers.jsonl", 5, bytes(32)),))
    data = index([december, undated], make_context(title='A "title"', language="en"))
    assert data.endswith(b"}\n")
    whole = json.loads(data)
    assert list(whole) == ["version", "title", "description", "language", "url", "papers", "months"]
    assert (whole["version"], whole["title"], whole["papers"]) == (1, 'A "title"', 5)
    assert [(month["month"], month["papers"]) for month in whole["months"]] == [("2024-12", 3), ("undated", 2)]
    assert whole["months"][0]["files"][0] == {
        "url": "https://digests.example.org/archive/2024-12/papers.jsonl",
        "type": "application/jsonl",
        "bytes": 10,
        "sha256": bytes(range(32)).hex(),
    }
    assert whole["months"][0]["files"][1]["type"] == "application/x-bibtex"


def test_a_bibliography_is_entries_with_lines_between() -> None:
    """The file of a month is its entries, and ends with a line end."""
    text = bibliography(map(cited, [make_paper(), make_paper("2412.18072")])).decode()
    assert re.findall(r"(?:\A|\n\n)@misc\{(.*),", text) == ["arxiv-2412.17743", "arxiv-2412.18072"]
    assert text.endswith("\n}\n")
    assert bibliography([]) == b""
