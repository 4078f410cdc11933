"""Numbers for formulas: trees as Python over arrays, and the value of a diagram from its definition."""

from itertools import chain, permutations, product
from math import factorial

import numpy as np

from sgdsym.diagrams import set_partitions
from sgdsym.formula import Apply, Bracket, Digits, Indexed, Inner, Outer, Row, Scripts, Sign, Symbol, Trace

WIDTH, POINTS, ORDER = 2, 2, 4


def symmetric(generator, degree):
    array = generator.integers(-3, 4, (WIDTH,) * degree).astype(float)
    return sum(np.transpose(array, axes) for axes in permutations(range(degree))) if degree else array


class Point(list):
    """The derivatives of the loss that is trained on, and those of the plain loss, which lack what weight decay adds."""

    @property
    def plain(self):
        return [array - decay for array, decay in zip(self, DECAY, strict=True)]


_GENERATOR = np.random.default_rng(7)
DECAY = [np.array(1.0), np.array([2.0, -1.0]), 2 * np.eye(WIDTH), 0.0, 0.0]
SAMPLE = [Point(symmetric(_GENERATOR, k) for k in range(ORDER + 1)) for _ in range(POINTS)]
MEAN = [sum(point[k] for point in SAMPLE) / POINTS for k in range(ORDER + 1)]
PLAIN = Point(MEAN).plain
FUNCTION = [symmetric(_GENERATOR, k) for k in range(ORDER + 1)]


def joint(count, basis, evaluate):
    """Joint moment or cumulant of ``count`` tensors; ``evaluate`` gives their product for one data point each."""
    total = 0.0
    for partition in set_partitions(count):
        if basis == "moment" and len(partition) > 1:
            continue
        sign = (-1) ** (len(partition) - 1) * factorial(len(partition) - 1)
        for draws in product(SAMPLE, repeat=len(partition)):
            point = {v: draw for block, draw in zip(partition, draws, strict=True) for v in block}
            total = total + sign * evaluate([point[v] for v in range(count)]) / POINTS ** len(partition)
    return total


def outer(arrays):
    result = np.array(1.0)
    for array in arrays:
        result = np.multiply.outer(result, array)
    return result


def value(diagram, basis, function=False, weight_decay=False):
    """The definition: contract the blocks' joint moments or cumulants over the edges; open indices stay."""
    letters = [""] * diagram.nodes
    for e, edge in enumerate(diagram.edges):
        for v in edge:
            letters[v] += "abcdefgh"[e]
    tensors, subscripts, left = [], [], ""
    for block in diagram.blocks:
        carried = [(diagram.degrees[v], weight_decay and v in diagram.roots) for v in block]
        tensors.append(joint(len(block), basis, lambda points, c=carried: outer(map(derivative, points, c))))
        subscripts.append("".join(letters[v] for v in block))
    for v in diagram.open_roots:
        if function or diagram.degrees[v] != 1:
            tensors.append(FUNCTION[diagram.degrees[v]])
            subscripts.append(letters[v])
        else:
            left += letters[v]
    return np.einsum(",".join(subscripts) + "->" + left, *tensors)


def derivative(point, carried):
    degree, is_plain = carried
    return (point.plain if is_plain else point)[degree]


LETTERS = {"l": 0, "G": 1, "H": 2, "J": 3}
OBSERVED = {"s": "function", "l": "plain mean", "l_{x}": "plain sample"}
SAMPLES = {"l_{x}": 0, "g": 1, "h": 2, "j": 3}


def as_python(formula, basis):
    """The tree of a formula as Python text; :func:`evaluate` gives its value."""
    factors = formula.parts if isinstance(formula, Row) and formula.gap == "product" else (formula,)
    if any(map(is_deep_indexed, factors)):
        return f"contract([{', '.join(indexed(factor, basis) for factor in factors)}])"
    return in_matrices(formula)


def tensor(node):
    """The kind and the degree of a derivative tensor."""
    match node:
        case Symbol("s"):
            return "function", 0
        case Symbol(latex):
            return ("mean", LETTERS[latex]) if latex in LETTERS else ("sample", SAMPLES[latex])
        case Scripts(Symbol(latex), None, Bracket(Digits(degree))):
            return ("mean" if latex == "l" else "sample"), int(degree)
        case Row((Scripts(Sign("nabla"), None, Digits(degree)), of), "operator"):
            return OBSERVED[of.latex], int(degree)
    assert node.parts[0] == Sign("nabla")
    return OBSERVED[node.parts[1].latex], 1


def indexed(node, basis):
    """A factor with indices: kind, degree and indices of each of its members."""
    match node:
        case Indexed(Symbol("C" | "S"), indices):
            assert basis == "cumulant"
            return f"({', '.join(repr(('sample', 1, i)) for i in indices)},)"
        case Indexed(base, indices):
            return repr((*tensor(base), indices))
        case Row((Indexed(Sign("partial"), indices), of), "plain"):
            return repr((OBSERVED[of.latex], len(indices), indices))
        case Row((Symbol(), Bracket(inside))):
            members = inside.parts if isinstance(inside, Row) and inside.gap in ("plain", "listed") else (inside,)
            return f"({', '.join(indexed(member, basis) for member in members)},)"
    return repr((*tensor(node), ""))


def in_matrices(node):
    """A formula without indices."""
    return WRITERS.get(type(node), of_tensor)(node)


def of_tensor(node):
    if node in (Symbol("C", "C"), Symbol("S", "S")):
        return gradients(2 if node.latex == "C" else 3)
    kind, degree = tensor(node)
    names = {"mean": "MEAN", "plain mean": "PLAIN", "sample": "POINT", "plain sample": "POINT.plain"}
    return f"{names.get(kind, 'FUNCTION')}[{degree}]"


def gradients(count):
    return f"average({count}, lambda points: outer(p[1] for p in points))"


def of_row(node):
    match node:
        case Row((Symbol(), Bracket(Scripts(Symbol("g"), None, Row((Sign("otimes"), Digits(count))))))):
            return gradients(int(count))
        case Row((Symbol(), Bracket(inside, True))):
            pieces = in_matrices(inside).split("POINT")
            text = pieces[0] + "".join(f"points[{i}]{piece}" for i, piece in enumerate(pieces[1:]))
            return f"average({len(pieces) - 1}, lambda points: {text})"
        case Row(parts, "chain"):
            return f"chain_of([{listed(parts)}])"
        case Row(parts, "product"):
            return " * ".join(map(in_matrices, parts))
    return of_tensor(node)


def of_scripts(node):
    match node:
        case Scripts(Symbol() as base, None, Digits(count)) if base.latex in "HCh":
            return f"chain_of([{listed([base] * int(count))}])"
        case Scripts(base, None, Digits(count)):
            return f"({in_matrices(base)}) ** {count}"
    return of_tensor(node)


def listed(parts):
    return ", ".join(map(in_matrices, parts))


WRITERS = {
    Row: of_row,
    Scripts: of_scripts,
    Bracket: lambda node: f"({in_matrices(node.inside)})",
    Outer: lambda node: f"outer([{listed((node.left, node.right))}])",
    Inner: lambda node: f"chain_of([{listed((node.left, node.right))}])",
    Trace: lambda node: f"np.trace({in_matrices(node.matrix)})",
    Apply: lambda node: f"apply({in_matrices(node.head)}, [{listed(node.arguments)}])",
}


def is_deep_indexed(node):
    """Whether indices stand anywhere in a formula."""
    if isinstance(node, Indexed):
        return True
    parts = [getattr(node, name) for name in getattr(node, "__slots__", ())]
    flat = chain.from_iterable(part if isinstance(part, tuple) else (part,) for part in parts)
    return any(is_deep_indexed(part) for part in flat if not isinstance(part, str))


def evaluate(text, basis):
    def apply(tensor, arguments):
        for argument in arguments:
            tensor = np.tensordot(tensor, argument, argument.ndim)
        return tensor

    def contract(factors):
        tensors, subscripts = [], []
        for factor in factors:
            members = [factor] if isinstance(factor[0], str) else factor
            subscripts.append("".join(indices for _, _, indices in members))
            if "sample" in members[0][0]:
                carried = [(degree, kind.startswith("plain")) for kind, degree, _ in members]
                tensors.append(joint(len(carried), basis, lambda p, c=carried: outer(map(derivative, p, c))))
            else:
                kind, degree, _ = members[0]
                tensors.append({"mean": MEAN, "plain mean": PLAIN, "function": FUNCTION}[kind][degree])
        free = sorted(c for c in set(chain(*subscripts)) if "".join(subscripts).count(c) == 1)
        return np.einsum(",".join(subscripts) + "->" + "".join(free), *tensors)

    names = {
        "MEAN": MEAN,
        "FUNCTION": FUNCTION,
        "PLAIN": PLAIN,
        "np": np,
        "outer": outer,
        "apply": apply,
        "contract": contract,
        "average": lambda count, inside: joint(count, basis, inside),
        "chain_of": lambda words: words[0] if len(words) == 1 else np.linalg.multi_dot(words),
    }
    return eval(text, names)  # noqa: S307 - text that the script above wrote
