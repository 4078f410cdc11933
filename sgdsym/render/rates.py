r"""The rates on the edges of a resummed formula, their symbols, and the legend that explains the letters.

Where all steps are plain there is one rate :math:`r_a` for each eigenvalue.  Any other optimiser has several, the zeros of a
polynomial: :math:`r_a` and :math:`r_a'` on two edges of one eigenvalue, and :math:`q_a` on edges to a root.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sgdsym.diagrams import Diagram
from sgdsym.formula import (
    LINE,
    Bracket,
    Digits,
    Formula,
    Fraction,
    Row,
    Scripts,
    Sign,
    Symbol,
    Words,
    call,
    power,
    row,
    signed_sum,
    to_latex,
    to_text,
    width,
)
from sgdsym.render.factors import factor
from sgdsym.render.notation import Notation
from sgdsym.resummation import Clock, EdgeLaw, Resummed
from sgdsym.series import Coefficient

ONE = Digits("1")
_CLOCKS: tuple[Clock, ...] = ("steps", "epochs", "slots")
_SEPARATE = "where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis"
_IN_A_BASIS = "in an eigenbasis of the mean Hessian, with eigenvalues "
_R, _PRIME = Symbol("r", "r"), Symbol("'", "'")
_INDENT = 2.0  # \qquad
# parts of a sentence between which a line may be broken
Sentence = tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate of an edge: the letter of its eigen-index, whether it is one for roots alone, and the primes.

    >>> to_text(Rate("a", rooted=True, primes=1).formula("r", Symbol("T")))
    "q_a'^T"
    """

    letter: str
    rooted: bool = False
    primes: int = 0

    def formula(self, name: str, exponent: Formula = ONE) -> Formula:
        """The rate to a power; rates of edges to roots have a name of their own."""
        if not self.primes:
            return lettered("q" if self.rooted else name, self.letter, exponent)
        return power(Row((replace(self, primes=0).formula(name), *[_PRIME] * self.primes)), _or_none(exponent) or 1)


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates on the edges of a resummed series, and the powers whose divided differences occur."""

    resummed: Resummed
    notation: Notation

    @property
    def law(self) -> EdgeLaw:
        """The law of the rates on the edges."""
        return self.resummed.law

    @property
    def slots(self) -> Coefficient:
        """The symbol for the number of steps in an epoch."""
        return Coefficient.symbol(self._own_name("M"))

    def _own_name(self, name: str) -> str:
        """A name for a size of the legend, which no symbol of the series has."""
        return f"{name}_1" if name in self.resummed.symbols else name

    def length(self, clock: Clock) -> Coefficient:
        """The power of which there are differences: the number of steps that take a gradient, of epochs, of steps in each."""
        if clock == "slots":
            return self.slots
        if clock == "epochs":
            return Coefficient.symbol(self._own_name("E"))
        return self.resummed.steps - (self.law.start if self.resummed.slots is None else 0)

    def is_limit(self, clock: Clock) -> bool:
        """Whether a difference is meant in the limit of many steps: an epoch stays as long as it is."""
        return self.resummed.stationary and clock != "slots"

    def is_bracket(self, clock: Clock, nodes: Sequence[tuple[int, ...]]) -> bool:
        """Whether a difference is written as a bracket: not if it is a limit, or one quotient."""
        return not self.is_limit(clock) and (len(nodes) > 2 or (len(nodes) == 2 and bool(nodes[0])))

    def of(self, diagram: Diagram, letters: Sequence[str]) -> list[Rate]:
        """The symbol for the rate of each edge; where edges have several, with a prime for each equal one before."""
        if self.law.is_plain:
            return [Rate(letter) for letter in letters]
        apart = self.law.has_roots_apart
        rooted = self.resummed.rooted(diagram)
        rates = [Rate(letter, root and apart) for letter, root in zip(letters, rooted, strict=True)]
        return [replace(rate, primes=rates[:e].count(rate)) for e, rate in enumerate(rates)]

    def exponent(self, times: Coefficient) -> Formula:
        """A number of steps as an exponent, without brackets around it."""
        return _bare(factor(times).formula(self.notation))

    def eigenvalue(self, letter: str) -> Formula:
        """An eigenvalue of the mean Hessian."""
        return Scripts(self.notation.symbol("hessian"), below=Symbol(letter, letter))

    def text_legend(self) -> list[str]:
        """Lines that say in text what letters and brackets mean."""
        if not self._has_letters:
            return []
        definition = self._definition()
        first = Words(_SEPARATE) if definition is None else Row((Words(f"{_SEPARATE}, "), definition))
        lines = [to_text(first)]
        for sentence in self._sentences():
            line = " ".join(map(to_text, sentence))
            lines.append(line if _begins_with_words(sentence[0]) else f"and {line}")
        return lines

    def latex_legend(self) -> list[str]:
        """Lines that say in LaTeX what letters and brackets mean."""
        if not self._has_letters:
            return []
        definition, eigenvalue = self._definition(), self.eigenvalue("a")
        if definition is not None:
            eigenvalue = Row((eigenvalue, Sign(","), Sign("blank"), definition))
        lines = [to_latex(Row((Words(_IN_A_BASIS), eigenvalue), "plain"))]
        for sentence in self._sentences():
            for k, line in enumerate(_filled(sentence)):
                lines.append((r"\qquad " if k else "") + to_latex(line))
        return lines

    @property
    def _has_letters(self) -> bool:
        return any(diagram.order for diagram in self.resummed.terms)

    @property
    def _moved(self) -> Formula:
        return Row((self.notation.symbol("learning_rate"), self.eigenvalue("a")), "plain")

    def _definition(self) -> Formula | None:
        """The definition of the rate of an edge, if it has one; at long times in continuous time it is positive."""
        if self.resummed.continuous:
            minus = () if self.resummed.stationary else (Sign("negative"),)
            return Row((lettered("s", "a"), Sign("="), Row((*minus, self._moved))), "plain")
        if self.law.is_plain:
            return Row((lettered("r", "a"), Sign("="), less(self._moved)), "plain")
        return None

    def _sentences(self) -> Iterator[Sentence]:
        """The sentences that text and LaTeX have in common."""
        if not self.law.is_plain:
            yield from self._zeros()
        if self.resummed.slots is not None:
            slots, number = (self.exponent(size) for size in (self.slots, self.resummed.slots))
            yield (_said(Words("with "), _equal(slots, number), Words(" steps an epoch")),)
        differences = (d for time in self.resummed.terms.values() for product, _ in time.terms for d in product)
        clocks = {clock for d in differences for clock, nodes in d.factors()[1] if self.is_bracket(clock, nodes)}
        for clock in _CLOCKS:
            if clock in clocks:
                yield (self._bracket_definition(clock),)

    def _zeros(self) -> Iterator[Sentence]:
        """The polynomials whose zeros the rates are, and when there is a limit."""
        law, rate = self.law, Rate("a")
        yield (
            _said(rate.formula("r"), Words(" is summed over the zeros of")),
            _said(_equal(_function("D"), self._denominator()), Sign(",")),
            # partial fractions over the zeros of D: P/D = Σ_r P(r)/(D'(r) (x - r))
            _said(self._weight(law.gain, "D"), Words(";")),
            _said(Words("so is "), replace(rate, primes=1).formula("r"), Words(", for itself")),
        )
        if law.has_roots_apart:
            own = Rate("a", rooted=True).formula("r")
            if len(law.root_memory) == 1:
                yield (
                    _said(own, Words(", on edges to a root, over the same zeros,")),
                    self._weight(law.root_gain, "D"),
                )
            else:
                product = row((self._factor(law.root_memory), _function("D")), "product")
                yield (
                    _said(own, Words(", on edges to a root, over the zeros of")),
                    _said(_equal(_function("F"), product), Sign(",")),
                    self._weight(law.root_gain, "F"),
                )
        if self.resummed.stationary:
            crossing = law.crossing()
            inside = "all zeros are inside the unit circle"
            limit = Words("in the limit of many steps, which exists where")
            # a learning rate is positive
            if crossing is None or not crossing or factor(crossing).negative:
                yield limit, Words(inside)
                return
            at = _equal(self._moved, factor(crossing).formula(self.notation))
            below = Row((Sign("negative"), ONE))
            yield limit, Words(f"{inside};"), _said(Words("one is at "), below, Words(" for "), at)

    def _bracket_definition(self, clock: Clock) -> Formula:
        mark, own, other = self.exponent(self.length(clock)), lettered("R", "i"), lettered("R", "j")
        exponent = Row((own, mark), "plain")
        above = power(Symbol("e", "e"), exponent) if self.resummed.continuous else lettered("R", "i", mark)
        ends = row((lettered("R", "0"), Sign("dots"), lettered("R", "k")), "listed")
        unequal = Row((Symbol("j", "j"), Sign("neq"), Symbol("i", "i")), "plain")
        parts = (
            *(Scripts(Bracket(ends, square=True), below=mark), Sign("=")),
            *(Scripts(Sign("sum"), below=Symbol("i", "i")), above, Scripts(Sign("product"), below=unequal)),
            *(Fraction(ONE, less(other, own)), Sign("quad"), Words("(its limit where some are equal)")),
        )
        return Row(parts, "plain")

    def _weight(self, above: Sequence[Coefficient], name: str) -> Formula:
        """A polynomial over the derivative of another."""
        # a symbol as a whole, so that no line puts it in brackets
        derivative = Symbol(f"{name}'(r)", f"{name}'(r)")
        return _said(Words("each with weight "), Fraction(signed_sum(self._terms(above)), derivative))

    def _denominator(self) -> Formula:
        r"""The polynomial whose zeros are the rates of an edge, :math:`Q + \eta h P`."""
        gain = self._factor(self.law.gain)
        moved = self._moved if gain == ONE else Row((self._moved, gain), "product")
        return signed_sum([*self._terms(self.law.memory), (False, moved)])

    def _factor(self, polynomial: Sequence[Coefficient]) -> Formula:
        """A polynomial as a factor."""
        terms = self._terms(polynomial)
        whole = signed_sum(terms)
        return Bracket(whole) if len(terms) > 1 or terms[0][0] or _is_sum(whole) else whole

    def _terms(self, polynomial: Sequence[Coefficient]) -> list[tuple[bool, Formula]]:
        """A polynomial in a rate, the highest power first, each term with whether it is subtracted."""
        found: list[tuple[bool, Formula]] = []
        for exponent, c in reversed(list(enumerate(polynomial))):
            if not c:
                continue
            factored = factor(c)
            size = factored.formula(self.notation)
            if not exponent:
                found.append((factored.negative, size if factored.negative else _bare(size)))
                continue
            sizes = [] if factored.is_one else [size]
            found.append((factored.negative, row((*sizes, power(_R, exponent)), "product")))
        return found or [(False, Digits("0"))]


def less(formula: Formula, whole: Formula = ONE) -> Formula:
    """One, or something else, less a formula."""
    return Row((whole, Sign("-"), formula), "plain")


def lettered(name: str, letter: str, above: Formula | None = None) -> Formula:
    """A name with a letter below, to a power."""
    return Scripts(Symbol(name, name), below=Symbol(letter, letter), above=_or_none(above))


def _or_none(exponent: Formula | None) -> Formula | None:
    return None if exponent == ONE else exponent


def _bare(formula: Formula) -> Formula:
    """Without round brackets around the whole."""
    return formula.inside if isinstance(formula, Bracket) and not formula.square else formula


def _is_sum(formula: Formula) -> bool:
    return isinstance(formula, Row) and formula.gap == "plain"


def _function(name: str) -> Formula:
    return call(Symbol(name, name), _R)


def _equal(left: Formula, right: Formula) -> Formula:
    return Row((left, Sign("="), right), "plain")


def _said(*parts: Formula) -> Formula:
    """Words and the formulas that they are about."""
    return Row(parts, "operator")


def _begins_with_words(formula: Formula) -> bool:
    return isinstance(formula, Words) or (isinstance(formula, Row) and isinstance(formula.parts[0], Words))


def _filled(sentence: Sentence) -> list[Formula]:
    """The parts of a sentence on as few lines as they fit on."""
    lines: list[Formula] = []
    for part in sentence:
        longer = Row((lines[-1], Sign("blank"), part), "operator") if lines else part
        if lines and width(longer) + (_INDENT if len(lines) > 1 else 0.0) < LINE:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines
