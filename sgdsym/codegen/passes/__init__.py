"""Passes over a program; each takes statements and gives statements that compute the same values.

In the order in which they run: :mod:`~sgdsym.codegen.passes.combine` forms linear combinations before it contracts,
:mod:`~sgdsym.codegen.passes.watch` adds finiteness checks of the entries that no product reads,
:mod:`~sgdsym.codegen.passes.blocks` reads large inputs once, in blocks of data points,
:mod:`~sgdsym.codegen.passes.rename` numbers the intermediates, :mod:`~sgdsym.codegen.passes.release` gives memory back.
"""

from sgdsym.codegen.passes.blocks import read_once
from sgdsym.codegen.passes.combine import combine
from sgdsym.codegen.passes.release import release_large
from sgdsym.codegen.passes.rename import renumber
from sgdsym.codegen.passes.watch import watch

__all__ = ["combine", "read_once", "release_large", "renumber", "watch"]
