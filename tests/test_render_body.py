"""What every format needs of one paper: text safe both ways, the layout, categories and links."""

from __future__ import annotations

import re
import subprocess
import sys

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digestfeed.model import Links
from digestfeed.render import body
from digestfeed.render.body import plain
from digestfeed.text import xml_clean
from tests.papers import MOMENT, make_context, make_paper
from tests.test_render_markdown import assert_safe, markdown_texts

TITLE_PIECES = [
    "<",
    ">",
    "&",
    "b",
    "/",
    "!",
    "?",
    "lt;",
    "amp;",
    "#60;",
    "&lt",
    "\u200b",
    "\u00ad",
    " ",
    "\n",
    "x",
    "1",
    "=",
    "가",
]
titles = st.one_of(st.lists(st.sampled_from(TITLE_PIECES), max_size=12).map("".join), st.text(max_size=40))


def read_as_html(text: str) -> tuple[str, int]:
    """Give the text that a browser shows for a text taken as HTML, and how many elements it finds in it."""
    root = html5lib.parseFragment(f"<p>{text}", namespaceHTMLElements=False)
    return "".join(root.itertext()), sum(1 for _ in root.iter()) - 2


@settings(deadline=None, max_examples=1000)
@given(titles)
@example("&am&#x200b;p;lt;b&gt;")
@example("&amp;amp;amp;amp;amp;lt;b>")
@example("<b>x</b>")
@example("</>")
@example("<!-- x -->")
def test_plain_reads_the_same_both_ways(text: str) -> None:
    """A title is one line that shows the same, and is no markup, whether taken for text or for HTML."""
    title = plain(text)
    assert "\n" not in title
    assert title == xml_clean(title)
    shown, elements = read_as_html(title)
    assert elements == 0
    assert shown == title


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A < B and C > D", "A < B and C > D"),
        ("p<0.05", "p<0.05"),
        ("<b>Bold</b>", "‹b›Bold‹/b›"),
        ("x<script>alert(1)", "x‹script›alert(1)"),
        ("a <b", "a ‹b"),
        ("Q&amp;A", "Q&A"),
        ("AT&T", "AT&T"),
        ("&lt;i&gt;", "‹i›"),
        ("$E=mc^2$", "$E=mc^2$"),
        ("a\n b\u202e", "a b"),
        ("", ""),
    ],
)
def test_plain_reads_well(text: str, expected: str) -> None:
    """Ordinary comparison and ampersand signs stay, tags become words in quotation marks."""
    assert plain(text) == expected


def test_entry_of_an_arxiv_paper() -> None:
    """An entry has its id, page, dates, plain summary and links."""
    entry = body.entry(make_paper(), make_context())
    assert entry.entry_id == "tag:example.org,2024:paper/2412.17743"
    assert entry.url == "https://digests.example.org/papers/2412/2412.17743.html"
    assert (entry.published, entry.updated) == (MOMENT, MOMENT + 86_400)
    assert entry.summary_text == "이 논문은 작은 모델을 적은 데이터로 학습한다. 성능은 큰 모델에 견줄 만하다."
    assert entry.submitted == "2024-12-23"
    assert entry.categories == (("natural-language-processing", "자연어 처리"),)


def test_content_layout() -> None:
    """Picture, summary, easy explanation, fields and links follow one another."""
    paper = make_paper(thumbnail="https://cdn.example/a.png?x=1&y=2")
    assert body.entry(paper, make_context()).content_html == (
        '<p><img src="https://cdn.example/a.png?x=1&amp;y=2" alt=""></p>\n'
        "<p>이 논문은 작은 모델을 적은 데이터로 학습한다.</p>\n<p>성능은 큰 모델에 견줄 만하다.</p>\n"
        "<h3>쉬운 설명</h3>\n<p>적게 먹고도 잘 크는 모델이다.</p>\n"
        "<p>분야: 자연어 처리</p>\n"
        '<p><a href="https://arxiv.org/abs/2412.17743">arXiv</a> · '
        '<a href="https://arxiv.org/pdf/2412.17743">PDF</a> · '
        '<a href="https://huggingface.co/papers/2412.17743">Hugging Face</a></p>'
    )


def test_layout_in_english() -> None:
    """The layout's own words are in the site's language, English where that has none."""
    for language in ("en", "en-GB", "fr"):
        html = body.entry(make_paper(), make_context(language=language)).content_html
        assert "<h3>In plain words</h3>" in html
        assert "Fields: " in html


def test_thumbnails_can_be_left_out() -> None:
    """Without thumbnails in the config, no format gets one."""
    context = make_context()
    site = type(context.config.site)(thumbnails=False)
    entry = body.entry(make_paper(thumbnail="https://cdn.example/a.png"), make_context(site=site))
    assert entry.thumbnail is None
    assert "<img" not in entry.content_html


def test_permalink_without_pages() -> None:
    """Where the site has no pages, an entry leads to the paper itself, never to a page that is not there."""
    site = type(make_context().config.site)(pages=False)
    assert body.entry(make_paper(), make_context(site=site)).url == "https://arxiv.org/abs/2412.17743"
    news = make_paper("item-0123456789ab", links=Links(source="https://news.example/1"))
    assert body.entry(news, make_context(site=site)).url == "https://news.example/1"


def test_unfit_urls_are_left_out() -> None:
    """Links and thumbnails from a digest are published only as http(s) without user info."""
    links = Links(source="javascript:alert(1)", pdf="https://u:p@evil.example/")
    entry = body.entry(make_paper("item-0123456789ab", links=links, thumbnail="data:x"), make_context())
    assert entry.links == Links()
    assert entry.thumbnail is None
    assert "href" not in entry.content_html


def test_labels_of_no_field_are_categories() -> None:
    """With the field `other`, labels that are no field's name are kept, once each."""
    paper = make_paper(
        fields=("natural-language-processing", "other"),
        labels=(
            "자연어 처리(NLP)",
            "Computer Vision (CV)",
            "양자 생물학(Quantum Biology)",
            "양자 생물학(Quantum Biology)",
            "<b>",
        ),
    )
    assert body.entry(paper, make_context()).categories == (
        ("natural-language-processing", "자연어 처리"),
        ("other", "기타"),
        ("양자 생물학(Quantum Biology)", "양자 생물학(Quantum Biology)"),
        ("‹b›", "‹b›"),
    )


def test_labels_stay_out_where_fields_took_them() -> None:
    """Without the field `other`, only fields are categories."""
    paper = make_paper(labels=("자연어처리", "무엇이든"))
    assert body.entry(paper, make_context()).categories == (("natural-language-processing", "자연어 처리"),)


def test_a_paper_with_nothing_has_content() -> None:
    """An entry always has content, for JSON Feed and Atom ask for it."""
    bare = make_paper("item-0123456789ab", summary=None, easy_summary=None, fields=(), labels=())
    assert body.entry(bare, make_context()).content_html == f"<p>{bare.title}</p>"
    blank = make_paper("item-0123456789ab", title="\u200b", summary=None, easy_summary=None, fields=(), labels=())
    assert body.entry(blank, make_context()).title == "item-0123456789ab"


KOREAN = "이 논문은 LLM의 추론을 RL로 개선한다."
ENGLISH = "We improve the reasoning of LLMs."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (KOREAN, "ko"),
        ("**Mixture-of-Experts**(MoE)를 Qwen2.5-VL에 적용해 성능을 높였다.", "ko"),
        ("한글", "ko"),
        (ENGLISH, "en"),
        ("Naïve “scaling” – a study of 한글 input in a long English text about tokenisation.", "en"),
        ("中文摘要 LLM", None),
        ("LLM 推論の高速化", None),
        ("Модель LLM", None),
        ("42 😀", None),
        ("", None),
        ("\ud800", None),
    ],
)
def test_language_is_told_by_letters(text: str, language: str | None) -> None:
    """Korean with its Latin names is Korean, Latin letters alone are English, the rest is left open."""
    assert body.language_of(text) == language


def test_texts_in_the_feeds_language_are_not_marked() -> None:
    """Korean on a Korean site and English on an English one get nothing added."""
    assert "lang=" not in body.entry(make_paper(), make_context()).content_html
    paper = make_paper(summary=ENGLISH, easy_summary=ENGLISH)
    assert "lang=" not in body.entry(paper, make_context(language="en-GB")).content_html


def test_texts_in_another_language_are_marked() -> None:
    """Each text in another language than the feed's is wrapped in its own, the layout's words are not."""
    paper = make_paper(summary=KOREAN, easy_summary=ENGLISH)
    assert body.entry(paper, make_context(language="en")).content_html.startswith(
        f'<div lang="ko">\n<p>{KOREAN}</p>\n</div>\n<h3>In plain words</h3>\n<p>{ENGLISH}</p>\n'
    )
    assert body.entry(paper, make_context()).content_html.startswith(
        f'<p>{KOREAN}</p>\n<h3>쉬운 설명</h3>\n<div lang="en">\n<p>{ENGLISH}</p>\n</div>\n'
    )


def test_latin_letters_are_english_only_where_korean_is_usual() -> None:
    """On a site in a third language Latin letters may be that language's own."""
    html = body.entry(make_paper(summary="Un résumé."), make_context(language="fr")).content_html
    assert html.startswith("<p>Un résumé.</p>")


def test_maths_is_plain_in_the_summary() -> None:
    """The content has MathML, the plain summary the TeX of it, and a title stays as it is."""
    paper = make_paper(title="$O(n)$ sorting", summary="시간은 $O(n < m)$, \\(x_1\\)이고 $$y = 2$$ 이다. " * 9)
    entry = body.entry(paper, make_context())
    assert '<math alttext="x_1"><msub>' in entry.content_html
    assert entry.summary_text.startswith("시간은 $O(n < m)$, $x_1$이고 $$y = 2$$ 이다. 시간은")
    assert len(entry.summary_text) > body.SUMMARY_WIDTH // 2
    assert entry.title == "$O(n)$ sorting"


def test_votes_are_in_no_entry() -> None:
    """Two papers that differ in votes alone give one and the same entry."""
    context = make_context()
    assert body.entry(make_paper(votes=1), context) == body.entry(make_paper(votes=99), context)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("- **What's New**: 새 모델.\n- 둘째", "What's New: 새 모델. 둘째"),
        ("a & b < c", "a & b < c"),
        ("[여기](https://a.example/)서 `코드`를", "여기서 코드를"),
        ("<script>x</script>", "‹script›x‹/script›"),
        ("# 머리\n\n글", "머리 글"),
    ],
)
def test_summary_is_plain_text(markdown: str, expected: str) -> None:
    """The summary has the words of the Markdown and none of its marks."""
    assert body.entry(make_paper(summary=markdown), make_context()).summary_text == expected


@settings(deadline=None, max_examples=400)
@given(markdown_texts, markdown_texts)
def test_any_entry_is_safe(summary: str, title: str) -> None:
    """Whatever a digest says, content is safe HTML and the summary is short text that is no markup."""
    entry = body.entry(make_paper(summary=summary, title=title, authors=(title,)), make_context())
    assert_safe(entry.content_html)
    assert len(entry.summary_text) <= body.SUMMARY_WIDTH
    shown, elements = read_as_html(entry.summary_text)
    assert (shown, elements) == (entry.summary_text, 0)
    assert not re.search(r"\s(?:class|style|id|on\w+)=", re.sub(r'"[^"]*"|>[^<]*<', "", entry.content_html))


def test_long_summaries_are_cut() -> None:
    """A long summary is cut at a blank, with an ellipsis, and no tag or reference is cut in two."""
    text = body.entry(make_paper(summary="낱말 & " * 2000), make_context()).summary_text
    assert len(text) <= body.SUMMARY_WIDTH
    assert text.endswith("…")
    assert "&amp" not in text


def test_imports_are_lazy() -> None:
    """Importing the renderers loads none of the heavy libraries; only use does."""
    code = (
        "import sys; from digestfeed.render import atom, body, data, jsonfeed, opml, rss;"
        "print([name for name in ('feedgen', 'lxml', 'markdown_it', 'math_core', 'nh3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
