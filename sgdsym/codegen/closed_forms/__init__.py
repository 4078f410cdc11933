"""Modules for what is no truncated series: resummed series, stationary covariances, moments of batches, laws of any kind.

Knows how lines are written and which functions a module needs.  Refuses to know plans and passes.
"""
