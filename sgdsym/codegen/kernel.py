"""The compiled kernel: the generated module, loaded, beside its source; and what it estimates from a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sgdsym.arrays import float_array
from sgdsym.codegen.cost import Plan
from sgdsym.codegen.module import compile_for, write_module
from sgdsym.series import Series, by_symbol
from sgdsym.trust import Trust, lowest, pade_value, trust_limits, warn_below_zero

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

    Derivatives: TypeAlias = Sequence[ArrayLike] | Mapping[int, ArrayLike]


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What a sample says of the value of a series on the population.

    Attributes:
        value: the estimate, a number or an array as a kernel returns it.
        standard_error: its standard error, of the same shape; nan where the sample is too small to tell.
        orders: the estimates of the coefficients of the learning rate's powers.
        order_errors: their standard errors.

    >>> Estimate(1.5, 0.25, [1.0, 5.0], [0.125, 1.0])
    Estimate(1.5 ± 0.25; order 0: 1 ± 0.12, order 1: 5 ± 1)
    """

    value: Any
    standard_error: Any
    orders: Any
    order_errors: Any

    def __repr__(self) -> str:
        pairs = zip(self.orders, self.order_errors, strict=True)
        orders = (f"order {k}: {_written(value, error)}" for k, (value, error) in enumerate(pairs))
        return f"Estimate({_written(self.value, self.standard_error)}; {', '.join(orders)})"


@dataclass(frozen=True, slots=True, repr=False)
class Kernel:
    """The evaluator of a series.

    Attributes:
        series: what it evaluates.
        backend: the array library: ``"numpy"``, ``"jax"`` or ``"torch"``.
        unbiased: whether it estimates from samples; left out, where that takes little (see :func:`generate`).
        source: the text of the generated module; it stands alone and needs only that library.
        plan: what it costs at typical sizes: naive, planned and shared.

    >>> import numpy as np
    >>> from sgdsym.diagrams import Diagram
    >>> from sgdsym.series import Coefficient
    >>> T = Coefficient.symbol("T")
    >>> descent = Kernel(Series({Diagram(1): Coefficient(1), Diagram(2, [(0, 1)]): -T}, truncation=1))
    >>> derivatives = [np.array([1.0, 3.0]), np.array([[1.0, 0.0], [3.0, 2.0]])]      # losses, gradients
    >>> descent
    Kernel(test-loss of sgd (online) to order 1: 2 diagrams, numpy)
    >>> descent.coefficients(derivatives, T=10)
    array([  2., -50.])
    >>> descent(derivatives, learning_rate=0.01, T=10)
    1.5
    """

    series: Series
    backend: str = "numpy"
    unbiased: bool | None = None
    source: str = field(init=False)
    plan: Plan = field(init=False, compare=False)
    _functions: dict[str, Any] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        compiled, estimate = compile_for(self.series, self.backend, self.unbiased)
        source = write_module(self.series, self.backend, compiled, estimate)
        functions: dict[str, Any] = {"__name__": "sgdsym_kernel"}
        # our own text; what it takes from outside are symbol names, and symbol_name has checked them
        exec(compile(source, "<sgdsym kernel>", "exec"), functions)  # noqa: S102
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "plan", compiled.plan)
        object.__setattr__(self, "_functions", functions)

    def __repr__(self) -> str:
        series = self.series
        return f"Kernel({series.setting} to order {series.truncation}: {len(series)} diagrams, {self.backend})"

    def __reduce__(self) -> tuple[type[Kernel], tuple[Series, str, bool | None]]:
        return Kernel, (self.series, self.backend, self.unbiased)

    @property
    def sampled_degrees(self) -> tuple[int, ...]:
        """The degrees of the derivatives that are needed at every data point."""
        return tuple(self._functions["SAMPLED_DEGREES"])

    def __call__(
        self,
        /,
        derivatives: Derivatives,
        learning_rate: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        metric: ArrayLike | None = None,
        **symbols: Any,
    ) -> Any:
        r"""The value of the series.

        Args:
            derivatives: ``derivatives[k]`` is :math:`\nabla^k l_x` at n data points, shape ``(n, p, …, p)``; the mean
                alone, shape ``(p, …, p)``, where the degree occurs only in means.
            learning_rate: a number or an array of them.
            weights: the probabilities of the data points, uniform when left out.
            metric: the inverse metric of every contraction, ``(p, p)`` or its diagonal ``(p,)``.
            symbols: every symbol of the series by name, and ``root_derivatives`` where the observable is a function.

        Returns:
            A float, or an array over the learning rates; with one more axis per open index.

        Raises:
            ValueError: naming the degree, entry or symbol that is wrong.
        """
        evaluate = self._functions["evaluate"]
        sizes = by_symbol(symbols, self.series.symbols)
        value = evaluate(derivatives, learning_rate, weights=weights, metric=metric, **sizes)
        if self.backend == "numpy" and self.series.setting.observable.is_loss and lowest(value) < 0:
            losses = derivatives[0]
            if hasattr(losses, "__len__") and lowest(losses) >= 0:
                warn_below_zero(value, self.trust(derivatives, weights=weights, metric=metric, **symbols))
        return value

    def trust(
        self,
        /,
        derivatives: Derivatives,
        *,
        weights: ArrayLike | None = None,
        metric: ArrayLike | None = None,
        **symbols: Any,
    ) -> Trust:
        r"""Up to which learning rate the series can be trusted, from its last orders; the arguments are those of a call.

        Raises:
            ValueError: if the value has open indices, or as a call does.

        >>> from sgdsym.sgd import expand
        >>> kernel = Kernel(expand(order=2, batch_size=1))
        >>> print(kernel.trust([[1.0, 2.0], [[1.0], [3.0]], [[[1.0]], [[2.0]]]], T=10))
        trusted at 1 % up to a learning rate of 0.0105, at 10 % up to 0.02
        """
        found = self.coefficients(derivatives, weights=weights, metric=metric, **symbols)
        if found.ndim != 1:
            raise ValueError("a value with open indices has no range of its own; contract it with a vector first")
        return trust_limits([float(c) for c in found])

    def pade(
        self,
        /,
        derivatives: Derivatives,
        learning_rate: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        metric: ArrayLike | None = None,
        **symbols: Any,
    ) -> Any:
        r"""A heuristic beyond the range of the series: its Padé approximant (:func:`sgdsym.trust.pade_value`).

        The arguments are those of a call.  The approximant has the coefficients of the series and goes on as a rational function;
        nothing bounds its error, and it is nan from its first pole on.

        Raises:
            ValueError: if the value has open indices, a learning rate is not finite, or as a call does.

        >>> from sgdsym.sgd import expand
        >>> kernel = Kernel(expand(order=2, batch_size=1))
        >>> derivatives = [[1.0, 2.0], [[1.0], [3.0]], [[[1.0]], [[2.0]]]]
        >>> [round(value, 4) for value in (kernel(derivatives, 0.05, T=10), kernel.pade(derivatives, 0.05, T=10))]
        [0.9437, 0.3385]
        """
        found = self.coefficients(derivatives, weights=weights, metric=metric, **symbols)
        if found.ndim != 1:
            raise ValueError(
                "the approximant of a value with open indices depends on the basis; contract it with a vector first"
            )
        return pade_value([float(c) for c in found], float_array(learning_rate, "learning_rate"))

    def coefficients(
        self,
        /,
        derivatives: Derivatives,
        *,
        weights: ArrayLike | None = None,
        metric: ArrayLike | None = None,
        **symbols: Any,
    ) -> np.ndarray[Any, np.dtype[np.float64]]:
        r"""The coefficients of :math:`\eta^0, …`, shape ``(order+1,)``, with one more axis per open index."""
        found: np.ndarray[Any, np.dtype[np.float64]] = self._functions["coefficients"](
            derivatives, weights=weights, metric=metric, **by_symbol(symbols, self.series.symbols)
        )
        return found

    def estimate(
        self,
        /,
        derivatives: Derivatives,
        learning_rate: ArrayLike,
        *,
        metric: ArrayLike | None = None,
        **symbols: Any,
    ) -> Estimate:
        r"""The value on the population from which the data points are a sample, without bias, and its standard error.

        The estimate is a sum of U-statistics (see :func:`sgdsym.series.estimator`): over independent samples of any
        size its mean is the value on the population.  The standard error is that of the jackknife with groups: at most 20 groups of
        data points, drawn in the same way every time, are left out in turn, so it takes the time of 21 evaluations.

        Args:
            derivatives: ``derivatives[k]`` is :math:`\nabla^k l_x` at n independent data points, shape ``(n, p, …, p)``,
                for every degree.
            learning_rate: a number or an array of them.
            metric: the inverse metric, as in a call.
            symbols: every symbol of the series by name, and ``root_derivatives``, ``(p, …, p)``, where the observable is a
                function.

        Raises:
            ValueError: naming what is wrong, or that there are fewer data points than the estimate takes, or that the kernel
                was made without it.

        >>> from sgdsym.sgd import expand
        >>> losses, slopes = [0.0, 1.0, 2.0], [[1.0], [3.0], [2.0]]
        >>> Kernel(expand(order=1)).estimate([losses, slopes], learning_rate=0.1, T=1)
        Estimate(0.633333 ± 0.44; order 0: 1 ± 0.58, order 1: -3.66667 ± 2.4)
        """
        if "estimate" not in self._functions:
            raise ValueError("the kernel was made without the unbiased estimate; make it with unbiased=True")
        sizes = by_symbol(symbols, self.series.symbols)
        found = self._functions["estimate"](derivatives, learning_rate, metric=metric, **sizes)
        return Estimate(*found)


def compile_kernel(series: Series, backend: str = "numpy", *, unbiased: bool | None = None) -> Kernel:
    """Generate and load the evaluator of a series for one array library.

    Args:
        series: what is evaluated.
        backend: ``"numpy"``, ``"jax"`` or ``"torch"``.
        unbiased: whether it estimates from samples too, see :meth:`Kernel.estimate`; left out, where that takes little.

    Raises:
        ValueError: if the diagrams differ in their number of open indices, or a symbol is named like an argument.

    >>> kernel = compile_kernel(Series({}, truncation=2))
    >>> kernel.coefficients([])
    array([0., 0., 0.])
    """
    return Kernel(series, backend, unbiased)


def _written(value: Any, error: Any) -> str:
    if getattr(value, "ndim", 0):
        return f"array of shape {tuple(value.shape)}"
    return f"{float(value):.6g} ± {float(error):.2g}"
