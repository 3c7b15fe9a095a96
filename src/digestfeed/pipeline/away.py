"""Work that may be done away: on machines that have this program, and none of its folders.

Owns what such work is made of, and that it gives the same bytes there; refuses knowing where that is.
"""

from __future__ import annotations

import pickle
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor
from functools import cache
from typing import Generic, TypeVar

from digestfeed import __version__
from digestfeed.errors import DigestFeedError

T = TypeVar("T")  # a task
P = TypeVar("P")  # it with all that it needs
D = TypeVar("D")  # what that gives
R = TypeVar("R")  # what is left when that is kept

Versions = tuple[tuple[str, str], ...]
"""Name and version of what the bytes of a document depend on."""


class Crew(Executor, ABC):
    """An executor that can tell who works for it; `width` is how many tasks it carries out at a time."""

    width: int

    @abstractmethod
    def check(self) -> None:
        """Look whether anybody is still there; asked every few seconds while a result is waited for.

        Raises:
            DigestFeedError: there is nobody, and it is no use to wait any longer.
        """


class Apart(ABC, Generic[T, P, D, R]):
    """Work in three parts, of which only the middle one can be done away: it is pure, and all else is sent along.

    Where the folders are, all three are done at once, by calling it.
    """

    @abstractmethod
    def __call__(self, task: T) -> R:
        """Do the work of a task where the folders are."""

    @abstractmethod
    def send(self, task: T) -> P:
        """Give what is sent away: the task with all that has to be read for it."""

    @staticmethod
    @abstractmethod
    def away(sent: P) -> D:
        """Do the part that needs no folder; a function that can be pickled, and so can what comes and goes."""

    @abstractmethod
    def receive(self, done: D) -> R:
        """Keep what came back."""


def packed(function: Callable[[P], D], sent: P) -> bytes:
    """Pack work, so that nobody on its way has to know our types, and its versions are seen before them."""
    return pickle.dumps((function, sent))


def do(versions: Versions, work: bytes) -> object:
    """Do work that was packed in a place with these versions.

    Raises:
        DigestFeedError: another is installed here, which might make other bytes of the same papers.
    """
    if versions != installed():
        here = dict(installed())
        name, there = next((one for one in versions if here.get(one[0]) != one[1]), ("digestfeed", "of another kind"))
        reason = f"a worker has {name} {here.get(name, '(none)')}, and here is {there}"
        raise DigestFeedError(f"{reason}; install the same versions on all machines")
    function, sent = pickle.loads(work)  # noqa: S301 -- from the build that this works for
    return function(sent)


@cache
def installed() -> Versions:
    """Give the versions of Python (whose tables of Unicode differ), of this program, and of what it needs."""
    from importlib import metadata

    python = ("Python", f"{sys.version_info.major}.{sys.version_info.minor}")
    try:
        needed = [named for named in metadata.requires("digestfeed") or () if "extra ==" not in named]
    except metadata.PackageNotFoundError:  # run from its source
        needed = []
    names = sorted(re.split(r"[^\w.-]", named, maxsplit=1)[0].lower() for named in needed)
    return (python, ("digestfeed", __version__), *((name, metadata.version(name)) for name in names))
