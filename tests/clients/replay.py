"""A year of digests as they come: late ones, edited ones, repeats and new votes, a site that moves and is renamed."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from digestfeed.config import Config, FeedsConfig
from digestfeed.pipeline import publish, session
from tests.trees import item, run, write_digest

AUTHORITY = "papers.example.org,2024"
LATEST, ARCHIVE_SIZE = 20, 9
CONFIG = Config(
    base_url="https://papers.example.org/",
    id_authority=AUTHORITY,
    feeds=FeedsConfig(latest=LATEST, archive_size=ARCHIVE_SIZE),
)
DAYS = [dt.date(2024, 1, 2) + dt.timedelta(days=6 * number) for number in range(60)]
LATE, VERY_LATE = 10, 20
LABELS = ("컴퓨터 비전", "자연어 처리, 강화 학습", "로봇공학, 컴퓨터 비전", "강화 학습", "")


class Showing(msgspec.Struct, frozen=True):
    """An item of a digest."""

    key: str
    title: str
    summary: str
    labels: str
    votes: int

    def text(self) -> str:
        """Write it as a digest does."""
        return item(self.key, title=self.title, summary=self.summary, labels=self.labels, votes=self.votes)


class Step(msgspec.Struct, frozen=True):
    """What is published after something happened.

    `months` and `keys` are those of the digests that changed, as they were and as they are; `documents` path → bytes
    of the feeds; `papers` key → what the data files say.
    """

    what: str
    months: frozenset[str]
    keys: frozenset[str]
    documents: dict[str, bytes]
    papers: dict[str, dict[str, Any]]


class Year:
    """The digests folder, and what happens to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = CONFIG
        self._random = random.Random(2024)  # noqa: S311
        self._digests: dict[str, list[Showing]] = {}
        self._changed: set[str] = set()
        self._keys: set[str] = set()
        self._bytes: dict[str, bytes] = {}

    def digest(self, number: int) -> str:
        """Give the name of a day's digest."""
        return f"{DAYS[number]}.md"

    def put(self, name: str, items: list[Showing]) -> None:
        """Write a digest, or write it anew."""
        self._note(name)
        self._digests[name] = items
        self._note(name)
        write_digest(self.root / "digests", name, *(showing.text() for showing in items))

    def take(self, name: str) -> list[Showing]:
        """Take a digest away, and give what it showed."""
        self._note(name)
        (self.root / "digests" / name).unlink()
        return self._digests.pop(name)

    def _note(self, name: str) -> None:
        self._changed.add(name.rpartition("/")[2][:7])
        self._keys |= {showing.key for showing in self._digests.get(name, [])}

    def fresh(self, number: int) -> list[Showing]:
        """Make the new papers of a day."""
        day, picked = DAYS[number], self._random
        found = []
        for count in range(3 + picked.randrange(6)):
            key = f"24{day.month:02d}.{day.day * 300 + count:05d}"
            title = f"논문 {key}" if picked.random() < 0.2 else f"Paper {key}"
            found.append(Showing(key, title, f"What {key} says.", picked.choice(LABELS), picked.randrange(50)))
        return found

    def again(self, number: int) -> list[Showing]:
        """Show known papers again: with other votes and words, sometimes with a field or a title that is new."""
        known = [showing for _, items in sorted(self._digests.items()) for showing in items]
        if not known:
            return []
        picked = self._random
        found = {showing.key: showing for showing in picked.sample(known, min(3, len(known)))}
        extra: list[dict[str, Any]] = [
            {"summary": "Other words for the same.", "votes": picked.randrange(200)},
            {"votes": picked.randrange(200), "labels": "오디오 처리" if number % 7 == 3 else "컴퓨터 비전"},
            {"title": f"Paper {number} in Latin" if number % 3 == 0 else "다른 제목", "votes": picked.randrange(200)},
        ]
        return [msgspec.structs.replace(s, **more) for s, more in zip(found.values(), extra, strict=False)]

    def day(self, number: int) -> None:
        """Write the digest of a day."""
        fresh, again = self.fresh(number), self.again(number) if number % 2 else []
        self.put(self.digest(number), [*fresh[:2], *again, *fresh[2:]])

    def put_before(self, number: int) -> None:
        """Write a digest of the day before another, which shows two of its papers and was not there."""
        before = DAYS[number] - dt.timedelta(days=1)
        shown = self._digests[self.digest(number)][:2]
        self.put(f"{before}.md", [msgspec.structs.replace(showing, votes=1) for showing in shown])

    def edit(self, number: int, change: Callable[[list[Showing]], list[Showing]]) -> None:
        """Edit the digest of a day."""
        self.put(self.digest(number), change(self._digests[self.digest(number)]))

    def published(self, what: str) -> Step:
        """Build, and look at what is there."""
        run(self.root, self.config)
        for folder in ("feeds", "archive"):
            known = {path for path in self._bytes if path.startswith(folder)}
            for file in (self.root / "out" / folder).rglob("*"):
                path = file.relative_to(self.root / "out").as_posix()
                if file.suffix in {".xml", ".json", ".jsonl"}:
                    data = file.read_bytes()
                    known.discard(path)
                    if self._bytes.get(path) != data:
                        self._bytes[path] = data
            for path in known:
                del self._bytes[path]
        rows = [
            json.loads(line)
            for path, data in self._bytes.items()
            if path.endswith(".jsonl")
            for line in data.splitlines()
        ]
        step = Step(
            what,
            frozenset(self._changed),
            frozenset(self._keys),
            {path: data for path, data in self._bytes.items() if path.startswith("feeds/")},
            {row["key"]: row for row in rows},
        )
        self._changed.clear()
        self._keys.clear()
        return step


def _corrected(items: list[Showing]) -> list[Showing]:
    return [msgspec.structs.replace(items[0], summary="Corrected: it says the opposite."), *items[1:]]


def _relabelled(items: list[Showing]) -> list[Showing]:
    return [msgspec.structs.replace(items[0], labels="음성 인식"), *items[1:]]


def _longer(items: list[Showing]) -> list[Showing]:
    last = msgspec.structs.replace(items[-1], key=f"{items[-1].key[:5]}09998", title="Added below")
    return [*items, last]


def _longer_above(items: list[Showing]) -> list[Showing]:
    first = msgspec.structs.replace(items[0], key=f"{items[0].key[:5]}09999", title="Added above")
    return [first, *items]


def _recounted(items: list[Showing]) -> list[Showing]:
    return [msgspec.structs.replace(showing, votes=showing.votes + 17) for showing in items]


EDITS: dict[int, tuple[str, int, Callable[[list[Showing]], list[Showing]]]] = {
    30: ("corrected", 30, _corrected),
    33: ("recounted", 32, _recounted),
    35: ("an old one corrected", 12, _corrected),
    36: ("relabelled", 36, _relabelled),
    38: ("a paper added below", 38, _longer),
    40: ("a paper added above", 39, _longer_above),
}
"""After the digest of which day what is done to that of which."""


def _late(year: Year, number: int) -> str | None:
    """A digest comes late after that of a day, or lies elsewhere; gives what happened."""
    if number in {LATE + 1, 45}:
        year.day(LATE if number == LATE + 1 else VERY_LATE)
        return "late" if number == LATE + 1 else "very late"
    if number == 25:
        year.put_before(24)
        return "a late digest showed two papers first"
    if number == 55:
        year.put(f"moved/{year.digest(54)}", year.take(year.digest(54)))
        return "a digest moved to a folder"
    return None


def _configured(year: Year, number: int, patch: pytest.MonkeyPatch) -> str | None:
    """The config or the program is another after the digest of a day; gives what happened."""
    if number == 44:
        year.config = msgspec.structs.replace(year.config, base_url="https://elsewhere.example.net/papers/")
        return "moved"
    if number == 48:
        patch.setattr(publish, "__version__", "9.9.9")
        patch.setattr(session, "__version__", "9.9.9")
        return "new version"
    if number == 52:
        year.config = msgspec.structs.replace(year.config, title="Another title", description="Another description.")
        return "renamed"
    return None


def replay(root: Path) -> Iterator[Step]:
    """Play the year; gives what is published after each thing that happens."""
    year = Year(root)
    with pytest.MonkeyPatch.context() as patch:
        for number in range(len(DAYS)):
            if number not in {LATE, VERY_LATE}:
                year.day(number)
                yield year.published("a day")
            if what := _late(year, number) or _configured(year, number, patch):
                yield year.published(what)
            if number in EDITS:
                what, which, change = EDITS[number]
                year.edit(which, change)
                yield year.published(what)
