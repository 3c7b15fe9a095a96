"""What `init` writes: configs that can be read, and recipes that cron, systemd and the forges would take."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from digestfeed import __version__, recipes
from digestfeed.cli import main
from digestfeed.config import parse_config

PLAIN = recipes.Facts(
    folder="/srv/papers",
    program="/srv/papers/.venv/bin/digestfeed",
    user="papers",
    digests="digests",
    title="AI papers",
    description="New papers.",
    language="en",
    timezone="Europe/Berlin",
    base_url="https://papers.example.org/",
    authority="papers.example.org,2026",
    requirement="digestfeed @ git+https://git.example.org/digestfeed@0123abc",
)
AWKWARD = msgspec.structs.replace(
    PLAIN,
    folder="/srv/my 100% papers",
    program='/srv/my 100% papers/$x"/digestfeed',
    digests="day's digests: all #1",
    title='"Papers" of 100% — 논문 \\o/',
    base_url=None,
    authority=None,
    requirement="digestfeed==1.0",
)
ALL = ("config", "cron", "systemd", "github", "gitlab", "docker")


@pytest.fixture(params=[PLAIN, AWKWARD], ids=["plain", "awkward"])
def facts(request: pytest.FixtureRequest) -> recipes.Facts:
    given: recipes.Facts = request.param
    return given


def written(facts: recipes.Facts, *names: str) -> dict[str, str]:
    files = recipes.write_recipes(names, facts)
    assert not [path for path, text in files.items() if any(f"@{word}@" in text for word in ("FOLDER", "DIGESTS"))]
    return files


def test_the_config_says_what_was_found(facts: recipes.Facts) -> None:
    config = parse_config("digestfeed.toml", written(facts, "config")["digestfeed.toml"])
    assert (config.title, config.language, config.timezone) == (facts.title, facts.language, facts.timezone)
    assert config.is_preview == (facts.base_url is None)
    if facts.base_url:
        assert (config.base_url, config.id_authority) == (facts.base_url, facts.authority)


def test_what_the_config_comments_out_can_be_used() -> None:
    text = written(PLAIN, "config")["digestfeed.toml"]
    assert parse_config("digestfeed.toml", text).channels == ()
    opened = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    config = parse_config("digestfeed.toml", opened)
    assert [channel.slug for channel in config.channels] == ["llm-hot"]
    assert config.fields["robotics"].aliases
    assert config.feeds.hubs


def test_the_crontab_line_runs_a_build(facts: recipes.Facts) -> None:
    lines = [line for line in written(facts, "cron")["deploy/crontab"].splitlines() if line[0] != "#"]
    assert len(lines) == 1
    *when, command = lines[0].split(maxsplit=5)
    assert when == ["15", "*", "*", "*", "*"]
    assert "%" not in command.replace(r"\%", "")  # crontab(5): a bare one ends the command
    words = shlex.split(command.replace(r"\%", "%"))
    assert words == ["cd", facts.folder, "&&", facts.program, "build", facts.digests, "-q"]


@pytest.mark.skipif(shutil.which("crontab") is None, reason="crontab is not there")
def test_crontab_takes_the_line(facts: recipes.Facts, tmp_path: Path) -> None:
    place = tmp_path / "crontab"
    place.write_text(written(facts, "cron")["deploy/crontab"], "utf-8")
    assert run(["crontab", "-n", str(place)])[0] == 0
    place.write_text(place.read_text("utf-8").replace("15 *", "75 *"), "utf-8")
    assert run(["crontab", "-n", str(place)])[0] != 0  # so it does look


@pytest.mark.parametrize("folder", ["papers", 'my 100% "papers" $HOME \\% of it'])
def test_what_cron_hands_to_a_shell_is_the_build(folder: str, tmp_path: Path) -> None:
    project = tmp_path / folder
    (project / "bin").mkdir(parents=True)
    program = project / "bin" / "digestfeed"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$PWD" "$@" > said\n', "utf-8")
    program.chmod(0o755)
    facts = msgspec.structs.replace(AWKWARD, folder=str(project), program=str(program))
    line = written(facts, "cron")["deploy/crontab"].splitlines()[-1]
    command, *stdin = re.split(r"(?<!\\)%", line.split(maxsplit=5)[5])  # crontab(5): what follows is standard input
    assert not stdin
    assert run(["/bin/sh", "-c", command.replace(r"\%", "%")])[0] == 0
    assert (project / "said").read_text("utf-8").splitlines() == [str(project), "build", AWKWARD.digests, "-q"]


def run(command: list[str]) -> tuple[int, str]:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not there")
def test_systemd_takes_the_units(facts: recipes.Facts, tmp_path: Path) -> None:
    folder = tmp_path / Path(facts.folder).name
    (folder / "bin").mkdir(parents=True)
    program = shutil.copy("/bin/true", folder / "bin" / Path(facts.program).name)
    there = msgspec.structs.replace(facts, program=str(program), folder=str(folder))
    for path, text in written(there, "systemd").items():
        (tmp_path / Path(path).name).write_text(text, "utf-8")
    names = ["digestfeed.service", "digestfeed.timer"]
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in names)]
    _, said = run(command)
    assert [line for line in said.splitlines() if "digestfeed" in line] == []


def test_a_unit_quotes_what_systemd_would_replace() -> None:
    service = written(AWKWARD, "systemd")["deploy/digestfeed.service"]
    assert (
        r'ExecStart="/srv/my 100%% papers/$$x\"/digestfeed" build "day\'s digests: all #1" -q'.replace(r"\'", "'")
        in service
    )
    assert "WorkingDirectory=/srv/my 100%% papers\n" in service
    assert 'ReadWritePaths="/srv/my 100%% papers"\n' in service
    facts = msgspec.structs.replace(PLAIN, digests="day's")
    assert """/digestfeed build "day's" -q""" in written(facts, "systemd")["deploy/digestfeed.service"]


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_the_forges_get_yaml_that_builds(facts: recipes.Facts, name: str) -> None:
    yaml = pytest.importorskip("yaml")
    files = written(facts, name)
    path = {"github": ".github/workflows/digestfeed.yml", "gitlab": ".gitlab-ci.yml"}[name]
    found = yaml.safe_load(files[path])
    steps = found["jobs"]["publish"]["steps"] if name == "github" else found["pages"]["script"]
    scripts = [step.get("run", "") if isinstance(step, dict) else step for step in steps]
    built = [shlex.split(line) for script in scripts for line in script.splitlines() if "digestfeed build" in line]
    assert [words[:3] for words in built] == [["digestfeed", "build", facts.digests]]
    assert ("--base-url" in built[0]) == (facts.base_url is None)
    assert files["requirements.txt"].splitlines()[-1] == facts.requirement
    assert "/.digestfeed/" in files[".gitignore"]


@pytest.mark.parametrize(
    ("name", "path", "schema"),
    [
        ("github", ".github/workflows/digestfeed.yml", "vendor.github-workflows"),
        ("gitlab", ".gitlab-ci.yml", "vendor.gitlab-ci"),
    ],
)
def test_the_forges_schemas_take_the_yaml(
    facts: recipes.Facts, name: str, path: str, schema: str, tmp_path: Path
) -> None:
    pytest.importorskip("check_jsonschema")
    place = tmp_path / "ci.yml"
    place.write_text(written(facts, name)[path], "utf-8")
    code, said = run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(place)])
    assert code == 0, said


def beside(name: str) -> str:
    """Find a program that a package of the test group brought along, or the system has."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return found or pytest.skip(f"{name} is not there")


# What is found and meant: GitHub's own actions are asked for by their major version, so that they are kept up without
# the owner of a few digests doing anything.
ZIZMOR = "rules:\n  unpinned-uses:\n    config:\n      policies:\n        actions/*: ref-pin\n"


def test_an_audit_of_the_workflow_finds_nothing(facts: recipes.Facts, tmp_path: Path) -> None:
    text = written(facts, "github")[".github/workflows/digestfeed.yml"]
    (tmp_path / "zizmor.yml").write_text(ZIZMOR, "utf-8")
    place = tmp_path / "digestfeed.yml"
    place.write_text(text, "utf-8")
    command = [beside("zizmor"), "--offline", "--no-progress", "--config", str(tmp_path / "zizmor.yml"), str(place)]
    code, said = run(command)
    assert code == 0, said
    place.write_text(text.replace("          persist-credentials: false\n", "          fetch-depth: 1\n"), "utf-8")
    assert "artipacked" in run(command)[1]  # so it does look


def test_a_linter_takes_the_dockerfile(facts: recipes.Facts, tmp_path: Path) -> None:
    place = tmp_path / "Dockerfile"
    place.write_text(written(facts, "docker")["Dockerfile"], "utf-8")
    command = [beside("hadolint"), "--no-color", str(place)]
    code, said = run(command)
    assert code == 0, said
    place.write_text(place.read_text("utf-8").replace("--no-cache-dir ", "").replace("CMD [", "CMD [,"), "utf-8")
    assert run(command)[0] != 0  # so it does look


def test_the_image_runs_a_build(facts: recipes.Facts) -> None:
    lines = written(facts, "docker")["Dockerfile"].splitlines()
    command = next(line for line in lines if line.startswith("CMD "))
    assert json.loads(command.removeprefix("CMD ")) == ["build", facts.digests, "-q"]


@pytest.mark.parametrize(
    ("config", "cname", "url"),
    [
        ('[remote "origin"]\n\turl = git@github.com:Ann/papers.git\n', "", "https://ann.github.io/papers/"),
        ('[remote "origin"]\n\turl = https://github.com/ann/ann.github.io\n', "", "https://ann.github.io/"),
        ('[remote "origin"]\n\turl = https://gitlab.com/ann/papers.git\n', "", "https://ann.gitlab.io/papers/"),
        ('[remote "origin"]\n\turl = https://git.example.org/ann/papers\n', "", None),
        ('[remote "other"]\n\turl = git@github.com:ann/papers.git\n', "", None),
        ("", "Papers.Example.org\n", "https://papers.example.org/"),
        ("", "<script>", None),
        ("", "", None),
    ],
)
def test_where_a_repository_is_hosted(config: str, cname: str, url: str | None) -> None:
    assert recipes.hosted_at(config, cname) == url


SUMMARY = {
    "ko": "제목: 새로운 모델\n요약: 이 논문은 새로운 모델을 제안하고 실험으로 보인다.\n",
    "en": "### [A new model](https://arxiv.org/abs/2411.00001)\nVote: 3\n\nThis paper proposes a new model of text.\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    return tmp_path


@pytest.mark.parametrize(("language", "zone"), [("ko", "Asia/Seoul"), ("en", "UTC")])
def test_init_finds_digests_and_their_language(project: Path, language: str, zone: str) -> None:
    (project / "notes").mkdir()
    (project / "notes" / "2024-11-11.md").write_text(SUMMARY[language], "utf-8")
    (project / "empty").mkdir()
    ended = CliRunner().invoke(main, ["init", "--cron"])
    assert ended.exit_code == 0, ended.output
    config = tomllib.loads((project / "digestfeed.toml").read_text("utf-8"))
    assert (config["language"], config["timezone"]) == (language, zone)
    assert " build notes -q" in (project / "deploy" / "crontab").read_text("utf-8")
    assert "build notes" in ended.output


def test_init_overwrites_nothing(project: Path) -> None:
    (project / "digestfeed.toml").write_text("title = 'mine'\n", "utf-8")
    ended = CliRunner().invoke(main, ["init", "--docker"])
    assert ended.exit_code == 0
    assert (project / "digestfeed.toml").read_text("utf-8") == "title = 'mine'\n"
    assert "digestfeed.toml: is there already, left alone" in ended.output
    assert (project / "Dockerfile").is_file()


def test_init_builds_and_a_forge_tells_where(project: Path) -> None:
    (project / "digests").mkdir()
    (project / "digests" / "2024-11-11.md").write_text(SUMMARY["ko"], "utf-8")
    (project / ".git").mkdir()
    (project / ".git" / "config").write_text('[remote "origin"]\n url = git@github.com:ann/papers\n', "utf-8")
    assert CliRunner().invoke(main, ["init", "--github"]).exit_code == 0
    assert CliRunner().invoke(main, ["build", "-q"]).output == ""
    feed = (project / "out" / "feeds" / "all" / "atom.xml").read_text("utf-8")
    assert "https://ann.github.io/papers/" in feed
    assert "tag:ann.github.io," in feed


def test_init_refuses_what_the_config_would(project: Path) -> None:
    for url in ("papers.example.org", "http://[", "https://me@papers.example.org/"):
        ended = CliRunner().invoke(main, ["init", "--base-url", url])
        assert (ended.exit_code, ended.output.count("\n")) == (2, 1), url
    assert list(project.iterdir()) == []


def test_init_writes_a_title_on_one_line(project: Path) -> None:
    """Whatever bytes the shell handed over."""
    ended = CliRunner().invoke(main, ["init", "--title", "My\npapers \udcff", "--systemd"])
    assert ended.exit_code == 0, ended.output
    assert tomllib.loads((project / "digestfeed.toml").read_text("utf-8"))["title"] == "My papers �"
    assert "Build My papers � every hour\n" in (project / "deploy" / "digestfeed.timer").read_text("utf-8")


@pytest.mark.parametrize("named", ["notes", "notes/", "./notes", "{project}/notes"])
def test_init_writes_a_folder_relative_to_the_project(project: Path, named: str) -> None:
    (project / "notes").mkdir()
    (project / "notes" / "2024-11-11.md").write_text(SUMMARY["ko"], "utf-8")
    ended = CliRunner().invoke(main, ["init", "--github", named.format(project=project)])
    assert "notes/: 1 digest\n" in ended.output
    assert 'paths: ["notes/**", ' in (project / ".github" / "workflows" / "digestfeed.yml").read_text("utf-8")


def test_init_needs_no_name_of_the_user(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may run as a number that nobody is called by."""

    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr("getpass.getuser", nobody)
    assert CliRunner().invoke(main, ["init", "--systemd"]).exit_code == 0
    assert f"User={os.getuid()}\n" in (project / "deploy" / "digestfeed.service").read_text("utf-8")


@pytest.mark.parametrize(
    ("noted", "requirement", "is_said"),
    [
        (None, f"digestfeed=={__version__}", False),
        ({"url": "file:///src/digestfeed", "dir_info": {}}, f"digestfeed=={__version__}", True),
        ({"url": "https://example.org/d.whl", "archive_info": {}}, "digestfeed @ https://example.org/d.whl", False),
        (
            {"url": "https://example.org/d", "vcs_info": {"vcs": "git", "commit_id": "0123abc"}},
            "digestfeed @ git+https://example.org/d@0123abc",
            False,
        ),
    ],
)
def test_init_writes_where_pip_finds_it(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    noted: dict[str, object] | None,
    requirement: str,
    is_said: bool,  # noqa: FBT001
) -> None:
    """By PEP 610; what came from a folder of this machine no other can install, and `init` says so."""

    class Installed:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return json.dumps(noted) if noted else None

    monkeypatch.setattr(metadata, "distribution", lambda _: Installed())
    ended = CliRunner().invoke(main, ["init", "--docker"])
    note, written_requirement = (project / "requirements.txt").read_text("utf-8").splitlines()
    assert written_requirement == requirement
    assert ("requirements.txt: digestfeed==" in ended.output) == is_said
    assert ("published nowhere" in note) == is_said
