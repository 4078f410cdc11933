r"""The saddle between two minima of a loss, and what the laws of escape ask about it: losses, Hessians, outlier directions.

A string of points between the minima is let down the slope, each point by a step of its own, and spread evenly along its length after
each step; it comes to rest on a path of steepest descent.  From its highest point the saddle is found by Newton steps that climb
along the lowest curvature and descend along all others.  The result is certified, not trusted: the gradient vanishes, one
eigenvalue of the Hessian is negative, and steepest descent from either side of the saddle ends in the two minima.

Knows a loss as functions of the weights, in floats, and needs scipy.  Refuses paths over more than one saddle.

Source: [E2007]_; for the climb [Henkelman1999]_.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sgdsym.arguments import quoted, read_function, read_integer, read_real
from sgdsym.arrays import float_array

Floats: TypeAlias = NDArray[np.float64]
MOST_WEIGHTS = 300
ROUNDS, REFRESH = 3000, 25  # of the string, and after how many its steps are chosen anew
CLIMB, FLOWS = 200, 40  # steps of a climb, and stretches of steepest descent, each twice as long
AT_REST = 2e-2  # of the slopes across a string, relative to the largest slope on it
STATIONARY = 1e-7  # of a gradient, relative to curvature times distance
FLAT = 1e-6  # of an eigenvalue, relative to the largest
SAME = 1e-3  # of the distance between two minima


@dataclass(frozen=True, slots=True, eq=False)
class Barrier:
    """A saddle and the two minima that it parts; made by :func:`find_barrier`.

    Attributes:
        minimum: the minimum that is left, (p,).
        saddle: the saddle, (p,).
        end: the minimum on the other side, (p,).
        loss_minimum: the loss at the minimum.
        loss_saddle: the loss at the saddle.
        loss_end: the loss at the end.
        hessian_minimum: the Hessian at the minimum, (p, p).
        hessian_saddle: the Hessian at the saddle, (p, p).
        hessian_end: the Hessian at the end, (p, p).
    """

    minimum: Floats
    saddle: Floats
    end: Floats
    loss_minimum: float
    loss_saddle: float
    loss_end: float
    hessian_minimum: Floats
    hessian_saddle: Floats
    hessian_end: Floats

    def outliers(self, share: float = 0.1) -> int:
        """The number n of outlier directions: eigenvalues of the Hessian at the minimum that are above a share of the largest.

        Args:
            share: from 0 to below 1.

        Raises:
            ValueError: if the share is not in that range.
        """
        return int(self._outlying(share)[1].shape[1])

    def arguments(self, share: float = 0.1) -> tuple[float, float, Any, Any]:
        """Both losses, and both Hessians in the outlier directions: what the laws of escape take.

        They are the first arguments of :func:`~sgdsym.stationary.escape_rate` and :func:`~sgdsym.stationary.kramers_rate`.  The
        exponent then has h* as the mean of the outlying eigenvalues at the minimum.

        Args:
            share: as in :meth:`outliers`.

        Raises:
            ValueError: if the way out is not one of these directions, so that the Hessian at the saddle is positive in them.
        """
        values, basis = self._outlying(share)
        ridge = basis.T @ self.hessian_saddle @ basis
        if np.linalg.eigvalsh(ridge)[0] >= 0:
            raise ValueError(
                f"the way over the saddle is none of the {len(values)} outlier directions at the minimum; take a smaller share"
            )
        return self.loss_minimum, self.loss_saddle, np.diag(values), ridge

    def reversed(self) -> Barrier:
        """The same barrier as it is met from the other minimum."""
        return Barrier(
            self.end,
            self.saddle,
            self.minimum,
            self.loss_end,
            self.loss_saddle,
            self.loss_minimum,
            self.hessian_end,
            self.hessian_saddle,
            self.hessian_minimum,
        )

    def _outlying(self, share: float) -> tuple[Floats, Floats]:
        bound = read_real("share", share)
        if not 0 <= bound < 1:
            raise ValueError(f"share must be at least 0 and below 1, not {quoted(share)}")
        values, basis = np.linalg.eigh(self.hessian_minimum)
        kept = values > max(bound, FLAT) * values[-1]
        return values[kept], basis[:, kept]


def find_barrier(
    loss: Callable[[Floats], Any],
    gradient: Callable[[Floats], Any],
    start: Any,
    end: Any,
    *,
    hessian: Callable[[Floats], Any] | None = None,
    images: int = 31,
) -> Barrier:
    r"""The saddle on the path of steepest descent between two minima of a loss.

    Args:
        loss: of weights (p,) to a number.
        gradient: of weights (p,) to (p,).
        start: a point of the basin that is left, (p,); its minimum is found by steepest descent.
        end: a point of the basin on the other side.
        hessian: of weights (p,) to (p, p); by differences of the gradient if left out.
        images: points of the string.

    Returns:
        The saddle, both minima, their losses and Hessians.

    Raises:
        ValueError: if both points run to one minimum, another minimum lies on the path, no saddle of one negative eigenvalue is found,
            a function gives something of another shape, not finite or not in double precision, or its gradient is not that of the
            loss.
        RuntimeError: if scipy is not installed.

    >>> found = find_barrier(
    ...     lambda w: (w[0] ** 2 - 1) ** 2 / 4 + w[1] ** 2 + 1, lambda w: np.array([w[0] ** 3 - w[0], 2 * w[1]]), [-2, 1], [2, 1]
    ... )
    >>> np.round(found.saddle, 8) + 0, round(found.loss_saddle - found.loss_minimum, 8)
    (array([0., 0.]), 0.25)
    >>> from sgdsym.stationary import escape_rate
    >>> rate = escape_rate(*found.arguments(), learning_rate=0.1, batch_size=1)
    >>> bool(abs(rate / escape_rate(1, 1.25, np.diag([2.0, 2.0]), np.diag([-1.0, 2.0]), learning_rate=0.1, batch_size=1) - 1) < 1e-6)
    True
    """
    surface = _Surface(
        read_function("loss", loss),
        read_function("gradient", gradient),
        None if hessian is None else read_function("hessian", hessian),
    )
    places = [_vector("start", start), _vector("end", end)]
    if places[0].shape != places[1].shape:
        raise ValueError(f"start has {len(places[0])} weights and end {len(places[1])}; they must have as many")
    count = read_integer("images", images, least=5, most=1001)
    for name, place in zip(("start", "end"), places, strict=True):
        surface.check(name, place)
    low, high = (_settled(surface, place) for place in places)
    distance = float(np.linalg.norm(high - low))
    if distance < SAME * max(float(np.linalg.norm(places[1] - places[0])), 1e-12):
        raise ValueError(f"start and end run to the same minimum, near {_shown(low)}; choose points of two basins")
    saddle = _climbed(surface, *_highest(surface, low, high, count))
    values, basis = np.linalg.eigh(surface.curvature(saddle))
    if (seen := np.count_nonzero(values < -FLAT * abs(values).max())) != 1:
        raise ValueError(f"the stationary point found near {_shown(saddle)} has {seen} negative curvatures, not one")
    aside = SAME * distance * basis[:, 0]
    reached = [_settled(surface, saddle + sign * aside) for sign in (1, -1)]
    for ways in (reached, reached[::-1]):
        if all(np.linalg.norm(way - w) < SAME * distance for way, w in zip(ways, (low, high), strict=True)):
            break
    else:
        others = [w for w in reached if min(np.linalg.norm(w - low), np.linalg.norm(w - high)) >= SAME * distance]
        raise ValueError(
            f"another minimum lies on the path, near {_shown(others[0] if others else reached[0])}; go to it first, and on from there"
        )
    losses = [surface.value(w) for w in (low, saddle, high)]
    hessians = [surface.curvature(w) for w in (low, saddle, high)]
    return Barrier(low, saddle, high, losses[0], losses[1], losses[2], hessians[0], hessians[1], hessians[2])


@dataclass(frozen=True, slots=True)
class _Surface:
    """A loss with what is checked about it."""

    loss: Callable[[Floats], Any]
    gradient: Callable[[Floats], Any]
    hessian: Callable[[Floats], Any] | None

    def value(self, place: Floats) -> float:
        found = _double("the loss", self.loss(place.copy()))
        if found.ndim or not np.isfinite(found):
            raise ValueError(f"the loss must be a finite number, not {quoted(found)} near {_shown(place)}")
        return float(found)

    def slope(self, place: Floats) -> Floats:
        return self._checked("the gradient", self.gradient(place.copy()), place, 1)

    def curvature(self, place: Floats) -> Floats:
        if self.hessian is not None:
            found = self._checked("the Hessian", self.hessian(place.copy()), place, 2)
        else:
            # where errors of truncation and of rounding are about equal
            step = np.finfo(float).eps ** (1 / 3) * max(1.0, float(abs(place).max()))
            ahead = [self.slope(place + step * e) - self.slope(place - step * e) for e in np.eye(len(place))]
            found = np.array(ahead) / (2 * step)
        return (found + found.T) / 2

    def check(self, name: str, place: Floats) -> None:
        """Hold the gradient to differences of the loss.

        Raises:
            ValueError: if it is another function's.
        """
        slope, step = self.slope(place), 1e-5 * max(1.0, float(abs(place).max()))
        way = np.cos(np.arange(1.0, len(place) + 1))
        way /= np.linalg.norm(way)
        values = self.value(place + step * way), self.value(place - step * way)
        error = 1e-4 * (np.linalg.norm(slope) + 1e-3) + 1e-9 * max(map(abs, values)) / step
        if abs((values[0] - values[1]) / (2 * step) - slope @ way) > error:
            raise ValueError(f"the gradient is not that of the loss at the {name}: differences give another slope")

    @staticmethod
    def _checked(name: str, given: Any, place: Floats, axes: int) -> Floats:
        found = _double(name, given)
        shape = (len(place),) * axes
        if found.shape != shape or not np.isfinite(found).all():
            raise ValueError(f"{name} must be finite and of shape {shape}, not of {found.shape} near {_shown(place)}")
        return found


def _double(name: str, given: Any) -> Floats:
    """What a function gives as an array, if it was computed in double precision: differences of less are no derivatives."""
    kind = str(np.asarray(given).dtype if isinstance(given, list | tuple) else getattr(given, "dtype", ""))
    if kind.rpartition(".")[2] in ("float16", "bfloat16", "float32"):
        raise ValueError(f"{name} comes in {kind}, too coarse to find a saddle with; compute it in double precision")
    return float_array(given, name)


def _vector(name: str, value: Any) -> Floats:
    place = np.atleast_1d(float_array(value, name))
    if place.ndim != 1 or not 0 < len(place) <= MOST_WEIGHTS or not np.isfinite(place).all():
        raise ValueError(f"{name} must be a vector of 1 to {MOST_WEIGHTS} finite weights, not of shape {place.shape}")
    return place


def _shown(place: Floats) -> str:
    first = ", ".join(f"{x:.4g}" for x in place[:4])
    return f"({first}{', …' if len(place) > 4 else ''})"


def _settled(surface: _Surface, place: Floats) -> Floats:
    """Where steepest descent ends, polished by Newton steps."""
    try:
        from scipy.integrate import solve_ivp
    except ImportError as error:
        raise RuntimeError("the search for a saddle needs scipy: pip install 'sgdsym[saddles]'") from error

    span = 1 / max(float(abs(np.linalg.eigvalsh(surface.curvature(place))).max()), 1e-12)
    for _ in range(FLOWS):
        flow = solve_ivp(lambda _, w: -surface.slope(w), (0, span), place, method="LSODA", rtol=1e-7, atol=1e-10)
        if not flow.success:
            raise ValueError(
                f"steepest descent from {_shown(place)} does not come to rest: the loss has no minimum there"
            )
        place, span = flow.y[:, -1], 2 * span
        values, basis = np.linalg.eigh(surface.curvature(place))
        tall = abs(values) > FLAT * abs(values).max()
        step = basis[:, tall] @ ((basis[:, tall].T @ surface.slope(place)) / values[tall])
        # a Newton step that is short leads to the minimum that descent would reach
        if values[0] > -FLAT * values[-1] and np.linalg.norm(step) < 1e-4 * (1 + np.linalg.norm(place)):
            return _polished(surface, place)
    raise ValueError(f"steepest descent comes to no minimum; it has got to {_shown(place)}")


def _polished(surface: _Surface, place: Floats) -> Floats:
    for _ in range(5):
        values, basis = np.linalg.eigh(surface.curvature(place))
        tall = values > FLAT * values[-1]
        place = place - basis[:, tall] @ ((basis[:, tall].T @ surface.slope(place)) / values[tall])
    slope = float(np.linalg.norm(surface.slope(place)))
    if slope > 1e3 * STATIONARY * max(float(values[-1]), 1e-12) * (1 + float(np.linalg.norm(place))):
        raise ValueError(f"no minimum is found near {_shown(place)}: the gradient there is {slope:.3g}")
    return place


def _highest(surface: _Surface, low: Floats, high: Floats, count: int) -> tuple[Floats, float]:
    """The highest point of a string at rest, and the distance of its points."""
    string = low + np.linspace(0, 1, count)[:, None] * (high - low)
    steps = np.zeros(count - 2)
    for turn in range(ROUNDS):
        if turn % REFRESH == 0:
            norms = [abs(np.linalg.eigvalsh(surface.curvature(w))).max() for w in string[1:-1]]
            steps = 0.5 / np.maximum(norms, 1e-12)
        slopes = np.array([surface.slope(w) for w in string[1:-1]])
        tangents = string[2:] - string[:-2]
        tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
        across = slopes - (slopes * tangents).sum(axis=1, keepdims=True) * tangents
        if turn and np.linalg.norm(across, axis=1).max() < AT_REST * np.linalg.norm(slopes, axis=1).max():
            break
        # no point goes further than its neighbours are away
        spacing = float(np.linalg.norm(np.diff(string, axis=0), axis=1).mean())
        moves = steps[:, None] * slopes
        lengths = np.linalg.norm(moves, axis=1, keepdims=True)
        string[1:-1] -= moves * np.minimum(1, spacing / np.maximum(lengths, 1e-300))
        string = _spread(string)
    losses = [surface.value(w) for w in string]
    return string[int(np.argmax(losses))], float(np.linalg.norm(np.diff(string, axis=0), axis=1).mean())


def _spread(string: Floats) -> Floats:
    """The points at equal distances along the string."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(string, axis=0), axis=1))])
    even = np.linspace(0, length[-1], len(string))
    return np.array([np.interp(even, length, column) for column in string.T]).T


def _climbed(surface: _Surface, place: Floats, reach: float) -> Floats:
    """A stationary point: up along the lowest curvature, down along all others."""
    for _ in range(CLIMB):
        values, basis = np.linalg.eigh(surface.curvature(place))
        slope = basis.T @ surface.slope(place)
        scale = abs(values).max()
        tall = abs(values) > FLAT * scale
        if np.linalg.norm(slope) <= STATIONARY * scale * reach:
            return place
        move = np.where(tall, -slope / np.where(tall, abs(values), 1), 0)
        move[0] *= -1
        length = float(np.linalg.norm(move))
        place = place + basis @ move * min(1.0, reach / max(length, 1e-300))
    raise ValueError(f"no saddle is found near {_shown(place)}; try more images, or points nearer to the saddle")
