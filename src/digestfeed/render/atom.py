"""Atom 1.0 (RFC 4287): fragments of entries, joined into documents.  Refuses sorting and the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digestfeed.render import _fragments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digestfeed.render.body import Entry
    from digestfeed.render.context import Context, FeedHead


def entries(papers: Sequence[Entry], context: Context) -> list[bytes]:
    """Give the bytes of each entry, in order; they fit into any Atom document of the same context."""
    return _fragments.atom_entries(papers, context)


def document(head: FeedHead, fragments: Iterable[bytes], context: Context) -> bytes:
    """Join entries, newest first, into a subscription or archive document (RFC 5005, section 4)."""
    from digestfeed.render import _feedgen  # noqa: PLC0415 -- feedgen takes 80 ms to import

    before, after = _feedgen.atom_frame(head, context)
    return b"".join([before, *fragments, after])
