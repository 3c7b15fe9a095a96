"""The search index: which months are indexed together, and which of these indexes are not as they should be.

An index is named by what is in it, so that it never changes: another takes its place, the entry file leads there,
and only then the old one goes.  Who reads the old entry file meanwhile finds all that it names.

Months are joined, since a query asks every index, but not all of them: what a new digest changes is indexed again.
So the last months stand alone, and a year that is over for some time is cut into runs of months of bounded size.
All this follows from how many papers each month has, never from the order of the builds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from digestfeed import __version__, urls
from digestfeed.catalog import PaperRow
from digestfeed.pipeline.make import DocumentPlan, MakeTask, field_words
from digestfeed.pipeline.session import Session
from digestfeed.render import search
from digestfeed.render.context import Context

UNDATED_OWNER = -2
"""The owner of the index of the undated; that of another's is less by its first month (YYYYMM)."""

MOST = 2500
"""Papers that months are joined up to: a task's memory, and what one late digest of an old month costs."""

_SETTLED = 3  # months after its end in which the months of a year are not joined yet: late votes come to them
_REMEMBERED = "search"


def joined(counts: Mapping[int, int], most: int = MOST) -> list[tuple[tuple[int, int], ...]]:
    """Group months to be indexed together, newest first.

    Args:
        counts: month (YYYYMM, 0 for the undated) → number of papers.
        most: as many papers months are joined up to.

    >>> joined({202211: 9, 202212: 9, 202301: 9, 202312: 9, 202403: 9}, most=20)
    [((202403, 9),), ((202312, 9),), ((202301, 9),), ((202211, 9), (202212, 9))]
    """
    last = max(counts, default=0)
    over = last // 100 - (1 if last % 100 > _SETTLED else 2)  # the last year whose months are joined
    groups: list[list[tuple[int, int]]] = []
    for month, count in sorted(counts.items()):
        before = groups[-1] if groups else []
        size = sum(number for _, number in before)
        if before and before[0][0] // 100 == month // 100 <= over and size + count <= most:
            before.append((month, count))
        elif count:
            groups.append([(month, count)])
    return [tuple(group) for group in reversed(groups)]


class Searching:
    """The indexes of a build.

    Args:
        session: the build.
        context: what documents are rendered in.
        counts: month → number of papers.

    Attributes:
        wanted: whether the config asks for a search page.
        stale: documents of indexes that are no more, with their owner.
        parts: the indexes, newest first; complete when all tasks were taken.
    """

    def __init__(self, session: Session, context: Context, counts: Mapping[int, int]) -> None:
        self._session = session
        self._catalog = session.catalog
        self._context = context
        self.wanted = context.config.site.search and context.config.site.pages
        self._groups = joined(counts) if self.wanted else []
        self._words = field_words(session.naming)
        self._known = {} if self._is_new else _remembered(session.catalog.meta(_REMEMBERED))
        self.parts: list[search.Part] = []
        self.stale: dict[str, int] = {}

    @property
    def _is_new(self) -> bool:
        return self._session.afresh or "context" in self._session.stale

    def __len__(self) -> int:
        """Give how many indexes there are."""
        return len(self._groups)

    def tasks(self) -> Iterator[tuple[int, MakeTask | None]]:
        """Give the owner of each index with the task that makes it, or none where it is as it should be."""
        for months in self._groups:
            owner = UNDATED_OWNER - months[0][0]
            part = self._known.get(months)
            if part is not None and not self._may_differ(owner, months):
                self.parts.append(part)
                yield owner, None
            else:
                yield owner, self._task(owner, months)
        self._leave()
        self._catalog.remember(_REMEMBERED, msgspec.json.encode(self.parts).decode())

    def _leave(self) -> None:
        """Note the documents of indexes that are no more; not where there never was one, which costs a look at all."""
        if not (self._groups or self._known or self._is_new):
            return
        owners = {UNDATED_OWNER - months[0][0] for months in self._groups}
        for owner in self._catalog.owners():
            if owner <= UNDATED_OWNER and owner not in owners:
                self.stale.update(dict.fromkeys(self._catalog.documents(owner), owner))

    def entry(self) -> bytes:
        """Give the entry file."""
        return search.entry(self.parts)

    def _may_differ(self, owner: int, months: Iterable[tuple[int, int]]) -> bool:
        session = self._session
        return owner in session.lost or any(month in session.months for month, _ in months)

    def _task(self, owner: int, months: tuple[tuple[int, int], ...]) -> MakeTask | None:
        rows = [row for month, _ in months for row in self._catalog.month_papers(month)]
        made_of = self._print(rows)
        part = search.Part(urls.search_part(months[0][0], made_of), months)
        self.parts.append(part)
        plans = _plans(part, made_of)
        todo, known = self._session.unlike(owner, plans)
        self.stale.update(dict.fromkeys(known - {plan.path for plan in plans}, owner))
        if not todo:
            return None
        return MakeTask(self._context, tuple(self._catalog.bodies(row.key) for row in rows), tuple(todo))

    def _print(self, rows: Iterable[PaperRow]) -> bytes:
        """Hash all that an index depends on; what is shown elsewhere only is not in it."""
        start = msgspec.json.encode([__version__, search.FORMAT, self._words])
        papers = (row.hash + row.fields.encode() + b"\n" for row in rows)
        return hashlib.blake2b(start + b"".join(papers), digest_size=16).digest()


def _plans(part: search.Part, made_of: bytes) -> Sequence[DocumentPlan]:
    words = range(1 << search.word_bits(part.count))
    papers = range(-(-part.count // search.PAPERS_A_FILE))
    return [
        *(DocumentPlan(urls.search_words(part.folder, n), made_of, "search-words", (), (n,)) for n in words),
        DocumentPlan(urls.search_filters(part.folder), made_of, "search-filters"),
        *(DocumentPlan(urls.search_papers(part.folder, n), made_of, "search-papers", (), (n,)) for n in papers),
    ]


def _remembered(text: str | None) -> dict[tuple[tuple[int, int], ...], search.Part]:
    parts = msgspec.json.decode(text or "[]", type=list[search.Part])
    return {part.months: part for part in parts}
