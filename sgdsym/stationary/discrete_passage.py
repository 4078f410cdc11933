r"""The exact mean number of updates until SGD on a line first passes a point, at any learning rate: no diffusion, no barrier formula.

The updates are a Markov chain with the kernel of a step,

.. math:: y = x - \eta L'(x) + \eta\sqrt{C(x)}\,z, \qquad z \sim N(0, 1), \qquad
          \tau(x) = 1 + \int_{\text{wall}}^{\text{target}} K(x, y)\,\tau(y)\,dy,

and the equation is solved at Gauss–Legendre nodes, twice as many until the number stands.  What is known in closed form is limits of
it: Kramers and the power law for small steps and high barriers, the quasi-potential for high barriers at a finite learning rate.

Knows one dimension and normal noise, in numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from sgdsym.arguments import read_function, read_real
from sgdsym.quantities import FLOATS
from sgdsym.stationary.passage import read_ends, values_of

Floats = NDArray[np.float64]
# of a panel; panels, of which the most make a dense system of 2048 unknowns, 32 MiB; relative, of the number
NODES, FIRST_PANELS, MOST_PANELS, ACCURACY = 16, 16, 128, 1e-7
RESOLVED = 1e-9  # of the chances of a step, summed over the nodes

_erf = np.vectorize(math.erf, otypes=[float])


def mean_escape_steps(
    slope: Callable[[Floats], Floats],
    noise: Callable[[Floats], Floats],
    *,
    learning_rate: float,
    start: float,
    target: float,
    wall: float,
) -> float:
    r"""The mean number of updates of SGD until the weight first lies beyond a target.

    Args:
        slope: :math:`L'`, takes and gives an array.
        noise: :math:`C > 0`, the variance of the gradient of a batch, likewise.
        learning_rate: :math:`\eta`.
        start: the weight at the start.
        target: the updates end with the first that lands on its far side; past a saddle, where escape is sure, the inverse of their
            number is the rate of escape per step.
        wall: a point beyond the start as seen from the target, where the weight is reflected; where hardly a run comes it does not
            matter where.

    Raises:
        ValueError: if the points are out of order, the noise is not positive between them, or steps are so small or the time so long
            that floats do not resolve them: there the diffusion of :func:`~sgdsym.stationary.mean_first_passage` is right.

    >>> steps = mean_escape_steps(lambda x: 0 * x, lambda x: 1 + 0 * x, learning_rate=0.1, start=0, target=2, wall=-1)
    >>> round(steps * 0.1**2 / 2)            # the diffusion alone takes 8 / 2, and a step overshoots a little
    4
    """
    read_function("slope", slope)
    read_function("noise", noise)
    rate = float(FLOATS.learning_rate(read_real("learning_rate", learning_rate)))
    sign, ends = read_ends(wall, start, target)

    def push(x: Floats) -> Floats:
        return x - rate * sign * values_of("slope", slope, sign * x)

    def width(x: Floats) -> Floats:
        return _widths(values_of("noise", noise, sign * x), rate)

    before, panels = np.inf, FIRST_PANELS
    while panels <= MOST_PANELS:
        steps = _steps(push, width, ends, panels)
        if np.isfinite(steps) and abs(steps - before) < ACCURACY * steps:
            return steps
        before, panels = steps, 2 * panels
    raise ValueError(
        f"{MOST_PANELS * NODES} nodes do not resolve these steps; they are a diffusion, whose time mean_first_passage gives"
    )


def _widths(noise: Floats, rate: float) -> Floats:
    wrong = noise[~(noise > 0)]
    if len(wrong):
        raise ValueError(f"the noise is {wrong[0]:.6g} somewhere between wall and target; it must be above 0")
    found: Floats = rate * np.sqrt(noise)
    return found


def _steps(push: Any, width: Any, ends: tuple[float, float, float], panels: int) -> float:
    """The mean number with so many panels of nodes."""
    wall, start, target = ends
    nodes, shares = legendre.leggauss(NODES)
    edges = np.linspace(wall, target, panels + 1)
    half = np.diff(edges)[:, None] / 2
    y = ((edges[1:, None] + edges[:-1, None]) / 2 + half * nodes).ravel()
    share = (half * shares).ravel()

    def kernel(x: Floats) -> Floats:
        """The density of landing at the nodes from some places, directly or by way of the wall."""
        middle, spread = push(x)[:, None], width(x)[:, None]
        # far landings underflow to the 0 that they are
        with np.errstate(under="ignore", over="ignore"):
            direct = np.exp(-(((y - middle) / spread) ** 2) / 2)
            turned = np.exp(-(((2 * wall - y - middle) / spread) ** 2) / 2)
            found: Floats = (direct + turned) / (np.sqrt(2 * np.pi) * spread) * share
        return found

    def chance(x: Floats) -> Floats:
        """The probability of a next step within, exactly."""
        scale = np.sqrt(2) * width(x)
        within: Floats = (_erf((target - push(x)) / scale) - _erf((2 * wall - target - push(x)) / scale)) / 2
        return within

    from_nodes, from_start = kernel(y), kernel(np.array([start]))
    # too few nodes for so narrow a step: the quadrature of its density misses the probability that is known
    if np.abs(from_nodes.sum(axis=1) - chance(y)).max() > RESOLVED:
        return np.inf
    # the mean number is 1 and that from where a step lands: Fredholm's equation at the nodes (E. Nyström, 1930)
    matrix = np.eye(len(y)) - from_nodes
    try:
        times = np.linalg.solve(matrix, np.ones(len(y)))
    except np.linalg.LinAlgError:
        return np.inf
    steps = float(1 + from_start[0] @ times)
    # what rounding alone can make of a number that is lost in ones
    return steps if 0 < steps < 1e-3 / np.finfo(float).eps else np.inf
