r"""Modes of an optimiser whose updates are alike: the partial fractions of its resolvent.

.. math:: c A^{\Delta-1} b = \sum_{r,j} f_{rj}\binom{\Delta-1}j r^{\Delta-1-j}, \qquad
          \frac{c\,adj(x-A)\,b}{\det(x-A)} = \sum_{r,j} \frac{f_{rj}}{(x-r)^{j+1}}

The file knows matrices of coefficients.  It refuses to know what the registers mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from graphlib import CycleError, TopologicalSorter
from operator import add
from typing import TypeAlias

from sgdsym.series import Coefficient
from sgdsym.times.differences import partial_fraction

Vector: TypeAlias = tuple[Coefficient, ...]
Matrix: TypeAlias = tuple[Vector, ...]


@dataclass(frozen=True, slots=True)
class Mode:
    r"""One term :math:`f\,\binom{\Delta-1}j\,r^{\Delta-1-j}` of the weight of an edge that spans :math:`\Delta` updates."""

    rate: Coefficient
    depth: int
    weight: Coefficient

    @property
    def is_plain(self) -> bool:
        """Whether the rate is one, and the weight does not depend on how far the edge reaches."""
        return self.rate == 1 and not self.depth


def modes_of(matrix: Matrix, gain: Vector, point: Vector) -> tuple[Mode, ...]:
    r"""The modes of :math:`c A^{\Delta-1} b`: partial fractions of :math:`c\,adj(x-A)\,b/\det(x-A)`."""
    numerator, _ = resolvent(matrix, gain, point)
    return partial_modes(numerator, eigenvalues(matrix))


def partial_modes(numerator: Sequence[Coefficient], rates: Sequence[Coefficient]) -> tuple[Mode, ...]:
    r"""The modes whose generating function is a polynomial over :math:`\prod(x-r)`, of lower degree.

    Args:
        numerator: its coefficients, that of :math:`x^0` first.
        rates: the zeros of the denominator, as often as they are zeros.

    >>> one, half = Coefficient(1), Coefficient("1/2")
    >>> [(str(mode.rate), str(mode.weight)) for mode in partial_modes([one], [one, half])]
    [('1', '2'), ('1/2', '-2')]
    """
    found = []
    for rate in dict.fromkeys(rates):
        expanded = partial_fraction(rates, rate)
        order = len(expanded)
        # the coefficient of e^(m-1-j) of numerator and other factors at the pole r + e is the weight of depth j
        shifted = _shifted(numerator, rate, order)
        for depth in range(order):
            # with m the multiplicity of r: the coefficient of e^(m-1-j) in P(r+e) ∏(r+e-s)^(-m_s), over e^m, is that
            # of 1/e^(j+1)
            weight = reduce(add, (shifted[a - depth] * expanded[order - 1 - a] for a in range(depth, order)))
            if weight:
                found.append(Mode(rate, depth, weight))
    # sorted by text, so that equal optimisers have equal modes in equal order
    return tuple(sorted(found, key=lambda mode: (not mode.is_plain, str(mode.rate), mode.depth)))


def resolvent(matrix: Matrix, gain: Vector, point: Vector) -> tuple[list[Coefficient], list[Coefficient]]:
    r"""The coefficients of :math:`c\,adj(x-A)\,b` and of :math:`\det(x-A)` by powers of :math:`x`.

    Source: the recursion of Faddeev and Leverrier, [Faddeev1963]_.

    >>> one, mu = Coefficient(1), Coefficient.symbol("mu")
    >>> above, below = resolvent(((one, mu), (0 * mu, mu)), (one, one), (one, 0 * mu))             # heavy ball
    >>> [str(c) for c in above], [str(c) for c in below]
    (['0', '1'], ['mu', '-mu - 1', '1'])
    """
    size = len(matrix)
    power, found = [[Coefficient(i == j) for j in range(size)] for i in range(size)], []
    characteristic = [Coefficient(1)]
    # adj(x - A) = Σ_k x^(n-k) M_k with M_1 = 1, c_k = -tr(A M_k)/k and M_(k+1) = A M_k + c_k: only the numbers k are
    # divided by
    for k in range(1, size + 1):
        row = [reduce(add, (power[i][j] * gain[j] for j in range(size))) for i in range(size)]
        found.append(reduce(add, (point[i] * row[i] for i in range(size))))
        moved = [
            [reduce(add, (matrix[i][m] * power[m][j] for m in range(size))) for j in range(size)] for i in range(size)
        ]
        trace = reduce(add, (moved[i][i] for i in range(size))) / -k
        characteristic.append(trace)
        power = [[moved[i][j] + (trace if i == j else 0) for j in range(size)] for i in range(size)]
    return found[::-1], characteristic[::-1]


def _shifted(polynomial: Sequence[Coefficient], point: Coefficient, order: int) -> list[Coefficient]:
    """Taylor coefficients of a polynomial at a point, by repeated division."""
    # Horner's rule by x - point again and again: the remainders are the Taylor coefficients
    left, found = list(polynomial), []
    for _ in range(order):
        total = Coefficient(0)
        quotient = []
        for c in reversed(left):
            total = total * point + c
            quotient.append(total)
        found.append(quotient.pop() if quotient else Coefficient(0))
        left = quotient[::-1]
    return found


def eigenvalues(matrix: Matrix) -> list[Coefficient]:
    """The eigenvalues with their multiplicities.

    Raises:
        ValueError: if one is not rational in the symbols.
    """
    size = len(matrix)
    used = {i: {j for j in range(size) if i != j and matrix[i][j]} for i in range(size)}
    try:
        # triangular in some order of the registers, so that the diagonal holds the eigenvalues
        return [matrix[i][i] for i in TopologicalSorter(used).static_order()]
    except CycleError:
        pass
    import sympy

    # no name of a symbol has a space in it
    x = sympy.Symbol("x of the optimiser")
    polynomial = sympy.Matrix(size, size, lambda i, j: matrix[i][j].as_expr()).charpoly(x).as_expr()
    # modes need their rates one by one: linear factors give rational ones, others have roots that coefficients cannot
    # hold
    _, factors = sympy.factor_list(sympy.numer(sympy.together(polynomial)), x)
    found: list[Coefficient] = []
    for factor, times in factors:
        coefficients = sympy.Poly(factor, x).all_coeffs()
        if len(coefficients) > 2:
            raise ValueError(
                f"the optimiser's matrix has eigenvalues that are not rational, the roots of {factor.subs(x, sympy.Symbol('x'))!s:.80};"
                " give the number of steps"
            )
        if len(coefficients) == 2:
            lead, rest = (Coefficient(str(sympy.expand(value))) for value in coefficients)
            found += [-rest / lead] * int(times)
    return found
