"""From a digest file to rows of the catalog: read, parse, date, key.

One picklable task, any number of files; the same on any machine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec

from digestfeed import dating, fields, merge, sources
from digestfeed.catalog import AppearanceRow
from digestfeed.channels import entered
from digestfeed.config import ChannelConfig, Config, FieldConfig
from digestfeed.model import Appearance, Chatter, Digest, Item, Location, Parsed, Problem
from digestfeed.parse import parse
from digestfeed.pipeline.away import Apart
from digestfeed.text import span_of


class IntakeTask(msgspec.Struct, frozen=True):
    """Files to take in; `today` (in the digests' time zone) decides which are from the future."""

    files: tuple[sources.SourceFile, ...]
    config: Config
    today: dt.date


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What one file gave: rows, and what there is to report; or only the `fault` as told by `SourceFault`.

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


class ReadTask(msgspec.Struct, frozen=True):
    """The same with what the files say."""

    task: IntakeTask
    texts: tuple[sources.SourceText | sources.SourceFault, ...]


class Intake(Apart[IntakeTask, ReadTask, list[Taken], list[Taken]]):
    """Takes in the files of tasks, in order; they lie in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, task: IntakeTask) -> list[Taken]:
        """Take in a task's files, each before the next is read."""
        return [_take_in(task, file, self._read(task, file)) for file in task.files]

    def send(self, task: IntakeTask) -> ReadTask:
        """Read the files."""
        return ReadTask(task, tuple(self._read(task, file) for file in task.files))

    @staticmethod
    def away(sent: ReadTask) -> list[Taken]:
        """Take in texts."""
        return [_take_in(sent.task, file, read) for file, read in zip(sent.task.files, sent.texts, strict=True)]

    def receive(self, done: list[Taken]) -> list[Taken]:
        """Give what was taken in."""
        return done

    def _read(self, task: IntakeTask, file: sources.SourceFile) -> sources.SourceText | sources.SourceFault:
        return sources.read(self._folder, file.path, task.config.digests.max_bytes)


def _take_in(task: IntakeTask, file: sources.SourceFile, read: sources.SourceText | sources.SourceFault) -> Taken:
    if isinstance(read, sources.SourceFault):
        return Taken(file=file, fault=read.told)
    return take_text(file, read, task.config, task.today)


def take_text(file: sources.SourceFile, read: sources.SourceText, config: Config, today: dt.date) -> Taken:
    """Take in a file's text: what needs no folder."""
    parsed = parse(file.path, read.text)
    faults = Faults(file.path, read.text, parsed)
    if read.note:
        faults.add(0, "encoding", f"expected UTF-8, got {read.note}; read as that")
    appearances: list[Appearance] = []
    held = 0
    newest: dt.date | None = None
    for digest in parsed.digests:
        dated, wrong = dating.date_digest(digest, config.timezone, alone=len(parsed.digests) == 1)
        faults.take_dates(wrong, digest.heading)
        if dated is not None and dated.day > today:
            held = min(held or day_number(dated.day), day_number(dated.day))
            faults.add(digest.heading_line, "from-the-future", _LATER.format(dated.day), digest.heading)
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
        problems=tuple(sorted(set(faults.problems))),
        chatter=parsed.chatter,
        rows=tuple(appearance_row(appearance, names, config.channels) for appearance in appearances),
    )


_LATER = "expected a digest of today or before, got {}; held back until then"
# What already says why an item has no arXiv id; that it cannot be dated is then no problem of its own.
_NO_ID = frozenset(["bad-arxiv-id", "broken-link", "bad-link"])


class Faults:
    """The problems of one file, where in its text they are, and what of them stands at an item.

    Whatever is asked of an item takes the same time in a file of a hundred thousand.
    """

    def __init__(self, path: str, text: str, parsed: Parsed) -> None:
        self.path = path
        self.problems = list(parsed.problems)
        self._text = text
        self._starts = [item.line for digest in parsed.digests for item in digest.items]
        self._has_no_date = False
        self._no_id = [p.where.line for p in parsed.problems if p.kind in _NO_ID]
        self._no_title = [n for n, p in enumerate(parsed.problems) if p.kind == "missing-title"]

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.split("\n")

    def add(self, line: int, kind: str, message: str, part: str | None = None) -> None:
        """Add a problem with a line (0: with the whole file), in the part that is at fault, else all of it."""
        column = length = 0
        if line:
            raw = self._lines[line - 1]
            column, length = span_of(raw if part is None else part, raw)
        self.problems.append(Problem(Location(self.path, line, column), kind, message, length))

    def take_dates(self, problems: Iterable[Problem], part: str | None) -> None:
        """Add what is wrong with a digest's date, with the part of its heading that says so."""
        for problem in problems:
            self._has_no_date = True
            self.add(problem.where.line, problem.kind, problem.message, part)

    def add_below(self, item: Item, kind: str, message: str, part: str) -> None:
        """Add a problem at the line of an item in which a part stands; at its first where there is none such."""
        below = range(item.line, self._end(item))
        line = next((number for number in below if part in self._lines[number - 1]), 0)
        self.add(line or item.line, kind, message, part if line else None)

    def explain_undated(self, item: Item) -> bool:
        """Tell whether another problem already says why an item has no date."""
        at = bisect_left(self._no_id, item.line)
        return self._has_no_date or (at < len(self._no_id) and self._no_id[at] < self._end(item))

    def supersede_title(self, item: Item, kind: str, message: str) -> None:
        """Say of an item's missing title what it leads to, instead of saying both."""
        at = bisect_left(self._no_title, item.line, key=lambda index: self.problems[index].where.line)
        if at == len(self._no_title):
            self.add(item.line, kind, message)
            return
        index = self._no_title[at]
        self.problems[index] = msgspec.structs.replace(self.problems[index], kind=kind, message=message)

    def _end(self, item: Item) -> int:
        """The line after an item: the next one's, or after the last of the file."""
        at = bisect_right(self._starts, item.line)
        return self._starts[at] if at < len(self._starts) else len(self._lines) + 1


def _appearance(
    digest: Digest, item: Item, dated: dating.Dated | None, timezone: str, faults: Faults
) -> Appearance | None:
    key = merge.key_of(item)
    if key is None:
        message = "expected a title or an arXiv id, got neither; not published"
        faults.supersede_title(item, "no-identity", message)
        return None
    if dated is None and item.arxiv_id is not None:
        dated = dating.date_by_id(item.arxiv_id, timezone)
    elif dated is not None and item.arxiv_id is not None and dating.id_is_later(item.arxiv_id, dated.day):
        wanted = f"expected an arXiv id of {dated.day:%Y-%m} or before, got {item.arxiv_id}"
        faults.add_below(item, "id-after-digest", wanted, item.arxiv_id)
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
    slugs, inferred = names.of_item(item)
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

    def of_item(self, item: Item) -> tuple[tuple[str, ...], bool]:
        """Give the slugs of an item alone, and whether they are inferred."""
        if item.labels:
            return self.fields_of(item.labels), False
        return self.infer(item.title or "", item.summary or item.easy_summary or ""), True


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
