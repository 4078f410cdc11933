"""Values with open indices, in floats, against the generated kernel."""

import numpy as np
import pytest

import sgdsym


@pytest.mark.parametrize("observable", ["displacement", "covariance"])
def test_floats_agree_with_the_kernel(observable):
    series = sgdsym.expand(order=3, observable=observable)
    generator = np.random.default_rng(0)
    hessian = generator.normal(size=(4, 2, 2))
    jerk = np.einsum("na,nb,nc->nabc", *[generator.normal(size=(4, 2))] * 3)
    tensors = [generator.normal(size=4), generator.normal(size=(4, 2)), hessian + hessian.swapaxes(1, 2), jerk]
    interpreted = sgdsym.interpret(series, tensors, T=np.int64(4), B=2)
    np.testing.assert_allclose(interpreted, series.kernel().coefficients(tensors, T=4, B=2), rtol=1e-12, atol=1e-12)


def test_integers_of_numpy_are_sizes():
    assert sgdsym.expand(order=2, steps=np.int64(3)) == sgdsym.expand(order=2).subs(T=np.int32(3))


def test_a_series_without_terms_has_zeros_of_the_length_of_the_weights():
    standing = sgdsym.expand(order=2, observable="displacement", steps=0)
    assert not len(standing)
    found = sgdsym.interpret(standing, [[0, 0], [[1, 2, 3], [3, 4, 5]]])
    assert np.array_equal(np.array(found, dtype=float), np.zeros((3, 3)))
