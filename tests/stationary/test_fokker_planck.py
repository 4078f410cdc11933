"""The Fokker–Planck equation of SGD: printed forms, currents, and what a change of the clock does."""

import pytest
import sympy as sp

from sgdsym.stationary import FokkerPlanck, change_clock, decompose, fokker_planck, gibbs, stochastic_modified_equation

ETA, S, T = sp.symbols("eta S T", positive=True)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_the_gibbs_law_of_any_loss_carries_no_current(dimension):
    """Jastrzębski et al. 2017, section 2: isotropic noise, P ∝ exp(-2SL/ησ²); here for an undetermined function L."""
    variance = sp.Symbol("sigma") ** 2
    for time in ("steps", "eta-steps"):
        equation = fokker_planck(dimension, covariance=variance, time=time)
        law = gibbs(dimension)
        assert equation.coordinates == law.coordinates
        assert equation.velocity(law.density) == sp.zeros(dimension, 1)
        assert sp.simplify(equation.rate(law.density)) == 0


def test_the_gibbs_law_carries_a_current_under_other_noise():
    x, y = sp.symbols("x y")
    loss = x**2 / 2 + y**2 / 2 + x * y / 3
    equation = fokker_planck([x, y], loss, sp.diag(1, 2), time="eta-steps")
    law = gibbs([x, y], loss, variance=1)
    assert equation.velocity(law.density) != sp.zeros(2, 1)
    assert sp.simplify(equation.rate(law.density)) != 0


def test_the_printed_equation():
    """∂P/∂t = ∇·J with J = ηgP + (η²/2S)∇·(CP): Jastrzębski et al. 2017, section 2."""
    equation = fokker_planck(2)
    x = equation.coordinates
    t = sp.Symbol("t")
    density, loss = sp.Function("P")(*x, t), sp.Function("L")(*x)
    eta, size = sp.symbols("eta S")
    noise = [[sp.Function(f"C_{min(i, j)}{max(i, j)}")(*x) for j in (1, 2)] for i in (1, 2)]
    current = [
        eta * loss.diff(x[i]) * density
        + eta**2 / (2 * size) * sum((noise[i][j] * density).diff(x[j]) for j in range(2))
        for i in range(2)
    ]
    assert sp.expand(equation.current() + sp.Matrix(current)) == sp.zeros(2, 1)
    printed = equation.equation()
    assert printed.lhs == density.diff(t)
    assert sp.expand(printed.rhs - sum(part.diff(v) for part, v in zip(current, x, strict=True)).doit()) == 0
    assert "\\frac{\\partial}{\\partial t}" in equation._repr_latex_()


def test_the_current_over_gaussians_is_that_of_the_moments():
    """d⟨xxᵀ⟩/dt = -FX - XFᵀ + 2D for a linear drift: the rate integrated against xᵢxⱼ, exactly."""
    x, y = sp.symbols("x y", real=True)
    force, noise = sp.Matrix([[2, 1], [-1, 3]]), sp.Matrix([[1, sp.Rational(1, 2)], [sp.Rational(1, 2), 2]])
    equation = FokkerPlanck((x, y), tuple(-force * sp.Matrix([x, y])), noise)
    density = sp.exp(-(x**2 + y**2) / 2) / (2 * sp.pi)
    rate = equation.rate(density)
    for i, j in ((0, 0), (0, 1), (1, 1)):
        moment = sp.integrate(sp.expand(rate * (x, y)[i] * (x, y)[j]), (x, -sp.oo, sp.oo), (y, -sp.oo, sp.oo))
        assert sp.simplify(moment - (-force - force.T + 2 * noise)[i, j]) == 0


def test_the_random_clock_makes_multiplicative_noise_additive():
    """Mori et al. 2022, eq. (13)-(15): dτ = L dt leaves additive noise and the potential log L, for any loss in n dimensions."""
    x, y = sp.symbols("x y")
    loss = sp.Function("L")(x, y)
    heat = T * sp.eye(2)
    slow = FokkerPlanck((x, y), (-loss.diff(x), -loss.diff(y)), loss * heat)
    fast = change_clock(slow, loss)
    assert fast.diffusion == sp.ImmutableMatrix(heat)
    assert [sp.simplify(a + sp.log(loss).diff(v)) for a, v in zip(fast.drift, (x, y), strict=True)] == [0, 0]
    # eq. (18): L^(-1/T) at fixed τ, and one power of L more at fixed t
    assert fast.velocity(loss ** (-1 / T)) == sp.zeros(2, 1)
    assert slow.velocity(loss ** (-1 - 1 / T)) == sp.zeros(2, 1)
    assert slow.velocity(loss ** (-1 / T)) != sp.zeros(2, 1)


def test_the_random_clock_agrees_with_itos_rule():
    """The generator a∂ + D∂² of any function is that of the old clock over the speed: both clocks see the same paths."""
    x = sp.Symbol("x", positive=True)
    loss = 1 + x**2
    slow = FokkerPlanck((x,), (-loss.diff(x),), sp.Matrix([[T * loss]]))
    fast = change_clock(slow, loss)
    for function in (x, x**2, sp.log(loss)):
        generators = [eq.drift[0] * function.diff(x) + eq.diffusion[0] * function.diff(x, 2) for eq in (slow, fast)]
        assert sp.simplify(generators[0] / loss - generators[1]) == 0


def test_modified_equations_have_the_variances_they_are_known_for():
    """Li, Tai and E 2017 on hx²/2: discrete ηC/(h(2-ηh)) = ηC/2h + η²C/4, order 1 ηC/2h, order 2 ηC/2h - η²C/4."""
    x, h, c, eta = sp.symbols("x h c eta", positive=True)
    expected = {1: eta * c / (2 * h), 2: eta * c / (2 * h) - eta**2 * c / 4}
    for order, law in expected.items():
        equation = stochastic_modified_equation([x], h * x**2 / 2, c, learning_rate=eta, batch_size=1, order=order)
        variance = decompose(-equation.drift[0].diff(x), equation.diffusion[0]).spread[0]
        assert sp.expand(sp.series(variance, eta, 0, 3).removeO() - law) == 0
        assert equation.velocity(sp.exp(-(x**2) / (2 * variance))) == sp.zeros(1, 1)


def test_order_two_adds_the_slope_to_the_loss():
    x, y = sp.symbols("x y")
    loss, eta = x**3 / 3 + x * y**2 + y, sp.Symbol("eta")
    equation = stochastic_modified_equation([x, y], loss)
    better = loss + eta / 4 * (loss.diff(x) ** 2 + loss.diff(y) ** 2)
    assert [sp.expand(a + better.diff(v)) for a, v in zip(equation.drift, (x, y), strict=True)] == [0, 0]
    with pytest.raises(ValueError, match="the order is 3"):
        stochastic_modified_equation(1, order=3)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"time": "epochs"}, "time must be one of"),
        ({"learning_rate": 0}, "the learning rate is 0"),
        ({"batch_size": sp.Rational(1, 2)}, "the batch size is 1/2"),
        ({"covariance": sp.eye(3)}, "the covariance has 3 rows"),
        ({"covariance": sp.Matrix([[1, 2], [0, 1]])}, "not symmetric: entry"),
        ({"covariance": sp.Matrix([[1, 2], [2, 1]])}, "the eigenvalue -1"),
        ({"covariance": -1}, "the eigenvalue -1"),
        ({"loss": "x**2"}, "the loss is 'x\\*\\*2'; give an expression"),
    ],
)
def test_bad_settings_are_named(settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        fokker_planck(2, **settings)


def test_weights_are_given_in_any_words():
    x = sp.Symbol("x")
    named = fokker_planck("x", x**2 / 2, 1, learning_rate="eta", batch_size="S")
    assert named == fokker_planck([x], x**2 / 2, 1) == fokker_planck(x, x**2 / 2, 1)


def test_bad_equations_are_named():
    x, y = sp.symbols("x y")
    with pytest.raises(ValueError, match="the dimension is 0"):
        fokker_planck(0)
    with pytest.raises(ValueError, match="the coordinate 2 is no symbol"):
        fokker_planck(["2"])
    with pytest.raises(ValueError, match="different symbols"):
        FokkerPlanck((x, x), (x, x), sp.eye(2))
    with pytest.raises(ValueError, match="1 components; there are 2"):
        FokkerPlanck((x, y), (x,), sp.eye(2))
