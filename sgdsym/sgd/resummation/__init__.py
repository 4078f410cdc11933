r"""Long times: the expansion near a point with all bare Hessians summed, exact in :math:`\eta T`.

Knows linkless diagrams, propagators, their time-sums and the closed forms of these in an eigenbasis of the Hessian.  Refuses
to print, draw or evaluate in floating point.
"""

from sgdsym.sgd.resummation.laws import EdgeLaw
from sgdsym.sgd.resummation.resum import resum, resum_request
from sgdsym.sgd.resummation.resummed import FORMS, Resummed, eigen_indices, index_letters, tensor_indices
from sgdsym.sgd.resummation.time_sum import Clock, Difference, TimeSum

__all__ = [
    "FORMS",
    "Clock",
    "Difference",
    "EdgeLaw",
    "Resummed",
    "TimeSum",
    "eigen_indices",
    "index_letters",
    "resum",
    "resum_request",
    "tensor_indices",
]
