"""What a setting says of its series: the properties of observables, of sums and of products."""

from itertools import permutations, product

import numpy as np
import pytest

from sgdsym import Series, expand, interpret
from sgdsym.series import Dynamics, Observable, SamplingScheme, Setting
from sgdsym.sgd import DYNAMICS, OBSERVABLES, SAMPLINGS

SMALL = {"order": 2, "sampling": "replace", "steps": 3, "dataset_size": 2, "batch_size": 1}


def tensors(rng, points, weights, order):
    """Symmetric derivatives, or tensors of one function."""
    drawn = [rng.normal(size=(*points, *(weights,) * k)) for k in range(order + 1)]
    drawn[2] = drawn[2] + np.swapaxes(drawn[2], -1, -2)
    return drawn


@pytest.mark.parametrize("name", OBSERVABLES)
def test_the_indices_of_an_observable_are_the_open_roots_of_its_diagrams(name):
    observable = Observable.named(name)
    roots = {len(diagram.open_roots) for diagram in expand(**SMALL | {"observable": name}).terms}
    assert roots == {1 if observable.carries_function else observable.open_indices}


@pytest.mark.parametrize("names", list(product(OBSERVABLES, repeat=2)), ids=" * ".join)
def test_a_product_is_evaluated_as_the_product_of_its_factors_or_refused(names):
    rng = np.random.default_rng(7)
    derivatives, function = tensors(rng, (4,), 2, 2), tensors(rng, (), 2, 2)
    factors = [expand(**SMALL | {"observable": name}) for name in names]
    one, other = (factor.setting.observable for factor in factors)
    if any(a.carries_function and b.open_indices for a, b in ((one, other), (other, one))):
        with pytest.raises(ValueError, match="roots of two kinds; evaluate the factors, and multiply"):
            factors[0] * factors[1]
        return
    found = factors[0] * factors[1]
    read = Series.from_json(found.to_json())
    assert read.setting == found.setting
    assert found.setting.open_indices == one.open_indices + other.open_indices
    roots = {"root_derivatives": function} if found.setting.observable.carries_function else {}
    values = [
        interpret(f, derivatives, **(roots if f.setting.observable.carries_function else {})) for f in (found, *factors)
    ]
    for order, value in enumerate(values[0]):
        parts = [np.multiply.outer(values[1][k], values[2][order - k]) for k in range(order + 1)]
        assert np.allclose(_symmetric(value), _symmetric(sum(parts)))
    kernel = np.asarray(found.kernel()(derivatives, learning_rate=0.1, **roots))
    assert kernel.shape == (2,) * found.setting.open_indices
    assert np.allclose(_symmetric(kernel), sum(_symmetric(value) * 0.1**k for k, value in enumerate(values[0])))


def _symmetric(value):
    """The average over the orders of the indices, which is what terms stand for."""
    array = np.asarray(value, dtype=float)
    orders = list(permutations(range(array.ndim)))
    return sum(np.transpose(array, order) for order in orders) / len(orders)


@pytest.mark.parametrize("kind", [Observable, Dynamics, SamplingScheme])
def test_names_joined_by_signs_are_read_as_they_are_written(kind):
    names = {Observable: OBSERVABLES, Dynamics: DYNAMICS, SamplingScheme: SAMPLINGS}[kind]
    for first, sign, second in product(names[:3], "+-*", names[:3]):
        try:
            joined = kind.named(first).joined(sign, kind.named(second))
        except ValueError:
            continue
        assert kind.named(joined.name) == joined
        kind.check("word", joined.name)


def test_names_that_are_not_known_have_no_properties():
    setting = Setting.named("mine", "ours", "theirs")
    assert (setting.open_indices, setting.observable.carries_function, setting.dynamics.is_continuous) == (
        0,
        False,
        False,
    )
    with pytest.raises(ValueError, match="observable must be one of test-loss"):
        setting.check()
