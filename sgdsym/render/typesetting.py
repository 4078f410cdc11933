"""How a series is set in LaTeX: one value for all choices, and the document around the result."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from sgdsym.arguments import quoted, read_choice, read_flag, read_integer, read_items, read_text
from sgdsym.formula import LINE
from sgdsym.render.commands import LOADED_BY
from sgdsym.render.formulas import Style, Sums, checked_style, checked_sums
from sgdsym.render.notation import Notation, checked_notation
from sgdsym.render.prefactors import POLYNOMIALS, Polynomials
from sgdsym.render.tikz import TIKZ_PREAMBLE
from sgdsym.series import ScheduleSum, symbol_name

Shape = Literal["display", "aligned", "equations", "fragment"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
NARROWEST, WIDEST = 12, 400  # ems
_LABEL = re.compile(r"[A-Za-z0-9:._-]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typesetting:
    r"""How a series is set in LaTeX.

    Args:
        style: ``"matrix"`` for matrix notation where it exists and indices elsewhere, ``"index"`` for indices, ``"metric"``
            for lower indices that the inverse metric contracts, ``"diagram"`` for small pictures.
        notation: the symbols.
        sums: ``"einstein"`` to sum over repeated indices silently, ``"explicit"`` to write the sums.
        polynomials: ``"factored"`` for products such as :math:`T(T-1)`, or the ``"binomial"``, the ``"falling"`` factorial or the
            ``"power"`` that polynomials of the length of the run are sums of.
        collect: whether the diagrams of an order that have a prefactor in common are put in one bracket behind it.
        shape: ``"display"`` for one ``align*``, ``"aligned"`` for a block to put into an equation of your own,
            ``"equations"`` for one numbered equation per order, ``"fragment"`` for the bare formula on one line of the page.
        terms_per_line: as many terms of one order stand on a line, or as few as fit.
        width: of a line, in ems: 33 in the standard classes at 10 points, about 22 in a column of two.
        label: begins the labels of numbered equations, ``\eqref{label}`` for the series and ``\eqref{label:3}`` for order 3.
        lengths: symbols that may be the length of the run; the first that occurs in a coefficient is.

    Raises:
        ValueError: if a choice is unknown.

    >>> Typesetting(shape="column")
    Traceback (most recent call last):
    ValueError: shape must be one of display, aligned, equations, fragment, not 'column'
    """

    style: Style = "matrix"
    notation: Notation = field(default_factory=Notation)
    sums: Sums = "einstein"
    polynomials: Polynomials = "factored"
    collect: bool = False
    shape: Shape = "display"
    terms_per_line: int = 1
    width: float = LINE
    label: str = "eq:sgd"
    lengths: tuple[str, ...] = ("T", "E")

    def __post_init__(self) -> None:
        checked_style(self.style)
        checked_sums(self.sums)
        checked_notation(self.notation)
        read_choice("polynomials", self.polynomials, POLYNOMIALS)
        read_choice("shape", self.shape, SHAPES)
        read_flag("collect", self.collect)
        if (
            isinstance(self.width, bool)
            or not isinstance(self.width, (int, float))
            or not NARROWEST <= self.width <= WIDEST
        ):
            raise ValueError(f"width must be a number of ems from {NARROWEST} to {WIDEST}, not {quoted(self.width)}")
        object.__setattr__(self, "width", float(self.width))
        object.__setattr__(self, "terms_per_line", read_integer("terms_per_line", self.terms_per_line, least=1))
        lengths = tuple(symbol_name(name) for name in read_items("lengths", self.lengths, "list of symbol names"))
        object.__setattr__(self, "lengths", lengths)
        if not _LABEL.fullmatch(read_text("label", self.label)):
            raise ValueError(f"label must be made of letters, digits and : . _ -, not {quoted(self.label)}")

    def for_run(self, steps: int | str | None, epochs: int | str | None) -> Typesetting:
        """The same choices for a run whose number of steps or epochs has been given.

        >>> chosen = Typesetting().for_run("M", None)
        >>> chosen.lengths, chosen.notation.steps
        (('M',), 'M')
        """
        notation = self.notation
        if steps is not None and notation.steps == Notation().steps:
            notation = replace(notation, steps=notation.size(steps) if isinstance(steps, str) else str(steps))
        lengths = tuple(size for size in (steps, epochs) if isinstance(size, str)) or self.lengths
        return replace(self, notation=notation, lengths=lengths)

    def for_sums(self, sums: Mapping[str, ScheduleSum]) -> Typesetting:
        """The same choices for a series whose symbols stand for sums over a schedule."""
        return replace(self, notation=replace(self.notation, sums=sums)) if sums else self


def preamble(formulas: str) -> list[str]:
    r"""The lines that a document needs before ``\begin{document}`` for such formulas.

    >>> preamble(r"\mathrm{E}[l]")
    ['\\usepackage{amsmath}', '\\allowdisplaybreaks']
    """
    lines = [r"\usepackage{amsmath}"]
    found = set(re.findall(r"\\([A-Za-z]+)", formulas))
    lines += [line for line, commands in LOADED_BY.items() if found & {*commands.split()}]
    if "tikzpicture" in formulas:
        lines.append(TIKZ_PREAMBLE)
    return [*lines, r"\allowdisplaybreaks"]


def typeset_document(formulas: str) -> str:
    r"""A complete document for pdfLaTeX.

    >>> print(typeset_document("Here."))
    \documentclass{article}
    \usepackage{amsmath}
    \allowdisplaybreaks
    \begin{document}
    Here.
    \end{document}
    """
    head = [r"\documentclass{article}", *preamble(formulas), r"\begin{document}"]
    return "\n".join([*head, formulas, r"\end{document}"])
