"""Reports: a complete appendix for a paper, a page for a browser, and how a coefficient is counted.

Knows what a reader has to be told: definitions, counts, what is exact.  Refuses to derive, typeset or draw anything itself.
"""

from sgdsym.report.counting import Count, count
from sgdsym.report.page import write_page
from sgdsym.report.paper import write_paper
from sgdsym.report.values import DiagramValues, diagram_values, read_values

__all__ = ["Count", "DiagramValues", "count", "diagram_values", "read_values", "write_page", "write_paper"]
