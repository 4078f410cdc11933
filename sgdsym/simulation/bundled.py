"""Landscapes that come with the package, by name: formulas, so that runs and series have the same exact population."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sympy as sp

from sgdsym.arguments import read_choice
from sgdsym.numeric import Gaussian, SymbolicLoss, from_sympy
from sgdsym.simulation.landscape import Landscape
from sgdsym.simulation.names import LANDSCAPES

_Recipe = Callable[[], tuple[SymbolicLoss, Any]]


def _gauss() -> tuple[SymbolicLoss, Any]:
    w, x = sp.symbols("w x")
    return from_sympy((w + x**2 * sp.exp(-w)) / 2, w, x, Gaussian()), 0


def _cubic_chi() -> tuple[SymbolicLoss, Any]:
    w, x = sp.symbols("w x")
    return from_sympy(w**3 - w * x**2, w, x, Gaussian()), 0


def _mean_estimation() -> tuple[SymbolicLoss, Any]:
    w, x = sp.symbols("w x")
    return from_sympy(w**2 / 2 + x * w, w, x, Gaussian()), 0


def _helix() -> tuple[SymbolicLoss, Any]:
    u, v, z, x = sp.symbols("u v z x")
    trough = (u**2 + v**2 + (u * sp.cos(z) + v * sp.sin(z)) ** 2) / 2
    push = u * sp.cos(z - sp.pi / 4) + v * sp.sin(z - sp.pi / 4)
    return from_sympy(trough + x * push, [u, v, z], x, [-1, 1]), [0, 0, 0]


def _three_points() -> tuple[SymbolicLoss, Any]:
    u, v, k = sp.symbols("u v k")
    losses = (u**3 / 3 + u * v, v**2 + u**2 * v / 2, u**2 / 2 - v + u * v**2 / 3)
    # the losses of points 0, 1 and 2 as one formula
    others = ((k - 1) * (k - 2) / 2, -k * (k - 2), k * (k - 1) / 2)
    loss = sum(share * loss for share, loss in zip(others, losses, strict=True))
    return from_sympy(loss, [u, v], k, [0, 1, 2]), [sp.Rational(1, 2), -sp.Rational(1, 3)]


def _regression() -> tuple[SymbolicLoss, Any]:
    u, v, x, y, e = sp.symbols("u v x y e")
    inputs = sp.diag(sp.Matrix([[1, sp.Rational(3, 10)], [sp.Rational(3, 10), sp.Rational(1, 2)]]), 1)
    return from_sympy((u * x + v * y - e) ** 2 / 2, [u, v], [x, y, e], Gaussian([0, 0, 0], inputs)), [1, -1]


_RECIPES: Mapping[str, _Recipe] = MappingProxyType(
    {
        "gauss": _gauss,
        "cubic-chi": _cubic_chi,
        "mean-estimation": _mean_estimation,
        "helix": _helix,
        "three-points": _three_points,
        "regression": _regression,
    }
)


def bundled_landscape(name: str) -> Landscape:
    """A landscape by its name; ``LANDSCAPES`` says what each is.

    Raises:
        ValueError: if there is none of that name.

    >>> bundled_landscape("helix").start
    array([0., 0., 0.])
    """
    population, start = _RECIPES[read_choice("landscape", name, LANDSCAPES)]()
    return Landscape.sympy(population, start)
