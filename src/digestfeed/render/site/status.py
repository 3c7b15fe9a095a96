"""The page that says what the last build saw; the same as `status.json`, for people."""

from __future__ import annotations

import msgspec

from digestfeed import urls
from digestfeed.render.context import Context
from digestfeed.render.site.frame import page, site_of


class _Problem(msgspec.Struct, frozen=True):
    path: str
    line: int
    code: str
    kind: str
    message: str


class _Status(msgspec.Struct, frozen=True):
    digests: int
    items: int
    papers: int
    merged: int
    feeds: int
    newest_digest: str | None
    problems_by_kind: dict[str, int]
    problems: list[_Problem]


def status_page(status: bytes, context: Context) -> bytes:
    """Render `status.json` for people: counts, and problems with place, kind and message."""
    site = site_of(context)
    seen = msgspec.json.decode(status, type=_Status)
    total = sum(seen.problems_by_kind.values())
    counts = (
        ("seen_digests", f"{seen.digests:,}"),
        ("seen_items", f"{seen.items:,}"),
        ("seen_papers", f"{seen.papers:,}"),
        ("seen_merged", f"{seen.merged:,}"),
        ("seen_feeds", f"{seen.feeds:,}"),
        ("seen_newest", seen.newest_digest or "–"),
    )
    values = {
        "url": site.urls.absolute(urls.STATUS_PAGE),
        "counts": counts,
        "kinds": [(kind, f"{count:,}") for kind, count in seen.problems_by_kind.items()],
        "total": site.words.count("problems", total),
        "problems": seen.problems,
        "left_out": site.words.count("left_out", total - len(seen.problems)) if total > len(seen.problems) else "",
    }
    return page("status.html", site.frame(""), values)
