"""The main job on real data: derive, generate the kernel, predict, run SGD, compare.

Knows one experiment, logistic regression on scikit-learn's handwritten digits, its figure and its table.  Refuses to
know options and exit codes.  scikit-learn and matplotlib are imported where they are used; they come with
``sgdsym[demo]``.
"""

from sgdsym.demo.comparison import Comparison, compare
from sgdsym.demo.measurement import Measurement, measure
from sgdsym.demo.problem import Problem, digits_problem
from sgdsym.demo.report import DemoReport, check_folder, conduct, run_demo, write_folder

__all__ = [
    "Comparison",
    "DemoReport",
    "Measurement",
    "Problem",
    "check_folder",
    "compare",
    "conduct",
    "digits_problem",
    "measure",
    "run_demo",
    "write_folder",
]
