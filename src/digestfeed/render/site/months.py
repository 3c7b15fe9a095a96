"""The archive: the pages of days and months, and the index of them."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from digestfeed import urls
from digestfeed.channels import DAILY
from digestfeed.render.context import Context
from digestfeed.render.metadata import About
from digestfeed.render.site.frame import ABOVE, FeedLink, Site, feed_links, page, site_of
from digestfeed.render.site.heads import head
from digestfeed.render.site.lines import Count, Day, MonthCount, PaperLine, day_groups, month_count
from digestfeed.render.site.trends import heat_map
from digestfeed.render.words import Words

SECTION = "archive"
_SHADES = 4


class Step(msgspec.Struct, frozen=True):
    """A link to what lies before or after: `rel`, the word for that, and what it is."""

    rel: str
    word: str
    href: str
    name: str


class Square(msgspec.Struct, frozen=True):
    """A day of a month's calendar: its number, one of four shades that its papers earn it (0: none), and its anchor.

    What is said before and after the number tells who only hears it which day that is, and how many papers it has.
    """

    number: str
    shade: int = 0
    anchor: str = ""
    before: str = ""
    after: str = ""


class DayAround(msgspec.Struct, frozen=True, kw_only=True):
    """Where a day's page leads: the days before and after; beyond the first and last the months (YYYYMM, 0: none)."""

    before: dt.date | None = None
    after: dt.date | None = None
    month_before: int = 0
    month_after: int = 0


def month_page(
    month: int,
    papers: Sequence[PaperLine],
    context: Context,
    *,
    previous: int | None,
    following: int | None,
) -> bytes:
    """Render the papers of a month by day.

    Args:
        month: YYYYMM, or 0 for the undated.
        papers: all of the month, newest first.
        context: the build's.
        previous: the nearest earlier month that has papers.
        following: the nearest later one.
    """
    site = site_of(context)
    days = day_groups(papers, site, ABOVE, brief=True)
    count = site.words.count("papers", len(papers))
    about = About(title=site.words.month(month), description=count, url=site.urls.absolute(urls.month_page(month)))
    values = {
        "title": about.title,
        "url": about.url,
        "head": head(site, about, _daily(site) if month else ()),
        "note": "" if month else site.words.text["undated_why"],
        "count": count,
        "days": days,
        "level": 2,
        "weekdays": site.words.weekdays,
        "first": _weekday(month),
        "squares": _squares(month, days, site.words) if month else [],
        "steps": _steps(DayAround(month_before=previous or 0, month_after=following or 0), site.words),
    }
    return page("month.html", site.frame(ABOVE, SECTION), values)


def _weekday(month: int) -> int:
    return dt.date(month // 100, month % 100, 1).weekday() if month else 0


def _squares(month: int, days: Iterable[Day], said: Words) -> list[Square]:
    counts = {day.day: day.count for day in days}
    most = max(counts.values(), default=1)
    year, number = divmod(month, 100)
    found = []
    for day in range(1, calendar.monthrange(year, number)[1] + 1):
        date = f"{year:04d}-{number:02d}-{day:02d}"
        if date not in counts:
            found.append(Square(str(day)))
            continue
        before, figure, unit, behind = said.day_parts(year, number, day)
        after = f"{unit} {behind}, {said.count('papers', counts[date])}"
        found.append(Square(figure, -(-counts[date] * _SHADES // most), f"d{date}", before, after))
    return found


def _steps(around: DayAround, said: Words) -> list[Step]:
    """Link the days beside, or the months where there is none."""
    sides = (
        ("prev", "previous", around.before, around.month_before),
        ("next", "following", around.after, around.month_after),
    )
    found = []
    for rel, word, day, month in sides:
        if day is not None:
            href, name = urls.day_page(day), said.day(day.year, day.month, day.day)
        elif month:
            href, name = urls.month_page(month), said.month(month)
        else:
            continue
        found.append(Step(rel, word, ABOVE + href, name))
    return found


def day_page(day: dt.date, papers: Sequence[PaperLine], context: Context, around: DayAround) -> bytes:
    """Render the papers of a day, newest first."""
    site = site_of(context)
    month = day.year * 100 + day.month
    [group] = day_groups(papers, site, ABOVE)
    count = site.words.count("papers", len(papers))
    name = site.words.day(day.year, day.month, day.day)
    about = About(title=name, description=count, url=site.urls.absolute(urls.day_page(day)))
    values = {
        "title": name,
        "url": about.url,
        "head": head(site, about, _daily(site)),
        "parts": group.parts,
        "date": group.day,
        "rows": group.rows,
        "level": 2,
        "count": count,
        "month_href": ABOVE + urls.month_page(month),
        "month_name": site.words.month(month),
        "steps": _steps(around, site.words),
    }
    return page("day.html", site.frame(ABOVE, SECTION), values)


def _daily(site: Site) -> list[FeedLink]:
    """The feeds that have a day as one entry: what pages of days and months are about."""
    return feed_links(DAILY, site.words.text["daily"], site.urls)


class Year(msgspec.Struct, frozen=True):
    """A year of the archive: twelve months, each with its name; None stands for what has no papers."""

    name: str
    count: str
    months: list[tuple[str, Count | None]]


def archive_page(months: Sequence[MonthCount], days: Sequence[tuple[int, int]], context: Context) -> bytes:
    """Render the calendar of the archive.

    Args:
        months: how many papers each has; a month 0 becomes the link to the undated.
        days: (YYYYMMDD, number of papers), oldest first.
        context: the build's.
    """
    site = site_of(context)
    root = "../"
    undated = [month_count(m, root, site.words) for m in months if not m.month]
    total = site.words.count("papers", sum(m.count for m in months))
    about = About(title=site.words.text["archive"], description=total, url=site.urls.absolute(urls.ARCHIVE))
    values = {
        "url": about.url,
        "head": head(site, about),
        "total": total,
        "calendar": heat_map(days, site),
        "undated": undated[0] if undated else None,
    }
    return page("archive.html", site.frame(root, SECTION), values)


def years(months: Iterable[MonthCount], root: str, said: Words) -> list[Year]:
    """Put months that come newest first into their years; the undated have none."""
    found = []
    for year, group in groupby((m for m in months if m.month), key=lambda m: m.month // 100):
        held = {m.month: m for m in group}
        names = {number: said.month_in_year(number) for number in range(year * 100 + 1, year * 100 + 13)}
        cells = [(name, month_count(held[n], root, said, name) if n in held else None) for n, name in names.items()]
        found.append(Year(said.year(year), f"{sum(m.count for m in held.values()):,}", cells))
    return found
