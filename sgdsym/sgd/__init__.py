"""The theory of SGD: from a request to its series.

Knows dynamics, sampling, observables and how each is counted.  Refuses to print, draw or evaluate.
"""

from sgdsym.sgd.expand import estimate_terms, expand, expand_request, is_grown
from sgdsym.sgd.observables import OBSERVABLES
from sgdsym.sgd.request import DYNAMICS, SAMPLINGS, Number, Request, Size

__all__ = ["DYNAMICS", "OBSERVABLES", "SAMPLINGS", "Number", "Request", "Size", "estimate_terms", "expand", "expand_request", "is_grown"]
