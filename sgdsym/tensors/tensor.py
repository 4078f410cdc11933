r"""The tensors of the theory as sympy objects: derivatives of the loss, their joint cumulants and joint moments.

The derivative tensor :math:`\nabla^k l_x` of a random data point :math:`x` is symmetric in its :math:`k` slots.  Joint
cumulants and moments over :math:`x` have the slots of all their members, in the order of the members.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import sympy as sp
from sympy.printing.pretty.stringpict import prettyForm

from sgdsym.arguments import plain_integer, quoted
from sgdsym.tensors.notation import LATEX, TEXT, UNICODE, Style, joint_name, member_name


# Basic and not Expr: sympy would multiply an Expr as a number, and with it the slots would be lost
class _Tensor(sp.Basic):  # type: ignore[misc]
    """A sympy object with open slots: it has a name in every style and no arithmetic."""

    def _name(self, style: Style) -> str:
        raise NotImplementedError

    def _sympystr(self, _printer: Any) -> str:
        return self._name(TEXT)

    def _latex(self, _printer: Any) -> str:
        return self._name(LATEX)

    def _pretty(self, printer: Any) -> prettyForm:
        return prettyForm(self._name(UNICODE if printer._use_unicode else TEXT))


class DerivativeTensor(_Tensor):
    r"""The derivative tensor :math:`\nabla^k l_x` of one random data point; degree 0 is the loss itself.

    Args:
        degree: the number :math:`k` of derivatives and of slots.

    Raises:
        ValueError: if the degree is not a non-negative integer.

    >>> DerivativeTensor(2), DerivativeTensor(4)
    (h, l4)
    >>> sp.latex(DerivativeTensor(4))
    '(\\nabla^{4} l_{x})'
    """

    def __new__(cls, degree: int) -> Self:
        """Check the degree."""
        tensor: Self = super().__new__(cls, _degree(degree))
        return tensor

    @property
    def degree(self) -> int:
        """Number of derivatives."""
        return int(self.args[0])

    def _name(self, style: Style) -> str:
        return member_name(self.degree, (), style)


class JointTensor(_Tensor):
    """The common base of joint cumulants and joint moments: members, named by their degrees, in a canonical order.

    >>> JointCumulant(3, 1).degrees, JointCumulant(3, 1).members, JointCumulant(3, 1).rank
    ((1, 3), (g, j), 4)
    """

    kind: ClassVar[str]

    def __new__(cls, *degrees: int) -> Self:
        """Sort the degrees."""
        if not degrees:
            raise ValueError(f"a {cls.__name__} needs at least one degree, such as {cls.__name__}(1, 2)")
        # a joint statistic does not depend on the order of its members
        tensor: Self = super().__new__(cls, *sorted(_degree(degree) for degree in degrees))
        return tensor

    @property
    def degrees(self) -> tuple[int, ...]:
        """Degree of each member, increasing."""
        return tuple(int(degree) for degree in self.args)

    @property
    def members(self) -> tuple[DerivativeTensor, ...]:
        """The derivative tensors whose joint statistic this is."""
        return tuple(DerivativeTensor(degree) for degree in self.degrees)

    @property
    def rank(self) -> int:
        """Number of slots."""
        return sum(self.degrees)

    def _name(self, style: Style) -> str:
        return joint_name(self.kind, [(degree, ()) for degree in self.degrees], style)


class JointCumulant(JointTensor):
    r"""The joint cumulant :math:`\kappa(\nabla^{k_1}l_x, …, \nabla^{k_m}l_x)` over one random data point.

    Args:
        degrees: :math:`k_1, …, k_m` in any order.  One degree alone is the mean tensor ``G``, ``H``, ``J``, …; two and
            three gradients are ``C`` and ``S``.

    Raises:
        ValueError: if there is no degree, or one is not a non-negative integer.

    >>> JointCumulant(1), JointCumulant(1, 1), JointCumulant(2, 1)
    (G, C, kappa(g, h))
    >>> JointCumulant(2, 1) == JointCumulant(1, 2)
    True
    """

    kind = "cumulant"


class JointMoment(JointTensor):
    r"""The joint moment :math:`E[\nabla^{k_1}l_x ⋯ \nabla^{k_m}l_x]` over one random data point.

    Args:
        degrees: :math:`k_1, …, k_m` in any order.

    Raises:
        ValueError: if there is no degree, or one is not a non-negative integer.

    >>> JointMoment(1), JointMoment(1, 1), JointMoment(2, 1)
    (G, E[g g], E[g h])
    """

    kind = "moment"


class InverseMetric(_Tensor):
    r"""The inverse metric :math:`g^{-1}`, symmetric, with two slots; it contracts the two ends of an edge.

    >>> InverseMetric()
    g^-1
    """

    def _name(self, style: Style) -> str:
        return style.metric


def joint_tensor(basis: str, degrees: Sequence[int]) -> JointTensor:
    """The joint tensor of a basis.

    >>> joint_tensor("moment", [1, 1])
    E[g g]
    """
    return (JointCumulant if basis == "cumulant" else JointMoment)(*degrees)


def _degree(value: Any) -> sp.Integer:
    number = plain_integer(value)
    if number is None or number < 0:
        raise ValueError(f"the degree of a derivative tensor is an integer 0, 1, 2, …, not {quoted(value)}")
    return sp.Integer(number)
