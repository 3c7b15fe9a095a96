"""What the head of a page says to programs: the feeds that are the page's own, then what the page is.

The names by which programs know the facts are those of `metadata`.  What is given has no line end, since the
template's `{{ head }}` brings one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup, escape

from digestfeed.model import Paper
from digestfeed.render.citation import Cited
from digestfeed.render.metadata import About, front_head, page_head, paper_head
from digestfeed.render.site.frame import FeedLink, Site
from digestfeed.urls import Format


def head(site: Site, about: About, feeds: Iterable[FeedLink] = ()) -> Markup:
    """Give the head of a page that lists papers; `feeds` are its own, which readers are to find first."""
    own = "".join([_feed_link(feed.type, feed.title, feed.url) for feed in feeds])
    return _safe(own + page_head(about, site.context.config))


def head_of_front(site: Site, about: About) -> Markup:
    """Give the head of the front page."""
    return _safe(front_head(about, site.context.config))


def head_of_paper(site: Site, paper: Paper, cited: Cited, about: About) -> Markup:
    """Give the head of a paper's page: its own feed is that of its first field, where that is sure to have one."""
    context = site.context
    names = context.field_names
    topics = [names.get(slug, slug) for slug in paper.fields]
    inside = paper_head(cited, about, topics, context.config)
    if topics and paper.day is not None and context.config.feeds.min_papers == 1:
        return _safe(_field_feed(site.urls.base, paper.fields[0], topics[0]) + inside)
    return _safe(inside)


@lru_cache(maxsize=512)
def _field_feed(base: str, slug: str, name: str) -> str:
    return _feed_link("application/atom+xml", f"{name} (Atom)", f"{base}feeds/{slug}/{Format.ATOM.value}")


def _safe(lines: str) -> Markup:
    """What `metadata` and this room make of HTML, each part escaped where it is made, less the last line end."""
    return Markup(lines[:-1])  # noqa: S704


def _feed_link(kind: str, title: str, url: str) -> str:
    return f'<link rel="alternate" type="{kind}" title="{escape(title)}" href="{escape(url)}">\n'


def in_element(text: str) -> Markup:
    """Escape a text that stands in an element, where quotation marks may stay as they are."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(text)  # noqa: S704 -- just escaped
