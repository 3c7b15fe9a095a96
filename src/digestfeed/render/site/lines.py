"""What lists say: a paper's line, a channel's, a month's count; and the rows that templates make of them.

The lines travel: they pass through msgspec, and are as much as must be known of a paper to list it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import groupby

import msgspec
from markupsafe import Markup

from digestfeed import urls
from digestfeed.channels import ChannelKind
from digestfeed.model import Paper
from digestfeed.render.markdown import web_url
from digestfeed.render.site.frame import Site, field_links
from digestfeed.render.site.language import NOTHING, lang, spoken
from digestfeed.render.teasers import teaser
from digestfeed.render.words import Words


class PaperLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a list says of a paper: as much as the catalog must read to render one."""

    key: str
    title: str
    day: dt.date | None
    fields: tuple[str, ...]
    votes: int | None
    teaser: str
    thumbnail: str | None = None


class Title(msgspec.Struct, frozen=True):
    """What a link to a paper says of it."""

    key: str
    title: str


class ChannelLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a list says of a channel: its slug, its title, and how many papers it holds.

    `trend` are the papers that it got in each of the last months, oldest first.
    """

    slug: str
    title: str
    count: int
    kind: ChannelKind = ChannelKind.FIELD
    trend: tuple[int, ...] = ()


class MonthCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many papers a month has; the month is an integer YYYYMM, 0 the undated."""

    month: int
    count: int


def paper_line(paper: Paper) -> PaperLine:
    """Reduce a paper to its line in a list."""
    return PaperLine(
        key=paper.key,
        title=paper.title,
        day=paper.day,
        fields=paper.fields,
        votes=paper.votes,
        teaser=teaser(paper),
        thumbnail=paper.thumbnail,
    )


class Row(msgspec.Struct, frozen=True):
    """A paper's line as `papers.html` shows it; `day` is empty where the list is by day."""

    href: str
    title: str
    lang: Markup
    votes: str
    day: Markup
    fields: Markup
    teaser: str
    teaser_lang: Markup
    thumbnail: str | None


class Day(msgspec.Struct, frozen=True):
    """A day's papers as `days.html` shows them; `day` and `href` are empty for the undated.

    The heading stands in `parts`, which a stylesheet may set apart: before the number of the day, it, its unit,
    behind it.
    """

    day: str
    href: str
    parts: tuple[str, str, str, str]
    count: int
    rows: list[Row]


class Count(msgspec.Struct, frozen=True):
    """A link with the number of what it leads to."""

    href: str
    name: str
    count: str


def row(line: PaperLine, site: Site, root: str, *, brief: bool = False, dated: bool = False) -> Row:
    """Make a list's row; a brief one leaves out what makes a long page heavy, a dated one says its day."""
    return Row(
        href=root + urls.paper_path(line.key),
        title=line.title,
        lang=lang(line.title, site.language),
        votes="" if line.votes is None else f"{line.votes:,}",
        day=spoken(site.words.code, line.day) if dated and line.day else NOTHING,
        fields=field_links(line.fields, site.frame(root)),
        teaser="" if brief else line.teaser,
        teaser_lang=NOTHING if brief else lang(line.teaser, site.language),
        thumbnail=None if brief or not site.context.config.site.thumbnails else web_url(line.thumbnail),
    )


def day_groups(papers: Iterable[PaperLine], site: Site, root: str, *, brief: bool = False) -> list[Day]:
    """Put papers that come in order of their days under these."""
    found = []
    for day, lines in groupby(papers, key=lambda line: line.day):
        rows = [row(line, site, root, brief=brief) for line in lines]
        if day is None:
            found.append(Day("", "", ("", "", "", ""), len(rows), rows))
        else:
            parts = site.words.day_parts(day.year, day.month, day.day)
            found.append(Day(str(day), root + urls.day_page(day), parts, len(rows), rows))
    return found


def month_count(month: MonthCount, root: str, said: Words, name: str | None = None) -> Count:
    """Link a month with its count."""
    return Count(root + urls.month_page(month.month), name or said.month(month.month), f"{month.count:,}")
