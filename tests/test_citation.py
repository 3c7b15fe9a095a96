"""Citations as programs read them: BibTeX, RIS, CSL-JSON, and what a page's head says to reference managers."""

from __future__ import annotations

import datetime as dt
import json
import re
import struct
from importlib import resources
from typing import Any, ClassVar

import html5lib
import pytest
import rispy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pybtex.database import Entry, parse_string
from pyld import jsonld

from digestfeed import urls
from digestfeed.config import SiteConfig
from digestfeed.model import Links, Paper
from digestfeed.render import site
from digestfeed.render.citation import Cited, bibtex, citation_key, citations, cited, csl_json, ris
from digestfeed.render.markdown import web_url
from digestfeed.render.metadata import About, front_head, locale, page_head, paper_head
from digestfeed.render.names import MOST, name
from digestfeed.text import one_line, xml_clean
from tests.papers import make_context, make_paper

CONTEXT = make_context()
CONFIG = CONTEXT.config

HOSTILE = {
    "plain": "YuLan-Mini: An Open Data-efficient Language Model",
    "script": "</script><script>alert(1)</script>",
    "script-case": "</ScRiPt/x><!--<script>",
    "attribute": "\" onload='alert(1)' x=\"",
    "entities": "AT&amp;T &lt;b&gt; &#34; & <i>",
    "braces": "{{{ }} } {",
    "percent": "100% of % and %%",
    "backslash": r"\ \\ \input{/etc/passwd} \end{document}",
    "maths": r"$O(n^2)$ and $\mathbb{R}^d$, at $5 or $10",
    "broken-maths": r"$\input{x}$ $a}$ $^^5c$ $",
    "newlines": "one\ntwo\r\nthree\u2028four\u2029five\x85six",
    "ris-tags": "ER  - \nTY  - BOOK\nAU  - Nobody",
    "bibtex-entry": "}\n@book{x, title={y}}\n@misc{",
    "quotes": "'single' \"double\" `back` “curly”",
    "hangul": "작은 언어모델을 적은 데이터로 & <학습>한다",
    "nfd": "한국어",
    "emoji": "🚀 to the moon 👩‍👩‍👧",
    "controls": "a\x00b\x1bc\x7fd",
    "bidi": "\u202eevil\u202c\u200b title",
    "surrogate": "half \ud83d of one",
    "at": "@article @comment{x} # ~ ^ _",
    "dashes": "--><!-- - -- ---",
    "cdata": "]]> <![CDATA[ x ]]>",
    "long": "word " * 2000,
}
DATE = {
    "type": "object",
    "properties": {
        "date-parts": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "integer"}},
        }
    },
    "required": ["date-parts"],
    "additionalProperties": False,
}
NAME = {
    "type": "object",
    "oneOf": [
        {
            "properties": {name: {"type": "string"} for name in ("family", "given", "non-dropping-particle")},
            "required": ["family", "given"],
            "additionalProperties": False,
        },
        {"properties": {"literal": {"type": "string"}}, "required": ["literal"], "additionalProperties": False},
    ],
}
TEXTS = ("title", "genre", "publisher", "number", "DOI", "URL", "language", "container-title")
CSL = Draft7Validator(
    {
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "type": {"enum": ["article", "webpage"]},
                "author": {"type": "array", "minItems": 1, "items": NAME},
                "issued": DATE,
                **{text: {"type": "string"} for text in TEXTS},
            },
            "required": ["id", "type", "title"],
            "additionalProperties": False,
        },
    }
)
"""As much of CSL's input data as we write, and nothing else."""


def about(paper: Paper, **values: object) -> About:
    """What a paper's page says of itself."""
    known = {"title": paper.title, "description": "요약 <한> 줄.", "url": CONTEXT.urls.paper(paper.key), **values}
    return About(**known)  # type: ignore[arg-type]


def head_of(paper: Paper, **values: object) -> Any:  # noqa: ANN401 -- html5lib has no types
    """The head of a paper's page, read by the HTML parsing rules without one error."""
    inside = paper_head(cited(paper), about(paper, **values), ["자연어 처리"], CONFIG)
    return parsed(inside)


def parsed(inside: str) -> Any:  # noqa: ANN401
    """A head, read by the HTML parsing rules without one error."""
    page = f"<!DOCTYPE html><html><head><title>t</title>\n{inside}</head><body></body></html>"
    page = xml_clean(page).replace("\x85", "\n")  # as every page is before it goes out
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert [child.tag for child in tree] == ["head", "body"]
    assert not list(tree.find("body"))
    assert {child.tag for child in tree.find("head")} <= {"title", "meta", "script"}
    return tree.find("head")


def metas(head: Any, attribute: str = "name") -> dict[str, list[str]]:  # noqa: ANN401
    """The metas of a head: name → contents."""
    found: dict[str, list[str]] = {}
    for meta in head.findall("meta"):
        if meta.get(attribute):
            found.setdefault(meta.get(attribute), []).append(meta.get("content"))
    return found


def ld_of(head: Any) -> Any:  # noqa: ANN401
    """The one data block of a head."""
    (script,) = head.findall("script")
    assert script.attrib == {"type": "application/ld+json"}
    return json.loads(script.text)


def entry_of(text: str) -> tuple[str, Entry]:
    """The one entry of a BibTeX text, as BibTeX's rules read it."""
    ((key, entry),) = parse_string(text, "bibtex").entries.items()
    return key, entry


def read(title: str) -> str:
    """A title as it is shown."""
    return one_line(xml_clean(title))


def untexed(value: str) -> str:
    """What TeX typesets of an escaped text."""
    names = {"backslash": "\\", "braceleft": "{", "braceright": "}", "asciitilde": "~", "asciicircum": "^"}
    value = re.sub(r"\\([%&#_$])", r"\1", value)
    return re.sub(r"\\text([a-z]+)\{\}", lambda match: names[match[1]], value)


# --- the formats --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("key", ["2412.17743", "item-0123456789ab"])
def test_each_format_reads_back_as_it_was(key: str, title: str) -> None:
    """Whatever a title holds, a program of each format reads one record with that title."""
    links = {} if key[0] == "2" else {"links": Links(source="https://news.example/a_b?c=%20&d={x}")}
    what = cited(make_paper(key, title=title, authors=(title, "Ada Lovelace"), **links))
    wanted = read(title)
    found, entry = entry_of(bibtex(what))
    assert found == citation_key(key)
    assert entry.fields["title"][0] == "{"
    assert untexed(entry.fields["title"][1:-1]) == wanted
    assert [str(person) for person in entry.persons["author"]][1:] == ["Lovelace, Ada"]
    (record,) = rispy.loads(ris(what))
    assert record["title"] == wanted
    assert record["authors"][1:] == ["Lovelace, Ada"]
    (item,) = json.loads(csl_json(what))
    assert not list(CSL.iter_errors([item]))
    assert item["title"] == wanted


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3))
@example("{", ["and", "a, b, c, d"])
@example("x", ["others", "Team", " "])
def test_any_text_makes_whole_citations(title: str, authors: list[str]) -> None:
    """Each format stays one record, with as many authors as there are names."""
    what = cited(make_paper(title=title, authors=tuple(authors)))
    named = [author for author in authors if read(author)]
    _, entry = entry_of(bibtex(what))
    assert len(entry.persons.get("author", ())) == len(named)
    (record,) = rispy.loads(ris(what))
    assert len(record.get("authors", ())) == len(named)
    (item,) = json.loads(csl_json(what))
    assert len(item.get("author", ())) == len(named)
    assert not list(CSL.iter_errors([item]))


def test_an_arxiv_paper_says_its_month_and_no_day() -> None:
    """The estimated day is in no format; number, DOI and links are."""
    what = cited(make_paper(submitted=dt.date(2024, 12, 23), authors=("Ada Lovelace",)))
    assert "23" not in "".join(text for _, text in citations(what))
    (record,) = rispy.loads(ris(what))
    assert (record["year"], record["date"]) == ("2024", "2024/12//")
    assert (record["publisher"], record["issn"], record["doi"]) == (
        "arXiv",
        "arXiv:2412.17743",
        "10.48550/arXiv.2412.17743",
    )
    (item,) = json.loads(csl_json(what))
    assert item["issued"] == {"date-parts": [[2024, 12]]}
    assert (item["type"], item["genre"], item["number"]) == ("article", "preprint", "arXiv:2412.17743")
    assert item["URL"] == "https://arxiv.org/abs/2412.17743"
    assert item["language"] == "en"


def test_the_month_is_the_numbers_own() -> None:
    """A paper handed in on the last of a month may have a number of the next, and that is what is certain."""
    what = cited(make_paper("2501.00001", submitted=dt.date(2024, 12, 31)))
    assert what.date == "2025-01"


def test_old_numbers() -> None:
    """A number of before 2007 is cited by archive and number."""
    what = cited(make_paper("hep-th/9901001", submitted=None))
    assert what.date == "1999-01"
    assert "DO  - 10.48550/arXiv.hep-th/9901001\n" in ris(what)


def test_news_say_where_they_stand() -> None:
    """What is not on arXiv has its host, its address and the day of its digest."""
    links = Links(source="https://news.example/a")
    what = cited(make_paper("item-0123456789ab", links=links, day=dt.date(2024, 11, 22)))
    (record,) = rispy.loads(ris(what))
    assert (record["type_of_reference"], record["secondary_title"]) == ("ELEC", "news.example")
    assert record["date"] == "2024/11/22"
    (item,) = json.loads(csl_json(what))
    assert item["type"] == "webpage"
    assert item["issued"] == {"date-parts": [[2024, 11, 22]]}
    assert item["container-title"] == "news.example"


def test_what_is_not_known_is_left_out() -> None:
    """An undated item without a link has its title, and no empty names."""
    what = cited(make_paper("item-0123456789ab", day=None, published=None, published_basis=None, links=Links()))
    assert what == Cited(key="item-0123456789ab", title=what.title, names=[])
    assert ris(what) == f"TY  - ELEC\nTI  - {what.title}\nER  - \n"
    assert json.loads(csl_json(what)) == [{"id": what.key, "type": "webpage", "title": what.title}]
    assert set(entry_of(bibtex(what))[1].fields) == {"title"}


@pytest.mark.parametrize(
    ("written", "in_ris", "csl"),
    [
        ("Ada Lovelace", "Lovelace, Ada", {"family": "Lovelace", "given": "Ada"}),
        (
            "Arie van Deursen",
            "van Deursen, Arie",
            {"family": "Deursen", "non-dropping-particle": "van", "given": "Arie"},
        ),
        (
            "Javier de la Rosa",
            "de la Rosa, Javier",
            {"family": "Rosa", "non-dropping-particle": "de la", "given": "Javier"},
        ),
        ("Nghi D. Q. Bui", "Bui, Nghi D. Q.", {"family": "Bui", "given": "Nghi D. Q."}),
        ("ei Liu", "Liu, ei", {"family": "Liu", "given": "ei"}),
        ("Qingyao Ai", "Ai, Qingyao", {"family": "Ai", "given": "Qingyao"}),
        ("Éric Bavu", "Bavu, Éric", {"family": "Bavu", "given": "Éric"}),
        ("NVIDIA", "NVIDIA", {"literal": "NVIDIA"}),
        ("Gemma Team", "Gemma Team", {"literal": "Gemma Team"}),
        ("Mistral AI", "Mistral AI", {"literal": "Mistral AI"}),
        ("OpenAI, Inc.", "OpenAI, Inc.", {"literal": "OpenAI, Inc."}),
        ("Search and Rescue Crew", "Search and Rescue Crew", {"literal": "Search and Rescue Crew"}),
        ("김 하나", "김 하나", {"literal": "김 하나"}),
        ("王 小明", "王 小明", {"literal": "王 小明"}),
    ],
)
def test_names(written: str, in_ris: str, csl: dict[str, str]) -> None:
    """A person's name is divided as BibTeX divides it; groups, and names in other letters, stay whole."""
    found = name(written)
    assert found is not None
    assert (found.ris, json.loads(found.csl)) == (in_ris, csl)
    (person,) = entry_of(f"@misc{{x, author = {{{found.bibtex}}}}}")[1].persons["author"]
    if "family" in csl and written[0].isupper():
        assert person.last_names == [csl["family"]]
        assert " ".join(person.prelast_names) == csl.get("non-dropping-particle", "")
    kind = "Organization" if written in {"Gemma Team", "Mistral AI", "OpenAI, Inc."} else "Person"
    assert json.loads(found.person) == {"@type": kind, "name": written}


def test_a_long_list_of_authors_ends_with_others() -> None:
    """A page names fifty and says that there are others; the month's file names all."""
    people = tuple(f"Person {chr(65 + n // 26)}{chr(97 + n % 26)}" for n in range(MOST + 7))
    what = cited(make_paper(authors=people))
    texts = dict(citations(what))
    shown = entry_of(texts["BibTeX"])[1].persons["author"]
    assert (len(shown), str(shown[-1])) == (MOST + 1, "others")
    assert rispy.loads(texts["RIS"])[0]["authors"][-1] == "others"
    assert json.loads(texts["CSL-JSON"])[0]["author"][-1] == {"literal": "others"}
    assert len(entry_of(bibtex(what))[1].persons["author"]) == MOST + 7
    head = head_of(make_paper(authors=people))
    assert metas(head)["citation_author"][-2:] == [people[MOST - 1], "others"]
    assert len(ld_of(head)["author"]) == MOST


def test_exactly_as_many_authors_as_are_named() -> None:
    """Where nobody is left out, nobody is said to be."""
    what = cited(make_paper(authors=tuple(f"Person {chr(65 + n // 26)}{chr(97 + n % 26)}" for n in range(MOST))))
    assert all("others" not in text for _, text in citations(what))


# --- the head of a page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE)
def test_no_title_gets_out_of_the_head(title: str) -> None:
    """Whatever a title holds, the head holds metas and one data block, and each says the title."""
    paper = make_paper(title=title, authors=(title,), thumbnail="https://example.org/a.png?b&c='d'")
    head = head_of(paper, description=title, image="https://example.org/a.png?b&c='d'")
    assert metas(head)["citation_title"] == [read(title)]
    ld = ld_of(head)
    assert ld["headline"] == read(title)
    assert xml_clean(ld["description"]) == xml_clean(title)
    assert ld["image"] == "https://example.org/a.png?b&c='d'"
    assert metas(head, "property")["og:image"] == ["https://example.org/a.png?b&c='d'"]


def test_a_data_block_has_no_character_that_html_or_script_minds() -> None:
    """None of `<`, `>`, `&` and the two odd line ends stands in it as such."""
    title = "<!-- </script> & \u2028 \u2029 -->"
    inside = str(paper_head(cited(make_paper()), about(make_paper(), description=title), [title], CONFIG))
    block = inside[inside.index("<script") :].removeprefix('<script type="application/ld+json">')
    data = block.removesuffix("</script>\n")
    assert not set("<>&\u2028\u2029") & set(data)
    assert json.loads(data)["keywords"] == [title]


SCHEMA_ORG = {
    "@context": {"@vocab": "https://schema.org/", "url": {"@type": "@id"}, "sameAs": {"@type": "@id"}, "id": "@id"}
}
ARTICLE = {
    *("headline", "author", "datePublished", "inLanguage", "description", "image", "keywords", "url", "identifier"),
    *("sameAs", "publisher", "encoding", "mainEntityOfPage"),
}
"""Properties that schema.org gives a `ScholarlyArticle`, of its own or inherited."""


def expanded(data: Any) -> Any:  # noqa: ANN401
    """JSON-LD by its expansion algorithm, in which a property that no vocabulary knows is dropped."""

    def context(url: str, _options: object) -> dict[str, object]:
        assert url == "https://schema.org"
        return {"contextUrl": None, "documentUrl": url, "contentType": "application/ld+json", "document": SCHEMA_ORG}

    return jsonld.expand(data, {"documentLoader": context, "base": "https://digests.example.org/"})


def test_json_ld_of_a_paper() -> None:
    """A program that knows schema.org learns the paper, not the page."""
    data = ld_of(head_of(make_paper(authors=("Ada Lovelace", "Gemma Team")), image="https://example.org/a.png"))
    assert data.keys() == {"@context", "@type"} | ARTICLE
    (paper,) = expanded(data)
    of = "https://schema.org/"
    assert paper["@type"] == [f"{of}ScholarlyArticle"]
    assert paper.keys() == {"@type"} | {of + name for name in ARTICLE}
    assert paper[f"{of}datePublished"] == [{"@value": "2024-12"}]
    assert paper[f"{of}url"] == [{"@id": "https://arxiv.org/abs/2412.17743"}]
    assert paper[f"{of}sameAs"] == [{"@id": "https://doi.org/10.48550/arXiv.2412.17743"}]
    assert [author["@type"] for author in paper[f"{of}author"]] == [[f"{of}Person"], [f"{of}Organization"]]
    (encoding,) = paper[f"{of}encoding"]
    assert encoding[f"{of}contentUrl"] == [{"@value": "https://arxiv.org/pdf/2412.17743"}]


def test_json_ld_of_news() -> None:
    """What is not on arXiv is an article, with nothing that only arXiv has."""
    paper = make_paper("item-0123456789ab", links=Links(source="https://news.example/a"), summary=None)
    data = ld_of(head_of(paper, description=""))
    assert data == {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": paper.title,
        "datePublished": "2024-12-25",
        "keywords": ["자연어 처리"],
        "url": "https://news.example/a",
        "mainEntityOfPage": CONTEXT.urls.paper(paper.key),
    }


def test_json_ld_of_the_front_page() -> None:
    """It leads programs to the site and to the data."""
    front = About(title=CONFIG.title, description="d", url=CONFIG.base_url)
    head = parsed(front_head(front, CONFIG))
    (graph,) = [node for node in expanded(ld_of(head)) if "@graph" in node] or [{"@graph": expanded(ld_of(head))}]
    kinds = {node["@type"][0].rpartition("/")[2]: node for node in graph["@graph"]}
    assert kinds.keys() == {"WebSite", "Dataset"}
    assert kinds["Dataset"]["https://schema.org/isPartOf"] == [{"@id": kinds["WebSite"]["@id"]}]
    places = ld_of(head)["@graph"][1]["distribution"]
    assert CONFIG.base_url + urls.DATA_INDEX in {place["contentUrl"] for place in places}
    assert metas(head, "property")["og:type"] == ["website"]


class AsZotero:
    """What Zotero's translator for embedded metadata takes from a head, as its rules are.

    Prefixed names (`og:`, `z:`, `dc.`) are taken first, with `og:url` as the address; then each `citation_…` name
    takes the place of what was there, the first of that name.
    """

    OVER: ClassVar = {
        "citation_title": "title",
        "citation_publication_date": "date",
        "citation_publisher": "publisher",
        "citation_doi": "DOI",
        "citation_public_url": "url",
        "citation_language": "language",
    }

    def __init__(self, head: Any) -> None:  # noqa: ANN401
        named, og = metas(head), metas(head, "property")
        guess = "journalArticle" if "citation_title" in named else "webpage"
        self.kind = named.get("z:itemType", [guess])[0]
        self.fields = {"url": og["og:url"][0], "title": og["og:title"][0], "language": "ko"}
        if "dc.source" in named:
            self.fields["publicationTitle"] = named["dc.source"][0]
        elif self.kind == "webpage":
            self.fields["publicationTitle"] = og["og:site_name"][0]
        self.fields |= {name.removeprefix("z:"): value[0] for name, value in named.items() if name.startswith("z:")}
        self.fields |= {field: named[name][0] for name, field in self.OVER.items() if name in named}
        self.creators = named.get("citation_author", [])
        self.pdf = named.get("citation_pdf_url", [None])[0]


def test_zotero_takes_a_paper_for_what_it_is() -> None:
    """A preprint on arXiv, in English though the page is Korean, with the paper's address and not the page's."""
    item = AsZotero(head_of(make_paper(authors=("Ada Lovelace", "김 하나"))))
    assert item.kind == "preprint"
    assert item.fields == {
        "title": "YuLan-Mini: An Open Data-efficient Language Model",
        "date": "2024/12",
        "publisher": "arXiv",
        "archiveID": "arXiv:2412.17743",
        "itemType": "preprint",
        "DOI": "10.48550/arXiv.2412.17743",
        "url": "https://arxiv.org/abs/2412.17743",
        "language": "en",
    }
    assert item.creators == ["Ada Lovelace", "김 하나"]
    assert item.pdf == "https://arxiv.org/pdf/2412.17743"


def test_zotero_takes_news_for_a_web_page() -> None:
    """Of where they stand, on the digest's day; not for an article of a journal."""
    paper = make_paper("item-0123456789ab", links=Links(source="https://news.example/a"), title="뉴스")
    item = AsZotero(head_of(paper))
    assert item.kind == "webpage"
    assert item.fields == {
        "title": "뉴스",
        "date": "2024/12/25",
        "publicationTitle": "news.example",
        "url": "https://news.example/a",
        "language": "ko",
    }


def test_google_scholar_finds_what_it_asks_for() -> None:
    """Title, authors, year and month, abstract page and PDF, by the names of its guidelines."""
    named = metas(head_of(make_paper(authors=("Ada Lovelace",))))
    assert named["citation_title"] == ["YuLan-Mini: An Open Data-efficient Language Model"]
    assert named["citation_author"] == ["Ada Lovelace"]
    assert re.fullmatch(r"\d{4}/\d\d", named["citation_publication_date"][0])
    assert named["citation_abstract_html_url"] == ["https://arxiv.org/abs/2412.17743"]
    assert named["citation_pdf_url"] == ["https://arxiv.org/pdf/2412.17743"]


def test_a_translated_title_tells_no_language() -> None:
    """A Korean title says nothing of the language that the paper is in."""
    head = head_of(make_paper(title="작은 모델"))
    assert "citation_language" not in metas(head)
    assert "inLanguage" not in ld_of(head)


def test_open_graph() -> None:
    """A paper is an article with its own picture; without one, the site's stands there with its size."""
    found = metas(head_of(make_paper(), image="https://example.org/a.png"), "property")
    assert found["og:type"] == ["article"]
    assert found["og:title"] == ["YuLan-Mini: An Open Data-efficient Language Model"]
    assert found["og:url"] == ["https://digests.example.org/papers/2412/2412.17743.html"]
    assert found["og:description"] == ["요약 <한> 줄."]
    assert found["og:locale"] == ["ko_KR"]
    assert found["og:site_name"] == [CONFIG.title]
    assert found["og:image"] == ["https://example.org/a.png"]
    assert not any(name.startswith(("article:", "og:image:")) for name in found)
    found = metas(head_of(make_paper()), "property")
    assert found["og:image"] == ["https://digests.example.org/assets/card.png"]
    assert (found["og:image:width"], found["og:image:height"]) == (["1200"], ["630"])
    assert metas(head_of(make_paper()))["twitter:card"] == ["summary_large_image"]


def test_other_pages_are_of_a_website() -> None:
    """A list is no article, and says the site's language where its territory is known."""
    config = make_context(language="eo", title='A & "B"', site=SiteConfig(thumbnails=False)).config
    found = metas(parsed(page_head(About(title="t", description="", url="https://x.example/"), config)), "property")
    assert found["og:type"] == ["website"]
    assert found["og:site_name"] == ['A & "B"']
    assert not {"og:description", "og:locale"} & found.keys()


@pytest.mark.parametrize(
    ("language", "expected"),
    [("ko", "ko_KR"), ("en", "en_US"), ("KO-kr", "ko_KR"), ("zh-Hant-TW", "zh_TW"), ("fr", None), ("fr-CA", "fr_CA")],
)
def test_locales(language: str, expected: str | None) -> None:
    """A language with its territory, as Open Graph writes it."""
    assert locale(language) == expected


def test_the_card_has_the_size_that_is_said() -> None:
    """The picture is a small PNG of 1200 by 630."""
    data = resources.files("digestfeed.render").joinpath(urls.CARD).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (1200, 630)
    assert len(data) < 4096


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=30), st.sampled_from(["2412.17743", "item-0123456789ab"]))
def test_any_text_makes_a_whole_head(text: str, key: str) -> None:
    """Whatever a digest gives as title, summary, author and links, the head is metas and one block of JSON."""
    url = web_url(f"https://news.example/{text}")
    links = {"links": Links(source=url)} if key[0] == "i" else {}
    paper = make_paper(key, title=text or "-", authors=(text,), **links)
    head = head_of(paper, description=text, image=url)
    data = ld_of(head)
    assert data["headline"] == read(text or "-")
    assert data.get("image") == url
    said = xml_clean(text).replace("\x85", "\n").replace("\r\n", "\n").replace("\r", "\n")
    assert metas(head, "property").get("og:description", [""])[0] == said


def test_without_thumbnails_a_page_names_no_other_hosts_picture() -> None:
    """Where the config turns them off, the card is the site's own, in JSON-LD too."""
    paper = make_paper(thumbnail="https://pictures.example.org/a.png")
    page = site.paper_page(paper, make_context(site=SiteConfig(thumbnails=False))).decode()
    assert "pictures.example.org" not in page
    assert 'content="https://digests.example.org/assets/card.png"' in page
    assert "pictures.example.org" in site.paper_page(paper, CONTEXT).decode()


def test_a_page_shows_its_citations_as_they_are() -> None:
    """What stands on the page to be copied is the citation, to the letter."""
    paper = make_paper(title=HOSTILE["script"] + HOSTILE["entities"], authors=("Ada Lovelace",))
    tree = html5lib.parse(site.paper_page(paper, CONTEXT), namespaceHTMLElements=False)
    shown = [
        (part.find("summary").text, part.find("pre").text)
        for part in tree.iter("details")
        if part.find("pre") is not None
    ]
    assert shown == list(citations(cited(paper)))
