r"""Sums over the rates of a schedule as they are read: :math:`\sum_{s<t}\lambda_s\lambda_t`, and what their weights are.

Times are letters :math:`s<t<u`; in epochs a time is two letters, :math:`\lambda_{es}` being the rate of update :math:`s` in epoch
:math:`e`, counted from zero.  Where a gradient is not worth its rate for ever, :math:`w_{ts}` is what one at :math:`s` is worth at
:math:`t`, and :math:`W_s` what it is worth at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from sgdsym.formula import (
    Bracket,
    Digits,
    Formula,
    Indexed,
    Matrix,
    Row,
    Scripts,
    Sign,
    Summed,
    Symbol,
    Words,
    power,
    row,
)
from sgdsym.series import Coefficient, Recursion, ScheduleSum, Series

# disjoint, since a time in epochs is a letter of each; the letters that are usual for times come first
_SLOTS, _EPOCHS = "stuvwxyzpqrabcd", "efghijklmno"
MOST_REGISTERS = 6  # of an optimiser whose arrays are written out
Names = Callable[[str], Formula]
Bare = Callable[[Coefficient], Formula]


def written_sum(known: ScheduleSum, name: Names) -> Formula:
    r"""A sum over the times of levels.

    >>> from sgdsym.formula import to_latex, to_text
    >>> from sgdsym.sgd import expand
    >>> sums = expand(order=2, schedule="L").sums
    >>> to_text(written_sum(sums["L_1_1"], Symbol)), to_latex(written_sum(sums["L_2"], Symbol))
    ('Σ_(s<t) L_s L_t', '\\sum_{s} L_s^{2}')
    """
    times, under = _times(known)
    rate, plain = known.recursion.schedule, known.recursion.is_plain
    factors: Counter[tuple[str, str]] = Counter()
    for time, count in zip(times, known.roots, strict=True):
        if plain:
            factors[rate, time] += count
        else:
            comma = "," if len(time) > 1 else ""
            factors["W", f"{times[-1]}{comma}{time}" if known.reads else time] += count
    for low, high in known.edges:
        factors["w", f"{times[high]}{',' if len(times[low]) > 1 else ''}{times[low]}"] += 1
    written = [
        power(Indexed(name(letter) if letter == rate else Symbol(letter, letter), index), count)
        for (letter, index), count in factors.items()
        if count
    ]
    return Summed(under, row(written, "plain"))


def _times(known: ScheduleSum) -> tuple[list[str], Formula]:
    """The times of the levels, and the condition on them."""
    cuts = [sum(known.epochs[:i]) for i in range(len(known.epochs) + 1)]
    if known.recursion.slots == 1:
        slots = _SLOTS[: cuts[-1]]
        return list(slots), _rising(slots)
    ranks = known.slots or range(cuts[-1])
    epoch = [e for e, length in enumerate(known.epochs) for _ in range(length)]
    times = [_EPOCHS[e] + _SLOTS[rank] for e, rank in zip(epoch, ranks, strict=True)]
    chains = [sorted({*ranks})] if known.slots else [list(range(a, b)) for a, b in pairwise(cuts)]
    conditions = [_EPOCHS[: len(known.epochs)], *("".join(_SLOTS[r] for r in chain) for chain in chains)]
    return times, row(map(_rising, conditions), "listed")


def _rising(times: str) -> Formula:
    parts: list[Formula] = []
    for time in times:
        parts += [*([Sign("<")] if parts else []), Symbol(time, time)]
    return row(parts, "beside")


def meanings(series: Series, name: Names, bare: Bare) -> Iterator[Formula]:
    """Formulas that say what stands in the sums of a series.

    Args:
        series: any series.
        name: writes a symbol.
        bare: writes a coefficient with its sign.
    """
    for recursion in dict.fromkeys(known.recursion for known in series.sums.values()):
        rate = name(recursion.schedule)
        if recursion.slots != 1:
            update, epoch = Symbol("s", "s"), Symbol("e", "e")
            yield Row((Indexed(rate, "es"), Words(" is the rate of update "), update, Words(" in epoch "), epoch))
            yield Row((Words("an epoch has "), bare(recursion.slots), Words(" updates")))
        if not recursion.is_plain:
            yield from _recursion(recursion, rate, bare, any(known.reads for known in series.sums.values()))


def _recursion(recursion: Recursion, rate: Formula, bare: Bare, reads: bool) -> Iterator[Formula]:
    """The definitions of the weights in the sums, and the arrays of the optimiser behind them."""
    yield _product("w", "ts", "c", "t-1")
    yield _product("W", "s", "e", "T-1")
    if reads:
        yield _product("W", "ts", "e", "t")
    if len(recursion.read) > MOST_REGISTERS:
        yield Words(f"with {len(recursion.read)} registers, which the JSON text lists")
        return
    *matrix, gain, point, read = _entries(recursion, bare, Indexed(rate, "t"))
    yield _equation(Indexed(Symbol("A", "A"), "t"), Matrix(tuple(map(tuple, matrix))))
    late = (Words(" (0 for "), Symbol("t", "t"), Sign("<"), Digits(f"{recursion.start}"), Words(")"))
    column = Matrix(tuple((entry,) for entry in gain))
    yield _equation(Indexed(Symbol("b", "b"), "t"), Row((column, *late)) if recursion.start else column)
    yield _equation(Symbol("c", "c"), Matrix((tuple(point),)))
    yield _equation(Symbol("e", "e"), Matrix((tuple(read),)))


def _equation(left: Formula, right: Formula) -> Formula:
    return Row((left, Sign("="), right), "plain")


def _product(name: str, index: str, read: str, last: str) -> Formula:
    """A gradient carried through the updates after it."""
    updates = (Symbol("A", "A"), last), (Symbol("A", "A"), "s+1")
    first, following = (Scripts(letter, below=Symbol(time, time)) for letter, time in updates)
    right = Row((Symbol(read, read), first, Sign("cdots"), following, Indexed(Symbol("b", "b"), "s")), "plain")
    return _equation(Indexed(Symbol(name, name), index), right)


def _entries(recursion: Recursion, bare: Bare, rate: Formula) -> list[list[Formula]]:
    """The entries of the matrix by rows, of the gain, the point and the vector that is read off."""

    def entry(without: Coefficient, times: Coefficient) -> Formula:
        if not times:
            return bare(without)
        factor = bare(times) if len(times.monomials()) == 1 else Bracket(bare(times))
        moving = rate if times == 1 else Row((factor, rate), "product")
        return moving if not without else Row((bare(without), Sign("+"), moving), "plain")

    zero = (Coefficient(0),) * len(recursion.read)
    pairs: list[tuple[Sequence[Coefficient], Sequence[Coefficient]]] = [
        *zip(recursion.still, recursion.moving, strict=True),
        (recursion.gain, recursion.rated),
        (recursion.point, zero),
        (recursion.read, zero),
    ]
    return [[entry(x, y) for x, y in zip(*pair, strict=True)] for pair in pairs]
