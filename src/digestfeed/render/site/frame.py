"""What pages share: the frame around them, and what is derived from a context once a build.

A page is a frame and a part of its own.  The frame is the same for all pages of a section at one depth of the
tree: made once for a build and cut at its two slots, it leaves a short, flat template for each of 100,000 papers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup, escape

from digestfeed import urls
from digestfeed.config import SiteConfig
from digestfeed.errors import ConfigError
from digestfeed.render.context import Context
from digestfeed.render.site.environment import FOLDER, Templates
from digestfeed.render.words import Words, words
from digestfeed.text import primary_language, xml_clean
from digestfeed.urls import Format

ALL = "all"
SEARCH = "search"
"""The search page's entry in the main menu."""

ABOVE = "../../"
"""The way from a page two folders deep to the front page's folder."""

_SLOT = Markup("<!-- slot -->")
_PARTS = 3
_FORMATS = (
    (Format.ATOM, "Atom", "application/atom+xml"),
    (Format.RSS, "RSS", "application/rss+xml"),
    (Format.JSON, "JSON Feed", "application/feed+json"),
)
# What HTML has no place for: C0 controls as bytes; C1 controls and noncharacters as UTF-8, each by a pattern
# that begins with one byte, which is ten times as quick to find as a choice of two.
_C1 = re.compile(b"\xc2[\x80-\x9f]")
_NONCHARACTER = re.compile(b"\xef(?:\xb7[\x90-\xaf]|\xbf[\xbe\xbf])")
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])


class FeedLink(msgspec.Struct, frozen=True):
    """The address of a feed in one format, as pages link it."""

    name: str
    type: str
    title: str
    url: str


class Frame(msgspec.Struct, frozen=True):
    """What all pages of a section at one depth share: `root` leads from them to the front page's folder.

    `values` are what each template of a page may name: the frame's three parts, the root, the words.
    """

    root: str
    templates: Templates
    values: dict[str, object]
    fields: dict[str, Markup]


class Site(msgspec.Struct, frozen=True):
    """A context with what is derived from it once a build."""

    context: Context
    urls: urls.Urls
    words: Words
    language: str
    zone: ZoneInfo
    templates: Templates
    frames: dict[tuple[str, str], Frame]

    def frame(self, root: str, section: str = "") -> Frame:
        """Give the frame of a section's pages; `section` is the entry of the main menu that they belong to."""
        found = self.frames.get((root, section))
        if found is None:
            found = self.frames[root, section] = _frame(root, section, self)
        return found


_last: list[Site] = []


def site_of(context: Context) -> Site:
    """What is derived from a context; the last is kept: a build has one, and its dict has no hash."""
    if _last and _last[0].context is context:
        return _last[0]
    same = _last[0] if _last and _last[0].context == context else None
    site = msgspec.structs.replace(same, context=context) if same else _new_site(context)
    _last[:] = [site]
    return site


def _new_site(context: Context) -> Site:
    config = context.config
    return Site(
        context=context,
        urls=context.urls,
        words=words(config.language),
        language=primary_language(config.language),
        zone=ZoneInfo(config.timezone),
        templates=Templates(context.templates),
        frames={},
    )


def host_root(context: Context) -> str:
    """Give the path from the root of the host to the front page's folder."""
    return urlsplit(context.config.base_url).path or "/"


def _frame(root: str, section: str, site: Site) -> Frame:
    context, config = site.context, site.context.config
    values: dict[str, object] = {
        "root": root,
        "site_title": escape(config.title),
        "w": {name: escape(word) for name, word in site.words.text.items()},
        "search": config.site.search,
    }
    whole = site.templates.render(
        "frame.html",
        values
        | {
            "section": section,
            "language": config.language,
            "policy": _policy(config.site, section),
            "feeds": feed_links(ALL, config.title, context.urls),
            "slot": _SLOT,
        },
    )
    parts = [Markup(part.strip("\n")) for part in whole.split(_SLOT)]  # noqa: S704 -- the template escaped it
    if len(parts) != _PARTS:
        raise ConfigError(f"{FOLDER}/frame.html", "expected {{ slot }} twice: in the head, and in the body")
    values |= zip(("before", "between", "after"), parts, strict=True)
    fields = {slug: _field_link(root, slug, name) for slug, name in context.field_names.items()}
    return Frame(root, site.templates, values, fields)


def _policy(site: SiteConfig, section: str) -> Markup:
    """Say what pages may load: scripts only of this site, and only the search page's asks for files."""
    images = "'self' https: http:" if site.thumbnails else "'self'"
    forms = "'self'" if site.search else "'none'"
    asks = "connect-src 'self'; " if section == SEARCH else ""
    return Markup(  # noqa: S704 -- constant
        f"default-src 'none'; style-src 'self'; img-src {images}; "
        f"script-src 'self'; {asks}base-uri 'none'; form-action {forms}"
    )


def feed_links(slug: str, title: str, addresses: urls.Urls) -> list[FeedLink]:
    """Give a channel's feeds, one a format."""
    return [FeedLink(name, kind, f"{title} ({name})", addresses.feed(slug, form)) for form, name, kind in _FORMATS]


def _field_link(root: str, slug: str, name: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(root + urls.feed_page(slug), name)


def field_links(slugs: Iterable[str], frame: Frame) -> Markup:
    """Link fields by their names, on a page with that frame."""
    known = frame.fields
    links = [known.get(slug) or _field_link(frame.root, slug, slug) for slug in slugs]
    return Markup("".join(links))  # noqa: S704 -- each is Markup


def page(name: str, frame: Frame, values: Mapping[str, object]) -> bytes:
    """Render a template with a frame's values and its own; what HTML has no place for is left out."""
    text = frame.templates.render(name, {**frame.values, **values})
    data = text.encode("utf-8", "replace").translate(None, _CONTROLS)
    if (b"\xc2" in data and _C1.search(data)) or (b"\xef" in data and _NONCHARACTER.search(data)):
        return xml_clean(data.decode()).replace("\x85", "\n").encode()
    return data
