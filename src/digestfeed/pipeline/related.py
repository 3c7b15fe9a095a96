"""Which papers of a month belong together: for each the earlier ones that share most fields with it.

Only earlier ones, so that a new digest changes no page that is there; and only the latest of each field, so that a
month of any size costs the same for each of its papers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

RELATED = 4
"""How many papers a page leads to at most."""

_REMEMBERED = 10
_SHARED = 1 << 32  # a field in common weighs more than any distance
_VAGUE = frozenset(["other"])


def related(papers: Iterable[Sequence[str]]) -> Iterator[tuple[int, ...]]:
    """Give for each paper the indexes of those before it that are like it: most fields in common, then nearest.

    Args:
        papers: the slugs of each paper's fields, in the order of publication.

    >>> list(related([["vision"], ["vision", "robotics"], ["robotics", "vision"], ["other"]]))
    [(), (0,), (1, 0), ()]
    """
    latest: dict[str, deque[int]] = {}
    for index, fields in enumerate(papers):
        shared: dict[int, int] = {}
        for field in fields:
            for other in latest.get(field, ()):
                shared[other] = shared.get(other, other) + _SHARED
        yield tuple([weight % _SHARED for weight in sorted(shared.values(), reverse=True)[:RELATED]])
        for field in fields:
            if field not in _VAGUE:
                latest.setdefault(field, deque(maxlen=_REMEMBERED)).append(index)
