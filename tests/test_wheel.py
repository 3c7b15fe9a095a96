"""What is released: a wheel that holds all that the program reads and runs by itself, and the source, whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "digestfeed"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    (built,) = folder.glob("*.whl")
    return built


def test_a_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    there = {
        str(path.relative_to(PACKAGE.parent))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == there
    assert {Path(name).suffix for name in names} > {".py", ".html", ".css", ".toml", ".txt"}


def test_a_wheel_runs_by_itself(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")  # noqa: S202 -- made above
    (tmp_path / "digests").mkdir()
    (tmp_path / "digests" / "2024-11-11.md").write_text("제목: 새 모델\n요약: 새 모델을 제안한다.\n", "utf-8")
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "installed"), "PYTHONSAFEPATH": "1"}
    for words in (["build"], ["init", "--systemd"], ["--version"]):
        command = [sys.executable, "-m", "digestfeed", *words]
        ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)  # noqa: S603
        assert ended.returncode == 0, ended.stderr
    program = "import digestfeed; print(digestfeed.__file__)"
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)  # noqa: S603
    assert ended.stdout.startswith(str(tmp_path / "installed"))  # and not from the checkout
    assert (tmp_path / "out" / "assets" / "style.css").is_file()


def test_a_source_archive_holds_what_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("no repository tells what is kept")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    kept = {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert kept - names <= {"out/.gitignore"}  # the folder is made by a build
