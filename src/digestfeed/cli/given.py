"""What a command is given beside its options: the config, the templates beside it, the catalog, the day."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from digestfeed.errors import ConfigError

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from digestfeed.config import Config

CONFIG = "digestfeed.toml"
TEMPLATES = "templates"
_CATALOG = Path(".digestfeed", "catalog.sqlite3")


def config_of(path: Path | None) -> Config:
    """Read the config named, else the one in the current folder, else give the defaults.

    Raises:
        ConfigError: the config cannot be read, or cannot be used.
    """
    from digestfeed.config import Config, parse_config

    if path is None and not Path(CONFIG).is_file():
        return Config()
    named = path or Path(CONFIG)
    try:
        text = named.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        from digestfeed.cli.hints import other_config

        reason = error.strerror if isinstance(error, OSError) else "expected UTF-8"
        raise ConfigError(str(named), f"cannot read the config: {reason}{other_config(named)}") from error
    return parse_config(str(named), text)


def catalog_of(path: Path | None, config_file: Path | None) -> Path:
    """Give the catalog: the one named, else that beside the config."""
    return path or (config_file.parent if config_file else Path()) / _CATALOG


def templates_of(path: Path | None) -> Path | None:
    """Give the folder of the operator's own templates: beside the config, if there is one."""
    named = path or Path(CONFIG)
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
