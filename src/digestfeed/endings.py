"""How a run ends: what an error or a signal comes to, as one line and an exit code.

Owns which errors are the world's and not the program's, and what becomes of the signals that ask a process to
end.  Refuses printing, and any knowledge of what the run was about.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from digestfeed.errors import DigestFeedError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks a process to end, and leaves it time: Ctrl-C, `kill` and service managers, a terminal that is gone."""

_PATIENCE = 1.0  # seconds that are waited for a thread at the end


class Stopped(KeyboardInterrupt):
    """A signal asked the process to end; `number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


_GOES_ON = "what a build began, the next one completes"
_TOLD: tuple[tuple[type[BaseException], Callable[[Any], tuple[str, int]]], ...] = (
    (DigestFeedError, lambda error: (str(error), error.exit_code)),
    (Stopped, lambda error: (f"stopped by {signal.Signals(error.number).name}; {_GOES_ON}", 128 + error.number)),
    (KeyboardInterrupt, lambda _: (f"stopped; {_GOES_ON}", 130)),
    (MemoryError, lambda _: (f"there is no memory left, and less is needed with -j 1; {_GOES_ON}", 1)),
    (ImportError, lambda error: (f"a part of it cannot be loaded: {error}", 1)),
    (OSError, lambda error: (f"{error.filename or 'system'}: {error.strerror or error}", 1)),
)


def told(error: BaseException) -> tuple[str, int] | None:
    """Say in one line what ended a run, and its exit code; None for what is the program's own fault.

    For a signal the code is 128 plus its number, as in shells.
    """
    for kind, tell in _TOLD:
        if isinstance(error, kind):
            return tell(error)
    return None


@contextmanager
def stoppable() -> Iterator[None]:
    """Let a signal of `SIGNALS` raise `Stopped` here, once; a second one ends the process without more ado.

    One that is ignored stays so (`nohup`); a forked child dies of it as if nothing were set here.  Outside of the
    main thread, to which signals go, this does nothing.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        stop = _Stop()
        for number in SIGNALS:
            if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
                before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Stop:
    """What a signal calls."""

    def __init__(self) -> None:
        self._process: int | None = os.getpid()

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self._process = None
        # Raised where nobody can catch it, in a destructor, it would be printed and forgotten.
        sys.unraisablehook = lambda _: self(number, None)
        raise Stopped(number)


def leave(code: int) -> NoReturn:
    """End the process with a code, also where a thread waits for ever: of a pool, for a process that was killed.

    What is registered for the end is done, and what was written is flushed; but nothing is freed piece by piece, which
    takes a tenth of a second after a build.
    """
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join(_PATIENCE)
            if thread.is_alive():
                os._exit(code)
    try:
        atexit._run_exitfuncs()  # noqa: SLF001 -- what `SystemExit` would do, before it frees everything
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):  # nobody listens any more: Python knows what to do
        raise SystemExit(code) from None
    os._exit(code)
