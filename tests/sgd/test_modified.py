"""The modified equation, held to what it is about: its flow, or semigroup, must be the dynamics it came from, exactly."""

from fractions import Fraction
from itertools import permutations, product
from math import comb, factorial, prod

import numpy as np
import pytest
import sympy

from sgdsym import Coefficient, Diagram, LinearOptimizer, Series, interpret
from sgdsym.diagrams import refinements
from sgdsym.numeric import polynomial_derivatives
from sgdsym.resummation import EdgeLaw
from sgdsym.series import Power
from sgdsym.sgd import deterministic, epoch_map, expand, gradient, loss_corrections, modified, modified_loss
from sgdsym.sgd.modified.field import field_terms
from sgdsym.times.modes import resolvent

R, X, Y = sympy.ring("x,y", sympy.QQ)
LINE = ((X,), [X**2 / 2 + X**3 / 3 + X**4 / 8, X - X**2 / 3 + X**3 / 2, 2 * X**2 - X**3 / 5 + X**4 / 12])
PLANE = (
    (X, Y),
    [
        X**2 / 2 + X * Y + X**3 / 3 - Y**3 / 2,
        Y**2 - X * Y**2 / 3 + X**2 * Y / 2 - X,
        X**3 / 2 - Y**2 / 4 + Y + X**2 * Y**2 / 5,
    ],
)


def mean(losses):
    return sum(losses) * sympy.QQ(1, len(losses))


def derivative(function, variables, indices):
    for i in indices:
        function = function.diff(variables[i])
    return function


def diagram_value(diagram, variables, losses, indices):
    """The value of a diagram with open roots on these indices, a polynomial in the weights; cumulants over the losses."""
    open_index = dict(zip(diagram.open_roots, indices, strict=True))
    total = R(0)
    for choice in product(range(len(variables)), repeat=diagram.order):
        legs = {
            v: [i for i, edge in zip(choice, diagram.edges, strict=True) if v in edge] for v in range(diagram.nodes)
        }
        if any(legs[root] != [index] for root, index in open_index.items()):
            continue
        for parts, sign in refinements(diagram.blocks):
            factors = (
                mean([prod((derivative(loss, variables, legs[v]) for v in part), start=R(1)) for loss in losses])
                for part in parts
            )
            total += sign * prod(factors, start=R(1))
    return total


def tensor(series, variables, losses, indices, **sizes):
    """Component of a series with open roots, symmetric in them: polynomials by power of the learning rate."""
    powers = [R(0)] * (series.truncation + 1)
    for diagram, c in series:
        number = c.substitute({name: sizes[name] for name in c.symbols}).as_fraction()
        orders = list(permutations(indices))
        value = sum((diagram_value(diagram, variables, losses, order) for order in orders), R(0))
        powers[diagram.order] += value * sympy.QQ(number.numerator, number.denominator * len(orders))
    return powers


def times(first, second):
    """Product of power series in the learning rate."""
    return [sum((first[i] * second[k - i] for i in range(k + 1)), R(0)) for k in range(len(first))]


def moved(function, variables, steps):
    """A polynomial at the weights plus power series in the learning rate."""
    order = len(steps[0]) - 1
    total = [R(0)] * (order + 1)
    for exponents in product(range(order + 1), repeat=len(variables)):
        if sum(exponents) <= order:
            term = function
            for variable, e in zip(variables, exponents, strict=True):
                for _ in range(e):
                    term = term.diff(variable)
            power = [R(1)] + [R(0)] * order
            for step, e in zip(steps, exponents, strict=True):
                for _ in range(e):
                    power = times(power, step)
            scale = sympy.QQ(1, prod(map(factorial, exponents)))
            total = [a + term * b * scale for a, b in zip(total, power, strict=True)]
    return total


def generated(parts, function, variables):
    """The generator on power series: the sum over its parts of A_m contracted with m derivatives, over m!."""
    order = len(function) - 1
    total = [R(0)] * (order + 1)
    for m, components in parts.items():
        for indices, component in components.items():
            scale = sympy.QQ(1, factorial(m))
            slope = [derivative(f, variables, indices) * scale for f in function]
            total = [a + b for a, b in zip(total, times(component, slope), strict=True)]
    return total


def exponential(parts, function, variables, time=1):
    """The exponential of time times the generator; every part begins at order m, so the sum ends."""
    term, total, order = function, function, len(function) - 1
    for k in range(1, order + 1):
        term = [a * sympy.QQ(Fraction(time)) / k for a in generated(parts, term, variables)]
        total = [a + b for a, b in zip(total, term, strict=True)]
    return total


def field(series, variables, losses, **sizes):
    return {1: {(i,): tensor(series, variables, losses, (i,), **sizes) for i in range(len(variables))}}


def constant(function, order):
    return [function, *[R(0)] * order]


@pytest.mark.parametrize(("landscape", "order"), [(LINE, 7), (PLANE, 4)])
def test_the_flow_of_the_modified_field_is_a_step_of_gradient_descent(landscape, order):
    variables, losses = landscape
    loss = mean(losses)
    parts = field(modified(dynamics="gd", order=order), variables, losses)
    for i, x in enumerate(variables):
        step = [x, -derivative(loss, variables, (i,)), *[R(0)] * (order - 1)]
        assert exponential(parts, constant(x, order), variables) == step


@pytest.mark.parametrize("momentum", [Fraction(1, 2), Fraction(9, 10), Fraction(-1, 3)])
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize(("landscape", "order"), [(LINE, 6), (PLANE, 3)])
def test_the_flow_with_momentum_obeys_the_recursion(landscape, order, momentum, nesterov):
    """Heavy ball: x₊ - (1+μ)x + μx₋ = -ηg; with the look-ahead point as x, -η((1+μ)g - μg₋) for Nesterov."""
    variables, losses = landscape
    loss, mu = mean(losses), sympy.QQ(momentum)
    series = modified(dynamics="gd", order=order, momentum=momentum, nesterov=nesterov)
    assert series == modified(dynamics="gd", order=order, momentum="mu", nesterov=nesterov).subs(mu=momentum)
    parts = field(series, variables, losses)
    backward = {1: {i: [-a for a in f] for i, f in parts[1].items()}}
    for i, x in enumerate(variables):
        now = constant(x, order)
        after, before = (exponential(p, now, variables) for p in (parts, backward))
        left = [a - (1 + mu) * b + mu * c for a, b, c in zip(after, now, before, strict=True)]
        slope = constant(derivative(loss, variables, (i,)), order)
        if nesterov:
            earlier = exponential(backward, slope, variables)
            slope = [(1 + mu) * a - mu * b for a, b in zip(slope, earlier, strict=True)]
        assert left == [R(0), *(-a for a in slope[:-1])]


@pytest.mark.parametrize(
    "optimizer",
    [
        LinearOptimizer.quasi_hyperbolic(Fraction(9, 10), Fraction(7, 10)),
        LinearOptimizer.aggregated([0, Fraction(1, 2), Fraction(9, 10)]),
        LinearOptimizer.sgd().delayed(2),
        LinearOptimizer.heavy_ball(Fraction(1, 2)).averaged(Coefficient("1/3")),
        LinearOptimizer([[Fraction(3, 2), Fraction(-1, 2)], [1, 0]], [1, 0], [Fraction(5, 4), Fraction(-1, 4)], [1, 0]),
    ],
)
def test_the_flow_of_any_optimiser_obeys_its_recursion(optimizer):
    """The flow shifted by the powers of the characteristic polynomial balances gradients shifted by those of the numerator."""
    (x,), losses = LINE
    order, loss = 5, mean(losses)
    series = modified(dynamics="gd", order=order, optimizer=optimizer)
    above, below = (
        [sympy.QQ(c.as_fraction()) for c in part] for part in resolvent(optimizer.A[0], optimizer.b[0], optimizer.c[0])
    )
    parts = field(series, (x,), losses)
    now, slope = constant(x, order), constant(derivative(loss, (x,), (0,)), order)
    left = right = [R(0)] * (order + 1)
    for k, c in enumerate(below):
        left = [a + c * b for a, b in zip(left, exponential(parts, now, (x,), k), strict=True)]
    for k, c in enumerate(above):
        right = [a - c * b for a, b in zip(right, exponential(parts, slope, (x,), k), strict=True)]
    assert left == [R(0), *right[:-1]]


def test_symbols_of_an_optimiser_stay_symbols():
    symbolic = modified(dynamics="gd", order=4, optimizer=LinearOptimizer.quasi_hyperbolic("beta", "nu"))
    numbers = modified(
        dynamics="gd", order=4, optimizer=LinearOptimizer.quasi_hyperbolic(Fraction(1, 3), Fraction(1, 5))
    )
    assert symbolic.subs(beta=Fraction(1, 3), nu=Fraction(1, 5)) == numbers
    assert symbolic.subs(nu=0) == modified(dynamics="gd", order=4)
    assert modified(dynamics="gd", order=4, optimizer=LinearOptimizer.nesterov("v")) == modified(
        dynamics="gd", order=4, momentum="v", nesterov=True
    )


def test_runs_with_momentum_follow_the_flow_after_their_transient():
    """What is left of the exact expansion when powers of the momentum have died out flows from a moved start."""
    order, (variables, losses) = 4, LINE
    run = deterministic(expand(observable="displacement", dynamics="gd", momentum="mu", order=order))
    slow = run.map_coefficients(_without_decaying_powers)
    start = slow.map_coefficients(lambda c: c.substitute({"T": 0}))
    speed = slow.map_coefficients(lambda c: c.substitute({"T": 1}) - c.substitute({"T": -1})).subs(mu=Fraction(1, 3))
    # the derivative at T = 0 from symmetric differences, exact for polynomials of degree 4
    wide = slow.map_coefficients(lambda c: c.substitute({"T": 2}) - c.substitute({"T": -2})).subs(mu=Fraction(1, 3))
    slope = (speed * 8 - wide) / 12
    step = tensor(start.subs(mu=Fraction(1, 3)), variables, losses, (0,))
    assert any(step)
    flow = tensor(modified(dynamics="gd", order=order, momentum=Fraction(1, 3)), variables, losses, (0,))
    at_start = [R(0)] * (order + 1)
    for k, f in enumerate(flow):
        shifted = moved(f, variables, [step])
        at_start = [a + (shifted[j - k] if j >= k else 0) for j, a in enumerate(at_start)]
    assert tensor(slope, variables, losses, (0,)) == at_start


def _without_decaying_powers(coefficient):
    """The coefficient at mu**T = 0."""
    kept = [
        Coefficient.product(powers) * number
        for number, powers in coefficient.monomials()
        if not any(isinstance(base, Power) for base, _ in powers)
    ]
    above = Coefficient.total(kept)
    return above / prod((base**e for base, e in coefficient.denominators), start=Coefficient(1))


@pytest.mark.parametrize("nesterov", [False, True])
def test_simulated_momentum_leaves_the_flow_by_the_next_order(nesterov):
    """Seven-digit ratios need no exact numbers: a long run of heavy ball on a quartic, one step against the flow."""
    variables, loss, mu = (X,), X**2 / 2 + X**3 / 6 + X**4 / 24, Fraction(1, 2)
    slope = [float(c) for c in np.array([0, 1, 0.5, 1 / 6])]
    for order in (1, 2, 3):
        series = modified(dynamics="gd", order=order, momentum=mu, nesterov=nesterov)
        parts = tensor(series, variables, [loss], (0,))
        errors = []
        for rate in (Fraction(1, 32), Fraction(1, 64)):
            vector = sum((f * sympy.QQ(rate**k) for k, f in enumerate(parts)), R(0))
            term, flow = X, X
            for k in range(1, 10):
                term = vector * term.diff(X) / k
                flow += term
            theta, velocity = 1.0, 0.0
            for _ in range(int(2 / rate)):
                last = theta
                force = sum(c * theta**k for k, c in enumerate(slope))
                velocity = float(mu) * velocity + force
                theta -= float(rate) * (force + float(mu) * velocity if nesterov else velocity)
            predicted = float(sum(float(c) * last ** m[0] for m, c in flow.terms()))
            errors.append(abs(theta - predicted))
        # beside the order of the field, the run has moved by a factor along the flow
        assert errors[0] / errors[1] == pytest.approx(2 ** (order + 1), rel=0.25), order


@pytest.mark.parametrize(("landscape", "order"), [(LINE, 4), (PLANE, 3)])
@pytest.mark.parametrize(("batch_size", "sampling"), [(1, "online"), (2, "replace")])
def test_the_exponential_of_the_generator_is_a_step_of_sgd(landscape, order, batch_size, sampling):
    """Both ways: e^{TL} s for one step and for three, on a polynomial s, with every part of the generator."""
    variables, losses = landscape
    function = X**4 / 3 - X**3 + X**2 + (X**2 * Y - Y**3 / 3 if len(variables) > 1 else 0)
    parts = {}
    for m in range(1, order + 1):
        series = modified(order=order, part=m, batch_size=batch_size, sampling=sampling)
        components = product(range(len(variables)), repeat=m)
        parts[m] = {i: tensor(series, variables, losses, i) for i in components}
    stepped = _stepped([function, *[R(0)] * order], variables, losses, batch_size)
    assert exponential(parts, constant(function, order), variables) == stepped
    thrice = _stepped(_stepped(stepped, variables, losses, batch_size), variables, losses, batch_size)
    assert exponential(parts, constant(function, order), variables, 3) == thrice


def _stepped(function, variables, losses, batch_size):
    """The mean over the batches of one step of a power series in the learning rate."""
    order = len(function) - 1
    total = [R(0)] * (order + 1)
    batches = list(product(losses, repeat=batch_size))
    for batch in batches:
        slopes = [derivative(mean(batch), variables, (i,)) for i in range(len(variables))]
        steps = [[R(0), -slope, *[R(0)] * (order - 1)] for slope in slopes]
        for k, f in enumerate(function):
            after = moved(f, variables, steps)
            total = [a + (after[j - k] if j >= k else 0) for j, a in enumerate(total)]
    return [a * sympy.QQ(1, len(batches)) for a in total]


@pytest.mark.parametrize(("points", "batch_size", "order"), [(3, 1, 4), (2, 1, 4), (4, 2, 3), (3, 3, 3)])
def test_the_exponential_of_the_generator_is_an_epoch_in_random_order(points, batch_size, order):
    """With numbers, and with symbols where they hold; two points are fewer than the diagrams ask for."""
    variables, losses = LINE[0], [*LINE[1], X**2 - X**3 / 7][:points]
    function = X**3 - X**2 / 3
    steps = points // batch_size
    parts = {}
    for m in range(1, order + 1):
        numbers = modified(order=order, part=m, sampling="reshuffle", dataset_size=points, batch_size=batch_size)
        assert (
            modified(order=order, part=m, sampling="reshuffle").subs(**_known(order, m, points, batch_size)) == numbers
        )
        parts[m] = {(0,) * m: tensor(numbers, variables, losses, (0,) * m)}
    total = [R(0)] * (order + 1)
    orders = list(permutations(losses))
    for shuffled in orders:
        end = [X - X, *[R(0)] * order]
        for t in range(steps):
            batch = shuffled[t * batch_size : (t + 1) * batch_size]
            slope = moved(derivative(mean(batch), variables, (0,)), variables, [end])
            end = [a - b for a, b in zip(end, [R(0), *slope[:-1]], strict=True)]
        total = [a + b for a, b in zip(total, moved(function, variables, [end]), strict=True)]
    expected = [a * sympy.QQ(1, len(orders)) for a in total]
    assert exponential(parts, constant(function, order), variables, steps) == expected


def _known(order, part, points, batch_size):
    symbols = modified(order=order, part=part, sampling="reshuffle").symbols
    return {name: value for name, value in (("N", points), ("B", batch_size)) if name in symbols}


def chain(size):
    return Diagram(size + 1, [(v, v + 1) for v in range(size)], (), [0])


def bush(leaves):
    return Diagram(leaves + 2, [(0, 1), *((1, v + 2) for v in range(leaves))], (), [0])


def test_the_first_terms_are_those_of_the_literature():
    """Hairer, Lubich and Wanner, example IX.2.1 with f = -G; the coefficient of f''' is zero."""
    series = modified(dynamics="gd", order=4)
    crossed = Diagram(5, [(0, 1), (1, 2), (1, 3), (3, 4)], (), [0])
    forked = Diagram(5, [(0, 1), (1, 2), (2, 3), (2, 4)], (), [0])
    assert series.terms == {
        chain(1): -1,
        chain(2): Fraction(-1, 2),
        chain(3): Fraction(-1, 3),
        bush(2): Fraction(-1, 12),
        chain(4): Fraction(-1, 4),
        crossed: Fraction(-1, 12),
        forked: Fraction(-1, 12),
    }


def test_chains_and_bushes_follow_their_closed_forms():
    """On a quadratic the flow is that of the logarithm, -ln(1-ηh)/η; on bushes Bernoulli numbers appear, exactly to order 12."""
    found = dict(field_terms(12, EdgeLaw()))
    assert len(found) == 1 + 1 + 2 + 4 + 9 + 20 + 48 + 115 + 286 + 719 + 1842 + 4766
    for n in range(1, 13):
        assert found[chain(n)] == Fraction(-1, n)
        bernoulli = sympy.bernoulli(n - 1) if n != 2 else sympy.Rational(-1, 2)
        assert found[bush(n - 1)] == Fraction(int(bernoulli.p), int(bernoulli.q)) * (-1) ** n / factorial(n - 1)


def test_every_tree_agrees_with_kauri_to_order_7():
    kauri = pytest.importorskip("kauri")
    weights = kauri.euler.modified_equation_map()
    series = modified(dynamics="gd", order=7)
    count = 0
    for size in range(1, 8):
        for tree in kauri.trees_of_order(size):
            expected = (-1) ** size * weights(tree) / tree.sigma()
            assert float(series[_diagram(tree.list_repr)].as_fraction()) == pytest.approx(expected, abs=1e-12)
            count += 1
    assert count == 85


def _diagram(nested):
    """A planted diagram from nested tuples, each ending in a colour."""
    edges, nodes = [], [0]

    def hang(tree, parent):
        nodes.append(node := len(nodes))
        edges.append((parent, node))
        for child in tree[:-1]:
            hang(child, node)

    hang(nested, 0)
    return Diagram(len(nodes), edges, (), [0])


def test_the_generator_without_noise_is_the_field():
    assert deterministic(modified(order=6)).terms == modified(dynamics="gd", order=6).terms


@pytest.mark.parametrize(
    ("options", "part", "observable"), [({}, "drift", "displacement"), ({"batch_size": 3}, 1, "displacement")]
)
def test_the_drift_is_the_coefficient_of_the_first_power_of_the_number_of_steps(options, part, observable):
    series = expand(observable=observable, order=5, **options)
    around = {k: series.subs(T=k) for k in range(6)}
    # the derivative at 0 of a polynomial of degree 5 from its forward differences
    total = series.subs(T=0)
    for k in range(1, 6):
        for j in range(k + 1):
            total += around[j] * Fraction((-1) ** (k - j) * comb(k, j) * (-1) ** (k - 1), k)
    assert total.terms == modified(order=5, part=part, **options).terms


def test_diffusion_and_jumps_begin_with_the_cumulants_of_the_gradient():
    for m, number in ((2, "1/B"), (3, "-1/B**2"), (4, "1/B**3")):
        leading = modified(order=m, part=m)
        joint = Diagram(2 * m, [(v, v + m) for v in range(m)], [range(m)], range(m, 2 * m))
        assert leading.terms == {joint: Coefficient(number)}
        assert leading.setting.open_indices == m
    assert modified(order=2, part=3).terms == {}


def test_the_variance_of_a_linear_mode_is_embedded_exactly():
    """dX = -h̃X dt + … with h̃ = -ln(1-ηh)/η and diffusion ηC·2h̃/(h(2-ηh)), t in units of η."""
    h, order = Fraction(2, 3), 5
    tensors = {1: np.array([[1], [-1]]), 2: np.array([[[h]], [[h]]])}
    tensors |= {k: np.zeros((2, *[1] * k), dtype=int) for k in range(3, order + 1)}
    drift = interpret(modified(order=order, batch_size=1), tensors)
    assert [d[0] for d in drift[1:]] == [0] * order
    diffusion = interpret(modified(order=order, batch_size=1, part="diffusion"), tensors)
    eta = sympy.Symbol("eta")
    exact = 2 * eta**2 * (-sympy.log(1 - eta * h)) / (eta * h * (2 - eta * h))
    series = sympy.series(exact, eta, 0, order + 1).removeO()
    assert [sympy.Rational(d[0, 0]) for d in map(np.asarray, diffusion)] == [
        series.coeff(eta, k) for k in range(order + 1)
    ]


TABLE = [
    {(3, 0): Fraction(1, 3), (1, 1): Fraction(1)},
    {(0, 2): Fraction(1), (2, 1): Fraction(1, 2)},
    {(2, 0): Fraction(1, 2), (0, 1): Fraction(-1), (1, 2): Fraction(1, 3)},
]
EPOCHS = {
    "reshuffle": (("-31/108", "-1283/1296", "51125/93312"), ("83/72", "-7/24", "-8077/46656")),
    "replace": (("-31/108", "-1289/3888", "129869/3779136"), ("83/72", "-1129/1458", "51815/157464")),
}


@pytest.mark.parametrize("sampling", EPOCHS)
@pytest.mark.parametrize("sizes", [{}, {"batch_size": 1}, {"dataset_size": 3}, {"dataset_size": 3, "batch_size": 1}])
@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_the_epoch_of_three_given_losses_in_the_plane(sampling, sizes, basis):
    """Exact rationals from enumeration: six orders, or 27 draws, of the three losses from (1/2, -1/3)."""
    series = epoch_map(sampling=sampling, order=3, basis=basis, **sizes)
    values = {"N": 3, "B": 1}
    start = (Fraction(1, 2), Fraction(-1, 3))
    tensors = polynomial_derivatives(TABLE, start, 3)
    found = interpret(series, tensors, **{name: values[name] for name in series.symbols})
    assert found[0].tolist() == [0, 0]
    for i in range(2):
        assert tuple(str(row[i]) for row in found[1:]) == EPOCHS[sampling][i]


def test_an_epoch_of_fewer_points_than_the_diagrams_ask_for():
    for points, batch in ((1, 1), (2, 1), (2, 2)):
        assert (
            epoch_map(order=4).subs(N=points, B=batch).terms
            == epoch_map(order=4, dataset_size=points, batch_size=batch).terms
        )
    assert epoch_map(order=4, dataset_size=2, batch_size=2) == epoch_map(order=4).subs(N=2).subs(B=2)


def test_the_loss_that_gradient_descent_descends_ends_at_the_first_order():
    drift = modified(dynamics="gd", order=5)
    assert [found is not None for found in loss_corrections(drift)] == [True, True, False, False, False]
    assert modified_loss(drift).terms == {Diagram(1): 1, Diagram(2, [(0, 1)]): Fraction(1, 4)}
    assert gradient(modified_loss(drift)).terms == (-drift.truncate(2)).terms


def test_the_regulariser_of_shuffled_batches():
    """Smith, Dherin, Barrett and De: (N-B)/(N-1) tr D/(4B) beside |G|²/4; none with replacement, where order 3 is no gradient."""
    square, spread = Diagram(2, [(0, 1)]), Diagram(2, [(0, 1)], [(0, 1)])
    shuffled = modified_loss(modified(sampling="reshuffle", order=3))
    assert shuffled.terms == {Diagram(1): 1, square: Fraction(1, 4), spread: Coefficient("(N - B)/(4*B*(N - 1))")}
    for sampling in ("online", "replace"):
        assert modified_loss(modified(sampling=sampling, order=3)).terms == {Diagram(1): 1, square: Fraction(1, 4)}
    assert shuffled.subs(B="N").terms == {Diagram(1): 1, square: Fraction(1, 4)}


def test_the_loss_with_momentum():
    """Kovachki and Stuart: E/(1-μ) + η β²(β-a-1/2)|∇E|²/2, β = 1/(1-μ), a = 0 for heavy ball and μ for Nesterov."""
    for nesterov, coefficient in (
        (False, "(1 + mu)/(4*(1 - mu)**3)"),
        (True, "(1/(1 - mu) - mu - 1/2)/(2*(1 - mu)**2)"),
    ):
        found = modified_loss(modified(dynamics="gd", order=3, momentum="mu", nesterov=nesterov))
        assert found.terms == {Diagram(1): Coefficient("1/(1 - mu)"), Diagram(2, [(0, 1)]): Coefficient(coefficient)}
        assert found.subs(mu=0).terms == modified_loss(modified(dynamics="gd", order=3)).terms


def test_a_loss_belongs_to_a_drift():
    with pytest.raises(ValueError, match="only a drift descends a loss, not the diffusion"):
        modified_loss(modified(order=2, part="diffusion"))


@pytest.mark.parametrize(
    "options",
    [
        {"dynamics": "gd", "order": 4},
        {"order": 4},
        {"order": 4, "part": 2},
        {"order": 4, "part": 3},
        {"sampling": "reshuffle"},
    ],
)
@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_kernels_json_and_the_interpreter_agree(options, basis):
    series = modified(**options, basis=basis)
    assert Series.from_json(series.to_json()) == series
    generator = np.random.default_rng(1)
    slopes = generator.normal(size=(6, 2))
    tensors = [generator.normal(size=6), slopes]
    for k in range(2, 5):
        tensors.append(
            np.einsum("n...,na->n...a", tensors[-1], slopes) if k > 2 else np.einsum("na,nb->nab", slopes, slopes)
        )
    sizes = {name: value for name, value in (("N", 6), ("B", 2)) if name in series.symbols}
    found = series.kernel().coefficients(tensors, **sizes)
    np.testing.assert_allclose(
        np.array(interpret(series, tensors, **sizes), dtype=float), found, rtol=1e-11, atol=1e-12
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dynamics": "ode"}, "dynamics must be one of gd, sgd, not 'ode'"),
        ({"dynamics": "gd", "part": "diffusion"}, "gradient descent has no noise"),
        ({"dynamics": "gd", "order": 19}, "order must be an integer from 0 to 18, not 19"),
        ({"dynamics": "gd", "order": 2.0}, "order must be an integer"),
        ({"dynamics": "gd", "order": True}, "order must be an integer"),
        ({"dynamics": "gd", "dataset_size": 3}, "the equation does not depend on the number of points"),
        ({"dynamics": "gd", "batch_size": 3}, "gradient descent uses the whole training set"),
        ({"order": -1}, "order must be an integer"),
        ({"order": 12}, "order must be an integer"),
        ({"part": 0}, "part must be drift, diffusion or a number of indices"),
        ({"part": "skew"}, "part must be drift, diffusion or a number of indices"),
        ({"part": True}, "part must be drift, diffusion or a number of indices"),
        ({"sampling": "fixed"}, "a fixed order of the points has no generator"),
        ({"momentum": "mu"}, "with noise the velocity is a variable of its own"),
        ({"delay": 1}, "with noise the velocity is a variable of its own; give delay with dynamics gd"),
        ({"dynamics": "gd", "optimizer": LinearOptimizer.schedule_free(0, 3)}, "the updates of this optimizer differ"),
        (
            {"dynamics": "gd", "optimizer": LinearOptimizer([[1, 2], [0, 2]], [1, 1], [1, 0], [1, 0])},
            "this optimiser never forgets its start",
        ),
        (
            {"dynamics": "gd", "optimizer": LinearOptimizer([[1, 1], [0, 1]], [0, 1], [1, 0], [1, 0])},
            "a constant gradient moves the weights of this optimiser at no constant speed",
        ),
        ({"dynamics": "gd", "nesterov": True}, "nesterov looks ahead along the momentum"),
        ({"dynamics": "gd", "momentum": 1}, "momentum must lie strictly between -1 and 1"),
        ({"sampling": "replace", "dataset_size": 3}, "the equation does not depend on the number of points"),
        ({"sampling": "reshuffle", "dataset_size": 4, "batch_size": 3}, "batch size 3 does not divide"),
    ],
)
def test_what_has_no_modified_equation_gets_one_line(options, message):
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        modified(**options)
    assert "\n" not in str(caught.value)


def test_an_epoch_has_an_order_of_points():
    with pytest.raises(ValueError, match="sampling must be one of reshuffle, replace"):
        epoch_map(sampling="fixed")
