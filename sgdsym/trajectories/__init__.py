"""Whole runs: the noise expanded around the noise-free trajectory, exact in the learning rate and the number of steps.

The room knows diagrams without links and the recursion of cumulants, both derived.  It refuses to print, to draw, to know arrays.
"""

from sgdsym.trajectories.expansion import CLOCK, MOST_ORDER, READ, Trajectory, read_trajectory, trajectory
from sgdsym.trajectories.pictures import Term, terms
from sgdsym.trajectories.recursion import NOISES, Cumulant, Join, Noise, Statement, Vertex, needed, reading, recursion

__all__ = [
    "CLOCK",
    "MOST_ORDER",
    "NOISES",
    "READ",
    "Cumulant",
    "Join",
    "Noise",
    "Statement",
    "Term",
    "Trajectory",
    "Vertex",
    "needed",
    "read_trajectory",
    "reading",
    "recursion",
    "terms",
    "trajectory",
]
