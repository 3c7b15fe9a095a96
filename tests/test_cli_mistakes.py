"""The usual mistakes: each is one line that says what is wrong and the next step, with the right exit code."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from digestfeed.cli import hints, main
from digestfeed.config import Config
from digestfeed.errors import ConfigError
from tests.trees import item, run, write_digest

NO_FOLDER = "no such folder of digests; "
BEGIN = "name the folder that holds them, or begin a project: digestfeed init"
FIRST = "build the site first: digestfeed build"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def said(*arguments: str, code: int) -> str:
    """Run a command that has to fail with a code, in one line; give that without its beginning."""
    ended = CliRunner().invoke(main, arguments)
    assert ended.exit_code == code, ended.output
    assert ended.stdout == ""
    assert ended.stderr.startswith("digestfeed: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr.removeprefix("digestfeed: ").rstrip("\n")


def misused(*arguments: str) -> str:
    """Run a command in a wrong way; give the last line, which says why."""
    ended = CliRunner().invoke(main, arguments)
    assert (ended.exit_code, ended.stdout) == (2, "")
    return ended.stderr.splitlines()[-1].removeprefix("Error: ")


# -- the digests ------------------------------------------------------------------------------------------------

READS = [["build"], ["check"], ["fields"], ["show", "2412.17743"], ["watch"], ["serve", "--live"]]


@pytest.mark.parametrize("command", READS, ids=lambda command: command[0])
def test_no_digests_folder(home: Path, command: list[str]) -> None:
    """A beginner has none; also `watch` does not wait for one that never was."""
    assert said(*command, code=1) == f"digests: {NO_FOLDER}{BEGIN}"
    assert list(home.iterdir()) == []


def test_a_folder_that_is_called_otherwise(home: Path) -> None:
    """By a name nearly like it, else by what is in it; hidden folders and those without digests are none."""
    write_digest(home / "papers", "2024-12-25.md", item("2412.17743"))
    write_digest(home / ".cache", "2024-12-25.md", item("2412.17743"))
    (home / "docs").mkdir()
    (home / "docs" / "readme.md").touch()
    assert said("build", "paper", code=1) == f"paper: {NO_FOLDER}did you mean papers?"
    named = "there are files named as digests in {}: name that folder"
    assert said("build", code=1) == f"digests: {NO_FOLDER}{named.format('papers')}"
    write_digest(home, "2024-12-25.md", item("2412.17743"))
    assert said("build", code=1) == f"digests: {NO_FOLDER}{named.format('.')}"
    assert said("check", "gone/papers", code=1).startswith(f"gone/papers: {NO_FOLDER}there are files ")
    assert said("check", "../home/paperz", code=1) == f"../home/paperz: {NO_FOLDER}did you mean ../home/papers?"


def test_storage_for_a_folder() -> None:
    """Digests on storage are fetched first; a drive's letter is none."""
    fetch = "a build reads a folder: digestfeed fetch brings digests from there into one"
    assert said("build", "s3://bucket/digests", code=1).endswith(f": {NO_FOLDER}{fetch}")
    assert said("build", "c:/digests", code=1).endswith(BEGIN)


def test_below_the_project(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is in a folder of it: where its config is, are its digests."""
    write_digest(home / "digests", "2024-12-25.md", item("2412.17743"))
    (home / "digestfeed.toml").write_text("", "utf-8")
    (home / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(home / "a" / "b")
    assert said("build", code=1) == f"digests: {NO_FOLDER}../../digests is there, and so is its config: cd ../.."
    assert said("build", "gone", code=1) == f"gone: {NO_FOLDER}{BEGIN}"
    assert list((home / "a" / "b").iterdir()) == []


def test_a_config_above_is_not_read_in_silence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build of another folder's digests works, but its addresses are not those of the site."""
    write_digest(home / "digests", "2024-12-25.md", item("2412.17743"))
    (home / "digestfeed.toml").write_text("", "utf-8")
    (home / "a").mkdir()
    monkeypatch.chdir(home / "a")
    told = "there is no digestfeed.toml here, and ../digestfeed.toml was not read: give it with -c"
    assert told in CliRunner().invoke(main, ["build", "../digests"]).stderr
    assert told not in CliRunner().invoke(main, ["build", "../digests", "-c", "../digestfeed.toml"]).stderr
    monkeypatch.chdir(home)
    assert told not in CliRunner().invoke(main, ["build"]).stderr


def test_a_folder_without_digests(home: Path) -> None:
    """What digests are called is said; `check`, which finds nothing wrong, says it too."""
    (home / "notes").mkdir()
    (home / "notes" / "a.rst").touch()
    none = "there is no digest in notes, no file named *.md, *.markdown or *.txt"
    assert said("build", "notes", code=1).startswith(f"{none}; the output is as before. Is it another folder? ")
    ended = CliRunner().invoke(main, ["check", "notes"])
    assert (ended.exit_code, ended.stderr.splitlines()[-1]) == (0, none)


@pytest.mark.parametrize("command", ["build", "check", "watch"])
def test_a_file_for_a_folder(home: Path, command: str) -> None:
    """Its folder is what is wanted."""
    write_digest(home / "digests", "2024-12-25.md", item("2412.17743"))
    wanted = "expected a folder of digests, got a file; its folder is digests"
    assert said(command, "digests/2024-12-25.md", code=1) == f"digests/2024-12-25.md: {wanted}"


def test_a_code_that_is_taken_for_the_folder(home: Path) -> None:
    """`--strict` takes its value behind a `=`."""
    write_digest(home / "digests", "2024-12-25.md", item("2412.17743"))
    assert said("build", "--strict", "D012", code=1) == f"D012: {NO_FOLDER}problems are named as --strict=D012"


def test_folders_that_cannot_be_listed_are_no_hint(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for what was meant does not fail itself, also where the current folder is gone."""
    assert hints.with_next_step(ValueError("x"), "as it is") == "as it is"
    (home / "digestfeed.toml").write_text("", "utf-8")
    gone = home / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert hints.config_above() is None
    assert said("build", code=1) == f"digests: {NO_FOLDER}{BEGIN}"


# -- the output -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["build", "watch"])
@pytest.mark.parametrize("out", ["digests", "digests/out", "digests/a/b", "link/out"])
def test_the_output_among_the_digests(home: Path, command: str, out: str) -> None:
    """The next build would read robots.txt as a digest; a hidden folder is never read."""
    digest = write_digest(home / "digests", "2024-12-25.md", item("2412.17743"))
    (home / "link").symlink_to("digests")
    if command == "build":
        wrong = "the next build would read the output as digests of digests; choose another -o"
        assert said("build", "-o", out, code=2) == f"{out}: {wrong}"
        assert list((home / "digests").iterdir()) == [digest]
        assert CliRunner().invoke(main, ["build", "-q", "-o", "digests/.out"]).output == ""
    else:
        with pytest.raises(ConfigError):
            run(home, Config(), out=home / out)


def test_the_digests_in_the_output(home: Path) -> None:
    """That works, for a site in the root of a repository; that it publishes the digests too is said."""
    write_digest(home / "digests", "2024-12-25.md", item("2412.17743"))
    told = "digests lies in .: who publishes that publishes the digests too"
    assert told in CliRunner().invoke(main, ["build", "-o", "."]).stderr
    assert "lies in" not in CliRunner().invoke(main, ["build", "-o", "out"]).stderr


def test_before_the_first_build(home: Path) -> None:
    """What shows or sends a site says how to make one; a folder that is no site is shown, and that is said."""
    assert said("serve", code=1) == f"out: no such folder; {FIRST}"
    assert said("publish", "www", code=1) == f"out: no such folder; {FIRST}"
    assert said("status", code=1) == f"out/status.json: cannot be read: No such file or directory; {FIRST}"
    (home / "out").mkdir()
    assert said("publish", "www", code=1).startswith("out: expected a built site, got an empty folder; ")
    with socket.create_server(("127.0.0.1", 0)) as other:
        ended = CliRunner().invoke(main, ["serve", "--port", str(other.getsockname()[1])])
    assert ended.stderr.splitlines()[0] == "there is no index.html in out: is that what a build made?"


def test_a_port_that_is_taken(home: Path) -> None:
    """Another is one option away."""
    (home / "out").mkdir()
    (home / "out" / "index.html").touch()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        wrong = said("serve", "--port", str(port), code=1)
    assert wrong == f"127.0.0.1:{port}: cannot listen there: Address already in use; --port 0 takes one that is free"


def test_publish_the_wrong_way_round() -> None:
    """The target comes first."""
    assert misused("publish", "out", "s3://b/x") == (
        "The target comes first, then the folder: digestfeed publish TARGET out"
    )


# -- the config -------------------------------------------------------------------------------------------------


def test_a_config_that_is_called_otherwise(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest name, the file in the folder that was named, the one above, or how to get one."""
    cannot = "cannot read the config: No such file or directory; "
    assert said("build", "-c", "digestfeed.tml", code=2) == f"digestfeed.tml: {cannot}digestfeed init writes one"
    (home / "digestfeed.toml").write_text("", "utf-8")
    assert said("build", "-c", "digestfed.toml", code=2) == f"digestfed.toml: {cannot}did you mean digestfeed.toml?"
    (home / "sub").mkdir()
    assert said("build", "-c", "sub", code=2) == "sub: cannot read the config: Is a directory; name a file in it"
    meant = "did you mean ../home/digestfeed.toml?"
    assert said("build", "-c", "../home", code=2) == f"../home: cannot read the config: Is a directory; {meant}"
    monkeypatch.chdir(home / "sub")
    meant = "did you mean ../digestfeed.toml?"
    assert said("build", "-c", "digestfeed.toml", code=2) == f"digestfeed.toml: {cannot}{meant}"
    (home / "sub" / "latin.toml").write_bytes(b"title = 'caf\xe9'")
    assert said("build", "-c", "latin.toml", code=2) == "latin.toml: cannot read the config: expected UTF-8"


@pytest.mark.parametrize(
    "url", ["papers.example.org", "papers.example.org/", "localhost:8000/x", "/papers", "", "ftp://x/"]
)
@pytest.mark.parametrize("command", ["build", "init"])
def test_a_base_url_without_a_scheme(home: Path, command: str, url: str) -> None:
    """One with it is given as an example, where that would be one."""
    write_digest(home / "digests", "2024-12-25.md", item("2412.17743"))
    if (command, url) == ("init", ""):
        return  # none is given
    host = url.rstrip("/") if url[:1].isalpha() and "://" not in url else None
    example = f", as https://{host}/" if host else ""
    wrong = f"--base-url: expected http://… or https://… with a host{example}, got {url!r}"
    assert said(command, "--base-url", url, code=2) == wrong
    assert [path.name for path in home.iterdir()] == ["digests"]


def test_a_base_url_without_a_slash_is_good(home: Path) -> None:
    """It is given one."""
    write_digest(home / "digests", "2024-12-25.md", item("2412.17743"))
    assert CliRunner().invoke(main, ["build", "-q", "--base-url", "https://x.example/papers"]).output == ""
    assert "https://x.example/papers/feeds/all/atom.xml" in (home / "out/feeds/all/atom.xml").read_text("utf-8")


# -- usage ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("biuld", "No such command 'biuld'; did you mean build?"),
        ("bild", "No such command 'bild'; did you mean build?"),
        ("server", "No such command 'server'; did you mean serve?"),
        ("xyz", "No such command 'xyz'."),
        ("\x1b[31m", "No such command '\\u001b[31m'."),
    ],
)
def test_a_command_that_there_is_not(name: str, why: str) -> None:
    """The nearest is named."""
    assert misused(name) == why


def test_an_option_before_the_command() -> None:
    """Click says that there is none."""
    assert misused("--full", "build").startswith("No such option")


def test_quiet_and_verbose() -> None:
    """Nobody can be both."""
    assert misused("build", "-q", "-v") == "-q and -v contradict each other: give one of them."


@pytest.mark.parametrize(
    ("command", "library", "extra"),
    [
        (["watch"], "watchfiles", "watch"),
        (["serve", "--live"], "watchfiles", "watch"),
        (["ping"], "httpx", "push"),
        (["publish", "memory://www"], "fsspec", "publish"),
        (["build", "--executor", "dask://127.0.0.1:1"], "distributed", "cluster"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else value,
)
def test_an_extra_that_is_not_installed(
    home: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], library: str, extra: str
) -> None:
    """The line has what can be copied, quoted as every shell needs it; nothing is built before."""
    write_digest(home / "digests", "2024-12-25.md", item("2412.17743"))
    (home / "digestfeed.toml").write_text(
        'base_url = "https://x.example/"\n[feeds]\nhubs = ["https://hub.example/"]\n', "utf-8"
    )
    if command[0] in {"ping", "publish"}:
        assert CliRunner().invoke(main, ["build", "-q"]).output == ""
    monkeypatch.setitem(sys.modules, library, None)
    assert f"pip install 'digestfeed[{extra}]'" in said(*command, code=1)
    assert (home / "out").exists() == (command[0] in {"ping", "publish"})
