r"""How the coefficient of a diagram is counted: the placements of its steps, their orders, the symmetries, and the sum.

.. math:: c = \sum_{\text{placements}} \frac{(-1)^d\, \text{alike}}{|Aut|}
          \sum_{\text{orders}} \text{ways} \times \text{times} \times \text{data}

A placement hangs the diagram from a root and says which steps see one data point.  An order sorts the steps into levels, the earliest
first; the calendar says in how many ways levels can be given times, and the sampling what the data points are worth.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import factorial
from typing import Any

from sgdsym.arguments import quoted, read_instance
from sgdsym.diagrams import Diagram
from sgdsym.formula import raised, to_text
from sgdsym.render import Notation, diagram_to_svg, diagram_to_text, explain
from sgdsym.render.factors import factor
from sgdsym.render.names import diagram_name
from sgdsym.series import Coefficient, Observable
from sgdsym.sgd import Request
from sgdsym.sgd.observables import READINGS, Reading
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling import Sampling
from sgdsym.templating import Markup, render
from sgdsym.times.patterns import Pattern, Timing

HIGHEST, MOST_PLACEMENTS, MOST_ORDERS = 5, 24, 6
"""The highest order, the placements, and the orders shown of one kind: what fits a page."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders of one placement that are worth the same.

    Attributes:
        shown: each, the earliest level first: ``{2 3} < {1}``; a bar parts epochs, and a letter names the slot in them
            where slots are the same in every epoch.
        ways: their number, with signs.
        times: in how many ways the levels can be given times.
        data: the worth of the data points.
    """

    shown: tuple[str, ...]
    ways: int
    times: Coefficient
    data: Coefficient


@dataclass(frozen=True, slots=True)
class Part:
    """One placement, and its share of the coefficient.

    Attributes:
        reading: the placement, hung from its root.
        symmetry: relabellings of the rooted tree or forest alone, those that exchange roots included.
        alike: the partitions of the steps that are like this one.
        orders: its orders, by what they are worth.
        less: what is subtracted: that of each tree alone in a covariance, that of a training set in a gap.
        total: its share of the coefficient.
    """

    reading: Reading
    symmetry: int
    alike: int
    orders: tuple[Orders, ...]
    less: Coefficient
    total: Coefficient


@dataclass(frozen=True, slots=True)
class Count:
    """The coefficient of a diagram and how it is counted.

    Attributes:
        diagram: the diagram.
        request: the request that is expanded.
        parts: a part for each placement.
        coefficient: their sum, in joint cumulants.
    """

    diagram: Diagram
    request: Request
    parts: tuple[Part, ...]
    coefficient: Coefficient

    def __str__(self) -> str:
        return "\n".join(_text(self)) + "\n"

    def html(self) -> str:
        """The count as one page without network, a picture for each placement."""
        parts = [
            (
                Markup(diagram_to_svg(part.reading.forest.diagram(part.reading.blocks))),
                [*_tree(part.reading), *_part(part)],
            )
            for part in self.parts
        ]
        return render(
            "counting.html.jinja",
            head=_head(self),
            parts=parts,
            total=_total(self),
            picture=Markup(diagram_to_svg(self.diagram)),
        )


def count(diagram: Diagram, request: Request) -> Count:
    """How the coefficient of a diagram is counted for a request.

    Raises:
        ValueError: if the diagram has too many edges for a page, or the request sums times in no list of orders.

    >>> noise = Diagram(3, [(0, 1), (1, 2)], [(0, 2)])
    >>> print(count(noise, Request(order=2)))
    c(01-2)(02-12)  tr(H C)
    curvature contracted with the gradient covariance: noise pushed uphill by sharpness
    test-loss of sgd (online): the coefficient of η² is T/(2B), in joint cumulants
    |Aut| = 2 relabellings keep its edges and its data points
    <BLANKLINE>
    1 placement adds up to it: a root, steps that act on it, and letters for data points that steps share
    <BLANKLINE>
    1.  root
        ├─ 1 x
        └─ 2 x
        share   (-1)² × 1 / 2 = 1/2, of sign, partitions alike and symmetries
        orders  {1 2}    1 × T × 1/B, of ways, times and data
        adds    T/(2B)
    <BLANKLINE>
    sum  T/(2B)
    """
    read_instance("diagram", diagram, Diagram)
    read_instance("request", request, Request)
    if diagram.order > HIGHEST:
        raise ValueError(f"{quoted(diagram)} has {diagram.order} edges; a page holds the count of at most {HIGHEST}")
    if request.schedule is not None or request.mean_over_run:
        raise ValueError(
            "orders are listed for equal updates and the last weights; leave the schedule and the mean out"
        )
    observable, draws = READINGS[Observable.named(request.observable)], _listed(request.draws)
    readings = (reading.with_own_root() if request.weight_decay else reading for reading in observable(diagram.order))
    parts = tuple(
        _counted(reading, draws, request.scheme.is_in_epochs) for reading in readings if reading.diagram == diagram
    )
    if len(parts) > MOST_PLACEMENTS:
        raise ValueError(f"{quoted(diagram)} has {len(parts)} placements; a page holds {MOST_PLACEMENTS}")
    return Count(diagram, request, parts, Coefficient.total(part.total for part in parts))


@dataclass(frozen=True, slots=True)
class _Listed(Timing):
    """A timing that has every order listed, also where it only asks how many levels there are."""

    timing: Timing
    looks_at_steps: bool = True

    @property
    def continuous(self) -> bool:
        """See :class:`Timing`."""
        return self.timing.continuous

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """See :class:`Timing`."""
        return self.timing.key(pattern, parents)

    def value(self, key: Any) -> Coefficient:
        """See :class:`Timing`."""
        return self.timing.value(key)


def _listed(draws: Sampling) -> Sampling:
    return replace(draws, timing=_Listed(draws.timing))


def _counted(reading: Reading, draws: Sampling, in_epochs: bool) -> Part:
    forest = reading.forest
    symmetry = forest.diagram().symmetry_factor
    # a share is (-1)^d alike r!/|Aut| for a forest of r roots
    alike = abs(reading.share.as_fraction()) * symmetry / factorial(forest.roots)
    # the first weight is what is observed itself; those behind it are subtracted, as the product of the means is in a
    # covariance
    (sign, (first, *others)), *rest = reading.weights
    assert sign == 1
    assert not others
    orders = tuple(_orders(first, draws, in_epochs))
    less = Coefficient.total(
        reading.share * sign * Coefficient.sum_of_products([tuple(map(draws.weight, placements))])
        for sign, placements in rest
    )
    total = Coefficient.total((*(reading.share * o.ways * o.times * o.data for o in orders), less))
    return Part(reading, symmetry, int(alike), orders, less, total)


def _orders(placement: Placement, draws: Sampling, in_epochs: bool) -> Iterator[Orders]:
    """The orders of a placement, those that are worth the same together."""
    timing, parents = draws.timing, placement.forest.parents
    found: dict[tuple[object, object], tuple[list[str], int]] = {}
    for pattern, own, ways in draws.limits(placement) if timing.continuous else draws.arrangements(placement):
        shown, total = found.get((timing.key(pattern, parents), own), ([], 0))
        found[timing.key(pattern, parents), own] = ([*shown, _levels(pattern, in_epochs)], total + ways)
    for (key, own), (shown, ways) in found.items():
        if ways:
            yield Orders(tuple(dict.fromkeys(shown)), ways, timing.value(key), draws.value(own, len(parents)))


def _levels(pattern: Pattern, in_epochs: bool) -> str:
    """The steps on each level, the earliest first; levels of one epoch stand between bars, with the letters of their slots."""
    levels = [
        f"{{{' '.join(str(step + 1) for step in range(level.bit_length()) if level >> step & 1)}}}"
        for level in pattern.levels
    ]
    if len(levels) > 1 and pattern.slots:
        levels = [f"{level}:{'abcdefgh'[slot]}" for level, slot in zip(levels, pattern.slots, strict=True)]
    if not in_epochs:
        return " < ".join(levels) or "no step"
    ends = list(accumulate(pattern.epochs, initial=0))
    return " | ".join(" < ".join(levels[a:b]) for a, b in pairwise(ends)) or "no step"


def _text(found: Count) -> list[str]:
    lines = [*_head(found), ""]
    for number, part in enumerate(found.parts, 1):
        tree = _tree(part.reading)
        body = [*tree, *_part(part)]
        lines += [f"{f'{number}.' if i == 0 else '':3} {line}".rstrip() for i, line in enumerate(body)] + [""]
    return [*lines, _total(found)]


def _head(found: Count) -> list[str]:
    diagram, request = found.diagram, found.request
    observable = request.setting.observable
    function, decay = observable.carries_function, bool(request.weight_decay)
    name, value = diagram_name(diagram, "cumulant"), diagram_to_text(diagram, function=function, weight_decay=decay)
    number = len(found.parts)
    symmetric = diagram.symmetry_factor
    return [
        f"{name}  {value}",
        explain(diagram, function=function, weight_decay=decay),
        f"{request.setting}: the coefficient of {_power(diagram.order)} is {_signed(found.coefficient)}, in joint cumulants",
        f"|Aut| = {symmetric} relabelling{'s keep' if symmetric > 1 else ' keeps'} its edges and its data points",
        "",
        f"{number} placement{'' if number == 1 else 's'} add{'s' if number == 1 else ''} up to it: a root, steps that act on it, "
        "and letters for data points that steps share"
        if number
        else "no placement has this diagram: it does not occur for this observable",
    ]


def _part(part: Part) -> list[str]:
    forest, share = part.reading.forest, part.reading.share.as_fraction()
    names = f" × {factorial(forest.roots)}" if forest.roots > 1 else ""
    said = (
        "of sign, partitions alike, names of the roots and symmetries"
        if names
        else "of sign, partitions alike and symmetries"
    )
    lines = [f"share   (-1){_raised(forest.size)} × {part.alike}{names} / {part.symmetry} = {share}, {said}"]
    for i, orders in enumerate(part.orders):
        shown = ", ".join(orders.shown[:MOST_ORDERS]) + (", …" if len(orders.shown) > MOST_ORDERS else "")
        worth = f"{orders.ways} × {_bracketed(orders.times)} × {_bracketed(orders.data)}"
        lines.append(
            f"{'orders' if i == 0 else '':7} {shown}    {worth}" + (", of ways, times and data" if i == 0 else "")
        )
    if not part.orders:
        lines.append("orders  none: a data point would have to come before itself")
    if part.less:
        lines.append(f"less    {_signed(part.less)}, what the same steps are worth apart")
    return [*lines, f"adds    {_signed(part.total)}"]


def _total(found: Count) -> str:
    return f"sum  {_signed(found.coefficient)}"


def _tree(reading: Reading) -> list[str]:
    """The rooted forest in lines: every step below what it acts on, with the letter of its data point."""
    forest, letters = reading.forest, _letters(reading)
    children: dict[int, list[int]] = {}
    for step, parent in enumerate(forest.parents):
        children.setdefault(parent, []).append(step)

    def below(node: int, edge: str) -> Iterator[str]:
        steps = children.get(node, [])
        for i, step in enumerate(steps):
            last = i == len(steps) - 1
            yield f"{edge}{'└─' if last else '├─'} {step + 1}{letters.get(step + forest.roots, '')}"
            yield from below(step, edge + ("   " if last else "│  "))

    found: list[str] = []
    for root in range(forest.roots):
        name = "root" if forest.roots == 1 else f"root {root + 1}"
        found += [f"{name}{letters.get(root, '')}", *below(-1 - root, "")]
    return found


def _letters(reading: Reading) -> dict[int, str]:
    """For each node that shares its data point, the letter of the point."""
    joint = [block for block in reading.blocks if len(block) > 1]
    return {node: f" {letter}" for letter, block in zip("xyzuvw", joint, strict=False) for node in block}


def _power(order: int) -> str:
    return "1" if order == 0 else f"η{raised(order)}"


def _raised(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _signed(coefficient: Coefficient) -> str:
    return to_text(factor(coefficient).signed(Notation()))


def _bracketed(coefficient: Coefficient) -> str:
    text = _signed(coefficient)
    return f"({text})" if " " in text and not text.startswith("(") else text
