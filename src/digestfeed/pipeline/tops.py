"""Which papers are in the channels of a week's and a month's best: ranked when the time is over.

A period is over when something of a later day is known, so that the answer depends on the digests alone.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator

import msgspec

from digestfeed.catalog import Special
from digestfeed.channels import TOP_MONTH, TOP_SIZES, TOP_WEEK, top
from digestfeed.dating import day_of, moment_of
from digestfeed.pipeline.session import Session


class Period(msgspec.Struct, frozen=True, order=True):
    """A week (Monday to Sunday, ISO 8601) or a month, and the channel of its best."""

    channel: str
    first: dt.date
    last: dt.date

    @property
    def name(self) -> str:
        """The name by which the catalog remembers what came of it."""
        return f"{self.channel} {self.first}"


def rank(session: Session) -> None:
    """Find the best of each week and month that a change reaches, and note the months whose feeds this changes."""
    catalog = session.catalog
    newest = catalog.newest_day()
    before = int(catalog.meta("newest day") or 0)
    if session.afresh or not before or "intake" in session.stale:
        days: Iterable[int] = [day for month in catalog.months() if month for day in catalog.days(month)]
        days = [*days, *session.days]
    else:
        days = {*session.days, *_between(min(before, newest), max(before, newest))}
    for period in sorted({period for day in days if day for period in _periods(day)}):
        session.months |= catalog.put_special(period.name, _best(session, period, newest))
    catalog.remember("newest day", str(newest))


def _best(session: Session, period: Period, newest: int) -> list[Special]:
    last = int(f"{period.last:%Y%m%d}")
    if newest <= last:
        return []
    shown = session.catalog.votes_between(int(f"{period.first:%Y%m%d}"), last)
    # The last moments of the period itself: what an old digest changes stays within its month.
    over = moment_of(period.last, dt.time(23, 59, 59), session.config.timezone)
    found = top(shown, over, TOP_SIZES[period.channel])
    return [Special(period.channel, key, session.month_of(moment), moment) for key, moment in found.items()]


def _periods(number: int) -> tuple[Period, Period]:
    """Give the week and the month of a day."""
    day = day_of(number)
    monday = day - dt.timedelta(days=day.weekday())
    last = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return (
        Period(TOP_WEEK, monday, monday + dt.timedelta(days=6)),
        Period(TOP_MONTH, day.replace(day=1), last),
    )


def _between(first: int, last: int) -> Iterator[int]:
    """Give the days of a stretch of time, a week's step apart, so that each week and month of it is met."""
    if not first:
        return
    day, end = day_of(first), day_of(last)
    while day < end:
        yield int(f"{day:%Y%m%d}")
        day += dt.timedelta(days=7)
    yield last
