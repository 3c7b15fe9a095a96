"""The values behind the labels: numbers, links, field labels, names.

Each reader takes the text as written and gives the value, or says by an empty result that there is none.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from digestfeed.parse.lines import closing, unbold
from digestfeed.text import one_line

_NUMBER = re.compile(r"^[^\w-]*(?:약\s*)?(\d{1,3}(?:,\d{3})+|\d{1,9})(?!\d)")
_BARE_URL = re.compile(r"https?:(?:\\?/){2}[^\s<>\"'|]+", re.IGNORECASE)
_NOTHING = frozenset(["", "-", "–", "—", "n/a", "na", "none", "null", "없음", "미제공", "해당없음", "정보없음", "unknown", "?"])
_BULLET = re.compile(r"^\s*(?:[-*+•·▪◦‣]|\d{1,3}[.)])\s+")
_NO_TITLE = re.compile(
    r"[\s(\[*\"'<]*(?:논문\s*)?(?:제목|title)(?:이|은|을|\s)*"
    r"(?:없음|없습니다|미제공|제공되지\s*않|알\s*수\s*없|미상|not\s+(?:provided|available|given)|unavailable)|"
    r"[\s(\[*\"'<]*(?:no\s+title|untitled|title\s+here|논문\s*제목)\b[\s)\]*\"'>.]*$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_ORDINARY_URL = re.compile(r"https?://[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}/[!-;=?-\[\]^-z|~]*")
LONGEST_URL = 2000  # characters; what servers and readers still take
_OPEN, _CLOSE = "([{（［", ")]}）］"


class LinkValue(NamedTuple):
    """The URLs of a link's value; `broken` is the text of a link that does not end."""

    urls: tuple[str, ...]
    broken: str | None


def is_nothing(text: str) -> bool:
    """Tell whether a value says in words that there is none: `-`, `없음`, `N/A`."""
    return text.strip(" .()[]*").casefold().replace(" ", "") in _NOTHING


def number(text: str) -> int | None:
    """Read the number that a value starts with: `42  `, `9점`, `👍 1,024`; None where there is none."""
    match = _NUMBER.match(unbold(text))
    return int(match[1].replace(",", "")) if match else None


def title(text: str) -> str | None:
    """Read a title: emphasis around all of it dropped, white space folded; None for `(제목이 제공되지 않음)`."""
    plain = one_line(unbold(text))
    return None if is_nothing(plain) or _NO_TITLE.match(plain) else plain


def links(text: str) -> LinkValue:
    """Read the URLs of a value in order: `[text](url)`, `![text](url)`, `<url>`, or bare; escapes undone."""
    urls: list[str] = []
    broken = None
    rest = 0
    while (middle := text.find("](", rest)) >= 0:
        end = closing(text, middle + 1)
        if end < 0:
            broken = text[max(text.rfind("[", rest, middle), 0) :]
            urls += _bare(text[middle + 2 :])
            return LinkValue(_unique(urls), broken)
        target = text[middle + 2 : end].split(' "')[0].strip().strip("<>")
        urls += _bare(text[rest:middle]) if not _is_link_text(text, rest, middle) else []
        urls.append(unescape(target))
        rest = end + 1
    urls += _bare(text[rest:])
    if not urls and "[" in text and not is_nothing(text) and _half_link(text):
        broken = text
    return LinkValue(_unique(urls), broken)


def _half_link(text: str) -> bool:
    """`[PDF 다운로드]` or `[PDF 다운로드` or `[PDF](`: a link was meant."""
    start = text.find("[")
    return not text[start + 1 :].partition("]")[2].strip(" .()")


def _is_link_text(text: str, rest: int, middle: int) -> bool:
    return "[" in text[rest:middle] and "http" not in text[rest : text.rfind("[", rest, middle)]


def _bare(text: str) -> list[str]:
    return [unescape(_trimmed(url)) for url in _BARE_URL.findall(text)]


def _trimmed(url: str) -> str:
    url = url.rstrip(".,;:!?*]}>")
    while url.endswith(")") and url.count("(") < url.count(")"):
        url = url[:-1]
    return url


def unescape(url: str) -> str:
    """Undo Markdown's backslashes in a URL: `https:\\/\\/arxiv.org\\/abs\\/1`."""
    return url.replace("\\/", "/").replace("\\_", "_").replace("\\-", "-") if "\\" in url else url


def is_web_url(url: str) -> bool:
    """Tell whether a URL may be published: http or https, a host, no user info, no white space or controls."""
    if _ORDINARY_URL.fullmatch(url):
        return len(url) <= LONGEST_URL
    if not url.isprintable() or " " in url or "\\" in url or len(url) > LONGEST_URL:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    dotted = host is not None and ("." in host or ":" in host) and not host.startswith(".")
    return parts.scheme in {"http", "https"} and dotted and "@" not in parts.netloc


def labels(lines: list[str]) -> tuple[str, ...]:
    """Split field labels: by line, then by commas outside parentheses; bullets and a final full stop dropped."""
    found: list[str] = []
    for line in lines:
        text = unbold(_BULLET.sub("", line).strip())
        found += [one_line(part) for part in split_outside(text)]
    return _unique([label for label in map(_label, found) if not is_nothing(label)])


def _label(text: str) -> str:
    text = unbold(text.strip().lstrip("#")).rstrip(".。").strip()
    return text.strip("`\"'").strip()


def split_outside(text: str, separators: str = ",，、;；|") -> list[str]:
    """Split at separators that stand outside parentheses; an unclosed one splits at every separator.

    >>> split_outside("a (b, c), d")
    ['a (b, c)', ' d']
    """
    if not any(s in text for s in separators):
        return [text]
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth = max(depth - 1, 0)
        elif char in separators and not depth:
            parts.append(text[start:index])
            start = index + 1
    if depth:
        return re.split("[" + re.escape(separators) + "]", text)
    return [*parts, text[start:]]


def names(lines: list[str]) -> tuple[str, ...]:
    """Read authors: a list of names by commas, a bullet list, or a Python list; `+` and `et al.` are nobody."""
    text = " ".join(lines).strip()
    if text.startswith("["):
        parts = _python_list(text)
    elif len(lines) > 1:
        parts = [part for line in lines for part in split_outside(_BULLET.sub("", line))]
    else:
        parts = split_outside(text, ",，、;")
    cleaned = (one_line(unbold(part)).removeprefix("and ").removesuffix(" et al.") for part in parts)
    return _unique([name for name in cleaned if any(c.isalpha() for c in name) and name not in {"et al.", "외"}])


def _python_list(text: str) -> list[str]:
    quoted = [single or double for single, double in _QUOTED.findall(text)]
    return quoted or text.strip("[]").split(",")


def _unique(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
