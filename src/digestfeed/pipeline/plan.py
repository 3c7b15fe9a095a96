"""What is to be made: the documents of a month, of the channels and of the site, each with a hash of its inputs.

A document is made again when that hash is not the one it was made from.  The hash holds all that the bytes depend
on: the papers' own hashes, the names of their fields, the arguments, and the fingerprint of the context.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from digestfeed import urls
from digestfeed.catalog import PaperRow
from digestfeed.channels import ALL, ONCE, TOP_WEEK, Channel, ChannelKind, closed_pages
from digestfeed.config import Config
from digestfeed.dating import day_of
from digestfeed.pipeline.make import DocumentPlan, Leads
from digestfeed.pipeline.related import related
from digestfeed.render import data, site
from digestfeed.render.context import Context, FeedHead
from digestfeed.render.opml import Outline

PAGE = "-page"
"""How the kinds of documents end that are made from a template."""

SITE = -1
"""The owner of the documents that belong to no month."""

FRONT_PAPERS = 20
FRONT_BEST = 10
FRONT_MONTHS = 12
TREND_MONTHS = 12
PAGE_PAPERS = 20


class Hasher:
    """Hashes of inputs, for one context.

    A document's is that of the context, of what it says beside its papers, and of these, one behind the other: so
    two of them tell which of these changed.
    """

    def __init__(self, context: Context) -> None:
        config = context.config
        # What does not show in a document by itself: labels reach it as fields, channels as heads.
        plain = Config()
        bare = msgspec.structs.replace(
            config, fields={}, channels=(), digests=plain.digests, timezone=plain.timezone, check=plain.check
        )
        self.context = _hash(msgspec.json.encode([context.version, bare]))
        self.pages = _hash(self.context + msgspec.json.encode(sorted(context.templates.items())))
        self._names = context.field_names

    def paper(self, row: PaperRow) -> bytes:
        """Hash a paper as documents see it."""
        names = "\n".join(self._names.get(slug, slug) for slug in row.fields.split())
        return hashlib.blake2b(row.hash + f"{row.fields}\n{row.inferred}\n{names}".encode(), digest_size=16).digest()

    def entry(self, row: PaperRow) -> bytes:
        """Hash all that a paper's entry, and its line on a feed's page, depend on."""
        return hashlib.blake2b(self.context + self.paper(row), digest_size=16).digest()

    def day_entry(self, rows: Iterable[PaperRow]) -> bytes:
        """Hash all that the entry of a day with these papers depends on; another than that of a paper alone."""
        papers = b"".join(map(self.paper, rows))
        return hashlib.blake2b(self.context + papers, digest_size=16, person=b"day").digest()

    def document(self, kind: str, papers: Iterable[bytes], args: tuple[object, ...]) -> bytes:
        """Hash all that a document depends on."""
        context = self.pages if kind.endswith(PAGE) else self.context
        return context + _hash(msgspec.msgpack.encode([kind, args])) + _hash(b"".join(papers))


_SIZE = 10  # bytes: a million documents that changed are all told from what they were but once in 10^18 builds


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_SIZE).digest()


NEW = "it is new"
DISTRUSTED = "everything is made and compared again"
LOST = "it was taken away"
UNPLANNED = "nothing is to be there any more"
PAPERS = "its papers changed"
# Which part of a hash says so; the first that changed is told.
_CHANGED = (
    (0, "the config, the templates or the program changed"),
    (2, PAPERS),
    (1, "what it says beside its papers changed"),
)


def why(before: bytes | None, now: bytes) -> str:
    """Say why a document is made whose hash was another before; None: it was not there, empty: nobody knows."""
    if before is None:
        return NEW
    if not before:
        return DISTRUSTED
    return next((reason for part, reason in _CHANGED if _part(before, part) != _part(now, part)), DISTRUSTED)


def _part(inputs: bytes, part: int) -> bytes:
    return inputs[part * _SIZE : (part + 1) * _SIZE]


class Neighbours(msgspec.Struct, frozen=True):
    """What a month's documents say of other months: its neighbours, and each channel's month before.

    `is_over` says that a later month has begun.
    """

    previous: int | None
    following: int | None
    before: Mapping[str, int]
    is_over: bool


class Planner:
    """Makes the plans of one owner; `papers` are its sources, in the order of their indexes."""

    def __init__(self, hasher: Hasher, papers: Sequence[PaperRow]) -> None:
        self._hasher = hasher
        self._hashes = [hasher.paper(row) for row in papers]
        self._papers = papers
        self.plans: list[DocumentPlan] = []

    def add(self, path: str, kind: str, papers: Sequence[int] = (), *args: object) -> None:
        """Plan a document."""
        inputs = self._hasher.document(kind, [self._hashes[i] for i in papers], args)
        self.plans.append(DocumentPlan(path, inputs, kind, tuple(papers), args))


class MonthContents(msgspec.Struct, frozen=True):
    """What the documents of a month are made of.

    The first `own` of `papers` are the month's, in (published, key) order; the others entered a channel in it.
    `shelves` has for each channel its entries in order, each the indexes of its papers: one, or those of a day.
    """

    month: int
    papers: Sequence[PaperRow]
    own: int
    shelves: Mapping[str, Sequence[tuple[int, ...]]]
    neighbours: Neighbours


def month_plans(
    contents: MonthContents, channels: Sequence[Channel], context: Context, hasher: Hasher
) -> list[DocumentPlan]:
    """Plan the documents of a month (YYYYMM): archive documents, pages, data; month 0 (undated) is in no feed."""
    planner = Planner(hasher, contents.papers)
    if contents.own:
        _month_documents(planner, contents, context)
    for channel in channels if contents.month else ():
        if channel.stands_for is None and channel.slug in contents.shelves:
            _archive_plans(planner, channel, contents, context)
    return planner.plans


def _month_documents(planner: Planner, contents: MonthContents, context: Context) -> None:
    month, everything, neighbours = contents.month, range(contents.own), contents.neighbours
    planner.add(urls.month_data(month), "jsonl", everything)
    planner.add(urls.month_bibliography(month), "bib", everything)
    if context.config.site.pages:
        _paper_pages(planner, contents)
        _day_pages(planner, contents)
        newest_first = tuple(reversed(everything))
        planner.add(
            urls.month_page(month), "month-page", newest_first, month, neighbours.previous, neighbours.following
        )
        planner.add(urls.month_sitemap(month), "month-sitemap", everything, month)


def _paper_pages(planner: Planner, contents: MonthContents) -> None:
    """Plan the pages of a month's papers, each with the papers it leads to: before, after, related.

    Beyond the first and the last paper of a month lies the neighbouring month.  The undated lead nowhere.
    """
    papers, month = contents.papers[: contents.own], contents.month
    near = related(row.fields.split() for row in papers)
    last = contents.own - 1
    for index, row in enumerate(papers):
        before = (index - 1,) if month and index else ()
        after = (index + 1,) if month and index < last else ()
        leads = _leads(len(before), len(after), contents.neighbours)
        like = next(near) if month else ()
        planner.add(urls.paper_path(row.key), "paper-page", (index, *before, *after, *like), leads)


def _day_pages(planner: Planner, contents: MonthContents) -> None:
    """Plan the pages of a month's days, papers newest first; beyond the first and the last lie months."""
    days: dict[int, list[int]] = {}
    for index, row in enumerate(contents.papers[: contents.own] if contents.month else ()):
        days.setdefault(row.day, []).append(index)
    found = sorted(days)
    for before, day, after in zip([0, *found], found, [*found[1:], 0], strict=False):
        leads = _leads(before, after, contents.neighbours)
        planner.add(urls.day_page(day_of(day)), "day-page", days[day][::-1], day, leads)


def _leads(before: int, after: int, neighbours: Neighbours) -> Leads:
    return Leads(before, after, 0 if before else neighbours.previous or 0, 0 if after else neighbours.following or 0)


def _archive_plans(planner: Planner, channel: Channel, contents: MonthContents, context: Context) -> None:
    shelf, month = contents.shelves[channel.slug], contents.month
    over = contents.neighbours.is_over
    pages = closed_pages(len(shelf), context.config.feeds.archive_size, month_is_over=over)
    numbers = [page.number for page in pages]
    previous = archive_url(channel.slug, contents.neighbours.before.get(channel.slug), 0, context)
    for page, following in zip(pages, [*numbers, 0][1:], strict=True):
        path = urls.archive_document(channel.slug, month, page.number)
        head = feed_head(channel, context, urls.Format.ATOM)
        head = msgspec.structs.replace(
            head,
            current_url=head.self_url,
            self_url=context.urls.absolute(path),
            prev_archive=previous,
            # To document 0 nothing links forward: it comes into being without a digest of this month.
            next_archive=archive_url(channel.slug, month, following, context) if following else None,
        )
        _add_feed(planner, path, "atom", channel, list(reversed(shelf[page.start : page.stop])), head)
        previous = head.self_url


def _add_feed(
    planner: Planner, path: str, form: str, channel: Channel, entries: Sequence[tuple[int, ...]], head: FeedHead
) -> None:
    """Plan a document of entries, each of one paper, or each of the papers of a day."""
    sizes = tuple(map(len, entries)) if channel.kind is ChannelKind.DAILY else None
    planner.add(path, form, [index for entry in entries for index in entry], head, sizes)


def archive_url(slug: str, month: int | None, number: int, context: Context) -> str | None:
    """Give the URL of an archive document; None where there is no month."""
    return None if month is None else context.urls.absolute(urls.archive_document(slug, month, number))


def feed_head(channel: Channel, context: Context, form: urls.Format) -> FeedHead:
    """Give the head of a channel's subscription document; a former name's says the addresses of the new one."""
    return FeedHead(
        slug=channel.source,
        feed_id=context.urls.feed_id(channel.source),
        title=channel.title,
        description=channel.description,
        self_url=context.urls.feed(channel.source, form),
        page_url=context.urls.absolute(urls.feed_page(channel.source)),
        updated=None,
    )


class ChannelState(msgspec.Struct, frozen=True):
    """A channel as its subscription documents show it.

    `entries` are its newest, newest first, each one paper or those of a day; `months` its (month, count), newest
    first, `paged` those of them that have a page (a paper may enter a channel in a month that has none of its own);
    `count` how many papers it holds; `last_archive` the URL of the newest closed archive document; `is_paired` whether
    a field has both its channels: that of all its papers, and its *once* channel.
    """

    channel: Channel
    entries: tuple[tuple[PaperRow, ...], ...]
    months: tuple[tuple[int, int], ...]
    paged: tuple[tuple[int, int], ...]
    count: int
    last_archive: str | None
    is_paired: bool = False


_FORMS = ((urls.Format.ATOM, "atom"), (urls.Format.RSS, "rss"), (urls.Format.JSON, "json"))


def channel_plans(
    states: Sequence[ChannelState], context: Context, hasher: Hasher
) -> tuple[list[PaperRow], list[DocumentPlan]]:
    """Plan the subscription documents and pages of some channels; gives their papers, and the plans over these."""
    index: dict[str, int] = {}
    papers: list[PaperRow] = []
    for row in (row for state in states for entry in state.entries for row in entry):
        if row.key not in index:
            index[row.key] = len(papers)
            papers.append(row)
    planner = Planner(hasher, papers)
    for state in states:
        entries = [tuple(index[row.key] for row in entry) for entry in state.entries]
        for form, kind in _FORMS:
            head = feed_head(state.channel, context, form)
            head = msgspec.structs.replace(head, prev_archive=state.last_archive)
            _add_feed(planner, urls.feed_path(state.channel.slug, form), kind, state.channel, entries, head)
        if context.config.site.pages:
            planner.add(
                urls.feed_page(state.channel.slug),
                "feed-page",
                [index for entry in entries for index in entry][:PAGE_PAPERS],
                state.channel,
                _counts(state.paged),
                state.count,
                state.is_paired,
            )
    return papers, planner.plans


def _counts(months: Iterable[tuple[int, int]]) -> list[site.MonthCount]:
    return [site.MonthCount(month=month, count=count) for month, count in months]


def site_plans(
    states: Sequence[ChannelState],
    months: Sequence[tuple[int, int]],
    status: bytes,
    context: Context,
    hasher: Hasher,
) -> tuple[list[PaperRow], list[DocumentPlan]]:
    """Plan what belongs to no channel and no month.

    Args:
        states: all channels, that of all papers first; this one and the week's best with their papers.
        months: all (month, count), newest first, the undated (0) last.
        status: the bytes of `status.json`.
        context: the build's.
        hasher: of that context.
    """
    newest, best = _shown(states, ALL)[:FRONT_PAPERS], _latest_week(_shown(states, TOP_WEEK))
    papers = newest + best
    planner = Planner(hasher, papers)
    shown = [state for state in states if state.channel.stands_for is None]
    # Only fields and the config's own channels: who imports the list would get everything twice with the others.
    listed = (ChannelKind.FIELD, ChannelKind.CHOSEN)
    planner.add(urls.OPML, "opml", (), [_outline(s.channel, context) for s in shown if s.channel.kind in listed])
    once = [_outline(s.channel, context) for s in shown if s.channel.kind is ChannelKind.ONCE]
    planner.add(urls.OPML_ONCE, "opml", (), once)
    planner.add(urls.STATUS, "ready", (), status)
    for path, asset in sorted(site.asset_files().items()):
        planner.add(path, "ready", (), asset)
    if context.config.site.pages:
        dated = [(month, count) for month, count in months if month]
        last = dated[0][0] if dated else 0
        lines = [_line(s, last) for s in shown if s.channel.kind not in {ChannelKind.ALL, ChannelKind.ONCE}]
        total = sum(count for _, count in months)
        front = (lines, _counts(dated[:FRONT_MONTHS]), total, len(newest))
        planner.add(urls.FRONT, "front-page", range(len(papers)), *front)
        planner.add(urls.STATUS_PAGE, "status-page", (), status)
        planner.add(urls.NOT_FOUND, "not-found-page")
        planner.add(urls.ROBOTS, "robots")
        pages = [urls.FRONT, urls.ARCHIVE, urls.TRENDS, *(urls.feed_page(s.channel.slug) for s in shown)]
        planner.add(urls.SITE_SITEMAP, "site-sitemap", range(len(papers)), pages)
        maps = [urls.SITE_SITEMAP, *(urls.month_sitemap(month) for month, _ in months)]
        planner.add(urls.SITEMAP, "sitemap", (), [context.urls.absolute(path) for path in maps])
    return papers, planner.plans


def data_index_plan(
    months: Iterable[tuple[int, int]], files: Mapping[str, tuple[int, bytes]], hasher: Hasher
) -> DocumentPlan:
    """Plan the index of the data files.

    Args:
        months: (month, count) in the order to list.
        files: path → size in bytes, SHA-256, of all data files.
        hasher: of the build's context.
    """
    listed = []
    for month, count in months:
        paths = (urls.month_data(month), urls.month_bibliography(month))
        listed.append(data.MonthData(month, count, tuple(data.DataFile(path, *files[path]) for path in paths)))
    planner = Planner(hasher, ())
    planner.add(urls.DATA_INDEX, "data-index", (), listed)
    return planner.plans[0]


def search_plans(
    states: Sequence[ChannelState], months: Sequence[tuple[int, int]], entry: bytes, hasher: Hasher
) -> list[DocumentPlan]:
    """Plan what leads to the search indexes.

    Args:
        states: all channels.
        months: all (month, count), newest first, the undated (0) last.
        entry: the bytes of the entry file.
        hasher: of the build's context.
    """
    planner = Planner(hasher, ())
    planner.add(urls.SEARCH_ENTRY, "ready", (), entry)
    planner.add(urls.SEARCH_SCRIPT, "ready", (), site.search_script())
    fields = [_line(s, 0) for s in states if s.channel.kind is ChannelKind.FIELD and s.channel.stands_for is None]
    planner.add(urls.SEARCH_PAGE, "search-page", (), fields, _counts(months))
    return planner.plans


def picture_plans(
    states: Sequence[ChannelState], months: Sequence[tuple[int, int]], days: Sequence[tuple[int, int]], hasher: Hasher
) -> list[DocumentPlan]:
    """Plan the pages with pictures: the index of the archive, and the trends.

    Args:
        states: all channels.
        months: all (month, count), newest first, the undated (0) last.
        days: all (day, count), oldest first.
        hasher: of the build's context.
    """
    once = {state.channel.slug: state for state in states if state.channel.kind is ChannelKind.ONCE}
    fields = [
        site.FieldMonths(
            slug=state.channel.slug,
            title=state.channel.title,
            months=dict(state.months),
            first=dict(once[ONCE + state.channel.slug].months) if ONCE + state.channel.slug in once else {},
        )
        for state in states
        if state.channel.kind is ChannelKind.FIELD
    ]
    planner = Planner(hasher, ())
    planner.add(urls.ARCHIVE, "archive-page", (), _counts(months), days)
    planner.add(urls.TRENDS, "trends-page", (), site.History(days=days, fields=fields))
    return planner.plans


def _shown(states: Sequence[ChannelState], slug: str) -> list[PaperRow]:
    """Give the newest papers of a channel."""
    return [row for state in states if state.channel.slug == slug for entry in state.entries for row in entry]


def _latest_week(rows: Sequence[PaperRow]) -> list[PaperRow]:
    """Give those of the latest week that is among them; a paper that was lifted later may be of an earlier one."""
    weeks = {row.key: day_of(row.day).isocalendar()[:2] for row in rows}
    latest = max(weeks.values(), default=None)
    return [row for row in rows if weeks[row.key] == latest][:FRONT_BEST]


def _line(state: ChannelState, last: int) -> site.ChannelLine:
    """Give what the front page says of a channel: also how many papers it got in each month of the last year."""
    channel, counts = state.channel, dict(state.months)
    newest = last // 100 * 12 + last % 100 - 1  # months since the year 0
    months = (number // 12 * 100 + number % 12 + 1 for number in range(newest - TREND_MONTHS + 1, newest + 1))
    return site.ChannelLine(
        slug=channel.slug,
        title=channel.title,
        count=state.count,
        kind=channel.kind,
        trend=tuple(counts.get(month, 0) for month in months),
    )


def _outline(channel: Channel, context: Context) -> Outline:
    return Outline(
        title=channel.title,
        description=channel.description,
        xml_url=context.urls.feed(channel.slug, urls.Format.ATOM),
        html_url=context.urls.absolute(urls.feed_page(channel.slug)),
        folder=context.config.title,
    )
