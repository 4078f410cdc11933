r"""From products of fragments and contraction paths to statements.

Every fragment is computed once, under one name, whatever diagrams it occurs in.  These rules keep the arrays small:

* samples of a tensor are read as they are (:mod:`~sgdsym.codegen.centring`), deviations are formed of the others, or of what
  the samples and the mean make, if both are made anyway;
* when a block is complete its data points are averaged at once, the weights multiplied into the smaller factor;
* each edge carries the inverse metric once, multiplied into the smaller factor;
* where two interchangeable indices at every data point meet a mean of four or more, both are read in packed symmetric storage,
  each pair of indices once, which takes a quarter of the multiplications; the square of a gradient's deviation is such a pair for
  every symmetric tensor;
* where one deviation fills all indices of a tensor, sorted tuples of indices are counted once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from typing import TypeAlias

from sgdsym.codegen.centring import uncentred, with_samples_and_mean
from sgdsym.codegen.ir import (
    Combination,
    Contract,
    ContractPair,
    Deviations,
    Mean,
    Pairs,
    Power,
    Program,
    Raise,
    RootDerivative,
    Samples,
    Shape,
    Statement,
    Term,
    Trained,
    Weigh,
    Weights,
    shape_of,
)
from sgdsym.codegen.planning.fragment import (
    DEVIATION,
    MEAN,
    ROOT,
    SAMPLE,
    TRAINED,
    Fragment,
    connected_fragments,
    whole_fragment,
)
from sgdsym.codegen.planning.planner import Recipe, is_power, is_square, is_symmetric
from sgdsym.diagrams import Diagram

_SAMPLE_LETTERS = "N" + ascii_uppercase.replace("N", "")
_INDEX_LETTERS = ascii_lowercase[8:] + ascii_lowercase[:8]

Product: TypeAlias = tuple[Fragment, ...]
Axes: TypeAlias = tuple[int, ...]


def products(
    terms: Sequence[tuple[Diagram, int]], function_roots: bool, decays: bool = False
) -> dict[tuple[int, Product], Combination]:
    """The series as a sum of products of fragments; an average that holds a Hessian or more has one factor not centred.

    Args:
        terms: networks (blocks are means and central moments) with the number of their coefficient.
        function_roots: whether open roots carry the derivatives of the observed function.
        decays: whether all nodes but the roots carry weight decay.

    Returns:
        For each order and product pairs: a factor, and the number of the coefficient that it multiplies.
    """
    found: dict[tuple[int, Product], dict[int, int]] = {}
    for network, number in terms:
        for whole, weight in uncentred(whole_fragment(network, function_roots, decays)):
            numbers = found.setdefault((network.order, tuple(connected_fragments(whole))), {})
            numbers[number] = numbers.get(number, 0) + weight
    summed = {key: tuple((k, i) for i, k in numbers.items() if k) for key, numbers in found.items()}
    return {key: combination for key, combination in summed.items() if combination}


def lower(sums: Mapping[tuple[int, Product], Combination], recipe: Recipe) -> Program:
    """The statements that compute every product, and the sum over the products.

    Raises:
        ValueError: if the products differ in their number of indices.
    """
    lowering = _Lowering(recipe, recipe.made())
    terms = []
    for (order, product), combination in sums.items():
        factors = []
        for fragment in product:
            name, rank = lowering.value(fragment), len(fragment.legs)
            factors.append((lowering.variant(name, (0, rank), raised=tuple(range(rank)), listed=True), rank))
        terms.append(Term(order, combination, tuple(factors), " ".join(str(fragment) for fragment in product)))
    if len({term.rank for term in terms}) > 1:
        raise ValueError("the diagrams differ in their number of open indices; expand each observable by itself")
    return Program(tuple(lowering.finished()), tuple(terms))


@dataclass(slots=True)
class _Lowering:
    """The statements written so far, and the names of the arrays they make."""

    recipe: Recipe
    planned: AbstractSet[Fragment]
    statements: list[Statement] = field(default_factory=list)
    names: dict[Fragment, str] = field(default_factory=dict)
    variants: dict[tuple[str, Axes, Axes], str] = field(default_factory=dict)
    loaded: dict[str, Statement] = field(default_factory=dict)
    pairs: set[str] = field(default_factory=set)
    count: int = 0

    def value(self, fragment: Fragment) -> str:
        """The name of the value of a fragment, written if it was not."""
        if fragment not in self.names:
            one = len(fragment.tensors) == 1
            self.names[fragment] = self._leaf(*fragment.tensors[0]) if one else self._made(fragment)
        return self.names[fragment]

    def variant(self, name: str, shape: Shape, weighed: Axes = (), raised: Axes = (), *, listed: bool = False) -> str:
        """The array with weights along its sample axes ``weighed`` and the metric along its index axes ``raised``.

        A new name lists the raised axes, unless they are all that there are and it need not.
        """
        if not weighed and not raised:
            return name
        if (name, weighed, raised) not in self.variants:
            if raised:
                source = self.variant(name, shape, weighed)
                every = len(raised) == sum(shape) and not listed
                target = source + "_up" + ("" if every else "".join(map(str, raised)))
                self.statements.append(Raise(target, source, raised, shape))
            else:
                self._weights()
                target = name + "_w" + ("" if weighed == (0,) else "".join(map(str, weighed)))
                self.statements.append(Weigh(target, name, weighed, shape))
            self.variants[name, weighed, raised] = target
        return self.variants[name, weighed, raised]

    def finished(self) -> list[Statement]:
        """All statements: what is read first, then means of what is sampled, then the rest."""
        sampled = {s.degree: s for s in self.loaded.values() if isinstance(s, Samples)}
        made: list[Statement] = []
        for statement in self.statements:
            # the mean of what is sampled is made here, with the pass over the samples, and not asked of the caller
            if isinstance(statement, Mean) and statement.degree in sampled:
                indices = _INDEX_LETTERS[: statement.degree]
                source = sampled[statement.degree].target
                made.append(Contract(statement.target, self._weights(), source, "N", f"N{indices}", indices))
            else:
                made.append(statement)
        return [*self.loaded.values(), *made]

    def _load(self, statement: Weights | Samples) -> str:
        self.loaded.setdefault(statement.target, statement)
        return statement.target

    def _weights(self) -> str:
        return self._load(Weights("weights"))

    def _leaf(self, degree: int, kind: int) -> str:
        if kind == SAMPLE:
            return self._load(Samples(f"samples_{degree}", degree))
        statement: Statement
        if kind == DEVIATION:
            samples, mean = self.value(Fragment(((degree, SAMPLE),))), self.value(Fragment(((degree, MEAN),)))
            statement = Deviations(f"deviation_{degree}", samples, mean, (1, degree))
        elif kind == TRAINED:
            statement = Trained(f"trained_{degree}", self.value(Fragment(((degree, MEAN),))), degree)
        else:
            statement = RootDerivative(f"root_{degree}", degree) if kind == ROOT else Mean(f"mean_{degree}", degree)
        self.statements.append(statement)
        return statement.target

    def _made(self, whole: Fragment) -> str:
        # a difference of two arrays that are made anyway is cheaper than a product with deviations
        both = with_samples_and_mean(whole)
        if both and self.planned >= set(both):
            samples, mean = (self.value(part) for part in both)
            target = self._fresh()
            self.statements.append(Deviations(target, samples, mean, (len(whole.open), len(whole.legs)), str(whole)))
            return target
        split = self.recipe.split(whole)
        return self._average(whole, split) if isinstance(split, int) else self._join(whole, *split)

    def _average(self, whole: Fragment, block: int) -> str:
        """A fragment whose average over one block, given by its place in ``averaged``, is taken last: the mean over that sample axis."""
        opened, labels = whole.opened(block)
        # it is one part alone, so that no legs are joined and where they stand does not matter
        letters = _Letters(whole, False)
        source, axes, result = self.value(opened), letters.of(opened, labels), letters.result()
        # the one sample axis that the result has no more
        averaged = next(letter for letter in axes if letter.isupper() and letter not in result)
        target = self._fresh()
        self.statements.append(Contract(target, self._weights(), source, averaged, axes, result, str(whole)))
        return target

    def _join(self, whole: Fragment, nodes: list[int], others: list[int]) -> str:
        """Contract a fragment from its two parts, the small one carrying the weights and the metric."""
        small, small_labels = whole.part(others)
        large, large_labels = whole.part(nodes)
        letters = _Letters(whole, _first_indices_are_summed(whole, large, small))
        small_axes = letters.of(small, small_labels)
        large_axes = letters.of(large, large_labels, last=small_axes)
        size = self.recipe.array_size
        # weights and metric are multiplied into the second part: the smaller one, but never samples, which are only read
        if _is_samples(small) or (not _is_samples(large) and size(large_axes) < size(small_axes)):
            large, small, large_axes, small_axes = small, large, small_axes, large_axes
        # packed storage, where one part is a power of a deviation, before its array would be made
        for power, tensor in ((small, large), (large, small)):
            if not whole.legs and is_power(power, tensor):
                return self._power(whole, power, self.value(tensor))
            if is_square(power, tensor, whole):
                return self._pair_product(whole, self._squares(), self.value(tensor))
        large_name, small_name = self.value(large), self.value(small)
        axes = letters.result()
        summed = [letter for letter in small_axes if letter in large_axes and letter not in axes]
        small_name = self.variant(
            small_name,
            shape_of(small_axes),
            weighed=tuple(small_axes.index(letter) for letter in summed if letter.isupper()),
            raised=tuple(sorted(small_axes.index(letter) for letter in summed if letter.islower())),
        )
        if _is_pair_product(large, small, summed):
            return self._pair_product(whole, self._pairs(small_name, squares=False), large_name)
        product = self._fresh()
        self.statements.append(Contract(product, large_name, small_name, large_axes, small_axes, axes, str(whole)))
        return product

    def _pair_product(self, whole: Fragment, pairs: str, tensor: str) -> str:
        target = self._fresh()
        self.statements.append(ContractPair(target, pairs, tensor, len(whole.legs), str(whole)))
        return target

    def _power(self, whole: Fragment, power: Fragment, tensor: str) -> str:
        vectors, squares, weights = self._slopes(), self._squares(), self._weights()
        target = self._fresh()
        self.statements.append(Power(target, tensor, vectors, squares, weights, len(power.tensors), str(whole)))
        return target

    def _squares(self) -> str:
        return self._pairs(self._slopes(), squares=True)

    def _slopes(self) -> str:
        """The deviations of the gradient, with the metric."""
        return self.variant(self.value(Fragment(((1, DEVIATION),), open=((0,),))), (1, 1), raised=(1,))

    def _pairs(self, source: str, *, squares: bool) -> str:
        """The sorted pairs of entries of matrices, or of the squares of vectors."""
        target = source + "_pairs"
        if target not in self.pairs:
            self.pairs.add(target)
            self.statements.append(Pairs(target, source, squares))
        return target

    def _fresh(self) -> str:
        self.count += 1
        return f"t{self.count}"


def _first_indices_are_summed(whole: Fragment, large: Fragment, small: Fragment) -> bool:
    """Whether joined legs stand in front, right behind the sample axis.

    They do if that is summed too, if a vector or a matrix meets large samples, and without samples if there are several
    or a vector meets a symmetric tensor: long rows are added up faster than short ones are multiplied.
    """
    if len(whole.averaged) > len(large.averaged) + len(small.averaged):
        return True
    if len(large.legs) < len(small.legs):
        large, small = small, large
    if large.open and small.open:
        return len(small.legs) == 1 and len(large.legs) > 2
    if large.open or small.open:
        samples, matrix = (large, small) if large.open else (small, large)
        return len(set(samples.legs)) == 1 < len(samples.legs) == len(whole.legs) and len(matrix.legs) == 2
    free = len(large.legs) - len(small.legs)
    return len(whole.legs) < free + 2 * len(small.legs) - 2 or (is_symmetric(large) and len(whole.legs) == free > 0)


def _is_samples(fragment: Fragment) -> bool:
    return len(fragment.tensors) == 1 and fragment.tensors[0][1] == SAMPLE


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
