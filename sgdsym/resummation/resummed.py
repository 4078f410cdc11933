r"""The resummed series: linkless diagrams, each with its time-sum, exact at every time.

A *link* is a node other than a root that is a block of its own and has two neighbours: a bare Hessian.  All diagrams that
differ by links are summed at once, so that what is left is

.. math:: \sum_D \eta^{|edges(D)|}\sum_{eigen-indices} \tau_D(1-\eta h)\; value(D)

over diagrams without links, :math:`\tau_D` the time-sum and the tensors taken in an eigenbasis of :math:`H`.  The file holds
the data and its invariants; closed forms, exchange and display live beside it or in the rooms above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from sgdsym.arguments import is_flag, quoted, quoted_names, read_function, read_integer, read_mapping
from sgdsym.diagrams import MAX_ORDER, Diagram
from sgdsym.resummation.laws import EdgeLaw
from sgdsym.resummation.links import Flow, Steps, taylor
from sgdsym.resummation.time_sum import TimeSum
from sgdsym.resummation.views import ResummedViews
from sgdsym.series import Coefficient, Condition, Series, Setting, as_exact, by_symbol, collect, undecided
from sgdsym.times.calendar import Calendar
from sgdsym.times.optimizers import LinearOptimizer
from sgdsym.times.polynomials import Polynomial

_Index = TypeVar("_Index")
_SUMMED, _OPEN = "abcdefmnqrstuvw", "ikyz"
FORMS = ("discrete", "continuous", "stationary")


@dataclass(frozen=True, repr=False)
class Resummed(ResummedViews):
    r"""A resummed series, exact in :math:`\eta T` for diagrams of up to ``truncation`` edges.

    Attributes:
        terms: the time-sum of each linkless diagram, sign included, power of :math:`\eta` not.  Roots are marked, in blocks
            where they carry a tensor of the loss; edge :math:`e` of a time-sum is ``diagram.edges[e]``.
        truncation: the highest number of edges of the diagrams.
        setting: what is expanded.
        steps: the number of steps :math:`T`.
        continuous: whether an edge carries :math:`e^{-\eta Ht}` and times are integrated over.
        stationary: whether the limit :math:`T\to\infty` is meant.
        conditions: what the run asks of the sizes that are still symbols.
        law: what edges carry where all updates are alike.
        slots: the number of updates in each epoch, where epochs are told apart.
        updates: the updates themselves, where they differ and are followed one by one.

    >>> from sgdsym.sgd import resum
    >>> series = resum(order=2, batch_size=1)
    >>> len(series), series.form, series.symbols
    (4, 'discrete', ('T',))
    """

    terms: Mapping[Diagram, TimeSum]
    truncation: int
    setting: Setting = field(default_factory=Setting)
    steps: Coefficient = field(default_factory=lambda: Coefficient.symbol("T"))
    continuous: bool = False
    stationary: bool = False
    conditions: tuple[Condition, ...] = field(default=(), compare=False, repr=False)
    law: EdgeLaw = field(default_factory=EdgeLaw)
    slots: Coefficient | None = None
    updates: LinearOptimizer | None = None

    def __post_init__(self) -> None:
        read_mapping("terms", self.terms, "diagrams to sums over times")
        object.__setattr__(self, "terms", {diagram: time for diagram, time in self.terms.items() if time})

    def __hash__(self) -> int:
        return hash((frozenset(self.terms.items()), self.truncation, self.setting, self.steps, self.form))

    @property
    def form(self) -> str:
        """``"stationary"``, ``"continuous"`` or ``"discrete"``."""
        return "stationary" if self.stationary else "continuous" if self.continuous else "discrete"

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """Names of the symbols besides the learning rate, sorted; the number of steps is one unless it is a number."""
        coefficients = {c for time in self.terms.values() for _, c in time.terms}
        names = {name for c in coefficients for name in c.symbols} | self.rule_symbols
        return tuple(sorted(names if self.stationary else names | self.steps.symbols))

    @property
    def rule_symbols(self) -> frozenset[str]:
        """Names of the symbols in what edges carry, and in the length of an epoch."""
        rule = self.law if self.updates is None else self.updates
        return rule.symbols | (self.slots.symbols if self.slots is not None else frozenset())

    def rooted(self, diagram: Diagram) -> tuple[bool, ...]:
        """For each edge whether it is one to a root, and not from one step to another."""
        return tuple(bool(set(edge) & set(diagram.roots)) for edge in diagram.edges)

    def diagrams(self) -> list[Diagram]:
        """The linkless diagrams, sorted by order, tree and blocks."""
        return sorted(self.terms, key=Diagram.sort_key)

    def __iter__(self) -> Iterator[tuple[Diagram, TimeSum]]:
        """The terms, sorted by order, tree and blocks."""
        return ((diagram, self.terms[diagram]) for diagram in self.diagrams())

    def __len__(self) -> int:
        return len(self.terms)

    def order(self, k: int) -> Resummed:
        """The terms of one number of edges alone."""
        k = read_integer("order", k)
        return replace(self, terms={diagram: time for diagram, time in self.terms.items() if diagram.order == k})

    def truncate(self, k: int) -> Resummed:
        """The terms of up to ``k`` edges."""
        k = read_integer("order", k)
        terms = {diagram: time for diagram, time in self.terms.items() if diagram.order <= k}
        return replace(self, terms=terms, truncation=min(k, self.truncation))

    def without(self, vanishes: Callable[[Diagram], bool]) -> Resummed:
        """The terms whose diagrams do not vanish."""
        read_function("vanishes", vanishes)
        return replace(self, terms={diagram: time for diagram, time in self.terms.items() if not vanishes(diagram)})

    def subs(self, /, **values: Coefficient | int | Fraction | str) -> Resummed:
        """The same with sizes replaced by numbers, or by the name of another symbol.

        Raises:
            ValueError: if a name is not one of the symbols, or a value is no size that the run can have.

        >>> from sgdsym.sgd import resum
        >>> resum(order=2).subs(B=1).symbols
        ('T',)
        """
        values = by_symbol(values, self.symbols)
        unknown = sorted(set(values) - set(self.symbols))
        if unknown:
            raise ValueError(f"there is no symbol {quoted_names(unknown)}; the symbols are {', '.join(self.symbols)}")
        exact = {name: _exact(name, value) for name, value in values.items()}
        terms = {
            diagram: TimeSum.collect((product, c.substitute(exact)) for product, c in time.terms)
            for diagram, time in self.terms.items()
        }
        return replace(
            self,
            terms=terms,
            steps=self.steps.substitute(exact),
            conditions=undecided(self.conditions, exact),
            law=self.law.substitute(exact),
            slots=None if self.slots is None else self.slots.substitute(exact),
            updates=None if self.updates is None else self.updates.substitute(exact),
        )

    def at_infinity(self) -> Resummed:
        r"""The limit :math:`T\to\infty`, which exists where every :math:`|r| < 1`: for plain steps :math:`0 < \eta h < 2`.

        Raises:
            ValueError: if there is none, because updates differ or what is read is a mean over all of them.
        """
        check_limit(self.law, self.updates)
        return replace(self, stationary=True)

    def expand(self, order: int | None = None) -> Series:
        r"""The plain series in the learning rate: every edge's :math:`1-\eta h` multiplied out, links put back.

        Args:
            order: the highest power of the learning rate; all that the diagrams determine if left out.

        Raises:
            ValueError: if the order is higher than the number of edges, or for the limit of long times, which has no series.

        >>> from sgdsym.sgd import expand, resum
        >>> resum(order=3).expand() == expand(order=3)
        True
        """
        degree = self.truncation if order is None else read_integer("order", order, least=0, most=MAX_ORDER)
        if self.stationary:
            raise ValueError("the limit of long times has no expansion in the learning rate; use form discrete")
        if self.updates is not None:
            raise ValueError("updates that differ are followed by kernels alone; expand the plain series")
        if degree > self.truncation:
            raise ValueError(
                f"order {degree} needs diagrams of {degree} edges, these have up to {self.truncation}; resum to order {degree}"
            )
        free = self.setting.observable.has_free_root
        parts = (
            # each link is one more step, with its sign
            (_with_links(diagram, links, free), c * (-1) ** sum(links))
            for diagram, time in self.terms.items()
            if diagram.order <= degree
            for links, c in self._with_all_links(diagram, time, degree - diagram.order).items()
        )
        return Series(collect(parts), degree, "cumulant", self.setting, conditions=self.conditions)

    def _with_all_links(self, diagram: Diagram, time: TimeSum, degree: int) -> Polynomial:
        """The coefficient of each number of links on the edges of a diagram."""
        if self.continuous:
            return taylor(time, diagram.order, degree, Flow(self.steps))
        one = Coefficient(1)
        updates = self.steps - self.law.start
        calendar = Calendar(updates, one) if self.slots is None else Calendar(self.steps / self.slots, self.slots)
        return taylor(time, diagram.order, degree, Steps(calendar, self.law, self.rooted(diagram)))


def check_limit(law: EdgeLaw, updates: LinearOptimizer | None) -> None:
    """Refuse what has no limit of many steps.

    Raises:
        ValueError: saying why there is none.
    """
    if updates is not None:
        raise ValueError("a list of updates is a finite run, which has no limit of many steps; choose form discrete")
    if not law.settles:
        raise ValueError(
            "the mean over all steps has no law of its own in the limit of many; choose form discrete, or an average below 1"
        )


def eigen_indices(diagram: Diagram) -> tuple[int, ...]:
    """For each edge the number of its eigen-index: two edges at a bare Hessian, which is diagonal, have one index.

    >>> eigen_indices(Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)], [0])), eigen_indices(Diagram(3, [(0, 1), (0, 2)], [], [0]))
    ((0, 0), (0, 1))
    """
    same = list(range(diagram.order))
    for (v,) in (block for block in diagram.blocks if len(block) == 1):
        around = diagram.legs[v]
        if len(around) == 2:
            same[around[1]] = same[around[0]]
    number = {e: i for i, e in enumerate(sorted(set(same)))}
    return tuple(number[e] for e in same)


def index_letters(diagram: Diagram, function: bool = False) -> tuple[str, ...]:
    """The letter of each edge's eigen-index: ``i, k`` at open roots, ``a, b, c, …`` where it is summed over.

    Args:
        diagram: a diagram of at most 15 edges.
        function: whether open roots carry the derivatives of a function; otherwise one is an open index.

    >>> index_letters(Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)], [0])), index_letters(Diagram(2, [(0, 1)], [], [0]))
    (('a', 'a'), ('i',))
    """
    open_roots = () if function else diagram.open_roots
    summed, left = iter(_SUMMED), iter(_OPEN)
    letter: dict[int, str] = {}
    for edge, index in zip(diagram.edges, eigen_indices(diagram), strict=True):
        if index not in letter:
            letter[index] = next(left if set(edge) & set(open_roots) else summed)
    return tuple(letter[index] for index in eigen_indices(diagram))


def tensor_indices(
    diagram: Diagram, indices: Sequence[_Index], function: bool = False
) -> list[tuple[tuple[int | str, ...], list[list[_Index]]]]:
    """The tensors whose product a diagram is: the sorted degrees of each joint cumulant and the indices of its members.

    Args:
        diagram: any diagram.
        indices: the index of each edge.
        function: whether an open root carries derivatives of a function; then its degrees are ``("s", degree)``.

    >>> tensor_indices(Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)], [0]), "ab")
    [((2,), [['a', 'b']]), ((1, 1), [['a'], ['b']])]
    """
    at: list[list[_Index]] = [[] for _ in range(diagram.nodes)]
    for (a, b), index in zip(diagram.edges, indices, strict=True):
        at[a].append(index)
        at[b].append(index)
    found: list[tuple[tuple[int | str, ...], list[list[_Index]]]] = []
    for block in diagram.blocks:
        members = sorted(block, key=lambda v: len(at[v]))
        found.append((tuple(len(at[v]) for v in members), [at[v] for v in members]))
    if function:
        found += [(("s", len(at[v])), [at[v]]) for v in diagram.open_roots]
    return found


def _exact(name: str, given: Coefficient | int | Fraction | str) -> Coefficient:
    value = as_exact(given)
    if isinstance(value, str):
        return Coefficient.symbol(value)
    if isinstance(value, (Coefficient, int, Fraction)) and not is_flag(value):
        return Coefficient(value)
    raise ValueError(f"{name} must be an integer, a fraction or a symbol name, not {quoted(given)}")


def _with_links(diagram: Diagram, links: tuple[int, ...], free: bool) -> Diagram:
    """The diagram with so many links on each edge, its root forgotten on request."""
    edges: list[tuple[int, int]] = []
    nodes = diagram.nodes
    for (a, b), count in zip(diagram.edges, links, strict=True):
        chain = [a, *range(nodes, nodes + count), b]
        nodes += count
        edges += pairwise(chain)
    return Diagram(nodes, edges, diagram.blocks, () if free else diagram.roots)
