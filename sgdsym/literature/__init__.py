"""The literature, checked: printed formulas beside what the expansion gives, with a verdict computed each time.

Knows what is printed and where, and encodes it as series of named diagrams or as sympy expressions.  Refuses to hold any
verdict, and any derivation: what is right comes from the rooms below.
"""

from sgdsym.literature.finding import Finding, Verdict
from sgdsym.literature.names import DIAGRAM_NAMES, named_series
from sgdsym.literature.report import check_literature, report_text

__all__ = ["DIAGRAM_NAMES", "Finding", "Verdict", "check_literature", "named_series", "report_text"]
