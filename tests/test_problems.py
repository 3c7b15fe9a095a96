"""The table of problems: codes that never change, an entry for each kind that is made, examples that are true."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import digestfeed
from digestfeed.problems import ALL, BY_CODE, BY_KIND, ENTRIES, UNREAD, Entry, find, select

HERE = Path(__file__).parent
SOURCE = Path(digestfeed.__file__).parent

# What was once published: people have these codes in their configs and monitors.  Only ever add to it.
PUBLISHED = {
    "D001": "unreadable",
    "D002": "not-text",
    "D003": "encoding",
    "D004": "too-large",
    "D005": "bad-file-name",
    "D006": "link-outside",
    "D007": "not-a-file",
    "D008": "no-digest",
    "D011": "undated",
    "D012": "bad-date",
    "D013": "date-mismatch",
    "D014": "from-the-future",
    "D021": "missing-title",
    "D022": "no-identity",
    "D023": "repeated-label",
    "D024": "empty-label",
    "D025": "bad-number",
    "D026": "lost-item",
    "D027": "too-long",
    "D031": "broken-link",
    "D032": "bad-link",
    "D033": "bad-arxiv-id",
    "D034": "id-mismatch",
    "D035": "id-after-digest",
}

# Calls that make a problem, and which argument is its kind; a kind that is passed on is a variable of that name.
MAKERS = {"Problem": 1, "SourceFault": 2, "problem": 1, "_fault": 2, "add_below": 1, "supersede_title": 1}
ADDERS = {("faults", "add"), ("self", "add")}


def tool() -> ModuleType:
    """Load the tool that writes the page."""
    spec = importlib.util.spec_from_file_location("write_problems", HERE.parent / "tools" / "write_problems.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = tool()


def kinds_made(tree: ast.Module) -> Iterator[tuple[int, str | None]]:
    """Give (line, kind) of all problems that a module makes; None for a kind that cannot be told."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        on, name = "", ""
        if isinstance(node.func, ast.Attribute):
            on, name = ast.unparse(node.func.value), node.func.attr
        elif isinstance(node.func, ast.Name):
            name = node.func.id
        at = 1 if (on, name) in ADDERS else MAKERS.get(name)
        if at is None or len(node.args) <= at or (name == "add" and len(node.args) < 3):
            continue  # no problem, or one of the default kind, `unreadable`
        kind = node.args[at]
        if isinstance(kind, ast.Constant):
            yield node.lineno, str(kind.value)
        elif ast.unparse(kind) not in {"kind", "problem.kind"}:
            yield node.lineno, None


def test_each_kind_that_is_made_has_its_code() -> None:
    """And each in the table is made somewhere: no kind without a code, no code without a kind."""
    made = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for line, kind in kinds_made(ast.parse(path.read_text("utf-8"))):
            made[kind] = f"{path.relative_to(SOURCE)}:{line}"
    unknown = {kind: place for kind, place in made.items() if kind not in BY_KIND}
    assert unknown == {}
    assert made.keys() | {"unreadable"} == BY_KIND.keys()


@pytest.mark.parametrize(
    "made",
    [
        'Problem(Location("a"), "no-such-kind", "m")',
        'self._ledger.problem(number, "no-such-kind", got)',
        'faults.add(0, "no-such-kind", "m")',
        'SourceFault(path, reason, "no-such-kind")',
        'self._fault(name, "m", "no-such-kind")',
        "Problem(where, KINDS[0], message)",
    ],
)
def test_a_kind_without_a_code_would_be_seen(made: str) -> None:
    """The test above fails for a kind that is not in the table, wherever it is made."""
    assert [kind for _, kind in kinds_made(ast.parse(made)) if kind not in BY_KIND] != []


def test_codes_are_never_given_to_another_kind() -> None:
    """All that were published are there, under the same names; new ones are written down here too."""
    assert {code: entry.kind for code, entry in BY_CODE.items()} == PUBLISHED


def test_the_table_is_in_order() -> None:
    """Codes and kinds name one entry each, and read as they should."""
    codes = [entry.code for entry in ENTRIES]
    assert codes == sorted({*codes})
    assert len(BY_KIND) == len(ENTRIES) == len(ALL)
    for entry in ENTRIES:
        assert re.fullmatch(r"D\d{3}", entry.code)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.kind)
        assert len(entry.meaning) <= 80
        assert entry.meaning[0].islower()
        assert not entry.meaning.endswith(".")
        assert entry.effect.endswith(".")
        assert entry.advice.endswith(".")
        assert bool(entry.example) != bool(entry.command)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_an_example_has_its_problem_and_no_other(entry: Entry, tmp_path: Path) -> None:
    """It is made as the page says, and checked: exactly that code, with what was expected and what was got."""
    (found,) = TOOL.found_in(entry, tmp_path)
    assert found.problem.code == entry.code
    assert re.match(r"expected .+, got .", found.problem.message)
    assert (entry.kind in UNREAD) == entry.unread
    if entry.unread:
        assert found.source is None
    if found.problem.where.line:
        assert found.source == entry.example.splitlines()[found.problem.where.line - 1]
        assert 0 < found.problem.where.column <= len(found.source)
        assert 0 < found.problem.length <= len(found.source) + 1 - found.problem.where.column


def test_the_page_is_as_the_table_says() -> None:
    """Else: python tools/write_problems.py > docs/problems.md."""
    page = (HERE.parent / "docs" / "problems.md").read_text("utf-8")
    assert page == TOOL.document()
    headings = re.findall(r"^## (.*)", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}
    assert {*re.findall(r"\]\(#([^)]*)\)", page)} <= anchors


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (["D012"], {"D012"}),
        (["d012", "bad-date"], {"D012"}),
        (["Bad-Link", "D001"], {"D032", "D001"}),
        (["all"], ALL),
        ([], set()),
    ],
)
def test_problems_are_selected_by_code_or_name(names: list[str], codes: set[str]) -> None:
    """In any case, each as often as one likes."""
    assert select(names) == codes


@pytest.mark.parametrize(
    ("name", "hint"), [("D999", ""), ("", ""), ("bad-dat", "; did you mean bad-date?"), ("bad-links", "bad-link?")]
)
def test_what_is_no_problem_is_told(name: str, hint: str) -> None:
    """With the name that is spelt most like it."""
    with pytest.raises(ValueError, match=re.escape(f"got {name!r}")) as caught:
        select(["D012", name])
    assert str(caught.value).endswith(hint or f"got {name!r}")


def test_an_entry_is_found_by_either_name() -> None:
    """Code and kind lead to the same."""
    assert all(find(entry.code) is find(entry.kind) is entry for entry in ENTRIES)
