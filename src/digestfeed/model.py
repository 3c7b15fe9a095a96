"""The frozen types that pass between the stages.

Owns the shape of the data; refuses behaviour beyond derived properties.  A value's type says how far it has
come: `Item` is what a digest says, `Appearance` adds whose paper it is and when, `Paper` is what all
appearances of one key amount to.  What was written and what was inferred are never in the same field.

Moments are whole seconds since 1970-01-01T00:00:00Z (`Moment`); days are `datetime.date`.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec

from digestfeed import problems

Moment = int
"""A point in time: whole seconds since the Unix epoch, UTC."""

LATEST_POSITION = 59 * 60
"""Seconds at most that an item's position moves it back: 09:00 less this is still the same day."""


class Location(msgspec.Struct, frozen=True, order=True):
    """A place in a digest: its path relative to the digests folder, a line, and a column of that.

    Lines and columns are counted from 1, columns in characters; 0 is the whole file, or the whole line.
    """

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        return f"{self.path}{line}:{self.column}" if line and self.column else self.path + line


class Problem(msgspec.Struct, frozen=True, order=True):
    """A fault in the data, as a value: where, of what kind, and what was expected instead of what.

    `kind` is a short stable name (`bad-date`) of the table in `problems`; the report counts by it.  `length` is how
    many characters from its column on are at fault, 0 where there is no column.
    """

    where: Location
    kind: str
    message: str
    length: int = 0

    @property
    def code(self) -> str:
        """The code of its kind: `D012`."""
        return problems.BY_KIND[self.kind].code

    def __str__(self) -> str:
        return f"{self.where}: {self.code} {self.kind}: {self.message}"


class Chatter(msgspec.Struct, frozen=True, order=True):
    """Text of a digest that belongs to no item: greetings, section headings, closing words."""

    where: Location
    text: str


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item as its digest writes it; nothing in here is inferred.

    `position` counts the items of a day in the file from 0.  Texts are Markdown as written, trimmed.  `labels` are the
    raw field labels, a final full stop dropped.  `arxiv_id` is canonical and read from the item's own link or
    thumbnail.  `links` are the URLs that the item gives as its own, in order.  None and () mean: not written.
    """

    line: int
    position: int
    title: str | None = None
    summary: str | None = None
    easy_summary: str | None = None
    labels: tuple[str, ...] = ()
    votes: int | None = None
    importance: int | None = None
    authors: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    thumbnail: str | None = None
    arxiv_id: str | None = None


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """A run of items under one dated heading, or the whole file where there is none.

    `heading` is the date as the heading writes it, `heading_line` its line; both absent where no heading has a date.
    """

    path: str
    heading: str | None = None
    heading_line: int = 0
    items: tuple[Item, ...] = ()


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """All that one file says: its digests, its chatter and what could not be read."""

    digests: tuple[Digest, ...] = ()
    chatter: tuple[Chatter, ...] = ()
    problems: tuple[Problem, ...] = ()


class Basis(StrEnum):
    """What a date rests on, strongest first."""

    HEADING = "heading"
    FILE_NAME = "file-name"
    PATH = "path"
    ARXIV_ID = "arxiv-id"


class Appearance(msgspec.Struct, frozen=True, kw_only=True):
    """An item with its key and its moment: one showing of one paper in one digest.

    `moment` is the digest's, `day` its calendar day in the digests' time zone, `basis` what both rest on; all
    three are None for an item that has neither a date nor an arXiv id.
    """

    key: str
    digest: str
    moment: Moment | None
    day: dt.date | None
    basis: Basis | None
    item: Item

    @property
    def published(self) -> Moment | None:
        """The digest's moment less the item's position in seconds, so that a digest's order is kept."""
        return None if self.moment is None else self.moment - min(self.item.position, LATEST_POSITION)


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """What a merged paper keeps of one appearance: where, the digest's own day if it has one, and the votes there."""

    digest: str
    line: int
    day: dt.date | None
    votes: int | None


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Where a paper can be read.  `source` is the item's own link where that is neither arXiv nor huggingface."""

    abs: str | None = None
    pdf: str | None = None
    huggingface: str | None = None
    source: str | None = None


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """What all appearances of one key amount to; the same for any order of reading.

    `title` is never empty.  `fields` are slugs in the order first seen; `fields_inferred` says that no digest
    gave labels and they were read off the text.  `published` and `day` (in the digests' time zone) are None only
    for an undated item.
    """

    key: str
    title: str
    titles: tuple[str, ...] = ()
    published: Moment | None
    published_basis: Basis | None
    day: dt.date | None
    submitted: dt.date | None = None
    updated: Moment | None
    summary: str | None = None
    easy_summary: str | None = None
    fields: tuple[str, ...] = ()
    fields_inferred: bool = False
    labels: tuple[str, ...] = ()
    votes: int | None = None
    importance: int | None = None
    authors: tuple[str, ...] = ()
    links: Links
    thumbnail: str | None = None
    mentions: tuple[Mention, ...]

    @property
    def arxiv_id(self) -> str | None:
        """The arXiv id, or None for what has none (`item-…` keys)."""
        return None if self.key.startswith("item-") else self.key
