"""Entries written from patterns are the bytes that feedgen gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digestfeed.config import Config
from digestfeed.model import Links
from digestfeed.render import _feedgen, _fragments
from digestfeed.render.body import Entry
from digestfeed.render.context import Context

CONTEXT = Context(
    config=Config(base_url="https://example.org/a&b/"),
    field_names={"robotics": "로봇공학", "other": "기타"},
    version="1",
)
xml_text = st.text(
    st.one_of(
        st.sampled_from("<>&\"'\t\n\r]& 가나é😀\x85\u2028"),
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
    ),
    max_size=30,
)
some_text = xml_text.filter(lambda text: bool(text.strip()))
web = st.sampled_from(["https://example.org/x?a=1&b=2", "https://arxiv.org/abs/2412.17743", "http://e.org/'<>\""])
entries = st.builds(
    Entry,
    key=st.just("2412.17743"),
    entry_id=st.just("tag:example.org,2024:paper/2412.17743"),
    url=web,
    title=some_text,
    published=st.integers(0, 4_000_000_000),
    updated=st.integers(0, 4_000_000_000),
    summary_text=st.one_of(st.just(""), some_text),
    content_html=some_text,
    authors=st.lists(some_text, max_size=2).map(tuple),
    categories=st.lists(
        st.one_of(st.sampled_from([("robotics", "로봇공학"), ("other", "기타")]), st.tuples(some_text, some_text)),
        max_size=3,
    ).map(tuple),
    links=st.builds(
        Links,
        abs=st.one_of(st.none(), web),
        pdf=st.one_of(st.none(), web),
        huggingface=st.one_of(st.none(), web),
        source=st.one_of(st.none(), web),
    ),
    thumbnail=st.one_of(st.none(), web),
    basis=st.none(),
    submitted=st.none(),
    fields=st.just(()),
    fields_inferred=st.just(value=False),
)


@given(st.lists(entries, min_size=1, max_size=3))
def test_atom_entries_are_those_of_feedgen(papers: list[Entry]) -> None:
    """For any entries the Atom fragments equal feedgen's, byte for byte."""
    assert _fragments.atom_entries(papers, CONTEXT) == _feedgen.atom_entries(papers, CONTEXT)


@given(st.lists(entries, min_size=1, max_size=3))
def test_rss_items_are_those_of_feedgen(papers: list[Entry]) -> None:
    """For any entries the RSS fragments equal feedgen's, byte for byte."""
    assert _fragments.rss_items(papers, CONTEXT) == _feedgen.rss_items(papers, CONTEXT)
