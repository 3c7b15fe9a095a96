"""The body of an entry: what every format needs of one paper, made once.

Owns the safe HTML and the plain text that come of a digest's Markdown, and which URLs are fit to be
published.  Digests are untrusted: text is escaped, or rendered by the CommonMark rules without raw HTML and
then held against a fixed list of tags.  Refuses feed formats, sorting and the disk.
"""

from __future__ import annotations

import functools
import html
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

import msgspec

from digestfeed.model import Links, Moment, Paper
from digestfeed.text import match_key, one_line, shorten, xml_clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

    from digestfeed.render.context import Context

SUMMARY_WIDTH: Final = 300
"""Characters at most of the plain-text summary."""

LONGEST_MARKDOWN: Final = 64_000
"""Characters from which on a text is escaped paragraph by paragraph instead of being read as Markdown."""

OTHER: Final = "other"
"""The slug of the field that takes labels of no other field."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One paper as the feeds show it; every text is XML-clean, every URL absolute, ASCII and http(s).

    `title`, `summary_text`, authors and category labels read the same as text and as HTML (see `plain`).
    `categories` are (term, label) pairs: fields by slug and name, then the raw labels that no field took, as
    both.  `published` and `updated` are 0 for an undated paper, which is in no feed.  `digests` are the paths
    of the digests that showed the paper.  Votes are in here nowhere: a feed must not change with them.
    """

    key: str
    entry_id: str
    url: str
    title: str
    published: Moment
    updated: Moment
    summary_text: str
    content_html: str
    authors: tuple[str, ...]
    categories: tuple[tuple[str, str], ...]
    links: Links
    thumbnail: str | None
    basis: str | None
    submitted: str | None
    fields: tuple[str, ...]
    fields_inferred: bool
    labels: tuple[str, ...]
    digests: tuple[str, ...]


def entry(paper: Paper, context: Context) -> Entry:
    """Make the entry of a paper."""
    links = _links(paper.links)
    thumbnail = web_url(paper.thumbnail) if context.config.site.thumbnails else None
    categories = _categories(paper, context)
    title = plain(paper.title) or paper.key
    summary = markdown_html(paper.summary) if paper.summary else ""
    easy = markdown_html(paper.easy_summary) if paper.easy_summary else ""
    content = _content(_Parts(thumbnail, summary, easy, categories, links), strings(context.config.language))
    return Entry(
        key=paper.key,
        entry_id=context.urls.entry_id(paper.key),
        url=_permalink(paper, links, context),
        title=title,
        published=paper.published or 0,
        updated=paper.updated or paper.published or 0,
        summary_text=_summary_text(summary or easy),
        content_html=content or f"<p>{_escape(title)}</p>",
        authors=tuple(filter(None, map(plain, paper.authors))),
        categories=categories,
        links=links,
        thumbnail=thumbnail,
        basis=paper.published_basis,
        submitted=None if paper.submitted is None else paper.submitted.isoformat(),
        fields=paper.fields,
        fields_inferred=paper.fields_inferred,
        labels=tuple(map(xml_clean, paper.labels)),
        digests=tuple(dict.fromkeys(xml_clean(mention.digest) for mention in paper.mentions)),
    )


def _permalink(paper: Paper, links: Links, context: Context) -> str:
    """Give the paper's page; where the site has no pages, the best page elsewhere."""
    if context.config.site.pages:
        return context.urls.paper(paper.key)
    elsewhere = links.abs or links.huggingface or links.source or links.pdf
    return elsewhere or context.urls.paper(paper.key)


def _links(links: Links) -> Links:
    return Links(
        abs=web_url(links.abs),
        pdf=web_url(links.pdf),
        huggingface=web_url(links.huggingface),
        source=web_url(links.source),
    )


def _categories(paper: Paper, context: Context) -> tuple[tuple[str, str], ...]:
    """Pair fields with their names; where a label fitted none, add the labels that are no field's name."""
    names = context.field_names
    pairs = [(slug, plain(names.get(slug, slug))) for slug in paper.fields]
    if OTHER in paper.fields:
        known = {match_key(name) for name in names.values()}
        labels = filter(None, map(plain, paper.labels))
        pairs += [(label, label) for label in labels if match_key(label.partition("(")[0]) not in known]
    return tuple(dict.fromkeys(pairs))


# --- the layout ---------------------------------------------------------------------------------------------


class Strings(msgspec.Struct, frozen=True):
    """The words that the layout of an entry adds, in one language."""

    easy: str
    fields: str
    source: str


_STRINGS: Final = {
    "ko": Strings("쉬운 설명", "분야", "원문"),
    "en": Strings("In plain words", "Fields", "Source"),
}


def strings(language: str) -> Strings:
    """Give the layout's words in a language (an RFC 5646 tag), in English where there are none."""
    return _STRINGS.get(language.partition("-")[0].lower(), _STRINGS["en"])


class _Parts(msgspec.Struct, frozen=True):
    """What the content of an entry is laid out from."""

    thumbnail: str | None
    summary: str
    easy: str
    categories: tuple[tuple[str, str], ...]
    links: Links


def _content(parts: _Parts, words: Strings) -> str:
    """Lay out an entry.  The picture stands first: several readers show no other thumbnail."""
    blocks = [parts.summary] if parts.summary else []
    if parts.thumbnail:
        blocks.insert(0, f'<p><img src="{_escape(parts.thumbnail)}" alt=""></p>')
    if parts.easy:
        blocks.append(f"<h3>{words.easy}</h3>\n{parts.easy}")
    if parts.categories:
        blocks.append(
            f"<p>{words.fields}: {_escape(', '.join([label for _, label in parts.categories]))}</p>"
        )
    anchors = _anchors(parts.links, words)
    if anchors:
        blocks.append(f"<p>{anchors}</p>")
    return "\n".join(blocks)


def _anchors(links: Links, words: Strings) -> str:
    named = (
        (links.abs, "arXiv"),
        (links.pdf, "PDF"),
        (links.huggingface, "Hugging Face"),
        (links.source, words.source),
    )
    return " · ".join([f'<a href="{_escape(url)}">{name}</a>' for url, name in named if url])


def _escape(text: str) -> str:
    """Escape as the sanitiser does: `"` as well, so that it serves for attributes too."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


# --- text that is safe both ways ----------------------------------------------------------------------------


def _clean(text: str) -> str:
    """Do what `xml_clean` does; text that is all printable, as most is, needs no look at each character."""
    return text if text.replace("\n", " ").isprintable() else xml_clean(text)


def _line(text: str) -> str:
    """Do what `one_line` does, and `xml_clean`: printable text has no white space but blanks, and no marks."""
    return text.strip() if text.isprintable() and "  " not in text else one_line(xml_clean(text))


_TAG: Final = re.compile("<([A-Za-z/!?][^<>]*)(>?)")
_ENTITY_ROUNDS: Final = 3


def plain(text: str) -> str:
    """Make one line of text that reads the same whether a reader takes it for text or for HTML.

    Atom says what a title is, RSS does not, and readers guess (RSS Profile 1.0, "title"): so no tag and no
    character reference may be left.  A `<` that HTML would take for the start of a tag becomes the quotation
    mark ‹, its `>` becomes ›; any other `<` and `&` is text in both readings and stays.

    >>> plain("Q&amp;A: p < 0.05 and <b>bold</b>")
    'Q&A: p < 0.05 and ‹b›bold‹/b›'
    """
    text = _line(text)
    if "&" in text:
        text = _without_references(text)
    return _TAG.sub(_quoted_tag, text) if "<" in text else text


def _without_references(text: str) -> str:
    """Decode character references until none is left; what was encoded over and over is disarmed."""
    for _ in range(_ENTITY_ROUNDS):
        decoded = _line(html.unescape(text))
        if decoded == text:
            return text
        text = decoded
    return text.replace("&", "＆")


def _quoted_tag(match: re.Match[str]) -> str:
    return f"‹{match[1]}›" if match[2] else f"‹{match[1]}"


_INLINE_TAG: Final = re.compile("</?(?:em|strong|code|a|s|del|sub|sup)(?: [^>]*)?>")
_ANY_TAG: Final = re.compile("<[^>]*>")


def _summary_text(rendered: str) -> str:
    """Take the text out of rendered HTML, shortened; a feed's summary is plain text."""
    start = rendered[: 10 * SUMMARY_WIDTH]
    if start.rfind("<") > start.rfind(">"):  # cut within a tag
        start = start[: start.rfind("<")]
    text = html.unescape(_ANY_TAG.sub(" ", _INLINE_TAG.sub("", start)))
    return shorten(plain(text), SUMMARY_WIDTH)


# --- URLs ---------------------------------------------------------------------------------------------------


_PCHAR: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
_PLAIN_URL: Final = re.compile(
    rf"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{{1,5}})?(?:/{_PCHAR}*)?(?:\?(?:{_PCHAR}|\?)*)?(?:#(?:{_PCHAR}|\?)*)?"
)
_HOST: Final = re.compile(r"[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\]")
_BARE_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")
_SAFE: Final = "%._~!$&'()*+,;=:@/-"


def web_url(url: str | None) -> str | None:
    """Give a URL in ASCII (RFC 3986) if it is http(s) to a host and names no user, else None.

    >>> web_url("https://example.org/한"), web_url("javascript:alert(1)"), web_url("http://me@example.org/")
    ('https://example.org/%ED%95%9C', None, None)
    """
    if not url:
        return None
    if _PLAIN_URL.fullmatch(url):
        return url
    try:
        return _encoded_url(xml_clean(url).strip())
    except ValueError:  # the standard library's word for no port, no IPv6 address, no IDNA host
        return None


def _encoded_url(url: str) -> str | None:
    """Encode what RFC 3986 does not allow, as RFC 3987 (section 3.1) maps IRIs to URIs."""
    parts = urlsplit(url)
    host = _ascii_host(parts.hostname or "")
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    port = f":{parts.port}" if parts.port is not None else ""
    query = f"?{_quoted(parts.query, '?')}" if parts.query else ""
    fragment = f"#{_quoted(parts.fragment, '?')}" if parts.fragment else ""
    return f"{parts.scheme}://{host}{port}{_quoted(parts.path)}{query}{fragment}"


def _ascii_host(host: str) -> str:
    if ":" in host:
        return f"[{host}]"
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _quoted(text: str, also: str = "") -> str:
    return _BARE_PERCENT.sub("%25", quote(text, safe=_SAFE + also))


# --- Markdown -----------------------------------------------------------------------------------------------


def markdown_html(text: str) -> str:
    """Render Markdown (CommonMark, tables, strikethrough) to safe HTML.

    Raw HTML is shown as text, links and pictures that are not http(s) to a host lose their URL but not their
    text, headings go two levels down so that the outline of the page around them holds.  `$…$` stays as it is.
    """
    text = _clean(text)
    if len(text) > LONGEST_MARKDOWN:
        return _paragraphs(text)
    fast = _plain_html(text)
    return _markdown_html(text) if fast is None else fast


_MARKS: Final = ("\\", "`", "[", "~~")
_MAYBE_MARKS: Final = ("_", "&", "<")
_INLINE: Final = re.compile(r"&[#A-Za-z]|<[A-Za-z]|(?<![^\W_])_|_(?![^\W_])")
_BLOCK: Final = re.compile(r"[-+=>#|:~]|[0-9]{1,9}[.)]")
_BLANK_LINES: Final = re.compile(r"\n\s*\n")


def _plain_html(text: str) -> str | None:
    """Render text in which Markdown means nothing but paragraphs and `**bold**`; None where it may mean more.

    Most summaries are such text, and this costs a tenth.  That it gives the same HTML is held by a property
    test; so it may say None too often, never too seldom.
    """
    text = text.strip("\n")
    if _has_marks(text) or not all(map(_is_plain_line, text.split("\n"))):
        return None
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if "*" in escaped:
        return _bold_html(escaped)
    paragraphs = [part.strip("\n") for part in escaped.split("\n\n")]
    return "\n".join([f"<p>{part}</p>" for part in paragraphs if part])


def _has_marks(text: str) -> bool:
    """Tell whether inline markup other than `*` may be in a text; looking for each mark beats one expression."""
    for mark in _MARKS:
        if mark in text:
            return True
    for mark in _MAYBE_MARKS:
        if mark in text:
            return _INLINE.search(text) is not None
    return False


def _is_plain_line(line: str) -> bool:
    """Tell whether a line neither opens a block nor has blanks around it or white space of other kinds in it."""
    if not line:
        return True
    if line[0] == " " or line[-1] == " " or _BLOCK.match(line):
        return False
    return line.isprintable() or " ".join(line.split()) == line


def _bold_html(escaped: str) -> str | None:
    """Render paragraphs in which `**` is the only markup, and each pair encloses a letter or digit on both ends.

    Such delimiter runs open and close whatever stands around them (CommonMark 0.31, section 6.2).
    """
    out = []
    for paragraph in escaped.split("\n\n"):
        parts = paragraph.strip("\n").split("**")
        if len(parts) % 2 == 0 or any("*" in part for part in parts):
            return None
        if not all(part[:1].isalnum() and part[-1].isalnum() for part in parts[1::2]):
            return None
        parts[1::2] = [f"<strong>{part}</strong>" for part in parts[1::2]]
        if parts != [""]:
            out.append(f"<p>{''.join(parts)}</p>")
    return "\n".join(out)


def _paragraphs(text: str) -> str:
    """Escape a text and keep its paragraphs, no Markdown: for what is too long to be a summary."""
    parts = filter(None, (part.strip() for part in _BLANK_LINES.split(text)))
    return "\n".join([f"<p>{_escape(part)}</p>" for part in parts])


def _markdown_html(text: str) -> str:
    render, clean = _machines()
    return clean(render(text)).rstrip("\n")


_TAG_NAMES: Final = "p br hr em strong del s sub sup code pre blockquote ul ol li a img h3 h4 h5 h6 table thead tbody tr th td"
_TAGS: Final = frozenset(_TAG_NAMES.split())
_ATTRIBUTES: Final = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}
_SCHEMES: Final = frozenset(("http", "https"))


@functools.cache
def _machines() -> tuple[Callable[[str], str], Callable[[str], str]]:
    """Make the renderer and the sanitiser, once a process and only when some text needs them."""
    import nh3  # noqa: PLC0415 -- start-up imports what the command needs
    from markdown_it import MarkdownIt  # noqa: PLC0415

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20, "xhtmlOut": False})
    parser.enable(["table", "strikethrough"])
    # every link is let through here, so that `_tame` can take its URL and leave its text
    parser.validateLink = lambda url: bool(url)  # type: ignore[method-assign]
    parser.core.ruler.push("digestfeed", _tame)
    if hasattr(nh3, "Cleaner"):  # one that is made once, where nh3 has it, costs a third
        return parser.render, nh3.Cleaner(tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES).clean
    return parser.render, lambda text: nh3.clean(
        text, tags=set(_TAGS), attributes=_ATTRIBUTES, url_schemes=set(_SCHEMES)
    )


def _tame(state: StateCore) -> None:
    """Lower headings and take out links and pictures that may not be published (a markdown-it core rule)."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        elif token.children and any(child.attrs for child in token.children):
            token.children = list(_tamed(token.children))


def _tamed(tokens: Iterable[Token]) -> Iterable[Token]:
    open_links: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            open_links.append(_is_web(token, "href"))
        keep = open_links[-1] if token.type in {"link_open", "link_close"} else True
        if token.type == "link_close":
            open_links.pop()
        if token.type == "image" and not _is_web(token, "src"):
            token.type, token.tag = "text", ""
        if keep:
            yield token


def _is_web(token: Token, name: str) -> bool:
    url = web_url(str(token.attrs.get(name, "")))
    if url is not None:
        token.attrs[name] = url
    return url is not None
