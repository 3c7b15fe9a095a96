"""Bringing the catalog up to date with the folder: which digests changed, what they say, which papers that makes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from digestfeed import sources
from digestfeed.catalog import AppearanceRow, KnownDigest, PaperRow, Special
from digestfeed.errors import RefusedError
from digestfeed.pipeline.report import DigestReport
from digestfeed.pipeline.session import Session, fingerprint

if TYPE_CHECKING:
    from digestfeed.model import Paper
    from digestfeed.pipeline.intake import Naming, Taken

INSIST = "If that is meant, use --full --allow-shrink."
_OTHER = "Is it another folder? "
_POOL_FILES = 400  # from here on a second process earns the time that it takes to start
_FILES_A_TASK = 64


class Changes(msgspec.Struct, frozen=True):
    """What is not as the catalog has it: files to read, digests that are gone, digests that cannot be read now."""

    read: tuple[sources.SourceFile, ...]
    gone: tuple[KnownDigest, ...]
    broken: tuple[tuple[str, str], ...]

    def __bool__(self) -> bool:
        return bool(self.read or self.gone or self.broken)


def find_changes(session: Session) -> Changes:
    """Compare the folder with the catalog, by size and mtime.

    Raises:
        SourceError: there is no such folder.
        RefusedError: there is not one digest in it.
    """
    options, known = session.options, session.known
    files, session.faults = sources.scan(options.digests)
    present = {file.path for file in files}
    hidden = {fault.path: fault.told for fault in session.faults}
    absent = [digest for path, digest in known.items() if path not in present]
    hidden |= {d.path: sources.A_FOLDER for d in absent if sources.is_folder(options.digests, d.path)}
    broken = [(d.path, reason) for d in absent if (reason := _fault_of(d.path, hidden)) and d.fault != reason]
    gone = [digest for digest in absent if _fault_of(digest.path, hidden) is None]
    if not present and not hidden and not options.allow_shrink:
        raise RefusedError(f"there is no digest in {options.digests}, no file named {sources.NAMED}", _OTHER + INSIST)
    today = int(f"{session.today:%Y%m%d}")
    read = tuple(file for file in files if session.reads_all or _differs(file, known.get(file.path), today))
    return Changes(read, tuple(gone), tuple(broken))


def _differs(file: sources.SourceFile, known: KnownDigest | None, today: int) -> bool:
    if known is None or known.fault is not None or (known.held and known.held <= today):
        return True
    return (known.size, known.mtime_ns) != (file.size, file.mtime_ns)


def _fault_of(path: str, hidden: dict[str, str]) -> str | None:
    """Why a digest that is not to be seen may yet be there: it, or a folder above it, cannot be read."""
    while path:
        if path in hidden:
            return hidden[path]
        path = os.path.dirname(path)
    return None


def gather(session: Session, changes: Changes) -> None:
    """Take in what changed, and bring the papers that this reaches up to date."""
    with session.runner.stage("take in"):
        keys = _take_in(session, changes)
    with session.runner.stage("merge"):
        if keys is None:
            session.catalog.add_lone_papers()
            session.catalog.index("paper")
            session.months.update(session.catalog.months())
            for key, day, published, slugs in session.catalog.lone_chosen() if session.config.channels else ():
                specials = [Special(slug, key, day // 100, published) for slug in slugs.split() if day]
                session.catalog.put_special(key, specials)
            keys = set(session.catalog.repeated_keys())
        for key in sorted(keys):
            _merge_key(session, key)
        if "vocabulary" in session.stale and not session.catalog.is_new:
            _reclassify(session)


# -- digests → appearances -------------------------------------------------------------------------------------


def _take_in(session: Session, changes: Changes) -> set[str] | None:
    """Take in what changed; give the keys that this reaches, None for all of a new catalog."""
    catalog = session.catalog
    known = session.known
    fresh = not known
    if not fresh:
        catalog.index("appearance")
        catalog.index("paper")
    keys = catalog.drop_digests([digest.id for digest in changes.gone])
    for path, reason in changes.broken:
        catalog.fault_digest(path, reason)
    for taken in _taken(session, changes.read):
        session.read.add(taken.file.path)
        reached = _put(session, taken, known.get(taken.file.path))
        if not fresh:
            keys |= reached
    catalog.index("appearance")
    return None if fresh else keys


def _taken(session: Session, files: Sequence[sources.SourceFile]) -> Iterator[Taken]:
    """Read files, in order, in other processes if there are many."""
    if not files:
        return
    from digestfeed.pipeline.intake import Intake, IntakeTask

    groups = [tuple(files[i : i + _FILES_A_TASK]) for i in range(0, len(files), _FILES_A_TASK)]
    tasks = (IntakeTask(group, session.config, session.today) for group in groups)
    done = 0
    for result in session.runner.run(Intake(session.options.digests), tasks, many=len(files) >= _POOL_FILES):
        yield from result
        done += len(result)
        session.runner.say("reading", done, len(files))


def _put(session: Session, taken: Taken, old: KnownDigest | None) -> set[str]:
    """Take in what one file says; give the keys that this reaches.  Of a file that cannot be read the old stays."""
    catalog, file = session.catalog, taken.file
    if taken.fault is not None:
        if old is None:
            catalog.put_digest(file.path, -1, -1, b"", items=0, held=0, newest=None, report=None)
        catalog.fault_digest(file.path, taken.fault)
        return set()
    if old is not None and old.hash == taken.hash and not old.held and not session.reads_all:
        catalog.touch_digest(file.path, file.size, file.mtime_ns)
        return set()
    session.tell("read", session.options.digests, file.path, "it is new" if old is None else _why(old, taken, session))
    before = catalog.drop_digests([old.id]) if old is not None else set()
    session.vanished |= before
    report = DigestReport(taken.problems, taken.chatter) if taken.problems or taken.chatter else None
    number = catalog.put_digest(
        file.path,
        file.size,
        file.mtime_ns,
        taken.hash,
        items=taken.items,
        held=taken.held,
        newest=taken.newest,
        report=msgspec.msgpack.encode(report) if report else None,
    )
    catalog.add_appearances(number, taken.rows)
    return before | {row.key for row in taken.rows}


def _why(old: KnownDigest, taken: Taken, session: Session) -> str:
    if old.hash != taken.hash:
        return "it changed"
    return "everything is read again" if session.reads_all else "its day has come"


# -- appearances → papers --------------------------------------------------------------------------------------


def _merge_key(session: Session, key: str) -> None:
    """Bring one paper up to date."""
    catalog = session.catalog
    old, rows = catalog.paper(key), catalog.appearances(key)
    if rows:
        session.vanished.discard(key)
        new = paper_row(key, rows, session)
        session.months |= catalog.put_special(key, _chosen(new, rows, session))
        if old is not None and msgspec.structs.replace(old, id=0) == new:
            return
        session.months |= catalog.special_months(key)
        catalog.put_paper(new)
        session.months.add(new.month)
        session.days.add(new.day)
    elif old is not None:
        catalog.drop_paper(key)
        session.months |= catalog.put_special(key, ())
    if old is not None:
        session.months.add(old.month)
        session.days.add(old.day)


def _chosen(paper: PaperRow, rows: Sequence[AppearanceRow], session: Session) -> list[Special]:
    """Say which of the config's own channels a paper is in, and since when."""
    rules = session.config.channels
    if not rules or not paper.day:
        return []
    if len(rows) == 1:
        return [Special(slug, paper.key, paper.month, paper.published) for slug in rows[0].chosen.split()]
    from digestfeed.channels import entered

    merged = merged_paper(rows, session)
    text = "\n".join(filter(None, (merged.title, merged.summary, merged.easy_summary)))
    shown = sorted((row.published, row.votes) for row in rows if row.day)
    shown = [(max(moment, paper.published), votes) for moment, votes in shown]
    moments = {rule.slug: entered(rule, merged.fields, text, shown) for rule in rules}
    return [
        Special(slug, paper.key, session.month_of(moment), moment)
        for slug, moment in moments.items()
        if moment is not None
    ]


def paper_row(key: str, rows: Sequence[AppearanceRow], session: Session) -> PaperRow:
    """Merge a key's appearances as far as the catalog needs it; of one appearance alone its row says it all."""
    known = sorted(rows, key=lambda row: row.hash)
    if len(known) == 1:
        row = known[0]
        return PaperRow(0, key, row.day, row.published, row.fields, row.inferred, row.labels, 1, row.hash)
    from digestfeed.pipeline.intake import day_number

    paper = merged_paper(known, session)
    together = hashlib.blake2b(b"".join(row.hash for row in known), digest_size=16).digest()
    return PaperRow(
        id=0,
        key=key,
        day=day_number(paper.day),
        published=paper.published or 0,
        fields=" ".join(paper.fields),
        inferred=int(paper.fields_inferred),
        labels="\n".join(paper.labels),
        shown=len(known),
        hash=known[0].hash if len(known) == 1 else together,
    )


def merged_paper(rows: Iterable[AppearanceRow], session: Session) -> Paper:
    """Merge the appearances of a key."""
    from digestfeed import merge
    from digestfeed.model import Appearance

    appearances = [msgspec.msgpack.decode(row.body, type=Appearance) for row in rows]
    return merge.merge(appearances, session.naming.fields_of, session.naming.infer)


def _reclassify(session: Session) -> None:
    """Find the fields of all papers again: the vocabulary is another, the digests are the same."""
    catalog, naming = session.catalog, session.naming
    terms = terms_print(naming) != catalog.meta("terms")
    catalog.classify_appearances(_reclassified(session, terms=terms))  # each may be the only one left some day
    for row in catalog.all_papers():
        if row.labels:
            slugs = " ".join(naming.fields_of(row.labels.split("\n")))
        elif terms:
            slugs = paper_row(row.key, catalog.appearances(row.key), session).fields
        else:
            continue
        if slugs != row.fields:
            catalog.put_paper(msgspec.structs.replace(row, fields=slugs))
            session.months |= {row.month, *catalog.special_months(row.key)}
            session.days.add(row.day)


def _reclassified(session: Session, *, terms: bool) -> Iterator[tuple[str, int]]:
    """Give the fields of each appearance whose are others now, with its number; without labels only by other terms."""
    from digestfeed.model import Appearance

    naming = session.naming
    for number, labels, fields in session.catalog.classified():
        if labels:
            slugs = " ".join(naming.fields_of(labels.split("\n")))
        elif terms:
            item = msgspec.msgpack.decode(session.catalog.body(number), type=Appearance).item
            slugs = " ".join(naming.of_item(item)[0])
        else:
            continue
        if slugs != fields:
            yield slugs, number


def terms_print(naming: Naming) -> str:
    """Fingerprint what fields are inferred by."""
    return fingerprint([[field.slug, field.terms] for field in naming.vocabulary.fields])
