"""The policy by which appearances become one `Paper`.

A false merge is worse than a miss: it hides a paper, a miss only shows one twice.  So items are one paper when
their arXiv id is the same, and anything else when its link and its title both are; nothing is guessed.

Of the appearances of a key, in order of time (those with a date of their own before those whose day is only
estimated from the id), each text comes from the earliest that has it, so that an entry does not change when a
later digest words it anew.  The title is the earliest in Latin script, else the earliest.  Fields are the union
in the order first seen.  Votes are the latest.  `updated` is the moment of the last appearance that changed the
title, a summary, the fields, the links or the authors; votes and thumbnails never move it.

Refuses I/O and guessing.  The result does not depend on the order in which appearances are given.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from digestfeed import arxiv
from digestfeed.model import Appearance, Basis, Item, Links, Mention, Moment, Paper
from digestfeed.text import match_key

FieldsOf = Callable[[Sequence[str]], tuple[str, ...]]
Infer = Callable[[str, str], tuple[str, ...]]

_OTHER_SCRIPT = re.compile(
    "[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\u0400-\u04ff]"
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|igsh(?:id)?|ref_src", re.IGNORECASE)


def key_of(item: Item) -> str | None:
    """Give the key of an item: its arXiv id, else a hash of its link and title; None if it has no title either."""
    if item.arxiv_id is not None:
        return item.arxiv_id
    if item.title is None:
        return None
    link = canonical_link(item.links[0]) if item.links else ""
    named = f"{link}\n{match_key(item.title) or item.title}".encode("utf-8", "surrogatepass")
    return "item-" + hashlib.sha256(named).hexdigest()[:12]


def canonical_link(url: str) -> str:
    """Give the form by which two links to one page are equal: no scheme, `www.`, fragment or tracking."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = "" if parts.port in {None, 80, 443} else f":{parts.port}"
    # Bytes of any encoding are kept as they are: as U+FFFD, two would be equal that are not.
    query = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    kept = [(k, v) for k, v in query if not _TRACKING.fullmatch(k)]
    tail = "?" + urlencode(kept, errors="surrogateescape") if kept else ""
    return host + port + parts.path.rstrip("/") + tail


def is_latin(title: str) -> bool:
    """Tell whether a title is in Latin script: some Latin letter, no Korean, Chinese, Japanese or Cyrillic one."""
    return _LATIN.search(title) is not None and _OTHER_SCRIPT.search(title) is None


def order(appearance: Appearance) -> tuple[int, Moment, str, int, int]:
    """The total order of appearances: dated before estimated before undated, then time, then place."""
    rank = 2 if appearance.moment is None else int(appearance.basis is Basis.ARXIV_ID)
    return rank, appearance.moment or 0, appearance.digest, appearance.item.position, appearance.item.line


def merge(appearances: Iterable[Appearance], fields_of: FieldsOf, infer: Infer) -> Paper:
    """Merge the appearances of one key.

    Args:
        appearances: at least one; all of the same key.
        fields_of: raw labels → slugs.
        infer: title and summary → slugs, for papers whose digests give no labels.
    """
    ordered = sorted(appearances, key=order)
    first = ordered[0]
    state = _State(fields_of)
    updated = published = first.published
    for appearance in ordered:
        changed = state.take(appearance.item)
        moment = appearance.published
        if changed and moment is not None and updated is not None and appearance.basis is not Basis.ARXIV_ID:
            updated = max(updated, moment)
    title = state.title or f"arXiv:{first.key}"
    fields, inferred = state.fields(title, infer)
    return Paper(
        key=first.key,
        title=title,
        titles=tuple(t for t in state.titles if t != title),
        published=published,
        published_basis=first.basis,
        day=first.day,
        submitted=_submitted(first),
        updated=updated,
        summary=state.summary,
        easy_summary=state.easy_summary,
        fields=fields,
        fields_inferred=inferred,
        labels=tuple(state.labels),
        votes=latest(ordered, "votes"),
        importance=latest(ordered, "importance"),
        authors=state.authors,
        links=state.links(first.key),
        thumbnail=state.thumbnail,
        mentions=tuple(map(_mention, ordered)),
    )


def latest(ordered: Sequence[Appearance], name: str) -> int | None:
    """Give the latest number seen: from the last dated appearance that has one, else from any."""
    dated = [a for a in ordered if a.basis is not Basis.ARXIV_ID and a.moment is not None]
    for appearance in [*reversed(dated), *reversed(ordered)]:
        value: int | None = getattr(appearance.item, name)
        if value is not None:
            return value
    return None


def _submitted(first: Appearance) -> dt.date | None:
    if first.key.startswith("item-"):
        return None
    before = None if first.basis is Basis.ARXIV_ID else first.day
    return arxiv.submission_day(first.key, before=before)


def _mention(appearance: Appearance) -> Mention:
    own_day = None if appearance.basis is Basis.ARXIV_ID else appearance.day
    item = appearance.item
    return Mention(digest=appearance.digest, line=item.line, day=own_day, votes=item.votes)


class _State:
    """What the appearances so far amount to; `take` adds one and says whether anything significant changed."""

    def __init__(self, fields_of: FieldsOf) -> None:
        self._fields_of = fields_of
        self.title: str | None = None
        self.titles: dict[str, None] = {}
        self.summary: str | None = None
        self.easy_summary: str | None = None
        self.authors: tuple[str, ...] = ()
        self.thumbnail: str | None = None
        self.labels: dict[str, None] = {}
        self.slugs: dict[str, None] = {}
        self.huggingface = False
        self.source: str | None = None

    def take(self, item: Item) -> bool:
        before = (self.title, self.summary, self.easy_summary, self.authors, self.huggingface, self.source)
        if item.title is not None:
            self._take_title(item.title)
        self.summary = self.summary or item.summary
        self.easy_summary = self.easy_summary or item.easy_summary
        self.authors = self.authors or item.authors
        self.thumbnail = self.thumbnail or item.thumbnail
        self._take_links(item)
        after = (self.title, self.summary, self.easy_summary, self.authors, self.huggingface, self.source)
        return self._take_labels(item.labels) or before != after

    def _take_title(self, title: str) -> None:
        self.titles.setdefault(title)
        if self.title is None or (not is_latin(self.title) and is_latin(title)):
            self.title = title

    def _take_labels(self, labels: tuple[str, ...]) -> bool:
        count = len(self.slugs)
        new = [label for label in labels if label not in self.labels]
        self.labels.update(dict.fromkeys(new))
        self.slugs.update(dict.fromkeys(self._fields_of(new)))
        return len(self.slugs) > count

    def _take_links(self, item: Item) -> None:
        for url in (*item.links, item.thumbnail or ""):
            if "huggingface.co/" in url and arxiv.id_in_url(url).id is not None:
                self.huggingface = True
        if self.source is None:
            self.source = next((url for url in item.links if arxiv.id_in_url(url).id is None), None)

    def links(self, key: str) -> Links:
        if key.startswith("item-"):
            return Links(source=self.source)
        huggingface = arxiv.huggingface_url(key) if self.huggingface else None
        return Links(abs=arxiv.abs_url(key), pdf=arxiv.pdf_url(key), huggingface=huggingface, source=self.source)

    def fields(self, title: str, infer: Infer) -> tuple[tuple[str, ...], bool]:
        """The slugs, and whether they were inferred."""
        if self.labels:
            return tuple(self.slugs), False
        return infer(title, self.summary or self.easy_summary or ""), True
