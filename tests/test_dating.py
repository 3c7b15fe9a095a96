"""Dating: which moment a digest is of, what that rests on, and which dates are reported."""

from __future__ import annotations

import datetime as dt
import unicodedata
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed import arxiv
from digestfeed.dating import (
    MORNING,
    date_by_id,
    date_digest,
    id_is_later,
    moment_of,
    written_in,
    written_in_path,
)
from digestfeed.model import Basis, Digest

CASES = Path(__file__).parent / "cases" / "dating"

FORMS = [
    "{:%Y-%m-%d}",
    "{:%Y.%m.%d}",
    "{:%Y/%m/%d}",
    "{:%Y_%m_%d}",
    "{:%Y%m%d}",
    "{:%Y년 %m월 %d일}",
    "{0.year}-{0.month}-{0.day}",
    "{0.year}년 {0.month}월 {0.day}일",
    "Daily Papers ({:%Y-%m-%d})",
    "digest_{:%Y_%m_%d}",
    "{:%Y%m%d}-hf",
]
TIMES = [
    "{}-{:%H:%M:%S}",
    "{}T{:%H:%M:%S}",
    "{}-{:%H-%M-%S}",
    "{} {:%H:%M:%S}",
    "{}_{:%H%M%S}",
    "{}T{:%H:%M:%S}.5Z",
]
ZONES = ["Asia/Seoul", "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]

days = st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31))
clocks = st.times().map(lambda time: time.replace(microsecond=0))


def rows(name: str) -> list[list[str]]:
    """Read a table of cases; `-` stands for nothing."""
    lines = (CASES / name).read_text("utf-8").splitlines()
    return [_cells(line) for line in lines if not line.startswith("#")]


def _cells(line: str) -> list[str]:
    return ["" if cell == "-" else cell for cell in line.split("\t")]


def _digest(path: str, heading: str, line: int = 1) -> Digest:
    return Digest(path=path, heading=heading or None, heading_line=line if heading else 0)


def _utc(moment: int) -> str:
    return f"{dt.datetime.fromtimestamp(moment, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(("path", "heading", "timezone", "moment", "basis"), rows("moments.tsv"))
def test_a_digests_moment(path: str, heading: str, timezone: str, moment: str, basis: str) -> None:
    """Heading before file name before path; a day alone means nine in the morning there."""
    found, problems = date_digest(_digest(path, heading), timezone)
    assert (found and (_utc(found.moment), str(found.basis))) == ((moment, basis) if moment else None)
    assert problems == []


@pytest.mark.parametrize(("path", "heading", "line", "basis", "problems"), rows("problems.tsv"))
def test_what_is_wrong_with_dates(path: str, heading: str, line: str, basis: str, problems: str) -> None:
    """A day that does not exist is reported and the next date holds; two days that differ are reported."""
    found, reported = date_digest(_digest(path, heading, int(line)), "Asia/Seoul")
    assert (str(found.basis) if found else "") == basis
    assert " ".join(f"{problem.kind}@{problem.where.line}" for problem in reported) == problems
    assert all(problem.where.path == path for problem in reported)
    assert all(problem.message.startswith("expected ") and ", got " in problem.message for problem in reported)


def test_a_problem_says_what_was_written() -> None:
    """The message quotes the date, and names both of two that disagree."""
    _, (bad,) = date_digest(_digest("papers.md", "2024-13-45", 3), "UTC")
    assert bad.message == "expected a day that exists in the heading, got '2024-13-45'"
    _, (mismatch,) = date_digest(_digest("2024-12-25.md", "2024-12-24", 3), "UTC")
    assert "2024-12-24 by the heading and 2024-12-25 by the file name" in mismatch.message


def test_of_several_sections_only_one_can_agree_with_the_path() -> None:
    """So the others are no mismatch; a day that does not exist is one fault as ever."""
    found, problems = date_digest(_digest("2024-12-25.md", "2024-12-24"), "UTC", alone=False)
    assert found is not None
    assert (found.day, problems) == (dt.date(2024, 12, 24), [])
    _, problems = date_digest(_digest("2024-12-25.md", "2024-12-32"), "UTC", alone=False)
    assert [problem.kind for problem in problems] == ["bad-date"]


@given(days, st.sampled_from(FORMS), st.sampled_from(["NFC", "NFD"]))
def test_every_form_of_a_day_is_read(day: dt.date, form: str, unicode: str) -> None:
    """Whatever day it is, and also decomposed, as file systems of a Mac give names."""
    written = written_in(unicodedata.normalize(unicode, form.format(day)))  # type: ignore[arg-type]
    assert written is not None
    assert (written.date(), written.clock()) == (day, MORNING)


@given(days, clocks, st.sampled_from(TIMES), st.sampled_from(["{:%Y-%m-%d}", "{:%Y.%m.%d}"]))
def test_every_form_of_a_time_is_read(day: dt.date, clock: dt.time, form: str, day_form: str) -> None:
    """Hours, minutes and seconds behind the day, however they are joined."""
    written = written_in(form.format(day_form.format(day), clock))
    assert written is not None
    assert (written.date(), written.clock()) == (day, clock)


@given(days, days, st.sampled_from(["_", "-", " - ", "~", " to "]), st.sampled_from(FORMS[:6]))
def test_of_a_span_the_first_day_counts(first: dt.date, last: dt.date, between: str, form: str) -> None:
    """The second date is no time of day."""
    written = written_in(form.format(first) + between + form.format(last))
    assert written is not None
    assert (written.date(), written.clock()) == (first, MORNING)


@given(st.text() | st.from_regex(r"[0-9T:._ /-]{0,30}", fullmatch=True))
def test_any_text_may_be_asked_for_a_date(text: str) -> None:
    """No text raises, and what is found stands in it."""
    written = written_in(text)
    if written is not None:
        assert written.text in unicodedata.normalize("NFC", text)
        written.date()
        written.clock()


@given(st.from_regex(r"[0-9]{3}_[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", fullmatch=True))
def test_a_hash_seldom_has_a_date(name: str) -> None:
    """Only where its digits begin a date by themselves: none is found in the midst of digits and letters."""
    found, _ = written_in_path(f"{name}.txt")
    if found is not None:
        before, _, after = name.partition(found.text)
        assert not before[-1:].isalnum()
        assert not after[:1].isdigit()


@given(
    st.dates(dt.date(1990, 1, 1), dt.date(2037, 12, 31)),
    clocks,
    st.sampled_from(ZONES),
)
def test_a_moment_is_that_of_the_zone(day: dt.date, clock: dt.time, timezone: str) -> None:
    """As the standard library has it; of an hour that summer time skips or repeats, the later reading."""
    local = dt.datetime.combine(day, clock, ZoneInfo(timezone))
    readings = {int(local.replace(fold=fold).timestamp()) for fold in (0, 1)}
    assert moment_of(day, clock, timezone) == max(readings)


@pytest.mark.parametrize("arxiv_id", ["2412.17743", "0704.0001", "hep-th/9901001", "9912.99999"])
@pytest.mark.parametrize("timezone", ZONES)
def test_an_undated_item_is_dated_by_its_id(arxiv_id: str, timezone: str) -> None:
    """By the estimated day of submission, at nine in the morning of the digests' zone."""
    found = date_by_id(arxiv_id, timezone)
    assert found.basis is Basis.ARXIV_ID
    assert found.day == arxiv.submission_day(arxiv_id)
    local = dt.datetime.fromtimestamp(found.moment, ZoneInfo(timezone))
    assert (local.date(), local.time()) == (found.day, dt.time(9))


@pytest.mark.parametrize(
    ("arxiv_id", "day", "later"),
    [
        ("2412.17743", "2024-11-30", True),
        ("2412.17743", "2024-12-01", False),
        ("2412.17743", "2025-01-01", False),
        ("2501.00001", "2024-12-31", True),
        ("hep-th/9901001", "1998-12-31", True),
        ("hep-th/9901001", "2024-12-31", False),
        ("math/0309136", "1999-12-31", True),
    ],
)
def test_an_id_may_not_be_later_than_its_digest(arxiv_id: str, day: str, later: bool) -> None:  # noqa: FBT001
    """By months: within its month an id's day is only an estimate."""
    assert id_is_later(arxiv_id, dt.date.fromisoformat(day)) is later
