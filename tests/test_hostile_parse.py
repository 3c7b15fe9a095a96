"""What a digest may say to deceive the parser, or to make it forget: links in titles, tags like labels, many names."""

from __future__ import annotations

import pytest

from digestfeed.model import Item, Problem
from digestfeed.parse import parse
from digestfeed.parse.items import LONGEST_NAME, LONGEST_TITLE, MOST_NAMES
from digestfeed.parse.labels import Slot
from digestfeed.parse.values import links, title_and_link

BODY = "**요약**: 글\n**링크**: https://arxiv.org/abs/2410.00001\n"


def read(text: str) -> tuple[Item, tuple[Problem, ...]]:
    """Read a digest of one item."""
    parsed = parse("a.md", text)
    [digest] = parsed.digests
    [item] = digest.items
    return item, parsed.problems


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("A [B](https://x.org/1) C", "A B C"),
        ("[A](https://x.org/1) B", "A B"),
        ("A ![B](https://x.org/1.png) C", "A B C"),
        ("![](https://x.org/1.png) A", "A"),
        ("[A](https://x.org/1) by B ([PDF](https://x.org/2))", "A by B"),
        ("A [PDF](https://x.org/1) | [HF](https://x.org/2)", "A"),
        ("[A](https://x.org/1) [PDF](https://x.org/2)", "A"),
        ("**[A](https://x.org/1)**", "A"),
        ("[A [v2]](https://x.org/1)", "A [v2]"),
        ("A [B](javascript:x) C", "A [B](javascript:x) C"),
        ("[A](https://x.org/1", "A"),
        ("A [PDF](https://x.org/1", "A"),
    ],
)
def test_no_word_of_a_title_is_lost_for_a_link_in_it(written: str, title: str) -> None:
    """Links behind a title go; one in the middle leaves its words, and what stands behind it stays."""
    assert title_and_link(written)[0].strip() == title


def test_a_link_leads_where_its_target_says() -> None:
    """An item is not merged with a paper whose address stands in the words of a link to elsewhere."""
    assert links("[https://arxiv.org/abs/2410.00001](https://evil.example/)").urls == ("https://evil.example/",)
    assert links("[https://arxiv.org/abs/2410.00001]()").urls == ("https://arxiv.org/abs/2410.00001",)
    assert links("https://a.org/1 [b](https://b.org/2)").urls == ("https://a.org/1", "https://b.org/2")


@pytest.mark.parametrize("tag", ["</title>", "</summary>", "</abstract>", "</authors>"])
def test_the_end_of_an_element_is_no_label(tag: str) -> None:
    """`<요약>` may be one; what closes an element begins no value, and no item."""
    item, problems = read(f"## A\n**쉬운설명**: 글\n\n{tag}<script>alert(1)</script>\n{BODY}")
    assert item.easy_summary == f"글\n\n{tag}<script>alert(1)</script>"
    assert problems == ()


def test_an_endless_title_is_cut() -> None:
    """A feed whose title fills a screen is read by nobody; the problem says how long it was."""
    item, [problem] = read(f"## {'Attention ' * 1_000}\n{BODY}")
    assert item.title is not None
    assert len(item.title) <= LONGEST_TITLE
    assert item.title.startswith("Attention Attention")
    assert (problem.kind, problem.where.line) == ("too-long", 1)
    assert problem.message == f"expected at most {LONGEST_TITLE} characters for the title, got 9999; cut"
    assert read(f"## {'a' * LONGEST_TITLE}\n{BODY}")[1] == ()


@pytest.mark.parametrize(("label", "slot"), [("관련분야", Slot.FIELDS), ("저자", Slot.AUTHORS)])
def test_endless_names_are_cut(label: str, slot: Slot) -> None:
    """One that is no name but a text, and more than anyone could mean."""
    item, [problem] = read(f"## A\n**{label}**: {'로봇 ' * 200}, B\n{BODY}")
    found = item.labels if slot is Slot.FIELDS else item.authors
    assert [len(name) <= LONGEST_NAME for name in found] == [True, True]
    assert found[1] == "B"
    assert problem.kind == "too-long"
    most = MOST_NAMES[slot]
    names = ", ".join(f"name {n}" for n in range(most + 1))
    item, [problem] = read(f"## A\n**{label}**: {names}\n{BODY}")
    assert len(item.labels or item.authors) == most
    assert problem.message.endswith(f", got {most + 1}; the others are left out")
    assert read(f"## A\n**{label}**: {names.rpartition(',')[0]}\n{BODY}")[1] == ()
