r"""The Fokker–Planck equation of SGD in continuous time, and the current that its densities carry.

.. math:: d\theta_i = a_i\,dt + \sigma_{ik}\,dW_k \;(\text{Itô}), \qquad
          \partial_t P = -\partial_i j_i, \qquad j_i = a_i P - \partial_j(D_{ij} P), \qquad D = \tfrac12\sigma\sigma^T

Knows equations, as sympy expressions: drift, diffusion, current, and what a change of the clock does to them.  Refuses
to know which density solves them; that is for the rooms' laws.

Two units of time are in use and every factor of the learning rate hangs on them.  Counted in steps, SGD with per-sample
gradient covariance :math:`C` and batch size :math:`S` has :math:`a = -\eta\nabla L` and :math:`D = \eta^2 C/2S`; counted
in :math:`\eta\times` steps it has :math:`a = -\nabla L` and :math:`D = \eta C/2S`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from sgdsym.arguments import quoted, read_choice, read_instance, read_items
from sgdsym.quantities import EXACT, coordinate_symbols, exact_or_symbol, formula, read_coordinates

TIMES = ("steps", "eta-steps")


@dataclass(frozen=True, slots=True)
class FokkerPlanck:
    r"""A Fokker–Planck equation in d dimensions.

    Attributes:
        coordinates: the d weights.
        drift: :math:`a_i`, d expressions.
        diffusion: :math:`D_{ij}`, a symmetric d×d matrix; :math:`dW` is multiplied by the square root of 2D.

    Raises:
        ValueError: if the shapes do not fit or the diffusion is not symmetric or, where it is numbers, has a negative eigenvalue.

    >>> x = sp.Symbol("x")
    >>> equation = FokkerPlanck((x,), (-x,), sp.Matrix([[1]]))
    >>> equation.current(sp.exp(-(x**2) / 2))
    Matrix([[0]])
    >>> equation.rate(sp.Function("P")(x))
    x*Derivative(P(x), x) + P(x) + Derivative(P(x), (x, 2))
    """

    coordinates: tuple[sp.Symbol, ...]
    drift: tuple[sp.Expr, ...]
    diffusion: sp.ImmutableMatrix

    def __post_init__(self) -> None:
        coordinates = read_coordinates(self.coordinates)
        components = read_items("the drift", self.drift)
        drift = tuple(EXACT.scalar("a component of the drift", component) for component in components)
        diffusion = sp.ImmutableMatrix(EXACT.semidefinite("the diffusion", self.diffusion))
        size = len(coordinates)
        if len(drift) != size:
            raise ValueError(f"the drift has {len(drift)} components; there are {size} coordinates")
        if diffusion.shape != (size, size):
            raise ValueError(f"the diffusion has shape {diffusion.shape}; there are {size} coordinates")
        object.__setattr__(self, "coordinates", coordinates)
        object.__setattr__(self, "drift", drift)
        object.__setattr__(self, "diffusion", diffusion)

    def current(self, density: sp.Expr | None = None) -> sp.ImmutableMatrix:
        r"""The probability current :math:`j_i = a_i P - \partial_j(D_{ij}P)`, a column of d expressions.

        Jastrzębski et al. write :math:`J = -j` and :math:`\partial_t P = \nabla\cdot J`.

        Args:
            density: :math:`P` as an expression in the coordinates, :math:`P(\theta, t)` if left out.
        """
        x, density = self.coordinates, self._density() if density is None else formula("the density", density)
        return sp.ImmutableMatrix(
            [
                self.drift[i] * density - sum(sp.diff(self.diffusion[i, j] * density, x[j]) for j in range(len(x)))
                for i in range(len(x))
            ]
        )

    def velocity(self, density: sp.Expr) -> sp.ImmutableMatrix:
        r"""The current per probability, :math:`j_i/P`, as one fraction: zeros where the density is in detailed balance."""
        return (self.current(density) / _nonzero(density)).applyfunc(lambda part: sp.cancel(sp.expand_mul(part)))

    def rate(self, density: sp.Expr | None = None) -> sp.Expr:
        r"""The rate of change :math:`-\partial_i j_i`; zero for a stationary density.

        Args:
            density: :math:`P` as an expression in the coordinates, :math:`P(\theta, t)` if left out.
        """
        currents = zip(self.current(density), self.coordinates, strict=True)
        return sp.expand_mul(-sum(sp.diff(part, x) for part, x in currents))

    def equation(self) -> sp.Eq:
        r"""The partial differential equation :math:`\partial_t P = -\partial_i j_i` for :math:`P(\theta, t)`."""
        return sp.Eq(sp.Derivative(self._density(), sp.Symbol("t")), self.rate(), evaluate=False)

    def _density(self) -> sp.Expr:
        return sp.Function("P")(*self.coordinates, sp.Symbol("t"))

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {sp.latex(self.equation())}$"


def fokker_planck(
    coordinates: int | Sequence[sp.Symbol],
    loss: sp.Expr | None = None,
    covariance: Any = None,
    *,
    learning_rate: Any = None,
    batch_size: Any = None,
    time: str = "steps",
) -> FokkerPlanck:
    r"""The Fokker–Planck equation of SGD on a loss.

    .. math:: \partial_t P = \partial_i\bigl(\eta\,\partial_i L\,P\bigr)
              + \frac{\eta^2}{2S}\,\partial_i\partial_j(C_{ij}P)

    Args:
        coordinates: the weights, or their number.
        loss: :math:`L`, an expression in the weights; a function of them if left out.
        covariance: :math:`C`, the covariance of the gradient of one data point: a d×d matrix, or a scalar for
            :math:`\sigma^2 I`; may depend on the weights.  Functions :math:`C_{ij}(\theta)` if left out.
        learning_rate: :math:`\eta`.
        batch_size: :math:`S`, the data points of a batch, drawn independently.
        time: what is counted: "steps", or "eta-steps" for :math:`\eta\times` steps, where drift and diffusion are
            divided by :math:`\eta`.

    Raises:
        ValueError: if the time is unknown, a shape does not fit, or a number is not positive.

    Source: [Jastrzebski2017]_, section 2.

    >>> theta, sigma = sp.symbols("theta sigma", positive=True)
    >>> equation = fokker_planck([theta], theta**2 / 2, sigma**2)
    >>> equation.drift, equation.diffusion
    ((-eta*theta,), Matrix([[eta**2*sigma**2/(2*S)]]))
    >>> fokker_planck([theta], theta**2 / 2, sigma**2, time="eta-steps").diffusion
    Matrix([[eta*sigma**2/(2*S)]])
    """
    read_choice("time", time, TIMES)
    x = coordinate_symbols(coordinates)
    eta = EXACT.positive("the learning rate", exact_or_symbol("the learning rate", learning_rate, "eta"))
    size = EXACT.count("the batch size", exact_or_symbol("the batch size", batch_size, "S"))
    landscape = sp.Function("L")(*x) if loss is None else formula("the loss", loss)
    noise = _general_covariance(x) if covariance is None else EXACT.semidefinite("the covariance", covariance, len(x))
    rate = eta if time == "steps" else sp.S.One
    drift = tuple(-rate * sp.diff(landscape, weight) for weight in x)
    return FokkerPlanck(x, drift, rate * eta * noise / (2 * size))


def change_clock(equation: FokkerPlanck, speed: sp.Expr) -> FokkerPlanck:
    r"""The equation by a clock that runs at a speed of its own, :math:`d\tau = s(\theta)\,dt`.

    In :math:`d\theta = a\,dt + \sqrt{2D}\,dW` put :math:`dt = d\tau/s`; a Wiener process over :math:`d\tau/s` is
    :math:`dW = d\tilde W/\sqrt s`, since its variance is the time it takes.  Under Itô the speed is read before the
    increment, so nothing else appears:

    .. math:: d\theta = \frac{a}{s}\,d\tau + \sqrt{\frac{2D}{s}}\,d\tilde W .

    Paths stay the same, only when a point is passed changes: the new stationary density is :math:`s` times the old one.
    With the noise of the mean-square loss, :math:`D = \eta L H/B`, and :math:`s = L` the noise becomes additive and the
    drift the gradient of :math:`\log L`.

    Args:
        equation: the equation by the old clock.
        speed: :math:`s > 0`, an expression in the weights.

    Source: [Mori2022]_, eq. (14)–(15).

    >>> theta, T = sp.symbols("theta T", positive=True)
    >>> multiplicative = FokkerPlanck((theta,), (-2 * theta,), sp.Matrix([[T * (1 + theta**2)]]))
    >>> additive = change_clock(multiplicative, 1 + theta**2)
    >>> additive.drift, additive.diffusion
    ((-2*theta/(theta**2 + 1),), Matrix([[T]]))
    """
    read_instance("equation", equation, FokkerPlanck)
    speed = formula("the speed", speed)
    if speed.is_number and not speed.is_positive:
        raise ValueError(f"the speed is {quoted(speed)}; it must be above 0")
    drift = tuple(sp.cancel(part / speed) for part in equation.drift)
    return FokkerPlanck(equation.coordinates, drift, (equation.diffusion / speed).applyfunc(sp.cancel))


def _nonzero(density: sp.Expr) -> sp.Expr:
    """A density that can be divided by."""
    if density == 0:
        raise ValueError("the density is 0; there is no velocity where there is no probability")
    return formula("the density", density)


def _general_covariance(x: tuple[sp.Symbol, ...]) -> sp.Matrix:
    size = len(x)
    return sp.Matrix(size, size, lambda i, j: sp.Function(f"C_{min(i, j) + 1}{max(i, j) + 1}")(*x))
