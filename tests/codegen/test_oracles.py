"""Generated modules against other libraries: U-statistics of u-stats, and balls of python-flint for divided differences."""

import random
from fractions import Fraction
from itertools import count

import numpy as np
import pytest

import sgdsym


def _kernel_of(diagram, tensors):
    """The product of the derivatives of a diagram, contracted, for each choice of a data point in every block."""
    block_of = {v: j for j, block in enumerate(diagram.blocks) for v in block}
    free = count(len(diagram.blocks))
    legs = [[] for _ in range(diagram.nodes)]
    for edge in diagram.edges:
        letter = next(free)
        for v in edge:
            legs[v].append(letter)
    operands = []
    for v, degree in enumerate(diagram.degrees):
        operands += [tensors[degree], [block_of[v], *legs[v]]]
    return np.einsum(*operands, list(range(len(diagram.blocks))))


@pytest.mark.parametrize(
    "request_",
    [
        {"order": 3, "batch_size": 1},
        {"order": 3, "sampling": "reshuffle", "observable": "generalization-gap", "dataset_size": 6, "batch_size": 2},
        {
            "order": 3,
            "sampling": "replace",
            "observable": "train-loss",
            "dataset_size": 5,
            "batch_size": 2,
            "momentum": "mu",
        },
    ],
)
def test_unbiased_estimates_are_sums_of_u_statistics(request_):
    """A mean over different data points for each diagram in moments, by another library."""
    u_stats = pytest.importorskip("u_stats")
    series = sgdsym.expand(**request_)
    generator = np.random.default_rng(3)
    n, p = 7, 2
    slopes = [generator.normal(size=(n, p)) for _ in range(3)]
    hessian = np.einsum("na,nb->nab", slopes[1], slopes[1])
    jerk = np.einsum("na,nb,nc->nabc", *[slopes[2]] * 3)
    tensors = [generator.normal(size=n), slopes[0], hessian, jerk]
    symbols = {"T": 5, "E": 2, "mu": Fraction(1, 2)}
    given = {name: symbols[name] for name in series.symbols}
    wanted = np.zeros(series.truncation + 1)
    for diagram, coefficient in series.as_moments():
        kernel = _kernel_of(diagram, tensors)
        letters = "abcdefgh"[: kernel.ndim]
        number = float(coefficient.substitute(given).as_fraction())
        wanted[diagram.order] += number * u_stats.ustat([kernel], f"{letters}->")
    found = series.kernel(unbiased=True).estimate(tensors, learning_rate=0.1, **given)
    assert np.allclose(found.orders, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


def _nodes(draw, size):
    """Nodes as they come from eigenvalues: apart, in clusters of any width, equal, at 0 and close to the unit circle."""
    kind = draw.choice(["apart", "cluster", "equal", "edge", "zero"])
    centre = draw.uniform(-1, 1)
    match kind:
        case "apart":
            return [draw.uniform(-1, 1) for _ in range(size)]
        case "cluster":
            return [centre * (1 + draw.uniform(-1, 1) * 10.0 ** draw.uniform(-17, -1)) for _ in range(size)]
        case "equal":
            return [draw.choice([centre, 0.9999]) for _ in range(size)]
        case "edge":
            return [draw.choice([-1, 1]) * (1 - 10.0 ** draw.uniform(-9, -1)) for _ in range(size)]
    return [draw.choice([0.0, centre, 1e-60]) for _ in range(size)]


def _corner(flint, nodes, function):
    """The divided difference as the corner of a function of the matrix with the nodes and ones beside them, in balls.

    Source: G. Opitz, "Steigungsmatrizen", 1964.
    """
    size = len(nodes)
    rows = [[flint.arb(nodes[i]) if i == j else flint.arb(int(j == i + 1)) for j in range(size)] for i in range(size)]
    return function(flint.arb_mat(rows))[0, size - 1]


def _power(flint, matrix, exponent):
    total = flint.arb_mat([[flint.arb(int(i == j)) for j in range(matrix.ncols())] for i in range(matrix.nrows())])
    while exponent:
        if exponent % 2:
            total = total * matrix
        matrix, exponent = matrix * matrix, exponent // 2
    return total


@pytest.mark.parametrize("form", ["discrete", "continuous"])
def test_divided_differences_lie_in_balls(form):
    """The matrix has no difference of nodes in it, so nearby, equal and vanishing nodes are nothing special there."""
    flint = pytest.importorskip("flint")
    module = {"__name__": "resummed"}
    exec(compile(sgdsym.resum(order=2, form=form).kernel().source, "<resummed>", "exec"), module)  # noqa: S102 - our own text
    draw = random.Random(11)
    bits, flint.ctx.prec = flint.ctx.prec, 4000
    worst, compared = 0.0, 0
    try:
        for _ in range(400):
            size = draw.randint(1, 4)
            nodes, steps = _nodes(draw, size), float(draw.choice([0, 1, 2, 3, 10, 1000, 10**6]))
            if form == "continuous":
                nodes = [-abs(node) for node in nodes]
            x = [(np.array([node]), np.zeros(1)) for node in nodes]
            times = np.array([steps])
            with np.errstate(all="ignore"):
                if form == "discrete":
                    f = [module["_power"](node, times) for node in x]
                else:
                    f = [module["_exponential"](module["_times"](node, (times, np.zeros(1)))) for node in x]
                head, tail = module["_divided_difference"](x, f, times)
            if form == "discrete":
                ball = _corner(flint, nodes, lambda matrix, t=int(steps): _power(flint, matrix, t))
            else:
                ball = _corner(flint, nodes, lambda matrix, t=int(steps): (matrix * flint.arb(t)).exp())
            if abs(float(ball.mid())) < 1e-280:
                assert abs(head[0]) < 1e-270, (nodes, steps)
                continue
            compared += 1
            worst = max(worst, float(abs((ball - flint.arb(head[0]) - flint.arb(tail[0])) / ball).upper()))
    finally:
        flint.ctx.prec = bits
    assert compared > 200
    assert worst < 1e-20
