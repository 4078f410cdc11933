r"""Resummed series for readers: sums over eigen-indices of tensors times time-sums, in text and in LaTeX.

A difference of two nodes is written out, :math:`(1-r_a^T)/(1-r_a)`; one of more stays a bracket, and lines of
:mod:`sgdsym.render.rates` say what letters and brackets mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sgdsym.formula import (
    Bracket,
    Digits,
    Formula,
    Fraction,
    Row,
    Scripts,
    Sign,
    Summed,
    Symbol,
    Words,
    power,
    row,
    signed_sum,
    to_latex,
    to_text,
)
from sgdsym.render.clashes import check_letters
from sgdsym.render.factors import factor
from sgdsym.render.latex import AVERAGED, is_averaged, left_side
from sgdsym.render.notation import Notation, checked_notation
from sgdsym.render.rates import ONE, Rate, Rates, less
from sgdsym.render.scripts import Script
from sgdsym.render.terms import Piece, Term, bracketed, fill, line_formula, signed
from sgdsym.render.text import ambiguities
from sgdsym.resummation import Clock, Difference, Resummed, TimeSum, index_letters, tensor_indices
from sgdsym.series import Coefficient, Series

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
    writer = _Writer(resummed, Notation())
    lines = [to_text(line_formula(term, leading=k > 0)) for k, term in enumerate(writer.terms())]
    averaged = [AVERAGED] if is_averaged(resummed.setting, resummed.terms) else []
    ambiguous = ambiguities(writer.tensors(), resummed.symbols)
    return "\n".join([*(lines or ["0"]), *writer.rates.text_legend(), *ambiguous, *averaged])


def resummed_to_latex(resummed: Resummed, *, notation: Notation | None = None) -> str:
    r"""The resummed series as an ``align*`` of amsmath, one term after the other, then what the brackets mean.

    Args:
        resummed: any resummed series.
        notation: the symbols; the literature's if left out.

    Raises:
        ValueError: if a letter would stand for two things.

    >>> from sgdsym.sgd import at_minimum, resum
    >>> print(resummed_to_latex(at_minimum(resum(order=2, batch_size=1))))
    \begin{align*}
    & \mathrm{E}[l(\theta_{T})] = l \\
    & \quad + \frac{1}{2} \, \eta^{2} \, \sum_{a} H_{a} \, C_{aa} \, \frac{1 - r_{a}^{2T}}{1 - r_{a}^{2}} \\
    & \text{in an eigenbasis of the mean Hessian, with eigenvalues } H_{a},\ r_{a} = 1 - \eta H_{a}
    \end{align*}
    """
    writer = _Writer(resummed, checked_notation(notation))
    check_letters(writer.tensors(), resummed.symbols, writer.notation)
    lines = [f"{to_latex(left_side(Series({}, 0, 'cumulant', resummed.setting), writer.at_the_end()))} ="]
    terms = writer.terms()
    if terms and len(terms[0]) == 1 and terms[0][0].sign == "+":
        # the value at the start, behind the equals sign
        lines[0] += f" {to_latex(terms.pop(0)[0].formula)}"
    for group in fill(terms, 1):
        begins = (rf"\{'q' * (k > 0)}quad" for k in range(len(group)))
        lines += [f"{begin} {to_latex(line_formula(p))}" for begin, p in zip(begins, group, strict=True)]
    if not resummed.terms:
        lines[0] += " 0"
    lines += writer.rates.latex_legend()
    if is_averaged(resummed.setting, resummed.terms):
        lines.append(to_latex(Words(AVERAGED)))
    return "\n".join([r"\begin{align*}", f"{_NEWLINE}\n".join(f"& {line}" for line in lines), r"\end{align*}"])


@dataclass(frozen=True, slots=True)
class _Writer:
    """The words of a term, in their order."""

    resummed: Resummed
    notation: Notation

    def __post_init__(self) -> None:
        if self.resummed.updates is not None:
            raise ValueError("updates that differ have no formula: kernels follow them; choose format numpy or json")

    @property
    def rates(self) -> Rates:
        """Knows what edges carry."""
        return Rates(self.resummed, self.notation)

    @property
    def script(self) -> Script:
        """Writes the tensors."""
        return Script("cumulant", self.notation)

    @property
    def function(self) -> bool:
        """Whether an open root carries derivatives of a function."""
        return self.resummed.setting.observable.carries_function

    def terms(self) -> list[Term]:
        """Each term in pieces: number and learning rate, the sum over tensors, the time-sum."""
        found = []
        for diagram, time in self.resummed:
            letters = index_letters(diagram, self.function)
            summed = "".join(letter for letter in dict.fromkeys(letters) if letter not in _OPEN)
            factors = tensor_indices(diagram, letters, self.function)
            tensors = row((self._tensor(*factor) for factor in factors), "product")
            common, rest = _common(time)
            scale = self._scale(common, diagram.order)
            pieces = [Piece(row(scale, "product"))] if scale else []
            pieces.append(
                Piece(
                    Summed(row((Symbol(letter, letter) for letter in summed), "commas"), tensors)
                    if summed
                    else tensors,
                    is_factor=True,
                )
            )
            found.append(signed(factor(common).negative, [*pieces, *self._time(rest, self.rates.of(diagram, letters))]))
        return found

    def tensors(self) -> Iterator[Formula]:
        """The tensors of each term."""
        for diagram in self.resummed.terms:
            letters = index_letters(diagram, self.function)
            yield from (self._tensor(*factor) for factor in tensor_indices(diagram, letters, self.function))

    def _tensor(self, degrees: tuple[int | str, ...], groups: list[list[str]]) -> Formula:
        if degrees == (2,):
            return self.rates.eigenvalue(groups[0][0])
        words = ["".join(group) for group in groups]
        if degrees[0] == "s":
            return self.script.indexed("function", len(words[0]), words[0])
        if len(words) == 1:
            return self.script.indexed("mean", len(words[0]), words[0])
        members = [self.script.indexed("sample", len(word), word) for word in words]
        return self.script.joint(members, "".join(words), all(len(word) == 1 for word in words))

    def _time(self, time: TimeSum, rates: Sequence[Rate]) -> list[Piece]:
        """The time-sum as factors, or as summands in one bracket."""
        summands = []
        for product, coefficient in time.terms:
            factors = [word for d in product for word in self._difference(d, rates)]
            words = [*self._scale(coefficient, 0), *factors]
            summands.append((factor(coefficient).negative, row(words, "product") if words else ONE))
        if len(summands) == 1:
            return [] if summands[0][1] == ONE else [Piece(summands[0][1], is_factor=True)]
        pieces = [Piece(text, "-" if negative else "+") for negative, text in summands]
        if not summands[0][0]:
            pieces[0] = replace(pieces[0], sign="")
        return bracketed([], pieces)

    def _difference(self, difference: Difference, rates: Sequence[Rate]) -> list[Formula]:
        front, parts = difference.factors()
        words = [self._ratio([rates[e] for e in front])] if front else []
        for clock, edges in parts:
            carried = [[rates[e] for e in node] for node in edges]
            nodes = [self._node(node, clock) for node in carried]
            if len(nodes) == 1:
                continue
            if self.rates.is_limit(clock):
                # of Σ_i R_i^T/Π_(j≠i)(R_i - R_j) only the node R_0 = 1 does not decay: 1/Π_j(1 - R_j)
                words.append(Fraction(ONE, row(self._distances(nodes[1:]), "plain")))
            elif self.rates.is_bracket(clock, edges):
                mark = self.rates.exponent(self.rates.length(clock))
                words.append(Scripts(Bracket(row(nodes, "listed"), square=True), below=mark))
            else:
                words.append(self._pair(carried[1], clock))
        return words

    def _node(self, rates: Sequence[Rate], clock: Clock) -> Formula:
        """A node of a difference: over epochs, a power for all the steps of one."""
        return self._powers(rates, self.rates.slots) if clock == "epochs" and rates else self._ratio(rates)

    def _distances(self, nodes: Sequence[Formula]) -> list[Formula]:
        """The distances of nodes from the first one, in brackets where they are more than a symbol."""
        if self.resummed.continuous:
            return [node if isinstance(node, Scripts) else Bracket(node) for node in nodes]
        return [Bracket(less(node)) for node in nodes]

    def _scale(self, coefficient: Coefficient, order: int) -> list[Formula]:
        """The absolute value of a coefficient and the power of the learning rate; nothing for 1."""
        factored = factor(coefficient)
        rate = [power(self.notation.symbol("learning_rate"), order)] if order else []
        if factored.is_one:
            return rate
        size = [factored.formula(self.notation)]
        return [*size, *rate] if factored.is_number else [*rate, *size]

    def _ratio(self, rates: Sequence[Rate]) -> Formula:
        """A node: the product of its rates, in continuous time their sum."""
        if self.resummed.continuous:
            summands = [(False, row([*_times(n), x.formula("s")], "beside")) for x, n in Counter(rates).items()]
            return signed_sum(summands) if summands else Digits("0")
        return self._powers(rates, Coefficient(1)) if rates else ONE

    def _powers(self, rates: Sequence[Rate], times: Coefficient) -> Formula:
        """The product of rates, each to a power."""
        counts = Counter(rates).items()
        return row((x.formula("r", self.rates.exponent(times * n)) for x, n in counts), "plain")

    def _pair(self, rates: Sequence[Rate], clock: Clock) -> Formula:
        """A difference of two nodes of which the first is 1, written out."""
        node = self._node(rates, clock)
        if not self.resummed.continuous:
            # over E epochs of M steps the node is r^M, and its E-th power r^T; without epochs it is r, and the sum is
            # geometric: sum_t r^t = (1 - r^T)/(1 - r)
            whole = self.rates.length("slots" if clock == "slots" else "steps")
            return Fraction(less(self._powers(rates, whole)), less(node))
        several = len(Counter(rates)) > 1
        exponent = Row((Bracket(node) if several else node, self._steps), "product" if several else "plain")
        return Fraction(Row((power(Symbol("e", "e"), exponent), Sign("-"), ONE), "plain"), node)

    @property
    def _steps(self) -> Formula:
        """The number of steps, as an exponent."""
        return self.rates.exponent(self.resummed.steps)

    def at_the_end(self) -> Notation:
        """The symbols, with the length of this run as the index of the weights unless it is the reader's own."""
        if self.notation.steps != Notation().steps:
            return self.notation
        return replace(self.notation, steps=r"\infty" if self.resummed.stationary else to_latex(self._steps))


def _times(number: int) -> list[Formula]:
    return [] if number == 1 else [Digits(str(number))]


def _common(time: TimeSum) -> tuple[Coefficient, TimeSum]:
    """A coefficient in front of a time-sum, and the rest inside: the only one, or the first where that is short."""
    first = time.terms[0][1]
    if len(time.terms) == 1:
        return first, TimeSum(((time.terms[0][0], Coefficient(1)),))
    return (first, time.scaled(1 / first)) if len(first.monomials()) == 1 else (Coefficient(1), time)
