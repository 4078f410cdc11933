from . import jax, torch
from .distributions import Finite, Gaussian
from .interpreter import interpret, interpret_diagram
from .logistic import logistic_derivatives
from .polynomials import Polynomial, polynomial_derivatives
from .population import Population, sampled_degrees
from .symbolic import LocalLoss, SymbolicLoss, from_sympy
from .trajectories import interpret_trajectory

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
    "interpret_trajectory",
    "jax",
    "logistic_derivatives",
    "polynomial_derivatives",
    "sampled_degrees",
    "torch",
]
