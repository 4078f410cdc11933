"""Operators that are computed by their definitions are PyTorch's own, in their values and in what they refuse."""

import warnings

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from sgdsym.numeric.torch.definitions import DEFINITIONS, Definitions  # noqa: E402


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


CALLS = [
    *(
        (functional.mse_loss, (drawn(4, 3), drawn(4, 3, seed=1)), {"reduction": word})
        for word in ("mean", "sum", "none")
    ),
    (functional.mse_loss, (drawn(4), drawn(4, seed=1)), {"weight": drawn(4, seed=2).abs()}),
    (functional.mse_loss, (drawn(4), drawn(4, seed=1)), {"reduce": False}),
    (functional.layer_norm, (drawn(5, 4, 3), (4, 3)), {}),
    (functional.layer_norm, (drawn(5, 3), (3,), drawn(3, seed=1), drawn(3, seed=2), 1e-3), {}),
]


@pytest.mark.parametrize(("operator", "arguments", "options"), CALLS)
def test_a_definition_has_the_values_of_its_operator(operator, arguments, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = operator(*arguments, **options)
        with Definitions():
            found = operator(*arguments, **options)
    torch.testing.assert_close(found, expected)


def test_every_definition_is_compared():
    assert {operator.__name__ for operator in DEFINITIONS} == {operator.__name__ for operator, _, _ in CALLS}


def test_words_and_sizes_that_pytorch_complains_of_are_complained_of():
    with Definitions():
        with pytest.raises(ValueError, match="not a valid value for reduction"):
            functional.mse_loss(drawn(3), drawn(3), reduction="average")
        with pytest.warns(UserWarning, match="shapes .3, 1. and .3,., which are not equal"):
            functional.mse_loss(drawn(3, 1), drawn(3))
