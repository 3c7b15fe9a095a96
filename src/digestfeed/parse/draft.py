"""An item under construction: what the lines gave for each slot, where, and whether that amounts to an item."""

from __future__ import annotations

from collections.abc import Sequence

from digestfeed import arxiv
from digestfeed.parse import values
from digestfeed.parse.labels import Slot
from digestfeed.parse.lines import votes_at_end
from digestfeed.parse.parts import is_plain_link

TEXTS = frozenset([Slot.SUMMARY, Slot.EASY])
NUMBERS = frozenset([Slot.VOTES, Slot.IMPORTANCE])
LISTS = frozenset([Slot.FIELDS, Slot.AUTHORS])
CLOSERS = frozenset([Slot.LINK, Slot.VOTES, Slot.IMPORTANCE])
_ENOUGH_LABELS = 3  # a text without title and link is an item only in a company of this many labels
# Whose lists have the same shape but show products.
_PRODUCTS = tuple(f"{start}producthunt.com/" for start in ("https://", "https://www.", "http://", "http://www."))


class Draft:
    """The values of an item as written, by slot, and the lines they come from.

    `starts` has the line of each label, `at` the line of each slot's first value; a slot that has a value but no
    label is in `at` alone.  `complete` says that a link or number has followed a text: what comes next may well
    be another item.
    """

    __slots__ = (
        "at",
        "broken",
        "complete",
        "first",
        "heading",
        "heading_line",
        "is_listed",
        "is_section",
        "level",
        "link_lines",
        "loose_end",
        "named_votes",
        "spare",
        "starts",
        "strong",
        "texts",
        "thumbnail",
        "title_line",
        "urls",
    )

    def __init__(self, first: int) -> None:
        self.first = self.heading_line = self.title_line = first
        self.heading: str | None = None
        self.urls: tuple[str, ...] = ()  # where the heading itself leads
        self.named_votes: str | None = None  # that stand behind the heading
        self.broken: str | None = None  # its link, where that does not end
        self.level = 0
        self.is_section = False  # the heading may be none of the title that has a label: it stands above that
        self.is_listed = False  # a line of a list that began with a link
        self.texts: dict[Slot, list[str]] = {}
        self.starts: dict[Slot, int] = {}
        self.at: dict[Slot, int] = {}
        self.link_lines: list[int] = []
        self.spare: tuple[str, ...] = ()  # links to papers in what turned out to be no summary
        self.loose_end = 0  # the first line below a text that has no label
        self.thumbnail: str | None = None
        self.strong = False  # a title label that is marked as one
        self.complete = False

    def name(self, heading: str, line: int, level: int = 0) -> None:
        """Take a heading as the name; one that is a link leads to the paper."""
        votes = votes_at_end(heading)
        if votes and votes.start():
            heading, self.named_votes = heading[: votes.start()], votes[1]
        self.heading, self.urls = values.title_and_link(heading)
        self.broken = values.links(heading).broken if self.urls else None
        self.heading_line = self.title_line = line
        self.level = level

    def add(self, slot: Slot, line: int, text: str) -> None:
        """Take a line as part of a slot's value."""
        if slot is Slot.LINK:
            self.link_lines.append(line)
        if slot not in self.at:
            self.at[slot] = line
            self.texts.setdefault(slot, [])
        self.texts[slot].append(text)

    def has_body(self) -> bool:
        """Whether there is more than a title: a label or a value."""
        count = len(self.texts)
        return count > 1 or (count == 1 and Slot.TITLE not in self.texts)

    def is_begun(self) -> bool:
        """Whether there is more than a picture."""
        return self.heading is not None or bool(self.texts)

    def is_named(self) -> bool:
        """Whether there is a title, or a place for one."""
        return self.heading is not None or Slot.TITLE in self.starts

    def has_words(self) -> bool:
        """Whether what is said of it began on its first line, as a list has it."""
        return self.at.get(Slot.SUMMARY) == self.first

    def is_item(self) -> bool:
        """A heading that leads to a paper, a labelled text that has a name or a link, or a title with its labels."""
        if self.urls and (_concerns_arxiv(self.urls) or _is_product(self.urls[0])):
            return _concerns_arxiv(self.urls)
        starts = self.starts
        if Slot.SUMMARY in starts or Slot.EASY in starts:
            return self.is_named() or Slot.LINK in self.at or self.thumbnail is not None or self._has_company()
        urls = [url for text in self.texts.get(Slot.LINK, ()) for url in values.links(text).urls]
        if Slot.TITLE in starts and self.has_body() and (self.strong or any(map(values.is_web_url, urls))):
            return True
        return (Slot.LINK in starts and _concerns_arxiv(urls)) or self._is_plain(urls)

    def _is_plain(self, urls: Sequence[str]) -> bool:
        """A heading, a text without label, and a link to one paper that stands alone and shows no other title."""
        if not urls or self.heading is None or not self.level or Slot.SUMMARY not in self.at:
            return False
        names = {arxiv.id_in_url(url).id for url in urls} - {None}
        return len(names) == 1 and all(map(is_plain_link, self.texts[Slot.LINK]))

    def is_lost(self) -> bool:
        """Whether what amounts to no item was meant as one: a title with labels, and not in a list of products."""
        return self.heading is not None and bool(self.starts) and not any(map(_is_product, self.urls))

    def _has_company(self) -> bool:
        filled = [slot for slot in self.starts if slot in self.at]
        return len(filled) >= _ENOUGH_LABELS and any(slot in TEXTS for slot in filled)

    def shows(self, picture: str) -> bool:
        """Whether a thumbnail's arXiv id is that of the item's own link."""
        name = arxiv.id_in_url(picture).id
        return name is not None and any(name in text for text in self.texts.get(Slot.LINK, ()))


def _is_product(url: str) -> bool:
    return url.lower().startswith(_PRODUCTS)


def _concerns_arxiv(urls: Sequence[str]) -> bool:
    """Whether a URL names an arXiv paper, possible or not."""
    return any(seen.id is not None or seen.rejected is not None for seen in map(arxiv.id_in_url, urls))
