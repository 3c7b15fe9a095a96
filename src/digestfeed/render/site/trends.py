"""The page of pictures, and the calendar that it shares with the index of the archive.

Decides what each picture shows and says; how it is drawn is `charts`'s.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from markupsafe import Markup, escape

from digestfeed import urls
from digestfeed.render import charts
from digestfeed.render.context import Context
from digestfeed.render.metadata import About
from digestfeed.render.site.frame import Site, page, site_of
from digestfeed.render.site.heads import head
from digestfeed.render.words import Words

STACKED = 5
"""Fields in the stacked columns; with the rest as many as colours that everyone can tell apart."""

PANELS = 12
BARS = 12
LINKED_YEARS = 2
"""The newest years, whose days are links: a linked day costs a hundred bytes, another fifteen."""

_OTHER = "other"  # the field of what is in no field: no topic, so only the shares show it
_ROOT = "../"
_FOLDER = "archive/"


class FieldMonths(msgspec.Struct, frozen=True, kw_only=True):
    """A field's papers by month (YYYYMM): all that are in it, and those whose first field it is."""

    slug: str
    title: str
    months: Mapping[int, int]
    first: Mapping[int, int]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What the pictures show: the papers of each day (YYYYMMDD), in order, and of each field by month."""

    days: Sequence[tuple[int, int]]
    fields: Sequence[FieldMonths]


class _Month(msgspec.Struct, frozen=True):
    name: str
    href: str
    count: str
    picture: Markup


class Year(msgspec.Struct, frozen=True):
    """A year of the calendar, as `calendar.html` shows it."""

    name: str
    total: str
    months: list[_Month]


class Calendar(msgspec.Struct, frozen=True):
    """Years, newest first, and what the squares stand for."""

    years: list[Year]
    key: list[tuple[Markup, str]]


def trends_page(history: History, context: Context) -> bytes:
    """Render the archive in pictures."""
    site = site_of(context)
    totals = _by_month(history.days)
    months = charts.timeline(totals)
    shares = _shares(history.fields, sum(totals.values()))
    more = len(shares) - BARS
    said = site.words.text
    about = About(title=said["trends"], description=said["trends_lead"], url=site.urls.absolute(urls.TRENDS))
    values = {
        "url": about.url,
        "head": head(site, about),
        "total": site.words.count("papers", sum(totals.values())),
        "columns": _columns(history.fields, months, totals, site.words) if months else None,
        "calendar": heat_map(history.days, site, newest=LINKED_YEARS),
        "calendar_tables": _day_tables(history.days, site.words),
        "panels": _panels(history.fields, months, totals, site.words) if months else None,
        "shares": shares,
        "shown_shares": BARS,
        "more_shares": site.words.count("shares_more", more) if more > 0 else "",
    }
    return page("trends.html", site.frame(_ROOT, "trends"), values)


def _by_month(days: Iterable[tuple[int, int]]) -> dict[int, int]:
    totals: dict[int, int] = {}
    for day, count in days:
        totals[day // 100] = totals.get(day // 100, 0) + count
    return totals


# -- columns --------------------------------------------------------------------------------------------------------


class _Columns(msgspec.Struct, frozen=True):
    picture: Markup
    key: list[tuple[str, str, str]]
    table: Markup


def _columns(fields: Sequence[FieldMonths], months: Sequence[int], totals: Mapping[int, int], said: Words) -> _Columns:
    """The months' papers by first field: the biggest fields, and the rest as `s0`."""
    top = _biggest(fields, STACKED, lambda field: _within(field.first, months))
    series = [[field.first.get(month, 0) for month in months] for field in top]
    whole = [totals.get(month, 0) for month in months]
    series.append([all_ - sum(stack) for all_, *stack in zip(whole, *series, strict=True)])
    names = [field.title for field in top] + [said.text["rest"]]
    hrefs = [_ROOT + urls.feed_page(field.slug) for field in top] + [""]
    stacks = list(zip(*series, strict=True))
    tips = [_tip(month, stack, names, said) for month, stack in zip(months, stacks, strict=True)]
    most = max(range(len(months)), key=lambda at: (whole[at], at))
    caption = charts.Caption(
        "columns",
        said.text["columns"],
        said.text["columns_alt"].format(
            first=said.month(months[0]),
            last=said.month(months[-1]),
            month=said.month(months[most]),
            count=said.count("papers", whole[most]),
        ),
    )
    rows = [
        (_month_link(month, said), [f"{n:,}" for n in (count, *stack)])
        for month, count, stack in zip(months, whole, stacks, strict=True)
        if count
    ]
    return _Columns(
        charts.columns(caption, months, series, tips, said),
        [(f"s{(at + 1) % len(names)}", name, href) for at, (name, href) in enumerate(zip(names, hrefs, strict=True))],
        _table([said.text["month_column"], said.text["all_column"], *names], reversed(rows)),
    )


def _tip(month: int, stack: Sequence[int], names: Sequence[str], said: Words) -> str:
    parts = ", ".join(f"{name} {count:,}" for name, count in zip(names, stack, strict=True) if count)
    return f"{said.month(month)}: {said.count('papers', sum(stack))}" + (f" ({parts})" if parts else "")


def _within(counts: Mapping[int, int], months: Sequence[int]) -> int:
    return sum([count for month, count in counts.items() if month >= months[0]])


def _biggest(fields: Iterable[FieldMonths], most: int, size: Callable[[FieldMonths], int]) -> list[FieldMonths]:
    sized = [(size(field), field) for field in fields if field.slug != _OTHER]
    ordered = sorted((pair for pair in sized if pair[0]), key=lambda pair: (-pair[0], pair[1].slug))
    return [field for _, field in ordered[:most]]


# -- panels ---------------------------------------------------------------------------------------------------------


class _Panel(msgspec.Struct, frozen=True):
    name: str
    href: str
    picture: Markup


class _Panels(msgspec.Struct, frozen=True):
    pictures: list[_Panel]
    table: Markup


def _panels(fields: Iterable[FieldMonths], months: Sequence[int], totals: Mapping[int, int], said: Words) -> _Panels:
    """The biggest fields' shares of each month."""
    top = _biggest(fields, PANELS, lambda field: _within(field.months, months))
    shares = [[_permille(field.months.get(month, 0), totals.get(month, 0)) for month in months] for field in top]
    rows = [
        (_month_link(month, said), [charts.percent(share, 1000) for share in row])
        for month, *row in zip(months, *shares, strict=True)
        if month in totals
    ]
    head = [said.text["month_column"], *(field.title for field in top)]
    pictures = [_panel(field, months, counts, said) for field, counts in zip(top, shares, strict=True)]
    return _Panels(pictures, _table(head, reversed(rows)))


def _panel(field: FieldMonths, months: Sequence[int], shares: Sequence[int], said: Words) -> _Panel:
    most = max(range(len(months)), key=lambda at: (shares[at], at))
    title = said.text["panel_alt"].format(
        field=field.title,
        first=said.month(months[0]),
        last=said.month(months[-1]),
        month=said.month(months[most]),
        share=charts.percent(shares[most], 1000),
    )
    picture = charts.panel(charts.Caption(f"panel-{field.slug}", title), months, shares, said)
    return _Panel(field.title, _ROOT + urls.feed_page(field.slug), picture)


def _permille(count: int, whole: int) -> int:
    return (2000 * count + whole) // (2 * whole) if whole else 0


# -- shares ---------------------------------------------------------------------------------------------------------


class _Share(msgspec.Struct, frozen=True):
    name: str
    href: str
    count: str
    share: str
    bar: Markup


def _shares(fields: Iterable[FieldMonths], total: int) -> list[_Share]:
    sized = sorted(((sum(field.months.values()), field) for field in fields), key=lambda pair: (-pair[0], pair[1].slug))
    most = sized[0][0] if sized else 0
    return [
        _Share(
            field.title,
            _ROOT + urls.feed_page(field.slug),
            f"{count:,}",
            charts.percent(count, total),
            charts.bar(count, most),
        )
        for count, field in sized
        if count
    ]


# -- the calendar ---------------------------------------------------------------------------------------------------


def heat_map(days: Sequence[tuple[int, int]], site: Site, newest: int | None = None) -> Calendar:
    """Draw the years of an archive, or the `newest` of them, newest first; for pages in the archive's folder."""
    totals, known = _by_month(days), dict(days)
    step = charts.level_step(known.values())
    numbers = sorted({month // 100 for month in totals}, reverse=True)[:newest]
    years = []
    for at, year in enumerate(numbers):
        links = _day_href if at < LINKED_YEARS else None
        months = [
            _Month(
                site.words.short_month(month),
                _month_href(month) if month in totals else "",
                f"{totals[month]:,}" if month in totals else "",
                charts.month_days(month, known, step, links, site.words),
            )
            for month in range(year * 100 + 1, min(max(totals), year * 100 + 12) + 1)
        ]
        total = sum(totals.get(month, 0) for month in range(year * 100 + 1, year * 100 + 13))
        years.append(Year(site.words.year(year), f"{total:,}", months))
    ranges = charts.level_ranges(step, max(known.values())) if known else []
    return Calendar(years, [(charts.swatch(number), name) for number, name in ranges])


def _day_tables(days: Iterable[tuple[int, int]], said: Words) -> list[tuple[str, Markup]]:
    """The newest years' days as numbers, a row a month."""
    known = dict(days)
    months_known = sorted({day // 100 for day in known}, reverse=True)
    years = sorted({month // 100 for month in months_known}, reverse=True)[:LINKED_YEARS]
    head = [said.text["month_column"], *(str(day) for day in range(1, 32))]
    found = []
    for year in years:
        months = [month for month in months_known if month // 100 == year]
        rows = [
            (_month_link(month, said), [str(known.get(month * 100 + day, "")) for day in range(1, 32)])
            for month in months
        ]
        found.append((said.year(year), _table(head, rows)))
    return found


def _month_href(month: int) -> str:
    return urls.month_page(month).removeprefix(_FOLDER)


def _day_href(day: int) -> str:
    return urls.day_page(dt.date(day // 10000, day // 100 % 100, day % 100)).removeprefix(_FOLDER)


# -- tables ---------------------------------------------------------------------------------------------------------


def _month_link(month: int, said: Words) -> Markup:
    return Markup(f'<a href="{_month_href(month)}">{escape(said.month(month))}</a>')  # noqa: S704 -- a path of ours


def _table(head: Iterable[str], rows: Iterable[tuple[Markup, Iterable[str]]]) -> Markup:
    """A table whose cells are numbers; the end tags that HTML can do without are left out, as there are thousands."""
    top = "".join([f'<th scope="col">{escape(name)}' for name in head])
    lines = [f'<tr><th scope="row">{name}<td>{"<td>".join(cells)}' for name, cells in rows]
    body = "\n".join(lines)
    return Markup(f"<table>\n<thead><tr>{top}\n<tbody>\n{body}\n</table>")  # noqa: S704 -- names are escaped
