"""A digest's Markdown → safe HTML, and its URLs → URLs fit to be published.

Owns both lines of defence: raw HTML is never read as such, and what is rendered is held against a fixed list
of tags and attributes.  Refuses layout and the disk.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from digestfeed.render import maths
from digestfeed.text import unturned, xml_clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

    from digestfeed.model import Paper

LONGEST_MARKDOWN: Final = 16_000
"""Characters above which a text is escaped paragraph by paragraph instead of being read as Markdown.

Eight times the longest summary of real digests.
"""

DEEPEST: Final = 20
"""Levels of quotations and lists above which a text is treated in the same way; each list is two."""

LONGEST_URL: Final = 2_000
"""Characters of a URL at most, as it is written."""

MOST_CELLS: Final = 4_000
"""Cells above which tables are left as text: short rows are filled up, to the square of what is written."""

# --- URLs ---------------------------------------------------------------------------------------------------

_PCHAR: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
_PLAIN_URL: Final = re.compile(
    rf"""https?://[A-Za-z0-9][A-Za-z0-9.-]*
    (?:/{_PCHAR}*)?(?:\?(?:{_PCHAR}|\?)*)?(?:\#(?:{_PCHAR}|\?)*)?""",
    re.VERBOSE,
)
_HOST: Final = re.compile(r"[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\]")
_BARE_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")
_SAFE: Final = "%._~!$&'()*+,;=:@/-"


def web_url(url: str | None) -> str | None:
    """Give a URL in ASCII (RFC 3986) if it is http(s) to a host and names no user, else None.

    >>> web_url("https://example.org/한"), web_url("javascript:alert(1)"), web_url("http://me@example.org/")
    ('https://example.org/%ED%95%9C', None, None)
    """
    if not url or len(url) > LONGEST_URL:
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
    """Render Markdown (CommonMark, tables, strikethrough, but no link definitions) to safe HTML.

    Raw HTML is shown as text, links and pictures that are not http(s) to a host lose their URL but not their
    text, headings go two levels down so that the outline of the page around them holds.  TeX becomes MathML
    (see `maths`).  Link definitions (`[a]: https://…`) stay as they are written: they would hide a line wherever
    nothing uses them, and make a page of a long one that is used often.
    """
    text = clean(text).rstrip()
    if len(text) > LONGEST_MARKDOWN:
        return _paragraphs(text)
    fast = _plain_html(text)
    return _markdown_html(text) if fast is None else fast


def rendered(paper: Paper) -> tuple[str, str]:
    """Render a paper's summary and easy explanation, which its entry and its page share; empty where there is none."""
    summary, easy = paper.summary, paper.easy_summary
    return markdown_html(summary) if summary else "", markdown_html(easy) if easy else ""


def clean(text: str) -> str:
    """Do what `xml_clean` and `unturned` do; text that is all printable, as most is, need not be searched."""
    return text if text.replace("\n", " ").isprintable() else xml_clean(unturned(text))


def escape(text: str) -> str:
    """Escape a text for HTML, in an element or in an attribute."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


_BLANK_LINES: Final = re.compile(r"\n\s*\n")


def _paragraphs(text: str) -> str:
    """Escape a text and keep its paragraphs, no Markdown: for what is too long to be a summary."""
    parts = filter(None, (part.strip() for part in _BLANK_LINES.split(text)))
    return "\n".join([f"<p>{escape(part)}</p>" for part in parts])


# --- Markdown that is simple --------------------------------------------------------------------------------
#
# Most summaries are paragraphs and flat lists with `**bold**` in them.  What follows renders those at a tenth
# of the cost, and gives up (None) on anything that may mean more.  A property test holds that the HTML is the
# very same; so it may give up too often, never too seldom.

_MARKS: Final = ("\\", "`", "](", "~~")
_MAYBE_MARKS: Final = ("_", "&", "<")
_INLINE: Final = re.compile(r"&(?:#|[A-Za-z][A-Za-z0-9]*;)|<[^<>\s]*[:@]|(?<![^\W_])_|_(?![^\W_])")
_BLOCK: Final = re.compile(r"[-+=>#|:~]|\*+ |[0-9]{1,9}[.)]")
_BULLET: Final = re.compile(r"(?:-|([0-9]{1,9})([.)])) (?=\S)")
_STARS: Final = re.compile(r"(\*+)")
_EMPHASIS: Final = {
    1: ("<em>", "</em>"),
    2: ("<strong>", "</strong>"),
    3: ("<em><strong>", "</strong></em>"),
}
_PUNCTUATION: Final = frozenset("!\"#%&'(),-./:;?")


def _plain_html(text: str) -> str | None:
    if _has_marks(text):
        return None
    blocks = _blocks(text)
    if blocks is None:
        return None
    out = [block.html() for block in blocks]
    return None if None in out else "\n".join(filter(None, out))


def _has_marks(text: str) -> bool:
    """Tell whether there may be inline markup other than `*`; looking for each mark beats one expression."""
    for mark in _MARKS:
        if mark in text:
            return True
    if "$" in text and maths.is_between_dollars(text):
        return True
    for mark in _MAYBE_MARKS:
        if mark in text:
            return _INLINE.search(text) is not None
    return False


class _Block:
    """A paragraph (no `marker`; its lines) or a flat list (its items; loose: a blank line is between two)."""

    def __init__(self, marker: str, start: int, line: str) -> None:
        self.marker, self.start, self.lines, self.loose = marker, start, [line], False

    def html(self) -> str | None:
        """Render the block, or None where its asterisks are not simple."""
        text = "\n".join(self.lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if "*" in text:
            # line by line in a list, for emphasis does not reach over items
            parts = [_emphasised(part) for part in (text.split("\n") if self.marker else [text])]
            if None in parts:
                return None
            text = "\n".join(filter(None, parts))
        return self._list(text) if self.marker else f"<p>{text}</p>"

    def _list(self, text: str) -> str:
        around = ("<li>\n<p>", "</p>\n</li>\n") if self.loose else ("<li>", "</li>\n")
        items = (around[1] + around[0]).join(text.split("\n"))
        start = f' start="{self.start}"' if self.start != 1 else ""
        name = "ul" if self.marker == "-" else "ol"
        return f"<{name}{start}>\n{around[0]}{items}{around[1]}</{name}>"


def _blocks(text: str) -> list[_Block] | None:
    """Cut a text into paragraphs and lists; None where the rules of CommonMark say more than lines do."""
    blocks: list[_Block] = []
    after_blank = True
    for line in text.strip("\n").split("\n"):
        if line and not _add(line, blocks, after_blank=after_blank):
            return None
        after_blank = not line
    return blocks


def _add(line: str, blocks: list[_Block], *, after_blank: bool) -> bool:
    """Add a line to the last block, or begin one with it; False where it may be something else."""
    if line[0] == " " or line[-1] == " " or not (line.isprintable() or " ".join(line.split()) == line):
        return False
    last = blocks[-1] if blocks else None
    item = _BULLET.match(line)
    if item is not None:
        return _add_item(line, item, blocks, after_blank=after_blank)
    if _BLOCK.match(line):
        return False
    if last is None or after_blank:
        blocks.append(_Block("", 1, line))
    elif last.marker:  # a lazy continuation
        return False
    else:
        last.lines.append(line)
    return True


def _add_item(line: str, item: re.Match[str], blocks: list[_Block], *, after_blank: bool) -> bool:
    last = blocks[-1] if blocks else None
    rest = line[item.end() :]
    marker = item[2] or "-"
    if _BLOCK.match(rest) or _BULLET.match(rest):
        return False
    if last is not None and last.marker:
        if last.marker != marker:
            return False
        last.loose = last.loose or after_blank
        last.lines.append(rest)
        return True
    if item[1] and last is not None and not after_blank:  # only some numbers may interrupt a paragraph
        return False
    blocks.append(_Block(marker, int(item[1] or 1), rest))
    return True


def _emphasised(text: str) -> str | None:
    """Render runs of one to three asterisks that come in equal pairs; None for any others.

    A run opens before, and closes behind, a letter or digit whatever stands on its other side, and next to
    punctuation where a blank, punctuation or the end is on the other (CommonMark 0.31, section 6.2).
    """
    parts = _STARS.split(text)
    if len(parts) % 4 != 1:
        return None
    for at in range(1, len(parts), 4):
        tags = _EMPHASIS.get(len(parts[at]))
        inside = parts[at + 1]
        if tags is None or parts[at] != parts[at + 2]:
            return None
        if not (_flanks(inside[0], parts[at - 1][-1:]) and _flanks(inside[-1], parts[at + 3][:1])):
            return None
        parts[at], parts[at + 2] = tags
    return "".join(parts)


def _flanks(inner: str, outer: str) -> bool:
    return inner.isalnum() or (inner in _PUNCTUATION and (outer in {"", " ", "\n"} or outer in _PUNCTUATION))


# --- Markdown that is not -----------------------------------------------------------------------------------


class _TooDeepError(Exception):
    """Quotations and lists are nested deeper than `DEEPEST`, where the parser would drop what is in them."""


@functools.lru_cache(maxsize=256)  # a paper's page, its month and its feeds are made by different tasks
def _markdown_html(text: str) -> str:
    try:
        html = _renderer(tables=_may_have_tables(text), tex=maths.may_be_in(text))(text)
    except _TooDeepError:
        return _paragraphs(text)
    # A character reference may stand for what the text itself was cleaned of.
    return clean(_sanitiser(mathml="<math" in html)(html).rstrip("\n"))


def _may_have_tables(text: str) -> bool:
    lines = text.split("\n")
    return len(lines) * (max(line.count("|") for line in lines) + 1) <= MOST_CELLS


@functools.cache
def _renderer(*, tables: bool, tex: bool) -> Callable[[str], str]:
    """Make a renderer, once a process and only when some text needs it."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 -- start-up imports what the command needs

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST + 3, "xhtmlOut": False})
    parser.enable(["table", "strikethrough"] if tables else ["strikethrough"])
    parser.disable("reference")
    parser.block.ruler.before("table", "depth", _depth_rule)
    parser.validateLink = _every_link  # type: ignore[method-assign]
    parser.core.ruler.push("digestfeed", _tame)
    if tex:
        _add_maths(parser)
    return parser.render


def _depth_rule(state: StateBlock, _start: int, _end: int, _silent: bool) -> bool:  # noqa: FBT001 -- markdown-it calls it so
    """Never match, but end the rendering of what is too deep before `maxNesting` drops it: no block adds three."""
    if state.level > DEEPEST:
        raise _TooDeepError
    return False


def _every_link(url: str) -> bool:
    """Let markdown-it read every link as one, so that `_tame` can take its URL and leave its text."""
    return bool(url)


_TAG_NAMES: Final = """
    p br hr h3 h4 h5 h6 blockquote pre ul ol li table thead tbody tr th td
    em strong code del s sub sup a img
"""
_TAGS: Final = frozenset(_TAG_NAMES.split())
_ATTRIBUTES: Final = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}
_SCHEMES: Final = frozenset(("http", "https"))


@functools.cache
def _sanitiser(*, mathml: bool) -> Callable[[str], str]:
    import nh3  # noqa: PLC0415

    tags = _TAGS | maths.TAGS if mathml else _TAGS
    attributes = _ATTRIBUTES | maths.ATTRIBUTES if mathml else _ATTRIBUTES
    if hasattr(nh3, "Cleaner"):  # one that is made once, where nh3 has it, costs a third
        return nh3.Cleaner(tags=tags, attributes=attributes, url_schemes=_SCHEMES).clean
    return functools.partial(nh3.clean, tags=set(tags), attributes=attributes, url_schemes=set(_SCHEMES))


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
        if token.type == "image":
            _tame_image(token)
        if keep:
            yield token


def _tame_image(token: Token) -> None:
    """Leave the text of a picture that may not be published; maths in the text of one that may is TeX."""
    if not _is_web(token, "src"):
        token.type, token.tag = "text", ""
    for child in token.children or ():
        if child.type == "html_inline":
            child.type, child.content = "text", child.markup


def _is_web(token: Token, name: str) -> bool:
    url = web_url(str(token.attrs.get(name, "")))
    if url is not None:
        token.attrs[name] = url
    return url is not None


# --- maths in Markdown --------------------------------------------------------------------------------------


def _add_maths(parser: MarkdownIt) -> None:
    """Teach a parser maths: before it reads escapes and emphasis, and a display before it reads lists."""
    parser.inline.ruler.before("escape", "maths", _inline_rule)
    interrupts = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("code", "maths", _block_rule, {"alt": interrupts})


def _inline_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 -- markdown-it calls it so
    if state.src[state.pos] not in "$\\":
        return False
    found = maths.maths_at(state.src, state.pos)
    if found is None or found.end > state.posMax:
        return False
    if not silent:
        token = state.push("html_inline", "", 0)
        token.content, token.markup = found.mathml, found.source
    state.pos = found.end
    return True


def _block_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    """Take a display that has its lines for itself as a paragraph, whatever its lines begin with."""
    opener = _line(state, start)[:2]
    if opener not in maths.DISPLAYS or state.is_code_block(start):
        return False
    lines = _display_lines(state, start, end, maths.DISPLAYS[opener])
    text = "\n".join(lines)
    found = maths.maths_at(text, 0) if lines else None
    if found is None or found.end != len(text):
        return False
    if not silent:
        _push_paragraph(state, start, start + len(lines), text)
    return True


def _display_lines(state: StateBlock, start: int, end: int, closer: str) -> list[str]:
    """Collect a display's lines; none where its end is far, or not the end of a line."""
    lines: list[str] = []
    for number in range(start, min(end, start + maths.MOST_LINES)):
        line = _line(state, number).rstrip()
        if not line or (lines and state.sCount[number] < state.blkIndent) or len(line) > maths.LONGEST_DISPLAY + 4:
            return []
        lines.append(line)
        if closer in (line if len(lines) > 1 else line[2:]):
            return lines
    return []


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _push_paragraph(state: StateBlock, start: int, end: int, text: str) -> None:
    state.line = end
    state.push("paragraph_open", "p", 1).map = [start, end]
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = text, [start, end], []
    state.push("paragraph_close", "p", -1)
