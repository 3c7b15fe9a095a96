"""Looking without building: what `check`, `fields` and `show` tell.  Nothing is written, no catalog is used."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from digestfeed import merge, sources
from digestfeed.config import Config
from digestfeed.fields import OTHER
from digestfeed.model import Appearance, Chatter, Location, Paper, Problem
from digestfeed.pipeline.intake import Taken, naming, take_text


class Lint(msgspec.Struct, frozen=True):
    """What is wrong with the digests of a folder, and what in them is no part of an item."""

    digests: int
    items: int
    problems: tuple[Problem, ...]
    chatter: tuple[Chatter, ...]


class FieldUse(msgspec.Struct, frozen=True):
    """A field, how many papers have it, and the raw labels that map to it, most used first."""

    slug: str
    name_en: str
    name_ko: str
    papers: int
    labels: tuple[tuple[str, int], ...]


class Unmatched(msgspec.Struct, frozen=True):
    """A label that maps to no field, how often it was written, and the field spelt most like it."""

    label: str
    count: int
    nearest: str | None


def lint(digests: Path, config: Config, today: dt.date) -> Lint:
    """Read all digests and gather what is wrong with them.

    Raises:
        SourceError: there is no such folder.
    """
    problems: list[Problem] = []
    chatter: list[Chatter] = []
    count = items = 0
    for taken in _all_taken(digests, config, today):
        count += 1
        items += taken.items
        problems += taken.problems
        chatter += taken.chatter
        if taken.fault is not None:
            problems.append(Problem(Location(taken.file.path), "unreadable", taken.fault))
    return Lint(count, items, tuple(sorted(problems)), tuple(sorted(chatter)))


def field_uses(digests: Path, config: Config, today: dt.date) -> tuple[list[FieldUse], list[Unmatched]]:
    """Tell which fields there are, which labels map to each, and which labels map to none."""
    names = naming(config)
    labels: Counter[str] = Counter()
    papers: dict[str, set[str]] = {}
    for taken in _all_taken(digests, config, today):
        for row in taken.rows:
            labels.update(row.labels.split("\n") if row.labels else ())
            for slug in row.fields.split():
                papers.setdefault(slug, set()).add(row.key)
    ranked = sorted(labels.items(), key=lambda pair: (-pair[1], pair[0]))
    uses = [
        FieldUse(
            field.slug,
            field.name_en,
            field.name_ko,
            len(papers.get(field.slug, ())),
            tuple((label, n) for label, n in ranked if field.slug in names.vocabulary.slugs_for(label)),
        )
        for field in names.vocabulary.fields
    ]
    unmatched = [
        Unmatched(label, n, names.vocabulary.nearest(label))
        for label, n in ranked
        if not names.vocabulary.slugs_for(label)
    ]
    assert any(use.slug == OTHER for use in uses)  # noqa: S101 -- where the unmatched go must exist
    return uses, unmatched


def appearances_of(key: str, digests: Path, config: Config, today: dt.date) -> list[Appearance]:
    """Find all appearances of a key, in the order in which they are merged."""
    found = []
    wanted = key.rpartition("/")[2].encode() if not key.startswith("item-") else b""
    for taken in _all_taken(digests, config, today, wanted):
        found += [msgspec.msgpack.decode(row.body, type=Appearance) for row in taken.rows if row.key == key]
    return sorted(found, key=merge.order)


def merged(appearances: list[Appearance], config: Config) -> Paper:
    """Merge appearances as a build does."""
    names = naming(config)
    return merge.merge(appearances, names.fields_of, names.infer)


def _all_taken(digests: Path, config: Config, today: dt.date, wanted: bytes = b"") -> Iterator[Taken]:
    """Take in every digest; with `wanted` only those whose bytes have it, which spares parsing the others."""
    files, faults = sources.scan(digests)
    for fault in faults:
        yield Taken(file=sources.SourceFile(fault.path, 0, 0), fault=fault.reason)
    for file in files:
        read = sources.read(digests, file.path, config.digests.max_bytes)
        if isinstance(read, sources.SourceFault):
            yield Taken(file=file, fault=read.reason)
        elif wanted.decode() in read.text:
            yield take_text(file, read, config, today)
