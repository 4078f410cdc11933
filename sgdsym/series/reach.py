r"""Which denominators sizes can bring to zero: of :math:`1-\mu` none can, where :math:`-1<\mu<1`."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from sgdsym.series.coefficient import Coefficient
from sgdsym.series.conditions import Condition
from sgdsym.series.powers import Power

# sympy isolates the roots in 0.1 s at this degree, in 0.4 s at 80; beyond, a pole counts as one that can be reached
_LARGEST_DEGREE = 40


def can_vanish(pole: Coefficient, conditions: Iterable[Condition]) -> bool:
    r"""Whether a denominator can be zero at sizes that the conditions let through; where that is not known it is taken for possible.

    Args:
        pole: a polynomial; one unknown alone is decided, a symbol or a power such as :math:`\mu^{N/B}` of a rate.
        conditions: what a run asks of its sizes.

    >>> from sgdsym.series.conditions import run_conditions
    >>> mu, N = Coefficient.symbol("mu"), Coefficient.symbol("N")
    >>> known = run_conditions(momentum=mu, dataset_size=N)
    >>> [can_vanish(pole, known) for pole in (1 - mu, 1 + mu + mu**2, N - 1, N + 1, N - mu)]
    [False, False, True, False, True]
    """
    unknowns = {base for _, monomial in pole.monomials() for base, _ in monomial}
    if len(unknowns) != 1:
        return True
    (unknown,) = unknowns
    asked = list(conditions)
    if isinstance(unknown, Power):
        # between -1 and 1 like its base, where its exponent is above zero
        if not _is_between(unknown.base, asked) or not _is_positive(unknown.exponent, asked):
            return True
        asked = [Condition(1 - Coefficient.symbol("x") ** 2, "", (), whole=False, strict=True)]
        name = "x"
    else:
        name = unknown
    own = [condition for condition in asked if condition.value.symbols == {name}]
    degrees = {sum(e for _, e in monomial): number for number, monomial in pole.monomials()}
    return (
        max(degrees) > _LARGEST_DEGREE or not own or any(_is_let_through(root, name, own) for root in _roots(degrees))
    )


def _roots(degrees: dict[int, Fraction]) -> list[tuple[Fraction, Fraction]]:
    """Each real root of a polynomial as an interval around it, whose ends are the root if that is rational."""
    import sympy

    x = sympy.Symbol("x")
    polynomial = sympy.Poly(sum(sympy.Rational(c.numerator, c.denominator) * x**e for e, c in degrees.items()), x)
    found = polynomial.intervals(eps=sympy.Rational(1, 10**9))
    return [(Fraction(int(a.p), int(a.q)), Fraction(int(b.p), int(b.q))) for (a, b), _ in found]


def _is_let_through(root: tuple[Fraction, Fraction], name: str, conditions: Iterable[Condition]) -> bool:
    """Whether a root meets all conditions on a symbol, those of whole numbers included."""
    middle = (root[0] + root[1]) / 2
    for condition in conditions:
        value = condition.value.substitute({name: middle}).as_fraction()
        # an interval that is no point holds an irrational root, which is no whole number
        if condition.whole and (root[0] != root[1] or value.denominator != 1):
            return False
        if value < condition.least or (condition.strict and value == condition.least):
            return False
    return True


def _is_between(base: str | Fraction, conditions: Iterable[Condition]) -> bool:
    """Whether a symbol lies strictly between -1 and 1."""
    if not isinstance(base, str):
        return abs(base) < 1
    own = [condition for condition in conditions if condition.value.symbols == {base}]
    return bool(own) and not any(_is_let_through((x, x), base, own) for x in (Fraction(-1), Fraction(1)))


def _is_positive(exponent: Coefficient, conditions: Iterable[Condition]) -> bool:
    """Whether a product of sizes is above zero because each of them is."""
    terms = exponent.monomials()
    least = {str(condition.value): condition.least for condition in conditions}
    return len(terms) == 1 and terms[0][0] > 0 and all(least.get(str(base), 0) >= 1 for base, _ in terms[0][1])
