"""The build: composes the stages, and touches only what changed.

    scan ─► take in ─► merge ─► shelve ─► plan ─► make ─► clean up ─► commit

What changed is found at the start by size and mtime, then by hash; from there on only keys, months and channels
that a change reaches are looked at.  The unit of work is the month: its papers are merged, rendered and written
by one task, in a process of its own when there are many.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import multiprocessing
import os
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from digestfeed import __version__, sources, urls, write
from digestfeed.catalog import Catalog, KnownDigest, PaperRow
from digestfeed.channels import ALL, Channel, FieldName, channels, newest, open_count
from digestfeed.config import Config
from digestfeed.errors import RefusedError
from digestfeed.model import Location, Problem
from digestfeed.pipeline.report import DigestReport, Report, Status, listed, status_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from digestfeed.pipeline.intake import Naming, Taken
    from digestfeed.pipeline.make import DocumentPlan, MakeTask
    from digestfeed.pipeline.plan import ChannelState, Hasher
    from digestfeed.render.context import Context

T = TypeVar("T")
R = TypeVar("R")

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, how much of it is done, and how much there is."""

_POOL_FILES = 400  # digests: from here on a second process earns the 50 ms that it takes to start
_POOL_DOCUMENTS = 400
_FILES_A_TASK = 64
_CHANNELS_A_TASK = 8
_INSIST = "If that is meant, use --full --allow-shrink."
_AHEAD = 3  # tasks under way for each process: enough to keep it busy, few enough to keep memory flat


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to build: what the command line or a caller decides beside the config.

    `now` is the moment of the build: digests of later days are held back; nothing else depends on it.
    `executor` runs the tasks instead of processes of our own; `jobs` bounds these (None: one a core).
    """

    digests: Path
    out: Path
    catalog: Path
    config: Config
    now: dt.datetime
    full: bool = False
    allow_shrink: bool = False
    strict: bool = False
    jobs: int | None = None
    executor: Executor | None = None
    progress: Progress | None = None


def build(options: Options) -> Report:
    """Build the site.

    Raises:
        SourceError: there is no digests folder, or it holds no digest.
        BusyError: another build of the same output is running.
        RefusedError: papers would vanish though their digests are there, or `strict` and there are problems.
        OutputError: the output or the catalog cannot be written.
    """
    started = time.perf_counter()
    with write.Lock(options.out), Catalog(options.catalog) as catalog, ExitStack() as stack:
        run = _Run(options, catalog, stack)
        run.go()
        return run.report(time.perf_counter() - started)


class _Run:
    """One build: what is known, what changed, and what was done about it."""

    def __init__(self, options: Options, catalog: Catalog, stack: ExitStack) -> None:
        self._options = options
        self._config = options.config
        self._catalog = catalog
        self._stack = stack
        self._pool: Executor | None = None
        self._stages: dict[str, float] = {}
        self._notes: list[str] = []
        self._faults: list[sources.SourceFault] = []
        self._months: set[int] = set()  # whose papers changed
        self._vanished: set[str] = set()
        self._fresh: set[str] = set()  # paths of the digests that were read in this run
        self._written: list[write.Written] = []
        self._removed = 0
        self._lost: set[int] = set()  # owners of documents that someone took away
        self._afresh = catalog.is_new or catalog.was_interrupted or options.full
        self._status: Status | None = None
        if not catalog.is_new and catalog.meta("place") != self._place():
            catalog.begin_anew("the catalog is of another output or digests folder")
            self._afresh = True
        if catalog.reason:
            self._notes.append(f"{catalog.reason}: everything is built again")
        elif catalog.was_interrupted:
            self._notes.append("the last build was interrupted: everything is checked again")

    # -- the stages -----------------------------------------------------------------------------------------

    def go(self) -> None:
        with self._stage("scan"):
            changed, removed, kept = self._changes()
            self._lost = set() if self._afresh else self._missing()
            stale = self._stale_fingerprints()
        if not (changed or removed or kept or self._lost or self._afresh or stale):
            return
        self._catalog.begin()
        if self._afresh and self._options.full and not self._catalog.was_interrupted:
            self._catalog.distrust_documents()
        if self._catalog.was_interrupted:
            self._catalog.distrust_documents()
        with self._stage("take in"):
            keys = self._take_in(changed, removed)
        with self._stage("merge"):
            self._merge(keys)
            if "vocabulary" in stale and not self._catalog.is_new:
                self._reclassify()
        self._guard()
        self._publish(stale)
        self._catalog.commit()

    def _changes(self) -> tuple[list[sources.SourceFile], list[KnownDigest], bool]:
        """Compare the folder with the catalog: files to take in, digests that are gone, and whether faults changed."""
        files, self._faults = sources.scan(self._options.digests)
        known = self._catalog.digests()
        broken = tuple(fault.path for fault in self._faults)
        present = {file.path for file in files}
        removed = [d for path, d in known.items() if path not in present and not _below(path, broken)]
        if not present and (not known or len(removed) == len(known)) and not self._options.allow_shrink:
            raise RefusedError(f"there is no digest in {self._options.digests}", _INSIST)
        today = int(f"{self._today():%Y%m%d}")
        redo = self._options.full or self._intake_print() != self._catalog.meta("intake")
        changed = [file for file in files if redo or _differs(file, known.get(file.path), today)]
        kept = False
        for path, digest in known.items():
            fault = next((f for f in self._faults if path == f.path or path.startswith(f.path + "/")), None)
            if path not in present and fault is not None and digest.fault != fault.reason:
                kept = True
        return changed, removed, kept

    def _place(self) -> str:
        """What the catalog is of, seen from where it lies, so that the whole project can be moved."""
        home = self._options.catalog.resolve().parent
        return " ".join(
            os.path.relpath(path.resolve(), home) for path in (self._options.digests, self._options.out)
        )

    def _today(self) -> dt.date:
        from zoneinfo import ZoneInfo  # noqa: PLC0415 -- one look-up of the local day

        return self._options.now.astimezone(ZoneInfo(self._config.timezone)).date()

    def _take_in(self, changed: list[sources.SourceFile], removed: list[KnownDigest]) -> set[str] | None:
        """Take in what changed; give the keys that this reaches, None for all of a new catalog."""
        catalog = self._catalog
        known = catalog.digests()
        keys = catalog.drop_digests([digest.id for digest in removed])
        self._note_faults(known)
        fresh = catalog.is_new and not known
        if not fresh:
            catalog.index("appearance")
            catalog.index("paper")
        before: set[str] = set()
        for taken in self._taken(changed):
            self._fresh.add(taken.file.path)
            old = known.get(taken.file.path)
            if taken.fault is not None:
                self._fault(taken, old)
                continue
            if old is not None and old.hash == taken.hash and not self._reads_anew(old):
                catalog.touch_digest(taken.file.path, taken.file.size, taken.file.mtime_ns)
                continue
            if old is not None:
                before |= catalog.drop_digests([old.id])
            self._put(taken)
            if not fresh:
                keys.update(row.key for row in taken.rows)
        keys |= before
        self._vanished = before
        catalog.remember("intake", self._intake_print())
        catalog.index("appearance")
        return None if fresh else keys

    def _reads_anew(self, old: KnownDigest) -> bool:
        """Whether a digest is taken in again although its bytes are the same."""
        return bool(self._options.full or old.held or self._intake_print() != self._catalog.meta("intake"))

    def _put(self, taken: Taken) -> None:
        report = None
        if taken.problems or taken.chatter:
            report = msgspec.msgpack.encode(DigestReport(taken.problems, taken.chatter))
        number = self._catalog.put_digest(
            taken.file.path,
            taken.file.size,
            taken.file.mtime_ns,
            taken.hash,
            items=taken.items,
            held=taken.held,
            newest=None if taken.held else taken.newest,
            report=report,
        )
        self._catalog.add_appearances(number, taken.rows)

    def _fault(self, taken: Taken, old: KnownDigest | None) -> None:
        """A file that cannot be read: what it said before stays; one never read is remembered as empty."""
        reason = taken.fault or ""
        if old is None:
            self._catalog.put_digest(taken.file.path, -1, -1, b"", items=0, held=0, newest=None, report=None)
        self._catalog.fault_digest(taken.file.path, reason)

    def _note_faults(self, known: dict[str, KnownDigest]) -> None:
        for fault in self._faults:
            for path in known:
                if path == fault.path or path.startswith(fault.path + "/"):
                    self._catalog.fault_digest(path, fault.reason)

    def _taken(self, files: Sequence[sources.SourceFile]) -> Iterator[Taken]:
        """Take files in, in order, in other processes if there are many."""
        if not files:
            return
        from digestfeed.pipeline.intake import IntakeTask, take_in  # noqa: PLC0415 -- not needed when nothing changed

        groups = [tuple(files[i : i + _FILES_A_TASK]) for i in range(0, len(files), _FILES_A_TASK)]
        folder, today = os.fspath(self._options.digests), self._today()
        tasks = (IntakeTask(folder, group, self._config, today) for group in groups)
        done = 0
        for result in self._run(take_in, tasks, many=len(files) >= _POOL_FILES):
            yield from result
            done += len(result)
            self._say("reading", done, len(files))

    # -- merging ----------------------------------------------------------------------------------------------

    def _merge(self, keys: set[str] | None) -> None:
        """Bring the papers of some keys up to date, or of all in a new catalog."""
        catalog = self._catalog
        if keys is None:
            catalog.add_lone_papers()
            catalog.index("paper")
            keys = set(catalog.repeated_keys())
            self._months = set(catalog.months())
        for key in sorted(keys):
            self._merge_key(key)
        if keys:
            catalog.count_merged()

    def _merge_key(self, key: str) -> None:
        catalog = self._catalog
        old = catalog.paper(key)
        rows = catalog.appearances(key)
        new = _paper_row(key, rows, self._naming) if rows else None
        if new is None:
            if old is not None:
                catalog.drop_paper(key)
        elif old is None or msgspec.structs.replace(old, id=0) != new:
            catalog.put_paper(new)
        else:
            self._vanished.discard(key)
            return
        if new is not None:
            self._vanished.discard(key)
        self._months.update(row.month for row in (old, new) if row is not None)

    def _reclassify(self) -> None:
        """Find the fields of all papers again: the vocabulary is another, the digests are the same."""
        naming = self._naming()
        terms = self._terms_print(naming) != self._catalog.meta("terms")
        for row in self._catalog.all_papers():
            if row.labels:
                slugs = " ".join(naming.fields_of(row.labels.split("\n")))
            elif terms:
                slugs = _paper_row(
                    row.key, self._catalog.appearances(row.key), self._naming, anew=True
                ).fields
            else:
                continue
            if slugs != row.fields:
                self._catalog.put_paper(msgspec.structs.replace(row, fields=slugs))
                self._months.add(row.month)

    def _naming(self) -> Naming:
        from digestfeed.pipeline.intake import naming  # noqa: PLC0415 -- not needed when nothing changed

        return naming(self._config)

    def _guard(self) -> None:
        """Refuse to let papers vanish whose digests are still there, and under `strict` any problem."""
        if self._vanished and not self._options.allow_shrink:
            gone = sorted(self._vanished)
            named = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
            raise RefusedError(f"{named} would vanish though the digest is still there", _INSIST)
        if self._options.strict:
            problems, _ = self._problems()
            if problems:
                raise RefusedError(
                    f"{len(problems)} problems in the digests, the first: {problems[0]}", "See check."
                )

    # -- fingerprints: what a change of the config or of the program reaches ----------------------------------

    def _intake_print(self) -> str:
        return _print([__version__, self._config.timezone, self._config.digests])

    def _vocabulary_print(self) -> str:
        return _print([__version__, self._config.fields])

    def _terms_print(self, naming: Naming) -> str:
        return _print([[field.slug, field.terms] for field in naming.vocabulary.fields])

    def _context_print(self) -> str:
        return _print([__version__, msgspec.structs.replace(self._config, digests=Config().digests)])

    def _stale_fingerprints(self) -> frozenset[str]:
        """Name what is not as the last build had it."""
        now = {
            "intake": self._intake_print(),
            "vocabulary": self._vocabulary_print(),
            "context": self._context_print(),
        }
        return frozenset(name for name, value in now.items() if self._catalog.meta(name) != value)

    # -- what someone did to the output ------------------------------------------------------------------------

    def _missing(self) -> set[int]:
        """Find documents that are gone, by folders whose mtime is another; give their owners."""
        known = self._catalog.folders()
        now = dict(write.folder_times(self._options.out, known))
        lost: set[int] = set()
        for folder, mtime in known.items():
            if now.get(folder) == mtime:
                continue
            prefix = folder + "/" if folder else ""
            gone = self._catalog.names_in(prefix) - write.files_in(self._options.out, folder)
            for name in gone:
                owner = self._catalog.owner_of(prefix + name)
                if owner is not None:
                    lost.add(owner)
        return lost

    # -- from papers to documents -------------------------------------------------------------------------------

    def _publish(self, stale: frozenset[str]) -> None:
        from digestfeed.pipeline.plan import Hasher  # noqa: PLC0415 -- not needed when nothing changed
        from digestfeed.render.context import Context  # noqa: PLC0415

        naming = self._naming()
        context = Context(config=self._config, field_names=self._names(naming), version=__version__)
        with self._stage("shelve"):
            dated_before = self._last_month()
            held_before = self._catalog.shelf_counts()
            for month in sorted(self._months):
                self._shelve(month)
            counts = self._catalog.shelf_counts()
            every = self._channels(naming, counts)
            months = self._months_to_plan(stale, dated_before, held_before, counts)
        write.clear_staging(self._options.out)
        self._catalog.index("document")
        self._catalog.writing()
        stale_paths: list[str] = []
        with self._stage("pages"):
            tasks = self._month_tasks(
                sorted(months, reverse=True), counts, every, context, Hasher(context), stale_paths
            )
            self._make(tasks, "months", len(months))
        with self._stage("feeds"):
            self._feeds(every, counts, context, Hasher(context), stale_paths)
        with self._stage("clean up"):
            self._clean_up(stale_paths)
        self._catalog.publish(channel.slug for channel in every)
        self._catalog.remember("place", self._place())
        self._catalog.remember("vocabulary", self._vocabulary_print())
        self._catalog.remember("terms", self._terms_print(naming))
        self._catalog.remember("context", self._context_print())
        self._catalog.remember("feeds", str(len(every)))
        self._catalog.remember("fields", str(sum(slug != ALL for slug in counts)))

    def _names(self, naming: Naming) -> dict[str, str]:
        korean = self._config.language.lower().startswith("ko")
        return {field.slug: field.name_ko if korean else field.name_en for field in naming.vocabulary.fields}

    def _channels(self, naming: Naming, counts: dict[str, dict[int, int]]) -> list[Channel]:
        names = self._names(naming)
        return channels(
            self._config.title,
            self._config.description,
            [FieldName(f.slug, names[f.slug], f.formerly) for f in naming.vocabulary.fields],
            {slug: sum(by_month.values()) for slug, by_month in counts.items()},
            frozenset(self._catalog.published()),
            self._config.feeds.min_papers,
        )

    def _last_month(self) -> int:
        return int(self._catalog.meta("last month") or 0)

    def _shelve(self, month: int) -> None:
        shelves: dict[str, array[int]] = {}
        if month:
            for row in self._catalog.month_papers(month):
                for slug in (ALL, *row.fields.split()):
                    shelves.setdefault(slug, array("I")).append(row.id)
        self._catalog.put_shelves(month, {slug: ids.tobytes() for slug, ids in shelves.items()})

    def _months_to_plan(
        self,
        stale: frozenset[str],
        last_before: int,
        before: dict[str, dict[int, int]],
        counts: dict[str, dict[int, int]],
    ) -> set[int]:
        """Give the months whose documents may change: by their papers, by a neighbour's, or all."""
        everything = set(self._catalog.months()) | {owner for owner in self._catalog.owners() if owner >= 0}
        last = max(counts.get(ALL, {}), default=0)
        self._catalog.remember("last month", str(last))
        if self._afresh or "context" in stale:
            return everything
        months = self._months | {month for month in self._lost if month >= 0}
        if last != last_before:  # months close when a later one begins, and open when it goes
            low, high = sorted((last, last_before))
            months |= {month for month in everything if low <= month <= high}
        for slug in counts.keys() | before.keys():
            changed = counts.get(slug, {}).keys() ^ before.get(slug, {}).keys()
            for month in changed:  # the next month's link back goes to another month now
                months |= _beside(month, counts.get(slug, {}))
        return months & everything

    def _month_tasks(  # noqa: PLR0913 -- the state of a build
        self,
        months: Sequence[int],
        counts: dict[str, dict[int, int]],
        every: Sequence[Channel],
        context: Context,
        hasher: Hasher,
        stale_paths: list[str],
    ) -> Iterator[tuple[int, MakeTask | None]]:
        from digestfeed.pipeline.plan import Neighbours, month_plans  # noqa: PLC0415

        dated = sorted(counts.get(ALL, {}))
        last = dated[-1] if dated else 0
        before = {slug: _month_before(by_month) for slug, by_month in counts.items()}
        for month in months:
            papers = self._catalog.month_papers(month)
            shelves: dict[str, list[int]] = {}
            for index, row in enumerate(papers):
                for slug in (ALL, *row.fields.split()):
                    shelves.setdefault(slug, []).append(index)
            neighbours = Neighbours(
                previous=max((m for m in dated if m < month), default=None) if month else None,
                following=min((m for m in dated if m > month), default=None) if month else None,
                before={slug: found[month] for slug, found in before.items() if month in found},
                is_over=month < last,
            )
            plans = month_plans(month, papers, shelves, neighbours, every, context, hasher)
            yield month, self._task(month, papers, plans, context, stale_paths)

    def _task(
        self,
        owner: int,
        papers: Sequence[PaperRow],
        plans: Sequence[DocumentPlan],
        context: Context,
        stale_paths: list[str],
    ) -> MakeTask | None:
        """Make a task of the plans that are not as the documents are; note the documents that are in no plan."""
        from digestfeed.pipeline.make import MakeTask  # noqa: PLC0415

        known = self._catalog.documents(owner)
        if owner in self._lost:
            known = {path: d for path, d in known.items() if os.path.lexists(self._options.out / path)}
        todo = [plan for plan in plans if plan.path not in known or known[plan.path].inputs != plan.inputs]
        stale_paths += sorted(known.keys() - {plan.path for plan in plans}) if owner >= 0 else []
        if not todo:
            return None
        needed = sorted({index for plan in todo for index in plan.papers})
        place = {index: new for new, index in enumerate(needed)}
        moved = [
            msgspec.structs.replace(plan, papers=tuple(place[index] for index in plan.papers))
            for plan in todo
        ]
        return MakeTask(
            os.fspath(self._options.out),
            context,
            tuple(self._catalog.bodies(papers[index].key) for index in needed),
            tuple(moved),
            {plan.path: known[plan.path].content for plan in todo if plan.path in known},
        )

    def _make(self, tasks: Iterable[tuple[int, MakeTask | None]], what: str, total: int) -> None:
        """Carry out tasks and remember their documents."""
        from digestfeed.pipeline.make import make  # noqa: PLC0415

        owners: list[int] = []
        done = 0

        def queue() -> Iterator[MakeTask]:
            nonlocal done
            for owner, task in tasks:
                if task is None:
                    done += 1
                else:
                    owners.append(owner)
                    yield task

        many = total * 40 >= _POOL_DOCUMENTS or self._pool is not None
        for number, made in enumerate(self._run(make, queue(), many=many)):
            self._catalog.put_documents(owners[number], made.documents)
            self._written += made.written
            done += 1
            self._say(what, done, total)

    def _feeds(
        self,
        every: Sequence[Channel],
        counts: dict[str, dict[int, int]],
        context: Context,
        hasher: Hasher,
        stale_paths: list[str],
    ) -> None:
        """Make what belongs to no month: the channels' documents, then the site's."""
        from digestfeed.pipeline.plan import SITE, ChannelState, channel_plans, site_plans  # noqa: PLC0415

        last = max(counts.get(ALL, {}), default=0)
        planned: set[str] = set()

        def tasks() -> Iterator[tuple[int, MakeTask | None]]:
            for start in range(0, len(every), _CHANNELS_A_TASK):
                states = [
                    self._state(c, counts, last, context) for c in every[start : start + _CHANNELS_A_TASK]
                ]
                papers, plans = channel_plans(states, context, hasher)
                planned.update(plan.path for plan in plans)
                yield SITE, self._task(SITE, papers, plans, context, stale_paths)

        self._make(tasks(), "feeds", -(-len(every) // _CHANNELS_A_TASK))
        briefs = [
            ChannelState(c, (), tuple(sorted(counts.get(c.source, {}).items(), reverse=True)), None)
            for c in every
        ]
        briefs[:1] = [self._state(every[0], counts, last, context)]
        months = sorted(self._catalog.month_counts().items(), reverse=True)
        self._status = self._new_status(len(every))
        papers, plans = site_plans(briefs, months, status_bytes(self._status), context, hasher)
        planned.update(plan.path for plan in plans)
        self._make([(SITE, self._task(SITE, papers, plans, context, stale_paths))], "site", 1)
        stale_paths += sorted(self._catalog.documents(SITE).keys() - planned)

    def _state(
        self, channel: Channel, counts: dict[str, dict[int, int]], last: int, context: Context
    ) -> ChannelState:
        from digestfeed.pipeline.plan import ChannelState, archive_url  # noqa: PLC0415

        slug, feeds = channel.source, self._config.feeds
        months = sorted(counts.get(slug, {}).items(), reverse=True)
        running = counts.get(slug, {}).get(last, 0)
        chosen = newest(months, feeds.latest, open_count(running, feeds.archive_size))
        ids: list[int] = []
        for month, count in chosen:
            shelf = array("I")
            shelf.frombytes(self._catalog.shelf(slug, month))
            ids += reversed(shelf[len(shelf) - count :])
        closed = running // feeds.archive_size
        before = max((month for month, _ in months if month < last), default=None)
        archive = (
            archive_url(slug, last, closed, context) if closed else archive_url(slug, before, 0, context)
        )
        return ChannelState(channel, tuple(self._catalog.papers_by_id(ids)), tuple(months), archive)

    # -- the end ------------------------------------------------------------------------------------------------

    def _clean_up(self, stale_paths: Sequence[str]) -> None:
        """Remove what is no longer made, and note how the output was left."""
        out, catalog = self._options.out, self._catalog
        gone = set(stale_paths)
        for path in gone:
            catalog.forget_document(path)
        if self._catalog.is_new or self._catalog.was_interrupted:
            gone |= self._orphans()
        self._removed = write.remove(out, sorted(gone))
        write.settle(out)
        touched = {os.path.dirname(path) for path in gone} | {os.path.dirname(w.path) for w in self._written}
        if self._afresh or not catalog.folders():
            touched = {os.path.dirname(path) for path in catalog.all_paths()}
        touched.add("")
        touched |= {folder for folder, _ in catalog.folders().items()} if self._lost else set()
        catalog.put_folders(write.folder_times(out, sorted(touched)), touched)

    def _orphans(self) -> set[str]:
        """Find files that an earlier build made and this one does not know: of our paths, and with our mark."""
        known = self._catalog.all_paths()
        return {
            path
            for path in write.walk(self._options.out)
            if path not in known and urls.is_ours(path) and _has_mark(self._options.out, path)
        }

    def _new_status(self, feeds: int) -> Status:
        digests, items, papers, merged, newest_day = self._catalog.totals()
        problems, _ = self._problems()
        return Status(
            digests=digests,
            items=items,
            papers=papers,
            merged=merged,
            feeds=feeds,
            newest_digest=newest_day,
            problems_by_kind=dict(sorted(Counter(p.kind for p in problems).items())),
            problems=listed(problems),
        )

    def _problems(self) -> tuple[tuple[Problem, ...], int]:
        """Gather what is wrong with the digests, and count the pieces of chatter."""
        found: list[Problem] = []
        chatter = 0
        reported = set()
        for path, fault, encoded in self._catalog.reports():
            reported.add(path)
            if fault is not None:
                found.append(Problem(Location(path), "unreadable", fault))
            if encoded is not None:
                report = msgspec.msgpack.decode(encoded, type=DigestReport)
                found += report.problems
                chatter += len(report.chatter)
        found += [
            Problem(Location(fault.path), "unreadable", fault.reason)
            for fault in self._faults
            if fault.path not in reported
        ]
        return tuple(sorted(found)), chatter

    def report(self, seconds: float) -> Report:
        """Sum up the run."""
        digests, items, papers, merged, newest_day = self._catalog.totals()
        problems, chatter = self._problems()
        changed = sorted(
            w.path for w in self._written if w.path.startswith("feeds/") and "/archive/" not in w.path
        )
        return Report(
            digests=digests,
            items=items,
            papers=papers,
            merged=merged,
            fields=int(self._catalog.meta("fields") or 0),
            feeds=int(self._catalog.meta("feeds") or 0),
            documents=self._catalog.document_count(),
            written=len(self._written),
            removed=self._removed,
            bytes_written=sum(w.size for w in self._written),
            newest=newest_day,
            problems=problems,
            fresh=tuple(p for p in problems if p.where.path in self._fresh or p.kind == "unreadable"),
            chatter=chatter,
            notes=tuple(self._notes),
            changed_feeds=tuple(path for path in changed if not path.endswith(".html")),
            seconds=seconds,
            stages=self._stages,
        )

    # -- running ------------------------------------------------------------------------------------------------

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._stages[name] = round(time.perf_counter() - started, 4)

    def _say(self, what: str, done: int, total: int) -> None:
        if self._options.progress is not None:
            self._options.progress(what, done, total)

    def _run(self, function: Callable[[T], R], tasks: Iterable[T], *, many: bool) -> Iterator[R]:
        """Carry out tasks, results in their order; only a few are under way at a time, so that memory stays flat."""
        pool = self._executor() if many else None
        if pool is None:
            yield from map(function, tasks)
            return
        ahead = _AHEAD * self._jobs()
        running: list[Future[R]] = []
        for task in tasks:
            running.append(pool.submit(function, task))
            if len(running) >= ahead:
                yield running.pop(0).result()
        for future in running:
            yield future.result()

    def _jobs(self) -> int:
        return self._options.jobs or os.cpu_count() or 1

    def _executor(self) -> Executor | None:
        if self._options.executor is not None:
            return self._options.executor
        if self._pool is None and self._jobs() > 1:
            self._pool = self._stack.enter_context(
                ProcessPoolExecutor(self._jobs(), mp_context=multiprocessing.get_context("fork"))
            )
        return self._pool


def _paper_row(
    key: str, rows: Sequence[object], naming: Callable[[], Naming], *, anew: bool = False
) -> PaperRow:
    """Merge a key's appearances as far as the catalog needs it; of one alone the row says it all."""
    from digestfeed.catalog import AppearanceRow  # noqa: PLC0415

    known = sorted((row for row in rows if isinstance(row, AppearanceRow)), key=lambda row: row.hash)
    digest = hashlib.blake2b(b"".join(row.hash for row in known), digest_size=16).digest()
    if len(known) == 1 and not anew:
        row = known[0]
        return PaperRow(0, key, row.month, row.published, row.fields, row.inferred, row.labels, row.hash)
    from digestfeed import merge  # noqa: PLC0415 -- not needed when nothing changed
    from digestfeed.model import Appearance  # noqa: PLC0415
    from digestfeed.pipeline.intake import month_of  # noqa: PLC0415

    names = naming()
    appearances = [msgspec.msgpack.decode(row.body, type=Appearance) for row in known]
    paper = merge.merge(appearances, names.fields_of, names.infer)
    return PaperRow(
        0,
        key,
        month_of(paper.day),
        paper.published or 0,
        " ".join(paper.fields),
        int(paper.fields_inferred),
        "\n".join(paper.labels),
        known[0].hash if len(known) == 1 else digest,
    )


def _differs(file: sources.SourceFile, known: KnownDigest | None, today: int) -> bool:
    if known is None or known.fault is not None or (known.held and known.held <= today):
        return True
    return (known.size, known.mtime_ns) != (file.size, file.mtime_ns)


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def _print(value: object) -> str:
    return hashlib.blake2b(msgspec.msgpack.encode(value), digest_size=8).hexdigest()


def _beside(month: int, months: Iterable[int]) -> set[int]:
    earlier = max((m for m in months if m < month), default=None)
    later = min((m for m in months if m > month), default=None)
    return {m for m in (earlier, later) if m is not None}


def _month_before(by_month: dict[int, int]) -> dict[int, int]:
    months = sorted(by_month)
    return dict(zip(months[1:], months, strict=False))


def _has_mark(out: Path, path: str) -> bool:
    """Tell whether a file says that this program made it; data files stand beside a page that says so."""
    if path.endswith((".html", ".xml", ".opml", ".json")):
        return b"digestfeed" in write.head_of(out, path)
    return path.startswith("archive/")
