"""When a digest was made: its heading, its file name or its path → a moment and what that rests on.

Owns the forms in which dates are written; refuses `now()`.  Days are local to the digests' time zone, and a day
without a time means 09:00 there (in Seoul that is midnight UTC, so the date is the same in both).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import lru_cache
from pathlib import PurePosixPath

import msgspec

from digestfeed import arxiv
from digestfeed.model import Basis, Digest, Location, Moment, Problem
from digestfeed.text import MONTH_NAMES

MORNING = dt.time(9)

# 2024-09-06-15:00:25, 2024-09-06T15-00-25, 2024.09.06_1500, 2024년 9월 6일, 2024-9-6, 2024년/9월/6일; and of a span
# like 2024-10-14_2024-10-20 the first day, the second being no time
_SPACED = re.compile(
    r"(?<![0-9A-Za-z])(?P<y>(?:19|20)\d\d)\s*(?:[-_./]|년/?)\s*(?P<m>\d{1,2})\s*(?:[-_./]|월/?)\s*(?P<d>\d{1,2})(?:일)?"
    r"(?:[-_T.\s]+(?!(?:19|20)\d\d\s*(?:[-_./]|년)\s*\d)"
    r"(?P<H>\d{2})[-_:.h]?(?P<M>\d{2})(?:[-_:.m]?(?P<S>\d{2}))?(?:[.,]\d+)?)?(?!\d)"
)
# 20240906, 20240906T150025, 20240906-1500
_COMPACT = re.compile(
    r"(?<![0-9A-Za-z])(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)"
    r"(?:[-_T]?(?P<H>\d{2})[-_:]?(?P<M>\d{2})(?:[-_:]?(?P<S>\d{2}))?)?(?!\d)"
)
# Oct 18, 2024; October 18th 2024; 18 October 2024; 2024 Oct 18; 24년 10월 18일.  Of days and months that are both
# numbers, one that stands before the year is not read: 05-06-2025 is a day of May or of June.
_MONTH = rf"(?P<m>{MONTH_NAMES})\.?"
_DAY, _YEAR = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?", r"(?P<y>(?:19|20)\d\d)(?!\d)"
_WORDED = tuple(
    re.compile(r"(?<![0-9A-Za-z])" + form, re.IGNORECASE)
    for form in (
        rf"{_MONTH}[\s_-]{{1,2}}{_DAY}[,.]?[\s_-]{{1,2}}{_YEAR}",
        rf"{_DAY}[\s._-]{{1,2}}{_MONTH}[,.]?[\s_-]{{1,2}}{_YEAR}",
        rf"{_YEAR}[\s._-]{{1,2}}{_MONTH}[\s._-]{{1,2}}{_DAY}(?!\d)",
        r"(?P<y>\d\d)\s?년\s?(?P<m>\d{1,2})\s?월\s?(?P<d>\d{1,2})\s?일",
    )
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_FORMS = (_SPACED, _COMPACT, *_WORDED)
_THIS_CENTURY = 2000


class Written(msgspec.Struct, frozen=True):
    """A date as a name or heading writes it; `text` is the part that says so."""

    text: str
    year: int
    month: int
    day: int
    time: tuple[int, int, int] | None

    def date(self) -> dt.date | None:
        """The day, or None where there is no such day."""
        try:
            return dt.date(self.year, self.month, self.day)
        except ValueError:
            return None

    def clock(self) -> dt.time | None:
        """The time of day: 09:00 where none is written, None where there is no such time."""
        try:
            return MORNING if self.time is None else dt.time(*self.time)
        except ValueError:
            return None


class Dated(msgspec.Struct, frozen=True):
    """The moment of a digest, its calendar day in the digests' time zone, and what both rest on."""

    moment: Moment
    day: dt.date
    basis: Basis


def written_in(text: str) -> Written | None:
    """Find the first date in a heading or a name; it may be one that does not exist."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)  # file names from a Mac have 년 in its parts
    for form in _FORMS:
        match = form.search(text)
        if match:
            year, day = int(match["y"]), int(match["d"])
            text = match.group().strip()
            return Written(text, year + _THIS_CENTURY * (year < 100), _month(match["m"]), day, _clock(match))
    return None


def _month(written: str) -> int:
    return int(written) if written.isdigit() else _MONTHS.index(written[:3].lower()) + 1


def _clock(match: re.Match[str]) -> tuple[int, int, int] | None:
    parts = match.groupdict(default="0")
    hour, minute, second = (int(parts.get(part, "0")) for part in "HMS")
    return (hour, minute, second) if match.groupdict().get("H") else None


def written_in_path(path: str) -> tuple[Written | None, Written | None]:
    """Find the dates that a digest's path gives: by its file name, and by its folders (`2024/10/18.md`)."""
    parts = PurePosixPath(path)
    by_name = written_in(parts.stem)
    folders = str(parts.with_suffix("")) if by_name is None else str(parts.parent)
    return by_name, written_in(folders)


def date_digest(digest: Digest, timezone: str, *, alone: bool = True) -> tuple[Dated | None, list[Problem]]:
    """Date a digest: by its heading, else its file name, else its path.

    Args:
        digest: what `parse` gave.
        timezone: IANA name of the zone that the dates are local to.
        alone: whether it is the only dated section of its file; of several only one can agree with the path.

    Returns:
        The date, or None where nothing gives one that exists, and what is wrong with those given.
    """
    by_name, by_path = written_in_path(digest.path)
    by_heading = written_in(digest.heading) if digest.heading else None
    problems: list[Problem] = []
    found: Dated | None = None
    claims = (
        (Basis.HEADING, by_heading, digest.heading_line),
        (Basis.FILE_NAME, by_name, 0),
        (Basis.PATH, by_path, 0),
    )
    for basis, written, line in claims:
        if written is None:
            continue
        dated = _dated(written, timezone, basis)
        where = Location(digest.path, line)
        if dated is None:
            problems.append(Problem(where, "bad-date", _expected(written, basis)))
        elif found is None:
            found = dated
        elif found.day != dated.day and alone:
            problems.append(_mismatch(digest, found, dated))
    return found, problems


def _expected(written: Written, basis: Basis) -> str:
    wanted = "day" if written.date() is None else "time"
    return f"expected a {wanted} that exists in the {_NAMES[basis]}, got {written.text!r}"


def _mismatch(digest: Digest, found: Dated, other: Dated) -> Problem:
    line = digest.heading_line if found.basis is Basis.HEADING else 0
    message = (
        f"expected one date, got {found.day} by the {_NAMES[found.basis]} and {other.day} by the {_NAMES[other.basis]}"
    )
    return Problem(Location(digest.path, line), "date-mismatch", message)


_NAMES = {
    Basis.HEADING: "heading",
    Basis.FILE_NAME: "file name",
    Basis.PATH: "path",
    Basis.ARXIV_ID: "arXiv id",
}


def date_by_id(arxiv_id: str, timezone: str) -> Dated:
    """Date an item of an undated digest by its arXiv id: the estimated submission day, 09:00 local."""
    day = arxiv.submission_day(arxiv_id)
    return Dated(moment_of(day, MORNING, timezone), day, Basis.ARXIV_ID)


def id_is_later(arxiv_id: str, day: dt.date) -> bool:
    """Tell whether an arXiv id is of a later month than a digest's day: then one of the two is wrong."""
    return arxiv.month_of(arxiv_id) > (day.year, day.month)


def _dated(written: Written, timezone: str, basis: Basis) -> Dated | None:
    day, clock = written.date(), written.clock()
    if day is None or clock is None:
        return None
    return Dated(moment_of(day, clock, timezone), day, basis)


def day_of(number: int) -> dt.date:
    """Give the day of a number YYYYMMDD."""
    return dt.date(number // 10_000, number // 100 % 100, number % 100)


@lru_cache(maxsize=4096)
def moment_of(day: dt.date, clock: dt.time, timezone: str) -> Moment:
    """Give the moment of a local day and time; in a gap of summer time the clock's later reading holds."""
    import pendulum  # noqa: PLC0415 -- 60 ms that a build without new digests does not need

    local = pendulum.datetime(day.year, day.month, day.day, clock.hour, clock.minute, clock.second, tz=timezone)
    return int(local.int_timestamp)
