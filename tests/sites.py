"""Whole sites for tests that look at them as a browser does, and a server that shows them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from digestfeed.config import Config, SiteConfig
from digestfeed.serve import Extras, server
from tests.trees import item, run, write_digest

PROJECT = Path(__file__).resolve().parents[1]
SAMPLES = PROJECT / "digests"
CORPUS = PROJECT.parent / "shared" / "corpus" / "daily_papers_ko"

HOSTILE = "<img src=x onerror=alert(1)> <b>&amp;</b> “quoted” 해로운 제목"
UNDATED = "## 제목: 날짜 없는 소식\n**요약**: 언제인지 모른다.\n**전체링크**: https://example.org/news\n---\n"
MATHS = "속도는 $O(n^2)$ 이고 **굵게** 쓴 [링크](https://example.org/a)가 있다. 언어모델과 언어 모델을 비교한다."


class Shown(msgspec.Struct, frozen=True):
    """A site that is being shown: its output folder, and where."""

    out: Path
    url: str


def build_samples(root: Path, language: str) -> Path:
    """Build the project's own samples, with things that they lack: an undated item, markup, a hostile title."""
    shutil.copytree(SAMPLES, root / "digests", ignore=shutil.ignore_patterns("reading-list.md"))
    write_digest(root / "digests", "loose.md", UNDATED)
    write_digest(
        root / "digests",
        "2025-04-01.md",
        item("2502.00077", title=HOSTILE),
        item("2502.00078", summary=MATHS, votes=99),
    )
    run(root, Config(language=language, site=SiteConfig(search=True)))
    return root / "out"


def build_corpus(root: Path) -> Path:
    """Build the corpus of real digests."""
    run(root, Config(site=SiteConfig(search=True)), digests=CORPUS)
    return root / "out"


@contextmanager
def shown(out: Path, extras: Extras | None = None) -> Iterator[Shown]:
    """Show an output folder on this machine."""
    with server(out, "127.0.0.1", 0, extras=extras) as preview:
        thread = threading.Thread(target=preview.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield Shown(out, preview.url)
        preview.shutdown()
        thread.join()


KINDS = {
    "front": "index.html",
    "search": "search.html",
    "archive": "archive/index.html",
    "trends": "archive/trends.html",
    "month": "archive/2024-12/index.html",
    "undated": "archive/undated/index.html",
    "feed": "feeds/all/index.html",
    "field": "feeds/natural-language-processing/index.html",
    "daily": "feeds/daily/index.html",
    "status": "status.html",
    "lost": "404.html",
}
"""Each kind of page, and one of it; `kinds` adds those whose names depend on the digests."""


def kinds(out: Path) -> dict[str, str]:
    """Give a page of each kind in a site of the samples: name → path."""
    news = next((out / "papers/items").iterdir()).name
    day = next(path.name for path in sorted((out / "archive/2024-12").iterdir()) if path.name.startswith("2024-12-"))
    return {
        **KINDS,
        "day": f"archive/2024-12/{day}",
        "paper": "papers/2412/2412.17743.html",
        "plain paper": "papers/2502/2502.00078.html",
        "hostile paper": "papers/2502/2502.00077.html",
        "news": f"papers/items/{news}",
    }
