"""Which pages a build makes, what leads from one to the other, and what a change makes again."""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed import urls
from digestfeed.config import Config, FeedsConfig, SiteConfig
from digestfeed.errors import ConfigError
from digestfeed.pipeline.related import RELATED, related
from tests.trees import item, run, times, tree, write_digest

fields = st.lists(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=4), max_size=60)


@given(fields)
def test_related_papers_are_earlier_and_share_a_field(papers: list[list[str]]) -> None:
    """Never the paper itself, none twice, at most four, the one with most fields in common first."""
    for index, near in enumerate(related(papers)):
        assert len(near) <= RELATED
        assert len(set(near)) == len(near)
        assert all(other < index for other in near)
        shared = [len(set(papers[index]) & set(papers[other])) for other in near]
        assert shared == sorted(shared, reverse=True)
        assert 0 not in shared


@given(fields, fields)
def test_what_comes_later_changes_no_related_papers(papers: list[list[str]], later: list[list[str]]) -> None:
    """A new digest makes no page again for what it is like."""
    assert list(related([*papers, *later]))[: len(papers)] == list(related(papers))


def test_papers_of_the_catch_all_field_are_not_alike() -> None:
    """That two papers fit no field is nothing that they share."""
    assert list(related([["other"], ["other"]])) == [(), ()]


CONFIG = Config(feeds=FeedsConfig(latest=2))


def links(page: bytes, rel: str) -> list[str]:
    """The addresses behind a relation."""
    return re.findall(rf'<a rel="{rel}" href="([^"]*)"', page.decode())


def three_days(root: Path) -> None:
    """Digests of three days in two months, two papers each."""
    for day, month in (("2024-11-29", "2411"), ("2024-12-02", "2412"), ("2024-12-03", "2412")):
        number = day[-2:]
        write_digest(root / "digests", f"{day}.md", *(item(f"{month}.{number}00{n}") for n in (1, 2)))


def test_papers_and_days_are_a_chain(tmp_path: Path) -> None:
    """Who follows `next` from the first comes through all of a month, and on to the next month."""
    three_days(tmp_path)
    run(tmp_path, CONFIG)
    site = tree(tmp_path / "out")
    chain = ["papers/2412/2412.02002.html"]
    while (following := links(site[chain[-1]], "next")) and "papers" in following[0]:
        chain.append(following[0].removeprefix("../../"))
        assert links(site[chain[-1]], "prev") == [f"../../{chain[-2]}"]
    assert chain == [f"papers/2412/2412.{number}.html" for number in ("02002", "02001", "03002", "03001")]
    assert links(site[chain[0]], "prev") == ["../../archive/2024-11/index.html"]
    assert links(site[chain[-1]], "next") == []
    assert links(site["papers/2411/2411.29001.html"], "next") == ["../../archive/2024-12/index.html"]
    first, second = "archive/2024-12/2024-12-02.html", "archive/2024-12/2024-12-03.html"
    assert links(site[first], "prev") == ["../../archive/2024-11/index.html"]
    assert links(site[first], "next") == [f"../../{second}"]
    assert links(site[second], "prev") == [f"../../{first}"]
    assert links(site["archive/2024-11/2024-11-29.html"], "next") == ["../../archive/2024-12/index.html"]


def test_a_new_digest_makes_few_pages_again(tmp_path: Path) -> None:
    """Of the pages of papers and days that were there only the last, which now lead on."""
    three_days(tmp_path)
    run(tmp_path, CONFIG)
    before = times(tmp_path / "out")
    write_digest(tmp_path / "digests", "2024-12-04.md", item("2412.04001"), item("2412.04002"))
    run(tmp_path, CONFIG)
    after = times(tmp_path / "out")
    changed = {path for path in before if after[path] != before[path]}
    assert {path for path in changed if re.match(r"papers/|archive/.*/\d{4}-", path)} == {
        "papers/2412/2412.03001.html",
        "archive/2024-12/2024-12-03.html",
    }


def test_a_day_that_goes_takes_its_page_with_it(tmp_path: Path) -> None:
    """And the days beside it lead to one another."""
    three_days(tmp_path)
    write_digest(tmp_path / "digests", "2024-12-04.md", item("2412.04001"))
    run(tmp_path, CONFIG)
    (tmp_path / "digests" / "2024-12-03.md").unlink()
    run(tmp_path, CONFIG)
    site = tree(tmp_path / "out")
    assert "archive/2024-12/2024-12-03.html" not in site
    assert links(site["archive/2024-12/2024-12-02.html"], "next") == ["../../archive/2024-12/2024-12-04.html"]


def test_without_pages_there_is_none(tmp_path: Path) -> None:
    """Also none of a day, and none of the status, which stays as data."""
    three_days(tmp_path)
    run(tmp_path, Config(site=SiteConfig(pages=False)))
    site = tree(tmp_path / "out")
    assert not [path for path in site if path.endswith(".html")]
    assert urls.STATUS in site


def test_the_daily_feed_leads_to_the_day(tmp_path: Path) -> None:
    """An entry that has the papers of a day is that day's page."""
    three_days(tmp_path)
    run(tmp_path, CONFIG)
    assert b"archive/2024-12/2024-12-03.html" in tree(tmp_path / "out")["feeds/daily/atom.xml"]


LINK = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')
DIGESTS = Path(__file__).parent.parent / "digests"


def test_every_page_can_be_reached(tmp_path: Path) -> None:
    """By links from the front page; and what a link names on a page is there."""
    run(tmp_path, Config(site=SiteConfig(search=True)), digests=DIGESTS)
    site = {path: data.decode() for path, data in tree(tmp_path / "out").items() if path.endswith(".html")}
    found, todo = {urls.FRONT}, [urls.FRONT]
    while todo:
        here = todo.pop()
        for link in LINK.findall(site[here]):
            target = urlsplit(link)
            goal = normpath(join(dirname(here), target.path)) if target.path else here
            if target.scheme or not goal.endswith(".html"):
                continue
            assert not target.fragment or f' id="{target.fragment}"' in site[goal], (here, link)
            if goal not in found:
                found.add(goal)
                todo.append(goal)
    assert site.keys() - found == {urls.NOT_FOUND}


LOST = "{{ before }}\n<title>x</title>\n{{ between }}\n<h1>Nothing here</h1>\n{{ after }}\n"


def test_own_templates_make_pages_again_and_nothing_else(tmp_path: Path) -> None:
    """When they come, change, and go; a build without a change writes nothing."""
    three_days(tmp_path)
    own = tmp_path / "templates"
    run(tmp_path, CONFIG, templates=own)
    plain = tree(tmp_path / "out")
    write_digest(own, "lost.html", LOST)
    run(tmp_path, CONFIG, templates=own)
    changed = tree(tmp_path / "out")
    assert {path for path in plain if plain[path] != changed[path]} == {urls.NOT_FOUND}
    assert b"<h1>Nothing here</h1>" in changed[urls.NOT_FOUND]
    assert run(tmp_path, CONFIG, templates=own).written == 0
    (own / "lost.html").unlink()
    run(tmp_path, CONFIG, templates=own)
    assert tree(tmp_path / "out") == plain


def test_a_template_can_be_shared_by_own_ones(tmp_path: Path) -> None:
    """A folder below the templates, and a name that no template of ours has."""
    three_days(tmp_path)
    own = tmp_path / "templates"
    write_digest(own / "mine", "note.html", "<p>Mine</p>\n")
    write_digest(own, "lost.html", LOST.replace("<h1>", "{% include 'mine/note.html' %}<h1>"))
    run(tmp_path, CONFIG, templates=own)
    assert b"<p>Mine</p>" in tree(tmp_path / "out")[urls.NOT_FOUND]


def test_a_broken_template_leaves_the_site_as_it_was(tmp_path: Path) -> None:
    """The fault is told by file and line, and the next build needs not to make everything again."""
    three_days(tmp_path)
    own = tmp_path / "templates"
    run(tmp_path, CONFIG, templates=own)
    before = times(tmp_path / "out")
    write_digest(own, "paper.html", "{{ before }}\n{{ titel }}\n{{ after }}\n")
    with pytest.raises(ConfigError, match=r"^templates/paper\.html:2: 'titel' is undefined$"):
        run(tmp_path, CONFIG, templates=own)
    assert times(tmp_path / "out") == before
    (own / "paper.html").unlink()
    report = run(tmp_path, CONFIG, templates=own)
    assert report.written == 0
    assert report.notes == ()


def test_a_fault_that_only_some_papers_show_is_told_too(tmp_path: Path) -> None:
    """Where the trial did not meet it: the page that does ends the build, with file and line."""
    three_days(tmp_path)
    own = tmp_path / "templates"
    write_digest(
        own, "paper.html", "{{ before }}\n{% if title == 'Paper 2412.03001' %}\n{{ 1 // 0 }}{% endif %}\n{{ after }}\n"
    )
    with pytest.raises(ConfigError, match=r"^templates/paper\.html:3: "):
        run(tmp_path, CONFIG, templates=own)


def test_a_template_that_is_no_text_is_told(tmp_path: Path) -> None:
    """By its path."""
    three_days(tmp_path)
    path = tmp_path / "templates" / "lost.html"
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"lost\.html: expected UTF-8 text"):
        run(tmp_path, CONFIG, templates=path.parent)
