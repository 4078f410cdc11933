"""Reports on a request: a complete appendix for a paper.

Knows what a reader has to be told: definitions, counts, what is exact.  Refuses to derive, typeset or draw anything itself.
"""

from sgdsym.report.paper import write_paper

__all__ = ["write_paper"]
