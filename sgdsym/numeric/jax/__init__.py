r"""Series on a loss written for JAX, without forming any array larger than its parameters.

Needs the extra ``jax``.  Derivatives are nested Jacobian- and Hessian-vector products along the trees of the diagrams,
compiled, and spread over all the devices JAX has.
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
    VectorEstimate,
    WholeRun,
    evaluate_open,
    measure,
    read_and_run,
    split_options,
    split_run,
)
from sgdsym.series import Series

__all__ = ["diagram_values", "evaluate", "evaluate_vector", "plan", "statistics", "supervised", "trajectory"]

MISSING = "sgdsym.numeric.jax needs JAX: pip install 'sgdsym[jax]'"


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
        loss: the loss ``loss(parameters, example)`` of one data point, differentiable as often as the order says; that of a
            model comes from :func:`supervised`.
        parameters: arrays in any nesting of tuples, lists and dictionaries.
        data: arrays (n, …) in any such nesting, of which an example has one row each; a dataset (``dataset[i]`` is an
            example), which is read in parts where it takes more than ``memory``; a loader, whose order and batch size make no
            difference; or an iterable of batches.
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
            alike (the same number of threads each).
        progress: whether to say the cost and show a bar on standard error; or a function of tasks done and of all.
        **options: a number for each symbol of the series, and the fields of
            :class:`~sgdsym.numeric.matrix_free.Effort`: ``mode``, ``samples``, ``replicates``, ``minibatch``,
            ``seed``, ``chunk``, ``memory``, ``limit`` and ``force``.

    Returns:
        The value, the coefficients of the powers of the learning rate, and their standard errors: those of the draws and of
        rounding, twice which is an interval of 95 %.  What the series leaves out comes on top.

    Raises:
        ValueError: if something is missing or not finite, the evaluation costs too much, or the derivatives that JAX
            gives are not those of the loss, as differences at a few data points show.
        RuntimeError: if JAX is not installed, or the executor lost its workers for good.

    >>> import numpy as np
    >>> from sgdsym.sgd import expand
    >>> def loss(weight, example):
    ...     return (weight - example) ** 2 / 2
    >>> series = expand(order=2, batch_size=1)
    >>> found = evaluate(series, loss, np.array(1.0), np.array([0.0, 4.0]), 0.1, T=3, mode="exact", progress=False)
    >>> [float(c) for c in found.coefficients]             # l = 5/2, G = -1, H = 1, E[gg] = 5
    [2.5, -3.0, 13.5]
    """
    effort, symbols = split_options(series, options)
    session = _session(series, effort, loss, parameters, data, function=function, weights=weights, metric=metric)
    return session.evaluate(learning_rate, symbols, executor, progress, tolerance)


def evaluate_vector(
    series: Series,
    loss: Callable[[Any, Any], Any],
    parameters: Any,
    data: Any,
    learning_rate: float,
    *,
    along: Any = None,
    weights: Any = None,
    metric: Any = None,
    executor: Any = None,
    progress: Progress = True,
    **options: Any,
) -> VectorEstimate:
    r"""The value of a series with an open index: a tree of the shape of the parameters, with standard errors.

    Such are the mean displacement of the weights, ``expand(observable="displacement")``, and the drift that descent follows,
    :func:`sgdsym.modified`.  Of a covariance, which has two open indices, it is the product with a direction.

    Args:
        series: the series, over cumulants or moments.
        loss: as for :func:`evaluate`.
        parameters: as for :func:`evaluate`; what is frozen has no entry, and the value is then a list of the others.
        data: as for :func:`evaluate`.
        learning_rate: a number.
        along: for a covariance the direction, a tree of arrays like the parameters.
        weights: the probability of each data point, (n,).
        metric: the inverse metric of every contraction and of the open index, as for :func:`evaluate`.
        executor: where the tasks go, as for :func:`evaluate`.
        progress: whether to say the cost and show a bar on standard error.
        **options: a number for each symbol of the series, and the fields of :class:`~sgdsym.numeric.matrix_free.Effort`.

    Returns:
        The value, the coefficients of the powers of the learning rate, and the standard error of each entry.

    Raises:
        ValueError: as for :func:`evaluate`, or if the value of the series is no vector.
        RuntimeError: as for :func:`evaluate`.

    >>> import numpy as np
    >>> from sgdsym.sgd import expand
    >>> def loss(weight, example):
    ...     return (weight - example) ** 2 / 2
    >>> series = expand(observable="displacement", order=2)
    >>> problem = loss, np.array(1.0), np.array([0.0, 4.0])
    >>> found = evaluate_vector(series, *problem, 0.1, T=3, mode="exact", progress=False)
    >>> round(float(found.value), 6)                       # 0.1 T - 0.01 T(T-1)/2, as G = -1, H = 1
    0.27
    """
    effort, symbols = split_options(series, options)
    calculus, points = _loaded("problem").read_problem(
        loss, parameters, data, along=along, weights=weights, metric=metric, memory=effort.memory
    )
    return evaluate_open(series, calculus, points, effort, learning_rate, symbols, executor=executor, progress=progress)


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

    >>> import numpy as np
    >>> from sgdsym.sgd import expand
    >>> def loss(weight, example):
    ...     return (weight - example) ** 2 / 2
    >>> values = diagram_values(
    ...     expand(order=2, batch_size=1), loss, np.array(1.0), np.array([0.0, 4.0]), mode="exact", progress=False
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
    """What an evaluation will cost, in gradients of the loss on one data point; the loss is run on one of them.

    >>> import numpy as np
    >>> from sgdsym.sgd import expand
    >>> series = expand(order=2, batch_size=1)
    >>> found = plan(series, lambda weight, example: weight * example, np.array(1.0), np.ones(100), samples=64)
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

    Their names and formulas are those of :class:`~sgdsym.numeric.matrix_free.Statistics`.

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

    >>> import numpy as np
    >>> def loss(weight, example):
    ...     return (weight - example) ** 2 / 2
    >>> found = statistics(loss, np.array(1.0), np.array([0.0, 4.0]), batch_size=2, learning_rate=0.1, mode="exact", progress=False)
    >>> round(found["gradient_noise_scale"].value, 6), round(found["takeuchi"].value, 6)       # G = -1, H = 1, C = 4
    (4.0, 4.0)
    """
    effort, run = split_run(options)
    calculus, points = _loaded("problem").read_problem(
        loss, parameters, data, weights=weights, metric=metric, memory=effort.memory
    )
    return measure(calculus, points, effort, run, executor, progress)


def trajectory(
    loss: Callable[[Any, Any], Any],
    parameters: Any,
    data: Any,
    step: Any,
    *,
    steps: int,
    batch_size: int | None = None,
    dataset_size: int | None = None,
    order: int = 1,
    state: Any = None,
    noise: str = "batch",
    runs: int = 8,
    every: int | None = None,
    chunk: int | None = None,
    seed: int = 0,
    checkpoint: Any = None,
    progress: Progress = True,
) -> WholeRun:
    r"""A whole training run, the noise expanded around the run without noise, with standard errors.

    The population is the data given, every point equally likely; from one run without noise, which takes the gradient of all data at every
    step, the mean loss follows for every batch size.  A few noisy runs that are linear and quadratic in their noise are carried along, by
    forward derivatives, so that memory does not grow with the number of steps.  Loss and step must be smooth.

    Args:
        loss: the loss ``loss(parameters, example)`` of one data point.
        parameters: arrays in any nesting of tuples, lists and dictionaries.
        data: arrays (n, …) in any such nesting; an example has one row of each.
        step: a learning rate of plain SGD; an optax transformation; or a function ``step(parameters, state, gradient)`` that returns
            parameters and state.
        steps: the number of updates.
        batch_size: data points in a batch, drawn afresh from the population; values for other sizes follow from it.
        dataset_size: for the noise of a dataset, data points in a training set that is drawn from the population.
        order: 1, or 0 for the run without noise alone.
        state: the memory of the optimiser at the start; integers in it count and feel no noise.
        noise: ``"batch"``, or ``"dataset"``: gradient descent on random data points, with the generalisation gap.
        runs: noisy runs; the standard error falls like one over the square root.
        every: steps between two records; a fiftieth of all if left out.
        chunk: data points that are differentiated at once.
        seed: of the noise; a run is determined by it.
        checkpoint: a file that keeps the state at every record, from which a run that was ended goes on.
        progress: whether to say the cost and show a bar on standard error; or a function of steps done and of all.

    Returns:
        Loss, effect of the noise, its split and errors along the run; see :class:`~sgdsym.numeric.matrix_free.WholeRun`.

    Raises:
        ValueError: naming the argument, or the step at which the run diverges, a derivative is not finite, or the step is not smooth.
        RuntimeError: if JAX is not installed.

    >>> import numpy as np
    >>> def loss(weight, example):
    ...     return (weight - example) ** 2 / 2
    >>> found = trajectory(loss, np.array(3.0), np.array([-2.0, 2.0]), 0.5, steps=20, batch_size=4, runs=400, progress=False)
    >>> bool(abs(found.effect[-1] - 0.5 * 0.5 * 4 / (2 - 0.5)) < 3 * found.effect_error[-1])          # ηC/(2(2 - ηh)), C = 4
    True
    """
    return read_and_run(
        "JAX",
        "sgdsym.numeric.jax.runs",
        MISSING,
        (loss, parameters, data, step, state),
        progress,
        steps=steps,
        batch_size=batch_size,
        dataset_size=dataset_size,
        order=order,
        noise=noise,
        runs=runs,
        every=every,
        chunk=chunk,
        seed=seed,
        checkpoint=checkpoint,
    )


def _effort(series: Series, options: dict[str, Any]) -> Effort:
    effort, unknown = split_options(series, options)
    if unknown:
        raise ValueError(f"there is no option {min(unknown)}; symbols are given to at()")
    return effort


def _session(series: Series, effort: Effort, *problem: Any, **more: Any) -> Session:
    calculus, points = _loaded("problem").read_problem(*problem, memory=effort.memory, **more)
    return Session(series.as_moments(), calculus, points, effort)


def _loaded(module: str) -> Any:
    """A module of this folder, which loads JAX."""
    try:
        return import_module(f"{__name__}.{module}")
    except ImportError as error:
        if find_spec("jax") is None:
            raise RuntimeError(MISSING) from error
        raise
