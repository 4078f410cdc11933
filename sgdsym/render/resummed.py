r"""Resummed series for readers: sums over eigen-indices of tensors times time-sums, in text and in LaTeX.

A time-sum with two nodes is written out, :math:`(1-r_a^T)/(1-r_a)`; one with more stays a bracket, and a last line says what
brackets mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
from sgdsym.render.factors import factor
from sgdsym.render.latex import AVERAGED, is_averaged, left_side
from sgdsym.render.notation import Notation, checked_notation
from sgdsym.render.scripts import Script
from sgdsym.render.terms import Piece, Term, bracketed, fill, line_formula, signed
from sgdsym.series import Coefficient, Series
from sgdsym.sgd.resummation import Difference, Resummed, TimeSum, index_letters, tensor_indices

_NEWLINE = r" \\"
_OPEN = "ik"
_ONE = Digits("1")
_SEPARATE = "where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis"
_IN_A_BASIS = "in an eigenbasis of the mean Hessian, with eigenvalues "


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
    return "\n".join([*(lines or ["0"]), *writer.words(), *averaged])


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
    writer = _Writer(resummed, checked_notation(notation))
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
    legend = [*writer.legend(), *([Words(AVERAGED)] if is_averaged(resummed.setting, resummed.terms) else [])]
    lines += map(to_latex, legend)
    return "\n".join([r"\begin{align*}", f"{_NEWLINE}\n".join(f"& {line}" for line in lines), r"\end{align*}"])


@dataclass(frozen=True, slots=True)
class _Writer:
    """Which words a term has, and in which order."""

    resummed: Resummed
    notation: Notation

    @property
    def script(self) -> Script:
        """Writes the tensors."""
        return Script("cumulant", self.notation)

    @property
    def function(self) -> bool:
        """Whether an open root carries derivatives of a function."""
        return self.resummed.setting.observable.carries_function

    @property
    def has_brackets(self) -> bool:
        """Whether a difference of more than two nodes is left."""
        return any(
            len(d.nodes) > 2 and not self.resummed.stationary
            for time in self.resummed.terms.values()
            for product, _ in time.terms
            for d in product
        )

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
            found.append(signed(factor(common).negative, [*pieces, *self._time(rest, letters)]))
        return found

    def _tensor(self, degrees: tuple[int | str, ...], groups: list[list[str]]) -> Formula:
        if degrees == (2,):
            return self._eigenvalue(groups[0][0])
        words = ["".join(group) for group in groups]
        if degrees[0] == "s":
            return self.script.indexed("function", len(words[0]), words[0])
        if len(words) == 1:
            return self.script.indexed("mean", len(words[0]), words[0])
        members = [self.script.indexed("sample", len(word), word) for word in words]
        return self.script.joint(members, "".join(words), all(len(word) == 1 for word in words))

    def _time(self, time: TimeSum, letters: Sequence[str]) -> list[Piece]:
        """The time-sum as factors, or as summands in one bracket."""
        summands = []
        for product, coefficient in time.terms:
            factors = [word for d in product for word in self._difference(d, letters)]
            words = [*self._scale(coefficient, 0), *factors]
            summands.append((factor(coefficient).negative, row(words, "product") if words else _ONE))
        if len(summands) == 1:
            return [] if summands[0][1] == _ONE else [Piece(summands[0][1], is_factor=True)]
        pieces = [Piece(text, "-" if negative else "+") for negative, text in summands]
        if not summands[0][0]:
            pieces[0] = replace(pieces[0], sign="")
        return bracketed([], pieces)

    def _difference(self, difference: Difference, letters: Sequence[str]) -> list[Formula]:
        front = [self._ratio([letters[e] for e in difference.front])] if difference.front else []
        nodes = [self._ratio([letters[e] for e in node]) for node in difference.nodes]
        if len(nodes) == 1:
            return front
        if self.resummed.stationary:
            return [*front, Fraction(_ONE, row(self._distances(nodes[1:]), "plain"))]
        if len(nodes) == 2:
            return [*front, self._pair([letters[e] for e in difference.nodes[1]])]
        return [*front, Scripts(Bracket(row(nodes, "listed"), square=True), below=self.power(1))]

    def _distances(self, nodes: Sequence[Formula]) -> list[Formula]:
        """How far nodes are from the first, in brackets where that is more than a symbol."""
        if self.resummed.continuous:
            return [node if isinstance(node, Scripts) else Bracket(node) for node in nodes]
        return [Bracket(_less(node)) for node in nodes]

    def _scale(self, coefficient: Coefficient, order: int) -> list[Formula]:
        """The absolute value of a coefficient and the power of the learning rate; nothing for 1."""
        factored = factor(coefficient)
        rate = [power(self.notation.symbol("learning_rate"), order)] if order else []
        if factored.is_one:
            return rate
        size = [factored.formula(self.notation)]
        return [*size, *rate] if factored.is_number else [*rate, *size]

    def _eigenvalue(self, letter: str) -> Formula:
        """An eigenvalue of the mean Hessian."""
        return Scripts(self.notation.symbol("hessian"), below=Symbol(letter, letter))

    def _ratio(self, letters: Sequence[str]) -> Formula:
        """A node: the product of what the edges carry, or the sum of the rates."""
        counts = Counter(letters)
        if self.resummed.continuous:
            rates = [(False, row([*_times(n), _lettered("s", x)], "beside")) for x, n in counts.items()]
            return signed_sum(rates) if rates else Digits("0")
        ratios = [_lettered("r", x, Digits(str(n)) if n > 1 else None) for x, n in counts.items()]
        return row(ratios, "plain") if ratios else _ONE

    def _pair(self, letters: Sequence[str]) -> Formula:
        """A difference of two nodes, written out."""
        node, counts = self._ratio(letters), Counter(letters)
        if not self.resummed.continuous:
            powers = row((_lettered("r", x, self.power(n)) for x, n in counts.items()), "plain")
            return Fraction(_less(powers), _less(node))
        several = len(counts) > 1
        exponent = Row((Bracket(node) if several else node, self.power(1)), "product" if several else "plain")
        return Fraction(Row((power(Symbol("e", "e"), exponent), Sign("-"), _ONE), "plain"), node)

    def power(self, times: int) -> Formula:
        """A multiple of the number of steps, as an exponent."""
        return factor(self.resummed.steps * times).formula(self.notation)

    def at_the_end(self) -> Notation:
        """The symbols, with the length of this run as the index of the weights unless it is the reader's own."""
        if self.notation.steps != Notation().steps:
            return self.notation
        return replace(self.notation, steps=r"\infty" if self.resummed.stationary else to_latex(self.power(1)))

    def words(self) -> list[str]:
        """Lines that say in text what letters and brackets mean."""
        lines = [to_text(Row((Words(f"{_SEPARATE}, "), self._definition())))] if self._has_letters else []
        return [*lines, *(f"and {to_text(line)}" for line in self._bracket_definition())]

    def legend(self) -> list[Formula]:
        """Lines that say what letters and brackets mean."""
        eigenvalue = Row((self._eigenvalue("a"), Sign(","), Sign("blank"), self._definition()))
        own = [Row((Words(_IN_A_BASIS), eigenvalue), "plain")] if self._has_letters else []
        return [*own, *self._bracket_definition()]

    @property
    def _has_letters(self) -> bool:
        return any(diagram.order for diagram in self.resummed.terms)

    def _definition(self) -> Formula:
        """What an edge carries; in the limit of continuous time rates are written as positive numbers."""
        moved = Row((self.notation.symbol("learning_rate"), self._eigenvalue("a")), "plain")
        if not self.resummed.continuous:
            return Row((_lettered("r", "a"), Sign("="), _less(moved)), "plain")
        minus = () if self.resummed.stationary else (Sign("negative"),)
        return Row((_lettered("s", "a"), Sign("="), Row((*minus, moved))), "plain")

    def _bracket_definition(self) -> list[Formula]:
        if not (self._has_letters and self.has_brackets):
            return []
        steps, own, other = self.power(1), _lettered("R", "i"), _lettered("R", "j")
        exponent = Row((own, steps), "plain")
        above = power(Symbol("e", "e"), exponent) if self.resummed.continuous else _lettered("R", "i", steps)
        ends = row((_lettered("R", "0"), Sign("dots"), _lettered("R", "k")), "listed")
        unequal = Row((Symbol("j", "j"), Sign("neq"), Symbol("i", "i")), "plain")
        parts = (
            *(Scripts(Bracket(ends, square=True), below=steps), Sign("=")),
            *(Scripts(Sign("sum"), below=Symbol("i", "i")), above, Scripts(Sign("product"), below=unequal)),
            *(Fraction(_ONE, _less(other, own)), Sign("quad"), Words("(its limit where some are equal)")),
        )
        return [Row(parts, "plain")]


def _less(formula: Formula, whole: Formula = _ONE) -> Formula:
    return Row((whole, Sign("-"), formula), "plain")


def _times(number: int) -> list[Formula]:
    return [] if number == 1 else [Digits(str(number))]


def _lettered(name: str, letter: str, above: Formula | None = None) -> Formula:
    return Scripts(Symbol(name, name), below=Symbol(letter, letter), above=None if above == _ONE else above)


def _common(time: TimeSum) -> tuple[Coefficient, TimeSum]:
    """A coefficient in front of a time-sum, and what is left inside: the only one, or the first where that is short."""
    first = time.terms[0][1]
    if len(time.terms) == 1:
        return first, TimeSum(((time.terms[0][0], Coefficient(1)),))
    return (first, time.scaled(1 / first)) if len(first.monomials()) == 1 else (Coefficient(1), time)
