"""Markdown → safe HTML, and URLs fit to be published."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from digestfeed.render import markdown
from digestfeed.render.body import markdown_html, web_url

ALLOWED = {
    *("html", "head", "body"),  # what an HTML parser puts around
    "div",  # an entry's, around a text in another language
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li"),
    *(
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "em",
        "strong",
        "code",
        "del",
        "s",
        "sub",
        "sup",
        "a",
        "img",
    ),
}
MATHML = "{http://www.w3.org/1998/Math/MathML}"
MATHS = """
    math mrow mi mn mo mtext mspace mfrac msqrt mroot mpadded mtable mtr mtd
    msub msup msubsup munder mover munderover mmultiscripts mprescripts
"""
ALLOWED |= {MATHML + name for name in MATHS.split()}
ATTRIBUTES = {"a": {"href", "rel"}, "img": {"src", "alt"}, "ol": {"start"}, "div": {"lang"}}
MATHS_ATTRIBUTES = """
    display alttext mathvariant form lspace rspace stretchy symmetric minsize maxsize movablelimits width
    linethickness displaystyle scriptlevel accent accentunder
"""
ATTRIBUTES |= {name: set(MATHS_ATTRIBUTES.split()) for name in ALLOWED if name.startswith(MATHML)}

SNIPPETS = [
    *("a", "가", "Z", "0", "1", "9", " ", "  ", "    ", "\t", "\n", "\n\n", "\r", "\f", "\0", "\x85", "\xa0"),
    *("\u2028", "\u3000", "\u200b", "\ufeff", "\ud800", "😀", "é", "²", "①", "“", "’", "。", "·", "$"),
    *("*", "**", "***", "****", "_", "__", "~", "~~", "`", "```", "\\", "[", "]", "](", "]:", "![", "(", ")"),
    *(
        "- ",
        "-",
        "+ ",
        "* ",
        "# ",
        "#",
        "> ",
        "1. ",
        "2) ",
        "007. ",
        "=",
        "---",
        "|",
        ":",
        ".",
        ",",
        '"',
        "'",
    ),
    *("<", ">", "<b>", "</", "<!--", "<a:b>", "<a@b.c>", "&", "&amp;", "&amp", "&#60;", "&x", ";", "@", "!"),
    *("http://a.b/c", "javascript:", "data:"),
    *("$$", "$x$", "$x", "x$", "^", "^2", "\\(", "\\)", "\\[", "\\]", "{", "}", "\\alpha", "\\text{"),
]
markdown_texts = st.one_of(
    st.lists(st.sampled_from(SNIPPETS), max_size=16).map("".join),
    st.text(max_size=60),
)


def tree_of(html: str) -> list[tuple[str, dict[str, str]]]:
    """List the elements and attributes that a browser makes of a fragment of HTML."""
    root = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return [(element.tag, dict(element.attrib)) for element in root.iter() if isinstance(element.tag, str)]


def assert_safe(html: str) -> None:
    """Check by an HTML parser that nothing but listed tags, attributes and http(s) URLs is in there."""
    for tag, attributes in tree_of(html):
        if tag == "DOCUMENT_FRAGMENT":
            continue
        assert tag in ALLOWED
        assert set(attributes) <= ATTRIBUTES.get(tag, set())
        for name in {"href", "src"} & set(attributes):
            parts = urlsplit(attributes[name])
            assert parts.scheme in {"http", "https"}
            assert parts.hostname
            assert "@" not in parts.netloc


@settings(deadline=None, max_examples=1500)
@given(markdown_texts)
@example("- a\n- b\n\n- c")
@example("가\n- **나**: 다\n- ***라***: 마")
@example("1. a\n2. b\n\n다음\n\n3) c")
@example("**a**b**c**")
@example("**(a)**b")
@example("a * b * c")
@example("snake_case _and_ x_")
@example("<end_of_text> < 3 & R&D; AT&T")
@example("a\n\n\nb")
@example("$5 and $10")
@example("- $x$\n- $5")
def test_fast_path_equals_slow_path(text: str) -> None:
    """Whatever the fast path renders, markdown-it and nh3 render to the same HTML."""
    cleaned = markdown.clean(text).rstrip()
    fast = markdown._plain_html(cleaned)
    if fast is not None:
        assert fast == markdown._markdown_html(cleaned)


@pytest.mark.parametrize(
    "text",
    [
        "이 논문은 작은 모델(LLM)을 4.2% 개선한다.\n\nR&D에서 p < 0.05였다.",
        "- **What's New**: 새 모델이다.\n- **Technical Details**: 이름은 snake_case.",
        "- ***What's New***: 새 모델.\n\n- ***Performance***: [1] 좋다.",
        "주요 내용:\n\n1. **서론 (Introduction)**: 배경.\n2. **결론**: 요약.",
        "비용은 $5에서 $10 사이이고, US$3이다.",
    ],
)
def test_usual_summaries_take_the_fast_path(text: str) -> None:
    """The kinds of summaries that digests mostly have are rendered without a Markdown parser."""
    assert markdown._plain_html(text) is not None


@settings(deadline=None, max_examples=800)
@given(markdown_texts)
def test_any_text_is_safe(text: str) -> None:
    """Whatever a digest says, a browser finds listed tags and http(s) URLs only."""
    html = markdown_html(text)
    assert_safe(html)
    assert "<div" not in html


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](  javascript:alert(1))",
    "![x](data:image/svg+xml;base64,AAAA)",
    "<javascript:alert(1)>",
    "[x](vbscript:a)",
    "[x](//evil.example/)",
    "[x](http://user:pass@evil.example/)",
    "[x](http:///etc/passwd)",
    "[a]: javascript:alert(1)\n\n[a]",
    '[x](http://a.example/" onmouseover="alert(1))',
    '![x" onerror="alert(1)](http://a.example/)',
    "```<b onclick=x>\n</code><script>\n```",
    "<style>*{display:none}</style><iframe src=//x></iframe>",
    "<svg><math><mtext></table><mglyph><style><!--</style><img title=--&gt;&lt;img src onerror=alert(1)&gt;>",
    "]]><script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "# x {onclick=alert(1)}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_tame(text: str) -> None:
    """Well-known attacks end as text."""
    html = markdown_html(text)
    assert_safe(html)
    assert "<script" not in html
    assert "<img src=x" not in html


def test_unfit_links_keep_their_text() -> None:
    """A link or picture that may not be published loses its URL, not its words."""
    html = markdown_html("[**하나**](javascript:x) [둘](/rel) ![셋](data:x) [넷](http://u@h.example/)")
    assert html == "<p><strong>하나</strong> 둘 셋 넷</p>"


def test_good_links_and_pictures_stay() -> None:
    """Links to the web stay, with `rel` that tells no referrer, their URL in ASCII."""
    html = markdown_html("[x](https://a.example/한) ![y](https://a.example/b.png)")
    assert html == (
        '<p><a href="https://a.example/%ED%95%9C" rel="noopener noreferrer">x</a>'
        ' <img src="https://a.example/b.png" alt="y"></p>'
    )


def test_headings_go_two_levels_down() -> None:
    """Headings of a digest never stand above the headings of the page they get into."""
    html = markdown_html("# a\n\n## b\n\n##### c\n\nd\n---")
    assert html == "<h3>a</h3>\n<h4>b</h4>\n<h6>c</h6>\n<h4>d</h4>"


def test_tables_and_strikethrough() -> None:
    """Tables and `~~` are read, without the style attributes of aligned columns."""
    html = markdown_html("| a | b |\n|---|--:|\n| 1 | ~~2~~ |")
    assert "<td><s>2</s></td>" in html
    assert "style" not in html


def test_long_texts_are_paragraphs() -> None:
    """A text too long to be a summary is escaped, not parsed, and keeps its paragraphs."""
    html = markdown_html("**a** <b>\n\n" * 8000)
    assert html.startswith("<p>**a** &lt;b&gt;</p>\n<p>")


BOMBS = {
    "brackets": "[",
    "images": "![[]()",
    "quotes": "> ",
    "bullets": "- ",
    "emphasis": "*a_",
    "links": "[a](",
    "pointy": "[a](<b",
    "definitions": "[a]: b\n",
    "backticks": "`a",
    "entities": "&#x41;",
    "strikes": "~~a",
    "dollars": "$a",
    "maths": "$a^",
    "displays": "\\[a^2\n",
    "double dollars": "$$\na\n",
    "round brackets": "\\(x",
    "many formulas": "$x^2$ ",
    "one formula": "{\\sqrt",
}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_nesting_is_bounded(name: str) -> None:
    """No input costs more than linear time: four times the text, at most about four times the seconds."""
    piece = BOMBS[name]
    seconds = []
    for size in (markdown.LONGEST_MARKDOWN // 4, markdown.LONGEST_MARKDOWN):
        text = piece * (size // len(piece))
        begin = time.process_time()
        markdown_html(text)
        seconds.append(time.process_time() - begin)
    assert seconds[1] < 12 * seconds[0] + 0.5


@pytest.mark.parametrize(
    ("levels", "is_markdown"), [("> " * 20, True), ("> " * 21, False), ("- " * 10, True), ("- " * 11, False)]
)
def test_what_is_nested_too_deep_is_shown_as_it_is_written(levels: str, is_markdown: bool) -> None:  # noqa: FBT001
    """The parser drops what is deeper than it likes; here its text is kept, with the marks before it."""
    html = markdown_html(f"{levels}words <b>\n\n*more*")
    assert "words &lt;b&gt;" in html
    assert ("<blockquote>" in html or "<ul>" in html) is is_markdown
    assert ("<em>more</em>" in html) is is_markdown


def test_link_definitions_are_text() -> None:
    """No line vanishes because it looks like a definition, and none is put in over and over."""
    assert markdown_html("[note]: https://a.example/ (words)") == "<p>[note]: https://a.example/ (words)</p>"
    text = f"[a]: https://a.example/{'b' * 8_000}\n\n" + "[a]" * 2_000
    assert len(markdown_html(text)) < 2 * len(text)


@pytest.mark.parametrize(
    "reference", ["&#12;", "&#xC;", "&#1;", "&#x202e;", "&#x2066;", "&#xFFFE;", "&#x1FFFE;", "&#128;"]
)
def test_references_bring_nothing_that_text_may_not_have(reference: str) -> None:
    """XML cannot carry a form feed, which HTML can name: one such reference would end every feed that has it."""
    html = markdown_html(f"*a* {reference} b")
    etree.fromstring(f"<a>{html}</a>")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", html)


def test_links_have_a_length() -> None:
    """What is longer than a browser takes is no link, and its words stay."""
    assert markdown_html(f"[words](https://a.example/{'b' * 2_000})") == "<p>words</p>"
    assert web_url("https://a.example/" + "b" * 2_000) is None


def test_tables_are_bounded() -> None:
    """A table whose rows would be filled up to the square of the text is left as text."""
    text = "|a" * 4000 + "\n" + "|-" * 4000 + "\n" + "a\n" * 8000
    assert len(markdown_html(text)) < 3 * len(text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arxiv.org/abs/2412.17743v2?a=b&c=%20#d", "https://arxiv.org/abs/2412.17743v2?a=b&c=%20#d"),
        ("HTTPS://EXAMPLE.org/A", "https://example.org/A"),
        (" https://example.org ", "https://example.org"),
        ("https://example.org/한 a?글=b#조", "https://example.org/%ED%95%9C%20a?%EA%B8%80=b#%EC%A1%B0"),
        ("https://한국.example/", "https://xn--3e0b707e.example/"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("http://[::1]/x", "http://[::1]/x"),
        ('https://example.org/"><script>', "https://example.org/%22%3E%3Cscript%3E"),
        ("https://example.org/{a}|b", "https://example.org/%7Ba%7D%7Cb"),
        (None, None),
        ("", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//example.org/", None),
        ("/relative", None),
        ("https://", None),
        ("https:///path", None),
        ("https://user@example.org/", None),
        ("https://user:pw@example.org/", None),
        ("https://good.example\\@evil.example/", None),
        ("https://good.example\\.evil.example/", None),
        ("https://exa mple.org/", None),
        ("https://example.org:99999/", None),
        ("https://[::1/", None),
        ("https://\ud800.example/", None),
        ("ftp://example.org/", None),
    ],
)
def test_web_url(url: str | None, expected: str | None) -> None:
    """A URL is published if it is http(s) to a host without user info, in ASCII."""
    assert web_url(url) == expected


@settings(deadline=None, max_examples=500)
@given(st.one_of(st.text(max_size=40), st.text(max_size=30).map("https://example.org/".__add__)))
def test_web_url_is_stable_and_ascii(url: str) -> None:
    """What comes out is ASCII without blanks or quotes, and comes out of itself unchanged."""
    result = web_url(url)
    if result is not None:
        assert result.isascii()
        assert not set(result) & set(' \t\n\r"<>\\^`{|}')
        assert web_url(result) == result
