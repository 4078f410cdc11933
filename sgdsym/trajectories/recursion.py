r"""The recursion of the cumulants of the deviation from the noise-free trajectory, derived from one step.

With :math:`\delta_t` the deviation of the registers, :math:`x = c\cdot\delta_t` that of the weights and :math:`\xi_k` the
deviation of the batch
mean of :math:`\nabla^k l` from its mean :math:`D_k`, all at the noise-free weights,

.. math:: \delta_{t+1} = (A - \eta\,b\,c\,H)\,\delta_t - \eta\,b \sum_{k\ge2} \frac1{k!} D_{k+1} x^k
                        - \eta\,b \sum_{k\ge0} \frac1{k!}\,\xi_{k+1} x^k.

So each new leg *stays*, or is a *mean* vertex fed with two or more old legs, or a *noise* vertex fed with any number.  A cumulant of new
legs is the sum over all ways to join what stands on them, old legs and noise, by cumulants, such that all is connected ([Leonov1959]_).

For the noise of batches a joint cumulant holds old legs alone or noise of this step alone, and of :math:`b` noise factors it is of order
:math:`b-1` in :math:`1/B`.  For the noise of a dataset the noise is that of the empirical measure :math:`\hat p - p`, the same
at every step; so
cumulants hold old legs and *points*, places at which the measure is taken:
:math:`\kappa(\delta^{\otimes m}, \hat p(x_1), …, \hat p(x_q))`, of
order :math:`m+q-1` in :math:`1/N` at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import permutations, product
from math import factorial, prod
from typing import Literal

from sgdsym.diagrams import connected_parts, set_partitions

Noise = Literal["batch", "dataset"]
Kind = Literal["stay", "mean", "noise", "read"]
NOISES: tuple[Noise, ...] = ("batch", "dataset")


@dataclass(frozen=True, slots=True, order=True)
class Cumulant:
    r"""The part of order ``order`` in the noise of :math:`\kappa(\delta^{\otimes\text{legs}}, \hat p(x_1), …, \hat p(x_\text{points}))`."""

    order: int
    legs: int
    points: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Vertex:
    r"""The vertex on a new leg, or at the place where an observable is read off.

    Attributes:
        kind: ``"stay"``, the old leg moved by :math:`A - \eta bcH`; ``"read"``, the old leg as the weights that are read;
            ``"mean"`` or ``"noise"``, a
            derivative tensor.
        legs: number of old legs that it is fed with.
    """

    kind: Kind
    legs: int

    @property
    def is_tensor(self) -> bool:
        """Whether it is a derivative tensor."""
        return self.kind in ("mean", "noise")


@dataclass(frozen=True, slots=True, order=True)
class Join:
    """A joint cumulant: of old legs, named by the vertices they go into, of the noise of some vertices, and of points.

    Attributes:
        order: its order in the noise.
        legs: the vertex of each old leg, sorted.
        noise: the noise vertices in it.
        points: the outer points in it.
    """

    order: int
    legs: tuple[int, ...]
    noise: tuple[int, ...] = ()
    points: tuple[int, ...] = ()

    @property
    def cumulant(self) -> Cumulant | None:
        """The cumulant of the deviation that it is, or None where it is one of the noise alone."""
        return Cumulant(self.order, len(self.legs), len(self.noise) + len(self.points)) if self.legs else None


@dataclass(frozen=True, slots=True)
class Statement:
    r"""One term of a recursion or of a reading: vertices, one on each new leg, joined by cumulants.

    The term is ``weight`` times :math:`(-\eta)` for each derivative tensor on a leg, summed over ``placements``: the distinct
    ways to give the
    legs and points of the left-hand side to it.

    Attributes:
        vertices: what stands on the legs.
        joins: the cumulants.
        weight: one over the number of symmetries that keep the legs in place, times a sign for a reading.
        placements: pairs of a permutation of the legs and one of the points.
        is_reading: whether the vertices are where an observable is read off, and no update.
    """

    vertices: tuple[Vertex, ...]
    joins: tuple[Join, ...]
    weight: Fraction
    placements: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    is_reading: bool = False

    @property
    def order(self) -> int:
        """Its order in the noise."""
        return sum(join.order for join in self.joins)

    @property
    def power(self) -> int:
        """The power of minus the learning rate that it carries."""
        return 0 if self.is_reading else sum(vertex.is_tensor for vertex in self.vertices)

    @property
    def cumulants(self) -> tuple[Cumulant, ...]:
        """The cumulants of the deviation that it is made of."""
        return tuple(join.cumulant for join in self.joins if join.cumulant is not None)

    def degree(self, vertex: int) -> int:
        """The number of derivatives of the loss that a vertex carries."""
        return self.vertices[vertex].legs + (not self.is_reading)


@cache
def recursion(cumulant: Cumulant, noise: Noise) -> tuple[Statement, ...]:
    r"""The terms of a cumulant after a step, from those before it.

    >>> for term in recursion(Cumulant(order=1, legs=1), "batch"):             # m' = K m - (η/2) J:S
    ...     print([vertex.kind for vertex in term.vertices], [join.legs for join in term.joins], term.weight)
    ['mean'] [(0, 0)] 1/2
    ['stay'] [(0,)] 1
    >>> [len(recursion(Cumulant(2, legs), "batch")) for legs in (1, 2, 3)]
    [6, 8, 4]
    """
    # a join of s factors is of order max(1, s - 1) at least, which is s/2 or more, so that an order n has 2n factors at most
    most = 2 * cumulant.order
    choices = [Vertex("stay", 1)]
    choices += [Vertex("mean", k) for k in range(2, most + 1)]
    # a noise vertex is a factor itself, so that one leg less is left for it
    choices += [Vertex("noise", k) for k in range(most)]
    return tuple(_statements(choices, cumulant.legs, cumulant.points, cumulant.order, noise))


@cache
def reading(observable: str, order: int, noise: Noise) -> tuple[Statement, ...]:
    r"""The terms of order ``order`` of an observable, in the cumulants at the end of the run.

    >>> [(term.degree(0), str(term.weight)) for term in reading("test-loss", 1, "batch")]      # G·m + ½ H:S
    [(1, '1'), (2, '1/2')]
    """
    most = 2 * order
    sign, legs, choices = {
        "test-loss": (1, 1, [Vertex("mean", k) for k in range(1, most + 1)]),
        "function": (1, 1, [Vertex("mean", k) for k in range(1, most + 1)]),
        # test minus train: the training loss is the mean over the empirical measure
        "generalization-gap": (-1, 1, [Vertex("noise", k) for k in range(most)]),
        "displacement": (1, 1, [Vertex("read", 1)]),
        "covariance": (1, 2, [Vertex("read", 1)]),
    }[observable]
    found = _statements(choices, legs, 0, order, noise)
    return tuple(
        Statement(term.vertices, term.joins, sign * term.weight, term.placements, is_reading=True) for term in found
    )


def needed(readings: Iterable[Statement], noise: Noise) -> tuple[Cumulant, ...]:
    """All cumulants that the readings and their recursions are made of, sorted.

    >>> needed(reading("test-loss", 1, "dataset"), "dataset")
    (Cumulant(order=1, legs=1, points=0), Cumulant(order=1, legs=1, points=1), Cumulant(order=1, legs=2, points=0))
    """
    found: set[Cumulant] = set()
    open_terms = list(readings)
    while open_terms:
        for cumulant in open_terms.pop().cumulants:
            if cumulant not in found:
                # a closed set: each recursion asks for cumulants of its own order or below, of which there are
                # finitely many
                found.add(cumulant)
                open_terms += recursion(cumulant, noise)
    return tuple(sorted(found))


def _statements(choices: Sequence[Vertex], legs: int, points: int, order: int, noise: Noise) -> list[Statement]:
    """All connected ways to join vertices on so many legs and so many points, once up to a permutation of both."""
    found: dict[object, Statement] = {}
    for vertices in product(choices, repeat=legs):
        factors = [("leg", v) for v, vertex in enumerate(vertices) for _ in range(vertex.legs)]
        factors += [("noise", v) for v, vertex in enumerate(vertices) if vertex.kind == "noise"]
        factors += [("point", q) for q in range(points)]
        if len(factors) > 2 * order:
            continue
        for joins in {joins for parts in _joined(factors, noise) for joins in _with_orders(parts, order)}:
            groups = [[*join.legs, *join.noise, *(legs + q for q in join.points)] for join in joins]
            # a cumulant of products is the sum over the partitions that join all of them ([Leonov1959]_)
            if len(connected_parts(legs + points, groups)) > 1:
                continue
            # all relabellings of a term come up; it is kept where it is the least of them, and its placements list
            # the others
            key, placements = _canonical(vertices, joins, legs, points)
            if key == (vertices, joins) and key not in found:
                weight = Fraction(1, _symmetries(joins))
                found[key] = Statement(vertices, joins, weight, placements)
    return [found[key] for key in sorted(found, key=repr)]


def _joined(factors: Sequence[tuple[str, int]], noise: Noise) -> Iterator[list[Join]]:
    """The partitions of the factors into cumulants that do not vanish, their orders still the least ones."""
    for partition in set_partitions(len(factors)):
        joins = []
        for block in partition:
            names = {kind: tuple(v for k, v in (factors[i] for i in block) if k == kind) for kind in _FACTORS}
            outside = len(names["noise"]) + len(names["point"])
            mixed = names["leg"] and outside
            # noise has mean zero, and that of a batch knows nothing of the past
            if (mixed and noise == "batch") or (not names["leg"] and len(block) < 2):
                break
            # κ of s deviations begins at order s - 1; the mean deviation, s = 1, at order 1, as noise acts on it by
            # its square
            joins.append(Join(max(1, len(block) - 1), names["leg"], names["noise"], names["point"]))
        else:
            yield joins


_FACTORS = ("leg", "noise", "point")


def _with_orders(joins: Sequence[Join], order: int) -> Iterator[tuple[Join, ...]]:
    """The same joins, with the rest of the order given to the cumulants of the deviation."""
    spare = order - sum(join.order for join in joins)
    if spare < 0:
        return
    # a cumulant of the noise alone has one order, b - 1 of b factors exactly, and takes no more
    chosen = [range(spare + 1) if join.legs else range(1) for join in joins]
    for extra in product(*chosen):
        if sum(extra) == spare:
            pairs = zip(joins, extra, strict=True)
            yield tuple(sorted(Join(join.order + more, join.legs, join.noise, join.points) for join, more in pairs))


def _canonical(
    vertices: tuple[Vertex, ...], joins: tuple[Join, ...], legs: int, points: int
) -> tuple[object, tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]]:
    """The least relabelling, and one pair of permutations for each distinct one."""
    images: dict[object, tuple[tuple[int, ...], tuple[int, ...]]] = {}
    # few: a cumulant of m legs and q points is of order m + q - 1 at least, so that order 3 has four of them at most
    for moved in permutations(range(legs)):
        placed = [vertices[0]] * legs if legs else []
        for v, target in enumerate(moved):
            placed[target] = vertices[v]
        for renamed in permutations(range(points)):
            image = tuple(
                sorted(
                    Join(
                        join.order,
                        tuple(sorted(moved[v] for v in join.legs)),
                        tuple(sorted(moved[v] for v in join.noise)),
                        tuple(sorted(renamed[q] for q in join.points)),
                    )
                    for join in joins
                )
            )
            images.setdefault((tuple(placed), image), (moved, renamed))
    return min(images), tuple(images.values())  # type: ignore[type-var]


def _symmetries(joins: Sequence[Join]) -> int:
    """Permutations of old legs that change nothing while the vertices stay: within a join at one vertex, and of equal joins."""
    within = prod(factorial(join.legs.count(v)) for join in joins for v in set(join.legs))
    return within * prod(factorial(joins.count(join)) for join in set(joins))
