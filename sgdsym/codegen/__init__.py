"""Code generation: a series becomes a module of its own, and a callable kernel.

Stage by stage:

1. :mod:`~sgdsym.codegen.moments` rewrites the blocks in means and central moments and merges equal networks,
   :mod:`~sgdsym.codegen.centring` says which factors need not be centred;
2. :mod:`~sgdsym.codegen.fragment` cuts networks into canonical fragments, :mod:`~sgdsym.codegen.sets` and
   :mod:`~sgdsym.codegen.pieces` find the pieces that these are made of, :mod:`~sgdsym.codegen.joins` says what it costs to join
   two, and :mod:`~sgdsym.codegen.order` plans which are joined, the cost of a piece shared out among all that use it;
3. :mod:`~sgdsym.codegen.lower` writes every piece once, as statements of :mod:`~sgdsym.codegen.ir`;
4. :mod:`~sgdsym.codegen.passes` forms linear combinations before they are contracted, reads large inputs once, in
   blocks of data points, and gives the memory of large intermediates back;
5. :mod:`~sgdsym.codegen.cost` counts operations, traffic and memory; :mod:`~sgdsym.codegen.compiler` runs the stages and
   keeps the cheapest program;
6. :mod:`~sgdsym.codegen.backends` and :mod:`~sgdsym.codegen.scalars` turn statements and coefficients into lines;
7. :mod:`~sgdsym.codegen.module` puts the lines into the template, :mod:`~sgdsym.codegen.kernel` loads the text.

:mod:`~sgdsym.codegen.unbiased` puts beside it the program of the unbiased estimate, made by the same stages;
:mod:`~sgdsym.codegen.laws` writes closed forms and stationary covariances, which are no series;
:mod:`~sgdsym.codegen.resummed` writes modules for resummed series, whose time-sums are evaluated with the tensors.

Knows diagrams, series and numpy's calls.  Refuses to know where a series comes from and how derivatives are computed.
"""

from sgdsym.codegen.estimate import Estimate
from sgdsym.codegen.kernel import Kernel, compile_kernel
from sgdsym.codegen.laws import generate_covariance, generate_law
from sgdsym.codegen.module import generate
from sgdsym.codegen.noise import generate_noise
from sgdsym.codegen.resummed import ResummedKernel, compile_resummed, generate_resummed
from sgdsym.codegen.trajectories import TrajectoryKernel, compile_trajectory, generate_trajectory

__all__ = [
    "Estimate",
    "Kernel",
    "ResummedKernel",
    "TrajectoryKernel",
    "compile_kernel",
    "compile_resummed",
    "compile_trajectory",
    "generate",
    "generate_covariance",
    "generate_law",
    "generate_noise",
    "generate_resummed",
    "generate_trajectory",
]
