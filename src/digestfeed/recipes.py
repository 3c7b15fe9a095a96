"""What a new project begins with: a commented config, and recipes by which a build runs on its own.

Owns the texts (`data/recipes/`) and how a value is written into each of their languages: TOML, shell, crontab(5),
systemd.syntax(7), YAML.  Refuses finding values out, and the disk.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from importlib import resources
from urllib.parse import urlsplit

import msgspec

from digestfeed.config import CONFIG_NAME

CONFIG = "config"
"""The name of the recipe that every project has."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a new project.

    `folder` and `program` are absolute paths, `digests` is relative to the folder; `base_url` and `authority` are
    None where nothing tells them.  `requirement` is how pip installs this digestfeed on another machine (PEP 508);
    one without an address is a guess, and a bad one where `installed_from` is an address that only this machine has.
    """

    folder: str
    program: str
    user: str
    digests: str
    title: str
    description: str
    language: str
    timezone: str
    base_url: str | None
    authority: str | None
    requirement: str
    installed_from: str | None = None


class Defaults(msgspec.Struct, frozen=True):
    """What a site is called in a language, until its owner says better."""

    title: str
    description: str


DEFAULTS = {
    "ko": Defaults("오늘의 AI 논문", "날마다 새로 나온 AI 논문을 요약합니다."),
    "en": Defaults("AI papers of the day", "New AI papers, summarised every day."),
}


def timezone_of(language: str, system: str) -> str:
    """Tell in which time zone digests are dated: the machine's, if that is at home anywhere; else the language's.

    >>> timezone_of("ko", "UTC"), timezone_of("ko", "Europe/Berlin"), timezone_of("en", "")
    ('Asia/Seoul', 'Europe/Berlin', 'UTC')
    """
    if system and "/" in system and not system.startswith(("Etc/", "/")):
        return system
    return "Asia/Seoul" if language == "ko" else "UTC"


_REMOTE = re.compile(r"(github|gitlab)\.com[:/]([\w.-]+)/([\w.-]+?)(?:\.git)?/?$", re.ASCII)


def hosted_at(git_config: str, cname: str) -> str | None:
    r"""Tell where the pages of a repository are served, by its CNAME file or the address of its `origin`; or None.

    GitHub serves owner/repo at owner.github.io/repo/, and owner/owner.github.io at owner.github.io/; GitLab does
    alike at gitlab.io (their manuals, "GitHub Pages sites" and "GitLab Pages default domain names").

    >>> hosted_at('[remote "origin"]\n url = git@github.com:ann/papers.git', "")
    'https://ann.github.io/papers/'
    """
    if _DOMAIN.fullmatch(cname.strip()):
        return f"https://{cname.strip().lower()}/"
    origin = git_config.partition('[remote "origin"]')[2].partition("\n[")[0]
    urls = [line.partition("=")[2].strip() for line in origin.splitlines() if line.strip().startswith("url")]
    found = _REMOTE.search(urls[0]) if urls else None
    if found is None:
        return None
    host, owner, name = found[1], found[2].lower(), found[3]
    own = f"{owner}.{host}.io"
    return f"https://{own}/" if name.lower() == own else f"https://{own}/{name}/"


_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)


def authority_of(url: str, year: int) -> str:
    """Make an id authority (RFC 4151) of a site's host and the year in which it is begun.

    >>> authority_of("https://papers.example.org/", 2026)
    'papers.example.org,2026'
    """
    return f"{urlsplit(url).hostname},{year}"


def write_recipes(names: Iterable[str], facts: Facts) -> dict[str, str]:
    """Write recipes.

    Args:
        names: of the recipes wanted: config, cron, systemd, github, gitlab, docker.
        facts: of the project.

    Returns:
        path relative to the project's folder → text.
    """
    wanted = {path: source for name in names for path, source in _FILES[name].items()}
    return {path: _filled(source, facts) for path, source in wanted.items()}


REQUIREMENTS = "requirements.txt"
"""The path of what pip installs where the build runs."""

_REPOSITORY = {REQUIREMENTS: "requirements.txt", ".gitignore": "gitignore"}
_FILES: dict[str, dict[str, str]] = {
    CONFIG: {CONFIG_NAME: "digestfeed.toml"},
    "cron": {"deploy/crontab": "crontab"},
    "systemd": {
        "deploy/digestfeed.service": "digestfeed.service",
        "deploy/digestfeed.timer": "digestfeed.timer",
    },
    "github": {".github/workflows/digestfeed.yml": "github.yml", **_REPOSITORY},
    "gitlab": {".gitlab-ci.yml": "gitlab.yml", **_REPOSITORY},
    "docker": {"Dockerfile": "Dockerfile", REQUIREMENTS: "requirements.txt"},
}


def _filled(source: str, facts: Facts) -> str:
    text = resources.files("digestfeed.data").joinpath("recipes", source).read_text("utf-8")
    for name, value in _DIALECTS[source](facts).items():
        text = text.replace(f"@{name}@", value)
    return text


# -- one dialect a file: what stands for a value there ---------------------------------------------------------


def _toml(facts: Facts) -> dict[str, str]:
    url = _json(facts.base_url or "https://papers.example.org/")
    authority = _json(facts.authority or "example.org,2024")
    mark = "" if facts.base_url else "# "
    return {
        "TITLE": _json(facts.title),
        "DESCRIPTION": _json(facts.description),
        "BASE_URL": f"{mark}base_url = {url}",
        "ID_AUTHORITY": f"{mark}id_authority = {authority}",
        "LANGUAGE": _json(facts.language),
        "TIMEZONE": _json(facts.timezone),
    }


def _crontab(facts: Facts) -> dict[str, str]:
    return {
        "FOLDER": _cron(facts.folder),
        "PROGRAM": _cron(facts.program),
        "DIGESTS": _cron(facts.digests),
    }


def _unit(facts: Facts) -> dict[str, str]:
    return {
        "TITLE_UNIT": facts.title.replace("%", "%%"),
        "USER": facts.user,
        "FOLDER_UNIT": facts.folder.replace("%", "%%"),
        "FOLDER_WORD": _systemd(facts.folder),
        "PROGRAM_UNIT": _systemd_argument(facts.program),
        "DIGESTS_UNIT": _systemd_argument(facts.digests),
    }


def _yaml(facts: Facts) -> dict[str, str]:
    return {
        "DIGESTS_GLOB": _json(f"{facts.digests}/**"),
        "DIGESTS": shlex.quote(facts.digests),
    }


def _github(facts: Facts) -> dict[str, str]:
    own = "" if facts.base_url else ' --base-url "$BASE_URL/"'
    # An expression inside a script would be part of its text; by the environment it is a value.
    given = "" if facts.base_url else "\n        env:\n          BASE_URL: ${{ steps.pages.outputs.base_url }}"
    return {**_yaml(facts), "BASE_OPTION": own, "BASE_ENV": given}


def _gitlab(facts: Facts) -> dict[str, str]:
    own = "" if facts.base_url else ' --base-url "$CI_PAGES_URL/"'
    return {**_yaml(facts), "BASE_OPTION": own}


def _docker(facts: Facts) -> dict[str, str]:
    return {"DOCKER_CMD": _json(["build", facts.digests, "-q"])}


def _nothing(facts: Facts) -> dict[str, str]:  # noqa: ARG001
    return {}


def _pip(facts: Facts) -> dict[str, str]:
    note = "" if " @ " in facts.requirement else " Change it if yours comes from elsewhere."
    if facts.installed_from:
        note = " Change it: the digestfeed that wrote this came from a folder, and may be published nowhere."
    return {"NOTE": note, "REQUIREMENT": facts.requirement}


_DIALECTS: dict[str, Callable[[Facts], dict[str, str]]] = {
    "digestfeed.toml": _toml,
    "crontab": _crontab,
    "digestfeed.service": _unit,
    "digestfeed.timer": _unit,
    "github.yml": _github,
    "gitlab.yml": _gitlab,
    "Dockerfile": _docker,
    "requirements.txt": _pip,
    "gitignore": _nothing,
}


def _json(value: object) -> str:
    """Write a JSON value, which is also TOML, YAML and a Dockerfile's exec form."""
    return msgspec.json.encode(value).decode()


def _cron(text: str) -> str:
    """Quote a word for a shell that cron starts: there an unescaped percent sign is a new line."""
    return shlex.quote(text).replace("%", r"\%")


_BARE_WORD = re.compile(r"[\w@%+=:,./$-]+")


def _systemd(text: str) -> str:
    """Quote a word in a unit: no specifiers."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if _BARE_WORD.fullmatch(escaped) else f'"{escaped}"'


def _systemd_argument(text: str) -> str:
    """Quote a word of a command line in a unit: no variables either."""
    return _systemd(text.replace("$", "$$"))
