"""From the catalog's papers to the output: shelve, plan, make, clean up.

The unit of work is the month: its documents are planned together, and made by one task.
"""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from digestfeed import __version__, urls, write
from digestfeed.catalog import PaperRow
from digestfeed.channels import (
    ALL,
    DAILY,
    DAYS,
    ONCE,
    TOP_WEEK,
    Channel,
    ChannelKind,
    FieldName,
    Wanted,
    channels,
    check_chosen,
    fields_of_shelf,
    newest,
    open_count,
)
from digestfeed.diagnostics import counts
from digestfeed.pipeline.gather import terms_print
from digestfeed.pipeline.make import FORMS, OF_ENTRIES, DocumentPlan, MakeTask, Making, Shown, shown
from digestfeed.pipeline.plan import (
    SITE,
    UNPLANNED,
    ChannelState,
    Hasher,
    MonthContents,
    Neighbours,
    archive_url,
    channel_plans,
    data_index_plan,
    month_plans,
    picture_plans,
    search_plans,
    site_plans,
)
from digestfeed.pipeline.report import Status, gather_problems, listed, status_bytes
from digestfeed.pipeline.searching import Searching
from digestfeed.pipeline.session import Session
from digestfeed.pipeline.tops import rank
from digestfeed.render import site
from digestfeed.render.context import Context
from digestfeed.render.words import channel_names
from digestfeed.text import primary_language

Counts = Mapping[str, Mapping[int, int]]
"""Channel → month → number of papers."""

_POOL_MONTHS = 8  # from here on a second process earns the time that it takes to start
_POOL_PAPERS = 300
_CHANNELS_A_TASK = 12


def publish(session: Session) -> None:
    """Bring the output up to date with the catalog.

    Raises:
        ConfigError: a channel of the config has the slug of another feed.
        OutputError: the output cannot be written.
    """
    with session.runner.stage("shelve"):
        before = session.catalog.shelf_counts()
        rank(session)
        for month in sorted(session.months):
            _shelve(session, month)
    _Publication(session).go(before)


def _shelve(session: Session, month: int) -> None:
    """Sort a month's papers onto the shelves of their channels; the undated are in none."""
    catalog = session.catalog
    shelves: dict[str, array[int]] = {}
    days: Counter[int] = Counter()
    for row in catalog.month_papers(month) if month else ():
        days[row.day] += 1
        for slug in fields_of_shelf(row.fields.split()):
            shelves.setdefault(slug, array("I")).append(row.id)
    for slug, number in catalog.specials(month):
        shelves.setdefault(slug, array("I")).append(number)
    if days:
        shelves[DAILY] = array("I", sorted(days))
    catalog.put_days(month, days)
    catalog.put_shelves(month, {slug: ids.tobytes() for slug, ids in shelves.items()})


class _Publication:
    """The output as it is to be: channels, counts, and what of it is not so yet."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._catalog = session.catalog
        self._out = session.options.out
        config, vocabulary = session.config, session.naming.vocabulary.fields
        korean = primary_language(config.language) == "ko"
        names = {field.slug: field.name_ko if korean else field.name_en for field in vocabulary}
        self._context = Context(config=config, field_names=names, version=__version__, templates=session.templates)
        self._hasher = Hasher(self._context)
        self._counts: Counts = session.catalog.shelf_counts()
        self._last = max((month for by_month in self._counts.values() for month in by_month), default=0)
        fields = tuple(FieldName(field.slug, names[field.slug], field.formerly) for field in vocabulary)
        check_chosen(session.options.config_name, config.channels, fields)
        self._channels = channels(
            Wanted(
                title=config.title,
                description=config.description,
                names=channel_names(config.language),
                fields=fields,
                chosen=config.channels,
                counts={slug: sum(by_month.values()) for slug, by_month in self._counts.items()},
                published=frozenset(session.catalog.published()),
                min_papers=config.feeds.min_papers,
            )
        )
        self._totals = session.catalog.totals()
        self._live: dict[int, PaperRow] = {}  # the papers of subscription documents, by id: most stand in several
        self._entry_names: dict[str | int, bytes] = {}  # the hashes of their entries, by key, and of those of days
        self._search: bytes | None = None  # its entry file
        self._slugs = {channel.slug for channel in self._channels}
        self._was_there = False  # the output holds files of which the catalog knows nothing
        self._stale: dict[str, int] = {}  # documents that are in their owner's plan no more, with that owner

    def go(self, before: Counts) -> None:
        session, catalog = self._session, self._catalog
        if self._context.templates and self._context.config.site.pages:
            site.try_templates(self._context)
        months = self._months_to_plan(before)
        write.clear_staging(self._out)
        unknown = catalog.is_new or catalog.was_interrupted
        self._was_there = unknown and any(True for _ in write.walk(self._out))
        catalog.index("document")
        catalog.writing()
        with session.runner.stage("pages"):
            self._make("months", self._month_tasks(months), len(months))
        with session.runner.stage("search"):
            self._make_search()
        with session.runner.stage("feeds"):
            self._make_feeds()
        with session.runner.stage("clean up"):
            self._clean_up()
        catalog.publish(channel.slug for channel in self._channels)
        remembered = {
            **session.prints,
            "terms": terms_print(session.naming),
            "last month": str(self._last),
            "feeds": str(len(self._channels)),
            "fields": str(sum(slug in self._context.field_names for slug in self._counts)),
        }
        for name, value in remembered.items():
            catalog.remember(name, value)

    # -- months -----------------------------------------------------------------------------------------------

    def _months_to_plan(self, before: Counts) -> list[int]:
        """Give the months whose documents may change: by their papers, by a neighbour's, or all; newest first."""
        everything = {*self._catalog.months(), *(owner for owner in self._catalog.owners() if owner >= 0)}
        everything.update(month for by_month in self._counts.values() for month in by_month)
        if self._session.afresh or "context" in self._session.stale:
            return sorted(everything, reverse=True)
        months = self._session.months | self._session.lost
        last_before = int(self._catalog.meta("last month") or 0)
        if self._last != last_before:  # months close when a later one begins, and open when that goes
            low, high = sorted((self._last, last_before))
            months |= {month for month in everything if low <= month <= high}
        for slug in self._counts.keys() | before.keys():
            now = self._counts.get(slug, {})
            for month in now.keys() ^ before.get(slug, {}).keys():
                months |= _beside(month, now)  # their links lead to another month now
        return sorted(months & everything, reverse=True)

    def _month_tasks(self, months: Iterable[int]) -> Iterator[tuple[int, MakeTask | None]]:
        dated = sorted(self._counts.get(ALL, {}))
        before = {slug: _month_before(by_month) for slug, by_month in self._counts.items()}
        for month in months:
            papers = self._catalog.month_papers(month)
            own = len(papers)
            shelves = self._shelves(month, papers)
            neighbours = Neighbours(
                previous=max((m for m in dated if m < month), default=None) if month else None,
                following=min((m for m in dated if m > month), default=None) if month else None,
                before={slug: found[month] for slug, found in before.items() if month in found},
                is_over=month < self._last,
            )
            contents = MonthContents(month, papers, own, shelves, neighbours)
            plans = month_plans(contents, self._channels, self._context, self._hasher)
            task, known = self._task(month, papers, plans)
            self._stale.update(dict.fromkeys(known - {plan.path for plan in plans}, month))
            yield month, task

    def _shelves(self, month: int, papers: list[PaperRow]) -> dict[str, list[tuple[int, ...]]]:
        """Give the entries of a month's channels as indexes into `papers`; who entered from elsewhere is appended."""
        index = {row.id: number for number, row in enumerate(papers)}
        shelves: dict[str, list[tuple[int, ...]]] = {}
        days: dict[int, list[int]] = {}
        for number, row in enumerate(papers if month else ()):
            days.setdefault(row.day, []).append(number)
            for slug in fields_of_shelf(row.fields.split()):
                shelves.setdefault(slug, []).append((number,))
        for slug, paper in self._catalog.specials(month):
            if paper not in index:
                index[paper] = len(papers)
                papers += self._catalog.papers_by_id([paper])
            shelves.setdefault(slug, []).append((index[paper],))
        if days:
            shelves[DAILY] = [tuple(reversed(days[day])) for day in sorted(days)]
        return shelves

    # -- search ------------------------------------------------------------------------------------------------

    def _make_search(self) -> None:
        """Make the indexes; the entry file, which leads to them, is one of the site's documents, made later."""
        searching = Searching(self._session, self._context, self._held())
        self._make("search", searching.tasks(), len(searching))
        self._stale.update(searching.stale)
        self._search = searching.entry() if searching.wanted else None

    def _held(self) -> dict[int, int]:
        """Give how many papers each month has, 0 for the undated."""
        return {**self._counts.get(ALL, {}), 0: self._catalog.undated_count()}

    # -- channels and site ------------------------------------------------------------------------------------

    def _make_feeds(self) -> None:
        """Make what belongs to no month: the channels' documents, then the site's, which lead to them."""
        planned: set[str] = set()

        def tasks() -> Iterator[tuple[int, MakeTask | None]]:
            # A field beside its once channel: most of their papers are the same, and rendered once a task.
            ordered = sorted(self._channels, key=lambda channel: channel.source.removeprefix(ONCE))
            for start in range(0, len(ordered), _CHANNELS_A_TASK):
                states = [self._state(channel) for channel in ordered[start : start + _CHANNELS_A_TASK]]
                papers, plans = channel_plans(states, self._context, self._hasher)
                planned.update(plan.path for plan in plans)
                yield SITE, self._task(SITE, papers, plans, is_live=True)[0]

        self._make("feeds", tasks(), -(-len(self._channels) // _CHANNELS_A_TASK))
        self._catalog.keep_entries(self._entry_names.values())
        months = sorted(((month, count) for month, count in self._held().items() if count), reverse=True)
        states = [self._state(c) if c.slug in {ALL, TOP_WEEK} else self._brief(c) for c in self._channels]
        papers, plans = site_plans(states, months, status_bytes(self._status()), self._context, self._hasher)
        if self._context.config.site.pages:
            plans += picture_plans(states, months, self._catalog.day_counts(), self._hasher)
        if self._search is not None:
            plans += search_plans(states, months, self._search, self._hasher)
        plans.append(data_index_plan(months, self._catalog.data_files(), self._hasher))
        planned.update(plan.path for plan in plans)
        task, known = self._task(SITE, papers, plans)
        self._make("site", [(SITE, task)], 1)
        self._stale.update(dict.fromkeys(known - planned, SITE))

    def _brief(self, channel: Channel) -> ChannelState:
        """A channel as the site's own documents show it: without its papers."""
        counts = self._counts.get(channel.source, {})
        months = sorted(counts.items(), reverse=True)
        held = self._counts.get(ALL, {}) if channel.kind is ChannelKind.DAILY else counts  # a day is no paper
        paged = [(month, held[month]) for month, _ in months if month in held and month in self._counts[ALL]]
        return ChannelState(
            channel, (), tuple(months), tuple(paged), sum(held.values()), None, self._twin(channel) in self._slugs
        )

    @staticmethod
    def _twin(channel: Channel) -> str | None:
        """Give the slug of a field's other channel: the once channel of that of all its papers, and back."""
        if channel.kind is ChannelKind.FIELD:
            return ONCE + channel.slug
        return channel.slug.removeprefix(ONCE) if channel.kind is ChannelKind.ONCE else None

    def _state(self, channel: Channel) -> ChannelState:
        slug, feeds = channel.source, self._session.config.feeds
        brief = self._brief(channel)
        running = self._counts.get(slug, {}).get(self._last, 0)
        numbers: list[int] = []
        latest = min(feeds.latest, DAYS) if channel.kind is ChannelKind.DAILY else feeds.latest
        for month, count in newest(brief.months, latest, open_count(running, feeds.archive_size)):
            shelf = array("I")
            shelf.frombytes(self._catalog.shelf(slug, month))
            numbers += reversed(shelf[len(shelf) - count :])
        closed = running // feeds.archive_size
        earlier = max((month for month, _ in brief.months if month < self._last), default=None)
        newest_archive = (self._last, closed) if closed else (earlier, 0)
        return msgspec.structs.replace(
            brief,
            entries=self._entries(channel, numbers),
            last_archive=archive_url(slug, *newest_archive, self._context),
        )

    def _entries(self, channel: Channel, numbers: Sequence[int]) -> tuple[tuple[PaperRow, ...], ...]:
        """Give the papers of a channel's entries: of each paper's id, or of each day."""
        if channel.kind is not ChannelKind.DAILY:
            missing = [number for number in numbers if number not in self._live]
            rows = self._catalog.papers_by_id(missing)
            self._live.update(zip(missing, rows, strict=True))
            self._entry_names.update((row.key, self._hasher.entry(row)) for row in rows)
            return tuple((self._live[number],) for number in numbers)
        days = [tuple(self._catalog.day_papers(day)) for day in numbers]
        self._entry_names.update(zip(numbers, map(self._hasher.day_entry, days), strict=True))
        return tuple(days)

    def _status(self) -> Status:
        digests, items, papers, merged, newest_day = self._totals
        problems, _ = gather_problems(self._catalog.reports(), self._session.faults)
        return Status(
            digests=digests,
            items=items,
            papers=papers,
            merged=merged,
            feeds=len(self._channels),
            newest_digest=newest_day,
            problems_by_kind=dict(sorted(Counter(problem.kind for problem in problems).items())),
            problems_by_code=counts(problems),
            problems=listed(problems),
        )

    # -- tasks ------------------------------------------------------------------------------------------------

    def _task(
        self, owner: int, papers: Sequence[PaperRow], plans: Sequence[DocumentPlan], *, is_live: bool = False
    ) -> tuple[MakeTask | None, set[str]]:
        """Make a task of the plans that are not as the documents are; give also the owner's known paths.

        Where it is live, entries that were rendered once go with it instead of their papers.
        """
        todo, known = self._session.unlike(owner, plans)
        if not todo:
            return None, known
        needed = sorted({index for plan in todo for index in plan.papers})
        place = {index: number for number, index in enumerate(needed)}
        moved = tuple(msgspec.structs.replace(p, papers=tuple(place[index] for index in p.papers)) for p in todo)
        rows = [papers[index] for index in needed]
        entries = self._known_entries(moved, rows) if is_live else {}
        whole = {i for plan in moved if not is_live or plan.kind not in OF_ENTRIES for i in plan.papers}
        for what, (_, rendered) in entries.items():
            if rendered is None:
                whole.update((what,) if isinstance(what, int) else what)
        sources = (self._catalog.bodies(row.key) if index in whole else () for index, row in enumerate(rows))
        return MakeTask(self._context, tuple(sources), moved, entries), known

    def _known_entries(
        self, plans: Iterable[DocumentPlan], rows: Sequence[PaperRow]
    ) -> dict[Shown, tuple[bytes, bytes | None]]:
        """Give the entries that plans need: of each the hash, and it, if it was rendered before.

        One that is in no subscription document has no hash.
        """
        found: dict[Shown, tuple[bytes, bytes | None]] = {}
        for what in (what for plan in plans for what in (shown(plan) if plan.kind in FORMS else plan.papers)):
            if what not in found:
                name = self._entry_names.get(rows[what].key if isinstance(what, int) else rows[what[0]].day, b"")
                found[what] = (name, self._catalog.entry(name))
        return found

    def _make(self, what: str, tasks: Iterable[tuple[int, MakeTask | None]], total: int) -> None:
        """Carry out tasks, and remember what they made."""
        session = self._session
        under_way: deque[tuple[int, list[tuple[str, bytes]]]] = deque()
        done = 0

        def queue() -> Iterator[MakeTask]:
            nonlocal done
            for owner, task in tasks:
                if task is None:
                    done += 1
                else:
                    under_way.append((owner, [(plan.path, plan.inputs) for plan in task.plans]))
                    yield task

        many = total >= _POOL_MONTHS and self._totals[2] >= _POOL_PAPERS
        for made in session.runner.run(Making(self._out), queue(), many=many):
            self._catalog.put_documents(*under_way.popleft())
            self._catalog.put_data_files(made.data_files)
            self._catalog.put_entries(made.entries)
            session.output.add(made.written)
            session.tell_written(made.written)
            done += 1
            session.runner.say(what, done, total)

    # -- the end ----------------------------------------------------------------------------------------------

    def _clean_up(self) -> None:
        """Remove what is no longer made, and note how the output was left."""
        session, catalog = self._session, self._catalog
        # A paper whose month is another has its page made by that one, at the same path.
        stale = {path for path, owner in self._stale.items() if catalog.owner_of(path) == owner}
        for path in stale:
            catalog.forget_document(path)
        if self._was_there:
            stale.update(self._orphans())
        gone = sorted(stale)
        for path in gone:
            session.tell("removed", self._out, path, UNPLANNED)
        session.output.removed = write.remove(self._out, gone)
        write.settle(self._out)
        before = catalog.folders().keys()
        touched = {path.rpartition("/")[0] for path in stale} | session.output.folders | {""}
        if session.afresh or not before or session.lost:
            touched |= before | catalog.document_folders()
        catalog.put_folders(write.folder_times(self._out, sorted(touched)), touched)

    def _orphans(self) -> Iterator[str]:
        """Find files that an earlier build made and this catalog does not know: of our paths, and with our mark."""
        for path in write.walk(self._out):
            if urls.is_ours(path) and not self._catalog.has_document(path) and self._has_mark(path):
                yield path

    def _has_mark(self, path: str) -> bool:
        """Tell whether a file says who made it; the data of a month has no place for that but its path."""
        return path.endswith((".jsonl", ".bib")) or b"digestfeed" in write.head_of(self._out, path)


def _beside(month: int, months: Iterable[int]) -> set[int]:
    earlier = max((m for m in months if m < month), default=month)
    later = min((m for m in months if m > month), default=month)
    return {earlier, later}


def _month_before(by_month: Mapping[int, int]) -> dict[int, int]:
    months = sorted(by_month)
    return dict(zip(months[1:], months, strict=False))
