"""Small digest trees and builds of them, for tests of whole runs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from digestfeed.config import Config
from digestfeed.pipeline.build import build
from digestfeed.pipeline.report import Report
from digestfeed.pipeline.session import Options

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def item(paper_id: str, *, title: str = "", summary: str = "", labels: str = "컴퓨터 비전", votes: int = 1) -> str:
    """Write one item in the plainest form."""
    fields = f"**관련분야**: {labels}\n" if labels else ""
    return (
        f"## 제목: {title or 'Paper ' + paper_id}\n**요약**: {summary or 'What ' + paper_id + ' says.'}\n"
        f"{fields}**추천수**: {votes}\n"
        f"**PDF 다운로드 링크**: [PDF 다운로드](https://arxiv.org/pdf/{paper_id})\n---\n\n"
    )


def write_digest(folder: Path, name: str, *items: str) -> Path:
    """Write a digest of some items."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(items), "utf-8")
    return path


def run(root: Path, config: Config | None = None, **options: object) -> Report:
    """Build `root`/digests into `root`/out, in this process."""
    known = {
        "digests": root / "digests",
        "out": root / "out",
        "catalog": root / "catalog" / "catalog.sqlite3",
        "config": config or Config(),
        "now": NOW,
        "jobs": 1,
        **options,
    }
    return build(Options(**known))  # type: ignore[arg-type]


def tree(folder: Path) -> dict[str, bytes]:
    """Give the files of an output, hidden ones too: path → bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def times(folder: Path) -> dict[str, int]:
    """Give when each file of an output was last written, and its inode's number: path → both."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns * 1000 + path.stat().st_ino % 1000
        for path in folder.rglob("*")
        if path.is_file()
    }
