"""Carrying out tasks: here, in processes of our own, or on any executor that the caller brings.

Where the caller's executor works, our folders need not be: only that part of the work is done there that needs none,
so that whatever becomes of it, nobody but this process and its own children writes to the output.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self, TypeVar

from digestfeed import write
from digestfeed.errors import DigestFeedError
from digestfeed.pipeline.away import Apart, Crew, do, installed, packed

T = TypeVar("T")
R = TypeVar("R")

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, how much of it is done, and how much there is."""

_AHEAD = 3  # tasks under way for each process: enough to keep it busy, few enough to keep memory flat
_LOOK = 2.0  # seconds of waiting for a result after which is looked whether all processes are still there


class Runner:
    """Runs picklable functions over tasks, results in the order of the tasks; a context manager.

    Args:
        jobs: processes of our own at most; None: one a core; 1: none.
        executor: used instead of these.
        progress: told how far a stage is.
    """

    def __init__(self, jobs: int | None, executor: Executor | None, progress: Progress | None) -> None:
        self._jobs = jobs or (executor.width if isinstance(executor, Crew) else 0) or os.cpu_count() or 1
        self._executor = executor
        self._progress = progress
        self._own: _Processes | None = None
        self.seconds: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes: they finish what they began, unless the run is interrupted or one of them is gone."""
        if self._own is not None:
            self._own.end(at_once=kind is not None and (self._own.lost or not issubclass(kind, Exception)))
            self._own = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; its wall seconds go into `seconds`."""
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 4)

    def say(self, what: str, done: int, total: int) -> None:
        """Tell how far a stage is."""
        if self._progress is not None:
            self._progress(what, done, total)

    def run(self, function: Callable[[T], R], tasks: Iterable[T], *, many: bool) -> Iterator[R]:
        """Carry out tasks; in other processes only if they are `many`, and of work `Apart` only what is to be away.

        Few are under way at a time, and tasks are drawn as they are needed, so that memory stays flat.

        Raises:
            DigestFeedError: a process was killed, or has other versions.
        """
        pool = self._pool() if many else None
        if pool is None:
            yield from map(function, tasks)
        elif pool is self._executor and isinstance(function, Apart):
            work = (packed(function.away, function.send(task)) for task in tasks)
            yield from map(function.receive, self._submit(pool, partial(do, installed()), work))
        else:
            yield from self._submit(pool, function, tasks)

    def _submit(self, pool: Executor, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        running: deque[Future[R]] = deque()
        try:
            for task in tasks:
                running.append(pool.submit(function, task))
                if len(running) >= _AHEAD * self._jobs:
                    yield self._result(running.popleft())
            while running:
                yield self._result(running.popleft())
        except BrokenExecutor as error:
            raise self._killed() from error

    def _result(self, future: Future[R]) -> R:
        """Wait for a result.

        A process that is killed while it sends one leaves the others, and the pool, waiting for its end for ever.
        """
        while not future.done():
            try:
                return future.result(timeout=_LOOK)
            except TimeoutError:
                if not future.done():
                    self._look()
        return future.result()

    def _look(self) -> None:
        """Look whether those who are to give a result are still there."""
        if self._own is not None and not self._own.are_there():
            raise self._killed() from None
        if isinstance(self._executor, Crew):
            self._executor.check()

    def _killed(self) -> DigestFeedError:
        if self._own is not None:
            self._own.lost = True
        return DigestFeedError("a process of this build was killed, perhaps for want of memory; the next completes it")

    def _pool(self) -> Executor | None:
        if self._executor is None and self._own is None and self._jobs > 1:
            self._own = _Processes()  # known before it starts: a signal may end the run meanwhile
            if not self._own.start(self._jobs):
                self._own, self._jobs = None, 1  # where there can be none, everything is done here
        return self._executor or (self._own.pool if self._own else None)


class _Processes:
    """Processes of our own: a pool, and the means to end it at once.

    Attributes:
        lost: whether one was killed; what it sent last may be half there, so nobody may wait for the rest.
    """

    def __init__(self) -> None:
        self.pool: ProcessPoolExecutor | None = None
        self.lost = False
        self._others = set(multiprocessing.active_children())
        self._processes: list[BaseProcess] = []

    def start(self, count: int) -> bool:
        """Start processes; tell whether there are any: the system may lack memory, handles or semaphores."""
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
        context = multiprocessing.get_context(method)
        try:
            self.pool = ProcessPoolExecutor(count, mp_context=context, initializer=_follow, initargs=(os.getpid(),))
            self.pool.submit(int)  # they are started with the first task
        except (OSError, RuntimeError, NotImplementedError, ImportError):
            self.end(at_once=True)
            return False
        self._processes = self._started()
        return True

    def _started(self) -> list[BaseProcess]:
        return [process for process in multiprocessing.active_children() if process not in self._others]

    def are_there(self) -> bool:
        """Tell whether none has ended; by itself none does."""
        return all(process.is_alive() for process in self._processes)

    def end(self, *, at_once: bool) -> None:
        """End them; at once by killing, and without waiting for the pool's thread, which may wait for them for ever."""
        if self.pool is not None:
            self.pool.shutdown(wait=not at_once, cancel_futures=True)
        if at_once:
            processes = {*self._processes, *self._started()}
            for process in processes:
                process.kill()
            for process in processes:
                process.join()


def _follow(parent: int) -> None:
    """In a process of ours: end with the one that began it, also when that was killed and could not say so.

    An interrupt from a terminal goes to every process: it is for the parent, which ends the others.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    write.only_for(parent)
    pause = threading.Event()

    def watch() -> None:
        while os.getppid() == parent:
            pause.wait(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
