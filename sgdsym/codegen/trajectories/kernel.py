"""The evaluator of a whole run: the generated module, loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sgdsym.arguments import read_flag, read_function
from sgdsym.codegen.trajectories.module import generate_trajectory
from sgdsym.trajectories import Trajectory

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, repr=False)
class TrajectoryKernel:
    r"""The evaluator of a whole run.

    Attributes:
        trajectory: what it evaluates.
        backend: ``"numpy"`` or ``"jax"``.
        source: the text of the generated module, which stands alone.

    >>> import numpy as np
    >>> from sgdsym.trajectories import trajectory
    >>> kernel = TrajectoryKernel(trajectory(observable="covariance"))
    >>> def quadratic(theta):                              # (w - 1)²/2 and (w + 1)²/2
    ...     return {1: np.array([theta - 1, theta + 1]), 2: np.eye(1), 3: np.zeros((1, 1, 1))}
    >>> kernel(quadratic, start=[3.0], learning_rate=0.5, steps=100)[1]        # η C/(h (2 - ηh))
    array([[0.33333333]])
    """

    trajectory: Trajectory
    backend: str = "numpy"
    source: str = field(init=False)
    _functions: dict[str, Callable[..., Any]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        source = generate_trajectory(self.trajectory, self.backend)
        functions: dict[str, Callable[..., Any]] = {"__name__": "sgdsym_trajectory"}  # type: ignore[dict-item]
        # our own text; what it takes from outside are symbol names, and symbol_name has checked them
        exec(compile(source, "<sgdsym trajectory kernel>", "exec"), functions)  # noqa: S102
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "_functions", functions)

    @property
    def operations(self) -> dict[tuple[int, int], int]:
        """Operations of a step, as planned: ``(i, j): count`` stands for count n**i p**j."""
        constants: dict[str, Any] = dict(self._functions)
        return dict(constants["OPERATIONS"])

    def __repr__(self) -> str:
        return f"TrajectoryKernel({self.trajectory!r}, {self.backend})"

    def __reduce__(self) -> tuple[type[TrajectoryKernel], tuple[Trajectory, str]]:
        return TrajectoryKernel, (self.trajectory, self.backend)

    def __call__(
        self,
        /,
        derivatives_at: Callable[[Any], Any],
        start: ArrayLike,
        learning_rate: float,
        *,
        steps: int,
        weights: ArrayLike | None = None,
        history: bool = False,
        **symbols: Any,
    ) -> Any:
        r"""The coefficients of :math:`1, 1/B, 1/B^2, …`, or of powers of :math:`1/N`.

        Args:
            derivatives_at: gives for weights (p,) by degree :math:`k` the tensors :math:`\nabla^k l_x` at n data points, (n, p, …, p); the
                mean alone where a degree occurs only in means.
            start: the weights where the run begins, (p,).
            learning_rate: :math:`\eta`.
            steps: the number of updates.
            weights: the probabilities of the data points, uniform when left out.
            history: whether all that is read off along the run is returned, with one more axis of ``steps + 1`` in front.
            symbols: every symbol of the optimiser; ``root_derivatives_at`` where the observable is a function; ``schedule``,
                the rates of the updates, where they have a name.

        Raises:
            ValueError: naming the argument, or the step at which the run diverges or a derivative is wrong.
        """
        read_function("derivatives_at", derivatives_at)
        history = read_flag("history", history)
        return self._functions["coefficients"](
            derivatives_at, start, learning_rate, steps=steps, weights=weights, history=history, **symbols
        )


def compile_trajectory(trajectory: Trajectory, backend: str = "numpy") -> TrajectoryKernel:
    """Generate and load the evaluator of a whole run.

    Raises:
        ValueError: see :func:`generate_trajectory`.
    """
    return TrajectoryKernel(trajectory, backend)
