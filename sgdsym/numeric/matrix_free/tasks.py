"""Tasks on an executor: each done once, whoever does it, and again where a worker was lost.

Knows executors, whatever the tasks are.  A task is a function and its arguments, prepared only when it is its turn, and has
a key; what comes back is one result for each key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeAlias, TypeVar

from sgdsym.arguments import quoted

Key = TypeVar("Key", bound=Hashable)
Task: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...]]
Tasks: TypeAlias = Mapping[Key, Callable[[], Task]]
ATTEMPTS = 3
IN_FLIGHT = 32  # prepared tasks hold data


def run_tasks(tasks: Tasks[Key], executor: Any = None, done: Callable[[], None] | None = None) -> dict[Key, Any]:
    """Do every task, in any order, each counted once.

    Args:
        tasks: by key, what makes the task.
        executor: where: nowhere else if ``None``; an executor in the sense of ``concurrent.futures``, or a Dask client;
            or a function without arguments that makes one, which is called again if all its workers are lost.
        done: called after each task.

    Returns:
        By key, in the order of ``tasks``, what the tasks returned.

    Raises:
        ValueError: if the executor is none of these.
        RuntimeError: if the executor broke and cannot be made again, or broke several times without getting anything done.

    >>> run_tasks({"square": lambda: (pow, (3, 2)), "cube": lambda: (pow, (3, 3))})
    {'square': 9, 'cube': 27}
    """
    tell = done or (lambda: None)
    results: dict[Key, Any] = {}
    if executor is None:
        for key, prepare in tasks.items():
            function, arguments = prepare()
            results[key] = function(*arguments)
            tell()
        return results
    failures = 0
    while len(results) < len(tasks):
        before = len(results)
        try:
            with ExitStack() as stack:
                _run_on(_opened(executor, stack), tasks, results, tell)
        except (BrokenExecutor, CancelledError) as error:
            failures = failures + 1 if len(results) == before else 1
            count = f"{len(results)} of {len(tasks)} tasks were done"
            if _is_executor(executor):
                raise RuntimeError(
                    f"the executor lost its workers when {count}; pass a function that makes an executor as "
                    "executor=, then it is made again and goes on"
                ) from error
            if failures == ATTEMPTS:
                raise RuntimeError(f"the executor lost its workers {ATTEMPTS} times in a row; {count}") from error
    return {key: results[key] for key in tasks}


def _opened(executor: Any, stack: ExitStack) -> Executor:
    """An executor that is there is left open; one made here is closed again."""
    made = executor() if callable(executor) and not _is_executor(executor) else executor
    if made is not executor and isinstance(made, AbstractContextManager):
        made = stack.enter_context(made)
    if not _is_executor(made):
        raise ValueError(
            f"executor must have a method submit, be a Dask client, or be a function that makes one, not {quoted(made)}"
        )
    if hasattr(made, "get_executor"):
        made = made.get_executor(pure=False, retries=ATTEMPTS)
    opened: Executor = made
    return opened


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
