"""A build on a cluster: a real scheduler with two workers that see no folder of ours, and the same bytes as at home."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import digestfeed
from digestfeed.cli import main
from digestfeed.errors import DigestFeedError
from digestfeed.pipeline import away, cluster, runner
from tests import places
from tests.patience import eventually, listens
from tests.test_api import files

pytest.importorskip("distributed")

# What a worker loads first.  Whatever it is asked about a folder of ours is noted, and as if there were none.
PRELOAD = """
import os, signal, sys

hidden, noted = os.environ["HIDDEN"], os.environ["NOTED"]
when, what = os.environ.get("WHEN", "-"), os.environ.get("WHAT", "")


def look(event, args):
    if event == "import" and args[0] == when:
        if what == "end once" and not os.path.exists(noted + ".ended"):
            os.close(os.open(noted + ".ended", os.O_CREAT))
            os._exit(1)
        if what.isdigit():
            os.kill(int(what), signal.SIGKILL)
    for arg in args:
        if isinstance(arg, (str, bytes, os.PathLike)) and os.fsdecode(arg).startswith(hidden):
            handle = os.open(noted, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(handle, f"{event} {os.fsdecode(arg)}\\n".encode())
            os.close(handle)
            raise FileNotFoundError(arg)


sys.addaudithook(look)
"""


class Servers:
    """A scheduler and its workers, as processes in a folder of theirs."""

    def __init__(self, folder: Path, hidden: Path, options: tuple[str, ...] = ()) -> None:
        self.noted = folder / "noted"
        self._folder = folder
        self._options = options
        self._port = places.free_port()
        self.address = f"dask://127.0.0.1:{self._port}"
        (folder / "preload.py").write_text(PRELOAD, "utf-8")
        self._env = {"PYTHONPATH": os.pathsep.join(sys.path), "HIDDEN": str(hidden), "NOTED": str(self.noted)}
        self.running: list[subprocess.Popen[bytes]] = []
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", str(self._port))
        assert eventually(lambda: listens(self._port))

    def work(self, protocol: str = "tcp", **env: str) -> None:
        """Start two workers."""
        self._env.update(env)
        preload = ("--preload", str(self._folder / "preload.py"))
        scheduler = f"{protocol}://127.0.0.1:{self._port}"
        self._start("dask_worker", scheduler, "--nworkers", "2", "--nthreads", "1", *preload)

    def _start(self, program: str, *options: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.{program}", *options, *self._options, "--no-dashboard"]
        with (self._folder / f"{program}.log").open("wb") as log:
            env = {**os.environ, **self._env}
            self.running.append(subprocess.Popen(command, cwd=self._folder, env=env, stdout=log, stderr=log))  # noqa: S603

    def end(self) -> None:
        """End them, workers first."""
        for server in reversed(self.running):
            server.terminate()
            server.wait()


@contextmanager
def servers(folder: Path, hidden: Path, *options: str) -> Iterator[Servers]:
    """Start a scheduler."""
    found = Servers(folder, hidden, options)
    try:
        yield found
    finally:
        found.end()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digests, and what one process makes of them."""
    folder = tmp_path_factory.mktemp("project")
    digests(folder / "digests")
    (folder / "templates").mkdir()
    builtin = Path(digestfeed.__file__).parent / "render" / "templates" / "day.html"
    (folder / "templates" / "day.html").write_text(
        builtin.read_text("utf-8").replace("{{ after }}", "<p>my own</p>{{ after }}"), "utf-8"
    )
    (folder / "digestfeed.toml").write_text('title = "x"\n[site]\nsearch = true\n', "utf-8")
    assert built(folder, "here", "-j", "1").output == ""
    assert any(b"my own" in data for data in files(folder / "here").values())
    return folder


def built(project: Path, name: str, *options: str) -> Result:
    """Build anew."""
    folders = [str(project / "digests"), "-o", str(project / name), "--catalog", str(project / f"{name}.sqlite3")]
    return CliRunner().invoke(main, ["build", *folders, "-c", str(project / "digestfeed.toml"), "-q", *options])


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


def test_workers_that_see_nothing_of_ours_give_the_same_bytes(project: Path, tmp_path: Path) -> None:
    with servers(tmp_path, project) as there:
        there.work()
        ended = built(project, "there", "--executor", there.address)
        assert (ended.exit_code, ended.output) == (0, "")
        assert not there.noted.exists(), there.noted.read_text("utf-8")
        with cluster.executor_at(there.address) as workers:  # had they looked, it had been noted
            assert workers.width == 2
            with pytest.raises(FileNotFoundError):
                workers.submit(os.listdir, str(project)).result()
        assert there.noted.read_text("utf-8").startswith("os.listdir ")
    assert files(project / "there") == files(project / "here")


def test_a_worker_that_goes_is_made_up_for(project: Path, tmp_path: Path) -> None:
    with servers(tmp_path, project) as there:
        there.work(WHEN="digestfeed.pipeline.make", WHAT="end once")
        ended = built(project, "again", "--executor", there.address)
    assert (ended.exit_code, ended.output) == (0, "")
    assert (tmp_path / "noted.ended").exists()
    assert files(project / "again") == files(project / "here")


def test_a_scheduler_that_goes_ends_the_build_in_one_line(project: Path, tmp_path: Path) -> None:
    with servers(tmp_path, project) as there:
        there.work(WHEN="digestfeed.pipeline.make", WHAT=str(there.running[0].pid))
        ended = built(project, "gone", "--executor", there.address)
        assert ended.exit_code == 1
        assert ended.output == f"digestfeed: --executor: the scheduler at {there.address} went away\n"
    assert built(project, "gone", "-j", "1").exit_code == 0  # the next completes it
    assert files(project / "gone") == files(project / "here")


def test_a_cluster_without_workers_is_one_line(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_WAIT", 0.5)
    with servers(tmp_path, project) as there:
        ended = built(project, "none", "--executor", there.address)
    assert ended.exit_code == 1
    assert ended.output == f"digestfeed: --executor: no worker came to {there.address} within 0.5 seconds\n"


def test_with_tls(project: Path, tmp_path: Path) -> None:
    """Who has no certificate of ours gets no answer."""
    if not shutil.which("openssl"):
        pytest.skip("nobody makes a certificate")
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)  # noqa: S603
    given = ("--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key)
    with servers(tmp_path, project, "--protocol", "tls", *given) as there:
        there.work("tls")
        address = there.address.replace("dask:", "dask+tls:")
        for wrong in (address, there.address):
            ended = built(project, "tls", "--executor", wrong)
            assert ended.exit_code == 1
            assert ended.output.startswith(f"digestfeed: --executor: no scheduler answers at {wrong}: ")
            assert ended.output.count("\n") == 1
        from dask import config

        tls = {"ca-file": certificate, "client.cert": certificate, "client.key": key}
        with config.set({f"distributed.comm.tls.{name}": value for name, value in tls.items()}):
            ended = built(project, "tls", "--executor", address)
        assert (ended.exit_code, ended.output) == (0, "")
    assert files(project / "tls") == files(project / "here")


# -- work apart ----------------------------------------------------------------------------------------------------


class Doubled(away.Apart[int, int, int, int]):
    """Doubles, and notes in which process."""

    def __init__(self) -> None:
        self.here: list[str] = []

    def __call__(self, task: int) -> int:
        return self.receive(self.away(self.send(task)))

    def send(self, task: int) -> int:
        self.here.append(f"send {task}")
        return task

    @staticmethod
    def away(sent: int) -> int:
        return 2 * sent

    def receive(self, done: int) -> int:
        self.here.append(f"receive {done}")
        return done


def test_only_what_is_to_be_away_is_away() -> None:
    """The rest is done here, in order, and a task is drawn when there is room for it."""
    work = Doubled()
    with ProcessPoolExecutor(1) as pool, runner.Runner(1, pool, None) as running:
        assert list(running.run(work, range(5), many=True)) == [0, 2, 4, 6, 8]
    assert [one for one in work.here if one.startswith("receive")] == [f"receive {2 * n}" for n in range(5)]
    assert work.here[:4] == ["send 0", "send 1", "send 2", "receive 0"]


def test_other_versions_are_refused() -> None:
    here = away.installed()
    assert {"Python", "digestfeed", "nh3", "markdown-it-py", "lxml"} <= {name for name, _ in here}
    work = away.packed(abs, -1)
    assert away.do(here, work) == 1
    other = tuple((name, "0.0" if name == "nh3" else version) for name, version in here)
    with pytest.raises(DigestFeedError, match=r"a worker has nh3 \d.*, and here is 0\.0; install the same versions"):
        away.do(other, work)
    with pytest.raises(DigestFeedError, match="install the same versions"):
        away.do(here[:-1], b"what the other cannot read")


@pytest.mark.parametrize("function", [away.do, Doubled.away])
def test_what_is_sent_can_be_sent(function: Callable[..., object]) -> None:
    assert pickle.loads(pickle.dumps(function)) is function  # noqa: S301


@pytest.mark.parametrize(
    ("address", "code"), [("http://127.0.0.1/", 2), ("dask://", 2), ("dask://x:y", 2), ("dask://127.0.0.1:9", 1)]
)
def test_no_cluster_is_one_line(address: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ANSWER", 1)
    (tmp_path / "digests").mkdir()
    ended = CliRunner().invoke(main, ["build", str(tmp_path / "digests"), "--executor", address])
    assert ended.exit_code == code
    assert ended.output.startswith("digestfeed: --executor: ")
    assert ended.output.count("\n") == 1
