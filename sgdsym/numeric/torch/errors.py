"""What helps against the errors that losses for PyTorch commonly end in."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sgdsym.numeric.matrix_free.refusal import Remedy, in_one_line

MODES = "call eval() on the module: dropout and batch normalisation in training mode are no function of one data point"
REMEDIES = (
    Remedy(r"random|running_mean|more than 1 value per channel|inplace update to", MODES, final=True),
    Remedy(
        r"\.item\(\)|numpy\(\) on Tensor|data-dependent|control flow|have storage",
        "use tensors throughout: no item(), float(), numpy() and no if on values",
    ),
    Remedy(
        r"same dtype|expected scalar type|dtype.*(float|double)|Float and Double|Double and Float",
        "give the parameters, the data and what the loss holds itself one type, for example by double()",
    ),
    Remedy(
        r"forward AD|ZeroTensor|derivative for|not implemented|[Bb]atching rule|no batching|does not support",
        "PyTorch cannot differentiate or map this operator that often; write it with others, or lower the order",
    ),
    Remedy(r"must only return Tensors|expected Tensor as element", "the loss must return one number as a tensor"),
    Remedy(r"out of memory|can't allocate", "lower chunk= or memory="),
)


def told() -> AbstractContextManager[None]:
    """Errors of a loss in one line."""
    return in_one_line("PyTorch", REMEDIES)
