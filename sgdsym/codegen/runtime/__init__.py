"""Functions that generated modules hold copies of, and the writer that copies them.

Every file but :mod:`~sgdsym.codegen.runtime.copying` holds functions under the names that they have in a generated module, private
there.  They call each other by these names, so that an array library, or a kind of time-sum, is one more file that defines the same
names (``numpy_arrays``, ``jax_arrays``, ``torch_arrays``): which files are copied from says which of them is meant.  ``xp`` is the
library itself.  What a program gives to the functions, its constants and what its template writes, is declared in ``program``.

Knows how numbers are computed with arrays.  Refuses to know series, plans and templates.
"""

from sgdsym.codegen.runtime.copying import array_source, bounded_source, completed, recursion_source

__all__ = ["array_source", "bounded_source", "completed", "recursion_source"]
