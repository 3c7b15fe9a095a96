"""JSON Feed 1.1 (jsonfeed.org/version/1.1): items as bytes, joined into documents.

Votes are not in here: a reader would take every recount for a change.  Refuses sorting and the disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from digestfeed.render.body import plain
from digestfeed.text import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digestfeed.render.body import Entry
    from digestfeed.render.context import Context, FeedHead

VERSION: Final = "https://jsonfeed.org/version/1.1"
ABOUT: Final = (
    "key: the arXiv id, or item- and a hash; published_basis: what the date rests on; submitted: the day of "
    "submission, estimated from the arXiv id; fields: slugs; fields_inferred: whether they were read off the "
    "text."
)


class _Name(msgspec.Struct, frozen=True):
    name: str


class _Hub(msgspec.Struct, frozen=True):
    type: str
    url: str


class _Attachment(msgspec.Struct, frozen=True):
    url: str
    mime_type: str
    title: str


class _Extra(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    published_basis: str | None
    submitted: str | None
    fields: tuple[str, ...]
    fields_inferred: bool


class _Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    url: str
    external_url: str | None = None
    title: str
    content_html: str
    summary: str = ""
    image: str | None = None
    date_published: str
    date_modified: str
    authors: tuple[_Name, ...] = ()
    tags: tuple[str, ...] = ()
    language: str
    attachments: tuple[_Attachment, ...] = ()
    extra: _Extra = msgspec.field(name="_digestfeed")


class _About(msgspec.Struct, frozen=True):
    about: str


class _Feed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    version: str
    title: str
    home_page_url: str
    feed_url: str
    description: str
    authors: tuple[_Name, ...]
    language: str
    hubs: tuple[_Hub, ...] = ()
    extra: _About = msgspec.field(name="_digestfeed")


def items(papers: Sequence[Entry], context: Context) -> list[bytes]:
    """Give the bytes of each item, in order."""
    encode, language = msgspec.json.Encoder().encode, context.config.language
    return [encode(_item(paper, language)) for paper in papers]


def document(head: FeedHead, fragments: Iterable[bytes], context: Context) -> bytes:
    """Join items, newest first, into a document; an item a line."""
    config = context.config
    title = plain(head.title) or head.slug
    feed = _Feed(
        version=VERSION,
        title=title,
        home_page_url=head.page_url,
        feed_url=head.self_url,
        description=plain(head.description) or title,
        authors=(_Name(plain(config.author) or title),),
        language=config.language,
        hubs=tuple(_Hub("WebSub", hub) for hub in config.feeds.hubs),
        extra=_About(ABOUT),
    )
    body = b",\n".join(fragments)
    return msgspec.json.encode(feed).removesuffix(b"}") + b',"items":[\n' + body + b"\n]}\n"


def _item(paper: Entry, language: str) -> _Item:
    links = paper.links
    external = links.abs or links.source
    return _Item(
        id=paper.entry_id,
        url=paper.url,
        external_url=external,
        title=paper.title,
        content_html=paper.content_html,
        summary=paper.summary_text,
        image=paper.thumbnail,
        date_published=rfc3339(paper.published),
        date_modified=rfc3339(paper.updated),
        authors=tuple([_Name(name) for name in paper.authors]),
        tags=tuple([label for _, label in paper.categories]),
        language=language,
        attachments=(_Attachment(links.pdf, "application/pdf", "PDF"),) if links.pdf else (),
        extra=_Extra(
            key=paper.key,
            published_basis=paper.basis,
            submitted=paper.submitted,
            fields=paper.fields,
            fields_inferred=paper.fields_inferred,
        ),
    )
