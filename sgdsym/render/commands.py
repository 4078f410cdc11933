r"""The commands of LaTeX that a symbol may hold and those that this package writes; no other gets into a document.

LaTeX has thousands of commands and every package adds some, of which many read files, write files or change what others mean
(``\input``, ``\InputIfFileExists``, ``\scantokens``, ``\renewcommand``).  So those that may stand are listed, not those that may not.
"""

from __future__ import annotations

import re

from sgdsym.templating import Written

# a symbol is read recursively, one group of braces inside the other
LONGEST_SYMBOL, DEEPEST = 80, 12  # characters of a symbol, and braces inside one another
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega "
    "varepsilon vartheta varpi varrho varsigma varphi varkappa digamma "
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_SIGNS = (
    "aleph beth ell hbar hslash imath jmath wp Re Im nabla partial infty emptyset varnothing complement Bbbk eth mho "
    "ast star circ bullet cdot times otimes oplus ominus odot dagger ddagger dag ddag top bot perp prime flat natural sharp "
    "diamond triangle square clubsuit diamondsuit heartsuit spadesuit angle langle rangle lVert rVert lvert rvert vert Vert "
    "pm mp sim simeq approx propto parallel mid in to rightarrow leftarrow uparrow downarrow dots ldots cdots sum prod int "
    "log exp det max min sin cos"
)
_FONTS = (
    "mathrm mathbf mathit mathsf mathtt mathcal mathbb mathfrak mathscr mathnormal boldsymbol bm operatorname "
    "text textrm textbf textit textsf texttt rm bf it sf cal"
)
_ACCENTS = (
    "hat widehat tilde widetilde bar overline vec overrightarrow dot ddot dddot check breve acute grave mathring underline "
    "underbar not"
)
_SPACES = "quad qquad thinspace medspace thickspace negthinspace enspace space"
_SIZES = "left right big Big bigl bigr Bigl Bigr displaystyle textstyle scriptstyle limits nolimits"
SYMBOL_COMMANDS = frozenset(
    f"{_GREEK} {_SIGNS} {_FONTS} {_ACCENTS} {_SPACES} {_SIZES} sqrt frac mathop mathbin mathord".split()
)
# which of them need a line in the preamble besides that of amsmath
LOADED_BY = {
    r"\usepackage{amssymb}": "Bbbk beth complement digamma eth hslash mathbb mathfrak mho square varkappa varnothing",
    r"\usepackage[mathscr]{eucal}": "mathscr",
    r"\usepackage{bm}": "bm",
}

_WRITTEN = (
    "binom underbrace begin end label eqref notag allowbreak allowdisplaybreaks documentclass usepackage neq le ge par "
    "definecolor draw fill node useasboundingbox vcenter hbox fontsize selectfont sffamily ttfamily phantom "
    "textbackslash textasciitilde textasciicircum textless textgreater textbar section"
)
_STRUCTURE = frozenset(_WRITTEN.split())
_MARK = re.compile(r"\\([A-Za-z]+|[^A-Za-z])")
_SYMBOL = re.compile(r"(?:\\[a-zA-Z]+|\\[,;:!| ]|[a-zA-Z0-9{}^_'()|*+ -])+")


class Latex(Written):
    r"""LaTeX that this package has written, with commands that it knows.

    >>> Latex(r"\frac{1}{2} \eta")
    '\\frac{1}{2} \\eta'
    """

    __slots__ = ()

    @classmethod
    def check(cls, text: str) -> None:
        """Refuse commands that are not listed, characters by their codes, and lines that a comment would end with."""
        for name in _MARK.findall(text):
            if len(name) > 1 and name not in SYMBOL_COMMANDS and name not in _STRUCTURE:
                raise ValueError(f"\\{name[:40]} is no command that this package writes")
        if "^^" in text or "\r" in text:
            raise ValueError("characters are written as such, not by their codes")


def checked_symbol(symbol: str) -> str:
    r"""The LaTeX of a symbol itself, if it is made of letters, digits, brackets, scripts and listed commands.

    Raises:
        ValueError: if it is anything else, not closed, or long.

    >>> checked_symbol(r"\mathcal{L}")
    '\\mathcal{L}'
    """
    text = symbol if isinstance(symbol, str) else ""
    deepest = _depth(text)
    known = all(name in SYMBOL_COMMANDS for name in re.findall(r"\\([A-Za-z]+)", text))
    if (
        deepest is None
        or deepest > DEEPEST
        or len(text) > LONGEST_SYMBOL
        or not _SYMBOL.fullmatch(text)
        or "^^" in text
    ):
        known = False
    if not known:
        raise ValueError(f"{symbol!r:.40} is not a symbol in LaTeX, such as G, \\ell or \\mathcal{{L}}")
    return symbol


def _depth(text: str) -> int | None:
    """The depth to which braces are nested, or nothing where they are not balanced."""
    depth = deepest = 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        deepest = max(deepest, depth)
        if depth < 0:
            return None
    return None if depth else deepest
