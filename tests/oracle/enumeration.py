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


def register_trajectory(landscape, order, updates, read):
    """What is read off after a run of an optimiser with registers, as power series.

    Args:
        landscape: where the run happens.
        order: the highest power of the learning rate.
        updates: for each update the matrix, the gain and the point, of fractions.
        read: the combination of registers that is read off.
    """
    gradients, size, axes = landscape.gradients, len(read), range(len(landscape.theta))

    def read_off(combination, registers):
        """The start plus a combination of the displacements that registers hold."""
        total = [constant(x, order) for x in landscape.theta]
        for factor, displacement in zip(combination, registers, strict=True):
            total = [add(a, scale(b, factor)) for a, b in zip(total, displacement, strict=True)]
        return tuple(total)

    @cache
    def registers(batches):
        if not batches:
            return tuple(tuple(constant(0, order) for _ in axes) for _ in range(size))
        before, batch = registers(batches[:-1]), batches[-1]
        matrix, gain, point = updates[len(batches) - 1]
        weights = read_off(point, before)
        slopes = [constant(0, order) for _ in axes]
        for n in batch:
            slopes = [
                add(total, scale(shift(compose(gradients[n][i], weights)), Fraction(-1, len(batch))))
                for i, total in enumerate(slopes)
            ]
        moved = []
        for row, share in zip(matrix, gain, strict=True):
            new = [scale(slope, share) for slope in slopes]
            for factor, displacement in zip(row, before, strict=True):
                new = [add(a, scale(b, factor)) for a, b in zip(new, displacement, strict=True)]
            moved.append(tuple(new))
        return tuple(moved)

    return lambda batches: read_off(read, registers(batches))


def expected_loss(landscape, runs, order, weights=None):
    """The mean over runs of the population loss at their ends: coefficients of the powers of the learning rate.

    ``weights`` says what is read off after a run; the last weights of plain steps if left out.
    """
    weights = weights or trajectory(landscape, order)
    total = constant(0, order)
    for probability, batches in runs:
        end = weights(tuple(tuple(sorted(batch)) for batch in batches))
        for share, loss in zip(landscape.probabilities, landscape.losses, strict=True):
            total = add(total, scale(compose(loss, end), probability * share))
    return list(total)
