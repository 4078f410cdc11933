"""Reports: a complete appendix for a paper, and a page for a browser.

Knows what a reader has to be told: definitions, counts, what is exact.  Refuses to derive, typeset or draw anything itself.
"""

from sgdsym.report.page import write_page
from sgdsym.report.paper import write_paper
from sgdsym.report.values import DiagramValues, diagram_values, read_values

__all__ = ["DiagramValues", "diagram_values", "read_values", "write_page", "write_paper"]
