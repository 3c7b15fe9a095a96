"""The config: TOML text → a frozen `Config`, each fault located by its key.

Owns the keys, their types and defaults; refuses reading any file but the text it is given.
"""

from __future__ import annotations

import difflib
import re
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from digestfeed.errors import ConfigError
from digestfeed.text import slug as path_name

CONFIG_NAME = "digestfeed.toml"
"""The name under which a config is looked for."""

PREVIEW_URL = "http://127.0.0.1:8000/"
PREVIEW_AUTHORITY = "localhost,2024"

Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z", max_length=63)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=2**40)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the config: frozen, and strict about its keys."""


class FieldConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[fields.<slug>]`: a field added to the vocabulary, or one of its own extended."""

    name: str | None = None
    name_ko: str | None = None
    aliases: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    formerly: tuple[Slug, ...] = ()


class ChannelConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[channels]]`: a feed of one's own, by fields, votes and words."""

    slug: Slug
    title: str
    any: tuple[Slug, ...] = ()
    all: tuple[Slug, ...] = ()
    none: tuple[Slug, ...] = ()
    min_votes: Positive | None = None
    include: str | None = None
    exclude: str | None = None


class DigestsConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[digests]`: what is read."""

    max_bytes: Positive = 64_000_000


class FeedsConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[feeds]`: how much a feed holds and what it tells readers."""

    latest: Positive = 50
    archive_size: Positive = 100
    min_papers: Positive = 1
    ttl_minutes: Positive = 60
    hubs: tuple[str, ...] = ()


class SiteConfig(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[site]`: the pages for people."""

    pages: bool = True
    thumbnails: bool = True


class Config(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a build; each has a default, so an empty file is a config.

    `timezone` is the IANA name of the zone that digests' dates are local to; `id_authority` is a domain and a
    date (`example.org,2024`) as RFC 4151 asks, and must never change once feeds are published.
    """

    title: str = "AI paper digest"
    description: str = "New AI papers, from a daily digest."
    author: str = "digestfeed"
    base_url: str = PREVIEW_URL
    id_authority: str = PREVIEW_AUTHORITY
    language: str = "ko"
    timezone: str = "Asia/Seoul"
    digests: DigestsConfig = DigestsConfig()
    feeds: FeedsConfig = FeedsConfig()
    site: SiteConfig = SiteConfig()
    fields: dict[Slug, FieldConfig] = msgspec.field(default_factory=dict)
    channels: tuple[ChannelConfig, ...] = ()

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
        raise ConfigError(path, _explained(_with_slug(str(error), text))) from error
    except msgspec.DecodeError as error:
        raise ConfigError(path, f"expected TOML, got: {error}") from error
    return checked(path, config)


def with_base_url(config: Config, base_url: str | None) -> Config:
    """Give the config with another base URL, as the command line may ask; None leaves it."""
    if base_url is None:
        return config
    return checked("--base-url", msgspec.structs.replace(config, base_url=base_url))


def checked(path: str, config: Config) -> Config:
    """Check what types cannot say, and end the base URL with a slash.

    Raises:
        ConfigError: a URL, authority, time zone, language or pattern that cannot be used.
    """
    for key, problem in _faults(config):
        raise ConfigError(path, f"{key}: {problem}")
    return msgspec.structs.replace(config, base_url=config.base_url.rstrip("/") + "/")


_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_AUTHORITY = re.compile(
    rf"(?:[a-z0-9._-]+@)?{_LABEL}(?:\.{_LABEL})*,\d{{4}}(?:-\d\d(?:-\d\d)?)?", re.IGNORECASE | re.ASCII
)
"""RFC 4151: a domain or a mail address, and a date."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE | re.ASCII)


def _faults(config: Config) -> list[tuple[str, str]]:
    faults = []
    if not _is_base(config.base_url):
        faults.append(("base_url", f"expected http://… or https://… with a host, got {config.base_url!r}"))
    if not _AUTHORITY.fullmatch(config.id_authority):
        faults.append(
            (
                "id_authority",
                f"expected a domain and a year like example.org,2024, got {config.id_authority!r}",
            )
        )
    if not _LANGUAGE.fullmatch(config.language):
        faults.append(("language", f"expected a language tag like ko or en, got {config.language!r}"))
    if not _zone_exists(config.timezone):
        faults.append(("timezone", f"expected an IANA name like Asia/Seoul, got {config.timezone!r}"))
    for number, hub in enumerate(config.feeds.hubs):
        if not _is_http(hub):
            faults.append((f"feeds.hubs[{number}]", f"expected a URL, got {hub!r}"))
    return faults + _table_faults(config)


def _table_faults(config: Config) -> list[tuple[str, str]]:
    faults = []
    for slug, field in config.fields.items():
        faults += _slug_faults(f"fields.{slug}", slug, *field.formerly)
    for channel in config.channels:
        faults += _slug_faults(f"channels.{channel.slug}", channel.slug) + _channel_faults(channel)
    return faults


def _slug_faults(key: str, *slugs: str) -> list[tuple[str, str]]:
    """A slug is a folder of the output: not that of all papers, nor one that Windows reserves."""
    taken = [name for name in slugs if name == "all" or path_name(name) != name]
    return [(key, f"expected another slug, {name!r} is taken") for name in taken]


def _channel_faults(channel: ChannelConfig) -> list[tuple[str, str]]:
    faults = []
    for key, pattern in (("include", channel.include), ("exclude", channel.exclude)):
        try:
            re.compile(pattern or "")
        except re.error as error:
            faults.append((f"channels.{channel.slug}.{key}", f"expected a regular expression: {error}"))
    return faults


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


def _explained(message: str) -> str:
    """Turn msgspec's sentence into ours: the key first, and for an unknown key the nearest that exists."""
    reason, _, place = message.partition(" - at `$")
    key = place.rstrip("`").lstrip(".")
    unknown = re.search(r"unknown field `([^`]*)`", reason)
    if unknown:
        path = f"{key}.{unknown[1]}" if key else unknown[1]
        table = _TABLES[re.split(r"[.\[]", key)[0]]
        nearest = difflib.get_close_matches(unknown[1], table.__struct_fields__, n=1)
        return f"{path}: unknown key" + (f", did you mean {nearest[0]}?" if nearest else "")
    return f"{key}: {reason[:1].lower()}{reason[1:]}" if key else reason


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


_TABLES: dict[str, type[_Table]] = {
    "": Config,
    "digests": DigestsConfig,
    "feeds": FeedsConfig,
    "site": SiteConfig,
    "fields": FieldConfig,
    "channels": ChannelConfig,
}
