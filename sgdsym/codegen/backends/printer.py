r"""Statements as lines of Python, for libraries that share the calls of numpy.

A contraction becomes the call that reaches the library's matrix product with the fewest copies: ``@`` for vectors and
matrices, an inner product where nothing is left, ``tensordot`` where no sample axis is shared, ``matmul`` over the
sample axis where it is, a broadcast product where nothing is summed; ``einsum`` only for inner products per sample and
for more than one shared sample axis.
"""

from __future__ import annotations

from dataclasses import dataclass

from sgdsym.codegen.ir import (
    Combination,
    Combine,
    Contract,
    ContractPair,
    Deviations,
    Mean,
    Moments,
    Pairs,
    Part,
    Pass,
    Power,
    Program,
    Raise,
    Release,
    RootDerivative,
    Samples,
    Statement,
    Term,
    Trained,
    Watch,
    Weigh,
    Weights,
)

WIDTH = 120
INDENT = 4
_FEW = 6  # numbers of a coefficient that stand in one line with their product


@dataclass(frozen=True, slots=True)
class Printer:
    """How one library says what a statement says.

    Attributes:
        module: the name under which the library is imported.
        permute: the method that permutes axes.
        inner: the sum of the product of two arrays of one shape, as a format of both.
    """

    module: str
    permute: str = "transpose"
    inner: str = "{module}.vdot({left}, {right})"

    def statement_lines(self, program: Program) -> list[str]:
        """The statements of a program, with a comment that names each value."""
        return [line for statement in program.statements for line in self.lines(statement)]

    def lines(self, statement: Statement) -> list[str]:
        """The lines of one statement."""
        match statement:
            case Combine(target, parts, axes):
                return self.combination(target, parts, axes)
            case Release(names):
                return [f"del {', '.join(names)}"]
            case Pass() | Moments():
                raise TypeError(f"{type(statement).__name__} is for libraries that read in blocks")
        return self.assignment(statement.target, statement)

    def assignment(self, goal: str, statement: Statement, rows: str = ":", indent: int = INDENT) -> list[str]:
        """The lines that assign the value of a statement; a long product is reshaped in a line of its own."""
        code, note = f"{goal} = {self.code(statement, rows)}", getattr(statement, "note", "")
        if len(code) + indent <= WIDTH or not isinstance(statement, Contract):
            return commented(code, note, indent)
        call, rest = _first_call(self.contraction(statement))
        return [*commented(f"product = {call}", note, indent), f"{goal} = product{rest}"]

    def term_lines(self, program: Program) -> list[str]:
        """The sum over the products, one line each."""
        return [line for term in program.terms for line in self._term(term)]

    def code(self, statement: Statement, rows: str = ":") -> str:  # noqa: C901, PLR0911, PLR0912 - one return per kind
        """The right-hand side of one statement, for some rows of the weights."""
        match statement:
            case Weights():
                return "given.weights"
            case Mean(degree=degree):
                return f"given.means[{degree}]"
            case Samples(degree=degree):
                return f"given.samples[{degree}]"
            case RootDerivative(degree=degree):
                return f"given.roots[{degree}]"
            case Trained(mean=mean, degree=degree):
                return f"{mean} + given.decay[{degree}]"
            case Deviations(samples=samples, mean=mean):
                return f"{samples} - {mean}"
            case Weigh(source=source):
                return f"{self.weights_along(statement, rows)} * {source}"
            case Raise(source=source, axes=axes):
                return f"_raised({source}, metric, {', '.join(map(str, axes))})"
            case Pairs(source=source, squares=squares):
                return f"_squares({source})" if squares else f"_pairs({source})"
            case ContractPair(pairs=pairs, tensor=tensor):
                return f"_pair_product({pairs}, {tensor})"
            case Power(tensor=tensor, vectors=vectors, pairs=pairs, weights=weights):
                return f"_power({tensor}, {vectors}, {pairs}, {weights})"
            case Watch(source=source):
                return f"0.0 * {source}.sum()"
            case Contract():
                return self.contraction(statement)
        raise TypeError(f"{type(statement).__name__} is not one expression")

    def weights_along(self, s: Weigh, rows: str = ":") -> str:
        """The weights along the axes of a statement, for some rows."""
        places = [[rows if i == axis else "None" for i in range(sum(s.shape))] for axis in s.axes]
        return " * ".join(_indexed("weights", place) for place in places)

    def inner_product(self, left: str, right: str) -> str:
        """The sum of the product of two arrays of one shape."""
        return self.inner.format(module=self.module, left=left, right=right)

    def combination(self, target: str, parts: tuple[Part, ...], axes: str) -> list[str]:
        """The lines of a linear combination."""
        arrays = [self.transposed(part.name, part.axes, axes) for part in parts]
        terms = [_product(part.coefficient, array) for part, array in zip(parts, arrays, strict=True)]
        line = f"{target} = {' + '.join(terms)}"
        if len(line) + 2 * INDENT <= WIDTH:
            return [line]
        lines: list[str] = []
        for part, array in zip(parts, arrays, strict=True):
            before, term = _weighted(part.coefficient, array)
            lines += [*before, f"{target} = {f'{target} + ' if part is not parts[0] else ''}{term}"]
        return lines

    def _term(self, term: Term) -> list[str]:
        scalars = [name for name, rank in term.factors if not rank]
        arrays = [name for name, rank in term.factors if rank]
        product = arrays[0] if arrays else ""
        for name in arrays[1:]:
            product = self._tensordot(product, name, "", "", "")
        factors = " * ".join([*scalars, product] if product else scalars) or "1.0"
        before, value = _weighted(term.coefficient, factors)
        return [*before, *commented(f"series[{term.order}] += {value}", term.note)]

    def contraction(self, s: Contract) -> str:
        """A product of two arrays, summed over the axes that the target lacks."""
        product, axes = self.product(s)
        if axes == s.axes:
            return product
        return self.transposed(_bracketed(product), axes, s.axes)

    def product(self, s: Contract) -> tuple[str, str]:
        """A product of two arrays in the order of axes in which it is made, and that order."""
        left, right, axes = s.left_axes, s.right_axes, s.axes
        batch = [x for x in left if x in right and x.isupper()]
        legs = [x for x in left if x in right and x.islower()]
        left_free, right_free = (
            "".join(x for x in side if x not in other) for side, other in ((left, right), (right, left))
        )
        closed = [x for x in batch if x not in axes]
        # nothing is left: one pass over both arrays, without a copy if their axes agree
        if not axes and sorted(left) == sorted(right):
            return self._inner(s), ""
        # nothing is summed: broadcasting makes the product in place, if neither array has to be permuted for it
        if not legs and not closed:
            result = "".join(batch) + left_free + right_free
            if _is_ordered(left, result) and _is_ordered(right, result):
                return f"{self._aligned(s.left, left, result)} * {self._aligned(s.right, right, result)}", result
        # no sample axis is kept in both, so that one matrix product does it all.  Not where samples and legs are summed and one side has
        # nothing else: tensordot would copy the large side to bring its summed axes together, matrices per sample need no copy
        in_place = "".join([*closed, left_free, *legs]) == left
        if len(closed) == len(batch) and not (in_place and legs and closed and bool(left_free) != bool(right_free)):
            return self._summed(s, [*closed, *legs], left_free, right_free)
        # one shared sample axis in front of both: a matrix product for each sample
        if len(batch) == 1 and left[0] == right[0] == batch[0] and (left_free or right_free) and legs:
            return self._batched(s, "".join(legs), left_free, right_free)
        # inner products per sample, or two shared sample axes: einsum loops, but copies nothing
        return f'{self.module}.einsum("{left},{right}->{axes}", {s.left}, {s.right})', axes

    def _inner(self, s: Contract) -> str:
        if s.left_axes == s.right_axes and len(s.left_axes) == 1:
            return f"{s.left} @ {s.right}"
        return self.inner_product(s.left, self.transposed(s.right, s.right_axes, s.left_axes))

    def _summed(self, s: Contract, summed: list[str], left_free: str, right_free: str) -> tuple[str, str]:
        """A product without sample axes that both keep."""
        sides = [(s.left, s.left_axes, left_free), (s.right, s.right_axes, right_free)]
        # vectors and matrices: ``@`` takes a tenth of the time of a call of tensordot, and transposing is a view
        if len(summed) == 1 and max(len(s.left_axes), len(s.right_axes)) < 3:
            if s.axes == right_free + left_free:
                sides.reverse()
            (first, first_axes, first_free), (second, second_axes, second_free) = sides
            before = self.transposed(first, first_axes, first_free + summed[0])
            return (
                f"{before} @ {self.transposed(second, second_axes, summed[0] + second_free)}",
                first_free + second_free,
            )
        if _samples(right_free) > _samples(left_free) or (not right_free and s.left_axes.startswith("".join(summed))):
            sides.reverse()
        # a matrix at the first index of samples: as matmul over the samples it leaves all axes in place, which tensordot would move
        for (array, axes, _), (matrix, legs, free) in (sides, sides[::-1]):
            if len(legs) == 2 and len(free) == 1 and free.islower() and axes[0].isupper() and axes[1] == summed[0]:
                before = self.transposed(matrix, legs, free + summed[0])
                product = f"{self.module}.matmul({before}, {_reshaped(array, (axes[0], axes[1], axes[2:]))})"
                return _unfolded(product, axes[0] + free + axes[2:]), axes[0] + free + axes[2:]
        summed = sorted(summed, key=s.left_axes.index)
        (first, first_axes, first_free), (second, second_axes, second_free) = sides
        return self._tensordot(first, second, first_axes, second_axes, "".join(summed)), first_free + second_free

    def _tensordot(self, first: str, second: str, first_axes: str, second_axes: str, summed: str) -> str:
        call = f"{self.module}.tensordot({first}, {second}"
        places = [[axes.index(x) for x in summed] for axes in (first_axes, second_axes)]
        if places == [[len(first_axes) - len(summed) + i for i in range(len(summed))], list(range(len(summed)))]:
            return f"{call}, {len(summed)})"
        return f"{call}, ({places[0]}, {places[1]}))"

    def _batched(self, s: Contract, legs: str, left_free: str, right_free: str) -> tuple[str, str]:
        """A product of matrices for every sample; one side may lack free indices, the samples may be summed after."""
        n = s.left_axes[0]
        if s.left_axes == n + legs + left_free and n in s.axes and not right_free:  # a vector times the first indices
            left = _reshaped(s.left, (n, legs, left_free))
            right = _reshaped(self.transposed(s.right, s.right_axes, n + legs), (n, "", legs))
            product = f"{self.module}.matmul({right}, {left})"
            return f"{product}.reshape({', '.join(length(x) for x in n + left_free)})", n + left_free
        left = _reshaped(self.transposed(s.left, s.left_axes, n + left_free + legs), (n, left_free, legs))
        right = _reshaped(self.transposed(s.right, s.right_axes, n + legs + right_free), (n, legs, right_free))
        product, result = f"{self.module}.matmul({left}, {right})", n + left_free + right_free
        if n not in s.axes:
            product, result = f"{product}.sum(axis=0)", left_free + right_free
        if not len(left_free) == len(right_free) == 1:
            product = f"{product}.reshape({', '.join(length(x) for x in result)})"
        return product, result

    def transposed(self, array: str, axes: str, result: str) -> str:
        """The array with its axes in another order."""
        if axes == result:
            return array
        if len(axes) == 2:
            return f"{array}.T"
        return f"{array}.{self.permute}({', '.join(str(axes.index(x)) for x in result)})"

    def _aligned(self, array: str, axes: str, result: str) -> str:
        """The array with its axes in the order of ``result`` and length-one axes for the letters it lacks."""
        kept = "".join(x for x in result if x in axes)
        return _indexed(self.transposed(array, axes, kept), [":" if x in axes else "None" for x in result])


def _bracketed(code: str) -> str:
    """A product in brackets, and a call or what stands in brackets as it is."""
    depth = 0
    for letter in code:
        depth += (letter in "([") - (letter in ")]")
        if letter in "*@" and not depth:
            return f"({code})"
    return code


def _first_call(code: str) -> tuple[str, str]:
    """A call, and the methods called on what it returns."""
    depth = 0
    for place, letter in enumerate(code):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and not depth:
            return code[: place + 1], code[place + 1 :]
    return code, ""


def commented(code: str, note: str, indent: int = INDENT) -> list[str]:
    """A line with a comment behind it, or above it where there is no room."""
    if not note:
        return [code]
    if len(code) + len(note) + 4 + indent <= WIDTH:
        return [f"{code}  # {note}"]
    room = WIDTH - indent - 2
    return [f"# {note if len(note) <= room else note[: room - 4] + ' ...'}", code]


def _product(coefficient: Combination, factors: str) -> str:
    if not coefficient:
        return factors
    text = " ".join(_signed(coefficient))
    return f"({text}) * {factors}" if len(coefficient) > 1 else f"{text} * {factors}"


def _weighted(coefficient: Combination, factors: str) -> tuple[list[str], str]:
    """A product, and the lines before it that name its coefficient if that is a long sum."""
    if len(coefficient) <= _FEW:
        return [], _product(coefficient, factors)
    numbers = _signed(coefficient)
    terms = [" ".join(numbers[:1])] + [
        f"{sign} {number}" for sign, number in zip(numbers[1::2], numbers[2::2], strict=True)
    ]
    line = f"weight = {' '.join(terms)}"
    if len(line) + 2 * INDENT <= WIDTH:
        return [line], f"weight * {factors}"
    inner = [" ".join(terms)] if len(" ".join(terms)) + 3 * INDENT <= WIDTH else terms
    return ["weight = (", *(f"    {term}" for term in inner), ")"], f"weight * {factors}"


def _signed(coefficient: Combination) -> list[str]:
    """The numbers of a coefficient, each but the first behind its sign."""
    words: list[str] = []
    for factor, number in coefficient:
        text = f"c[{number}]" if abs(factor) == 1 else f"{abs(factor)} * c[{number}]"
        if words:
            words += ["-" if factor < 0 else "+", text]
        else:
            words.append(f"-{text}" if factor < 0 else text)
    return words


def _reshaped(array: str, groups: tuple[str, ...]) -> str:
    if all(len(group) == 1 for group in groups):
        return array
    return f"{array}.reshape({', '.join(length(group) for group in groups)})"


def _unfolded(array: str, axes: str) -> str:
    return array if len(axes) == 3 else f"{array}.reshape({', '.join(length(x) for x in axes)})"


def length(group: str) -> str:
    """The length of some axes as one: with a sample axis, whatever is left."""
    if not group:
        return "1"
    if any(x.isupper() for x in group):
        return "-1"
    return "p" if len(group) == 1 else f"p**{len(group)}"


def _samples(axes: str) -> int:
    return sum(x.isupper() for x in axes)


def _is_ordered(axes: str, result: str) -> bool:
    return [x for x in result if x in axes] == list(axes)


def _indexed(array: str, places: list[str]) -> str:
    while places and places[0] == "None":
        places = places[1:]
    if set(places) <= {":"}:
        return array
    return f"{array}[{', '.join(places)}]"
