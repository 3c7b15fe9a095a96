"""The pages in a real browser: search, keyboard, assistive technology, small screens, no script.

Needs Debian's Chromium; skipped where that is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digestfeed.fields import builtin_vocabulary
from digestfeed.live import Reloader
from digestfeed.render import search
from tests.patience import WAIT
from tests.sites import CORPUS, HOSTILE, Shown, kinds, shown

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Route  # noqa: E402

sync_api.expect.set_options(timeout=1000 * WAIT)

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PIXEL = b'<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="648"></svg>'
LANGUAGES = ("ko", "en")

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def sites(sample_sites: dict[str, Path]) -> Iterator[dict[str, Shown]]:
    """The site of the samples in both languages."""
    with shown(sample_sites["ko"]) as korean, shown(sample_sites["en"]) as english:
        yield {"ko": korean, "en": english}


class Visit:
    """A browser context that notes what goes wrong: what the console says, and who is asked for what."""

    def __init__(self, browser: Browser, own: str, **options: object) -> None:
        self.context: BrowserContext = browser.new_context(**options)  # type: ignore[arg-type]
        self.context.set_default_timeout(1000 * WAIT)
        self.expected = re.compile(r"(?!)")
        self.console: list[str] = []
        self.foreign: list[tuple[str, str]] = []
        self.asked: set[str] = set()
        self._own = own
        self.context.route(lambda url: not url.startswith(own), self._elsewhere)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self._note(message.type, f"{message.text} ({message.location['url']})"))
        self.page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda request: self.asked.add(request.url.removeprefix(own)))

    def _dialog(self, dialog: Dialog) -> None:
        self.console.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not self.expected.search(text):
            self.console.append(f"{kind}: {text}")

    def _elsewhere(self, route: Route) -> None:
        self.foreign.append((route.request.resource_type, route.request.url))
        route.fulfill(status=200, content_type="image/svg+xml", body=PIXEL)

    def go(self, path: str) -> Page:
        """Go to a page of the site."""
        self.page.goto(self._own + path)
        return self.page


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visitor]:
    """Begins visits, and holds at their end that nothing went wrong."""
    begun: list[Visit] = []

    def begin(site: Shown, **options: object) -> Visit:
        begun.append(Visit(browser, site.url, **options))
        return begun[-1]

    yield begin
    for done in begun:
        done.context.close()
        assert done.console == []
        assert {kind for kind, _ in done.foreign} <= {"image"}


# -- each kind of page --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_is_wider_than_a_phone(visit: Visitor, sites: dict[str, Shown], language: str) -> None:
    """At 360 pixels nothing is cut off and nothing has to be pushed sideways; nor at 1440."""
    site = sites[language]
    too_wide = []
    for width in (360, 1440):
        phone = visit(site, viewport={"width": width, "height": 740})
        for kind, path in kinds(site.out).items():
            if phone.go(path).evaluate("document.scrollingElement.scrollWidth") > width:
                too_wide.append((kind, width))
    assert too_wide == []


@pytest.mark.parametrize(("language", "scheme"), [("ko", "light"), ("ko", "dark"), ("en", "light")])
def test_axe_finds_nothing(visit: Visitor, sites: dict[str, Shown], language: str, scheme: str) -> None:
    """No violation of what axe-core checks, on each kind of page, also with results of a search."""
    site = sites[language]
    seen = visit(site, color_scheme=scheme)
    found = []
    pages = {**kinds(site.out), "results": "search.html?q=모델"}
    for kind, path in pages.items():
        if language == "en" and kind not in {"front", "feed", "month", "paper", "results"}:
            continue  # the same templates, with other words in them
        page = seen.go(path)
        if kind in {"search", "results"}:
            settled(page)
        for violation in axe.Axe().run(page).response["violations"]:
            targets = [node["html"][:120] for node in violation["nodes"][:3]]
            found.append(f"{kind}: {violation['id']}: {violation['help']}: {targets}")
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_whole_without_script(visit: Visitor, sites: dict[str, Shown], language: str) -> None:
    """Everything can be read and followed; what only a script can do is not shown, or says so."""
    site = sites[language]
    plain = visit(site, java_script_enabled=False)
    for kind, path in kinds(site.out).items():
        page = plain.go(path)
        assert page.locator("main h1").first.inner_text().strip(), kind
        buttons = [b for b in page.locator("button").all() if b.is_visible()]
        assert all(b.evaluate("b => b.form !== null") for b in buttons), kind
    page = plain.go("index.html")
    page.locator("#q").fill("모델")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/search.html?*")
    sync_api.expect(page.locator("#needs")).to_be_visible()
    page.locator("#needs a").click()
    page.wait_for_url("**/archive/index.html")
    page.locator("main a[href*='2024-12']").first.click()
    page.wait_for_url("**/archive/2024-12/**")
    page.locator("main h3 a").first.click()
    page.wait_for_url("**/papers/**")


def test_pages_ask_nobody_else_but_for_thumbnails(visit: Visitor, sites: dict[str, Shown]) -> None:
    """And for these only where the page shows them; none of them asks for a script at the first paint."""
    site = sites["ko"]
    seen = visit(site)
    for kind, path in kinds(site.out).items():
        before = len(seen.foreign)
        page = seen.go(path)
        pictures = {image.get_attribute("src") for image in page.locator("img").all()}
        assert {url for _, url in seen.foreign[before:]} <= pictures, kind
        assert page.locator("link[rel=stylesheet]").count() == 1, kind
        scripts = page.locator("script[src]").all()
        assert all(script.evaluate("s => s.defer || s.type === 'module'") for script in scripts), kind


def test_a_hostile_title_is_text(visit: Visitor, sites: dict[str, Shown]) -> None:
    """On its page, in lists, and in what a search finds."""
    seen = visit(sites["ko"])
    expected = HOSTILE.replace("&amp;", "&")
    for path in ("papers/2502/2502.00077.html", "index.html", "search.html?q=해로운"):
        page = seen.go(path)
        if "search" in path:
            settled(page)
        title = page.locator("main :is(h1, h3, h4)", has_text="해로운").first
        assert title.inner_text() in {HOSTILE, expected}, path
        assert page.locator("main :is(h1, h3, h4) img").count() == 0


# -- search ---------------------------------------------------------------------------------------------------------


def settled(page: Page) -> str:
    """Wait until a search is over, and give what is said of it."""
    sync_api.expect(page.locator("#found")).to_have_attribute("aria-busy", "false")
    return page.locator("#said").inner_text()


def results(page: Page) -> Locator:
    """Give the papers that a search shows."""
    return page.locator("#found .papers > li")


def rows(out: Path) -> list[dict[str, object]]:
    """Give all papers of a site, as its data files have them."""
    return [
        json.loads(line)
        for file in sorted(out.glob("archive/*/papers.jsonl"))
        for line in file.read_bytes().splitlines()
    ]


NAMES = {field.slug: f"{field.slug} {field.name_en} {field.name_ko}" for field in builtin_vocabulary().fields}


def has(row: dict[str, object], word: str) -> bool:
    """Tell whether a paper has a word in what is searched: in Korean anywhere, else at the beginning of a word."""
    parts = [row["title"], *row["titles"], row["summary"], row["easy_summary"], *row["labels"], *row["authors"]]  # type: ignore[misc]
    names = [NAMES[slug] for slug in row["fields"]]  # type: ignore[attr-defined]
    text = "\n".join(str(part) for part in [*parts, *names] if part).lower()
    return re.search(("(?<![0-9a-z])" if word.isascii() else "") + word, text) is not None


@pytest.mark.parametrize(
    ("language", "query", "votes"),
    [("ko", "모델", "10"), ("en", "모델", "10"), ("ko", "model", "5"), ("en", "model", "5")],
)
def test_search_in_both_languages_with_filters(
    visit: Visitor, sites: dict[str, Shown], language: str, query: str, votes: str
) -> None:
    """A word from the front page; then a field, then votes: each leaves what fits, and the address holds all."""
    site = sites[language]
    page = visit(site).go("index.html")
    page.locator("#q").fill(query)
    page.locator("#q").press("Enter")
    settled(page)
    wanted = [row for row in rows(site.out) if has(row, query)]
    assert len(wanted) > 3
    assert count(page) == len(wanted)
    assert results(page).first.locator("mark").count() > 0
    page.locator("[name=field]").select_option("natural-language-processing")
    settled(page)
    in_field = [row for row in wanted if "natural-language-processing" in row["fields"]]  # type: ignore[operator]
    assert count(page) == len(in_field) > 0
    page.locator("[name=votes]").select_option(votes)
    settled(page)
    liked = [row for row in in_field if (row["votes"] or 0) >= int(votes)]  # type: ignore[operator]
    assert count(page) == len(liked) > 0
    shown_keys = {link.get_attribute("href") for link in results(page).locator("h3 a").all()}
    assert len(shown_keys) == min(20, len(liked))
    assert shown_keys <= {f"papers/{str(row['key'])[:4]}/{row['key']}.html" for row in liked}
    asked = {name: values[0] for name, values in parse_qs(page.evaluate("location.search.slice(1)")).items()}
    assert asked == {"q": query, "field": "natural-language-processing", "votes": votes}
    said = page.locator("#said").inner_text()
    page.reload()
    assert settled(page) == said


def count(page: Page) -> int:
    """Give how many papers were found."""
    found = re.search(r"[\d,]+", page.locator("#said").inner_text())
    return int(found[0].replace(",", "")) if found else 0


TYPED = {
    "모델": "2502.00078",  # 언어모델과, 모델을
    "언어모델": "2502.00078",
    "언어 모델": "2502.00078",
    "언어모": "2502.00078",
    "언어모ㄷ": "2502.00078",  # on the way to 델
    "YuLan": "2412.17743",
    "yulan-mini": "2412.17743",
    "ｙｕｌａｎ": "2412.17743",
    "yulna": "2412.17743",  # letters swapped
    "yuln": "2412.17743",  # one left out
    "yullan mini": "2412.17743",  # one too many
    "2412.17743": "2412.17743",
    "날짜 없는": "papers/items/",
}


def test_what_people_type_finds_what_they_mean(visit: Visitor, sites: dict[str, Shown]) -> None:
    """Parts of words, with and without a blank, wide letters, spelling."""
    page = visit(sites["ko"]).go("search.html")
    missed = {}
    for query, key in TYPED.items():
        page.locator("#q").fill(query)
        settled(page)
        hrefs = [link.get_attribute("href") or "" for link in results(page).locator("h3 a").all()]
        if not any(key in href for href in hrefs):
            missed[query] = hrefs
    assert missed == {}


def test_search_says_when_there_is_nothing(visit: Visitor, sites: dict[str, Shown]) -> None:
    """Nothing asked, nothing found, and an address with a filter that there is not."""
    seen = visit(sites["en"])
    assert settled(seen.go("search.html")) == "Write a word, or choose a filter."
    assert settled(seen.go("search.html?q=zzzzqqqq")) == "No paper matches."
    assert settled(seen.go("search.html?q=%2B%2B")) == "Write two letters or more."
    assert results(seen.page).count() == 0
    page = seen.go("search.html?q=model&field=no-such-field&votes=7")
    assert "paper" in settled(page)
    assert page.locator("[name=field]").input_value() == ""


def test_search_by_time_and_order(visit: Visitor, sites: dict[str, Shown]) -> None:
    """Months and years without a word; newest first on demand; back and forth in the history."""
    site = sites["en"]
    seen = visit(site)
    page = seen.go("search.html?month=2024-12")
    settled(page)
    december = [row for row in rows(site.out) if str(row["published"] or "").startswith("2024-12")]
    assert abs(count(page) - len(december)) <= 2  # a day of Seoul is not one of UTC
    page.locator("[name=month]").select_option("2024")
    settled(page)
    assert count(page) > len(december)
    page.locator("[name=order]").select_option("new")
    page.locator("#q").fill("model")
    settled(page)
    days = [time.get_attribute("datetime") or "" for time in results(page).locator("time").all()]
    assert days == sorted(days, reverse=True)
    assert {day[:4] for day in days} == {"2024"}


def test_more_results_come_on_demand(visit: Visitor, sites: dict[str, Shown]) -> None:
    """Twenty at a time; the first of the new ones has the focus."""
    page = visit(sites["ko"]).go("search.html?q=a")
    page.locator("#q").fill("모델")
    settled(page)
    total = count(page)
    assert results(page).count() == 20 < total
    page.locator("#found .more button").click()
    sync_api.expect(results(page)).to_have_count(min(40, total))
    focused = page.evaluate("[...document.querySelectorAll('#found h3 a')].indexOf(document.activeElement)")
    assert focused == 20


def test_an_index_that_was_replaced_is_asked_anew(visit: Visitor, sites: dict[str, Shown]) -> None:
    """A page that is open while the site is built again finds the new index by itself."""
    found = settled(visit(sites["ko"]).go("search.html?q=모델"))
    seen = visit(sites["ko"])
    seen.expected = re.compile("404")
    page = seen.go("search.html?q=qqqq")  # which is in no paper: no file of papers is read yet
    settled(page)
    assert count(page) == 0
    requests: list[str] = []

    def replaced(route: Route) -> None:
        """What the old entry file named is gone until the new one was asked for."""
        requests.append(urlsplit(route.request.url).path)
        if any(path.endswith("/index.json") for path in requests):
            route.continue_()
        else:
            route.fulfill(status=404, body="gone")

    page.route(re.compile("/search/"), replaced)
    page.locator("#q").fill("모델")
    assert settled(page) == found
    assert count(page) > 0
    assert not requests[0].endswith("/index.json")


def test_an_index_that_cannot_be_read_is_told(visit: Visitor, sites: dict[str, Shown]) -> None:
    """Offline, or half a server."""
    seen = visit(sites["en"])
    seen.expected = re.compile("(?i)failed")
    page = seen.page
    page.route(re.compile("/search/"), lambda route: route.abort())
    seen.go("search.html?q=model")
    assert "could not be read" in settled(page)


assigned = st.characters(exclude_categories=["Cn", "Cs", "Co"])


@pytest.fixture(scope="module")
def script(browser: Browser, sites: dict[str, Shown]) -> Iterator[Page]:
    """A page that has loaded the search script, but is none that it takes over."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(sites["ko"].url + "status.html")
    page.evaluate("import('/assets/search.js').then((script) => { window.script = script; })")
    yield page
    context.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(assigned, max_size=60))
def test_the_script_cuts_as_the_build_does(script: Page, text: str) -> None:
    """Or a query would ask for terms that no index has."""
    found = script.evaluate("(text) => script.runs(text).flatMap(script.pairs)", text)
    assert set(found) == search.terms(text)


@given(term=st.text(assigned, min_size=1, max_size=3), bits=st.integers(0, 9))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_script_looks_in_the_file_that_has_it(script: Page, term: str, bits: int) -> None:
    """By the same hash."""
    assert script.evaluate("([term, bits]) => script.fileOf(term, bits)", [term, bits]) == search.word_file(term, bits)


@given(places=st.lists(st.integers(0, 100_000), min_size=1, max_size=5, unique=True))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_script_reads_what_the_build_writes(script: Page, places: list[int]) -> None:
    """Numbers of any size."""
    written = search._numbers(sorted(places))
    assert script.evaluate("(text) => script.numbers(text)", written) == sorted(places)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("model", "model", 0), ("modle", "model", 1), ("mdel", "model", 1), ("moodel", "model", 1), ("medal", "model", 2)],
)
def test_the_distance_of_spellings(script: Page, one: str, other: str, expected: int) -> None:
    """Letters changed, added, dropped or swapped."""
    assert script.evaluate("([one, other]) => script.distance(one, other, 2)", [one, other]) == expected


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("A model of models", ["model"], ["model", "model"]),
        ("remodel", ["model"], []),
        ("큰 언어 모델을", ["언어모델"], ["언어 모델"]),
        ("언어모델", ["모델", "언어모델"], ["언어모델"]),
        ("İstanbul model", ["model"], []),  # folding would move what stands behind
        ("LLM모델llm", ["모델", "llm"], ["LLM", "모델", "llm"]),
    ],
)
def test_what_was_asked_for_is_marked(script: Page, text: str, words: list[str], expected: list[str]) -> None:
    """Where it begins a word, and once where it stands twice."""
    code = "([text, words]) => script.spans(text, words).map(([from, to]) => text.slice(from, to))"
    assert script.evaluate(code, [text, words]) == expected


# -- hands ----------------------------------------------------------------------------------------------------------


def test_from_the_front_page_to_a_paper_by_keyboard(visit: Visitor, sites: dict[str, Shown]) -> None:
    """First a link past the menu, then to what is seen: every stop has a mark around it."""
    page = visit(sites["ko"]).go("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        if page.evaluate("document.activeElement.matches('#newest .papers :is(h3, h4) a')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/papers/**")
    assert page.locator("main h1").count() == 1


def test_search_by_keyboard(visit: Visitor, sites: dict[str, Shown]) -> None:
    """The words have the focus at once; the results come next after the filters."""
    page = visit(sites["en"]).go("search.html")
    settled(page)
    page.keyboard.type("yulan")
    settled(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#found h3 a')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/papers/2412/2412.17743.html")


@pytest.mark.parametrize("path", ["index.html", "feeds/natural-language-processing/index.html"])
def test_feed_addresses_can_be_copied(visit: Visitor, sites: dict[str, Shown], path: str) -> None:
    """The button puts the address beside it on the clipboard, and says so."""
    site = sites["ko"]
    seen = visit(site)
    seen.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url.rstrip("/"))
    seen.page.add_init_script("setTimeout = () => 0")  # what a button says stays, however late it is looked at
    page = seen.go(path)
    lines = page.locator(".addresses li")
    assert lines.count() == 3
    for line in lines.all():
        label = line.locator("button").inner_text()
        line.locator("button").click()
        sync_api.expect(line.locator("button")).not_to_have_text(label)
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == line.locator("code").inner_text()
        assert copied.startswith("http")


def test_citations_can_be_copied(visit: Visitor, sites: dict[str, Shown]) -> None:
    """In each form that a paper's page offers."""
    site = sites["ko"]
    seen = visit(site)
    seen.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url.rstrip("/"))
    seen.page.add_init_script("setTimeout = () => 0")  # what a button says stays, however late it is looked at
    page = seen.go("papers/2412/2412.17743.html")
    for details in page.locator("details:has(pre)").all():
        details.evaluate("d => { d.open = true; }")
    blocks = page.locator(":has(> pre):has(> button)").all()
    assert len(blocks) >= 3
    taken = []
    for block in blocks:
        label = block.locator("button").inner_text()
        block.locator("button").click()
        sync_api.expect(block.locator("button")).not_to_have_text(label)
        taken.append(page.evaluate("navigator.clipboard.readText()"))
        assert taken[-1] == block.locator("pre").inner_text()
    assert any(text.startswith("@") for text in taken)
    assert any("TY  - " in text for text in taken)
    assert any(text.lstrip().startswith(("{", "[")) and json.loads(text) for text in taken)


@pytest.mark.parametrize("path", ["index.html", "feeds/natural-language-processing/index.html"])
def test_links_to_readers_carry_the_feed(visit: Visitor, sites: dict[str, Shown], path: str) -> None:
    """Each well-known reader is told the address of this page's own feed."""
    page = visit(sites["ko"]).go(path)
    feed = page.locator(".addresses code").first.inner_text()
    assert feed.endswith("/atom.xml")
    hrefs = [link.get_attribute("href") or "" for link in page.locator("main a[href^='https://']").all()]
    telling = [href for href in hrefs if feed in unquote(href)]
    assert len({urlsplit(href).netloc for href in telling}) >= 3
    assert page.locator("main a[href='feeds.opml'], main a[href$='.opml'], main a[href^='feed:']").count() >= 1


def test_a_live_preview_loads_a_page_again(visit: Visitor, tmp_path: Path) -> None:
    """When the site was built again, with the policy that the page has; the page on disk knows nothing of it."""
    policy = "default-src 'none'; script-src 'self'"
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>T</title>'
    page_of = f"<!DOCTYPE html><html lang=en><head>{head}</head><h1>{{}}</h1>"
    file = tmp_path / "index.html"
    file.write_text(page_of.format("One"))
    reloader = Reloader()
    with shown(tmp_path, reloader) as site:
        page = visit(site).go("index.html")
        sync_api.expect(page.locator("h1")).to_have_text("One")
        for said in ("Two", "Three"):
            file.write_text(page_of.format(said))
            reloader.built()
            sync_api.expect(page.locator("h1")).to_have_text(said)
        reloader.end()
    assert "-live" not in file.read_text()


# -- the real thing -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not there")
def test_real_pages_are_light_and_fit(visit: Visitor, corpus_site: Path) -> None:
    """Front page under 100 kB with all it loads but thumbnails; a paper under 30 kB; months fit a phone."""
    with shown(corpus_site) as site:
        seen = visit(site, viewport={"width": 360, "height": 740})
        seen.go("index.html").wait_for_load_state("networkidle")
        own = [site.out / path for path in seen.asked if (site.out / path).is_file()]
        assert len(own) >= 3
        assert sum(path.stat().st_size for path in own) < 100_000
        papers = sorted((site.out / "papers").glob("*/*.html"))
        assert max(path.stat().st_size for path in papers) < 30_000
        for path in ["index.html", "archive/2024-10/index.html", "archive/trends.html", "search.html?q=언어모델"]:
            page = seen.go(path)
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.scrollingElement.scrollWidth") <= 360, path
        assert count(page) > 100
