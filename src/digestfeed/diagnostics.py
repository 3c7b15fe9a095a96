"""Problems as people and programs read them: text with the line and a caret, JSON, annotations of GitHub.

Owns how a problem is shown; refuses finding it, reading the digest, and printing.  Whatever a digest says, what is
shown is one printable line a line: controls and bidi marks come out as escapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from digestfeed.model import Chatter, Problem
from digestfeed.problems import BY_CODE, ENTRIES, Entry
from digestfeed.text import visible

_WHOLE = 1000  # characters: a line longer than this is not kept whole
_BEFORE, _KEPT = 200, 500  # characters kept of such a line before the fault, and in all
WIDTH = 100
"""Cells of a terminal that a line of a digest takes at most."""
_LEAD, _MARKED = 30, 60  # cells of these at least for what stands before the fault, and at most for the fault
_INDENT = "    "


class Finding(msgspec.Struct, frozen=True):
    """A problem with the line that it is in: `source` as written, from the character at column `start` on.

    A problem with a whole file has no source; of a very long line it is what is around the fault.  `size` is how
    many characters the line has.
    """

    problem: Problem
    source: str | None = None
    start: int = 1
    size: int = 0


def findings(problems: Iterable[Problem], text: str) -> list[Finding]:
    """Put the problems of one file together with its lines."""
    found = list(problems)
    lines = text.split("\n") if any(problem.where.line for problem in found) else []
    return [_finding(problem, lines) for problem in found]


def _finding(problem: Problem, lines: Sequence[str]) -> Finding:
    if not 0 < problem.where.line <= len(lines):
        return Finding(problem)
    line = lines[problem.where.line - 1]
    if len(line) <= _WHOLE:
        return Finding(problem, line, 1, len(line))
    start = max(problem.where.column - 1 - _BEFORE, 0)
    return Finding(problem, line[start : start + _KEPT], start + 1, len(line))


def counts(problems: Iterable[Problem]) -> dict[str, int]:
    """Count problems by code, in order of codes."""
    return dict(sorted(Counter(problem.code for problem in problems).items()))


# -- text -----------------------------------------------------------------------------------------------------


def one_line(problem: Problem, folder: str) -> str:
    """Say in a line what is wrong where: `digests/a.md:12:5: D012 bad-date: expected …, got …`."""
    return visible(f"{folder}/{problem}")


Paint = Callable[[str, str], str]
"""Colours a text that is one of these parts of what is shown: `place`, `code`, `carets`."""


def plain(text: str, _part: str) -> str:
    """Leave a text as it is: the `Paint` for where there are no colours."""
    return text


def as_text(found: Iterable[Finding], folder: str, paint: Paint = plain) -> Iterator[str]:
    """Give for each problem a line that says it, the line of the digest, and carets below what is at fault."""
    for finding in found:
        yield _painted(one_line(finding.problem, folder), finding.problem, paint)
        if finding.source is not None:
            shown, carets = excerpt(finding, finding.source)
            blank = len(carets) - len(carets.lstrip())
            yield f"{finding.problem.where.line:5d} | {shown}"
            yield f"{'':5s} | {carets[:blank]}{paint(carets[blank:], 'carets')}"


def _painted(line: str, problem: Problem, paint: Paint) -> str:
    code = f"{problem.code} {problem.kind}"
    place, _, message = line.partition(f": {code}: ")
    return f"{paint(place, 'place')}: {paint(code, 'code')}: {message}"


def excerpt(finding: Finding, source: str) -> tuple[str, str]:
    """Give a line of a digest as far as there is room for it, and carets that stand below the fault in it.

    Letters of Korean, Chinese and Japanese take two cells of a terminal, and two carets.
    """
    begins, ends = _span(finding, source)
    before, marked, after = (_shown(part) for part in (source[:begins], source[begins:ends], source[ends:]))
    is_cut_before, is_cut_after = finding.start > 1, finding.start + len(source) <= finding.size
    if is_cut_before or is_cut_after or _cells(before + marked + after) > WIDTH:
        marked = _head(marked, _MARKED)
        lead = max(_LEAD, WIDTH - _cells(marked + after))
        before = _head(before[::-1], lead, cut=is_cut_before)[::-1]
        after = _head(after, WIDTH - _cells(before + marked), cut=is_cut_after)
    return before + marked + after, " " * _cells(before) + "^" * max(_cells(marked), 1)


def _span(finding: Finding, source: str) -> tuple[int, int]:
    """Where in the source the fault begins and ends: its column, else all that is written."""
    column = finding.problem.where.column
    if column:
        begins = column - finding.start
        return begins, begins + finding.problem.length
    written = source.strip()
    begins = source.find(written)
    return begins, begins + len(written)


def _shown(text: str) -> str:
    return visible(text.replace("\t", " "))


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    from rich.cells import cell_len  # noqa: PLC0415 -- a build shows no lines

    return len(text) if text.isascii() else cell_len(text)


def _head(text: str, cells: int, *, cut: bool = False) -> str:
    """As much of a text as fits into so many cells; `…` where something is left out, or `cut` says it was before."""
    if _cells(text) + cut <= cells:
        return text + "…" * cut
    room, kept = cells - 1, 0
    for char in text:
        room -= _cells(char)
        if room < 0:
            break
        kept += 1
    return text[:kept] + "…"


def summary(problems: Iterable[Problem]) -> Iterator[str]:
    """Count problems by code, a line each, and say where to read on."""
    by_code = counts(problems)
    for code, count in by_code.items():
        entry = BY_CODE[code]
        yield f"{count:5d}  {code} {entry.kind:16s} {entry.meaning}"
    if by_code:
        yield f"what to do: digestfeed explain {' '.join(by_code)}"


# -- programs -------------------------------------------------------------------------------------------------


def listed(problem: Problem, folder: str = "") -> dict[str, str | int | None]:
    """Give a problem as programs read it; line and column are 0 where it is not in one."""
    where = problem.where
    return {
        "code": problem.code,
        "kind": problem.kind,
        "path": f"{folder}/{where.path}" if folder else where.path,
        "line": where.line,
        "column": where.column,
        "length": problem.length,
        "message": problem.message,
    }


def as_json(found: Sequence[Finding], chatter: Iterable[Chatter], folder: str) -> str:
    """Give one JSON document: problems with their lines, how many of each code, and the chatter."""
    rows = [
        listed(f.problem, folder) | {"source": f.source, "source_column": 0 if f.source is None else f.start}
        for f in found
    ]
    talk = [{"path": f"{folder}/{c.where.path}", "line": c.where.line, "text": c.text} for c in chatter]
    document = {"problems": rows, "counts": counts(f.problem for f in found), "chatter": talk}
    text = msgspec.json.format(msgspec.json.encode(document)).decode()
    return "".join(map(_json_char, text))


def _json_char(char: str) -> str:
    """Write what is not printable as JSON's own escape: a terminal shows the document too."""
    if char.isprintable() or char == "\n":
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def as_github(found: Iterable[Finding], folder: str) -> Iterator[str]:
    """Give an annotation for each problem, a workflow command of GitHub Actions.

    How values are escaped is in GitHub's toolkit (`packages/core/src/command.ts`): of a message percent signs and
    line ends, of a property colons and commas too.  A problem with a whole file is shown at its first line.
    """
    for finding in found:
        problem = finding.problem
        where = problem.where
        place = [("file", f"{folder}/{where.path}"), ("line", str(max(where.line, 1)))]
        if where.column:
            place += [("col", str(where.column)), ("endColumn", str(where.column + problem.length))]
        place.append(("title", f"{problem.code} {problem.kind}"))
        properties = ",".join(f"{name}={_property(value)}" for name, value in place)
        yield f"::warning {properties}::{_data(visible(problem.message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


# -- the table ------------------------------------------------------------------------------------------------


def explained(entry: Entry) -> Iterator[str]:
    """Tell all about a kind of problem: what it is, what is made of it, an example, what to do."""
    yield f"{entry.code} {entry.kind}: {entry.meaning}"
    yield ""
    yield from _wrapped(entry.effect)
    yield ""
    yield "For example, " + ("made by" if entry.command else entry.file) + ":"
    yield ""
    yield from (f"{_INDENT}{line}".rstrip() for line in (entry.command or entry.example).splitlines())
    yield ""
    yield from _wrapped(f"What to do: {entry.advice}")


def table() -> Iterator[str]:
    """List all kinds of problem, a line each."""
    for entry in ENTRIES:
        yield f"{entry.code} {entry.kind:16s} {entry.meaning}"


def _wrapped(text: str) -> list[str]:
    import textwrap  # noqa: PLC0415 -- only `explain` needs it

    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
