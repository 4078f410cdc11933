r"""Jets: values that carry their derivatives, as polynomials in :math:`\varepsilon_1, …` that end at given depths.

A weight :math:`\binom{\Delta-1}j r^{\Delta-1-j}` is the coefficient of :math:`\varepsilon^j` of
:math:`(r+\varepsilon)^{\Delta-1}`, so that products and divided differences of such weights are those of jets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from sgdsym.series import Coefficient
from sgdsym.times.differences import divided_difference, node_order, taylor
from sgdsym.times.polynomials import Polynomial, multiplied

Depths: TypeAlias = tuple[int, ...]


def times(left: Polynomial, right: Polynomial, depths: Depths) -> Polynomial:
    """The product of two jets."""
    return multiplied(left, right, lambda found: all(e <= depth for e, depth in zip(found, depths, strict=True)))


def jet(rates: Sequence[tuple[Coefficient, int]], depths: Depths) -> Polynomial:
    r"""A product of rates :math:`r + \varepsilon` as a polynomial in the :math:`\varepsilon`, up to the depths."""
    one = (0,) * len(depths)
    found: Polynomial = {one: Coefficient(1)}
    for rate, place in rates:
        factor: Polynomial = {one: rate}
        if place >= 0:
            factor[tuple(int(i == place) for i in range(len(depths)))] = Coefficient(1)
        found = times(found, factor, depths)
    return found


def _powers(jet: Polynomial, depths: Depths) -> Iterator[Polynomial]:
    r"""The powers of a jet without its value, as long as they do not vanish."""
    one = (0,) * len(depths)
    # each factor raises an exponent of ε, and exponents end at the depths, so that the powers end too
    beyond = {exponents: c for exponents, c in jet.items() if exponents != one and c}
    power: Polynomial = {one: Coefficient(1)}
    while power:
        yield power
        power = times(power, beyond, depths)


def raised(jet: Polynomial, exponent: Coefficient, depths: Depths) -> Polynomial:
    """A jet to a power that may hold symbols."""
    value = jet.get((0,) * len(depths), Coefficient(0))
    found: Polynomial = {}
    # f(r + δ) = Σ_k f^(k)(r)/k! δ^k, a finite sum as δ is nilpotent
    for k, power in enumerate(_powers(jet, depths)):
        if not (value or k):
            # an epoch has at least one slot
            continue
        for exponents, c in power.items():
            term = c * taylor(exponent, value, k)
            found[exponents] = found[exponents] + term if exponents in found else term
    return found


def difference(exponent: Coefficient, nodes: Sequence[Polynomial], depths: Depths) -> Polynomial:
    r"""The divided difference of :math:`x^T` at jets.

    Its derivative by a node repeats the node: the coefficient of :math:`\delta_0^{j_0}\cdots\delta_k^{j_k}` is the difference in which
    node :math:`i` stands :math:`j_i+1` times.
    """
    one = (0,) * len(depths)
    values = [jet.get(one, Coefficient(0)) for jet in nodes]
    shares: dict[tuple[int, ...], Polynomial] = {(): {one: Coefficient(1)}}
    for jet in nodes:
        shares = {
            (*repeats, k): found
            for repeats, share in shares.items()
            for k, power in enumerate(_powers(jet, depths))
            if (found := times(share, power, depths))
        }
    # differences do not depend on the order of their nodes, so few are different
    known: dict[tuple[Coefficient, ...], Coefficient] = {}
    total: Polynomial = {}
    for repeats, share in shares.items():
        repeated = tuple(
            sorted((v for v, k in zip(values, repeats, strict=True) for _ in range(k + 1)), key=node_order)
        )
        if repeated not in known:
            known[repeated] = divided_difference(exponent, repeated)
        for exponents, c in share.items():
            term = c * known[repeated]
            total[exponents] = total[exponents] + term if exponents in total else term
    return total
