"""Sitemaps (sitemaps.org) and robots.txt: which pages there are, for search engines.

Owns what is listed and when it changed; refuses the decision which pages there are.

`lastmod` says when a digest last changed what a page says, to the second, and so needs no clock; votes do not
count.  A page that shows a paper of a digest without a date has none: when that came in nobody knows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from markupsafe import escape

from digestfeed import urls
from digestfeed.model import Basis, Moment, Paper
from digestfeed.render.context import Context
from digestfeed.text import rfc3339


def sitemap_index(addresses: Iterable[str]) -> bytes:
    """List the sitemaps; the addresses are absolute."""
    entries = "".join(f"<sitemap><loc>{escape(address)}</loc></sitemap>\n" for address in addresses)
    return _document("sitemapindex", entries)


def site_sitemap(paths: Sequence[str], latest: Sequence[Paper], context: Context) -> bytes:
    """List the pages that belong to no month.

    Args:
        paths: the front page, and the others.
        latest: the papers that the front page shows.
        context: the build's.
    """
    entries = [_entry(context.urls.absolute(path), _newest(latest) if path == urls.FRONT else None) for path in paths]
    return _document("urlset", "".join(entries))


def month_sitemap(month: int, papers: Sequence[Paper], context: Context) -> bytes:
    """List a month's page, the pages of its days, and its papers.

    Args:
        month: YYYYMM, or 0 for the undated.
        papers: all of the month; their order is kept.
        context: the build's.
    """
    addresses = context.urls
    days: dict[dt.date, list[Paper]] = {}
    for paper in papers:
        if paper.day is not None:
            days.setdefault(paper.day, []).append(paper)
    entries = [_entry(addresses.absolute(urls.month_page(month)), _newest(papers))]
    entries += [_entry(addresses.absolute(urls.day_page(day)), _newest(days[day])) for day in sorted(days)]
    entries += [_entry(addresses.paper(paper.key), _changed(paper)) for paper in papers]
    return _document("urlset", "".join(entries))


def robots(context: Context) -> bytes:
    """Let every robot in and tell it where the sitemap is."""
    return f"# digestfeed\nUser-agent: *\nDisallow:\n\nSitemap: {context.urls.absolute(urls.SITEMAP)}\n".encode()


def _changed(paper: Paper) -> Moment | None:
    """When a digest last changed what is said of a paper; None where that is an estimate."""
    return None if paper.published_basis is Basis.ARXIV_ID else paper.updated


def _newest(papers: Iterable[Paper]) -> Moment | None:
    """When the newest of some papers changed; None where one of them cannot tell."""
    newest = 0
    for paper in papers:
        changed = _changed(paper)
        if changed is None:
            return None
        newest = max(newest, changed)
    return newest or None


def _entry(address: str, changed: Moment | None) -> str:
    when = "" if changed is None else f"<lastmod>{rfc3339(changed)}</lastmod>"
    return f"<url><loc>{escape(address)}</loc>{when}</url>\n"


def _document(root: str, entries: str) -> bytes:
    head = f'{_DECLARATION}<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return f"{head}{entries}</{root}>\n".encode()


_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- digestfeed -->\n'
"""Says who made it: by that a build without a catalog knows what it may remove."""
