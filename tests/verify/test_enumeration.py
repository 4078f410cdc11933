"""The exact runs against plainer ones: numbers in place of power series, and flows with a known solution."""

from fractions import Fraction
from itertools import permutations, product
from math import factorial, prod
from random import Random

import pytest

from sgdsym.verify import Landscape, PowerSeries, Run, draw_data, enumerate_series, random_landscape, substitute

HALF = Fraction(1, 2)
ETA = Fraction(1, 7)
LANDSCAPE = random_landscape(Random(5), degree=2)
PROBABILITIES = (Fraction(1, 3), Fraction(2, 3))


def value(polynomial, theta):
    return sum(c * theta**power for (power,), c in polynomial.items())


def slope(polynomial, theta):
    return sum(c * power * theta ** (power - 1) for (power,), c in polynomial.items() if power)


def literal_draws(run, probabilities):
    """Every sequence of points with its training set and probability, nothing merged, points by number."""

    def chance(kinds):
        return prod((probabilities[kind] for kind in kinds), start=Fraction(1))

    if run.dynamics == "sgd" and run.sampling == "online":
        for flat in product(range(2), repeat=run.steps * run.batch_size):
            yield (), [flat[i : i + run.batch_size] for i in range(0, len(flat), run.batch_size)], chance(flat)
        return
    n = run.dataset_size
    for kinds in product(range(2), repeat=n):
        if run.dynamics == "gd":
            orders = [list(range(n)) * run.steps]
        elif run.sampling == "fixed":
            orders = [list(range(n)) * int(run.epochs)]
        elif run.sampling == "reshuffle":
            orders = [sum(epochs, ()) for epochs in product(permutations(range(n)), repeat=int(run.epochs))]
        else:
            orders = list(product(range(n), repeat=run.steps * run.batch_size))
        for order in orders:
            flat = [kinds[point] for point in order]
            batches = [flat[i : i + run.batch_size] for i in range(0, len(flat), run.batch_size)]
            yield kinds, batches, chance(kinds) / len(orders)


RUNS = [
    Run(steps=3, batch_size=1),
    Run(steps=2, batch_size=2),
    Run(steps=3, momentum=Fraction(1, 3)),
    Run(steps=3, momentum=Fraction(-1, 4), nesterov=True),
    Run(steps=3, schedule=(HALF, Fraction(2), Fraction(-1))),
    Run(sampling="fixed", steps=4, dataset_size=4, batch_size=2),
    Run(sampling="fixed", steps=4, dataset_size=2, batch_size=1),
    Run(sampling="reshuffle", steps=4, dataset_size=2, batch_size=1),
    Run(sampling="reshuffle", steps=2, dataset_size=4, batch_size=2),
    Run(sampling="replace", steps=2, dataset_size=3, batch_size=2),
    Run(sampling="replace", steps=3, dataset_size=2, batch_size=1, momentum=HALF),
    Run(dynamics="gd", steps=3, dataset_size=3, batch_size=3),
]


READ = ("test-loss", "train-loss", "generalization-gap", "displacement", "loss-variance")


@pytest.mark.parametrize(
    ("run", "observable"),
    [
        (run, name)
        for run in RUNS
        for name in READ
        if run.dataset_size or name not in ("train-loss", "generalization-gap")
    ],
    ids=str,
)
def test_a_run_in_numbers(run, observable):
    """With quadratic losses a run of T steps is a polynomial in eta, so its whole series can be summed at a number."""
    landscape, total, square = LANDSCAPE, Fraction(0), Fraction(0)
    for kinds, batches, chance in literal_draws(run, landscape.probabilities):
        theta = buffer = Fraction(0)
        for time, batch in enumerate(batches):
            gradient = sum(slope(landscape.losses[kind], theta) for kind in batch) / len(batch)
            buffer = run.momentum * buffer + gradient
            rate = ETA * (run.schedule[time] if run.schedule else 1)
            theta -= rate * (gradient + run.momentum * buffer if run.nesterov else buffer)
        test = value(landscape.mean_loss, theta)
        train = sum((value(landscape.losses[kind], theta) for kind in kinds), Fraction(0)) / max(1, len(kinds))
        read = {"displacement": theta, "train-loss": train, "generalization-gap": test - train}.get(observable, test)
        total, square = total + chance * read, square + chance * read**2
    expected = square - total**2 if observable == "loss-variance" else total
    series = enumerate_series(landscape, run, observable, order=4 * run.steps)
    numbers = [c[0] if observable == "displacement" else c for c in series]
    assert sum(c * ETA**k for k, c in enumerate(numbers)) == expected


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_all_draws_together_are_certain(run):
    draws = draw_data(run, PROBABILITIES)
    assert sum(draws.values()) == 1
    assert {len(draw.batches) for draw in draws} == {run.steps}
    assert {len(batch) for draw in draws for batch in draw.batches} == {run.batch_size}


def exponential(rate, order):
    """The power series of exp(rate eta)."""
    return [Fraction(rate) ** k / factorial(k) for k in range(order + 1)]


def test_the_flow_of_a_quadratic_loss():
    """l = (w + 1)²: the solution is w + 1 = exp(-2 eta T)."""
    bowl = {(0,): 1, (1,): 2, (2,): 1}
    landscape = Landscape((bowl, bowl), (HALF, HALF), bowl)
    run = Run(dynamics="ode", steps=3)
    assert enumerate_series(landscape, run, "test-loss", 6) == exponential(-12, 6)


def test_the_diffusion_of_a_stretched_bowl():
    """l_x = x (w + 1)²/2: geometric Brownian motion, E(w + 1)² = exp(-2 m eta T + eta² v T / B) with mean m, variance v of x."""
    bowls = tuple({(0,): Fraction(x, 2), (1,): x, (2,): Fraction(x, 2)} for x in (1, 4))
    landscape = Landscape(bowls, PROBABILITIES, {(0,): 1, (1,): 2, (2,): 1})
    steps, batch, order = 3, 2, 5
    mean, variance = Fraction(3), Fraction(2)
    drift = exponential(-2 * mean * steps, order)
    noise = exponential(variance * steps / batch, order)
    expected = [sum(drift[k - 2 * j] * noise[j] for j in range(k // 2 + 1)) for k in range(order + 1)]
    run = Run(dynamics="sde", steps=steps, batch_size=batch)
    assert enumerate_series(landscape, run, "function", order) == expected


def test_the_diffusion_of_a_shaken_bowl():
    """l_x = (w - x)²/2: Ornstein-Uhlenbeck, variance eta v (1 - exp(-2 eta T)) / (2 B)."""
    bowls = tuple({(0,): Fraction(x * x, 2), (1,): -x, (2,): HALF} for x in (1, 4))
    landscape = Landscape(bowls, PROBABILITIES, {(1,): 1})
    run = Run(dynamics="sde", steps=3, batch_size=2)
    decay = exponential(-6, 4)
    expected = [Fraction(0), *((int(k == 0) - c) * Fraction(2, 4) for k, c in enumerate(decay))]
    assert [entry for ((entry,),) in enumerate_series(landscape, run, "covariance", 5)] == expected


def test_substitution_is_evaluation():
    """On constant series a polynomial takes its values; on eta it is itself."""
    polynomial = {(0, 0): Fraction(2), (2, 1): Fraction(-3), (0, 3): Fraction(1, 2)}
    x, y = PowerSeries.constant(Fraction(2), 2), PowerSeries.constant(Fraction(-1), 2)
    assert substitute(polynomial, [x, y]).coefficients == (2 + 12 - HALF, 0, 0)
    eta = PowerSeries((0, 1, 0, 0))
    assert substitute(polynomial, [eta, eta]).coefficients == (2, 0, 0, Fraction(-5, 2))
