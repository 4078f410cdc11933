r"""An observable at the end of a run, as a value: its name, and the kind of its diagrams' roots.

How an observable is counted is said in :mod:`sgdsym.sgd.observables`.  A new one is an entry here and one there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Self

from sgdsym.formula import (
    Accent,
    Bracket,
    Digits,
    Formula,
    Fraction,
    Row,
    Scripts,
    Sign,
    Symbol,
    Upright,
    call,
    replaced,
    signed_sum,
)
from sgdsym.formula.letters import LETTERS
from sgdsym.series.named import Named

_OVER_RUN = " over the run"
_JUMP = re.compile(r"jump-([1-9][0-9]?)")
_LOSS, _WEIGHTS, _MEAN, _TIME = (LETTERS[name] for name in ("loss", "weights", "expectation", "steps"))
_NOW, _START = Symbol("t", "t"), Digits("0")
_END, _HAT = Scripts(_WEIGHTS, below=_TIME), Accent("hat", _LOSS)
_RATE = Fraction(Symbol("d", "d"), Symbol("dt", "dt"))


def _mean(inside: Formula) -> Formula:
    return call(_MEAN, inside, square=True)


def _at_start(inside: Formula) -> Formula:
    """The rate of a mean at the start."""
    now = Row((_NOW, Sign("="), _START))
    return Row((_RATE, Row((_MEAN, Scripts(Bracket(inside, square=True), below=now)))), "operator")


def _moved(indices: int) -> Formula:
    moved = Bracket(signed_sum([(False, Scripts(_WEIGHTS, below=_NOW)), (True, Scripts(_WEIGHTS, below=_START))]))
    return _at_start(Scripts(moved, above=Row((Sign("otimes"), Digits(str(indices))), "plain")))


@dataclass(frozen=True, slots=True)
class Observable(Named):
    r"""The quantity that a series expands.

    Attributes:
        name: the word of the command line and of files.
        title: what it is called in a heading.
        words: what it is, in a sentence.
        formula: what the left side of its equation is, in the usual letters, if there is one.
        open_indices: of its values.
        carries_function: whether open roots carry the derivatives of another function than the loss; otherwise they are
            open indices.
        is_trained: whether it looks at the training set, so that there must be one.
        has_free_root: whether the root is a mean tensor like any other, or shares the point of others, so that which
            node it was is forgotten; such observables are losses, which can be compared with each other.
        is_mean: whether it is the mean of something that one run has, which can be averaged over the run.

    >>> Observable.named("displacement * test-loss").open_indices
    1
    """

    title: str = ""
    words: str = ""
    formula: Formula | None = None
    open_indices: int = 0
    carries_function: bool = False
    is_trained: bool = False
    has_free_root: bool = False
    is_mean: bool = False

    @property
    def is_loss(self) -> bool:
        """Whether its values are those of the loss, which is never negative where that of no data point is."""
        return self.name.removesuffix(_OVER_RUN) in ("test-loss", "train-loss")

    @property
    def over_run(self) -> Self:
        """The mean over the run in place of the value at its end.

        >>> str(TEST_LOSS.over_run)
        'test-loss over the run'
        """
        now = Scripts(_WEIGHTS, below=_NOW)
        first = Row((_NOW, Sign("="), Digits("1")))
        each = replaced(self.formula, lambda part: now if part == _END else None)
        parts = (Fraction(Digits("1"), _TIME), Scripts(Sign("sum"), below=first, above=_TIME), each)
        return replace(
            self,
            name=f"{self.name}{_OVER_RUN}",
            title=f"{self.title}, averaged over the run",
            words=f"{self.words}, averaged over the updates",
            formula=Row(parts, "plain"),
        )

    @classmethod
    def is_known(cls, name: str) -> bool:
        """See :class:`Named`; a part of a generator is called by its number of indices."""
        whole = cls.known.get(name.removesuffix(_OVER_RUN))
        return name in cls.known or bool(_JUMP.fullmatch(name)) or (isinstance(whole, cls) and whole.is_mean)

    @classmethod
    def _one(cls, name: str) -> Self:
        found = cls.known.get(name.removesuffix(_OVER_RUN))
        if isinstance(found, cls):
            return found.over_run if name.endswith(_OVER_RUN) else found
        indices = _JUMP.fullmatch(name)
        return cls(name, formula=_moved(int(indices[1])), open_indices=int(indices[1])) if indices else cls(name)

    def joined(self, sign: str, other: Self) -> Self:
        """See :class:`Named`; the values of a product have the open indices of both factors.

        Raises:
            ValueError: if the root of one factor is an open index, and that of the other carries a function: a diagram does
                not say which is which.
        """
        if sign == "*":
            functions, indices = (
                {bool(getattr(side, name)) for side in (self, other)} for name in ("carries_function", "open_indices")
            )
            if True in functions and True in indices:
                raise ValueError(f"{self} times {other} has roots of two kinds; evaluate the factors, and multiply")
        elif self == other:
            return self
        indices_of = sum if sign == "*" else max
        return type(self)(
            f"{self.name} {sign} {other.name}",
            open_indices=indices_of((self.open_indices, other.open_indices)),
            carries_function=self.carries_function or other.carries_function,
        )


TEST_LOSS = Observable(
    "test-loss",
    "test loss",
    "the mean of the population loss after the run (the test loss)",
    _mean(call(_LOSS, _END)),
    has_free_root=True,
    is_mean=True,
)
TRAIN_LOSS = Observable(
    "train-loss",
    "training loss",
    "the mean of the loss on the training set after the run",
    _mean(call(_HAT, _END)),
    is_trained=True,
    has_free_root=True,
    is_mean=True,
)
GENERALIZATION_GAP = Observable(
    "generalization-gap",
    "generalisation gap",
    "the mean of the population loss minus the loss on the training set, after the run",
    _mean(signed_sum([(False, call(_LOSS, _END)), (True, call(_HAT, _END))])),
    is_trained=True,
    has_free_root=True,
    is_mean=True,
)
DISPLACEMENT = Observable(
    "displacement",
    "displacement of the weights",
    "the mean displacement of the weights",
    _mean(signed_sum([(False, _END), (True, Scripts(_WEIGHTS, below=_START))])),
    open_indices=1,
    is_mean=True,
)
COVARIANCE = Observable(
    "covariance",
    "covariance of the weights",
    "the covariance of the weights after the run",
    call(Upright("Cov", applied=True), _END, square=True),
    open_indices=2,
)
LOSS_VARIANCE = Observable(
    "loss-variance",
    "variance of the test loss",
    "the variance of the population loss after the run",
    call(Upright("Var", applied=True), call(_LOSS, _END), square=True),
)
FUNCTION = Observable(
    "function",
    "mean of a function of the weights",
    "the mean of another function of the weights after the run",
    _mean(call(LETTERS["function"], _END)),
    carries_function=True,
    is_mean=True,
)

# observables of series that are made from others: by substitutions, and by the modified equation and its generator
_NEXT = Scripts(_WEIGHTS, below=Row((_TIME, Sign("+"), Digits("1"))))
VELOCITY = Observable("velocity", formula=_mean(signed_sum([(False, _NEXT), (True, _END)])), open_indices=1)
DRIFT = Observable("drift", formula=_at_start(Scripts(_WEIGHTS, below=_NOW)), open_indices=1)
DIFFUSION = Observable("diffusion", formula=_moved(2), open_indices=2)
MODIFIED_LOSS = Observable("modified-loss", formula=call(Accent("tilde", _LOSS), _WEIGHTS))
POTENTIAL = Observable("potential")
GRADIENT = Observable("gradient", open_indices=1)
ALONG_GRADIENT = Observable("derivative along the gradient")

Observable.known = {
    observable.name: observable
    for observable in (
        *(TEST_LOSS, TRAIN_LOSS, GENERALIZATION_GAP, DISPLACEMENT, COVARIANCE, LOSS_VARIANCE, FUNCTION),
        *(VELOCITY, DRIFT, DIFFUSION, MODIFIED_LOSS, POTENTIAL, GRADIENT, ALONG_GRADIENT),
        *(Observable("|G|^2"), Observable("tr C"), Observable("C:H")),
    )
}
