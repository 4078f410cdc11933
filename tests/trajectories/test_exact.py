"""Order by order in the learning rate the coefficients of 1/B and 1/N are those of the plain series."""

from fractions import Fraction
from itertools import product
from math import prod

import numpy as np
import pytest
import sympy as sp

from sgdsym import expand, resum
from sgdsym.numeric import interpret_diagram, interpret_trajectory, polynomial_derivatives
from sgdsym.resummation.closed import closed_form
from sgdsym.trajectories import trajectory
from tests.codegen.exact import cumulant
from tests.oracle.landscapes import Landscape, random_landscape
from tests.trajectories.series import derivatives_along, point, rate


def plain_coefficients(landscape, order, powers, size, *, root_derivatives=None, **options):
    """By power of one over the size, then by order, the coefficients of the plain series."""
    if set(options) & {"momentum", "average", "delay"}:
        # updates that are listed are counted one by one, in a fraction of the time
        options = {"schedule": [1] * options["steps"], **options}
    series = expand(order=order, **options)
    tensors = polynomial_derivatives(landscape.losses, landscape.theta, order + 1)
    found = [[Fraction(0)] * (order + 1) for _ in range(powers + 1)]
    for diagram, coefficient in series:
        parts = {-dict(exponents).get(size, 0): number for number, exponents in coefficient.monomials()}
        parts = {power: number for power, number in parts.items() if power <= powers}
        if parts:
            value = interpret_diagram(
                diagram, series.basis, tensors, weights=landscape.probabilities, root_derivatives=root_derivatives
            )
            for power, number in parts.items():
                found[power][diagram.order] = found[power][diagram.order] + number * value
    return found


def run_coefficients(landscape, order, steps, given):
    tensors = derivatives_along(landscape.losses, 2 * given.order + 2)
    found = interpret_trajectory(
        given,
        tensors,
        point(landscape.theta, order),
        rate(order),
        steps=steps,
        weights=landscape.probabilities,
    )
    return [unpacked(value, order) for value in found]


def unpacked(value, order):
    entries = np.array(value, dtype=object)
    flat = [[x.coefficients[k] for x in entries.flat] for k in range(order + 1)]
    return [np.array(row, dtype=object).reshape(entries.shape) for row in flat]


@pytest.mark.parametrize(
    ("variables", "order", "steps", "options"),
    [
        (1, 6, 3, {}),
        (2, 6, 2, {}),
        (1, 6, 3, {"momentum": Fraction(1, 2)}),
        (1, 4, 3, {"momentum": Fraction(2, 3), "nesterov": True}),
        (1, 4, 3, {"schedule": [1, Fraction(1, 2), 2], "momentum": Fraction(1, 3)}),
        (1, 4, 3, {"average": "uniform"}),
        (1, 4, 3, {"average": Fraction(1, 2), "momentum": Fraction(1, 2)}),
        (1, 5, 4, {"delay": 1}),
    ],
)
@pytest.mark.parametrize("observable", ["test-loss", "displacement", "covariance"])
def test_batch_noise_is_that_of_the_plain_series(observable, variables, order, steps, options):
    landscape = random_landscape(5 + variables, variables)
    given = trajectory(observable=observable, order=2, **options)
    ours = run_coefficients(landscape, order, steps, given)
    plain = plain_coefficients(landscape, order, 2, "B", observable=observable, steps=steps, **options)
    for j in range(3):
        for k in range(order + 1):
            assert np.all(ours[j][k] == plain[j][k]), (j, k)
    assert any(np.any(value != 0) for value in ours[2])


@pytest.mark.parametrize(
    ("variables", "order", "steps", "highest", "options"),
    [(1, 5, 3, 2, {}), (2, 4, 2, 1, {}), (1, 4, 3, 1, {"momentum": Fraction(1, 2)})],
)
@pytest.mark.parametrize("observable", ["test-loss", "generalization-gap", "displacement"])
def test_the_noise_of_a_dataset_is_that_of_the_plain_series(observable, variables, order, steps, highest, options):
    landscape = random_landscape(15 + variables, variables)
    given = trajectory(observable=observable, noise="dataset", order=highest, **options)
    ours = run_coefficients(landscape, order, steps, given)
    asked = {"observable": observable, "dynamics": "gd", "steps": steps, **options}
    plain = plain_coefficients(landscape, order, highest, "N", **asked)
    for j in range(highest + 1):
        for k in range(order + 1):
            assert np.all(ours[j][k] == plain[j][k]), (j, k)
    assert any(np.any(value != 0) for value in ours[highest])


def test_weight_decay_is_a_regulariser_that_is_not_read():
    landscape, decay, order = random_landscape(3, 1), Fraction(1, 3), 4
    given = trajectory(order=2, weight_decay=decay, momentum=Fraction(1, 2))
    ours = run_coefficients(landscape, order, 3, given)
    trained = [{**loss, (2,): loss.get((2,), 0) + decay / 2} for loss in landscape.losses]
    regularised = Landscape(tuple(trained), landscape.probabilities, landscape.theta)
    tensors = polynomial_derivatives(landscape.losses, landscape.theta, order + 1)
    roots = [np.tensordot(np.array(landscape.probabilities, dtype=object), tensor, 1) for tensor in tensors]
    asked = {"observable": "function", "momentum": Fraction(1, 2), "steps": 3}
    plain = plain_coefficients(regularised, order, 2, "B", root_derivatives=roots, **asked)
    assert ours == plain


def test_a_function_is_read_from_its_own_derivatives():
    landscape, order = random_landscape(4, 1), 5
    function = random_landscape(9, 1, points=1)
    roots = polynomial_derivatives(function.losses, landscape.theta, order + 1)
    plain = plain_coefficients(
        landscape, order, 2, "B", observable="function", steps=2, root_derivatives=[tensor[0] for tensor in roots]
    )
    along = derivatives_along(function.losses, 4)
    found = interpret_trajectory(
        trajectory(observable="function", order=2),
        derivatives_along(landscape.losses, 5),
        point(landscape.theta, order),
        rate(order),
        steps=2,
        weights=landscape.probabilities,
        root_derivatives_at=lambda theta: [tensor[0] for tensor in along(theta)],
    )
    assert [unpacked(value, order) for value in found] == plain


@pytest.mark.parametrize(
    ("observable", "noise"), [("test-loss", "batch"), ("covariance", "batch"), ("displacement", "batch")]
)
def test_diagrams_sum_to_what_the_recursion_gives(observable, noise):
    """Each diagram from its definition, over all times, with plain steps."""
    landscape, steps, eta = random_landscape(8, 1), 3, Fraction(1, 7)
    theta, path = landscape.theta, []
    for _ in range(steps + 1):
        path.append(polynomial_derivatives(landscape.losses, theta, 9))
        mean = sum(w * g[0] for w, g in zip(landscape.probabilities, path[-1][1], strict=True))
        theta = (theta[0] - eta * mean,)

    def joint(time, degrees):
        factors = [[np.ravel(tensor)[0] for tensor in path[time][k]] for k in degrees]
        return cumulant(landscape.probabilities, factors)

    def propagator(end, begin):
        bends = [joint(t, [2]) for t in range(begin + 1, end)]
        return prod((1 - eta * h for h in bends), start=Fraction(1))

    given = trajectory(observable=observable, noise=noise, order=2)
    found = [Fraction(0)] * 3
    for term in given.terms:
        diagram = term.diagram
        blocks = [block for block in diagram.blocks if not set(block) & set(diagram.roots)]
        parent = parents(diagram)
        for times in product(range(steps), repeat=len(blocks)):
            at = {v: t for block, t in zip(blocks, times, strict=True) for v in block} | dict.fromkeys(
                diagram.roots, steps
            )
            if all(at[v] < at[u] for v, u in parent.items()):
                value = prod((propagator(at[u], at[v]) for v, u in parent.items()), start=Fraction(1))
                for block in diagram.blocks:
                    value *= joint(at[block[0]], [diagram.degrees[v] for v in block])
                found[term.order] += term.coefficient * eta**term.power * value
    derivatives_at = lambda point: polynomial_derivatives(landscape.losses, tuple(point), 5)  # noqa: E731
    ours = interpret_trajectory(
        given, derivatives_at, landscape.theta, eta, steps=steps, weights=landscape.probabilities
    )
    assert found[1:] == [np.sum(value) for value in ours[1:]]


def parents(diagram):
    """The node that each one acts on: the next on the way to its root."""
    found, reached = {}, list(diagram.roots)
    for v in reached:
        for w in diagram.neighbours[v]:
            if w not in found and w not in reached:
                found[w] = v
                reached.append(w)
    return found


@pytest.mark.parametrize(
    "options", [{}, {"momentum": Fraction(2, 5)}, {"momentum": Fraction(2, 5), "nesterov": True}], ids=str
)
@pytest.mark.parametrize("observable", ["test-loss", "displacement", "covariance"])
def test_constant_tensors_give_the_resummed_series(observable, options):
    """A quadratic loss whose noise is the same everywhere: both sum all orders in the learning rate."""
    curvatures, points, theta = (
        [Fraction(3, 2), Fraction(1, 3)],
        [[1, -2], [3, 1], [-1, 1]],
        [Fraction(2), Fraction(-1, 2)],
    )
    learning_rate, steps = Fraction(3, 7), 5

    def derivatives_at(position):
        slopes = [[h * (x - a) for h, x, a in zip(curvatures, position, point, strict=True)] for point in points]
        losses = [sum(g * g / h for g, h in zip(row, curvatures, strict=True)) / 2 for row in slopes]
        return [losses, slopes, [np.diag(curvatures)] * 3, *(np.zeros((3, *[2] * k), dtype=int) for k in (3, 4))]

    found = interpret_trajectory(
        trajectory(observable=observable, order=1, **options), derivatives_at, theta, learning_rate, steps=steps
    )
    losses, slopes, *_ = (np.array(tensor, dtype=object) for tensor in derivatives_at(theta))
    gradient = slopes.mean(axis=0)
    noise = (slopes - gradient).T @ (slopes - gradient) / 3
    resummed = closed_form(
        resum(order=2, observable=observable, steps=steps, **options),
        curvatures,
        {(0,): losses.mean(), (1,): gradient, (1, 1): noise},
        learning_rate=learning_rate,
    )
    inverse = sp.Symbol("x")
    entries = np.array(
        resummed.subs("B", 1 / inverse)
        if observable == "test-loss"
        else [e.subs("B", 1 / inverse) for e in sp.flatten(resummed)]
    )
    for power, value in enumerate(found):
        given = np.array(value, dtype=object).ravel()
        wanted = [sp.Poly(entry, inverse).coeff_monomial(inverse**power) for entry in np.ravel(entries)]
        assert [Fraction(x) for x in given] == [Fraction(int(w.p), int(w.q)) for w in wanted]
