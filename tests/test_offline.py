"""No network while a site is built or looked at: each socket is forbidden, in the processes of a build too.

A hook of the interpreter (`sys.addaudithook`) cannot be taken out again, so what is tried runs in processes of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trees import item, write_digest

ROOT = Path(__file__).parent.parent
FORBIDDEN = """
import os, sys
_STARTS = ("socket.", "urllib.", "ftplib.", "http.client.", "smtplib.", "subprocess.", "os.system", "os.exec",
           "os.posix_spawn", "os.startfile", "webbrowser.")
_FILE = os.environ["FORBIDDEN_LOG"]
def _forbid(event, args):
    if event.startswith(_STARTS):
        with open(_FILE, "a") as log:
            log.write(f"{event} in {os.getpid()}\\n")
        raise RuntimeError(f"{event} is forbidden")
sys.addaudithook(_forbid)
"""
"""Run by each interpreter as it starts; what it forbids is written down, also where somebody catches the error."""


class Offline:
    """Runs programs that may open no socket and start no other program."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._log = home / "forbidden.log"
        (home / "site").mkdir()
        (home / "site" / "sitecustomize.py").write_text(FORBIDDEN, "utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python with these arguments."""
        paths = [str(self.home / "site"), str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
        known = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "FORBIDDEN_LOG": str(self._log)}
        return subprocess.run(  # noqa: S603 -- this Python, and what stands below
            [sys.executable, *arguments], cwd=self.home, env=known, capture_output=True, text=True, check=False
        )

    @property
    def tried(self) -> str:
        """What was tried that is forbidden."""
        return self._log.read_text("utf-8") if self._log.exists() else ""


@pytest.fixture
def offline(tmp_path: Path) -> Offline:
    """A place where nothing has a network."""
    return Offline(tmp_path)


COMMANDS = (
    ("build", str(ROOT / "digests"), "-j", "1"),
    ("build", str(ROOT / "digests"), "-j", "1", "--full"),
    ("check", str(ROOT / "digests")),
    ("check", str(ROOT / "digests"), "--format", "json"),
    ("fields", str(ROOT / "digests")),
    ("fields", str(ROOT / "digests"), "--suggest"),
    ("show", "2412.17743", str(ROOT / "digests")),
)


def test_no_command_needs_a_network(offline: Offline) -> None:
    """What reads digests and what makes a site of them opens no socket and starts no program."""
    for command in COMMANDS:
        ended = offline.run("-m", "digestfeed", *command)
        assert "Traceback" not in ended.stderr
        assert ended.returncode in {0, 1}, ended.stderr
        assert offline.tried == "", command
    assert (offline.home / "out" / "feeds.opml").exists()


def test_no_process_of_a_build_needs_one(offline: Offline) -> None:
    """A build so large that it has processes of its own; that it has is seen by their number."""
    for number in range(420):
        day = f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}-{number // 60:02d}-{number % 60:02d}-00.md"
        write_digest(offline.home / "digests", day, item(f"2401.{number + 1:05d}"))
    ended = offline.run("-c", COUNTED)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) >= 2
    assert offline.tried == ""
    assert (offline.home / "out" / "feeds" / "all" / "atom.xml").exists()


COUNTED = """
import os, sys
forks = []
os.register_at_fork(after_in_parent=lambda: forks.append(1))
from digestfeed.cli import main
main(["build", "-j", "2", "-q"], standalone_mode=False)
print(len(forks))
"""

CAUGHT = """
import socket
from digestfeed.pipeline.runner import Runner
with Runner({jobs}, None, None) as runner:
    list(runner.run(socket.socket, [socket.AF_INET], many=True))
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_socket_would_be_seen(offline: Offline, jobs: int) -> None:
    """The hook is there, in this process and in those of a build."""
    ended = offline.run("-c", CAUGHT.format(jobs=jobs))
    assert "socket.__new__ is forbidden" in ended.stderr
    assert offline.tried.startswith("socket.__new__ in ")
