"""The archive for programs: JSON Lines and BibTeX.  Refuses sorting and the disk."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from digestfeed.model import Links
from digestfeed.render.body import web_url
from digestfeed.text import one_line, rfc3339, xml_clean

if TYPE_CHECKING:
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


# --- BibTeX -------------------------------------------------------------------------------------------------

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ARXIV_MONTH: Final = re.compile(r"(?:[a-z-]+(?:\.[a-z]{2})?/)?(\d\d)(\d\d)", re.IGNORECASE)
_ODD: Final = re.compile("[^A-Za-z0-9.-]")
_FIRST_YEAR: Final = 91
"""arXiv ids tell two digits of the year; the first is of 1991."""


def bibtex(paper: Paper, _context: Context) -> bytes:
    r"""Give a paper as one BibTeX `@misc` entry, ended by a newline.

    Texts are escaped, so that a title typesets as it reads and runs no TeX command; `$…$` is left as maths
    where it holds nothing but well-known symbols.  URLs stand as they are, ASCII and without braces, because
    styles print them verbatim.
    """
    of_kind = _news_fields(paper) if paper.arxiv_id is None else _arxiv_fields(paper, paper.arxiv_id)
    fields = {
        "title": f"{{{{{tex(paper.title)}}}}}",
        "author": _braced(" and ".join(filter(None, map(_author, paper.authors)))),
        **of_kind,
    }
    lines = [f"  {name} = {value}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{citation_key(paper.key)},", *lines, "}", ""]).encode()


def citation_key(key: str) -> str:
    """Give the key to cite a paper by; it is stable, and holds nothing that BibTeX or biber mind.

    >>> citation_key("hep-th/9901001"), citation_key("2412.17743")
    ('arxiv-hep-th-9901001', 'arxiv-2412.17743')
    """
    name = _ODD.sub("-", key)
    return name if name.startswith("item-") else f"arxiv-{name}"


def _arxiv_fields(paper: Paper, arxiv_id: str) -> dict[str, str]:
    year, month = _arxiv_month(paper, arxiv_id)
    return {
        **_month(year, month),
        "eprint": _braced(arxiv_id),
        "archivePrefix": _braced("arXiv"),
        "url": _braced(web_url(paper.links.abs)),
    }


def _news_fields(paper: Paper) -> dict[str, str]:
    url = web_url(paper.links.source or paper.links.abs or paper.links.huggingface)
    day = paper.day
    return {
        "howpublished": _braced(tex(urlsplit(url).netloc)) if url else "",
        **(_month(day.year, day.month) if day else {}),
        "date": _braced(day.isoformat()) if day else "",
        "url": _braced(url),
    }


def _month(year: int, month: int) -> dict[str, str]:
    """Give year and month; the month as the macro that every style defines."""
    return {"year": _braced(str(year)), "month": _MONTHS[month - 1]} if year and 1 <= month <= 12 else {}


def _arxiv_month(paper: Paper, arxiv_id: str) -> tuple[int, int]:
    if paper.submitted:
        return paper.submitted.year, paper.submitted.month
    match = _ARXIV_MONTH.match(arxiv_id)
    if match is None:
        return 0, 0
    year = int(match[1])
    return year + (1900 if year >= _FIRST_YEAR else 2000), int(match[2])


def _braced(value: str | None) -> str:
    return f"{{{value}}}" if value else ""


def _author(name: str) -> str:
    """Escape a name; one that BibTeX would take for several, or for surname and first name, is braced."""
    escaped = tex(name)
    return f"{{{escaped}}}" if _JOINED.search(escaped) else escaped


_JOINED: Final = re.compile(r",|\band\b", re.IGNORECASE)
_MATHS: Final = re.compile(r"\$([^$]++)\$(?!\d)")
_COMMAND: Final = re.compile(r"\\(?:([A-Za-z]+)|(.)|$)", re.DOTALL)
_NOT_MATHS: Final = re.compile(r"[%#&~]|\^\^")
_SYMBOL_NAMES: Final = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho
    sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell
    hbar infty partial nabla forall exists in notin subset subseteq cup cap times cdot pm mp le leq ge geq neq
    ne ll gg approx sim simeq equiv propto to rightarrow leftarrow leftrightarrow Rightarrow mapsto uparrow
    downarrow sum prod int log ln exp sin cos tan max min arg sup inf lim sqrt frac mathbb mathbf mathcal
    mathrm mathit mathsf mathtt boldsymbol text textbf textit textrm operatorname hat bar tilde vec overline
    underline dot ddot left right langle rangle lfloor rfloor lceil rceil mid ldots cdots dots circ star ast
    dagger oplus otimes perp prime degree quad
"""
_SYMBOLS: Final = frozenset(_SYMBOL_NAMES.split())
_TEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "$": r"\$",
        "%": r"\%",
        "&": r"\&",
        "#": r"\#",
        "_": r"\_",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


def tex(text: str) -> str:
    r"""Escape a text for TeX, on one line; maths stays where it is safe (see `_is_maths`).

    Braces become commands, because BibTeX counts `\{` as a brace.

    >>> tex("50% of $x_1$ & {more}")
    '50\\% of $x_1$ \\& \\textbraceleft{}more\\textbraceright{}'
    """
    text = one_line(xml_clean(text))
    if "$" not in text:
        return text.translate(_TEX)
    out, end = [], 0
    for match in _MATHS.finditer(text):
        out.append(text[end : match.start()].translate(_TEX))
        out.append(match[0] if _is_maths(match[1]) else match[0].translate(_TEX))
        end = match.end()
    return "".join([*out, text[end:].translate(_TEX)])


def _is_maths(text: str) -> bool:
    r"""Tell whether a text between two dollar signs is maths and nothing else.

    As Pandoc reads it, maths neither begins nor ends with a blank, so prices are none.  TeX runs what it is
    given (`\input` reads files), so only well-known commands pass, and braces must match.
    """
    if text != text.strip() or _NOT_MATHS.search(text):
        return False
    for command in _COMMAND.finditer(text):
        if not (command[1] in _SYMBOLS or command[2] in {",", ";", ":", "!", " ", "|"}):
            return False
    return _balanced(text)


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0
