"""Counts as pictures: SVG that stands in a page, drawn when the page is made.

Owns geometry: pure functions from counts to markup, the same bytes for the same counts.  Colours, sizes of text
and the widths of pictures are the stylesheet's, by class; there is no style attribute and no script.  Refuses
pages, and what a picture says in words beside its dates: titles and descriptions are given.

Why no library: pygal writes a date, random ids, a script and a style element into each picture, leather fixed
colours and pixels, and neither a text alternative.

A plot has no `viewBox` of its own: positions along it are percents, so it is as wide as the page lets it be and its
text keeps the size of text, on a phone too.  What is drawn in data units stands in an inner, stretched one.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil

import msgspec
from markupsafe import Markup, escape

from digestfeed.render.words import Words

SHORTEST = 12
"""Months that a plot shows at least, so that a young archive's bars are no walls."""

LONGEST = 120
"""Months that a plot shows at most: on a phone a bar is then two pixels wide."""

LEVELS = 4
"""Shades of a day in the calendar."""

_PLOT = 200  # pixels from the base of a plot to its top
_PLOT_TOP = 14
_PANEL = 44
_PANEL_TOP = 16
_SPARK = 16
_MOST_TICKS = 4
_LABELS = 6
_STEPS = (3, 6, 12, 24, 60, 120)  # months between the labels of an axis
_LABEL_SHARE = 14  # percent of a plot that a label needs, on a phone
_CELL = 14  # a day's place in a month; its square is 2, 6, 8, 10 or 12 wide
_WEEKS = 6


class Caption(msgspec.Struct, frozen=True):
    """What a picture is, for who does not see it: an id, unique in its page, a title and a sentence."""

    id: str
    title: str
    summary: str = ""


class Axis(msgspec.Struct, frozen=True):
    """A scale from 0 to `top`, and the round numbers on it that are labelled."""

    top: int
    ticks: tuple[int, ...]


def axis(most: int) -> Axis:
    """Give a scale that holds a number, with at most four steps of 1, 2 or 5 times a power of ten.

    >>> axis(87), axis(0)
    (Axis(top=100, ticks=(0, 50, 100)), Axis(top=1, ticks=(0, 1)))
    """
    power = 1
    while True:
        for unit in (1, 2, 5):
            step = unit * power
            if step * _MOST_TICKS >= most:
                steps = max(1, -(-most // step))
                return Axis(steps * step, tuple(range(0, steps * step + 1, step)))
        power *= 10


def timeline(months: Iterable[int]) -> tuple[int, ...]:
    """Give the months (YYYYMM) that plots show: without a gap up to the last, at least 12 and at most 120.

    >>> timeline([202411, 202502])[::4], timeline([])
    ((202403, 202407, 202411), ())
    """
    numbers = [month // 100 * 12 + month % 100 - 1 for month in months]
    if not numbers:
        return ()
    last = max(numbers)
    first = max(min(*numbers, last + 1 - SHORTEST), last + 1 - LONGEST)
    return tuple(n // 12 * 100 + n % 12 + 1 for n in range(first, last + 1))


# -- sparklines -----------------------------------------------------------------------------------------------------


def sparkline(counts: Sequence[int]) -> Markup:
    """Draw a field's months as a skyline of some 200 bytes; hidden from who hears the page, which says the count."""
    if not counts:
        return Markup()
    most = max(1, *counts)
    heights = [-(-count * _SPARK // most) for count in counts]
    return Markup(  # noqa: S704 -- numbers
        f'<svg class="spark" viewBox="0 0 {len(counts)} {_SPARK}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="{_skyline(heights, _SPARK)}"/></svg>'
    )


def _skyline(heights: Iterable[int], base: int) -> str:
    """The outline of columns side by side, from the base at the left to the base at the right."""
    path, at = f"M0 {base}", 0
    run = 0
    for height in heights:
        if height != at:
            path += (f"h{run}" if run else "") + f"v{at - height}"
            run, at = 0, height
        run += 1
    return f"{path}h{run}V{base}z"


# -- plots over months ----------------------------------------------------------------------------------------------


def columns(
    caption: Caption, months: Sequence[int], series: Sequence[Sequence[int]], tips: Sequence[str], said: Words
) -> Markup:
    """Draw a stacked column a month.

    Args:
        caption: the picture's.
        months: the months along it.
        series: from the base up, each a number a month; the last is the rest and has class `s0`, others `s1`, `s2` …
        tips: what is said of each month under the pointer.
        said: the words of the site's language.
    """
    scale = axis(max((sum(stack) for stack in zip(*series, strict=True)), default=0))
    base = [0] * len(months)
    paths = []
    for number, counts in enumerate(series, 1):
        name = f"s{number % len(series)}"
        bars = [
            f"M{at}.1 {scale.top - low}v-{count}h.8v{count}z"
            for at, (low, count) in enumerate(zip(base, counts, strict=True))
            if count
        ]
        paths.append(f'<path class="{name}" d="{"".join(bars)}"/>' if bars else "")
        base = [low + count for low, count in zip(base, counts, strict=True)]
    over = [
        f'<rect x="{at}" width="1" height="{scale.top}"><title>{escape(tip)}</title></rect>'
        for at, tip in enumerate(tips)
    ]
    inner = _stretched(len(months), scale.top, _PLOT_TOP, _PLOT, "".join([*paths, '<g class="over">', *over, "</g>"]))
    return _picture(caption, "plot", _PLOT_TOP + _PLOT + 20, _grid(scale) + inner + _month_ticks(months, said))


def panel(caption: Caption, months: Sequence[int], permille: Sequence[int], said: Words) -> Markup:
    """Draw a small skyline of shares by month, to its own scale, which is labelled with its highest."""
    most = max(1, *permille)
    foot = _PANEL_TOP + _PANEL
    ends = (
        f'<text y="{foot + 15}">{escape(said.brief_month(months[0]))}</text>'
        f'<text class="end" x="100%" y="{foot + 15}">{escape(said.brief_month(months[-1]))}</text>'
    )
    top = (
        f'<line x2="100%" y1="{_PANEL_TOP}" y2="{_PANEL_TOP}"/><text y="{_PANEL_TOP - 4}">{percent(most, 1000)}</text>'
    )
    path = f'<path class="q2" d="{_skyline(permille, most)}"/>'
    inner = _stretched(len(months), most, _PANEL_TOP, _PANEL, path)
    floor = f'<line class="base" x2="100%" y1="{foot}" y2="{foot}"/>'
    return _picture(caption, "panel", foot + 18, top + inner + floor + ends)


def _picture(caption: Caption, name: str, height: int, content: str) -> Markup:
    title = f'<title id="{caption.id}-t">{escape(caption.title)}</title>'
    described, labels = "", f"{caption.id}-t"
    if caption.summary:
        described, labels = f'<desc id="{caption.id}-d">{escape(caption.summary)}</desc>', f"{labels} {caption.id}-d"
    return Markup(  # noqa: S704 -- words are escaped, the rest is numbers
        f'<svg class="{name}" height="{height}" role="img" aria-labelledby="{labels}">{title}{described}{content}</svg>'
    )


def _stretched(width: int, height: int, top: int, pixels: int, content: str) -> str:
    """What is drawn in data units: months to the right, counts up from `height`."""
    return (
        f'<svg y="{top}" width="100%" height="{pixels}" viewBox="0 0 {width} {height}" preserveAspectRatio="none">'
        f"{content}</svg>"
    )


def _grid(scale: Axis) -> str:
    lines = []
    for tick in scale.ticks:
        y = _decimal(_PLOT_TOP * scale.top + _PLOT * (scale.top - tick), scale.top)
        name = "" if tick else ' class="base"'
        lines.append(
            f'<line{name} x2="100%" y1="{y}" y2="{y}"/><text class="end" x="-8" y="{y}" dy=".32em">{tick:,}</text>'
        )
    return "".join(lines)


def _month_ticks(months: Sequence[int], said: Words) -> str:
    """Labels below a plot: one that would touch the next on a phone is `wide`, and not shown there."""
    step = next((s for s in _STEPS if len(months) <= _LABELS * s), _STEPS[-1])
    free, found = 100 * len(months), []
    base = _PLOT_TOP + _PLOT
    for at, month in reversed(list(enumerate(months))):
        if (month // 100 * 12 + month % 100 - 1) % step:
            continue
        x = f"{_decimal(100 * at, len(months))}%"
        found.append(f'<line class="base" x1="{x}" x2="{x}" y1="{base}" y2="{base + 6}"/>')
        room = _LABEL_SHARE * len(months)
        begins = min(100 * at, 100 * len(months) - room)
        name, place = ("", f'x="{x}" dx="4"') if begins == 100 * at else (" end", 'x="100%"')
        if begins + room > free:
            name += " wide"
        else:
            free = begins
        found.append(f'<text class="tick{name}" {place} y="{base + 17}">{escape(_tick(month, said))}</text>')
    return "".join(reversed(found))


def _tick(month: int, said: Words) -> str:
    return said.year(month // 100) if month % 100 == 1 else said.short_month(month)


# -- shares ---------------------------------------------------------------------------------------------------------


def bar(count: int, most: int) -> Markup:
    """Draw a bar whose full width is `most`; hidden from who hears the page, which says the number beside it."""
    width = _decimal(100 * count, max(most, 1))
    return Markup(  # noqa: S704 -- numbers
        f'<svg class="bar" aria-hidden="true"><rect class="q2" width="{width}%" height="100%"/></svg>'
    )


def percent(count: int, whole: int) -> str:
    """Say a share with one decimal place.

    >>> percent(123, 1000), percent(1, 3), percent(0, 0)
    ('12.3%', '33.3%', '0.0%')
    """
    tenths = (2000 * count + whole) // (2 * whole) if whole else 0
    return f"{tenths // 10}.{tenths % 10}%"


def _decimal(count: int, whole: int) -> str:
    """A fraction with at most two decimal places, by integers: no machine rounds it another way."""
    hundredths = (200 * count + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")


# -- the calendar ---------------------------------------------------------------------------------------------------

# The square of a day, by level and by the day's place, counted from the Monday before the month.
_SQUARES = tuple(
    tuple(
        f"M{place // 7 * _CELL + (_CELL - side) // 2} {place % 7 * _CELL + (_CELL - side) // 2}h{side}v{side}h-{side}z"
        for place in range(7 * _WEEKS)
    )
    for side in (2, 6, 8, 10, 12)
)


def level_step(counts: Iterable[int]) -> int:
    """Give the width of a level: four of them hold 95 days of 100, and what is more is in the highest.

    >>> level_step([12] * 30), level_step([1, 30]), level_step([])
    (3, 8, 1)
    """
    ordered = sorted(counts)
    return max(1, ceil(ordered[(len(ordered) * 19 - 1) // 20] / LEVELS)) if ordered else 1


def level(count: int, step: int) -> int:
    """Give a day's level: 0 for a day without papers, else 1 to 4."""
    return min(LEVELS, -(-count // step))


def level_ranges(step: int, most: int) -> list[tuple[int, str]]:
    """Say which numbers each level stands for, up to the one that holds `most`.

    >>> level_ranges(6, 50), level_ranges(1, 2)
    ([(1, '1–6'), (2, '7–12'), (3, '13–18'), (4, '19–50')], [(1, '1'), (2, '2')])
    """
    found = []
    for number in range(1, level(most, step) + 1):
        low = (number - 1) * step + 1
        high = most if number == LEVELS else number * step
        found.append((number, f"{low:,}" if low == high else f"{low:,}–{high:,}"))
    return found


def swatch(number: int) -> Markup:
    """Draw the square of a level, for a legend."""
    return Markup(  # noqa: S704 -- numbers
        f'<svg viewBox="0 0 {_CELL} {_CELL}" aria-hidden="true">'
        f'<path class="q{number}" d="{_SQUARES[number][0]}"/></svg>'
    )


def month_days(
    month: int, counts: Mapping[int, int], step: int, links: Callable[[int], str] | None, said: Words
) -> Markup:
    """Draw the days of a month: a column is a week that begins on Monday, a square grows and darkens with its count.

    It is hidden from who hears the page, and its links from the keyboard: the month's own link and the table say the
    same without thirty stops.

    Args:
        month: YYYYMM.
        counts: day (YYYYMMDD) → papers.
        step: the width of a level.
        links: the address of a day; without it a level's days are one path, a tenth of the bytes.
        said: the words of the site's language.
    """
    first = dt.date(month // 100, month % 100, 1)
    place = first.weekday()
    squares: list[list[str]] = [[] for _ in _SQUARES]
    linked = []
    for number in range(month * 100 + 1, month * 100 + monthrange(first.year, first.month)[1] + 1):
        count = counts.get(number, 0)
        shade = level(count, step)
        if links and count:
            tip = f"{said.day(first.year, first.month, number % 100)}: {said.count('papers', count)}"
            linked.append(
                f'<a href="{links(number)}" tabindex="-1"><title>{escape(tip)}</title>'
                f'<path class="q{shade}" d="{_SQUARES[shade][place]}"/></a>'
            )
        else:
            squares[shade].append(_SQUARES[shade][place])
        place += 1
    paths = [f'<path class="q{shade}" d="{"".join(found)}"/>' for shade, found in enumerate(squares) if found]
    return Markup(  # noqa: S704 -- words are escaped, addresses are paths of ours, the rest is numbers
        f'<svg viewBox="0 0 {_WEEKS * _CELL} {7 * _CELL}" aria-hidden="true">{"".join(paths + linked)}</svg>'
    )
