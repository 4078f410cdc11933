"""Symbolic computer algebra for stochastic gradient descent."""

from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import expand

__all__ = ["Coefficient", "Diagram", "Series", "expand"]
