"""Words of any kind as LaTeX text."""

from __future__ import annotations

_REPLACEMENTS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "*": r"$\cdot$",
    # the usual font encoding of LaTeX, OT1, has other characters in the places of these three: ¡, ¿ and a dash
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def escaped(words: str) -> str:
    r"""Words as LaTeX text that shows them as they are.

    >>> escaped("a_b & c")
    'a\\_b \\& c'
    """
    return "".join(_REPLACEMENTS.get(c, rf"\{c}" if c in "#$%&_{}" else c) for c in words)
