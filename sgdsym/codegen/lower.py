r"""Stage 3: from networks and contraction orders to statements.

Every fragment is computed once, under one name, whatever diagrams it occurs in.  Three rules keep the arrays small:

* a deviation from the mean with two or more index legs is never formed where it can be avoided: by linearity the
  contraction is done with the raw samples, and the same contraction with the mean is subtracted from the small result;
  in a block of two it is enough that the other factor is centred, and nothing is subtracted;
* when a block is complete its data points are averaged at once, the weights multiplied into the smaller factor;
* each edge carries the inverse metric once, multiplied into the smaller factor;
* where two interchangeable indices at every data point meet a mean of four or more, index pairs are counted once, which
  takes a quarter of the multiplications.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase

from sgdsym.codegen.fragment import MEAN, ROOT, SAMPLE, Fragment, fragments_of
from sgdsym.codegen.ir import (
    Contract,
    ContractPair,
    Deviations,
    Mean,
    Program,
    Raise,
    RootDerivative,
    Samples,
    Statement,
    Subtract,
    Term,
    Weigh,
)
from sgdsym.codegen.order import Planner, array_size
from sgdsym.diagrams import Diagram, format_notation

_SAMPLE_LETTERS = "N" + ascii_uppercase.replace("N", "")
_INDEX_LETTERS = ascii_lowercase[8:] + ascii_lowercase[:8]


def lower(terms: Sequence[tuple[Diagram, int]], function_roots: bool) -> Program:
    """The statements that compute every network, and the sum over the networks.

    Args:
        terms: networks (blocks are means and central moments) with the number of their coefficient.
        function_roots: whether open roots carry the derivatives of the observed function.

    Raises:
        ValueError: if the values of the networks differ in their number of indices.
    """
    lowering = _Lowering()
    written = []
    for network, coefficient in terms:
        factors = []
        for fragment in fragments_of(network, function_roots):
            name, rank = lowering.value(fragment), len(fragment.legs)
            factors.append((lowering.variant(name, raised=tuple(range(rank))), rank))
        written.append(Term(network.order, coefficient, tuple(factors), _describe(network)))
    if len({term.rank for term in written}) > 1:
        raise ValueError("the diagrams differ in their number of open indices; expand each observable by itself")
    return Program(tuple(lowering.statements), tuple(written))


def _describe(network: Diagram) -> str:
    try:
        return format_notation(network)
    except ValueError:
        return repr(network)


@dataclass(slots=True)
class _Lowering:
    """The statements written so far, and the names of the arrays they make."""

    planner: Planner = field(default_factory=Planner)
    statements: list[Statement] = field(default_factory=list)
    names: dict[Fragment, str] = field(default_factory=dict)
    variants: dict[tuple[str, tuple[int, ...], tuple[int, ...]], str] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    count: int = 0

    def value(self, fragment: Fragment) -> str:
        """The name of the value of a fragment, written if it was not."""
        if fragment not in self.names:
            one = len(fragment.tensors) == 1
            self.names[fragment] = self._leaf(*fragment.tensors[0]) if one else self._join(fragment)
            self.planner.hold(fragment)
        return self.names[fragment]

    def variant(self, name: str, weighed: tuple[int, ...] = (), raised: tuple[int, ...] = (), rank: int = 0) -> str:
        """The array with weights along its sample axes ``weighed`` and the metric along its index axes ``raised``."""
        if not weighed and not raised:
            return name
        if (name, weighed, raised) not in self.variants:
            if raised:
                source = self.variant(name, weighed, rank=rank)
                target = source + "_up" + ("" if len(raised) == rank else "".join(map(str, raised)))
                self.statements.append(Raise(target, source, raised))
            else:
                target = name + "_w" + ("" if weighed == (0,) else "".join(map(str, weighed)))
                self.statements.append(Weigh(target, name, weighed, rank))
            self.variants[name, weighed, raised] = target
        return self.variants[name, weighed, raised]

    def _leaf(self, degree: int, kind: int) -> str:
        if kind == SAMPLE:
            samples, mean = self._samples(degree), self.value(Fragment(((degree, MEAN),)))
            self.statements.append(Deviations(f"deviation_{degree}", samples, mean))
            return f"deviation_{degree}"
        statement = RootDerivative(f"root_{degree}", degree) if kind == ROOT else Mean(f"mean_{degree}", degree)
        self.statements.append(statement)
        return statement.target

    def _samples(self, degree: int) -> str:
        name = f"samples_{degree}"
        if name not in self.loaded:
            self.loaded.add(name)
            self.statements.append(Samples(name, degree))
        return name

    def _join(self, whole: Fragment) -> str:
        """Contract a fragment from its two parts, the small one carrying the weights and the metric."""
        nodes, others = self.planner.split(whole)
        raw, rest = _raw_node(whole, nodes, others)
        letters = _Letters(whole, any(set(block) & set(nodes) and set(block) & set(others) for block in whole.averaged))
        small, small_labels = whole.part(others)
        small_axes = letters.of(small, small_labels)
        large, large_labels = whole.part(nodes)
        large_axes = letters.of(large, large_labels, last=small_axes)
        if others == [raw] or (nodes != [raw] and array_size(large_axes) < array_size(small_axes)):
            large, small, large_axes, small_axes = small, large, small_axes, large_axes
        large_name = self.value(large) if raw is None else self._samples(whole.tensors[raw][0])
        small_name = self.value(small)
        axes = letters.result()
        summed = [letter for letter in small_axes if letter in large_axes and letter not in axes]
        small_name = self.variant(
            small_name,
            weighed=tuple(small_axes.index(letter) for letter in summed if letter.isupper()),
            raised=tuple(sorted(small_axes.index(letter) for letter in summed if letter.islower())),
            rank=len(small_axes),
        )
        subtracted = self.value(rest) if rest is not None else ""
        product = self._fresh()
        if _is_pair_product(large, small, summed):
            degree = large.tensors[0][0]
            self.statements.append(ContractPair(product, small_name, large_name, degree - 2, str(whole)))
            return product
        note = str(whole) if rest is None else f"{whole}, not centred"
        self.statements.append(Contract(product, large_name, small_name, large_axes, small_axes, axes, note))
        if rest is None:
            return product
        assert raw is not None
        rest_axes = letters.of(rest, whole.part(range(len(whole.tensors)), mean=raw)[1])
        target = self._fresh()
        self.statements.append(Subtract(target, product, subtracted, rest_axes, axes, str(whole)))
        return target

    def _fresh(self) -> str:
        self.count += 1
        return f"t{self.count}"


def _raw_node(whole: Fragment, nodes: list[int], others: list[int]) -> tuple[int | None, Fragment | None]:
    """The part that is one large deviation and may be replaced by its raw samples, and what must then be subtracted."""
    alone = [part[0] for part in (nodes, others) if len(part) == 1]
    large = [v for v in alone if whole.tensors[v][1] == SAMPLE and whole.tensors[v][0] > 1]
    for v in sorted(large, key=lambda v: -whole.tensors[v][0]):
        if any(len(block) == 2 and v in block for block in whole.averaged):
            return v, None
        rest = whole.part(range(len(whole.tensors)), mean=v)[0]
        if rest.is_connected:
            return v, rest
    return None, None


def _is_pair_product(large: Fragment, small: Fragment, summed: list[str]) -> bool:
    """Whether a symmetric pair of indices at every data point meets a mean of four or more: then pairs suffice."""
    (degree, kind), *more = large.tensors
    is_mean = not more and kind == MEAN and degree > 3
    takes_indices = len(summed) == 2 and all(letter.islower() for letter in summed)
    return is_mean and takes_indices and len(small.open) == 1 and small.is_symmetric_pair


class _Letters:
    """Names for the axes of two parts of a fragment: equal letters on axes that belong together."""

    def __init__(self, whole: Fragment, closes: bool) -> None:
        self._whole = whole
        self._closes = closes
        blocks = (*whole.open, *whole.averaged)
        self._block: Mapping[int, str] = {v: _SAMPLE_LETTERS[i] for i, block in enumerate(blocks) for v in block}
        self._open: list[list[str]] = [[] for _ in whole.tensors]
        self._edge: list[dict[int, str]] = [{} for _ in whole.tensors]
        supply = iter(_INDEX_LETTERS)
        for v in whole.legs:
            self._open[v].append(next(supply))
        for a, b in whole.edges:
            self._edge[a][b] = self._edge[b][a] = next(supply)

    def of(self, part: Fragment, labels: Sequence[int], last: str = "") -> str:
        """The axes of a part, whose node ``i`` is node ``labels[i]`` of the whole.

        The order of the legs of one node is free: joined legs go where what is summed becomes contiguous, next to the
        sample axis if that is summed too and behind the open legs if not, in the order they have in ``last``.
        """
        inside = set(labels)
        axes = [self._block[labels[block[0]]] for block in part.open]
        for v in labels:
            joined = [letter for w, letter in self._edge[v].items() if w not in inside]
            joined.sort(key=lambda letter: (last.find(letter), letter))
            axes += joined + self._open[v] if self._closes else self._open[v] + joined
        return "".join(axes)

    def result(self) -> str:
        """The axes of the whole."""
        return self.of(self._whole, range(len(self._whole.tensors)))
