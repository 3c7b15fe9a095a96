"""Where else a build's tasks may run: executors of clusters, by their addresses."""

from __future__ import annotations

import logging
import pickle
import time
from asyncio import CancelledError as LoopCancelledError
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from urllib.parse import urlsplit

from digestfeed.errors import ConfigError, DigestFeedError
from digestfeed.pipeline.away import Crew

if TYPE_CHECKING:
    from distributed import Client

PORT = 8786
"""Where a Dask scheduler listens by default."""

_PROTOCOLS = {"dask": "tcp", "dask+tls": "tls"}
_SAME = "install the same versions of digestfeed on all machines"
_ANSWER = 10  # seconds for the scheduler to answer
_WAIT = 30  # seconds for a worker to come

A = ParamSpec("A")
R = TypeVar("R")


class _Call:
    """A call; what is loaded of its pickle is what it gives."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function

    def __reduce__(self) -> tuple[Callable[[], object], tuple[()]]:
        return self._function, ()


class Cluster(Crew):
    """The workers of a Dask scheduler; `width` is how many tasks they carried out at a time when this was opened."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]  # no hash of all that is sent
        self.width = sum(client.nthreads().values())  # type: ignore[no-untyped-call]
        self._alone_since: float | None = None

    def submit(self, fn: Callable[A, R], /, *args: A.args, **kwargs: A.kwargs) -> Future[R]:
        """Send a call to a worker; should that one go, another takes it.

        To Dask it is bytes that are loaded, so that the scheduler does not unpack what it passes on.
        """
        future: Future[R] = self._executor.submit(pickle.loads, pickle.dumps(_Call(partial(fn, *args, **kwargs))))
        return future

    def check(self) -> None:
        """Look whether there is a worker, or was one of late."""
        try:
            alone = not self._client.nthreads()  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError):  # the scheduler is gone, which its client says of the tasks
            return
        if not alone:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = time.perf_counter()
        elif time.perf_counter() - self._alone_since > _WAIT:
            raise DigestFeedError(f"--executor: all workers are gone, and none came back within {_WAIT} seconds")


@contextmanager
def executor_at(address: str) -> Iterator[Cluster]:
    """Open the executor of a cluster.

    Args:
        address: `dask://host:port` is a Dask scheduler, `dask+tls://host:port` one that is asked by TLS, with the
            keys and certificates of Dask's own configuration.

    Raises:
        ConfigError: that is no such address.
        DigestFeedError: the library is missing, nobody answers there, no worker comes, or the cluster went away, or
            lost the workers of a task again and again.
    """
    scheduler = _scheduler_at(address)
    try:
        from distributed import Client, KilledWorker
    except ImportError as error:
        raise DigestFeedError(f"--executor: {error}; pip install 'digestfeed[cluster]' brings it") from error
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what goes wrong is told in one line, by us
    try:
        client = Client(scheduler, timeout=_ANSWER, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TypeError, RuntimeError) as error:  # TypeError: there is no certificate to ask by TLS with
        raise DigestFeedError(f"--executor: no scheduler answers at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_WAIT)
        except TimeoutError as error:
            raise DigestFeedError(f"--executor: no worker came to {address} within {_WAIT} seconds") from error
        try:
            yield Cluster(client)
        except KilledWorker as error:
            raise DigestFeedError(f"--executor: {error}") from error
        except ModuleNotFoundError as error:
            raise DigestFeedError(f"--executor: a worker lacks something: {error}; {_SAME}") from error
        except (CancelledError, LoopCancelledError) as error:
            raise DigestFeedError(f"--executor: the scheduler at {address} went away") from error


def _scheduler_at(address: str) -> str:
    """Give a scheduler's address as Dask writes it."""
    try:
        parts = urlsplit(address)
        port = parts.port or PORT
    except ValueError:  # of a port that is no number
        parts, port = urlsplit(""), 0
    if parts.scheme not in _PROTOCOLS or not parts.hostname:
        raise ConfigError("--executor", f"expected dask://host:port, got {address!r}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{_PROTOCOLS[parts.scheme]}://{host}:{port}"
