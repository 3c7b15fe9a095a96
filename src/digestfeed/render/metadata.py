"""What pages say to programs: JSON-LD, Open Graph, and the names that reference managers read.

Owns the elements of `<head>` that are for nobody's eyes; refuses the page, and what is cited (`citation`).

Sources: schema.org (`ScholarlyArticle`, `Dataset`; a date may be a month); the Open Graph protocol; Google
Scholar's guidelines for webmasters (`citation_…`); Zotero's translator "Embedded Metadata", by which these names
were chosen: it takes the address from `og:url` unless `citation_public_url` says another, the language from the
page unless `citation_language` does, the type from `z:itemType` (a journal article else), and divides a name at
its last blank.  Open Graph's `published_time` is left out: it would be read as the paper's own day, which nobody knows.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from digestfeed import arxiv, urls
from digestfeed.config import Config
from digestfeed.render.citation import Cited
from digestfeed.render.names import MOST, OTHERS
from digestfeed.text import xml_clean

_json = msgspec.json.Encoder().encode
_CARD_SIZE: Final = '<meta property="og:image:width" content="1200">\n<meta property="og:image:height" content="630">\n'
_TERRITORIES: Final = {"ko": "KR", "en": "US"}
"""Open Graph wants a territory with each language; these are the ones it takes for granted."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says of itself: title and description as plain text, its address, and an image's, if it has one.

    The image's is one that `web_url` gave: ASCII, without quotation marks.
    """

    title: str
    description: str
    url: str
    image: str | None = None


class _Constants(msgspec.Struct, frozen=True):
    """What is the same on all pages of a site; HTML, each line ended."""

    article: str
    website: str
    card: str


def paper_head(paper: Cited, about: About, topics: Sequence[str], config: Config) -> str:
    """Give the head of a paper's page: HTML, each line ended.

    Args:
        paper: what the page is about.
        about: the page; its title is the paper's.
        topics: the names of the paper's fields.
        config: the site's.
    """
    return _citation(paper) + _open_graph(about, "article", config) + _script(_article(paper, about, topics))


def page_head(about: About, config: Config) -> str:
    """Give the head of any other page."""
    return _open_graph(about, "website", config)


def front_head(about: About, config: Config) -> str:
    """Give the head of the front page: it leads programs to the data."""
    return _open_graph(about, "website", config) + _script(_catalog(about, config))


# --- citation_… ---------------------------------------------------------------------------------------------


def _citation(paper: Cited) -> str:
    """The names that reference managers read; of what is not on arXiv only where it stands, since it is no article."""
    url = html.escape(paper.url) if paper.url else ""
    date = _meta("citation_publication_date", paper.date.replace("-", "/")) if paper.year else ""
    if paper.arxiv_id is None:
        source = _meta("dc.source", html.escape(paper.host)) if paper.host else ""
        return f"{_meta('citation_public_url', url) if url else ''}{date}{source}"
    authors = [f'<meta name="citation_author" content="{author.meta}">\n' for author in paper.names[:MOST]]
    if len(paper.names) > MOST:
        authors.append(_meta("citation_author", OTHERS))
    language = _meta("citation_language", paper.language) if paper.language else ""
    pdf = _meta("citation_pdf_url", html.escape(paper.pdf)) if paper.pdf else ""
    return (
        f'<meta name="citation_title" content="{html.escape(paper.title)}">\n{"".join(authors)}{date}{language}'
        f'<meta name="citation_publisher" content="arXiv">\n'
        f'<meta name="citation_arxiv_id" content="{paper.arxiv_id}">\n'
        f'<meta name="citation_doi" content="{arxiv.doi(paper.arxiv_id)}">\n'
        f'<meta name="citation_abstract_html_url" content="{url}">\n'
        f'<meta name="citation_public_url" content="{url}">\n{pdf}'
        f'<meta name="z:itemType" content="preprint">\n'
        f'<meta name="z:archiveID" content="arXiv:{paper.arxiv_id}">\n'
    )


def _meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{content}">\n'


# --- Open Graph ---------------------------------------------------------------------------------------------


def _open_graph(about: About, kind: str, config: Config) -> str:
    fixed = _constants(config.title, config.language, config.base_url)
    description = (
        f'<meta property="og:description" content="{html.escape(about.description)}">\n' if about.description else ""
    )
    image = f'<meta property="og:image" content="{html.escape(about.image)}">\n' if about.image else fixed.card
    return (
        f"{fixed.article if kind == 'article' else fixed.website}"
        f'<meta property="og:title" content="{html.escape(about.title)}">\n{description}'
        f'<meta property="og:url" content="{html.escape(about.url)}">\n{image}'
    )


@lru_cache(maxsize=8)
def _constants(title: str, language: str, base: str) -> _Constants:
    place = locale(language)
    rest = f'<meta property="og:site_name" content="{html.escape(title)}">\n' + (
        f'<meta property="og:locale" content="{place}">\n' if place else ""
    )
    card = '<meta name="twitter:card" content="summary_large_image">\n'
    return _Constants(
        article=f'{card}<meta property="og:type" content="article">\n{rest}',
        website=f'{card}<meta property="og:type" content="website">\n{rest}',
        card=f'<meta property="og:image" content="{html.escape(base + urls.CARD)}">\n{_CARD_SIZE}',
    )


def locale(language: str) -> str | None:
    """Give a language tag as Open Graph writes it; None where no territory is known.

    >>> locale("ko"), locale("en-gb"), locale("zh-Hant-TW"), locale("eo")
    ('ko_KR', 'en_GB', 'zh_TW', None)
    """
    code, *rest = language.split("-")
    regions = [part for part in rest if len(part) == 2]
    region = regions[0] if regions else _TERRITORIES.get(code.lower())
    return f"{code.lower()}_{region.upper()}" if region else None


# --- JSON-LD ------------------------------------------------------------------------------------------------


def _article(paper: Cited, about: About, topics: Sequence[str]) -> str:
    """A paper for schema.org; what is not on arXiv is an article of some other kind."""
    authors = ",".join([author.person for author in paper.names[:MOST]])
    known = (
        ("author", f"[{authors}]" if authors else ""),
        ("datePublished", f'"{paper.date}"' if paper.year else ""),
        ("inLanguage", f'"{paper.language}"' if paper.language else ""),
        ("description", _quoted(about.description) if about.description else ""),
        ("image", f'"{about.image}"' if about.image else ""),
        ("keywords", f"[{','.join(map(_quoted, topics))}]" if topics else ""),
        ("url", f'"{paper.url}"' if paper.url else ""),
    )
    facts = "".join([f',"{name}":{value}' for name, value in known if value])
    of_arxiv = _of_arxiv(paper, paper.arxiv_id) if paper.arxiv_id else ""
    return (
        f'{{"@context":"https://schema.org","@type":"{"ScholarlyArticle" if paper.arxiv_id else "Article"}",'
        f'"headline":{_quoted(paper.title)}{facts}{of_arxiv},"mainEntityOfPage":{_quoted(about.url)}}}'
    )


def _of_arxiv(paper: Cited, arxiv_id: str) -> str:
    pdf = (
        f',"encoding":{{"@type":"MediaObject","encodingFormat":"application/pdf","contentUrl":"{paper.pdf}"}}'
        if paper.pdf
        else ""
    )
    return (
        f',"identifier":"arXiv:{arxiv_id}","sameAs":"https://doi.org/{arxiv.doi(arxiv_id)}",'
        f'"publisher":{{"@type":"Organization","name":"arXiv"}}{pdf}'
    )


def _catalog(about: About, config: Config) -> str:
    """The site, and its archive as a dataset with where it can be loaded from."""
    base, language = config.base_url, config.language
    forms = (
        ("application/json", urls.DATA_INDEX),
        ("application/atom+xml", urls.feed_path("all", urls.Format.ATOM)),
        ("application/feed+json", urls.feed_path("all", urls.Format.JSON)),
    )
    site = {
        "@type": "WebSite",
        "@id": f"{base}#site",
        "url": base,
        "name": about.title,
        "description": about.description,
        "inLanguage": language,
    }
    data = {
        "@type": "Dataset",
        "@id": f"{base}#data",
        "url": base + urls.ARCHIVE.removesuffix("index.html"),
        "name": about.title,
        "description": about.description,
        "inLanguage": language,
        "creator": {"@type": "Organization", "name": config.author},
        "isPartOf": {"@id": f"{base}#site"},
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": base + path} for kind, path in forms
        ],
    }
    return _json({"@context": "https://schema.org", "@graph": [site, data]}).decode()


def _script(data: str) -> str:
    r"""Put JSON into a data block, which no browser runs and a `script-src` does not concern.

    No text can end the element or open a comment in it: `<`, `>` and `&` are written as `\u003c` and so on, and so
    are the line ends that JSON allows in a string.
    """
    for character, escape in _ESCAPES:
        if character in data:
            data = data.replace(character, escape)
    return f'<script type="application/ld+json">{data}</script>\n'


_ESCAPES: Final = tuple((character, f"\\u{ord(character):04x}") for character in "<>&\x85\u2028\u2029")


def _quoted(text: str) -> str:
    try:
        return _json(text).decode()
    except UnicodeEncodeError:  # a lone surrogate: rare, so the common text is not scanned for it
        return _json(xml_clean(text)).decode()
