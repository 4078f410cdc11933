r"""Resummed series for readers: sums over eigen-indices of tensors times time-sums, in text and in LaTeX.

A time-sum with two nodes is written out, :math:`(1-r_a^T)/(1-r_a)`; one with more stays a bracket, and a last line says what
brackets mean.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sgdsym.diagrams import Diagram
from sgdsym.render.factors import factor
from sgdsym.render.latex import AVERAGED, is_averaged, left_side
from sgdsym.render.notation import Notation, checked_notation
from sgdsym.render.rates import bare, latex_legend, text_legend
from sgdsym.render.scripts import LatexScript, Script, TextScript, raised
from sgdsym.render.width import LINE, width
from sgdsym.series import Coefficient, Series
from sgdsym.sgd.resummation import Clock, Difference, Resummed, TimeSum, index_letters, tensor_indices

_NEWLINE = r" \\"
_OPEN = "ik"
_CLOCKS: tuple[Clock, ...] = ("steps", "epochs", "slots")


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


class Pen(ABC):
    """What text and LaTeX have in common: which words a term has, and in which order."""

    script: Script
    opening: str
    closing: str

    def __init__(self, resummed: Resummed) -> None:
        if resummed.updates is not None:
            raise ValueError("updates that differ have no formula: kernels follow them; choose format numpy or json")
        self.resummed = resummed
        self.law = resummed.law
        self.function = resummed.setting.observable.carries_function
        self.slots = Coefficient.symbol(self.own_name("M"))
        found = [d for time in resummed.terms.values() for product, _ in time.terms for d in product]
        clocks = {clock for d in found for clock, nodes in d.factors()[1] if self.is_bracket(clock, nodes)}
        self.brackets = [clock for clock in _CLOCKS if clock in clocks]

    def own_name(self, name: str) -> str:
        """A name for a size of the legend, which no symbol of the series has."""
        return f"{name}_1" if name in self.resummed.symbols else name

    @property
    def exponents(self) -> dict[Clock, Coefficient]:
        """The powers of which there are differences: the number of steps that take a gradient, of epochs, of steps in each."""
        late = self.law.start if self.resummed.slots is None else 0
        epochs = Coefficient.symbol(self.own_name("E"))
        return {"steps": self.resummed.steps - late, "epochs": epochs, "slots": self.slots}

    def is_bracket(self, clock: Clock, nodes: Sequence[tuple[int, ...]]) -> bool:
        """Whether a difference is written as a bracket: not if it is a limit, or one quotient."""
        if self.resummed.stationary and clock != "slots":
            return False
        return len(nodes) > 2 or (len(nodes) == 2 and bool(nodes[0]))

    def rates(self, diagram: Diagram, letters: Sequence[str]) -> list[str]:
        """What stands for the rate of each edge: its letter, where edges have several rates with a prime for each one before.

        An edge to a root begins with a star where it carries something else than other edges.
        """
        if self.law.is_plain:
            return list(letters)
        rooted = self.resummed.rooted(diagram)
        stars = ["*" if root and self.law.has_roots_apart else "" for root in rooted]
        names = [star + letter for star, letter in zip(stars, letters, strict=True)]
        return [name + "'" * names[:e].count(name) for e, name in enumerate(names)]

    def terms(self) -> Iterator[_Words]:
        """The terms in words, sorted by order, tree and blocks."""
        for diagram, time in self.resummed:
            letters = index_letters(diagram, self.function)
            summed = [letter for letter in dict.fromkeys(letters) if letter not in _OPEN]
            tensors = [self._tensor(*tensor) for tensor in tensor_indices(diagram, letters, self.function)]
            common, rest = _common(time)
            scale = self.scale(common, diagram.order)
            negative = factor(common).negative
            yield _Words(
                negative,
                scale,
                self.sum(summed),
                self.script.side_by_side(tensors),
                tuple(self._time(rest, self.rates(diagram, letters))),
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
        front, parts = difference.factors()
        words = [self.ratios([letters[e] for e in front])] if front else []
        for clock, edges in parts:
            rates = [[letters[e] for e in node] for node in edges]
            if len(rates) == 1:
                continue
            if self.resummed.stationary and clock != "slots":
                words.append(self.limit([self._node(rate, clock) for rate in rates[1:]]))
            elif self.is_bracket(clock, edges):
                words.append(self.bracket([self._node(rate, clock) for rate in rates], clock))
            else:
                words.append(self.pair(rates[1], clock))
        return words

    def _node(self, rates: Sequence[str], clock: Clock) -> str:
        """A node of a difference: over epochs, a power for all the steps of one."""
        return self.powers(rates, self.slots) if clock == "epochs" and rates else self.ratios(rates)

    def whole(self, clock: Clock) -> Coefficient:
        """The power of rates in the numerator of a quotient: all steps, or those of an epoch."""
        return self.exponents["slots" if clock == "slots" else "steps"]

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
    def powers(self, letters: Sequence[str], times: Coefficient) -> str:
        """The product of rates to a power."""

    @abstractmethod
    def exponent(self, power: int) -> str:
        """A power of a symbol, empty for the first."""

    @property
    @abstractmethod
    def moved(self) -> str:
        """The learning rate times an eigenvalue."""

    @abstractmethod
    def pair(self, letters: Sequence[str], clock: Clock) -> str:
        """A difference of two nodes of which the first is 1, written out."""

    @abstractmethod
    def limit(self, nodes: Sequence[str]) -> str:
        """The limit of many steps of a difference with these nodes after the first."""

    @abstractmethod
    def bracket(self, nodes: Sequence[str], clock: Clock) -> str:
        """A difference of more nodes."""

    @abstractmethod
    def legend(self) -> list[str]:
        """Lines that say what letters and brackets mean."""


class _TextPen(Pen):
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
        return " ".join(f"{_rate(x)}{raised(n)}" for x, n in counts.items()) or "1"

    def powers(self, letters: Sequence[str], times: Coefficient) -> str:
        powers = ((x, bare(factor(times * n).text())) for x, n in Counter(letters).items())
        words = (f"{_rate(x)}^{power if power.isalnum() and len(power) == 1 else f'({power})'}" for x, power in powers)
        return " ".join(words)

    def exponent(self, power: int) -> str:
        return raised(power)

    @property
    def moved(self) -> str:
        return "η H_a"

    def pair(self, letters: Sequence[str], clock: Clock) -> str:
        node = self.ratios(letters)
        if self.resummed.continuous:
            inside, (below,) = f"({node})" if " " in node else node, self.distances([node])
            return f"(e^({inside} {self.resummed.steps}) - 1)/{below}"
        return f"(1 - {self.powers(letters, self.whole(clock))})/(1 - {self._node(letters, clock)})"

    def limit(self, nodes: Sequence[str]) -> str:
        below = self.distances(nodes)
        return f"1/({' '.join(below)})" if len(below) > 1 else f"1/{below[0]}"

    def bracket(self, nodes: Sequence[str], clock: Clock) -> str:
        mark = "" if clock == "steps" else f"_{self.exponents[clock]}"
        return f"[{', '.join(nodes)}]{mark}"

    def legend(self) -> list[str]:
        return text_legend(self)


class _LatexPen(Pen):
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
        return " ".join(_latex_rate(x) + self.exponent(n) for x, n in counts.items()) or "1"

    def powers(self, letters: Sequence[str], times: Coefficient) -> str:
        counts = Counter(letters).items()
        return " ".join(f"{_latex_rate(x)}^{{{bare(factor(times * n).latex(self.notation))}}}" for x, n in counts)

    def exponent(self, power: int) -> str:
        return f"^{{{power}}}" if power > 1 else ""

    @property
    def moved(self) -> str:
        return rf"{self.notation.learning_rate} {self.notation.hessian}_{{a}}"

    def pair(self, letters: Sequence[str], clock: Clock) -> str:
        node, counts = self.ratios(letters), Counter(letters)
        if self.resummed.continuous:
            inside = rf"({node}) \, {self.steps}" if len(counts) > 1 else rf"{node} {self.steps}"
            return rf"\frac{{e^{{{inside}}} - 1}}{{{node}}}"
        above = self.whole(clock)
        return rf"\frac{{1 - {self.powers(letters, above)}}}{{1 - {self._node(letters, clock)}}}"

    def limit(self, nodes: Sequence[str]) -> str:
        below = self.distances(nodes)
        return rf"\frac{{1}}{{{' '.join(below) if len(below) > 1 else below[0].removeprefix('(').removesuffix(')')}}}"

    def bracket(self, nodes: Sequence[str], clock: Clock) -> str:
        return rf"[{', '.join(nodes)}]_{{{bare(factor(self.exponents[clock]).latex(self.notation))}}}"

    def legend(self) -> list[str]:
        return latex_legend(self, self.notation)


def _rate(x: str) -> str:
    """The symbol of a rate in text."""
    return f"q_{x[1:]}" if x.startswith("*") else f"r_{x}"


def _latex_rate(x: str) -> str:
    """The symbol of a rate in LaTeX."""
    name, primes = x.lstrip("*").rstrip("'"), "'" * x.count("'")
    return rf"{'q' if x.startswith('*') else 'r'}_{{{name}}}{primes}"


def _common(time: TimeSum) -> tuple[Coefficient, TimeSum]:
    """A coefficient in front of a time-sum, and what is left inside: the only one, or the first where that is short."""
    first = time.terms[0][1]
    if len(time.terms) == 1:
        return first, TimeSum(((time.terms[0][0], Coefficient(1)),))
    return (first, time.scaled(1 / first)) if len(first.monomials()) == 1 else (Coefficient(1), time)
