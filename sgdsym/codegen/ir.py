"""The statements of a generated kernel: a closed union of frozen values.

Every statement assigns one array to ``target``, names the arrays it reads, and carries the shape of its target from when it is
built.  Axes are letters: an upper-case letter is a sample axis of length ``n``, a lower-case letter an index axis of length
``p``.  Nothing here knows Python syntax.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Combination: TypeAlias = tuple[tuple[int, int], ...]
"""A sum of numbered coefficients: factors, each with the number of a coefficient.  An empty one stands for 1."""

Shape: TypeAlias = tuple[int, int]
"""How many sample axes and how many index axes an array has."""


def shape_of(axes: str) -> Shape:
    """Number of sample axes and of index axes; upper-case letters are sample axes.

    >>> shape_of("Nij")
    (1, 2)
    """
    samples = sum(letter.isupper() for letter in axes)
    return samples, len(axes) - samples


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of the data points, shape ``(n,)``."""

    target: str

    @property
    def shape(self) -> Shape:
        """The axes of the target."""
        return 1, 0


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean over the data points of a derivative tensor, shape ``(p, …, p)``."""

    target: str
    degree: int

    @property
    def shape(self) -> Shape:
        """The axes of the target."""
        return 0, self.degree


@dataclass(frozen=True, slots=True)
class Samples:
    """A derivative tensor at every data point, shape ``(n, p, …, p)``."""

    target: str
    degree: int

    @property
    def shape(self) -> Shape:
        """The axes of the target."""
        return 1, self.degree


@dataclass(frozen=True, slots=True)
class RootDerivative:
    """A derivative tensor of the observed function, shape ``(p, …, p)``."""

    target: str
    degree: int

    @property
    def shape(self) -> Shape:
        """The axes of the target."""
        return 0, self.degree


@dataclass(frozen=True, slots=True)
class Trained:
    """A mean with what weight decay adds to it, shape ``(p, …, p)``."""

    target: str
    mean: str
    degree: int

    @property
    def shape(self) -> Shape:
        """The axes of the target."""
        return 0, self.degree


@dataclass(frozen=True, slots=True)
class Deviations:
    """Samples minus their mean, or what is made with both; the samples have shape ``(n, p, …, p)``."""

    target: str
    samples: str
    mean: str
    shape: Shape
    note: str = ""


@dataclass(frozen=True, slots=True)
class Weigh:
    """The source times the weights of the data points along each of the sample axes at ``axes``."""

    target: str
    source: str
    axes: tuple[int, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Raise:
    """The source with the inverse metric applied to the index axes at ``axes``."""

    target: str
    source: str
    axes: tuple[int, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Contract:
    """The sum over the letters that do not occur in ``axes`` of the product of two arrays."""

    target: str
    left: str
    right: str
    left_axes: str
    right_axes: str
    axes: str
    note: str = ""

    @property
    def shape(self) -> Shape:
        """The axes of the target."""
        return shape_of(self.axes)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Symmetric matrices in packed symmetric storage, the entries with sorted indices: shape ``(p (p + 1) / 2, n)``.

    The matrices are the source, of shape ``(n, p, p)``, or the squares of the source, of shape ``(n, p)``.
    """

    target: str
    source: str
    squares: bool

    @property
    def shape(self) -> Shape:
        """The axes of the matrices; a pair of indices counts as two."""
        return 1, 2


@dataclass(frozen=True, slots=True)
class ContractPair:
    """The sum over both indices of matrices, given as sorted ``pairs`` of them, and two of a symmetric ``tensor``.

    The target has shape ``(n, p, …, p)`` with two indices fewer than the tensor, and is symmetric in them.
    """

    target: str
    pairs: str
    tensor: str
    indices: int
    note: str = ""

    @property
    def shape(self) -> Shape:
        """The axes of the target."""
        return 1, self.indices


@dataclass(frozen=True, slots=True)
class Power:
    """The weighted sum over the data points of a symmetric tensor with the same vector in all its indices: a number.

    ``tensor`` has shape ``(p, …, p)`` with ``degree`` indices, ``vectors`` has shape ``(n, p)``, and ``pairs`` are those
    of their squares.
    """

    target: str
    tensor: str
    vectors: str
    pairs: str
    weights: str
    degree: int
    note: str = ""

    @property
    def shape(self) -> Shape:
        """The axes of the target."""
        return 0, 0


@dataclass(frozen=True, slots=True)
class Watch:
    """A finiteness check: zero if every entry of the source is finite, and else nan."""

    target: str
    source: str

    @property
    def shape(self) -> Shape:
        """The axes of the target."""
        return 0, 0


@dataclass(frozen=True, slots=True)
class Part:
    """One array in a linear combination: its coefficient, and its axes in the order in which it has them."""

    coefficient: Combination
    name: str
    axes: str


@dataclass(frozen=True, slots=True)
class Combine:
    """A linear combination of arrays that have the axes ``axes``, in any order."""

    target: str
    parts: tuple[Part, ...]
    axes: str

    @property
    def shape(self) -> Shape:
        """The axes of the target."""
        return shape_of(self.axes)


Pointwise: TypeAlias = Contract | Deviations | Weigh | Raise | Combine
"""Statements that can run on the rows of some data points at a time."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Statements made in one pass over blocks of data points, the samples, if any, read first.

    ``degree`` is the number of indices of the largest array at a data point.  Arrays with a sample axis that are not
    among ``kept`` exist only for the block at hand.
    """

    samples: str
    degree: int
    body: tuple[Pointwise, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the data points of samples times other arrays, all of them made while the samples are read once.

    Each contraction sums over the sample axis, or over that and the first index of the samples; these come first in the
    other array too.  A large mean can take the place of the samples, its first index that of the sample axis.
    """

    samples: str
    body: tuple[Contract, ...]

    @property
    def factors(self) -> tuple[tuple[str, str], ...]:
        """For each contraction the other array and its axes."""
        return tuple((s.right, s.right_axes) if s.left == self.samples else (s.left, s.left_axes) for s in self.body)


@dataclass(frozen=True, slots=True)
class Release:
    """The arrays are not read again: give their memory back."""

    names: tuple[str, ...]


Statement: TypeAlias = (
    Weights
    | Mean
    | Samples
    | RootDerivative
    | Trained
    | Deviations
    | Weigh
    | Raise
    | Contract
    | Pairs
    | ContractPair
    | Power
    | Watch
    | Combine
    | Pass
    | Moments
    | Release
)


@dataclass(frozen=True, slots=True)
class Term:
    """One product of arrays in the sum, each with its rank: their outer product times a coefficient, at an order."""

    order: int
    coefficient: Combination
    factors: tuple[tuple[str, int], ...]
    note: str

    @property
    def rank(self) -> int:
        """The number of indices of the value."""
        return sum(rank for _, rank in self.factors)


@dataclass(frozen=True, slots=True)
class Program:
    """Statements, then terms."""

    statements: tuple[Statement, ...]
    terms: tuple[Term, ...]


def reads(statement: Statement) -> tuple[str, ...]:  # noqa: PLR0911 - one return per kind of statement
    """The names a statement reads."""
    match statement:
        case Deviations(samples=samples, mean=mean):
            return samples, mean
        case Weigh(source=source) | Raise(source=source) | Pairs(source=source) | Watch(source=source):
            return (source,)
        case Trained(mean=mean):
            return (mean,)
        case Contract(left=left, right=right):
            return left, right
        case ContractPair(pairs=pairs, tensor=tensor):
            return pairs, tensor
        case Power(tensor=tensor, vectors=vectors, pairs=pairs, weights=weights):
            return tensor, vectors, pairs, weights
        case Combine(parts=parts):
            return tuple(part.name for part in parts)
        case Pass(samples=samples, body=body):
            made = {s.target for s in body}
            given = (samples,) if samples else ()
            return *given, *(name for s in body for name in reads(s) if name not in {samples} | made)
        case Moments(body=body):
            return tuple(dict.fromkeys(name for s in body for name in reads(s)))
    return ()


def makes(statement: Statement) -> tuple[str, ...]:
    """The names a statement assigns."""
    match statement:
        case Pass(kept=kept):
            return kept
        case Moments(body=body):
            return tuple(s.target for s in body)
        case Release():
            return ()
    return (statement.target,)


def shapes(statements: Iterable[Statement]) -> dict[str, Shape]:
    """The shape of every array that these statements make, those of a pass for the block at hand too."""
    found: dict[str, Shape] = {}
    for statement in statements:
        match statement:
            case Pass(body=body) | Moments(body=body):
                found |= {s.target: s.shape for s in body}
            case Release():
                pass
            case _:
                found[statement.target] = statement.shape
    return found
