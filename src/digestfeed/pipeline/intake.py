"""From a digest file to rows of the catalog: read, parse, date, key.

One picklable task, any number of files; the same on any machine that sees the folder.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec

from digestfeed import dating, fields, merge, sources
from digestfeed.catalog import AppearanceRow
from digestfeed.config import Config, FieldConfig
from digestfeed.model import Appearance, Chatter, Digest, Item, Location, Problem
from digestfeed.parse import parse


class IntakeTask(msgspec.Struct, frozen=True):
    """Files of one folder to take in; `today` (in the digests' time zone) decides which are from the future."""

    folder: str
    files: tuple[sources.SourceFile, ...]
    config: Config
    today: dt.date


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What one file gave: rows, and what there is to report; or only the `fault` for which it could not be read.

    `held` is the first day (YYYYMMDD) on which a section from the future is due, or 0; `newest` the last day that
    the file is of, YYYY-MM-DD.
    """

    file: sources.SourceFile
    hash: bytes = b""
    items: int = 0
    held: int = 0
    newest: str | None = None
    problems: tuple[Problem, ...] = ()
    chatter: tuple[Chatter, ...] = ()
    rows: tuple[AppearanceRow, ...] = ()
    fault: str | None = None


def take_in(task: IntakeTask) -> list[Taken]:
    """Take in the files of a task, in order."""
    return [_take_file(task, file) for file in task.files]


def _take_file(task: IntakeTask, file: sources.SourceFile) -> Taken:
    read = sources.read(task.folder, file.path, task.config.digests.max_bytes)
    if isinstance(read, sources.SourceFault):
        return Taken(file=file, fault=read.reason)
    return take_text(file, read, task.config, task.today)


def take_text(file: sources.SourceFile, read: sources.SourceText, config: Config, today: dt.date) -> Taken:
    """Take in a file's text: the pure part of `take_in`."""
    parsed = parse(file.path, read.text)
    problems = list(parsed.problems)
    if read.note:
        problems.append(
            Problem(Location(file.path), "encoding", f"expected UTF-8, got {read.note}; read as that")
        )
    appearances: list[Appearance] = []
    held = 0
    newest: dt.date | None = None
    for digest in parsed.digests:
        dated, faults = dating.date_digest(digest, config.timezone, alone=len(parsed.digests) == 1)
        problems += faults
        if dated is not None:
            newest = max(newest or dated.day, dated.day)
        if dated is not None and dated.day > today:
            due = dated.day.year * 10_000 + dated.day.month * 100 + dated.day.day
            held = min(held or due, due)
            problems.append(_from_future(digest, dated))
            continue
        for item in digest.items:
            appearance = _appearance(digest, item, dated, config.timezone, problems)
            if appearance is not None:
                appearances.append(appearance)
    items = sum(len(digest.items) for digest in parsed.digests)
    if not items and read.text.strip():
        problems.append(
            Problem(Location(file.path), "no-digest", "expected papers or news with a summary, got none")
        )
    names = naming(config)
    return Taken(
        file=file,
        hash=read.hash,
        items=items,
        held=held,
        newest=newest.isoformat() if newest else None,
        problems=tuple(sorted(problems)),
        chatter=parsed.chatter,
        rows=tuple(appearance_row(appearance, names) for appearance in appearances),
    )


def _from_future(digest: Digest, dated: dating.Dated) -> Problem:
    where = Location(digest.path, digest.heading_line)
    return Problem(
        where,
        "from-the-future",
        f"expected a digest of today or before, got {dated.day}; held back until then",
    )


def _appearance(
    digest: Digest, item: Item, dated: dating.Dated | None, timezone: str, problems: list[Problem]
) -> Appearance | None:
    where = Location(digest.path, item.line)
    key = merge.key_of(item)
    if key is None:
        problems.append(
            Problem(where, "no-identity", "expected a title or an arXiv id, got neither; not published")
        )
        return None
    if dated is None and item.arxiv_id is not None:
        dated = dating.date_by_id(item.arxiv_id, timezone)
    elif dated is not None and item.arxiv_id is not None and dating.id_is_later(item.arxiv_id, dated.day):
        problems.append(
            Problem(
                where,
                "id-after-digest",
                f"expected an arXiv id of {dated.day:%Y-%m} or before, got {item.arxiv_id}",
            )
        )
    elif dated is None:
        problems.append(
            Problem(where, "undated", "expected a date or an arXiv id, got neither; it is in no feed")
        )
    return Appearance(
        key=key,
        digest=digest.path,
        moment=dated.moment if dated else None,
        day=dated.day if dated else None,
        basis=dated.basis if dated else None,
        item=item,
    )


def appearance_row(appearance: Appearance, names: Naming) -> AppearanceRow:
    """Encode an appearance, with what a paper of it alone would be."""
    item = appearance.item
    if item.labels:
        slugs, inferred = names.fields_of(item.labels), False
    else:
        slugs, inferred = names.infer(item.title or "", item.summary or item.easy_summary or ""), True
    body = msgspec.msgpack.encode(appearance)
    return AppearanceRow(
        key=appearance.key,
        month=month_of(appearance.day),
        published=appearance.published or 0,
        fields=" ".join(slugs),
        inferred=int(inferred),
        labels="\n".join(item.labels),
        hash=hashlib.blake2b(body, digest_size=16).digest(),
        body=body,
    )


def month_of(day: dt.date | None) -> int:
    """Give the month of a day as YYYYMM; 0 for none."""
    return day.year * 100 + day.month if day else 0


class Naming(msgspec.Struct, frozen=True):
    """Labels and texts → slugs, by the vocabulary of a config; what matches nothing is `other`."""

    vocabulary: fields.Vocabulary
    fields_of: Callable[[Sequence[str]], tuple[str, ...]]
    infer: Callable[[str, str], tuple[str, ...]]


def naming(config: Config) -> Naming:
    """Give the naming of a config; made once a process."""
    return _naming(tuple(config.fields.items()))


@lru_cache(maxsize=4)
def _naming(overrides: tuple[tuple[str, FieldConfig], ...]) -> Naming:
    vocabulary = fields.builtin_vocabulary()
    if overrides:
        vocabulary = fields.extended(vocabulary, {slug: _override(field) for slug, field in overrides})

    def infer(title: str, summary: str) -> tuple[str, ...]:
        return vocabulary.infer(title, summary) or (fields.OTHER,)

    return Naming(vocabulary, vocabulary.classify, infer)


def _override(field: FieldConfig) -> fields.FieldOverride:
    return fields.FieldOverride(
        name_en=field.name,
        name_ko=field.name_ko,
        aliases=field.aliases,
        terms=field.terms,
        formerly=field.formerly,
    )
