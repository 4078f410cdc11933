"""Which pieces of a series' networks are made, and in which order they are contracted.

In the order in which they work, each knowing those before it: :mod:`~sgdsym.codegen.planning.fragment` cuts networks into
canonical fragments, :mod:`~sgdsym.codegen.planning.sets` counts what a plan asks of all their sets of nodes,
:mod:`~sgdsym.codegen.planning.pieces` numbers the connected ones and the ways to make each of two others,
:mod:`~sgdsym.codegen.planning.joins` says what that costs, and :mod:`~sgdsym.codegen.planning.planner` chooses contraction
paths for all fragments at once.

Knows networks and costs at representative sizes.  Refuses to know statements and languages.
"""
