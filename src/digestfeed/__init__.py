"""digestfeed: feeds and an archive from a folder of daily AI paper digests.

What a program may call stands in `digestfeed.api`, and can be taken from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digestfeed.api import *  # noqa: F403

__version__ = "0.1.0"

_API = frozenset(
    [
        "Appearance",
        "BusyError",
        "Config",
        "ConfigError",
        "Digest",
        "DigestFeedError",
        "Item",
        "Location",
        "Mention",
        "OutputError",
        "Paper",
        "Parsed",
        "Problem",
        "RefusedError",
        "Report",
        "SourceError",
        "build",
        "papers",
        "parse_digest",
        "read_config",
    ]
)


def __getattr__(name: str) -> object:
    """Give a name of the API, which is imported when the first is asked for: the command line starts without it."""
    if name not in _API:  # submodules are looked up by this too
        raise AttributeError(f"module 'digestfeed' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module("digestfeed.api"), name)
