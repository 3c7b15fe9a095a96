"""What the world may do to a build: each time one line, an exit code, whole files, and the next build repairs it."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.crash import ends
from tests.crash.reader import Seen, expected, look
from tests.crash.world import COMMAND, FEW, World, build
from tests.patience import WAIT, eventually
from tests.trees import item, tree, write_digest

MORE = int(os.environ.get("DIGESTFEED_KILLS", "0")) // 20
"""How many moments more than usual are tried for each signal."""


def _digests(root: Path) -> None:
    write_digest(root / "digests", "2024-01-05.md", item("2401.00001"), item("2401.00002", labels="로봇공학"))
    write_digest(root / "digests", "2024-02-05.md", item("2402.00003"))


def _more(root: Path) -> None:
    write_digest(root / "digests", "2024-01-05.md", item("2401.00001"), item("2401.00002", title="Another title"))
    write_digest(root / "digests", "2024-03-05.md", item("2403.00004"), item("2401.00001", votes=9))


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What builds give that nothing disturbs: of `_digests`, and of what `_more` makes of them."""
    root = tmp_path_factory.mktemp("undisturbed")
    _digests(root)
    assert ends.here(root, "build", "-q").code == 0
    old = tree(root / "out")
    _more(root)
    assert ends.here(root, "build", "-q").code == 0
    return old, tree(root / "out")


Versions = tuple[dict[str, bytes], dict[str, bytes]]


def _assert_whole(out: Path, versions: Versions) -> None:
    """Each file is the old or the new one, and none is missing."""
    seen = Seen()
    look(out, expected(*versions), seen, set())
    assert seen.faults == []


# -- signals ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A project whose builds take processes."""
    root = tmp_path_factory.mktemp("world")
    for name in ("project", "project-undisturbed"):
        (root / name).mkdir()
    made = World(root / "project", random.Random(5), FEW)  # noqa: S311 -- digests, no secrets
    made.undisturbed()
    build(made.root)
    return made


@pytest.mark.parametrize("whom", [os.kill, os.killpg], ids=["parent", "group"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_build_that_is_asked_to_end(world: World, number: signal.Signals, whom: Callable[[int, int], None]) -> None:
    """It ends at once with 128 and the signal's number, in one line, with all its processes, wherever it was."""
    build(world.root)
    old = world.undisturbed()
    world.change()
    new = world.undisturbed()
    memory = world.root / ".digestfeed"
    for moment in range(2 + MORE):
        shutil.rmtree(memory, ignore_errors=True)  # so that there is much to do
        with subprocess.Popen(  # noqa: S603 -- this Python, this program
            COMMAND, cwd=world.root, stderr=subprocess.PIPE, text=True, process_group=0
        ) as process:
            eventually(lambda: memory.exists() or process.poll() is not None)  # before, it is Python that ends
            time.sleep((moment / (2 + MORE)) * world.chance.random())
            with suppress(ProcessLookupError):
                whom(process.pid, number)
            said = process.communicate(timeout=WAIT)[1]
        assert (process.returncode, said) in {
            (0, ""),  # it was quicker
            (128 + number, f"digestfeed: stopped by {number.name}; what a build began, the next one completes\n"),
        }
        assert _is_gone(process.pid)
        _assert_whole(world.out, (old, new))
    build(world.root)
    assert tree(world.out) == new


def _is_gone(group: int) -> bool:
    """Wait until no process of a group is left; those of a build that was killed look for it once a second."""

    def ended() -> bool:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        return False

    return eventually(ended)


def test_the_processes_of_a_build_that_was_killed_end(world: World) -> None:
    """Also where nobody could tell them."""
    shutil.rmtree(world.root / ".digestfeed", ignore_errors=True)
    with subprocess.Popen(COMMAND, cwd=world.root, process_group=0) as process:  # noqa: S603 -- this program
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while process.poll() is None and not children.read_text("ascii"):
            time.sleep(0.005)
        process.kill()
    assert _is_gone(process.pid)
    build(world.root)
    assert tree(world.out) == world.undisturbed()


def test_a_lost_terminal_may_be_ignored(world: World) -> None:
    """`nohup digestfeed build` goes on."""
    shutil.rmtree(world.root / ".digestfeed", ignore_errors=True)
    ignoring = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *COMMAND]
    with subprocess.Popen(ignoring, cwd=world.root, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        time.sleep(0.5)
        process.send_signal(signal.SIGHUP)
        assert process.communicate(timeout=WAIT)[1] == ""
    assert process.returncode == 0


# -- nobody listens --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "redirection", ["2>&1 | head -0", "2>/dev/full", ">&- 2>&-", "2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full"]
)
def test_a_build_to_which_nobody_listens(tmp_path: Path, versions: Versions, redirection: str) -> None:
    """It is built all the same, and its exit code is that of the build."""
    _digests(tmp_path)
    line = f'set -o pipefail; "{sys.executable}" -m digestfeed build {redirection}'
    ended = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert tree(tmp_path / "out") == versions[0]


@pytest.mark.parametrize("redirection", ["| head -0", ">/dev/full", "| head -1 >/dev/null"])
def test_data_that_nobody_takes(tmp_path: Path, redirection: str) -> None:
    """A command that is for its output fails without it, in one line at most."""
    _digests(tmp_path)
    line = f'set -o pipefail; "{sys.executable}" -m digestfeed fields {redirection}'
    ended = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert ended.returncode in {0, 1}  # a reader may have taken all that fits into a pipe before it left
    assert ended.stderr in {"", "digestfeed: system: No space left on device\n"}


# -- limits ----------------------------------------------------------------------------------------------------


def _limited(kind: int, most: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(kind, (most, most))

    return limit


def _runs(program: str, limit: Callable[[], None]) -> bool:
    """Tell whether Python can do something under a limit."""
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, capture_output=True, check=False, preexec_fn=limit)  # noqa: S603
    return ended.returncode == 0


def _assert_ends_well(root: Path, ended: ends.Ended, versions: Versions) -> None:
    """It was built, or one line says why not; nothing is torn, and without the limit all is repaired."""
    if ended.code:
        assert ended.is_one_line, ended
    else:
        assert ended.said == ""
        assert tree(root / "out") == versions[1]
    _assert_whole(root / "out", versions)
    assert ends.here(root, "build", "-q").code == 0
    assert tree(root / "out") == versions[1]


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A project that was built, and whose digests have changed since."""
    _digests(tmp_path)
    assert ends.here(tmp_path, "build", "-q").code == 0
    _more(tmp_path)
    return tmp_path


@pytest.mark.parametrize("handles", [5, 6, 7, 8, 12])
def test_too_few_file_handles(changed: Path, versions: Versions, handles: int) -> None:
    """A digest that cannot be read for want of handles is not taken for one that is broken."""
    limit = _limited(resource.RLIMIT_NOFILE, handles)
    if not _runs("import random", limit):
        pytest.skip("Python itself needs more")
    ended = ends.command(changed, "build", "-q", limit=limit)
    _assert_ends_well(changed, ended, versions)


@pytest.mark.parametrize("size", [1_000, 20_000, 100_000])
def test_files_may_only_be_so_long(changed: Path, versions: Versions, size: int) -> None:
    """As a quota would have it; the catalog is a file too."""
    ended = ends.command(changed, "build", "-q", limit=_limited(resource.RLIMIT_FSIZE, size))
    _assert_ends_well(changed, ended, versions)


@pytest.mark.parametrize("megabytes", [20, 28, 40, 64, 96])
def test_too_little_memory(changed: Path, versions: Versions, megabytes: int) -> None:
    """Where Python can still say so, in one line."""
    limit = _limited(resource.RLIMIT_AS, megabytes << 20)
    if not _runs("import click", limit):
        pytest.skip("Python itself needs more")
    ended = ends.command(changed, "build", "-q", "-j", "1", limit=limit)
    if ended.code >= 0:
        _assert_ends_well(changed, ended, versions)
    else:  # a library gave up
        assert "Traceback" not in ended.said
        _assert_whole(changed / "out", versions)


# -- permissions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("denied", ["out", ".digestfeed", ".digestfeed/catalog.sqlite3", "out/feeds/all", "digests"])
def test_what_may_not_be_written_or_read(versions: Versions, denied: str) -> None:
    """One line names it; when it may be again, all is made up for."""
    with ends.folder_of_nobody() as root:
        _digests(root)
        ends.hand_over(root)
        assert ends.as_nobody(root, "build", "-q") == ends.Ended(0, "")
        _more(root)
        ends.hand_over(root)
        place = root / denied
        mode = place.stat().st_mode
        place.chmod(0o400 if place.is_file() else 0o555 if denied != "digests" else 0)
        ended = ends.as_nobody(root, "build", "-q")
        if denied == "out/feeds/all" and not ended.code:  # nothing of it had to be replaced
            pytest.fail("it was written")
        assert ended.is_one_line, ended
        assert denied.partition("/")[0] in ended.said
        _assert_whole(root / "out", versions)
        place.chmod(mode)
        assert ends.as_nobody(root, "build", "-q") == ends.Ended(0, "")
        assert tree(root / "out") == versions[1]


def test_an_output_that_may_not_be_made() -> None:
    """The folder that it is to be in is not to be written: one line, and nothing is left."""
    with ends.folder_of_nobody() as root:
        _digests(root)
        (root / "srv").mkdir(mode=0o555)
        ended = ends.as_nobody(root, "build", "-q", "-o", "srv/out")
        assert ended.is_one_line, ended
        assert "srv/out: cannot use this folder: Permission denied" in ended.said
        assert list((root / "srv").iterdir()) == []


def test_nothing_to_do_needs_no_right_to_write() -> None:
    """A build of what is built already only looks."""
    with ends.folder_of_nobody() as root:
        _digests(root)
        ends.hand_over(root)
        assert ends.as_nobody(root, "build", "-q") == ends.Ended(0, "")
        for name in ("out", ".digestfeed"):
            (root / name).chmod(0o555)
        assert ends.as_nobody(root, "build", "-q") == ends.Ended(0, "")


def test_a_file_system_that_becomes_read_only(tmp_path: Path, versions: Versions) -> None:
    """As a disk that is failing; root is not spared."""
    with ends.small_disk(tmp_path / "disk", 16 << 20) as (root, mounted):
        if not mounted:
            pytest.skip("nothing may be mounted here")
        _digests(root)
        assert ends.here(root, "build", "-q").code == 0
        _more(root)
        ends.remount(root, read_only=True)
        ended = ends.here(root, "build", "-q")
        assert ended.is_one_line, ended
        assert "ead-only" in ended.said
        assert tree(root / "out") == versions[0]
        ends.remount(root, read_only=False)
        assert ends.here(root, "build", "-q").code == 0
        assert tree(root / "out") == versions[1]


def test_a_name_of_two_lines_is_told_in_one(tmp_path: Path) -> None:
    """Whatever is to be printed."""
    _digests(tmp_path)
    (tmp_path / "a\nb").write_bytes(b"")
    for arguments in (
        ["build", "-q", "-o", "a\nb/out"],
        ["build", "-q", "a\nb"],
        ["build", "-q", "--report", "c\nd/e"],
    ):
        ended = ends.here(tmp_path, *arguments)
        assert ended.is_one_line, ended
        assert "\\u000a" in ended.said
