"""The Python API: what it gives, and that it gives what the command line does."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

import digestfeed
from digestfeed import api, websub
from digestfeed.config import parse_config

DIGESTS = Path(__file__).parents[1] / "digests"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
    }


def test_build_reports_and_goes_on_where_it_was(tmp_path: Path) -> None:
    first = digestfeed.build(DIGESTS, tmp_path / "out", catalog=tmp_path / "c.sqlite3", now=NOW)
    again = digestfeed.build(DIGESTS, tmp_path / "out", catalog=tmp_path / "c.sqlite3", now=NOW)
    assert (first.papers, first.written) == (again.papers, first.documents)
    assert again.written == 0


def test_an_executor_of_ones_own_gives_the_same_bytes(tmp_path: Path) -> None:
    digestfeed.build(DIGESTS, tmp_path / "a", catalog=tmp_path / "a.sqlite3", now=NOW)
    with ThreadPoolExecutor(2) as executor:
        digestfeed.build(DIGESTS, tmp_path / "b", catalog=tmp_path / "b.sqlite3", now=NOW, executor=executor, jobs=2)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_papers_are_those_of_the_site(tmp_path: Path) -> None:
    digestfeed.build(DIGESTS, tmp_path / "out", catalog=tmp_path / "c.sqlite3", now=NOW)
    lines = [line for path in (tmp_path / "out").rglob("papers.jsonl") for line in path.read_bytes().splitlines()]
    found = list(digestfeed.papers(DIGESTS, now=NOW))
    assert len(found) == len(lines)
    assert found == sorted(found, key=lambda paper: (paper.published or 0, paper.key))


def test_a_text_is_parsed_as_written() -> None:
    parsed = digestfeed.parse_digest("제목: 새 모델\n요약: 새 모델을 제안한다.\n추천수: many\n", "2024-11-11.md")
    (item,) = parsed.digests[0].items
    assert (item.title, item.summary, item.votes) == ("새 모델", "새 모델을 제안한다.", None)
    assert [str(problem.where) for problem in parsed.problems] == ["2024-11-11.md:3:6"]


def test_strict_takes_codes_and_kinds(tmp_path: Path) -> None:
    (tmp_path / "digests").mkdir()
    (tmp_path / "digests" / "2024-11-11.md").write_text("제목: 새 모델\n요약: 제안한다.\n추천수: many\n", "utf-8")

    build = partial(digestfeed.build, tmp_path / "digests", tmp_path / "out", catalog=tmp_path / "c", now=NOW)
    with pytest.raises(digestfeed.RefusedError):
        build(strict=True)
    (problem,) = digestfeed.parse_digest("제목: 새 모델\n요약: 제안한다.\n추천수: many\n").problems
    with pytest.raises(digestfeed.RefusedError):
        build(strict=[problem.kind])
    build(strict=["bad-date"])


def test_what_a_build_changed_is_noted_for_the_hubs(tmp_path: Path) -> None:
    """As the command does: so `digestfeed ping` tells them."""
    (tmp_path / "digests").mkdir()
    (tmp_path / "digests" / "2024-11-11.md").write_text("제목: 새 모델\n요약: 제안한다.\n", "utf-8")
    build = partial(digestfeed.build, tmp_path / "digests", tmp_path / "out", now=NOW)
    build(catalog=tmp_path / "quiet" / "c")
    assert not websub.load_pending(websub.pending_path(tmp_path / "quiet" / "c")).feeds
    config = parse_config("x", 'feeds.hubs = ["https://hub.example.org/"]')
    report = build(catalog=tmp_path / "told" / "c", config=config)
    assert tuple(websub.load_pending(websub.pending_path(tmp_path / "told" / "c")).feeds) == report.changed_feeds
    assert report.changed_feeds


def test_a_config_that_cannot_be_used_says_where(tmp_path: Path) -> None:
    path = tmp_path / "digestfeed.toml"
    with pytest.raises(digestfeed.ConfigError, match="cannot read the config"):
        digestfeed.read_config(path)
    path.write_text("\ntitel = 'x'\n", "utf-8")
    with pytest.raises(digestfeed.ConfigError, match=r"digestfeed\.toml:2: titel: unknown key, did you mean title\?"):
        digestfeed.read_config(path)
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_text("title = 'x'\n", encoding)
        assert digestfeed.read_config(path).title == "x"


def test_each_name_is_offered_by_the_package() -> None:
    assert set(api.__all__) == digestfeed._API
    assert api.__all__ == sorted(api.__all__)
    for name in api.__all__:
        assert getattr(digestfeed, name) is getattr(api, name)
        assert getattr(api, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = digestfeed.nothing


def test_the_package_is_imported_without_its_api() -> None:
    program = "import sys, digestfeed; print('digestfeed.api' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert ended.stdout == "False\n"
