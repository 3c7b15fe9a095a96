"""What the other tests of the command line do not reach: commands that stay, streams that are gone, rare answers."""

from __future__ import annotations

import datetime as dt
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digestfeed import cli, live, serve, watch, websub
from digestfeed.cli import talk
from digestfeed.config import parse_config
from digestfeed.pipeline import inspect
from tests.trees import item, write_digest

HUBS = 'base_url = "https://x.example/"\n[feeds]\nhubs = ["http://127.0.0.1:9/"]\n'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a digest, the current one."""
    monkeypatch.chdir(tmp_path)
    write_digest(tmp_path / "digests", "2024-12-25.md", item("2412.17743"))
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    """Run a command that has to end with a code."""
    ended = CliRunner().invoke(cli.main, arguments)
    assert ended.exit_code == code, ended.output
    return ended


# -- commands that stay -----------------------------------------------------------------------------------------


def scripted(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]) -> None:
    """Let a watch tell of a change after each step, and Ctrl-C come after the last."""

    def changes(*_: object) -> Iterator[list[str]]:
        yield []
        for step in steps:
            step()
            yield ["changed"]
        raise KeyboardInterrupt

    monkeypatch.setattr(watch, "changes", changes)


def test_watch_tells_what_is_wrong_once_and_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A config that is being written is wrong for a moment; what hubs have to be told is kept."""
    config = home / "digestfeed.toml"
    config.write_text(HUBS, "utf-8")
    scripted(
        monkeypatch,
        lambda: config.write_text("base_url = ", "utf-8"),
        lambda: None,
        lambda: config.write_text(HUBS, "utf-8"),
        lambda: write_digest(
            home / "digests", "2024-12-26.md", item("2412.17744").replace("**추천수**: 1", "**추천수**:")
        ),
    )
    lines = run("watch").stderr.splitlines()
    assert len([line for line in lines if line.startswith("digestfeed: digestfeed.toml: expected TOML")]) == 1
    assert len([line for line in lines if " files written" in line]) == 2
    assert len([line for line in lines if line.startswith("digests/2024-12-26.md:")]) == 1
    assert "watching digests until you press Ctrl-C" in lines
    assert websub.pending_path(home / ".digestfeed" / "catalog.sqlite3").is_file()


def test_serve_live_tells_browsers_of_what_was_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And of nothing else."""
    told: list[str] = []
    monkeypatch.setattr(live.Reloader, "built", lambda _: told.append("built"))
    monkeypatch.setattr(live.Reloader, "end", lambda _: told.append("end"))
    scripted(monkeypatch, lambda: None, lambda: write_digest(home / "digests", "b.md", item("2412.17744")))
    said = run("serve", "--live", "--port", "0").stderr
    assert "out is shown at http://127.0.0.1:" in said
    assert told == ["built", "end"]


def test_serve_shows_until_it_is_stopped(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is how it ends, and no fault."""
    assert home.is_dir()
    run("build", "-q")

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(serve.Preview, "serve_forever", interrupted)
    said = run("serve", "--port", "0").stderr.splitlines()
    assert len(said) == 1
    assert said[0].startswith("out is shown at http://127.0.0.1:")


# -- commands that reach out ------------------------------------------------------------------------------------


def test_ping_says_which_hub_failed(home: Path) -> None:
    """With exit code 1, so that cron tries again; a second one has the same to do."""
    (home / "digestfeed.toml").write_text(HUBS, "utf-8")
    run("build", "-q")
    assert "http://127.0.0.1:9/" in run("ping", code=1).stderr


def test_ping_with_nothing_to_tell(home: Path) -> None:
    """Says nothing."""
    (home / "digestfeed.toml").write_text(HUBS, "utf-8")
    run("build", "-q")
    websub.pending_path(home / ".digestfeed" / "catalog.sqlite3").unlink()
    assert run("ping").output == ""


def test_publish_says_what_it_did() -> None:
    """Unless it is to be quiet."""
    run("build", "-q")
    assert " files sent (" in run("publish", "www").stderr
    assert run("publish", "www", "-q").output == ""


# -- rare answers -----------------------------------------------------------------------------------------------


def test_suggested_config_is_config(home: Path) -> None:
    """Labels that map to no field, below the field that is spelt most like them; the others are a comment."""
    labels = "Compuzer Vizion, 뜨개질 \\ \x1b[31m"
    write_digest(home / "digests", "2024-12-26.md", item("2412.17744", labels=labels))
    suggested = run("fields", "--suggest").stdout
    assert all(char.isprintable() or char == "\n" for char in suggested)
    assert suggested.count("aliases = ") >= 1
    config = parse_config("x", suggested)
    _, before = inspect.field_uses(home / "digests", parse_config("x", ""), later())
    _, after = inspect.field_uses(home / "digests", config, later())
    assert {entry.label for entry in before} > {entry.label for entry in after}
    assert all(entry.nearest is None for entry in after)
    assert suggested.count("# near no field: ") == bool(after)


def later() -> dt.date:
    """Give a day after all digests."""
    return dt.date(2026, 1, 1)


def test_a_config_in_english_names_fields_so(home: Path) -> None:
    """And one without labels that map to none has no such lines."""
    (home / "digestfeed.toml").write_text('language = "en"\n', "utf-8")
    said = run("fields").stdout
    assert "Computer Vision" in said
    assert "no field: " not in said
    assert run("fields", "--suggest").stdout == ""


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is to be reported, not to be told away."""
    monkeypatch.setattr(inspect, "lint", lambda *_: 1 // 0)
    assert isinstance(CliRunner().invoke(cli.main, ["check"]).exception, ZeroDivisionError)


# -- streams ----------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A terminal, as far as a program asks."""

    def isatty(self) -> bool:
        return True


def test_a_bar_for_each_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn when there is something to show, and not before."""
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with talk.progress(shown=True) as advance:
        assert advance is not None
        assert terminal.getvalue() == ""
        for done in range(3):
            advance("reading", done, 2)
        advance("making", 1, 2)
    shown = terminal.getvalue()
    assert "reading" in shown
    assert "making" in shown
    with talk.progress(shown=False) as nothing:
        assert nothing is None


def test_talk_that_nobody_hears_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that is closed, a disk that is full, no stream at all."""

    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Closed())
    talk.say("x")
    talk.mute(None)
    assert not talk.is_coloured(None)


SILENT = "import sys; sys.argv = ['digestfeed', 'build']; from digestfeed.__main__ import run; run()"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
def test_streams_that_are_not_there(home: Path, closed: str) -> None:
    """Then nobody hears, the site is built all the same, and no file takes a stream's place."""
    if "full" in closed and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    ended = subprocess.run(  # noqa: S602 -- ours
        f'exec "{sys.executable}" -c "{SILENT}" {closed}', shell=True, env={**os.environ}, check=False
    )
    assert ended.returncode == 0
    assert (home / "out" / "index.html").is_file()
    assert not [path for path in (home / "out").rglob("*") if path.is_file() and b"digests, " in path.read_bytes()[:9]]


@pytest.mark.parametrize(("arguments", "code"), [(["explain", "D012"], 0), (["explain", "D999"], 2)])
def test_the_command_as_a_process(arguments: list[str], code: int) -> None:
    """Ends with the command's code, whatever its streams are made of."""
    program = "import io, sys; sys.stdout = io.StringIO(); from digestfeed.cli import run; run()"
    assert subprocess.run([sys.executable, "-c", program, *arguments], check=False).returncode == code  # noqa: S603


def test_a_stream_that_cannot_take_its_rest_leads_nowhere() -> None:
    """What is left in it is lost, and the end of the process does not fail by it."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    stream.write("x")
    talk.mute(stream)
    stream.write("y")
    stream.close()


def test_the_next_line_can_be_copied(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name where that is found, else by the path that was called."""
    monkeypatch.setattr(sys, "argv", [str(home / "bin" / "digestfeed")])
    monkeypatch.setenv("PATH", str(home))
    assert talk.program() == str(home / "bin" / "digestfeed")
    monkeypatch.setattr(sys, "argv", ["/usr/lib/x/__main__.py"])
    assert talk.program() == "digestfeed"
