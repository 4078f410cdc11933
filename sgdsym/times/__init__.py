r"""Sums over the times of steps: what a gradient is worth later, and how times are summed.

===================  ===================================================================================================
update rule          a linear optimiser as a value, by the matrices of its registers
mode                 a rate :math:`r` and its weight: a gradient counts :math:`r^{\Delta-1}` after :math:`\Delta` steps
level                steps that happen at one time; a pattern says which levels share an epoch or a slot
divided difference   the sum over the times of levels, whose nodes are products of rates
calendar             the epochs of a run and the updates in each; plain steps are epochs of one slot
timing               gives a pattern a key, and a key a value: all keys of a diagram are counted before anything is formed
===================  ===================================================================================================

Knows coefficients.  Refuses to know diagrams, how steps draw data, and which request is counted.
"""

from sgdsym.times.calendar import Calendar
from sgdsym.times.differences import divided_difference
from sgdsym.times.modes import Mode
from sgdsym.times.optimizers import LinearOptimizer, Update
from sgdsym.times.patterns import Pattern, Timing

__all__ = ["Calendar", "LinearOptimizer", "Mode", "Pattern", "Timing", "Update", "divided_difference"]
