"""What a command is given beside its options: the config, the templates beside it, the catalog, the day."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from digestfeed.config import CATALOG, CONFIG_NAME, Config
from digestfeed.sources import read_config

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

TEMPLATES = "templates"


def config_of(path: Path | None) -> Config:
    """Read the config named, else the one in the current folder, else give the defaults.

    Raises:
        ConfigError: the config cannot be read, or cannot be used.
    """
    if path is None and not Path(CONFIG_NAME).is_file():
        return Config()
    return read_config(path or CONFIG_NAME)


def catalog_of(path: Path | None, config_file: Path | None) -> Path:
    """Give the catalog: the one named, else that beside the config."""
    return path or (config_file.parent if config_file else Path()) / CATALOG


def templates_of(path: Path | None) -> Path | None:
    """Give the folder of the operator's own templates: beside the config, if there is one."""
    named = path or Path(CONFIG_NAME)
    return named.parent / TEMPLATES if named.is_file() else None


def executor_at(address: str | None) -> AbstractContextManager[Executor | None]:
    """Give what big changes run on; None is the build's own."""
    if address is None:
        return nullcontext()
    from digestfeed.pipeline import cluster

    return cluster.executor_at(address)


def today(config: Config) -> dt.date:
    """Give the day that it is where the digests are written."""
    from zoneinfo import ZoneInfo

    return dt.datetime.now(ZoneInfo(config.timezone)).date()
