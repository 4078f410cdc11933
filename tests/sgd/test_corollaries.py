"""Substitutions, gradients and corollaries."""

from fractions import Fraction

import pytest
import sympy as sp

from sgdsym.diagrams import Diagram, parse_notation
from sgdsym.numeric import interpret, interpret_diagram, polynomial_derivatives
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import (
    OBSERVABLES,
    Comparison,
    additive_noise,
    along_gradient,
    at_minimum,
    batch_size_correction,
    compare,
    covariance_trace,
    curvature_noise_force,
    deterministic,
    epochs_correction,
    expand,
    flow_regulariser,
    gaussian_noise,
    gdc_regulariser,
    gradient,
    isotropic_noise,
    loss_at_minimum,
    noise_curvature,
    non_gaussian_correction,
    potential,
    quadratic_loss,
    regulariser,
    squared_gradient,
)

T, N, B, E = (Coefficient.symbol(name) for name in "TNBE")
LOSSES = [
    {(1, 0): 2, (0, 1): Fraction(1, 3), (2, 0): 1, (1, 1): -1, (2, 1): Fraction(1, 2), (0, 3): 1},
    {(1, 0): -1, (0, 1): 1, (0, 2): 2, (1, 1): 3, (3, 0): Fraction(-1, 2), (1, 2): 1},
    {(1, 0): Fraction(1, 2), (2, 0): -2, (0, 2): 1, (1, 2): Fraction(2, 3)},
]
START = (Fraction(1, 2), Fraction(-1, 3))


def diagram(text):
    return parse_notation(text)[0]


def test_batch_size_loss_and_displacement():
    """S. C. Tenka, "SGD at Small Learning Rates", section 3.3; T = M N updates, M = E where B = 1."""
    loss = batch_size_correction(batch_size=1)
    assert loss.terms == (along_gradient(covariance_trace()) * (E * (N - 1) / 4)).terms
    moved = batch_size_correction(batch_size=1, observable="displacement")
    assert moved.terms == (gradient(covariance_trace()) * (E * N * (N - 1) / (4 * N))).terms


def test_epochs_with_batches():
    expected = (along_gradient(squared_gradient()) / 2 + along_gradient(covariance_trace()) / (2 * B)) * (
        N / (2 * B) * (1 - 1 / E)
    )
    assert epochs_correction().terms == expected.terms
    assert epochs_correction(batch_size=1).terms == expected.subs(B=1).terms


def test_loss_at_a_minimum():
    expected = {
        Diagram(1): Coefficient(1),
        diagram("c(02-1)(01-12)"): T / 2,
        diagram("c(03-1-2)(01-12-23)"): -T * (T - 1) / 2,
        diagram("c(012-3)(03-13-23)"): -T / 6,
    }
    assert loss_at_minimum(batch_size=1).terms == expected


def test_curvature_noise_force():
    pulled = Diagram(4, [(0, 1), (0, 2), (0, 3)], [(1, 2)], [3])
    force = curvature_noise_force(batch_size=1)
    assert force.terms == {pulled: -T * (T - 1) / 4}
    with pytest.raises(ValueError, match="not a gradient"):
        potential(force)


def test_regularisers():
    assert gdc_regulariser(batch_size=1).terms == (covariance_trace() * ((N - 1) / (4 * N))).terms
    assert flow_regulariser().terms == (squared_gradient() / 4).terms
    assert non_gaussian_correction(batch_size=1).terms == {diagram("c(012-3)(03-13-23)"): -T / 6}


def test_descent_on_the_regularised_loss_moves_like_sgd():
    """Add R to the loss by hand: to second order the gradient of R is all that changes the displacement."""
    for batch_size in (1, None):
        found = compare("gd", f"fixed:B={batch_size or 'B'}", order=2, observable="displacement")
        updates = found.first.steps
        pushed = gradient(gdc_regulariser(batch_size=batch_size)) * -updates
        assert (found.difference + pushed).terms == {}


def test_regularisers_are_read_off_displacements_that_differ():
    with pytest.raises(ValueError, match="displacement"):
        regulariser(compare("gd", "ode", order=2))
    with pytest.raises(ValueError, match="do not differ"):
        regulariser(compare("gd", "gd", order=2, observable="displacement"))
    found = compare("sgd", "ode", observable="displacement")
    with pytest.raises(ValueError, match="not a gradient"):
        regulariser(Comparison(found.first, found.second, at_minimum(found.difference)))


@pytest.mark.parametrize("series", [squared_gradient(), covariance_trace(), noise_curvature()])
@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_gradients_are_derivatives(series, basis):
    """Differentiate the value as a function of the weights, with sympy, on a population of polynomials."""
    u, v = sp.symbols("u v")
    losses = [sum(sp.Rational(c) * u**a * v**b for (a, b), c in loss.items()) for loss in LOSSES]

    def moment(*factors):
        return sum(sp.Mul(*(f(loss) for f in factors)) for loss in losses) / len(losses)

    def slope(w):
        return lambda loss: sp.diff(loss, w)

    mean = moment(lambda loss: loss)
    pairs = {(a, b): moment(slope(a), slope(b)) - moment(slope(a)) * moment(slope(b)) for a in (u, v) for b in (u, v)}
    scalars = {
        "|G|^2": sum(moment(slope(w)) ** 2 for w in (u, v)),
        "tr C": pairs[u, u] + pairs[v, v],
        "C:H": sum(c * sp.diff(mean, a, b) for (a, b), c in pairs.items()),
    }
    point = {u: sp.Rational(START[0]), v: sp.Rational(START[1])}
    expected = [sp.diff(scalars[series.setting.observable.name], w).subs(point) for w in (u, v)]
    tensors = polynomial_derivatives(LOSSES, theta=START, order=3)
    found = sum(interpret_diagram(d, basis, tensors) * c.as_fraction() for d, c in gradient(series.in_basis(basis)))
    assert [sp.Rational(x) for x in found] == expected
    mean_slope = [sp.diff(mean, w).subs(point) for w in (u, v)]
    along = interpret(along_gradient(series.in_basis(basis)), tensors)
    assert sp.Rational(along[-1]) == sum(a * b for a, b in zip(expected, mean_slope, strict=True))


def test_potential_undoes_the_gradient():
    loss = expand(order=3)
    assert potential(gradient(loss)).terms == loss.terms
    assert potential(gradient(loss)).truncation == 3


def test_gradients_of_vectors_are_refused():
    with pytest.raises(ValueError, match="open indices"):
        gradient(expand(observable="displacement", order=1))
    with pytest.raises(ValueError, match="one open index"):
        potential(expand(order=1))


@pytest.mark.parametrize("observable", ["test-loss", "train-loss", "displacement", "loss-variance"])
@pytest.mark.parametrize("substitution", [at_minimum, gaussian_noise, additive_noise, deterministic, quadratic_loss])
def test_substitutions_commute_with_the_basis(substitution, observable):
    assert observable in OBSERVABLES
    series = expand(observable=observable, dynamics="gd", order=3)
    once = substitution(series)
    assert substitution(once) == once
    if substitution in (at_minimum, quadratic_loss):
        # dropped where the factor stands: two ways to write one value once the factor is zero
        assert substitution(substitution(series.as_moments()).as_cumulants()) == once
    else:
        assert substitution(series.as_moments()).as_cumulants() == once


ASSUMED = {
    at_minimum: [{(1, 0): 1, (2, 0): 1, (3, 0): 1}, {(1, 0): -1, (2, 0): 3, (1, 2): 1}],
    additive_noise: [{(1, 0): 1, (2, 1): 1, (0, 1): 2}, {(1, 0): 3, (2, 1): 1}],
    deterministic: [{(1, 0): 1, (2, 1): 1, (0, 1): 2}],
    quadratic_loss: [{(1, 0): 1, (2, 0): 3, (3, 0): 1}, {(1, 0): 1, (2, 0): 1, (3, 0): -1}],
}


@pytest.mark.parametrize("substitution", ASSUMED)
def test_dropped_terms_are_zero_where_the_assumption_holds(substitution):
    """On a population that meets the assumption the whole series and what is kept have equal values, in either basis."""
    tensors = polynomial_derivatives(ASSUMED[substitution], theta=(0, 0), order=4)
    for basis in ("cumulant", "moment"):
        series = expand(dynamics="gd", order=4, steps=3, dataset_size=2, basis=basis)
        kept = substitution(series)
        assert len(kept) < len(series)
        assert interpret(kept, tensors) == interpret(series, tensors)


def test_gaussian_noise_drops_skewness():
    """Gradients ±1 with equal weight have no third cumulant, unlike gradients 2 and -1 with weights 1/3 and 2/3."""
    series = expand(order=3, steps=2, batch_size=1)
    even = polynomial_derivatives([{(1,): 1, (3,): 1}, {(1,): -1, (3,): 1}], theta=(0,), order=3)
    skewed = polynomial_derivatives([{(1,): 2, (3,): 1}, {(1,): -1, (3,): 1}], theta=(0,), order=3)
    weights = (Fraction(1, 3), Fraction(2, 3))
    kept = gaussian_noise(series)
    assert interpret(kept, even) == interpret(series, even)
    assert interpret(kept, skewed, weights=weights) != interpret(series, skewed, weights=weights)


def test_isotropic_noise_is_the_series_at_equal_variances():
    """Two weights with independent noise of variance 4 each: evaluate the traces by hand and by the interpreter."""
    mean = {(2, 0): 1, (1, 1): 3, (0, 2): -1, (3, 0): 1, (1, 2): Fraction(1, 2), (1, 0): 1}
    losses = [mean | {(1, 0): 1 + a, (0, 1): b} for a in (2, -2) for b in (2, -2)]
    series = gaussian_noise(expand(order=3, steps=3, batch_size=1))
    found = isotropic_noise(additive_noise(series), sp.Integer(4))
    tensors = polynomial_derivatives(losses, theta=(0, 0), order=3)
    gradient_, hessian, jerk = (tensors[k].mean(axis=0) for k in (1, 2, 3))
    values = {
        "H_aa": hessian.trace(),
        "H_ab H_ab": (hessian * hessian).sum(),
        "J_aab G_b": sum(gradient_[i] * jerk[i][j][j] for i in range(2) for j in range(2)),
    }
    plain = additive_noise(deterministic(series))
    eta = sp.Symbol("eta")
    noise = sp.expand(found - plain.as_expr())
    names = {symbol.name for symbol in noise.free_symbols} - {"eta"}
    assert names == set(values)
    number = noise.subs({symbol: sp.Rational(values[symbol.name]) for symbol in noise.free_symbols if symbol != eta})
    expected = [a - b for a, b in zip(interpret(series, tensors), interpret(plain, tensors), strict=True)]
    assert [sp.Rational(x) for x in expected] == [sp.expand(number).coeff(eta, k) for k in range(4)]


def test_isotropic_noise_of_scalars():
    eta, sigma, p = sp.symbols("eta sigma p")
    assert isotropic_noise(covariance_trace()) == eta * sigma**2 * p
    series = Series({diagram("c(05-1-2-3-4)(01-12-23-34-45)"): Coefficient(1)}, 5)
    assert {s.name for s in isotropic_noise(series).free_symbols} == {"H_ab H_ac H_bd H_cd", "eta", "sigma"}
    with pytest.raises(ValueError, match="open indices"):
        isotropic_noise(expand(observable="displacement", order=1))


@pytest.mark.parametrize(
    "verb", [at_minimum, gaussian_noise, additive_noise, deterministic, quadratic_loss, gradient, along_gradient]
)
def test_what_is_derived_is_counted_again_as_derived(verb):
    """At a momentum of 0 the symbolic coefficients have no value: the verb must not be lost when they are counted again."""
    symbolic = expand(momentum="mu", order=2, batch_size=1)
    assert verb(symbolic).subs(mu=0) == verb(expand(order=2, batch_size=1))


def test_differences_are_counted_again_with_every_size():
    difference = compare("sgd:momentum=mu,B=1", "fixed:E=E,B=1", order=2).difference
    assert difference.subs(mu=0, N=4).symbols == ("E",)
    assert difference.subs(mu=0, N=4) == difference.subs(mu=0).subs(N=4)
