"""The pages: valid HTML, safe whatever a digest says, links that lead somewhere, words in both languages."""

from __future__ import annotations

import datetime as dt
import re
import string
from importlib import resources
from itertools import pairwise
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import html5lib
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, UndefinedError

from digestfeed import urls
from digestfeed.channels import Channel, ChannelKind
from digestfeed.config import Config, SiteConfig, checked
from digestfeed.errors import ConfigError
from digestfeed.model import Basis, Links, Mention, Paper
from digestfeed.render import site
from digestfeed.render import words as words_module
from digestfeed.render.context import Context
from digestfeed.render.site.environment import Templates
from digestfeed.render.teasers import TEASER_WIDTH, teaser
from digestfeed.render.words import words
from digestfeed.text import xml_clean

if TYPE_CHECKING:
    from collections.abc import Iterator

HTML = "{http://www.w3.org/1999/xhtml}"
NAMES = {
    "other": "기타",
    "natural-language-processing": "자연어 처리",
    "computer-vision": "컴퓨터 비전 & 그래픽",
}
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: http:; "
    "script-src 'self'; base-uri 'none'; form-action 'self'"
)
DAY = dt.date(2024, 12, 24)
STATUS = {
    "digests": 2,
    "items": 9,
    "papers": 8,
    "merged": 1,
    "feeds": 3,
    "newest_digest": "2024-12-24",
    "problems_by_kind": {"bad-date": 1, "bad-link": 1234},
    "problems": [{"code": "D010", "kind": "bad-date", "path": "논문/a<b>.md", "line": 7, "message": "expected a day"}],
}
HOSTILE = "\"><img src=x onerror=alert(1)><script>alert(2)</script>'--></title></textarea>{{ 7*7 }}&lt;b&gt;"


def make_context(**changes: object) -> Context:
    """A context of a Korean site below a path, with changes to its config."""
    config = Config(title="매일 AI 논문", base_url="https://example.org/digest/", site=SiteConfig(search=True))
    changed = checked("test", msgspec.structs.replace(config, **changes))
    return Context(config=changed, field_names=NAMES, version="1")


PAPER = Paper(
    key="2412.17743",
    title="YuLan-Mini: An Open Data-efficient Language Model",
    titles=("율란 미니",),
    published=1735000000,
    published_basis=Basis.FILE_NAME,
    day=dt.date(2024, 12, 24),
    submitted=dt.date(2024, 12, 23),
    updated=1735000000,
    summary="2.4B 매개변수로 **학습한** 모델입니다. 둘째 문장입니다.",
    easy_summary="작지만 똑똑한 모델이에요.",
    fields=("natural-language-processing", "other"),
    labels=("자연어 처리(NLP)", "모델 최적화"),
    votes=1042,
    importance=7,
    authors=("Yiwen Hu", "Huatong Song"),
    links=Links(
        abs="https://arxiv.org/abs/2412.17743",
        pdf="https://arxiv.org/pdf/2412.17743",
        huggingface="https://huggingface.co/papers/2412.17743",
        source="https://example.com/a?b=1&c=2",
    ),
    thumbnail="https://cdn.example.com/2412.17743.png",
    mentions=(
        Mention(digest="논문/2024-12-24.md", line=12, day=dt.date(2024, 12, 24), votes=42),
        Mention(digest="2025/01/02.md", line=7, day=dt.date(2025, 1, 2), votes=1042),
    ),
)


def make_paper(**changes: object) -> Paper:
    """A paper with all that one can have, with changes."""
    return msgspec.structs.replace(PAPER, **changes)


def undated_paper() -> Paper:
    """A news item of which nothing tells the day."""
    return make_paper(
        key="item-0123456789ab",
        published=None,
        published_basis=None,
        day=None,
        submitted=None,
        updated=None,
        links=Links(source="https://example.com/news"),
        mentions=(Mention(digest="메모.md", line=3, day=None, votes=None),),
    )


def make_channel(**changes: object) -> Channel:
    """The channel of a field, with changes."""
    channel = Channel(
        slug="natural-language-processing",
        title="자연어 처리",
        description="자연어 처리의 새 논문",
        kind=ChannelKind.FIELD,
    )
    return msgspec.structs.replace(channel, **changes)


def months(*numbers: int) -> list[site.MonthCount]:
    """Months that hold three papers each."""
    return [site.MonthCount(month=number, count=3) for number in numbers]


def make_front(*lines: site.PaperLine, **changes: object) -> site.Front:
    """A front page with all that one can have, with changes."""
    channels = [site.ChannelLine(slug=slug, title=name, count=1, trend=(1, 0, 3)) for slug, name in NAMES.items()]
    channels.append(site.ChannelLine(slug="daily", title="하루치", count=1, kind=ChannelKind.DAILY))
    front = site.Front(latest=lines, best=lines, channels=channels, months=months(202412, 202411), total=2)
    return msgspec.structs.replace(front, **changes)


def make_status(**changes: object) -> bytes:
    """A `status.json`, with changes."""
    return msgspec.json.encode({**STATUS, **changes})


def make_around() -> site.Around:
    """A paper between two others, with one like it."""
    other = site.Title("2412.17743", "Another: 다른 것")
    return site.Around(before=other, after=other, related=[other])


def all_pages(context: Context, paper: Paper | None = None) -> dict[str, bytes]:
    """A small site: output path → bytes of each page."""
    dated, undated = paper or make_paper(), undated_paper()
    line, other = site.paper_line(dated), site.paper_line(undated)
    everything = make_channel(slug="all", title=context.config.title, kind=ChannelKind.ALL)
    former = make_channel(slug="nlp", kind=ChannelKind.FORMER, stands_for="natural-language-processing")
    feeds = [everything, former, *(make_channel(slug=slug, title=name) for slug, name in NAMES.items())]
    feeds += [make_channel(slug=slug, title=slug, kind=kind) for slug, kind in OTHER_CHANNELS]
    held, days = months(202412, 202411), [(20241224, 3)]
    front = make_front(line)
    history = site.History(
        days=days,
        fields=[site.FieldMonths(slug="other", title="기타", months={202412: 3}, first={202412: 3})],
    )
    around = site.DayAround(month_before=202411)
    return {
        urls.FRONT: site.front_page(front, context),
        urls.ARCHIVE: site.archive_page([*held, *months(0)], days, context),
        urls.TRENDS: site.trends_page(history, context),
        urls.SEARCH_PAGE: site.search_page(front.channels, [*held, *months(0)], context),
        urls.STATUS_PAGE: site.status_page(make_status(), context),
        urls.month_page(202412): site.month_page(202412, [line], context, previous=202411, following=None),
        urls.month_page(202411): site.month_page(202411, [], context, previous=None, following=202412),
        urls.month_page(0): site.month_page(0, [other], context, previous=None, following=None),
        urls.day_page(DAY): site.day_page(DAY, [line], context, around),
        urls.paper_path(dated.key): site.paper_page(dated, context, make_around()),
        urls.paper_path(undated.key): site.paper_page(undated, context),
        urls.NOT_FOUND: site.not_found_page(context),
        **{
            urls.feed_page(c.slug): site.feed_page(c, site.Held([line], held, 3, is_paired=c.kind in PAIRED), context)
            for c in feeds
        },
    }


PAIRED = {ChannelKind.FIELD, ChannelKind.ONCE}
OTHER_CHANNELS = (
    ("daily", ChannelKind.DAILY),
    ("top-week", ChannelKind.TOP),
    ("top-month", ChannelKind.TOP),
    *((f"once-{slug}", ChannelKind.ONCE) for slug in NAMES),
    ("mine", ChannelKind.CHOSEN),
)


def parsed(page: bytes) -> ET.Element:
    """The tree of a page; any fault against the HTML standard raises."""
    tree: ET.Element = html5lib.HTMLParser(strict=True).parse(page)
    return tree


def elements(page: bytes, name: str) -> list[ET.Element]:
    """All elements of a name."""
    return list(parsed(page).iter(HTML + name))


def text_of(page: bytes) -> str:
    """What a reader sees of a page, white space folded."""
    body = elements(page, "body")[0]
    return " ".join("".join(body.itertext()).split())


def addresses(page: bytes) -> Iterator[tuple[str, str]]:
    """Each `href` and `src` with the name of its element."""
    for element in parsed(page).iter():
        for name in ("href", "src"):
            if name in element.attrib:
                yield str(element.tag).removeprefix(HTML), element.attrib[name]


@pytest.mark.parametrize("language", ["ko", "en", "ko-KR", "fr"])
def test_every_page_is_valid_html(language: str) -> None:
    """The strict parser of html5lib finds no fault, and `lang` is the config's."""
    for path, page in all_pages(make_context(language=language)).items():
        assert parsed(page).get("lang") == language, path
        assert page.endswith(b"</html>\n")


def test_pages_hold_nothing_inline_and_say_so() -> None:
    """The policy allows no inline script, style or frame, and no page needs any; facts for programs are no script."""
    forbidden = {"style", "iframe", "object", "embed", "base"}
    for path, page in all_pages(make_context(), make_paper(summary=HOSTILE)).items():
        tree = parsed(page)
        assert {str(element.tag).removeprefix(HTML) for element in tree.iter()}.isdisjoint(forbidden), path
        assert not [a for element in tree.iter() for a in element.attrib if a == "style" or a.startswith("on")]
        scripts = [element for element in tree.iter(HTML + "script") if element.get("type") != "application/ld+json"]
        assert all(element.get("src") and not element.text for element in scripts)
        policy = [m.get("content") for m in tree.iter(HTML + "meta") if m.get("http-equiv")]
        asks = "connect-src 'self'; " if path == urls.SEARCH_PAGE else ""
        assert policy == [POLICY.replace("base-uri", f"{asks}base-uri")]


def test_first_paint_needs_one_stylesheet() -> None:
    """No other file holds it up: scripts wait, pictures come late."""
    for path, page in all_pages(make_context()).items():
        assert len([e for e in elements(page, "link") if e.get("rel") == "stylesheet"]) == 1, path
        assert all(
            "defer" in e.attrib or e.get("type") == "module" for e in elements(page, "script") if e.get("src")
        ), path
        assert all(e.get("loading") == "lazy" for e in elements(page, "img")), path


def test_internal_links_are_relative_and_lead_somewhere() -> None:
    """Each relative link of each page names a page of the site, a feed's list, a stylesheet or the data."""
    pages = all_pages(make_context())
    known = {*pages, urls.OPML, urls.OPML_ONCE, urls.STATUS, *site.asset_files(), urls.SEARCH_SCRIPT, urls.DATA_INDEX}
    known |= {data(month) for month in (202412, 202411, 0) for data in (urls.month_data, urls.month_bibliography)}
    for path, page in pages.items():
        if path != urls.NOT_FOUND:
            for _, address in addresses(page):
                target = urlsplit(address)
                if not target.scheme and target.path:
                    assert normpath(join(dirname(path), target.path)) in known, (path, address)


def test_fragments_exist() -> None:
    """What a link's fragment names is on the page it leads to."""
    pages = all_pages(make_context())
    for path, page in pages.items():
        for _, address in addresses(page):
            target = urlsplit(address)
            if target.fragment and not target.scheme and not target.path.startswith("/"):
                goal = normpath(join(dirname(path), target.path)) if target.path else path
                assert target.fragment in {element.get("id") for element in parsed(pages[goal]).iter()}


def test_outside_links_are_web_links_without_referrer() -> None:
    """Links to other hosts are http(s) and carry `noopener noreferrer`; so does nothing else."""
    for anchor in elements(site.paper_page(make_paper(), make_context()), "a"):
        outside = anchor.attrib["href"].startswith(("http://", "https://"))
        assert anchor.get("rel") == ("noopener noreferrer" if outside else None)


def test_not_found_page_links_from_the_root_of_the_host() -> None:
    """A server shows it at any depth, so a relative link would break."""
    page = site.not_found_page(make_context())
    assert all(a.startswith(("/digest/", "https://example.org/digest/", "#")) for _, a in addresses(page))
    root = site.not_found_page(make_context(base_url="https://example.org"))
    assert ("link", "/assets/style.css") in addresses(root)


HOSTILE_CHANGES: list[dict[str, object]] = [
    {"title": HOSTILE},
    {"titles": (HOSTILE,)},
    {"summary": HOSTILE, "easy_summary": HOSTILE},
    {"labels": (HOSTILE, "b")},
    {"authors": (HOSTILE,)},
    {"fields": (HOSTILE,)},
    {"mentions": (Mention(digest=HOSTILE, line=1, day=None, votes=None),)},
    {"thumbnail": "javascript:alert(1)"},
    {"thumbnail": f"https://example.com/{HOSTILE}"},
    {"links": Links(abs="javascript:alert(1)", pdf="data:text/html,x", source=" JavaScript:alert(1)")},
    {"links": Links(source=f"https://example.com/{HOSTILE}", huggingface="//example.com/")},
    {"links": Links(source="https://user:secret@example.com/", abs="https://")},
]


def identifiers(tree: ET.Element) -> list[str | None]:
    """All ids, in order."""
    return [e.get("id") for e in tree.iter() if e.get("id")]


@pytest.mark.parametrize("changes", HOSTILE_CHANGES, ids=repr)
def test_nothing_of_a_digest_is_code(changes: dict[str, object]) -> None:
    """Whatever a text says, the page has the elements it has without it, and only http(s) leads outside."""
    allowed = {str(e.tag) for e in parsed(site.paper_page(make_paper(summary="`a` **b**"), make_context())).iter()}
    innocent = all_pages(make_context())
    for path, page in all_pages(make_context(), make_paper(**changes)).items():
        tree = parsed(page)
        assert identifiers(tree) == identifiers(parsed(innocent[path]))
        assert not [a for e in tree.iter() for a in e.attrib if a.startswith("on") or a == "style"]
        assert not [a for _, a in addresses(page) if urlsplit(a).scheme not in {"", "http", "https", "feed"}]
        assert not [a for _, a in addresses(page) if "secret" in a or a.startswith("//")]
    assert {str(e.tag) for e in parsed(site.paper_page(make_paper(**changes), make_context())).iter()} <= allowed


def test_config_texts_are_escaped() -> None:
    """The site's own title, description and a channel's are text too."""
    context = make_context(title=HOSTILE, description=HOSTILE)
    for page in all_pages(context).values():
        assert not [
            e for e in elements(page, "script") if "alert" in (e.text or "") and "ld+json" not in e.get("type", "")
        ]
    channel = make_channel(title=HOSTILE, description=HOSTILE)
    page = site.feed_page(channel, site.Held(), context)
    assert elements(page, "h1")[0].text == HOSTILE
    assert not elements(page, "img")


# The noncharacters above U+FFFF are left out: harmless, but the strict parser minds them.
HIGH_NONCHARACTERS = "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
TITLES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=HIGH_NONCHARACTERS), min_size=1, max_size=60
)


@given(TITLES)
def test_any_title_is_shown_as_written(title: str) -> None:
    """A title comes out of the parser as it went in, but for what HTML cannot carry."""
    page = site.paper_page(make_paper(title=title), make_context())
    shown = "".join(elements(page, "h1")[0].itertext())
    assert shown.replace("�", "") == carried(title)


def carried(text: str) -> str:
    """The text as HTML can carry it: no control characters, lines ended by line feeds."""
    kept = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)
    return xml_clean(kept).replace("�", "").replace("\x85", "\n").replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\x85b", "a\x9fb", "a\ud800b", "a\ufdd0b", "a\uffffb"])
def test_characters_that_html_cannot_carry(text: str) -> None:
    """A control character or lone surrogate costs only itself."""
    page = site.paper_page(make_paper(title=text, labels=(text,), summary=None), make_context())
    shown = elements(page, "h1")[0].text or ""
    assert shown.startswith("a")
    assert shown.endswith("b")


def test_paper_page_says_all_that_is_known() -> None:
    """Titles, texts, fields, labels, votes, dates with their basis, and each digest with file and line."""
    shown = text_of(site.paper_page(make_paper(), make_context()))
    for piece in (
        "YuLan-Mini: An Open Data-efficient Language Model",
        "율란 미니",
        "2.4B 매개변수로 학습한 모델입니다.",
        "작지만 똑똑한 모델이에요.",
        "자연어 처리(NLP), 모델 최적화",
        "추천 1,042",
        "42 → 1,042",
        "Yiwen Hu, Huatong Song",
        "2024년 12월 23일쯤 제출됨 — arXiv 번호로 추정한 날짜",
        "2024년 12월 24일 — 다이제스트 파일 이름의 날짜",
        "2024년 12월 24일 추천 42논문/2024-12-24.md 12번째 줄",
        "2025년 1월 2일 추천 1,0422025/01/02.md 7번째 줄",
    ):
        assert piece in shown


BASES = [
    (Basis.HEADING, "24 December 2024, by the heading of the digest"),
    (Basis.FILE_NAME, "24 December 2024, by the file name of the digest"),
    (Basis.PATH, "24 December 2024, by the folder of the digest"),
    (Basis.ARXIV_ID, "about 24 December 2024; the digest has no date"),
]


@pytest.mark.parametrize(("basis", "words_of_it"), BASES)
def test_dates_in_english(basis: Basis, words_of_it: str) -> None:
    """Each basis of a date is said in words."""
    page = site.paper_page(make_paper(published_basis=basis), make_context(language="en"))
    assert words_of_it in text_of(page)
    assert "submitted about 23 December 2024, estimated from its arXiv number" in text_of(page)
    assert '<time datetime="2024-12-23">' in page.decode()


def test_an_estimated_day_is_shown_as_such() -> None:
    """Also in the line below the title, where there is no room for its basis."""
    page = site.paper_page(make_paper(published_basis=Basis.ARXIV_ID), make_context())
    assert ">2024년 12월 24일</time>쯤</a>" in page.decode()


def test_updated_day_is_shown_when_it_moved() -> None:
    """It is a day in the digests' time zone: 15:30 UTC is the next day in Seoul."""
    moved = int(dt.datetime(2025, 1, 1, 15, 30, tzinfo=dt.UTC).timestamp())
    assert "바뀐 날" not in text_of(site.paper_page(make_paper(), make_context()))
    page = site.paper_page(make_paper(updated=moved), make_context())
    assert "바뀐 날 2025년 1월 2일" in text_of(page)


def test_inferred_fields_are_marked() -> None:
    """What no digest said is not passed off as said."""
    page = site.paper_page(make_paper(labels=(), fields_inferred=True), make_context())
    assert "제목과 요약에서 추정" in text_of(page)


def test_paper_page_without_anything() -> None:
    """A paper with no text, link, vote or day is still a page."""
    bare = Paper(
        key="item-0123456789ab",
        title="제목",
        published=None,
        published_basis=None,
        day=None,
        updated=None,
        links=Links(),
        mentions=(Mention(digest="a.md", line=1, day=None, votes=None),),
    )
    page = site.paper_page(bare, make_context())
    assert "다이제스트에 요약이 없습니다." in text_of(page)
    assert "소개일 날짜를 알 수 없음" in text_of(page)
    assert ("a", "../../archive/undated/index.html") in addresses(page)


def test_canonical_links_are_absolute() -> None:
    """Each page but the 404 names its one address."""
    for path, page in all_pages(make_context()).items():
        canonical = [e.get("href") for e in elements(page, "link") if e.get("rel") == "canonical"]
        goal = path.replace("feeds/nlp/", "feeds/natural-language-processing/")
        expected = [] if path == urls.NOT_FOUND else [make_context().urls.absolute(goal)]
        assert canonical == expected


def feeds(page: bytes) -> list[tuple[str | None, str | None, str | None]]:
    """The feeds that a browser or reader discovers, in order."""
    found = [e for e in elements(page, "link") if e.get("rel") == "alternate"]
    return [(e.get("type"), e.get("title"), e.get("href")) for e in found]


def test_autodiscovery_names_the_pages_own_feed_first() -> None:
    """Readers take the first; each has a title, for the menu that offers them."""
    found = feeds(site.feed_page(make_channel(), site.Held(), make_context()))
    base = "https://example.org/digest/feeds"
    assert found == [
        ("application/atom+xml", "자연어 처리 (Atom)", f"{base}/natural-language-processing/atom.xml"),
        ("application/rss+xml", "자연어 처리 (RSS)", f"{base}/natural-language-processing/rss.xml"),
        ("application/feed+json", "자연어 처리 (JSON Feed)", f"{base}/natural-language-processing/feed.json"),
        ("application/atom+xml", "매일 AI 논문 (Atom)", f"{base}/all/atom.xml"),
        ("application/rss+xml", "매일 AI 논문 (RSS)", f"{base}/all/rss.xml"),
        ("application/feed+json", "매일 AI 논문 (JSON Feed)", f"{base}/all/feed.json"),
    ]


def test_autodiscovery_names_the_main_feed_once_elsewhere() -> None:
    """On the page of the main feed too."""
    pages = all_pages(make_context())
    for path in (urls.FRONT, urls.feed_page("all"), urls.ARCHIVE, urls.paper_path("2412.17743")):
        found = [urlsplit(href or "").path for _, _, href in feeds(pages[path])]
        assert found[-3:] == [f"/digest/feeds/all/{name}" for name in ("atom.xml", "rss.xml", "feed.json")]
        assert len(set(found)) == len(found)


def test_feed_addresses_are_shown_as_text() -> None:
    """So that they can be copied."""
    page = site.feed_page(make_channel(), site.Held(months=months(202412), count=1234), make_context())
    shown = [e.text for e in elements(page, "code")]
    assert shown == [address for _, _, address in feeds(page)[:3]]
    assert "논문 1,234편" in text_of(page)


def test_former_channel_points_at_its_new_name() -> None:
    """Its page says so, and offers only the new addresses."""
    channel = make_channel(slug="nlp", kind=ChannelKind.FORMER, stands_for="natural-language-processing")
    page = site.feed_page(channel, site.Held(), make_context())
    assert "이 피드는 이름이 바뀌었습니다." in text_of(page)
    assert "feeds/nlp/" not in page.decode()


def test_feed_page_says_what_it_is_and_opens_readers() -> None:
    """The address is percent-encoded for readers on the web, and given as it is to programs at hand."""
    page = site.feed_page(make_channel(), site.Held(), make_context(language="en"))
    assert "Every new paper in the field “자연어 처리”." in text_of(page)
    own = "https://example.org/digest/feeds/natural-language-processing/atom.xml"
    quoted = "https%3A%2F%2Fexample.org%2Fdigest%2Ffeeds%2Fnatural-language-processing%2Fatom.xml"
    assert [a for _, a in addresses(page) if own.partition(":")[2] in a or quoted in a][-6:] == [
        f"https://feedly.com/i/subscription/feed%2F{quoted}",
        f"https://www.inoreader.com/?add_feed={quoted}",
        f"https://www.newsblur.com/?url={quoted}",
        f"https://theoldreader.com/feeds/subscribe?url={quoted}",
        f"https://feedbin.com/?subscribe={quoted}",
        own.replace("https", "feed"),
    ]


def test_the_two_channels_of_a_field_lead_to_one_another() -> None:
    """Where there are both."""
    context = make_context(language="en")
    whole = site.feed_page(make_channel(), site.Held(is_paired=True), context)
    assert ("a", "../../feeds/once-natural-language-processing/index.html") in addresses(whole)
    assert "자연어 처리 (each paper once)" in text_of(whole)
    channel = make_channel(slug="once-natural-language-processing", title="x", kind=ChannelKind.ONCE)
    once = site.feed_page(channel, site.Held(is_paired=True), context)
    assert ("a", "../../feeds/natural-language-processing/index.html") in addresses(once)
    assert b"once-" not in site.feed_page(make_channel(), site.Held(), context)


def test_what_is_not_in_order_of_days_says_each_day() -> None:
    """The best of a week come by rank: no id twice, and the day with each paper."""
    lines = [line(f"2412.0000{day}", dt.date(2024, 12, day)) for day in (3, 5, 3)]
    page = site.feed_page(make_channel(kind=ChannelKind.TOP), site.Held(lines), make_context())
    assert [e.get("datetime") for e in elements(page, "time")] == ["2024-12-03", "2024-12-05", "2024-12-03"]
    assert not [e for e in elements(page, "h3") if e.get("id")]
    by_day = site.feed_page(
        make_channel(), site.Held(sorted(lines, key=lambda line: line.key, reverse=True)), make_context()
    )
    assert [e.get("id") for e in elements(by_day, "h3")] == ["d2024-12-05", "d2024-12-03"]


def test_no_id_twice() -> None:
    """On any page."""
    for path, page in all_pages(make_context()).items():
        found = identifiers(parsed(page))
        assert len(set(found)) == len(found), path


def test_buttons_wait_for_the_script() -> None:
    """Without it they would do nothing, so it is what shows them; each says what it copies, where there are several."""
    for page in (
        site.feed_page(make_channel(), site.Held(), make_context()),
        site.paper_page(make_paper(), make_context()),
    ):
        buttons = elements(page, "button")
        assert len({button.get("aria-label") for button in buttons}) == len(buttons) == 3
        assert all("hidden" in button.attrib and button.get("data-done") for button in buttons)


def test_front_page_has_the_newest_the_best_and_the_fields() -> None:
    """Each once, the papers under their day, the fields with a picture of their months."""
    best = msgspec.structs.replace(line("2412.00002", DAY), votes=77)
    page = site.front_page(make_front(line("2412.00001", DAY), best=[best]), make_context(language="en"))
    shown = text_of(page)
    assert "Tuesday 24 December 2024 2412.00001" in shown
    assert "votes 77 2412.00002" in shown
    assert [e.get("id") for e in elements(page, "section") if e.get("id")] == [
        "newest",
        "best",
        "subscribe",
        "fields",
        "archive",
    ]
    field = next(e for e in elements(page, "li") if "컴퓨터 비전" in "".join(e.itertext()))
    assert len(list(field.iter("{http://www.w3.org/2000/svg}svg"))) == 1


def test_an_empty_site_has_a_front_page() -> None:
    """Before the first digest there is nothing to show, and the page says so."""
    page = site.front_page(make_front(best=(), channels=(), months=(), total=0), make_context(language="en"))
    assert "No papers yet." in text_of(page)
    assert "Top of the week" not in text_of(page)


def test_day_page_leads_to_the_days_beside_it() -> None:
    """Beyond the first or last day of a month to the month there, and at the ends of the archive nowhere."""
    lines = [line("2412.00001", DAY), line("2412.00002", DAY)]
    around = site.DayAround(before=dt.date(2024, 12, 23), month_after=202501)
    page = site.day_page(DAY, lines, make_context(language="en"), around)
    assert "".join(elements(page, "h1")[0].itertext()) == "Tuesday 24 December 2024"
    assert "2 papers December 2024" in text_of(page)
    steps = {e.get("rel"): e.get("href") for e in elements(page, "a") if e.get("rel") in {"prev", "next"}}
    assert steps == {"prev": "../../archive/2024-12/2024-12-23.html", "next": "../../archive/2025-01/index.html"}
    alone = site.day_page(DAY, lines, make_context(), site.DayAround())
    assert "이전" not in text_of(alone)


def test_month_page_has_a_calendar() -> None:
    """Every day of the month, those with papers linked and told from the others by their number."""
    lines = [line(f"2402.0000{n}", dt.date(2024, 2, day)) for n, day in ((1, 29), (2, 29), (3, 29), (4, 29), (5, 1))]
    page = site.month_page(202402, lines, make_context(language="en"), previous=None, following=None)
    days = [e for e in elements(page, "li") if (e.get("class") or "").startswith("w")]
    assert [e.get("class") for e in days] == ["w3"]  # a Thursday
    squares = {"".join(e.itertext()): e.get("class") for e in elements(page, "a") if e.get("class") in {"l1", "l4"}}
    assert squares == {"Thursday 1 February 2024, 1 paper": "l1", "Thursday 29 February 2024, 4 papers": "l4"}


def test_paper_page_leads_on() -> None:
    """To the papers before and after, to those like it, to its day; at the edge of a month to the month beyond."""
    page = site.paper_page(make_paper(), make_context(), make_around())
    steps = [(e.get("rel"), e.get("href")) for e in elements(page, "a") if e.get("rel") in {"prev", "next"}]
    assert steps == [(rel, "../../papers/2412/2412.17743.html") for rel in ("prev", "next")]
    assert "../../archive/2024-12/2024-12-24.html" in [a for _, a in addresses(page)]
    assert "같은 분야의 논문" in text_of(page)
    edge = site.paper_page(make_paper(), make_context(), site.Around(month_after=202501))
    assert [e.get("href") for e in elements(edge, "a") if e.get("rel") == "next"] == [
        "../../archive/2025-01/index.html"
    ]
    assert "같은 분야의 논문" not in text_of(edge)


def test_many_authors_are_named_below() -> None:
    """A title stands over six of them at most; the facts have all."""
    names = tuple(f"Author {letter}" for letter in "ABCDEFGH")
    shown = text_of(site.paper_page(make_paper(authors=names), make_context()))
    assert "Author E, Author F 외 2명" in shown
    assert ", ".join(names) in shown


def test_status_page_says_what_status_json_says() -> None:
    """Counts, and each problem with its code, place and message; how many are not listed."""
    shown = text_of(site.status_page(make_status(), make_context(language="en")))
    assert "1,235 problems" in shown
    page = site.status_page(make_status(), make_context())
    assert ["".join(e.itertext()) for e in elements(page, "td")] == [
        "논문/a<b>.md:7",
        "D010 bad-date",
        "expected a day",
    ]
    assert "1,234 more are not listed." in shown
    clean = make_status(problems_by_kind={}, problems=[])
    assert "Everything could be read." in text_of(site.status_page(clean, make_context(language="en")))


def line(key: str, day: dt.date | None) -> site.PaperLine:
    """A line of a list."""
    return site.PaperLine(key=key, title=key, day=day, fields=(), votes=None, teaser="")


def test_month_page_keeps_the_order_and_groups_by_day() -> None:
    """What comes newest first stays so; each day has a heading that a link can name."""
    lines = [line(f"2412.0000{n}", dt.date(2024, 12, day)) for n, day in ((3, 24), (1, 24), (2, 5))]
    page = site.month_page(202412, lines, make_context(), previous=202410, following=202501)
    assert [e.attrib["href"] for e in elements(page, "a") if "papers/" in e.attrib["href"]] == [
        f"../../papers/2412/2412.0000{n}.html" for n in (3, 1, 2)
    ]
    assert [e.get("id") for e in elements(page, "h2")] == ["d2024-12-24", "d2024-12-05"]
    neighbours = {e.get("rel"): e.get("href") for e in elements(page, "a") if e.get("rel")}
    assert neighbours == {
        "prev": "../../archive/2024-10/index.html",
        "next": "../../archive/2025-01/index.html",
    }


def test_undated_page_says_why() -> None:
    """It has no days, and its data beside it."""
    page = site.month_page(0, [line("item-0123456789ab", None)], make_context(), previous=None, following=None)
    assert "날짜를 모르는 논문" in text_of(page)
    assert ["".join(e.itertext()) for e in elements(page, "h2")] == ["item-0123456789ab"]
    assert {"papers.jsonl", "papers.bib"} <= {address for _, address in addresses(page)}


def test_archive_page_sums_years_and_sets_the_undated_apart() -> None:
    """Years newest first, each with its months."""
    days = [(20241105, 3), (20241224, 3), (20250101, 3)]
    page = site.archive_page(months(202501, 202412, 202411, 0), days, make_context(language="en"))
    assert ["".join(e.itertext()) for e in elements(page, "h2")] == ["2025 3", "2024 6"]
    assert "Papers without a date 3" in text_of(page)
    assert "12 papers" in text_of(page)
    assert "undated" not in site.archive_page(months(202501), days, make_context()).decode()


def language_marks(page: bytes, name: str) -> list[str | None]:
    """The `lang` of each element of a name."""
    return [e.get("lang") for e in elements(page, name)]


def test_texts_in_another_language_are_marked() -> None:
    """Korean on an English page, English on a Korean one; nothing where the page's own language is used."""
    english, korean = make_context(language="en"), make_context(language="ko")
    paper = make_paper(title="Attention", summary="영어 Attention 요약", easy_summary="Plain English.")
    assert language_marks(site.paper_page(paper, korean), "h1") == ["en"]
    assert language_marks(site.paper_page(paper, english), "h1") == [None]
    assert language_marks(site.paper_page(paper, korean), "div") == [None, None, "en"]
    assert language_marks(site.paper_page(paper, english), "div") == [None, "ko", None]
    chinese = make_paper(title="注意力 Attention")
    assert language_marks(site.paper_page(chinese, korean), "h1") == [None]


def test_thumbnails() -> None:
    """Lazy, without referrer, with their room kept free; none if the config says so."""
    [image] = elements(site.paper_page(make_paper(), make_context()), "img")
    assert image.attrib.items() >= {
        ("src", "https://cdn.example.com/2412.17743.png"),
        ("alt", ""),
        ("loading", "lazy"),
        ("decoding", "async"),
        ("referrerpolicy", "no-referrer"),
    }
    assert {"width", "height"} <= image.attrib.keys()
    without = site.paper_page(make_paper(), make_context(site=SiteConfig(thumbnails=False)))
    assert not elements(without, "img")
    assert b"img-src 'self';" in without


TEASERS = [
    (
        "한 문장이면 그대로 씁니다. 여기서 끝나야 하는 글입니다. 셋째.",
        "한 문장이면 그대로 씁니다. 여기서 끝나야 하는 글입니다.",
    ),
    ("Scores 3.5 points over e.g. the baseline. Then more.", "Scores 3.5 points over e.g. the baseline."),
    ("**굵게** `코드` [링크](https://example.com/a) ![그림](b.png) 끝", "굵게 코드 링크 그림 끝"),
    ("## 머리\n\n본문", "머리 본문"),
    ("- 하나\n- 둘\n1. 셋", "하나 둘 셋"),
    ("a <b>bold</b> claim if x<y & z &lt; w", "a bold claim if x<y & z < w"),
    ("snake_case and 2 * 3 and [0, 1] and 5~10%", "snake_case and 2 * 3 and [0, 1] and 5~10%"),
    (
        "첫 문단은 마침표가 없이 스물네 글자를 넘어 끝납니다\n\n다음 문단",
        "첫 문단은 마침표가 없이 스물네 글자를 넘어 끝납니다",
    ),
    (
        "**이 문장은 굵은 글씨로 된 한 문장으로 끝납니다.** 다음.",
        "이 문장은 굵은 글씨로 된 한 문장으로 끝납니다.",
    ),
    ("a\u202eb\u200bc", "abc"),
    ("[끝나지 않는](https://example.com/" + "x" * 900, "끝나지 않는"),
]


@pytest.mark.parametrize(("summary", "expected"), TEASERS)
def test_teaser(summary: str, expected: str) -> None:
    """The first sentence, without the marks of Markdown."""
    assert teaser(make_paper(summary=summary)) == expected


def test_teaser_takes_what_there_is() -> None:
    """The easy explanation where there is no summary, nothing where there is neither."""
    assert teaser(make_paper(summary=None)) == "작지만 똑똑한 모델이에요."
    assert teaser(make_paper(summary=None, easy_summary=None)) == ""


@given(st.text(alphabet=string.ascii_letters + "한글 .*[]()<>`_~\\\n#-1&", max_size=900))
def test_teaser_is_one_short_line(text: str) -> None:
    """Whatever the summary: one line of at most 160 characters."""
    found = teaser(make_paper(summary=text))
    assert len(found) <= TEASER_WIDTH
    assert found == " ".join(found.split())


def test_paper_line() -> None:
    """It is what a list needs, and no more."""
    assert site.paper_line(make_paper()) == site.PaperLine(
        key="2412.17743",
        title="YuLan-Mini: An Open Data-efficient Language Model",
        day=dt.date(2024, 12, 24),
        fields=("natural-language-processing", "other"),
        votes=1042,
        teaser="2.4B 매개변수로 학습한 모델입니다.",
        thumbnail="https://cdn.example.com/2412.17743.png",
    )


def test_views_travel() -> None:
    """Lines pass through msgspec, as the catalog and a process pool may ask."""
    for value in (site.paper_line(make_paper()), site.paper_line(undated_paper()), *months(202412)):
        assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value


def test_same_values_same_bytes() -> None:
    """Also with another site rendered in between."""
    first = all_pages(make_context())
    all_pages(make_context(language="en", title="x"))
    assert all_pages(make_context()) == first


def test_pages_are_small() -> None:
    """A typical paper under 16 kB, a front page with 60 fields under 60 kB."""
    context = make_context()
    paper = make_paper(summary="한 줄짜리 문장입니다. " * 40, easy_summary="쉬운 문장입니다. " * 20)
    lines = [site.paper_line(paper)] * 20
    channels = [site.ChannelLine(slug=f"field-{n}", title=f"분야 {n}", count=n, trend=(n, 1, 3) * 4) for n in range(60)]
    front = make_front(*lines, channels=channels, months=months(*range(202401, 202413)), total=99)
    assert len(site.paper_page(paper, context, make_around())) < 16_000
    assert len(site.front_page(front, context)) < 60_000


def test_assets() -> None:
    """Two stylesheets that load nothing else, a script, an icon, a card; each small."""
    files = site.asset_files()
    assert files.keys() == {urls.STYLE, urls.FEED_STYLE, urls.SCRIPT, urls.ICON, urls.CARD}
    for path, data in files.items():
        assert 0 < len(data) < 20_000
        if path.endswith(".css"):
            assert not re.search(rb"url\(|@import|expression|javascript", data)
            assert data.count(b"{") == data.count(b"}")


def test_the_script_asks_nobody() -> None:
    """It copies and hides; it loads nothing, and remembers nothing."""
    script = site.asset_files()[urls.SCRIPT].decode()
    assert not re.search(r"fetch|XMLHttp|import|eval|innerHTML|https?:|Storage|cookie", script)


def test_words_have_both_languages_and_the_same_places() -> None:
    """No word is missing, and what one language fills in the other does too."""
    for name, row in words_module._TABLE.items():
        assert all(row), name
        korean, english = (sorted(f for _, f, _, _ in string.Formatter().parse(t) if f is not None) for t in row)
        assert korean == english, name
    singular = [name for name in words_module._TABLE if name.endswith("_1")]
    assert {name.removesuffix("_1") for name in singular} <= words_module._TABLE.keys()


def test_every_word_is_used() -> None:
    """A word that no page says any more is to be taken out."""
    folder = resources.files("digestfeed.render")
    sources = [*(folder / "site").iterdir(), *(folder / "templates").iterdir()]
    text = "".join(source.read_text(encoding="utf-8") for source in sources if source.is_file())
    bases = {basis.value for basis in Basis} | set(msgspec.structs.asdict(words_module.channel_names("en")))
    unused = [n for n in words_module._TABLE if not n.endswith("_1") and n not in bases]
    assert [n for n in unused if not re.search(rf"['\"](?:{n}|{n.removeprefix('search_')})['\"]", text)] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [("ko", "2024년 12월"), ("ko-KR", "2024년 12월"), ("en", "December 2024"), ("fr", "December 2024")],
)
def test_words_of_a_language(language: str, said: str) -> None:
    """Korean for Korean, English for any other."""
    assert words(language).month(202412) == said


def test_templates_are_strict_and_escape() -> None:
    """A name that is not given is a fault, not an empty place; our escaping is the one in use."""
    environment = Templates({}).environment
    with pytest.raises(UndefinedError):
        environment.from_string("{{ missing }}").render()
    assert environment.from_string("{{ a }}").render(a="<&\">'") == "&lt;&amp;&#34;&gt;&#39;"
    assert "environment.escaped(" in str(environment.compile("{{ a }}", raw=True))


OWN = "{{ before }}\n<title>x</title>\n{{ between }}\n<h1>{{ w['lost'] }}{{ '<b>' }}</h1>\n{{ after }}\n"


def with_templates(**templates: str) -> Context:
    """A context with templates of the operator's own."""
    own = {f"{name}.html": text for name, text in templates.items()}
    return msgspec.structs.replace(make_context(), templates=own)


def test_own_templates_go_before_ours_one_at_a_time() -> None:
    """The others are as they were; what an own one says is escaped."""
    context = with_templates(lost=OWN, papers="<p>{{ rows|length }} of them</p>\n")
    site.try_templates(context)
    page = site.not_found_page(context)
    assert "<h1>주소가 바뀌었거나" in page.decode()
    assert "&lt;b&gt;</h1>" in page.decode()
    front = site.front_page(make_front(line("2412.00001", DAY)), context)
    assert "1 of them" in text_of(front)
    assert site.status_page(make_status(), context) == site.status_page(make_status(), make_context())


BROKEN = [
    ({"lost": OWN.replace("w['lost']", "titel")}, "templates/lost.html:4: 'titel' is undefined"),
    ({"lost": OWN.replace("w['lost']", "w['lots']")}, "templates/lost.html:4: 'dict object' has no attribute 'lots'"),
    ({"lost": OWN + "{% if x %}"}, "templates/lost.html:6: Unexpected end of template."),
    ({"lost": OWN + "{% include 'none.html' %}"}, "templates/lost.html:6: no template none.html"),
    ({"lost": OWN + "{{ 1 / 0 }}"}, "templates/lost.html:6: division by zero"),
    ({"papers": "\n\n{{ rows[0].titel }}"}, "templates/papers.html:3: "),
    ({"frame": "<html>{{ slot }}"}, "templates/frame.html: expected {{ slot }} twice"),
    ({"days": "\n{{ nothing }}"}, "templates/days.html:2: 'nothing' is undefined"),
]


@pytest.mark.parametrize(("templates", "said"), BROKEN, ids=str)
def test_faults_of_own_templates_are_one_line(templates: dict[str, str], said: str) -> None:
    """File and line, also where a template of ours includes it; found before a page is written."""
    with pytest.raises(ConfigError) as caught:
        site.try_templates(with_templates(**templates))
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_a_fault_of_ours_is_not_passed_off_as_the_operators() -> None:
    """What is none of an own template's comes out as it is."""
    templates = Templates({"own.html": "x"})
    with pytest.raises(UndefinedError):
        templates.render("lost.html", {})
    with pytest.raises(TemplateNotFound):
        templates.render("none.html", {})


def levels(page: bytes) -> list[int]:
    """The levels of a page's headings, in order."""
    names = [str(element.tag).removeprefix(HTML) for element in parsed(page).iter()]
    return [int(name[1]) for name in names if re.fullmatch(r"h\d", name)]


def test_headings_do_not_skip_down() -> None:
    """After a heading comes one at most a step deeper."""
    pages = all_pages(make_context())
    for path, page in pages.items():
        assert levels(page)[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels(page))), path
