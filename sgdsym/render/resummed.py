r"""Resummed series for readers: sums over eigen-indices of tensors times time-sums, in text and in LaTeX.

A time-sum with two nodes is written out, :math:`(1-r_a^T)/(1-r_a)`; one with more stays a bracket, and a last line says what
brackets mean.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sgdsym.render.factors import factor
from sgdsym.render.latex import AVERAGED, is_averaged, left_side
from sgdsym.render.notation import Notation, checked_notation
from sgdsym.render.scripts import LatexScript, Script, TextScript, raised
from sgdsym.render.width import LINE, width
from sgdsym.series import Coefficient, Series
from sgdsym.sgd.resummation import Difference, Resummed, TimeSum, index_letters, tensor_indices

_NEWLINE = r" \\"
_OPEN = "ik"


def resummed_to_text(resummed: Resummed) -> str:
    """The resummed series in unicode, one term per line, then what the letters and brackets mean.

    >>> from sgdsym.sgd import at_minimum, resum
    >>> print(resummed_to_text(at_minimum(resum(order=2, batch_size=1))))
    l
    + (1/2) η² Σ_a H_a C_aa (1 - r_a^(2T))/(1 - r_a²)
    where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis, r_a = 1 - η H_a
    """
    pen = _TextPen(resummed)
    lines: list[str] = []
    for term in pen.terms():
        sign = "- " if term.negative else "+ " if lines else ""
        lines.append(sign + " ".join(word for word in (term.scale, term.sums, term.tensors, *term.times) if word))
    averaged = [AVERAGED] if is_averaged(resummed.setting, resummed.terms) else []
    return "\n".join([*(lines or ["0"]), *pen.legend(), *averaged])


def resummed_to_latex(resummed: Resummed, *, notation: Notation | None = None) -> str:
    r"""The resummed series as an ``align*`` of amsmath, one term after the other, then what the brackets mean.

    Args:
        resummed: any resummed series.
        notation: the symbols; the literature's if left out.

    >>> from sgdsym.sgd import at_minimum, resum
    >>> print(resummed_to_latex(at_minimum(resum(order=2, batch_size=1))))
    \begin{align*}
    & \mathrm{E}[l(\theta_{T})] = l \\
    & \quad + \frac{1}{2} \, \eta^{2} \, \sum_{a} H_{a} \, C_{aa} \, \frac{1 - r_{a}^{2T}}{1 - r_{a}^{2}} \\
    & \text{in an eigenbasis of the mean Hessian, with eigenvalues } H_{a},\ r_{a} = 1 - \eta H_{a}
    \end{align*}
    """
    pen = _LatexPen(resummed, checked_notation(notation))
    lines = [f"{left_side(Series({}, 0, 'cumulant', resummed.setting), pen.at_the_end())} ="]
    for term in pen.terms():
        pieces = [word for word in (term.scale, term.sums + term.tensors, *term.times) if word]
        if len(lines) == 1 and pieces == [term.tensors] and not term.negative:
            # the value at the start, behind the equals sign
            lines[0] += f" {term.tensors}"
            continue
        line = rf"\quad {'-' if term.negative else '+'} {pieces[0]}"
        for piece in pieces[1:]:
            if width(f"{line} {piece}") < LINE:
                line += f" {piece}" if piece[:2] in ("+ ", "- ") else rf" \, {piece}"
            else:
                lines.append(line)
                line = rf"\qquad {piece}"
        lines.append(line)
    if not resummed.terms:
        lines[0] += " 0"
    lines += pen.legend()
    if is_averaged(resummed.setting, resummed.terms):
        lines.append(rf"\text{{{AVERAGED}}}")
    return "\n".join([r"\begin{align*}", f"{_NEWLINE}\n".join(f"& {line}" for line in lines), r"\end{align*}"])


@dataclass(frozen=True, slots=True)
class _Words:
    """One term: sign, number and learning rate, the sums, the tensors, and the time-sum in pieces."""

    negative: bool
    scale: str
    sums: str
    tensors: str
    times: tuple[str, ...]


class _Pen(ABC):
    """What text and LaTeX have in common: which words a term has, and in which order."""

    script: Script
    opening: str
    closing: str

    def __init__(self, resummed: Resummed) -> None:
        self.resummed = resummed
        self.function = resummed.setting.observable.carries_function
        self.has_brackets = any(
            len(d.nodes) > 2 and not resummed.stationary
            for time in resummed.terms.values()
            for product, _ in time.terms
            for d in product
        )

    def terms(self) -> Iterator[_Words]:
        for diagram, time in self.resummed:
            letters = index_letters(diagram, self.function)
            summed = [letter for letter in dict.fromkeys(letters) if letter not in _OPEN]
            tensors = [self._tensor(*tensor) for tensor in tensor_indices(diagram, letters, self.function)]
            common, rest = _common(time)
            scale = self.scale(common, diagram.order)
            negative = factor(common).negative
            yield _Words(
                negative, scale, self.sum(summed), self.script.side_by_side(tensors), tuple(self._time(rest, letters))
            )

    def _tensor(self, degrees: tuple[int | str, ...], groups: list[list[str]]) -> str:
        if degrees == (2,):
            return self.eigenvalue(groups[0][0])
        words = ["".join(group) for group in groups]
        if degrees[0] == "s":
            return self.script.indexed("function", len(words[0]), words[0])
        if len(words) == 1:
            return self.script.indexed("mean", len(words[0]), words[0])
        members = [self.script.indexed("sample", len(word), word) for word in words]
        return self.script.joint(members, "".join(words), all(len(word) == 1 for word in words))

    def _time(self, time: TimeSum, letters: Sequence[str]) -> list[str]:
        """The time-sum as factors, or as summands in one bracket."""
        summands = []
        for product, coefficient in time.terms:
            factors = [word for d in product for word in self._difference(d, letters)]
            negative, number = factor(coefficient).negative, self.scale(coefficient, 0)
            summands.append(
                (negative, self.script.side_by_side([word for word in (number, *factors) if word] or ["1"]))
            )
        if len(summands) == 1:
            return [] if summands[0][1] == "1" else [summands[0][1]]
        signed = [
            f"{'-' if negative else '+'} {text}" if k or negative else text
            for k, (negative, text) in enumerate(summands)
        ]
        return [self.opening + signed[0], *signed[1:-1], signed[-1] + self.closing]

    def _difference(self, difference: Difference, letters: Sequence[str]) -> list[str]:
        front = [self.ratios([letters[e] for e in difference.front])] if difference.front else []
        nodes = [self.ratios([letters[e] for e in node]) for node in difference.nodes]
        if len(nodes) == 1:
            return front
        if self.resummed.stationary:
            return [*front, self.limit(nodes[1:])]
        if len(nodes) == 2:
            return [*front, self.pair([letters[e] for e in difference.nodes[1]])]
        return [*front, self.bracket(nodes)]

    def distances(self, nodes: Sequence[str]) -> list[str]:
        """How far nodes are from the first, in brackets where that is more than a symbol."""
        if self.resummed.continuous:
            return [f"({node})" if "+" in node or node[0].isdigit() else node for node in nodes]
        return [f"(1 - {node})" for node in nodes]

    @property
    def minus(self) -> str:
        """The sign of the rates in continuous time: in the limit they are written as positive numbers."""
        return "" if self.resummed.stationary else "-"

    @abstractmethod
    def scale(self, coefficient: Coefficient, order: int) -> str:
        """The absolute value of a coefficient and the power of the learning rate; empty for 1."""

    @abstractmethod
    def sum(self, letters: Sequence[str]) -> str:
        """The sign of a sum over eigen-indices."""

    @abstractmethod
    def eigenvalue(self, letter: str) -> str:
        """An eigenvalue of the mean Hessian."""

    @abstractmethod
    def ratios(self, letters: Sequence[str]) -> str:
        """A node: the product of what the edges carry, or the sum of the rates."""

    @abstractmethod
    def pair(self, letters: Sequence[str]) -> str:
        """A difference of two nodes, written out."""

    @abstractmethod
    def limit(self, nodes: Sequence[str]) -> str:
        """The limit of many steps of a difference with these nodes after the first."""

    @abstractmethod
    def bracket(self, nodes: Sequence[str]) -> str:
        """A difference of more nodes."""

    @abstractmethod
    def legend(self) -> list[str]:
        """Lines that say what letters and brackets mean."""


class _TextPen(_Pen):
    script = TextScript()
    opening, closing = "(", ")"

    def scale(self, coefficient: Coefficient, order: int) -> str:
        factored, rate = factor(coefficient), ["η" + raised(order)] if order else []
        if factored.is_one:
            return " ".join(rate)
        text = f"({factored.text()})" if "/" in factored.text() else factored.text()
        return " ".join([text, *rate] if factored.is_number else [*rate, text])

    def sum(self, letters: Sequence[str]) -> str:
        return f"Σ_{''.join(letters)}" if letters else ""

    def eigenvalue(self, letter: str) -> str:
        return f"H_{letter}"

    def ratios(self, letters: Sequence[str]) -> str:
        counts = Counter(letters)
        if self.resummed.continuous:
            return " + ".join(f"{'' if n == 1 else n}s_{x}" for x, n in counts.items()) or "0"
        return " ".join(f"r_{x}{raised(n)}" for x, n in counts.items()) or "1"

    def pair(self, letters: Sequence[str]) -> str:
        node = self.ratios(letters)
        if self.resummed.continuous:
            inside, (below,) = f"({node})" if " " in node else node, self.distances([node])
            return f"(e^({inside} {self.resummed.steps}) - 1)/{below}"
        powers = ((x, factor(self.resummed.steps * n).text()) for x, n in Counter(letters).items())
        words = (f"r_{x}^{power if power.isalnum() and len(power) == 1 else f'({power})'}" for x, power in powers)
        return f"(1 - {' '.join(words)})/(1 - {node})"

    def limit(self, nodes: Sequence[str]) -> str:
        below = self.distances(nodes)
        return f"1/({' '.join(below)})" if len(below) > 1 else f"1/{below[0]}"

    def bracket(self, nodes: Sequence[str]) -> str:
        return f"[{', '.join(nodes)}]"

    def legend(self) -> list[str]:
        if not any(diagram.order for diagram in self.resummed.terms):
            return []
        continuous, steps = self.resummed.continuous, self.resummed.steps
        ratio = f"s_a = {self.minus}η H_a" if continuous else "r_a = 1 - η H_a"
        lines = [f"where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis, {ratio}"]
        if self.has_brackets:
            power = f"e^(R_i {steps})" if continuous else f"R_i^{steps}"
            lines.append(f"and [R_0, …, R_k] = Σ_i {power} / Π_(j≠i) (R_i - R_j), its limit where some are equal")
        return lines


class _LatexPen(_Pen):
    opening, closing = r"\Bigl( ", r" \Bigr)"

    def __init__(self, resummed: Resummed, notation: Notation) -> None:
        super().__init__(resummed)
        self.notation = notation
        self.script = LatexScript("cumulant", notation)

    def at_the_end(self) -> Notation:
        """The symbols, with the length of this run as the index of the weights unless it is the reader's own."""
        if self.notation.steps != Notation().steps:
            return self.notation
        return replace(self.notation, steps=r"\infty" if self.resummed.stationary else self.steps)

    @property
    def steps(self) -> str:
        """The number of steps."""
        return self.power(1)

    def power(self, times: int) -> str:
        """A multiple of the number of steps, as an exponent."""
        return factor(self.resummed.steps * times).latex(self.notation)

    def scale(self, coefficient: Coefficient, order: int) -> str:
        factored, n = factor(coefficient), self.notation
        rate = [n.learning_rate if order == 1 else f"{n.learning_rate}^{{{order}}}"] if order else []
        if factored.is_one:
            return "".join(rate)
        text = factored.latex(n)
        return r" \, ".join([text, *rate] if factored.is_number else [*rate, text])

    def sum(self, letters: Sequence[str]) -> str:
        return rf"\sum_{{{','.join(letters)}}} " if letters else ""

    def eigenvalue(self, letter: str) -> str:
        return f"{self.notation.hessian}_{{{letter}}}"

    def ratios(self, letters: Sequence[str]) -> str:
        counts = Counter(letters)
        if self.resummed.continuous:
            return " + ".join(f"{'' if n == 1 else n}s_{{{x}}}" for x, n in counts.items()) or "0"
        return " ".join(f"r_{{{x}}}" + (f"^{{{n}}}" if n > 1 else "") for x, n in counts.items()) or "1"

    def pair(self, letters: Sequence[str]) -> str:
        node, counts = self.ratios(letters), Counter(letters)
        if self.resummed.continuous:
            inside = rf"({node}) \, {self.steps}" if len(counts) > 1 else rf"{node} {self.steps}"
            return rf"\frac{{e^{{{inside}}} - 1}}{{{node}}}"
        power = " ".join(f"r_{{{x}}}^{{{self.power(n)}}}" for x, n in counts.items())
        return rf"\frac{{1 - {power}}}{{1 - {node}}}"

    def limit(self, nodes: Sequence[str]) -> str:
        below = self.distances(nodes)
        return rf"\frac{{1}}{{{' '.join(below) if len(below) > 1 else below[0].removeprefix('(').removesuffix(')')}}}"

    def bracket(self, nodes: Sequence[str]) -> str:
        return rf"[{', '.join(nodes)}]_{{{self.steps}}}"

    def legend(self) -> list[str]:
        if not any(diagram.order for diagram in self.resummed.terms):
            return []
        rate, hessian = self.notation.learning_rate, self.notation.hessian
        ratio = (
            rf"s_{{a}} = {self.minus}{rate} {hessian}_{{a}}"
            if self.resummed.continuous
            else rf"r_{{a}} = 1 - {rate} {hessian}_{{a}}"
        )
        lines = [rf"\text{{in an eigenbasis of the mean Hessian, with eigenvalues }} {hessian}_{{a}},\ {ratio}"]
        if self.has_brackets:
            power = rf"e^{{R_{{i}} {self.steps}}}" if self.resummed.continuous else rf"R_{{i}}^{{{self.steps}}}"
            lines.append(
                rf"[R_{{0}}, \dots, R_{{k}}]_{{{self.steps}}} = \sum_{{i}} {power} \prod_{{j \neq i}} \frac{{1}}{{R_{{i}} - R_{{j}}}}"
                r" \quad \text{(its limit where some are equal)}"
            )
        return lines


def _common(time: TimeSum) -> tuple[Coefficient, TimeSum]:
    """A coefficient in front of a time-sum, and what is left inside: the only one, or the first where that is short."""
    first = time.terms[0][1]
    if len(time.terms) == 1:
        return first, TimeSum(((time.terms[0][0], Coefficient(1)),))
    return (first, time.scaled(1 / first)) if len(first.monomials()) == 1 else (Coefficient(1), time)
