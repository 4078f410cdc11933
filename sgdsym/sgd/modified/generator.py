r"""The generator of SGD: the logarithm of its transition operator, part by part.

With :math:`P s(\theta) = E\,s(\theta - \eta\bar g)`, :math:`E\,s(\theta_T) = P^T s = e^{TL} s`, the generator

.. math:: L = \ln P, \qquad
          L s = \sum_{m\ge1} \frac1{m!} A_m^{i_1…i_m}\,\partial_{i_1}\cdots\partial_{i_m} s, \qquad
          A_m = \frac{d}{dT}\,E\big[(\theta_T-\theta_0)^{\otimes m}\big]_{T=0},

is the coefficient of :math:`T^1` of the expansion: the drift :math:`A_1`, the diffusion :math:`A_2` and jumps of third and higher
order.  A product of displacements in parts that share no data point has weights with a factor :math:`T` for each part, so
only connected diagrams are left.
"""

from __future__ import annotations

from collections.abc import Callable

from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient
from sgdsym.sgd.expand import counted
from sgdsym.sgd.observables import displacement_product
from sgdsym.sgd.sampling import Sampling


def part_terms(
    draws: Sampling, order: int, indices: int, progress: Callable[[int, int], None] | None = None
) -> dict[Diagram, Coefficient]:
    """Terms of one part of the generator, from a sampling that counts rates (:class:`~sgdsym.times.calendar.RateTiming`).

    Args:
        draws: how steps draw data.
        order: the highest power of the learning rate.
        indices: which part, by the number of its indices.
        progress: called with each finished order and its number of diagrams.
    """
    terms: dict[Diagram, Coefficient] = {}
    # each index takes a step, so that a part with m indices begins at order m
    for d in range(indices, order + 1):
        found = counted(displacement_product(d, indices), draws)
        layer = {diagram: c for diagram, c in found.items() if c}
        if progress:
            progress(d, len(layer))
        terms |= layer
    return terms
