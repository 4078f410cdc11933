r"""A sampler of noise with the covariance of minibatch noise, at a strength of its own and without any matrix.

A draw is one weighted sum of the gradients of the examples,

.. math:: \xi = s \sum_i c_i\, g_i, \qquad E[c_i] = 0, \quad E[c_ic_j] = \frac{1}{n}\Big(\delta_{ij} - \frac1n\Big)
          \quad\Rightarrow\quad cov(\xi) = s^2 D,

so neither the covariance :math:`D` nor a square root of it is ever formed: the weighted sum is one backward pass through the
weighted mean loss.  The strength :math:`s` is free of learning rate and batch size: :math:`s = 1/\sqrt b` has the covariance of
batches of :math:`b` drawn with replacement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdsym.arguments import plain_integer, quoted, read_instance, read_integer, read_real
from sgdsym.arrays import float_array, real_array
from sgdsym.quantities import Array, has_symbols

Seed = int | np.random.Generator

# weights that are held in memory together
WEIGHTS_AT_ONCE = 4_000_000
# of anything that is counted here: numbers of draws fit the memory, and the sampler of numpy takes them
MOST = 10**9


@dataclass(frozen=True, slots=True, eq=False)
class NoiseSampler:
    r"""Draws noise :math:`\xi` of mean zero and covariance :math:`s^2 D`, with :math:`D` that of the gradient of one example.

    Args:
        gradients: the gradients of the examples, (n, p); or a function that takes weights (n,) and returns
            :math:`\sum_i c_ig_i`, (p,), such as the gradient of the weighted sum of the losses.
        strength: :math:`s \ge 0`.
        examples: :math:`n`, needed with a function.
        resampled: left out the weights are Gaussian, and so is the noise.  A number :math:`b` gives the weights of a
            resampled batch of :math:`b` examples with replacement, scaled: the same covariance, with the higher cumulants of
            such a batch.

    Raises:
        ValueError: if a number is none, the strength is negative, or the number of examples is missing.

    >>> sampler = NoiseSampler([[1.0, 0.0], [3.0, 2.0], [-1.0, 1.0]], strength=0.5)
    >>> bool((sampler.draw(seed=7) == sampler.draw(seed=7)).all()), sampler.draw(seed=7, count=5).shape
    (True, (5, 2))
    """

    gradients: Any
    strength: float = 1.0
    examples: int | None = None
    resampled: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "strength", read_real("strength", self.strength, least=0))
        if self.resampled is not None:
            object.__setattr__(self, "resampled", read_integer("resampled", self.resampled, least=1, most=MOST))
        if callable(self.gradients):
            if self.examples is None:
                raise ValueError("with a function of the weights the number of examples is not known; give examples=n")
            object.__setattr__(self, "examples", read_integer("examples", self.examples, least=1, most=MOST))
            return
        given = real_array(self.gradients, "gradients")
        if has_symbols(given):
            raise ValueError("gradients holds symbols; give numbers")
        rows = float_array(given, "gradients")
        if rows.ndim != 2 or not len(rows):
            raise ValueError(f"gradients has shape {rows.shape}; it must be (n, p) with at least one example")
        if not np.isfinite(rows).all():
            raise ValueError(f"gradients holds {rows[~np.isfinite(rows)][0]}; give finite numbers")
        if self.examples is not None and plain_integer(self.examples) != len(rows):
            raise ValueError(f"gradients has {len(rows)} rows, not {quoted(self.examples)}; leave examples out")
        object.__setattr__(self, "gradients", rows)
        object.__setattr__(self, "examples", len(rows))

    def draw(self, seed: Seed, count: int | None = None) -> Array:
        """One draw (p,), or ``count`` independent ones (count, p); the same seed gives the same noise.

        Args:
            seed: an integer, or a numpy generator that moves on with every draw.
            count: how many draws, at least 1.

        Raises:
            ValueError: if there is nothing to draw.
        """
        total = 1 if count is None else read_integer("count", count, least=1, most=MOST)
        if not isinstance(seed, np.random.Generator):
            seed = read_integer("seed", seed, least=0)
        generator = np.random.default_rng(seed)
        assert self.examples is not None
        step = max(1, WEIGHTS_AT_ONCE // self.examples)
        parts = [self._rows(self.weights(generator, min(step, total - start))) for start in range(0, total, step)]
        rows = np.concatenate(parts)
        return rows[0] if count is None else rows

    def _rows(self, weights: Array) -> Array:
        if not callable(self.gradients):
            return np.asarray(weights @ self.gradients)
        weighted_sum: Callable[[Array], Any] = self.gradients
        return np.stack([np.asarray(weighted_sum(row), dtype=float) for row in weights])

    def weights(self, generator: np.random.Generator, count: int) -> Array:
        r"""The weights :math:`s\,c` of so many draws, (count, n), each row of sum zero."""
        n = self.examples
        assert n is not None
        read_instance("generator", generator, np.random.Generator)
        count = read_integer("count", count, least=0, most=max(MOST // n, 1))
        if self.resampled is None:
            normal = generator.standard_normal((count, n))
            # rows sum to 0, so the mean gradient drops out; each example weighs 1/n in the covariance
            centred = (normal - normal.mean(axis=1, keepdims=True)) / np.sqrt(n)
        else:
            counts = generator.multinomial(self.resampled, np.full(n, 1 / n), size=count)
            centred = (counts - self.resampled / n) / np.sqrt(self.resampled)
        return np.asarray(self.strength * centred)
