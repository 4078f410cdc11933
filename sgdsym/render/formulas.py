"""The value of one diagram as a formula."""

from __future__ import annotations

from typing import Literal, get_args

from sgdsym.arguments import read_choice
from sgdsym.diagrams import Diagram
from sgdsym.render.indices import index_form, summed_indices
from sgdsym.render.network import matrix_form
from sgdsym.render.notation import Notation, checked_notation
from sgdsym.render.scripts import LatexScript, Script, TextScript
from sgdsym.render.tikz import inline_tikz
from sgdsym.series import BASES, Basis

Style = Literal["matrix", "index", "diagram"]
STYLES: tuple[Style, ...] = get_args(Style)
Sums = Literal["einstein", "explicit"]
SUMS: tuple[Sums, ...] = get_args(Sums)


def diagram_to_latex(
    diagram: Diagram,
    basis: str = "cumulant",
    *,
    style: str = "matrix",
    notation: Notation | None = None,
    sums: str = "einstein",
    function: bool = False,
    weight_decay: bool = False,
) -> str:
    r"""The value of a diagram in LaTeX, for math mode, amsmath only.

    Capitals are means over the data, small letters belong to one data point.  In matrix notation a tensor takes
    arguments in square brackets, and :math:`\kappa[h g]` or :math:`\mathrm{E}[h g]` is the joint cumulant or moment
    of the tensors inside, contracted as written.  In index notation repeated indices are summed.  A picture needs
    ``\usepackage{tikz}``.

    Args:
        diagram: any diagram.
        basis: whether its blocks are joint ``"cumulant"`` or joint ``"moment"``.
        style: ``"matrix"`` for matrix notation where it exists and indices elsewhere, ``"index"`` for indices,
            ``"diagram"`` for a small picture.
        notation: the symbols; the literature's if left out.
        sums: ``"einstein"`` to sum over repeated indices silently, ``"explicit"`` to write the sums.
        function: whether open roots carry derivatives of a function; otherwise one of degree 1 is an open index.
        weight_decay: whether nodes carry weight decay, so that the plain loss of a root is written with nablas.

    Raises:
        ValueError: if the basis, the style or the way of writing sums is unknown.

    >>> diagram_to_latex(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]))
    '\\operatorname{tr}(H C)'
    >>> diagram_to_latex(Diagram(3, [(0, 1), (1, 2)], [(0, 1)]), "moment")
    'G^{\\top}\\,\\mathrm{E}[h g]'
    >>> diagram_to_latex(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]), style="index")
    'C_{ab} \\, H_{ab}'
    >>> diagram_to_latex(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]), style="index", sums="explicit")
    '\\sum_{a,b} C_{ab} \\, H_{ab}'
    """
    script = LatexScript(_checked_basis(basis), checked_notation(notation), weight_decay)
    return latex_formula(diagram, script, checked_style(style), checked_sums(sums), function)


def latex_formula(diagram: Diagram, script: LatexScript, style: Style, sums: Sums, function: bool) -> str:
    """The value of a diagram in LaTeX, as a formula or as a picture."""
    if style == "diagram":
        return inline_tikz(diagram)
    return formula(diagram, script, style, function, sums == "explicit")


def diagram_to_text(
    diagram: Diagram, basis: str = "cumulant", *, function: bool = False, weight_decay: bool = False
) -> str:
    """The value of a diagram in unicode text: matrix notation where it exists, indices elsewhere.

    Args:
        diagram: any diagram.
        basis: whether its blocks are joint ``"cumulant"`` or joint ``"moment"``.
        function: whether open roots carry derivatives of a function; otherwise one of degree 1 is an open index.
        weight_decay: whether nodes carry weight decay, so that the plain loss of a root is written with nablas.

    Raises:
        ValueError: if the basis is unknown.

    >>> diagram_to_text(Diagram(4, [(0, 1), (1, 2), (2, 3)]))
    'G·H² G'
    >>> diagram_to_text(Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 2)]), "moment")
    'G_a E[h_ab g_c] H_bc'
    """
    return formula(diagram, TextScript(_checked_basis(basis), weight_decay), "matrix", function)


def formula(diagram: Diagram, script: Script, style: Style, function: bool, explicit: bool = False) -> str:
    """The value of a diagram, by a script that knows the basis; sums over indices are written if they are explicit."""
    matrix = matrix_form(diagram, script, function) if style == "matrix" else None
    if matrix is not None:
        return matrix
    text = index_form(diagram, script, function)
    indices = summed_indices(diagram, function) if explicit else ""
    return rf"\sum_{{{','.join(indices)}}} {text}" if indices else text


def checked_style(style: str) -> Style:
    """The style, if there is one of that name.

    Raises:
        ValueError: naming the styles there are.
    """
    return read_choice("style", style, STYLES)


def checked_sums(sums: str) -> Sums:
    """The way of writing sums, if there is one of that name.

    Raises:
        ValueError: naming the ways there are.
    """
    return read_choice("sums", sums, SUMS)


def _checked_basis(basis: str) -> Basis:
    return read_choice("basis", basis, BASES)
