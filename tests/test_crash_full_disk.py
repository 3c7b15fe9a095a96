"""A disk that is full: one line, whole files for whoever reads, and all of it once there is room again.

`DIGESTFEED_STEPS=all` tries more where it is only simulated.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from digestfeed.errors import OutputError
from tests.crash import ends, steps
from tests.crash.reader import Reader, Seen, expected, look
from tests.crash.world import FEW, World, build
from tests.trees import item, run, tree, write_digest

COUNTS = 50
"""At how many different sizes of what is left the disk is full."""

ALL = os.environ.get("DIGESTFEED_STEPS") == "all"
PAGE = 4096


def _old(root: Path) -> None:
    write_digest(root / "digests", "2024-01-05.md", item("2401.00001"), item("2401.00002", labels="로봇공학"))
    write_digest(root / "digests", "2024-02-05.md", item("2402.00003"))
    (root / "digests" / "2024-03-05.md").unlink(missing_ok=True)


def _new(root: Path) -> None:
    write_digest(root / "digests", "2024-01-05.md", item("2401.00001"), item("2401.00002", title="Another title"))
    more = (item(f"2403.{number:05d}", labels="강화 학습") for number in range(4, 9))
    write_digest(root / "digests", "2024-03-05.md", item("2401.00001", votes=9), *more)
    (root / "digests" / "2024-02-05.md").unlink(missing_ok=True)


class Disk(msgspec.Struct):
    """A small file system with a project, whose digests are of two kinds by turns; `outputs` are what each gives."""

    root: Path
    outputs: list[dict[str, bytes]]
    turn: int = 0

    def change(self) -> None:
        """Let the digests be of the other kind."""
        self.turn = 1 - self.turn
        (_old, _new)[self.turn](self.root)

    def build(self) -> ends.Ended:
        """Build; the same digests in one process are the same steps."""
        return ends.here(self.root, "build", "-q", "-j", "1", "--allow-shrink")

    def fill(self, left: int) -> None:
        """Leave so many pages free; the system counts them to within a few."""
        free = os.statvfs(self.root).f_bavail
        with (self.root / "filler").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, (free - left) * PAGE)

    def make_room(self) -> None:
        """Leave much."""
        (self.root / "filler").unlink()

    def is_built(self) -> bool:
        """Tell whether the output is that of the digests as they are."""
        return tree(self.root / "out") == self.outputs[self.turn]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """A disk on which the output of the first kind of digests is."""
    outputs = []
    for number, write in enumerate((_old, _new)):
        root = tmp_path_factory.mktemp(f"undisturbed{number}")
        write(root)
        assert ends.here(root, "build", "-q").code == 0
        outputs.append(tree(root / "out"))
    with ends.small_disk(tmp_path_factory.mktemp("disk"), 8 << 20) as (root, mounted):
        if not mounted:
            pytest.skip("nothing may be mounted here")
        _old(root)
        found = Disk(root, outputs)
        assert found.build().code == 0
        assert found.is_built()
        yield found


def _too_few(disk: Disk) -> int:
    """Find out how many free pages are not enough for a build, and yet almost."""
    left = 1
    while True:
        disk.change()
        disk.fill(left)
        ended = disk.build()
        disk.make_room()
        if not ended.code:
            return left - left // 8 - 1
        assert disk.build() == ends.Ended(0, "")
        left += max(left // 8, 1)


def test_a_disk_that_is_full(disk: Disk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Output and catalog on it, at 50 sizes, with a reader at work: nothing torn, one line, and then made up for."""
    most = min(_too_few(disk), _too_few(disk))  # to one kind of digests and back
    sizes = sorted({round(most * number / (COUNTS - 1)) for number in range(COUNTS)})
    failed = 0
    with Reader(disk.root / "out", tmp_path) as reader:
        reader.expect(expected(*disk.outputs))
        for left in sizes:
            disk.change()
            disk.fill(left)
            ended = disk.build()
            failed += ended.code != 0
            assert ended.is_one_line or not ended.code, (left, ended)
            assert not ended.code or "full" in ended.said or "No space left" in ended.said, (left, ended)
            _look_again(disk)
            disk.make_room()
            assert disk.build() == ends.Ended(0, ""), left
            assert disk.is_built(), left
    with capsys.disabled():
        print(f"\n{failed} of {len(sizes)} full, {most} pages are too few: {reader.seen}")  # noqa: T201 -- the figures
    assert reader.seen.faults == []
    assert failed >= 0.9 * COUNTS


def _look_again(disk: Disk) -> None:
    seen = Seen()
    look(disk.root / "out", expected(*disk.outputs), seen, set())
    assert seen.faults == []


def test_processes_on_a_full_disk(tmp_path: Path) -> None:
    """What one of them fails by is told by the first, and none stays."""
    with ends.small_disk(tmp_path / "disk", 64 << 20) as (root, mounted):
        if not mounted:
            pytest.skip("nothing may be mounted here")
        (tmp_path / "disk-undisturbed").mkdir()
        world = World(root, random.Random(1), FEW)  # noqa: S311 -- digests, no secrets
        undisturbed = world.undisturbed()
        filler = Disk(root, [])
        for left in (60, 200, 350):
            filler.fill(left)
            ended = ends.command(root, "build", "-q", "-j", "2")
            assert ended.is_one_line, ended
            assert "full" in ended.said or "No space left" in ended.said, ended
            filler.make_room()
            seen = Seen()
            look(world.out, expected(undisturbed, {}), seen, set())
            assert seen.faults == []
        build(root)
        assert tree(world.out) == undisturbed


# -- where nothing may be mounted ------------------------------------------------------------------------------


class _Full:
    """An `os.write` on a disk that takes so many bytes more; the last write is cut short by it, as POSIX has it."""

    def __init__(self, left: int) -> None:
        self._left = left
        self._write = os.write

    def __call__(self, handle: int, data: bytes) -> int:
        if data and not self._left:
            raise OSError(28, "No space left on device")
        done = self._write(handle, data[: self._left])
        self._left -= done
        return done


def _with_room_for(left: int, build: Callable[[], object]) -> Callable[[], object]:
    def limited() -> object:
        setattr(os, "write", _Full(left))  # noqa: B010 -- its type knows more than bytes
        return build()

    return limited


def test_a_disk_that_is_full_at_a_byte(tmp_path: Path) -> None:
    """Any byte of any document may be the last that fits."""
    template, root = tmp_path / "template", tmp_path / "project"
    _old(template)
    run(template)
    old = tree(template / "out")
    _new(template)
    steps.restore(template, root)
    run(root, allow_shrink=True)
    new = tree(root / "out")
    total = sum(len(data) for path, data in new.items() if old.get(path) != data)
    chance = random.Random(3)  # noqa: S311 -- byte counts, no secrets
    for left in sorted(chance.sample(range(total), COUNTS if ALL else 12)):
        steps.restore(template, root)
        code, _, said = steps.forked(0, steps.dies, _with_room_for(left, lambda: run(root, allow_shrink=True)))
        assert (code, said.endswith("cannot write it: No space left on device")) == (steps.FAILED, True), (left, said)
        seen = Seen()
        look(root / "out", expected(old, new), seen, set())
        assert seen.faults == [], left
        run(root, allow_shrink=True)
        assert tree(root / "out") == new, left


def test_a_process_says_why_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of another process reaches the first as what it is, and no thread or process is left waiting."""
    for day in range(1, 390):
        write_digest(tmp_path / "digests", f"2024-{day // 28 + 1:02d}-{day % 28 + 1:02d}.md", item(f"2401.{day:05d}"))
    monkeypatch.setattr(os, "write", _Full(30_000))
    with pytest.raises(OutputError, match="No space left on device"):
        run(tmp_path, jobs=2)
