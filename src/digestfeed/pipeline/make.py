"""From a plan to files: merges the papers a task needs, renders its documents and writes them.

One picklable task, any number of documents; the same on any machine.  Within a task each paper is merged once, and
rendered once for each format.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from digestfeed import merge
from digestfeed.dating import day_of
from digestfeed.model import Appearance, Moment, Paper
from digestfeed.pipeline.away import Apart
from digestfeed.pipeline.intake import Naming, naming
from digestfeed.render import atom, body, citation, data, jsonfeed, opml, rss, search, site, sitemaps
from digestfeed.render.context import Context, FeedHead
from digestfeed.render.markdown import rendered
from digestfeed.write import Batch, Written

_decode = msgspec.msgpack.Decoder(Appearance).decode


class DocumentPlan(msgspec.Struct, frozen=True):
    """A document to make: where, from what (a hash), of which kind.

    `papers` are indexes into the task's sources, in the order in which they are shown; `args` what else its kind
    needs.
    """

    path: str
    inputs: bytes
    kind: str
    papers: tuple[int, ...] = ()
    args: tuple[object, ...] = ()


class Leads(msgspec.Struct, frozen=True):
    """What a page leads to beside its own.

    A paper's: `before` and `after` tell whether the papers next to it follow it in the plan (1, else 0), and the rest
    of these are related.  A day's: they are days, YYYYMMDD.  Where there is none, the months are where to go on
    (YYYYMM, 0: nowhere).
    """

    before: int
    after: int
    month_before: int
    month_after: int


Shown = int | tuple[int, ...]
"""What an entry shows, as indexes into a task's sources: a paper, or a day with its papers."""


def shown(plan: DocumentPlan) -> Sequence[Shown]:
    """Give what the entries of a feed document show, in its order."""
    sizes = plan.args[1]
    if sizes is None:
        return plan.papers
    assert isinstance(sizes, tuple)  # noqa: S101 -- a plan of days carries how many papers each has
    papers = iter(plan.papers)
    return [tuple(islice(papers, size)) for size in sizes]


class MakeTask(msgspec.Struct, frozen=True):
    """Documents to make from papers: each source is the encoded appearances of one paper.

    `entries` are there in a task of subscription documents: the hash of each, and it, encoded, where it was rendered
    before.  Then the sources of its papers are empty if no document needs more.
    """

    context: Context
    sources: tuple[tuple[bytes, ...], ...]
    plans: tuple[DocumentPlan, ...]
    entries: dict[Shown, tuple[bytes, bytes | None]] = {}


class LiveEntry(msgspec.Struct, frozen=True, array_like=True):
    """An entry as subscription documents and feed pages have it, rendered; the catalog keeps it for the next build.

    `line` is there only for a paper, and where the site has pages.
    """

    updated: Moment
    line: site.PaperLine | None
    atom: bytes
    rss: bytes
    json: bytes


_decode_entry = msgspec.msgpack.Decoder(LiveEntry).decode

FORMS = ("atom", "rss", "json")
"""The kinds of feed documents; their plans carry a head, and how many papers each day has where they are of days."""

OF_ENTRIES = frozenset([*FORMS, "feed-page"])
"""The kinds of documents for which entries are all that must be known of papers."""


def field_words(names: Naming) -> dict[str, str]:
    """Give what a search finds each field by: the names of both languages, and its slug."""
    return {field.slug: f"{field.slug} {field.name_en} {field.name_ko}" for field in names.vocabulary.fields}


class Made(msgspec.Struct, frozen=True):
    """What came of a task: the documents whose bytes were not there yet, and what is in its data files.

    Of each of these: its path, its size in bytes, its SHA-256.  `entries` are those that were not there yet: the
    hash, and the encoded `LiveEntry`.
    """

    written: list[Written]
    data_files: list[tuple[str, int, bytes]]
    entries: list[tuple[bytes, bytes]]


class Product(msgspec.Struct, frozen=True):
    """What a task gives, made away: documents, each with its path, and entries as in `Made`; all compressed."""

    documents: list[tuple[str, bytes]]
    entries: list[tuple[bytes, bytes]]


class Making(Apart[MakeTask, MakeTask, Product, Made]):
    """Makes tasks for an output folder; made away, documents come back compressed.

    Raises:
        OutputError: the output cannot be written; none of the task's documents is changed then.
    """

    def __init__(self, out: Path) -> None:
        self._out = out

    def __call__(self, task: MakeTask) -> Made:
        """Make a task's documents, each written before the next is made."""
        maker = _Maker(task)
        return self._put(maker.documents(), maker.new_entries)

    def send(self, task: MakeTask) -> MakeTask:
        """Give the task: all that it needs is in it."""
        return task

    @staticmethod
    def away(sent: MakeTask) -> Product:
        """Make the documents of a task."""
        maker = _Maker(sent)
        made = [(path, zlib.compress(document, _LEVEL)) for path, document in maker.documents()]
        return Product(made, [(key, zlib.compress(entry, _LEVEL)) for key, entry in maker.new_entries()])

    def receive(self, done: Product) -> Made:
        """Write the documents."""
        unpacked = ((path, zlib.decompress(packed)) for path, packed in done.documents)
        return self._put(unpacked, lambda: [(key, zlib.decompress(packed)) for key, packed in done.entries])

    def _put(self, made: Iterable[tuple[str, bytes]], entries: Callable[[], list[tuple[bytes, bytes]]]) -> Made:
        data_files = []
        with Batch(self._out) as batch:
            for path, document in made:
                batch.put(path, document)
                if path.endswith(_DATA):
                    data_files.append((path, len(document), hashlib.sha256(document).digest()))
        return Made(batch.written, data_files, entries())


_LEVEL = 1  # zlib's fastest: a fifth of the bytes is left, for a quarter more time than rendering takes
_DATA = (".jsonl", ".bib")  # what a program loads, and asks for changes by its hash


class _Maker:
    """A task's papers, each merged and rendered at most once."""

    def __init__(self, task: MakeTask) -> None:
        self._task = task
        self.context = task.context
        self._names = naming(task.context.config)
        self._papers: dict[int, Paper] = {}
        self._entries: dict[Shown, body.Entry] = {}
        self._texts: dict[int, tuple[str, str]] = {}
        self._lines: dict[int, site.PaperLine] = {}
        self._cited: dict[int, citation.Cited] = {}
        self._listed: dict[int, body.Listed] = {}
        self._index: search.Index | None = None
        self._ready = {what: _decode_entry(packed) for what, (_, packed) in task.entries.items() if packed is not None}
        self._parts = {form: {what: getattr(ready, form) for what, ready in self._ready.items()} for form in FORMS}

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """Make the documents, one after the other, each with its path."""
        for plan in self._task.plans:
            yield plan.path, _KINDS[plan.kind](self, plan)

    def new_entries(self) -> list[tuple[bytes, bytes]]:
        """Give the entries that are to be kept: those of which the documents needed every form."""
        forms = [self._parts[form] for form in FORMS]
        pages = self.context.config.site.pages
        found = []
        for what, (name, packed) in self._task.entries.items():
            if name and packed is None and all(what in form for form in forms):
                line = self.line(what) if pages and isinstance(what, int) else None
                ready = LiveEntry(self.entry(what).updated, line, *(form[what] for form in forms))
                found.append((name, msgspec.msgpack.encode(ready)))
        return found

    def paper(self, index: int) -> Paper:
        found = self._papers.get(index)
        if found is None:
            appearances = map(_decode, self._task.sources[index])
            found = merge.merge(appearances, self._names.fields_of, self._names.infer)
            self._papers[index] = found
        return found

    def papers(self, plan: DocumentPlan) -> list[Paper]:
        return [self.paper(index) for index in plan.papers]

    def index(self) -> search.Index:
        """The search index of all of the task's papers."""
        if self._index is None:
            papers = [self.paper(number) for number in range(len(self._task.sources))]
            self._index = search.Index(papers, field_words(self._names))
        return self._index

    def texts(self, index: int) -> tuple[str, str]:
        """Its summaries as HTML, which the page and the entry share."""
        found = self._texts.get(index)
        if found is None:
            found = self._texts[index] = rendered(self.paper(index))
        return found

    def cited(self, index: int) -> citation.Cited:
        """What a citation says of it, which the page and the month's BibTeX share."""
        found = self._cited.get(index)
        if found is None:
            found = self._cited[index] = citation.cited(self.paper(index))
        return found

    def line(self, index: int) -> site.PaperLine:
        found = self._lines.get(index)
        if found is None:
            ready = self._ready.get(index)
            known = ready.line if ready else None
            found = self._lines[index] = known or site.paper_line(self.paper(index))
        return found

    def lines(self, indexes: Iterable[int]) -> list[site.PaperLine]:
        return [self.line(index) for index in indexes]

    def listed(self, index: int) -> body.Listed:
        found = self._listed.get(index)
        if found is None:
            found = self._listed[index] = body.listed(self.paper(index), self.context, self._texts.get(index))
        return found

    def entry(self, what: Shown) -> body.Entry:
        found = self._entries.get(what)
        if found is None:
            found = self._entries[what] = self._entry(what) if isinstance(what, int) else self._day(what)
        return found

    def _entry(self, index: int) -> body.Entry:
        return body.entry(self.paper(index), self.context, self.texts(index))

    def _day(self, indexes: tuple[int, ...]) -> body.Entry:
        day = self.paper(indexes[0]).day
        assert day is not None  # noqa: S101 -- what has no day is in no feed
        return body.day_entry(day, [self.listed(index) for index in indexes], self.context)

    def parts(self, form: str, entries: Sequence[Shown], render: Callable[..., list[bytes]]) -> list[bytes]:
        """The bytes of entries in one format; what no document needed yet is rendered in one go."""
        done = self._parts[form]
        missing = [what for what in entries if what not in done]
        if missing:
            done.update(zip(missing, render([self.entry(what) for what in missing], self.context), strict=True))
        return [done[what] for what in entries]

    def head(self, plan: DocumentPlan, entries: Sequence[Shown]) -> FeedHead:
        """A document's head, as new as the newest of its entries."""
        head = plan.args[0]
        assert isinstance(head, FeedHead)  # noqa: S101 -- a plan of this kind carries one
        newest = max(((self._ready.get(what) or self.entry(what)).updated for what in entries), default=None)
        return msgspec.structs.replace(head, updated=newest)


def _atom(maker: _Maker, plan: DocumentPlan) -> bytes:
    entries = shown(plan)
    return atom.document(maker.head(plan, entries), maker.parts("atom", entries, atom.entries), maker.context)


def _rss(maker: _Maker, plan: DocumentPlan) -> bytes:
    entries = shown(plan)
    return rss.document(maker.head(plan, entries), maker.parts("rss", entries, rss.entries), maker.context)


def _json(maker: _Maker, plan: DocumentPlan) -> bytes:
    entries = shown(plan)
    return jsonfeed.document(maker.head(plan, entries), maker.parts("json", entries, jsonfeed.items), maker.context)


def _jsonl(maker: _Maker, plan: DocumentPlan) -> bytes:
    return b"".join(data.jsonl_line(paper, maker.context) for paper in maker.papers(plan))


def _bib(maker: _Maker, plan: DocumentPlan) -> bytes:
    return data.bibliography(map(maker.cited, plan.papers))


def _paper_page(maker: _Maker, plan: DocumentPlan) -> bytes:
    index, *others = plan.papers
    leads = plan.args[0]
    assert isinstance(leads, Leads)  # noqa: S101 -- a plan of this kind carries them
    titles = [site.Title(paper.key, paper.title) for paper in map(maker.paper, others)]
    after, related = leads.before, leads.before + leads.after
    around = site.Around(
        before=titles[0] if leads.before else None,
        after=titles[after] if leads.after else None,
        month_before=leads.month_before,
        month_after=leads.month_after,
        related=titles[related:],
    )
    ready = site.Ready(maker.texts(index), maker.cited(index), maker.line(index).teaser)
    return site.paper_page(maker.paper(index), maker.context, around, ready)


def _day_page(maker: _Maker, plan: DocumentPlan) -> bytes:
    day, leads = plan.args
    assert isinstance(day, int)  # noqa: S101 -- a plan of this kind carries them
    assert isinstance(leads, Leads)  # noqa: S101
    around = site.DayAround(
        before=day_of(leads.before) if leads.before else None,
        after=day_of(leads.after) if leads.after else None,
        month_before=leads.month_before,
        month_after=leads.month_after,
    )
    return site.day_page(day_of(day), maker.lines(plan.papers), maker.context, around)


def _month_page(maker: _Maker, plan: DocumentPlan) -> bytes:
    month, previous, following = plan.args
    lines = maker.lines(plan.papers)
    return site.month_page(month, lines, maker.context, previous=previous, following=following)  # type: ignore[arg-type]


def _month_sitemap(maker: _Maker, plan: DocumentPlan) -> bytes:
    return sitemaps.month_sitemap(plan.args[0], maker.papers(plan), maker.context)  # type: ignore[arg-type]


def _site_sitemap(maker: _Maker, plan: DocumentPlan) -> bytes:
    return sitemaps.site_sitemap(plan.args[0], maker.papers(plan), maker.context)  # type: ignore[arg-type]


def _data_index(maker: _Maker, plan: DocumentPlan) -> bytes:
    return data.index(plan.args[0], maker.context)  # type: ignore[arg-type]


def _feed_page(maker: _Maker, plan: DocumentPlan) -> bytes:
    channel, months, count, is_paired = plan.args
    held = site.Held(maker.lines(plan.papers), months, count, is_paired)  # type: ignore[arg-type]
    return site.feed_page(channel, held, maker.context)  # type: ignore[arg-type]


def _front_page(maker: _Maker, plan: DocumentPlan) -> bytes:
    channels, months, total, newest = plan.args
    assert isinstance(newest, int)  # noqa: S101 -- a plan of this kind carries it
    lines = maker.lines(plan.papers)
    best = sorted(lines[newest:], key=lambda line: (-(line.votes or 0), line.key))
    front = site.Front(latest=lines[:newest], best=best, channels=channels, months=months, total=total)  # type: ignore[arg-type]
    return site.front_page(front, maker.context)


def _status_page(maker: _Maker, plan: DocumentPlan) -> bytes:
    return site.status_page(plan.args[0], maker.context)  # type: ignore[arg-type]


def _archive_page(maker: _Maker, plan: DocumentPlan) -> bytes:
    months, days = plan.args
    return site.archive_page(months, days, maker.context)  # type: ignore[arg-type]


def _trends_page(maker: _Maker, plan: DocumentPlan) -> bytes:
    return site.trends_page(plan.args[0], maker.context)  # type: ignore[arg-type]


def _search_words(maker: _Maker, plan: DocumentPlan) -> bytes:
    return maker.index().words(plan.args[0])  # type: ignore[arg-type]


def _search_filters(maker: _Maker, plan: DocumentPlan) -> bytes:  # noqa: ARG001
    return maker.index().filters()


def _search_papers(maker: _Maker, plan: DocumentPlan) -> bytes:
    return maker.index().papers(plan.args[0])  # type: ignore[arg-type]


def _search_page(maker: _Maker, plan: DocumentPlan) -> bytes:
    channels, months = plan.args
    return site.search_page(channels, months, maker.context)  # type: ignore[arg-type]


def _opml(maker: _Maker, plan: DocumentPlan) -> bytes:
    return opml.document(maker.context, plan.args[0])  # type: ignore[arg-type]


def _sitemap(maker: _Maker, plan: DocumentPlan) -> bytes:  # noqa: ARG001
    return sitemaps.sitemap_index(plan.args[0])  # type: ignore[arg-type]


def _not_found(maker: _Maker, plan: DocumentPlan) -> bytes:  # noqa: ARG001
    return site.not_found_page(maker.context)


def _robots(maker: _Maker, plan: DocumentPlan) -> bytes:  # noqa: ARG001
    return sitemaps.robots(maker.context)


def _ready(maker: _Maker, plan: DocumentPlan) -> bytes:  # noqa: ARG001
    data = plan.args[0]
    assert isinstance(data, bytes)  # noqa: S101 -- a plan of this kind carries them
    return data


_KINDS: dict[str, Callable[[_Maker, DocumentPlan], bytes]] = {
    "atom": _atom,
    "rss": _rss,
    "json": _json,
    "jsonl": _jsonl,
    "bib": _bib,
    "paper-page": _paper_page,
    "day-page": _day_page,
    "month-page": _month_page,
    "month-sitemap": _month_sitemap,
    "site-sitemap": _site_sitemap,
    "data-index": _data_index,
    "feed-page": _feed_page,
    "front-page": _front_page,
    "archive-page": _archive_page,
    "trends-page": _trends_page,
    "status-page": _status_page,
    "search-words": _search_words,
    "search-filters": _search_filters,
    "search-papers": _search_papers,
    "search-page": _search_page,
    "opml": _opml,
    "sitemap": _sitemap,
    "not-found-page": _not_found,
    "robots": _robots,
    "ready": _ready,
}
