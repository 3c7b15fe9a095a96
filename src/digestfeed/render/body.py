"""The body of an entry: what every format needs of one paper, made once.

Owns the layout of an entry's content, its plain-text summary and its categories.  Digests are untrusted: each
text is escaped, made safe both ways (`plain`) or sanitised (`markdown`), each URL checked.  Refuses feed
formats, sorting and the disk.
"""

from __future__ import annotations

import datetime as dt
import functools
import html
import re
from typing import TYPE_CHECKING, Final

import msgspec

from digestfeed.model import Links, Moment, Paper
from digestfeed.render.markdown import escape, markdown_html, rendered, web_url
from digestfeed.render.maths import as_tex
from digestfeed.text import match_key, one_line, primary_language, shorten, xml_clean
from digestfeed.urls import Format, day_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digestfeed.render.context import Context

__all__ = ["Entry", "Strings", "entry", "markdown_html", "plain", "strings", "web_url"]

SUMMARY_WIDTH: Final = 300
"""Characters at most of the plain-text summary."""

LISTED_WIDTH: Final = 120
"""Characters at most of it where a day's papers are listed."""

OTHER: Final = "other"
"""The slug of the field that takes labels of no other field."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One paper as the feeds show it; every text is XML-clean, every URL absolute, ASCII and http(s).

    `title`, `summary_text`, authors and category labels read the same as text and as HTML (see `plain`).
    `categories` are (term, label) pairs: fields by slug and name, then the raw labels that no field took, as
    both.  `published` and `updated` are 0 for an undated paper, which is in no feed.  Neither votes nor
    the digests that showed it are in here: a feed must not change when a paper is merely shown again.
    """

    key: str
    entry_id: str
    url: str
    title: str
    published: Moment
    updated: Moment
    summary_text: str
    content_html: str
    authors: tuple[str, ...]
    categories: tuple[tuple[str, str], ...]
    links: Links
    thumbnail: str | None
    basis: str | None
    submitted: str | None
    fields: tuple[str, ...]
    fields_inferred: bool


def entry(paper: Paper, context: Context, texts: tuple[str, str] | None = None) -> Entry:
    """Make the entry of a paper; `texts` are its `rendered` ones, where someone has them already."""
    links = _links(paper.links)
    thumbnail = web_url(paper.thumbnail) if context.config.site.thumbnails else None
    categories = _categories(paper, context)
    title = plain(paper.title) or paper.key
    summary, easy = texts or rendered(paper)
    language = context.config.language
    marked = _marked(summary, paper.summary, language), _marked(easy, paper.easy_summary, language)
    content = _content(_Parts(thumbnail, *marked, categories, links), strings(language))
    return Entry(
        key=paper.key,
        entry_id=context.urls.entry_id(paper.key),
        url=_permalink(paper, links, context),
        title=title,
        published=paper.published or 0,
        updated=paper.updated or paper.published or 0,
        summary_text=_summary_text(summary or easy),
        content_html=content or f"<p>{escape(title)}</p>",
        authors=tuple(filter(None, map(plain, paper.authors))),
        categories=categories,
        links=links,
        thumbnail=thumbnail,
        basis=paper.published_basis,
        submitted=None if paper.submitted is None else paper.submitted.isoformat(),
        fields=paper.fields,
        fields_inferred=paper.fields_inferred,
    )


class Listed(msgspec.Struct, frozen=True):
    """What a day's list says of a paper; the texts and the URL as in `Entry`."""

    title: str
    url: str
    summary_text: str
    published: Moment
    basis: str | None


def listed(paper: Paper, context: Context, texts: tuple[str, str] | None = None) -> Listed:
    """Reduce a paper to what a day's list says of it, the same as its entry says; `texts` as for `entry`."""
    summary = texts[0] or texts[1] if texts else _first_rendered(paper)
    return Listed(
        title=plain(paper.title) or paper.key,
        url=_permalink(paper, _links(paper.links), context),
        summary_text=_summary_text(summary),
        published=paper.published or 0,
        basis=paper.published_basis,
    )


def _first_rendered(paper: Paper) -> str:
    """The first of its summaries that shows anything, as HTML."""
    written = (text for text in (paper.summary, paper.easy_summary) if text)
    return next(filter(None, map(markdown_html, written)), "")


def day_entry(day: dt.date, papers: Sequence[Listed], context: Context) -> Entry:
    """Make one entry of a day's papers, in their order: a list of them.

    It is updated when a paper of the day came to it, whatever later digests say of those that are there.
    """
    words = strings(context.config.language)
    moments = [paper.published for paper in papers]
    page = context.urls.absolute(day_page(day))
    return Entry(
        key=f"day-{day.isoformat()}",
        entry_id=context.urls.day_id(day),
        url=page if context.config.site.pages else context.urls.feed("daily", Format.ATOM),
        title=words.day.format(day.isoformat(), len(papers)),
        published=min(moments),
        updated=max(moments),
        summary_text=shorten(" · ".join([paper.title for paper in papers]), SUMMARY_WIDTH),
        content_html=f"<ol>\n{''.join(map(_listed, papers))}</ol>",
        authors=(),
        categories=(),
        links=Links(),
        thumbnail=None,
        basis=papers[0].basis,
        submitted=None,
        fields=(),
        fields_inferred=False,
    )


def _listed(paper: Listed) -> str:
    """A paper in a day's list: its title as a link, and the beginning of its summary."""
    summary = shorten(paper.summary_text, LISTED_WIDTH)
    text = f"<br>{escape(summary)}" if summary else ""
    return f'<li><a href="{escape(paper.url)}">{escape(paper.title)}</a>{text}</li>\n'


def _permalink(paper: Paper, links: Links, context: Context) -> str:
    """Give the paper's page; where the site has no pages, the best page elsewhere."""
    if context.config.site.pages:
        return context.urls.paper(paper.key)
    elsewhere = links.abs or links.huggingface or links.source or links.pdf
    return elsewhere or context.urls.paper(paper.key)


def _links(links: Links) -> Links:
    return Links(
        abs=web_url(links.abs),
        pdf=web_url(links.pdf),
        huggingface=web_url(links.huggingface),
        source=web_url(links.source),
    )


def _categories(paper: Paper, context: Context) -> tuple[tuple[str, str], ...]:
    """Pair fields with their names; where a label fitted none, add the labels that are no field's name."""
    names = context.field_names
    pairs = [(slug, plain(names.get(slug, slug))) for slug in paper.fields]
    if OTHER in paper.fields:
        known = _name_keys((*names, *names.values()))
        labels = filter(None, map(plain, paper.labels))
        pairs += [(label, label) for label in labels if match_key(label.partition("(")[0]) not in known]
    return tuple(dict.fromkeys(pairs))


@functools.lru_cache(maxsize=4)
def _name_keys(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(match_key, names))


# --- languages ----------------------------------------------------------------------------------------------

_SAMPLE: Final = 600
_LATIN_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# First bytes of UTF-16 code units: Hangul syllables; letters that are neither Hangul nor Latin.
_HANGUL: Final = bytes(range(0xAC, 0xD8))
_OTHERS: Final = bytes((*range(0x04, 0x11), 0x30, *range(0x34, 0xA0), 0xF9, 0xFA))


def language_of(text: str) -> str | None:
    """Tell Korean and English apart by the letters of a text's beginning; None for what may be neither.

    A Korean text about AI is full of Latin names, and a syllable says as much as two or three Latin letters.

    >>> language_of("LLM의 추론 성능을 높인다"), language_of("Scaling laws for 한글"), language_of("42")
    ('ko', None, None)
    """
    start = text[:_SAMPLE]
    latin = _share(start.encode("ascii", "ignore"), _LATIN_LETTERS)
    if start.isascii():
        return "en" if latin else None
    units = start.encode("utf-16-be", "replace")[::2]
    hangul = _share(units, _HANGUL)
    if 4 * hangul >= latin and hangul > _share(units, _OTHERS):
        return "ko"
    return "en" if latin > 20 * (hangul + _share(units, _OTHERS)) else None


def _share(text: bytes, letters: bytes) -> int:
    return len(text) - len(text.translate(None, letters))


def _marked(rendered: str, text: str | None, language: str) -> str:
    """Wrap a rendered text in its language where that is not the feed's.

    Korean is told anywhere; what has Latin letters is English for sure only where a text should be Korean.  A
    `div` is valid around any text, and a reader that does not keep it leaves what is inside.
    """
    own = primary_language(language)
    told = language_of(text) if rendered and text else None
    if told is None or told == own or (told == "en" and own != "ko"):
        return rendered
    return f'<div lang="{told}">\n{rendered}\n</div>'


# --- the layout ---------------------------------------------------------------------------------------------


class Strings(msgspec.Struct, frozen=True):
    """The words that the layout of an entry adds, in one language."""

    easy: str
    fields: str
    source: str
    day: str


_STRINGS: Final = {
    "ko": Strings("쉬운 설명", "분야", "원문", "{}의 논문 {}편"),
    "en": Strings("In plain words", "Fields", "Source", "{}: {} papers"),
}


def strings(language: str) -> Strings:
    """Give the layout's words in a language (an RFC 5646 tag), in English where there are none."""
    return _STRINGS.get(primary_language(language), _STRINGS["en"])


class _Parts(msgspec.Struct, frozen=True):
    """What the content of an entry is laid out from."""

    thumbnail: str | None
    summary: str
    easy: str
    categories: tuple[tuple[str, str], ...]
    links: Links


def _content(parts: _Parts, words: Strings) -> str:
    """Lay out an entry.  The picture stands first: several readers show no other thumbnail."""
    blocks = [parts.summary] if parts.summary else []
    if parts.thumbnail:
        blocks.insert(0, f'<p><img src="{escape(parts.thumbnail)}" alt=""></p>')
    if parts.easy:
        blocks.append(f"<h3>{words.easy}</h3>\n{parts.easy}")
    if parts.categories:
        blocks.append(f"<p>{words.fields}: {escape(', '.join([label for _, label in parts.categories]))}</p>")
    anchors = _anchors(parts.links, words)
    if anchors:
        blocks.append(f"<p>{anchors}</p>")
    return "\n".join(blocks)


def _anchors(links: Links, words: Strings) -> str:
    named = (
        (links.abs, "arXiv"),
        (links.pdf, "PDF"),
        (links.huggingface, "Hugging Face"),
        (links.source, words.source),
    )
    return " · ".join([f'<a href="{escape(url)}">{name}</a>' for url, name in named if url])


# --- text that is safe both ways ----------------------------------------------------------------------------


def _line(text: str) -> str:
    """Do what `one_line` and `xml_clean` do; most texts are printable and have neither marks nor controls."""
    text = " ".join(text.split())
    return text if text.isprintable() else one_line(xml_clean(text))


_TAG: Final = re.compile("<([A-Za-z/!?][^<>]*)(>?)")
_ENTITY_ROUNDS: Final = 3


def plain(text: str) -> str:
    """Make one line of text that reads the same whether a reader takes it for text or for HTML.

    Atom says what a title is, RSS does not, and readers guess (RSS Profile 1.0, "title"): so no tag and no
    character reference may be left.  A `<` that HTML would take for the start of a tag becomes the quotation
    mark ‹, its `>` becomes ›; any other `<` and `&` is text in both readings and stays.

    >>> plain("Q&amp;A: p < 0.05 and <b>bold</b>")
    'Q&A: p < 0.05 and ‹b›bold‹/b›'
    """
    text = _line(text)
    if "&" in text:
        text = _without_references(text)
    return _TAG.sub(_quoted_tag, text) if "<" in text else text


def _without_references(text: str) -> str:
    """Decode character references until none is left; what was encoded over and over is disarmed."""
    for _ in range(_ENTITY_ROUNDS):
        decoded = _line(html.unescape(text))
        if decoded == text:
            return text
        text = decoded
    return text.replace("&", "＆")


def _quoted_tag(match: re.Match[str]) -> str:
    return f"‹{match[1]}›" if match[2] else f"‹{match[1]}"


_INLINE_TAG: Final = re.compile("</?(?:em|strong|code|a|s|del|sub|sup)(?: [^>]*)?>")
_ANY_TAG: Final = re.compile("<[^>]*>")


def _summary_text(rendered: str) -> str:
    """Take the text out of rendered HTML, shortened; a feed's summary is plain text."""
    start = as_tex(rendered)[: 10 * SUMMARY_WIDTH]
    if start.rfind("<") > start.rfind(">"):  # cut within a tag
        start = start[: start.rfind("<")]
    text = html.unescape(_ANY_TAG.sub(" ", _INLINE_TAG.sub("", start)))
    return shorten(plain(text), SUMMARY_WIDTH)
