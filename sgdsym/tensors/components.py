r"""Explicit components: scalar symbols for tensor entries, equal where symmetry makes the entries equal.

A symmetric index group may be written in any order, and members of equal degree may be exchanged together with their
indices; every spelling gives the same symbol.  Symbols are named ``G_0``, ``H_01``, ``C_01``, ``kappa_g0_h01``,
``E_g0_g1``, ``ginv_01``; where an index has two or more characters all are set apart, ``H_3_12``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, groupby, product
from typing import TypeAlias

import sympy as sp

from sgdsym.arguments import plain_integer, quoted
from sgdsym.tensors.notation import base_name, identifier, index_names
from sgdsym.tensors.tensor import InverseMetric, JointTensor
from sgdsym.tensors.wiring import Wiring

Label: TypeAlias = int | str
Indices: TypeAlias = tuple[tuple[Label, ...], ...]

# without g, h, j and l, which name members: in kappa_ga_hb each letter has one meaning
_LETTERS = re.compile(r"[a-fikm-z][0-9]*")


def component_symbol(tensor: JointTensor | InverseMetric, *indices: Sequence[Label]) -> sp.Symbol:
    r"""The scalar symbol of one component.

    Args:
        tensor: a joint cumulant, a joint moment or the inverse metric.
        indices: one index group per member, in the order of ``tensor.degrees``; one group of two for the metric.  An
            index is an integer from 0, or a letter other than g, h, j, l for a slot that is left open.

    Raises:
        ValueError: if the groups do not fit the tensor, or an index is neither.

    >>> from sgdsym.tensors import JointCumulant, JointMoment
    >>> component_symbol(JointCumulant(2), (1, 0))
    H_01
    >>> component_symbol(JointCumulant(1, 1, 2), (3,), (0,), (2, 1)), component_symbol(JointMoment(1, 1), "a", "b")
    (kappa_g0_g3_h12, E_ga_gb)
    """
    degrees = _degrees(tensor)
    if tuple(map(len, indices)) != degrees:
        raise ValueError(
            f"{tensor} takes {len(degrees)} index groups of lengths {', '.join(map(str, degrees))}, not {indices}"
        )
    return sp.Symbol(_symbol_name(tensor, _canonical(degrees, indices)))


def independent_components(tensor: JointTensor | InverseMetric, dimension: int) -> Iterator[Indices]:
    """The index groups of the components that symmetry does not make equal, in lexicographic order.

    Args:
        tensor: a joint cumulant, a joint moment or the inverse metric.
        dimension: the number of values of an index.

    >>> from sgdsym.tensors import JointCumulant
    >>> list(independent_components(JointCumulant(1, 1), 2))
    [((0,), (0,)), ((0,), (1,)), ((1,), (1,))]
    """
    # members of equal degree can be exchanged, so that a multiset of index groups is one component, and so is each
    # group of one
    alike = [
        combinations_with_replacement(combinations_with_replacement(range(dimension), degree), len(list(group)))
        for degree, group in groupby(_degrees(tensor))
    ]
    return (tuple(index for groups in choice for index in groups) for choice in product(*alike))


def component_sum(wiring: Wiring, dimension: int) -> sp.Expr:
    """The contraction written out: a sum over all index values, equal terms collected."""
    kinds = [(tensor, _degrees(tensor), slots) for tensor, slots in wiring.factors]
    # equal terms are counted as tuples: of dimension**labels terms symmetry leaves few, and only those become
    # expressions of sympy
    monomials: Counter[tuple[tuple[int, Indices], ...]] = Counter()
    kind_of = {tensor: j for j, tensor in enumerate(dict.fromkeys(tensor for tensor, _, _ in kinds))}
    for values in product(range(dimension), repeat=wiring.labels):
        monomials[
            tuple(
                sorted(
                    (kind_of[tensor], _canonical(degrees, [[values[x] for x in group] for group in slots]))
                    for tensor, degrees, slots in kinds
                )
            )
        ] += 1
    tensors = list(kind_of)
    entries = {entry for monomial in monomials for entry in monomial}
    symbol = {(j, indices): sp.Symbol(_symbol_name(tensors[j], indices)) for j, indices in entries}
    return sp.Add(*(sp.Mul(n, *(symbol[entry] for entry in monomial)) for monomial, n in monomials.items()))


def indexed_sum(wiring: Wiring, dimension: sp.Expr | int) -> sp.Expr:
    """The contraction as one sympy ``Sum`` of products of ``Indexed``, for display."""
    order = list(dict.fromkeys(x for _, slots in wiring.factors for group in slots for x in group))
    index = {x: sp.Symbol(name, integer=True) for x, name in zip(order, index_names(len(order)), strict=True)}
    rank = {x: position for position, x in enumerate(order)}
    factors = []
    for tensor, slots in wiring.factors:
        name = _base(tensor)
        places = [index[x] for group in slots for x in sorted(group, key=rank.__getitem__)]
        factors.append(sp.IndexedBase(name)[tuple(places)] if places else sp.Symbol(name))
    number = plain_integer(dimension)
    if not (number is not None and number > 0) and not (isinstance(dimension, sp.Expr) and not dimension.is_number):
        raise ValueError(f"the dimension must be a positive integer or a sympy symbol, not {quoted(dimension)}")
    limits = [(index[x], 0, dimension - 1) for x in order]
    return sp.Sum(sp.Mul(*factors), *limits) if limits else sp.Mul(*factors)


def _degrees(tensor: JointTensor | InverseMetric) -> tuple[int, ...]:
    return (2,) if isinstance(tensor, InverseMetric) else tensor.degrees


def _canonical(degrees: Sequence[int], indices: Sequence[Sequence[Label]]) -> Indices:
    """Indices sorted in each group, and groups of equal degree sorted among each other; integers before letters."""
    groups = [(degree, tuple(sorted(group, key=_rank))) for degree, group in zip(degrees, indices, strict=True)]
    groups.sort(key=lambda pair: (pair[0], [_rank(x) for x in pair[1]]))
    return tuple(group for _, group in groups)


def _rank(label: Label) -> tuple[bool, int, str]:
    return (False, label, "") if isinstance(label, int) else (True, 0, label)


def _base(tensor: JointTensor | InverseMetric) -> str:
    return "ginv" if isinstance(tensor, InverseMetric) else base_name(tensor.kind, tensor.degrees)


def _symbol_name(tensor: JointTensor | InverseMetric, indices: Indices) -> str:
    base, degrees = _base(tensor), _degrees(tensor)
    if not sum(degrees):
        return base
    # one letter tells all degrees, so that the indices may stand together: H_01, C_01
    if len(degrees) == 1 or "_" not in base:
        return f"{base}_{_joined([x for group in indices for x in group])}"
    names = [
        f"{identifier(degree)}{'_' if degree > 3 else ''}{_joined(group)}"
        for degree, group in zip(degrees, indices, strict=True)
    ]
    return "_".join([base.split("_")[0], *names])


def _joined(labels: Sequence[Label]) -> str:
    texts = [_text(label) for label in labels]
    return "".join(texts) if all(len(text) == 1 for text in texts) else "_".join(texts)


def _text(label: Label) -> str:
    if isinstance(label, bool) or not (
        label >= 0 if isinstance(label, int) else isinstance(label, str) and _LETTERS.fullmatch(label)
    ):
        raise ValueError(f"an index is an integer 0, 1, 2, … or a letter other than g, h, j, l, not {quoted(label)}")
    return str(label)
