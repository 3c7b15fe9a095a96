"""How long tests wait for others: threads, processes, servers.

Each does in a fraction of a second what it is waited for; a busy machine that takes longer is no fault.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

WAIT = 60
"""Seconds after which what did not happen never will."""


def eventually(happened: Callable[[], object]) -> bool:
    """Wait for what others do; tell whether they did."""
    end = time.monotonic() + WAIT
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def listens(port: int) -> bool:
    """Tell whether somebody listens at a port on loopback."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
