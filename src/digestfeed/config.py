"""The config: TOML text → a frozen `Config`, each fault located by its key.

Owns the keys, their types and defaults; refuses reading any file but the text it is given.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from digestfeed import problems
from digestfeed.errors import ConfigError
from digestfeed.text import slug as path_name
from digestfeed.toml import line_of

CONFIG_NAME = "digestfeed.toml"
"""The name under which a config is looked for."""

CATALOG = Path(".digestfeed", "catalog.sqlite3")
"""Where the catalog is, from the config's folder."""

PREVIEW_URL = "http://127.0.0.1:8000/"
PREVIEW_AUTHORITY = "localhost,2024"

_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*\Z"
Slug = Annotated[str, msgspec.Meta(pattern=_SLUG, max_length=63)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=2**40)]


def _said(description: str, example: object = None) -> msgspec.Meta:
    """Describe a key for the reference and the schema; the example is of a value."""
    return msgspec.Meta(description=description, examples=None if example is None else [example])


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the config: frozen, and strict about its keys."""


class FieldConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[fields.<slug>]`: a field added to the vocabulary, or one of its own extended."""

    name: Annotated[str | None, _said("Its English name.", "Robotics")] = None
    name_ko: Annotated[str | None, _said("Its Korean name.", "로봇공학")] = None
    aliases: Annotated[
        tuple[str, ...],
        _said(
            "Labels that mean it, beside those of the vocabulary; case, spaces and hyphens do not matter.", ["로봇 손"]
        ),
    ] = ()
    terms: Annotated[
        tuple[str, ...],
        _said("Words of titles and summaries by which it is inferred where a digest writes no labels.", ["gripper"]),
    ] = ()
    formerly: Annotated[
        tuple[Slug, ...], _said("Slugs that it had: their feeds stay, and lead readers to its own.", ["robots"])
    ] = ()


class ChannelConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[channels]]`: a feed of one's own, by fields, votes and words."""

    slug: Annotated[Slug, _said("The folder of its feeds, `feeds/<slug>/`; never change it.", "llm-hot")]
    title: Annotated[str, _said("Its title in readers.", "LLM papers people like")]
    any: Annotated[tuple[Slug, ...], _said("A paper has at least one of these fields.", ["large-language-models"])] = ()
    all: Annotated[
        tuple[Slug, ...], _said("A paper has all of these fields.", ["robotics", "reinforcement-learning"])
    ] = ()
    none: Annotated[tuple[Slug, ...], _said("A paper has none of these fields.", ["other"])] = ()
    min_votes: Annotated[
        Positive | None, _said("A paper enters when a digest first shows it with so many votes, and stays.", 30)
    ] = None
    include: Annotated[str | None, _said("A regular expression that the title or a summary holds.", "reason|추론")] = (
        None
    )
    exclude: Annotated[str | None, _said("A regular expression that neither holds.", "survey")] = None


class DigestsConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[digests]`: what is read."""

    max_bytes: Annotated[Positive, _said("The size in bytes above which a file is reported and not read.")] = 64_000_000


class FeedsConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[feeds]`: how much a feed holds and what it tells readers."""

    latest: Annotated[Positive, _said("How many of the newest papers a feed holds at least.")] = 50
    archive_size: Annotated[Positive, _said("How many papers an archive document holds (RFC 5005).")] = 100
    min_papers: Annotated[Positive, _said("How many papers a field has before it gets a feed.")] = 1
    ttl_minutes: Annotated[
        Positive, _said("How long a reader may wait before it asks again, in minutes (RSS `ttl`).")
    ] = 60
    hubs: Annotated[
        tuple[str, ...], _said("WebSub hubs, which `digestfeed ping` tells what changed.", ["https://hub.example.org/"])
    ] = ()


class SiteConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[site]`: the pages for people."""

    pages: Annotated[
        bool, _said("Whether pages for people are made; without them an entry links to the paper itself.")
    ] = True
    thumbnails: Annotated[bool, _said("Whether pages and feeds show pictures from other hosts.")] = True
    search: Annotated[
        bool, _said("Whether there is a search page and the index it looks words up in; see `docs/search.md`.")
    ] = False


class CheckConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[check]`: which problems nobody wants to hear of, by code or kind; they are counted in the data all the same."""

    ignore: Annotated[tuple[str, ...], _said("Codes or kinds of problems.", ["D012"])] = ()

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the problems to tell of."""
        return problems.ALL - problems.select(self.ignore)


class Config(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a build; each has a default, so an empty file is a config.

    `timezone` is the IANA name of the zone that digests' dates are local to; `id_authority` is a domain and a
    date (`example.org,2024`) as RFC 4151 asks, and must never change once feeds are published.
    """

    title: Annotated[str, _said("The site's title, and that of the feed of all papers.", "AI papers of the day")] = (
        "AI paper digest"
    )
    description: Annotated[str, _said("One sentence about the site.")] = "New AI papers, from a daily digest."
    author: Annotated[str, _said("Who is named as author of the feeds.", "Ann Example")] = "digestfeed"
    base_url: Annotated[str, _said("Where the output folder is on the web.", "https://papers.example.org/")] = (
        PREVIEW_URL
    )
    id_authority: Annotated[
        str,
        _said(
            "A domain and a year in which it was yours (RFC 4151). Part of every id: never change it.",
            "example.org,2024",
        ),
    ] = PREVIEW_AUTHORITY
    language: Annotated[str, _said("Of the pages and of the words around an entry: `ko` or `en`.", "en")] = "ko"
    timezone: Annotated[str, _said("The IANA name of the zone in which digests are dated.", "Europe/Berlin")] = (
        "Asia/Seoul"
    )
    digests: DigestsConfig = DigestsConfig()
    feeds: FeedsConfig = FeedsConfig()
    site: SiteConfig = SiteConfig()
    fields: dict[Slug, FieldConfig] = msgspec.field(default_factory=dict)
    channels: tuple[ChannelConfig, ...] = ()
    check: CheckConfig = CheckConfig()

    @property
    def is_preview(self) -> bool:
        """Whether the base URL or the id authority is still the one for looking at the site at home."""
        return self.base_url == PREVIEW_URL or self.id_authority == PREVIEW_AUTHORITY


def parse_config(path: str, text: str) -> Config:
    """Read a config.

    Args:
        path: the file's name, for messages.
        text: its text, TOML 1.0.

    Raises:
        ConfigError: no TOML, an unknown key, a value of the wrong type or form; names the key.
    """
    try:
        config = msgspec.toml.decode(text, type=Config)
    except msgspec.ValidationError as error:
        raise _located(path, text, *_explained(_with_slug(str(error), text))) from error
    except msgspec.DecodeError as error:
        raise ConfigError(path, f"expected TOML, got: {error}") from error
    return checked(path, config, text)


def _located(path: str, text: str, key: str, reason: str) -> ConfigError:
    """Make the error of a key, with its line."""
    names = [int(index) if index else name for index, name in re.findall(r"\[(\d+)\]|([^.\[\]]+)", key)]
    line = line_of(text, names)
    return ConfigError(f"{path}:{line}" if line else path, f"{key}: {reason}" if key else reason)


def with_base_url(config: Config, base_url: str | None) -> Config:
    """Give the config with another base URL, as the command line may ask; None leaves it."""
    if base_url is None:
        return config
    return checked("--base-url", msgspec.structs.replace(config, base_url=base_url))


def checked(path: str, config: Config, text: str = "") -> Config:
    """Check what types cannot say, and end the base URL with a slash.

    Args:
        path: the file's name, for messages; or the option that the values come from, as `--base-url`.
        config: what is checked.
        text: the file's text, by which the line of a fault is found.

    Raises:
        ConfigError: the first value that cannot be used: a URL, authority, time zone, language, slug or pattern.
    """
    fault = next(_faults(config), None)
    if fault is not None:
        key, reason = fault
        raise _located(path, text, "" if path.startswith("--") else key, reason)
    return msgspec.structs.replace(config, base_url=config.base_url.rstrip("/") + "/")


_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_AUTHORITY = re.compile(
    rf"(?:[a-z0-9._-]+@)?{_LABEL}(?:\.{_LABEL})*,\d{{4}}(?:-\d\d(?:-\d\d)?)?", re.IGNORECASE | re.ASCII
)
"""RFC 4151: a domain or a mail address, and a date."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE | re.ASCII)


def _no_base(url: str) -> str:
    if _is_http(url):
        return f"expected a URL without user, query and fragment, got {url!r}"
    meant = f"https://{url.rstrip('/')}/"
    example = f", as {meant}" if url and "://" not in url and _is_base(meant) else ""
    return f"expected http://… or https://… with a host{example}, got {url!r}"


_Fault = tuple[str, str]
"""A key whose value cannot be used, and why."""


def _faults(config: Config) -> Iterator[_Fault]:
    if not _is_base(config.base_url):
        yield "base_url", _no_base(config.base_url)
    if not _AUTHORITY.fullmatch(config.id_authority):
        yield "id_authority", f"expected a domain and a year like example.org,2024, got {config.id_authority!r}"
    if not _LANGUAGE.fullmatch(config.language):
        yield "language", f"expected a language tag like ko or en, got {config.language!r}"
    if not _zone_exists(config.timezone):
        yield "timezone", f"expected an IANA name like Asia/Seoul, got {config.timezone!r}"
    for number, hub in enumerate(config.feeds.hubs):
        if not _is_http(hub):
            yield f"feeds.hubs[{number}]", f"expected http://… or https://… with a host, got {hub!r}"
    try:
        problems.select(config.check.ignore)
    except ValueError as error:
        yield "check.ignore", str(error)
    yield from _table_faults(config)


def _table_faults(config: Config) -> Iterator[_Fault]:
    for slug, field in config.fields.items():
        yield from _slug_faults(f"fields.{slug}", slug, *field.formerly)
    for number, channel in enumerate(config.channels):
        yield from _slug_faults(f"channels[{number}].slug", channel.slug)
        yield from _channel_faults(number, channel)


def _slug_faults(key: str, *slugs: str) -> Iterator[_Fault]:
    """A slug is a folder of the output: not that of all papers, nor one that Windows reserves."""
    for name in slugs:
        if name == "all":
            yield key, "expected another slug, 'all' is the feed of all papers"
        elif path_name(name) != name:
            yield key, f"expected another slug, {name!r} is a name that Windows reserves"


def _channel_faults(number: int, channel: ChannelConfig) -> Iterator[_Fault]:
    for key, pattern in (("include", channel.include), ("exclude", channel.exclude)):
        try:
            re.compile(pattern or "")
        except re.error as error:
            yield f"channels[{number}].{key}", f"expected a regular expression: {error}"


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return plain and parts.scheme in {"http", "https"} and bool(host)


def _is_base(url: str) -> bool:
    """Whether paths can be put behind a URL, and all of it be published: no query, fragment or user info."""
    return _is_http(url) and not {"?", "#"} & set(url) and "@" not in urlsplit(url).netloc


def _zone_exists(name: str) -> bool:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 -- a no-change build needs no zone

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _explained(message: str) -> tuple[str, str]:
    """Turn msgspec's sentence into ours: the key, and the reason; for an unknown key the nearest that exists."""
    reason, _, place = message.partition(" - at `$")
    key = place.rstrip("`").lstrip(".")
    unknown = re.search(r"unknown field `([^`]*)`", reason)
    if unknown:
        path = f"{key}.{unknown[1]}" if key else unknown[1]
        table = _TABLES[re.split(r"[.\[]", key)[0]]
        nearest = difflib.get_close_matches(unknown[1], table.__struct_fields__, n=1)
        return path, "unknown key" + (f", did you mean {nearest[0]}?" if nearest else "")
    for name, words in _IN_WORDS.items():
        reason = reason.replace(name, words)
    return key, f"{reason[:1].lower()}{reason[1:]}" if key else reason


def _with_slug(message: str, text: str) -> str:
    """Put the slug where msgspec says only that some key of `fields` is at fault."""
    import tomllib  # noqa: PLC0415 -- only what is wrong needs it

    if "$.fields[...]" not in message and "`key` in `$.fields`" not in message:
        return message
    for name, value in tomllib.loads(text)["fields"].items():
        try:
            msgspec.convert({name: value}, dict[Slug, FieldConfig])
        except msgspec.ValidationError:
            message = message.replace("$.fields[...]", f"$.fields.{name}")
            return message.replace("`key` in `$.fields`", f"`$.fields.{name}`")
    return message


_IN_WORDS = {
    f"`str` matching regex {_SLUG!r}": "a slug: a-z and 0-9, with single hyphens between them",
    "`str | null`": "a string",
    "`int | null`": "a whole number",
    "`object`": "a table",
    "`array`": "an array",
    "`str`": "a string",
    "`int`": "a whole number",
    "`bool`": "true or false",
    "`float`": "a number",
    "Object missing required field `slug`": "expected the key slug",
    "Object missing required field `title`": "expected the key title",
}
"""What msgspec calls things, and what the one who writes TOML calls them."""

_TABLES: dict[str, type[_Table]] = {
    "": Config,
    "digests": DigestsConfig,
    "feeds": FeedsConfig,
    "site": SiteConfig,
    "fields": FieldConfig,
    "channels": ChannelConfig,
    "check": CheckConfig,
}
