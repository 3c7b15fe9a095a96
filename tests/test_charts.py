"""The pictures: they show the numbers they were given, say them in words, and everyone can tell their parts apart."""

from __future__ import annotations

import calendar
import datetime as dt
import json
import math
import re
from collections import Counter
from importlib import resources
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed import urls
from digestfeed.config import Config, checked
from digestfeed.render import charts
from digestfeed.render.context import Context
from digestfeed.render.site import FieldMonths, History, archive_page, trends_page
from digestfeed.render.site.lines import MonthCount
from digestfeed.render.words import words
from tests.trees import item, run, tree, write_digest

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
SAID = words("en")
CAPTION = charts.Caption("it", "Papers & <more>", "A sentence.")

counts = st.integers(0, 5000)
months = st.builds(lambda year, month: year * 100 + month, st.integers(1991, 2090), st.integers(1, 12))


def drawn(markup: str) -> ET.Element:
    """Parse a picture as XML, and check that it has nothing the site's policy forbids, and no number with a tail."""
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=|\d\.\d{3}|\de-|nan|inf", markup)
    return ET.fromstring(markup)  # noqa: S314 -- our own


def heights(path: str, base: int) -> list[int]:
    """Read a skyline back: the height of each of its columns."""
    found: list[int] = []
    at = base
    for command, number in re.findall(r"([hvV])(-?\d+)", path):
        if command == "h":
            found += [base - at] * int(number)
        else:
            at = int(number) + (at if command == "v" else 0)
    assert at == base
    return found


# -- scales -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**9))
def test_a_scale_holds_the_number_in_few_round_steps(most: int) -> None:
    """From 0 to at least the number, by 1, 2 or 5 times a power of ten, at most four times."""
    scale = charts.axis(most)
    steps = {b - a for a, b in pairwise(scale.ticks)}
    assert scale.ticks[0] == 0
    assert scale.ticks[-1] == scale.top >= max(most, 1)
    assert len(scale.ticks) <= 5
    assert len(steps) == 1
    assert re.fullmatch("[125]0*", str(steps.pop()))
    assert most == 0 or scale.top - (scale.ticks[1] - scale.ticks[0]) < most, "no step is empty"


@given(st.sets(months, min_size=1, max_size=8))
def test_a_timeline_has_no_gap_and_ends_with_the_last_month(found: set[int]) -> None:
    """Twelve months at least, a hundred and twenty at most."""
    shown = charts.timeline(found)
    assert shown[-1] == max(found)
    assert 12 <= len(shown) <= 120
    assert all(b - a in {1, 89} for a, b in pairwise(shown))
    assert len(shown) == 120 or shown[0] <= min(found)
    assert len(shown) == 12 or shown[0] >= min(found)


# -- plots ------------------------------------------------------------------------------------------------------------


@given(st.data())
def test_columns_are_as_high_as_their_numbers(data: st.DataObject) -> None:
    """Read from the paths: each part of each month has its number, and stands on the one below."""
    shown = charts.timeline({data.draw(months), data.draw(months)})
    series = [[data.draw(counts) for _ in shown] for _ in range(data.draw(st.integers(1, 6)))]
    picture = drawn(charts.columns(CAPTION, shown, series, ["tip"] * len(shown), SAID))
    inner = picture.find("svg")
    assert inner is not None
    width, top = map(int, inner.attrib["viewBox"].split()[2:])
    assert width == len(shown)
    assert top == charts.axis(max(map(sum, zip(*series, strict=True)))).top
    paths = {path.attrib["class"]: path.attrib["d"] for path in inner.findall("path")}
    base = [0] * width
    for number, wanted in enumerate(series, 1):
        bars = re.findall(r"M(\d+)\.1 (\d+)v-(\d+)h\.8v(\d+)z", paths.get(f"s{number % len(series)}", ""))
        read = {int(at): (top - int(low), int(up), int(down)) for at, low, up, down in bars}
        assert read == {at: (base[at], count, count) for at, count in enumerate(wanted) if count}
        base = [low + count for low, count in zip(base, wanted, strict=True)]
    assert len(inner.findall("g/rect/title")) == width


@given(st.integers(12, 120), months)
def test_labels_along_the_months_do_not_touch_on_a_phone(length: int, last: int) -> None:
    """A label needs 14 % of the width there; those that would touch are not shown; the rest is inside the plot."""
    number = last // 100 * 12 + last % 100 - 1
    shown = [n // 12 * 100 + n % 12 + 1 for n in range(number - length + 1, number + 1)]
    picture = drawn(charts.columns(CAPTION, shown, [[1] * length], [""] * length, SAID))
    labels = [text for text in picture.findall("text") if "tick" in text.attrib.get("class", "").split()]
    assert 1 <= len(labels) <= 7
    places = []
    for label in labels:
        x, names = float(label.attrib["x"].removesuffix("%")), label.attrib["class"].split()
        if "wide" not in names:
            places.append((x - 14, x) if "end" in names else (x, x + 14))
    assert places
    assert all(begin >= 0 and end <= 100.01 for begin, end in places)
    assert all(a[1] <= b[0] + 0.01 for a, b in pairwise(places))
    assert any(re.fullmatch(r"\d{4}", label.text or "") for label in labels) or length > 12, "a year is named"


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40))
def test_panels_are_as_high_as_their_shares(permille: list[int]) -> None:
    """On a scale whose top is the highest, which is written there."""
    shown = charts.timeline([199101, 199101 + (len(permille) - 1) // 12 * 100 + (len(permille) - 1) % 12])
    shown = shown[-len(permille) :] if len(permille) >= 12 else shown
    shares = [*[0] * (len(shown) - len(permille)), *permille]
    picture = drawn(charts.panel(CAPTION, shown, shares, SAID))
    path = picture.find("svg/path")
    assert path is not None
    assert heights(path.attrib["d"], max(1, *shares)) == shares
    assert charts.percent(max(1, *shares), 1000) in [text.text for text in picture.findall("text")]


@given(st.lists(counts, min_size=1, max_size=36))
def test_sparklines_keep_order_and_show_that_there_is_something(found: list[int]) -> None:
    """A sixteenth of the highest is a step; more is never lower, and what is not nothing is seen."""
    markup = charts.sparkline(found)
    path = drawn(markup).find("path")
    assert path is not None
    shown = heights(path.attrib["d"], 16)
    assert [height > 0 for height in shown] == [count > 0 for count in found]
    assert all((a <= b) or (x > y) for (a, x), (b, y) in combinations(zip(shown, found, strict=True), 2) if x <= y)
    assert max(shown) == (16 if any(found) else 0)
    assert len(markup) < 130 + 7 * len(found)


def test_there_is_no_sparkline_of_nothing() -> None:
    """Without a month there is no picture."""
    assert charts.sparkline([]) == ""


def test_pictures_say_what_they_are() -> None:
    """Each is an image with a title and, where given, a sentence, by ids of their own; markup in them is text."""
    picture = drawn(charts.columns(CAPTION, charts.timeline([202412]), [[1] * 12], [""] * 12, SAID))
    assert picture.attrib["role"] == "img"
    assert picture.attrib["aria-labelledby"] == "it-t it-d"
    title, described = picture.find("title"), picture.find("desc")
    assert title is not None
    assert described is not None
    assert (title.attrib["id"], title.text) == ("it-t", "Papers & <more>")
    assert (described.attrib["id"], described.text) == ("it-d", "A sentence.")
    bare = drawn(charts.panel(charts.Caption("p", "Title"), charts.timeline([202412]), [0] * 12, SAID))
    assert bare.attrib["aria-labelledby"] == "p-t"


# -- shares -----------------------------------------------------------------------------------------------------------


@given(counts, counts)
def test_percents_are_rounded_to_one_place(count: int, more: int) -> None:
    """To the nearest tenth, halves up, whatever the machine's floating point does."""
    whole = count + more
    said = charts.percent(count, whole)
    assert re.fullmatch(r"\d{1,3}\.\d%", said)
    assert not whole or abs(float(said[:-1]) - 100 * count / whole) <= 0.0500001


def test_a_bar_is_as_long_as_its_number() -> None:
    """Of the longest."""
    rect = drawn(charts.bar(45, 60)).find("rect")
    assert rect is not None
    assert rect.attrib["width"] == "75%"
    assert 'width="0%"' in charts.bar(0, 0)


# -- the calendar -----------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 400), min_size=1, max_size=60))
def test_levels_are_four_ranges_without_a_gap(found: list[int]) -> None:
    """Each count is in the range of its level, and the ranges hold all numbers from 1 to the highest."""
    step = charts.level_step(found)
    ranges = charts.level_ranges(step, max(found))
    bounds = [(number, *[int(part) for part in said.split("–")]) for number, said in ranges]
    assert [number for number, *_ in bounds] == list(range(1, len(bounds) + 1))
    assert len(bounds) <= 4
    assert bounds[0][1] == 1
    assert bounds[-1][-1] >= max(found)
    assert all(a[-1] + 1 == b[1] for a, b in pairwise(bounds))
    for count in found:
        _, low, *high = bounds[charts.level(count, step) - 1]
        assert low <= count <= (high[0] if high else low)
    assert charts.level(0, step) == 0


@given(months, st.dictionaries(st.integers(1, 28), st.integers(1, 60)), st.booleans())
def test_each_day_of_a_month_has_its_square_at_its_place(month: int, found: dict[int, int], linked: bool) -> None:  # noqa: FBT001
    """Weeks go to the right, weekdays down from Monday; a bigger square is a higher level; papers make it a link."""
    known = {month * 100 + day: count for day, count in found.items()}
    markup = charts.month_days(month, known, 12, (lambda day: f"day/{day}") if linked else None, SAID)
    picture = drawn(markup)
    year, number = divmod(month, 100)
    first = dt.date(year, number, 1)
    wanted = Counter[tuple[int, int, int]]()
    for day in range(1, calendar.monthrange(year, number)[1] + 1):
        week, weekday = divmod(first.weekday() + day - 1, 7)
        wanted[week, weekday, charts.level(found.get(day, 0), 12)] += 1
    read = Counter[tuple[int, int, int]]()
    for path in picture.iter("path"):
        for left, top, side in re.findall(r"M(\d+) (\d+)h(\d+)v\d+h-\d+z", path.attrib["d"]):
            shade = (2, 6, 8, 10, 12).index(int(side))
            assert path.attrib["class"] == f"q{shade}"
            read[int(left) // 14, int(top) // 14, shade] += 1
    assert read == wanted
    assert picture.attrib == {"viewBox": "0 0 84 98", "aria-hidden": "true"}
    links = picture.findall("a")
    assert [link.attrib for link in links] == [
        {"href": f"day/{day}", "tabindex": "-1"} for day in sorted(known) if linked
    ]
    if links:
        title = links[0].find("title")
        assert title is not None
        day = min(found)
        assert title.text == f"{SAID.day(year, number, day)}: {SAID.count('papers', found[day])}"


# -- colours ----------------------------------------------------------------------------------------------------------

STYLE = resources.files("digestfeed.render").joinpath("assets/style.css").read_text("utf-8")

# How colours look to those who lack a cone, for linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.
EYES = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
# Linear RGB to cone responses and those to OKLab (Ottosson 2020).
CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
Triple = tuple[float, ...]


def linear(colour: str) -> Triple:
    """Give `#rrggbb` as linear RGB."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def times(matrix: tuple[Triple, ...], vector: Triple) -> Triple:
    """Multiply."""
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def oklab(rgb: Triple) -> Triple:
    """Give a colour where distances are as they are seen."""
    return times(LAB, tuple(max(0.0, part) ** (1 / 3) for part in times(CONES, rgb)))


def palette(scheme: str, letter: str) -> list[str]:
    """Read the colours of a scheme from the stylesheet's section of pictures."""
    light, dark = STYLE[STYLE.index("/* Pictures") :].split("@media screen and (prefers-color-scheme: dark)")[:2]
    return re.findall(rf"--{letter}\d: (#[0-9a-f]{{6}})", light if scheme == "light" else dark)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_parts_of_a_column_can_be_told_apart(scheme: str, eyes: str) -> None:
    """Any two colours differ by at least 0.1 in OKLab, five times what is just noticed, for all kinds of eyes."""
    colours = palette(scheme, "s")
    assert len(colours) == 6
    seen = [oklab(tuple(min(1.0, max(0.0, part)) for part in times(EYES[eyes], linear(c)))) for c in colours]
    assert min(math.dist(a, b) for a, b in combinations(seen, 2)) > 0.1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shades_of_the_calendar_grow_away_from_the_ground(scheme: str) -> None:
    """Each is darker than the one before, or lighter where the ground is dark, also without colour."""
    shades = [oklab(linear(colour))[0] for colour in palette(scheme, "q")]
    assert len(shades) == 5
    grown = [(a - b) if scheme == "light" else (b - a) for a, b in pairwise(shades[1:])]
    assert min(grown) > 0.08


# -- pages ------------------------------------------------------------------------------------------------------------

FIELDS = {
    "other": "기타",
    **{f"field-{n}": f'분야 {n} & "<b>"' for n in range(20)},
}


def context(language: str = "ko") -> Context:
    """A context for the pages."""
    config = checked("test", Config(title="논문", language=language))
    return Context(config=config, field_names=FIELDS, version="1")


SOME = {f"field-{n}" for n in range(7)}


def history(*days: tuple[int, int]) -> History:
    """A history in which all papers are in `field-0` and half of them in each other; seven fields are some's first."""
    by_month = Counter[int]()
    for day, count in days:
        by_month[day // 100] += count
    fields = [
        FieldMonths(
            slug=slug,
            title=title,
            months={month: count if slug == "field-0" else count // 2 for month, count in by_month.items()},
            first={month: count // 8 for month, count in by_month.items()} if slug in SOME else {},
        )
        for slug, title in FIELDS.items()
    ]
    return History(days=days, fields=fields if days else [])


ONE_DAY = history((20241223, 12))
YEARS = history(
    *(
        (day.year * 10000 + day.month * 100 + day.day, 1 + day.toordinal() % 24)
        for day in (dt.date(2017, 3, 1) + dt.timedelta(days=n) for n in range(0, 2900, 3))
    )
)


def parsed(page: bytes) -> ET.Element:
    """Parse a page as strictly as html5lib does."""
    found: ET.Element = html5lib.HTMLParser(strict=True).parse(page)
    return found


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("shown", [history(), ONE_DAY, YEARS], ids=["empty", "day", "years"])
def test_the_page_is_valid_and_obeys_the_policy(shown: History, language: str) -> None:
    """No fault in the HTML, no style but the sheet's, each id once, each image named by what is there."""
    page = trends_page(shown, context(language))
    root = parsed(page)
    assert not re.search(rb"\sstyle=|<style|\son\w+=", page)
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    images = [element for element in root.iter(f"{SVG}svg") if element.attrib.get("role") == "img"]
    assert len(images) == (13 if shown.days else 0)
    for image in images:
        assert set(image.attrib["aria-labelledby"].split()) <= set(ids)
        assert not list(image.iter(f"{SVG}a")), "what is an image has no links inside"
    for element in root.iter(f"{SVG}svg"):
        hidden = element.attrib.get("aria-hidden") == "true"
        assert hidden or element in images or any(element in list(image.iter()) for image in images)


def test_the_tables_say_what_the_pictures_show() -> None:
    """Each row has a cell for each heading, each month with papers a row; the numbers add up."""
    root = parsed(trends_page(YEARS, context()))
    tables = [table for table in root.iter(f"{HTML}table") if table.attrib.get("class") != "shares"]
    assert len(tables) == 1 + 2 + 1
    for table in tables:
        rows = list(table.iter(f"{HTML}tr"))
        assert {len(list(row)) for row in rows} == {len(list(rows[0]))}
    by_month = Counter[int]()
    for day, count in YEARS.days:
        by_month[day // 100] += count
    shown = charts.timeline(by_month)
    body = [["".join(cell.itertext()).strip() for cell in row] for row in list(tables[0].iter(f"{HTML}tr"))[1:]]
    assert [row[1] for row in body] == [f"{by_month[month]:,}" for month in reversed(shown) if by_month[month]]
    assert all(int(row[1].replace(",", "")) == sum(int(n.replace(",", "")) for n in row[2:]) for row in body)
    newest = [["".join(cell.itertext()).strip() for cell in row] for row in list(tables[1].iter(f"{HTML}tr"))[1:]]
    known = dict(YEARS.days)
    year = max(known) // 10000
    assert sum(int(cell) for row in newest for cell in row[1:] if cell) == sum(
        count for day, count in known.items() if day // 10000 == year
    )


def test_the_field_of_no_topic_is_only_among_the_shares() -> None:
    """`other` is no trend, and its papers are part of the rest."""
    root = parsed(trends_page(ONE_DAY, context()))
    sections = {section.attrib.get("id"): section for section in root.iter(f"{HTML}section")}
    links = {name: [a.attrib["href"] for a in section.iter(f"{HTML}a")] for name, section in sections.items() if name}
    other = f"../{urls.feed_page('other')}"
    assert other in links["shares"]
    assert other not in links["fields"] + links["months"]


def test_the_index_of_the_archive_is_the_calendar() -> None:
    """Each month with papers is a link with its count; days are links in the newest two years."""
    totals = Counter[int]()
    for day, count in YEARS.days:
        totals[day // 100] += count
    lines = [MonthCount(month=month, count=count) for month, count in sorted(totals.items(), reverse=True)]
    root = parsed(archive_page([*lines, MonthCount(month=0, count=3)], YEARS.days, context()))
    hrefs = [a.attrib["href"] for a in root.iter(f"{HTML}a")]
    for month in totals:
        assert f"../{urls.month_page(month)}" in {f"../archive/{href}" for href in hrefs}
    days = [a.attrib["href"] for a in root.iter(f"{SVG}a")]
    newest = sorted({day // 10000 for day, _ in YEARS.days})[-2:]
    assert len(days) == sum(day // 10000 in newest for day, _ in YEARS.days)
    assert all(re.fullmatch(r"(\d{4}-\d\d)/\1-\d\d\.html", href) for href in days)
    assert f"../{urls.month_page(0)}" in hrefs


def test_every_class_of_a_picture_has_a_rule() -> None:
    """What the pictures are coloured by is in the stylesheet."""
    pages = trends_page(YEARS, context()) + archive_page([], YEARS.days, context())
    used = {
        name
        for svg in re.findall(r"<svg.*?</svg>", pages.decode())
        for names in re.findall(r'class="([^"]*)"', svg)
        for name in names.split()
    }
    assert used >= {"plot", "panel", "bar", "s0", "s5", "q0", "q4", "base", "end", "over"}
    assert {name for name in used - {"tick"} if not re.search(rf"\.{name}\b", STYLE)} == set()


@pytest.mark.parametrize("again", [False, True], ids=["afresh", "more"])
def test_a_build_counts_its_days(tmp_path: Path, again: bool) -> None:  # noqa: FBT001
    """The calendar's numbers are those of the data files, also after days came, changed and went."""
    digests = tmp_path / "digests"
    write_digest(digests, "2024-11-01.md", item("2410.00001"), item("2410.00002"))
    write_digest(digests, "2024-12-23.md", item("2412.00001"))
    write_digest(digests, "2025-01-09.md", item("2501.00001"))
    if again:
        run(tmp_path)
        (digests / "2025-01-09.md").unlink()
        write_digest(digests, "2024-12-23.md", item("2412.00001"), item("2412.00002"), item("2410.00002"))
        write_digest(digests, "2024-12-24.md", item("2412.00003"))
    run(tmp_path)
    out = tree(tmp_path / "out")
    wanted = Counter[str]()
    for path, data in out.items():
        if path.endswith(".jsonl"):
            moments = [dt.datetime.fromisoformat(json.loads(line)["published"]) for line in data.splitlines()]
            wanted.update(moment.astimezone(ZoneInfo("Asia/Seoul")).date().isoformat() for moment in moments)
    for page in (urls.ARCHIVE, urls.TRENDS):
        tips = re.findall(rb'href="(\S+?)" tabindex="-1"><title>\S+ \S+ \S+: \D*(\d+)', out[page])
        assert {href.decode()[8:18]: int(count) for href, count in tips} == wanted
        for href, _ in tips:
            assert f"archive/{href.decode()}" in out
