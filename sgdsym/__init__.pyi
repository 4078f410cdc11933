from . import diagrams, noise, numeric, schedules, sgd, stationary
from .checking import check
from .codegen import Kernel
from .diagrams import Diagram, from_networkx, to_networkx
from .numeric import interpret
from .render import Notation
from .series import Coefficient, Series
from .sgd import LinearOptimizer, Resummed, compare, expand, modified, resum
from .simulation import Landscape, simulate
from .stationary import stationary_covariance
from .tensors import Contraction, DerivativeTensor, InverseMetric, JointCumulant, JointMoment

__all__ = [
    "Coefficient",
    "Contraction",
    "DerivativeTensor",
    "Diagram",
    "InverseMetric",
    "JointCumulant",
    "JointMoment",
    "Kernel",
    "Landscape",
    "LinearOptimizer",
    "Notation",
    "Resummed",
    "Series",
    "check",
    "compare",
    "diagrams",
    "expand",
    "from_networkx",
    "interpret",
    "modified",
    "noise",
    "numeric",
    "resum",
    "schedules",
    "sgd",
    "simulate",
    "stationary",
    "stationary_covariance",
    "to_networkx",
]
