r"""Text → TeX: what stands in a BibTeX field typesets as it reads, and runs no command.

Owns the escaping; refuses BibTeX's fields and what is in them.
"""

from __future__ import annotations

import re
from typing import Final

_MATHS: Final = re.compile(r"\$([^$]++)\$(?!\d)")
_COMMAND: Final = re.compile(r"\\(?:([A-Za-z]+)|(.)|$)", re.DOTALL)
_NOT_MATHS: Final = re.compile(r"[%#&~]|\^\^")
_SYMBOL_NAMES: Final = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho
    sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell
    hbar infty partial nabla forall exists in notin subset subseteq cup cap times cdot pm mp le leq ge geq neq
    ne ll gg approx sim simeq equiv propto to rightarrow leftarrow leftrightarrow Rightarrow mapsto uparrow
    downarrow sum prod int log ln exp sin cos tan max min arg sup inf lim sqrt frac mathbb mathbf mathcal
    mathrm mathit mathsf mathtt boldsymbol text textbf textit textrm operatorname hat bar tilde vec overline
    underline dot ddot left right langle rangle lfloor rfloor lceil rceil mid ldots cdots dots circ star ast
    dagger oplus otimes perp prime degree quad
"""
_SYMBOLS: Final = frozenset(_SYMBOL_NAMES.split())
_TEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "$": r"\$",
        "%": r"\%",
        "&": r"\&",
        "#": r"\#",
        "_": r"\_",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)
_SPECIAL: Final = re.compile(r"[\\{}$%&#_~^]")


def tex(text: str) -> str:
    r"""Escape a text that is clean and on one line for TeX; maths stays where it is safe (see `_is_maths`).

    Braces become commands, because BibTeX counts `\{` as a brace.

    >>> tex("50% of $x_1$ & {more}")
    '50\\% of $x_1$ \\& \\textbraceleft{}more\\textbraceright{}'
    """
    if not _SPECIAL.search(text):
        return text
    if "$" not in text:
        return text.translate(_TEX)
    out, end = [], 0
    for match in _MATHS.finditer(text):
        out.append(text[end : match.start()].translate(_TEX))
        out.append(match[0] if _is_maths(match[1]) else match[0].translate(_TEX))
        end = match.end()
    return "".join([*out, text[end:].translate(_TEX)])


def _is_maths(text: str) -> bool:
    r"""Tell whether a text between two dollar signs is maths and nothing else.

    As Pandoc reads it, maths neither begins nor ends with a blank, so prices are none.  TeX runs what it is
    given (`\input` reads files), so only well-known commands pass, and braces must match.
    """
    if text != text.strip() or _NOT_MATHS.search(text):
        return False
    for command in _COMMAND.finditer(text):
        if not (command[1] in _SYMBOLS or command[2] in {",", ";", ":", "!", " ", "|"}):
            return False
    return _balanced(text)


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0
