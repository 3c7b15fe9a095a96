"""RSS 2.0 (RSS Advisory Board): fragments of items, joined into documents.  Refuses sorting and the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digestfeed.render import _fragments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digestfeed.render.body import Entry
    from digestfeed.render.context import Context, FeedHead


def entries(papers: Sequence[Entry], context: Context) -> list[bytes]:
    """Give the bytes of each item, in order; they fit into any RSS document of the same context."""
    return _fragments.rss_items(papers, context)


def document(head: FeedHead, fragments: Iterable[bytes], context: Context) -> bytes:
    """Join items, newest first, into a document."""
    from digestfeed.render import _feedgen  # noqa: PLC0415 -- feedgen takes 80 ms to import

    before, after = _feedgen.rss_frame(head, context)
    return b"".join([before, *fragments, after])
