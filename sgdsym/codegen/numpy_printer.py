r"""Stage 5: statements as lines of numpy.

A contraction becomes the call that reaches BLAS with the fewest copies: ``tensordot`` where no sample axis is shared,
``matmul`` over the sample axis where it is, a broadcast product where nothing is summed; ``einsum`` only for inner
products per sample and for more than one shared sample axis.
"""

from __future__ import annotations

from sgdsym.codegen.ir import (
    Contract,
    ContractPair,
    Deviations,
    Mean,
    Program,
    Raise,
    Release,
    RootDerivative,
    Samples,
    Statement,
    Subtract,
    Term,
    Weigh,
)

WIDTH = 120
_INDENT = 4


def statement_lines(program: Program) -> list[str]:
    """The statements of a program, each one line with a comment that names its value where there is room."""
    lines: list[str] = []
    for statement in program.statements:
        code = _code(statement)
        note = getattr(statement, "note", "")
        if note and len(code) + len(note) + 4 + _INDENT <= WIDTH:
            lines.append(f"{code}  # {note}")
        else:
            lines += [f"# {note}", code] if note else [code]
    return lines


def term_lines(program: Program) -> list[str]:
    """The sum over the networks, one line each."""
    lines = []
    for term in program.terms:
        code = f"series[{term.order}] += c[{term.coefficient}] * {_outer(term)}"
        lines.append(f"{code}  # {term.note}")
    return lines


def _outer(term: Term) -> str:
    scalars = [name for name, rank in term.factors if not rank]
    arrays = [name for name, rank in term.factors if rank]
    product = arrays[0] if arrays else ""
    for name in arrays[1:]:
        product = f"np.multiply.outer({product}, {name})"
    return " * ".join([*scalars, product] if product else scalars) or "1.0"


def _code(statement: Statement) -> str:  # noqa: C901, PLR0911 - one return per kind of statement
    match statement:
        case Mean(target, degree):
            return f"{target} = given.means[{degree}]"
        case Samples(target, degree):
            return f"{target} = given.samples[{degree}]"
        case RootDerivative(target, degree):
            return f"{target} = roots[{degree}]"
        case Deviations(target, samples, mean):
            return f"{target} = {samples} - {mean}"
        case Weigh(target, source, axes, rank):
            factors = [_indexed("given.weights", [":" if i == axis else "None" for i in range(rank)]) for axis in axes]
            return f"{target} = {' * '.join(factors)} * {source}"
        case Raise(target, source, axes):
            return f"{target} = _raised({source}, metric, {', '.join(map(str, axes))})"
        case Subtract(target, left, right, right_axes, axes):
            return f"{target} = {left} - {_aligned(right, right_axes, axes)}"
        case ContractPair(target, left, right):
            return f"{target} = _pair_product({left}, {right})"
        case Contract():
            return f"{statement.target} = {_contraction(statement)}"
        case Release(names):
            return f"del {', '.join(names)}"


def _contraction(s: Contract) -> str:
    left, right, axes = s.left_axes, s.right_axes, s.axes
    batch = [x for x in left if x in right and x.isupper()]
    legs = [x for x in left if x in right and x.islower()]
    left_free, right_free = (
        "".join(x for x in side if x not in other) for side, other in ((left, right), (right, left))
    )
    closed = [x for x in batch if x not in axes]
    if not legs and not closed:
        result = "".join(batch) + left_free + right_free
        if _is_ordered(left, result) and _is_ordered(right, result):
            product = f"{_aligned(s.left, left, result)} * {_aligned(s.right, right, result)}"
            return product if result == axes else _transposed(f"({product})", result, axes)
    in_place = "".join([*closed, left_free, *legs]) == left  # then matrices per sample need no copy, tensordot does
    if len(closed) == len(batch) and not (in_place and legs and closed and bool(left_free) != bool(right_free)):
        swap = _samples(right_free) > _samples(left_free)
        result = right_free + left_free if swap else left_free + right_free
        return _transposed(_tensordot(s, [*closed, *legs], swap), result, axes)
    if len(batch) == 1 and left[0] == right[0] == batch[0] and (left_free or right_free) and legs:
        return _batched(s, "".join(legs), left_free, right_free)
    return f'np.einsum("{left},{right}->{axes}", {s.left}, {s.right})'


def _tensordot(s: Contract, summed: list[str], swap: bool) -> str:
    left, right = (s.left, s.left_axes), (s.right, s.right_axes)
    (first, first_axes), (second, second_axes) = (right, left) if swap else (left, right)
    if not summed:
        return f"np.multiply.outer({first}, {second})"
    summed = sorted(summed, key=s.left_axes.index)
    places = [[axes.index(x) for x in summed] for axes in (first_axes, second_axes)]
    if places == [[len(first_axes) - len(summed) + i for i in range(len(summed))], list(range(len(summed)))]:
        return f"np.tensordot({first}, {second}, {len(summed)})"
    return f"np.tensordot({first}, {second}, ({places[0]}, {places[1]}))"


def _batched(s: Contract, legs: str, left_free: str, right_free: str) -> str:
    """A product of matrices for every sample; one side may lack free indices, the samples may be summed after."""
    n = s.left_axes[0]
    left = _reshaped(_transposed(s.left, s.left_axes, n + left_free + legs), (n, left_free, legs))
    right = _reshaped(_transposed(s.right, s.right_axes, n + legs + right_free), (n, legs, right_free))
    product, result = f"np.matmul({left}, {right})", n + left_free + right_free
    if n not in s.axes:
        product, result = f"{product}.sum(axis=0)", left_free + right_free
    if not len(left_free) == len(right_free) == 1:
        product = f"{product}.reshape({', '.join(_length(x) for x in result)})"
    return _transposed(product, result, s.axes)


def _reshaped(array: str, groups: tuple[str, ...]) -> str:
    if all(len(group) == 1 for group in groups):
        return array
    return f"{array}.reshape({', '.join(_length(group) for group in groups)})"


def _length(group: str) -> str:
    if not group:
        return "1"
    if group.isupper():
        return "-1"
    return "p" if len(group) == 1 else f"p**{len(group)}"


def _samples(axes: str) -> int:
    return sum(x.isupper() for x in axes)


def _is_ordered(axes: str, result: str) -> bool:
    return [x for x in result if x in axes] == list(axes)


def _transposed(array: str, axes: str, result: str) -> str:
    if axes == result:
        return array
    if len(axes) == 2:
        return f"{array}.T"
    return f"{array}.transpose({', '.join(str(axes.index(x)) for x in result)})"


def _aligned(array: str, axes: str, result: str) -> str:
    """The array with its axes in the order of ``result`` and length-one axes for the letters it lacks."""
    kept = "".join(x for x in result if x in axes)
    return _indexed(_transposed(array, axes, kept), [":" if x in axes else "None" for x in result])


def _indexed(array: str, places: list[str]) -> str:
    while places and places[0] == "None":
        places = places[1:]
    if "None" not in places:
        return array
    return f"{array}[{', '.join(places)}]"
