"""Modules for whole runs: the recursion of the cumulants and the readings, lowered to pairwise contractions."""

from sgdsym.codegen.trajectories.kernel import TrajectoryKernel, compile_trajectory
from sgdsym.codegen.trajectories.module import generate_trajectory

__all__ = ["TrajectoryKernel", "compile_trajectory", "generate_trajectory"]
