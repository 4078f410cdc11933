"""A formula of one's own beside what is derived.

Knows how formulas are written, in LaTeX and in text, and reads them into diagrams by a grammar of its own.  Refuses to evaluate
anything, and to know how a series is derived.
"""

from sgdsym.checking.counterexample import Counterexample
from sgdsym.checking.errors import FormulaError
from sgdsym.checking.formula import Formula, read_formula
from sgdsym.checking.verdict import Check, Difference, check, compare_formula, highest_order

__all__ = [
    "Check",
    "Counterexample",
    "Difference",
    "Formula",
    "FormulaError",
    "check",
    "compare_formula",
    "highest_order",
    "read_formula",
]
