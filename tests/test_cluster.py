"""A build on a cluster: a real scheduler with two workers, and the same bytes as at home."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from digestfeed.cli import main
from tests.test_api import files

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("cluster")
    base = [sys.executable, "-m", "distributed.cli"]
    address = f"tcp://127.0.0.1:{port}"
    commands = [
        [*base[:-1], "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        [*base[:-1], "distributed.cli.dask_worker", address, "--nworkers", "2", "--nthreads", "1", "--no-dashboard"],
    ]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    servers = [
        subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        for command in commands
    ]
    for _ in range(600):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"dask://127.0.0.1:{port}"
    for server in reversed(servers):
        server.terminate()
        server.wait()


def digests(folder: Path) -> Path:
    """So many that a build of its own would use several processes."""
    for number in range(450):
        month, day = number // 28 % 12 + 1, number % 28 + 1
        path = folder / f"{2010 + number // 336}-{month:02}-{day:02}.md"
        path.parent.mkdir(exist_ok=True)
        items = [
            f"제목: Paper {number} {place}\n요약: 논문 {number}의 요약이다.\n관련분야: 로봇, NLP\n추천수: {place}\n"
            for place in range(3)
        ]
        path.write_text("\n".join(items), "utf-8")
    return folder


def test_a_cluster_gives_the_same_bytes(scheduler: str, tmp_path: Path) -> None:
    source = str(digests(tmp_path / "digests"))

    def build(name: str, *options: str) -> dict[str, bytes]:
        out = tmp_path / name
        command = ["build", source, "-o", str(out), "--catalog", str(tmp_path / f"{name}.sqlite3"), "-q", *options]
        ended = CliRunner().invoke(main, command)
        assert (ended.exit_code, ended.output) == (0, "")
        return files(out)

    assert build("there", "--executor", scheduler) == build("here", "-j", "1")


@pytest.mark.parametrize(("address", "code"), [("http://127.0.0.1/", 2), ("dask://", 2), ("dask://127.0.0.1:9", 1)])
def test_no_cluster_is_one_line(address: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "digests").mkdir()
    ended = CliRunner().invoke(main, ["build", str(tmp_path / "digests"), "--executor", address])
    assert ended.exit_code == code
    assert ended.output.startswith("digestfeed: --executor: ")
    assert ended.output.count("\n") == 1
