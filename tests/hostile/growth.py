"""Texts that grow: how they are made of any size, and what a build of one takes."""

from __future__ import annotations

import datetime as dt
import resource
import tempfile
import time
from pathlib import Path

import msgspec

from digestfeed.pipeline.intake import Taken, take_text
from digestfeed.render.markdown import LONGEST_MARKDOWN
from digestfeed.sources import SourceFile, SourceText
from tests.hostile.cases import table
from tests.trees import run, tree

TODAY = dt.date(2026, 1, 1)
_ITEM = "## A Paper {}\n**요약**: "
_LINK = "\n**링크**: https://x.example/{}\n---\n\n"


class GrowthCase(msgspec.Struct, frozen=True, kw_only=True):
    """A text that grows; what its parts mean stands in `growth.toml`."""

    name: str
    head: str = ""
    unit: str
    tail: str = ""
    file: str = "2024-10-18.md"

    def text(self, size: int) -> str:
        """Make it of about so many bytes."""
        if not self.head.startswith("SUMMARY"):
            return self._filled(self.head.replace("ITEM", _ITEM.format(0)), size)
        items: list[str] = []
        done = 0
        while done < size:
            text = self._filled(self.head.replace("SUMMARY", ""), min(size - done, LONGEST_MARKDOWN - 100))
            # the number in it: what is rendered once is remembered
            items.append(f"{_ITEM.format(len(items))}{text}\n\n{len(items)}{_LINK.format(len(items))}")
            done += len(items[-1].encode())
        return "".join(items)

    def _filled(self, head: str, size: int) -> str:
        head = head.replace("LONG", "a" * (size // 2))
        room = max(size - len(head.encode()), 1)
        if "{n}" not in self.unit:
            return head + self.unit * max(room // len(self.unit.encode()), 1) + self.tail
        turns = max(room // len(self.unit.replace("{n}", "12345").encode()), 1)
        return head + "".join(self.unit.replace("{n}", str(turn)) for turn in range(turns)) + self.tail


def growth_cases() -> list[GrowthCase]:
    """All texts that grow."""
    return msgspec.convert(table("growth")["case"], list[GrowthCase])


def taken(case: GrowthCase, size: int) -> Taken:
    """Take in a text of a size, without a disk."""
    from digestfeed.config import Config

    text = case.text(size)
    return take_text(SourceFile(case.file, size, 0), SourceText(case.file, text, b""), Config(), TODAY)


class Cost(msgspec.Struct, frozen=True):
    """What a build took: seconds of the processor, bytes written, megabytes of memory at most."""

    seconds: float
    written: int
    megabytes: int


def cost(case: GrowthCase, size: int) -> Cost:
    """Build the site of a text, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "digests").mkdir()
        (root / "digests" / case.file).write_text(case.text(size), "utf-8")
        begun = time.process_time()
        run(root)
        seconds = time.process_time() - begun
        written = sum(map(len, tree(root / "out").values())) if size < 10**6 else 0
    return Cost(seconds, written, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
