"""The installed tool against exact enumeration: fresh landscapes, every training set, every draw, exact fractions.

The room knows how the algorithms run, step by step, on truncated power series in the learning rate.  It refuses to know how a
series is derived: no trees, no blocks, no counting, so that an error there cannot repeat itself here.
"""

from sgdsym.verify.algebra import PowerSeries, substitute
from sgdsym.verify.draws import Draw, Run, draw_data
from sgdsym.verify.enumeration import enumerate_series
from sgdsym.verify.landscape import Landscape, random_landscape
from sgdsym.verify.verification import Mismatch, Verification, run_verification

__all__ = [
    "Draw",
    "Landscape",
    "Mismatch",
    "PowerSeries",
    "Run",
    "Verification",
    "draw_data",
    "enumerate_series",
    "random_landscape",
    "run_verification",
    "substitute",
]
