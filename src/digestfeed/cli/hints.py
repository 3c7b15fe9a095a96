"""The next step after a mistake that many make: a folder's or a file's name that is not quite right.

Owns looking around for what was meant; what it gives is the end of a sentence that says what is wrong, or nothing.
It is called when a run has failed, so it may look at the disk, and does not fail itself.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from digestfeed.config import CONFIG_NAME
from digestfeed.errors import ConfigError, SourceError
from digestfeed.problems import select
from digestfeed.sources import SUFFIXES

_A_DRIVE = 2  # letters, `C:`
_MANY = 200  # folders, and names in one, that are looked at


def with_next_step(error: BaseException, line: str) -> str:
    """Add to the line that tells an error what to do about it."""
    if isinstance(error, SourceError) and error.is_missing:
        return line + _digests(Path(error.path))
    if isinstance(error, ConfigError) and error.is_unread:
        return line + _other_config(Path(error.path))
    return line


def _digests(path: Path) -> str:
    """Say what may be meant by a digests folder that is none."""
    if path.exists():
        return f"; its folder is {path.parent}" if path.is_file() else ""
    return next(filter(None, (guess(path) for guess in _GUESSES)))


def _a_code(path: Path) -> str | None:
    with suppress(ValueError):
        return f"; problems are named as --strict={path}" if select(str(path).split(",")) else None
    return None


def _on_storage(path: Path) -> str | None:
    scheme = "".join(path.parts[:1])
    is_url = scheme.endswith(":") and len(scheme) > _A_DRIVE
    return "; a build reads a folder: digestfeed fetch brings digests from there into one" if is_url else None


def _of_the_project_above(path: Path) -> str | None:
    above = config_above()
    if above is None or not (above.parent / path).is_dir():
        return None
    return f"; {above.parent / path} is there, and so is its config: cd {above.parent}"


def _misspelt(path: Path) -> str | None:
    near = _nearest(path, [one.name for one in _folders(path.parent)])
    return f"; did you mean {near}?" if near else None


def _elsewhere(_: Path) -> str | None:
    found = [one for one in (Path(), *_folders(Path())) if _has_digests(one)]
    return f"; there are files named as digests in {found[0]}: name that folder" if found else None


def _none(_: Path) -> str:
    return "; name the folder that holds them, or begin a project: digestfeed init"


_GUESSES = (_a_code, _on_storage, _of_the_project_above, _misspelt, _elsewhere, _none)


def _other_config(path: Path) -> str:
    """Say what may be meant by a config that cannot be read."""
    if path.is_dir():
        return f"; did you mean {path / CONFIG_NAME}?" if (path / CONFIG_NAME).is_file() else "; name a file in it"
    if path.exists():
        return ""
    files = [name for name in _some_names(path.parent) if name.endswith(".toml")]
    near = _nearest(path, files)
    if near is not None:
        return f"; did you mean {near}?"
    above = config_above()
    if above is not None and path.name == CONFIG_NAME:
        return f"; did you mean {above}?"
    return "; digestfeed init writes one"


def config_above() -> Path | None:
    """Find the config in the nearest folder above the current one: its path from here."""
    with suppress(OSError):
        here = Path.cwd()
        for number, folder in enumerate(here.parents, 1):
            if (folder / CONFIG_NAME).is_file():
                return Path(*[".."] * number, CONFIG_NAME)
    return None


def _nearest(path: Path, names: Iterable[str]) -> Path | None:
    found = difflib.get_close_matches(path.name, sorted(names), 1)
    return path.parent / found[0] if found else None


def _folders(folder: Path) -> list[Path]:
    return [path for name in _some_names(folder) if not name.startswith(".") and (path := folder / name).is_dir()]


def names_in(folder: Path) -> list[str]:
    """Give the names in a folder, in order; none where it cannot be listed."""
    with suppress(OSError):
        return sorted(os.listdir(folder))  # noqa: PTH208 -- names, not paths
    return []


def _some_names(folder: Path) -> list[str]:
    return names_in(folder)[:_MANY]


def _has_digests(folder: Path) -> bool:
    """Tell whether there is a file in a folder that is called as digests are: by a day."""
    return any(name[0].isdecimal() and name.endswith(SUFFIXES) for name in _some_names(folder))
