"""Random requests, sizes and momenta, on which a kernel is held to the interpreter in fractions.

``python -m tests.oracle.triples 10000`` tries many and prints the largest relative error.
"""

import random
import sys
from collections import Counter
from fractions import Fraction
from functools import lru_cache

import numpy as np

import sgdsym

OBSERVABLES = ("test-loss", "train-loss", "generalization-gap", "displacement", "loss-variance", "covariance")


def tensors(generator, degrees):
    """Derivatives at two points in one dimension, small integers."""
    shape = [(2,) + (1,) * k for k in range(degrees + 1)]
    return [np.array([generator.randint(-4, 4) or 1 for _ in range(2)]).reshape(s) for s in shape]


@lru_cache(maxsize=1)
def request(seed):
    """A random request: its series, the series' kernel, and derivatives."""
    generator = random.Random(seed)
    dynamics = generator.choice(["sgd", "sgd", "sgd", "gd", "ode", "sde"])
    options = {"dynamics": dynamics, "order": generator.choice([1, 2, 2, 2, 3])}
    if dynamics == "sgd":
        options["sampling"] = generator.choice(["online", "fixed", "reshuffle", "replace"])
    if dynamics in ("sgd", "gd") and options.get("sampling") not in ("fixed", "reshuffle") and generator.random() < 0.7:
        options |= {"momentum": "mu", "nesterov": generator.random() < 0.3}
    fresh = options.get("sampling") == "online" or dynamics in ("ode", "sde")
    options["observable"] = generator.choice([o for o in OBSERVABLES if not (fresh and ("train" in o or "gap" in o))])
    options["basis"] = generator.choice(["cumulant", "moment"])
    series = sgdsym.expand(**options)
    if not len(series):
        # the covariance to order 1 is zero: nothing to compare
        return request(seed + 10**6)
    return options, series, series.kernel(unbiased=False), tensors(generator, options["order"] + 1)


def sizes(generator, options):
    """Random sizes: many that are small or near poles, some that are large, some that no run can have."""
    batch = generator.choice([1, 1, 2, 3, 10, 10**5])
    batches = generator.choice([1, 1, 2, 3, 4, 10, 100])
    points = batch * batches + (generator.random() < 0.05)
    steps = generator.choice([0, 1, 2, 3, 4, 10, generator.randint(5, 100), 1000])
    if "momentum" not in options:
        steps = generator.choice([steps, 10**6, generator.randint(0, 10**5)])
    momentum = generator.choice(
        [
            generator.uniform(-1, 1),
            0.9,
            0.99,
            0.999,
            1 - 10.0 ** -generator.uniform(0, 15),
            -1 + 10.0 ** -generator.uniform(0, 15),
            0.0,
        ]
    )
    epochs = generator.choice([0, 1, 2, 5, 1000])
    return {"T": steps, "B": batch, "N": points, "E": epochs, "mu": momentum}


def error(found, wanted):
    """The largest error of an order, relative to the order."""
    worst = 0.0
    for k, exact in enumerate(wanted):
        for x, y in zip(np.ravel(found[k]), np.ravel(exact), strict=True):
            gap = abs(Fraction(float(x)) - y)
            worst = max(worst, float(gap / abs(y)) if y else float(gap))
    return worst


def attempt(request_seed, seed):
    """The relative error at a random triple, or ``None`` where both sides refuse."""
    options, series, kernel, derivatives = request(request_seed)
    generator = random.Random(seed)
    given = {name: value for name, value in sizes(generator, options).items() if name in series.symbols}
    exact = {name: Fraction(value) for name, value in given.items()}
    try:
        wanted = sgdsym.interpret(series, derivatives, **exact)
    except ValueError:
        wanted = None
    try:
        found = kernel.coefficients([d.astype(float) for d in derivatives], **given)
    except ValueError:
        found = None
    assert (found is None) == (wanted is None), (options, given)
    return options, given, None if found is None else error(found, wanted)


def worst(count, requests):
    """The largest error of many triples, where it is, and how many were refused."""
    largest, where, counts = -1.0, None, Counter()
    for i in range(count):
        options, given, gap = attempt(i * requests // count, i)
        counts["refused" if gap is None else "evaluated"] += 1
        if gap is not None and gap > largest:
            largest, where = gap, (options, given)
    return largest, where, counts


if __name__ == "__main__":
    total = int(sys.argv[1])
    print(*worst(total, max(1, total // 50)), sep="\n")
