r"""What is read off at the end of a run, as a value: how it is called, and what its diagrams' roots are.

How an observable is counted is said in :mod:`sgdsym.sgd.observables`.  A new one is an entry here and one there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Self

from sgdsym.series.named import Named

_OVER_RUN = " over the run"
_JUMP = re.compile(r"jump-([1-9][0-9]?)")
_RATE = r"\frac{{d}}{{dt}} {mean}[({n.weights}_{{t}} - {n.weights}_{{0}})^{{\otimes {indices}}}]_{{t=0}}"


@dataclass(frozen=True, slots=True)
class Observable(Named):
    r"""What a series is the expansion of.

    Attributes:
        name: the word of the command line and of files.
        title: what it is called in a heading.
        words: what it is, in a sentence.
        formula: in LaTeX, a format string over the notation ``n``, the expectation ``mean``, the last weights ``end``, and
            the number ``indices`` of open indices.
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
    formula: str = ""
    open_indices: int = 0
    carries_function: bool = False
    is_trained: bool = False
    has_free_root: bool = False
    is_mean: bool = False

    @property
    def over_run(self) -> Self:
        """The mean over the run in place of the value at its end.

        >>> str(TEST_LOSS.over_run)
        'test-loss over the run'
        """
        mean = r"\frac{{1}}{{{n.steps}}} \sum_{{t=1}}^{{{n.steps}}} "
        return replace(
            self,
            name=f"{self.name}{_OVER_RUN}",
            title=f"{self.title}, averaged over the run",
            words=f"{self.words}, averaged over the updates",
            formula=mean + self.formula.replace("{end}", "{n.weights}_{{t}}"),
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
        return cls(name, formula=_RATE, open_indices=int(indices[1])) if indices else cls(name)

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
    "{mean}[{n.loss}({end})]",
    has_free_root=True,
    is_mean=True,
)
TRAIN_LOSS = Observable(
    "train-loss",
    "training loss",
    "the mean of the loss on the training set after the run",
    r"{mean}[\hat{{{n.loss}}}({end})]",
    is_trained=True,
    has_free_root=True,
    is_mean=True,
)
GENERALIZATION_GAP = Observable(
    "generalization-gap",
    "generalisation gap",
    "the mean of the population loss minus the loss on the training set, after the run",
    r"{mean}[{n.loss}({end}) - \hat{{{n.loss}}}({end})]",
    is_trained=True,
    has_free_root=True,
    is_mean=True,
)
DISPLACEMENT = Observable(
    "displacement",
    "displacement of the weights",
    "the mean displacement of the weights",
    "{mean}[{end} - {n.weights}_{{0}}]",
    open_indices=1,
    is_mean=True,
)
COVARIANCE = Observable(
    "covariance",
    "covariance of the weights",
    "the covariance of the weights after the run",
    r"\operatorname{{Cov}}[{end}]",
    open_indices=2,
)
LOSS_VARIANCE = Observable(
    "loss-variance",
    "variance of the test loss",
    "the variance of the population loss after the run",
    r"\operatorname{{Var}}[{n.loss}({end})]",
)
FUNCTION = Observable(
    "function",
    "mean of a function of the weights",
    "the mean of another function of the weights after the run",
    "{mean}[{n.function}({end})]",
    carries_function=True,
    is_mean=True,
)

# what is made from series: by substitutions, and by the modified equation and its generator
VELOCITY = Observable("velocity", formula="{mean}[{n.weights}_{{{n.steps}+1}} - {end}]", open_indices=1)
DRIFT = Observable("drift", formula=r"\frac{{d}}{{dt}} {mean}[{n.weights}_{{t}}]_{{t=0}}", open_indices=1)
DIFFUSION = Observable("diffusion", formula=_RATE, open_indices=2)
MODIFIED_LOSS = Observable("modified-loss", formula=r"\tilde{{{n.loss}}}({n.weights})")
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
