r"""TeX in a digest's Markdown → MathML that feed readers and browsers show.

Owns what counts as maths, its conversion, and the MathML that may be published.  Maths that is missed stays
as it is written, which a reader of papers can read; text that is taken for maths is spoilt.  So a `$` needs a
partner near by, no blank inside, and something mathematical between the two: money, shell variables and
escaped brackets are none of it.  What cannot be converted stays as it is written, too.

The TeX is kept in the `alttext` of `<math>`.  An `<annotation>` would be the other place, but readers that
drop MathML keep the text in it, and then show each formula twice.

Refuses all other Markdown, and trusts no converter: its output is checked here and sanitised in `markdown`.
"""

from __future__ import annotations

import html
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_INLINE: Final = 200
"""Characters of TeX at most between `$` and `$` or `\\(` and `\\)`, on one line."""

LONGEST_DISPLAY: Final = 400
"""Characters of TeX at most in a display; the converter recurses, and this bounds how deep."""

MOST_LINES: Final = 20
"""Lines at most of a display."""

# --- what may be published ----------------------------------------------------------------------------------

_TAG_NAMES: Final = """
    math mrow mi mn mo mtext mspace mfrac msqrt mroot mpadded mtable mtr mtd
    msub msup msubsup munder mover munderover mmultiscripts mprescripts
"""
TAGS: Final = frozenset(_TAG_NAMES.split())
"""The elements of MathML Core, less those that hide (`mphantom`), link or wrap what is no MathML."""

ATTRIBUTES: Final = {
    "math": {"display", "alttext"},
    "mi": {"mathvariant"},
    "mo": {"form", "lspace", "rspace", "stretchy", "symmetric", "minsize", "maxsize", "movablelimits"},
    "mspace": {"width"},
    "mfrac": {"linethickness", "displaystyle"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "munderover": {"accent", "accentunder"},
    "mrow": {"displaystyle", "scriptlevel"},
    "mtable": {"displaystyle", "scriptlevel"},
}
"""Their attributes; none that styles, names or links."""

# --- what counts as maths -----------------------------------------------------------------------------------

# `CO$_2$`, `2$\times$`, `$\mu$P`: what can be nothing else may touch words and numbers.
_TIGHT: Final = re.compile(
    r"""(?<![\\$])\$(?P<tex>[\^_](?:\{[^{}$\n]{1,40}\}|[0-9A-Za-z*+]|\\[A-Za-z]{1,20})|\\[A-Za-z]{1,20}|[\u0370-\u03ff])
    \$(?!\$)""",
    re.VERBOSE,
)
_DOLLAR: Final = re.compile(
    rf"""(?<![\\$0-9A-Za-z_])\$(?=[^\s$])
    (?P<tex>(?:[^$\\\n]|\\[^\n]){{1,{LONGEST_INLINE}}})(?<!\s)
    \$(?!\$|(?!(?:th|st|nd|rd|s)(?![0-9A-Za-z_]))[0-9A-Za-z_])""",
    re.VERBOSE,
)
_DOLLARS: Final = re.compile(
    rf"(?<![\\$0-9A-Za-z_])\$\$(?!\$)(?P<tex>(?:[^$\\]|\\.){{1,{LONGEST_DISPLAY}}})\$\$(?![$0-9])", re.DOTALL
)
_ROUND: Final = re.compile(rf"(?<!\\)\\\((?P<tex>(?:[^\\\n]|\\[^()\n]){{1,{LONGEST_INLINE}}})\\\)")
_SQUARE: Final = re.compile(rf"(?<!\\)\\\[(?P<tex>(?:[^\\]|\\[^\[\]]){{1,{LONGEST_DISPLAY}}})\\\](?!\()", re.DOTALL)
DISPLAYS: Final = {"$$": "$$", r"\[": r"\]"}
"""What opens a display, and what closes it."""

_NAMED: Final = re.compile(r"\\(?:text[a-z]*|mbox|operatorname\*?|math[a-z]+|begin|end)\s*\{[^{}]*\}")
_COMMAND: Final = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
_TEX: Final = re.compile(r"\\[A-Za-z,;:!{|%]|\^")
# Quotation marks, code, links, and letters that are words: CJK, kana, Hangul.
_NO_MATHS: Final = re.compile(r'["`#]|://|\]\(|[\u1100-\u11ff\u3040-\u9fff\uac00-\ud7ff\uf900-\ufaff]')
_PROSE: Final = re.compile(r"[A-Za-z]{2,}[ ,\n]+[A-Za-z]{2,}")
_SNAKE: Final = re.compile(r"[A-Za-z]{2}_|_[A-Za-z]{2}")
_CUT_OFF: Final = re.compile(r"^[]),.;:!?/}]|(?<![\^_\\])[-+/:;,=<>(\[{&]\Z")
_WHOLE: Final = re.compile(r"[A-Za-z\u0370-\u03ff]'*|[-+−]?[0-9]+(?:[.,][0-9]+)*|[<>=+≤≥≈±×→]")
_MONEY: Final = re.compile(r"[0-9.,]+ ?[kKmMbBtT]n?")
_OPERATOR: Final = re.compile(r"[-+*/=<>|()\[\],~'!−×·±≤≥≠≈∼∈→∞∑√]")
_LETTERS: Final = re.compile("[A-Za-z]+")
_FUNCTION_NAMES: Final = "arg cos cov deg det dim exp gcd inf ker lim ln log max min mod sin sup tan tr var"
_FUNCTIONS: Final = frozenset(_FUNCTION_NAMES.split())


class Maths(NamedTuple):
    """Maths found in a text: where it ends, its MathML, and how it is written."""

    end: int
    mathml: str
    source: str


def may_be_in(text: str) -> bool:
    """Tell quickly whether a text may have maths; most have none."""
    return "$" in text or r"\(" in text or r"\[" in text


def is_between_dollars(text: str) -> bool:
    """Tell whether there is maths between dollars; a pair of two counts unseen, for it may span lines."""
    if "$$" in text:
        return True
    at = text.find("$")
    last = text.rfind("$")
    while at < last:
        if maths_at(text, at) is not None:
            return True
        at = text.find("$", at + 1)
    return False


def maths_at(text: str, at: int) -> Maths | None:
    """Read the maths that begins at a place, if some does and it can be shown."""
    opener = text[at : at + 2]
    display = opener in DISPLAYS
    found = _match(text, at, opener)
    if found is None:
        return None
    tex = " ".join(found["tex"].split())
    if not _is_maths(tex, display=display):
        return None
    mathml = _mathml(tex, display=display)
    return None if mathml is None else Maths(found.end(), mathml, found[0])


def _match(text: str, at: int, opener: str) -> re.Match[str] | None:
    if opener == "$$":
        return _DOLLARS.match(text, at)
    if opener[:1] == "\\":
        return (_SQUARE if opener == r"\[" else _ROUND).match(text, at)
    return _TIGHT.match(text, at) or _DOLLAR.match(text, at)


def _is_maths(tex: str, *, display: bool) -> bool:
    if not display and _WHOLE.fullmatch(tex):
        return True
    if _CUT_OFF.search(tex) or r"\_" in tex:  # `\_` is Markdown's, around a name
        return False
    bare = _COMMAND.sub(" ", _NAMED.sub(" ", tex))
    if _NO_MATHS.search(bare) or _PROSE.search(bare):
        return False
    if _TEX.search(tex):
        return True
    if "_" in tex:
        return "{" in tex or not _SNAKE.search(tex)
    return (not display or "=" in tex) and _is_formula(bare, spaced=" " in tex)


def _is_formula(text: str, *, spaced: bool) -> bool:
    """Tell `f(x) = 2n` from words: its letters stand alone, or name a function."""
    runs = _LETTERS.findall(text)
    longest = 1 if spaced else 2
    if _MONEY.fullmatch(text) or any(len(run) > longest and run.lower() not in _FUNCTIONS for run in runs):
        return False
    digits = any(map(str.isdigit, text))
    return (digits or _OPERATOR.search(text) is not None) if runs else (digits and "=" in text)


# --- its conversion -----------------------------------------------------------------------------------------

_OPEN_TAG: Final = re.compile("<([a-z]+)")
_SHOWN: Final = re.compile("<m(?:i|n|o|text)[ >]")
# What the converter puts into `mtext`; the sanitiser leaves its text.
_IN_TEXT: Final = frozenset(("b", "i", "em", "code", "span"))
_WIDE: Final = re.compile(r' (?:width|minsize|maxsize|lspace|rspace)="(?!-?[0-9]?(?:\.[0-9]+)?(?:em)?")')
_MOST_PARTS: Final = 60
# The converter reads what follows an opening delimiter once more where that is not closed: 2**n times for n of them.
_MOST_OPENERS: Final = 10
_OPENER: Final = re.compile(
    r"[(\[\u2308\u230a\u231c\u231e\u23b0\u2768-\u2775\u27c5\u27e6-\u27ef\u2983-\u2998\u29d8-\u29dd\u29fc]"
    r"|\\\{|\\(?:ul|l+)(?:[aA]ng|[bB]rac|ceil|corner|floor|group|moustache|paren|[vV]ert)"
)
_RENAMED: Final = (("\\mbox{", "\\text{"), ("\\mathds{", "\\mathbb{"), ("\\mathbbm{", "\\mathbb{"))


@lru_cache(maxsize=1024)
def _mathml(tex: str, *, display: bool) -> str | None:
    """Convert TeX; None where it is no TeX, has what is not understood, or makes what may not be published."""
    if tex.count("\\") > _MOST_PARTS or tex.count("{") > _MOST_PARTS or len(_OPENER.findall(tex)) > _MOST_OPENERS:
        return None
    known = tex
    for name, other in _RENAMED:
        known = known.replace(name, other)
    mathml = _converter()(known, display)
    if mathml is None or not _SHOWN.search(mathml) or _WIDE.search(mathml):
        return None
    if not set(_OPEN_TAG.findall(mathml)) <= TAGS | _IN_TEXT:
        return None
    return mathml.replace("<math", f'<math alttext="{html.escape(tex)}"', 1)


@cache
def _converter() -> Callable[[str, bool], str | None]:
    """Make the converter, once a process and only when some text has maths."""
    from math_core import LatexError, LatexToMathML  # noqa: PLC0415 -- start-up imports what the command needs

    # `\widetilde{O}` is in many abstracts, and some browser draws its tilde too short; macros are none of ours.
    core = LatexToMathML(fancy_error=False, allow_unreliable_rendering=True, max_expansions=0)

    def convert(tex: str, display: bool) -> str | None:  # noqa: FBT001 -- a callable type has no names
        try:
            return core.convert_with_local_state(tex, displaystyle=display)
        except LatexError:
            return None
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of the converter's language: no `Exception`, no public name
                raise
            return None

    return convert


_MATH: Final = re.compile(r'<math (?P<more>[^>]*?)alttext="(?P<tex>[^"]*)"(?P<rest>[^>]*)>.*?</math>', re.DOTALL)


def as_tex(rendered: str) -> str:
    """Put TeX between dollars back in the place of MathML, for a text that is to be plain."""
    return _MATH.sub(_dollars, rendered) if "<math" in rendered else rendered


def _dollars(math: re.Match[str]) -> str:
    mark = "$$" if "display=" in math["more"] + math["rest"] else "$"
    return mark + math["tex"].replace("<", "&lt;").replace(">", "&gt;") + mark
