"""Numbers of kernels and of the interpreter are right to the last digits, or refused."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

import sgdsym
from sgdsym.codegen.scalars import assignment
from sgdsym.resummation.exchange import read_resummed
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import resum
from tests.oracle.triples import worst

SLOPES, CURVATURES, THIRD = [[1], [3]], [[[0]], [[2]]], [[[[1]]], [[[-2]]]]
TENSORS = [[0, 0], SLOPES, CURVATURES, THIRD, [[[[[1]]]], [[[[2]]]]]]
FLOATS = [np.array(tensor, dtype=float) for tensor in TENSORS]


def test_random_requests_sizes_and_momenta():
    largest, where, counts = worst(240, 12)
    assert largest <= 1e-9, where
    assert counts["evaluated"] > 180
    assert counts["refused"] > 0


def fifty_digits(series, **sizes):
    """The coefficients of a series from their texts, in as many digits as leave fifty."""
    with mpmath.workdps(400):
        values = {name: mpmath.mpf(value) for name, value in sizes.items()}
        unit = [mpmath.mpf(0)] * (series.truncation + 1)
        for diagram, coefficient in series:
            value = sgdsym.interpret(Series({diagram: Coefficient(1)}, series.truncation, series.basis), TENSORS)
            known = value[diagram.order]
            number = eval(str(coefficient), {}, values)  # noqa: S307 - our own text
            unit[diagram.order] += number * known.numerator / known.denominator
        return [+x for x in unit]


@pytest.fixture(scope="module")
def momentum():
    series = sgdsym.expand(order=4, momentum="mu")
    return series, series.kernel(unbiased=False)


@pytest.mark.parametrize("steps", [10, 100, 10**4])
@pytest.mark.parametrize("mu", [0.99, 0.999, -0.999, 1 - 1e-12])
def test_momentum_near_one_to_order_four(momentum, mu, steps):
    series, kernel = momentum
    wanted = fifty_digits(series, T=steps, B=3, mu=mu)
    found = kernel.coefficients(FLOATS, T=steps, B=3, mu=mu)
    slow = sgdsym.interpret(series, FLOATS, T=steps, B=3, mu=mu)
    for k, exact in enumerate(wanted):
        assert abs(found[k] - exact) <= 1e-13 * abs(exact)
        assert abs(slow[k] - exact) <= 1e-13 * abs(exact)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_round_the_same_coefficients(backend):
    library = pytest.importorskip(backend)
    series = sgdsym.expand(order=2, momentum="mu")
    other = series.kernel(backend, unbiased=False)
    sizes = {"T": 10, "B": 3, "mu": 1 - 1e-6}
    if backend == "jax":
        with library.enable_x64(True):
            found = np.asarray(other.coefficients(FLOATS, **sizes))
    else:
        found = other.coefficients([library.tensor(t) for t in FLOATS], **sizes).numpy()
    np.testing.assert_allclose(found, [float(x) for x in fifty_digits(series, **sizes)], rtol=1e-13)


def test_a_million_steps_and_batches_of_a_hundred_thousand(momentum):
    series, kernel = momentum
    sizes = {"T": 10**6, "B": 10**5, "mu": 1 - 1e-12}
    wanted = fifty_digits(series, **sizes)
    np.testing.assert_allclose(kernel.coefficients(FLOATS, **sizes), [float(x) for x in wanted], rtol=1e-13)


def test_a_momentum_that_is_a_number_stays_exact_in_a_module():
    """A power such as (9/10)**T was a float: at 10 steps and order 3 the sums of such powers cancel."""
    series = sgdsym.expand(order=3, momentum=Fraction(999, 1000))
    wanted = sgdsym.interpret(series, TENSORS, T=10, B=2)
    found = series.kernel(unbiased=False).coefficients(FLOATS, T=10, B=2)
    np.testing.assert_allclose(found, [float(x) for x in wanted], rtol=1e-13)


def test_epochs_in_the_exponent():
    series = sgdsym.expand(order=2, sampling="replace", epochs="E", momentum="mu")
    kernel = series.kernel(unbiased=False)
    sizes = {"E": 3, "N": 4, "B": 2, "mu": Fraction(99, 100)}
    wanted = [float(x) for x in sgdsym.interpret(series, TENSORS, **sizes)]
    np.testing.assert_allclose(kernel.coefficients(FLOATS, **sizes), wanted, rtol=1e-13)
    for evaluate, tensors in (
        (kernel.coefficients, FLOATS),
        (lambda *a, **k: sgdsym.interpret(series, *a, **k), TENSORS),
    ):
        with pytest.raises(ValueError, match="no whole number"):
            evaluate(tensors, **(sizes | {"E": 1, "B": 3}))


def test_exponents_of_series_without_a_request():
    mu, steps = Coefficient.symbol("mu"), Coefficient.symbol("T")
    series = Series({sgdsym.Diagram(1): mu.power(steps / 2) - mu.power(3 * steps)}, 0)
    kernel = series.kernel(unbiased=False)
    assert kernel.coefficients([np.ones(2)], mu=0.5, T=4) == [0.5**2 - 0.5**12]
    assert kernel.coefficients([np.ones(2)], mu=Fraction(1, 2), T=4.0) == [0.5**2 - 0.5**12]
    for steps in (3, 2.5):
        with pytest.raises(ValueError, match="no whole number"):
            kernel.coefficients([np.ones(2)], mu=0.5, T=steps)


def test_long_sums_are_several_statements():
    """Python reads a sum by recursion: thousands of terms in one statement end in a RecursionError."""
    x = Coefficient.symbol("x")
    long = Coefficient.total(x**k for k in range(2000)) / (x + 2)
    namespace = {"_c": {}, "x": 1}
    exec(compile("\n".join(assignment("_c[0]", long, 4, 120)), "", "exec"), namespace)  # noqa: S102 - our own text
    assert namespace["_c"][0] == 2000 / 3


def test_removable_singularities_are_refused_in_modules_and_counted_again_by_subs():
    series = sgdsym.expand(order=4, sampling="reshuffle")
    kernel = series.kernel(unbiased=False)
    sizes = {"N": 1, "B": 1, "E": 2}
    for evaluate in (kernel.coefficients, lambda t, **k: sgdsym.interpret(series, t, **k)):
        with pytest.raises(ValueError, match=r"has no value at .*expand again with the numbers"):
            evaluate(FLOATS, **sizes)
    again = series.subs(**sizes).kernel(unbiased=False)
    exact = sgdsym.interpret(
        sgdsym.expand(order=4, sampling="reshuffle", dataset_size=1, batch_size=1, epochs=2), TENSORS
    )
    np.testing.assert_allclose(again.coefficients(FLOATS), [float(x) for x in exact], rtol=1e-13)


@pytest.mark.parametrize(
    ("options", "sizes", "message"),
    [
        ({"sampling": "reshuffle"}, {"N": 10, "B": 3, "E": 1}, "batch size 3 does not divide dataset size 10"),
        ({"sampling": "fixed"}, {"N": 2, "B": 4, "E": 1}, "batch size 4 is larger than dataset size 2"),
        ({"sampling": "fixed", "steps": "T"}, {"N": 4, "B": 2, "T": 3}, "3 steps are no whole number of epochs"),
        ({"sampling": "reshuffle"}, {"N": 4, "B": 2, "E": -1}, "epochs must be an integer of at least 0, not -1"),
        ({"sampling": "reshuffle"}, {"N": 4, "B": 2, "E": Fraction(1, 2)}, "epochs must be an integer .*, not 1/2"),
        ({}, {"T": Fraction(21, 2), "B": 1}, "steps must be an integer of at least 0, not 21/2"),
        ({}, {"T": -3, "B": 1}, "steps must be an integer of at least 0, not -3"),
        ({}, {"T": 3, "B": 0}, "batch size must be an integer of at least 1, not 0"),
        ({"momentum": "mu"}, {"T": 3, "B": 1, "mu": 1}, "momentum must lie strictly between -1 and 1, not 1"),
        ({"momentum": "mu"}, {"T": 3, "B": 1, "mu": Fraction(-3, 2)}, "momentum must lie strictly .*, not -3/2"),
        ({"dynamics": "gd"}, {"T": -1, "N": 2}, "steps must be an integer of at least 0, not -1"),
        ({"dynamics": "ode"}, {"T": Fraction(-1, 2)}, "steps must be a number of at least 0, not -1/2"),
        ({"sampling": "replace", "epochs": "E"}, {"N": 3, "B": 2, "E": 1}, "no whole number of updates"),
    ],
)
def test_sizes_given_later_are_checked_like_sizes_given_at_once(options, sizes, message):
    series = sgdsym.expand(order=2, **options)
    given = {name: value for name, value in sizes.items() if name in series.symbols}
    kernel = series.kernel(unbiased=False)
    with pytest.raises(ValueError, match=message):
        series.subs(**given)
    with pytest.raises(ValueError, match=message):
        sgdsym.interpret(series, TENSORS, **given)
    with pytest.raises(ValueError, match=message.replace("21/2", "10.5|21/2")):
        kernel.coefficients(FLOATS, **given)


def test_sizes_given_one_after_the_other_and_under_other_names():
    series = sgdsym.expand(order=2, sampling="reshuffle")
    for order in (("N", "B"), ("B", "N")):
        numbers = {"N": 10, "B": 3}
        once = series.subs(**{order[0]: numbers[order[0]]})
        with pytest.raises(ValueError, match="batch size 3 does not divide dataset size 10"):
            once.subs(**{order[1]: numbers[order[1]]})
        with pytest.raises(ValueError, match="batch size 3 does not divide dataset size 10"):
            once.kernel(unbiased=False).coefficients(FLOATS, E=1, **{order[1]: numbers[order[1]]})
    renamed = series.subs(N="points")
    with pytest.raises(ValueError, match="batch size 3 does not divide dataset size 10"):
        renamed.subs(points=10, B=3)
    difference = series - sgdsym.expand(order=2, dynamics="sde")
    with pytest.raises(ValueError, match="batch size 3 does not divide dataset size 10"):
        difference.subs(N=10, B=3)
    assert series.subs(B="N").subs(N=3, E=1).symbols == ()


def test_sizes_are_checked_after_json_and_pickle():
    import pickle

    series = sgdsym.expand(order=2, sampling="reshuffle")
    for copy in (Series.from_json(series.to_json()), pickle.loads(pickle.dumps(series))):  # noqa: S301 - our own bytes
        with pytest.raises(ValueError, match="batch size 3 does not divide dataset size 10"):
            copy.subs(N=10, B=3)
        assert copy.subs(N=10, B=5, E=1) == series.subs(N=10, B=5, E=1)


def test_resummed_series_check_sizes():
    for options in ({}, {"sampling": "replace"}, {"sampling": "reshuffle", "epochs": 1}):
        series = resum(order=2, **options)
        kernel = series.kernel()
        sizes = {name: 2 for name in series.symbols if name != "T"} | {"B": Fraction(3, 2)}
        with pytest.raises(ValueError, match="batch size must be an integer of at least 1, not 3/2"):
            series.subs(**sizes)
        with pytest.raises(ValueError, match=r"batch size must be an integer of at least 1, not 1\.5"):
            kernel(FLOATS, 0.1, steps=4, **(sizes | {"B": 1.5}))
        with pytest.raises(ValueError, match="batch size must be an integer of at least 1, not 3/2"):
            read_resummed(series.to_json()).subs(**sizes)
    series = resum(order=2, sampling="fixed", epochs=1, dataset_size=12)
    with pytest.raises(ValueError, match=r"batch size must be .* not 12/T \(T = 5\)"):
        series.kernel()(FLOATS, 0.1, steps=5)


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_negative_weights_are_refused(backend):
    if backend != "numpy":
        pytest.importorskip(backend)
    series = sgdsym.expand(order=1)
    with pytest.raises(ValueError, match="weights are probabilities, none below 0; the smallest is -1"):
        series.kernel(backend).coefficients(FLOATS, weights=[2.0, -1.0], T=2)
    with pytest.raises(ValueError, match="weights are probabilities, none below 0; the smallest is -1"):
        sgdsym.interpret(series, TENSORS, weights=[2, -1], T=2)


def test_the_interpreter_with_many_steps():
    series = sgdsym.expand(order=2, momentum="mu")
    floats = sgdsym.interpret(series, TENSORS, T=10**4, B=1, mu=0.9)
    exact = sgdsym.interpret(series, TENSORS, T=10**4, B=1, mu=Fraction(9, 10))
    assert all(isinstance(x, Fraction) for x in exact)
    np.testing.assert_allclose(floats, [float(x) for x in exact], rtol=1e-13)
    assert sgdsym.interpret(series, TENSORS, T=100, B=1, mu=0.9)[1] == pytest.approx(-3640.0095621)
    with pytest.raises(ValueError, match="too many digits; give a float"):
        sgdsym.interpret(series, TENSORS, T=10**8, B=1, mu=Fraction(9, 10))
    assert np.isfinite(sgdsym.interpret(series, TENSORS, T=10**8, B=1, mu=0.9)).all()
