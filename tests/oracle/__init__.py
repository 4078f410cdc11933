"""Exact enumeration: the independent answer that derived series are compared with."""

from tests.oracle.enumeration import expected_loss, online_runs, trajectory
from tests.oracle.landscapes import Landscape, normal_square, random_landscape
from tests.oracle.powers import compose, exponential

__all__ = [
    "Landscape",
    "compose",
    "expected_loss",
    "exponential",
    "normal_square",
    "online_runs",
    "random_landscape",
    "trajectory",
]
