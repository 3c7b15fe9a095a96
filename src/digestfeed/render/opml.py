"""OPML 2.0 (opml.org/spec2.opml): the list of feeds, for readers to import or follow.

Readers follow it as a live list, so it is stable: no clock, the order given.  Refuses sorting and the disk.
"""

from __future__ import annotations

import email.utils
from typing import TYPE_CHECKING

import msgspec

from digestfeed.render.body import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

    from digestfeed.model import Moment
    from digestfeed.render.context import Context


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """A feed of the list.  `folder` is the one level of folders that readers keep; None: at the top."""

    title: str
    description: str
    xml_url: str
    html_url: str
    folder: str | None = None


def document(context: Context, outlines: Iterable[Outline], modified: Moment | None = None) -> bytes:
    """List feeds, in order; a folder stands where its first feed does.

    Every `text` is unique in the file, since some readers know a subscription by it alone; of two feeds that
    share a title the later is told apart by its slug.  `modified` (`dateModified`) is left out where it is None.
    """
    from lxml import etree  # noqa: PLC0415 -- lxml takes 50 ms to import

    root = etree.Element("opml", version="2.0")
    _add_head(etree.SubElement(root, "head"), context, modified)
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {}
    used: set[str] = set()
    for outline in outlines:
        parent = body if outline.folder is None else _folder(body, plain(outline.folder), folders)
        text = _unique(plain(outline.title), outline, used)
        etree.SubElement(parent, "outline", _attributes(text, outline))
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _add_head(head: etree._Element, context: Context, modified: Moment | None) -> None:
    from lxml import etree  # noqa: PLC0415

    etree.SubElement(head, "title").text = plain(context.config.title)
    if modified is not None:
        etree.SubElement(head, "dateModified").text = email.utils.formatdate(modified, usegmt=True)
    etree.SubElement(head, "ownerName").text = plain(context.config.author)


def _folder(body: etree._Element, name: str, folders: dict[str, etree._Element]) -> etree._Element:
    from lxml import etree  # noqa: PLC0415

    if name not in folders:
        folders[name] = etree.SubElement(body, "outline", {"text": name, "title": name})
    return folders[name]


def _attributes(text: str, outline: Outline) -> dict[str, str]:
    """Give what OPML 2.0 asks of a subscription; `type` is rss for Atom as well, as it says."""
    return {
        "text": text,
        "title": text,
        "description": plain(outline.description),
        "type": "rss",
        "xmlUrl": outline.xml_url,
        "htmlUrl": outline.html_url,
    }


def _unique(title: str, outline: Outline, used: set[str]) -> str:
    """Tell a title apart from those used before by the feed's slug, which stands in for one that is empty."""
    slug = outline.xml_url.split("/")[-2]
    title = text = title or slug
    number = 1
    while text.casefold() in used:
        text = f"{title} ({slug})" if number == 1 else f"{title} ({slug} {number})"
        number += 1
    used.add(text.casefold())
    return text
