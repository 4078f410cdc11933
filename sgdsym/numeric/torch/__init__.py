r"""Series on a loss written for PyTorch, without forming any array larger than its parameters.

Needs the extra ``torch``.  Derivatives are nested Jacobian- and Hessian-vector products along the trees of the diagrams, by
``torch.func``, on the device of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sgdsym.arguments import read_function
from sgdsym.numeric.matrix_free import (
    DiagramValues,
    Effort,
    Estimate,
    Plan,
    Progress,
    Session,
    Statistics,
    measure,
    split_options,
    split_run,
)
from sgdsym.series import Series

__all__ = ["diagram_values", "evaluate", "plan", "statistics", "supervised"]

MISSING = "sgdsym.numeric.torch needs PyTorch: pip install 'sgdsym[torch]'"


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
    return _loaded("models").supervised_loss(model, read_function("loss_function", loss_function))  # type: ignore[no-any-return]


def evaluate(
    series: Series,
    loss: Callable[[Any, Any], Any],
    parameters: Any,
    data: Any,
    learning_rate: Any,
    *,
    function: Callable[[Any], Any] | None = None,
    weights: Any = None,
    metric: Any = None,
    tolerance: float | None = None,
    executor: Any = None,
    progress: Progress = True,
    **options: Any,
) -> Estimate:
    r"""The value of a series for a real loss, with its standard error.

    The population is the data given, every point equally likely unless there are weights.

    Args:
        series: the series, over cumulants or moments.
        loss: the loss ``loss(parameters, example)`` of one data point, differentiable as often as the order says; for a
            module in evaluation mode by ``torch.func.functional_call``, with ``dict(module.named_parameters())`` as
            parameters.
        parameters: tensors in any nesting of tuples, lists and dictionaries.  A ``torch.nn.Parameter`` without
            ``requires_grad`` is frozen, and so is every tensor without it where others have it.
        data: tensors or arrays (n, …) in any such nesting; an example has one row of each.
        learning_rate: a number or an array of them.
        function: for a series with an open root, the observed function of the parameters.
        weights: the probability of each data point, (n,).
        metric: the inverse metric of every contraction: a number, or numbers or arrays by group of parameters, a group being
            a name or what names begin with before a dot; what is in no group has 1.
        tolerance: the largest relative standard error of a coefficient that is not 0, instead of ``samples``, which then is
            where it begins: as many are drawn as that needs.
        executor: where the tasks go: an executor in the sense of ``concurrent.futures`` or a Dask client, or a function
            that makes one and is called again when it breaks.  The loss is sent along, so for other processes it must be a
            function that can be imported.  The result does not depend on the executor, as long as its workers compute
            alike (the same number of threads each).  PyTorch counts nested derivatives once for a whole process, so the
            threads of one process take turns: it is processes that make it faster.
        progress: whether to say the cost and show a bar on standard error; or a function of tasks done and of all.
        **options: a number for each symbol of the series, and the fields of
            :class:`~sgdsym.numeric.matrix_free.Effort`: ``mode``, ``samples``, ``replicates``, ``minibatch``,
            ``seed``, ``chunk``, ``memory``, ``limit`` and ``force``.

    Returns:
        The value, the coefficients of the powers of the learning rate, and their standard errors: those of the draws and of
        rounding, twice which is an interval of 95 %.  What the series leaves out comes on top.

    Raises:
        ValueError: if something is missing or not finite, the evaluation costs too much, or the derivatives that PyTorch
            gives are not those of the loss, as differences at a few data points show.
        RuntimeError: if PyTorch is not installed, or the executor lost its workers for good.

    >>> import torch
    >>> from sgdsym.sgd import expand
    >>> def loss(weight, example):
    ...     return (weight - example) ** 2 / 2
    >>> series = expand(order=2, batch_size=1)
    >>> found = evaluate(series, loss, torch.tensor(1.0), torch.tensor([0.0, 4.0]), 0.1, T=3, mode="exact", progress=False)
    >>> [float(c) for c in found.coefficients]             # l = 5/2, G = -1, H = 1, E[gg] = 5
    [2.5, -3.0, 13.5]
    """
    effort, symbols = split_options(series, options)
    session = _session(series, effort, loss, parameters, data, function=function, weights=weights, metric=metric)
    return session.evaluate(learning_rate, symbols, executor, progress, tolerance)


def diagram_values(
    series: Series,
    loss: Callable[[Any, Any], Any],
    parameters: Any,
    data: Any,
    *,
    function: Callable[[Any], Any] | None = None,
    weights: Any = None,
    metric: Any = None,
    executor: Any = None,
    progress: Progress = True,
    **options: Any,
) -> DiagramValues:
    """The values of the diagrams of a series over moments, from which it follows at every learning rate and size.

    The arguments are those of :func:`evaluate`, the learning rate and the symbols left out.

    >>> import torch
    >>> from sgdsym.sgd import expand
    >>> def loss(weight, example):
    ...     return (weight - example) ** 2 / 2
    >>> values = diagram_values(
    ...     expand(order=2, batch_size=1), loss, torch.tensor(1.0), torch.tensor([0.0, 4.0]), mode="exact", progress=False
    ... )
    >>> [round(float(values.at(rate, T=3).value), 4) for rate in (0.0, 0.1, 0.2)]
    [2.5, 2.335, 2.44]
    """
    effort = _effort(series, options)
    session = _session(series, effort, loss, parameters, data, function=function, weights=weights, metric=metric)
    return session.values(executor, progress)


def plan(
    series: Series,
    loss: Callable[[Any, Any], Any],
    parameters: Any,
    data: Any,
    *,
    function: Callable[[Any], Any] | None = None,
    weights: Any = None,
    metric: Any = None,
    **options: Any,
) -> Plan:
    """What an evaluation will cost, in gradients of the loss on one data point; the loss is run on one or two of them.

    >>> import torch
    >>> from sgdsym.sgd import expand
    >>> series = expand(order=2, batch_size=1)
    >>> found = plan(series, lambda weight, example: weight * example, torch.tensor(1.0), torch.ones(100), samples=64)
    >>> sum(found.gradients) < 3000
    True
    """
    effort = _effort(series, options)
    return _session(series, effort, loss, parameters, data, function=function, weights=weights, metric=metric).plan()


def statistics(
    loss: Callable[[Any, Any], Any],
    parameters: Any,
    data: Any,
    *,
    weights: Any = None,
    metric: Any = None,
    executor: Any = None,
    progress: Progress = True,
    **options: Any,
) -> Statistics:
    r"""The statistics that are logged of a training run, with standard errors, from one set of draws.

    With :math:`G, H, C` the mean gradient, the mean Hessian and the covariance of the gradients :math:`g` of data points, and
    :math:`h` their Hessians:

    * ``gradient_noise_scale`` :math:`\mathrm{tr}\,C / G \cdot G` and ``curvature_noise_scale``
      :math:`\mathrm{tr}(HC) / G \cdot HG`, above which a larger batch is of little use (S. McCandlish et al., "An Empirical
      Model of Large-Batch Training", 2018);
    * ``sharpness``, the largest eigenvalue of :math:`H`, and ``stability_threshold`` :math:`2(1+\mu)/` sharpness;
    * ``takeuchi`` :math:`\mathrm{tr}(C H^{-1})`, and with ``learning_rate`` and ``steps`` the ``generalization_gap`` of
      gradient descent on as many points as there are data, :math:`\mathrm{tr}(C\,\eta\sum_{t<T}(1-\eta H)^t)/N`;
    * with ``batch_size`` the ``batch_sharpness`` :math:`E[g_B \cdot h_B g_B]/E[g_B \cdot g_B]` of batches of independent
      points, and the ``mean_square_stability_bound`` :math:`2\lambda/(\lambda^2 + \mathrm{Var}(v \cdot h v)/B)` along
      the sharpest direction, above which no learning rate is stable (R. Mulayoff and T. Michaeli, 2024);
    * with ``learning_rate`` the ``gradient_penalty`` :math:`\frac{\eta}{4}\frac{1+\mu}{(1-\mu)^2} G \cdot G` by which
      descent regularises itself (D. Barrett and B. Dherin, 2021; A. Ghosh et al., 2023);
    * with both ``stationary_excess_loss`` :math:`\frac12\mathrm{tr}(H\Sigma) = \frac{\eta}{2(1-\mu)B}
      \mathrm{tr}[(2-\eta H/(1+\mu))^{-1}C]` and ``stationary_variance`` :math:`\mathrm{tr}\,\Sigma` long after at a
      minimum, infinite beyond the threshold (K. Liu, L. Ziyin and M. Ueda, 2021).

    The laws of :math:`H^{-1}` leave out directions that are flat or fall off, and say how much noise is there.  Up to 1000
    parameters both matrices are formed; beyond, Lanczos steps from random combinations of gradients stand for them, and the
    standard error holds the scatter and the difference from fewer steps.

    Args:
        loss: as for :func:`evaluate`.
        parameters: as for :func:`evaluate`.
        data: as for :func:`evaluate`.
        weights: the probability of each data point, (n,).
        metric: the inverse metric of every contraction, as for :func:`evaluate`.
        executor: where the tasks go, as for :func:`evaluate`.
        progress: whether to say the cost and show a bar on standard error.
        **options: ``batch_size``, ``learning_rate``, ``momentum``, ``steps``, ``damping`` (added to every curvature), ``probes``
            and ``lanczos`` (random combinations, and steps from each), and the fields of
            :class:`~sgdsym.numeric.matrix_free.Effort`.

    Returns:
        A mapping from names to values and standard errors, with ``as_dict()``; printed it is a table.

    Raises:
        ValueError: as for :func:`evaluate`, or naming the option that is wrong.
        RuntimeError: as for :func:`evaluate`.

    >>> import torch
    >>> def loss(weight, example):
    ...     return (weight - example) ** 2 / 2
    >>> found = statistics(loss, torch.tensor(1.0), torch.tensor([0.0, 4.0]), batch_size=2, learning_rate=0.1, mode="exact", progress=False)
    >>> round(found["gradient_noise_scale"].value, 6), round(found["takeuchi"].value, 6)       # G = -1, H = 1, C = 4
    (4.0, 4.0)
    """
    effort, run = split_run(options)
    calculus, points = _loaded("problem").read_problem(
        loss, parameters, data, weights=weights, metric=metric, memory=effort.memory
    )
    return measure(calculus, points, effort, run, executor, progress)


def _effort(series: Series, options: dict[str, Any]) -> Effort:
    effort, unknown = split_options(series, options)
    if unknown:
        raise ValueError(f"there is no option {min(unknown)}; symbols are given to at()")
    return effort


def _session(series: Series, effort: Effort, *problem: Any, **more: Any) -> Session:
    calculus, points = _loaded("problem").read_problem(*problem, memory=effort.memory, **more)
    return Session(series.as_moments(), calculus, points, effort)


def _loaded(module: str) -> Any:
    """A module of this folder, which loads PyTorch."""
    try:
        return import_module(f"{__name__}.{module}")
    except ImportError as error:
        if find_spec("torch") is None:
            raise RuntimeError(MISSING) from error
        raise
