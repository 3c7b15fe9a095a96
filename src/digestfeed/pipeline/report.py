"""What a build saw: counts and problems, for the terminal, for `--report`, and for `status.json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from digestfeed import diagnostics
from digestfeed.model import Chatter, Location, Problem
from digestfeed.problems import BY_KIND, UNREAD
from digestfeed.sources import SourceFault

if TYPE_CHECKING:
    from digestfeed.pipeline.session import Session

STATUS_PROBLEMS = 200
"""How many problems `status.json` lists at most; all are counted."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A finished build.  `seconds` and `stages` are wall time; everything else follows from the digests alone.

    `merged` counts the papers of more than one appearance; `documents` what the output consists of; `written`,
    `removed` and `bytes_written` what this run changed, and `changed_feeds` which feeds it or a run that died
    before it did.  `fresh` are the problems of the digests read in this run, and of those that cannot be read now;
    `notes` are sentences for the operator.
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
    def codes(self) -> dict[str, int]:
        """How many problems there are of each code, by code."""
        return diagnostics.counts(self.problems)


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
    problems_by_code: dict[str, int]
    problems: list[dict[str, str | int | None]]


def status_bytes(status: Status) -> bytes:
    """Write `status.json`."""
    return msgspec.json.format(msgspec.json.encode(status), indent=2) + b"\n"


def papers_in(status: bytes) -> int:
    """Read how many papers a `status.json` counts; 0 where it is none."""
    try:
        return msgspec.json.decode(status, type=_Counted).papers
    except msgspec.DecodeError:
        return 0


class _Counted(msgspec.Struct, frozen=True):
    """Of a `status.json`, of whatever version, what is asked of it."""

    papers: int = 0


def listed(problems: tuple[Problem, ...]) -> list[dict[str, str | int | None]]:
    """Give the first problems as a program reads them."""
    return [diagnostics.listed(problem) for problem in problems[:STATUS_PROBLEMS]]


def report_bytes(report: Report) -> bytes:
    """Write a report for `--report`: each problem with its code, and how many there are of each."""
    data: dict[str, Any] = msgspec.to_builtins(report)
    for name in ("problems", "fresh"):
        for problem in data[name]:
            problem["code"] = BY_KIND[problem["kind"]].code
    data["problems_by_code"] = report.codes
    return msgspec.json.format(msgspec.json.encode(data)) + b"\n"


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
    unreadable: dict[str, str] = {fault.path: fault.told for fault in faults}
    for path, fault, encoded in reports:
        if fault is not None:
            unreadable[path] = fault
        if encoded is not None:
            report = msgspec.msgpack.decode(encoded, type=DigestReport)
            found += report.problems
            chatter += len(report.chatter)
    found += [fault_problem(path, told) for path, told in unreadable.items()]
    return tuple(sorted(found)), chatter


def fault_problem(path: str, told: str) -> Problem:
    """Make a problem of a fault as `sources.SourceFault` tells it: `too-large: expected …`."""
    kind, _, reason = told.partition(": ")
    return Problem(Location(path), kind, reason)


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
        fresh=tuple(p for p in problems if p.where.path in session.read or p.kind in UNREAD),
        chatter=chatter,
        notes=tuple(session.notes),
        changed_feeds=tuple(sorted(session.output.feeds)),
        seconds=seconds,
        stages=session.runner.seconds,
    )
