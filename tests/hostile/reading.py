"""What a site says and does, as its readers see it: entries of feeds, pages, addresses.

Each check gives the faults that it found, as `tests.laws` does.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urljoin

import html5lib
import msgspec
from lxml import etree

from digestfeed.config import PREVIEW_URL
from tests.laws import HARMLESS, html_faults, is_web

ATOM = "{http://www.w3.org/2005/Atom}"
XHTML = "{http://www.w3.org/1999/xhtml}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"

Element = etree._Element


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a feed: what it is called, what it holds, and where it leads; `texts` are all that is plain."""

    id: str
    title: str
    content: str
    texts: tuple[str, ...]
    urls: tuple[str, ...]


def atom_entries(data: bytes) -> list[Entry]:
    """Read the entries of an Atom document."""
    return [_atom_entry(node) for node in etree.fromstring(data).iter(f"{ATOM}entry")]


def _atom_entry(node: Element) -> Entry:
    said = [str(node.findtext(f"{ATOM}{name}") or "") for name in ("title", "summary")]
    said += [str(name.text) for name in node.iter(f"{ATOM}name")]
    said += [str(category.get(name)) for category in node.iter(f"{ATOM}category") for name in ("term", "label")]
    urls = [str(part.get(name)) for part in node.iter() for name in ("href", "url", "src") if part.get(name)]
    return Entry(
        id=str(node.findtext(f"{ATOM}id")),
        title=said[0],
        content=str(node.findtext(f"{ATOM}content")),
        texts=tuple(said),
        urls=tuple(urls),
    )


def rss_entries(data: bytes) -> list[Entry]:
    """Read the items of an RSS document; one without an encoded content has it for its description."""
    return [_rss_entry(node) for node in etree.fromstring(data).iter("item")]


def _rss_entry(node: Element) -> Entry:
    described = str(node.findtext("description"))
    content = node.findtext(_CONTENT)
    said = [str(node.findtext("title"))] + ([described] if content else [])
    said += [str(part.text) for name in ("category", _CREATOR) for part in node.iter(name)]
    urls = [str(node.findtext("link"))] + [str(part.get("url")) for part in node.iter() if part.get("url")]
    return Entry(
        id=str(node.findtext("guid")), title=said[0], content=content or described, texts=tuple(said), urls=tuple(urls)
    )


def json_entries(data: bytes) -> list[Entry]:
    """Read the items of a JSON Feed."""
    return [_json_entry(item) for item in json.loads(data)["items"]]


def _json_entry(item: dict[str, object]) -> Entry:
    named = [str(author["name"]) for author in item.get("authors", [])]  # type: ignore[attr-defined]
    tags = [str(tag) for tag in item.get("tags", [])]  # type: ignore[attr-defined]
    urls = [str(item[name]) for name in ("url", "external_url", "image") if name in item]
    urls += [str(attachment["url"]) for attachment in item.get("attachments", [])]  # type: ignore[attr-defined]
    title = str(item["title"])
    return Entry(
        id=str(item["id"]),
        title=title,
        content=str(item["content_html"]),
        texts=(title, str(item.get("summary", "")), *named, *tags),
        urls=tuple(urls),
    )


# -- what is wrong with them -------------------------------------------------------------------------------------


def entry_faults(entry: Entry) -> Iterator[str]:
    """Say what in an entry could do anything, read once or written out and read again, or is no text where it must."""
    yield from html_faults(entry.content)
    yield from (f"{fault}, when it is read again" for fault in html_faults(written_out(entry.content)))
    for text in entry.texts:
        yield from text_faults(text)
    yield from (f"leads to {url!r}" for url in entry.urls if not is_web(url))


def text_faults(text: str) -> Iterator[str]:
    """Say where a text is another one if it is taken for HTML, or is decoded once more than it should be."""
    if html.unescape(text) != text:
        yield f"a reference in {text!r}"
    fragment = html5lib.parseFragment(text, namespaceHTMLElements=False)
    if len(fragment) or (fragment.text or "") != text:
        yield f"a tag in {text!r}"
    if re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00-\x1f\x7f-\x9f]", text):
        yield f"a mark that disturbs in {text!a}"


def written_out(content: str) -> str:
    """Parse HTML as a reader does and write it out, as one that keeps a part of it does."""
    fragment = html5lib.parseFragment(content)
    return str(html5lib.serialize(fragment, quote_attr_values="always", omit_optional_tags=False))


def seen(content: str) -> str:
    """Give what a person sees of HTML: its text, the words that stand for pictures, and the TeX of formulas."""
    fragment = html5lib.parseFragment(content, namespaceHTMLElements=False)
    return "".join(_seen(fragment))


def _seen(node: Element) -> Iterator[str]:
    yield node.text or ""
    yield node.get("alt") or node.get("alttext") or ""
    for child in node:
        yield from _seen(child)
        yield child.tail or ""


def leads_to(content: str) -> set[str]:
    """Give the addresses of links and pictures in HTML."""
    fragment = html5lib.parseFragment(content, namespaceHTMLElements=False)
    return {str(own[name]) for _, own in nodes(fragment) for name in own.keys() & ADDRESSES}


def missing(reads: Iterable[str], text: str) -> list[str]:
    """Give what cannot be read in a text, whatever blanks and quotation marks stand between its words."""
    squeezed = _squeezed(text)
    return [words for words in reads if _squeezed(words) not in squeezed]


def _squeezed(text: str) -> str:
    return re.sub(r"[\s\"'“”‘’`*_]+", "", text)


# -- pages -------------------------------------------------------------------------------------------------------

ADDRESSES = frozenset(
    """
    href src action formaction data poster background cite srcset longdesc usemap manifest ping codebase classid
    profile archive icon dynsrc lowsrc
    """.split()  # noqa: SIM905 -- easier to read
)
"""Attributes that lead somewhere."""

ACTIVE = frozenset({"script", "form", "input", "button", "select", "textarea", "meta", "link", "base", "style"})
"""Elements whose every attribute counts."""

_LOOKS = ("class", "role", "style", "name")
_PAGES_OWN = re.compile(r"d\d{4}(?:-\d\d){0,2}|m\d{4}-?\d\d|y?\d{4}|s\d|panel-[a-z0-9-]+")
"""Ids that a page has for its days, months and fields, and classes for the colours of its charts."""


class Shape(msgspec.Struct, frozen=True):
    """What there is in the pages of a site: (element, attribute), values of looks, ids, and active elements."""

    attributes: frozenset[tuple[str, str]]
    looks: frozenset[tuple[str, str]]
    ids: frozenset[str]
    active: frozenset[tuple[str, tuple[tuple[str, str], ...]]]


def document(data: bytes) -> Element:
    """Parse a page as a browser does."""
    root: Element = html5lib.parse(data, transport_encoding="utf-8", namespaceHTMLElements=False)
    return root


def nodes(root: Element) -> Iterator[tuple[str, dict[str, str]]]:
    """Give each element's name, that of another name space in full, and its attributes."""
    for node in root.iter():
        if isinstance(node.tag, str):
            yield node.tag, {str(name): str(value) for name, value in node.attrib.items()}


def shape_of(pages: Iterable[bytes]) -> Shape:
    """Gather what pages are made of that have nothing hostile in them."""
    attributes, looks, ids, active = set(), set(), set(), set()
    for data in pages:
        for tag, own in nodes(document(data)):
            attributes |= {(tag, name) for name in (*own, "")}
            looks |= {(name, own[name]) for name in _LOOKS if name in own}
            ids |= {own["id"]} if "id" in own else set()
            active |= {_active(tag, own)} if tag in ACTIVE else set()
    return Shape(frozenset(attributes), frozenset(looks), frozenset(ids), frozenset(active))


_OWN_TEXT = {"content", "href", "value", "title", "aria-label", "hreflang"}


def _active(tag: str, own: dict[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Reduce an active element to what must be as on any page: of metadata what it says may differ, but no more."""
    free = {"aria-label", "value"}
    if tag in {"meta", "link"} and "http-equiv" not in own and own.get("rel") != "stylesheet":
        free = _OWN_TEXT
    kept = {name: re.sub(r"^(?:\.\./)+|^/", "", value) for name, value in own.items() if name not in free}
    return tag, tuple(sorted(kept.items()))


def page_faults(path: str, data: bytes, shape: Shape, files: Iterable[str]) -> Iterator[str]:
    """Say what in a page is not of the site's own making nor harmless, and where it leads that it should not."""
    root, known = document(data), files if isinstance(files, frozenset) else frozenset(files)
    for tag, own in nodes(root):
        yield from _strange(tag, own, shape)
        for name in own.keys() & ADDRESSES:
            if not _leads_well(path, own[name], known):
                yield f"<{tag} {name}={own[name]!r}>"
    yield from (f"<script>{node.text!r}" for node in root.iter("script") if node.text and not _is_data(node))
    policies = [node for node in root.iter("meta") if node.get("http-equiv") == "Content-Security-Policy"]
    if len(policies) != 1 or "'unsafe" in str(policies[0].get("content")):
        yield "not one policy"


def _strange(tag: str, own: dict[str, str], shape: Shape) -> Iterator[str]:
    for name in (*own, ""):
        harmless = tag in HARMLESS and (not name or name in HARMLESS[tag])
        maths = tag.startswith("{http://www.w3.org/1998/Math/MathML}")  # held against a list where it is rendered
        if (tag, name) not in shape.attributes and not harmless and not (maths and not name.startswith("on")):
            yield f"<{tag} {name}={own.get(name)!r}>"
    yield from (f"{name}={own[name]!r}" for name in _LOOKS if name in own and not _is_look(name, own[name], shape))
    if "id" in own and own["id"] not in shape.ids and not _PAGES_OWN.fullmatch(own["id"]):
        yield f"id={own['id']!r}"
    if tag in ACTIVE and _active(tag, own) not in shape.active:
        yield f"<{tag} {own}> is none of the site's own"


def _is_look(name: str, value: str, shape: Shape) -> bool:
    return (name, value) in shape.looks or (name == "class" and _PAGES_OWN.fullmatch(value) is not None)


def _is_data(script: Element) -> bool:
    """Tell whether a script is none but data for search engines, with no bracket that could end it."""
    text = script.text or ""
    return script.get("type") == "application/ld+json" and "<" not in text and isinstance(json.loads(text), dict | list)


def _leads_well(path: str, address: str, files: frozenset[str]) -> bool:
    url = urljoin(PREVIEW_URL + path, address.replace("feed://", "http://", 1))
    if not url.startswith(PREVIEW_URL):
        return is_web(url) and url == address
    target = unquote(url.removeprefix(PREVIEW_URL).partition("#")[0].partition("?")[0])
    return (f"{target}index.html" if not target or target.endswith("/") else target) in files


def main_text(data: bytes) -> str:
    """Give what a person sees of the main part of a page."""
    return "".join("".join(_seen(main)) for main in document(data).iter("main"))
