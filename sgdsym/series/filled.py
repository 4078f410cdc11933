"""Rates put into the sums over a schedule: exactly, or in floats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from sgdsym.arguments import is_flag, quoted, read_items
from sgdsym.series.arithmetic import as_exact, symbol_name
from sgdsym.series.coefficient import Coefficient, Scalar
from sgdsym.series.evaluation import exact_value
from sgdsym.series.sums import Recursion, ScheduleSum, Sums

LONGEST_SCHEDULE = 10**7  # rates that are read


def read_rates(given: Any) -> list[Coefficient]:
    """The rates of a run, each an exact number, a coefficient or a symbol name.

    Raises:
        ValueError: saying what is wrong.

    >>> read_rates([1, "w"])
    [Coefficient('1'), Coefficient('w')]
    """
    entries = read_items("schedule", given, "list of numbers and symbol names, one for each step")
    return [_rate(entry) for entry in entries]


def _rate(given: Any) -> Coefficient:
    value = as_exact(given)
    if isinstance(value, str):
        return Coefficient.symbol(symbol_name(value))
    if isinstance(value, (Coefficient, int, Fraction)) and not is_flag(value):
        return Coefficient(value)
    raise ValueError(f"schedule must hold integers, fractions or symbol names, not {quoted(given)}")


def known_steps(sums: Sums, rates: int, sizes: Mapping[str, Scalar]) -> dict[str, int]:
    """The size that says how many updates there are, where that alone is left open; there must be a rate for each update.

    Raises:
        ValueError: if the run has another number of updates.

    >>> one, zero = (Coefficient(1),), (Coefficient(0),)
    >>> epochs = Recursion("lambda", (one,), (zero,), zero, one, one, one, 0, Coefficient("N/B"), Coefficient("E*N/B"))
    >>> known_steps({"lambda_x_1": ScheduleSum(epochs, (1,), (), (1,))}, 12, {"N": 6, "B": 2})
    {'E': 4}
    """
    found: dict[str, int] = {}
    for steps in dict.fromkeys(known.recursion.steps for known in sums.values()):
        length = steps.substitute({name: value for name, value in sizes.items() if name in steps.symbols})
        left = sorted(length.symbols)
        # rates alone cannot tell two sizes apart: both stay symbols
        if len(left) > 1:
            continue
        # each size multiplies or divides the number of updates
        times = Fraction(rates) / length.substitute(dict.fromkeys(left, 1)).as_fraction() if rates else Fraction(0)
        if times.denominator != 1 or (not left and length != rates):
            shown = length if not left else f"a multiple of {length.substitute({left[0]: 1})}"
            raise ValueError(f"the schedule has {rates} rates, the run {str(shown)[:60]} updates; give as many")
        found |= {name: int(times) for name in left}
    return found


def exact_sums(sums: Iterable[ScheduleSum], rates: Sequence[Coefficient]) -> dict[str, Coefficient]:
    """The values of sums, their symbols being put in already except for those that stay.

    Raises:
        ValueError: if the number of updates in an epoch is not known.
    """
    known = {sum_.name: sum_ for sum_ in sums}
    numbers = [rate if rate.symbols else _whole(rate.as_fraction()) for rate in rates]
    # sums of products of rates alone are sums of whole numbers over a power of one denominator
    common = lcm(*(number.denominator for number in numbers if isinstance(number, Fraction)))
    plain = all(sum_.recursion.is_plain for sum_ in known.values())
    if plain:
        numbers = [n * common if isinstance(n, Coefficient) else int(n * common) for n in numbers]
    found = _values(known.values(), numbers, lambda c: c if c.symbols else _whole(c.as_fraction()), object)
    below = {name: common ** sum(known[name].roots) if plain else 1 for name in found}
    return {name: Coefficient(value) / below[name] for name, value in found.items()}


def float_sums(sums: Iterable[ScheduleSum], rates: Any, sizes: Mapping[str, Fraction]) -> dict[str, float]:
    """The values of sums in floats, at sizes that are numbers."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        found = _values(sums, rates, lambda c: _short(exact_value(c, sizes)), float)
    return {name: float(value) for name, value in found.items()}


def _whole(value: Fraction) -> int | Fraction:
    return int(value) if value.denominator == 1 else value


def _short(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _values(
    sums: Iterable[ScheduleSum], rates: Any, number: Callable[[Coefficient], Any], kind: type
) -> dict[str, Any]:
    import numpy as np

    from sgdsym.series.recursion import schedule_sums

    groups: dict[Recursion, list[ScheduleSum]] = {}
    for known in sums:
        groups.setdefault(known.recursion, []).append(known)
    array: Any = np.empty(len(rates), dtype=kind)
    array[:] = rates
    found: dict[str, Any] = {}
    for recursion, members in groups.items():
        slots = number(recursion.slots)
        if not isinstance(slots, int):
            raise ValueError(f"an epoch has {recursion.slots} updates; give numbers for the sizes with the schedule")
        if not slots or len(array) % slots:
            raise ValueError(f"{len(array)} rates are no whole number of epochs of {slots} updates")
        registers = registers_of(recursion, number)
        found |= schedule_sums(array, registers, slots, {known.name: known.levels for known in members})
    return found


def registers_of(recursion: Recursion, number: Callable[[Coefficient], Any]) -> dict[str, Any]:
    """The registers as :func:`sgdsym.series.recursion.schedule_sums` takes them, each entry through a function."""

    def numbers(vector: Sequence[Coefficient]) -> list[Any]:
        return [number(x) for x in vector]

    return {
        "A": ([*map(numbers, recursion.still)], [*map(numbers, recursion.moving)]),
        "b": (numbers(recursion.gain), numbers(recursion.rated)),
        "c": numbers(recursion.point),
        "read": numbers(recursion.read),
        "start": recursion.start,
    }
