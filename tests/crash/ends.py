"""Running the command line under conditions that are not good, and how it ends."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from click.testing import CliRunner

from digestfeed.cli import main

NOBODY = 65534
"""The user who owns nothing, by custom."""


class Ended(msgspec.Struct, frozen=True):
    """How a command ended: its exit code (negative: by a signal) and what it said on stderr."""

    code: int
    said: str

    @property
    def is_one_line(self) -> bool:
        """Whether it ended with an error that is told in one line."""
        return self.code == 1 and self.said.startswith("digestfeed: ") and self.said.count("\n") == 1


def command(root: Path, *arguments: str, limit: Callable[[], None] | None = None) -> Ended:
    """Run a command in a folder, as a process of its own; `limit` is called in that before it begins."""
    ended = subprocess.run(  # noqa: S603 -- this Python, this program; nothing else runs here
        [sys.executable, "-m", "digestfeed", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=limit,
    )
    assert ended.stdout == ""
    return Ended(ended.returncode, ended.stderr)


def here(root: Path, *arguments: str) -> Ended:
    """Run a command in a folder, in this process."""
    before = Path.cwd()
    os.chdir(root)
    try:
        result = CliRunner().invoke(main, arguments)
    finally:
        os.chdir(before)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stderr)


def as_nobody(root: Path, *arguments: str) -> Ended:
    """The same, as a user to whom permissions apply; root may do everything."""
    if os.geteuid():
        return here(root, *arguments)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        ended = Ended(3, "")
        with suppress(BaseException):
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            ended = here(root, *arguments)
        os.write(writing, pickle.dumps((ended.code, ended.said)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        code, said = pickle.load(pipe)  # noqa: S301 -- from our own child
    os.waitpid(child, 0)
    return Ended(code, said)


@contextmanager
def folder_of_nobody() -> Iterator[Path]:
    """Make a folder that everyone may reach, and `nobody` owns."""
    root = Path(tempfile.mkdtemp(prefix="digestfeed-"))
    try:
        root.chmod(0o755)
        if not os.geteuid():
            os.chown(root, NOBODY, NOBODY)
        yield root
    finally:
        for path in (root, *root.rglob("*")):
            with suppress(OSError):
                path.chmod(0o755 if path.is_dir() else 0o644)
        shutil.rmtree(root, ignore_errors=True)


def hand_over(root: Path) -> None:
    """Let `nobody` own everything below a folder."""
    if not os.geteuid():
        for path in (root, *root.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[tuple[Path, bool]]:
    """Mount a file system of some bytes at a folder; gives that, and whether it was allowed."""
    place.mkdir(exist_ok=True)
    mounted = _sudo("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        yield place, mounted
    finally:
        if mounted:
            _sudo("umount", "-l", str(place))


def remount(place: Path, *, read_only: bool) -> None:
    """Let a file system that was mounted here be written, or not."""
    assert _sudo("mount", "-o", "remount,ro" if read_only else "remount,rw", str(place))


def _sudo(*arguments: str) -> bool:
    program = shutil.which(arguments[0])
    if os.geteuid() or program is None:
        return False
    return not subprocess.run([program, *arguments[1:]], capture_output=True, check=False).returncode  # noqa: S603
