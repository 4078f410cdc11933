r"""What the letters of a resummed formula mean: the rates of edges, the polynomials they are zeros of, and the brackets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sgdsym.render.factors import factor
from sgdsym.series import Coefficient

if TYPE_CHECKING:
    from sgdsym.render.notation import Notation
    from sgdsym.render.resummed import Pen


def text_legend(pen: Pen) -> list[str]:
    """The lines below a formula in unicode."""
    resummed, law = pen.resummed, pen.law
    if not any(diagram.order for diagram in resummed.terms):
        return []
    ratio = f", s_a = {pen.minus}η H_a" if resummed.continuous else ", r_a = 1 - η H_a" if law.is_plain else ""
    lines = [f"where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis{ratio}"]
    if not law.is_plain:
        zeros = f"and r_a is summed over the zeros of D(r) = {_denominator(pen)}"
        lines.append(f"{zeros}, each with weight {_over(_polynomial(pen, law.gain), 'D')}; so is r_a', for itself")
    if law.has_roots_apart:
        factors = _polynomial(pen, law.root_memory)
        zeros = "the same zeros" if factors == "1" else f"the zeros of F(r) = ({factors}) D(r)"
        weight = _over(_polynomial(pen, law.root_gain), "D" if factors == "1" else "F")
        lines.append(f"and q_a, on edges to a root, over {zeros}, each with weight {weight}")
    if resummed.stationary and not law.is_plain:
        crossing = law.crossing()
        where = f"; one is at -1 for {pen.moved} = {factor(crossing).text()}" if crossing else ""
        lines.append(f"in the limit of many steps, which exists where all zeros are inside the unit circle{where}")
    if resummed.slots is not None:
        lines.append(f"with {pen.slots} = {factor(resummed.slots).text()} steps an epoch")
    for clock in pen.brackets:
        power = f"e^(R_i {resummed.steps})" if resummed.continuous else f"R_i^{factor(pen.exponents[clock]).text()}"
        mark = "" if clock == "steps" else f"_{pen.exponents[clock]}"
        lines.append(f"and [R_0, …, R_k]{mark} = Σ_i {power} / Π_(j≠i) (R_i - R_j), its limit where some are equal")
    return lines


def latex_legend(pen: Pen, notation: Notation) -> list[str]:
    """The lines below a formula in LaTeX."""
    resummed, law = pen.resummed, pen.law
    if not any(diagram.order for diagram in resummed.terms):
        return []
    rate, hessian = notation.learning_rate, notation.hessian
    ratio = ""
    if resummed.continuous:
        ratio = rf",\ s_{{a}} = {pen.minus}{rate} {hessian}_{{a}}"
    elif law.is_plain:
        ratio = rf",\ r_{{a}} = 1 - {rate} {hessian}_{{a}}"
    lines = [rf"\text{{in an eigenbasis of the mean Hessian, with eigenvalues }} {hessian}_{{a}}{ratio}"]
    if not law.is_plain:
        lines.append(
            rf"\text{{each }} r_{{a}}, r_{{a}}', \dots \text{{ summed over the zeros of }} D(r) = {_denominator(pen)}"
        )
        lines.append(rf"\qquad \text{{with weight }} \frac{{{_polynomial(pen, law.gain)}}}{{D'(r)}}")
    if law.has_roots_apart:
        factors, weight = _polynomial(pen, law.root_memory), _polynomial(pen, law.root_gain)
        zeros = "the same zeros" if factors == "1" else rf"the zeros of $F(r) = ({factors}) \, D(r)$"
        lines.append(rf"\text{{each }} q_{{a}} \text{{, on edges to a root, over {zeros}}}")
        lines.append(rf"\qquad \text{{with weight }} \frac{{{weight}}}{{{'D' if factors == '1' else 'F'}'(r)}}")
    if resummed.stationary and not law.is_plain:
        crossing = law.crossing()
        where = rf"\text{{; one is at }} -1 \text{{ for }} {pen.moved} = {factor(crossing).latex(notation)}"
        lines.append(rf"\text{{a limit where all zeros are inside the unit circle}}{where if crossing else ''}")
    if resummed.slots is not None:
        lines.append(rf"{pen.slots} = {factor(resummed.slots).latex(notation)} \text{{ steps an epoch}}")
    for clock in pen.brackets:
        mark = bare(factor(pen.exponents[clock]).latex(notation))
        power = rf"e^{{R_{{i}} {mark}}}" if resummed.continuous else rf"R_{{i}}^{{{mark}}}"
        lines.append(
            rf"[R_{{0}}, \dots, R_{{k}}]_{{{mark}}} = \sum_{{i}} {power} \prod_{{j \neq i}} \frac{{1}}{{R_{{i}} - R_{{j}}}}"
            r" \quad \text{(its limit where some are equal)}"
        )
    return lines


def bare(text: str) -> str:
    """Text without brackets around all of it.

    >>> bare("(T - 2)"), bare("(T - 2)(T - 3)")
    ('T - 2', '(T - 2)(T - 3)')
    """
    closed = text.startswith("(") and text.endswith(")") and "(" not in text[1:-1]
    return text[1:-1] if closed else text


def _polynomial(pen: Pen, polynomial: Sequence[Coefficient]) -> str:
    """A polynomial in a rate, the highest power first."""
    words = ""
    for power, c in reversed(list(enumerate(polynomial))):
        if c:
            number, rate = pen.scale(c, 0), f"r{pen.exponent(power)}" if power else ""
            sign = "-" if factor(c).negative else "+" if words else ""
            words += f" {sign} " if words else sign
            words += pen.script.side_by_side(
                [word for word in (number, rate) if word] if rate else [bare(number) or "1"]
            )
    return words


def _denominator(pen: Pen) -> str:
    r"""The polynomial whose zeros are the rates of an edge, :math:`Q + \eta h P`."""
    gain = _polynomial(pen, pen.law.gain)
    bracketed = [f"({gain})" if " " in gain else gain] if gain != "1" else []
    return f"{_polynomial(pen, pen.law.memory)} + {pen.script.side_by_side([pen.moved, *bracketed])}"


def _over(above: str, name: str) -> str:
    """A polynomial over the derivative of another."""
    return f"{f'({above})' if ' ' in above else above}/{name}'(r)"
