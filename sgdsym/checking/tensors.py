r"""Products of derivative tensors with some of their legs still open, as parts of a formula stand for them.

A tensor is a node, its indices are legs; contracting two legs draws an edge.  So whatever the notation, a formula with no leg left
is a sum of diagrams.  Knows legs, edges and data points.  Refuses to know how a formula is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import factorial
from typing import TypeAlias

from sgdsym.checking.errors import FormulaError
from sgdsym.diagrams import MAX_ORDER, Diagram, set_partitions
from sgdsym.series.extent import Expression, Number, Power, Product, Sum

# a diagram of order d has d edges, so that a forest of one or two roots has d + 2 nodes at most: twice the highest
# order is ample
MOST_NODES, MOST_TERMS, MOST_FACTORS = 2 * MAX_ORDER, 3000, 300
ONE = Number(1)
Letters: TypeAlias = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One product of tensors.

    Attributes:
        nodes: the number of tensors.
        edges: pairs of nodes that a contracted index joins.
        blocks: nodes of one data point that stand in a common cumulant.
        loose: nodes of a data point that no bracket averages yet.
        functions: nodes that carry derivatives of the observed function.
        legs: the node of each open index, in order.
        letters: the node of each open index that has a letter.
        rate: the power of the learning rate.
    """

    nodes: int = 0
    edges: tuple[tuple[int, int], ...] = ()
    blocks: tuple[tuple[int, ...], ...] = ()
    loose: tuple[int, ...] = ()
    functions: tuple[int, ...] = ()
    legs: tuple[int, ...] = ()
    letters: Letters = ()
    rate: int = 0

    @property
    def is_scalar(self) -> bool:
        """Whether it is a number without any tensor, and without the learning rate."""
        return not (self.nodes or self.rate)

    def beside(self, other: Tensor) -> Tensor:
        """Both side by side; letters that both have are contracted."""
        n = self.nodes
        if n + other.nodes > MOST_NODES:
            raise FormulaError(f"a term has more than {MOST_NODES} tensors; no order that can be derived has as many")
        right: Letters = tuple((letter, v + n) for letter, v in other.letters)
        mine, theirs = dict(self.letters), dict(right)
        # the sum convention: an index on both sides is summed over
        shared = [letter for letter in mine if letter in theirs]
        return Tensor(
            n + other.nodes,
            (
                *self.edges,
                *((a + n, b + n) for a, b in other.edges),
                *((mine[letter], theirs[letter]) for letter in shared),
            ),
            (*self.blocks, *(tuple(v + n for v in block) for block in other.blocks)),
            (*self.loose, *(v + n for v in other.loose)),
            (*self.functions, *(v + n for v in other.functions)),
            (*self.legs, *(v + n for v in other.legs)),
            tuple(pair for pair in (*self.letters, *right) if pair[0] not in shared),
            self.rate + other.rate,
        )

    def joined(self, pairs: Sequence[tuple[int, int]]) -> Tensor:
        """The tensor with pairs of its legs, by place, contracted."""
        gone = {place for pair in pairs for place in pair}
        edges = (*self.edges, *((self.legs[a], self.legs[b]) for a, b in pairs))
        return replace(self, edges=edges, legs=tuple(v for i, v in enumerate(self.legs) if i not in gone))

    def named(self, letters: str) -> Tensor:
        """The tensor with a letter for each leg; a letter that stands twice is contracted."""
        found, edges = dict(self.letters), list(self.edges)
        for letter, v in zip(letters, self.legs, strict=True):
            if letter in found:
                edges.append((found.pop(letter), v))
            else:
                found[letter] = v
        return replace(self, legs=(), letters=tuple(found.items()), edges=tuple(edges))

    def differentiated(self) -> list[Tensor]:
        """The gradient, by the product rule: every node gets one leg more, the first of all."""
        # sums over data and derivatives commute, and so the rule goes through cumulants as through products
        return [replace(self, legs=(v, *self.legs)) for v in range(self.nodes)]

    def averaged(self, moment: bool) -> list[Tensor]:
        """The loose nodes as one joint cumulant, or as the sum of products of cumulants that a joint moment is."""
        # a joint moment is the sum over all set partitions of products of joint cumulants [Speed1983]
        partitions = set_partitions(len(self.loose)) if moment else [(tuple(range(len(self.loose))),)]
        return [
            replace(
                self,
                loose=(),
                blocks=(*self.blocks, *(tuple(self.loose[i] for i in part) for part in parts if len(part) > 1)),
            )
            for parts in partitions
        ]

    def diagram(self, *, plain: bool) -> Diagram:
        """The diagram; legs that are still open become open roots.

        Args:
            plain: whether what stands for a function is the plain loss, a mean like others, beside nodes that carry weight decay.

        Raises:
            ValueError: if the contraction is no forest.
        """
        open_legs = (*self.legs, *(v for _, v in self.letters))
        roots = range(self.nodes, self.nodes + len(open_legs))
        edges = [*self.edges, *zip(open_legs, roots, strict=True)]
        blocks = [*self.blocks, *((v,) for v in self.functions if plain)]
        return Diagram(self.nodes + len(open_legs), edges, blocks, [*self.functions, *roots])


@dataclass(frozen=True, slots=True)
class Value:
    """A sum of products of tensors, each with a coefficient that is still a syntax tree.

    Attributes:
        terms: the products and their coefficients.
        row: whether it is a vector that was transposed.
        symmetric: whether it is one symmetric tensor, which takes arguments in square brackets.
    """

    terms: tuple[tuple[Tensor, Expression], ...]
    row: bool = False
    symmetric: bool = False

    @classmethod
    def scalar(cls, tree: Expression) -> Value:
        """A number or a size."""
        return cls(((Tensor(), tree),))

    @property
    def tree(self) -> Expression | None:
        """The number that it is, where it holds neither tensors nor the learning rate."""
        if len(self.terms) != 1 or not self.terms[0][0].is_scalar:
            return None
        return self.terms[0][1]

    @property
    def rank(self) -> int:
        """The number of open legs without letters."""
        return len(self.terms[0][0].legs)

    @property
    def letters(self) -> str:
        """The letters of its open indices, sorted."""
        return "".join(sorted(letter for letter, _ in self.terms[0][0].letters))

    def plus(self, parts: Iterable[tuple[bool, Value]]) -> Value:
        """The sum with further parts, each with whether it is subtracted."""
        summands = [(False, self), *parts]
        # zero has no indices, and may be added to a tensor of any rank
        summands = [(negative, part) for negative, part in summands if part.tree != Number(0)] or summands[:1]
        if len({(part.rank, part.letters) for _, part in summands}) > 1:
            raise FormulaError("the summands have different open indices")
        found: dict[Tensor, list[tuple[bool, Expression]]] = {}
        for negative, part in summands:
            for tensor, tree in part.terms:
                found.setdefault(tensor, []).append((negative, tree))
        return Value(_limited((tensor, _sum(trees)) for tensor, trees in found.items()))

    def negated(self) -> Value:
        """The value with the other sign."""
        return replace(self, terms=tuple((tensor, Sum(((True, tree),))) for tensor, tree in self.terms))

    def times(self, other: Value) -> Value:
        """The product, with neither legs nor brackets between them."""
        row = self.row or other.row
        symmetric = (self.tree is not None and other.symmetric) or (other.tree is not None and self.symmetric)
        pairs = ((a.beside(b), product(s, t)) for a, s in self.terms for b, t in other.terms)
        return Value(_limited(pairs, len(self.terms) * len(other.terms)), row, symmetric)

    def over(self, other: Value) -> Value:
        """The quotient by a number or a size."""
        below = other.tree
        if below is None:
            raise FormulaError("only a number or a size of the run may be divided by")
        return replace(self, terms=tuple((tensor, product(tree, below, divide=True)) for tensor, tree in self.terms))

    def joined(self, pairs: Sequence[tuple[int, int]], row: bool = False) -> Value:
        """The value with pairs of its legs, by place, contracted."""
        return Value(tuple((tensor.joined(pairs), tree) for tensor, tree in self.terms), row)

    def beside(self, other: Value) -> Value:
        """The product of two factors side by side: matrices and vectors multiply, anything else stays apart.

        Raises:
            FormulaError: where that can be read in two ways.
        """
        m, n = self.rank, other.rank
        both = self.times(other)
        if not (m and n):
            return both
        if m > 2 or n > 2:
            raise FormulaError(
                "a tensor of three or more indices takes its arguments in square brackets, as in J[C, G]"
            )
        if m == n == 1 and self.row == other.row:
            raise FormulaError("two vectors stand side by side; write the inner product G·G or the matrix g gᵀ")
        if m == n == 1 and other.row:
            return replace(both, row=False)
        if n == 1 and other.row:
            raise FormulaError("a matrix stands before a transposed vector; put the vector first")
        # a vector before a matrix is read as transposed
        return both.joined([(m - 1, m)], row=m == 1 and n == 2)

    def inner(self, other: Value) -> Value:
        """The inner product G·G, a product of numbers, or a matrix times what follows."""
        both = self.times(other)
        return both.joined([(self.rank - 1, self.rank)]) if self.rank and other.rank else replace(both, symmetric=False)

    def contracted(self, other: Value) -> Value:
        """C:H, all indices of the shorter factor contracted with the last of the longer."""
        less = min(self.rank, other.rank)
        if not less:
            raise FormulaError("a colon contracts all indices of two tensors, as in C:H")
        # in the product the legs of the left factor come first, so that those of the right begin at its rank
        pairs = [(self.rank - less + i, self.rank + i) for i in range(less)]
        return self.times(other).joined(pairs)

    def applied(self, arguments: Sequence[Value]) -> Value:
        """A symmetric tensor with its indices contracted with those of its arguments."""
        found = replace(self, symmetric=False)
        for argument in arguments:
            n, m = argument.rank, found.rank
            if not 0 < n <= m:
                raise FormulaError(f"an argument has {n} indices where {m} are left to contract")
            found = found.times(argument).joined([(m - n + i, m + i) for i in range(n)])
        return found

    def trace(self) -> Value:
        """The trace of a matrix."""
        if self.rank != 2:
            raise FormulaError("a trace needs a matrix")
        return self.joined([(0, 1)])

    def transposed(self) -> Value:
        """A matrix with its indices exchanged, a vector as a row."""
        if self.rank not in (1, 2):
            raise FormulaError("only vectors and matrices are transposed")
        terms = tuple((replace(tensor, legs=tensor.legs[::-1]), tree) for tensor, tree in self.terms)
        return Value(terms, row=self.rank == 1 and not self.row, symmetric=self.symmetric)

    def named(self, letters: str) -> Value:
        """The value with a letter for each index."""
        if self.rank != len(letters):
            raise FormulaError(f"{len(letters)} indices stand at a tensor that has {self.rank}")
        return Value(tuple((tensor.named(letters), tree) for tensor, tree in self.terms))

    def gradient(self) -> Value:
        """The gradient, its index the first."""
        terms = [(found, tree) for tensor, tree in self.terms for found in tensor.differentiated()]
        if not terms:
            raise FormulaError("there is nothing whose gradient could be taken")
        return Value(_limited(terms), symmetric=self.symmetric)

    def averaged(self, moment: bool) -> Value:
        """The joint moment or cumulant of the tensors of one data point inside.

        Raises:
            FormulaError: if there is none in some term.
        """
        if not all(tensor.loose for tensor, _ in self.terms):
            raise FormulaError(
                "an average holds nothing of a data point; inside stand g, h, j, or l_x and its derivatives"
            )
        terms = ((found, tree) for tensor, tree in self.terms for found in tensor.averaged(moment))
        return Value(_limited(terms), self.row, self.symmetric)

    def power(self, exponent: Value) -> Value:
        """A power of a number, of a scalar or of a matrix."""
        base, raised = self.tree, exponent.tree
        if raised is None:
            raise FormulaError("an exponent holds numbers and sizes of the run only")
        if base is not None:
            return Value.scalar(Power(base, raised))
        if not isinstance(raised, Number) or raised.value > MOST_NODES or self.rank not in (0, 2) or self.letters:
            raise FormulaError(
                "a tensor is raised to a small whole number if it is a matrix or a scalar; |G|^2 is written with bars"
            )
        found = Value.scalar(ONE)
        for _ in range(raised.value):
            found = found.beside(self)
        return found

    def without_functions(self) -> Value:
        """The value with mean tensors in place of functions."""
        return replace(self, terms=tuple((replace(tensor, functions=()), tree) for tensor, tree in self.terms))

    def outer_power(self, count: int) -> Value:
        """The outer power of a vector, a symmetric tensor."""
        if self.rank != 1 or not count:
            raise FormulaError("an outer power is that of a vector, as in g⊗³")
        found = self
        for _ in range(count - 1):
            found = found.times(self)
        return replace(found, row=False, symmetric=True)

    def falling(self, count: int) -> Value:
        """T(T - 1)…, ``count`` factors."""
        tree = self.tree
        if tree is None:
            raise FormulaError("only a number or a size has a falling factorial or a binomial")
        factors = [(False, Sum(((False, tree), (True, Number(k)))) if k else tree) for k in range(count)]
        return Value.scalar(Product(tuple(factors)) if factors else ONE)

    def binomial(self, count: int) -> Value:
        r"""The polynomial :math:`\binom T{count}`."""
        return self.falling(count).over(Value.scalar(Number(factorial(count))))


def product(first: Expression, second: Expression, *, divide: bool = False) -> Expression:
    """A product or quotient of trees, flat."""
    if first == ONE and not divide:
        return second
    if second == ONE:
        return first
    left = first.factors if isinstance(first, Product) else ((False, first),)
    right = second.factors if isinstance(second, Product) else ((False, second),)
    # nested products would be as deep as a formula is long, and they are read recursively
    if len(left) + len(right) > MOST_FACTORS:
        raise FormulaError(f"a coefficient has more than {MOST_FACTORS} factors")
    return Product((*left, *((below != divide, factor) for below, factor in right)))


def _sum(trees: Sequence[tuple[bool, Expression]]) -> Expression:
    return trees[0][1] if len(trees) == 1 and not trees[0][0] else Sum(tuple(trees))


def _limited(terms: Iterable[tuple[Tensor, Expression]], count: int = 0) -> tuple[tuple[Tensor, Expression], ...]:
    # the number of pairs is known beforehand: 3000 times 3000 products are refused without forming them
    found = () if count > MOST_TERMS else tuple(terms)
    if count > MOST_TERMS or len(found) > MOST_TERMS:
        raise FormulaError(f"the formula has more than {MOST_TERMS} terms once multiplied out")
    return found
