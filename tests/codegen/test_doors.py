"""Arrays of every kind at the doors of all modules and of the interpreter: the right number, or one line."""

import warnings
from contextlib import nullcontext
from fractions import Fraction

import numpy as np
import pytest

import sgdsym

LOSSES, HESSIAN = np.array([1.0, 2.0]), np.array([[2.0, 1.0], [1.0, 3.0]])
SLOPES = np.array([[1.0, 0.0], [3.0, 2.0]])
WANTED = [1.5, -15.0, 123.0]


def _read_only():
    array = SLOPES.copy()
    array.flags.writeable = False
    return array


RIGHT = {
    "nothing masked": np.ma.array(SLOPES),
    "objects": SLOPES.astype(object),
    "fractions": np.array([[Fraction(1), Fraction(0)], [Fraction(3), Fraction(2)]], dtype=object),
    "big-endian floats": SLOPES.astype(">f8"),
    "big-endian integers": SLOPES.astype(">i4"),
    "Fortran order": np.asfortranarray(SLOPES),
    "negative strides": SLOPES[::-1].copy()[::-1],
    "read-only": _read_only(),
    "halves": SLOPES.astype(np.float16),
    "long doubles": SLOPES.astype(np.longdouble),
    "rows": list(SLOPES),
}
WRONG = {
    "masked": (np.ma.array(SLOPES, mask=[[0, 1], [0, 0]]), "masked"),
    "masked rows": ([np.ma.array(SLOPES[0], mask=[0, 1]), SLOPES[1]], "masked"),
    "a masked number": ([[np.ma.masked, 0.0], [3.0, 2.0]], "masked"),
    "masked objects": (np.ma.array(SLOPES.astype(object), mask=[[0, 1], [0, 0]]), "masked"),
    "text": (SLOPES.astype(str), "must hold numbers, not text"),
    "bytes": (SLOPES.astype(bytes), "must hold numbers, not text"),
    "text among objects": (np.array([["1", 0], [3, 2]], dtype=object), "of type str"),
    "nothing": (np.array([[None, 0], [3, 2]], dtype=object), "of type NoneType"),
    "dates": (SLOPES.astype("M8[D]"), "must hold numbers, not dates"),
    "times": (SLOPES.astype("m8[s]"), "must hold numbers, not times"),
    "one field": (SLOPES.view([("slope", "f8")]), "must hold numbers, not records"),
    "two fields": (np.zeros((2, 2), dtype=[("a", "f8"), ("b", "f8")]), "must hold numbers, not records"),
    "complex": (SLOPES + 0j, "real numbers"),
    "complex objects": ((SLOPES + 0j).astype(object), "of type complex"),
    "a generator": ((row for row in SLOPES), "of type generator"),
    "0-d": (np.array(3.0), r"shape"),
    "unequal rows": ([[1.0], [3.0, 2.0]], "inhomogeneous|equal rows"),
}


@pytest.fixture(scope="module", params=["numpy", "jax", "torch", "interpreter", "resummed"])
def door(request):
    """A function of the slopes that gives the coefficients to order 2."""
    if request.param == "interpreter":
        series = sgdsym.expand(order=2, batch_size=1)
        return lambda slopes: sgdsym.interpret(series, [LOSSES, slopes, HESSIAN], T=3)
    if request.param == "resummed":
        kernel = sgdsym.resum(order=1).kernel()
        right = kernel([LOSSES, SLOPES, HESSIAN], learning_rate=0.125, steps=3)

        def resummed(slopes):
            return [1.5, -15.0, 123.0 * kernel([LOSSES, slopes, HESSIAN], learning_rate=0.125, steps=3) / right]

        return resummed
    kernel = sgdsym.expand(order=2, batch_size=1).kernel(backend=request.param)

    def coefficients(slopes):
        with nullcontext() if request.param != "jax" else pytest.importorskip("jax").enable_x64(True):
            return [float(c) for c in kernel.coefficients([LOSSES, slopes, HESSIAN], T=3)]

    if request.param != "numpy":
        pytest.importorskip(request.param)
    return coefficients


@pytest.mark.parametrize("kind", RIGHT)
def test_arrays_of_numbers_are_read_right(door, kind):
    assert np.allclose(np.array(door(RIGHT[kind]), dtype=float), WANTED, rtol=1e-5)


@pytest.mark.parametrize("kind", WRONG)
def test_what_holds_no_numbers_is_refused_in_one_line(door, kind):
    slopes, message = WRONG[kind]
    with pytest.raises(ValueError, match=message) as error:
        door(slopes)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) <= 300


def test_arrays_of_other_libraries(door):
    pandas = pytest.importorskip("pandas")
    sparse = pytest.importorskip("scipy.sparse")
    frame = pandas.DataFrame(SLOPES)
    assert np.allclose(np.array(door(frame), dtype=float), WANTED, rtol=1e-5)
    with pytest.raises(ValueError, match="of type NAType"):
        door(frame.astype("Float64").mask(frame == 2.0))
    for matrix in (sparse.csr_matrix(SLOPES), sparse.coo_array(SLOPES)):
        with pytest.raises(ValueError, match="is a sparse"):
            door(matrix)


def test_tensors_of_other_frameworks(door):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(SLOPES)
    assert np.allclose(np.array(door(tensor), dtype=float), WANTED, rtol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        masked = torch.masked.masked_tensor(tensor, torch.tensor([[True, False], [True, True]]))
    for wrong in (masked, tensor.to_sparse()):
        with pytest.raises(ValueError, match=r"derivatives\[1\] is") as error:
            door(wrong)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_masked_numbers_beside_the_derivatives(backend):
    if backend != "numpy":
        pytest.importorskip(backend)
    kernel = sgdsym.expand(order=2, batch_size=1).kernel(backend=backend)
    derivatives = [LOSSES, SLOPES, HESSIAN]
    masked = np.ma.array([0.5, 0.5], mask=[False, True])
    for options in ({"weights": masked}, {"metric": masked}):
        with pytest.raises(ValueError, match=f"{next(iter(options))} has masked entries"):
            kernel.coefficients(derivatives, T=3, **options)
    with pytest.raises(ValueError, match="learning_rate has masked entries"):
        kernel(derivatives, learning_rate=masked, T=3)
    with pytest.raises(ValueError, match="the symbol T is masked"):
        kernel.coefficients(derivatives, T=np.ma.masked)


def test_integers_keep_their_digits():
    """Of PyTorch's default type of floats 2**24 + 1 would be rounded."""
    pytest.importorskip("torch")
    kernel = sgdsym.expand(order=1).kernel(backend="torch")
    found = kernel.coefficients([np.array([2**24 + 1]), np.zeros((1, 1))], T=1)
    assert float(found[0]) == 2**24 + 1
