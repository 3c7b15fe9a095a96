"""The documentation: every block that can be run is run, and the tutorials do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "README.ko.md", ROOT / "CONTRIBUTING.md"])
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
NAMES = [str(path.relative_to(ROOT)) for path in PAGES if path.exists()]


def blocks(name: str, language: str) -> list[str]:
    """Give the blocks of a page that are in a language."""
    return [text for kind, text in BLOCK.findall((ROOT / name).read_text("utf-8")) if kind == language]


def bash(script: str, folder: Path) -> str:
    """Run a script as a reader would: `digestfeed` is on the PATH, a preview ends at once."""
    tools = folder / ".tools"
    tools.mkdir(exist_ok=True)
    program = tools / "digestfeed"
    serve = 'case "$1" in serve|watch) exit 0;; esac'
    program.write_text(f'#!/bin/bash\n{serve}\nexec "{sys.executable}" -m digestfeed "$@"\n', "utf-8")
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


@pytest.mark.parametrize("name", ["docs/tutorial.md", "docs/ko/tutorial.md"])
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


HOW_TOS = [name for name in NAMES if name.startswith("docs/howto/") and blocks(name, "bash")]


@pytest.mark.parametrize("name", HOW_TOS)
def test_what_a_how_to_runs_runs(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "digests", tmp_path / "digests")
    for script in blocks(name, "bash"):
        if "max-age" in script:  # these digests are old
            script = f"{script.strip()} || test $? = 1"  # noqa: PLW2901
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


@pytest.mark.parametrize("name", NAMES)
def test_links_within_the_docs_lead_somewhere(name: str) -> None:
    page = ROOT / name
    text = re.sub(r"^( *)```.*?^\1```$|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target
