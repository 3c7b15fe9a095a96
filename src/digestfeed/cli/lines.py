"""Lines that commands print as data: of a paper, of fields and their labels.

Pure: what goes in is what the pipeline found, what comes out is printable, whatever a digest says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from digestfeed.text import number_of, rfc3339, visible

if TYPE_CHECKING:
    from digestfeed.model import Appearance, Paper
    from digestfeed.pipeline.inspect import FieldUse, Unmatched


def field_lines(uses: Iterable[FieldUse], unmatched: Iterable[Unmatched], *, korean: bool) -> Iterable[str]:
    """Give a line for each field with its labels, then one for each label that maps to none."""
    for use in uses:
        labels = ", ".join(f"{label} {count}" for label, count in use.labels)
        name = use.name_ko if korean else use.name_en
        yield visible(f"{use.papers:6d}  {use.slug:32s} {name}" + (f"  <- {labels}" if labels else ""))
    for entry in unmatched:
        hint = f", nearest {entry.nearest}" if entry.nearest else ""
        yield visible(f"no field: {entry.label} ({entry.count}{hint})")


def suggestions(unmatched: Iterable[Unmatched]) -> Iterable[str]:
    """Write the config that would map labels to the fields they are spelt most like; the rest as comments."""
    nearest: dict[str, list[str]] = {}
    for entry in unmatched:
        nearest.setdefault(entry.nearest or "", []).append(entry.label)
    for slug, labels in sorted(nearest.items()):
        # The escapes of `visible` are those of TOML.
        aliases = ", ".join(visible(json.dumps(label, ensure_ascii=False)) for label in labels)
        if slug:
            yield f"[fields.{slug}]"
            yield f"aliases = [{aliases}]"
            yield ""
        else:
            yield f"# near no field: {aliases}"


def paper_lines(paper: Paper, appearances: Iterable[Appearance], digests: Path) -> Iterable[str]:
    """Give a line for each part of a paper, then one for each appearance."""
    rows = [
        ("key", paper.key),
        ("title", paper.title),
        *(("also titled", title) for title in paper.titles),
        ("published", f"{_moment(paper.published)} by {paper.published_basis or 'nothing'}"),
        (
            "submitted",
            f"about {paper.submitted}, estimated from the arXiv id" if paper.submitted else "unknown",
        ),
        ("updated", _moment(paper.updated)),
        ("fields", " ".join(paper.fields) + (" (inferred)" if paper.fields_inferred else "")),
        ("labels", ", ".join(paper.labels) or "none"),
        ("votes", "none" if paper.votes is None else str(paper.votes)),
        *((name, url) for name in ("abs", "pdf", "huggingface", "source") if (url := getattr(paper.links, name))),
    ]
    yield from (visible(f"{name + ':':12s} {value}") for name, value in rows)
    for appearance in appearances:
        item = appearance.item
        has = [name for name in ("title", "summary", "easy_summary", "authors", "thumbnail") if getattr(item, name)]
        votes = "" if item.votes is None else f", {number_of(item.votes, 'vote')}"
        when = f"{appearance.day} by {appearance.basis}" if appearance.day else "undated"
        yield visible(f"{digests}/{appearance.digest}:{item.line}: {when}{votes}; has {', '.join(has)}")


def _moment(moment: int | None) -> str:
    return "unknown" if moment is None else rfc3339(moment)
