r"""How the words of a formula are written: one script for LaTeX, one for a terminal.

A script knows letters, brackets and spacing.  It refuses to know diagrams: :mod:`sgdsym.render.network` and
:mod:`sgdsym.render.indices` decide what is multiplied with what and hand it the finished parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal, Protocol

from sgdsym.render.notation import Notation
from sgdsym.series import Basis

Kind = Literal["mean", "sample", "plain mean", "plain sample", "function"]

# what is written with nablas on a terminal: what is observed, and not trained on
_OBSERVED = {"function": "s", "plain mean": "l", "plain sample": "lₓ"}


class Script(Protocol):
    """What the writers of formulas need to be able to write."""

    @property
    def basis(self) -> Basis:
        """Whether blocks are joint cumulants or joint moments."""

    @property
    def weight_decay(self) -> bool:
        """Whether nodes carry weight decay, so that the plain loss of a root is another one."""

    def tensor(self, kind: Kind, degree: int) -> str:
        """A derivative tensor: of the mean loss, of the loss on one data point, both also plain, or of the observed function."""

    def gradients(self, count: int) -> str:
        """The joint moment or cumulant of ``count`` gradients, a symmetric tensor."""

    def average(self, inside: str) -> str:
        """The joint moment or cumulant of the tensors inside, contracted as written."""

    def outer(self, left: str, right: str) -> str:
        """The matrix of two vectors."""

    def apply(self, tensor: str, arguments: Sequence[str]) -> str:
        """A symmetric tensor with indices contracted with those of its arguments."""

    def product(self, words: Sequence[str], powers: bool) -> str:
        """A matrix product, with equal neighbours as powers if wanted."""

    def inner(self, left: str, right: str) -> str:
        """The inner product of two vectors."""

    def trace(self, matrix: str) -> str:
        """The trace of a matrix."""

    def times(self, scalar: str, exponent: int, bracket: bool) -> str:
        """A power of a scalar that is multiplied with others."""

    def indexed(self, kind: Kind, degree: int, indices: str) -> str:
        """A derivative tensor with indices."""

    def joint(self, members: Sequence[str], indices: str, only_gradients: bool) -> str:
        """The joint moment or cumulant of tensors with indices."""

    def side_by_side(self, factors: Sequence[str]) -> str:
        """Factors of a product of components or scalars."""


@dataclass(frozen=True, slots=True)
class LatexScript:
    r"""Formulas in LaTeX with amsmath.

    >>> script = LatexScript()
    >>> script.inner("G", script.product(["H", "H", "G"], powers=True))
    'G^{\\top} H^{2} G'
    """

    basis: Basis = "cumulant"
    notation: Notation = field(default_factory=Notation)
    weight_decay: bool = False

    def tensor(self, kind: Kind, degree: int) -> str:
        """See :class:`Script`."""
        n = self.notation
        if (name := self._observed(kind)) is not None:
            return (name, rf"\nabla {name}")[degree] if degree < 2 else rf"\nabla^{{{degree}}} {name}"
        names = (
            (n.loss, n.gradient, n.hessian, n.jerk)
            if kind == "mean"
            else (n.sample_loss, n.sample_gradient, n.sample_hessian, n.sample_jerk)
        )
        return names[degree] if degree < len(names) else f"{names[0]}^{{({degree})}}"

    def gradients(self, count: int) -> str:
        """See :class:`Script`."""
        n = self.notation
        if self.basis == "cumulant" and count <= 3:
            return (n.covariance, n.skewness)[count - 2]
        if count == 2:
            return self.average(self.outer(n.sample_gradient, n.sample_gradient))
        return self.average(rf"{n.sample_gradient}^{{\otimes {count}}}")

    def average(self, inside: str) -> str:
        """See :class:`Script`."""
        return f"{self._bracket}[{inside}]"

    def outer(self, left: str, right: str) -> str:
        """See :class:`Script`."""
        return self._join([left, rf"{self._transposable(right)}^{{\top}}"])

    def apply(self, tensor: str, arguments: Sequence[str]) -> str:
        """See :class:`Script`."""
        return f"{tensor}[{', '.join(arguments)}]"

    def product(self, words: Sequence[str], powers: bool) -> str:
        """See :class:`Script`."""
        runs = [(word, len(list(run))) for word, run in groupby(words)]
        written: list[str] = []
        for word, count in runs:
            simple = powers and count > 1 and not set(word) & set("[^")
            written += [f"{word}^{{{count}}}"] if simple else [word] * count
        return self._join(written)

    def inner(self, left: str, right: str) -> str:
        """See :class:`Script`."""
        return self._join([rf"{self._transposable(left)}^{{\top}}", right])

    def trace(self, matrix: str) -> str:
        """See :class:`Script`."""
        return rf"\operatorname{{tr}}({matrix})"

    def times(self, scalar: str, exponent: int, bracket: bool) -> str:
        """See :class:`Script`."""
        bracketed = f"({scalar})" if bracket or (exponent > 1 and len(scalar) > 1) else scalar
        return bracketed if exponent == 1 else f"{bracketed}^{{{exponent}}}"

    def indexed(self, kind: Kind, degree: int, indices: str) -> str:
        """See :class:`Script`."""
        subscript = f"_{indices}" if len(indices) == 1 else f"_{{{indices}}}" if indices else ""
        if (name := self._observed(kind)) is not None:
            return rf"\partial{subscript} {name}" if degree else name
        word = self.tensor(kind, degree)
        return (f"({word})" if "_" in word and subscript else word) + subscript

    def joint(self, members: Sequence[str], indices: str, only_gradients: bool) -> str:
        """See :class:`Script`."""
        if self.basis == "moment":
            return f"{self._bracket}[{' '.join(members)}]"
        if only_gradients and len(members) <= 3:
            return f"{self.gradients(len(members))}_{{{indices}}}"
        return f"{self._bracket}({', '.join(members)})"

    def side_by_side(self, factors: Sequence[str]) -> str:
        """See :class:`Script`."""
        return r" \, ".join(factors)

    def _observed(self, kind: Kind) -> str | None:
        """The function whose derivatives are written with nablas: what is observed, and not trained on."""
        n = self.notation
        return {"function": n.function, "plain mean": n.loss, "plain sample": n.sample_loss}.get(kind)

    @property
    def _bracket(self) -> str:
        return self.notation.expectation if self.basis == "moment" else self.notation.cumulant

    @staticmethod
    def _transposable(word: str) -> str:
        return f"({word})" if " " in word and not word.endswith("]") else word

    @staticmethod
    def _join(words: Sequence[str]) -> str:
        text = words[0]
        for word in words[1:]:
            text += rf"\,{word}" if word.startswith("\\") or text.endswith("]") else f" {word}"
        return text


@dataclass(frozen=True, slots=True)
class TextScript:
    """Formulas in unicode for a terminal.

    >>> script = TextScript()
    >>> script.inner("G", script.product(["H", "H", "G"], powers=True))
    'G·H² G'
    """

    basis: Basis = "cumulant"
    weight_decay: bool = False

    def tensor(self, kind: Kind, degree: int) -> str:
        """See :class:`Script`."""
        if kind in _OBSERVED:
            return _OBSERVED[kind] if degree == 0 else f"∇{raised(degree)}{_OBSERVED[kind]}"
        names = "lGHJ" if kind == "mean" else ("lₓ", "g", "h", "j")
        return names[degree] if degree < len(names) else f"{names[0]}⁽{raised(degree)}⁾"

    def gradients(self, count: int) -> str:
        """See :class:`Script`."""
        if self.basis == "cumulant" and count <= 3:
            return "CS"[count - 2]
        return self.average("g gᵀ" if count == 2 else f"g⊗{raised(count)}")

    def average(self, inside: str) -> str:
        """See :class:`Script`."""
        return f"{'E' if self.basis == 'moment' else 'κ'}[{inside}]"

    def outer(self, left: str, right: str) -> str:
        """See :class:`Script`."""
        return f"{left} ({right})ᵀ" if " " in right and not right.endswith("]") else f"{left} {right}ᵀ"

    def apply(self, tensor: str, arguments: Sequence[str]) -> str:
        """See :class:`Script`."""
        return f"{tensor}[{', '.join(arguments)}]"

    def product(self, words: Sequence[str], powers: bool) -> str:
        """See :class:`Script`."""
        written: list[str] = []
        for word, run in groupby(words):
            count = len(list(run))
            written += [word + raised(count)] if powers and len(word) == 1 else [word] * count
        return " ".join(written)

    def inner(self, left: str, right: str) -> str:
        """See :class:`Script`."""
        return f"{left}·{right}"

    def trace(self, matrix: str) -> str:
        """See :class:`Script`."""
        return f"tr({matrix})"

    def times(self, scalar: str, exponent: int, bracket: bool) -> str:
        """See :class:`Script`."""
        return (f"({scalar})" if bracket or (exponent > 1 and len(scalar) > 1) else scalar) + raised(exponent)

    def indexed(self, kind: Kind, degree: int, indices: str) -> str:
        """See :class:`Script`."""
        if kind in _OBSERVED:
            return f"∂_{indices} {_OBSERVED[kind]}" if degree else _OBSERVED[kind]
        return self.tensor(kind, degree) + (f"_{indices}" if indices else "")

    def joint(self, members: Sequence[str], indices: str, only_gradients: bool) -> str:
        """See :class:`Script`."""
        if self.basis == "moment":
            return f"E[{' '.join(members)}]"
        if only_gradients and len(members) <= 3:
            return f"{self.gradients(len(members))}_{indices}"
        return f"κ({', '.join(members)})"

    def side_by_side(self, factors: Sequence[str]) -> str:
        """See :class:`Script`."""
        return " ".join(factors)


def raised(number: int) -> str:
    """An exponent in unicode; 1 is left out.

    >>> raised(12), raised(1)
    ('¹²', '')
    """
    return "" if number == 1 else str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
