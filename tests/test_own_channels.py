"""Channels of the config in a whole build: who is in them, since when, and that what was decided once stays."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from digestfeed.config import ChannelConfig, Config, FieldConfig
from tests.trees import item, run, tree, write_digest

LIKED = Config(channels=(ChannelConfig(slug="liked", title="Liked", min_votes=30, none=("robotics",)),))
ONCE, TWICE, NEVER, BARRED = "2411.00001", "2411.00002", "2411.00003", "2411.00004"


def entered(root: Path, slug: str = "liked") -> list[str]:
    """Give the papers of a feed, who entered last first: an entry's own date is the same in all feeds."""
    path = root / "out" / "feeds" / slug / "feed.json"
    found = json.loads(path.read_text("utf-8"))["items"] if path.exists() else []
    return [entry["id"][-len(ONCE) :] for entry in found]


def write(root: Path) -> None:
    barred = item(BARRED, labels="로봇공학", votes=90)
    write_digest(root / "digests", "2024-11-04.md", item(ONCE, votes=50), item(TWICE, votes=10), barred)
    write_digest(root / "digests", "2024-11-20.md", item(TWICE, votes=40), item(NEVER, votes=29))


def test_a_paper_enters_when_a_digest_shows_it_with_enough_votes(tmp_path: Path) -> None:
    write(tmp_path)
    run(tmp_path, LIKED)
    assert entered(tmp_path) == [TWICE, ONCE]


def test_it_stays_whatever_the_votes_do(tmp_path: Path) -> None:
    """Told by a build that remembers as by one that does not."""
    write(tmp_path)
    run(tmp_path, LIKED)
    write_digest(
        tmp_path / "digests", "2024-12-02.md", item(TWICE, votes=1), item(ONCE, votes=2), item(NEVER, votes=31)
    )
    run(tmp_path, LIKED)
    assert entered(tmp_path) == [NEVER, TWICE, ONCE]
    afresh = tree(tmp_path / "out")
    run(tmp_path, LIKED, out=tmp_path / "other", catalog=tmp_path / "other.sqlite3")
    assert tree(tmp_path / "other") == afresh


def test_a_digest_that_goes_takes_its_votes_with_it(tmp_path: Path) -> None:
    write(tmp_path)
    run(tmp_path, LIKED)
    (tmp_path / "digests" / "2024-11-20.md").unlink()
    run(tmp_path, LIKED)
    assert entered(tmp_path) == [ONCE]


def test_a_label_that_comes_to_mean_a_field_moves_papers_that_are_there(tmp_path: Path) -> None:
    """No digest changes, only the config: labelled papers by their labels, others by the words of their texts."""
    labelled = item(ONCE, labels="아무도 모르는 분야", votes=50)
    write_digest(
        tmp_path / "digests",
        "2024-11-04.md",
        labelled,
        item(TWICE, labels="", title="Knitted", summary="It is knitted.", votes=50),
    )
    run(tmp_path, LIKED)
    assert set(entered(tmp_path)) == {ONCE, TWICE}
    assert entered(tmp_path, "robotics") == []
    robotics = FieldConfig(aliases=("아무도 모르는 분야",), terms=("knitted",))
    config = msgspec.structs.replace(LIKED, fields={"robotics": robotics})
    run(tmp_path, config)
    assert set(entered(tmp_path, "robotics")) == {ONCE, TWICE}
    assert entered(tmp_path) == []
    run(tmp_path, config, out=tmp_path / "other", catalog=tmp_path / "other.sqlite3")
    assert tree(tmp_path / "other") == tree(tmp_path / "out")
