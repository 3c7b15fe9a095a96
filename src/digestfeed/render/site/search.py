"""The search page: the form, the words that its script says, and the script."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from itertools import groupby

from digestfeed import urls
from digestfeed.render.context import Context
from digestfeed.render.search import VOTES
from digestfeed.render.site.frame import SEARCH, page, site_of
from digestfeed.render.site.lines import ChannelLine, MonthCount

# What the script says, under a name without the prefix; `{n}` and the like are put in by it.
_SAID = ("hint", "busy", "found", "found_1", "nothing", "short", "like", "near", "failed")


def search_page(fields: Sequence[ChannelLine], months: Sequence[MonthCount], context: Context) -> bytes:
    """Render the search page.

    Args:
        fields: the fields to choose from, in the order to show.
        months: all months with papers, newest first; 0, the undated, last.
        context: the build's.
    """
    site = site_of(context)
    said = site.words
    dated = [line.month for line in months if line.month]
    years = [
        (str(year), said.year(year), [(urls.month_name(month), said.month(month)) for month in inside])
        for year, inside in groupby(dated, key=lambda month: month // 100)
    ]
    values = {
        "url": site.urls.absolute(urls.SEARCH_PAGE),
        "fields": [(line.slug, line.title) for line in fields if line.count],
        "years": years,
        "undated": (urls.UNDATED, said.month(0)) if len(dated) < len(months) else None,
        "votes": [(str(least), said.text["search_votes"].format(least)) for least in VOTES],
        "said": [(name.replace("_", "-"), said.text[f"search_{name}"]) for name in _SAID],
    }
    return page("search.html", site.frame("", SEARCH), values)


def search_script() -> bytes:
    """Give the script that searches."""
    return resources.files("digestfeed.render").joinpath(urls.SEARCH_SCRIPT).read_bytes()
