"""What belongs to the pages and is none: stylesheets, the script, pictures."""

from __future__ import annotations

from importlib import resources

from digestfeed import urls

_ASSETS = (urls.STYLE, urls.FEED_STYLE, urls.SCRIPT, urls.ICON, urls.CARD)


def asset_files() -> dict[str, bytes]:
    """Give the files that the pages and feeds refer to: output path → bytes."""
    folder = resources.files("digestfeed.render")
    return {path: folder.joinpath(path).read_bytes() for path in _ASSETS}
