"""The archive for programs: JSON Lines, BibTeX, and the index of these files.  Refuses sorting and the disk.

What is in them is a contract: see `docs/data.md`.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import msgspec

from digestfeed.model import Links
from digestfeed.render.citation import Cited, bibtex
from digestfeed.text import rfc3339, xml_clean
from digestfeed.urls import month_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digestfeed.model import Moment, Paper
    from digestfeed.render.context import Context


class _Shown(msgspec.Struct, frozen=True):
    """An appearance as `papers.jsonl` has it."""

    digest: str
    line: int
    date: dt.date | None
    votes: int | None


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of `papers.jsonl`; the order of the keys is part of the contract."""

    key: str
    entry_id: str
    title: str
    titles: tuple[str, ...]
    published: str | None
    published_basis: str | None
    submitted: dt.date | None
    submitted_basis: str | None
    updated: str | None
    summary: str | None
    easy_summary: str | None
    fields: tuple[str, ...]
    labels: tuple[str, ...]
    fields_inferred: bool
    votes: int | None
    importance: int | None
    authors: tuple[str, ...]
    links: Links
    thumbnail: str | None
    appearances: tuple[_Shown, ...]


_ENCODER: Final = msgspec.json.Encoder()

INDEX_VERSION: Final = 1
"""Of the form of `index.json`: grows when something in it is renamed or goes, not when something is added."""


def jsonl_line(paper: Paper, context: Context) -> bytes:
    """Give a paper's line of `papers.jsonl`: all keys, null where nothing is known, texts as written."""
    row = _Row(
        key=paper.key,
        entry_id=context.urls.entry_id(paper.key),
        title=paper.title,
        titles=paper.titles,
        published=_rfc3339(paper.published),
        published_basis=paper.published_basis,
        submitted=paper.submitted,
        submitted_basis=None if paper.submitted is None else "arxiv-id",
        updated=_rfc3339(paper.updated),
        summary=paper.summary,
        easy_summary=paper.easy_summary,
        fields=paper.fields,
        labels=paper.labels,
        fields_inferred=paper.fields_inferred,
        votes=paper.votes,
        importance=paper.importance,
        authors=paper.authors,
        links=paper.links,
        thumbnail=paper.thumbnail,
        appearances=tuple([_Shown(m.digest, m.line, m.day, m.votes) for m in paper.mentions]),
    )
    try:
        return _ENCODER.encode(row) + b"\n"
    except UnicodeEncodeError:  # a lone surrogate: rare, so the common line is not scanned for it
        return _ENCODER.encode(_cleaned(msgspec.to_builtins(row))) + b"\n"


def _rfc3339(moment: Moment | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _cleaned(value: object) -> object:
    """Replace what UTF-8 cannot carry, in every text of a value."""
    if isinstance(value, str):
        return xml_clean(value)
    if isinstance(value, dict):
        return {name: _cleaned(part) for name, part in value.items()}
    return [_cleaned(part) for part in value] if isinstance(value, (list, tuple)) else value


def bibliography(papers: Iterable[Cited]) -> bytes:
    """Give `papers.bib`: an entry a paper, with all of its authors, and an empty line between two."""
    return "\n".join([bibtex(paper) for paper in papers]).encode()


# --- index.json ---------------------------------------------------------------------------------------------

_TYPES: Final = {".jsonl": "application/jsonl", ".bib": "application/x-bibtex"}


class DataFile(msgspec.Struct, frozen=True):
    """A data file: its output path, its size, and the SHA-256 of its bytes."""

    path: str
    size: int
    sha256: bytes


class MonthData(msgspec.Struct, frozen=True):
    """The data files of a month (YYYYMM, 0 undated) and how many papers each holds."""

    month: int
    papers: int
    files: tuple[DataFile, ...]


def index(months: Sequence[MonthData], context: Context) -> bytes:
    """Give `archive/index.json`: the data files with counts and hashes, so that a program loads only what changed.

    Args:
        months: those that have papers, in the order to list.
        context: the build's.
    """
    config = context.config
    listed = [
        {
            "month": month_name(part.month),
            "papers": part.papers,
            "files": [
                {
                    "url": context.urls.absolute(file.path),
                    "type": _TYPES[file.path[file.path.rindex(".") :]],
                    "bytes": file.size,
                    "sha256": file.sha256.hex(),
                }
                for file in part.files
            ],
        }
        for part in months
    ]
    whole = {
        "version": INDEX_VERSION,
        "title": config.title,
        "description": config.description,
        "language": config.language,
        "url": config.base_url,
        "papers": sum(part.papers for part in months),
        "months": listed,
    }
    return msgspec.json.format(_ENCODER.encode(whole), indent=2) + b"\n"
