"""What a monitor is told: how old the newest digest is, and an exit code that it can go by."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from click.testing import CliRunner

from digestfeed import cli
from digestfeed.cli import looking
from digestfeed.errors import OutputError
from digestfeed.pipeline.monitor import seen
from tests.trees import item, run, write_digest

TODAY = dt.date(2025, 2, 20)


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site whose newest digest is three days old."""
    monkeypatch.setattr(looking, "today", lambda _config: TODAY)
    write_digest(tmp_path / "digests", "2025-02-17.md", item("2502.00001"), item("2502.00002"), "**요약**:\n")
    write_digest(tmp_path / "digests", "2025-02-01.md", item("2502.00001"))
    run(tmp_path)
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("options", "code"),
    [((), 0), (("--max-age", "3"), 0), (("--max-age", "9999"), 0), (("--max-age", "2"), 1), (("--max-age", "0"), 1)],
)
def test_an_age_that_is_too_great_ends_with_1(out: Path, options: tuple[str, ...], code: int) -> None:
    """And is said on stderr; the counts are data."""
    ended = CliRunner().invoke(cli.main, ["status", str(out), *options])
    assert ended.exit_code == code
    assert ended.output.startswith("2 papers of 2 digests, the newest of 2025-02-17, 3 days ago; ")
    assert ("expected a digest of the last" in ended.output) == (code == 1)


def test_a_site_without_dates_is_stale(tmp_path: Path) -> None:
    """It is not known how old it is."""
    write_digest(tmp_path / "digests", "notes.md", item("2502.00001"))
    run(tmp_path)
    found = seen("status.json", (tmp_path / "out" / "status.json").read_bytes())
    assert (found.age(TODAY), found.is_stale(TODAY, 9999)) == (None, True)
    ended = CliRunner().invoke(cli.main, ["status", str(tmp_path / "out")])
    assert "none has a date" in ended.output


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"<html>", b'{"papers": "many"}', b"\xff", b"9" * 5000])
def test_what_is_no_status_is_one_line(out: Path, data: bytes) -> None:
    """And exit code 1, so that a monitor notices."""
    (out / "status.json").write_bytes(data)
    ended = CliRunner().invoke(cli.main, ["status", str(out)])
    assert ended.exit_code == 1
    assert ended.output.count("\n") == 1
    with pytest.raises(OutputError):
        seen("status.json", data)


def test_a_site_that_is_not_built_is_one_line(tmp_path: Path) -> None:
    """And exit code 1."""
    ended = CliRunner().invoke(cli.main, ["status", str(tmp_path / "none")])
    assert ended.exit_code == 1
    assert "build the site first" in ended.output


def test_the_future_is_not_stale(out: Path) -> None:
    """A clock that is behind makes no alarm."""
    found = seen("status.json", (out / "status.json").read_bytes())
    assert not found.is_stale(dt.date(2025, 1, 1), 0)
