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
from digestfeed.channels import entered
from digestfeed.config import ChannelConfig, Config, FieldConfig
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
    faults = Faults(file.path, parsed.problems)
    if read.note:
        faults.add(0, "encoding", f"expected UTF-8, got {read.note}; read as that")
    appearances: list[Appearance] = []
    held = 0
    newest: dt.date | None = None
    for digest in parsed.digests:
        dated, wrong = dating.date_digest(digest, config.timezone, alone=len(parsed.digests) == 1)
        faults.problems += wrong
        if dated is not None and dated.day > today:
            held = min(held or day_number(dated.day), day_number(dated.day))
            faults.add(digest.heading_line, "from-the-future", _LATER.format(dated.day))
            continue
        if dated is not None:
            newest = max(newest or dated.day, dated.day)
        for item in digest.items:
            appearance = _appearance(digest, item, dated, config.timezone, faults)
            if appearance is not None:
                appearances.append(appearance)
    items = sum(len(digest.items) for digest in parsed.digests)
    if not items:
        got = "none" if read.text.strip() else "an empty file"
        faults.add(0, "no-digest", f"expected papers or news with a summary, got {got}")
    names = naming(config)
    return Taken(
        file=file,
        hash=read.hash,
        items=items,
        held=held,
        newest=newest.isoformat() if newest else None,
        problems=tuple(sorted(faults.problems)),
        chatter=parsed.chatter,
        rows=tuple(appearance_row(appearance, names, config.channels) for appearance in appearances),
    )


_LATER = "expected a digest of today or before, got {}; held back until then"
# What already says why an item cannot be dated or named; that it cannot is then no problem of its own.
_NO_DATE = frozenset(["bad-date", "date-mismatch"])
_NO_ID = frozenset(["bad-arxiv-id", "broken-link", "bad-link"])


class Faults:
    """The problems of one file, and what of them stands at an item."""

    def __init__(self, path: str, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = list(problems)

    def add(self, line: int, kind: str, message: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(Location(self.path, line), kind, message))

    def explain_undated(self, item: Item) -> bool:
        """Tell whether another problem already says why an item has no date."""
        ends = item.line + _ITEM_LINES
        return any(p.kind in _NO_DATE or (p.kind in _NO_ID and item.line <= p.where.line < ends) for p in self.problems)

    def supersede(self, item: Item, old: str, kind: str, message: str) -> None:
        """Say of an item's fault what it leads to, instead of saying both."""
        for index, problem in enumerate(self.problems):
            if problem.kind == old and problem.where.line >= item.line:
                self.problems[index] = Problem(problem.where, kind, message)
                return
        self.add(item.line, kind, message)


_ITEM_LINES = 200  # an item ends where the next begins; this bounds the search for its faults


def _appearance(
    digest: Digest, item: Item, dated: dating.Dated | None, timezone: str, faults: Faults
) -> Appearance | None:
    key = merge.key_of(item)
    if key is None:
        message = "expected a title or an arXiv id, got neither; not published"
        faults.supersede(item, "missing-title", "no-identity", message)
        return None
    if dated is None and item.arxiv_id is not None:
        dated = dating.date_by_id(item.arxiv_id, timezone)
    elif dated is not None and item.arxiv_id is not None and dating.id_is_later(item.arxiv_id, dated.day):
        wanted = f"expected an arXiv id of {dated.day:%Y-%m} or before, got {item.arxiv_id}"
        faults.add(item.line, "id-after-digest", wanted)
    elif dated is None and not faults.explain_undated(item):
        faults.add(item.line, "undated", "expected a date or an arXiv id, got neither; it is in no feed")
    return Appearance(
        key=key,
        digest=digest.path,
        moment=dated.moment if dated else None,
        day=dated.day if dated else None,
        basis=dated.basis if dated else None,
        item=item,
    )


def appearance_row(appearance: Appearance, names: Naming, rules: Sequence[ChannelConfig] = ()) -> AppearanceRow:
    """Encode an appearance, with what a paper of it alone would be; `rules` are the config's own channels."""
    item = appearance.item
    if item.labels:
        slugs, inferred = names.fields_of(item.labels), False
    else:
        slugs, inferred = names.infer(item.title or "", item.summary or item.easy_summary or ""), True
    body = msgspec.msgpack.encode(appearance)
    published = appearance.published or 0
    text = "\n".join(filter(None, (item.title, item.summary, item.easy_summary))) if rules else ""
    chosen = [rule.slug for rule in rules if entered(rule, slugs, text, [(published, item.votes)]) is not None]
    return AppearanceRow(
        key=appearance.key,
        day=day_number(appearance.day),
        published=published,
        votes=item.votes,
        fields=" ".join(slugs),
        inferred=int(inferred),
        labels="\n".join(item.labels),
        chosen=" ".join(chosen),
        hash=hashlib.blake2b(body, digest_size=16).digest(),
        body=body,
    )


def day_number(day: dt.date | None) -> int:
    """Write a day as the number YYYYMMDD; 0 for none."""
    return day.year * 10_000 + day.month * 100 + day.day if day else 0


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
