"""How the expansion of a whole run shows itself: the door from this room to the consumers above it.

Each method hands the value to a room above when it is called, so importing this file imports none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from sgdsym.codegen import TrajectoryKernel
    from sgdsym.trajectories.expansion import Trajectory


class TrajectoryViews:
    """Display, exchange and lowering of the expansion of a run."""

    def to_text(self) -> str:
        """Unicode text; see :func:`sgdsym.render.trajectory_to_text`."""
        from sgdsym.render import trajectory_to_text

        return trajectory_to_text(cast("Trajectory", self))

    def latex(self) -> str:
        """LaTeX with propagators and sums over times; see :func:`sgdsym.render.trajectory_to_latex`."""
        from sgdsym.render import trajectory_to_latex

        return trajectory_to_latex(cast("Trajectory", self))

    def to_json(self) -> str:
        """JSON text; see :mod:`sgdsym.trajectories.exchange`."""
        from sgdsym.trajectories.exchange import write_trajectory

        return write_trajectory(cast("Trajectory", self))

    def kernel(self, backend: str = "numpy") -> TrajectoryKernel:
        """The evaluator in numpy or JAX; see :class:`sgdsym.codegen.TrajectoryKernel`."""
        from sgdsym.codegen import compile_trajectory

        return compile_trajectory(cast("Trajectory", self), backend)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_latex_(self) -> str:
        return self.latex()
