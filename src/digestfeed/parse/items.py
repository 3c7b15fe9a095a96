"""From a draft to an `Item`, with the problems in it."""

from __future__ import annotations

from digestfeed import arxiv
from digestfeed.model import Item, Location, Problem
from digestfeed.parse import values
from digestfeed.parse.draft import Draft
from digestfeed.parse.labels import Slot
from digestfeed.text import shorten

WORDS = {
    Slot.TITLE: "the title",
    Slot.SUMMARY: "the summary",
    Slot.EASY: "the easy explanation",
    Slot.FIELDS: "the fields",
    Slot.VOTES: "votes",
    Slot.LINK: "the link",
    Slot.IMPORTANCE: "importance",
    Slot.AUTHORS: "the authors",
    Slot.THUMBNAIL: "the thumbnail",
    Slot.DATE: "the date",
}
"""What a slot is called in a message."""


class Finisher:
    """Makes items of one file's drafts; what is wrong with them goes to `problems`."""

    def __init__(self, path: str, problems: list[Problem]) -> None:
        self._path = path
        self._problems = problems

    def problem(self, line: int, kind: str, message: str) -> None:
        """Report a fault at a line."""
        self._problems.append(Problem(Location(self._path, line), kind, message))

    def item(self, draft: Draft, position: int) -> Item:
        """Make the item that a draft amounts to."""
        if Slot.LINK not in draft.at and not draft.urls:
            _take_last_lines_as_links(draft)
        texts = draft.texts
        for slot, start in draft.starts.items():
            if slot not in draft.at and slot is not Slot.TITLE:
                self.problem(start, "empty-label", f"expected a value after the label for {WORDS[slot]}, got none")
        if Slot.THUMBNAIL in draft.at and draft.thumbnail is None:
            self._no_picture(draft)
        title, title_urls = self._title(draft)
        links = self._links(draft, title_urls)
        return Item(
            line=draft.first,
            position=position,
            title=title,
            summary=_text(texts.get(Slot.SUMMARY)),
            easy_summary=_text(texts.get(Slot.EASY)),
            labels=values.labels(texts[Slot.FIELDS]) if Slot.FIELDS in texts else (),
            votes=self._number(draft, Slot.VOTES),
            importance=self._number(draft, Slot.IMPORTANCE),
            authors=values.names(texts[Slot.AUTHORS]) if Slot.AUTHORS in texts else (),
            links=tuple(links),
            thumbnail=draft.thumbnail,
            arxiv_id=self._arxiv_id(draft, links),
        )

    def _no_picture(self, draft: Draft) -> None:
        written = " ".join(draft.texts[Slot.THUMBNAIL])
        if not values.is_nothing(written):
            message = f"expected a link to a picture, got {_quoted(written)}"
            self.problem(draft.at[Slot.THUMBNAIL], "bad-link", message)

    def _title(self, draft: Draft) -> tuple[str | None, tuple[str, ...]]:
        """The title under its label, else the heading; and where a title that is a link leads."""
        lines = draft.texts.get(Slot.TITLE)
        written = " ".join(lines) if lines else ""
        text, urls = values.title_and_link(written)
        found = values.title(text) if text else None
        if found is None and draft.heading and not written:
            found = values.title(draft.heading)
        if found is None:
            self.problem(draft.title_line, "missing-title", f"expected a title, got {_quoted(written)}")
        return found, urls

    def _number(self, draft: Draft, slot: Slot) -> int | None:
        lines = draft.texts.get(slot)
        if not lines:
            return None
        found = values.number(lines[0])
        if found is None and not values.is_nothing(lines[0]):
            message = f"expected a number of {WORDS[slot]}, got {_quoted(lines[0])}"
            self.problem(draft.at[slot], "bad-number", message)
        return found

    def _links(self, draft: Draft, title_urls: tuple[str, ...]) -> dict[str, int]:
        """The links that may be published, in order, each with its line."""
        found = [(url, draft.title_line) for url in (*_unbroken(draft.urls, draft.broken), *title_urls)]
        if draft.broken is not None:
            self.problem(draft.heading_line, "broken-link", f"expected [text](URL), got {_quoted(draft.broken)}")
        for line, text in zip(draft.link_lines, draft.texts.get(Slot.LINK, ()), strict=True):
            urls, broken = values.links(text)
            if broken is not None:
                self.problem(line, "broken-link", f"expected [text](URL), got {_quoted(broken)}")
            urls = _unbroken(urls, broken) or (self._bare_id(text, line) if broken is None and not urls else ())
            found += [(url, line) for url in urls]
        good: dict[str, int] = {}
        for url, line in found:
            if values.is_web_url(url):
                good.setdefault(url, line)
            else:
                message = f"expected a link that starts with http:// or https://, got {_quoted(url)}"
                self.problem(line, "bad-link", message)
        return good

    def _bare_id(self, text: str, line: int) -> tuple[str, ...]:
        """A link's value without a URL: an arXiv id alone, a word for none, or a problem."""
        name = arxiv.canonical(text.strip(" `*()[]"))
        if name is not None:
            return (arxiv.abs_url(name),)
        if not values.is_nothing(text):
            self.problem(line, "bad-link", f"expected a link, got {_quoted(text)}")
        return ()

    def _arxiv_id(self, draft: Draft, links: dict[str, int]) -> str | None:
        """The first possible id of the item's links, else the thumbnail's; an impossible one is a problem."""
        found: str | None = None
        for url, line in links.items():
            seen = arxiv.id_in_url(url)
            found = found or seen.id
            if seen.rejected is not None:
                message = f"expected an arXiv id like 2412.17743, got {_quoted(seen.rejected)}"
                self.problem(line, "bad-arxiv-id", message)
        pictured = arxiv.id_in_url(draft.thumbnail).id if draft.thumbnail else None
        if found and pictured and found != pictured:
            line = next(iter(links.values()))
            self.problem(line, "id-mismatch", f"expected the thumbnail of {found}, got that of {pictured}")
        return found or pictured


def _unbroken(urls: tuple[str, ...], broken: str | None) -> tuple[str, ...]:
    """Leave out what a link that does not end has cut to no possible id: that it is broken says enough."""
    if broken is None:
        return urls
    cut = values.unescape(broken)
    return tuple(url for url in urls if url not in cut or arxiv.id_in_url(url).rejected is None)


def _take_last_lines_as_links(draft: Draft) -> None:
    """Where no link is labelled, lines at the end of a text that are nothing but links are the item's own."""
    for slot in (Slot.SUMMARY, Slot.EASY):
        lines = draft.texts.get(slot)
        if slot not in draft.starts or not lines:
            continue
        end = len(lines)
        while end and (not lines[end - 1] or lines[end - 1].isspace() or values.is_link_line(lines[end - 1])):
            end -= 1
        for text in lines[end:]:
            if text and not text.isspace():
                draft.add(Slot.LINK, draft.at[slot], text.strip())
        del lines[end:]


def _text(lines: list[str] | None) -> str | None:
    if not lines:
        return None
    text = lines[0] if len(lines) == 1 else "\n".join(lines)
    return text.strip() or None


def _quoted(text: str) -> str:
    return repr(shorten(text.strip(), 60)) if text.strip() else "none"
