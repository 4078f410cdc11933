"""The statements of a generated kernel: a closed union of frozen values.

Every statement assigns one array to ``target`` and names the arrays it reads.  Axes are letters: an upper-case letter
is a sample axis of length ``n``, a lower-case letter an index axis of length ``p``.  Nothing here knows Python syntax.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean over the data points of a derivative tensor, shape ``(p, …, p)``."""

    target: str
    degree: int


@dataclass(frozen=True, slots=True)
class Samples:
    """A derivative tensor at every data point, shape ``(n, p, …, p)``."""

    target: str
    degree: int


@dataclass(frozen=True, slots=True)
class RootDerivative:
    """A derivative tensor of the observed function, shape ``(p, …, p)``."""

    target: str
    degree: int


@dataclass(frozen=True, slots=True)
class Deviations:
    """Samples minus their mean, shape ``(n, p, …, p)``."""

    target: str
    samples: str
    mean: str


@dataclass(frozen=True, slots=True)
class Weigh:
    """The source times the weights of the data points along each of the sample axes at ``axes``."""

    target: str
    source: str
    axes: tuple[int, ...]
    rank: int


@dataclass(frozen=True, slots=True)
class Raise:
    """The source with the inverse metric applied to the index axes at ``axes``."""

    target: str
    source: str
    axes: tuple[int, ...]


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


@dataclass(frozen=True, slots=True)
class ContractPair:
    """The sum over both indices of ``left``, shape ``(n, p, p)`` and symmetric, and two of a symmetric mean ``right``.

    The target has shape ``(n, p, …, p)`` with two indices fewer than ``right``, and is symmetric in them.
    """

    target: str
    left: str
    right: str
    indices: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Subtract:
    """The left array, with axes ``axes``, minus the right one, constant along the axes it lacks."""

    target: str
    left: str
    right: str
    right_axes: str
    axes: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """The arrays are not read again: give their memory back."""

    names: tuple[str, ...]


Statement: TypeAlias = (
    Mean | Samples | RootDerivative | Deviations | Weigh | Raise | Contract | ContractPair | Subtract | Release
)


@dataclass(frozen=True, slots=True)
class Term:
    """One network in the sum: the outer product of arrays of given ranks, times a coefficient, at an order."""

    order: int
    coefficient: int
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


def reads(statement: Statement) -> tuple[str, ...]:
    """The names a statement reads."""
    match statement:
        case Deviations(samples=samples, mean=mean):
            return samples, mean
        case Weigh(source=source) | Raise(source=source):
            return (source,)
        case Contract(left=left, right=right) | ContractPair(left=left, right=right) | Subtract(left=left, right=right):
            return left, right
    return ()
