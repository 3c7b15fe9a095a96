"""The search index: how texts are cut, what the files say, and what a build makes of them when."""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed import mirror, urls
from digestfeed.config import Config, FieldConfig, SiteConfig
from digestfeed.pipeline.searching import MOST, joined
from digestfeed.render import search
from tests.papers import make_paper
from tests.trees import item, run, times, tree, write_digest

SEARCHED = Config(site=SiteConfig(search=True))

# -- how texts are cut ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("모델을", {"모델", "델을"}),
        ("언어모델", {"언어", "어모", "모델"}),
        ("눈", {"눈"}),
        ("LLM의", {"llm", "의"}),
        ("GPT-4o", {"gpt", "4o"}),
        ("ＬＬＭ", {"llm"}),
        ("ﬁne", {"fine"}),
        (unicodedata.normalize("NFD", "모델"), {"모델"}),
        ("Éclair naïve", {"éclair", "naïve"}),
        ("深層学習", {"深層", "層学", "学習"}),
        ("データ", {"デー", "ータ"}),
        ("snake_case", {"snake", "case"}),
        ("x²", {"x2"}),
        ("a" * 33, {"a" * 32, "a"}),
        ("…—«»\n\t\u200b", set()),
        ("", set()),
    ],
)
def test_texts_are_cut_into_terms(text: str, expected: set[str]) -> None:
    """Runs of letters are terms, those of Hangul, kana and Han are pairs."""
    assert search.terms(text) == expected


hangul = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=2, max_size=12)


@given(hangul, st.data())
def test_a_part_of_a_korean_word_is_found_in_it(word: str, data: st.DataObject) -> None:
    """Wherever it begins and ends: so 모델 is in 모델을 and in 언어모델."""
    start = data.draw(st.integers(0, len(word) - 2))
    end = data.draw(st.integers(start + 2, len(word)))
    assert search.terms(word[start:end]) <= search.terms(f"a {word}, b")


@given(st.text(max_size=200))
def test_any_text_can_be_cut(text: str) -> None:
    """Each term can stand in a line of a file, and is cut from itself."""
    for term in search.terms(text):
        assert term == search.folded(term) or len(search.folded(term)) > 1
        assert not set(term) & set("\t\n\r ")
        term.encode()


@given(st.sampled_from(["모델", "transformer", "7b", "層", "𐐀"]), st.integers(0, 8))
def test_a_term_has_its_file(term: str, bits: int) -> None:
    """Of those that there are, and the same for all that begin like it."""
    number = search.word_file(term, bits)
    assert 0 <= number < 1 << bits
    assert number == search.word_file(term[0] + "x", bits)


# -- what the files say -----------------------------------------------------------------------------------------


def numbers(text: str) -> list[int]:
    """Read what `search` writes, written anew from its description."""
    found, last, codes = [], 0, iter(map(ord, text))
    for code in codes:
        step = code - 0x21 if code < 0x8000 else (code - 0x8000) * 0x4000 + next(codes) - 0x21
        last += step
        found.append(last)
    return found


def lines(data: bytes) -> dict[str, list[list[int]]]:
    """Read a file of terms: term → the places anywhere, and in titles."""
    head, *rest = data.decode().split("\n")
    assert head == f"digestfeed search {search.FORMAT}"
    return {term: [numbers(part) for part in parts] for term, *parts in (line.split("\t") for line in rest)}


def all_lines(index: search.Index, papers: int) -> dict[str, list[list[int]]]:
    """Read all files of terms; each term stands in the file that is asked for it."""
    bits = search.word_bits(papers)
    found: dict[str, list[list[int]]] = {}
    for number in range(1 << bits):
        for term, places in lines(index.words(number)).items():
            assert search.word_file(term, bits) == number
            found[term] = places
    return found


def test_an_index_says_where_a_term_is() -> None:
    """Anywhere, and in the title; by title, texts, fields in both languages, labels, authors and number."""
    papers = [
        make_paper(
            "2412.00001", title="A Small Model", summary="언어모델을 다룬다.", easy_summary="", labels=("음성",)
        ),
        make_paper("2412.00002", title="확산 모델", titles=("Diffusion",), authors=("Ada Lovelace",), votes=None),
    ]
    found = all_lines(search.Index(papers, {"natural-language-processing": "nlp 자연어"}), 2)
    assert found["모델"] == [[0, 1], [1]]
    assert found["언어"] == [[0]]
    assert found["model"] == [[0], [0]]
    assert found["diffusion"] == [[1], [1]]
    assert found["lovelace"] == [[1]]
    assert found["연어"] == [[0, 1]]
    assert found["nlp"] == [[0, 1]]
    assert found["음성"] == [[0]]
    assert found["00002"] == [[1]]


def test_a_blank_between_two_words_does_not_matter() -> None:
    """Korean joins words or does not: 언어 모델 is found as 언어모델; but a particle ends its word."""
    papers = [
        make_paper(summary="큰 언어 모델을 비교한다. 그 다음은 값."),
        make_paper("2412.00002", summary="언어\n모델"),
    ]
    found = all_lines(search.Index(papers, {}), 2)
    assert found["어모"] == [[0]]
    assert "을비" not in found
    assert "다그" not in found


@pytest.mark.parametrize(
    ("summary", "absent", "present"),
    [
        ("see https://example.org/secret?q=1 here", "secret", "here"),
        ("[the code](https://github.example/repo)", "repo", "code"),
        ('<img src="x.png" alt="y"> picture', "png", "picture"),
        ("R&amp;D **bold** `code`", "amp", "bold"),
    ],
)
def test_addresses_are_not_searched(summary: str, absent: str, present: str) -> None:
    """What nobody reads is not found; what is marked up is."""
    found = all_lines(search.Index([make_paper(title="T", summary=summary, links=make_paper().links)], {}), 1)
    assert absent not in found
    assert present in found


def test_filters_are_lists_of_places() -> None:
    """By field, and by the least number of votes; 0 is a number, and none is none."""
    papers = [make_paper(votes=5), make_paper(votes=4, fields=("robotics", "other")), make_paper(votes=None)]
    found = lines(search.Index(papers, {}).filters())
    assert found == {
        "field:natural-language-processing": [[0, 2]],
        "field:other": [[1]],
        "field:robotics": [[1]],
        "votes:5": [[0]],
    }


def test_what_is_shown_of_papers() -> None:
    """As much as a result needs, twenty to a file, in order."""
    papers = [make_paper(f"2412.{number:05d}", title=f"T{number}\u202e") for number in range(21)]
    papers[20] = make_paper(
        "item-0123456789ab", day=None, published=None, summary="- **새** 것\n- [그림](http://x)", votes=None
    )
    index = search.Index(papers, {})
    first, second = (json.loads(index.papers(number)) for number in (0, 1))
    assert [row[1] for row in first["papers"]] == [f"T{number}" for number in range(20)]
    key, title, day, votes, fields, text = second["papers"][0]
    assert (key, day, votes) == ("item-0123456789ab", "", None)
    assert title == papers[20].title
    assert fields == ["natural-language-processing"]
    assert text == "새 것 그림"
    assert first["by"].startswith("digestfeed")


def test_long_texts_are_cut() -> None:
    """What is shown is an excerpt, and what is indexed has an end."""
    index = search.Index([make_paper(summary="가나 " * 1000 + "x " * 20_000 + "zebra")], {})
    assert len(json.loads(index.papers(0))["papers"][0][5]) <= 500
    assert "zebra" not in all_lines(index, 1)


@given(st.lists(st.integers(0, 70_000), min_size=1, max_size=4, unique=True))
def test_any_places_can_be_written(places: list[int]) -> None:
    """Also beyond what one character holds, of which none is a control, a blank or a surrogate."""
    written = search._numbers(sorted(places))
    assert numbers(written) == sorted(places)
    assert not re.search("[\x00-\x20\ud800-\udfff\ufeff]", written)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_an_index_finds_what_it_was_made_of(summaries: list[str]) -> None:
    """Every term of every text leads to its paper, and to no paper that has it not."""
    papers = [make_paper(title="-", summary=text, easy_summary=None, labels=(), fields=()) for text in summaries]
    found = all_lines(search.Index(papers, {}), len(papers))
    for place, text in enumerate(summaries):
        wanted = search.terms(search._without_addresses(text))
        has = {term for term, (places, *_) in found.items() if place in places}
        joints = {joint for joint in has - wanted if len(joint) == 2}
        assert wanted <= has
        assert has - wanted - joints <= {"2412", "17743"}


def test_an_index_of_nothing() -> None:
    """Has its files, with nothing in them."""
    index = search.Index([], {})
    assert lines(index.words(0)) == {}
    assert lines(index.filters()) == {}


def test_an_entry_file_lists_indexes() -> None:
    """Newest first, each with its folder, how its terms are spread, and its months."""
    parts = [
        search.Part("2024-12-0123456789ab", ((202412, 60),)),
        search.Part("2024-01-ba9876543210", ((202401, 1), (202402, 2))),
    ]
    entry = json.loads(search.entry(parts))
    assert (entry["format"], entry["papers_a_file"]) == (search.FORMAT, 20)
    assert entry["parts"] == [
        {"folder": "2024-12-0123456789ab", "bits": search.word_bits(60), "months": [["2024-12", 60]]},
        {"folder": "2024-01-ba9876543210", "bits": 0, "months": [["2024-01", 1], ["2024-02", 2]]},
    ]


# -- which months are indexed together --------------------------------------------------------------------------

month_counts = st.dictionaries(
    st.integers(2007 * 12, 2027 * 12).map(lambda n: n // 12 * 100 + n % 12 + 1), st.integers(1, 3000), max_size=40
)


@given(month_counts, st.integers(0, 50))
def test_each_month_is_in_one_group(counts: dict[int, int], undated: int) -> None:
    """Newest first, months in order, none joined beyond the bound, the undated for themselves and last."""
    held = {**counts, 0: undated}
    groups = joined(held)
    assert [pair for group in reversed(groups) for pair in group] == sorted((m, c) for m, c in held.items() if c)
    for group in groups:
        assert len(group) == 1 or sum(count for _, count in group) <= MOST
        assert len({month // 100 for month, _ in group}) == 1


@given(month_counts.filter(bool), st.integers(1, 3000))
def test_a_new_digest_reaches_one_group(counts: dict[int, int], more: int) -> None:
    """What comes to the newest month leaves all other groups as they are."""
    last = max(counts)
    before, after = joined(counts), joined({**counts, last: counts[last] + more})
    assert before[1:] == after[1:]


def test_a_year_is_joined_when_it_is_over_for_a_while() -> None:
    """December still gets late votes in January."""
    year = {202300 + month: 10 for month in range(1, 13)}
    for later in (202401, 202402, 202403):
        assert len(joined({**year, later: 1})) == 13
    assert len(joined({**year, 202404: 1})) == 2
    assert len(joined({**year, 202404: 1}, most=60)) == 3


# -- what a build makes -----------------------------------------------------------------------------------------


def start(root: Path, config: Config = SEARCHED) -> None:
    """Build digests of three months and one without a date."""
    for name, number in (("2024-10-01.md", 1), ("2024-11-02.md", 2), ("2024-12-03.md", 3)):
        write_digest(root / "digests", name, item(f"24{9 + number}.0000{number}", summary="언어모델을 배운다."))
    write_digest(
        root / "digests", "notes.md", "## 제목: Loose\n**요약**: 날짜 없음.\n**전체링크**: https://example.org/a\n---\n"
    )
    run(root, config)


def listed(out: Path) -> dict[str, set[str]]:
    """Give the indexes of the entry file: folder → all files that it leads to."""
    entry = json.loads((out / urls.SEARCH_ENTRY).read_bytes())
    found = {}
    for part in entry["parts"]:
        count = sum(number for _, number in part["months"])
        files = {f"w{number}.txt" for number in range(1 << part["bits"])} | {"f.txt"}
        files |= {f"p{number}.json" for number in range(-(-count // entry["papers_a_file"]))}
        found[part["folder"]] = files
    return found


def found_in(out: Path) -> dict[str, set[str]]:
    """Give the indexes that are there: folder → files."""
    return {
        folder.name: {file.name for file in folder.iterdir()}
        for folder in (out / "search").iterdir()
        if folder.is_dir()
    }


def test_without_the_setting_there_is_no_search(tmp_path: Path) -> None:
    """No page, no index, no form, no link to it."""
    start(tmp_path, Config())
    assert not (tmp_path / "out/search.html").exists()
    assert not (tmp_path / "out/search").exists()
    assert not (tmp_path / "out/assets/search.js").exists()
    assert b"search.html" not in (tmp_path / "out/index.html").read_bytes()


def test_the_entry_leads_to_what_is_there(tmp_path: Path) -> None:
    """All that it names, nothing else, newest first."""
    start(tmp_path)
    assert listed(tmp_path / "out") == found_in(tmp_path / "out")
    assert [name[:7] for name in listed(tmp_path / "out")] == ["2024-12", "2024-11", "2024-10", "undated"]
    assert b"search.html" in (tmp_path / "out/index.html").read_bytes()


def test_a_second_build_writes_nothing(tmp_path: Path) -> None:
    """Neither at once, nor after the catalog went, nor with --full."""
    start(tmp_path)
    before = times(tmp_path / "out")
    assert run(tmp_path, SEARCHED).written == 0
    assert run(tmp_path, SEARCHED, full=True).written == 0
    (tmp_path / "catalog/catalog.sqlite3").unlink()
    assert run(tmp_path, SEARCHED).written == 0
    assert times(tmp_path / "out") == before


def test_a_new_digest_replaces_its_months_index(tmp_path: Path) -> None:
    """That folder has another name then, since files under a name never change; the others are left alone."""
    start(tmp_path)
    before, stamps = found_in(tmp_path / "out"), times(tmp_path / "out")
    write_digest(tmp_path / "digests", "2024-12-04.md", item("2412.00009"))
    run(tmp_path, SEARCHED)
    after = found_in(tmp_path / "out")
    assert after == listed(tmp_path / "out")
    assert {name[:7] for name in before.keys() ^ after.keys()} == {"2024-12"}
    now = times(tmp_path / "out")
    kept = [path for path in now if path.startswith("search/2024-1") and path.split("/")[1] in before]
    assert all(now[path] == stamps[path] for path in kept)


def test_votes_and_names_are_in_the_index(tmp_path: Path) -> None:
    """What a paper's later digest or the config changes reaches its index."""
    start(tmp_path)
    before = listed(tmp_path / "out")
    write_digest(tmp_path / "digests", "2024-12-04.md", item("2410.00001", votes=77))
    run(tmp_path, SEARCHED)
    changed = before.keys() - listed(tmp_path / "out").keys()
    assert {name[:7] for name in changed} >= {"2024-10"}
    named = Config(site=SiteConfig(search=True), fields={"computer-vision": FieldConfig(name="Seeing", name_ko="시각")})
    run(tmp_path, named)
    words = b"".join(
        data for path, data in tree(tmp_path / "out").items() if re.fullmatch(r"search/.*/w\d+\.txt", path)
    )
    assert b"\nseeing\t" in words
    assert "\n시각\t".encode() in words


def test_the_title_of_the_site_is_not_in_the_index(tmp_path: Path) -> None:
    """Nor are other settings that no result shows."""
    start(tmp_path)
    before = found_in(tmp_path / "out")
    run(tmp_path, Config(site=SiteConfig(search=True, thumbnails=False), title="Another title", language="en"))
    assert found_in(tmp_path / "out") == before


def test_what_was_taken_away_comes_back(tmp_path: Path) -> None:
    """A file of an index, a whole index, the entry file."""
    start(tmp_path)
    before = tree(tmp_path / "out")
    folders = sorted((tmp_path / "out/search").glob("2024-*"))
    (folders[0] / "f.txt").unlink()
    for file in folders[1].iterdir():
        file.unlink()
    folders[1].rmdir()
    (tmp_path / "out" / urls.SEARCH_ENTRY).unlink()
    run(tmp_path, SEARCHED)
    assert tree(tmp_path / "out") == before


def test_switched_off_it_goes(tmp_path: Path) -> None:
    """With all its files, also where the catalog is lost; and pages without pages have none."""
    start(tmp_path)
    (tmp_path / "catalog/catalog.sqlite3").unlink()
    run(tmp_path, Config())
    without = tree(tmp_path / "out")
    assert not [path for path in without if "search" in path]
    run(tmp_path, SEARCHED)
    run(tmp_path, Config(site=SiteConfig(search=True, pages=False)))
    assert not [path for path in tree(tmp_path / "out") if "search" in path]
    run(tmp_path, Config())
    assert tree(tmp_path / "out") == without


def test_a_deleted_month_takes_its_index_along(tmp_path: Path) -> None:
    """The entry file leads there no more."""
    start(tmp_path)
    (tmp_path / "digests/2024-11-02.md").unlink()
    run(tmp_path, SEARCHED)
    assert listed(tmp_path / "out") == found_in(tmp_path / "out")
    assert "2024-11" not in {name[:7] for name in found_in(tmp_path / "out")}


def test_an_archive_without_papers_can_be_searched(tmp_path: Path) -> None:
    """The link in the menu leads somewhere from the first day on."""
    write_digest(tmp_path / "digests", "2027-01-01.md", item("2412.00001"))  # of the future: held back
    run(tmp_path, SEARCHED)
    assert json.loads((tmp_path / "out" / urls.SEARCH_ENTRY).read_bytes())["parts"] == []
    assert (tmp_path / "out/search.html").exists()


def test_all_its_paths_are_ours(tmp_path: Path) -> None:
    """So that they are removed where a lost catalog does not know them."""
    start(tmp_path)
    paths = [path for path in tree(tmp_path / "out") if "search" in path]
    assert len(paths) > 10
    assert all(map(urls.is_ours, paths))
    marked = [path for path in paths if b"digestfeed" in (tmp_path / "out" / path).read_bytes()[:2048]]
    assert marked == paths


def test_an_index_is_published_before_what_leads_to_it() -> None:
    """Also to a place where files are sent one by one."""
    assert mirror.turn(urls.search_words("2024-12-0123456789ab", 0)) < mirror.turn(urls.SEARCH_ENTRY)


def test_months_of_old_years_share_an_index(tmp_path: Path) -> None:
    """Their papers keep their order in it: months are spans of places."""
    for month in range(1, 13):
        write_digest(tmp_path / "digests", f"2023-{month:02d}-05.md", item(f"23{month:02d}.00001"))
    write_digest(tmp_path / "digests", "2024-06-05.md", item("2406.00001"))
    run(tmp_path, SEARCHED)
    new, old = json.loads((tmp_path / "out" / urls.SEARCH_ENTRY).read_bytes())["parts"]
    assert [month for month, _ in old["months"]] == [f"2023-{month:02d}" for month in range(1, 13)]
    shown = json.loads((tmp_path / f"out/search/{old['folder']}/p0.json").read_bytes())["papers"]
    assert [row[2] for row in shown] == sorted(row[2] for row in shown)
    assert dt.date.fromisoformat(shown[0][2]).month == 1
    assert new["months"] == [["2024-06", 1]]
