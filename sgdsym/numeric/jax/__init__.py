r"""Series on a loss written for JAX, without forming any array larger than its parameters.

Needs the extra ``jax``.  Derivatives are nested Jacobian- and Hessian-vector products along the trees of the diagrams,
compiled, and spread over all the devices JAX has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sgdsym.arguments import read_function
from sgdsym.numeric.matrix_free import FrontEnd

__all__ = ["diagram_values", "evaluate", "evaluate_vector", "plan", "statistics", "supervised", "trajectory"]

FRONT_END = FrontEnd("JAX", "jax")
diagram_values = FRONT_END.diagram_values
evaluate = FRONT_END.evaluate
evaluate_vector = FRONT_END.evaluate_vector
plan = FRONT_END.plan
statistics = FRONT_END.statistics
trajectory = FRONT_END.trajectory


def supervised(model: Any, loss_function: Callable[[Any, Any], Any]) -> tuple[Callable[[Any, Any], Any], Any]:
    r"""A model and its loss function as the loss of one data point, and its parameters.

    The loss is ``loss_function(outputs, targets)`` of a batch of one.  Half precision is computed with in single.

    Args:
        model: a pair (apply, variables) with ``apply(variables, x)`` for a batch x, of whose collections ``params`` is trained
            where there is one (``flax.linen``), and every array of floating-point numbers where there is none; a bound module
            of ``flax.linen``; a module of ``flax.nnx``; or a module of equinox, which takes one data point.
        loss_function: ``loss_function(outputs, targets)``, a number for a batch, its mean or its sum, or one for each data point.

    Returns:
        The loss and the parameters: for :func:`evaluate` and its kind, with data of pairs (x, y).

    Raises:
        ValueError: if a data point has no loss of its own, or none that is not random (batch normalisation and dropout in
            training mode), or no parameter is trained.  Whether the loss of a batch is the mean or the sum of those of its data
            points is seen when data are there.
        RuntimeError: if JAX is not installed.

    >>> import numpy as np
    >>> from sgdsym.sgd import expand
    >>> model = (lambda weights, x: x @ weights, np.array([[1.0]]))
    >>> loss, parameters = supervised(model, lambda outputs, targets: ((outputs - targets) ** 2).mean())
    >>> data = (np.ones((2, 1)), np.array([[0.0], [4.0]]))
    >>> found = evaluate(expand(order=1), loss, parameters, data, 0.1, T=3, mode="exact", progress=False)
    >>> [float(c) for c in found.coefficients]             # l = (1 + 9) / 2, G = (2 - 6) / 2
    [5.0, -12.0]
    """
    return FRONT_END.load("models").supervised_loss(model, read_function("loss_function", loss_function))  # type: ignore[no-any-return]
