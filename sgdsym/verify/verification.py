r"""Draw cases, run them both ways, compare exactly, and say how to see a difference again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from time import perf_counter
from typing import Any

import numpy as np

from sgdsym import sgd
from sgdsym.numeric import interpret
from sgdsym.series import Series
from sgdsym.verify.cases import Case, random_case
from sgdsym.verify.enumeration import enumerate_series


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A case in which the series and the enumeration differ.

    Attributes:
        seed: with this seed the case is the first one.
        case: its number in the verification that found it.
        setting: the request, and the numbers of its symbols.
        truncation: the order that was asked for.
        order: the lowest order at which they differ, or ``None`` where there is no series.
        expected: the enumerated coefficient of that order.
        got: the coefficient of the series, or the error.
    """

    seed: int
    case: int
    setting: str
    truncation: int
    order: int | None
    expected: str
    got: str

    @property
    def command(self) -> str:
        """The command that shows the mismatch again.

        >>> Mismatch(7, 3, "sgd online test-loss", 2, 1, "-4", "4").command
        'sgdsym verify --cases 1 --seed 7 --order 2'
        """
        return f"sgdsym verify --cases 1 --seed {self.seed} --order {self.truncation}"

    def __str__(self) -> str:
        where = "" if self.order is None else f" at order {self.order}"
        return f"{self.setting}: expected {self.expected}{where}, got {self.got}; see it again: {self.command}"


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a verification.

    Attributes:
        passed: the number of cases that agree.
        failed: the cases that do not.
        order: the order they were compared to.
        seed: the seed they were drawn with.
        seconds: how long it took.
    """

    passed: int
    failed: tuple[Mismatch, ...]
    order: int
    seed: int
    seconds: float

    def summary(self) -> str:
        """The outcome in one line.

        >>> Verification(passed=50, failed=(), order=3, seed=0, seconds=12.34).summary()
        '50 of 50 cases agree with exact enumeration to order 3 (seed 0, 12.3 s)'
        """
        cases = self.passed + len(self.failed)
        agree = f"{self.passed} of {cases} cases agree with exact enumeration to order {self.order}"
        return f"{agree} (seed {self.seed}, {self.seconds:.1f} s)"


def run_verification(
    *,
    cases: int = 50,
    seed: int = 0,
    order: int = 3,
    progress: Callable[[int, int], None] | None = None,
    expand: Callable[..., Series] = sgd.expand,
) -> Verification:
    """Compare series with exact enumeration on fresh random landscapes, in random settings.

    Args:
        cases: how many comparisons.
        seed: where to begin; the same seed draws the same cases.
        order: the highest power of the learning rate.
        progress: called with the number of cases done and the number of all.
        expand: what makes the series; a tool that is known to be wrong shows that this can fail.

    Raises:
        ValueError: if there is nothing to compare.

    >>> run_verification(cases=3, order=2).passed
    3
    """
    for option, value, least in (("cases", cases, 1), ("order", order, 0)):
        if value < least:
            raise ValueError(f"{option} must be at least {least}, not {value}")
    begin = perf_counter()
    seeds = Random(seed)  # noqa: S311  whoever knows the seed is to draw the same cases
    failed = []
    for number in range(cases):
        # the first case is drawn with the seed itself, so one case can be asked for by its own seed
        own = seeds.getrandbits(32) if number else seed
        mismatch = _compare(own, number, order, expand)
        if mismatch:
            failed.append(mismatch)
        if progress:
            progress(number + 1, cases)
    return Verification(cases - len(failed), tuple(failed), order, seed, perf_counter() - begin)


def _compare(seed: int, number: int, order: int, expand: Callable[..., Series]) -> Mismatch | None:
    case = random_case(Random(seed), order)  # noqa: S311
    expected = enumerate_series(case.landscape, case.run, case.request["observable"], order)
    try:
        got = evaluate(case, expand)
    except Exception as error:  # whatever goes wrong in the tool is a case to see again
        message = f"{type(error).__name__}: {error}"
        return Mismatch(seed, number, case.setting, order, None, "a series", message)
    for k, (right, ours) in enumerate(zip(expected, got, strict=True)):
        if right != ours:
            return Mismatch(seed, number, case.setting, order, k, _text(right), _text(ours))
    return None


def evaluate(case: Case, expand: Callable[..., Series] = sgd.expand) -> list[Any]:
    """The coefficients of the case's series, its symbols replaced, on the case's landscape.

    >>> evaluate(random_case(Random(2), order=1))
    [Fraction(13, 14), Fraction(-169, 98)]
    """
    series = expand(**case.request)
    known = {*series.symbols, *(["schedule"] if series.schedule else [])}
    series = series.subs(**{name: value for name, value in case.values.items() if name in known})
    observable, order = case.request["observable"], case.request["order"]
    coefficients = interpret(
        series,
        # a series without terms says by the gradient how many weights there are
        case.landscape.derivatives(max(order, 1)),
        weights=case.landscape.probabilities,
        start=case.landscape.start if case.run.weight_decay else None,
        root_derivatives=case.landscape.function_derivatives(order) if observable == "function" else None,
    )
    shape = (case.landscape.weights,) * series.setting.open_indices
    if not len(series):
        # a series without terms does not say how many weights there are
        coefficients = [np.full(shape, Fraction(0)) for _ in coefficients]
    return [np.asarray(c, dtype=object).tolist() for c in coefficients]


def _text(value: Any) -> str:
    return f"[{', '.join(map(_text, value))}]" if isinstance(value, list) else str(value)
