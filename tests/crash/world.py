"""A project whose digests and config change from run to run, and its twin, whose builds nobody disturbs."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import subprocess
import sys
from pathlib import Path

from digestfeed.config import CONFIG_NAME, parse_config
from tests.trees import item, run, tree, write_digest

LABELS = ("컴퓨터 비전, 로봇공학", "자연어 처리(NLP)", "강화 학습, 인공지능", "아무도 모르는 분야", "")
CONFIGS = (
    'base_url = "https://example.org/"\n',
    'base_url = "https://example.org/"\nlanguage = "en"\n',
    'base_url = "https://example.org/"\n[feeds]\nlatest = 7\narchive_size = 5\n',
    'base_url = "https://example.org/"\n[fields.robotics]\naliases = ["아무도 모르는 분야"]\n',
    'base_url = "https://other.example/"\n[site]\npages = false\n',
)
FEW = 130
"""How many digests take processes of their own to be published."""

_SPAN = 392  # days that they are spread over: as many months as take processes
COMMAND = [sys.executable, "-m", "digestfeed", "build", "-q", "-j", "2", "--allow-shrink"]


class World:
    """A project below a folder: digests, config, output; `change` changes it, by chance.

    Args:
        root: the folder; the twin's is beside it.
        chance: where chance comes from.
        days: how many digests to begin with.
    """

    def __init__(self, root: Path, chance: random.Random, days: int) -> None:
        self.root = root
        self.out = root / "out"
        self.twin = root.with_name(root.name + "-undisturbed")
        self.chance = chance
        self._step = max(1, _SPAN // days)
        self._days = days
        self._paper = 0
        for number in range(days):
            self._write(number)
        self._configure(CONFIGS[0])

    def change(self) -> None:
        """Do one thing to the digests or the config; sometimes forget the catalog."""
        what = self.chance.choices(
            (self._add, self._edit, self._delete, self._reconfigure, self._forget), (6, 6, 3, 1, 1)
        )[0]
        what()

    def undisturbed(self) -> dict[str, bytes]:
        """Give what a build of the twin gives, that has come the same way; here, and in this process alone."""
        text = (self.twin / CONFIG_NAME).read_text("utf-8")
        run(self.twin, parse_config(CONFIG_NAME, text), allow_shrink=True)
        return tree(self.twin / "out")

    def cold(self) -> dict[str, bytes]:
        """Give what a build gives that remembers nothing."""
        shutil.rmtree(self.twin / "catalog")
        shutil.rmtree(self.twin / "out")
        return self.undisturbed()

    # -- what changes -----------------------------------------------------------------------------------------

    def _add(self) -> None:
        self._write(self._days)
        self._days += 1

    def _edit(self) -> None:
        self._write(self.chance.randrange(self._days))

    def _delete(self) -> None:
        name = self._name(self.chance.randrange(self._days))
        for root in (self.root, self.twin):
            (root / "digests" / name).unlink(missing_ok=True)

    def _reconfigure(self) -> None:
        self._configure(self.chance.choice(CONFIGS))

    def _configure(self, text: str) -> None:
        for root in (self.root, self.twin):
            (root / CONFIG_NAME).write_text(text, "utf-8")

    def _forget(self) -> None:
        shutil.rmtree(self.root / ".digestfeed", ignore_errors=True)

    def _write(self, number: int) -> None:
        """Write a digest of the `number`-th day: papers that are new, and one that another day may have."""
        items = []
        for _ in range(self.chance.randrange(1, 5)):
            self._paper += 1
            items.append(self._item(self._paper))
        items.append(self._item(self.chance.randrange(1, 60)))
        for root in (self.root, self.twin):
            write_digest(root / "digests", self._name(number), *items)

    def _item(self, number: int) -> str:
        title = self.chance.choice(("", "", "Another title", "한국어 제목"))
        labels, votes = self.chance.choice(LABELS), self.chance.randrange(40)
        return item(f"2201.{number:05d}", title=title, labels=labels, votes=votes)

    def _name(self, number: int) -> str:
        return f"{dt.date(2022, 2, 1) + dt.timedelta(days=number * self._step)}-15-00-00.md"


def build(root: Path, *options: str) -> None:
    """Build a project, and fail unless that goes well without a word."""
    ended = subprocess.run(  # noqa: S603 -- this Python, this program
        [*COMMAND, *options], cwd=root, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
