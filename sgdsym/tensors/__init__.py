"""The sympy face of the theory: derivative tensors, their cumulants and moments, closed diagrams as scalars.

The room knows sympy and diagrams: how a tensor is named, which of its components are equal, and how a closed diagram becomes one
commutative scalar expression.  It refuses to know coefficients, learning rates, matrix layouts and numbers.
"""

from sgdsym.tensors.components import Label, component_symbol, independent_components
from sgdsym.tensors.contraction import Contraction, code_names
from sgdsym.tensors.conversion import cumulant_in_moments, moment_in_cumulants
from sgdsym.tensors.tensor import DerivativeTensor, InverseMetric, JointCumulant, JointMoment

__all__ = [
    "Contraction",
    "DerivativeTensor",
    "InverseMetric",
    "JointCumulant",
    "JointMoment",
    "Label",
    "code_names",
    "component_symbol",
    "cumulant_in_moments",
    "independent_components",
    "moment_in_cumulants",
]
