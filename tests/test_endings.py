"""How a run ends: errors and signals as one line and an exit code."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from digestfeed import endings
from digestfeed.errors import BusyError, ConfigError, DigestFeedError, OutputError, RefusedError, SourceError
from tests.patience import WAIT


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (DigestFeedError("no"), "no", 1),
        (BusyError("out"), "another run is using out; nothing was touched", 75),
        (ConfigError("a.toml", "wrong"), "a.toml: wrong", 2),
        (OSError(28, "No space left on device", "out/a"), "out/a: No space left on device", 1),
        (OSError(24, "Too many open files"), "system: Too many open files", 1),
        (OSError("odd"), "system: odd", 1),
        (ImportError("lxml"), "a part of it cannot be loaded: lxml", 1),
        (MemoryError(), "there is no memory left, and less is needed with -j 1; what a build began, …", 1),
        (KeyboardInterrupt(), "stopped; what a build began, the next one completes", 130),
        (endings.Stopped(signal.SIGTERM), "stopped by SIGTERM; what a build began, the next one completes", 143),
        (endings.Stopped(signal.SIGHUP), "stopped by SIGHUP; what a build began, the next one completes", 129),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_the_world_does_is_told(error: BaseException, line: str, code: int) -> None:
    """In one line, with the code that cron and shells know."""
    told = endings.told(error)
    assert told is not None
    assert told[0].startswith(line.rstrip("…"))
    assert told[1] == code


@pytest.mark.parametrize("error", [ValueError("bug"), AssertionError(), SystemExit(3), KeyError("x")])
def test_what_is_a_fault_of_the_program_is_not(error: BaseException) -> None:
    """It keeps its traceback."""
    assert endings.told(error) is None


@pytest.mark.parametrize(
    "error",
    [
        DigestFeedError("no"),
        BusyError("out"),
        ConfigError("a.toml", "wrong"),
        OutputError("out", "full"),
        RefusedError("papers would vanish", "Insist."),
        SourceError("digests", "gone"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_come_from_other_processes_as_they_are(error: DigestFeedError) -> None:
    """Sentence, code and all: a pool breaks by an error that cannot be unpickled."""
    found = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own
    assert type(found) is type(error)
    assert (str(found), found.exit_code, vars(found)) == (str(error), error.exit_code, vars(error))


# -- signals ---------------------------------------------------------------------------------------------------


def _forked(body: Callable[[], None]) -> int:
    """Run something in a forked process; give how that ended."""
    child = os.fork()
    if not child:
        for number in endings.SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        body()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("number", endings.SIGNALS, ids=lambda number: signal.Signals(number).name)
def test_a_signal_raises_once(number: int) -> None:
    """So that what is open is closed; a second one ends the process, however long that takes."""

    def once() -> None:
        try:
            with endings.stoppable():
                os.kill(os.getpid(), number)
        except endings.Stopped as stopped:
            os._exit(stopped.number)

    def twice() -> None:
        with endings.stoppable():
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

    assert _forked(once) == number
    assert _forked(twice) == -signal.SIGTERM


def test_a_child_dies_of_a_signal() -> None:
    """It is not the one that has anything to close or to say."""

    def parent() -> None:
        with endings.stoppable():
            os._exit(-_forked_inside())

    def _forked_inside() -> int:
        child = os.fork()
        if not child:
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert _forked(parent) == signal.SIGTERM


def test_what_is_ignored_stays_ignored() -> None:
    """As `nohup` has it."""

    def body() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with endings.stoppable():
            os.kill(os.getpid(), signal.SIGHUP)

    assert _forked(body) == 0


def test_signals_are_as_they_were_afterwards() -> None:
    """For whoever calls the command line from a program of their own; also from a thread."""
    before = [signal.getsignal(number) for number in endings.SIGNALS]
    with endings.stoppable():
        inside = [signal.getsignal(number) for number in endings.SIGNALS]
    assert [signal.getsignal(number) for number in endings.SIGNALS] == before != inside

    def elsewhere() -> None:
        with endings.stoppable():
            inside[:] = [signal.getsignal(number) for number in endings.SIGNALS]

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert inside == before


IN_A_DESTRUCTOR = """
import os, signal, time
from digestfeed import endings
class Late:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
with endings.stoppable():
    Late()
    time.sleep(50)
"""
WAITS = """
import signal, threading
from digestfeed import endings
endings._PATIENCE = 0.05
threading.Thread(target=threading.Event().wait).start()
endings.leave(7)
"""


def _ran(program: str) -> tuple[int, str]:
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT)  # noqa: S603
    return ended.returncode, ended.stdout + ended.stderr


def test_a_signal_is_not_lost_in_a_destructor() -> None:
    """Python prints what is raised in one and goes on; here the process ends, without a word."""
    assert _ran(IN_A_DESTRUCTOR) == (-signal.SIGTERM, "")


def test_the_end_waits_for_nobody_who_waits_for_ever() -> None:
    """A thread of a pool may, for the rest of what a killed process sent."""
    assert _ran(WAITS) == (7, "")
    assert _ran("from digestfeed import endings; endings.leave(0)") == (0, "")
