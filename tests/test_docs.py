"""The documentation: every block that can be run is run, those that are not say why, the tutorials do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TOP = ["README.md", "README.ko.md", "CONTRIBUTING.md", "benchmarks/README.md"]
PAGES = sorted([*DOCS.rglob("*.md"), *(ROOT / name for name in TOP)])
NAMES = [str(path.relative_to(ROOT)) for path in PAGES if path.exists()]
INDENTED = "indented"
TUTORIALS = ["docs/tutorial.md", "docs/ko/tutorial.md"]

RUN = {"bash", "python", "toml"}
"""The languages of blocks that a test below runs, wherever they stand."""

NOT_RUN = {
    "text": "a picture, a tree, what a program prints; or commands that need a superuser or an account elsewhere",
    "{toctree}": "Sphinx reads it",
    "{include}": "Sphinx reads it",
    ("CONTRIBUTING.md", "sh"): "`.ci/run` runs these targets, but for those that a release needs",
    ("README.md", "sh"): "`.ci/run` makes the targets; the path is an example",
    ("README.ko.md", "sh"): "as in README.md",
    ("benchmarks/README.md", "sh"): "minutes to hours",
    ("docs/data.md", "json"): "an example with gaps; test_render_data.py has the rules",
    ("docs/problems.md", INDENTED): "written by a tool; test_problems.py and test_diagnostics.py have the options",
    ("docs/problems.md", "sh"): "run by the tool that writes the page; test_problems.py compares it",
    ("docs/problems.md", "markdown"): "the same",
    ("docs/servers.md", "sh"): "for the superuser of a server; test_servers.py runs both servers with the files",
}
"""Why a block is not run, by its language, or by its page and its language."""


def all_blocks(name: str) -> list[tuple[str, str]]:
    """Give the blocks of a page, as CommonMark has them: language, text."""
    tokens = MarkdownIt().parse((ROOT / name).read_text("utf-8"))
    found = [token for token in tokens if token.type in {"fence", "code_block"}]
    return [((token.info.split() or [""])[0] if token.type == "fence" else INDENTED, token.content) for token in found]


def blocks(name: str, language: str) -> list[str]:
    """Give the blocks of a page that are in a language."""
    return [text for kind, text in all_blocks(name) if kind == language]


def test_each_block_is_run_or_says_why_not() -> None:
    there = {(name, language) for name in NAMES for language, _ in all_blocks(name)}
    unknown = {(name, language) for name, language in there if not {language, (name, language)} & {*RUN, *NOT_RUN}}
    assert unknown == set()
    used = {language for _, language in there} | there
    assert {key for key in NOT_RUN if key not in used} == set()


def bash(script: str, folder: Path) -> str:
    """Run a script as a reader would: `digestfeed` is on the PATH.

    A preview ends at once; to have found something, as `check` does and `status` does of digests that are old, is no
    failure here.
    """
    tools = folder / ".tools"
    tools.mkdir(exist_ok=True)
    program = tools / "digestfeed"
    run = f'"{sys.executable}" -m digestfeed "$@"'
    lines = ["#!/bin/bash", 'case "$1" in', "serve|watch) ;;", f"check|status) {run} || test $? = 1;;", f"*) {run};;"]
    program.write_text("\n".join([*lines, "esac\n"]), "utf-8")
    program.chmod(0o755)
    shell = shutil.which("bash")
    assert shell
    ended = subprocess.run(  # noqa: S603
        [shell, "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{script}\n{ended.stdout}{ended.stderr}"
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_does_what_it_says(name: str, tmp_path: Path) -> None:
    said = [bash("cd papers 2>/dev/null || true\n" + script, tmp_path) for script in blocks(name, "bash")]
    promised = blocks(name, "text")[0].strip()
    assert any(promised in one for one in said)
    assert "2024-11-12.md:6:6: D" in said[-1]
    assert "많음" in said[-1]
    out = tmp_path / "papers" / "out"
    pages = [path.read_text("utf-8") for path in (out / "papers" / "2411").glob("*.html")]
    assert len(pages) == 2
    assert any("어제도" not in page and "49" in page and page.count("2024-11-1") >= 2 for page in pages)
    assert (out / "feeds" / "image-generation" / "atom.xml").is_file()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TUTORIALS and blocks(name, "bash")])
def test_what_a_page_runs_runs(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "digests", tmp_path / "digests")
    for script in blocks(name, "bash"):
        bash(script.replace("/srv/www/papers", str(tmp_path / "www")), tmp_path)


@pytest.mark.parametrize("name", [name for name in NAMES if blocks(name, "python")])
def test_python_in_the_docs_runs(name: str, tmp_path: Path) -> None:
    (tmp_path / "digests").mkdir()
    shutil.copy(next((ROOT / "digests").glob("*.md")), tmp_path / "digests")
    (tmp_path / "digestfeed.toml").write_text('title = "x"\n', "utf-8")
    for script in blocks(name, "python"):
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)  # noqa: S603


@pytest.mark.parametrize("name", [name for name in NAMES if blocks(name, "toml")])
def test_toml_in_the_docs_is_a_config(name: str) -> None:
    from digestfeed.config import parse_config

    for text in blocks(name, "toml"):
        parse_config(name, text)


@pytest.mark.parametrize("name", ["README.md", "docs/output.md"])
def test_the_tree_that_is_shown_is_made(name: str, sample_sites: dict[str, Path]) -> None:
    (tree,) = [text for text in blocks(name, "text") if text.startswith("out/\n")]
    patterns = []
    for line in tree.splitlines()[1:]:
        first, *others = line.strip().split("  ")[0].split()
        folder = first.rstrip("/").rpartition("/")[0]
        patterns += [first, *(f"{folder}/{other}".lstrip("/") for other in others)]
    assert len(patterns) > 12
    for pattern in patterns:
        known = re.sub(r"<\w+>", "*", pattern).replace(
            "2024-12-1.xml", "2024-12-*.xml"
        )  # too few papers for a full one
        assert any(sample_sites["en"].glob(known.rstrip("/"))), pattern


@pytest.mark.parametrize("name", NAMES)
def test_links_within_the_docs_lead_somewhere(name: str) -> None:
    page = ROOT / name
    text = re.sub(r"^( *)```.*?^\1```$|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target
