"""Carrying out tasks: here, in processes of our own, or on any executor that the caller brings."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Self, TypeVar

from digestfeed.errors import DigestFeedError

T = TypeVar("T")
R = TypeVar("R")

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, how much of it is done, and how much there is."""

_AHEAD = 3  # tasks under way for each process: enough to keep it busy, few enough to keep memory flat


class Runner:
    """Runs picklable functions over tasks, results in the order of the tasks; a context manager.

    Args:
        jobs: processes of our own at most; None: one a core; 1: none.
        executor: used instead of these.
        progress: told how far a stage is.
    """

    def __init__(self, jobs: int | None, executor: Executor | None, progress: Progress | None) -> None:
        self._jobs = jobs or os.cpu_count() or 1
        self._executor = executor
        self._progress = progress
        self._stack = ExitStack()
        self.seconds: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

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
        """Carry out tasks; in other processes only if they are `many`.

        Few are under way at a time, and tasks are drawn as they are needed, so that memory stays flat.

        Raises:
            DigestFeedError: a process was killed.
        """
        pool = self._pool() if many else None
        if pool is None:
            yield from map(function, tasks)
            return
        running: deque[Future[R]] = deque()
        try:
            for task in tasks:
                running.append(pool.submit(function, task))
                if len(running) >= _AHEAD * self._jobs:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenExecutor as error:
            raise DigestFeedError(f"a process of this build was killed, perhaps for want of memory: {error}") from error

    def _pool(self) -> Executor | None:
        if self._executor is None and self._jobs > 1:
            method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
            context = multiprocessing.get_context(method)
            pool = ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_follow, initargs=(os.getpid(),))
            self._executor = self._stack.enter_context(pool)
        return self._executor


def _follow(parent: int) -> None:
    """In a process of ours: end with the one that began it, also when that was killed and could not say so."""
    pause = threading.Event()

    def watch() -> None:
        while os.getppid() == parent:
            pause.wait(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
