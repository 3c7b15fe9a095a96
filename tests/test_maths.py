r"""TeX in Markdown → MathML: what is maths, what is money, and what a hostile formula may do (nothing)."""

from __future__ import annotations

import html
import re
import time
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digestfeed.render import maths
from digestfeed.render.markdown import markdown_html
from tests.test_render_markdown import MATHML, MATHS, assert_safe, tree_of

FORMULA = re.compile("<math .*?</math>", re.DOTALL)


def formulas(text: str) -> list[str]:
    """List the TeX of the formulas that a Markdown text is rendered with."""
    return [dict(attributes)["alttext"] for tag, attributes in tree_of(markdown_html(text)) if tag == MATHML + "math"]


def test_a_formula_in_whole() -> None:
    """MathML stands in the sentence, without a prefix, its TeX as the alternative text."""
    assert markdown_html("in $n^2$ steps") == (
        '<p>in <math alttext="n^2"><msup><mi>n</mi><mn>2</mn></msup></math> steps</p>'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It runs in $O(n \\log n)$ time.", ["O(n \\log n)"]),
        ("함수$f(x)$는 $k$개를 고른다", ["f(x)", "k"]),
        ("a $k$-NN graph, the $n$th item, $\\tau$-bench", ["k", "n", "\\tau"]),
        ("$\\sim$10x faster at $\\times$8 and $>$ 90", ["\\sim", "\\times", ">"]),
        ("with $10$ shots, $0.05$, $1,000$ and $95\\%$", ["10", "0.05", "1,000", "95\\%"]),
        ("CO$_2$ in SL$^{2}$A, $\\mu$P, $μ$LO and 2$\\times$faster", ["_2", "^{2}", "\\mu", "μ", "\\times"]),
        ("$\\mathcal{L}_{\\text{KL}}(\\theta)$", ["\\mathcal{L}_{\\text{KL}}(\\theta)"]),
        ("$\\arg\\max_\\theta \\mathbb{E}_{x \\sim p}[\\log q(x)]$", None),
        ("$\\operatorname{softmax}(QK^\\top/\\sqrt{d})V$", None),
        ("$\\widetilde{O}(\\sqrt{T})$", None),
        ("$\\{0, 1\\}^d$ and $x\\,y$", ["\\{0, 1\\}^d", "x\\,y"]),
        ("$p < 0.05$ and $a<b>c$ and $|x|$", ["p < 0.05", "a<b>c", "|x|"]),
        ("$Q, K, V$ of $SE(3)$ with $d=512$", ["Q, K, V", "SE(3)", "d=512"]),
        ("$x_1$ and $A_{ij}$ and $r^*$", ["x_1", "A_{ij}", "r^*"]),
        ("$\\text{정확도} = 0.9$", ["\\text{정확도} = 0.9"]),
        ("\\(x_1\\) and \\( \\alpha \\)", ["x_1", "\\alpha"]),
        ("**$x_1$** and [$y_1$](https://a.example/)", ["x_1", "y_1"]),
        ("*a* $x*y*z$ *b*", ["x*y*z"]),
        ("- $x_1$\n- $x_2$", ["x_1", "x_2"]),
        ("| a | b |\n|---|---|\n| $x_1$ | 2 |", ["x_1"]),
        ("$\\mbox{KL} \\le \\mathds{1}$", ["\\mbox{KL} \\le \\mathds{1}"]),
        ("$\\begin{bmatrix} a & b \\\\ c & d \\end{bmatrix}$", None),
    ],
)
def test_maths_is_found(text: str, expected: list[str] | None) -> None:
    """The formulas of abstracts become MathML; None stands for the whole text as one."""
    assert formulas(text) == ([text.strip("$")] if expected is None else expected)


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10, or $5-$10 million.",
        "US$5$, A$3$, 100$ or 200$",
        "$5M$ and $10k$ ($/h) or ($/d)",
        "$HOME/bin:$PATH, ${HOME}/x/$USER and $(ls)/$(pwd)",
        "$MY_VAR$ and $my_var$",
        "set $foo=$bar; $x and $y; $$ and $$",
        "The pay ($) and the price ($) rose.",
        "$ x^2 $, $x^2 $ and $ x^2$",
        "$ 4.5 billion in 2024 (up 3 %)$",
        "$five dollars = a lot$",
        "$정확도 = 5$",
        "\\$x^2\\$ and \\$5",
        "`$x^2$` and ``\\(x\\)``",
        "    $x^2$",
        "```\n$$\nx^2\n$$\n```",
        "$x^2\ny^2$",
        "$x = `y$`",
        "$a](https://a.example/x$)",
        "See \\[1\\], \\[cs.CL\\] and \\[a link\\](https://a.example/).",
        "\\\\(x_1\\\\) and \\\\[x_1\\\\]",
        "$x\\_1$",
        "![$x^2$](https://a.example/b.png)",
        "$" + "x+" * 100 + "x$",
        "$$\nx^2\n\ny^2\n$$",
        "&#36;x^2&#36;",
    ],
)
def test_no_maths(text: str) -> None:
    """Money, shell, code, prose, escapes, and what is too long or over lines is no maths."""
    assert formulas(text) == []


@pytest.mark.parametrize(
    "tex",
    [
        "\\frac{1",
        "x_1}",
        "\\unknown{x}",
        "\\left( x",
        "x_1_2",
        "a^2 & b",
        "\\begin{matrix} x",
        "\\phantom{x^2}",
        "\\cancel{x}",
        "\\def\\x{y}",
        "\\newcommand{\\a}{\\a\\a}\\a",
    ],
)
def test_what_cannot_be_shown_stays(tex: str) -> None:
    """TeX that is broken, unknown, hidden or a definition stays as it is written."""
    rendered = markdown_html(f"see ${tex}$ here")
    assert html.unescape(rendered) == f"<p>see ${tex}$ here</p>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$$E = mc^2$$", '<p><math alttext="E = mc^2" display="block">…</math></p>'),
        ("so $$x^2$$ holds", '<p>so <math alttext="x^2" display="block">…</math> holds</p>'),
        ("\\[E = mc^2\\]", '<p><math alttext="E = mc^2" display="block">…</math></p>'),
        (
            "가:\n$$\na\n- b^2\n+ c\n$$\n나",
            '<p>가:</p>\n<p><math alttext="a - b^2 + c" display="block">…</math></p>\n<p>나</p>',
        ),
        ("\\[\nx = 1\n\\]", '<p><math alttext="x = 1" display="block">…</math></p>'),
        (
            "- a\n\n  $$\n  x^2\n  $$\n- b",
            (
                '<ul>\n<li>\n<p>a</p>\n<p><math alttext="x^2" display="block">…</math></p>\n'
                "</li>\n<li>\n<p>b</p>\n</li>\n</ul>"
            ),
        ),
        ("> $$\n> x^2\n> $$", '<blockquote>\n<p><math alttext="x^2" display="block">…</math></p>\n</blockquote>'),
        ("$$\n" + "x^2\n" * 101 + "$$", None),
        ("$$\n# x\n$$ y^2", None),
    ],
)
def test_displays(text: str, expected: str | None) -> None:
    """A display may span lines that would mean something to Markdown; None: it is too long, or has no end."""
    rendered = re.sub(r"(<math [^>]*>).*?(</math>)", r"\1…\2", markdown_html(text), flags=re.DOTALL)
    if expected is None:
        assert "<math" not in rendered
    else:
        assert rendered == expected


def test_a_fault_of_the_converter_costs_one_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the converter to panic, the formula would stay as it is written; being interrupted is no such fault."""
    panic = type("PanicException", (BaseException,), {})
    faults: list[type[BaseException]] = [panic, KeyboardInterrupt]

    class Faulty:
        def __init__(self, **_options: object) -> None:
            pass

        def convert_with_local_state(self, _tex: str, **_options: object) -> str:
            raise faults.pop(0)

    maths._converter.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr("math_core.LatexToMathML", Faulty)
        assert markdown_html("$q_{991}$") == "<p>$q_{991}$</p>"
        with pytest.raises(KeyboardInterrupt):
            markdown_html("$q_{992}$")
    maths._converter.cache_clear()
    maths._mathml.cache_clear()


HOSTILE = [
    "\\href{javascript:alert(1)}{x}",
    "\\url{javascript:alert(1)}",
    "\\htmlId{a}{x}\\htmlClass{b}{x}\\htmlStyle{color:red}{x}\\htmlData{a=b}{x}",
    "\\style{position:fixed}{x^2}",
    "\\class{a}{x^2}",
    "\\cssId{a}{x^2}",
    "\\includegraphics{http://evil.example/a.png}",
    "\\input{/etc/passwd}",
    "\\write18{rm}",
    "\\text{</mtext></math><script>alert(1)</script>}",
    "\\text{<img src=x onerror=alert(1)>}_1",
    "\\text{&lt;script&gt;}_1",
    "x^2</annotation></math><script>alert(1)</script>",
    "x^2' onclick='alert(1)",
    '\\text{" onclick="alert(1)}',
    "\\color{red}x^2\\textcolor{blue}{y}",
    "\\color{red;background:url(//evil.example)}x",
    "\\hspace{9999em}x^2",
    "\\rule{9999em}{9999em}x",
    "\\unicode{x202e}x^2",
    '\\char"3C',
    "{" * 95 + "x" + "}" * 95,
    "\\sqrt" * 39,
    "x^{" * 60 + "x",
    "\\left(" * 30,
    "^" * 200,
    "\\" * 199,
    "\\def\\a#1{\\a{\\sqrt{#1}}}\\a{x}",
]


@pytest.mark.parametrize("tex", HOSTILE)
@pytest.mark.parametrize("around", ["${}$", "$${}$$", "\\({}\\)", "\\[{}\\]"])
def test_hostile_tex_is_tame(tex: str, around: str) -> None:
    """Links, styles, scripts, wide blanks and deep nesting do nothing in any kind of brackets."""
    rendered = markdown_html("a " + around.replace("{}", tex) + " b")
    assert_safe(rendered)
    assert "<script" not in rendered
    assert "style=" not in rendered
    assert "9999" not in re.sub("alttext=.*?>|\\$.*\\$", "", rendered) or "<math" not in rendered


TEX = [
    *("\\frac", "\\sqrt", "\\sqrt[", "{", "}", "{", "}", "_", "^", "x", "y", "12", "&", "\\\\", "\\left", "\\right"),
    *(
        "(",
        ")",
        "|",
        "\\|",
        "\\begin{matrix}",
        "\\end{matrix}",
        "\\begin{cases}",
        "\\end{cases}",
        "\\text{",
        "\\mathbb",
    ),
    *("\\hat", "\\overline", "\\underbrace", "\\sum", "\\int", "\\limits", "\\displaystyle", "\\color{red}", "\\not"),
    *("=", "<", ">", "'", "~", "\\,", "\\!", "\\quad", "\\hspace{1em}", "\\rm", "\\bm{", "#1", "%", "\\%", "\\$", "가"),
    *(
        "\\substack{",
        "\\binom",
        "\\over",
        "\\tag{1}",
        "\\ref{a}",
        "\\cancel{",
        "\\boxed{",
        "\\phantom{",
        "\\mod",
        "\\def\\x",
    ),
    *(
        "\\operatorname{",
        "\\texttt{",
        "\\textbf{",
        "\\xrightarrow{",
        "\\prescript",
        "\\mathop{",
        "\\Big(",
        "\\alpha",
        "<b>",
    ),
]
tex_texts = st.lists(st.sampled_from(TEX), min_size=1, max_size=20).map("".join)


@settings(deadline=None, max_examples=800)
@given(tex_texts, st.booleans())
@example("\\text{<b>&amp;}", False)  # noqa: FBT003
@example("\\begin{cases}x & y \\\\ z\\end{cases}", True)  # noqa: FBT003
def test_any_tex_is_well_formed(tex: str, display: bool) -> None:  # noqa: FBT001
    """Whatever TeX is converted gives well-formed MathML of the listed elements; nothing raises."""
    mark = "$$" if display else "$"
    rendered = markdown_html(f"a {mark}{tex}{mark} b")
    assert_safe(rendered)
    for formula in FORMULA.findall(rendered):
        root = ET.fromstring(formula.replace("&nbsp;", "\xa0"))  # noqa: S314 -- our own
        assert {element.tag for element in root.iter()} <= {*MATHS.split(), "code"}
        assert root.get("display") == ("block" if display else None)
        assert root.get("alttext", "").replace(" ", "") in tex.replace(" ", "")


def shown(rendered: str) -> str:
    """Give a rendered text's words, formulas as TeX."""
    return html.unescape(re.sub("<[^>]*>", "", maths.as_tex(rendered)))


@settings(deadline=None, max_examples=600)
@given(st.lists(st.sampled_from([*"ab 15$$$^=-+(){}.,/", "$x$", "가", "$a_1$"]), max_size=24).map("".join))
def test_text_is_kept(text: str) -> None:
    """Whatever is taken for maths or not, a line with its TeX reads as it is written, blanks aside."""
    kept = shown(markdown_html("가 " + text))
    assert "".join(kept.split()) == "".join(("가 " + text).split())


@settings(deadline=None, max_examples=400)
@given(st.text(max_size=60))
def test_any_text_between_dollars(text: str) -> None:
    """No text between dollars or TeX brackets raises or gets out of the list of elements."""
    for around in ("${}$", "$${}$$", "\\({}\\)", "\\[{}\\]"):
        assert_safe(markdown_html(around.replace("{}", text)))


def test_a_long_text_of_maths_is_quick() -> None:
    """10 kB within one pair of dollars is text, and is so at once."""
    begin = time.process_time()
    for piece in ("x^", "{", "\\sqrt{", "\\left(", "\\text{a} "):
        assert formulas(f"${piece * (10_000 // len(piece))}$") == []
        assert formulas(f"\\[{piece * (10_000 // len(piece))}\\]") == []
    assert time.process_time() - begin < 5


_OPENERS = """
    ( [ \\{ ⌈ ⌊ ⌜ ⌞ ⎰ ❲ ⟅ ⟦ ⟨ ⟪ ⟬ ⟮ ⦃ ⦅ ⦇ ⦉ ⦋ ⦍ ⦏ ⦑ ⦓ ⦕ ⦗ ⧘ ⧚ ⧼ \\lAngle \\lBrace \\lVert \\lang \\langle \\lbrace
    \\lbrack \\lceil \\lfloor \\lgroup \\llangle \\llbracket \\llcorner \\llparenthesis \\lmoustache
    \\lparen \\lvert \\ulcorner
"""


@pytest.mark.parametrize("opener", _OPENERS.split())
def test_what_opens_and_opens_stays(opener: str) -> None:
    """The converter takes twice as long for each that is not closed; a few are shown, as in `[0, 1)`."""
    for between in ("", "x", "(x)"):
        assert maths.maths_at(f"$x^2 {(opener + ' ' + between) * 24}$", 0) is None
    assert maths.maths_at(f"$x^2 + {opener} y$", 0) is not None
