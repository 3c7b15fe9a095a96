"""Compile the calibration files of the submission-day estimate into the package's data file.

    python tools/compile_arxiv_months.py model.json monthly_totals.csv week_anchors.csv sample_dates.csv \
        > src/digestfeed/data/arxiv_months.txt

Four inputs, one output, and the same inputs give the same bytes:

* `model.json`: how submissions spread over the hours (`utc_hour_share`), what holidays take away
  (`holiday_factor`, `thanksgiving_thu`), and where January's ids began earlier than the rule says
  (`january_start_exceptions`);
* `monthly_totals.csv` (`yymm,total,kind`): the last number of each month; only `official` ones are taken
  over, since `digestfeed.arxiv` makes its estimates itself;
* `week_anchors.csv` (`yymm,last numbers,pairs`): the last number at the end of each Sunday, UTC;
* `sample_dates.csv` (`id,date`): ids with their true submission day.  How the days of a week share its
  numbers is fitted to these, once for each era of `ERAS`.

The shares are fitted here, and not taken from `model.json`, because they answer another question: not on
which day papers are submitted, but at which fraction of a week's numbers the next day begins.  The two
differ, for a paper that moderation held back has a number among those of a later day.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import math
import sys
from itertools import pairwise
from pathlib import Path

ERAS = (2007, 2023)
"""First years of the eras of the weekday shares; from 2023 on, Friday and the weekend weigh more."""

SOFTNESS = 0.012
"""How gradually a paper on the wrong side of a day's end counts, as a fraction of a week (two hours)."""

DAYS_BEFORE_SUNDAY = range(6)

HEADER = """\
# What the submission day of an arXiv id is estimated from; made by tools/compile_arxiv_months.py.
# weekdays YEAR  shares of a week's ids, Monday to Sunday, from YEAR on
# hours          shares of a day's submissions, by UTC hour
# holiday MM-DD  what is left of the share on that day; thanksgiving: on that Thursday
# january YYMM   first submission day of a January that began before the usual cutoff
# month YYMM     last number of the month, then the last number at the end of each Sunday (UTC) within it
"""

Table = dict[str, list[int]]
Placed = tuple[float, int]
"""Where in its week's numbers a paper stands (0 to 1), and its weekday (Monday 0)."""


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a heading line."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def months_of(totals: Path, anchors: Path) -> Table:
    """Month → its last number, then its Sundays' last numbers.

    An anchor that reaches the total belongs to a Sunday past the month's last submission day, and is dropped.
    """
    sundays = {row["yymm"]: row["last_seq_at_end_of_each_sunday_utc"] for row in rows_of(anchors)}
    months: Table = {}
    for row in rows_of(totals):
        if row["kind"] == "official":
            total = int(row["total"])
            numbers = (int(number) for number in sundays.get(row["yymm"], "").split())
            months[row["yymm"]] = [total, *(number for number in numbers if number < total)]
    return months


def placed_in_week(row: dict[str, str], months: Table) -> Placed | None:
    """Where a sampled paper stands between the two Sundays around it, or None outside whole weeks."""
    month, _, number = row["id"].partition(".")
    for last, this in pairwise(months.get(month, [])[1:]):
        if last < int(number) <= this:
            weekday = dt.date.fromisoformat(row["date"]).weekday()
            return (int(number) - 0.5 - last) / (this - last), weekday
    return None


def end_of_day(day: int, papers: list[Placed]) -> float:
    """The fraction of a week's numbers that best tells the papers up to a weekday from the later ones."""

    def cost(end: float) -> float:
        wrong = (end - place if weekday <= day else place - end for place, weekday in papers)
        return math.fsum(1 / (1 + math.exp(distance / SOFTNESS)) for distance in wrong)

    return min((thousandth / 1000 for thousandth in range(100, 980)), key=cost)


def weekday_shares(papers: list[Placed]) -> list[float]:
    """The shares of a week's numbers, Monday to Sunday."""
    ends = [0.0, *(end_of_day(day, papers) for day in DAYS_BEFORE_SUNDAY), 1.0]
    return [round(end - start, 3) for start, end in pairwise(ends)]


def era_lines(sample: Path, months: Table) -> list[str]:
    """One `weekdays` line an era."""
    papers: dict[int, list[Placed]] = {year: [] for year in ERAS}
    for row in rows_of(sample):
        if "/" not in row["id"] and (placed := placed_in_week(row, months)):
            papers[max(year for year in ERAS if year <= 2000 + int(row["id"][:2]))].append(placed)
    return [f"weekdays {year} {joined(weekday_shares(papers[year]))}" for year in ERAS]


def joined(numbers: list[float] | list[int]) -> str:
    """Numbers with a space between them."""
    return " ".join(map(str, numbers))


def main() -> None:
    """Read the four files named on the command line and print the data file."""
    parser = argparse.ArgumentParser(description="Compile the calibration of the submission-day estimate.")
    for name in ("model", "totals", "anchors", "sample"):
        parser.add_argument(name, type=Path)
    files = parser.parse_args()
    model = json.loads(files.model.read_text(encoding="utf-8"))
    months = months_of(files.totals, files.anchors)
    lines = [
        *era_lines(files.sample, months),
        f"hours {joined(model['utc_hour_share'])}",
        *(f"holiday {day} {factor}" for day, factor in model["holiday_factor"].items()),
        f"thanksgiving {model['thanksgiving_thu']}",
        *(f"january {month} {day}" for month, day in model["january_start_exceptions"].items()),
        *(f"month {month} {joined(numbers)}" for month, numbers in months.items()),
    ]
    sys.stdout.write(HEADER + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
