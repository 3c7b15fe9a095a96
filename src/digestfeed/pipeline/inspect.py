"""Looking without building: what `check`, `fields` and `show` tell.  Nothing is written, no catalog is used."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from digestfeed import merge, sources
from digestfeed.config import Config
from digestfeed.diagnostics import Finding, findings
from digestfeed.fields import OTHER
from digestfeed.model import Appearance, Chatter, Paper
from digestfeed.pipeline.intake import Taken, naming, take_text
from digestfeed.pipeline.report import fault_problem
from digestfeed.problems import ALL


class Lint(msgspec.Struct, frozen=True):
    """What is wrong with the digests of a folder, and what in them is no part of an item.

    `findings` are the problems asked for, in order of place; `ignored` is how many others there are.
    """

    digests: int
    items: int
    findings: tuple[Finding, ...]
    ignored: int
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


def lint(digests: Path, config: Config, today: dt.date, codes: Collection[str] = ALL) -> Lint:
    """Read all digests and gather what is wrong with them, as far as it has one of the codes.

    Raises:
        SourceError: there is no such folder.
    """
    found: list[Finding] = []
    chatter: list[Chatter] = []
    count = items = ignored = 0
    for file, read in _all_read(digests, config):
        count += 1
        if isinstance(read, sources.SourceFault):
            problems, text = [fault_problem(read.path, read.told)], ""
        else:
            taken = take_text(file, read, config, today)
            items += taken.items
            chatter += taken.chatter
            problems, text = list(taken.problems), read.text
        wanted = [problem for problem in problems if problem.code in codes]
        ignored += len(problems) - len(wanted)
        found += findings(wanted, text)
    found.sort(key=lambda finding: finding.problem)
    return Lint(count, items, tuple(found), ignored, tuple(sorted(chatter)))


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


def all_papers(digests: Path, config: Config, today: dt.date) -> list[Paper]:
    """Merge all papers of a folder as a build does, in order of (published, key); the undated come first.

    Raises:
        SourceError: there is no such folder.
    """
    found: dict[str, list[Appearance]] = {}
    for taken in _all_taken(digests, config, today):
        for row in taken.rows:
            found.setdefault(row.key, []).append(msgspec.msgpack.decode(row.body, type=Appearance))
    papers = (merged(appearances, config) for appearances in found.values())
    return sorted(papers, key=lambda paper: (paper.published or 0, paper.key))


def _all_taken(digests: Path, config: Config, today: dt.date, wanted: bytes = b"") -> Iterator[Taken]:
    """Take in every digest; with `wanted` only those whose bytes have it, which spares parsing the others."""
    for file, read in _all_read(digests, config):
        if isinstance(read, sources.SourceText) and wanted.decode() in read.text:
            yield take_text(file, read, config, today)


def _all_read(
    digests: Path, config: Config
) -> Iterator[tuple[sources.SourceFile, sources.SourceText | sources.SourceFault]]:
    """Read every digest, and give what cannot be read as the fault that it is."""
    files, faults = sources.scan(digests)
    for fault in faults:
        yield sources.SourceFile(fault.path, 0, 0), fault
    for file in files:
        yield file, sources.read(digests, file.path, config.digests.max_bytes)
