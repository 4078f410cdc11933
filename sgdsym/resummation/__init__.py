r"""Long times: resummed series, exact in :math:`\eta T`, as values beside plain ones.

A resummed series has all bare Hessians summed: its diagrams have no links, and each has a time-sum in place of a coefficient.

Knows linkless diagrams, propagators, their time-sums and the closed forms of these in an eigenbasis of the Hessian.  Refuses
to know which request they come from (:func:`sgdsym.sgd.resum` counts them), to print, draw or evaluate in floating point.
"""

from sgdsym.resummation.laws import EdgeLaw
from sgdsym.resummation.resummed import FORMS, Resummed, eigen_indices, index_letters, tensor_indices
from sgdsym.resummation.time_sum import Clock, Difference, TimeSum

__all__ = [
    "FORMS",
    "Clock",
    "Difference",
    "EdgeLaw",
    "Resummed",
    "TimeSum",
    "eigen_indices",
    "index_letters",
    "tensor_indices",
]
