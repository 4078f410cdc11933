"""What the front ends of all frameworks do alike: a framework is loaded when it is needed, and a problem is read by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sgdsym.arguments import quoted, read_flag
from sgdsym.numeric.matrix_free.plan import Effort
from sgdsym.numeric.matrix_free.progress import Progress
from sgdsym.numeric.matrix_free.run_results import WholeRun
from sgdsym.numeric.matrix_free.session import Session, split_options
from sgdsym.numeric.matrix_free.statistics import Statistics, measure, split_run
from sgdsym.series import Series


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """A framework whose losses are evaluated.

    Its folder beside this one has three modules that load it: ``problem`` reads a loss with parameters and data, ``models`` makes
    the loss of a model, ``runs`` follows a run.

    Attributes:
        library: what it is called.
        name: its module and the extra that installs it; also the name of the folder.

    >>> FrontEnd("NoSuch", "nosuch").load("problem")
    Traceback (most recent call last):
    ...
    RuntimeError: sgdsym.numeric.nosuch needs NoSuch: pip install 'sgdsym[nosuch]'
    """

    library: str
    name: str

    def load(self, module: str) -> Any:
        """A module of the folder.

        Raises:
            RuntimeError: if the framework is not installed.
        """
        try:
            return import_module(f"sgdsym.numeric.{self.name}.{module}")
        except ImportError as error:
            # an error inside of a framework that is installed is its own
            if find_spec(self.name) is None:
                missing = f"sgdsym.numeric.{self.name} needs {self.library}: pip install 'sgdsym[{self.name}]'"
                raise RuntimeError(missing) from error
            raise

    def session(self, series: Series, effort: Effort, *problem: Any, **more: Any) -> Session:
        """The evaluation of a series on a loss, its parameters and its data."""
        calculus, points = self.load("problem").read_problem(*problem, memory=effort.memory, **more)
        return Session(series.as_moments(), calculus, points, effort)

    def session_of(self, series: Series, options: Mapping[str, Any], *problem: Any, **more: Any) -> Session:
        """The same from options of the effort alone: the symbols come later.

        Raises:
            ValueError: naming an option that there is not.
        """
        effort, unknown = split_options(series, options)
        if unknown:
            raise ValueError(f"there is no option {min(unknown)}; symbols are given to at()")
        return self.session(series, effort, *problem, **more)

    def measured(
        self, problem: tuple[Any, ...], options: Mapping[str, Any], executor: Any, progress: Progress, **more: Any
    ) -> Statistics:
        """The statistics of a run on a loss, its parameters and its data."""
        effort, run = split_run(options)
        calculus, points = self.load("problem").read_problem(*problem, memory=effort.memory, **more)
        return measure(calculus, points, effort, run, executor, progress)

    def followed(self, problem: tuple[Any, ...], progress: Progress, **options: Any) -> WholeRun:
        """A whole run: of a loss, parameters, data, a step and the memory of the optimiser.

        Raises:
            ValueError: if the loss is no function, or as the run says.
            RuntimeError: if the framework is not installed.
        """
        if not callable(problem[0]):
            raise ValueError(f"loss must be a function of parameters and an example, not {quoted(problem[0])}")
        engine = self.load("runs")
        if not callable(progress):
            read_flag("progress", progress)
        return engine.run(*problem, options, progress)  # type: ignore[no-any-return]
