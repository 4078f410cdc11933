r"""Which factor of a central moment need not be centred.

A central moment is linear in each factor, and vanishes where one factor is a constant and one other is left, so

.. math:: E\Bigl[\delta V \prod_{i\in c} \delta X_i\Bigr]
          = E\Bigl[V \prod_{i\in c} \delta X_i\Bigr] - E[V]\, E\Bigl[\prod_{i\in c} \delta X_i\Bigr],
          \qquad E[\delta V\, \delta X] = E[V\, \delta X].

With :math:`V` the tensor of highest degree no deviation of it is ever formed: the array at every data point, which nearly
fills the memory, is only read.  What is subtracted is a smaller network, most often one that the series needs anyway.
The other factors stay centred, so that the difference loses no more digits than that of one deviation.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

from sgdsym.codegen.planning.fragment import DEVIATION, MEAN, SAMPLE, Fragment, canonical
from sgdsym.diagrams import connected_parts

_Choice = tuple[int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def uncentred(whole: Fragment) -> list[tuple[Fragment, int]]:
    """A fragment as a sum of fragments with integer weights; an average that holds a Hessian or more has one factor as it is.

    >>> skew = Fragment(((1, DEVIATION), (1, DEVIATION), (2, DEVIATION)), ((0, 2), (1, 2)), ((0, 1, 2),))
    >>> [(str(fragment), weight) for fragment, weight in uncentred(skew)]
    [('H_a(g_a, g_a)', 1), ('H(g_a, g_a)', -1)]
    """
    degrees = [degree for degree, _ in whole.tensors]
    found = []
    for choice in product(*(_choices(block, degrees) for block in whole.averaged)):
        tensors = list(whole.tensors)
        for _, as_samples, as_means, _ in choice:
            for v in as_samples:
                tensors[v] = (degrees[v], SAMPLE)
            for v in as_means:
                tensors[v] = (degrees[v], MEAN)
        blocks = tuple(block for _, _, _, block in choice)
        found.append((Fragment(tuple(tensors), whole.edges, blocks), prod(sign for sign, *_ in choice)))
    return found


def with_samples_and_mean(whole: Fragment) -> tuple[Fragment, Fragment] | None:
    """The fragments with the samples and with the mean in place of a deviation: it is their difference.

    Only for a deviation at one data point that has all open legs, because then the axes agree.

    >>> bent = Fragment(((1, MEAN), (2, DEVIATION)), ((0, 1),), open=((1,),))
    >>> [str(fragment) for fragment in with_samples_and_mean(bent)]
    ['H_n(G, .)', 'H(G, .)']
    """
    ends = set(whole.legs)
    if len(ends) != 1 or len(whole.open) != 1 or not ends <= set(whole.open[0]):
        return None
    (v,) = ends
    degree, kind = whole.tensors[v]
    if kind != DEVIATION or degree < 2 or len(connected_parts(len(whole.tensors), whole.edges)) > 1:
        return None
    others = tuple(w for w in whole.open[0] if w != v)
    kinds = [(*whole.tensors[:v], (degree, kind), *whole.tensors[v + 1 :]) for kind in (SAMPLE, MEAN)]
    samples = canonical(kinds[0], whole.edges, whole.averaged, whole.open)[0]
    return samples, canonical(kinds[1], whole.edges, whole.averaged, (others,) if others else ())[0]


def _choices(block: tuple[int, ...], degrees: list[int]) -> Iterator[_Choice]:
    """Sign, nodes taken as they are, nodes replaced by their means, and what is left of the block."""
    # the array that would be largest if it were formed
    largest = max(block, key=lambda v: degrees[v])
    if degrees[largest] < 2:
        # arrays of deviations of losses and gradients are small, and centred sums lose fewer digits
        yield 1, (), (), block
        return
    yield 1, (largest,), (), block
    others = tuple(v for v in block if v != largest)
    # with one other factor the second term is E[V] E[δX] = 0
    if len(others) > 1:
        for sign, as_samples, as_means, rest in _choices(others, degrees):
            yield -sign, as_samples, (*as_means, largest), rest
