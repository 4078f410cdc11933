r"""Joint cumulants written in joint moments and back, component by component with open slots.

Products of tensors with open slots need slot labels, so the two sides are written in the component symbols of
:func:`sgdsym.tensors.component_symbol`, whose indices may be numbers or letters.  For closed diagrams use
:meth:`sgdsym.tensors.Contraction.in_basis`.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from sgdsym.diagrams import moebius, set_partitions
from sgdsym.tensors.components import Label, component_symbol
from sgdsym.tensors.notation import index_names
from sgdsym.tensors.tensor import JointCumulant, JointMoment, JointTensor, joint_tensor


def cumulant_in_moments(cumulant: JointCumulant, *indices: Sequence[Label]) -> sp.Expr:
    r"""A joint cumulant as a polynomial in joint moments.

    .. math:: \kappa(b) = \sum_\pi (-1)^{|\pi|-1}(|\pi|-1)! \prod_{c\in\pi} E\Big[\prod_{i\in c}X_i\Big]

    Args:
        cumulant: the joint cumulant.
        indices: one index group per member, numbers or letters; the letters a, b, c, … if left out.

    Raises:
        ValueError: if the index groups do not fit.

    Source: [Speed1983]_.

    >>> cumulant_in_moments(JointCumulant(1, 2))
    E_ga_hbc - G_a*H_bc
    >>> cumulant_in_moments(JointCumulant(1, 1), (0,), (0,))
    E_g0_g0 - G_0**2
    """
    return _converted(cumulant, indices, "moment")


def moment_in_cumulants(moment: JointMoment, *indices: Sequence[Label]) -> sp.Expr:
    r"""A joint moment as a polynomial in joint cumulants.

    .. math:: E\Big[\prod_{i\in b}X_i\Big] = \sum_\pi \prod_{c\in\pi}\kappa(c)

    Args:
        moment: the joint moment.
        indices: one index group per member, numbers or letters; the letters a, b, c, … if left out.

    Raises:
        ValueError: if the index groups do not fit.

    >>> moment_in_cumulants(JointMoment(1, 1))
    C_ab + G_a*G_b
    """
    return _converted(moment, indices, "cumulant")


def _converted(tensor: JointTensor, indices: Sequence[Sequence[Label]], basis: str) -> sp.Expr:
    degrees = tensor.degrees
    groups = list(indices) or _open_slots(degrees)
    # for its complaint about indices that do not fit, before the first partition fails with one about a part
    component_symbol(tensor, *groups)
    terms = []
    for partition in set_partitions(len(degrees)):
        weight = moebius(len(partition)) if basis == "moment" else 1
        factors = [
            component_symbol(joint_tensor(basis, [degrees[i] for i in part]), *(groups[i] for i in part))
            for part in partition
        ]
        terms.append(sp.Mul(weight, *factors))
    return sp.Add(*terms)


def _open_slots(degrees: Sequence[int]) -> list[list[str]]:
    names = iter(index_names(sum(degrees)))
    return [[next(names) for _ in range(degree)] for degree in degrees]
