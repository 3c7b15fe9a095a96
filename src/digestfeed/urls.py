"""Every output path, permalink and entry id.

Owns the output tree: a path is relative to the output folder, ASCII, lower case, without a name that Windows
reserves, each component under 200 bytes, and unique on a file system that folds case.  Refuses rendering.
"""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum

import msgspec

FRONT = "index.html"
OPML = "feeds.opml"
OPML_ONCE = "feeds-once.opml"
STATUS = "status.json"
STATUS_PAGE = "status.html"
SITEMAP = "sitemap.xml"
ROBOTS = "robots.txt"
NOT_FOUND = "404.html"
ARCHIVE = "archive/index.html"
TRENDS = "archive/trends.html"
STYLE = "assets/style.css"
FEED_STYLE = "assets/feed.css"
CARD = "assets/card.png"
DATA_INDEX = "archive/index.json"
SITE_SITEMAP = "sitemap-site.xml"
SCRIPT = "assets/site.js"
ICON = "assets/icon.svg"
SEARCH_PAGE = "search.html"
SEARCH_SCRIPT = "assets/search.js"
SEARCH_ENTRY = "search/index.json"
UNDATED = "undated"


class Format(StrEnum):
    """The file name of each format of a feed."""

    ATOM = "atom.xml"
    RSS = "rss.xml"
    JSON = "feed.json"


def month_name(month: int) -> str:
    """Write a month, an integer YYYYMM (0: undated), as the archive names it.

    >>> month_name(202412), month_name(0)
    ('2024-12', 'undated')
    """
    return f"{month // 100:04d}-{month % 100:02d}" if month else UNDATED


def paper_path(key: str) -> str:
    """Give the page of a paper; flat below its month, because a folder for each page costs 3 to 4 times as much.

    >>> paper_path("2412.17743"), paper_path("hep-th/9901001"), paper_path("item-0123456789ab")
    ('papers/2412/2412.17743.html', 'papers/hep-th/9901001.html', 'papers/items/0123456789ab.html')
    """
    if key.startswith("item-"):
        return f"papers/items/{key[5:]}.html"
    return f"papers/{key}.html" if "/" in key else f"papers/{key[:4]}/{key}.html"


def feed_path(slug: str, form: Format) -> str:
    """Give the subscription document of a channel in one format."""
    return f"feeds/{slug}/{form.value}"


def feed_page(slug: str) -> str:
    """Give the page of a channel, for people."""
    return f"feeds/{slug}/index.html"


def archive_document(slug: str, month: int, number: int) -> str:
    """Give an archive document (RFC 5005, section 4) of a channel: full ones count from 1, 0 is the month's last.

    The last has a fixed number so that the next month's link to it holds whatever comes into this month later.
    """
    return f"feeds/{slug}/archive/{month_name(month)}-{number}.xml"


def month_page(month: int) -> str:
    """Give the archive page of a month."""
    return f"archive/{month_name(month)}/index.html"


def day_page(day: dt.date) -> str:
    """Give the page of a day, beside its month's.

    >>> day_page(dt.date(2024, 12, 24))
    'archive/2024-12/2024-12-24.html'
    """
    return f"archive/{day.isoformat()[:7]}/{day.isoformat()}.html"


def month_data(month: int) -> str:
    """Give the JSON Lines of a month."""
    return f"archive/{month_name(month)}/papers.jsonl"


def month_bibliography(month: int) -> str:
    """Give the BibTeX of a month."""
    return f"archive/{month_name(month)}/papers.bib"


def month_sitemap(month: int) -> str:
    """Give the sitemap of a month; one for all would pass the limit of 50,000 URLs (sitemaps.org)."""
    return f"archive/{month_name(month)}/sitemap.xml"


def search_part(month: int, fingerprint: bytes) -> str:
    """Name the folder of a search index: by its first month and by what is in it, so that its files never change."""
    return f"{month_name(month)}-{fingerprint[:6].hex()}"


def search_words(part: str, number: int) -> str:
    """Give a file of terms of a search index."""
    return f"search/{part}/w{number}.txt"


def search_filters(part: str) -> str:
    """Give the file of fields and votes of a search index."""
    return f"search/{part}/f.txt"


def search_papers(part: str, number: int) -> str:
    """Give a file of what is shown of found papers."""
    return f"search/{part}/p{number}.json"


class Urls(msgspec.Struct, frozen=True):
    """Absolute URLs and ids for a base URL (ends with a slash) and an RFC 4151 authority."""

    base: str
    authority: str

    def absolute(self, path: str) -> str:
        """Give the URL of an output path; a folder's page goes by the folder."""
        return self.base + path.removesuffix("index.html")

    def paper(self, key: str) -> str:
        """Give the permalink of a paper."""
        return self.base + paper_path(key)

    def feed(self, slug: str, form: Format) -> str:
        """Give the URL of a subscription document."""
        return self.base + feed_path(slug, form)

    def entry_id(self, key: str) -> str:
        """Give the atom:id of a paper: a tag URI (RFC 4151), the same in every feed, wherever the site is hosted."""
        return f"tag:{self.authority}:paper/{key}"

    def day_id(self, day: dt.date) -> str:
        """Give the atom:id of a day's papers as one entry."""
        return f"tag:{self.authority}:day/{day.isoformat()}"

    def feed_id(self, slug: str) -> str:
        """Give the atom:id of a channel's feed."""
        return f"tag:{self.authority}:feed/{slug}"


_OURS = re.compile(
    r"(?:archive/)?index\.html|status\.html|404\.html|robots\.txt|sitemap(?:-site)?\.xml"
    r"|papers/[a-z0-9-]+/[a-z0-9._-]+\.html"
    r"|feeds/[a-z0-9-]+/(?:atom\.xml|rss\.xml|feed\.json|index\.html|archive/\d{4}-\d\d-\d+\.xml)"
    r"|archive/\d{4}-\d\d/\d{4}-\d\d-\d\d\.html"
    r"|archive/trends\.html"
    r"|archive/(?:\d{4}-\d\d|undated)/(?:index\.html|papers\.jsonl|papers\.bib|sitemap\.xml)"
    r"|search\.html|assets/search\.js|search/index\.json"
    r"|search/(?:\d{4}-\d\d|undated)-[0-9a-f]{12}/(?:w\d+\.txt|f\.txt|p\d+\.json)"
)


def is_ours(path: str) -> bool:
    """Tell whether a path is of a kind that builds make, and may later have to remove."""
    return _OURS.fullmatch(path) is not None


def is_subscription(path: str) -> bool:
    """Tell whether a path is that of a subscription document, which readers poll."""
    return path.startswith("feeds/") and path.endswith(tuple(f"/{form}" for form in Format))
