"""arXiv ids: the grammar, the links that lead to a paper, and the estimate of the submission day."""

from __future__ import annotations

import csv
import datetime as dt
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed import arxiv
from digestfeed.arxiv import IdInUrl

DAY = dt.timedelta(days=1)
SAMPLE = Path(__file__).parents[2] / "shared" / "arxiv" / "sample_dates.csv"

WRITTEN = {
    "2412.17743": "2412.17743",
    "2412.17743v2": "2412.17743",
    "arXiv:2412.17743v12": "2412.17743",
    "ARXIV: 2412.17743": "2412.17743",
    " 2412.17743\n": "2412.17743",
    "0704.0001": "0704.0001",
    "1412.9999": "1412.9999",
    "1501.00001": "1501.00001",
    "9912.99999": "9912.99999",
    "math.GT/0309136": "math/0309136",
    "math/0309136v1": "math/0309136",
    "arXiv:math.GT/0309136v1": "math/0309136",
    "hep-th/9901001v1": "hep-th/9901001",
    "HEP-TH/9901001": "hep-th/9901001",
    "cond-mat.str-el/0101001": "cond-mat/0101001",
    "physics.optics/0610001": "physics/0610001",
    "hep-th/9107001": "hep-th/9107001",
    "cs/0703999": "cs/0703999",
    "solv-int/9503001": "solv-int/9503001",
}

IMPOSSIBLE = [
    *("", "v1", "2412", "2412.", ".17743", "arXiv:", "trending"),
    *("2413.00001", "2400.00001"),  # no such month
    *("2412.00000", "0704.0000", "hep-th/9901000"),  # numbers begin with 1
    *("2412.1774", "2412.177433", "1412.00001", "1501.0001", "0704.00001"),  # the digits of another time
    *("0703.0001", "0612.0001"),  # the new style began in 2007-04
    *("hep-th/0704001", "hep-th/9106001", "hep-th/9913001", "hep-th/5001001"),  # the old one had its time too
    *("hep-th/990100", "hep-th/99010011", "hep-xx/9901001", "math.G/0309136", "/9901001", "hep-th9901001"),
    *("2412.17743v0", "2412.17743v", "2412.17743v1x", "2412.17743.pdf", "2412.17743/1", "x2412.17743"),
    *("2412 .17743", "2412.1774３", "２４１２.17743", "24121.7743", "-412.17743"),
]

LINKS = {
    # arXiv itself
    "https://arxiv.org/abs/2412.17743": "2412.17743",
    "http://arxiv.org/abs/2412.17743v2": "2412.17743",
    "https://www.arxiv.org/abs/2412.17743/": "2412.17743",
    "HTTPS://ARXIV.ORG/abs/2412.17743": "2412.17743",
    "https://arxiv.org:443/abs/2412.17743": "2412.17743",
    "https://arxiv.org./abs/2412.17743": "2412.17743",
    "https://arxiv.org/pdf/2412.17743": "2412.17743",
    "https://arxiv.org/pdf/2412.17743.pdf": "2412.17743",
    "https://arxiv.org/pdf/2412.17743v3.pdf": "2412.17743",
    "https://arxiv.org/pdf/2412.17743v3.pdf?download=1#page=2": "2412.17743",
    "https://arxiv.org/html/2412.17743v1#S3.F1": "2412.17743",
    "https://arxiv.org/html/2412.17743v1/x1.png": "2412.17743",
    "https://arxiv.org/format/2412.17743": "2412.17743",
    "https://arxiv.org/src/2412.17743v1/anc/table.csv": "2412.17743",
    "https://arxiv.org/e-print/2412.17743": "2412.17743",
    "https://arxiv.org/abs/hep-th/9901001v1": "hep-th/9901001",
    "https://arxiv.org/pdf/math.GT/0309136.pdf": "math/0309136",
    "https://arxiv.org/abs/arXiv:2412.17743": "2412.17743",
    "//arxiv.org/abs/2412.17743": "2412.17743",
    "arxiv.org/abs/2412.17743": "2412.17743",
    "  https://arxiv.org/abs/2412.17743 ": "2412.17743",
    # escaped slashes
    r"https:\/\/arxiv.org\/pdf\/2412.17743": "2412.17743",
    r"https:\/\/arxiv.org\/abs\/hep-th\/9901001?a=1": "hep-th/9901001",
    "https://arxiv.org/abs%2F2412.17743": "2412.17743",
    "https://arxiv.org/abs/hep-th%2f9901001": "hep-th/9901001",
    "https:%2F%2Farxiv.org%2Fabs%2F2412.17743": "2412.17743",
    "https://arxiv.org//abs//2412.17743": "2412.17743",
    # what prose and Markdown leave behind
    "https://arxiv.org/abs/2412.17743).": "2412.17743",
    "https://arxiv.org/abs/2412.17743**": "2412.17743",
    "https://arxiv.org/abs/2412.17743에서": "2412.17743",
    # mirrors and readers
    "https://export.arxiv.org/abs/2412.17743": "2412.17743",
    "http://cn.arxiv.org/pdf/2412.17743": "2412.17743",
    "http://lanl.arxiv.org/abs/hep-th/9901001": "hep-th/9901001",
    "https://browse.arxiv.org/html/2412.17743v1": "2412.17743",
    "https://ar5iv.org/abs/2412.17743": "2412.17743",
    "https://ar5iv.labs.arxiv.org/html/2412.17743": "2412.17743",
    "https://alphaxiv.org/abs/2412.17743": "2412.17743",
    "https://www.alphaxiv.org/overview/2412.17743v2": "2412.17743",
    # Hugging Face
    "https://huggingface.co/papers/2412.17743": "2412.17743",
    "https://huggingface.co/papers/2412.17743?ref=x#community": "2412.17743",
    "https://hf.co/papers/2412.17743": "2412.17743",
    "https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2412.17743.png": "2412.17743",
    "https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2412.17743/gradient.png": "2412.17743",
    # DOI
    "https://doi.org/10.48550/arXiv.2412.17743": "2412.17743",
    "https://doi.org/10.48550/ARXIV.2412.17743": "2412.17743",
    "http://dx.doi.org/10.48550/arxiv.hep-th/9901001": "hep-th/9901001",
    "https://doi.org/10.48550%2FarXiv.2412.17743": "2412.17743",
}

ELSEWHERE = [
    *("", "https://", "2412.17743", "https://arxiv.org", "https://arxiv.org/", "mailto:a@arxiv.org"),
    # other pages of the right hosts
    "https://arxiv.org/list/cs.CL/recent",
    "https://arxiv.org/list/cs.CL/2412.17743",
    "https://huggingface.co/papers",
    "https://huggingface.co/papers/trending",
    "https://huggingface.co/papers/date/2024-12-24",
    "https://huggingface.co/datasets/2412.17743",
    "https://doi.org/10.1000/arXiv.2412.17743",
    # other hosts, and hosts that look right
    "https://example.com/pdf/2309.05765",
    "https://arxiv.org.evil.com/abs/2412.17743",
    "https://notarxiv.org/abs/2412.17743",
    "https://arxiv.org-evil.com/abs/2412.17743",
    "https://evil.com/arxiv.org/abs/2412.17743",
    "https://evil.com/?u=https://arxiv.org/abs/2412.17743",
    "https://evil.com#@arxiv.org/abs/2412.17743",
    r"https://evil.com\/arxiv.org\/abs\/2412.17743",
    "https://evil.huggingface.co/papers/2412.17743",
    "https://huggingface.co.evil.com/papers/2412.17743",
    "https://аrxiv.org/abs/2412.17743",  # a Cyrillic а
    # user info and ports
    "https://arxiv.org@evil.com/abs/2412.17743",
    r"https://arxiv.org\@evil.com/abs/2412.17743",
    "https://arxiv.org:443@evil.com/abs/2412.17743",
    "https://arxiv.org%2Fabs%2F2412.17743@evil.com/",
    "https://user@arxiv.org/abs/2412.17743",
    "https://arxiv.org:8080/abs/2412.17743",
    # schemes
    "ftp://arxiv.org/abs/2412.17743",
    "javascript://arxiv.org/abs/2412.17743",
    "xhttps://arxiv.org/abs/2412.17743",
]

REJECTED = {
    "https://arxiv.org/abs/2413.00001v1": "2413.00001v1",
    "https://arxiv.org/pdf/2412.00000": "2412.00000",
    "https://arxiv.org/pdf/2412.1774.pdf": "2412.1774.pdf",
    "https://arxiv.org/pdf/2412.177433": "2412.177433",
    "https://arxiv.org/abs/hep-xx/9901001": "hep-xx/9901001",
    "https://arxiv.org/pdf/xxxx.xxxxx": "xxxx.xxxxx",
    "https://arxiv.org/abs/2412.17743/2501.00001": "2412.17743/2501.00001",
    "https://arxiv.org/abs/2412.17743@evil.com": "2412.17743@evil.com",
    "https://arxiv.org/abs/": "/abs/",
    "https://huggingface.co/papers/2413.17743": "2413.17743",
    "https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2400.17743.png": "2400.17743.png",
    "https://doi.org/10.48550/arXiv.2412.0": "2412.0",
}

KNOWN_DAYS = {
    "1207.7214": "2012-07-31",  # the Higgs boson, ATLAS
    "1301.3781": "2013-01-16",  # word2vec
    "1412.6980": "2014-12-22",  # Adam
    "1512.03385": "2015-12-10",  # residual networks
    "1602.03837": "2016-02-11",  # gravitational waves
    "1706.03762": "2017-06-12",  # the transformer
    "1810.04805": "2018-10-11",  # BERT
    "2005.14165": "2020-05-28",  # GPT-3
    "2010.11929": "2020-10-22",  # the vision transformer
    "2106.09685": "2021-06-17",  # LoRA
    "2201.11903": "2022-01-28",  # chain of thought
    "2302.13971": "2023-02-27",  # LLaMA
    "2307.09288": "2023-07-18",  # Llama 2
    "2312.00752": "2023-12-01",  # Mamba
    "2501.12948": "2025-01-22",  # DeepSeek-R1
}


@st.composite
def new_style_ids(draw: st.DrawFn) -> str:
    """Ids from 2007-04 on, also of years to come."""
    year, month = draw(st.integers(7, 99)), draw(st.integers(1, 12))
    if year == 7:
        month = max(4, month)
    digits = 4 if year < 15 else 5
    number = draw(st.integers(1, 10**digits - 1))
    return f"{year:02}{month:02}.{number:0{digits}}"


@st.composite
def old_style_ids(draw: st.DrawFn) -> str:
    """Ids from 1991-07 to 2007-03."""
    months = draw(st.integers(1991 * 12 + 6, 2007 * 12 + 2))
    archive = draw(st.sampled_from(sorted(arxiv.ARCHIVES)))
    return f"{archive}/{months // 12 % 100:02}{months % 12 + 1:02}{draw(st.integers(1, 999)):03}"


ids = new_style_ids() | old_style_ids()
versions = st.just("") | st.integers(1, 99).map("v{}".format)
near_ids = st.text("0123456789./vV-:", max_size=20) | st.from_regex(r"[0-9]{4}\.[0-9]{3,6}(v[0-9])?")
near_urls = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "//", "http://", "https://", r"https:\/\/", "https:%2F%2F"]),
    st.sampled_from(["arxiv.org", "huggingface.co", "doi.org", "evil.com", "arxiv.org@evil.com", "a.arxiv.org"]),
    st.sampled_from(["/abs/", "/pdf/", "/html/", "/papers/", "/10.48550/arXiv.", "%2Fabs%2F", "/"]),
    near_ids | st.text(max_size=20),
)


class TestCanonical:
    """One form for each paper, and none for what arXiv never gave out."""

    @pytest.mark.parametrize(("text", "expected"), WRITTEN.items())
    def test_reduces_what_is_written(self, text: str, expected: str) -> None:
        assert arxiv.canonical(text) == expected

    @pytest.mark.parametrize("text", IMPOSSIBLE)
    def test_refuses_impossible_ids(self, text: str) -> None:
        assert arxiv.canonical(text) is None

    @given(ids, versions)
    def test_drops_prefix_and_version(self, arxiv_id: str, version: str) -> None:
        assert arxiv.canonical(f"arXiv:{arxiv_id}{version}") == arxiv_id

    @given(st.text() | near_ids)
    def test_is_idempotent_and_never_raises(self, text: str) -> None:
        found = arxiv.canonical(text)
        assert found is None or arxiv.canonical(found) == found


class TestMonth:
    """The month of an id."""

    @pytest.mark.parametrize(
        ("arxiv_id", "month"),
        [
            ("2412.17743", (2024, 12)),
            ("0704.0001", (2007, 4)),
            ("9912.00001", (2099, 12)),
            ("hep-th/9107001", (1991, 7)),
            ("math/0309136", (2003, 9)),
        ],
    )
    def test_is_read_off(self, arxiv_id: str, month: tuple[int, int]) -> None:
        assert arxiv.month_of(arxiv_id) == month


class TestIdInUrl:
    """Three answers: a paper, an impossible paper, something else."""

    @pytest.mark.parametrize(("url", "expected"), LINKS.items())
    def test_finds_the_paper(self, url: str, expected: str) -> None:
        assert arxiv.id_in_url(url) == IdInUrl(expected)

    @pytest.mark.parametrize("url", ELSEWHERE)
    def test_checks_host_and_path(self, url: str) -> None:
        assert arxiv.id_in_url(url) == IdInUrl()

    @pytest.mark.parametrize(("url", "expected"), REJECTED.items())
    def test_says_what_is_no_id(self, url: str, expected: str) -> None:
        assert arxiv.id_in_url(url) == IdInUrl(rejected=expected)

    @given(ids, versions)
    def test_reads_its_own_links(self, arxiv_id: str, version: str) -> None:
        urls = [arxiv.abs_url(arxiv_id), arxiv.pdf_url(arxiv_id), arxiv.huggingface_url(arxiv_id)]
        assert {arxiv.id_in_url(url + version).id for url in urls if url} == {arxiv_id}

    @given(st.text() | near_urls)
    def test_answers_one_thing_and_never_raises(self, url: str) -> None:
        found = arxiv.id_in_url(url)
        assert found.id is None or found.rejected is None
        assert found.id is None or arxiv.canonical(found.id) == found.id
        assert found.rejected != ""

    @pytest.mark.parametrize(
        "url",
        [
            "https://arxiv.org/abs/" + "1" * 1_000_000,
            "https://arxiv.org" + "/" * 1_000_000,
            "https://" + "a." * 500_000,
            "https://arxiv.org/abs/" + "a-" * 500_000,
            "https://arxiv.org/abs/arxiv:" + " " * 1_000_000,
            "https://arxiv.org/abs/cs." + "a" * 1_000_000,
            "%2F" * 300_000,
            "\\/" * 500_000,
        ],
        ids=lambda url: f"{url[:30]}…",
    )
    def test_takes_linear_time(self, url: str) -> None:
        start = time.process_time()
        assert arxiv.id_in_url(url).id is None
        assert time.process_time() - start < 2

    def test_keeps_what_it_rejects_short(self) -> None:
        assert arxiv.id_in_url("https://arxiv.org/abs/" + "9" * 1000) == IdInUrl(rejected="9" * 80)

    def test_hugging_face_has_no_old_style_papers(self) -> None:
        assert arxiv.huggingface_url("hep-th/9901001") is None


def errors_in_days(ids_and_days: list[tuple[str, dt.date]]) -> list[int]:
    """How far each estimate is from the true day."""
    return [abs((arxiv.submission_day(arxiv_id) - day).days) for arxiv_id, day in ids_and_days]


class TestSubmissionDay:
    """The estimate, its bounds and its quality."""

    @pytest.mark.parametrize(("arxiv_id", "day"), KNOWN_DAYS.items())
    def test_comes_within_a_day_of_well_known_papers(self, arxiv_id: str, day: str) -> None:
        assert errors_in_days([(arxiv_id, dt.date.fromisoformat(day))]) <= [1]

    def test_hits_most_well_known_papers(self) -> None:
        days = [(arxiv_id, dt.date.fromisoformat(day)) for arxiv_id, day in KNOWN_DAYS.items()]
        assert errors_in_days(days).count(0) >= 0.8 * len(days)

    @pytest.mark.skipif(not SAMPLE.exists(), reason="the calibration sample is not at hand")
    def test_is_as_good_as_promised(self) -> None:
        with SAMPLE.open(encoding="utf-8", newline="") as file:
            rows = [(row["id"], dt.date.fromisoformat(row["date"])) for row in csv.DictReader(file)]
        errors = errors_in_days([row for row in rows if "/" not in row[0]])
        assert errors.count(0) >= 0.865 * len(errors)
        assert sum(error <= 1 for error in errors) >= 0.96 * len(errors)

    def test_is_the_middle_of_the_month_for_old_ids(self) -> None:
        assert arxiv.submission_day("hep-th/9901001") == dt.date(1999, 1, 15)

    @given(ids)
    def test_is_in_the_month_or_just_before(self, arxiv_id: str) -> None:
        first = dt.date(*arxiv.month_of(arxiv_id), 1)
        assert first - 4 * DAY <= arxiv.submission_day(arxiv_id) < first + 31 * DAY

    @given(new_style_ids(), st.integers(1, 99_999))
    def test_never_falls_within_a_month(self, arxiv_id: str, other: int) -> None:
        month, _, number = arxiv_id.partition(".")
        numbers = sorted((int(number), 1 + other % (10 ** len(number) - 1)))
        written = [f"{month}.{n:0{len(number)}}" for n in numbers]
        days = [arxiv.submission_day(one) for one in written]
        assert days == sorted(days)

    @given(ids, st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)))
    def test_is_before_the_first_digest(self, arxiv_id: str, digest: dt.date) -> None:
        day = arxiv.submission_day(arxiv_id, before=digest)
        assert day == min(arxiv.submission_day(arxiv_id), digest - DAY)

    def test_runs_through_the_days_of_every_month(self) -> None:
        for month in range(12 * 2007 + 3, 12 * 2030):
            yymm = f"{month // 12 % 100:02}{month % 12 + 1:02}"
            curve = arxiv._curve(yymm)
            assert curve.lasts == sorted(curve.lasts)
            assert len(curve.lasts) + 1 == len(curve.days)
            assert 27 <= len(set(curve.days)) <= 36
            assert curve.days[0].weekday() < 5


class TestMonthTotal:
    """Months that the tables do not know."""

    def test_the_year_before_grows(self) -> None:
        last_year = arxiv._tables().months["2509"][0]
        assert last_year < arxiv._measured(2026, 9)[0] < 1.5 * last_year
