"""Write `docs/problems.md` from the table of problems, with what `check` says of each example.

    python tools/write_problems.py > docs/problems.md

The examples are run: each is made in a folder of its own and checked there.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from digestfeed import diagnostics
from digestfeed.config import Config
from digestfeed.pipeline.inspect import lint
from digestfeed.problems import ENTRIES, Entry

FOLDER = "digests"
TODAY = dt.date(2026, 1, 1)
"""The day on which the examples are checked."""

HEAD = """\
# Problems in digests

<!-- Written by tools/write_problems.py from src/digestfeed/problems.py; change that. -->

A digest is written by a model, and now and then something in it cannot be read. digestfeed publishes what it can,
says of the rest what it expected and what it got, and goes on. Each kind of problem has a code, which never changes
and is never given to another kind, and a name; both can be used wherever one is asked for.

    digestfeed check                        all problems, each with its line; exit 1 if there are any
    digestfeed check --format github        as annotations, for GitHub Actions; json: for programs
    digestfeed check --select D012,D033     only these; --ignore missing-title: all but this
    digestfeed build --strict               publish nothing while there is a problem
    digestfeed build --strict=D002,bad-date publish nothing while there is one of these
    digestfeed explain D012                 what this page says of it

What nobody wants to hear of is named in `digestfeed.toml`. `check` and `--strict` then leave it out, and `build` does
not print it; the files below count it all the same:

    [check]
    ignore = ["missing-title"]

## For programs

`out/status.json` tells a monitor what the last build saw: `newest_digest` is the day of the newest digest, so that a
day long past means that digests have stopped coming; `problems_by_code` counts the problems, and `problems` lists the
first 200 with `code`, `kind`, `path`, `line`, `column`, `length` and `message`. Lines and columns are counted from 1,
columns in characters; 0 is the whole file, or the whole line. `build --report FILE` writes all of them.

From cron, `build -q` prints the problems of the digests that it has just read, once. What cannot be read at all (marked
*each time* in the table) is printed by each build until it is mended.
"""


def found_in(entry: Entry, folder: Path) -> tuple[diagnostics.Finding, ...]:
    """Make the example of a problem in an empty folder, and check it."""
    digests = folder / FOLDER
    digests.mkdir()
    if entry.command:
        subprocess.run(["sh", "-euc", entry.command], cwd=folder, check=True)  # noqa: S603, S607 -- our own lines
    else:
        (digests / entry.file).write_text(entry.example, "utf-8")
    return lint(digests, Config(), TODAY).findings


def document() -> str:
    """Write the whole page."""
    return "\n".join([HEAD, *_table(), *(line for entry in ENTRIES for line in _section(entry))]) + "\n"


def _table() -> Iterator[str]:
    yield "## All of them"
    yield ""
    yield "| code | name | what it is | told |"
    yield "|---|---|---|---|"
    for entry in ENTRIES:
        anchor = f"{entry.code} {entry.kind}".lower().replace(" ", "-")
        told = "each time" if entry.unread else "once"
        yield f"| [{entry.code}](#{anchor}) | `{entry.kind}` | {entry.meaning} | {told} |"


def _section(entry: Entry) -> Iterator[str]:
    yield ""
    yield f"## {entry.code} {entry.kind}"
    yield ""
    yield f"{entry.meaning[0].upper()}{entry.meaning[1:]}. {entry.effect}"
    yield ""
    yield "Made by:" if entry.command else f"In `{entry.file}`:"
    yield ""
    yield from _block(entry.command or entry.example, "sh" if entry.command else "markdown")
    yield ""
    yield "`digestfeed check` says:"
    yield ""
    with tempfile.TemporaryDirectory() as folder:
        yield from _block("\n".join(diagnostics.as_text(found_in(entry, Path(folder)), FOLDER)), "text")
    yield ""
    yield f"**What to do:** {entry.advice}"


def _block(text: str, language: str) -> Iterator[str]:
    yield f"```{language}"
    yield from text.splitlines()
    yield "```"


if __name__ == "__main__":
    sys.stdout.write(document())
