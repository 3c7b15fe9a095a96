"""The cases: TOML files by threat, read into frozen structs.

A threat's file holds its cases; `places` says where a payload goes (see `text_item` and `url_item`).  What would be
long to write down stands for itself by a name in braces.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from digestfeed.parse.items import LONGEST_NAME

HERE = Path(__file__).parent
DAY = "2024-11-01"
"""The day of the digests that are written of cases."""

MANY = {
    "{long}": "a" * 10_000,
    "{uses}": "[d] " * 1_000,
    "{deep}": "<b>" * 600,
    "{quotes}": "> " * 30,
    "{bullets}": "- " * 30,
    "{stars}": "*" * 500,
    "{opens}": "**a *b _c " * 150,
    "{brackets}": "[" * 500,
    "{roots}": r"\sqrt{" * 50 + "x" + "}" * 50,
    "{marks}": "\u0301\u0338\u20dd\u0488" * 25,
    "{disorder}": "\u0315\u0316" * 2_000,
    "{embeddings}": "\u202a\u2067" * 50,
    "{labels}": ", ".join(f"label{n}" for n in range(1_000)),
}
"""What a name in a payload stands for."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A payload, and what of it must still be read; `becomes` are the addresses published of a URL.

    `title` is the title that a payload in a title makes, where that is told.
    """

    threat: str
    place: str
    name: str
    number: int
    payload: str
    reads: tuple[str, ...] = ()
    becomes: tuple[str, ...] = ()
    title: str | None = None

    @property
    def id(self) -> str:
        """Its name in a report of tests."""
        return f"{self.threat}: {self.name}"

    @property
    def digest(self) -> str:
        """The file name of its digest."""
        return f"{DAY}-case-{self.number:03d}.md"

    @property
    def is_long(self) -> bool:
        """Whether it is longer than a name may be, so that it is cut where it stands as one."""
        return len(self.payload) > LONGEST_NAME - len("vor  nach")

    @property
    def arxiv_id(self) -> str:
        """The arXiv id of its paper."""
        return f"2410.{self.number + 1:05d}"


TEXT_FILES = tuple(
    """
    script-elements event-handlers styles frames-forms attribute-breaking cdata-comments-entities mutation-xss
    markdown-tricks maths template-syntax xml double-decoding control-characters unicode url-schemes labels
    """.split()  # noqa: SIM905 -- easier to read and to add to
)
"""The threats whose cases are a payload in a digest's text."""


def table(name: str) -> dict[str, Any]:
    """Read a threat's file."""
    return tomllib.loads((HERE / f"{name}.toml").read_text("utf-8"))


OTHER_FILES = ("bytes", "file-names", "file-system", "shapes", "growth")
"""The threats whose cases are files, or texts of any size."""


def counts() -> dict[str, int]:
    """Count all cases by threat."""
    tables = map(table, (*TEXT_FILES, *OTHER_FILES))
    return {known["threat"]: len(known["case"]) for known in tables}


@cache
def text_cases() -> tuple[Case, ...]:
    """All cases of text, numbered through."""
    return tuple(msgspec.convert({**row, "number": n}, Case) for n, row in enumerate(_rows()))


def _rows() -> Iterator[dict[str, Any]]:
    for name in TEXT_FILES:
        known = table(name)
        shared = {"threat": known["threat"], "place": known.get("places", "text")}
        for row in known["case"]:
            yield {**row, **shared, "payload": expanded(row["payload"])}


def expanded(text: str) -> str:
    """Put in what names in braces stand for."""
    for name, many in MANY.items():
        text = text.replace(name, many)
    return text


# -- digests ---------------------------------------------------------------------------------------------------


def digest_of(case: Case) -> str:
    """Write the digest of a case."""
    return _ITEMS[case.place](case)


def text_item(case: Case) -> str:
    """An item with the payload in its title, label, author and both texts, once in a line and once with its lines."""
    line = on_a_line(case.payload)
    return (
        f"안녕하세요 {line}\n\n"
        f"## 제목: vor {line} nach\n"
        f"**요약**: vor {line} nach\n"
        f"**쉬운설명**: vor\n\n{case.payload}\n\nnach\n\n"
        f"**관련분야**: vor {line} nach\n"
        f"**저자**: vor {line} nach\n"
        f"**추천수**: {line}\n"
        f"**PDF 다운로드 링크**: [PDF 다운로드](https://arxiv.org/pdf/{case.arxiv_id})\n"
    )


def label_item(case: Case) -> str:
    """An item with nothing but the payload for its fields, and for its authors."""
    line = on_a_line(case.payload)
    return (
        f"## 제목: vor {case.number} nach\n**요약**: vor nach\n**관련분야**: {line}\n**저자**: {line}\n"
        f"**PDF 다운로드 링크**: [PDF 다운로드](https://arxiv.org/pdf/{case.arxiv_id})\n"
    )


def url_item(case: Case) -> str:
    """Two items: with the payload as a link and picture of every kind, and as where the title leads."""
    url = on_a_line(case.payload)
    return (
        f"![Image]({url})\n"
        f"## 제목: vor url {case.number} nach\n"
        f"**요약**: vor [linked words]({url}) ![shown words]({url}) <{url}> [a](<{url}>) nach\n"
        f"**썸네일**: {url}\n"
        f"**링크**: {url}\n[PDF]({url})\n\n---\n\n"
        f"### [vor title {case.number} nach]({url})\n**요약**: vor nach\n**추천수**: 3\n"
    )


_ITEMS = {"text": text_item, "labels": label_item, "urls": url_item}


def on_a_line(text: str) -> str:
    """Fold the lines of a payload to one."""
    return re.sub(r"\s*\n\s*", " ", text).strip("\n")
