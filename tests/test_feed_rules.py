"""Every feed document of whole sites, held to the texts of the specifications: RFC 4287, RSS, JSON Feed, OPML."""

from __future__ import annotations

import datetime as dt
import email.utils
import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import html5lib
import jsonschema
import msgspec
import pytest
from lxml import etree

from digestfeed.config import PREVIEW_URL
from tests.trees import NOW, run

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
SOURCES = {
    "own": ROOT / "digests",
    "genexis": SHARED / "corpus" / "genexis",
    "daily_papers_ko": SHARED / "corpus" / "daily_papers_ko" / "paper_logs",
}
ATOM, DC = "{http://www.w3.org/2005/Atom}", "{http://purl.org/dc/elements/1.1/}"
FH, MEDIA = "{http://purl.org/syndication/history/1.0}", "{http://search.yahoo.com/mrss/}"
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MAX_BYTES = 512_000

Element = etree._Element
Faults = Iterator[str]


class Site(msgspec.Struct):
    """The feeds of a site, parsed, by path: Atom documents (archives too), RSS, JSON Feed, OPML."""

    atom: dict[str, Element]
    rss: dict[str, Element]
    jsonfeed: dict[str, dict[str, Any]]
    opml: dict[str, Element]
    data: dict[str, bytes]
    digests: dict[str, set[str]]


@pytest.fixture(scope="module", params=SOURCES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of a folder of digests, with the settings that a site has without a config."""
    source = SOURCES[request.param]
    if not source.is_dir():
        pytest.skip(f"{source.name} is not there")
    root = tmp_path_factory.mktemp(request.param)
    run(root, digests=source, now=NOW + dt.timedelta(days=400))
    out = root / "out"
    feeds = [*out.glob("feeds/**/*.xml"), *out.glob("feeds/**/*.json"), *out.glob("*.opml")]
    data = {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(feeds)}
    trees = {path: etree.fromstring(text) for path, text in data.items() if not path.endswith(".json")}
    rows = [json.loads(line) for path in out.rglob("papers.jsonl") for line in path.read_bytes().splitlines()]
    return Site(
        atom={path: tree for path, tree in trees.items() if path.endswith("atom.xml") or "/archive/" in path},
        rss={path: tree for path, tree in trees.items() if path.endswith("rss.xml")},
        jsonfeed={path: json.loads(text) for path, text in data.items() if path.endswith(".json")},
        opml={path: tree for path, tree in trees.items() if path.endswith(".opml")},
        data=data,
        digests={row["entry_id"]: {shown["digest"] for shown in row["appearances"]} for row in rows},
    )


# -- what the rules are made of --------------------------------------------------------------------------------


def count(node: Element, wanted: dict[str, range]) -> Faults:
    """Count children by name."""
    found = Counter(child.tag for child in node)
    for name, allowed in wanted.items():
        if found[name] not in allowed:
            yield f"{found[name]} of {name}"


ONE, AT_MOST_ONE, SOME = range(1, 2), range(2), range(1, 10_000)


@cache
def is_absolute(url: str) -> bool:
    """Whether a text is an absolute http(s) URL in ASCII, or a tag URI (RFC 3986, 4.3; RFC 4151, 2.1)."""
    if not re.fullmatch(r"[!#-;=?-\[\]_a-z~]+", url) or re.search(r"%(?![0-9A-Fa-f]{2})", url):
        return False
    parts = urlsplit(url)
    if parts.scheme == "tag":
        return re.fullmatch(r"tag:[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:[A-Za-z0-9._~!$&'()*+,;=:@/?%-]+", url) is not None
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


@cache
def is_rfc3339(text: str) -> bool:
    """Whether a text is a date-time of RFC 3339 in UTC that exists, without fractions."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text):
        return False
    return dt.datetime.fromisoformat(text).tzinfo is not None


@cache
def is_rfc822(text: str) -> bool:
    """Whether a text is a date-time of RFC 822 with four digits of the year and the right day of the week."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return False
    return email.utils.format_datetime(moment) == text and moment.tzinfo is not None


@cache
def has_markup(text: str) -> bool:
    """Whether a text would read otherwise if it were taken for HTML."""
    return re.search("<[A-Za-z/!?]", text) is not None or html.unescape(text) != text


@cache
def content_faults(content: str) -> tuple[str, ...]:
    """Say what of an entry's HTML a reader would stumble on: errors of parsing, URLs, elements and attributes."""
    parser = html5lib.HTMLParser()
    fragment = parser.parseFragment(content)
    faults = [str(error[1]) for error in parser.errors]
    for node in fragment.iter():
        name = str(node.tag).rpartition("}")[2]
        if name in {"script", "style", "iframe", "form", "object", "embed", "link", "meta", "base", "input", "html"}:
            faults.append(f"<{name}>")
        for attribute, value in node.attrib.items():
            if attribute in {"href", "src"} and not is_absolute(value):
                faults.append(f"{attribute}={value!r}")
            if attribute.startswith("on") or attribute in {"style", "id", "class", "srcset"}:
                faults.append(f"attribute {attribute}")
    return tuple(faults)


def text_of(node: Element, name: str) -> str:
    """Give the text of a child."""
    return str(node.findtext(name, ""))


# -- Atom ------------------------------------------------------------------------------------------------------


def feed_elements(feed: Element) -> Faults:
    """RFC 4287, 4.1.1: one id, title and updated; at most one of the others; entries may have no author then."""
    yield from count(feed, dict.fromkeys([f"{ATOM}id", f"{ATOM}title", f"{ATOM}updated"], ONE))
    single = ("generator", "icon", "logo", "rights", "subtitle")
    yield from count(feed, {ATOM + name: AT_MOST_ONE for name in single})
    yield from count(feed, {f"{ATOM}author": SOME})
    if feed.tag != f"{ATOM}feed":
        yield feed.tag


def feed_links(feed: Element) -> Faults:
    """RFC 4287, 4.1.1: one self; no two alternates of one type and language."""
    links = Counter(link.get("rel", "alternate") for link in feed.findall(f"{ATOM}link"))
    yield from (f"{links[rel]} of rel={rel}" for rel in ("self", "alternate") if links[rel] != 1)


def entry_elements(feed: Element) -> Faults:
    """RFC 4287, 4.1.2: one id, title and updated; at most one content, published, rights, source, summary."""
    for entry in feed.iter(f"{ATOM}entry"):
        yield from count(entry, dict.fromkeys([f"{ATOM}id", f"{ATOM}title", f"{ATOM}updated"], ONE))
        yield from count(entry, {f"{ATOM}content": ONE, f"{ATOM}published": ONE})
        yield from count(entry, dict.fromkeys([f"{ATOM}rights", f"{ATOM}source", f"{ATOM}summary"], AT_MOST_ONE))


def entry_links(feed: Element) -> Faults:
    """RFC 4287, 4.1.2: one alternate; no two links that say the same."""
    for entry in feed.iter(f"{ATOM}entry"):
        links = [(link.get("rel", "alternate"), link.get("href")) for link in entry.findall(f"{ATOM}link")]
        if [rel for rel, _ in links].count("alternate") != 1 or len(set(links)) != len(links):
            yield str(links)


def atom_ids(feed: Element) -> Faults:
    """RFC 4287, 4.2.6 and 4.1.1: ids are absolute IRIs, and no two entries of a document share one."""
    ids = [str(node.text) for node in feed.iter(f"{ATOM}id")]
    yield from (i for i in ids if not i.startswith("tag:") or not is_absolute(i))
    yield from (i for i, times in Counter(ids).items() if times > 1)


def atom_dates(feed: Element) -> Faults:
    """RFC 4287, 3.3: dates as RFC 3339 writes them, capital T and Z; no entry is updated before it is published."""
    yield from (str(n.text) for n in feed.iter(f"{ATOM}updated", f"{ATOM}published") if not is_rfc3339(str(n.text)))
    for entry in feed.iter(f"{ATOM}entry"):
        if text_of(entry, f"{ATOM}updated") < text_of(entry, f"{ATOM}published"):
            yield text_of(entry, f"{ATOM}id")


def atom_persons(feed: Element) -> Faults:
    """RFC 4287, 3.2: a person has one name, which says something; at most one uri and email."""
    for person in feed.iter(f"{ATOM}author", f"{ATOM}contributor"):
        yield from count(person, {f"{ATOM}name": ONE, f"{ATOM}uri": AT_MOST_ONE, f"{ATOM}email": AT_MOST_ONE})
        if not text_of(person, f"{ATOM}name").strip():
            yield "a name that says nothing"


def atom_texts(feed: Element) -> Faults:
    """RFC 4287, 3.1.1: plain texts have no children and say something; titles read the same as text and as HTML."""
    for node in feed.iter(f"{ATOM}title", f"{ATOM}subtitle", f"{ATOM}summary"):
        if node.get("type", "text") != "text" or len(node) or not (node.text or "").strip():
            yield f"{node.tag}: {node.text!r}"
        if has_markup(node.text or ""):
            yield f"markup: {node.text!r}"


def atom_content(feed: Element) -> Faults:
    """RFC 4287, 3.1.1.2 and 4.1.3: HTML as escaped text, that could stand inside a div; URLs in it are absolute."""
    for node in feed.iter(f"{ATOM}content"):
        if node.get("type") != "html" or node.get("src") or len(node) or not (node.text or "").strip():
            yield str(node.attrib)
        yield from content_faults(node.text or "")


def atom_categories(feed: Element) -> Faults:
    """RFC 4287, 4.2.2: each has a term; a scheme is an IRI; no entry has one twice."""
    for entry in feed.iter(f"{ATOM}entry"):
        found = [(c.get("term"), c.get("scheme")) for c in entry.findall(f"{ATOM}category")]
        if len(set(found)) != len(found) or not all(term for term, _ in found):
            yield str(found)
        yield from (str(scheme) for _, scheme in found if scheme is not None and not is_absolute(scheme))


REGISTERED = {
    "alternate", "related", "self", "enclosure", "via",  # RFC 4287, 4.2.7.2
    "replies",  # RFC 4685, 4
    "current", "prev-archive", "next-archive",  # RFC 5005, 4
    "hub",  # WebSub, 4
}  # fmt: skip


def atom_link_values(feed: Element) -> Faults:
    """RFC 4287, 4.2.7: href is an absolute IRI, rel a registered name, type a media type; nothing in an empty title."""
    for link in feed.iter(f"{ATOM}link"):
        if not is_absolute(link.get("href", "")) or link.get("rel", "alternate") not in REGISTERED:
            yield str(link.attrib)
        if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", link.get("type", "text/html")) or link.get("title") == "":
            yield str(link.attrib)


def atom_language(feed: Element) -> Faults:
    """RFC 4287, 2: the language is said by xml:lang."""
    if feed.get(XML_LANG) != "ko":
        yield str(feed.attrib)


def atom_order(feed: Element) -> Faults:
    """Our contract: newest first, and where that is the same by key."""
    found = [(text_of(entry, f"{ATOM}published"), text_of(entry, f"{ATOM}id")) for entry in feed.iter(f"{ATOM}entry")]
    if found != sorted(found, reverse=True) and "feed/top-" not in text_of(feed, f"{ATOM}id"):
        yield "not newest first"


def media_thumbnails(feed: Element) -> Faults:
    """Media RSS 1.5.1, media:thumbnail: has a URL; one an entry, and in no group."""
    for node in feed.iter(f"{MEDIA}*"):
        parent = node.getparent()
        if node.tag != f"{MEDIA}thumbnail" or not is_absolute(node.get("url", "")) or parent is None:
            yield node.tag
        elif len(parent.findall(f"{MEDIA}thumbnail")) > 1:
            yield "two in an entry"


ATOM_RULES: tuple[Callable[[Element], Faults], ...] = (
    feed_elements,
    feed_links,
    entry_elements,
    entry_links,
    atom_ids,
    atom_dates,
    atom_persons,
    atom_texts,
    atom_content,
    atom_categories,
    atom_link_values,
    atom_language,
    atom_order,
    media_thumbnails,
)

# -- RSS -------------------------------------------------------------------------------------------------------

CHANNEL_ELEMENTS = {
    "title", "link", "description", "language", "copyright", "managingEditor", "webMaster", "pubDate", "lastBuildDate",
    "category", "generator", "docs", "cloud", "ttl", "image", "skipHours", "skipDays", "item",
}  # fmt: skip
ITEM_ELEMENTS = {"title", "link", "description", "category", "comments", "enclosure", "guid", "pubDate", "source"}


def rss_root(rss: Element) -> Faults:
    """RSS Profile, rss and channel: version 2.0, one channel, and nothing else."""
    if rss.tag != "rss" or rss.get("version") != "2.0" or [child.tag for child in rss] != ["channel"]:
        yield rss.tag


def rss_channel(rss: Element) -> Faults:
    """RSS Profile, channel: one title, link and description; at most one of the others; no unknown element."""
    (channel,) = rss
    yield from count(channel, dict.fromkeys(("title", "link", "description"), ONE))
    single = CHANNEL_ELEMENTS - {"item", "category", "title", "link", "description"}
    yield from count(channel, dict.fromkeys(single, AT_MOST_ONE))
    yield from (child.tag for child in channel if "}" not in str(child.tag) and child.tag not in CHANNEL_ELEMENTS)
    for name in ("title", "description", "language", "generator"):
        if not text_of(channel, name).strip():
            yield f"{name} says nothing"


def rss_avoided(rss: Element) -> Faults:
    """RSS Profile, textInput, cloud, rating, skipDays: publishers should not use the first three; we use none."""
    (channel,) = rss
    yield from (
        name for name in ("textInput", "cloud", "rating", "skipDays", "skipHours") if channel.find(name) is not None
    )


def rss_channel_link(rss: Element) -> Faults:
    """RSS Profile, link: the URL of the page that the channel belongs to, absolute."""
    url = text_of(rss[0], "link")
    if not is_absolute(url) or url.endswith(".xml"):
        yield url


def rss_self(rss: Element) -> Faults:
    """RSS Profile, atom:link: one of rel=self, with type and an absolute URL."""
    links = [link for link in rss[0].findall(f"{ATOM}link") if link.get("rel") == "self"]
    if [link.get("type") for link in links] != ["application/rss+xml"]:
        yield str(len(links))
    yield from (str(link.attrib) for link in rss[0].findall(f"{ATOM}link") if not is_absolute(link.get("href", "")))


def rss_dates(rss: Element) -> Faults:
    """RSS Profile, pubDate and lastBuildDate: RFC 822 with four digits of the year; atom:updated as in Atom."""
    dates = [str(node.text) for node in rss.iter("pubDate", "lastBuildDate")]
    yield from (text for text in dates if not is_rfc822(text))
    yield from (str(node.text) for node in rss.iter(f"{ATOM}updated") if not is_rfc3339(str(node.text)))


def rss_ttl(rss: Element) -> Faults:
    """RSS Profile, ttl: a number of minutes that is not negative."""
    if not re.fullmatch(r"[1-9]\d*", text_of(rss[0], "ttl")):
        yield text_of(rss[0], "ttl")


def rss_items(rss: Element) -> Faults:
    """RSS Profile, item: here one title, link, description, guid and pubDate each; no unknown element, no author."""
    for item in rss.iter("item"):
        yield from count(item, dict.fromkeys(("title", "link", "description", "guid", "pubDate"), ONE))
        yield from count(item, dict.fromkeys(("comments", "enclosure", ENCODED), AT_MOST_ONE))
        yield from (child.tag for child in item if "}" not in str(child.tag) and child.tag not in ITEM_ELEMENTS)


def rss_guids(rss: Element) -> Faults:
    """RSS Profile, guid: what is no URL says isPermaLink=false; no two items share one."""
    guids = [(str(node.text), node.get("isPermaLink")) for node in rss.iter("guid")]
    yield from (guid for guid, permanent in guids if permanent != "false" or not is_absolute(guid))
    yield from (guid for (guid, _), times in Counter(guids).items() if times > 1)


def rss_titles(rss: Element) -> Faults:
    """RSS Profile, title: plain text; nothing in it may be taken for a tag or a character reference."""
    yield from (
        str(node.text) for node in rss.iter("title") if has_markup(str(node.text)) or not str(node.text).strip()
    )


def rss_content(rss: Element) -> Faults:
    """RSS Profile, content:encoded: after the description; no relative URL in either (description)."""
    for item in rss.iter("item"):
        names = [child.tag for child in item]
        if ENCODED in names and names.index(ENCODED) < names.index("description"):
            yield text_of(item, "guid")
        yield from content_faults(text_of(item, ENCODED) or text_of(item, "description"))


def rss_creators(rss: Element) -> Faults:
    """RSS Profile, dc:creator: a name, for authors without a mail address, one an element."""
    names = [str(node.text or "") for node in rss.iter(f"{DC}creator")]
    yield from (name for name in names if not name.strip() or has_markup(name))


def rss_item_urls(rss: Element) -> Faults:
    """RSS Profile, link, comments and category: URLs are absolute; a domain is one too."""
    urls = [str(node.text) for item in rss.iter("item") for node in item.iter("link", "comments")]
    urls += [str(node.get("domain")) for node in rss.iter("category") if node.get("domain") is not None]
    yield from (url for url in urls if not is_absolute(url))


def rss_categories(rss: Element) -> Faults:
    """RSS Profile, category: says something, and once an item."""
    for item in rss.iter("item"):
        found = [(node.text, node.get("domain")) for node in item.findall("category")]
        if len(set(found)) != len(found) or not all((text or "").strip() for text, _ in found):
            yield str(found)


RSS_RULES: tuple[Callable[[Element], Faults], ...] = (
    rss_root,
    rss_channel,
    rss_avoided,
    rss_channel_link,
    rss_self,
    rss_dates,
    rss_ttl,
    rss_items,
    rss_guids,
    rss_titles,
    rss_content,
    rss_creators,
    rss_item_urls,
    rss_categories,
    media_thumbnails,
)

# -- JSON Feed -------------------------------------------------------------------------------------------------

FEED_KEYS = {
    "version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon", "favicon",
    "authors", "language", "expired", "hubs", "items",
}  # fmt: skip
ITEM_KEYS = {
    "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image",
    "date_published", "date_modified", "authors", "tags", "language", "attachments",
}  # fmt: skip


def json_top(feed: dict[str, Any]) -> Faults:
    """JSON Feed 1.1, top-level: version, title and items are required; extensions begin with an underscore."""
    if feed["version"] != "https://jsonfeed.org/version/1.1" or not feed["title"].strip():
        yield feed["version"]
    yield from (key for key in feed if key not in FEED_KEYS and not re.fullmatch("_[a-z]+", key))
    yield from (feed[key] for key in ("home_page_url", "feed_url") if not is_absolute(feed[key]))


def json_items(feed: dict[str, Any]) -> Faults:
    """JSON Feed 1.1, items: an id that is text and its own, and content; no unknown key, none that is empty."""
    ids = Counter(item["id"] for item in feed["items"])
    yield from (str(i) for i, times in ids.items() if times > 1 or not isinstance(i, str) or not is_absolute(i))
    for item in feed["items"]:
        yield from (key for key in item if key not in ITEM_KEYS and not re.fullmatch("_[a-z]+", key))
        yield from (f"{key} is empty" for key, value in item.items() if value in ("", None, []))
        yield from content_faults(item["content_html"])


def json_dates(feed: dict[str, Any]) -> Faults:
    """JSON Feed 1.1, items, dates: as RFC 3339 writes them; none is modified before it is published."""
    for item in feed["items"]:
        if not is_rfc3339(item["date_published"]) or not is_rfc3339(item["date_modified"]):
            yield item["id"]
        if item["date_modified"] < item["date_published"]:
            yield item["id"]


def json_urls(feed: dict[str, Any]) -> Faults:
    """JSON Feed 1.1, items, URLs: url, external_url, image and those of attachments are absolute."""
    for item in feed["items"]:
        urls = [item[key] for key in ("url", "external_url", "image", "banner_image") if key in item]
        urls += [attachment["url"] for attachment in item.get("attachments", ())]
        yield from (url for url in urls if not is_absolute(url))


def json_persons(feed: dict[str, Any]) -> Faults:
    """JSON Feed 1.1, authors: a list (author is deprecated), each with at least a name, url or avatar."""
    for thing in (feed, *feed["items"]):
        yield from (str(author) for author in thing.get("authors", ()) if not author.get("name", "").strip())


def json_attachments(feed: dict[str, Any]) -> Faults:
    """JSON Feed 1.1, attachments: url and mime_type are required."""
    for item in feed["items"]:
        for attachment in item.get("attachments", ()):
            if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", attachment["mime_type"]):
                yield str(attachment)


def json_texts(feed: dict[str, Any]) -> Faults:
    """JSON Feed 1.1, title, summary and tags: plain text, which says something."""
    for item in feed["items"]:
        texts = [item["title"], *([item["summary"]] if "summary" in item else []), *item.get("tags", ())]
        yield from (text for text in texts if has_markup(text) or not text.strip())


JSON_RULES: tuple[Callable[[dict[str, Any]], Faults], ...] = (
    json_top,
    json_items,
    json_dates,
    json_urls,
    json_persons,
    json_attachments,
    json_texts,
)

# -- OPML ------------------------------------------------------------------------------------------------------


def opml_frame(opml: Element) -> Faults:
    """OPML 2.0, What is an OPML document: version 2.0, a head, a body with at least one outline."""
    if opml.tag != "opml" or opml.get("version") != "2.0" or [child.tag for child in opml] != ["head", "body"]:
        yield opml.tag
    if not opml.findall("body/outline"):
        yield "no outline"


def opml_head(opml: Element) -> Faults:
    """OPML 2.0, What is a head: a title; dates as RFC 822 writes them."""
    (head,) = opml.findall("head")
    if not text_of(head, "title").strip():
        yield "no title"
    yield from (str(n.text) for n in head.iter("dateModified", "dateCreated") if not is_rfc822(str(n.text)))


def opml_texts(opml: Element) -> Faults:
    """OPML 2.0, Text: every outline has one; and by our contract no two share it, nor a title."""
    texts = [node.get("text", "") for node in opml.iter("outline") if node.get("xmlUrl")]
    folded = Counter(re.sub(r"[^\w.-]+", "-", text).casefold() for text in texts)
    yield from (text for text, times in folded.items() if times > 1 or not text.strip("-"))
    yield from (
        str(n.get("text")) for n in opml.iter("outline") if not (n.get("text") and n.get("title") == n.get("text"))
    )


def opml_subscriptions(opml: Element) -> Faults:
    """OPML 2.0, Subscription lists: type is rss, also for Atom; xmlUrl and htmlUrl are absolute, each feed once."""
    urls = Counter(node.get("xmlUrl") for node in opml.iter("outline") if node.get("xmlUrl"))
    yield from (str(url) for url, times in urls.items() if times > 1)
    for node in opml.iter("outline"):
        feed = node.get("xmlUrl")
        if feed is None:
            yield from ("an empty folder" for _ in [node] if not len(node))
        elif node.get("type") != "rss" or not is_absolute(feed) or not is_absolute(node.get("htmlUrl", "")):
            yield feed


def opml_depth(opml: Element) -> Faults:
    """Our contract: one level of folders, because readers lose what is deeper."""
    yield from (str(node.attrib) for node in opml.findall("body/outline/outline/outline"))


OPML_RULES: tuple[Callable[[Element], Faults], ...] = (
    opml_frame,
    opml_head,
    opml_texts,
    opml_subscriptions,
    opml_depth,
)

# -- the tests -------------------------------------------------------------------------------------------------


def broken(documents: dict[str, Any], rule: Callable[[Any], Iterable[str]]) -> list[str]:
    """Say where a rule is broken: at most ten places."""
    faults: list[str] = []
    for path, document in documents.items():
        faults += [f"{path}: {fault}" for fault in rule(document)]
        if len(faults) > 10:
            break
    return faults[:10]


def names(rules: Iterable[Callable[..., object]]) -> list[str]:
    """Name the rules."""
    return [rule.__name__ for rule in rules]


@pytest.mark.parametrize("rule", ATOM_RULES, ids=names(ATOM_RULES))
def test_atom(site: Site, rule: Callable[[Element], Faults]) -> None:
    """Each Atom document, archives too, keeps a rule."""
    assert site.atom
    assert broken(site.atom, rule) == []


@pytest.mark.parametrize("rule", RSS_RULES, ids=names(RSS_RULES))
def test_rss(site: Site, rule: Callable[[Element], Faults]) -> None:
    """Each RSS document keeps a rule."""
    assert site.rss
    assert broken(site.rss, rule) == []


@pytest.mark.parametrize("rule", JSON_RULES, ids=names(JSON_RULES))
def test_jsonfeed(site: Site, rule: Callable[[dict[str, Any]], Faults]) -> None:
    """Each JSON Feed keeps a rule."""
    assert site.jsonfeed
    assert broken(site.jsonfeed, rule) == []


@pytest.mark.parametrize("rule", OPML_RULES, ids=names(OPML_RULES))
def test_opml(site: Site, rule: Callable[[Element], Faults]) -> None:
    """Each list of feeds keeps a rule."""
    assert len(site.opml) == 2
    assert broken(site.opml, rule) == []


def test_each_document_names_itself(site: Site) -> None:
    """Each document's self is where it is (RFC 4287, 4.2.7.2; JSON Feed 1.1, feed_url): readers move there."""
    for path, feed in site.atom.items():
        assert [link.get("href") for link in feed.findall(f"{ATOM}link[@rel='self']")] == [PREVIEW_URL + path]
    for path, rss in site.rss.items():
        assert [link.get("href") for link in rss[0].findall(f"{ATOM}link[@rel='self']")] == [PREVIEW_URL + path]
    for path, document in site.jsonfeed.items():
        assert document["feed_url"] == PREVIEW_URL + path


def test_lists_name_feeds_that_are_there(site: Site) -> None:
    """Each subscription of a list is a document of the site."""
    for opml in site.opml.values():
        for node in opml.iter("outline"):
            assert node.get("xmlUrl", PREVIEW_URL + "feeds/all/atom.xml").removeprefix(PREVIEW_URL) in site.atom


def test_archives_say_what_they_are(site: Site) -> None:
    """RFC 5005, 4: archive documents have fh:archive and current, subscription documents neither; links lead on."""
    for path, feed in site.atom.items():
        is_archive = "/archive/" in path
        rels = Counter(link.get("rel", "alternate") for link in feed.findall(f"{ATOM}link"))
        assert len(feed.findall(f"{FH}archive")) == rels["current"] == int(is_archive)
        assert rels["prev-archive"] <= 1
        assert rels["next-archive"] <= int(is_archive)
        for link in feed.findall(f"{ATOM}link"):
            if link.get("rel") in {"prev-archive", "next-archive", "current"}:
                other = site.atom[link.get("href", "").removeprefix(PREVIEW_URL)]
                assert text_of(other, f"{ATOM}id") == text_of(feed, f"{ATOM}id")
                assert text_of(other, f"{ATOM}title") == text_of(feed, f"{ATOM}title")


def test_no_two_entries_of_a_digest_share_a_time(site: Site) -> None:
    """RFC 4287, 4.1.1: entries of one `updated` are of different digests; validators warn of others."""
    for path, feed in site.atom.items():
        times: dict[str, list[str]] = defaultdict(list)
        for entry in feed.iter(f"{ATOM}entry"):
            times[text_of(entry, f"{ATOM}updated")].append(text_of(entry, f"{ATOM}id"))
        for moment, ids in times.items():
            digests = Counter(digest for i in ids for digest in site.digests.get(i, {i}))
            assert max(digests.values()) == 1, (path, moment, ids)


def test_what_is_polled_is_small(site: Site) -> None:
    """Subscription documents and lists, those of days too, stay below what some readers refuse."""
    sizes = {path: len(data) for path, data in site.data.items() if "/archive/" not in path}
    assert {path: size for path, size in sizes.items() if size >= MAX_BYTES} == {}


def test_documents_are_utf8_and_say_so(site: Site) -> None:
    """XML 1.0, 4.3.3 and RFC 8259, 8.1: UTF-8 without a byte order mark, without characters that readers choke on."""
    for path, data in site.data.items():
        text = data.decode("utf-8")
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\ufeff\ufffe\uffff]", text), path
        assert path.endswith(".json") or re.match(r"<\?xml version=['\"]1.0['\"] encoding=['\"]UTF-8['\"]\?>\n", text)


def schema(name: str) -> Path:
    """Find a schema; the test is skipped where it is not there."""
    path = SHARED / "schemas" / name
    if not path.exists():
        pytest.skip(f"{name} is not there")
    return path


def test_atom_is_valid(site: Site) -> None:
    """RFC 4287, appendix B: each Atom document is valid by its RELAX NG grammar."""
    grammar = etree.RelaxNG(etree.parse(schema("atom.rng")))
    for path, feed in site.atom.items():
        assert grammar.validate(feed), (path, grammar.error_log)


def test_rss_is_valid(site: Site) -> None:
    """Jorgen Thelin's schema of RSS 2.0: each RSS document is valid by it."""
    grammar = etree.XMLSchema(etree.parse(schema("rss-2.0-thelin.xsd")))
    for path, rss in site.rss.items():
        assert grammar.validate(rss), (path, grammar.error_log)


def test_jsonfeed_is_valid(site: Site) -> None:
    """JSON Feed 1.1: each document is valid by the schema of that version."""
    validator = jsonschema.validators.validator_for(json.loads(schema("jsonfeed-1.1.json").read_bytes()))(
        json.loads(schema("jsonfeed-1.1.json").read_bytes())
    )
    for path, feed in site.jsonfeed.items():
        assert [error.message for error in validator.iter_errors(feed)] == [], path


def test_opml_is_valid(site: Site) -> None:
    """OPML 2.0: each list is valid by a schema of that version."""
    grammar = etree.XMLSchema(etree.parse(schema("opml-2.0.xsd")))
    for path, opml in site.opml.items():
        assert grammar.validate(opml), (path, grammar.error_log)


# -- the rules themselves --------------------------------------------------------------------------------------

BREAKS = [
    (feed_elements, "<updated>", "<updated>2024-01-01T00:00:00Z</updated><updated>"),
    (feed_links, 'rel="self"', 'rel="via"'),
    (entry_elements, "<entry>", "<entry><summary>a</summary><summary>b</summary>"),
    (entry_links, "<entry>", '<entry><link href="http://a.example/"/>'),
    (atom_ids, "<id>tag:localhost,2024:paper/", "<id>tag:Local host:paper/"),
    (atom_ids, "<id>tag:localhost,2024:paper/", "<id>/paper/"),
    (atom_dates, "Z</published>", "+00:00</published>"),
    (atom_dates, "<published>20", "<published>21"),
    (atom_persons, "<author><name>", "<author><name>x</name><name>"),
    (atom_texts, "</title>", " &lt;b&gt;</title>"),
    (atom_texts, "</title>", " &amp;lt;</title>"),
    (atom_content, '<content type="html">', '<content type="html">&lt;a href="/papers/"&gt;x&lt;/a&gt;'),
    (atom_content, '<content type="html">', '<content type="html">&lt;p onclick="x"&gt;x&lt;/p&gt;'),
    (atom_content, '<content type="html">', '<content type="html">&lt;p&gt;&lt;b&gt;x&lt;/p&gt;'),
    (atom_content, '<content type="html">', '<content type="CDATA">'),
    (atom_categories, "<entry>", '<entry><category term="a"/><category term="a"/>'),
    (atom_link_values, "<entry>", '<entry><link rel="related" href="a.html"/>'),
    (atom_link_values, "<entry>", '<entry><link rel="pdf" href="http://a.example/"/>'),
    (atom_language, "xml:lang", "lang"),
    (atom_order, "<published>20", "<published>19"),
    (media_thumbnails, "<entry>", '<entry xmlns:m="http://search.yahoo.com/mrss/"><m:group/>'),
    (rss_root, 'version="2.0"', 'version="0.91"'),
    (rss_channel, "<item>", "<autor>x</autor><item>"),
    (rss_avoided, "<item>", "<textInput/><item>"),
    (rss_channel_link, "<link>", "<link>/"),
    (rss_self, 'rel="self"', 'rel="via"'),
    (rss_dates, "+0000</pubDate>", "GMT</pubDate>"),
    (rss_dates, "<pubDate>", "<pubDate>Xxx, "),
    (rss_ttl, "<ttl>", "<ttl>-"),
    (rss_items, "<item>", "<item><author>x</author>"),
    (rss_guids, 'isPermaLink="false"', 'isPermaLink="true"'),
    (rss_titles, "</title>", " &lt;b&gt;</title>"),
    (rss_content, "<item>", "<item><content:encoded>x</content:encoded>"),
    (rss_content, "<content:encoded>", '<content:encoded>&lt;img src="a.png"&gt;'),
    (rss_creators, "<item>", '<item><x:creator xmlns:x="http://purl.org/dc/elements/1.1/"/>'),
    (rss_item_urls, "<comments>https://", "<comments>//"),
    (rss_categories, "<item>", "<item><category/>"),
    (opml_frame, "<body>", "<title/><body>"),
    (opml_head, "</title>", "</title><dateModified>2024-01-01</dateModified>"),
    (opml_texts, ' text="', ' text="a" was="'),
    (opml_subscriptions, 'type="rss"', 'type="atom"'),
    (opml_depth, 'type="rss"', 'type="rss"><outline text="x"/></outline><outline'),
]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A document of each kind, of our own digests."""
    root = tmp_path_factory.mktemp("kinds")
    run(root, digests=SOURCES["own"])
    kinds = {"a": "feeds/all/atom.xml", "m": "feeds/all/atom.xml", "r": "feeds/all/rss.xml", "o": "feeds.opml"}
    texts = {kind: (root / "out" / path).read_text("utf-8") for kind, path in kinds.items()}
    return texts | {"f": texts["a"], "e": texts["a"]}


@pytest.mark.parametrize(("rule", "old", "new"), BREAKS, ids=names(row[0] for row in BREAKS))
def test_a_rule_finds_what_breaks_it(
    documents: dict[str, str], rule: Callable[[Element], Faults], old: str, new: str
) -> None:
    """Each rule has nothing against a document as it is, and something once it is spoiled."""
    text = documents[rule.__name__[0]]
    assert old in text
    assert list(rule(etree.fromstring(text.encode("utf-8")))) == []
    assert list(rule(etree.fromstring(text.replace(old, new, 1).encode("utf-8"))))
