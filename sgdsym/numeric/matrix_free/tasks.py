"""Tasks on an executor: each done once, whoever does it, and again where a worker was lost.

Knows executors, whatever the tasks are.  A task is a function and its arguments, prepared only when it is its turn, and has
a key; what comes back is one result for each key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Self, TypeAlias, TypeVar

from sgdsym.arguments import quoted

Key = TypeVar("Key", bound=Hashable)
Task: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...]]
Tasks: TypeAlias = Mapping[Key, Callable[[], Task]]
ATTEMPTS = 3
IN_FLIGHT = 32  # prepared tasks hold data


class Workers:
    """Where tasks are done: here, on an executor that is there, or on one that a function makes.

    What is made is made once, when it is first needed, made again where it broke, and closed at the end of the context.

    Args:
        executor: as for :func:`run_tasks`.

    >>> with Workers() as workers:
    ...     workers.run({"square": lambda: (pow, (3, 2))}), workers.run({"cube": lambda: (pow, (3, 3))})
    ({'square': 9}, {'cube': 27})
    """

    def __init__(self, executor: Any = None) -> None:
        self._given, self._stack = executor, ExitStack()
        self._open: Executor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def run(self, tasks: Tasks[Key], done: Callable[[], None] | None = None) -> dict[Key, Any]:
        """Do every task; see :func:`run_tasks`."""
        tell = done or (lambda: None)
        results: dict[Key, Any] = {}
        if self._given is None:
            for key, prepare in tasks.items():
                function, arguments = prepare()
                results[key] = function(*arguments)
                tell()
            return results
        failures = 0
        while len(results) < len(tasks):
            before = len(results)
            try:
                _run_on(self._opened(), tasks, results, tell)
            except (BrokenExecutor, CancelledError) as error:
                self._abandon()
                failures = failures + 1 if len(results) == before else 1
                count = f"{len(results)} of {len(tasks)} tasks were done"
                if _is_executor(self._given):
                    raise RuntimeError(
                        f"the executor lost its workers when {count}; pass a function that makes an executor as "
                        "executor=, then it is made again and goes on"
                    ) from error
                if failures == ATTEMPTS:
                    raise RuntimeError(f"the executor lost its workers {ATTEMPTS} times in a row; {count}") from error
        return {key: results[key] for key in tasks}

    def _opened(self) -> Executor:
        """An executor that is there is left open; one made here is closed again."""
        if self._open is None:
            given = self._given
            made = given() if callable(given) and not _is_executor(given) else given
            if made is not given and isinstance(made, AbstractContextManager):
                made = self._stack.enter_context(made)
            if not _is_executor(made):
                raise ValueError(
                    f"executor must have a method submit, be a Dask client, or be a function that makes one, not {quoted(made)}"
                )
            if hasattr(made, "get_executor"):
                made = made.get_executor(pure=False, retries=ATTEMPTS)
            self._open = made
        return self._open

    def _abandon(self) -> None:
        """Leave an executor that lost its workers: to wait for its threads can take for ever."""
        if isinstance(self._open, Executor) and self._open is not self._given:
            # of the workers that start while others are ended a pool may forget one, for which the interpreter would wait at its end
            workers = [*(getattr(self._open, "_processes", None) or {}).values()]
            self._open.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.terminate()
            self._stack.pop_all()
        self._close()

    def _close(self) -> None:
        self._open = None
        self._stack.close()


def run_tasks(tasks: Tasks[Key], executor: Any = None, done: Callable[[], None] | None = None) -> dict[Key, Any]:
    """Do every task, in any order, each counted once.

    Args:
        tasks: by key, what makes the task.
        executor: where: nowhere else if ``None``; an executor in the sense of ``concurrent.futures``, or a Dask client;
            or a function without arguments that makes one, which is called again if all its workers are lost; or
            :class:`Workers`, which keep what was made for the next tasks.
        done: called after each task.

    Returns:
        By key, in the order of ``tasks``, what the tasks returned.

    Raises:
        ValueError: if the executor is none of these.
        RuntimeError: if the executor broke and cannot be made again, or broke several times without getting anything done.

    >>> run_tasks({"square": lambda: (pow, (3, 2)), "cube": lambda: (pow, (3, 3))})
    {'square': 9, 'cube': 27}
    """
    if isinstance(executor, Workers):
        return executor.run(tasks, done)
    with Workers(executor) as workers:
        return workers.run(tasks, done)


def _is_executor(executor: Any) -> bool:
    """Whether tasks can be given to it; a class of executors has the method too, but makes one first."""
    return hasattr(executor, "submit") and not isinstance(executor, type)


def _run_on(executor: Executor, tasks: Tasks[Key], results: dict[Key, Any], tell: Callable[[], None]) -> None:
    """Do what is left on one executor; what was finished before it broke is kept."""
    waiting = [key for key in tasks if key not in results][::-1]
    running: dict[Future[Any], Key] = {}
    try:
        while waiting or running:
            while waiting and len(running) < IN_FLIGHT:
                function, arguments = tasks[waiting[-1]]()
                running[executor.submit(function, *arguments)] = waiting.pop()
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                results[running.pop(future)] = future.result()
                tell()
    finally:
        for future in running:
            future.cancel()
