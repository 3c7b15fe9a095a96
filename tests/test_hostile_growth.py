"""Texts that grow: what is made of them grows no faster.  How long that takes, `python -m tests.hostile` measures."""

from __future__ import annotations

import msgspec
import pytest

from digestfeed import merge
from digestfeed.config import Config
from digestfeed.model import Appearance
from digestfeed.pipeline.intake import naming
from digestfeed.render import body
from digestfeed.render.context import Context
from tests.hostile.growth import GrowthCase, growth_cases, taken

CASES = growth_cases()
SIZES = (3_000, 12_000)


def made(case: GrowthCase, size: int) -> int:
    """Count the characters that the entries and problems of a text come to."""
    found, names = taken(case, size), naming(Config())
    context = Context(config=Config(), field_names={}, version="")
    total = sum(len(problem.message) for problem in found.problems)
    for row in found.rows:
        appearance = msgspec.msgpack.decode(row.body, type=Appearance)
        entry = body.entry(merge.merge([appearance], names.fields_of, names.infer), context)
        texts = (entry.title, entry.content_html, *entry.authors, *(label for _, label in entry.categories))
        total += sum(map(len, texts))
    return total


def test_there_are_many_texts() -> None:
    """Of many kinds, each with a name of its own."""
    assert len({case.name for case in CASES}) == len(CASES) >= 90


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_made_grows_no_faster(case: GrowthCase) -> None:
    """Of four times the text, at most about four times the entries, and never much more than the text itself."""
    small, large = (made(case, size) for size in SIZES)
    assert large <= 5 * small + 2_000
    assert large <= 20 * SIZES[1]
