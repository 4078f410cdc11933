"""Numbers for formulas: a script that writes Python over arrays, and the value of a diagram from its definition."""

import re
from dataclasses import dataclass
from itertools import chain, permutations, product
from math import factorial

import numpy as np

from sgdsym.diagrams import set_partitions

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


@dataclass(frozen=True)
class ArrayScript:
    """Writes a formula as Python text; :func:`evaluate` gives its value."""

    basis: str
    weight_decay: bool = False

    def tensor(self, kind, degree):
        names = {"mean": "MEAN", "plain mean": "PLAIN", "sample": "POINT", "plain sample": "POINT.plain"}
        return f"{names.get(kind, 'FUNCTION')}[{degree}]"

    def gradients(self, count):
        return f"average({count}, lambda points: outer(p[1] for p in points))"

    def average(self, inside):
        pieces = inside.split("POINT")
        text = pieces[0] + "".join(f"points[{i}]{piece}" for i, piece in enumerate(pieces[1:]))
        return f"average({len(pieces) - 1}, lambda points: {text})"

    def outer(self, left, right):
        return f"outer([{left}, {right}])"

    def apply(self, tensor, arguments):
        return f"apply({tensor}, [{', '.join(arguments)}])"

    def product(self, words, powers):
        assert not (powers and "POINT" in "".join(words) and self.basis == "cumulant")
        return f"chain_of([{', '.join(words)}])"

    def inner(self, left, right):
        return f"chain_of([{left}, {right}])"

    def trace(self, matrix):
        return f"np.trace({matrix})"

    def times(self, scalar, exponent, bracket):
        return f"({scalar}) ** {exponent}"

    def indexed(self, kind, degree, indices):
        return f"('{kind}', {degree}, '{indices}')"

    def joint(self, members, indices, only_gradients):
        return f"({', '.join(members)},)"

    def side_by_side(self, factors):
        if re.search(r"^\(*'", factors[0]):
            return f"contract([{', '.join(factors)}])"
        return " * ".join(factors)


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
