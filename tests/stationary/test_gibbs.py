"""The Gibbs law, ratios of basins, and where steps of finite size leave them."""

import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import (
    Gibbs,
    basin_ratio,
    finite_rate_ratio,
    gibbs,
    gibbs_covariance,
    quasipotential_slope,
    stationary_covariance,
    temperature,
)

R = sp.Rational
# minima of losses L_A, L_B and curvatures h_A, h_B that go over into each other smoothly
LOSSES, CURVATURES, PLACES, SMOOTHNESS = (0.05, 0.0), (1.0, 2.0), (-2.0, 1.4), 0.5


def parabolas(x):
    return [h * (x - place) ** 2 / 2 + low for low, h, place in zip(LOSSES, CURVATURES, PLACES, strict=True)]


def double_well(x):
    first, second = parabolas(x)
    return -SMOOTHNESS * np.logaddexp(-first / SMOOTHNESS, -second / SMOOTHNESS)


def slope(x):
    first, second = parabolas(x)
    share = 1 / (1 + np.exp((first - second) / SMOOTHNESS))
    return share * CURVATURES[0] * (x - PLACES[0]) + (1 - share) * CURVATURES[1] * (x - PLACES[1])


GRID = np.linspace(-9, 8, 1701)
RIDGE = max((x for x in GRID if PLACES[0] < x < PLACES[1]), key=double_well)


def quadrature_ratio(heat):
    density = np.exp(-double_well(GRID) / heat)
    return density[GRID < RIDGE].sum() / density[GRID > RIDGE].sum()


def chain_ratio(eta, heat):
    """The ratio in the stationary state of the chain of steps itself, from its matrix on a grid."""
    grid = GRID[::2]
    kernel = np.exp(-((grid[None, :] - (grid - eta * slope(grid))[:, None]) ** 2) / (4 * heat * eta))
    kernel /= kernel.sum(axis=1, keepdims=True)
    balance = kernel.T - np.eye(len(grid))
    balance[-1] = 1
    law = np.linalg.solve(balance, np.eye(len(grid))[-1])
    return law[grid < RIDGE].sum() / law[grid > RIDGE].sum()


def simulated_ratio(eta, batch, variance, *, time, chains, seed):
    """Occupation of the basins by SGD with Gaussian noise, started half in each minimum, and its standard error."""
    draw = np.random.default_rng(seed)
    x = np.repeat(PLACES, chains // 2)
    steps = int(time / eta)
    count = np.zeros(chains)
    for step in range(steps):
        x -= eta * (slope(x) + draw.standard_normal(chains) * np.sqrt(variance / batch))
        if step >= steps // 2:
            count += x < RIDGE
    shares = count / (steps - steps // 2)
    share, error = shares.mean(), shares.std(ddof=1) / np.sqrt(chains)
    return share / (1 - share), error / (1 - share) ** 2


def test_the_printed_ratio():
    """Jastrzębski et al. 2017 with n = .1, σ² = 2, L_A = .3, L_B = .25, h_A = 1, h_B = 4."""
    ratio = basin_ratio(R(3, 10), R(1, 4), 1, 4, learning_rate=R(1, 10), variance=2)
    assert ratio == 2 * sp.exp(R(-1, 2))
    assert float(ratio) == pytest.approx(1.2130613, abs=5e-8)
    assert basin_ratio(0.3, 0.25, 1, 4, learning_rate=0.1, variance=2) == pytest.approx(float(ratio), rel=1e-14)


def test_the_ratio_of_symbols_and_its_two_invariances():
    size = 2
    a, b, eta, batch, sigma, c = sp.symbols("L_A L_B eta S sigma c", positive=True)
    first = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"a{min(i, j)}{max(i, j)}"))
    second = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"b{min(i, j)}{max(i, j)}"))
    change = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"m{i}{j}"))
    settings = {"learning_rate": eta, "batch_size": batch, "variance": sigma**2}
    ratio = basin_ratio(a, b, first, second, **settings)
    printed = sp.sqrt(second.det() / first.det()) * sp.exp(2 * batch / (eta * sigma**2) * (b - a))
    assert sp.simplify(ratio / printed) == 1
    scaled = {**settings, "learning_rate": c * eta, "batch_size": c * batch}
    assert basin_ratio(a, b, first, second, **scaled) == ratio
    turned = basin_ratio(a, b, change.T * first * change, change.T * second * change, **settings)
    assert sp.simplify((turned / ratio) ** 2) == 1


def test_only_the_discrete_law_breaks_the_invariance():
    """h = σ = 1: (η, S) = (.1, 1), (.4, 4), (1, 10) share the Gibbs variance .05; SGD has .0526316, .0625, .1."""
    pairs = [(R(1, 10), 1), (R(2, 5), 4), (sp.S(1), 10)]
    assert [gibbs_covariance(1, learning_rate=eta, batch_size=size, variance=1)[0] for eta, size in pairs] == [
        R(1, 20)
    ] * 3
    discrete = [stationary_covariance([[1]], [[R(1, size)]], eta)[0] for eta, size in pairs]
    assert discrete == [R(1, 19), R(1, 16), R(1, 10)]


def test_the_discrete_covariance_is_the_gibbs_covariance_times_a_factor():
    a, b, c, eta, size, sigma = sp.symbols("a b c eta S sigma", positive=True)
    hessian = sp.Matrix([[a, b], [b, c]])
    discrete = stationary_covariance(hessian, sigma**2 / size * sp.eye(2), eta)
    factor = (sp.eye(2) - eta * hessian / 2).inv()
    continuous = gibbs_covariance(hessian, learning_rate=eta, batch_size=size, variance=sigma**2)
    assert (discrete - continuous * factor).applyfunc(sp.simplify) == sp.zeros(2)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_the_correction_of_finite_steps_solves_its_equation(dimension):
    """L*P₁ + A₂*P₀ = 0, from the Taylor series of the mean over one step with Gaussian noise, for an undetermined loss."""
    x = sp.symbols(f"x1:{dimension + 1}")
    heat = sp.Symbol("T", positive=True)
    law = Gibbs(x, sp.Function("L")(*x), heat)
    push = [law.loss.diff(a) for a in x]

    def laplace(f):
        return sum(f.diff(a, 2) for a in x)

    first = law.density * law.finite_rate_correction(sp.S.One)
    drifted = sum((p * first).diff(a) for p, a in zip(push, x, strict=True)) + heat * laplace(first)
    pairs = [(p, a, q, b) for p, a in zip(push, x, strict=True) for q, b in zip(push, x, strict=True)]
    second = sum((p * q * law.density).diff(a, b) for p, a, q, b in pairs) / 2
    second += heat * sum(laplace(p * law.density).diff(a) for p, a in zip(push, x, strict=True))
    second += heat**2 / 2 * laplace(laplace(law.density))
    assert sp.expand((drifted + second) / law.density) == 0


def test_laplace_is_right_as_the_temperature_falls():
    """Z against quadrature on (x² - 1)²(2 + x)/4, whose minima differ in width: the relative error is of order T."""
    x = sp.Symbol("x")
    loss, points, errors = (x**2 - 1) ** 2 * (2 + x) ** 2 / 4, np.linspace(-1.7, 4, 40001), []
    for heat in (R(1, 50), R(1, 100), R(1, 200)):
        exact = np.trapezoid(np.exp(-sp.lambdify(x, loss)(points) / float(heat)), points)
        errors.append(abs(float(Gibbs((x,), loss, heat).partition([-1], [1])) / exact - 1))
    assert errors[2] < 0.05
    assert errors[0] / errors[1] > 1.7
    assert 1.7 < errors[1] / errors[2] < 2.3


def test_the_partition_function_is_exact_on_a_parabola():
    x, y, heat = sp.symbols("x y T", positive=True)
    loss = x**2 + x * y + 3 * y**2 / 2 + 1
    law = Gibbs((x, y), loss, heat)
    u, v = sp.symbols("u v", real=True)
    integral = sp.integrate(law.density.subs({x: u, y: v}), (u, -sp.oo, sp.oo), (v, -sp.oo, sp.oo))
    assert sp.simplify(law.partition([0, 0]) / integral) == 1
    assert sp.simplify(law.normalised([0, 0]) * integral / law.density) == 1


def test_the_partition_function_sums_over_minima():
    x, heat = sp.symbols("x T", positive=True)
    law = Gibbs((x,), (x**2 - 1) ** 2 / 4, heat)
    assert sp.simplify(law.partition([-1], [1]) - 2 * sp.sqrt(sp.pi * heat)) == 0
    for points, complaint in (
        ([], "no minimum is given"),
        ([[0]], "the eigenvalue -1"),
        ([[2]], "is no minimum: the loss has the slope 6"),
        ([[1, 1]], "has 2 coordinates"),
    ):
        with pytest.raises(ValueError, match=complaint):
            law.partition(*points)


@pytest.mark.parametrize("heat", [0.1, 0.2])
def test_the_exact_chain_follows_the_correction_for_small_steps(heat):
    """The stationary state of the steps over quadrature of e^(-L/T): first order at the minima, second order along the way."""
    x = sp.Symbol("x")
    first, second = (R(h) * (x - R(p)) ** 2 / 2 + R(low) for low, h, p in zip(LOSSES, CURVATURES, PLACES, strict=True))
    loss = -sp.log(sp.exp(-first / SMOOTHNESS) + sp.exp(-second / SMOOTHNESS)) * SMOOTHNESS
    points, errors = np.linspace(*PLACES, 4001), []
    for eta in (0.05, 0.025, 0.0125):
        path = sp.lambdify(x, quasipotential_slope(loss, x, eta) - sp.diff(loss, x))(points)
        predicted = finite_rate_ratio(*CURVATURES, eta) * np.exp(np.trapezoid(path, points) / heat)
        errors.append(abs(np.log(chain_ratio(eta, heat) / quadrature_ratio(heat) / predicted)))
    # what is left is of third order
    assert errors[2] < 2e-4
    assert errors[0] / errors[1] > 4


@pytest.mark.parametrize("heat", [0.4, 0.5, 0.6])
def test_simulated_occupation_agrees_with_the_ratio_and_keeps_it_under_joint_rescaling(heat):
    """Within 3 standard errors for SGD at (η, S) and at (2η, 2S); Laplace's own error is held below one of them."""
    eta, batch, variance = 0.02, 1, heat * 100
    predicted = basin_ratio(*LOSSES, *CURVATURES, learning_rate=eta, batch_size=batch, variance=variance)
    for c in (1, 2):
        ratio, error = simulated_ratio(c * eta, c * batch, variance, time=300, chains=2000, seed=c)
        assert abs(predicted - quadrature_ratio(heat)) < error
        assert abs(ratio - predicted) < 3 * error
        assert error < 0.05 * predicted


def test_the_quasipotential_satisfies_the_equation_of_the_steps():
    """Φ'(x + η(2u - L')) = u with u = Φ'/(1 - ηL''), through second order, for an undetermined loss."""
    x, eta = sp.symbols("x eta")
    loss = sp.Function("L")(x)
    force = quasipotential_slope(loss, x)
    u = force / (1 - eta * loss.diff(x, 2))
    shift = eta * (2 * u - loss.diff(x))
    residual = sum(force.diff(x, k) * shift**k / sp.factorial(k) for k in range(4)) - u
    assert sp.expand(sp.series(residual, eta, 0, 4).removeO().doit()) == 0
    h = sp.Symbol("h")
    assert sp.expand(quasipotential_slope(h * x**2 / 2, x) - h * x * (1 - eta * h / 2)) == 0


def test_temperatures_are_those_of_the_diffusion():
    assert temperature(learning_rate=R(1, 10), batch_size=4, variance=3) == R(3, 80)
    np.testing.assert_allclose(temperature(learning_rate=np.array([0.1, 0.2]), batch_size=1, variance=1), [0.05, 0.1])
    law = gibbs(1)
    assert law.temperature == sp.Symbol("eta") * sp.Symbol("sigma") ** 2 / (2 * sp.Symbol("S"))


def test_many_weights_do_not_overflow():
    hessian = np.diag(np.full(400, 100.0))
    ratio = basin_ratio(0.0, 0.0, hessian, 1.01 * hessian, learning_rate=0.1, variance=1.0)
    assert ratio == pytest.approx(1.01**200, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"hessian_a": -1}, "the Hessian at A has the eigenvalue -1"),
        ({"hessian_b": sp.Matrix([[1, 2], [2, 1]])}, "the Hessian at B has the eigenvalue -1"),
        ({"hessian_b": np.array([[1.0, 2.0], [0.0, 1.0]])}, "the Hessian at B is not symmetric"),
        ({"hessian_b": sp.eye(2)}, r"shapes \(1, 1\) and \(2, 2\)"),
        ({"learning_rate": 0}, "the learning rate is 0"),
        ({"learning_rate": -0.5}, "the learning rate is -0.5"),
        ({"batch_size": 0}, "the batch size is 0"),
        ({"variance": -2}, "the variance is -2"),
        ({"loss_a": float("nan")}, "the loss is nan"),
    ],
)
def test_bad_basins_are_named(changes, complaint):
    good = {"loss_a": 0, "loss_b": 1, "hessian_a": 1, "hessian_b": 2, "learning_rate": R(1, 10), "variance": 1}
    with pytest.raises(ValueError, match=complaint):
        basin_ratio(**{**good, **changes})
