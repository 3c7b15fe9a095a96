"""The page of a channel, for people: how to subscribe to it, and what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from digestfeed import urls
from digestfeed.channels import ONCE, TOP_MONTH, TOP_WEEK, Channel, ChannelKind
from digestfeed.render.context import Context
from digestfeed.render.metadata import About
from digestfeed.render.site.frame import ABOVE, ALL, Site, feed_links, page, site_of
from digestfeed.render.site.heads import head
from digestfeed.render.site.lines import MonthCount, PaperLine, day_groups, row
from digestfeed.render.site.months import years
from digestfeed.render.words import Words
from digestfeed.urls import Format, Urls

# Where well-known readers take a feed's address, percent-encoded; as their own bookmarklets and help pages have it.
_READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
    ("Inoreader", "https://www.inoreader.com/?add_feed="),
    ("NewsBlur", "https://www.newsblur.com/?url="),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
    ("Feedbin", "https://feedbin.com/?subscribe="),
)
# NetNewsWire, Reeder, Thunderbird and others register for this.  They also take `feed:https://…`, but that is no URL
# to the validators of HTML; without the scheme they ask by http, which a server of https answers with the way there.
_APP = "feed://"

# What a channel is, in words; of the others the description of the config or the site says it.
_ABOUT = {
    ChannelKind.FIELD: "about_field",
    ChannelKind.FORMER: "about_field",
    ChannelKind.ONCE: "about_once",
    ChannelKind.DAILY: "about_daily",
}
_ABOUT_TOP = {TOP_WEEK: "about_top_week", TOP_MONTH: "about_top_month"}


class Reader(msgspec.Struct, frozen=True):
    """A link that opens a feed reader with a feed to subscribe to."""

    name: str
    href: str


class Twin(msgspec.Struct, frozen=True):
    """A link to a field's other channel, and why one would rather have that."""

    why: str
    href: str
    name: str


def readers(slug: str, addresses: Urls) -> list[Reader]:
    """Link the readers on the web that take a channel's feed by its address."""
    address = quote(addresses.feed(slug, Format.ATOM), safe="")
    return [Reader(name, prefix + address) for name, prefix in _READERS]


def app_link(slug: str, addresses: Urls) -> str:
    """Give the address by which programs on the reader's own machine subscribe."""
    return _APP + addresses.feed(slug, Format.ATOM).partition("://")[2]


class Held(msgspec.Struct, frozen=True):
    """What a channel holds, as its page shows it.

    `latest` are its newest papers, newest first; `months` the months in which it has papers, newest first, with its
    own counts; `count` how many papers it holds; `is_paired` whether a field has both its channels: that of all its
    papers, and its *once* channel.
    """

    latest: Sequence[PaperLine] = ()
    months: Sequence[MonthCount] = ()
    count: int = 0
    is_paired: bool = False


def feed_page(channel: Channel, held: Held, context: Context) -> bytes:
    """Render the page of a channel for people; one under a former name shows the addresses of the one it stands for."""
    site = site_of(context)
    slug = channel.stands_for or channel.slug
    site_title = context.config.title
    by_day = _is_by_day(held.latest)
    url = site.urls.absolute(urls.feed_page(slug))
    addresses = feed_links(slug, channel.title, site.urls)
    about = _about(channel, site.words, channel.title)
    values = {
        "title": channel.title,
        "page_title": channel.title if channel.title == site_title else f"{channel.title} – {site_title}",
        "description": channel.description,
        "about": about,
        "url": url,
        "head": head(site, About(title=channel.title, description=about, url=url), addresses if slug != ALL else ()),
        "own": slug != ALL,
        "twin": _twin(channel, site) if held.is_paired else None,
        "moved": ABOVE + urls.feed_page(slug) if channel.stands_for else "",
        "count": site.words.count("papers", held.count),
        "addresses": addresses,
        "readers": readers(slug, site.urls),
        "app": app_link(slug, site.urls),
        "days": day_groups(held.latest, site, ABOVE) if by_day else [],
        "rows": [] if by_day else [row(line, site, ABOVE, dated=True) for line in held.latest],
        "level": 3,
        "years": years(held.months, ABOVE, site.words),
    }
    return page("feed.html", site.frame(ABOVE, "subscribe" if slug == ALL else "fields"), values)


def _twin(channel: Channel, site: Site) -> Twin:
    """Link a field's other channel."""
    is_once = channel.kind is ChannelKind.ONCE
    field = channel.slug.removeprefix(ONCE)
    name = site.context.field_names.get(field, field)
    if is_once:
        return Twin(site.words.text["twin_whole"], ABOVE + urls.feed_page(field), name)
    return Twin(
        site.words.text["twin_once"], ABOVE + urls.feed_page(ONCE + field), site.words.text["once"].format(name)
    )


def _is_by_day(papers: Sequence[PaperLine]) -> bool:
    """Whether papers come newest day first; those of the best, and those lifted by votes, do not."""
    days = [line.day for line in papers if line.day]
    return days == sorted(days, reverse=True)


def _about(channel: Channel, said: Words, title: str) -> str:
    name = _ABOUT.get(channel.kind) or _ABOUT_TOP.get(channel.slug)
    return said.text[name].format(title) if name else channel.description
