r"""The Gibbs law of SGD under isotropic noise, the share of each basin, and what a finite learning rate does to both.

.. math:: P(\theta) = \frac1Z e^{-L(\theta)/T}, \qquad T = \frac{\eta\sigma^2}{2S}, \qquad
          Z \simeq \sum_{\text{minima }A} \frac{(2\pi T)^{d/2}}{\sqrt{\det H_A}}\, e^{-L_A/T}

Knows laws: density, normalisation by Laplace's method, ratio of basins, first correction in the learning rate.  Refuses to
guess where they hold: the noise of one data point must have covariance :math:`\sigma^2 I` everywhere, and Laplace's method
needs minima with a positive definite Hessian, apart by barriers well above T.

Source: [Jastrzebski2017]_, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.quantities import EXACT, Arithmetic, coordinate_symbols, exact_or_symbol, formula, read_sizes, single


def temperature(*, learning_rate: Any, batch_size: Any, variance: Any) -> Any:
    r"""The temperature :math:`T = \eta\sigma^2/2S` of SGD under isotropic noise, in units of the loss.

    Args:
        learning_rate: :math:`\eta`.
        batch_size: :math:`S`.
        variance: :math:`\sigma^2`, of each component of the gradient of one data point.

    Raises:
        ValueError: if one is not positive.

    >>> temperature(learning_rate=sp.Rational(1, 10), batch_size=1, variance=2)
    1/10
    """
    arithmetic = Arithmetic.of(learning_rate, batch_size, variance)
    eta = arithmetic.positive("the learning rate", learning_rate)
    size = arithmetic.count("the batch size", batch_size)
    return eta * arithmetic.positive("the variance", variance) / (2 * size)


def noise_scale(*, learning_rate: Any, batch_size: Any, dataset_size: Any) -> Any:
    r"""The noise scale :math:`g = \eta\bigl(\tfrac NB - 1\bigr) \approx \eta N/B`, by which runs of other sizes are compared.

    In :math:`d\omega/dt = -\nabla C + \xi`, with C the sum of the losses of all N examples and time counted in
    :math:`\tfrac\eta N\times` steps, the noise has the strength g times the covariance of one gradient: that of the sum as
    estimated from a batch is :math:`\tfrac{N(N-B)}{B}` times it, with N for N - 1.  An approximation for small steps.

    Args:
        learning_rate: :math:`\eta`.
        batch_size: :math:`B`.
        dataset_size: :math:`N`.

    Raises:
        ValueError: if one is not positive, or the batch is larger than the dataset.

    Source: [Smith2018]_, section 5.

    >>> noise_scale(learning_rate=sp.Rational(1, 10), batch_size=10, dataset_size=1000)
    99/10
    """
    arithmetic = Arithmetic.of(learning_rate, batch_size, dataset_size)
    eta = arithmetic.positive("the learning rate", learning_rate)
    size, examples = read_sizes(batch_size, dataset_size, False)
    assert examples is not None
    ratio = examples / size - 1
    return eta * (ratio if arithmetic.exact else float(ratio))


@dataclass(frozen=True, slots=True)
class Gibbs:
    r"""The density :math:`e^{-L/T}/Z` on the weights.

    Attributes:
        coordinates: the d weights.
        loss: :math:`L`, an expression in them.
        temperature: :math:`T`, in units of the loss.
    """

    coordinates: tuple[sp.Symbol, ...]
    loss: sp.Expr
    temperature: sp.Expr

    def _repr_latex_(self) -> str:
        return f"${sp.latex(self.density)}$"

    @property
    def density(self) -> sp.Expr:
        r"""The density before it is normalised, :math:`e^{-L/T}`."""
        return sp.exp(-self.loss / self.temperature)

    def partition(self, *minima: Sequence[Any]) -> sp.Expr:
        r"""The normalisation :math:`Z` by Laplace's method, a sum over the minima.

        Args:
            minima: points, d values each.

        Raises:
            ValueError: if there is no point, the gradient at one is a number other than 0, or the Hessian is not positive definite.

        >>> x, T = sp.symbols("x T", positive=True)
        >>> Gibbs((x,), x**2 / 2, T).partition([0])
        sqrt(2)*sqrt(pi)*sqrt(T)
        """
        if not minima:
            raise ValueError("no minimum is given; the sum over minima needs one at least")
        return sp.Add(*(self._share(point) for point in minima))

    def normalised(self, *minima: Sequence[Any]) -> sp.Expr:
        r"""The density :math:`e^{-L/T}/Z` with Laplace's Z; exact where the loss is one parabola."""
        return self.density / self.partition(*minima)

    def finite_rate_correction(self, learning_rate: Any = None) -> sp.Expr:
        r"""What steps of finite size do to the density at a fixed temperature, to first order in the learning rate.

        .. math:: P = \frac1Z e^{-L/T}\Bigl(1 + \eta\Bigl[\frac{|\nabla L|^2}{4T} - \frac{\nabla^2 L}{2}\Bigr]
                  + O(\eta^2)\Bigr)

        It solves :math:`\mathcal L^* P_1 + \mathcal A_2^* P_0 = 0` where one step with Gaussian noise averages a function as
        :math:`1 + \eta\mathcal L + \eta^2\mathcal A_2 + \ldots`.  The bracket holds no S: at equal :math:`\eta/S`, runs
        differ by it.

        Args:
            learning_rate: :math:`\eta`, a symbol if left out.

        Returns:
            :math:`\eta` times the bracket.

        >>> x, h, T = sp.symbols("x h T", positive=True)
        >>> sp.expand(Gibbs((x,), h * x**2 / 2, T).finite_rate_correction())
        -eta*h/2 + eta*h**2*x**2/(4*T)
        """
        eta = exact_or_symbol("the learning rate", learning_rate, "eta")
        slope = sp.Add(*(sp.diff(self.loss, x) ** 2 for x in self.coordinates))
        curvature = sp.Add(*(sp.diff(self.loss, x, 2) for x in self.coordinates))
        return eta * (slope / (4 * self.temperature) - curvature / 2)

    def _share(self, point: Sequence[Any]) -> sp.Expr:
        if len(point) != len(self.coordinates):
            raise ValueError(f"a minimum has {len(point)} coordinates; there are {len(self.coordinates)} weights")
        place = dict(zip(self.coordinates, (EXACT.scalar("a coordinate of a minimum", x) for x in point), strict=True))
        for x in self.coordinates:
            slope = sp.simplify(sp.diff(self.loss, x).subs(place))
            if slope.is_number and slope != 0:
                raise ValueError(f"{tuple(place.values())} is no minimum: the loss has the slope {slope} along {x}")
        hessian = sp.hessian(self.loss, self.coordinates).subs(place)
        hessian = EXACT.positive_definite("the Hessian at a minimum", hessian)
        width = sp.sqrt((2 * sp.pi * self.temperature) ** len(place) / hessian.det())
        return width * sp.exp(-self.loss.subs(place) / self.temperature)


def gibbs(
    coordinates: int | Sequence[sp.Symbol],
    loss: sp.Expr | None = None,
    *,
    learning_rate: Any = None,
    batch_size: Any = None,
    variance: Any = None,
) -> Gibbs:
    r"""The stationary law of SGD in continuous time under isotropic noise, :math:`P \propto e^{-2SL/\eta\sigma^2}`.

    It carries no current: it is the law in detailed balance.  Only the ratio :math:`\eta/S` matters; a finite learning rate
    breaks that, see :meth:`Gibbs.finite_rate_correction`.

    Args:
        coordinates: the weights, or their number.
        loss: :math:`L`, an expression in the weights; a function of them if left out.
        learning_rate: :math:`\eta`.
        batch_size: :math:`S`.
        variance: :math:`\sigma^2`: the gradient of one data point has covariance :math:`\sigma^2 I`.  What is left out is a
            symbol, :math:`\sigma` squared here.

    Raises:
        ValueError: if a number is not positive.

    Source: [Jastrzebski2017]_, section 2.

    >>> theta = sp.Symbol("theta")
    >>> law = gibbs([theta], theta**2 / 2)
    >>> law.density
    exp(-S*theta**2/(eta*sigma**2))
    >>> from sgdsym.stationary import fokker_planck
    >>> fokker_planck([theta], theta**2 / 2, sp.Symbol("sigma") ** 2).velocity(law.density)
    Matrix([[0]])
    """
    x = coordinate_symbols(coordinates)
    landscape = sp.Function("L")(*x) if loss is None else formula("the loss", loss)
    heat = temperature(
        learning_rate=exact_or_symbol("the learning rate", learning_rate, "eta"),
        batch_size=exact_or_symbol("the batch size", batch_size, "S"),
        variance=sp.Symbol("sigma") ** 2 if variance is None else EXACT.scalar("the variance", variance),
    )
    return Gibbs(x, landscape, heat)


def basin_ratio(
    loss_a: Any,
    loss_b: Any,
    hessian_a: Any,
    hessian_b: Any,
    *,
    learning_rate: Any,
    batch_size: Any = 1,
    variance: Any,
) -> Any:
    r"""The ratio of the probabilities of two basins under the Gibbs law, by Laplace's method.

    .. math:: \frac{p_A}{p_B} = \sqrt{\frac{\det H_B}{\det H_A}}\,
              \exp\Bigl(\frac{2S}{\eta\sigma^2}(L_B - L_A)\Bigr)

    Invariant under :math:`(\eta, S)\to(c\eta, cS)` and under one linear change of the weights, :math:`H\to M^THM`, in both
    basins.  Valid where both minima are nondegenerate and the loss is quadratic over a few :math:`\sqrt{T/h}`, with
    :math:`T = \eta\sigma^2/2S`; the error is of relative order :math:`T`, and of order :math:`\eta` from the steps, which
    :func:`finite_rate_ratio` gives.

    Args:
        loss_a: the loss at minimum A.
        loss_b: the loss at minimum B.
        hessian_a: the Hessian at A, a matrix, or a number in one dimension.
        hessian_b: the Hessian at B.
        learning_rate: :math:`\eta`; an array of floats gives an array.
        batch_size: :math:`S`.
        variance: :math:`\sigma^2`.

    Returns:
        A sympy expression for exact or symbolic input, otherwise floats.

    Raises:
        ValueError: if a Hessian is not symmetric and positive definite, the sizes differ or a number is not positive.

    Source: [Jastrzebski2017]_, section 2.

    >>> third, quarter = sp.Rational(3, 10), sp.Rational(1, 4)
    >>> basin_ratio(third, quarter, 1, 4, learning_rate=sp.Rational(1, 10), variance=2)
    2*exp(-1/2)
    >>> round(basin_ratio(0.3, 0.25, 1.0, 4.0, learning_rate=0.1, variance=2), 7)
    1.2130613
    """
    arithmetic = Arithmetic.of(loss_a, loss_b, hessian_a, hessian_b, learning_rate, batch_size, variance)
    heat = temperature(
        learning_rate=arithmetic.scalar("the learning rate", learning_rate),
        batch_size=batch_size,
        variance=variance,
    )
    wide, narrow = _hessians(hessian_a, hessian_b, arithmetic)
    gap = arithmetic.scalar("the loss", loss_b) - arithmetic.scalar("the loss", loss_a)
    if arithmetic.exact:
        return sp.sqrt(narrow.det() / wide.det()) * sp.exp(gap / heat)
    # in logarithms: determinants of many weights overflow
    entropy = (np.linalg.slogdet(narrow)[1] - np.linalg.slogdet(wide)[1]) / 2
    return arithmetic.result(arithmetic.exp(entropy + gap / heat))


def finite_rate_ratio(hessian_a: Any, hessian_b: Any, learning_rate: Any) -> Any:
    r"""The factor by which steps of finite size change the ratio of two basins, to first order in the learning rate.

    .. math:: \Bigl(\frac{p_A}{p_B}\Bigr)_{\text{steps}} = \frac{p_A}{p_B}\,
              \exp\Bigl(\frac\eta4\,\mathrm{tr}(H_B - H_A)\Bigr)

    The average of :meth:`Gibbs.finite_rate_correction` over a Gaussian basin is :math:`\eta\,tr H\,(\frac14 - \frac12)`.  It
    holds :math:`\eta` without S, so it breaks the invariance under :math:`(\eta, S)\to(c\eta, cS)`, in favour of the
    flatter basin.  For Gaussian noise, :math:`\eta h \ll 1` and a temperature well above :math:`\eta^2` times what
    :func:`~sgdsym.stationary.quasipotential_slope` gains on the way between the minima, which at low temperature comes first.

    Args:
        hessian_a: the Hessian at minimum A, a matrix or a number.
        hessian_b: the Hessian at B.
        learning_rate: :math:`\eta`.

    Raises:
        ValueError: as :func:`basin_ratio`.

    >>> finite_rate_ratio(1, 4, sp.Symbol("eta"))
    exp(3*eta/4)
    """
    arithmetic = Arithmetic.of(hessian_a, hessian_b, learning_rate)
    wide, narrow = _hessians(hessian_a, hessian_b, arithmetic)
    exponent = arithmetic.positive("the learning rate", learning_rate) * (narrow - wide).trace() / 4
    return arithmetic.result(arithmetic.exp(exponent))


def gibbs_covariance(hessian: Any, *, learning_rate: Any, batch_size: Any = 1, variance: Any) -> Any:
    r"""The covariance of the weights in a basin of the Gibbs law, :math:`TH^{-1}`.

    Steps of finite size make it :math:`TH^{-1}(I - \eta H/2)^{-1}`, that of
    :func:`~sgdsym.stationary.stationary_covariance` with the batch noise :math:`\sigma^2 I/S`, which depends on more than
    :math:`\eta/S` and diverges at :math:`\eta h = 2`.

    Raises:
        ValueError: if the Hessian is not symmetric and positive definite or a number is not positive.

    >>> gibbs_covariance(1, learning_rate=sp.Rational(2, 5), batch_size=4, variance=1)
    Matrix([[1/20]])
    """
    arithmetic = Arithmetic.of(hessian, learning_rate, batch_size, variance)
    heat = temperature(learning_rate=learning_rate, batch_size=batch_size, variance=variance)
    single("the temperature", heat)
    curvature = arithmetic.positive_definite("the Hessian", hessian)
    return heat * curvature.inv() if arithmetic.exact else heat * np.linalg.inv(curvature)


def _hessians(first: Any, second: Any, arithmetic: Arithmetic) -> tuple[Any, Any]:
    a = arithmetic.positive_definite("the Hessian at A", first)
    b = arithmetic.positive_definite("the Hessian at B", second)
    if a.shape != b.shape:
        raise ValueError(f"the Hessians have shapes {a.shape} and {b.shape}; both basins have the same weights")
    return a, b
