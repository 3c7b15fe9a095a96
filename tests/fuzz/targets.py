"""The fuzz targets: functions of any bytes that must end without an exception, and what must hold of what they give."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from lxml import etree

from digestfeed import __version__, arxiv, dating, merge, serve, sources
from digestfeed.config import Config, parse_config
from digestfeed.errors import ConfigError
from digestfeed.model import Appearance, Digest
from digestfeed.parse import parse
from digestfeed.pipeline.intake import naming, take_text
from digestfeed.render import atom, body, citation, data, jsonfeed, rss, site
from digestfeed.render.context import Context
from digestfeed.render.markdown import clean, markdown_html, rendered
from digestfeed.render.maths import as_tex, maths_at
from tests.laws import NOT_XML, html_faults, line_faults

ROOT = Path(__file__).parent.parent.parent
CORPUS = Path(__file__).parent / "corpus"
DAY = dt.date(2026, 1, 1)


class Target(NamedTuple):
    """What is tried on any bytes, with what it begins, how many bytes it gets at most, and if lines matter in them."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    longest: int = 4096
    has_lines: bool = False


def written(bytes_: bytes) -> str:
    """Take bytes for text; what is no UTF-8 becomes lone surrogates, which no text should hold and any may."""
    return bytes_.decode("utf-8", "surrogateescape")


# -- digests ---------------------------------------------------------------------------------------------------


def try_parse(bytes_: bytes) -> None:
    """Each line that is not blank ends in an item, a problem or chatter."""
    assert line_faults(written(bytes_)) == []


def try_file(bytes_: bytes) -> None:
    """A digest file of these bytes, through reading, dating, merging and every format that a paper is shown in."""
    folder, config = _scratch(), Config()
    (folder / "2024-10-18.md").write_bytes(bytes_)
    read = sources.read(folder, "2024-10-18.md", 1_000_000)
    if isinstance(read, sources.SourceFault):
        assert "expected" in read.reason
        return
    taken = take_text(sources.SourceFile("2024-10-18.md", len(bytes_), 0), read, config, DAY)
    papers: dict[str, list[Appearance]] = {}
    for row in taken.rows:
        papers.setdefault(row.key, []).append(msgspec.msgpack.decode(row.body, type=Appearance))
    for appearances in papers.values():
        _show(appearances, config)


def _show(appearances: list[Appearance], config: Config) -> None:
    context, names = _context(config), naming(config)
    paper = merge.merge(appearances, names.fields_of, names.infer)
    assert paper == merge.merge(appearances[::-1], names.fields_of, names.infer)
    entry = body.entry(paper, context, rendered(paper))
    assert html_faults(entry.content_html) == []
    texts = (entry.title, entry.summary_text, *entry.authors, *(label for _, label in entry.categories))
    assert not any("<" in text and html_faults(text) and "<" in body.plain(text) != text for text in texts)
    for made in (atom.entries([entry], context), rss.entries([entry], context)):
        etree.fromstring(b'<r xmlns:content="c" xmlns:dc="d" xmlns:media="m" xmlns:atom="a">' + made[0] + b"</r>")
    for line in jsonfeed.items([entry], context):
        assert not NOT_XML.search(json.dumps(json.loads(line.strip(b",\n ")), ensure_ascii=False))
    assert json.loads(data.jsonl_line(paper, context))["key"] == paper.key
    page = site.paper_page(paper, context).decode()
    assert not NOT_XML.search(page)
    assert page.count("<script") == 2  # the site's one file, and a block of data
    data.bibliography([citation.cited(paper)]).decode()


@cache
def _scratch() -> Path:
    home = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 -- one file, for this process alone
    folder = tempfile.TemporaryDirectory(dir=home)
    _kept.append(folder)
    return Path(folder.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []


@cache
def _context_of(language: str) -> Context:
    names = {field.slug: field.name_ko for field in naming(Config()).vocabulary.fields}
    return Context(config=Config(language=language), field_names=names, version=__version__)


def _context(config: Config) -> Context:
    return _context_of(config.language)


# -- texts -----------------------------------------------------------------------------------------------------


def try_markdown(bytes_: bytes) -> None:
    """A summary's HTML does nothing, is read in one way by browsers, and is not much longer than the summary."""
    text = written(bytes_)
    html = markdown_html(text)
    assert html_faults(html) == []
    assert len(html) < 200 * len(text) + 1000


def try_maths(bytes_: bytes) -> None:
    """Wherever maths may begin: its MathML is well-formed, and as TeX it is text again."""
    text = clean(written(bytes_))
    for at, char in enumerate(text):
        found = maths_at(text, at) if char in "$\\" else None
        if found is not None:
            assert [fault for fault in html_faults(found.mathml) if fault[:7] == "parsing"] == []
            assert found.source == text[at : found.end]
            assert "<math" not in as_tex(found.mathml)


def try_dating(bytes_: bytes) -> None:
    """A path and, below it, a heading: the day is that of the moment in its zone, and what is no day is told."""
    path, _, heading = written(bytes_).partition("\n")
    path = path if PurePosixPath(path).name else "a.md"  # a file always has a name
    digest = Digest(path=path, heading=heading or None, heading_line=int(bool(heading)))
    for zone in ("Asia/Seoul", "America/Sao_Paulo", "America/New_York"):
        dated, problems = dating.date_digest(digest, zone)
        assert all(problem.kind in {"bad-date", "date-mismatch"} for problem in problems)
        if dated is not None:
            assert dt.datetime.fromtimestamp(dated.moment, ZoneInfo(zone)).date() == dated.day


def try_arxiv(bytes_: bytes) -> None:
    """An id that is recognised has one form, a month that was, a day, and links that lead to it."""
    text = written(bytes_)
    seen = arxiv.id_in_url(text)
    assert not (seen.id and seen.rejected)
    for name in {arxiv.canonical(text), seen.id} - {None}:
        assert name is not None
        assert arxiv.canonical(name) == name
        assert arxiv.id_in_url(arxiv.abs_url(name)).id == arxiv.id_in_url(arxiv.pdf_url(name)).id == name
        year, month = arxiv.month_of(name)
        day = arxiv.submission_day(name)
        assert abs((day.year - year) * 12 + day.month - month) <= 1


# -- the config, and what asks the preview ---------------------------------------------------------------------


def try_config(bytes_: bytes) -> None:
    """A config is read or refused in a sentence; one that is read can name fields."""
    said = "digestfeed.toml:"
    try:
        naming(parse_config("digestfeed.toml", bytes_.decode("utf-8", "replace"))).fields_of(["컴퓨터 비전"])
    except ConfigError as error:
        said = str(error)
    assert said.startswith("digestfeed.toml:")


SECRET = b"nobody's business"
_ANSWERED = (200, 206, 301, 304, 400, 404, 405, 408, 414, 416, 421, 431, 501, 505)


class Wire:
    """A connection on which all has come that will, and which keeps what is sent back."""

    def __init__(self, sent: bytes) -> None:
        self._sent = io.BytesIO(sent)
        self.answer = bytearray()

    def makefile(self, *_: object) -> io.BytesIO:
        """Give what came."""
        return self._sent

    def sendall(self, data: bytes) -> None:
        """Keep what is sent."""
        self.answer += data

    def settimeout(self, _seconds: float) -> None:
        """Wait for nothing."""

    def setsockopt(self, *_: object) -> None:
        """Need nothing set."""


def try_serve(bytes_: bytes) -> None:
    """A connection on which these bytes come is answered by HTTP, safely, and told nothing from outside."""
    wire = Wire(bytes_)
    serve.Handler(wire, ("127.0.0.1", 1), _preview())  # type: ignore[arg-type]
    answer = bytes(wire.answer)
    assert SECRET not in answer
    if answer:
        assert answer.startswith(b"HTTP/1.1 ")
        assert int(answer.split(b" ", 2)[1]) in _ANSWERED
        head = answer.partition(b"\r\n\r\n")[0]
        assert all(name.encode() in head for name in serve.SAFE_HEADERS)


@cache
def _preview() -> serve.Preview:
    home = _scratch() / "home"
    for name in ("out/index.html", "out/404.html", "out/feeds/all/index.html", "out/feeds/all/atom.xml"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(b"<p>public</p>" * 30)
    for name in ("secret.txt", "out/.hidden", "out/.staging/half.html", "outside/index.html"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(SECRET)
    for name, target in (("link", "../secret.txt"), ("folder", "../outside"), ("loop", "loop"), ("dot", ".hidden")):
        (home / "out" / name).symlink_to(target)
    server = serve.server(home / "out", port=0)
    server.server_close()
    return server


# -- seeds -----------------------------------------------------------------------------------------------------


def digests() -> Iterator[bytes]:
    """The project's own digests and the parser's cases."""
    for folder in ("digests", "tests/cases/parse", "tests/cases/check"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".md", ".txt"}:
                yield path.read_bytes()


def summaries() -> Iterator[bytes]:
    """Every summary of these."""
    for digest in digests():
        for part in parse("a.md", digest.decode("utf-8", "replace")).digests:
            for item in part.items:
                yield from (text.encode() for text in (item.summary, item.easy_summary) if text)
    yield from (text.encode() for text in _MARKDOWN)


_MARKDOWN = (
    "| a | b |\n|---|:-:|\n| *c* | `d` |",
    "> - a\n>   1. b\n\n```py\nx\n```\n<script>alert(1)</script>",
    "[a](javascript:x) ![b](data:,x) <https://x.org/?a=1&b> [c][1]\n\n[1]: https://x.org 'y'",
    r"$x^2$ and \(a_i\) and \[\sum_{i=1}^n i\] and $$\frac{a}{b}$$",
)


def formulas() -> Iterator[bytes]:
    """Maths of each kind."""
    yield from (text.encode() for text in _MATHS)


_MATHS = (
    r"$x^2$ $\alpha$ $n=3$ CO$_2$ $\mathbb{R}^{d \times d}$",
    r"\(a_i\) \[\sum_{i=1}^n i\] $$\frac{a}{b}$$ $$\begin{matrix}a&b\\c&d\end{matrix}$$",
    r"\[\left( \sqrt[3]{\mathcal{O}(n \log n)} \right)\] $\text{loss} \leq 10^{-3}$ costs $5 and $6",
)


def dates() -> Iterator[bytes]:
    """Dates of the kind, in paths and headings."""
    rows = ("2024/10/18.md\n", "2024-09-06-15:00:25.md\nDaily Papers (2024-10-18)", "20240906-hf.md\n2024년 9월 6일")
    yield from (row.encode() for row in (*rows, "1900-01-01T00:00:00\n", "2011-12-30.md\n2024-02-30 25:61"))


def ids() -> Iterator[bytes]:
    """Ids and links."""
    yield from (text.encode() for text in _IDS)


_IDS = (
    "arXiv:2412.17743v2",
    "math.GT/0309136",
    "https://arxiv.org/pdf/2412.17743v1.pdf?download=1",
    "https:%2F%2Farxiv.org%2Fabs%2F2412.17743",
    r"https:\/\/huggingface.co\/papers\/2412.17743",
    "https://doi.org/10.48550/arXiv.2412.17743",
    "http://export.arxiv.org:80/html/hep-th/9901001v3/figure.png",
)


def configs() -> Iterator[bytes]:
    """A config with every key."""
    yield (
        b'title = "A"\nbase_url = "https://a.example/"\nid_authority = "a.example,2024"\nlanguage = "ko"\n'
        b'timezone = "Asia/Seoul"\n[digests]\nmax_bytes = 1\n[feeds]\nlatest = 5\nhubs = ["https://h.example/"]\n'
        b'[site]\npages = true\n[fields.robotics]\nname = "R"\naliases = ["x"]\nformerly = ["robots"]\n'
        b'[[channels]]\nslug = "hot"\ntitle = "H"\nany = ["robotics"]\nmin_votes = 3\ninclude = "a|b"\n'
    )
    yield b"a = [[1]]\n[b.c]\nd = 2024-01-01T00:00:00Z\n'e' = \"\\u00e9\"\n"


def requests() -> Iterator[bytes]:
    """Requests of the kind, one or several on a connection."""
    for row in _REQUESTS:
        yield row.replace("\n", "\r\n").encode("latin-1")


_REQUESTS = (
    "GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
    "GET /feeds/all/atom.xml HTTP/1.1\nHost: localhost\nAccept-Encoding: gzip\nIf-None-Match: *\n\n",
    'GET /feeds/all/atom.xml HTTP/1.1\nHost: localhost\nRange: bytes=0-3\nIf-Range: "x"\n\nHEAD / HTTP/1.0\n\n',
    "GET /%2e%2e/secret.txt HTTP/1.1\nHost: [::1]:8000\n\n",
    "GET http://127.0.0.1/link?x=1#y HTTP/1.1\nHost: 127.0.0.1\nIf-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\n\n",
    "POST /.hidden HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 3\n\nabc",
    "GET /folder/..\\..%5csecret.txt HTTP/1.1\nHost: 127.0.0.1\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n",
)

TARGETS = {
    "parse": Target(try_parse, digests, has_lines=True),
    "file": Target(try_file, digests, has_lines=True),
    "markdown": Target(try_markdown, summaries, has_lines=True),
    "maths": Target(try_maths, formulas, 600),
    "dating": Target(try_dating, dates, 120),
    "arxiv": Target(try_arxiv, ids, 200),
    "config": Target(try_config, configs, 2048),
    "serve": Target(try_serve, requests, 1024),
}
