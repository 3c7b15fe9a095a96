"""The front page, and the page for addresses that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from markupsafe import Markup

from digestfeed import urls
from digestfeed.channels import TOP_WEEK, ChannelKind
from digestfeed.render.charts import sparkline
from digestfeed.render.context import Context
from digestfeed.render.metadata import About
from digestfeed.render.site.feeds import app_link, readers
from digestfeed.render.site.frame import ALL, feed_links, host_root, page, site_of
from digestfeed.render.site.heads import head_of_front
from digestfeed.render.site.lines import ChannelLine, MonthCount, PaperLine, day_groups, month_count, row


class Front(msgspec.Struct, frozen=True, kw_only=True):
    """What the front page shows.

    `latest` are the newest papers, newest first, 20 or so; `best` those of the last full week, best first;
    `channels` the fields and other channels, in the order to show; `months` those to link, newest first: a year's
    or so, the archive's index has all; `total` how many papers there are.
    """

    latest: Sequence[PaperLine]
    best: Sequence[PaperLine] = ()
    channels: Sequence[ChannelLine]
    months: Sequence[MonthCount]
    total: int


class Field(msgspec.Struct, frozen=True):
    """A channel as the front page lists it; `trend` is its small picture, empty where there is none."""

    href: str
    title: str
    count: str
    trend: Markup


def front_page(front: Front, context: Context) -> bytes:
    """Render the front page."""
    site = site_of(context)
    config = context.config
    about = About(title=config.title, description=config.description, url=site.urls.absolute(urls.FRONT))
    fields = [line for line in front.channels if line.kind is ChannelKind.FIELD]
    values = {
        "description": about.description,
        "url": about.url,
        "head": head_of_front(site, about),
        "total": f"{front.total:,}",
        "field_count": f"{len(fields):,}",
        "newest_day": str(front.latest[0].day) if front.latest else "",
        "addresses": feed_links(ALL, config.title, site.urls),
        "readers": readers(ALL, site.urls),
        "app": app_link(ALL, site.urls),
        "days": day_groups(front.latest, site, ""),
        "level": 3,
        "best": [row(line, site, "", brief=True) for line in front.best],
        "best_href": urls.feed_page(TOP_WEEK),
        "fields": _listed(fields),
        "others": _listed(line for line in front.channels if line.kind is not ChannelKind.FIELD),
        "months": [month_count(m, "", site.words, site.words.brief_month(m.month)) for m in front.months],
    }
    return page("front.html", site.frame("", "front"), values)


def _listed(lines: Iterable[ChannelLine]) -> list[Field]:
    return [Field(urls.feed_page(line.slug), line.title, f"{line.count:,}", sparkline(line.trend)) for line in lines]


def not_found_page(context: Context) -> bytes:
    """Render the page that a server shows for any address, so its links start from the root of the host."""
    site = site_of(context)
    return page("lost.html", site.frame(host_root(context)), {})
