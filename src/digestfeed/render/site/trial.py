"""A trial of templates: each kind of page, made from things invented for it, before anything is written.

What the operator's own templates get wrong shows here, and not after half of the pages are out.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from digestfeed.channels import Channel, ChannelKind
from digestfeed.model import Basis, Links, Mention, Paper
from digestfeed.render.context import Context
from digestfeed.render.site.feeds import Held, feed_page
from digestfeed.render.site.front import Front, front_page, not_found_page
from digestfeed.render.site.lines import ChannelLine, MonthCount, Title, paper_line
from digestfeed.render.site.months import DayAround, archive_page, day_page, month_page
from digestfeed.render.site.paper import Around, paper_page
from digestfeed.render.site.search import search_page
from digestfeed.render.site.status import status_page
from digestfeed.render.site.trends import FieldMonths, History, trends_page

_DAY = dt.date(2024, 12, 24)
_MONTH = 202412
_NEXT = 202501
_FULL = Paper(
    key="2412.00001",
    title="A trial",
    titles=("Another title",),
    published=1735000000,
    published_basis=Basis.HEADING,
    day=_DAY,
    submitted=_DAY,
    updated=1736000000,
    summary="What is **new**.",
    easy_summary="The same in plain words.",
    fields=("other",),
    labels=("Other",),
    votes=2,
    importance=1,
    authors=("Ada Lovelace",) * 9,
    links=Links(abs="https://arxiv.org/abs/2412.00001"),
    thumbnail="https://example.com/a.png",
    mentions=tuple(Mention(digest="a.md", line=line, day=_DAY, votes=line) for line in (1, 2)),
)
_BARE = Paper(
    key="item-000000000000",
    title="A trial",
    published=None,
    published_basis=None,
    day=None,
    updated=None,
    links=Links(),
    mentions=(Mention(digest="a.md", line=1, day=None, votes=None),),
)
_STATUS = {
    "digests": 2,
    "items": 2,
    "papers": 2,
    "merged": 0,
    "feeds": 1,
    "newest_digest": None,
    "problems_by_kind": {"bad-date": 2},
    "problems": [{"code": "D012", "kind": "bad-date", "path": "a.md", "line": 1, "message": "expected a day"}],
}


def try_templates(context: Context) -> None:
    """Render a page of each kind, with and without what it may hold.

    Raises:
        ConfigError: one of the operator's own templates is at fault; names its file and line.
    """
    line = paper_line(_FULL)
    channel = Channel(slug="other", title="Other", description="Other", kind=ChannelKind.FIELD)
    former = msgspec.structs.replace(channel, slug="rest", kind=ChannelKind.FORMER, stands_for="other")
    channels = [
        ChannelLine(slug="other", title="Other", count=1),
        ChannelLine(slug="a", title="A", count=1, kind=ChannelKind.CHOSEN),
    ]
    months = [MonthCount(month=_MONTH, count=1), MonthCount(month=0, count=1)]
    days = [(20241224, 1)]
    lead = Title("2412.00002", "Another")
    near = Around(before=lead, after=lead, related=[lead])
    for paper, around in ((_FULL, near), (_FULL, Around(month_before=_MONTH, month_after=_NEXT)), (_BARE, Around())):
        paper_page(paper, context, around)
    month_page(_MONTH, [line], context, previous=_MONTH, following=_NEXT)
    month_page(0, [paper_line(_BARE)], context, previous=None, following=None)
    day_page(_DAY, [line], context, DayAround(before=_DAY, after=_DAY))
    for shown in (channel, former):
        feed_page(shown, Held([line], months[:1], 1, is_paired=shown is channel), context)
    front_page(Front(latest=[line], best=[line], channels=channels, months=months[:1], total=1), context)
    front_page(Front(latest=[], channels=[], months=[], total=0), context)
    archive_page(months, days, context)
    trends_page(
        History(days=days, fields=[FieldMonths(slug="other", title="Other", months={_MONTH: 1}, first={_MONTH: 1})]),
        context,
    )
    search_page(channels, months, context)
    status_page(msgspec.json.encode(_STATUS), context)
    status_page(msgspec.json.encode({**_STATUS, "problems_by_kind": {}, "problems": []}), context)
    not_found_page(context)
