"""What is said on stderr while a command works, in which colours; and streams that nobody reads.

Owns where talk goes, how it is coloured, and the progress bar.  Colour comes on a terminal only; a `NO_COLOR` that is
not empty takes it away everywhere (no-color.org), else a `FORCE_COLOR` that is not empty brings it also into a file
(force-color.org).  Rich, which draws the progress bar, goes by the same two.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from digestfeed.text import number_of, visible

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from digestfeed.model import Problem
    from digestfeed.pipeline.report import Report
    from digestfeed.pipeline.runner import Progress

SHOWN = 20
"""Problems that a build prints before it points to `check`."""

_PAINTS: dict[str, dict[str, object]] = {
    "place": {"bold": True},
    "code": {"fg": "yellow"},
    "carets": {"fg": "yellow", "bold": True},
}


def say(line: str, colour: str | None = None) -> None:
    """Talk, on stderr; a run does not fail because nobody can hear it."""
    coloured = is_coloured(sys.stderr)
    try:
        click.echo(click.style(line, fg=colour) if colour and coloured else line, err=True, color=coloured)
    except OSError:
        mute(sys.stderr)


def is_coloured(stream: TextIO | None) -> bool:
    """Tell whether what goes to a stream is coloured."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def painted(text: str, part: str) -> str:
    """Colour a part of a problem: `place`, `code` or `carets`."""
    return click.style(text, **_PAINTS[part])  # type: ignore[arg-type]


@contextmanager
def progress(*, shown: bool) -> Iterator[Progress | None]:
    """Give a function that draws a progress bar on a terminal, from its first call on; None elsewhere."""
    if not (shown and sys.stderr.isatty()):
        yield None
        return
    with ExitStack() as stack:
        bars = _Bars(stack)
        yield bars.advance


class _Bars:
    """The progress bar of rich: a bar a stage, made when it is told of, and taken away at the end."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._rich: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}

    def advance(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage is."""
        bars = self._rich = self._rich or self._begun()
        if stage not in self._tasks:
            self._tasks[stage] = bars.add_task(stage, total=total)
        bars.update(self._tasks[stage], completed=done, total=total)
        bars.refresh()

    def _begun(self) -> RichProgress:
        from rich.console import Console
        from rich.progress import Progress as RichProgress

        # No thread of its own: processes are forked while it is shown.
        return self._stack.enter_context(RichProgress(console=Console(stderr=True), transient=True, auto_refresh=False))


def print_problems(problems: Iterable[Problem], digests: Path, *, limit: int | None) -> None:
    """Say a line a problem, and where the rest is told."""
    from digestfeed.diagnostics import one_line

    found = list(problems)
    for problem in found[:limit]:
        say(one_line(problem, str(digests)))
    if limit is not None and len(found) > limit:
        say(visible(f"… and {number_of(len(found) - limit, 'more problem')}: digestfeed check {digests}"))


def tell_file(what: str, path: Path, why: str) -> None:
    """Say what was done with a file, and why."""
    say(visible(f"{what} {path}: {why}"))


def counted(report: Report) -> str:
    """Say in a line what a build saw and wrote."""
    return (
        f"{number_of(report.digests, 'digest')}, {number_of(report.items, 'item')}, "
        f"{number_of(report.papers, 'paper')} ({report.merged} seen more than once), "
        f"{number_of(report.fields, 'field')}, {number_of(report.feeds, 'feed')}; "
        f"{report.written} of {number_of(report.documents, 'file')} written"
        + (f", {report.removed} removed" if report.removed else "")
        + f"; {number_of(len(report.problems), 'problem')}; {report.seconds:.2f} s"
    )


def program() -> str:
    """Say how this program was called, so that a line can be copied: by its name where that is on the PATH."""
    called, found = Path(sys.argv[0]), shutil.which("digestfeed")
    if called.name != "digestfeed" or (found is not None and Path(found).resolve() == called.resolve()):
        return "digestfeed"
    return str(called)


# -- streams ----------------------------------------------------------------------------------------------------


def mute(stream: TextIO | None) -> None:
    """Point a stream at /dev/null if what it still holds cannot be written, so that flushing it at the end works."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        with suppress(OSError, io.UnsupportedOperation):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def fill_gaps() -> None:
    """Open standard streams that the process was started without on /dev/null, or the next file takes their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
