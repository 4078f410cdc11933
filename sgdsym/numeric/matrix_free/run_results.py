"""What a whole run gives: values along it, with standard errors, for every batch size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sgdsym.arguments import read_integer, read_real
from sgdsym.numeric.matrix_free.calculus import Floats
from sgdsym.numeric.matrix_free.student import widening

DOUBT = 0.25  # of order 1, that a part of order 2 may be


@dataclass(frozen=True, slots=True, eq=False)
class WholeRun:
    r"""Values along a run.

    The mean test loss at batch size :math:`B` is ``loss + effect / B``, that of gradient descent on :math:`N` points ``loss +
    effect / N``; twice an
    error is an interval of 95 %.

    Attributes:
        steps: the steps at which values are recorded.
        loss: the mean loss of the run without noise.
        effect: the coefficient of 1/B, or of 1/N.
        effect_error: its standard error, from independent noisy runs.
        drift: the part of the effect that moves the mean of the weights.
        spread: the part that spreads them.
        gap: for the noise of a dataset the coefficient of 1/N of test minus training loss; otherwise zero.
        gap_error: its standard error.
        doubt: at the size that was given, how large parts of higher order are beside order 1, in the loss along the noise and in
            the mean of a step,
            the largest up to each step.
        size: the batch size, or the number of data points, that was given.
    """

    steps: Floats
    loss: Floats
    effect: Floats
    effect_error: Floats
    drift: Floats
    spread: Floats
    gap: Floats
    gap_error: Floats
    doubt: Floats
    size: int

    @classmethod
    def of(cls, records: Sequence[Floats], size: int) -> WholeRun:
        """From the records of a run: step, loss, doubt in a step; drift, spread, gap and what is beyond the square of each noisy run."""
        table = np.array(records)
        rows = table[:, 3:].reshape(len(table), 4, -1)
        drift, spread, gap, beyond = np.moveaxis(rows, 1, 0)
        effect, effect_error = _statistics(drift + spread)
        first = np.abs(effect) / size
        second = np.abs(beyond.mean(axis=1))
        doubt = np.divide(second, first, out=np.zeros_like(second), where=first > 0)
        return cls(
            table[:, 0].astype(int),
            table[:, 1],
            effect,
            effect_error,
            drift.mean(axis=1),
            spread.mean(axis=1),
            *_statistics(gap),
            np.maximum.accumulate(np.maximum(doubt, table[:, 2])),
            size,
        )

    def at(self, size: int) -> tuple[Floats, Floats]:
        """The mean test loss along the run at a batch size, or with so many data points, and its standard error.

        Raises:
            ValueError: if the size is no integer of at least 1.
        """
        size = read_integer("size", size, least=1)
        return self.loss + self.effect / size, self.effect_error / size

    def trusted_until(self, size: int, doubt: float = DOUBT) -> int | None:
        """The first recorded step from which on the values are not to be trusted at a batch size; None if all are.

        A part of order 2 falls like the square of the size, so that its ratio to order 1 falls like the size.

        Raises:
            ValueError: if the size is no integer of at least 1, or the ratio no number.
        """
        size, limit = read_integer("size", size, least=1), read_real("doubt", doubt, least=0)
        over = np.flatnonzero(self.doubt * self.size / size > limit)
        return int(self.steps[over[0]]) if len(over) else None

    def __str__(self) -> str:
        lines = [f"{'step':>8}  {'loss':>12}  {'effect of noise':>22}  {'drift':>11}  {'spread':>11}"]
        for i in range(len(self.steps)):
            effect = f"{self.effect[i]:.4g} ± {self.effect_error[i]:.2g}"
            lines.append(
                f"{self.steps[i]:>8}  {self.loss[i]:>12.6g}  {effect:>22}  {self.drift[i]:>11.4g}  {self.spread[i]:>11.4g}"
            )
        until = self.trusted_until(self.size)
        if until is not None:
            lines.append(
                f"at size {self.size} not to be trusted from step {until} on: a part of higher order is over {DOUBT:.0%} of order 1"
            )
        return "\n".join(lines)


def _statistics(rows: Floats) -> tuple[Floats, Floats]:
    """Means over noisy runs and their standard errors, wider where there are few."""
    count = rows.shape[1]
    return rows.mean(axis=1), widening(count) * rows.std(axis=1, ddof=1) / np.sqrt(count)
