"""The content type of each kind of file in the output, by its path.

Owns the types, and which of them are worth compressing; refuses serving.
"""

from __future__ import annotations

import re

from digestfeed import urls

HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"

_ATOM = "application/atom+xml; charset=utf-8"
_NAMES = {
    urls.Format.ATOM.value: _ATOM,
    urls.Format.RSS.value: "application/rss+xml; charset=utf-8",
    urls.Format.JSON.value: "application/feed+json",
}
_TEXTS = {
    "bib": "application/x-bibtex; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "html": HTML,
    "js": "text/javascript; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "jsonl": "application/jsonl",
    "opml": "text/x-opml; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
    "txt": PLAIN,
    "xml": "application/xml; charset=utf-8",
}
_BINARIES = {
    "gif": "image/gif",
    "ico": "image/x-icon",
    "jpg": "image/jpeg",
    "png": "image/png",
    "wasm": "application/wasm",
    "webp": "image/webp",
    "woff2": "font/woff2",
}
TEXTUAL = frozenset({*_NAMES.values(), *_TEXTS.values()})
"""The types that compress well."""

_ARCHIVE_DOCUMENT = re.compile(r"feeds/[^/]+/archive/[^/]+\.xml")


def media_type(path: str) -> str:
    """Give the content type of an output path.

    >>> media_type("feeds/all/archive/2024-12-1.xml"), media_type("archive/2024-12/sitemap.xml")
    ('application/atom+xml; charset=utf-8', 'application/xml; charset=utf-8')
    """
    if _ARCHIVE_DOCUMENT.fullmatch(path):
        return _ATOM
    name = path.rpartition("/")[2]
    suffix = name.rpartition(".")[2]
    return _NAMES.get(name) or _TEXTS.get(suffix) or _BINARIES.get(suffix) or "application/octet-stream"
