"""Series on losses whose derivative tensors are too large to form: everything that no framework is needed for.

Knows diagrams as messages along trees, what they cost, which data they see, executors, and standard errors.  Refuses to
know how a framework differentiates: :mod:`sgdsym.numeric.jax` and :mod:`sgdsym.numeric.torch` do.
"""

from sgdsym.numeric.matrix_free.calculus import Calculus, Transformations
from sgdsym.numeric.matrix_free.data import Data, as_numpy, check_parameters, check_types
from sgdsym.numeric.matrix_free.estimate import DiagramValues, Estimate
from sgdsym.numeric.matrix_free.evaluation import evaluate_diagrams
from sgdsym.numeric.matrix_free.frontend import FrontEnd
from sgdsym.numeric.matrix_free.plan import Effort, Plan, make_plan
from sgdsym.numeric.matrix_free.run_results import WholeRun
from sgdsym.numeric.matrix_free.session import Session, split_options
from sgdsym.numeric.matrix_free.statistics import Measured, Run, Statistics, measure, split_run
from sgdsym.numeric.matrix_free.tasks import run_tasks
from sgdsym.numeric.matrix_free.vectors import Product, VectorEstimate, check_direction, evaluate_open
from sgdsym.progress import Progress

__all__ = [
    "Calculus",
    "Data",
    "DiagramValues",
    "Effort",
    "Estimate",
    "FrontEnd",
    "Measured",
    "Plan",
    "Product",
    "Progress",
    "Run",
    "Session",
    "Statistics",
    "Transformations",
    "VectorEstimate",
    "WholeRun",
    "as_numpy",
    "check_direction",
    "check_parameters",
    "check_types",
    "evaluate_diagrams",
    "evaluate_open",
    "make_plan",
    "measure",
    "run_tasks",
    "split_options",
    "split_run",
]
