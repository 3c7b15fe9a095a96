"""The types between the stages: derived properties, order, and that they can travel."""

from __future__ import annotations

import datetime as dt
import pickle

import msgspec
import pytest

from digestfeed import errors
from digestfeed.model import (
    LATEST_POSITION,
    Appearance,
    Basis,
    Item,
    Links,
    Location,
    Mention,
    Paper,
    Problem,
)

MOMENT = 1_735_084_800


def _appearance(position: int = 0, moment: int | None = MOMENT) -> Appearance:
    return Appearance(
        key="2412.17743",
        digest="2024-12-25.md",
        moment=moment,
        day=dt.date(2024, 12, 25),
        basis=Basis.FILE_NAME,
        item=Item(line=1, position=position, title="T", labels=("a", "b"), arxiv_id="2412.17743"),
    )


def _paper(key: str) -> Paper:
    return Paper(
        key=key,
        title="T",
        published=MOMENT,
        published_basis=Basis.PATH,
        day=dt.date(2024, 12, 25),
        updated=MOMENT,
        links=Links(),
        mentions=(Mention(digest="a.md", line=1, day=None, votes=None),),
    )


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Location("a/b.md", 12), "a/b.md:12"),
        (Location("a/b.md"), "a/b.md"),
        (Location("한글.md", 1), "한글.md:1"),
        (Location("a/b.md", 12, 5), "a/b.md:12:5"),
        (Location("a/b.md", 0, 5), "a/b.md"),
    ],
)
def test_a_location_reads_as_editors_write_it(where: Location, text: str) -> None:
    """Path, line and column with colons, the path alone for the whole file; a problem puts its message behind."""
    assert str(where) == text
    assert str(Problem(where, "bad-date", "expected X, got Y")) == f"{text}: D012 bad-date: expected X, got Y"


def test_problems_sort_by_place() -> None:
    """A report lists files in order, the whole-file problems of one first, and then lines and columns by number."""
    places = [("a.md", 0, 0), ("a.md", 2, 0), ("a.md", 2, 5), ("a.md", 10, 1), ("b.md", 1, 0)]
    problems = [Problem(Location(*place), "kind", "message") for place in places]
    assert sorted({*problems}) == problems


@pytest.mark.parametrize(
    ("position", "back"), [(0, 0), (1, 1), (3540, 3540), (3541, LATEST_POSITION), (10**9, LATEST_POSITION)]
)
def test_an_item_is_published_a_second_earlier_for_each_before_it(position: int, back: int) -> None:
    """The order of a digest is kept in the times, which never leave its day."""
    assert _appearance(position).published == MOMENT - back


def test_what_has_no_moment_is_not_published() -> None:
    """An undated item has no time whatever its position."""
    assert _appearance(5, moment=None).published is None


@pytest.mark.parametrize(
    ("key", "arxiv_id"),
    [("2412.17743", "2412.17743"), ("hep-th/9901001", "hep-th/9901001"), ("item-0123456789ab", None)],
)
def test_a_key_is_an_arxiv_id_or_none(key: str, arxiv_id: str | None) -> None:
    """Only what has an arXiv id gives it."""
    assert _paper(key).arxiv_id == arxiv_id


def test_bases_are_written_as_the_data_files_promise() -> None:
    """The names of the bases are read by programs; they are in order of strength."""
    assert [str(basis) for basis in Basis] == ["heading", "file-name", "path", "arxiv-id"]


@pytest.mark.parametrize("value", [_appearance(), _paper("2412.17743"), Problem(Location("a", 1), "k", "m")])
def test_values_travel(value: msgspec.Struct) -> None:
    """They go to other processes and into the catalog, and cannot be changed."""
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 -- our own bytes
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=type(value)) == value
    with pytest.raises(AttributeError):
        setattr(value, value.__struct_fields__[0], "other")


def test_errors_are_few_and_drawn() -> None:
    """At most five leaves, each drawn in the module's docstring, with the exit codes promised."""
    leaves = errors.DigestFeedError.__subclasses__()
    assert len(leaves) <= 5
    assert all(leaf.__name__ in (errors.__doc__ or "") for leaf in leaves)
    codes = {leaf.__name__: leaf.exit_code for leaf in leaves}
    assert codes.pop("ConfigError") == 2
    assert codes.pop("BusyError") == 75
    assert set(codes.values()) == {1}
