"""The page of one paper: all that is known of it, with what each piece rests on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec
from markupsafe import Markup

from digestfeed import urls
from digestfeed.model import Basis, Links, Mention, Paper
from digestfeed.render.citation import Cited, citations, cited
from digestfeed.render.context import Context
from digestfeed.render.markdown import rendered, web_url
from digestfeed.render.metadata import About
from digestfeed.render.site.frame import ABOVE, Site, field_links, page, site_of
from digestfeed.render.site.heads import head_of_paper, in_element
from digestfeed.render.site.language import NOTHING, dated, lang, spoken
from digestfeed.render.site.lines import Title
from digestfeed.render.teasers import teaser
from digestfeed.render.words import Words, words

NAMED = 6
"""How many authors stand below a title; who has more has them all among the facts."""


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """Where a paper's page leads: the papers before and after, related ones.

    Beyond the first and the last paper of a month the months (YYYYMM; 0: nowhere).
    """

    before: Title | None = None
    after: Title | None = None
    month_before: int = 0
    month_after: int = 0
    related: Sequence[Title] = ()


NOWHERE = Around()


class Ready(msgspec.Struct, frozen=True):
    """What is made of a paper once for several documents: its `rendered` texts, a citation's facts, its teaser."""

    texts: tuple[str, str]
    cited: Cited
    teaser: str


def paper_page(
    paper: Paper,
    context: Context,
    around: Around = NOWHERE,
    ready: Ready | None = None,
) -> bytes:
    """Render the page of one paper.

    Args:
        paper: the paper.
        context: the build's.
        around: where the page leads.
        ready: what other documents need of the paper too, where someone has that already.
    """
    site = site_of(context)
    frame = site.frame(ABOVE)
    links = _outside(paper.links)
    day = paper.day
    ready = ready or Ready(rendered(paper), cited(paper), teaser(paper))
    what = ready.cited
    about = About(
        title=what.title,
        description=ready.teaser,
        url=site.urls.paper(paper.key),
        image=web_url(paper.thumbnail) if context.config.site.thumbnails else None,
    )
    values = {
        "title": paper.title,
        "title_lang": lang(paper.title, site.language),
        "teaser": about.description,
        "url": about.url,
        "head": head_of_paper(site, paper, what, about),
        "citations": [(name, in_element(text)) for name, text in citations(what)],
        "when": _shown(paper, site.words),
        "when_href": ABOVE + (urls.day_page(day) if day else urls.month_page(0)),
        "votes": "" if paper.votes is None else f"{paper.votes:,}",
        "authors": _named(paper.authors, site.words),
        "field_links": field_links(paper.fields, frame),
        "links": links,
        "thumbnail": about.image,
        "texts": _texts(paper, ready.texts, site.language),
        "facts": _facts(paper, site),
        "mentions": [_mention(mention, site.words) for mention in paper.mentions],
        "related": [_lead(other, site.language) for other in around.related],
        "steps": _steps(around, site),
    }
    return page("paper.html", frame, values)


def _named(authors: Sequence[str], said: Words) -> str:
    if len(authors) <= NAMED:
        return ", ".join(authors)
    return said.text["and_others"].format(", ".join(authors[:NAMED]), len(authors) - NAMED)


def _lead(other: Title, language: str) -> tuple[str, str, Markup]:
    return ABOVE + urls.paper_path(other.key), other.title, lang(other.title, language)


def _steps(around: Around, site: Site) -> list[tuple[str, str, str, str, Markup]]:
    """Link the papers beside, or the months where there is none: rel, word, address, name and its language."""
    said = site.words
    found = []
    for rel, word, other, month in (
        ("prev", "previous", around.before, around.month_before),
        ("next", "following", around.after, around.month_after),
    ):
        if other is not None:
            found.append((rel, word, *_lead(other, site.language)))
        elif month:
            found.append((rel, word, ABOVE + urls.month_page(month), said.month(month), NOTHING))
    return found


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
    return [(name, lang(text, language), Markup(html)) for name, text, html in written if text]  # noqa: S704


_Values = list[tuple[Markup, str]]


def _facts(paper: Paper, site: Site) -> list[tuple[str, _Values]]:
    """What is known beside the text, as terms with their values; what is not known is left out."""
    code = site.words.code
    submitted = dated(code, "submitted", paper.submitted) if paper.submitted else None
    known = (
        ("titles", _each(paper.titles, site.language)),
        ("authors", _one(", ".join(paper.authors) if len(paper.authors) > NAMED else None)),
        ("key", _one(paper.arxiv_id)),
        ("submitted_term", _one(submitted)),
        ("published_term", _one(_published(paper, code))),
        ("updated_term", _one(_updated(paper, site))),
        ("votes_term", _one(_votes(paper.mentions))),
        ("fields", _one(site.words.text["inferred"] if paper.fields_inferred else None)),
        ("labels", _each([", ".join(paper.labels)] if paper.labels else [], site.language)),
        ("importance", _one(None if paper.importance is None else str(paper.importance))),
    )
    return [fact for fact in known if fact[1]]


def _one(value: str | None) -> _Values:
    return [(NOTHING, value)] if value else []


def _each(values: Iterable[str], language: str) -> _Values:
    return [(lang(value, language), value) for value in values]


def _updated(paper: Paper, site: Site) -> str | None:
    if paper.updated is None or paper.updated == paper.published:
        return None
    day = dt.datetime.fromtimestamp(paper.updated, site.zone).date()
    return dated(site.words.code, "updated", day)


def _votes(mentions: Sequence[Mention]) -> str | None:
    """The votes over time, where more than one digest tells them; when it was, the digests' days say below."""
    told = [f"{mention.votes:,}" for mention in mentions if mention.votes is not None]
    return " → ".join(told) if len(told) > 1 else None


def _shown(paper: Paper, said: Words) -> str:
    if paper.day is None:
        return said.text["undated"]
    estimated = paper.published_basis is Basis.ARXIV_ID
    return dated(said.code, "about", paper.day) if estimated else spoken(said.code, paper.day)


def _published(paper: Paper, code: str) -> str:
    if paper.day is None or paper.published_basis is None:
        return words(code).text["no_day"]
    return dated(code, paper.published_basis.value, paper.day)


def _mention(mention: Mention, said: Words) -> tuple[Markup | str, str, str, str]:
    day = said.text["no_day"] if mention.day is None else spoken(said.code, mention.day)
    votes = "" if mention.votes is None else said.count("votes", mention.votes)
    return day, votes, mention.digest, said.text["line"].format(mention.line)
