"""The literature, checked: printed formulas beside what the expansion and exact recursions give, with a verdict computed each time.

Knows what is printed and where, and encodes it as series of named diagrams or as sympy expressions.  Refuses to hold any
verdict, and any derivation: what is right comes from the rooms below, or from every batch and every moment gone through here.
"""

from sgdsym.diagrams import DIAGRAM_NAMES
from sgdsym.literature.finding import Finding, Verdict
from sgdsym.literature.names import named_series
from sgdsym.literature.report import REPORTS, check_literature, numbered, report, select

__all__ = [
    "DIAGRAM_NAMES",
    "REPORTS",
    "Finding",
    "Verdict",
    "check_literature",
    "named_series",
    "numbered",
    "report",
    "select",
]
