"""Models of the noise: joint cumulants against moments of independent standard normals, written out."""

from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
import pytest
import sympy as sp

from sgdsym.diagrams import moebius, set_partitions
from sgdsym.noise import Decoupled, Empirical, Isotropic, LabelNoise, LinearRegression, minibatch_covariance
from sgdsym.quantities import as_sympy

HALF = sp.Rational(1, 2)
MOMENTS = (1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395, 0, 135135)
DEGREES = [
    (0,),
    (1,),
    (2,),
    (3,),
    (0, 0),
    (0, 1),
    (1, 1),
    (1, 2),
    (2, 2),
    (0, 1, 1),
    (1, 1, 1),
    (1, 1, 2),
    (1, 1, 1, 1),
]


def joint_cumulant(losses, point, normals, degrees):
    """By definition: differentiate each equally likely loss, average products over standard normals, Möbius."""

    def expectation(polynomial):
        return sum(c * sp.prod(MOMENTS[k] for k in powers) for powers, c in polynomial.terms())

    @cache
    def derivative(i, axes):
        result = sp.diff(losses[i], *(variables[axis] for axis in axes)) if axes else losses[i]
        return sp.Poly(result.subs(point), *normals)

    variables, rank = list(point), sum(degrees)
    starts = [sum(degrees[:j]) for j in range(len(degrees))]
    found = np.empty((len(variables),) * rank, dtype=object)
    for place in product(range(len(variables)), repeat=rank):
        axes = [tuple(sorted(place[start : start + k])) for start, k in zip(starts, degrees, strict=True)]
        total = 0
        for parts in set_partitions(len(degrees)):
            term = sp.Integer(moebius(len(parts)))
            for part in parts:
                products = [sp.prod(derivative(i, axes[v]) for v in part) for i in range(len(losses))]
                term *= sum(expectation(entry) for entry in products) / sp.Integer(len(losses))
            total += term
        found[place] = sp.expand(total)
    return found


def agree(found, expected):
    return all(sp.expand(a - b) == 0 for a, b in zip(found.flat, expected.flat, strict=True))


@pytest.mark.parametrize("degrees", DEGREES)
def test_linear_regression_is_the_gaussian_expectation(degrees):
    """Every mixed cumulant with weight decay, for a correlated pair of inputs."""
    t = sp.symbols("t1:3")
    normals = sp.symbols("n0:3")
    lower, truth, point = sp.Matrix([[1, 0], [-1, 2]]), sp.Matrix([2, -1]), sp.Matrix([HALF, 3])
    x = lower * sp.Matrix(normals[1:])
    decay = sp.Matrix([[1, HALF], [HALF, 2]])
    theta = sp.Matrix(t)
    residual = (theta - truth).dot(x) - 3 * normals[0]
    loss = sp.expand(residual**2 / 2 + (theta.T * decay * theta)[0] / 2)
    model = LinearRegression(lower * lower.T, point - truth, label_variance=9, weight_decay=decay, truth=truth)
    expected = joint_cumulant([loss], dict(zip(t, point, strict=True)), normals, degrees)
    assert agree(model.cumulant(degrees), expected)


def test_lemma_one_conditional_and_averaged():
    """L. Ziyin et al., 2022, Lemma 1: C(w), and its average over w of covariance Sigma, for batches of S."""
    a, b, c, u, v, s2, size = sp.symbols("a b c u v sigma2 S", positive=True)
    inputs, w = sp.Matrix([[a, b], [b, c]]), sp.Matrix([u, v])
    found = minibatch_covariance(LinearRegression(inputs, w, s2).C, size)
    expected = (inputs * w * w.T * inputs + (w.T * inputs * w)[0] * inputs + s2 * inputs) / size
    assert (found - expected).applyfunc(sp.simplify) == sp.zeros(2)
    points = [(1, 2), (-1, -2), (3, 0), (-3, 0)]
    spread = sum((sp.Matrix(x) * sp.Matrix(x).T for x in points), sp.zeros(2)) / 4
    averaged = sum((LinearRegression(inputs, x, s2).C for x in points), sp.zeros(2)) / 4
    expected = inputs * spread * inputs + (inputs * spread).trace() * inputs + s2 * inputs
    assert (averaged - expected).applyfunc(sp.expand) == sp.zeros(2)


def test_exact_and_decoupled_are_two_models():
    """The example of a pair of correlated inputs: + A w w^T A against - A w w^T A."""
    inputs = [[1, Fraction(3, 10)], [Fraction(3, 10), Fraction(1, 2)]]
    model = LinearRegression(inputs, [Fraction(7, 10), -1], label_variance=Fraction(1, 4))
    assert np.allclose(np.array(model.C, float), [[0.980, 0.130], [0.130, 0.4941]])
    assert np.allclose(np.array(model.decoupled().C, float), [[0.660, 0.362], [0.362, 0.3259]])
    gradient = model.G
    assert 2 * gradient * gradient.T == model.C - model.decoupled().C
    assert sp.Rational(49, 50) == model.C[0, 0]
    one = LinearRegression([[1]], [1])
    assert (one.C[0], one.decoupled().C[0]) == (2, 0)  # fourth moment 3 against 1: C is 2 w^2 against 0


def test_decoupled_covariance_with_weight_decay_is_that_of_corollary_two():
    """L. Ziyin et al., 2022, Corollary 2: (2 L_0 H_0 - Gamma w w^T Gamma)/S at the minimum of the regularised loss."""
    inputs, decay, truth = sp.diag(1, HALF), sp.diag(HALF, HALF / 2), sp.Matrix([1, 2])
    minimum = (inputs + decay).inv() * inputs * truth
    model = LinearRegression(inputs, minimum - truth, label_variance=1, weight_decay=decay, truth=truth)
    assert sp.zeros(2, 1) == model.G
    plain = LinearRegression(inputs, minimum - truth, label_variance=1)
    expected = 2 * plain.mean_loss * inputs - decay * minimum * minimum.T * decay
    assert expected == model.decoupled().C
    assert model.decoupled().G == model.G
    assert model.decoupled().H == model.H == inputs + decay


def test_empirical_cumulants_are_those_of_the_points():
    t = sp.symbols("t1:3")
    losses = [t[0] ** 3 + t[0] * t[1], t[1] ** 2 - 2 * t[0] ** 2 * t[1], t[0] + HALF * t[1] ** 3]
    point = {t[0]: HALF, t[1]: -1}
    tensors = {
        k: [sp.Array(_derivative(loss, t, k)).subs(point).tolist() if k else loss.subs(point) for loss in losses]
        for k in range(4)
    }
    model = Empirical(tensors)
    for degrees in DEGREES:
        assert agree(model.cumulant(degrees), joint_cumulant(losses, point, (sp.Symbol("n0"),), degrees))


def _derivative(loss, variables, degree):
    return sp.derive_by_array(loss if degree == 1 else _derivative(loss, variables, degree - 1), variables)


@pytest.mark.parametrize("degrees", [(0,), (1,), (2,), (3,), (0, 1), (1, 1), (1, 2), (1, 3), (1, 1, 1), (1, 1, 2)])
def test_label_noise_on_a_nonlinear_model(degrees):
    """Outputs that are quadratic in the weights, residuals, and a symbolic strength of the noise."""
    t, n, s = sp.symbols("t1:3"), sp.Symbol("n"), sp.Symbol("s")
    outputs = [t[0] ** 2 + t[1], t[0] * t[1], 3 * t[1] - t[0] ** 2 * t[1]]
    labels, point = [1, -1, 2], {t[0]: 2, t[1]: HALF}
    losses = [sp.expand((f - y - s * n) ** 2 / 2) for f, y in zip(outputs, labels, strict=True)]
    tensors = {k: [sp.Array(_derivative(f, t, k)).subs(point).tolist() for f in outputs] for k in (1, 2, 3)}
    residuals = [f.subs(point) - y for f, y in zip(outputs, labels, strict=True)]
    found = LabelNoise(tensors, variance=s**2, residuals=residuals).cumulant(degrees)
    assert agree(found, joint_cumulant(losses, point, (n,), degrees))


def test_label_noise_at_interpolation_is_proportional_to_the_hessian():
    model = LabelNoise([[1, 2], [0, 3], [-1, 1]], variance=sp.Symbol("v"))
    assert sp.zeros(2, 1) == model.G
    assert sp.Symbol("v") * model.H == model.C
    assert sp.Symbol("v") / 2 == model.mean_loss
    assert model.J == 0 * model.J


def test_isotropic_noise():
    model = Isotropic({1: [0, 0, 0], 2: sp.diag(1, 2, 3)}, variance=sp.Symbol("v"))
    assert sp.Symbol("v") * sp.eye(3) == model.C
    assert model.S == 0 * model.S
    assert as_sympy(model.cumulant((2,))) == sp.diag(1, 2, 3)
    with pytest.raises(ValueError, match=r"give means\[3\]"):
        _ = model.J


def test_floats_stay_floats():
    model = LinearRegression(np.diag([1.0, 0.5]), np.array([0.3, -1.0]), label_variance=0.25)
    exact = LinearRegression([[1, 0], [0, HALF]], [Fraction(3, 10), -1], label_variance=Fraction(1, 4))
    for degrees in DEGREES:
        floats = model.cumulant(degrees)
        assert floats.dtype == float
        assert np.allclose(floats, exact.cumulant(degrees).astype(float))
    assert model.C.dtype == float


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: LinearRegression([[1, 2], [2, 1]], [0, 0]),
            "inputs has the eigenvalue -1; none may be below 0",
        ),
        (lambda: LinearRegression([[1]], [0], label_variance=-1), "label_variance is -1; it must not be negative"),
        (lambda: LinearRegression([[1]], [0, 0]), r"offset has shape \(2,\)"),
        (lambda: LinearRegression([[1]], [0], weight_decay=1), "give the truth"),
        (lambda: LinearRegression(np.eye(1), [sp.Symbol("w")]), "symbol stands beside floats"),
        (lambda: Decoupled({1: [0], 2: [[1]]}), r"means\[0\]"),
        (lambda: Decoupled({0: 0, 1: [1], 2: [[1]]}), "eigenvalue -1"),
        (lambda: Isotropic({0: 1}, 1), "number of weights is not known"),
        (lambda: Isotropic({1: [0]}, -2), "variance is -2"),
        (lambda: Empirical({1: [[1], [2]], 2: [[[1]]] * 3}), "differ between the tensors"),
        (lambda: Empirical({1: [[1], [2]]}).H, r"derivatives\[2\] is missing"),
        (lambda: Empirical({1: [1, 2], 2: [[[1, 0], [0, 1]]]}).C, r"derivatives\[1\] is a mean"),
        (lambda: LabelNoise({1: [[1], [2]]}, variance=1).H, r"outputs\[2\] is missing"),
        (lambda: LabelNoise([[1], [2]], variance=1, residuals=[1]), r"residuals has shape \(1,\)"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


def test_the_mean_gradient_may_be_a_column():
    a, b = sp.symbols("a b")
    for gradient in (sp.Matrix([a, b]), [a, b]):
        assert Isotropic({1: gradient, 2: [[2, 1], [1, 3]]}, variance=1).cumulant((1,)).tolist() == [a, b]
