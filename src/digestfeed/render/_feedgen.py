"""feedgen, alone: the only module that imports it, and that knows what it does otherwise than one expects.

Documents are joined from fragments of entries and a frame.  The frame is made here, once a channel; entries are
made here too, but only to be the measure of `_fragments`, which writes the same bytes faster.  What
feedgen 1.0 has no call for, or gets wrong, is written by the two extensions below:

- Atom links of an entry keep their `href` only, so all but the alternate are written as elements.
- Of a channel's links RSS keeps the last as `<link>` and the first `self`, so the alternate is given last and
  the others are written as `atom:link`.
- An entry's `published` becomes RSS's `pubDate` by way of `setlocale`, which the whole process shares; here
  only a document's own date still does.  So RSS is rendered by one thread of a process at a time.
- Authors without an e-mail address vanish from RSS; `dc:creator` is written instead.
- `media:thumbnail` gets a group of its own, which validators refuse.
- What is not set is now: `updated` is always set.

A serialised text or attribute holds no raw `<`, so cutting a document at `<entry>` and `<item>` is exact.
feedgen's elements are in no namespace (its `xmlns` is an attribute), hence the bare names below.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import functools
from typing import TYPE_CHECKING, Final, Self

import msgspec
from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from digestfeed import urls
from digestfeed.render.body import plain
from digestfeed.render.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from digestfeed.config import Config
    from digestfeed.model import Moment
    from digestfeed.render.body import Entry
    from digestfeed.render.context import Context, FeedHead

ATOM: Final = "http://www.w3.org/2005/Atom"
_NAMESPACES: Final = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "fh": "http://purl.org/syndication/history/1.0",
}
_ATOM_LINK: Final = f"{{{ATOM}}}link"
_ATOM_UPDATED: Final = f"{{{ATOM}}}updated"
_CREATOR: Final = f"{{{_NAMESPACES['dc']}}}creator"
_THUMBNAIL: Final = f"{{{_NAMESPACES['media']}}}thumbnail"
_ARCHIVE: Final = f"{{{_NAMESPACES['fh']}}}archive"

_BATCH: Final = 50
_EXTENSION: Final = "digestfeed"
_GENERATOR: Final = "digestfeed"
_TYPES: Final = {urls.Format.ATOM: "application/atom+xml", urls.Format.RSS: "application/rss+xml"}


class _Utc(dt.datetime):
    """A moment that writes itself as RFC 3339 does, with Z: feedgen writes what `isoformat` gives."""

    @classmethod
    def at(cls, moment: Moment) -> Self:
        return cls.fromtimestamp(moment, dt.UTC)

    def isoformat(self, sep: str = "T", timespec: str = "seconds") -> str:
        return super().isoformat(sep, timespec).replace("+00:00", "Z")


class _EntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """Writes what feedgen's `FeedEntry` cannot; `source` is set after the entry joined its feed."""

    source: Entry

    def extend_atom(self, node: etree._Element) -> etree._Element:
        """Add the further links (RFC 4287, 4.2.7; RFC 4685, 4 for `replies`) and the thumbnail."""
        for attributes in _entry_links(self.source):
            etree.SubElement(node, "link", attributes)
        _add_thumbnail(node, self.source)
        return node

    def extend_rss(self, node: etree._Element) -> etree._Element:
        """Add the dates, each author as `dc:creator` (RSS Profile 1.0) and the thumbnail."""
        source = self.source
        etree.SubElement(node, "pubDate").text = email.utils.format_datetime(_Utc.at(source.published))
        etree.SubElement(node, _ATOM_UPDATED).text = _Utc.at(source.updated).isoformat()
        for author in source.authors:
            etree.SubElement(node, _CREATOR).text = author
        _add_thumbnail(node, source)
        return node


class _FeedExtension(BaseExtension):  # type: ignore[misc]
    """Declares the namespaces, which fragments and frames share, and writes a feed's further links."""

    links: Sequence[dict[str, str]] = ()
    is_archive = False

    def extend_ns(self) -> dict[str, str]:
        return _NAMESPACES

    def extend_atom(self, node: etree._Element) -> etree._Element:
        """Add the links of RFC 5005 and WebSub, and the mark of an archive document."""
        return self._extend(node, "link")

    def extend_rss(self, node: etree._Element) -> etree._Element:
        """Add the same to the channel."""
        self._extend(node[0], _ATOM_LINK)
        return node

    def _extend(self, node: etree._Element, name: str) -> etree._Element:
        for attributes in self.links:
            etree.SubElement(node, name, attributes)
        if self.is_archive:
            etree.SubElement(node, _ARCHIVE)
        return node


def _entry_links(source: Entry) -> list[dict[str, str]]:
    """Give the links beside the alternate: the paper elsewhere, where it was found and is discussed."""
    links, found = [], source.links
    if found.abs and found.abs != source.url:
        links.append({"rel": "related", "type": "text/html", "title": "arXiv", "href": found.abs})
    if found.pdf:
        links.append({"rel": "related", "type": "application/pdf", "title": "PDF", "href": found.pdf})
    if found.source and found.source != source.url:
        links.append({"rel": "related", "href": found.source})
    if found.huggingface:
        links.append({"rel": "via", "type": "text/html", "href": found.huggingface})
        links.append({"rel": "replies", "type": "text/html", "href": found.huggingface})
    return links


def _add_thumbnail(node: etree._Element, source: Entry) -> None:
    if source.thumbnail:
        etree.SubElement(node, _THUMBNAIL, {"url": source.thumbnail})


def atom_entries(entries: Sequence[Entry], context: Context) -> list[bytes]:
    """Give each entry's `<entry>` element, a line each, in order."""
    return [part for batch in _batches(entries) for part in _atom_batch(batch, context)]


def rss_items(entries: Sequence[Entry], context: Context) -> list[bytes]:
    """Give each entry's `<item>` element, a line each, in order."""
    return [part for batch in _batches(entries) for part in _rss_batch(batch, context)]


def _batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Cut into batches whose document stays in the processor's cache: a third faster than thousands."""
    return (entries[start : start + _BATCH] for start in range(0, len(entries), _BATCH))


def _atom_batch(entries: Sequence[Entry], context: Context) -> list[bytes]:
    generator = _fragments(entries, context)
    for node, source in zip(generator.entry(), entries, strict=True):
        node.published(_Utc.at(source.published))
        if source.authors:
            node.author([{"name": name} for name in source.authors])
    return _cut(generator.atom_str(xml_declaration=False), b"<entry>", b"</feed>")


def _rss_batch(entries: Sequence[Entry], context: Context) -> list[bytes]:
    generator = _fragments(entries, context)
    for node, source in zip(generator.entry(), entries, strict=True):
        if source.links.huggingface:
            node.comments(source.links.huggingface)
    return _cut(generator.rss_str(xml_declaration=False), b"<item>", b"</channel></rss>")


def atom_frame(head: FeedHead, context: Context) -> tuple[bytes, bytes]:
    """Give the bytes of an Atom document before and after its entries."""
    return _filled(head, context, urls.Format.ATOM)


def rss_frame(head: FeedHead, context: Context) -> tuple[bytes, bytes]:
    """Give the bytes of an RSS document before and after its items."""
    return _filled(head, context, urls.Format.RSS)


# What differs between the documents of one channel, and what stands for it in the frame that they share.
_URLS: Final = ("self_url", "prev_archive", "next_archive", "current_url")
_PLACES: Final = {name: f"http://{name.replace('_', '-')}.invalid/" for name in _URLS}
_MOMENT: Final = 4_102_444_799  # 2099-12-31T23:59:59Z


def _filled(head: FeedHead, context: Context, form: urls.Format) -> tuple[bytes, bytes]:
    """Put a document's own addresses and date into the frame of its channel."""
    places = {name: _PLACES[name] for name in _URLS if getattr(head, name)}
    shared = msgspec.structs.replace(head, updated=_MOMENT, **places)
    before, after = _frame(shared, _site(context.config), form)
    for name, place in places.items():
        url = escape(getattr(head, name))  # as lxml does in an attribute
        before = before.replace(place.encode("ascii"), url.encode("utf-8"))
    for write in (_rfc3339, _rfc822):
        before = before.replace(write(_MOMENT), write(head.updated or 0))
    return before, after


def _rfc3339(moment: Moment) -> bytes:
    return _Utc.at(moment).isoformat().encode("ascii")


def _rfc822(moment: Moment) -> bytes:
    return email.utils.format_datetime(_Utc.at(moment)).encode("ascii")


class _Site(msgspec.Struct, frozen=True):
    """What of the config stands in a frame."""

    base_url: str
    language: str
    author: str
    ttl_minutes: int
    hubs: tuple[str, ...]


def _site(config: Config) -> _Site:
    return _Site(config.base_url, config.language, config.author, config.feeds.ttl_minutes, config.feeds.hubs)


@functools.lru_cache(maxsize=1024)
def _frame(head: FeedHead, site: _Site, form: urls.Format) -> tuple[bytes, bytes]:
    """Let feedgen write a document without entries, and cut it open."""
    generator = _framed(head, site, form)
    if form is urls.Format.ATOM:
        return _opened(generator.atom_str(), b"</feed>", site)
    return _opened(generator.rss_str(), b"</channel></rss>", site)


def _fragments(entries: Sequence[Entry], context: Context) -> FeedGenerator:
    """Fill a feed whose head is of no interest, so that feedgen serialises all entries at one go."""
    generator = _generator()
    generator.id("-")
    generator.title("-")
    generator.description("-")
    generator.link(href="-")
    generator.updated(_Utc.at(0))
    scheme = context.urls.base + "feeds/"
    # `entry` appends; `add_entry` would put each before the last
    nodes = [_feed_entry(source, scheme, context) for source in entries]
    generator.entry(nodes)
    for node, source in zip(nodes, entries, strict=True):
        getattr(node, _EXTENSION).source = source
    return generator


def _generator() -> FeedGenerator:
    generator = FeedGenerator()
    generator.register_extension(_EXTENSION, _FeedExtension, _EntryExtension)
    return generator


def _feed_entry(source: Entry, scheme: str, context: Context) -> FeedEntry:
    node = FeedEntry()
    node.id(source.entry_id)
    node.title(source.title)
    node.updated(_Utc.at(source.updated))
    node.link(href=source.url)
    if source.summary_text:
        node.summary(source.summary_text)
    node.content(source.content_html, type="html")
    known = context.field_names
    node.category(
        [
            {"term": term, "label": label, "scheme": scheme} if term in known else {"term": term, "label": label}
            for term, label in source.categories
        ]
    )
    return node


def _framed(head: FeedHead, site: _Site, form: urls.Format) -> FeedGenerator:
    """Fill a feed's head; without entries its `updated` is the Unix epoch, since no clock is read."""
    generator = _generator()
    title = plain(head.title) or head.slug
    generator.id(head.feed_id)
    generator.title(title)
    generator.description(plain(head.description) or title)
    generator.updated(_Utc.at(head.updated or 0))
    generator.language(site.language)
    generator.generator(_GENERATOR)
    generator.ttl(site.ttl_minutes)
    generator.author({"name": plain(site.author) or title})
    generator.link(href=head.self_url, rel="self", type=_TYPES[form])
    generator.link(href=head.page_url, rel="alternate", type="text/html")
    extension = getattr(generator, _EXTENSION)
    extension.links = _feed_links(head, site)
    extension.is_archive = head.is_archive
    return generator


def _feed_links(head: FeedHead, site: _Site) -> list[dict[str, str]]:
    """Give the links of RFC 5005, section 4, and of WebSub; hubs only where a document is subscribed to."""
    archives = (
        ("current", head.current_url),
        ("prev-archive", head.prev_archive),
        ("next-archive", head.next_archive),
    )
    links = [{"rel": rel, "type": _TYPES[urls.Format.ATOM], "href": url} for rel, url in archives if url]
    if not head.is_archive:
        links += [{"rel": "hub", "href": hub} for hub in site.hubs]
    return links


def _cut(document: bytes, start: bytes, end: bytes) -> list[bytes]:
    """Cut a document at the start of each entry."""
    parts = document.split(start)[1:]
    if parts:
        parts[-1] = parts[-1].rstrip(b"\n").removesuffix(end)
    return [start + part + b"\n" for part in parts]


def _opened(document: bytes, end: bytes, site: _Site) -> tuple[bytes, bytes]:
    """Cut a document before its end, and point browsers at the style sheet (xml-stylesheet, W3C 2010)."""
    declaration, _, rest = document.rstrip(b"\n").partition(b"?>\n")
    style = f'<?xml-stylesheet type="text/css" href="{site.base_url + urls.FEED_STYLE}"?>\n'
    before = declaration + b"?>\n" + style.encode("ascii") + rest.removesuffix(end)
    return before + b"\n", end + b"\n"
