"""How much of one thing is published: what is more is cut and reported, never lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digestfeed.parse import parse
from digestfeed.parse.items import LONGEST_NAME, LONGEST_TEXT, LONGEST_TITLE, MOST_NAMES
from digestfeed.parse.labels import Slot
from tests.trees import run, tree

WORD = "글 "
CUT: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "title": (f"## 제목: {WORD * LONGEST_TITLE}\n**요약**: a\n", lambda item: len(item.title) <= LONGEST_TITLE),
    "summary": (f"## 제목: A\n**요약**: {WORD * LONGEST_TEXT}\n", lambda item: len(item.summary) <= LONGEST_TEXT),
    "easy": (f"## 제목: A\n**쉬운설명**: {WORD * LONGEST_TEXT}\n", lambda item: len(item.easy_summary) <= LONGEST_TEXT),
    "lines": (
        f"## 제목: A\n**요약**:\n{(WORD * 9 + chr(10)) * LONGEST_TEXT}\n",
        lambda item: len(item.summary) <= LONGEST_TEXT,
    ),
    "label": (
        f"## 제목: A\n**요약**: a\n**관련분야**: {WORD * LONGEST_NAME}\n",
        lambda item: all(len(label) <= LONGEST_NAME for label in item.labels),
    ),
    "labels": (
        "## 제목: A\n**요약**: a\n**관련분야**: " + ", ".join(map(str, range(5000))),
        lambda item: len(item.labels) == MOST_NAMES[Slot.FIELDS],
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_what_is_too_long_is_cut_and_reported(name: str) -> None:
    """Once, with the number of characters that it had."""
    text, is_cut = CUT[name]
    parsed = parse("a.md", text)
    (item,) = parsed.digests[0].items
    assert is_cut(item)
    assert [problem.kind for problem in parsed.problems] == ["too-long"]


def test_what_is_as_long_as_may_be_is_not_cut() -> None:
    """Nothing of a summary goes that is no longer than it may be."""
    text = "a" * LONGEST_TEXT
    parsed = parse("a.md", f"## 제목: A\n**요약**: {text}\n")
    assert parsed.digests[0].items[0].summary == text
    assert parsed.problems == ()


def test_one_text_does_not_swell_the_feeds(tmp_path: Path) -> None:
    """A digest of 20 MB in one summary makes a site that readers can poll."""
    (tmp_path / "digests").mkdir()
    lines = "긴 글이 줄마다 이어진다.\n" * 600_000
    (tmp_path / "digests" / "2024-12-28.md").write_text(f"## 제목: A\n**요약**:\n{lines}", "utf-8")
    report = run(tmp_path)
    assert [problem.kind for problem in report.problems] == ["too-long"]
    assert max(map(len, tree(tmp_path / "out").values())) < 1_000_000
