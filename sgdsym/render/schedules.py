r"""Sums over the rates of a schedule as they are read: :math:`\sum_{s<t}\lambda_s\lambda_t`, and what their weights are.

Times are letters :math:`s<t<u`; in epochs a time is two letters, :math:`\lambda_{es}` being the rate of update :math:`s` in epoch
:math:`e`, counted from zero.  Where a gradient is not worth its rate for ever, :math:`w_{ts}` is what one at :math:`s` is worth at
:math:`t`, and :math:`W_s` what it is worth at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from sgdsym.series import Coefficient, Recursion, ScheduleSum, Series

_SLOTS, _EPOCHS = "stuvwxyzpqrabcd", "efghijklmno"
MOST_REGISTERS = 6  # of an optimiser whose arrays are written out


class Letters(Protocol):
    """How a script writes names with indices, powers and sums."""

    def name(self, name: str) -> str:
        """A symbol."""

    def indexed(self, base: str, index: str, power: int) -> str:
        """A letter with an index, to a power."""

    def summed(self, under: str, factors: Sequence[str]) -> str:
        """The sum of a product."""


@dataclass(frozen=True, slots=True)
class TextLetters:
    """Names in unicode."""

    def name(self, name: str) -> str:
        """See :class:`Letters`."""
        return name

    def indexed(self, base: str, index: str, power: int) -> str:
        """See :class:`Letters`."""
        return f"{base}_{index}" + (f"^{power}" if power > 1 else "")

    def summed(self, under: str, factors: Sequence[str]) -> str:
        """See :class:`Letters`."""
        return f"Σ_{{{under}}} {' '.join(factors)}" if len(under) > 1 else f"Σ_{under} {' '.join(factors)}"


@dataclass(frozen=True, slots=True)
class LatexLetters:
    """Names in LaTeX, by a function for symbols."""

    symbol: Callable[[str], str]

    def name(self, name: str) -> str:
        """See :class:`Letters`."""
        text = self.symbol(name)
        # an index of its own would collide
        return f"{{{text}}}" if set(text) & set("_^") else text

    def indexed(self, base: str, index: str, power: int) -> str:
        """See :class:`Letters`."""
        return f"{base}_{_grouped(index)}" + (f"^{_grouped(str(power))}" if power > 1 else "")

    def summed(self, under: str, factors: Sequence[str]) -> str:
        """See :class:`Letters`."""
        return rf"\sum_{_grouped(under)}{''.join(factors)}"


def written_sum(known: ScheduleSum, letters: Letters) -> str:
    r"""A sum over the times of levels.

    >>> from sgdsym.sgd import expand
    >>> sums = expand(order=2, schedule="lambda").sums
    >>> written_sum(sums["lambda_1_1"], TextLetters()), written_sum(sums["lambda_2"], LatexLetters("\\".__add__))
    ('Σ_{s<t} lambda_s lambda_t', '\\sum_s\\lambda_s^2')
    """
    times, under = _times(known)
    rate = letters.name(known.recursion.schedule)
    plain = known.recursion.is_plain
    factors: Counter[tuple[str, str]] = Counter()
    for time, count in zip(times, known.roots, strict=True):
        if plain:
            factors[rate, time] += count
        else:
            factors["W", (times[-1] + "," + time if len(time) > 1 else times[-1] + time) if known.reads else time] += (
                count
            )
    for low, high in known.edges:
        factors["w", f"{times[high]}{',' if len(times[low]) > 1 else ''}{times[low]}"] += 1
    return letters.summed(under, [letters.indexed(*factor, power) for factor, power in factors.items() if power])


def _times(known: ScheduleSum) -> tuple[list[str], str]:
    """The times of the levels, and the condition on them."""
    cuts = [sum(known.epochs[:i]) for i in range(len(known.epochs) + 1)]
    if known.recursion.slots == 1:
        slots = _SLOTS[: cuts[-1]]
        return list(slots), "<".join(slots)
    ranks = known.slots or range(cuts[-1])
    epoch = [e for e, length in enumerate(known.epochs) for _ in range(length)]
    times = [_EPOCHS[e] + _SLOTS[rank] for e, rank in zip(epoch, ranks, strict=True)]
    chains = [sorted({*ranks})] if known.slots else [list(range(a, b)) for a, b in pairwise(cuts)]
    conditions = ["<".join(_EPOCHS[: len(known.epochs)]), *("<".join(_SLOTS[r] for r in chain) for chain in chains)]
    return times, ", ".join(conditions)


def text_sums(series: Series) -> Mapping[str, str]:
    """The sums of a series in unicode, by their symbols."""
    return {name: written_sum(known, TextLetters()) for name, known in series.sums.items()}


def text_meanings(series: Series, bare: Callable[[Coefficient], str]) -> Iterator[str]:
    """Lines that say what stands in the sums.

    Args:
        series: any series.
        bare: writes a coefficient with its sign.
    """
    for recursion in dict.fromkeys(known.recursion for known in series.sums.values()):
        rate = f"{recursion.schedule}_{'es' if recursion.slots != 1 else 's'}"
        if recursion.slots != 1:
            yield f"where {rate} is the rate of update s in epoch e, of {bare(recursion.slots)} updates"
        if recursion.is_plain:
            continue
        yield "where w_ts = c A_(t-1) ... A_(s+1) b_s and W_s = e A_(T-1) ... A_(s+1) b_s" + (
            ", W_ts = e A_t ... A_(s+1) b_s" if any(known.reads for known in series.sums.values()) else ""
        )
        rows = (" ".join(row) for row in _entries(recursion, bare, f"{recursion.schedule}_t", " "))
        *matrix, gain, point, read = rows
        if len(recursion.read) > MOST_REGISTERS:
            yield f"with {len(recursion.read)} registers, which the JSON text lists"
            continue
        late = f" (0 for t < {recursion.start})" if recursion.start else ""
        yield f"with A_t = [{'; '.join(matrix)}], b_t = [{gain}]{late}, c = [{point}], e = [{read}]"


def latex_meanings(series: Series, bare: Callable[[Coefficient], str], letters: Letters) -> Iterator[str]:
    """The same in LaTeX, each a formula.

    Args:
        series: any series.
        bare: writes a coefficient with its sign.
        letters: writes names.
    """
    for recursion in dict.fromkeys(known.recursion for known in series.sums.values()):
        rate = letters.name(recursion.schedule)
        if recursion.slots != 1:
            yield rf"{letters.indexed(rate, 'es', 1)} \text{{ is the rate of update }} s \text{{ in epoch }} e"
            yield rf"\text{{an epoch has }} {bare(recursion.slots)} \text{{ updates}}"
        if recursion.is_plain:
            continue
        yield r"w_{ts} = c\,A_{t-1} \cdots A_{s+1} b_s"
        yield r"W_s = e\,A_{T-1} \cdots A_{s+1} b_s"
        if any(known.reads for known in series.sums.values()):
            yield r"W_{ts} = e\,A_t \cdots A_{s+1} b_s"
        if len(recursion.read) > MOST_REGISTERS:
            yield rf"\text{{with {len(recursion.read)} registers, which the JSON text lists}}"
            continue
        *matrix, gain, point, read = _entries(recursion, bare, letters.indexed(rate, "t", 1), r"\,")
        yield rf"A_t = {_matrix(matrix)}"
        yield rf"b_t = {_matrix([[x] for x in gain])}" + (
            rf" \text{{ (0 for }} t < {recursion.start})" if recursion.start else ""
        )
        yield rf"c = {_matrix([point])}"
        yield rf"e = {_matrix([read])}"


def _entries(recursion: Recursion, bare: Callable[[Coefficient], str], rate: str, space: str) -> list[list[str]]:
    """The entries of the matrix by rows, of the gain, the point and what is read."""

    def entry(without: Coefficient, times: Coefficient) -> str:
        if not times:
            return bare(without)
        moving = (
            rate
            if times == 1
            else f"{bare(times)}{space}{rate}"
            if len(times.monomials()) == 1
            else f"({bare(times)}){space}{rate}"
        )
        return moving if not without else f"{bare(without)} + {moving}"

    zero = (Coefficient(0),) * len(recursion.read)
    pairs = [
        *zip(recursion.still, recursion.moving, strict=True),
        (recursion.gain, recursion.rated),
        (recursion.point, zero),
        (recursion.read, zero),
    ]
    return [[entry(x, y) for x, y in zip(*pair, strict=True)] for pair in pairs]


def _matrix(rows: Sequence[Sequence[str]]) -> str:
    inside = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}"


def _grouped(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"
