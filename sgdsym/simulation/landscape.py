"""Landscapes: a loss, its data and where a run starts, whatever library the loss is written for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import read_function, read_instance
from sgdsym.arrays import float_array
from sgdsym.numeric import Finite, Gaussian, LocalLoss, SymbolicLoss
from sgdsym.simulation.arrays import ArrayLosses, read_data
from sgdsym.simulation.frameworks import jax_losses, torch_losses
from sgdsym.simulation.losses import Floats, Losses


@dataclass(frozen=True, eq=False)
class Landscape:
    """A random loss and the start of a run; made by :meth:`numpy`, :meth:`jax`, :meth:`torch` or :meth:`sympy`.

    Attributes:
        losses: the loss, for many runs at once.
        start: the weights that every run starts from, (p,).
        model: the population at the start as exact cumulants, where the formula is known: what
            :meth:`Series.with_noise <sgdsym.Series.with_noise>` takes.
    """

    losses: Losses
    start: Floats
    model: LocalLoss | None = None

    @classmethod
    def numpy(
        cls,
        loss: Callable[[Any, Any], Any],
        start: Any,
        data: Any,
        *,
        gradient: Callable[[Any, Any], Any],
        probabilities: Any = None,
        mean_loss: Callable[[Any], Any] | None = None,
    ) -> Landscape:
        r"""A loss written for numpy, over given data points or over a law to draw from.

        Args:
            loss: ``loss(weights, point)``, which broadcasts: weights (…, p) and arrays of points (…, their own axes) to (…).
            start: the weights at the start, (p,).
            data: the data points, arrays (n, …) in any nesting of tuples and dictionaries; or a function
                ``draw(generator, shape)`` that returns fresh points as one array of that shape before a point's own axes.
            gradient: ``gradient(weights, point)``, the gradient of the loss in the weights, (…, p).
            probabilities: how often each data point is drawn, (n,); uniform if left out.
            mean_loss: ``mean_loss(weights)``, the population loss (…); needed for a law, formed from the data otherwise.

        Raises:
            ValueError: if something is missing or does not fit, or the gradient is not that of the loss.

        >>> bowl = Landscape.numpy(
        ...     lambda w, x: ((w - x) ** 2).sum(axis=-1) / 2, [1.0, 0.0], [[0.0, 1.0], [2.0, 3.0]], gradient=lambda w, x: w - x
        ... )
        >>> bowl.losses.mean_loss(bowl.start[None])
        array([3.])
        """
        vector = _start(start)
        for name, function in (("loss", loss), ("gradient", gradient)):
            read_function(name, function)
        if callable(data):
            if mean_loss is None or probabilities is not None:
                raise ValueError("data that are drawn by a function need mean_loss, and have no probabilities")
            held = data
        else:
            held = read_data(data)
        if mean_loss is not None:
            read_function("mean_loss", mean_loss)
        losses = ArrayLosses(loss, gradient, held, None, mean_loss)
        if probabilities is not None:
            losses = ArrayLosses(loss, gradient, held, _probabilities(probabilities, losses.points), mean_loss)
        losses.check(vector)
        return cls(losses, vector)

    @classmethod
    def jax(
        cls, loss: Callable[[Any, Any], Any], parameters: Any, data: Any, *, probabilities: Any = None
    ) -> Landscape:
        """A loss of one data point written for JAX, which differentiates and compiles it, in the precision of the parameters.

        Args:
            loss: ``loss(parameters, example)``, one number.
            parameters: where runs start, arrays in any nesting of tuples, lists and dictionaries; a run calls all their numbers,
                in that order, its weights (p,).
            data: arrays (n, …) in any such nesting; an example has one row of each.
            probabilities: how often each data point is drawn, (n,); uniform if left out.

        Raises:
            ValueError: if arrays do not fit, or the loss fails.
            RuntimeError: if JAX is not installed.

        >>> bowl = Landscape.jax(lambda w, x: (w - x) ** 2 / 2, np.array(1.0), np.array([0.0, 4.0]))
        >>> bowl.losses.mean_loss(bowl.start[None])
        array([2.5])
        """
        return cls._of_framework(jax_losses, loss, parameters, data, probabilities)

    @classmethod
    def torch(
        cls, loss: Callable[[Any, Any], Any], parameters: Any, data: Any, *, probabilities: Any = None
    ) -> Landscape:
        """A loss of one data point written for PyTorch, differentiated by ``torch.func``; the arguments are those of :meth:`jax`.

        A module is called by ``torch.func.functional_call(module, parameters, inputs)``, in evaluation mode.

        >>> bowl = Landscape.torch(lambda w, x: (w - x) ** 2 / 2, np.array(1.0), np.array([0.0, 4.0]))
        >>> bowl.losses.mean_loss(bowl.start[None])
        array([2.5])
        """
        return cls._of_framework(torch_losses, loss, parameters, data, probabilities)

    @classmethod
    def _of_framework(
        cls, made: Callable[..., Any], loss: Any, parameters: Any, data: Any, probabilities: Any
    ) -> Landscape:
        losses, vector = made(read_function("loss", loss), parameters, data, None)
        if probabilities is not None:
            losses, vector = made(loss, parameters, data, _probabilities(probabilities, losses.points))
        losses.check(vector)
        return cls(losses, vector)

    @classmethod
    def sympy(cls, population: SymbolicLoss, start: Any) -> Landscape:
        """A loss whose formula is known, by :func:`sgdsym.numeric.from_sympy`.

        Args:
            population: the loss.
            start: the weights at the start, exact or floats.

        Raises:
            ValueError: if the loss holds other symbols than weights and data, or is not finite at the start.

        >>> from sgdsym.numeric import from_sympy
        >>> w, x = sp.symbols("w x")
        >>> walk = Landscape.sympy(from_sympy(w**3 - w * x**2, w, x), 0)
        >>> walk.model.G, walk.losses.mean_loss(np.array([[1.0]]))
        (Matrix([[-1]]), array([0.]))
        """
        read_instance("population", population, SymbolicLoss, "made by sgdsym.numeric.from_sympy")
        model = population.at(start)
        law = population.distribution
        laws = [law.points, law.probabilities] if isinstance(law, Finite) else []
        laws += [law.centre, law.covariance] if isinstance(law, Gaussian) else []
        free = {symbol for array in laws for entry in array.flat for symbol in sp.sympify(entry).free_symbols}
        free |= population.loss.free_symbols - {*population.weights, *population.data}
        free |= {symbol for value in model.place for symbol in value.free_symbols}
        if free:
            raise ValueError(f"a run needs numbers: the loss holds {', '.join(sorted(map(str, free)))[:60]}")
        arguments = [*population.weights, *population.data]
        value, slopes = (
            sp.lambdify(arguments, formula, cse=True) for formula in (population.loss, population.gradient)
        )

        def columns(weights: Any, points: Any) -> list[Any]:
            return [*np.moveaxis(weights, -1, 0), *np.moveaxis(points, -1, 0)]

        def loss(weights: Any, points: Any) -> Any:
            return value(*columns(weights, points))

        def gradient(weights: Any, points: Any) -> Any:
            # a slope without weights or data is a number: the sum over a point's own axis, left out again, gives it
            # the shape of the others
            return np.stack(
                np.broadcast_arrays(*slopes(*columns(weights, points)), points[..., :1].sum(axis=-1))[:-1], axis=-1
            )

        mean = sp.lambdify(population.weights, population.mean_loss)
        vector = np.array([float(value) for value in model.place])
        probabilities = np.array(law.probabilities, dtype=float) if isinstance(law, Finite) else None
        losses = ArrayLosses(loss, gradient, _points(law), probabilities, lambda w: mean(*np.moveaxis(w, -1, 0)))
        losses.check(vector)
        return cls(losses, vector, model)


def _points(law: Any) -> Any:
    """The points of a finite law, or a function that draws normal ones."""
    if isinstance(law, Finite):
        return np.array(law.points, dtype=float)
    centre, covariance = np.array(law.centre, dtype=float), np.array(law.covariance, dtype=float)
    # not by Cholesky, which refuses a covariance that is only semidefinite; rounding may leave its zeros below 0
    variances, basis = np.linalg.eigh(covariance)
    root = basis * np.sqrt(np.maximum(variances, 0))

    def draw(generator: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return centre + generator.standard_normal((*shape, len(centre))) @ root.T

    return draw


def _start(value: Any) -> Floats:
    start = float_array(value, "start")
    if start.ndim != 1 or not len(start) or not np.isfinite(start).all():
        raise ValueError(f"start has shape {start.shape}; it must be a vector of finite numbers, one for each weight")
    return start


def _probabilities(value: Any, points: int | None) -> Floats:
    shares = float_array(value, "probabilities")
    if shares.shape != (points,) or not (shares >= 0).all() or abs(shares.sum() - 1) > 1e-9:
        raise ValueError(f"probabilities must be {points} numbers, none below 0, that sum to 1")
    return shares
