"""The value of one diagram as a formula."""

from __future__ import annotations

from typing import Literal

from sgdsym.diagrams import Diagram
from sgdsym.render.indices import index_form
from sgdsym.render.network import matrix_form
from sgdsym.render.notation import Notation
from sgdsym.render.scripts import LatexScript, Script, TextScript
from sgdsym.series import BASES, Basis

Style = Literal["matrix", "index"]
STYLES: tuple[Style, ...] = ("matrix", "index")


def diagram_to_latex(
    diagram: Diagram,
    basis: str = "cumulant",
    *,
    style: str = "matrix",
    notation: Notation | None = None,
    function: bool = False,
) -> str:
    r"""The value of a diagram in LaTeX, for math mode, amsmath only.

    Capitals are means over the data, small letters belong to one data point.  In matrix notation a tensor takes
    arguments in square brackets, and :math:`\kappa[h g]` or :math:`\mathbb{E}[h g]` is the joint cumulant or moment
    of the tensors inside, contracted as written.  In index notation repeated indices are summed.

    Args:
        diagram: any diagram.
        basis: whether its blocks are joint ``"cumulant"`` or joint ``"moment"``.
        style: ``"matrix"`` for matrix notation where it exists and indices elsewhere, ``"index"`` for indices.
        notation: the symbols; the literature's if left out.
        function: whether open roots carry derivatives of a function; otherwise one of degree 1 is an open index.

    Raises:
        ValueError: if the basis or the style is unknown.

    >>> diagram_to_latex(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]))
    '\\operatorname{tr}(H C)'
    >>> diagram_to_latex(Diagram(3, [(0, 1), (1, 2)], [(0, 1)]), "moment")
    'G^{\\top}\\,\\mathbb{E}[h g]'
    >>> diagram_to_latex(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]), style="index")
    'C_{ab} \\, H_{ab}'
    """
    script = LatexScript(_checked_basis(basis), notation or Notation())
    return formula(diagram, script, checked_style(style), function)


def diagram_to_text(diagram: Diagram, basis: str = "cumulant", *, function: bool = False) -> str:
    """The value of a diagram in unicode text: matrix notation where it exists, indices elsewhere.

    Args:
        diagram: any diagram.
        basis: whether its blocks are joint ``"cumulant"`` or joint ``"moment"``.
        function: whether open roots carry derivatives of a function; otherwise one of degree 1 is an open index.

    Raises:
        ValueError: if the basis is unknown.

    >>> diagram_to_text(Diagram(4, [(0, 1), (1, 2), (2, 3)]))
    'G·H² G'
    >>> diagram_to_text(Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 2)]), "moment")
    'G_a E[h_ab g_c] H_bc'
    """
    return formula(diagram, TextScript(_checked_basis(basis)), "matrix", function)


def formula(diagram: Diagram, script: Script, style: Style, function: bool) -> str:
    """The value of a diagram, by a script that knows the basis."""
    matrix = matrix_form(diagram, script, function) if style == "matrix" else None
    return matrix if matrix is not None else index_form(diagram, script, function)


def checked_style(style: str) -> Style:
    """The style, if there is one of that name.

    Raises:
        ValueError: naming the styles there are.
    """
    if style not in STYLES:
        raise ValueError(f"style must be 'matrix' or 'index', not {style!r}")
    return style


def _checked_basis(basis: str) -> Basis:
    if basis not in BASES:
        raise ValueError(f"basis must be 'cumulant' or 'moment', not {basis!r}")
    return basis
