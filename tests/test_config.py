"""The config: everything has a default, and each fault is told by its key."""

from __future__ import annotations

import re
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed.config import (
    PREVIEW_AUTHORITY,
    PREVIEW_URL,
    ChannelConfig,
    Config,
    FieldConfig,
    parse_config,
    with_base_url,
)
from digestfeed.errors import ConfigError

FULL = """
title = "AI papers of the day"
description = "매일"
author = "Someone"
base_url = "https://papers.example.org/ai"
id_authority = "example.org,2024-05"
language = "en"
timezone = "Europe/Berlin"

[digests]
max_bytes = 1000

[feeds]
latest = 20
archive_size = 10
min_papers = 3
ttl_minutes = 30
hubs = ["https://hub.example.org/"]

[site]
pages = false
thumbnails = false

[fields.robotics]
aliases = ["로봇 손"]
formerly = ["robots"]

[fields.my-own]
name = "My own"
name_ko = "나만의"
terms = ["mine"]

[[channels]]
slug = "llm-hot"
title = "LLM papers people like"
any = ["large-language-models"]
min_votes = 30
include = "reason|추론"
"""

CHANNEL = "[[channels]]\ntitle = 'x'\n"

# What the config says | how the message goes on after the file's name.
FAULTS = {
    "titel = 'x'": "titel: unknown key, did you mean title?",
    "xyzzy = 1": "xyzzy: unknown key",
    "title = 3": "title: expected a string, got a whole number",
    "title = 'a": "expected TOML, got: ",
    "title = 'a'\ntitle = 'b'": "expected TOML, got: ",
    "feeds = 3": "feeds: expected a table, got a whole number",
    "[feeds]\nlatst = 3": "feeds.latst: unknown key, did you mean latest?",
    "[feeds]\ntitel = 3": "feeds.titel: unknown key",
    "[feeds]\nlatest = '50'": "feeds.latest: expected a whole number, got a string",
    "[feeds]\nlatest = true": "feeds.latest: expected a whole number, got true or false",
    "[feeds]\nlatest = 0": "feeds.latest: expected a whole number >= 1",
    "[feeds]\nlatest = 99999999999999999999": "feeds.latest: expected a whole number <= ",
    "[feeds]\nhubs = ['https://a.example/', 'hub']": "feeds.hubs[1]: expected http://… or https://… with a host",
    "base_url = 'https://me@a.example/'": "base_url: expected a URL without user, query and fragment, got ",
    "[site]\npage = true": "site.page: unknown key, did you mean pages?",
    "[digests]\nmax_bytes = -1": "digests.max_bytes: expected a whole number >= 1",
    "[fields.robotics]\nalias = ['x']": "fields.robotics.alias: unknown key, did you mean aliases?",
    "[fields.robotics]\naliases = 'x'": "fields.robotics.aliases: expected an array, got a string",
    "[fields.music]\n[fields.robotics]\nname = 1": "fields.robotics.name: expected a string",
    "[fields.music]\n[fields.2024]\nname = 1": "fields.2024.name: expected a string",
    "[fields]\nrobotics = 1": "fields.robotics: expected a table, got a whole number",
    "[fields.Robotics]\nname = 'R'": "fields.Robotics: expected a slug: a-z and 0-9, with single hyphens between them",
    "[fields.'../up']\nname = 'R'": "fields.../up: expected a slug",
    "[fields.robotics]\nformerly = ['a b']": "fields.robotics.formerly",
    "[fields.con]\nname = 'C'": "fields.con: expected another slug, 'con' is a name that Windows reserves",
    "[fields.all]\nname = 'A'": "fields.all: expected another slug, 'all' is the feed of all papers",
    "[fields.robotics]\nformerly = ['nul']": "fields.robotics: expected another slug, 'nul' is a name that",
    f"{CHANNEL}slug = 'all'": "channels[0].slug: expected another slug, 'all' is the feed of all papers",
    CHANNEL: "channels[0]: expected the key slug",
    f"{CHANNEL}slug = 'a'\nmin_vote = 1": "channels[0].min_vote: unknown key, did you mean min_votes?",
    f"{CHANNEL}slug = 'a'\ninclude = '('": "channels[0].include: expected a regular expression: ",
    f"{CHANNEL}slug = 'a'\nexclude = '*'": "channels[0].exclude: expected a regular expression: ",
}

# The key | values that cannot be used.
UNUSABLE = {
    "base_url": [
        "",
        "papers.example.org",
        "/papers",
        "ftp://example.org/",
        "https://",
        "https:///papers",
        "https://[::1",
        "https://example.org:port/",
        "https://example.org/a b/",
        "https://example.org/\\n",
        "https://example.org/?page=1",
        "https://example.org/#top",
        "https://user:secret@example.org/",
        "https://예시.example/",
        "javascript:alert(1)",
    ],
    "id_authority": [
        "",
        "example.org",
        "example.org,24",
        "example.org,２０２４",
        "example.org,2024-5",
        ",2024",
        "@@,2024",
        ".org,2024",
        "exa mple.org,2024",
        "example.org,2024:x",
        "https://example.org/,2024",
        "한국.example,2024",
    ],
    "language": ["", "korean", "k", "ko_KR", "ko-", "ſo", "ko kr"],
    "timezone": ["", "Asia", "Asia/Seol", "KST+9", "../Asia/Seoul", "/etc/localtime", "a\\u0000b"],
}

USABLE = {
    "base_url": [
        "http://localhost:8000",
        "https://example.org/@me/x",
        "HTTPS://Example.ORG/",
        "http://[::1]:80/",
    ],
    "id_authority": [
        "example.org,2024",
        "me@example.org,2024-01",
        "a-b.example.org,2024-01-31",
        "localhost,2024",
    ],
    "language": ["ko", "en", "en-GB", "zh-Hant-TW"],
    "timezone": ["UTC", "Asia/Seoul", "America/Argentina/Ushuaia", "Europe/Berlin"],
}


def _pairs(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(key, value) for key, values in table.items() for value in values]


def test_an_empty_file_is_a_config() -> None:
    """Everything works without a config; then it is the one for looking at the site at home."""
    config = parse_config("digestfeed.toml", "")
    assert config == Config()
    assert config.is_preview
    assert (config.base_url, config.id_authority) == ("http://127.0.0.1:8000/", "localhost,2024")
    assert config.timezone == "Asia/Seoul"
    assert (config.feeds.latest, config.feeds.archive_size) == (50, 100)


def test_every_key_is_read() -> None:
    """A config that sets everything gives just that, and is no preview."""
    config = parse_config("digestfeed.toml", FULL)
    assert not config.is_preview
    assert config.base_url == "https://papers.example.org/ai/"
    assert (config.title, config.author, config.language) == ("AI papers of the day", "Someone", "en")
    assert config.timezone == "Europe/Berlin"
    assert (config.feeds.latest, config.feeds.archive_size, config.feeds.min_papers) == (20, 10, 3)
    assert (config.feeds.hubs, config.feeds.ttl_minutes) == (("https://hub.example.org/",), 30)
    assert (config.site.pages, config.site.thumbnails, config.digests.max_bytes) == (False, False, 1000)
    assert config.fields == {
        "robotics": FieldConfig(aliases=("로봇 손",), formerly=("robots",)),
        "my-own": FieldConfig(name="My own", name_ko="나만의", terms=("mine",)),
    }
    assert config.channels == (
        ChannelConfig(
            slug="llm-hot",
            title="LLM papers people like",
            any=("large-language-models",),
            min_votes=30,
            include="reason|추론",
        ),
    )


@pytest.mark.parametrize(("text", "message"), FAULTS.items())
def test_a_fault_is_told_by_its_key(text: str, message: str) -> None:
    """The message begins with the file, the line and the key, and names the nearest key of the same table."""
    with pytest.raises(ConfigError) as caught:
        parse_config("my.toml", text)
    place, said = re.fullmatch(r"(my\.toml(?::\d+)?): (.*)", str(caught.value), re.DOTALL).groups()  # type: ignore[union-attr]
    assert said.startswith(message)
    assert caught.value.exit_code == 2
    assert caught.value.path == place
    if message.endswith("unknown key"):
        assert said == message
    if not message.startswith(("expected TOML", "fields.../up")):
        name = re.findall(r"[\w-]+", message.partition(": ")[0].rstrip("[0123456789]"))[-1]
        assert name in text.split("\n")[int(place.removeprefix("my.toml:")) - 1]


@pytest.mark.parametrize(("key", "value"), _pairs(UNUSABLE))
def test_a_value_that_cannot_be_used_is_refused(key: str, value: str) -> None:
    """What types cannot say is checked: URLs, the authority of RFC 4151, language tags, time zones."""
    with pytest.raises(ConfigError, match=rf"^my\.toml:1: {key}: expected "):
        parse_config("my.toml", f'{key} = "{value}"')


@pytest.mark.parametrize(("key", "value"), _pairs(USABLE))
def test_a_value_that_can_be_used_is_kept(key: str, value: str) -> None:
    """It comes out as written; only a base URL gets its slash."""
    config = parse_config("my.toml", f'{key} = "{value}"')
    assert getattr(config, key).rstrip("/") == value.rstrip("/")


@pytest.mark.parametrize("end", ["", "/", "//"])
def test_a_base_url_ends_with_one_slash(end: str) -> None:
    """So that paths can be put behind it."""
    assert parse_config("c", f"base_url = 'https://example.org/x{end}'").base_url == "https://example.org/x/"


@pytest.mark.parametrize(
    ("base_url", "authority", "preview"),
    [
        (PREVIEW_URL, PREVIEW_AUTHORITY, True),
        ("https://example.org/", PREVIEW_AUTHORITY, True),
        (PREVIEW_URL, "example.org,2024", True),
        (PREVIEW_URL.rstrip("/"), "example.org,2024", True),
        ("https://example.org/", "example.org,2024", False),
    ],
)
def test_both_have_to_be_set_before_publishing(base_url: str, authority: str, preview: bool) -> None:  # noqa: FBT001
    """As long as the base URL or the authority is the default, the site is for home."""
    config = parse_config("c", f"base_url = '{base_url}'\nid_authority = '{authority}'")
    assert config.is_preview is preview


def test_the_command_line_has_the_last_word_on_the_base_url() -> None:
    """None leaves it; a URL replaces it and is checked as the config's is."""
    config = parse_config("c", FULL)
    assert with_base_url(config, None) == config
    moved = with_base_url(config, "https://elsewhere.example")
    assert moved == msgspec.structs.replace(config, base_url="https://elsewhere.example/")
    with pytest.raises(ConfigError, match=r"--base-url: expected .*, as https://elsewhere/, got 'elsewhere'"):
        with_base_url(config, "elsewhere")


@given(st.text(st.characters()))
def test_any_text_is_a_config_or_a_config_error(text: str) -> None:
    """No text ends in another exception."""
    with suppress(ConfigError):
        parse_config("c", text)
