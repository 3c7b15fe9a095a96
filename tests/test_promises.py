"""docs/promises.md: the tests that it names exist, and each promise says what it rests on and what is not promised."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "promises.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", PAGE)))
PROMISES = re.findall(r"^## \d+\. (.*?)\n(.*?)(?=^## )", PAGE, re.DOTALL | re.MULTILINE)


@cache
def names_in(path: str) -> frozenset[str]:
    """Give the names of a file's tests."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda part: part.rpartition("/")[2])
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    """A test that is renamed or goes takes its promise's proof with it."""
    assert name in names_in(path)


@pytest.mark.parametrize(("title", "text"), PROMISES, ids=[title for title, _ in PROMISES])
def test_each_promise_says_what_it_is_worth(title: str, text: str) -> None:
    """What it rests on, at least two tests, and what is not promised."""
    assert title
    assert "**Rests on**" in text
    assert "**Not promised**" in text
    assert len(re.findall(r"`tests/\w+\.py::test_\w+`", text)) >= 2


def test_there_are_eleven() -> None:
    """As many as the design makes."""
    assert len(PROMISES) == 11
