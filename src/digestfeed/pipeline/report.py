"""What a build saw: counts and problems, for the terminal, for `--report`, and for `status.json`."""

from __future__ import annotations

from collections import Counter

import msgspec

from digestfeed.model import Chatter, Problem

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
