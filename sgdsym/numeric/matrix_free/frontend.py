"""The front end of every framework: what evaluates a loss, its statistics and its runs, and loads the framework when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sgdsym.arguments import quoted, read_flag
from sgdsym.numeric.matrix_free.estimate import DiagramValues, Estimate
from sgdsym.numeric.matrix_free.plan import Effort, Plan
from sgdsym.numeric.matrix_free.run_results import WholeRun
from sgdsym.numeric.matrix_free.session import Session, split_options
from sgdsym.numeric.matrix_free.statistics import Statistics, measure, split_run
from sgdsym.numeric.matrix_free.vectors import VectorEstimate, evaluate_open
from sgdsym.progress import Progress
from sgdsym.series import Series


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """A framework whose losses are evaluated.

    Its folder beside this one has three modules that load it: ``problem`` reads a loss with parameters and data, ``models`` makes
    the loss of a model, ``runs`` follows a run.

    Attributes:
        library: what it is called.
        name: its module and the extra that installs it; also the name of the folder.

    >>> FrontEnd("NoSuch", "nosuch").load("problem")
    Traceback (most recent call last):
    ...
    RuntimeError: sgdsym.numeric.nosuch needs NoSuch: pip install 'sgdsym[nosuch]'
    """

    library: str
    name: str

    def load(self, module: str) -> Any:
        """A module of the folder.

        Raises:
            RuntimeError: if the framework is not installed.
        """
        try:
            return import_module(f"sgdsym.numeric.{self.name}.{module}")
        except ImportError as error:
            # an error inside of a framework that is installed is its own
            if find_spec(self.name) is None:
                missing = f"sgdsym.numeric.{self.name} needs {self.library}: pip install 'sgdsym[{self.name}]'"
                raise RuntimeError(missing) from error
            raise

    def evaluate(
        self,
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
                model comes from ``supervised``.
            parameters: arrays or tensors in any nesting of tuples, lists and dictionaries.  A ``torch.nn.Parameter`` without
                ``requires_grad`` is frozen, and so is every tensor without it where others have it.
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
            ValueError: if something is missing or not finite, the evaluation costs too much, or the derivatives that the framework
                gives are not those of the loss, as differences at a few data points show.
            RuntimeError: if the framework is not installed, or the executor lost its workers for good.

        >>> import numpy as np
        >>> from sgdsym.numeric.jax import evaluate
        >>> from sgdsym.sgd import expand
        >>> def loss(weight, example):
        ...     return (weight - example) ** 2 / 2
        >>> series = expand(order=2, batch_size=1)
        >>> found = evaluate(series, loss, np.array(1.0), np.array([0.0, 4.0]), 0.1, T=3, mode="exact", progress=False)
        >>> [float(c) for c in found.coefficients]             # l = 5/2, G = -1, H = 1, E[gg] = 5
        [2.5, -3.0, 13.5]
        """
        effort, symbols = split_options(series, options)
        session = self._session(
            series, effort, loss, parameters, data, function=function, weights=weights, metric=metric
        )
        return session.evaluate(learning_rate, symbols, executor, progress, tolerance)

    def evaluate_vector(
        self,
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
        """The value of a series with an open index: a tree of the shape of the parameters, with standard errors.

        Such are the mean displacement of the weights, ``expand(observable="displacement")``, and the drift that descent follows,
        :func:`sgdsym.modified`.  Of a covariance, which has two open indices, it is the product with a direction.

        The arguments are those of :meth:`evaluate`, with these differences.

        Args:
            series: the series, over cumulants or moments.
            loss: as there.
            parameters: as there; what is frozen has no entry, and the value is then a list of the others.
            data: as there.
            learning_rate: a number.
            along: for a covariance the direction, a tree of arrays like the parameters.
            weights: as there.
            metric: the inverse metric of every contraction and of the open index, as there.
            executor: as there.
            progress: as there.
            **options: as there.

        Returns:
            The value, the coefficients of the powers of the learning rate, and the standard error of each entry.

        Raises:
            ValueError: as there, or if the value of the series is no vector.
            RuntimeError: as there.

        >>> import numpy as np
        >>> from sgdsym.numeric.jax import evaluate_vector
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
        calculus, points = self.load("problem").read_problem(
            loss, parameters, data, along=along, weights=weights, metric=metric, memory=effort.memory
        )
        return evaluate_open(
            series, calculus, points, effort, learning_rate, symbols, executor=executor, progress=progress
        )

    def diagram_values(
        self,
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

        The arguments are those of :meth:`evaluate`, the learning rate and the symbols left out.

        >>> import numpy as np
        >>> from sgdsym.numeric.jax import diagram_values
        >>> from sgdsym.sgd import expand
        >>> def loss(weight, example):
        ...     return (weight - example) ** 2 / 2
        >>> values = diagram_values(
        ...     expand(order=2, batch_size=1), loss, np.array(1.0), np.array([0.0, 4.0]), mode="exact", progress=False
        ... )
        >>> [round(float(values.at(rate, T=3).value), 4) for rate in (0.0, 0.1, 0.2)]
        [2.5, 2.335, 2.44]
        """
        session = self._session_of(
            series, options, loss, parameters, data, function=function, weights=weights, metric=metric
        )
        return session.values(executor, progress)

    def plan(
        self,
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
        >>> from sgdsym.numeric.jax import plan
        >>> from sgdsym.sgd import expand
        >>> series = expand(order=2, batch_size=1)
        >>> found = plan(series, lambda weight, example: weight * example, np.array(1.0), np.ones(100), samples=64)
        >>> sum(found.gradients) < 3000
        True
        """
        session = self._session_of(
            series, options, loss, parameters, data, function=function, weights=weights, metric=metric
        )
        return session.plan()

    def statistics(
        self,
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
            loss: as for :meth:`evaluate`.
            parameters: as for :meth:`evaluate`.
            data: as for :meth:`evaluate`.
            weights: the probability of each data point, (n,).
            metric: the inverse metric of every contraction, as for :meth:`evaluate`.
            executor: where the tasks go, as for :meth:`evaluate`.
            progress: whether to say the cost and show a bar on standard error.
            **options: ``batch_size``, ``learning_rate``, ``momentum``, ``steps``, ``damping`` (added to every curvature), ``probes``
                and ``lanczos`` (random combinations, and steps from each), and the fields of
                :class:`~sgdsym.numeric.matrix_free.Effort`.

        Returns:
            A mapping from names to values and standard errors, with ``as_dict()``; printed it is a table.

        Raises:
            ValueError: as for :meth:`evaluate`, or naming the option that is wrong.
            RuntimeError: as for :meth:`evaluate`.

        >>> import numpy as np
        >>> from sgdsym.numeric.jax import statistics
        >>> def loss(weight, example):
        ...     return (weight - example) ** 2 / 2
        >>> found = statistics(loss, np.array(1.0), np.array([0.0, 4.0]), batch_size=2, learning_rate=0.1, mode="exact", progress=False)
        >>> round(found["gradient_noise_scale"].value, 6), round(found["takeuchi"].value, 6)       # G = -1, H = 1, C = 4
        (4.0, 4.0)
        """
        effort, run = split_run(options)
        problem = loss, parameters, data
        calculus, points = self.load("problem").read_problem(
            *problem, weights=weights, metric=metric, memory=effort.memory
        )
        return measure(calculus, points, effort, run, executor, progress)

    def trajectory(
        self,
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

        The population is the data given, every point equally likely; from one run without noise, which takes the
        gradient of all data at every step, the mean loss follows for every batch size.  A few noisy runs that are
        linear and quadratic in their noise are carried along, by forward derivatives, so that memory does not grow
        with the number of steps.  Loss and step must be smooth.

        Args:
            loss: the loss ``loss(parameters, example)`` of one data point.
            parameters: arrays in any nesting of tuples, lists and dictionaries.
            data: arrays (n, …) in any such nesting; an example has one row of each.
            step: a learning rate of plain SGD; with JAX an optax transformation; or a function
                ``step(parameters, state, gradient)`` that returns parameters and state.
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
            RuntimeError: if the framework is not installed.

        >>> import numpy as np
        >>> from sgdsym.numeric.jax import trajectory
        >>> def loss(weight, example):
        ...     return (weight - example) ** 2 / 2
        >>> found = trajectory(loss, np.array(3.0), np.array([-2.0, 2.0]), 0.5, steps=20, batch_size=4, runs=400, progress=False)
        >>> bool(abs(found.effect[-1] - 0.5 * 0.5 * 4 / (2 - 0.5)) < 3 * found.effect_error[-1])          # ηC/(2(2 - ηh)), C = 4
        True
        """
        if not callable(loss):
            raise ValueError(f"loss must be a function of parameters and an example, not {quoted(loss)}")
        engine = self.load("runs")
        if not callable(progress):
            read_flag("progress", progress)
        options = {
            "steps": steps,
            "batch_size": batch_size,
            "dataset_size": dataset_size,
            "order": order,
            "noise": noise,
            "runs": runs,
            "every": every,
            "chunk": chunk,
            "seed": seed,
            "checkpoint": checkpoint,
        }
        return engine.run(loss, parameters, data, step, state, options, progress)  # type: ignore[no-any-return]

    def _session(self, series: Series, effort: Effort, *problem: Any, **more: Any) -> Session:
        """The evaluation of a series on a loss, its parameters and its data."""
        calculus, points = self.load("problem").read_problem(*problem, memory=effort.memory, **more)
        return Session(series.as_moments(), calculus, points, effort)

    def _session_of(self, series: Series, options: Mapping[str, Any], *problem: Any, **more: Any) -> Session:
        """The same from options of the effort alone: the symbols come later."""
        effort, unknown = split_options(series, options)
        if unknown:
            raise ValueError(f"there is no option {min(unknown)}; symbols are given to at()")
        return self._session(series, effort, *problem, **more)
