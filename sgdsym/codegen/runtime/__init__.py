"""Functions that generated modules hold copies of, and the writer that copies them.

Every file but :mod:`~sgdsym.codegen.runtime.copying` holds functions under the names that they have in a generated module, private
there, and written for numpy.  A suffix says of which kind a function is that takes the place of the one without: ``_array_jax`` is
the ``_array`` of a module for JAX, ``_limit_flow`` the ``_limit`` of continuous time.  So a library is some functions with its
suffix, and stands beside the others where it differs from them.  ``xp`` is the library itself.  What a program gives to the
functions, its constants and what its template writes, is declared in ``program``.

Knows how numbers are computed with arrays.  Refuses to know series, plans and templates.
"""

from sgdsym.codegen.runtime.copying import array_source, bounded_source, completed, recursion_source

__all__ = ["array_source", "bounded_source", "completed", "recursion_source"]
