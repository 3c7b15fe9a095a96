"""Ways to ask a web server for what it should not give, as tables; for our preview and for the real servers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

UP = (
    "..",
    "%2e%2e",
    "%2E.",
    ".%2e",
    "%252e%252e",  # encoded twice
    "%25252e%25252e",  # and thrice
    "%c0%ae%c0%ae",  # UTF-8 that is too long
    "%e0%80%ae%e0%80%ae",
    "%ef%bc%8e%ef%bc%8e",  # full width
    "%u002e%u002e",  # as some servers once took it
    "..;",  # as some servers cut parameters
    "..%00",
    "..%20",
    "..%0d",
    ".%00.",
    "....",
    "..%c2%ad",  # a soft hyphen
)
"""Spellings of the folder above."""

SLASH = ("/", "%2f", "%2F", "%252f", "\\", "%5c", "%255c", "//", "%c0%af", "%e0%80%af", "%ef%bc%8f", "/./", "/%2e/")
"""Spellings of what stands between two names."""

BEGIN = ("/", "/feeds/all/", "/index.html/", "//")


def ways_out(*goals: str) -> Iterator[str]:
    """Give request targets that lead to a path relative to the folder above the root, if one spelling gets through."""
    for begin, up, slash, depth in product(BEGIN, UP, SLASH, (1, 3)):
        for goal in goals:
            yield begin + (up + slash) * depth + goal.replace("/", slash)


ABSOLUTE = (
    "{0}",
    "/{0}",
    "//{0}",
    "/%2f{0}",
    "file://{0}",
    "/file:{0}",
    "/C:{0}",
    "/c|{0}",
    "/\\\\localhost\\c$\\{0}",
    "/feeds{0}%00.xml",
    "{0}%00.html",
    "/index.html%00{0}",
    "/proc/self/root{0}",
    "/proc/self/cwd/../{0}",
    "/%5c{0}",
    "/.{0}",
    "/./{0}",
    "/~{0}",
    "/~root{0}",
    "/%7e/{0}",
    "/;{0}",
    "/?{0}",
    "/#{0}",
    "/feeds/all/atom.xml/..{0}",
)
"""Targets for an absolute path."""

HIDDEN_SPELLINGS = (
    "/{0}",
    "//{0}",
    "/./{0}",
    "/feeds/../{0}",
    "/feeds/%2e%2e/{0}",
    "/feeds/..%2f{0}",
    "/{0}/",
    "/{0}%20",
    "/{0}.",
    "/{0}%00",
    "/{0}%00.html",
    "/{0};x",
    "/{0}?x",
    "/{0}#x",
    "/{0}::$DATA",
    "/{0}%2f",
    "/feeds/{0}",
    "/feeds/./{0}",
    "/feeds%2f{0}",
    "/%2f{0}",
    "/%5c{0}",
    "\\{0}",
    "http://localhost/{0}",
    "http://localhost//{0}",
)
DOT = (".", "%2e", "%2E", "%252e")


def hidden(*names: str) -> Iterator[str]:
    """Give request targets for hidden names (given without their dot)."""
    for form, dot, name in product(HIDDEN_SPELLINGS, DOT, names):
        yield form.format(dot + name)
