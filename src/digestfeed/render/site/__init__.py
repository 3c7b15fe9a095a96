"""The pages for people, and what belongs to them: stylesheets, the script, pictures.

Owns the HTML: what stands on which page, and the words around it (`words`).  Pages are plain files: no
inline script or style, and a Content-Security-Policy that says so; all but the search works without a script.
Links inside the site are relative, so that it works under any path and from a disk; canonical links and feed
addresses are absolute.  What a digest wrote is escaped, or rendered and sanitised by `markdown`.

Refuses sorting (lists come newest first), the disk, and any decision about which pages there are.

    environment, language  →  frame  →  heads, lines  →  a module for each kind of page  →  trial;  files beside them
"""

from digestfeed.render.site.feeds import Held, feed_page
from digestfeed.render.site.files import asset_files
from digestfeed.render.site.front import Front, front_page, not_found_page
from digestfeed.render.site.lines import ChannelLine, MonthCount, PaperLine, Title, paper_line
from digestfeed.render.site.months import DayAround, archive_page, day_page, month_page
from digestfeed.render.site.paper import Around, Ready, paper_page
from digestfeed.render.site.search import search_page, search_script
from digestfeed.render.site.status import status_page
from digestfeed.render.site.trends import FieldMonths, History, trends_page
from digestfeed.render.site.trial import try_templates

__all__ = [
    "Around",
    "ChannelLine",
    "DayAround",
    "FieldMonths",
    "Front",
    "Held",
    "History",
    "MonthCount",
    "PaperLine",
    "Ready",
    "Title",
    "archive_page",
    "asset_files",
    "day_page",
    "feed_page",
    "front_page",
    "month_page",
    "not_found_page",
    "paper_line",
    "paper_page",
    "search_page",
    "search_script",
    "status_page",
    "trends_page",
    "try_templates",
]
