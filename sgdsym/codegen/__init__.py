r"""Code generation: a series becomes a module of its own, and a callable kernel.

Words, from the large to the small:

network
    a diagram whose blocks are means and central moments: a tensor network, the product of a term of the series.
fragment
    a connected part of a network, canonical: isomorphic ones are equal, and computed once.  network ⊃ fragment ⊃ piece.
piece
    a connected set of nodes of a fragment, an intermediate that a plan may make; isomorphic ones have one number.
leg
    an index that a piece leaves open; a *joined* leg is one end of an edge.
sample axis
    the axis of length n over the data points of a block; averaged when the block is complete.
split, join
    a way to cut a piece into two connected parts, and the pairwise contraction that makes it of them.
contraction path
    the joins that make a fragment; a *recipe* has the paths of all fragments, with every piece made once.
packed symmetric storage
    of the entries of a symmetric array those with sorted indices: pairs :math:`i\le j`, or tuples, each once.
finiteness check
    an array that no product reads in full is looked at all the same, so that an infinity in it is noticed.
statement, program
    one assignment of an array with its shape, and all of them with the terms that are summed.

Stages, each with what it is given and what it hands on.  :mod:`~sgdsym.codegen.compiler` runs the first five.

1. **Networks**, :mod:`~sgdsym.codegen.moments`, :mod:`~sgdsym.codegen.centring`.
   Rewrites blocks in means and central moments, merges equal networks, and says which factors need not be centred.

   - Input: a :class:`~sgdsym.series.Series`.
   - Output: networks with numbered coefficients, as products of fragments.
2. **Planning**, :mod:`~sgdsym.codegen.planning`.
   Finds the pieces of all fragments, what it costs to join two, and which are joined, pieces that several fragments use paid
   for by all of them.

   - Input: fragments, and sizes that stand for typical ones.
   - Output: recipes, the cheapest and the nearly cheapest.
3. **Lowering**, :mod:`~sgdsym.codegen.lower`.
   Writes every piece once, with the axes in an order that the matrix product likes.

   - Input: products of fragments, and a recipe.
   - Output: a program of :mod:`~sgdsym.codegen.ir`.
4. **Passes**, :mod:`~sgdsym.codegen.passes`.
   Form linear combinations before they are contracted, add finiteness checks, read large inputs once and in blocks of data
   points, and give the memory of large intermediates back.

   - Input: a program.
   - Output: a program with the same values.
5. **Choice**, :mod:`~sgdsym.codegen.cost`.
   Counts operations, traffic and memory.

   - Input: the programs of all recipes.
   - Output: the cheapest, with its cost.
6. **Lines**, :mod:`~sgdsym.codegen.backends`, :mod:`~sgdsym.codegen.scalars`, :mod:`~sgdsym.codegen.sizes`,
   :mod:`~sgdsym.codegen.schedules`.
   Print statements in the calls of a library, coefficients as integers until one division, conditions, and sums over a schedule.

   - Input: a program, coefficients and conditions.
   - Output: lines of Python.
7. **Module**, :mod:`~sgdsym.codegen.module`, :mod:`~sgdsym.codegen.runtime`.
   Puts the lines into the template of a library, and copies in the functions that they call.

   - Input: lines.
   - Output: text that stands alone.
8. **Kernel**, :mod:`~sgdsym.codegen.kernel`.
   Loads the text.

   - Input: text.
   - Output: a callable.

:mod:`~sgdsym.codegen.unbiased` takes the estimate from a sample through the same stages.  What is no truncated series has rooms of
its own, which share the last stages: :mod:`~sgdsym.codegen.closed_forms` and :mod:`~sgdsym.codegen.trajectories`.

Knows diagrams, series and the calls of array libraries.  Refuses to know where a series comes from and how derivatives are
computed.
"""

from sgdsym.codegen.closed_forms.laws import generate_covariance, generate_law
from sgdsym.codegen.closed_forms.noise import generate_noise
from sgdsym.codegen.closed_forms.resummed import ResummedKernel, compile_resummed, generate_resummed
from sgdsym.codegen.kernel import Estimate, Kernel, compile_kernel
from sgdsym.codegen.module import generate
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
