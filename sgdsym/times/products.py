r"""Sums of products that are formed once, at the end: most of their factors are few, and shared.

The weight of a placement is a sum over the modes of its edges, each a product of divided differences
:math:`[R_{a_0}^M, …]\,x^E\,\prod_i[R_{a_{i-1}}, …]\,x^M`.  Each difference has a denominator of its own, and nearly all of these
cancel when a diagram is summed; so nothing is brought over a denominator before.  Of the 85 551 products in the test loss of
heavy ball over fixed epochs at order 4, 1 426 are different, of 55 differences over epochs and 352 over slots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sgdsym.series import Coefficient

Factors = tuple[Coefficient, ...]
_ONE = (Coefficient(1),)


@dataclass(frozen=True, slots=True)
class Product:
    """A product that is not yet formed.

    Attributes:
        weight: factors of its own.
        sums: sums over times, in an order that equal products share.
    """

    weight: Factors = ()
    sums: Factors = ()

    def times(self, *factors: Coefficient) -> Product:
        """The product with more factors of its own."""
        return Product((*factors, *self.weight), self.sums)


def total(products: Iterable[Product]) -> Coefficient:
    """The sum of products, those with equal sums over times gathered first.

    >>> T, x, y = map(Coefficient.symbol, "Txy")
    >>> total([Product((T,), (x, y)), Product((-T,), (x, y)), Product((T,), (x,))])
    Coefficient('T*x')
    """
    gathered: dict[Factors, list[Factors]] = {}
    for product in products:
        # a product without factors is one, but a sum of products has one factor at least in each
        gathered.setdefault(product.sums, []).append(product.weight or _ONE)
    return _total(gathered)


def _total(gathered: Mapping[Factors, list[Factors]]) -> Coefficient:
    """The sum, what one first factor is multiplied by added up before it is multiplied."""
    # Horner's rule over the shared factors: each is multiplied in once
    by_first: dict[Coefficient, dict[Factors, list[Factors]]] = {}
    for sums, weights in gathered.items():
        if sums:
            by_first.setdefault(sums[0], {})[sums[1:]] = weights
    parts = [(first, _total(rest)) for first, rest in by_first.items()]
    return Coefficient.sum_of_products([*gathered.get((), ()), *parts])
