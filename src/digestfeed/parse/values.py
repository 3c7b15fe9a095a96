"""The values behind the labels: titles, numbers, links; lists are for `lists`.

Each reader takes the text as written and gives the value, or says by an empty result that there is none.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from digestfeed.text import one_line

LONGEST_URL = 2000  # characters; what servers and readers still take

_NUMBER = re.compile(r"(?<![\d.,-])(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d{1,9}))?\s?(만(?!점)|[kK천]?)(?![\d,]*\d)")
_SCALES = {"k": 1000, "천": 1000, "만": 10_000}
_LONGEST_NUMBER = 60  # characters: in what is longer, a number may be anything
_BARE_URL = re.compile(r"https?:(?:\\?/){2}[^\s<>\"'|]+", re.IGNORECASE)
_NOTHING = frozenset(
    """
        - – — ― ? n/a na none null nil tbd unknown notavailable notprovided
        없음 없습니다 미제공 해당없음 해당사항없음 정보없음 링크없음 미정 미상 미확인 비공개 알수없음 알수없습니다
        확인불가 확인할수없음 접근불가 제공되지않음 제공되지않았습니다 제공되지않습니다 notprovided notspecified
    """.split()  # noqa: SIM905 -- easier to read and to add to
)
_BULLET = re.compile(r"\s{0,20}(?:[-*+•·▪◦‣]|\d{1,3}[.)])\s+")
_NO_TITLE = re.compile(
    r"[\s(\[*\"'<]{0,4}(?:논문\s?)?(?:의\s?)?(?:제목|title)(?:이|은|을|\s){0,3}"
    r"(?:없음|없습니다|미제공|제공되지\s?않|알\s?수\s?없|미상|not\s(?:provided|available|given)|unavailable)"
    r"|[\s(\[*\"'<]{0,4}(?:no\stitle|untitled|title\shere|논문\s?제목)[\s)\]*\"'>.]{0,6}$",
    re.IGNORECASE,
)
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "「": "」", "『": "』", "《": "》", "〈": "〉", "«": "»"}
_DOI = re.compile(r"(?:doi:\s?)?(10\.\d{4,9}/[!-;=?-~]{1,200})", re.IGNORECASE)
_NO_SCHEME = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,10}/[!-;=?-~]{1,500}", re.IGNORECASE)
_ORDINARY_URL = re.compile(r"https?://[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+/[!-;=?-\[\]^-z|~]*")
_EMPHASIS = frozenset("*_`")
_PARENTHESES = re.compile(r"[()]")


class LinkValue(NamedTuple):
    """The URLs of a link's value; `broken` is the text of a link that does not end."""

    urls: tuple[str, ...]
    broken: str | None = None


# -- emphasis and brackets ----------------------------------------------------------------------------------


def unbold(text: str) -> str:
    """Drop one pair of emphasis marks around the whole text; marks inside it stay."""
    if text[:1] not in _EMPHASIS:
        return text
    for mark in ("***", "**", "__", "*", "_", "`"):
        if text.startswith(mark) and text.endswith(mark):
            inner = text[len(mark) : -len(mark)]
            if inner.strip() and mark not in inner:
                return inner.strip()
    return text


def closing(text: str, start: int) -> int:
    """Give the index of the parenthesis that closes the one at `start`, or -1; pairs inside a URL count."""
    end = text.find(")", start)
    if end < 0 or "(" not in text[start + 1 : end]:
        return end
    depth = 0
    for match in _PARENTHESES.finditer(text, start, start + 2 * LONGEST_URL):
        depth += 1 if match.group() == "(" else -1
        if not depth:
            return match.start()
    return -1


# -- titles and numbers -------------------------------------------------------------------------------------


def is_nothing(text: str) -> bool:
    """Tell whether a value says in words that there is none: `-`, `없음`, `N/A`."""
    bare = text.strip(" .()[]*") if len(text) <= 40 else text
    return not bare or bare.casefold().replace(" ", "") in _NOTHING


def title(text: str) -> str | None:
    """Read a title: emphasis and quotes around all of it dropped, white space folded; None for `(제목 없음)`."""
    plain = unquoted(folded(unbold(text)))
    if len(plain) <= 60 and (is_nothing(plain) or _NO_TITLE.match(plain)):
        return None
    return plain or None


def folded(text: str) -> str:
    """Give `text.one_line` of a text; most need no change, and that is told fast."""
    return text.strip() if text.isprintable() and "  " not in text else one_line(text)


def unquoted(text: str) -> str:
    """Drop one pair of quotation marks around the whole text."""
    close = _QUOTES.get(text[:1])
    if close is None or not text.endswith(close) or len(text) < 3:
        return text
    inner = text[1:-1]
    return text if text[0] in inner or close in inner else unbold(inner.strip()) or text


def number(text: str) -> int | None:
    """Read the number of a value: `42  `, `9점`, `👍 1,024`, `1.2k`, `8.5/10` (8), `★★★`; None where there is none."""
    if text.isdigit() and text.isascii() and len(text) < 10:
        return int(text)
    match = _NUMBER.search(text) if len(text) <= _LONGEST_NUMBER else None
    if match is None:
        return text.count("★") or text.count("⭐") or None
    whole, part, scale = match.groups()
    value = float(f"{whole.replace(',', '')}.{part or 0}") * _SCALES.get(scale.lower(), 1)
    return int(round(value, 6))


# -- links --------------------------------------------------------------------------------------------------


def links(text: str) -> LinkValue:
    """Read the URLs of a value in order: `[text](url)`, `![text](url)`, `<url>`, or bare; escapes undone."""
    simple = _only_target(text)
    if simple is not None:
        return LinkValue((simple,))
    urls: list[str] = []
    rest = 0
    while (middle := text.find("](", rest)) >= 0:
        end, start = closing(text, middle + 1), text.rfind("[", rest, middle)
        if end < 0:
            urls += _bare(text[rest:middle]) + _bare(text[middle + 2 :])
            return LinkValue(unique(urls), text[max(start, 0) :])
        target = unescape(text[middle + 2 : end].partition(' "')[0].strip().strip("<>"))
        # A link leads where its target says, whatever address its words show.
        urls += [*_bare(text[rest : start if start >= 0 and is_web_url(target) else middle]), target]
        rest = end + 1
    urls += _bare(text[rest:])
    if not urls and "[" in text and not is_nothing(text) and _is_half_link(text):
        return LinkValue((), text)
    return LinkValue(unique(urls))


def _only_target(text: str) -> str | None:
    """The URL of a value that is one plain `[text](url)`, as nearly all are."""
    if text[-1:] != ")" or text[:1] not in {"[", "!"} or text.count("](") != 1 or "://" in text[: text.find("](")]:
        return None
    target = text[text.find("](") + 2 : -1]
    return target if _ORDINARY_URL.fullmatch(target) and "(" not in target and ")" not in target else None


def _is_half_link(text: str) -> bool:
    """`[PDF 다운로드]` or `[PDF 다운로드` or `[PDF](`: a link was meant."""
    start = text.find("[")
    return not text[start + 1 :].partition("]")[2].strip(" .()")


def completed(text: str) -> str | None:
    """Complete an address that is written without its scheme, or a DOI: `arxiv.org/abs/…`, `10.48550/arXiv.…`.

    >>> completed("arxiv.org/abs/2412.17743"), completed("doi:10.1145/1"), completed("soon")
    ('https://arxiv.org/abs/2412.17743', 'https://doi.org/10.1145/1', None)
    """
    bare = text.strip(" `*()[]<>")
    doi = _DOI.fullmatch(bare)
    if doi:
        return "https://doi.org/" + doi[1]
    return "https://" + bare if _NO_SCHEME.fullmatch(bare) else None


def is_link_line(text: str) -> bool:
    """Tell whether a line is nothing but a link: `[PDF](url)`, `https://…`, `🔗 <url>`, `- arXiv: https://…`."""
    if "://" not in text or len(text) > LONGEST_URL:
        return False
    body = without_bullet(text).strip().lstrip("!🔗📎👉📄▶➡️*_( ")
    if body.startswith("["):
        middle = body.find("](")
        end = closing(body, middle + 1) if middle > 0 else -1
        return end > 0 and not body[end + 1 :].strip(" *_).|·")
    return body[:1] in {"h", "H", "<"} and " " not in body.strip()


def title_and_link(text: str) -> tuple[str, tuple[str, ...]]:
    """Split a title that is a link, or has links in it or behind it, from where they lead.

    >>> title_and_link("[A](https://a.org/1)"), title_and_link("A ([PDF](https://a.org/2))")
    (('A', ('https://a.org/1',)), ('A', ('https://a.org/2',)))
    >>> title_and_link("A [B](https://a.org/1) C")
    ('A B C', ('https://a.org/1',))
    """
    if "](" not in text:
        return text, ()
    found = links(text).urls
    if not found or not found[-1].startswith("http"):
        return text, ()
    bare = unbold(text)
    if bare.startswith("[") and closing(bare, bare.rfind("](") + 1) == len(bare) - 1 and bare.count("](") == 1:
        return bare[1 : bare.rfind("](")], found
    pieces, rest = _linked_pieces(bare)
    if rest.strip(_AROUND_LINKS):
        return "".join(before + words for before, words in pieces) + rest, found
    while len(pieces) > 1 and not pieces[-1][0].strip(_AROUND_LINKS):
        pieces.pop()
    before, words = pieces.pop()
    title = "".join(earlier + linked for earlier, linked in pieces) + before
    return title.rstrip(" (|-–:*") or words, found


_AROUND_LINKS = " ()[]|·,/.:*_-–"


def _linked_pieces(text: str) -> tuple[list[tuple[str, str]], str]:
    """Cut a text with links into (what stands before a link, its words), and what stands behind the last."""
    pieces: list[tuple[str, str]] = []
    rest = 0
    while (middle := text.find("](", rest)) >= 0:
        start = text.rfind("[", rest, middle)
        before = text[rest : max(start, rest)].removesuffix("!")
        pieces.append((before, text[start + 1 if start >= 0 else rest : middle]))
        end = closing(text, middle + 1)
        rest = end + 1 if end >= 0 else len(text)  # a link that does not end takes all that follows
    return pieces, text[rest:]


def without_bullet(text: str) -> str:
    """Drop the bullet or number of a list's item."""
    bullet = _BULLET.match(text)
    return text[bullet.end() :] if bullet else text


def _bare(text: str) -> list[str]:
    return [unescape(_trimmed(url)) for url in _BARE_URL.findall(text)] if ":" in text else []


def _trimmed(url: str) -> str:
    url = url.rstrip(".,;:!?*]}>")
    extra = min(url.count(")") - url.count("("), len(url) - len(url.rstrip(")")))
    return url[:-extra] if extra > 0 else url


def unescape(url: str) -> str:
    r"""Undo Markdown's backslashes in a URL: `https:\/\/arxiv.org\/abs\/1`."""
    return url.replace("\\/", "/").replace("\\_", "_").replace("\\-", "-") if "\\" in url else url


def is_web_url(url: str) -> bool:
    """Tell whether a URL may be published: http or https, a host, no user info, no white space or controls."""
    if len(url) > LONGEST_URL:
        return False
    if _ORDINARY_URL.fullmatch(url):
        return True
    if not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    dotted = host is not None and ("." in host or ":" in host) and not host.startswith(".")
    return parts.scheme in {"http", "https"} and dotted and "@" not in parts.netloc


def unique(values: list[str]) -> tuple[str, ...]:
    """Drop what is empty or stands already, in order."""
    return tuple(dict.fromkeys(value for value in values if value)) if values else ()
