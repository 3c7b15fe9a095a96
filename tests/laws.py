"""What must hold for any text that anyone writes: shared by the laws under Hypothesis and by the fuzz targets.

Each check gives the faults that it found, so that a failure says what is wrong; none is good.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import html5lib

from digestfeed.parse import Fate, account, parse

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

# What readers keep and nothing can be done with (anchors of the Atom, RSS and HTML specifications are in
# test_feed_rules); written down here once more, so that a change of the sanitiser's list is a change of two places.
HARMLESS = {
    "a": {"href", "rel", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "div": {"lang"},
    **dict.fromkeys(
        """
        p br hr h3 h4 h5 h6 blockquote pre ul li table thead tbody tr th td em strong code del s sub sup
        """.split(),  # noqa: SIM905 -- easier to read
        frozenset[str](),
    ),
}
MATHS = frozenset(
    """
    math mrow mi mn mo mtext mspace mfrac msqrt mroot mpadded mtable mtr mtd msub msup msubsup munder mover
    munderover mmultiscripts mprescripts
    """.split()  # noqa: SIM905 -- easier to read
)
_NO_ATTRIBUTE_OF_MATHS = re.compile(r"^on|href|src|^style|class|id$|xlink|action", re.IGNORECASE)


def line_faults(text: str) -> list[str]:
    """Say what of a digest's text the parser lost, or told twice: each line that is not blank has one fate."""
    parsed, fates = parse("2024/10/18.md", text), account("2024/10/18.md", text)
    lines = text.split("\n")
    written = {number for number, line in enumerate(lines, 1) if not re.fullmatch(r"[>\s]*", line)}
    faults = [f"line {number} is lost" for number in written - fates.keys()]
    faults += [f"line {number} is left over" for number, fate in fates.items() if fate is Fate.IDLE]
    said = sorted(line for piece in parsed.chatter for line in piece.text.split("\n"))
    if said != sorted(lines[number - 1].rstrip() for number, fate in fates.items() if fate is Fate.CHATTER):
        faults.append("the chatter is not that of the lines which are said to be")
    reported = {problem.where.line for problem in parsed.problems}
    faults += [f"line {n} is no problem" for n, fate in fates.items() if fate is Fate.PROBLEM and n not in reported]
    begins = [item.line for digest in parsed.digests for item in digest.items]
    if Fate.FIELD in fates.values() and not begins:
        faults.append("lines of an item, and no item")
    places = [*reported, *begins, *(piece.where.line for piece in parsed.chatter)]
    if begins != sorted(begins) or not all(0 < place <= len(lines) for place in places):
        faults.append(f"places: {places}")
    return faults


def html_faults(html: str) -> list[str]:
    """Say what in a piece of HTML could do anything, or be read in two ways, as a browser's parser sees it."""
    parser = html5lib.HTMLParser()
    fragment = parser.parseFragment(html)
    faults = [f"parsing: {code} at {place}" for place, code, _ in parser.errors]
    faults += [f"no XML: {match.group()!a}" for match in [NOT_XML.search(html)] if match]
    for node in fragment.iter():
        if node is not fragment:
            faults += _node_faults(str(node.tag), {str(name): str(value) for name, value in node.attrib.items()})
    return faults


def _node_faults(tag: str, attributes: dict[str, str]) -> Iterator[str]:
    space, _, name = tag.rpartition("}")
    if space.endswith("MathML"):
        if name not in MATHS or any(map(_NO_ATTRIBUTE_OF_MATHS.search, attributes)):
            yield f"<{name} {attributes}>"
        return
    if name not in HARMLESS:
        yield f"<{name}>"
    elif not attributes.keys() <= HARMLESS[name]:
        yield f"<{name} {attributes}>"
    yield from (f"{n}={url!r}" for n, url in attributes.items() if n in {"href", "src"} and not is_web(url))


def is_web(url: str) -> bool:
    """Tell whether a URL is http or https to a host, in ASCII, and names no user."""
    if not re.fullmatch(r"https?://[!#-;=?-\[\]_a-z~]+", url):
        return False
    parts = urlsplit(url)
    return bool(parts.hostname) and "@" not in parts.netloc
