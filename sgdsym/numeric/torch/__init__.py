r"""Series on a loss written for PyTorch, without forming any array larger than its parameters.

Needs the extra ``torch``.  Derivatives are nested Jacobian- and Hessian-vector products along the trees of the diagrams, by
``torch.func``, on the device of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sgdsym.arguments import read_function
from sgdsym.numeric.matrix_free import FrontEnd

__all__ = ["diagram_values", "evaluate", "evaluate_vector", "plan", "statistics", "supervised", "trajectory"]

FRONT_END = FrontEnd("PyTorch", "torch")
diagram_values = FRONT_END.diagram_values
evaluate = FRONT_END.evaluate
evaluate_vector = FRONT_END.evaluate_vector
plan = FRONT_END.plan
statistics = FRONT_END.statistics
trajectory = FRONT_END.trajectory


def supervised(
    model: Any, loss_function: Callable[[Any, Any], Any]
) -> tuple[Callable[[Any, Any], Any], dict[str, Any]]:
    r"""A module and its loss function as the loss of one data point, and its parameters.

    The module is called with batches of one: ``loss_function(model(x[None]), y[None])``, and ``model(*x)`` or ``model(**x)``
    where x is a tuple or a dictionary.  Frozen parameters and buffers are what they are now, tied weights are one, compiled
    modules are taken as what they were compiled from, half precision is computed with in single.

    Args:
        model: a ``torch.nn.Module`` in evaluation mode, as far as it has layers that are different in training.
        loss_function: ``loss_function(outputs, targets)``, a number for a batch: its mean or its sum.

    Returns:
        The loss and the parameters that are trained by name: for :func:`evaluate` and its kind, with data of pairs (x, y).

    Raises:
        ValueError: if a data point has no loss of its own, or none that is not random (batch normalisation and dropout in
            training mode, class weights with a mean), or no parameter is trained.  Whether the loss of a batch is the mean or the sum of
            those of its data points is seen when data are there.
        RuntimeError: if PyTorch is not installed.

    >>> import torch
    >>> from sgdsym.sgd import expand
    >>> model = torch.nn.Linear(1, 1, bias=False).double()
    >>> _ = torch.nn.init.constant_(model.weight, 1.0)
    >>> loss, parameters = supervised(model, torch.nn.MSELoss())
    >>> x, y = torch.ones(2, 1, dtype=torch.float64), torch.tensor([[0.0], [4.0]], dtype=torch.float64)
    >>> data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), shuffle=True)
    >>> found = evaluate(expand(order=1), loss, parameters, data, 0.1, T=3, mode="exact", progress=False)
    >>> [float(c) for c in found.coefficients]             # l = (1 + 9) / 2, G = (2 - 6) / 2
    [5.0, -12.0]
    """
    return FRONT_END.load("models").supervised_loss(model, read_function("loss_function", loss_function))  # type: ignore[no-any-return]
