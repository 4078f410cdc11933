"""The value of one diagram as a formula."""

from __future__ import annotations

from typing import Literal, get_args

from sgdsym.arguments import read_choice
from sgdsym.diagrams import Diagram
from sgdsym.formula import Formula, Summed, Symbol, row, to_latex, to_text
from sgdsym.render.indices import index_form, summed_indices
from sgdsym.render.network import matrix_form
from sgdsym.render.notation import Notation, checked_notation
from sgdsym.render.scripts import Script
from sgdsym.render.tikz import inline_picture
from sgdsym.series import BASES, Basis

Style = Literal["matrix", "index", "metric", "diagram"]
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
        style: ``"matrix"`` for matrix notation where it exists and indices elsewhere, ``"index"`` for indices, ``"metric"``
            for lower indices that the inverse metric contracts, ``"diagram"`` for a small picture.
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
    >>> diagram_to_latex(Diagram(2, [(0, 1)]), style="metric")
    'G_a \\, g^{ab} \\, G_b'
    """
    script = Script(_checked_basis(basis), checked_notation(notation), weight_decay)
    return to_latex(diagram_formula(diagram, script, checked_style(style), checked_sums(sums), function))


def diagram_to_text(
    diagram: Diagram,
    basis: str = "cumulant",
    *,
    style: str = "matrix",
    function: bool = False,
    weight_decay: bool = False,
) -> str:
    """The value of a diagram in unicode text.

    Args:
        diagram: any diagram.
        basis: whether its blocks are joint ``"cumulant"`` or joint ``"moment"``.
        style: ``"matrix"``, ``"index"`` or ``"metric"``, as for :func:`diagram_to_latex`.
        function: whether open roots carry derivatives of a function; otherwise one of degree 1 is an open index.
        weight_decay: whether nodes carry weight decay, so that the plain loss of a root is written with nablas.

    Raises:
        ValueError: if the basis or the style is unknown.

    >>> diagram_to_text(Diagram(4, [(0, 1), (1, 2), (2, 3)]))
    'G·H² G'
    >>> diagram_to_text(Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 2)]), "moment")
    'G_a E[h_ab g_c] H_bc'
    >>> diagram_to_text(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]), style="metric")
    'C_ad g^ab H_bc g^cd'
    """
    script = Script(_checked_basis(basis), Notation(), weight_decay)
    return to_text(diagram_formula(diagram, script, text_style(style), function=function))


def diagram_formula(
    diagram: Diagram, script: Script, style: Style = "matrix", sums: Sums = "einstein", function: bool = False
) -> Formula:
    """The value of a diagram as a formula or as a picture, by a script that knows the basis and the symbols."""
    if style == "diagram":
        return inline_picture(diagram)
    matrix = matrix_form(diagram, script, function) if style == "matrix" else None
    if matrix is not None:
        return matrix
    metric = style == "metric"
    body = index_form(diagram, script, function, metric)
    indices = summed_indices(diagram, function, metric) if sums == "explicit" else ""
    under = row((Symbol(letter, letter) for letter in indices), "commas")
    return Summed(under, body) if indices else body


def checked_style(style: str) -> Style:
    """The style, if there is one of that name.

    Raises:
        ValueError: naming the styles there are.
    """
    return read_choice("style", style, STYLES)


def text_style(style: str) -> Style:
    """The style of a text, which has no pictures.

    Raises:
        ValueError: naming the styles there are.
    """
    return read_choice("style", style, tuple(name for name in STYLES if name != "diagram"))


def checked_sums(sums: str) -> Sums:
    """The way of writing sums, if there is one of that name.

    Raises:
        ValueError: naming the ways there are.
    """
    return read_choice("sums", sums, SUMS)


def _checked_basis(basis: str) -> Basis:
    return read_choice("basis", basis, BASES)
