r"""The modified equation of Adam and RMSProp without noise: which norm of the gradient they descend on beside the loss.

Knows full-batch Adam with :math:`\epsilon` inside the root, long after its start.  Refuses to know its noise and the bias
corrections of the first steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from sgdsym.quantities import EXACT, exact_or_symbol, formula, read_coordinates


def adam_drift(
    coordinates: Sequence[sp.Symbol],
    loss: sp.Expr,
    *,
    learning_rate: Any = None,
    first_decay: Any = None,
    second_decay: Any = None,
    epsilon: Any = None,
) -> tuple[sp.Expr, ...]:
    r"""The drift of the flow that Adam follows to first order in the learning rate, in time :math:`h\times` steps.

    For :math:`m\leftarrow\beta m+(1-\beta)g`, :math:`v\leftarrow\rho v+(1-\rho)g^2`,
    :math:`\theta\leftarrow\theta-h\,m/\sqrt{v+\epsilon}` once the memory of the start is gone,

    .. math:: \dot\theta_j = -\frac{\partial_jE + \frac h2 c_j\,\partial_j\|\nabla E\|_{1,\epsilon}}{\sqrt{(\partial_jE)^2+\epsilon}},
              \qquad \|v\|_{1,\epsilon} = \sum_i\sqrt{v_i^2+\epsilon},

    .. math:: c_j = \frac{1+\beta}{1-\beta} - \frac{1+\rho}{1-\rho}
              + \frac{1+\rho}{1-\rho}\,\frac{\epsilon}{(\partial_jE)^2+\epsilon} .

    Where :math:`\epsilon` is large beside the gradient, :math:`c_j > 0` and large gradients are avoided; where it is small and
    :math:`\rho > \beta`, as usual, :math:`c_j < 0` and they are sought.

    Args:
        coordinates: the weights.
        loss: :math:`E`, an expression in them.
        learning_rate: :math:`h`.
        first_decay: :math:`\beta` of the mean gradient; 0 for RMSProp.
        second_decay: :math:`\rho` of the mean square.
        epsilon: :math:`\epsilon`.  What is left out is a symbol: eta, beta, rho, epsilon.

    Raises:
        ValueError: if the learning rate or epsilon is not positive, or a decay is not at least 0 and below 1.

    Source: [Cattaneo2024]_, the full-batch equation.

    >>> x = sp.Symbol("x")
    >>> adam_drift([x], x, epsilon=1)  # a constant slope moves by h/√2 a step, to all orders
    (-sqrt(2)/2,)
    """
    step = EXACT.positive("the learning rate", exact_or_symbol("the learning rate", learning_rate, "eta"))
    floor = EXACT.positive("epsilon", exact_or_symbol("epsilon", epsilon, "epsilon"))
    memory = [(1 + decay) / (1 - decay) for decay in (_decay("beta", first_decay), _decay("rho", second_decay))]
    weights = read_coordinates(coordinates)
    slopes = [sp.diff(formula("the loss", loss), x) for x in weights]
    roots = [sp.sqrt(slope**2 + floor) for slope in slopes]
    norm = sp.Add(*roots)
    drift = []
    for x, slope, root in zip(weights, slopes, roots, strict=True):
        push = memory[0] - memory[1] + memory[1] * floor / root**2
        drift.append(-(slope + step / 2 * push * sp.diff(norm, x)) / root)
    return tuple(drift)


def _decay(name: str, value: Any) -> sp.Expr:
    return EXACT.decay(name, exact_or_symbol(name, value, name))
