r"""What an edge carries near a point of curvature :math:`h`, for any optimiser whose updates are alike.

A gradient of slope :math:`h` feeds the registers back to themselves, :math:`A \to A - \eta h\,bc`.  With :math:`P/Q` the generating
function :math:`c\,(x-A)^{-1}b` of the edge between two steps in lowest terms, and that of an edge to a root over :math:`QX`, what
all chains of bare Hessians add up to is

.. math:: \sum_\Delta \frac{w_\Delta}{x^\Delta} = \frac{P}{Q + \eta hP} \quad\text{to a step}, \qquad
          \frac{S}{X\,(Q + \eta hP)} \quad\text{to a root},

so that an edge carries :math:`\sum_r f(r)\,r^{\Delta-1}` over the zeros :math:`r` of the denominator: for plain steps the only zero is
:math:`1-\eta h`, for heavy ball there are the two of :math:`r^2 - (1+\mu-\eta h)\,r + \mu`, with :math:`f = r/(2r-1-\mu+\eta h)`.

Knows polynomials of coefficients.  Refuses to know diagrams and floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

from sgdsym.series import Coefficient
from sgdsym.times.modes import Mode, eigenvalues, partial_modes, resolvent
from sgdsym.times.optimizers import LinearOptimizer

# coefficients of the powers of x, the lowest first; the highest is not zero
Polynomial: TypeAlias = tuple[Coefficient, ...]
Fraction: TypeAlias = tuple[Sequence[Coefficient], Sequence[Coefficient]]
ONE: Polynomial = (Coefficient(1),)


@dataclass(frozen=True, slots=True)
class EdgeLaw:
    r"""Four polynomials: :math:`P/(Q+\eta hP)` to a step, :math:`S/(X(Q+\eta hP))` to a root.

    Attributes:
        gain: :math:`P`.
        memory: :math:`Q`, whose highest coefficient is 1.
        root_gain: :math:`S`.
        root_memory: :math:`X`, whose highest coefficient is 1.
        start: the number of updates at the beginning in which no gradient is taken.

    >>> law = EdgeLaw.of(LinearOptimizer.heavy_ball("mu"))
    >>> [str(c) for c in law.gain], [str(c) for c in law.memory], law.is_plain, law.root_memory == ONE
    (['0', '1'], ['mu', '-mu - 1', '1'], False, True)
    """

    gain: Polynomial = ONE
    memory: Polynomial = (Coefficient(-1), Coefficient(1))
    root_gain: Polynomial = ONE
    root_memory: Polynomial = ONE
    start: int = 0

    @classmethod
    def of(cls, optimizer: LinearOptimizer) -> EdgeLaw:
        """The law of an optimiser.

        Raises:
            ValueError: if its updates differ.
        """
        if optimizer.updates is not None:
            raise ValueError("the updates of this optimiser differ, so that its edges have no law of their own")
        matrix, gain = optimizer.A[0], optimizer.b[0]
        inner, root = (resolvent(matrix, gain, point) for point in (optimizer.c[0], optimizer.read))
        return cls._of_fractions(inner, root, optimizer.start)

    @classmethod
    def _of_fractions(cls, inner: Fraction, root: Fraction, start: int) -> EdgeLaw:
        """The law with these generating functions, numerator and denominator, of edges without links."""
        gain, memory = _reduced(*inner)
        above, below = _reduced(*root)
        shared = _common(memory, below)
        return cls(gain, memory, multiplied(above, quotient(memory, shared)), quotient(below, shared), start)

    @property
    def is_plain(self) -> bool:
        r"""Whether steps are plain: an edge carries a power of :math:`1-\eta h`."""
        return self == EdgeLaw()

    @property
    def has_roots_apart(self) -> bool:
        """Whether edges to roots carry something else than edges to steps."""
        return (self.root_gain, self.root_memory) != (self.gain, ONE)

    @property
    def polynomials(self) -> tuple[Polynomial, ...]:
        """The four."""
        return self.gain, self.memory, self.root_gain, self.root_memory

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the symbols in the polynomials."""
        return frozenset(name for polynomial in self.polynomials for c in polynomial for name in c.symbols)

    @property
    def settles(self) -> bool:
        """Whether what is read forgets the start: a mean over all updates never does."""
        return bool(value(self.root_memory, Coefficient(1)))

    def substitute(self, values: Mapping[str, Coefficient]) -> EdgeLaw:
        """The same with symbols replaced."""
        gain, memory, root_gain, root_memory = (
            tuple(c.substitute(values) for c in polynomial) for polynomial in self.polynomials
        )
        return self._of_fractions((gain, memory), (root_gain, multiplied(memory, root_memory)), self.start)

    def delayed(self, steps: int) -> EdgeLaw:
        r"""The law with gradients that are late: :math:`P/Q` over :math:`x^K` to a step, and no later at a root.

        >>> law = EdgeLaw().delayed(2)
        >>> law == EdgeLaw.of(LinearOptimizer.sgd().delayed(2)), len(law.memory)
        (True, 4)
        """
        zero = Coefficient(0)
        # powers of x that both share are taken out
        common = next((k for k, c in enumerate(self.gain[:steps]) if c), min(steps, len(self.gain) - 1))
        late = (zero,) * (steps - common)
        return EdgeLaw(
            self.gain[common:], (*late, *self.memory), (*late, *self.root_gain), self.root_memory, self.start + steps
        )

    def crossing(self) -> Coefficient | None:
        r"""The :math:`\eta h` at which a zero of :math:`Q+\eta hP` is at :math:`-1`: :math:`2(1+\mu)` for heavy ball.

        >>> print(EdgeLaw().crossing())
        2
        """
        below = value(self.gain, Coefficient(-1))
        return -value(self.memory, Coefficient(-1)) / below if below else None

    def modes(self, links: int, rooted: bool) -> tuple[Mode, ...]:
        r"""The modes of an edge with so many links on it: those of :math:`(P/Q)^{links+1}`, or of :math:`S/(XQ)\cdot(P/Q)^{links}`.

        Raises:
            ValueError: if a zero is not rational in the symbols.
        """
        above = reduce(multiplied, [self.gain] * links, self.root_gain if rooted else self.gain)
        rates = zeros(self.memory) * (links + 1) + (zeros(self.root_memory) if rooted else [])
        return partial_modes(above, rates)


def zeros(polynomial: Polynomial) -> list[Coefficient]:
    """The zeros of a polynomial whose highest coefficient is 1, as eigenvalues of its companion matrix.

    Raises:
        ValueError: if one is not rational in the symbols.

    >>> [str(r) for r in zeros((Coefficient("2/9"), Coefficient(-1), Coefficient(1)))]
    ['1/3', '2/3']
    """
    degree, found = len(polynomial) - 1, []
    for known in (Coefficient(1), Coefficient(0)):
        # what nearly every optimiser has, without factoring
        while degree and not value(polynomial, known):
            polynomial, degree = quotient(polynomial, (-known, Coefficient(1))), degree - 1
            found.append(known)
    rows = [[Coefficient(int(j == i + 1)) for j in range(degree)] for i in range(degree - 1)]
    rows += [[-c for c in polynomial[:-1]]] if degree else []
    return found + sorted(eigenvalues(tuple(map(tuple, rows))), key=str)


def is_contracting(polynomial: Sequence[Any]) -> bool:
    r"""Whether all zeros of a polynomial are inside the unit circle, decided without finding them (I. Schur and A. Cohn).

    Args:
        polynomial: numbers of any field, that of :math:`x^0` first; the last is not zero.

    >>> from fractions import Fraction
    >>> is_contracting([Fraction(1, 2), -1, 1]), is_contracting([1, 0, 1]), is_contracting([0, 0, 1])
    (True, False, True)
    """
    left = list(polynomial)
    while len(left) > 1:
        first, last = left[0], left[-1]
        # the product of the zeros is first over last
        if abs(first) >= abs(last):
            return False
        left = [last * a - first * b for a, b in zip(left[1:], left[-2::-1], strict=True)]
    return True


def value(polynomial: Polynomial, at: Coefficient) -> Coefficient:
    """The value of a polynomial."""
    return reduce(lambda total, c: total * at + c, reversed(polynomial), Coefficient(0))


def multiplied(left: Polynomial, right: Polynomial) -> Polynomial:
    """The product of two polynomials.

    >>> [str(c) for c in multiplied((Coefficient(1), Coefficient(1)), (Coefficient(-1), Coefficient(1)))]
    ['-1', '0', '1']
    """
    degree = len(left) + len(right) - 2
    return tuple(
        Coefficient.total(left[i] * right[k - i] for i in range(len(left)) if 0 <= k - i < len(right))
        for k in range(degree + 1)
    )


def quotient(above: Polynomial, below: Polynomial) -> Polynomial:
    """The quotient of two polynomials without its remainder.

    >>> [str(c) for c in quotient((Coefficient(-1), Coefficient(0), Coefficient(1)), (Coefficient(-1), Coefficient(1)))]
    ['1', '1']
    """
    return _divided(above, below)[0]


def _trimmed(polynomial: Iterable[Coefficient]) -> Polynomial:
    """Without zeros at the highest powers."""
    found = list(polynomial)
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _divided(above: Polynomial, below: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder."""
    left, quotient = list(above), []
    while len(left) >= len(below):
        factor, shift = left[-1] / below[-1], len(left) - len(below)
        quotient.append(factor)
        left = [c - factor * below[k - shift] if k >= shift else c for k, c in enumerate(left)][:-1]
    return tuple(quotient[::-1]), _trimmed(left)


def _common(left: Polynomial, right: Polynomial) -> Polynomial:
    """The greatest common divisor, its highest coefficient 1 (Euclid)."""
    while right:
        left, right = right, _divided(left, right)[1]
    return tuple(c / left[-1] for c in left)


def _reduced(above: Sequence[Coefficient], below: Sequence[Coefficient]) -> tuple[Polynomial, Polynomial]:
    """A fraction in lowest terms."""
    above, below = _trimmed(above), _trimmed(below)
    if not above:
        return (Coefficient(0),), ONE
    shared = _common(below, above)
    return quotient(above, shared), quotient(below, shared)
