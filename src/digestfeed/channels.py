"""Which feeds exist and which papers each holds, page by page.

Owns the list of channels and the cut of their papers into documents; refuses formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

ALL = "all"


class ChannelKind(StrEnum):
    """Why a channel exists."""

    ALL = "all"
    FIELD = "field"
    FORMER = "former"


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A feed: its slug, and its title and description for people.

    `stands_for` is the slug of the channel that a former name now stands for: same entries, and its `rel=self`.
    """

    slug: str
    title: str
    description: str
    kind: ChannelKind
    stands_for: str | None = None

    @property
    def source(self) -> str:
        """The slug of the channel whose papers it shows."""
        return self.stands_for or self.slug


class FieldName(msgspec.Struct, frozen=True):
    """A field as channels see it: its slug, its name in the site's language, and slugs that it had."""

    slug: str
    name: str
    formerly: tuple[str, ...] = ()


def channels(
    title: str,
    description: str,
    fields: Iterable[FieldName],
    counts: Mapping[str, int],
    published: frozenset[str],
    min_papers: int,
) -> list[Channel]:
    """Give the channels: all papers, then a field each, then those under former names.

    Args:
        title: the site's, and the title of the channel of all.
        description: likewise.
        fields: the vocabulary, in its order.
        counts: slug → number of papers.
        published: slugs that had a feed before; they keep it while they hold a paper, and so does what they became.
        min_papers: how many papers a field needs for a feed of its own.
    """
    found = [Channel(slug=ALL, title=title, description=description, kind=ChannelKind.ALL)]
    fields = list(fields)
    for field in fields:
        count = counts.get(field.slug, 0)
        if count >= min_papers or (count and not published.isdisjoint([field.slug, *field.formerly])):
            found.append(_field_channel(field, title))
    taken = {channel.slug for channel in found}
    for field in [field for field in fields if field.slug in taken]:
        for slug in field.formerly:
            if slug not in taken:
                channel = _field_channel(field, title)
                changes = {"slug": slug, "kind": ChannelKind.FORMER, "stands_for": field.slug}
                found.append(msgspec.structs.replace(channel, **changes))
                taken.add(slug)
    return found


def _field_channel(field: FieldName, title: str) -> Channel:
    return Channel(
        slug=field.slug, title=field.name, description=f"{title}: {field.name}", kind=ChannelKind.FIELD
    )


class Page(msgspec.Struct, frozen=True):
    """A closed archive document: its number within the month (0: the month's last), and whose papers it holds.

    `start` and `stop` bound the papers of the month in (published, key) order.
    """

    number: int
    start: int
    stop: int


def closed_pages(count: int, size: int, *, month_is_over: bool) -> list[Page]:
    """Cut a channel's papers of one month into closed documents (RFC 5005, section 4), in order.

    Full documents are closed at once and count from 1.  What is left over is closed when a later month has begun,
    as document 0, also when it holds nothing: the next month's link back then names a document that never moves.
    """
    full = count // size
    pages = [Page(n + 1, n * size, (n + 1) * size) for n in range(full)]
    return [*pages, Page(0, full * size, count)] if month_is_over else pages


def open_count(count: int, size: int) -> int:
    """Tell how many papers of the running month are in no closed document."""
    return count % size


def newest(months: Sequence[tuple[int, int]], latest: int, still_open: int) -> list[tuple[int, int]]:
    """Tell from which months a subscription document takes how many of the newest papers.

    Args:
        months: (month, number of papers), newest month first.
        latest: how many papers it holds at least, if there are so many.
        still_open: how many papers are in no closed document; all of these are in it.

    Returns:
        (month, how many of its last papers), newest month first.
    """
    wanted = max(latest, still_open)
    taken = []
    for month, count in months:
        if wanted <= 0:
            break
        taken.append((month, min(count, wanted)))
        wanted -= count
    return taken
