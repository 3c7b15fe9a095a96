"""Where else a build's tasks may run: executors of clusters, by their addresses."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from urllib.parse import urlsplit

from digestfeed.errors import ConfigError, DigestFeedError

PORT = 8786
"""Where a Dask scheduler listens by default."""


@contextmanager
def executor_at(address: str) -> Iterator[Executor]:
    """Open the executor of a cluster: `dask://host:port` is a Dask scheduler, whose workers see both folders.

    Raises:
        ConfigError: that is no such address.
        DigestFeedError: the library is missing, or nobody answers there.
    """
    parts = urlsplit(address)
    if parts.scheme != "dask" or not parts.hostname:
        raise ConfigError("--executor", f"expected dask://host:port, got {address!r}")
    try:
        from distributed import Client
    except ImportError as error:
        raise DigestFeedError(f"--executor: {error}; pip install 'digestfeed[cluster]' brings it") from error
    try:
        scheduler = f"tcp://{parts.hostname}:{parts.port or PORT}"
        client = Client(scheduler, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise DigestFeedError(f"--executor: no scheduler answers at {address}: {error}") from error
    with client:
        yield client.get_executor()  # type: ignore[no-untyped-call]
