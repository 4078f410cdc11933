r"""The exact mean time at which a diffusion on a line first reaches a point, by quadrature.

Knows one dimension, in numbers.  Refuses to know rates: what Kramers and the power law approximate is computed here without
approximation, as the check on both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from sgdsym.arguments import read_function, read_real

Floats = NDArray[np.float64]
# of a panel, exact for degree 31; panels on each side of the start; of the logarithm of the time, so relative
NODES, FIRST_PANELS, MOST_PANELS, ACCURACY = 16, 32, 2**14, 1e-10


def mean_first_passage(
    drift: Callable[[Floats], Floats],
    diffusion: Callable[[Floats], Floats],
    *,
    start: float,
    target: float,
    wall: float,
) -> float:
    r"""The mean time until :math:`dx = a\,dt + \sqrt{2D}\,dW` (Itô), reflected at a wall, first reaches a target.

    .. math:: \tau = \int_{x_0}^{b}\! dy\, e^{-\Psi(y)} \int_{\text{wall}}^{y}\! \frac{e^{\Psi(z)}}{D(z)}\,dz, \qquad
              \Psi' = \frac aD

    By Gauss–Legendre quadrature on panels that are halved until the result stands to ten digits.

    Args:
        drift: :math:`a`, takes and gives an array.
        diffusion: :math:`D > 0`, likewise.
        start: :math:`x_0`.
        target: :math:`b`, where the time ends; past a saddle, where escape is sure, :math:`1/\tau` is the rate of escape.
        wall: a point beyond the start as seen from the target; where the density has faded it does not matter where.

    Raises:
        ValueError: if the points are out of order, the diffusion is not positive between them, the time is beyond floats, or
            the functions are not smooth enough for the quadrature.

    Source: [Gardiner1985]_, section 5.2.7.

    >>> free = mean_first_passage(lambda x: 0 * x, lambda x: 0 * x + 0.5, start=0, target=2, wall=-1)
    >>> round(free, 9)  # (2 + 1)² - (0 + 1)²
    8.0
    """
    read_function("drift", drift)
    read_function("diffusion", diffusion)
    sign, ends = read_ends(wall, start, target)

    before, panels = np.inf, FIRST_PANELS
    while panels <= MOST_PANELS:
        logarithm = _log_time(
            lambda x: sign * values_of("drift", drift, sign * x),
            lambda x: values_of("diffusion", diffusion, sign * x),
            ends,
            panels,
        )
        if abs(logarithm - before) < ACCURACY:
            return _time(logarithm)
        before, panels = logarithm, 2 * panels
    raise ValueError(f"the quadrature does not settle with {MOST_PANELS} panels; drift and diffusion must be smooth")


def read_ends(wall: Any, start: Any, target: Any) -> tuple[float, tuple[float, float, float]]:
    """The sign that makes a target the largest of three points, and the points times that.

    Raises:
        ValueError: if the start does not lie between the others.

    >>> read_ends(1, 0, -2)
    (-1.0, (-1.0, -0.0, 2.0))
    """
    points = [read_real(name, point) for name, point in (("wall", wall), ("start", start), ("target", target))]
    sign = 1.0 if points[2] > points[1] else -1.0
    first, second, third = (sign * point for point in points)
    if not first <= second < third:
        raise ValueError(
            f"the start {points[1]:g} must lie between the wall {points[0]:g} and the target {points[2]:g}"
        )
    return sign, (first, second, third)


def _log_time(drift: Any, diffusion: Any, ends: tuple[float, float, float], panels: int) -> float:
    """The logarithm of the time, with a number of panels on each side of the start."""
    nodes, shares = legendre.leggauss(NODES)
    edges = np.concatenate([np.linspace(ends[0], ends[1], panels + 1), np.linspace(ends[1], ends[2], panels + 1)[1:]])
    half = np.diff(edges)[:, None] / 2
    x = (edges[1:, None] + edges[:-1, None]) / 2 + half * nodes
    spread = diffusion(x)
    wrong = spread[~(spread > 0)]
    if len(wrong):
        raise ValueError(f"the diffusion is {wrong[0]:.6g} somewhere between wall and target; it must be above 0")
    psi = _running(drift(x) / spread, half, nodes, shares)
    inner = psi - np.log(spread)
    # the exponents of a barrier are large and opposite: the largest of each is left to the logarithm
    low, high = inner.max(), (-psi[panels:]).max()
    below = _running(np.exp(inner - low), half, nodes, shares)[panels:]
    total = np.sum(half[panels:] * shares * np.exp(-psi[panels:] - high) * below)
    return float(low + high + np.log(total))


def values_of(name: str, function: Any, x: Floats) -> Floats:
    """The values of a function, which are numbers.

    Raises:
        ValueError: if they are none, or not as many as places.

    >>> values_of("drift", lambda x: 2, np.zeros(2))
    array([2., 2.])
    """
    values = np.asarray(function(x))
    if values.dtype.kind not in "iuf" or values.shape not in ((), x.shape):
        raise ValueError(f"{name} must return an array of numbers of the shape {x.shape} it is given, or one number")
    return np.broadcast_to(values.astype(float), x.shape)


def _running(values: Floats, half: Floats, nodes: Floats, shares: Floats) -> Floats:
    """The integral from the first edge to every node, of what has these values at the nodes."""
    # from values at the nodes to Legendre coefficients (inverse Vandermonde), which are integrated from -1 exactly
    to_node = legendre.legval(nodes, legendre.legint(np.eye(NODES), lbnd=-1)).T @ np.linalg.inv(
        legendre.legvander(nodes, NODES - 1)
    )
    whole = half[:, 0] * (values @ shares)
    running: Floats = half * (values @ to_node.T) + (np.cumsum(whole) - whole)[:, None]
    return running


def _time(logarithm: float) -> float:
    if logarithm > np.log(np.finfo(float).max):
        raise ValueError(f"the mean passage time is about exp({logarithm:.6g}), beyond floats; take a lower barrier")
    return float(np.exp(logarithm))
