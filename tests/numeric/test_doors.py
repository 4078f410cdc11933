"""Arrays of every kind as data and parameters of the matrix-free evaluation, as noise and as what a file of logs holds."""

from importlib import import_module

import numpy as np
import pytest

import sgdsym
from sgdsym.noise import Empirical, central_moments, minibatch_covariance
from sgdsym.numeric import logistic_derivatives
from sgdsym.stationary import fluctuation_dissipation

DATA = np.array([0.0, 4.0])
MASKED = np.ma.array(DATA, mask=[False, True])


def _loss(weight, example):
    return (weight - example) ** 2 / 2


def _coefficients(framework, data, weight=1.0):
    pytest.importorskip(framework)
    module = import_module(f"sgdsym.numeric.{framework}")
    if framework == "torch":
        weight = import_module("torch").tensor(weight, dtype=import_module("torch").float64)
    series = sgdsym.expand(order=2, batch_size=1)
    found = module.evaluate(
        series,
        _loss,
        np.asarray(weight) if framework == "jax" else weight,
        data,
        0.1,
        T=3,
        mode="exact",
        progress=False,
    )
    return found.coefficients


@pytest.mark.parametrize("framework", ["jax", "torch"])
@pytest.mark.parametrize(
    "data", [DATA.astype(">f8"), DATA.astype(">i4"), DATA[::-1], np.ma.array(DATA), np.broadcast_to(DATA, (1, 2))[0]]
)
def test_data_of_any_layout(framework, data):
    assert np.allclose(_coefficients(framework, data), [2.5, -3.0, 13.5])


@pytest.mark.parametrize("framework", ["jax", "torch"])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (MASKED, "array 0 of the data has masked entries"),
        (DATA.astype(object), "array 0 of the data holds object"),
        (DATA.astype(str), "array 0 of the data holds <U32"),
        (DATA.astype("M8[D]"), "array 0 of the data holds datetime64"),
        (DATA.view([("x", "f8")]), "array 0 of the data holds"),
    ],
)
def test_data_without_numbers_is_refused(framework, data, message):
    with pytest.raises(ValueError, match=message) as error:
        _coefficients(framework, data)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("framework", ["jax", "torch"])
def test_data_of_other_libraries(framework):
    pandas = pytest.importorskip("pandas")
    sparse = pytest.importorskip("scipy.sparse")
    assert np.allclose(_coefficients(framework, pandas.Series(DATA)), [2.5, -3.0, 13.5])
    with pytest.raises(ValueError, match="array 0 of the data is a sparse csr_matrix"):
        _coefficients(framework, sparse.csr_matrix(DATA[:, None]))


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("covariance", lambda masked: minibatch_covariance(np.ma.array(np.eye(2), mask=np.diag(masked.mask)), 2)),
        ("gradients", lambda masked: central_moments(masked, 2)),
        ("gradients", lambda masked: central_moments([masked, masked], 2)),
        ("derivatives", lambda masked: Empirical([masked])),
        ("features", lambda masked: logistic_derivatives(masked[:, None], [1, -1], [0.0], order=1)),
        (
            "positions",
            lambda masked: fluctuation_dissipation(masked.repeat(4)[:, None], masked.repeat(4)[:, None], 0.1),
        ),
    ],
)
def test_masked_arrays_are_refused_by_their_name(name, call):
    with pytest.raises(ValueError, match=rf"^(the )?{name}(\[0\])? has masked entries"):
        call(MASKED)


def test_frames_are_matrices_of_noise():
    pandas = pytest.importorskip("pandas")
    covariance = pandas.DataFrame([[2.0, 1.0], [1.0, 3.0]])
    assert minibatch_covariance(covariance, 2).tolist() == [[1.0, 0.5], [0.5, 1.5]]
