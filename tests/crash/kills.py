"""Builds that are killed, again and again, while a reader reads everything they make."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from digestfeed.write import STAGING
from tests.crash.reader import Expected, Reader, Seen, expected, look
from tests.crash.world import COMMAND, World, build
from tests.trees import tree

_LONGEST = 60.0  # seconds after which a build hangs


class Tally(msgspec.Struct):
    """What a campaign came to.

    `kills` are builds that were killed before they ended; `publishing` those of them that had begun to publish,
    `parents` those whose other processes lived on, `workers` those that lost one of these; `changes` how often
    digests or config were changed between two builds; `checks` how often the output was compared to that of
    undisturbed builds; `unequal` the files that then were not as they should be; `words` what was said on stderr
    by builds that were not to say anything; `seen` what the reader saw.
    """

    kills: int = 0
    publishing: int = 0
    parents: int = 0
    workers: int = 0
    changes: int = 0
    checks: int = 0
    unequal: list[str] = msgspec.field(default_factory=list)
    words: list[str] = msgspec.field(default_factory=list)
    seen: Seen = msgspec.field(default_factory=Seen)


class Campaign:
    """Kills builds of a world at moments of chance, which is the seed's alone.

    Args:
        root: an empty folder.
        seed: of all that is left to chance.
        days: how many digests the world has to begin with.
        batch: after so many kills a build is left alone, and its output compared.
    """

    def __init__(self, root: Path, seed: int, days: int, batch: int = 10) -> None:
        self._chance = random.Random(seed)  # noqa: S311 -- moments, no secrets
        self._batch = batch
        self._scratch = root
        (root / "project").mkdir()
        (root / "project-undisturbed").mkdir()
        self.world = World(root / "project", self._chance, days)
        self.tally = Tally()
        self._known: set[tuple[str, str]] = set()
        self._before = self._audited = Seen()
        self._seconds = 1.0  # that a build takes
        self._is_done = True

    def go(self, kills: int) -> Tally:
        """Kill so many builds."""
        now = self.world.undisturbed()
        build(self.world.root)
        with Reader(self.world.out, self._scratch) as reader:
            while self.tally.kills < kills:
                now = self._go_batch(reader, now, min(self._batch, kills - self.tally.kills))
        self.tally.seen = reader.seen
        self.tally.seen.torn += self._audited.torn
        self.tally.seen.missing += self._audited.missing
        self.tally.seen.foreign += self._audited.foreign
        self._compare(self.world.cold())
        return self.tally

    def _go_batch(self, reader: Reader, now: dict[str, bytes], kills: int) -> dict[str, bytes]:
        """Kill some builds, changing the project between them; then let one be and compare."""
        versions = [now]
        until = self.tally.kills + kills
        wanted = expected(now)
        while self.tally.kills < until:
            if self._is_done or self._chance.random() < 0.3:
                self.world.change()
                self.tally.changes += 1
                versions.append(self.world.undisturbed())
                wanted = expected(*versions)
                reader.expect(wanted)
            self._kill()
            self._audit(wanted)
        started = time.monotonic()
        build(self.world.root)
        self._seconds = time.monotonic() - started
        self._is_done = True
        self._compare(versions[-1])
        reader.expect(expected(versions[-1]))
        return versions[-1]

    def _audit(self, wanted: Expected) -> None:
        """Look at what a killed build left."""
        look(self.world.out, wanted, self._audited, self._known)

    def _compare(self, undisturbed: dict[str, bytes]) -> None:
        """Compare the output, hidden files and all, to that of builds which were left alone."""
        now = tree(self.world.out)
        different = now.keys() ^ undisturbed.keys() | {p for p in now.keys() & undisturbed if now[p] != undisturbed[p]}
        self.tally.unequal += sorted(different)
        self.tally.checks += 1

    # -- killing ----------------------------------------------------------------------------------------------

    def _kill(self) -> None:
        """Begin a build and kill it at some moment; if it was quicker than that, it does not count."""
        with subprocess.Popen(  # noqa: S603 -- this Python, this program
            COMMAND, cwd=self.world.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
        ) as process:
            self._wait(process)
            publishing = self._publishes(process)
            what = self._chance.choices((self._kill_all, self._kill_parent, self._kill_worker), (7, 2, 1))[0]
            what(process)
            said = self._end(process)
        if process.returncode not in {0, -signal.SIGKILL} or said:
            self.tally.words.append(f"{what.__name__}: {process.returncode}: {said}")
        self._is_done = process.returncode == 0
        if not self._is_done:
            self.tally.kills += 1
            self.tally.publishing += publishing
            self.tally.parents += what == self._kill_parent

    def _wait(self, process: subprocess.Popen[str]) -> None:
        """Wait for a moment somewhere in the build, or somewhere after it began to publish."""
        pause = self._chance.uniform(0, self._seconds)
        if self._chance.random() < 0.5:
            while process.poll() is None and not self._publishes(process):
                time.sleep(0.002)
            pause *= self._chance.random() ** 2
        time.sleep(pause)

    def _publishes(self, process: subprocess.Popen[str]) -> bool:
        """Tell whether a build stages documents; what another left does not count."""
        builders = {str(number) for number in (process.pid, *_children(process.pid))}
        with suppress(FileNotFoundError):
            return any(f.name.partition("-")[0] in builders for f in (self.world.out / STAGING).iterdir())
        return False

    @staticmethod
    def _kill_all(process: subprocess.Popen[str]) -> None:
        """Kill a build and its processes, as when the machine stops."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    @staticmethod
    def _kill_parent(process: subprocess.Popen[str]) -> None:
        """Kill a build, whose processes live on for a moment."""
        process.kill()

    def _kill_worker(self, process: subprocess.Popen[str]) -> None:
        """Kill one of a build's processes, as the kernel does for want of memory; then the build, if it goes on."""
        children = _children(process.pid)
        if children:
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(children), signal.SIGKILL)
            self.tally.workers += 1
        else:
            process.kill()

    def _end(self, process: subprocess.Popen[str]) -> str:
        """Wait for the end; give what was said, but for the line that a lost process is worth."""
        try:
            said = process.communicate(timeout=_LONGEST)[0]
        except subprocess.TimeoutExpired:
            self._kill_all(process)
            process.communicate()
            return "it hangs"
        if process.returncode == 1 and said.count("\n") == 1 and "a process of this build was killed" in said:
            process.returncode = -signal.SIGKILL
            return ""
        return said


def _children(parent: int) -> list[int]:
    """Give the processes that a process began."""
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()]
    return []
