"""nginx on loopback with the config that the documentation gives, and what its access log says."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import WAIT, eventually, listens

CONFIG = Path(__file__).parents[2] / "docs" / "servers" / "nginx.conf"
PATHS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def program(name: str) -> str:
    """Find a program; where it is missing the test is skipped, but not where everything is to be tested (CI)."""
    found = shutil.which(name, path=PATHS)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not installed")
    return found


def free_port() -> int:
    """Give a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Nginx:
    """A running server: its port, and the log of what it was asked."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self._log = log
        self._read = 0

    def asked(self) -> Counter[tuple[int, str]]:
        """Count the answers since the last time, by status and path."""
        lines = self._log.read_text("utf-8").splitlines()
        fresh, self._read = lines[self._read :], len(lines)
        rows = [line.split(" ") for line in fresh]
        return Counter((int(status), path) for status, path in rows)


@contextmanager
def nginx(out: Path, home: Path, port: int) -> Iterator[Nginx]:
    """Serve a site with the documented config, changed only in where it listens and what it serves."""
    command = program("nginx")
    site = CONFIG.read_text("utf-8")
    changes = {"listen 80;": f"listen 127.0.0.1:{port};", "listen [::]:80;": "", "/srv/papers/out": str(out)}
    for old, new in changes.items():
        assert site.count(old) == 1, old
        site = site.replace(old, new)
    home.mkdir()
    places = "".join(
        f"{kind}_temp_path {home}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (home / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {home}/pid;\nerror_log {home}/error.log;\nevents {{ }}\n"
        f"http {{\nlog_format asked '$status $request_uri';\naccess_log {home}/access.log asked;\n{places}{site}}}\n",
        "utf-8",
    )
    arguments = [command, "-e", f"{home}/error.log", "-p", str(home), "-c", f"{home}/nginx.conf"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        eventually(lambda: process.poll() is not None or listens(port))
        assert process.poll() is None, (home / "error.log").read_text("utf-8")
        yield Nginx(port, home / "access.log")
    finally:
        process.terminate()
        process.wait(WAIT)
