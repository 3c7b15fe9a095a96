"""The pages for people, and what belongs to them: stylesheets, sitemaps, robots.txt.

Owns the HTML: what stands on which page, and the words around it (`words`).  Pages are plain files: no
script, no inline style, and a Content-Security-Policy that says so.  Links inside the site are relative, so
that it works under any path and from a disk; canonical links and feed addresses are absolute.  What a digest
wrote is escaped, or sanitised and checked by `body`.

Refuses sorting (lists come newest first), the disk, and any decision about which pages there are.

A page is a frame and a part of its own.  The frame is the same for all pages at one depth of the tree: made
once for a build and cut at its two slots, it leaves a short, flat template for each of 100,000 papers.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from functools import lru_cache
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

from digestfeed import urls
from digestfeed.model import Basis
from digestfeed.render.context import Context
from digestfeed.render.markdown import rendered, web_url
from digestfeed.render.words import Words, words
from digestfeed.text import shorten, xml_clean
from digestfeed.urls import Format

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jinja2.nodes import Expr

    from digestfeed.channels import Channel
    from digestfeed.model import Links, Mention, Paper

TEASER_WIDTH = 160
"""Characters of a teaser at most."""

_TEASER_SCAN = 800
_SHORTEST_SENTENCE = 24
_ALL = "all"
_ABOVE = "../../"
_SLOT = Markup("<!-- slot -->")
_FORMATS = (
    (Format.ATOM, "Atom", "application/atom+xml"),
    (Format.RSS, "RSS", "application/rss+xml"),
    (Format.JSON, "JSON Feed", "application/feed+json"),
)
_NOTHING = Markup()
_LANG = {"ko": Markup(' lang="ko"'), "en": Markup(' lang="en"')}
_HANGUL = re.compile("[가-힣ㄱ-ㆎᄀ-ᇿ]")
_LATIN = re.compile("[A-Za-z]")
_OTHER_SCRIPT = re.compile("[\u0400-\u052f\u0590-\u08ff\u0900-\u0fff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_SPECIAL = re.compile("[&<>\"']")
# What HTML has no place for: C0 controls as bytes; C1 controls and noncharacters as UTF-8, each by a pattern
# that begins with one byte, which is ten times as quick to find as a choice of two.
_C1 = re.compile(b"\xc2[\x80-\x9f]")
_NONCHARACTER = re.compile(b"\xef(?:\xb7[\x90-\xaf]|\xbf[\xbe\xbf])")
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])


class PaperLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a list says of a paper: as much as the catalog must read to render one."""

    key: str
    title: str
    day: dt.date | None
    fields: tuple[str, ...]
    votes: int | None
    teaser: str


class ChannelLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a list says of a channel: its slug, its title, and how many papers it holds."""

    slug: str
    title: str
    count: int


class MonthCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many papers a month has; the month is an integer YYYYMM, 0 the undated."""

    month: int
    count: int


def paper_line(paper: Paper) -> PaperLine:
    """Reduce a paper to its line in a list."""
    return PaperLine(
        key=paper.key,
        title=paper.title,
        day=paper.day,
        fields=paper.fields,
        votes=paper.votes,
        teaser=teaser(paper),
    )


# Characters that may be marks of Markdown or HTML, entities, or invisible and turning the text around them.
_INVISIBLE = r"\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_MARKUP = re.compile(rf"[*`\[<&#>\\_~{_INVISIBLE}]")
_LIST_MARK = re.compile(r"\s{0,9}(?:[-+]|\d{1,9}[.)])\s")
_MARKS = re.compile(
    r"!?\[(?P<text>[^\[\]]*)\]\([^()]*(?:\)|\Z)"
    r"|</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>"
    r"|^\s{0,9}(?:\#{1,6}(?=\s)|[-+*](?=\s)|>|\d{1,9}[.)](?=\s))"
    rf"|(?<!\s)\*+|\*+(?!\s)|[`{_INVISIBLE}]+|__+|~~+"
    r"|\\(?=[*_`#\[\]<>|~-])",
    re.MULTILINE,
)
# A full stop and what closes after it, or an empty line; found by the first character, which is quick.
_SENTENCE_END = re.compile(
    r"[.!?。！？\n](?:(?<!\n)(?<![\s.(][A-Za-z]\.)(?<!\s(?:al|vs)\.)[\"'”’)\]*_]*(?=\s|\Z)|(?<=\n)[ \t]*\n)"
)


def teaser(paper: Paper) -> str:
    """Give the first sentence of the summary as plain text of at most 160 characters; empty without one."""
    text = (paper.summary or paper.easy_summary or "")[:_TEASER_SCAN]
    end = _SENTENCE_END.search(text, _SHORTEST_SENTENCE)
    text = text[: end.end()] if end else text
    if _MARKUP.search(text) or _LIST_MARK.match(text):
        text = html.unescape(_MARKS.sub(_mark_text, text))
    return shorten(" ".join(text.split()), TEASER_WIDTH)


def _mark_text(mark: re.Match[str]) -> str:
    return mark["text"] or ""


class _FeedLink(msgspec.Struct, frozen=True):
    name: str
    type: str
    title: str
    url: str


class _Frame(msgspec.Struct, frozen=True):
    """What all pages at one depth share: `root` leads from them to the front page's folder.

    `values` are what each template of a page may name: the frame's three parts, the root, the words.
    """

    root: str
    values: dict[str, object]
    fields: dict[str, Markup]


class _Site(msgspec.Struct, frozen=True):
    """A context with what is derived from it once a build."""

    context: Context
    urls: urls.Urls
    words: Words
    language: str
    zone: ZoneInfo
    frames: dict[str, _Frame]


class _Row(msgspec.Struct, frozen=True):
    href: str
    title: str
    lang: Markup
    day: Markup
    votes: str
    fields: Markup
    teaser: str
    teaser_lang: Markup


class _Day(msgspec.Struct, frozen=True):
    anchor: str
    short: str
    name: str
    count: int
    rows: list[_Row]


class _Count(msgspec.Struct, frozen=True):
    """A link with the number of what it leads to."""

    href: str
    name: str
    count: str


def paper_page(paper: Paper, context: Context, texts: tuple[str, str] | None = None) -> bytes:
    """Render the page of one paper; `texts` are its `rendered` ones, where someone has them already."""
    site = _site(context)
    frame = site.frames[_ABOVE]
    said = site.words
    month = _month_of(paper.day)
    links = _outside(paper.links)
    values = {
        "title": paper.title,
        "title_lang": _lang(paper.title, site.language),
        "teaser": teaser(paper),
        "url": site.urls.paper(paper.key),
        "citation": _citation(paper, dict(links)),
        "shown": _shown(paper, said.code),
        "votes": "" if paper.votes is None else said.count("votes", paper.votes),
        "field_links": _field_links(paper.fields, frame),
        "links": links,
        "thumbnail": web_url(paper.thumbnail) if context.config.site.thumbnails else None,
        "texts": _texts(paper, texts or rendered(paper), site.language),
        "facts": _facts(paper, site),
        "mentions": [_mention(mention, said) for mention in paper.mentions],
        "month_href": _ABOVE + urls.month_page(month),
        "month_words": said.text["month_of"].format(month=said.month(month)) if month else said.month(0),
    }
    return _page("paper.html", frame, values)


def _citation(paper: Paper, links: Mapping[str, str]) -> list[tuple[str, str]]:
    """The `citation_*` names that reference managers read; of an estimated day only the month is certain."""
    found = [("citation_title", paper.title), *(("citation_author", author) for author in paper.authors)]
    if paper.submitted is not None:
        found.append(("citation_publication_date", f"{paper.submitted.year}/{paper.submitted.month:02d}"))
    if paper.arxiv_id is not None:
        found.append(("citation_arxiv_id", paper.arxiv_id))
    named = (("citation_abstract_html_url", "abs"), ("citation_pdf_url", "pdf"))
    return found + [(name, links[link]) for name, link in named if link in links]


def _outside(links: Links) -> list[tuple[str, str]]:
    candidates = (
        ("abs", links.abs),
        ("pdf", links.pdf),
        ("huggingface", links.huggingface),
        ("source", links.source),
    )
    return [(name, checked) for name, url in candidates if (checked := web_url(url))]


def _texts(paper: Paper, texts: tuple[str, str], language: str) -> list[tuple[str, Markup, Markup]]:
    """The summaries: name, language and HTML of each that there is."""
    written = (("summary", paper.summary, texts[0]), ("easy_summary", paper.easy_summary, texts[1]))
    # What `markdown` renders is safe by its fixed list of tags.
    return [(name, _lang(text, language), Markup(html)) for name, text, html in written if text]  # noqa: S704


_Values = list[tuple[Markup, str]]


def _facts(paper: Paper, site: _Site) -> list[tuple[str, _Values]]:
    """What is known beside the text, as terms with their values; what is not known is left out."""
    code = site.words.code
    submitted = _dated(code, "submitted", paper.submitted) if paper.submitted else None
    known = (
        ("titles", _each(paper.titles, site.language)),
        ("authors", _one(", ".join(paper.authors))),
        ("key", _one(paper.arxiv_id)),
        ("submitted_term", _one(submitted)),
        ("published_term", _one(_published(paper, code))),
        ("updated_term", _one(_updated(paper, site))),
        ("fields", _one(site.words.text["inferred"] if paper.fields_inferred else None)),
        ("labels", _each([", ".join(paper.labels)] if paper.labels else [], site.language)),
        ("importance", _one(None if paper.importance is None else str(paper.importance))),
    )
    return [fact for fact in known if fact[1]]


def _one(value: str | None) -> _Values:
    return [(_NOTHING, value)] if value else []


def _each(values: Iterable[str], language: str) -> _Values:
    return [(_lang(value, language), value) for value in values]


def _updated(paper: Paper, site: _Site) -> str | None:
    if paper.updated is None or paper.updated == paper.published:
        return None
    day = dt.datetime.fromtimestamp(paper.updated, site.zone).date()
    return _dated(site.words.code, "updated", day)


def _shown(paper: Paper, code: str) -> str:
    if paper.day is None:
        return ""
    estimated = paper.published_basis is Basis.ARXIV_ID
    return _dated(code, "about", paper.day) if estimated else _time(code, paper.day)


def _published(paper: Paper, code: str) -> str:
    if paper.day is None or paper.published_basis is None:
        return words(code).text["no_day"]
    return _dated(code, paper.published_basis.value, paper.day)


def _mention(mention: Mention, said: Words) -> tuple[Markup | str, str, str, str]:
    day = said.text["no_day"] if mention.day is None else _time(said.code, mention.day)
    votes = "" if mention.votes is None else said.count("votes", mention.votes)
    return day, votes, mention.digest, said.text["line"].format(mention.line)


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
    site = _site(context)
    values = {
        "title": site.words.month(month),
        "url": site.urls.absolute(urls.month_page(month)),
        "note": "" if month else site.words.text["undated_why"],
        "count": site.words.count("papers", len(papers)),
        "days": _days(papers, site),
        "neighbours": _neighbours(previous, following, site.words),
    }
    return _page("month.html", site.frames[_ABOVE], values)


def _days(papers: Iterable[PaperLine], site: _Site) -> list[_Day]:
    found = []
    for day, lines in groupby(papers, key=lambda line: line.day):
        rows = [_row(line, site, _ABOVE, brief=True) for line in lines]
        if day is None:
            found.append(_Day("", "", "", len(rows), rows))
        else:
            name = site.words.day(day.year, day.month, day.day)
            found.append(_Day(f"d{day}", str(day.day), name, len(rows), rows))
    return found


def _neighbours(previous: int | None, following: int | None, said: Words) -> list[tuple[str, str, str, str]]:
    pairs = (("prev", "previous_month", previous), ("next", "next_month", following))
    return [
        (rel, word, _ABOVE + urls.month_page(month), said.month(month))
        for rel, word, month in pairs
        if month is not None
    ]


def archive_page(months: Sequence[MonthCount], context: Context) -> bytes:
    """Render the years and months, newest first; a month 0 becomes the link to the undated."""
    site = _site(context)
    root = "../"
    years = []
    for year, group in groupby((m for m in months if m.month), key=lambda m: m.month // 100):
        inside = list(group)
        links = [_month_count(m, root, site.words, site.words.month_in_year(m.month)) for m in inside]
        years.append((site.words.year(year), f"{sum(m.count for m in inside):,}", links))
    undated = [_month_count(m, root, site.words) for m in months if not m.month]
    values = {
        "url": site.urls.absolute(urls.ARCHIVE),
        "total": site.words.count("papers", sum(m.count for m in months)),
        "years": years,
        "undated": undated[0] if undated else None,
    }
    return _page("archive.html", site.frames[root], values)


def feed_page(
    channel: Channel,
    latest: Sequence[PaperLine],
    months: Sequence[MonthCount],
    count: int,
    context: Context,
) -> bytes:
    """Render the page of a channel for people.

    Args:
        channel: the channel; one under a former name shows the addresses of the one it stands for.
        latest: its newest papers, newest first.
        months: the months in which it has papers, newest first, with its own counts.
        count: how many papers it holds.
        context: the build's.
    """
    site = _site(context)
    slug = channel.stands_for or channel.slug
    site_title = context.config.title
    values = {
        "title": channel.title,
        "page_title": channel.title if channel.title == site_title else f"{channel.title} – {site_title}",
        "description": channel.description,
        "url": site.urls.absolute(urls.feed_page(slug)),
        "own": slug != _ALL,
        "moved": _ABOVE + urls.feed_page(slug) if channel.stands_for else "",
        "count": site.words.count("papers", count),
        "addresses": _feed_links(slug, channel.title, site.urls),
        "rows": [_row(line, site, _ABOVE) for line in latest],
        "months": [_month_count(m, _ABOVE, site.words) for m in months],
    }
    return _page("feed.html", site.frames[_ABOVE], values)


def front_page(
    latest: Sequence[PaperLine],
    channels: Sequence[ChannelLine],
    months: Sequence[MonthCount],
    total: int,
    context: Context,
) -> bytes:
    """Render the front page.

    Args:
        latest: the newest papers, newest first; 20 or so.
        channels: the fields and other channels, in the order to show.
        months: the months to link, newest first; a year's or so, the archive's index has all.
        total: how many papers there are.
        context: the build's.
    """
    site = _site(context)
    values = {
        "description": context.config.description,
        "url": site.urls.absolute(urls.FRONT),
        "total": site.words.count("papers", total),
        "addresses": _feed_links(_ALL, context.config.title, site.urls),
        "rows": [_row(line, site, "") for line in latest],
        "channels": [{"href": urls.feed_page(c.slug), "title": c.title, "count": f"{c.count:,}"} for c in channels],
        "months": [_month_count(m, "", site.words) for m in months],
    }
    return _page("front.html", site.frames[""], values)


def not_found_page(context: Context) -> bytes:
    """Render the page that a server shows for any address, so its links start from the root of the host."""
    site = _site(context)
    return _page("lost.html", site.frames[_host_root(context)], {})


def asset_files() -> dict[str, bytes]:
    """Give the files that the pages and feeds refer to: output path → bytes."""
    folder = resources.files("digestfeed.render")
    return {path: folder.joinpath(path).read_bytes() for path in (urls.STYLE, urls.FEED_STYLE)}


def sitemap_index(addresses: Iterable[str]) -> bytes:
    """List the sitemaps (sitemaps.org); the addresses are absolute."""
    entries = "".join(f"<sitemap><loc>{escape(address)}</loc></sitemap>\n" for address in addresses)
    return _sitemap("sitemapindex", entries)


def month_sitemap(month: int, rows: Sequence[tuple[str, dt.date | None]], context: Context) -> bytes:
    """List a month's page and its papers.

    Args:
        month: YYYYMM, or 0 for the undated.
        rows: the key of each paper and the day of its last change, if known.
        context: the build's.
    """
    addresses = context.urls
    entries = [f"<url><loc>{escape(addresses.absolute(urls.month_page(month)))}</loc></url>\n"]
    for key, day in rows:
        changed = f"<lastmod>{day}</lastmod>" if day else ""
        entries.append(f"<url><loc>{escape(addresses.paper(key))}</loc>{changed}</url>\n")
    return _sitemap("urlset", "".join(entries))


def robots(context: Context) -> bytes:
    """Let every robot in and tell it where the sitemap is."""
    return f"User-agent: *\nDisallow:\n\nSitemap: {context.urls.absolute(urls.SITEMAP)}\n".encode()


def _sitemap(root: str, entries: str) -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return f"{head}{entries}</{root}>\n".encode()


_last: list[_Site] = []


def _site(context: Context) -> _Site:
    """What is derived from a context; the last is kept: a build has one, and its dict has no hash."""
    if _last and (_last[0].context is context or _last[0].context == context):
        return _last[0]
    site = _new_site(context)
    _last[:] = [site]
    return site


def _new_site(context: Context) -> _Site:
    config = context.config
    roots = ("", "../", _ABOVE, _host_root(context))
    return _Site(
        context=context,
        urls=context.urls,
        words=words(config.language),
        language=config.language.lower().partition("-")[0],
        zone=ZoneInfo(config.timezone),
        frames={root: _frame(root, context) for root in roots},
    )


def _host_root(context: Context) -> str:
    return urlsplit(context.config.base_url).path or "/"


def _frame(root: str, context: Context) -> _Frame:
    config = context.config
    values: dict[str, object] = {
        "root": root,
        "site_title": escape(config.title),
        "w": {name: escape(word) for name, word in words(config.language).text.items()},
    }
    whole = _rendered(
        "frame.html",
        values
        | {
            "language": config.language,
            "policy": _policy(thumbnails=config.site.thumbnails),
            "feeds": _feed_links(_ALL, config.title, context.urls),
            "slot": _SLOT,
        },
    )
    parts = (Markup(part.strip("\n")) for part in whole.split(_SLOT))  # noqa: S704 -- the template escaped it
    values |= zip(("before", "between", "after"), parts, strict=True)
    fields = {slug: _field_link(root, slug, name) for slug, name in context.field_names.items()}
    return _Frame(root, values, fields)


def _policy(*, thumbnails: bool) -> Markup:
    images = "'self' https: http:" if thumbnails else "'self'"
    return Markup(  # noqa: S704 -- constant
        f"default-src 'none'; style-src 'self'; img-src {images}; "
        "script-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _feed_links(slug: str, title: str, addresses: urls.Urls) -> list[_FeedLink]:
    return [_FeedLink(name, kind, f"{title} ({name})", addresses.feed(slug, form)) for form, name, kind in _FORMATS]


def _field_link(root: str, slug: str, name: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(root + urls.feed_page(slug), name)


def _field_links(slugs: Iterable[str], frame: _Frame) -> Markup:
    known = frame.fields
    links = [known.get(slug) or _field_link(frame.root, slug, slug) for slug in slugs]
    return Markup("".join(links))  # noqa: S704 -- each is Markup


def _month_count(month: MonthCount, root: str, said: Words, name: str | None = None) -> _Count:
    return _Count(root + urls.month_page(month.month), name or said.month(month.month), f"{month.count:,}")


def _row(line: PaperLine, site: _Site, root: str, *, brief: bool = False) -> _Row:
    """A list's row; a brief one leaves out its day, which the page says, and what makes a long page heavy."""
    code = site.words.code
    return _Row(
        href=root + urls.paper_path(line.key),
        title=line.title,
        lang=_lang(line.title, site.language),
        day=_NOTHING if brief or line.day is None else _time(code, line.day),
        votes="" if line.votes is None else site.words.count("votes", line.votes),
        fields=_field_links(line.fields, site.frames[root]),
        teaser="" if brief else line.teaser,
        teaser_lang=_NOTHING if brief else _lang(line.teaser, site.language),
    )


def _month_of(day: dt.date | None) -> int:
    return day.year * 100 + day.month if day else 0


@lru_cache(maxsize=4096)
def _time(code: str, day: dt.date) -> Markup:
    """A day as readers and programs understand it."""
    spoken = words(code).day(day.year, day.month, day.day)
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), spoken)


@lru_cache(maxsize=4096)
def _dated(code: str, name: str, day: dt.date) -> Markup:
    """A day with what it rests on."""
    return escape(words(code).text[name]).format(day=_time(code, day))


def _lang(text: str, language: str) -> Markup:
    """The `lang` attribute that a text needs inside a page of another language.

    Korean is told by its letters; on a Korean page what has only Latin letters is taken for English.
    """
    if _HANGUL.search(text):
        return _NOTHING if language == "ko" else _LANG["ko"]
    if language == "ko" and _LATIN.search(text) and not _OTHER_SCRIPT.search(text):
        return _LANG["en"]
    return _NOTHING


def _page(name: str, frame: _Frame, values: Mapping[str, object]) -> bytes:
    page = _rendered(name, {**frame.values, **values})
    data = page.encode("utf-8", "replace").translate(None, _CONTROLS)
    if _C1.search(data) or _NONCHARACTER.search(data):
        return xml_clean(data.decode()).replace("\x85", "\n").encode()
    return data


def _rendered(name: str, values: dict[str, object]) -> str:
    """`Template.render` without its copies of the values."""
    template = _template(name)
    return "".join(template.root_render_func(template.new_context(values, shared=True)))


@lru_cache(maxsize=32)
def _template(name: str) -> Template:
    return _environment().get_template(name)


class _Generator(CodeGenerator):
    """Compiles `{{ … }}` to our own escaping; were Jinja to rename this hook, its own would be used again."""

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(" + (finalize.src or ""))


class _Environment(Environment):
    """Jinja with an escaping that makes no `Markup` of each value, which saves a third of a page's time."""

    code_generator_class = _Generator

    @staticmethod
    def escaped(value: object) -> str:
        if type(value) is Markup:
            return value
        text = str(value)
        return escape(text) if _SPECIAL.search(text) else text


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return _Environment(
        loader=PackageLoader("digestfeed.render", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
