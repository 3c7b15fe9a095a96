"""Processes of a build that are killed, or cannot be had, or outlive it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from digestfeed import write
from digestfeed.errors import DigestFeedError, OutputError
from digestfeed.pipeline.runner import Runner
from digestfeed.write import STAGING, Batch
from tests.patience import WAIT, eventually
from tests.trees import item, run, tree, write_digest


def _number(task: int) -> int:
    return os.getpid() if task < 0 else task


def _die(task: int) -> int:
    if task == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def _fail(task: int) -> int:
    if task == 7:
        raise OutputError("out/a", "cannot write it: No space left on device")
    return task


def _no_process_is_left() -> bool:
    """Tell whether all have ended: of one that two threads wait for, this is known a moment later than it is so."""
    return eventually(lambda: not multiprocessing.active_children())


DIES_SENDING = """
import os, signal
from multiprocessing.connection import Connection
from digestfeed import endings
from digestfeed.errors import DigestFeedError
from digestfeed.pipeline import runner

def dies_sending(_task):
    def send(self, data, write=os.write):
        write(self._handle, data[: len(data) // 2] if len(data) > 1000 else data)
        if len(data) > 1000:
            os.kill(os.getpid(), signal.SIGKILL)
    Connection._send = send
    return bytes(30_000)

runner._LOOK = 0.1
try:
    with runner.Runner(2, None, None) as running:
        list(running.run(dies_sending, range(4), many=True))
except DigestFeedError as error:
    print(error, flush=True)
endings.leave(7)
"""


def test_results_are_in_order() -> None:
    """From other processes than this."""
    with Runner(2, None, None) as running:
        assert list(running.run(_number, range(100), many=True)) == [*range(100)]
        pids = set(running.run(_number, [-1] * 20, many=True))
    assert os.getpid() not in pids
    assert _no_process_is_left()


def test_a_process_that_is_killed_ends_the_run() -> None:
    """In one sentence; the others end too."""
    with (
        pytest.raises(DigestFeedError, match="was killed, perhaps for want of memory"),
        Runner(2, None, None) as running,
    ):
        list(running.run(_die, range(100), many=True))
    assert _no_process_is_left()


def test_a_process_that_is_killed_while_it_sends() -> None:
    """The pool waits for the rest for ever; the run does not, nor does the end of the program."""
    command = [sys.executable, "-c", DIES_SENDING]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT)  # noqa: S603
    assert (ended.returncode, ended.stderr) == (7, "")
    assert ended.stdout.startswith("a process of this build was killed")


def test_an_error_of_a_process_is_the_runs() -> None:
    """As it was raised, and the processes end."""
    with pytest.raises(OutputError) as caught, Runner(2, None, None) as running:
        list(running.run(_fail, range(100), many=True))
    assert caught.value.path == "out/a"
    assert _no_process_is_left()


def _interrupted(results: Iterator[object]) -> NoReturn:
    next(results)
    raise KeyboardInterrupt


def test_an_interrupt_ends_processes_at_once() -> None:
    """Whatever they are doing."""
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Runner(2, None, None) as running:
        _interrupted(running.run(time.sleep, [0, *[2 * WAIT] * 3], many=True))
    assert time.monotonic() - started < WAIT
    assert _no_process_is_left()


@pytest.mark.parametrize(
    "error", [OSError(11, "Resource temporarily unavailable"), RuntimeError("can't start new thread")]
)
def test_without_processes_it_is_done_here(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that gives none makes a build slower, and no more."""

    def submit(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit)
    with Runner(2, None, None) as running:
        assert set(running.run(_number, [-1] * 20, many=True)) == {os.getpid()}
        assert list(running.run(_number, range(9), many=True)) == [*range(9)]
    assert _no_process_is_left()


def test_an_interrupt_while_processes_start_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the program would wait for them at its end, and they for work, for ever."""

    def start(_: object) -> NoReturn:
        raise KeyboardInterrupt

    # The last that a pool does: its processes are there, and nobody yet who would end them.
    monkeypatch.setattr("concurrent.futures.process._ExecutorManagerThread.start", start)
    with pytest.raises(KeyboardInterrupt), Runner(2, None, None) as running:
        list(running.run(_number, range(9), many=True))
    assert _no_process_is_left()


def test_a_callers_executor_is_left_alone() -> None:
    """It is not ours to end."""
    with ThreadPoolExecutor(2) as pool:
        with pytest.raises(OutputError), Runner(2, pool, None) as running:
            list(running.run(_fail, range(100), many=True))
        assert pool.submit(_number, 3).result() == 3


# -- processes that outlive their build ------------------------------------------------------------------------


def test_who_outlives_a_build_publishes_nothing_into_the_next(tmp_path: Path) -> None:
    """What it has staged is gone when it wants to rename it."""
    with Batch(tmp_path) as batch:
        batch.put("a", b"old")
    late = Batch(tmp_path)
    late.__enter__()
    late.put("a", b"late")
    late.put("new/b", b"late")
    write.clear_staging(tmp_path)
    with Batch(tmp_path) as batch:
        batch.put("a", b"new")
    with pytest.raises(OutputError, match="cannot write it"):
        late.__exit__(None, None, None)
    write.clear_staging(tmp_path)
    assert tree(tmp_path) == {"a": b"new"}


def test_who_outlives_a_build_stages_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks whether the build is there when its folder is, which the next build would take away."""
    monkeypatch.setattr(write, "_builder", os.getppid())
    with Batch(tmp_path) as batch:
        batch.put("a", b"1")
    monkeypatch.setattr(write, "_builder", os.getpid())  # whoever that is, it is not the parent
    with pytest.raises(OutputError, match="the build that this was for is gone"), Batch(tmp_path):
        pass
    assert tree(tmp_path) == {"a": b"1"}
    assert not any((tmp_path / STAGING).iterdir())


def test_the_first_thing_that_a_build_does_is_to_take_away_what_another_left(tmp_path: Path) -> None:
    """Also of one that was killed while it did so."""
    for name in (STAGING, ".staging.old"):
        (tmp_path / "out" / name / "1-2" / "folder0").mkdir(parents=True)
        (tmp_path / "out" / name / "1-2" / "folder0" / "x").write_bytes(b"")
    write_digest(tmp_path / "digests", "2024-01-05.md", item("2401.00001"))
    run(tmp_path)
    assert [path for path in tree(tmp_path / "out") if path.startswith(".")] == []
