"""Modules for what is no truncated series: resummed series, stationary covariances, moments of batches, laws of any kind.

:mod:`~sgdsym.codegen.closed_forms.resummed` writes the tensors and the time-sums of a resummed series,
:mod:`~sgdsym.codegen.closed_forms.propagation` what its module is told of the optimiser;
:mod:`~sgdsym.codegen.closed_forms.laws` writes expressions and the stationary covariance of any matrices,
:mod:`~sgdsym.codegen.closed_forms.noise` the moments of minibatch gradients.

Knows how lines are written and which functions a module needs.  Refuses to know plans and passes: nothing here is contracted twice.
"""
