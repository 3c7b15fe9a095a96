"""What a build saw: counts and problems, for the terminal, for `--report`, and for `status.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from digestfeed.model import Chatter, Location, Problem
from digestfeed.sources import SourceFault

if TYPE_CHECKING:
    from digestfeed.pipeline.session import Session

STATUS_PROBLEMS = 200
"""How many problems `status.json` lists at most; all are counted."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A finished build.  `seconds` and `stages` are wall time; everything else follows from the digests alone.

    `merged` counts the papers of more than one appearance; `documents` what the output consists of; `written`,
    `removed` and `bytes_written` what this run changed.  `fresh` are the
    problems of the digests read in this run, and of those that cannot be read now; `notes` are sentences for the
    operator.
    """

    digests: int
    items: int
    papers: int
    merged: int
    fields: int
    feeds: int
    documents: int
    written: int
    removed: int
    bytes_written: int
    newest: str | None
    problems: tuple[Problem, ...]
    fresh: tuple[Problem, ...]
    chatter: int
    notes: tuple[str, ...]
    changed_feeds: tuple[str, ...]
    seconds: float
    stages: dict[str, float]

    @property
    def kinds(self) -> dict[str, int]:
        """How many problems there are of each kind, by kind."""
        return dict(sorted(Counter(problem.kind for problem in self.problems).items()))


class DigestReport(msgspec.Struct, frozen=True, array_like=True):
    """What the catalog keeps of a digest's faults."""

    problems: tuple[Problem, ...] = ()
    chatter: tuple[Chatter, ...] = ()


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """`status.json`: what the last build saw, for a monitor; holds no clock."""

    digests: int
    items: int
    papers: int
    merged: int
    feeds: int
    newest_digest: str | None
    problems_by_kind: dict[str, int]
    problems: list[dict[str, str | int]]


def status_bytes(status: Status) -> bytes:
    """Write `status.json`."""
    return msgspec.json.format(msgspec.json.encode(status), indent=2) + b"\n"


def listed(problems: tuple[Problem, ...]) -> list[dict[str, str | int]]:
    """Give the first problems as a program reads them."""
    return [
        {"path": p.where.path, "line": p.where.line, "kind": p.kind, "message": p.message}
        for p in problems[:STATUS_PROBLEMS]
    ]


def gather_problems(
    reports: Iterable[tuple[str, str | None, bytes | None]], faults: Iterable[SourceFault]
) -> tuple[tuple[Problem, ...], int]:
    """Gather what is wrong with the digests, in order of place, and count the pieces of chatter.

    Args:
        reports: (path, why it cannot be read now, encoded `DigestReport`) of digests that have either.
        faults: what of the folder cannot be read.
    """
    found: list[Problem] = []
    chatter = 0
    unreadable: dict[str, str] = {fault.path: fault.reason for fault in faults}
    for path, fault, encoded in reports:
        if fault is not None:
            unreadable[path] = fault
        if encoded is not None:
            report = msgspec.msgpack.decode(encoded, type=DigestReport)
            found += report.problems
            chatter += len(report.chatter)
    found += [Problem(Location(path), "unreadable", reason) for path, reason in unreadable.items()]
    return tuple(sorted(found)), chatter


def report_of(session: Session, seconds: float) -> Report:
    """Sum up a build."""
    catalog = session.catalog
    digests, items, papers, merged, newest = catalog.totals()
    problems, chatter = gather_problems(catalog.reports(), session.faults)
    return Report(
        digests=digests,
        items=items,
        papers=papers,
        merged=merged,
        fields=int(catalog.meta("fields") or 0),
        feeds=int(catalog.meta("feeds") or 0),
        documents=catalog.document_count(),
        written=session.output.files,
        removed=session.output.removed,
        bytes_written=session.output.bytes,
        newest=newest,
        problems=problems,
        fresh=tuple(p for p in problems if p.where.path in session.read or p.kind == "unreadable"),
        chatter=chatter,
        notes=tuple(session.notes),
        changed_feeds=tuple(sorted(session.output.feeds)),
        seconds=seconds,
        stages=session.runner.seconds,
    )
