"""A build that dies, or fails, at its n-th step: each call that changes a file, each statement of the catalog.

A step is counted before it is done; of a write, half is.  So with every n every state is met that a build which
is killed can leave, as far as this program and not SQLite orders them.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from digestfeed.errors import DigestFeedError

DONE, FAILED, DIED, BROKE = 0, 1, 9, 3
"""How a build ended: as if nothing were, with an error for the terminal, by dying, with a traceback."""

_CHANGES = frozenset(["os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.truncate", "os.utime", "os.chmod"])
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Steps:
    """Counts the steps of the process that it is set up in, and disturbs the n-th.

    Args:
        number: of the step, counted from 1; 0: none.
        disturb: called then, with the name of the step.
    """

    def __init__(self, number: int, disturb: Callable[[str], None]) -> None:
        self.count = 0
        self._number = number
        self._disturb = disturb

    def set_up(self) -> None:
        """Watch this process from now on.  There is no way back: it has to be a forked one."""
        sys.addaudithook(self._audit)
        for name in ("fsync", "sync"):
            setattr(os, name, self._stepped(name, getattr(os, name)))
        really = os.write

        def write(handle: int, data: bytes) -> int:
            if self.count + 1 == self._number:
                really(handle, data[: len(data) // 2])
            self.step("write")
            return really(handle, data)

        setattr(os, "write", write)  # noqa: B010 -- its type knows more than bytes
        connect = sqlite3.connect
        setattr(sqlite3, "connect", lambda *args, **names: connect(*args, **names, factory=self._connection()))  # noqa: B010

    def step(self, name: str) -> None:
        """Take a step."""
        self.count += 1
        if self.count == self._number:
            self._disturb(name)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _CHANGES or (event == "open" and args[2] & _WRITES):
            self.step(event)

    def _stepped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: object) -> object:
            self.step(name)
            return function(*args)

        return call

    def _connection(self) -> type[sqlite3.Connection]:
        steps = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:  # noqa: ANN401 -- whatever SQLite takes
                if not sql.startswith(("SELECT", "PRAGMA")):
                    steps.step(f"sqlite {sql[:40]}")
                found = super().execute(sql, *args)
                if sql == "COMMIT":
                    steps.step("sqlite committed")
                return found

            def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
                steps.step(f"sqlite {sql[:40]}")
                return super().executemany(sql, rows)

        return Connection


def dies(_name: str) -> None:
    """Die, as if killed."""
    os._exit(DIED)


def fails(name: str) -> None:
    """Fail, as if the disk were full; `sync` cannot, by its manual page."""
    if name == "sync":
        return
    if name.startswith("sqlite"):
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)


def forked(number: int, disturb: Callable[[str], None], build: Callable[[], object]) -> tuple[int, int, str]:
    """Run a build in a forked process, and disturb it at a step.

    Returns:
        How it ended, how many steps it took, and what it said in the end.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _run(Steps(number, disturb), build, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123 -- a handle
        said = pipe.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    count, _, said = said.partition("\n")
    return code, int(count or number), said


def _run(steps: Steps, build: Callable[[], object], pipe: int) -> None:
    really, code, said = os.write, BROKE, ""
    try:
        steps.set_up()
        build()
        code = DONE
    except DigestFeedError as error:
        code, said = FAILED, str(error)
    except BaseException:  # noqa: BLE001 -- that is what is looked for
        said = traceback.format_exc()
    finally:
        with suppress(OSError):
            really(pipe, f"{steps.count}\n{said}".encode())
        os._exit(code)


def restore(template: Path, root: Path) -> None:
    """Make a project as it was, times and all."""
    import shutil

    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(template, root, symlinks=True)
