"""Expected losses of SGD by running every possible run, each as an exact power series in the learning rate.

A *run* is the list of its batches, a batch the tuple of the data points in it.  A way to sample is a generator of runs
with their probabilities; :func:`online_runs` is one, and what :func:`expected_loss` does is the same for all.
"""

from fractions import Fraction
from functools import cache
from itertools import product
from math import prod

from tests.oracle.powers import add, compose, constant, scale, shift


def online_runs(landscape, steps, batch_size):
    """Every step draws its batch afresh from the distribution."""
    points = range(len(landscape.losses))
    for batches in product(product(points, repeat=batch_size), repeat=steps):
        yield prod((landscape.probabilities[n] for batch in batches for n in batch), start=Fraction(1)), batches


def trajectory(landscape, order):
    """The weights after a run, as power series; runs that begin alike share their beginnings."""
    gradients = landscape.gradients

    @cache
    def weights(batches):
        if not batches:
            return tuple(constant(x, order) for x in landscape.theta)
        before, batch = weights(batches[:-1]), batches[-1]
        moved = []
        for i, start in enumerate(before):
            end = start
            for n in batch:
                slope = compose(gradients[n][i], before)
                end = add(end, scale(shift(slope), Fraction(-1, len(batch))))
            moved.append(end)
        return tuple(moved)

    return weights


def expected_loss(landscape, runs, order):
    """The mean over runs of the population loss at their ends: coefficients of the powers of the learning rate."""
    weights = trajectory(landscape, order)
    total = constant(0, order)
    for probability, batches in runs:
        end = weights(tuple(tuple(sorted(batch)) for batch in batches))
        for share, loss in zip(landscape.probabilities, landscape.losses, strict=True):
            total = add(total, scale(compose(loss, end), probability * share))
    return list(total)
