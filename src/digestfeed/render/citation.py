"""How to cite a paper: BibTeX, RIS and CSL-JSON, as text to copy or to import.

Owns what of a paper a citation says; refuses HTML and the disk.  Of an arXiv paper year and month are said, which
its number makes certain, and no day: that is an estimate.  Of anything else the digest's day is said.

Sources: the RIS specification of 2011 (a preprint is a report, which every reader knows: arXiv its institution,
the arXiv number its report number); CSL 1.0.2, whose `article` with the genre `preprint` is one, and the JSON
schema of its input data; the names of a BibTeX `@misc` are those of arXiv's own export.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from digestfeed import arxiv
from digestfeed.model import Paper
from digestfeed.render.markdown import web_url
from digestfeed.render.names import MOST, OTHER_SCRIPT, OTHERS, Name, names, quoted
from digestfeed.render.tex import tex
from digestfeed.text import one_line, xml_clean

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ODD: Final = re.compile("[^A-Za-z0-9.-]")
_LATIN: Final = re.compile("[A-Za-z]")


class Cited(msgspec.Struct, frozen=True, kw_only=True):
    """What a citation says of a paper, clean and each on one line; what is not known is empty, None or 0.

    `month` and `day` are numbers counted from 1, and `date` is what is known of them as ISO 8601 has it (`2024-12`).
    `url` and `pdf` are ASCII, without quotation marks.  `language` is told by the title's letters; `host` is where
    something that is not on arXiv stands.
    """

    key: str
    title: str
    names: Sequence[Name]
    year: int = 0
    month: int = 0
    day: int = 0
    date: str = ""
    arxiv_id: str | None = None
    url: str | None = None
    pdf: str | None = None
    language: str | None = None
    host: str = ""


def cited(paper: Paper) -> Cited:
    """Reduce a paper to what a citation says."""
    title = one_line(xml_clean(paper.title))
    authors = names(paper.authors) if paper.authors else []
    arxiv_id = paper.arxiv_id
    if arxiv_id is None:
        return _elsewhere(paper, title, authors)
    year, month = arxiv.month_of(arxiv_id)
    return Cited(
        key=citation_key(paper.key),
        title=title,
        names=authors,
        year=year,
        month=month,
        date=f"{year}-{month:02d}",
        arxiv_id=arxiv_id,
        url=web_url(paper.links.abs),
        pdf=web_url(paper.links.pdf),
        language="en" if title.isascii() or (_LATIN.search(title) and not OTHER_SCRIPT.search(title)) else None,
    )


def _elsewhere(paper: Paper, title: str, authors: Sequence[Name]) -> Cited:
    """What a citation says of something that is not on arXiv: of the day it has the digest's."""
    url = web_url(paper.links.source or paper.links.abs or paper.links.huggingface)
    day = paper.day
    return Cited(
        key=citation_key(paper.key),
        title=title,
        names=authors,
        year=day.year if day else 0,
        month=day.month if day else 0,
        day=day.day if day else 0,
        date=day.isoformat() if day else "",
        url=url,
        host=urlsplit(url).netloc if url else "",
    )


def citation_key(key: str) -> str:
    """Give the key to cite a paper by; it is stable, and holds nothing that BibTeX or biber mind.

    >>> citation_key("hep-th/9901001"), citation_key("2412.17743")
    ('arxiv-hep-th-9901001', 'arxiv-2412.17743')
    """
    name = _ODD.sub("-", key)
    return name if name.startswith("item-") else f"arxiv-{name}"


def citations(paper: Cited) -> tuple[tuple[str, str], ...]:
    """Give a paper's citation in each format: (name of the format, text ended by a newline)."""
    return (("BibTeX", bibtex(paper, MOST)), ("RIS", ris(paper)), ("CSL-JSON", csl_json(paper)))


# --- BibTeX -------------------------------------------------------------------------------------------------


def bibtex(paper: Cited, most: int | None = None) -> str:
    r"""Give a paper as one BibTeX `@misc` entry.

    Texts are escaped, so that a title typesets as it reads and runs no TeX command; `$…$` is left as maths
    where it holds nothing but well-known symbols.  URLs stand as they are, ASCII and without braces, because
    styles print them verbatim.

    Args:
        paper: what to cite.
        most: how many authors are named at most, the others as `and others`; None: all.
    """
    lines = [f"@misc{{{paper.key},\n  title = {{{{{tex(paper.title)}}}}},\n"]
    if paper.names:
        authors = [author.bibtex for author in paper.names[:most]]
        if len(authors) < len(paper.names):
            authors.append(OTHERS)
        lines.append(f"  author = {{{' and '.join(authors)}}},\n")
    if paper.host:
        lines.append(f"  howpublished = {{{tex(paper.host)}}},\n")
    if paper.year:
        lines.append(f"  year = {{{paper.year}}},\n  month = {_MONTHS[paper.month - 1]},\n")
    if paper.day:
        lines.append(f"  date = {{{paper.date}}},\n")
    if paper.arxiv_id:
        lines.append(f"  eprint = {{{paper.arxiv_id}}},\n  archivePrefix = {{arXiv}},\n")
    if paper.url:
        lines.append(f"  url = {{{paper.url}}},\n")
    lines.append("}\n")
    return "".join(lines)


# --- RIS ----------------------------------------------------------------------------------------------------


def ris(paper: Cited) -> str:
    """Give a paper as one RIS record: a tag and a value a line, ended by `ER`."""
    lines = [f"TY  - {'RPRT' if paper.arxiv_id else 'ELEC'}\nTI  - {paper.title}\n"]
    lines += [f"AU  - {author.ris}\n" for author in paper.names[:MOST]]
    if len(paper.names) > MOST:
        lines.append(f"AU  - {OTHERS}\n")
    if paper.year:
        day = f"{paper.day:02d}" if paper.day else "/"  # the slashes stand also where a part is missing
        lines.append(f"PY  - {paper.year}\nDA  - {paper.year}/{paper.month:02d}/{day}\n")
    if paper.arxiv_id:
        lines.append(f"PB  - arXiv\nSN  - arXiv:{paper.arxiv_id}\nM3  - Preprint\nDO  - {arxiv.doi(paper.arxiv_id)}\n")
    elif paper.host:
        lines.append(f"T2  - {paper.host}\n")
    lines += [
        f"{tag}  - {value}\n" for tag, value in (("UR", paper.url), ("L1", paper.pdf), ("LA", paper.language)) if value
    ]
    lines.append("ER  - \n")
    return "".join(lines)


# --- CSL-JSON -----------------------------------------------------------------------------------------------


def csl_json(paper: Cited) -> str:
    """Give a paper as a CSL-JSON array of one item, a line a variable."""
    kind = "article" if paper.arxiv_id else "webpage"
    lines = [f'"id": "{paper.key}"', f'"type": "{kind}"', f'"title": {quoted(paper.title)}']
    if paper.names:
        rest = [f'{{"literal":"{OTHERS}"}}'] if len(paper.names) > MOST else []
        authors = ", ".join([*[author.csl for author in paper.names[:MOST]], *rest])
        lines.append(f'"author": [{authors}]')
    if paper.year:
        parts = ", ".join([str(part) for part in (paper.year, paper.month, paper.day) if part])
        lines.append(f'"issued": {{"date-parts": [[{parts}]]}}')
    if paper.arxiv_id:
        lines.append(
            f'"genre": "preprint",\n  "publisher": "arXiv",\n  "number": "arXiv:{paper.arxiv_id}",\n  '
            f'"DOI": "{arxiv.doi(paper.arxiv_id)}"'
        )
    elif paper.host:
        lines.append(f'"container-title": {quoted(paper.host)}')
    if paper.url:
        lines.append(f'"URL": {quoted(paper.url)}')
    if paper.language:
        lines.append(f'"language": "{paper.language}"')
    inside = ",\n  ".join(lines)
    return f"[{{\n  {inside}\n}}]\n"
