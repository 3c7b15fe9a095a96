"""What a shell offers: asked of the program as click's scripts ask it, and of real shells with the script loaded."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digestfeed import urls
from digestfeed.cli import COMPLETE, completing
from digestfeed.problems import ENTRIES
from tests.patience import WAIT
from tests.trees import item, run, write_digest

KEYS = ("2412.17741", "2412.17743", "hep-th/9901001")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a built site in `out`, the current one; `digestfeed` is on the PATH."""
    monkeypatch.chdir(tmp_path)
    news = "**제목**: 새 소식\n\n**요약**: 소식이 있다.\n\n**링크**: https://news.example/a\n"
    write_digest(tmp_path / "digests", "2024-12-25.md", *map(item, KEYS), news)
    run(tmp_path)
    program = tmp_path / ".bin" / "digestfeed"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m digestfeed "$@"\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path / ".bin"))  # where fish keeps what it remembers
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path


def asked(shell: str, *words: str) -> list[str]:
    """Ask for completions of the last word, as a shell's script does; give the lines that it is answered."""
    typed = " ".join(("digestfeed", *words))
    place = words[-1] if shell == "fish" else str(len(words))
    ended = subprocess.run(
        [sys.executable, "-m", "digestfeed"],
        env={**os.environ, COMPLETE: f"{shell}_complete", "COMP_WORDS": typed, "COMP_CWORD": place},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    return ended.stdout.splitlines()


def plain(*words: str) -> list[str]:
    """Give what bash is offered for the last word."""
    return [line.removeprefix("plain,") for line in asked("bash", *words) if line.startswith("plain,")]


def test_commands_and_options() -> None:
    """By name; also what an option takes, where that is one of a few."""
    assert {"build", "completion", "watch"} <= set(plain(""))
    assert plain("sh") == ["show"]
    assert "--strict" in plain("build", "--st")
    assert plain("check", "--format", "") == ["text", "json", "github"]
    assert plain("nosuch", "") == plain("")
    assert plain("completion", "") == ["bash", "zsh", "fish"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["build", ""], "dir"),
        (["build", "--strict", ""], "dir"),  # it takes no argument
        (["build", "-o", ""], "dir"),
        (["init", "d"], "dir"),
        (["serve", ""], "dir"),
        (["publish", "www", ""], "dir"),
        (["build", "-c", ""], "file"),
        (["build", "--report", ""], "file"),
    ],
)
def test_files_and_folders_are_the_shells_own(words: list[str], kind: str) -> None:
    """Folders where a folder is wanted."""
    assert [line.split(",")[0] for line in asked("bash", *words)] == [kind]


@pytest.mark.parametrize(
    "words",
    [["explain", ""], ["check", "--select", ""], ["build", "--strict", "=", ""]],
)
def test_codes_of_problems(words: list[str]) -> None:
    """All of them, where problems are named; in bash a `=` is a word of its own."""
    *before, last = words
    assert plain(*words) == [entry.code for entry in ENTRIES]
    assert plain(*before, last + "D012") == ["D012"]
    assert plain(*before, "d01") == [entry.code for entry in ENTRIES if entry.code.startswith("D01")]
    assert plain(*before, "bad-d") == ["bad-date"]
    assert plain(*before, "D012,bad-l") == ["D012,bad-link"]
    assert "D012,D012" not in plain(*before, "D012,")
    assert plain(*before, "x") == []


def test_a_value_behind_an_equals_sign_is_a_word_in_zsh_and_fish() -> None:
    """What is offered takes the place of all of it, there."""
    assert asked("zsh", "build", "--strict=bad-d")[:2] == ["plain", "--strict=bad-date"]
    assert asked("fish", "build", "--strict=bad-d")[0].startswith("plain,--strict=bad-date\t")
    assert asked("zsh", "build", "--out=o") == ["dir", "o", "_"]


def test_papers_by_month_then_by_id(project: Path) -> None:
    """Those of the site in `out`: the way from what is offered to a page's name is the one back."""
    ids = completing.paper_ids(project / "out", "item-")
    assert len(ids) == 1
    assert completing.paper_ids(project / "out", "") == ["2412.", "hep-th/", "item-"]
    for key in (*KEYS, *ids):
        assert (project / "out" / urls.paper_path(key)).is_file()
        assert all(key in completing.paper_ids(project / "out", key[:size]) for size in range(6, len(key) + 1))
    assert plain("show", "2412.1") == list(KEYS[:2])
    assert plain("show", "2413") == []


def test_no_site_no_papers(tmp_path: Path) -> None:
    """And no word about it."""
    assert completing.paper_ids(tmp_path / "gone", "24") == []


# -- real shells ------------------------------------------------------------------------------------------------


def shell(name: str) -> str:
    """Give the path of a shell; the test is skipped where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here")
    return found


class Typed:
    """A shell on a terminal, into which one types."""

    def __init__(self, command: list[str]) -> None:
        child, self._handle = pty.fork()
        if not child:
            os.environ.update({"PS1": "ready> ", "TERM": "xterm", "HISTFILE": "", "NO_COLOR": "1"})
            os.execv(command[0], command)  # noqa: S606 -- a shell of this machine
        self._child, self.shown = child, ""

    def type(self, text: str) -> None:
        """Type it."""
        os.write(self._handle, text.encode())

    def wait_for(self, pattern: str) -> str:
        """Wait until something is shown since the last call; give what was shown."""
        self.shown, end = "", time.monotonic() + WAIT
        while not re.search(pattern, re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", self.shown)):
            assert time.monotonic() < end, self.shown
            if select.select([self._handle], [], [], 0.1)[0]:
                self.shown += os.read(self._handle, 65536).decode(errors="replace")
        return self.shown

    def end(self) -> None:
        """Hang up."""
        os.close(self._handle)
        os.waitpid(self._child, 0)


def completed(typed: Typed, begun: str, ended: str) -> None:
    """Hold that a tab behind what is begun makes it what is ended: the line is run, and says itself."""
    typed.type(begun + "\t")
    typed.wait_for(re.escape(ended[len(begun) :]))
    typed.type("\x15")  # clear the line


SETUP = {
    "bash": (
        ["--norc", "--noprofile", "-i"],
        'bind "set enable-bracketed-paste off"; eval "$(digestfeed completion bash)"',
    ),
    "zsh": (["-f", "-i"], 'autoload -Uz compinit && compinit -u -D; eval "$(digestfeed completion zsh)"'),
}


@pytest.mark.parametrize("name", SETUP)
def test_a_tab_completes(project: Path, name: str) -> None:
    """In a shell on a terminal: a command, a paper, a problem behind `--strict=`, a folder."""
    assert project.is_dir()
    arguments, setup = SETUP[name]
    typed = Typed([shell(name), *arguments])
    typed.type(f"{setup}; echo set up as $((6*7))\n")
    typed.wait_for("set up as 42")
    completed(typed, "digestfeed expl", "digestfeed explain")
    completed(typed, "digestfeed show hep", "digestfeed show hep-th/9901001")
    completed(typed, "digestfeed build --strict=bad-d", "digestfeed build --strict=bad-date")
    completed(typed, "digestfeed check --select D012,bad-l", "digestfeed check --select D012,bad-link")
    completed(typed, "digestfeed build dig", "digestfeed build digests/")
    typed.end()


def test_fish_is_offered_the_same(project: Path) -> None:
    """With what each means; fish can be asked without a terminal."""
    assert project.is_dir()
    fish = shell("fish")

    def offered(line: str) -> list[str]:
        script = f'digestfeed completion fish | source; complete -C "{line}"'
        ended = subprocess.run(  # noqa: S603 -- a shell of this machine
            [fish, "-c", script], capture_output=True, text=True, check=True
        )
        return ended.stdout.splitlines()

    assert [line.split("\t")[0] for line in offered("digestfeed expl")] == ["explain"]
    assert offered("digestfeed show 2412.1") == list(KEYS[:2])
    assert offered("digestfeed check --select D012,D033,bad-l")[0].startswith("D012,D033,bad-link\t")
    assert offered("digestfeed build --strict=bad-d")[0].startswith("--strict=bad-date\t")
    assert offered("digestfeed build dig")[0].startswith("digests/")
