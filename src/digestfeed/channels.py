"""Which feeds exist and which papers each holds, page by page.

Owns the list of channels and the cut of their papers into documents; refuses formats.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from digestfeed.config import ChannelConfig
from digestfeed.errors import ConfigError
from digestfeed.model import Moment

ALL = "all"
DAILY = "daily"
DAYS = 30
"""How many days the subscription documents of the days hold at most; each is as long as twenty papers."""

TOP_WEEK = "top-week"
TOP_MONTH = "top-month"
ONCE = "once-"
"""What the slug of a field's *once* channel begins with: papers whose first field it is."""

TOP_SIZES = {TOP_WEEK: 10, TOP_MONTH: 30}
"""How many papers of a week or month enter its channel when it is over."""


class ChannelKind(StrEnum):
    """Why a channel exists."""

    ALL = "all"
    FIELD = "field"
    FORMER = "former"
    CHOSEN = "chosen"
    TOP = "top"
    DAILY = "daily"
    ONCE = "once"


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


class ChannelNames(msgspec.Struct, frozen=True):
    """The titles, in the site's language, of the channels that are neither fields nor the config's own.

    `once` has a place for the field's name.
    """

    daily: str
    top_week: str
    top_month: str
    once: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What decides which channels there are.

    `title` and `description` are the site's; `fields` the vocabulary, in its order; `chosen` the config's own
    channels; `counts` slug → number of papers; `published` the slugs that had a feed before: they keep it while
    they hold a paper, and so does what they became; `min_papers` what a field needs for a feed of its own.
    """

    title: str
    description: str
    names: ChannelNames
    fields: tuple[FieldName, ...]
    chosen: tuple[ChannelConfig, ...]
    counts: Mapping[str, int]
    published: frozenset[str]
    min_papers: int


def channels(wanted: Wanted) -> list[Channel]:
    """Give the channels: all papers, fields, the config's own, tops, days, once, and fields under former names."""
    found = [Channel(slug=ALL, title=wanted.title, description=wanted.description, kind=ChannelKind.ALL)]
    fields = [field for field in wanted.fields if _has_feed(field, wanted)]
    found += [_field_channel(field, wanted.title) for field in fields]
    found += [
        Channel(slug=c.slug, title=c.title, description=f"{wanted.title}: {c.title}", kind=ChannelKind.CHOSEN)
        for c in wanted.chosen
    ]
    if wanted.counts.get(ALL):
        found += _time_channels(wanted)
    found += [_once_channel(field, wanted) for field in wanted.fields if wanted.counts.get(ONCE + field.slug)]
    taken = {channel.slug for channel in found}
    for field in fields:
        for slug in field.formerly:
            if slug not in taken:
                channel = _field_channel(field, wanted.title)
                changes = {"slug": slug, "kind": ChannelKind.FORMER, "stands_for": field.slug}
                found.append(msgspec.structs.replace(channel, **changes))
                taken.add(slug)
    return found


def _has_feed(field: FieldName, wanted: Wanted) -> bool:
    count = wanted.counts.get(field.slug, 0)
    known = not wanted.published.isdisjoint([field.slug, *field.formerly])
    return count >= wanted.min_papers or (count > 0 and known)


def _time_channels(wanted: Wanted) -> list[Channel]:
    names = wanted.names
    kinds = (
        (TOP_WEEK, names.top_week, ChannelKind.TOP),
        (TOP_MONTH, names.top_month, ChannelKind.TOP),
        (DAILY, names.daily, ChannelKind.DAILY),
    )
    return [Channel(slug=s, title=t, description=f"{wanted.title}: {t}", kind=kind) for s, t, kind in kinds]


def _once_channel(field: FieldName, wanted: Wanted) -> Channel:
    title = wanted.names.once.format(field.name)
    return Channel(slug=ONCE + field.slug, title=title, description=f"{wanted.title}: {title}", kind=ChannelKind.ONCE)


def check_chosen(path: str, chosen: Iterable[ChannelConfig], fields: Sequence[FieldName]) -> None:
    """Check that the config's own channels, in the file `path`, take no slug that is taken, and name fields that are.

    Raises:
        ConfigError: a slug is a field's, another channel's, or one of our own; or no field has the name.
    """
    known = {field.slug for field in fields}
    taken = {ALL, DAILY, TOP_WEEK, TOP_MONTH, *known}.union(*(field.formerly for field in fields))
    for channel in chosen:
        if channel.slug in taken or channel.slug.startswith(ONCE):
            raise ConfigError(path, f"channels.slug: expected one that no other feed has, got {channel.slug!r}")
        taken.add(channel.slug)
        for slug in (*channel.any, *channel.all, *channel.none):
            if slug not in known:
                raise ConfigError(path, f"channels: expected the slug of a field, got {slug!r}{_nearest(slug, known)}")


def _nearest(slug: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(slug, sorted(known), 1)
    return f"; did you mean {found[0]!r}?" if found else "; `digestfeed fields` lists them"


Shown = Sequence[tuple[Moment, int | None]]
"""The appearances of a paper, in order of time: when, and the votes seen there."""


def fields_of_shelf(fields: Sequence[str]) -> tuple[str, ...]:
    """Give the channels that hold a paper from the moment it is published: all, its fields, once the first."""
    return (ALL, *fields, *(ONCE + slug for slug in fields[:1]))


def entered(rule: ChannelConfig, fields: Sequence[str], text: str, shown: Shown) -> Moment | None:
    """Tell when a paper entered one of the config's own channels, or None.

    It enters when it is published, or when a digest first shows it with enough votes, and stays whatever the votes
    do later.

    Args:
        rule: the channel.
        fields: the paper's.
        text: its title and summaries.
        shown: its appearances.
    """
    having = set(fields)
    if (rule.any and having.isdisjoint(rule.any)) or not having.issuperset(rule.all) or having & set(rule.none):
        return None
    if rule.include is not None and re.search(rule.include, text) is None:
        return None
    if rule.exclude is not None and re.search(rule.exclude, text) is not None:
        return None
    for moment, votes in shown:
        if rule.min_votes is None or (votes is not None and votes >= rule.min_votes):
            return moment
    return None


def top(shown: Mapping[str, Shown], over: Moment, size: int) -> dict[str, Moment]:
    """Tell which papers of a week or month are in its channel, and since when.

    The first `size` by votes enter when the time is over, the best last, a second apart.  A paper that later votes
    lift among them enters with the digest that says so, and none leaves: what readers have seen stays.

    Args:
        shown: key → its appearances.
        over: the last moment of the week or month.
        size: how many enter.
    """
    votes: dict[str, int] = {}
    later: list[tuple[Moment, str, int]] = []
    for key, seen in sorted(shown.items()):
        for moment, count in seen:
            if count is not None and moment <= over:
                votes[key] = count
            elif count is not None:
                later.append((moment, key, count))
    first = {key: seen[0][0] for key, seen in shown.items() if seen}
    ranked = sorted(votes, key=lambda key: (-votes[key], first[key], key))
    found = {key: over - rank for rank, key in enumerate(ranked[:size])}
    counts = sorted(-count for count in votes.values())
    for moment, key, count in sorted(later):
        if key in votes:
            counts.pop(bisect_left(counts, -votes[key]))
        if key not in found and bisect_left(counts, -count) < size:
            found[key] = moment
        votes[key] = count
        insort(counts, -count)
    return found


def _field_channel(field: FieldName, title: str) -> Channel:
    return Channel(slug=field.slug, title=field.name, description=f"{title}: {field.name}", kind=ChannelKind.FIELD)


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
