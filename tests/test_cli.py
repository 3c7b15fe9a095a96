"""The command line: what goes in, what is printed where, and the exit code that a cron job sees."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from digestfeed import __version__
from digestfeed.cli import main
from digestfeed.write import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = """\
안녕하세요, 오늘의 논문입니다.

**제목**: YuLan-Mini: An Open Data-efficient Language Model

**요약**: 작은 모델을 적은 데이터로 학습한다.

**쉬운 설명**: 적게 먹고도 잘 크는 모델이다.

**관련분야**: 자연어 처리(NLP), 뜨개질

**추천수**: 42

**PDF 다운로드 링크**: [PDF 다운로드](https://arxiv.org/pdf/2412.17743)

---

**제목**: 새 소식

**요약**: 소식이 있다.

**링크**: https://news.example/a
"""

# Five faults: the heading's day, an id of a 13th month, no title, votes without a number, half a link.
FIVE = """\
## Daily Papers (2024-13-45)

**제목**: Of a thirteenth month

**요약**: 그런 달은 없다.

**PDF 다운로드 링크**: https://arxiv.org/pdf/2413.17742

---

**요약**: 제목이 없다.

**PDF 다운로드 링크**: https://arxiv.org/pdf/2412.17741

---

**제목**: Without a number

**요약**: 추천수가 비었다.

**추천수**:

**PDF 다운로드 링크**: https://arxiv.org/pdf/2412.17743

---

**제목**: With half a link

**요약**: 링크가 끝나지 않는다.

**PDF 다운로드 링크**: [PDF 다운로드](https://arxiv.org/pdf/2412.17744
"""
FIVE_PROBLEMS = [
    (1, "D012", "bad-date"),
    (7, "D033", "bad-arxiv-id"),
    (11, "D021", "missing-title"),
    (21, "D024", "empty-label"),
    (31, "D031", "broken-link"),
]
BY_CODE = sorted(FIVE_PROBLEMS, key=lambda problem: problem[1])
FIVE_CODES = [code for _, code, _ in FIVE_PROBLEMS]

CONFIG = """\
base_url = "https://papers.example.org/"
id_authority = "example.org,2024"
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with one good digest, the current one for the time of a test."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.chdir(tmp_path)
    digest(tmp_path, "2024-12-25.md", GOOD)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


def digest(home: Path, name: str, text: str) -> Path:
    """Write a digest."""
    path = home / "digests" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def run(*arguments: str, code: int = 0) -> Result:
    """Run a command that has to end with a code, and without a traceback."""
    result = CliRunner().invoke(main, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Give the files of a folder with their bytes and times."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


# -- build -------------------------------------------------------------------------------------------------


def test_a_build_needs_no_settings(home: Path) -> None:
    """It says where to look and what to set before publishing, on stderr; stdout is for data."""
    result = run("build")
    assert result.stdout == ""
    assert "1 digest, 2 items, 2 papers" in result.stderr
    assert "out/index.html" in result.stderr
    assert "base_url and id_authority" in result.stderr
    assert {"index.html", "feeds.opml", "status.json", "feeds/all/atom.xml"} <= snapshot(home / "out").keys()
    assert not list((home / "out").rglob("*.sqlite3*"))


def test_a_config_beside_the_digests_is_read(home: Path) -> None:
    """Then nothing has to be set any more, and every address is the site's."""
    (home / "digestfeed.toml").write_text(CONFIG, "utf-8")
    assert "to publish" not in run("build").stderr
    feed = (home / "out/feeds/all/atom.xml").read_text("utf-8")
    assert "https://papers.example.org/feeds/all/atom.xml" in feed
    assert "tag:example.org,2024:paper/2412.17743" in feed
    assert "127.0.0.1" not in feed


def test_options_say_where_everything_is(home: Path) -> None:
    """Digests, output, config, catalog and base URL, as cron would have them."""
    (home / "etc").mkdir()
    (home / "etc/my.toml").write_text(CONFIG, "utf-8")
    (home / "digests").rename(home / "elsewhere")
    run("build", "elsewhere", "-o", "srv/www", "-c", "etc/my.toml", "--base-url", "https://b.example/x")
    assert "https://b.example/x/feeds/all/atom.xml" in (home / "srv/www/feeds/all/atom.xml").read_text("utf-8")
    assert (home / "etc/.digestfeed/catalog.sqlite3").is_file()
    run("build", "elsewhere", "-o", "other", "--catalog", "cache/c.sqlite3", "-j", "1")
    assert (home / "cache/c.sqlite3").is_file()
    assert sorted(path.name for path in home.iterdir()) == ["cache", "elsewhere", "etc", "other", "srv"]


def test_a_second_build_writes_nothing(home: Path) -> None:
    """Not a byte, not a time: readers go on getting their 304."""
    run("build")
    before = snapshot(home / "out")
    assert "; 0 of " in run("build").stderr
    assert "; 0 of " in run("build", "--full").stderr
    assert snapshot(home / "out") == before


def test_quiet_prints_nothing_unless_something_is_wrong(home: Path) -> None:
    """Cron mails what is printed: a problem once, when its digest is read, and not every hour."""
    assert run("build", "-q").output == ""
    assert run("build", "-q").output == ""
    digest(home, "2024-12-26.md", FIVE)
    result = run("build", "-q")
    assert len(result.stderr.splitlines()) == len(FIVE_PROBLEMS)
    assert result.stdout == ""
    assert run("build", "-q").output == ""


def test_what_cannot_be_read_is_told_on_every_run(home: Path) -> None:
    """Also under `-q`: it stays wrong until somebody mends it."""
    (home / "digests/bad.md").write_bytes(b"\x80\x81\xff\xff")
    for _ in range(2):
        said = "digests/bad.md: D002 not-text: expected UTF-8 text, got bytes that are neither that nor CP949\n"
        assert run("build", "-q").stderr == said


def test_verbose_prints_every_problem_and_the_time(home: Path) -> None:
    """Also those of digests that did not change."""
    digest(home, "2024-12-26.md", FIVE)
    run("build", "-q")
    result = run("build", "-v")
    assert sum("2024-12-26.md" in line for line in result.stderr.splitlines()) == len(FIVE_PROBLEMS)
    assert "seconds: scan " in result.stderr


def test_verbose_says_what_is_done_with_each_file_and_why(home: Path) -> None:
    """What was read, written and removed; a control character in a name is told, not obeyed."""
    run("build", "-q")
    digest(home, "2025-01-02.md", GOOD.replace("2412.17743", "2501.00001"))
    digest(home, "bad\x1b[31m.md", GOOD)
    told = run("build", "-v").stderr
    assert "read digests/2025-01-02.md: it is new\n" in told
    assert "wrote out/papers/2501/2501.00001.html: it is new\n" in told
    assert "wrote out/feeds/all/atom.xml: its papers changed\n" in told
    assert "\x1b" not in told
    (home / "digests/2025-01-02.md").unlink()
    told = run("build", "-v").stderr
    assert "removed out/papers/2501/2501.00001.html: nothing is to be there any more\n" in told
    assert "read " not in told


def test_many_problems_are_summed_up(home: Path) -> None:
    """A build prints the first ones and how to see the rest."""
    for day in range(1, 9):
        digest(home, f"2025-01-{day:02}.md", FIVE)
    result = run("build", "-q")
    assert result.stderr.splitlines()[-1] == "… and 20 more problems: digestfeed check digests"
    assert len(result.stderr.splitlines()) == 21
    told = run("build", "-v").stderr
    assert len(re.findall(r"^digests/2025-01-\d\d\.md:\d+:\d+: D\d\d\d ", told, re.MULTILINE)) == 40


def test_the_report_is_data(home: Path) -> None:
    """Counts, problems and what changed, as JSON in a file of its own; the counts are those of `status.json`."""
    digest(home, "2024-12-26.md", FIVE)
    run("build", "-q", "--report", "report.json")
    report = json.loads((home / "report.json").read_text("utf-8"))
    status = json.loads((home / "out/status.json").read_text("utf-8"))
    assert [(p["where"]["line"], p["code"], p["kind"]) for p in report["problems"]] == FIVE_PROBLEMS
    assert [(p["line"], p["code"], p["kind"]) for p in status["problems"]] == FIVE_PROBLEMS
    assert report["problems_by_code"] == status["problems_by_code"] == dict.fromkeys(sorted(FIVE_CODES), 1)
    assert status["problems_by_kind"] == dict.fromkeys(sorted(kind for _, _, kind in FIVE_PROBLEMS), 1)
    assert all(report[name] == status[name] for name in ("digests", "items", "papers", "merged", "feeds"))
    assert report["digests"] == 2
    assert report["written"] == report["documents"] == len(snapshot(home / "out"))
    assert "feeds/all/atom.xml" in report["changed_feeds"]
    run("build", "-q", "--report", "report.json")
    again = json.loads((home / "report.json").read_text("utf-8"))
    assert (again["written"], again["changed_feeds"], again["fresh"]) == (0, [], [])
    assert again["papers"] == report["papers"]


def test_a_report_that_cannot_be_written_is_told() -> None:
    """In one line, and with a code that is not 0."""
    result = run("build", "-q", "--report", "gone/report.json", code=1)
    assert result.stderr == "digestfeed: gone/report.json: cannot write the report: No such file or directory\n"


# -- exit codes --------------------------------------------------------------------------------------------


def test_problems_in_digests_are_warnings(home: Path) -> None:
    """What can be read is published all the same."""
    digest(home, "2024-12-26.md", FIVE)
    said = run("build").stderr
    assert "\nproblems: " + ", ".join(f"1 {code} {kind}" for _, code, kind in BY_CODE) + "\n" in said
    assert (home / "out/papers/2412/2412.17744.html").is_file()


def test_strict_leaves_the_output_as_before(home: Path) -> None:
    """Any problem refuses all of it; a build that is not strict takes the digest in as if nothing had been."""
    run("build", "-q")
    before = snapshot(home / "out")
    digest(home, "2024-12-26.md", FIVE)
    result = run("build", "--strict", "-q", code=1)
    assert "5 problems in the digests" in result.stderr
    assert "the output is as before" in result.stderr
    assert snapshot(home / "out") == before
    run("build", "-q")
    assert snapshot(home / "out") != before
    (home / "digests/2024-12-26.md").unlink()
    run("build", "--strict", "-q")
    assert {path: data for path, (data, _) in snapshot(home / "out").items()} == {
        path: data for path, (data, _) in before.items()
    }


@pytest.mark.parametrize(
    ("strict", "refused"),
    [
        ("--strict=D012", True),
        ("--strict=d012,D001", True),
        ("--strict=bad-date", True),
        ("--strict=all", True),
        ("--strict=D001,D002,undated", False),
    ],
)
def test_strict_by_code(home: Path, strict: str, refused: bool) -> None:  # noqa: FBT001 -- a table
    """Only the problems named refuse; the others are warnings as ever."""
    run("build", "-q")
    before = snapshot(home / "out")
    digest(home, "2024-12-26.md", FIVE)
    result = run("build", strict, "-q", code=1 if refused else 0)
    assert (snapshot(home / "out") == before) == refused
    assert ("the output is as before" in result.stderr) == refused
    if refused and strict != "--strict=all":
        assert "1 problem in the digests, the first: digests/2024-12-26.md:1:18: D012 bad-date: " in result.stderr


def test_strict_alone_takes_no_argument(home: Path) -> None:
    """The folder behind it is that of the digests; behind `--` an argument may be called anything."""
    (home / "digests").rename(home / "D012")
    run("build", "--strict", "D012", "-q")
    (home / "D012").rename(home / "--strict")
    run("build", "-q", "-o", "other", "--full", "--", "--strict")
    assert (home / "other/index.html").is_file()


def test_what_the_config_ignores_is_not_told(home: Path) -> None:
    """Neither printed nor judged, and yet in the data, where programs choose for themselves."""
    digest(home, "2024-12-26.md", FIVE)
    (home / "digestfeed.toml").write_text('[check]\nignore = ["D012", "bad-arxiv-id", "D021", "D024"]\n', "utf-8")
    assert [line.split(": ")[1] for line in run("build", "-q").stderr.splitlines()] == ["D031 broken-link"]
    assert json.loads((home / "out/status.json").read_text("utf-8"))["problems_by_code"] == dict.fromkeys(
        sorted(FIVE_CODES), 1
    )
    run("build", "-q", "--full", "--strict=D012,D021")
    run("build", "-q", "--full", "--strict", code=1)
    result = run("check", code=1)
    assert re.findall(r": (D\d+) ", result.stdout) == ["D031"]
    assert result.stderr.splitlines()[0] == "2 digests, 6 items, 1 problem, 4 ignored"
    before = snapshot(home / "out")
    (home / "digestfeed.toml").write_text('[check]\nignore = ["all"]\n', "utf-8")
    assert run("build", "-q", "--full", "--strict").output == ""
    assert run("check").stdout == ""
    assert snapshot(home / "out") == before


@pytest.mark.parametrize("emptied", [True, False])
def test_without_digests_the_output_stays(home: Path, *, emptied: bool) -> None:
    """A folder that is suddenly empty, or gone as when a disk is not mounted, is no reason to remove everything."""
    run("build", "-q")
    before = snapshot(home / "out")
    (home / "digests/2024-12-25.md").unlink()
    if not emptied:
        (home / "digests").rmdir()
    result = run("build", code=1)
    assert result.stderr.startswith("digestfeed: ")
    assert len(result.stderr.splitlines()) == 1
    assert snapshot(home / "out") == before
    digest(home, "2024-12-25.md", GOOD)
    run("build", "-q")
    assert {path: data for path, (data, _) in snapshot(home / "out").items()} == {
        path: data for path, (data, _) in before.items()
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "--no-such-option"],
        ["build", "-j", "0"],
        ["build", "a", "b"],
        ["build", "-c", "gone.toml"],
        ["build", "-c", "digests"],
        ["build", "-c", "bad.toml"],
        ["build", "-c", "latin.toml"],
        ["build", "--base-url", "papers.example.org"],
        ["check", "-c", "gone.toml"],
        ["check", "--format", "xml"],
        ["check", "--select", "D999"],
        ["check", "--ignore", ""],
        ["check", "-c", "codes.toml"],
        ["build", "--strict=D999"],
        ["build", "--strict="],
        ["explain", "bad-dat"],
        ["fields", "-c", "bad.toml"],
        ["show"],
        ["show", "2412.17743", "-c", "gone.toml"],
        ["unknown"],
    ],
)
def test_wrong_usage_and_config_touch_nothing(home: Path, arguments: list[str]) -> None:
    """Exit 2, one sentence, and not even a folder is made."""
    (home / "bad.toml").write_text("titel = 'x'", "utf-8")
    (home / "codes.toml").write_text("[check]\nignore = ['bad-dat']", "utf-8")
    (home / "latin.toml").write_bytes(b"title = 'caf\xe9'")
    before = sorted(home.rglob("*"))
    result = run(*arguments, code=2)
    assert result.stdout == ""
    assert "Error: " in result.stderr or re.fullmatch(r"digestfeed: [^\n]+\n", result.stderr)
    assert sorted(home.rglob("*")) == before


def test_a_fault_of_the_config_names_file_and_key(home: Path) -> None:
    """So that it is found at once."""
    (home / "digestfeed.toml").write_text("[feeds]\nlatst = 3\n", "utf-8")
    said = "digestfeed: digestfeed.toml:2: feeds.latst: unknown key, did you mean latest?\n"
    assert run("build", code=2).stderr == said


def test_a_second_build_at_the_same_time_ends_with_75(home: Path) -> None:
    """It does not wait and touches nothing; when the first is done it builds."""
    run("build", "-q")
    before = snapshot(home)
    digest(home, "2024-12-26.md", FIVE)
    with Lock(home / "out"):
        assert "another run is using out" in run("build", "-q", code=75).stderr
    (home / "digests/2024-12-26.md").unlink()
    assert snapshot(home) == before
    run("build", "-q")


def test_an_output_that_is_a_file_is_one_line(home: Path) -> None:
    """And no traceback; what is there stays."""
    (home / "out").write_text("mine", "utf-8")
    result = run("build", code=1)
    assert re.fullmatch(r"digestfeed: out: [^\n]+\n", result.stderr)
    assert (home / "out").read_text("utf-8") == "mine"


def test_a_reader_that_goes_away_is_no_error_to_talk_about() -> None:
    """`digestfeed fields | head -1`: no traceback."""
    command = f'"{sys.executable}" -m digestfeed fields | head -1'
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert len(ended.stdout.splitlines()) == 1
    assert ended.stderr == ""


@pytest.mark.parametrize("arguments", [["--version"], ["-h"], ["build", "-h"], ["check", "--help"]])
def test_help_and_version(arguments: list[str]) -> None:
    """They are data: stdout, exit 0."""
    result = run(*arguments)
    assert result.stdout.strip()
    assert result.stderr == ""
    if arguments == ["--version"]:
        assert result.stdout == f"digestfeed, version {__version__}\n"


def test_the_module_is_the_command() -> None:
    """`python -m digestfeed` from anywhere."""
    command = [sys.executable, "-W", "error", "-m", "digestfeed", "check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == "1 digest, 2 items, 0 problems\n"


# -- check -------------------------------------------------------------------------------------------------


def test_five_faults_are_five_problems(home: Path) -> None:
    """Each is told once, by its place, with what was expected and what was got, and shown; then they are counted."""
    digest(home, "2024-12-26.md", FIVE)
    result = run("check", code=1)
    lines = result.stdout.splitlines()
    said = r"digests/2024-12-26\.md:(\d+):\d+: (D\d\d\d) ([a-z-]+): expected .+, got .+"
    found = [re.fullmatch(said, line) for line in lines[::3]]
    assert [(int(match[1]), match[2], match[3]) for match in found if match] == FIVE_PROBLEMS
    assert lines[:3] == [
        "digests/2024-12-26.md:1:18: D012 bad-date: expected a day that exists in the heading, got '2024-13-45'",
        "    1 | ## Daily Papers (2024-13-45)",
        "      |                  ^^^^^^^^^^",
    ]
    assert len(lines) == 3 * len(FIVE_PROBLEMS)
    counted = result.stderr.splitlines()
    assert counted[0] == "2 digests, 6 items, 5 problems"
    assert [tuple(line.split()[:3]) for line in counted[1:-1]] == [("1", code, kind) for _, code, kind in BY_CODE]
    assert counted[-1] == "what to do: digestfeed explain D012 D021 D024 D031 D033"


def test_a_first_item_without_a_title_is_not_titled_by_the_day(home: Path) -> None:
    """The heading above it is the digest's: the day counts, and the missing title is told."""
    digest(
        home,
        "papers.md",
        "## Daily Papers (2024-12-26)\n\n**요약**: 제목이 없다.\n\n**링크**: https://arxiv.org/abs/2412.17741\n",
    )
    said = run("check", code=1).stdout.splitlines()
    assert said[0] == "digests/papers.md:3:1: D021 missing-title: expected a title, got none"
    assert len(said) == 3
    assert "2024-12-26T00:00:00Z by heading" in run("show", "2412.17741").stdout


def test_five_faults_cost_only_themselves(home: Path) -> None:
    """The four items are all published: by file name where the heading has no day, by title where there is no id."""
    digest(home, "2024-12-26.md", FIVE)
    run("build", "-q")
    lines = (home / "out/archive/2024-12/papers.jsonl").read_text("utf-8").splitlines()
    papers = {paper["title"]: paper for paper in map(json.loads, lines)}
    assert papers.keys() == {
        "YuLan-Mini: An Open Data-efficient Language Model",
        "새 소식",
        "arXiv:2412.17741",
        "Of a thirteenth month",
        "With half a link",
    }
    assert papers["Of a thirteenth month"]["key"].startswith("item-")
    assert papers["With half a link"]["key"] == "2412.17744"
    assert papers["arXiv:2412.17741"]["published_basis"] == "file-name"
    merged = papers["YuLan-Mini: An Open Data-efficient Language Model"]
    assert [appearance["line"] for appearance in merged["appearances"]] == [3, 17]
    assert "Without a number" in merged["titles"]


def test_a_file_is_at_fault_once_for_its_name(home: Path) -> None:
    """However many dated sections it has."""
    section = "## Daily Papers (2024-12-0{})\n\n### [X](https://arxiv.org/abs/2411.0000{})\n\n- a\n\n"
    digest(home, "2024-12-45.md", "".join(section.format(day, day) for day in range(1, 4)))
    said = "digests/2024-12-45.md: D012 bad-date: expected a day that exists in the file name, got '2024-12-45'\n"
    assert run("check", code=1).stdout == said


def test_check_builds_nothing(home: Path) -> None:
    """Good digests: exit 0, nothing on stdout, nothing made."""
    result = run("check")
    assert result.stdout == ""
    assert result.stderr == "1 digest, 2 items, 0 problems\n"
    assert sorted(path.name for path in home.iterdir()) == ["digests"]


def test_check_as_json(home: Path) -> None:
    """One document with problems and chatter, also when there is nothing wrong."""
    assert json.loads(run("check", "--format", "json").stdout)["problems"] == []
    digest(home, "2024-12-26.md", FIVE)
    found = json.loads(run("check", "--format", "json", code=1).stdout)
    assert [(problem["line"], problem["code"], problem["kind"]) for problem in found["problems"]] == FIVE_PROBLEMS
    assert found["counts"] == dict.fromkeys(sorted(FIVE_CODES), 1)
    assert found["problems"][0] == {
        "code": "D012",
        "kind": "bad-date",
        "path": "digests/2024-12-26.md",
        "line": 1,
        "column": 18,
        "length": 10,
        "message": "expected a day that exists in the heading, got '2024-13-45'",
        "source": "## Daily Papers (2024-13-45)",
        "source_column": 1,
    }
    assert {problem["path"] for problem in found["problems"]} == {"digests/2024-12-26.md"}
    assert {"path": "digests/2024-12-25.md", "line": 1, "text": "안녕하세요, 오늘의 논문입니다."} in found["chatter"]


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (["--select", "D012,D033"], ["D012", "D033"]),
        (["--select", "bad-date"], ["D012"]),
        (["--ignore", "missing-title,D024"], ["D012", "D033", "D031"]),
        (["--select", "D012,D033", "--ignore", "D012"], ["D033"]),
        (["--select", "D001"], []),
        (["--ignore", "all"], []),
    ],
)
def test_check_for_some_problems(home: Path, arguments: list[str], codes: list[str]) -> None:
    """Exit 1 only for what was asked for; how many others there are is said."""
    digest(home, "2024-12-26.md", FIVE)
    result = run("check", *arguments, code=1 if codes else 0)
    assert re.findall(r"^digests/\S+ (D\d+) ", result.stdout, re.MULTILINE) == codes
    told = "1 problem" if len(codes) == 1 else f"{len(codes)} problems"
    assert result.stderr.splitlines()[0] == f"2 digests, 6 items, {told}, {5 - len(codes)} ignored"


def test_explain() -> None:
    """One kind by code or name, several, or the list of all."""
    by_code = run("explain", "D012").stdout
    assert by_code == run("explain", "bad-date").stdout
    assert by_code.startswith("D012 bad-date: a date or time that does not exist\n\n")
    assert "\n    ## Daily Papers (2024-11-31)\n" in by_code
    assert "\nWhat to do: " in by_code
    both = run("explain", "D033", "D012,D033").stdout
    assert [line for line in both.splitlines() if re.match(r"D\d\d\d ", line)] == [
        "D012 bad-date: a date or time that does not exist",
        "D033 bad-arxiv-id: a link to arXiv with an id that arXiv never gives",
    ]
    every = run("explain").stdout.splitlines()
    assert len(every) > 20
    assert all(re.match(r"D\d\d\d [a-z-]+ +[a-z]", line) for line in every)
    assert "did you mean bad-date?" in run("explain", "bad-dat", code=2).stderr


def test_check_as_github_annotations(home: Path) -> None:
    """A workflow command each, its values escaped; what is about the whole file is shown at its first line."""
    digest(home, "2024-12-26.md", FIVE)
    digest(home, "a,b%.md", "Nothing of an item, only talk.")
    lines = run("check", "--format", "github", code=1).stdout.splitlines()
    command = r"::warning file=([^,:]+),line=(\d+)(?:,col=\d+,endColumn=\d+)?,title=(D\d\d\d) ([a-z-]+)::(.+)"
    places = [re.fullmatch(command, line) for line in lines]
    assert all(places)
    found = [(match[1], int(match[2]), match[3], match[4]) for match in places if match]
    assert found == [
        *(("digests/2024-12-26.md", *problem) for problem in FIVE_PROBLEMS),
        ("digests/a%2Cb%25.md", 1, "D008", "no-digest"),
    ]
    assert lines[0].startswith("::warning file=digests/2024-12-26.md,line=1,col=18,endColumn=28,title=D012 bad-date::")
    assert lines[4].endswith("::expected [text](URL), got '[PDF 다운로드](https://arxiv.org/pdf/2412.17744'")


def test_what_cannot_be_read_is_checked_too(home: Path) -> None:
    """Files and names that are no digests for other reasons than their text."""
    (home / "digests/bad.md").write_bytes(b"\x80\x81\xff\xff")
    (home / "digests" / os.fsdecode(b"\xff.md")).write_bytes(b"")
    lines = run("check", code=1).stdout.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["digests/\\udcff.md", "digests/bad.md"]


# -- fields and show ---------------------------------------------------------------------------------------


def test_fields(home: Path) -> None:
    """Each field with its papers and the labels that lead to it, then the labels that lead to none."""
    (home / "digestfeed.toml").write_text("[fields.knitting]\nname = 'Knitting'\nname_ko = '공예'\n", "utf-8")
    lines = run("fields").stdout.splitlines()
    assert any(
        re.match(r" +1  natural-language-processing +자연어 처리.*<- 자연어 처리\(NLP\) 1", line) for line in lines
    )
    assert any(re.match(r" +0  knitting +공예$", line) for line in lines)
    assert [line for line in lines if line.startswith("no field: 뜨개질 (1")]
    (home / "digestfeed.toml").write_text(
        "language = 'en'\n[fields.knitting]\nname = 'Knitting'\naliases = ['뜨개질']\n", "utf-8"
    )
    english = run("fields").stdout
    assert re.search(r"1  knitting +Knitting  <- 뜨개질 1", english)
    assert "no field: " not in english


@pytest.mark.parametrize(
    "paper_id",
    [
        "2412.17743",
        "arXiv:2412.17743v2",
        "https://arxiv.org/abs/2412.17743",
        "https://huggingface.co/papers/2412.17743",
    ],
)
def test_show(home: Path, paper_id: str) -> None:
    """A paper by id or link, and each appearance with file and line."""
    digest(home, "2024-12-26.md", FIVE)
    lines = run("show", paper_id).stdout.splitlines()
    rows = dict(re.split(r": +", line, maxsplit=1) for line in lines[:-2])
    assert rows["key"] == "2412.17743"
    assert rows["title"] == "YuLan-Mini: An Open Data-efficient Language Model"
    assert rows["also titled"] == "Without a number"
    assert rows["published"] == "2024-12-25T00:00:00Z by file-name"
    assert "estimated from the arXiv id" in rows["submitted"]
    assert (rows["votes"], rows["pdf"]) == ("42", "https://arxiv.org/pdf/2412.17743")
    assert lines[-2] == "digests/2024-12-25.md:3: 2024-12-25 by file-name, 42 votes; has title, summary, easy_summary"
    assert lines[-1] == "digests/2024-12-26.md:17: 2024-12-26 by file-name; has title, summary"


def test_show_news(home: Path) -> None:
    """What has no arXiv id is shown by its key, which the data files give."""
    run("build", "-q")
    lines = (home / "out/archive/2024-12/papers.jsonl").read_text("utf-8").splitlines()
    key = next(paper["key"] for paper in map(json.loads, lines) if paper["key"].startswith("item-"))
    shown = run("show", key).stdout
    assert re.search(r"title: +새 소식\n", shown)
    assert re.search(r"source: +https://news.example/a\n", shown)
    assert re.search(r"submitted: +unknown\n", shown)


def test_show_of_what_is_in_no_digest() -> None:
    """Exit 1, and nothing on stdout."""
    result = run("show", "2412.00001", code=1)
    assert result.stdout == ""
    assert result.stderr == "digestfeed: 2412.00001: in no digest of digests\n"


@pytest.mark.parametrize("command", ["check", "fields", "show"])
def test_other_commands_need_digests_too(command: str) -> None:
    """A folder that is not there is exit 1, in one line."""
    arguments = ["2412.17743"] if command == "show" else []
    result = run(command, *arguments, "gone", code=1)
    hint = "there are files named as digests in digests: name that folder"
    assert (result.stdout, result.stderr) == ("", f"digestfeed: gone: no such folder of digests; {hint}\n")


def test_a_digest_does_not_steer_the_terminal(home: Path) -> None:
    """Controls and marks of direction that a digest brings are printed as escapes, whatever prints them."""
    text = GOOD.replace("YuLan", "\x1b]0;owned\x07\u202eYuLan").replace("뜨개질", "\x1b[31m뜨개\u2066질")
    digest(home, "2024-12-25.md", text.replace("42", "\x1bmany\u202e"))
    outputs = [
        run("check", code=1).output,
        run("fields").output,
        run("show", "2412.17743").output,
        run("build", "-v").output,
        run("build", "--strict", "--full", code=1).output,
    ]
    for output in outputs:
        assert all(char.isprintable() or char == "\n" for char in output)


@pytest.mark.parametrize("name", ["five-faults.md", "five-faults-english.md"])
def test_each_fault_is_told_once(home: Path, name: str) -> None:
    """Five faults of a digest are five problems: what follows from one is not told beside it."""
    text = (FilePath(__file__).parent / "cases" / "check" / name).read_text("utf-8")
    digest(home, name, text)
    result = CliRunner().invoke(main, ["check"])
    assert sorted(re.findall(r"^digests/\S+ (D\d\d\d) ", result.stdout, re.MULTILINE)) == sorted(FIVE_CODES)
    assert result.exit_code == 1
