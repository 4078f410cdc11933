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

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient, collect
from sgdsym.sgd.observables import displacement_product
from sgdsym.sgd.sampling import Sampling


@dataclass(frozen=True, slots=True)
class GeneratorClock:
    r"""The derivative of plain time-sums at :math:`T = 0`: that of :math:`\binom Tk` is :math:`(-1)^{k-1}/k`."""

    def keys(self, levels: Sequence[int], parents: Sequence[int], groups: int) -> Iterable[tuple[Hashable, int]]:
        """The number of levels."""
        return ((len(levels), 1),)

    def value(self, key: Hashable) -> Coefficient:
        r"""The coefficient of :math:`T` in :math:`\binom Tk`."""
        assert isinstance(key, int)
        return Coefficient(Fraction((-1) ** (key - 1), key)) if key else Coefficient()


def part_terms(
    draws: Sampling, order: int, indices: int, progress: Callable[[int, int], None] | None = None
) -> dict[Diagram, Coefficient]:
    """Terms of one part of the generator, from a sampling with the clock of the generator.

    Args:
        draws: how steps draw data.
        order: the highest power of the learning rate.
        indices: which part, by the number of its indices.
        progress: called with each finished order and its number of diagrams.
    """
    terms: dict[Diagram, Coefficient] = {}
    for d in range(indices, order + 1):
        readings = displacement_product(d, indices)
        found = collect((reading.diagram, reading.coefficient(draws)) for reading in readings)
        layer = {diagram: c for diagram, c in found.items() if c}
        if progress:
            progress(d, len(layer))
        terms |= layer
    return terms
