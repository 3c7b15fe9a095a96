"""`init`: a config, and what runs a build, for the folder that one is in."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digestfeed import __version__
from digestfeed.cli import options
from digestfeed.cli.talk import program, say
from digestfeed.text import number_of, one_line, visible, xml_clean

if TYPE_CHECKING:
    from digestfeed.pipeline.survey import Survey
    from digestfeed.recipes import Facts

_RECIPES = (
    ("cron", "A line for crontab, in deploy/."),
    ("systemd", "A service and its timer, in deploy/."),
    ("github", "A workflow that builds and publishes on GitHub Pages."),
    ("gitlab", "A pipeline that builds and publishes on GitLab Pages."),
    ("docker", "A Dockerfile."),
)


def _option_recipes(function: Callable[..., None]) -> Callable[..., None]:
    for name, text in reversed(_RECIPES):
        function = click.option(f"--{name}", is_flag=True, help=text)(function)
    return function


@click.command()
@click.argument("digests", type=options.Folder(str), default="", metavar="[DIGESTS]")
@click.option("--title", help="The site's title.")
@options.option_base_url("Where the site will be.")
@_option_recipes
def init(digests: str, title: str | None, base_url: str | None, **wanted: bool) -> None:
    """Begin a project in the current folder: a commented config for the digests there are, and what runs it.

    Nothing that is there is overwritten.
    """
    from digestfeed import recipes, write
    from digestfeed.pipeline.survey import USUAL, survey

    folder = Path.cwd()
    found = survey(folder, [_from(folder, digests)] if digests else [USUAL, *_folders(folder)])
    is_hosted = wanted["github"] or wanted["gitlab"]
    facts = _facts(folder, found, title, base_url or (_hosted_at(folder) if is_hosted else None))
    names = (recipes.CONFIG, *(name for name, is_wanted in wanted.items() if is_wanted))
    files = recipes.write_recipes(names, facts)
    for path, text in files.items():
        is_new = write.create(folder, path, text.encode())
        say(f"{path}: {'written' if is_new else 'is there already, left alone'}")
    if facts.installed_from and recipes.REQUIREMENTS in files:
        here = f"{facts.requirement} was installed from {facts.installed_from}"
        say(visible(f"{recipes.REQUIREMENTS}: {here}; change it to what pip can install on other machines"))
    say(visible(f"{found.digests}/: {number_of(found.files, 'digest') if found.files else 'no digests'}"))
    named = "" if found.digests == USUAL else f" {found.digests}"
    say(f"next: {program()} build{named} && {program()} serve")


def _from(folder: Path, path: str) -> str:
    """Write a path in its simplest form: relative if it lies in the project's folder."""
    whole = Path(os.path.normpath(folder / path))
    return str(whole.relative_to(folder)) if whole.is_relative_to(folder) else os.path.normpath(path)


def _folders(folder: Path) -> list[str]:
    """The folders of a project that may hold its digests."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._")


def _facts(folder: Path, found: Survey, title: str | None, base_url: str | None) -> Facts:
    """Find out what a new project's recipes say.

    Raises:
        ConfigError: the config would not take the base URL.
    """
    from digestfeed import recipes
    from digestfeed.config import Config, checked

    checked("--base-url", Config(base_url=base_url or Config().base_url))
    requirement, installed_from = _requirement()
    year = dt.datetime.now(dt.UTC).year
    defaults = recipes.DEFAULTS[found.language]
    return recipes.Facts(
        folder=str(folder),
        program=str(Path(sys.argv[0]).absolute()),
        user=_user(),
        digests=found.digests,
        title=one_line(xml_clean(title or "")) or defaults.title,
        description=defaults.description,
        language=found.language,
        timezone=recipes.timezone_of(found.language, _system_zone()),
        base_url=base_url,
        authority=recipes.authority_of(base_url, year) if base_url else None,
        requirement=requirement,
        installed_from=installed_from,
    )


def _hosted_at(folder: Path) -> str | None:
    from digestfeed.recipes import hosted_at

    return hosted_at(_text(folder / ".git" / "config"), _text(folder / "CNAME"))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _user() -> str:
    """The name of who runs this, else the number: in a container there may be no name.  systemd takes either."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # KeyError before Python 3.13
        return str(os.getuid())


def _system_zone() -> str:
    """The IANA name of the machine's time zone, or nothing."""
    named = os.environ.get("TZ", "").lstrip(":") or str(Path("/etc/localtime").resolve())
    return named.rpartition("zoneinfo/")[2]


def _requirement() -> tuple[str, str | None]:
    """How pip installs this digestfeed elsewhere (PEP 508), and the address that it has on this machine alone, if any.

    By what pip noted when it installed it here (PEP 610): nothing of what came from an index.
    """
    import json
    from importlib import metadata

    noted = json.loads(metadata.distribution("digestfeed").read_text("direct_url.json") or "{}")
    url, vcs = noted.get("url", ""), noted.get("vcs_info")
    if not url or url.startswith("file:"):
        return f"digestfeed=={__version__}", url or None
    return f"digestfeed @ {vcs['vcs']}+{url}@{vcs['commit_id']}" if vcs else f"digestfeed @ {url}", None
