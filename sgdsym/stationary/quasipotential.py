r"""What a finite learning rate makes of the landscape in one dimension: the potential of the density that steps settle in.

.. math:: P \propto e^{-\Phi(x)/T} \text{ for } T \to 0, \qquad
          \Phi' = L' - \frac\eta2 L'L'' + \frac{\eta^2}{12}L'^2L''' + O(\eta^3)

Knows the exponent only, on a line and for Gaussian noise of one strength.  The prefactor at first order is that of
:meth:`sgdsym.stationary.Gibbs.finite_rate_correction`; in more dimensions the second order is no gradient.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from sgdsym.quantities import EXACT, exact_or_symbol, formula, read_coordinates


def quasipotential_slope(loss: sp.Expr, coordinate: sp.Symbol, learning_rate: Any = None) -> sp.Expr:
    r"""The slope :math:`\Phi'` of the quasi-potential of SGD, to second order in the learning rate.

    One step is :math:`y = x - \eta L'(x) + \sqrt{2T\eta}\,z` with z normal, so that for small T

    .. math:: \Phi(y) = \min_x\Bigl[\Phi(x) + \frac{(y - x + \eta L'(x))^2}{4\eta}\Bigr]
              \quad\Longrightarrow\quad \Phi'\bigl(x + \eta(2u - L')\bigr) = u, \quad u = \frac{\Phi'(x)}{1 - \eta L''(x)},

    which is solved order by order.  At first order :math:`\Phi = L - \frac\eta4L'^2` agrees with L at every minimum.  At second
    order it does not: :math:`\Phi_B - \Phi_A = L_B - L_A - \frac{\eta^2}{6}\int_A^B L'L''^2dx` depends on the way between
    the minima and enters the ratio of basins over T: what breaks the invariance under
    :math:`(\eta, S)\to(c\eta, cS)` is first of all :math:`\eta^2` at the barrier over T, not :math:`\eta` at the minima.

    Args:
        loss: :math:`L`, an expression in the coordinate.
        coordinate: :math:`x`.
        learning_rate: :math:`\eta`, a symbol if left out.

    Raises:
        ValueError: if the learning rate is not positive.

    >>> x, h, eta = sp.symbols("x h eta")
    >>> quasipotential_slope(h * x**2 / 2, x)  # the variance T/(h(1 - ηh/2)) is exact
    -eta*h**2*x/2 + h*x
    """
    eta = EXACT.positive("the learning rate", exact_or_symbol("the learning rate", learning_rate, "eta"))
    (x,) = read_coordinates([coordinate])
    slope, curvature, bend = (sp.diff(formula("the loss", loss), x, k) for k in (1, 2, 3))
    return slope - eta * slope * curvature / 2 + eta**2 * slope**2 * bend / 12
