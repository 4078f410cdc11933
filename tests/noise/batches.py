"""Every batch that can be drawn, with its probability: the definition that the formulas are held to."""

from fractions import Fraction
from itertools import combinations, permutations, product
from math import prod

import numpy as np

F = Fraction


def all_batches(examples, size, replacement):
    """Every batch as a tuple of examples, equally likely."""
    return list(product(range(examples), repeat=size) if replacement else combinations(range(examples), size))


def batch_means(gradients, size, replacement):
    """The mean gradient of every batch, one row each."""
    rows = np.array(gradients, dtype=object).reshape(len(gradients), -1)
    return np.array([sum(rows[list(b)]) * F(1, size) for b in all_batches(len(rows), size, replacement)])


def enumerated_moment(gradients, size, order, replacement):
    """The central moment of the mean gradient over every batch, as a tensor."""
    means = batch_means(gradients, size, replacement)
    centred = means - sum(means) * F(1, len(means))
    p = centred.shape[1]
    moment = np.empty((p,) * order, dtype=object)
    for place in product(range(p), repeat=order):
        moment[place] = sum(prod(row[i] for i in place) for row in centred) * F(1, len(means))
    return moment


def enumerated_lags(gradients, size):
    """The autocovariance of a scalar at lags 0, 1, …, over every order of an epoch and the next, and every phase."""
    batches = len(gradients) // size
    mean = F(sum(gradients), 1) / len(gradients)
    epochs = [
        [sum(order[k * size : (k + 1) * size]) * F(1, size) - mean for k in range(batches)]
        for order in permutations(gradients)
    ]
    average = [sum(column) * F(1, len(epochs)) for column in zip(*epochs, strict=True)]
    within = [[sum(e[j] * e[k] for e in epochs) * F(1, len(epochs)) for k in range(batches)] for j in range(batches)]
    return [
        # past the end of the epoch the next one is independent
        sum(within[j][j + h] if j + h < batches else average[j] * average[(j + h) % batches] for j in range(batches))
        * F(1, batches)
        for h in range(batches + 1)
    ]
