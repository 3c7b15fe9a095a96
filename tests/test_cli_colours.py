"""Colour: on a terminal only, never with `NO_COLOR`, and a progress bar that keeps to the same."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.trees import item, write_digest

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")
"""A foreground or background that is not the terminal's own (ECMA-48, section 8.3.117)."""
FAULTY = "**제목**: x\n\n**요약**: y\n\n**추천수**:\n\n**링크**: https://arxiv.org/abs/2413.00001\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a digest that has faults, the current one; nothing in the environment speaks of colour."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "CI", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    write_digest(tmp_path / "digests", "2024-12-25.md", FAULTY)
    return tmp_path


def on_terminal(*arguments: str, code: int, **environment: str) -> str:
    """Run a command with a terminal for all three streams; give what the terminal was sent."""
    child, handle = pty.fork()
    if not child:
        os.environ.update(environment)
        os.execv(sys.executable, [sys.executable, "-m", "digestfeed", *arguments])  # noqa: S606
    shown = b""
    with suppress(OSError):  # Linux: the other side is closed
        while part := os.read(handle, 65536):
            shown += part
    os.close(handle)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == code
    return shown.decode()


def in_files(*arguments: str, code: int, **environment: str) -> str:
    """Run a command whose streams are no terminal; give both."""
    ended = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-m", "digestfeed", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code
    return ended.stdout + ended.stderr


FAILS = ("build", "gone")


@pytest.mark.parametrize("arguments", [FAILS, ("check",)])
def test_colour_is_for_terminals(arguments: tuple[str, ...]) -> None:
    """An error is red there, and carets are seen; in a file there is nothing but text, the same text."""
    shown = on_terminal(*arguments, code=1)
    assert COLOURS.search(shown)
    plain = in_files(*arguments, code=1)
    assert not ESCAPES.search(plain)
    assert sorted(ESCAPES.sub("", shown).split()) == sorted(plain.split())


@pytest.mark.parametrize("arguments", [FAILS, ("check",)])
@pytest.mark.parametrize("value", ["1", "0"])
def test_no_color_with_any_value_takes_colour_away(arguments: tuple[str, ...], value: str) -> None:
    """Also from one that forces it."""
    assert not ESCAPES.search(on_terminal(*arguments, code=1, NO_COLOR=value))
    assert not ESCAPES.search(in_files(*arguments, code=1, NO_COLOR=value, FORCE_COLOR="1"))


def test_an_empty_no_color_says_nothing() -> None:
    """As no-color.org has it; a terminal that can do nothing gets nothing."""
    assert COLOURS.search(on_terminal(*FAILS, code=1, NO_COLOR=""))
    assert not ESCAPES.search(on_terminal(*FAILS, code=1, TERM="dumb"))


def test_force_color_colours_files() -> None:
    """For a CI whose log shows it; an empty one says nothing."""
    shown = in_files("check", code=1, FORCE_COLOR="1")
    assert "\x1b[33m\x1b[1m^^^^" in shown
    assert COLOURS.search(in_files(*FAILS, code=1, FORCE_COLOR="1"))
    assert not ESCAPES.search(in_files(*FAILS, code=1, FORCE_COLOR=""))


def test_data_for_programs_has_no_colour() -> None:
    """Whatever is forced."""
    for form in ("json", "github"):
        shown = in_files("check", "--format", form, code=1, FORCE_COLOR="1")
        assert not ESCAPES.search(shown)


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_the_progress_bar_keeps_to_it(home: Path, *, environment: dict[str, str], coloured: bool) -> None:
    """It is drawn on a terminal, with or without colour, and taken away; not at all where nobody looks."""
    for day in range(1, 29):
        items = [item(f"2412.{day:02}{number:03}") for number in range(3)]
        write_digest(home / "digests", f"2024-12-{day:02}.md", *items)
    shown = on_terminal("build", "-j", "1", "-o", "there", code=0, **environment)
    assert "━" in shown
    assert bool(COLOURS.search(shown)) == coloured
    assert "\x1b[2K" in shown  # the line is cleared
    assert "━" not in on_terminal("build", "-q", "-j", "1", "-o", "quiet", code=0)
    assert not ESCAPES.search(in_files("build", "-j", "1", "-o", "elsewhere", code=0))
