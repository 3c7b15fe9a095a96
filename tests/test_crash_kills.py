"""Builds that are killed at any moment: readers see whole files and all of them, the next build repairs everything.

`DIGESTFEED_KILLS=1000` kills as many; `DIGESTFEED_SEED` chooses the moments, `DIGESTFEED_DAYS` how many digests
there are: from 400 on processes read them too.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crash.kills import Campaign
from tests.crash.reader import Expected, Seen, expected, look

KILLS = int(os.environ.get("DIGESTFEED_KILLS", "20"))
DAYS = int(os.environ.get("DIGESTFEED_DAYS", "130"))
SEED = int(os.environ.get("DIGESTFEED_SEED", "2026"))


def test_killed_builds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing torn, nothing missing, nothing left behind, and in the end what undisturbed builds would have made."""
    tally = Campaign(tmp_path, SEED, DAYS).go(KILLS)
    with capsys.disabled():
        print(f"\n{tally}")  # noqa: T201 -- the figures
    assert tally.seen.faults == []
    assert tally.unequal == []
    assert tally.words == []
    assert tally.kills == KILLS
    assert tally.publishing
    assert tally.seen.passes > KILLS


@pytest.mark.parametrize(
    ("path", "data", "fault"),
    [
        ("a.xml", b"<a></a>", None),
        ("a.xml", b"<b/>", None),
        ("a.xml", b"<a></", "torn"),
        ("a.xml", b"", "torn"),
        ("a.xml", b"<b/><b/>", "torn"),
        ("a.xml", None, "missing"),
        ("new.json", b"[]", None),
        ("new.json", b"[", "torn"),
        ("broken.json", b"[1", "torn"),
        ("broken.html", b"<p>", "torn"),
        ("other.txt", b"", "foreign"),
        (".staging/x", b"", None),
    ],
)
def test_the_reader_sees_what_is_wrong(tmp_path: Path, path: str, data: bytes | None, fault: str | None) -> None:
    """It knows each version, what must be there, and what does not parse."""
    old = {"a.xml": b"<a></a>"}
    new = {"a.xml": b"<b/>", "new.json": b"[]", "broken.json": b"[1", "broken.html": b"<p>"}
    (tmp_path / "a.xml").write_bytes(old["a.xml"])
    (tmp_path / path).parent.mkdir(exist_ok=True)
    if data is None:
        (tmp_path / path).unlink()
    else:
        (tmp_path / path).write_bytes(data)
    seen = Seen()
    look(tmp_path, expected(old, new), seen, set())
    found = [name for name in ("torn", "missing", "foreign") if getattr(seen, name)]
    assert found == ([fault] if fault else [])


def test_nothing_is_expected_of_no_output(tmp_path: Path) -> None:
    """A folder that is not there yet is no fault, unless something must be in it."""
    seen = Seen()
    look(tmp_path / "out", Expected({}, set()), seen, set())
    assert (seen.passes, seen.faults) == (1, [])
    look(tmp_path / "out", Expected({"a": {"1"}}, {"a"}), seen, set())
    assert seen.missing == ["a"]
