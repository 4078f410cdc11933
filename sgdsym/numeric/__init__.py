"""Numbers for series: derivative tensors of real losses, and a slow interpreter that is the executable specification.

Knows arrays, exact ones included, and what a diagram means on them.  Refuses to know how kernels are made and how
formulas are printed.  Where the tensors are too large to form, :mod:`sgdsym.numeric.jax` and :mod:`sgdsym.numeric.torch`
evaluate the same series by products along the trees; they are imported by name, and load no framework until they are used.
"""

from importlib import import_module
from types import ModuleType

from sgdsym.numeric.distributions import Finite, Gaussian
from sgdsym.numeric.interpreter import interpret, interpret_diagram
from sgdsym.numeric.logistic import logistic_derivatives
from sgdsym.numeric.polynomials import Polynomial, polynomial_derivatives
from sgdsym.numeric.population import Population, sampled_degrees
from sgdsym.numeric.symbolic import LocalLoss, SymbolicLoss, from_sympy

__all__ = [
    "Finite",
    "Gaussian",
    "LocalLoss",
    "Polynomial",
    "Population",
    "SymbolicLoss",
    "from_sympy",
    "interpret",
    "interpret_diagram",
    "logistic_derivatives",
    "polynomial_derivatives",
    "sampled_degrees",
]


def __getattr__(name: str) -> ModuleType:
    """The front ends for frameworks, found by a dot and loaded when they are first named."""
    if name in ("jax", "torch"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), "jax", "torch"])
