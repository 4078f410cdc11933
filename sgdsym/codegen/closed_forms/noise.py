"""Numpy modules for the moments of minibatch gradients.

Knows how the weight of a moment becomes arithmetic; the weights themselves come from :mod:`sgdsym.noise`.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sgdsym.codegen.closed_forms.laws import arithmetic, float_rows
from sgdsym.codegen.runtime import completed
from sgdsym.templating import Code, render

if TYPE_CHECKING:
    import sympy

_OFFERED = ("covariance", "third_cumulant", "fourth_moment", "epoch_autocovariance")
_BATCH, _EXAMPLES = "batch_size", "dataset_size"


def generate_noise(gradients: Any) -> str:
    """A self-contained numpy module with the moments of minibatch gradients, in floats, of given or other gradients.

    Args:
        gradients: the default of its functions, (N, p), numbers.

    Returns:
        Source with the functions ``covariance``, ``third_cumulant``, ``fourth_moment`` and ``epoch_autocovariance``.

    >>> source = generate_noise([[1], [2]])
    >>> "GRADIENTS = np.array([[1.0], [2.0]])" in source, "def third_cumulant(" in source
    (True, True)
    """
    text = render(
        "numpy_noise.py.jinja",
        version=version("sgdsym"),
        gradients=float_rows(gradients),
        weights=[
            {"name": f"_{name}_{drawn}", "arguments": arguments, "value": Code(arithmetic(weight))}
            for drawn, replacement in (("with", True), ("without", False))
            for name, weight in _weights(replacement).items()
            for arguments in [[_BATCH] if replacement else [_BATCH, _EXAMPLES]]
        ],
    )
    return completed(text, ("moments", "arrays"), offered=_OFFERED)


def _weights(replacement: bool) -> dict[str, sympy.Expr]:
    """What each central moment of one example is multiplied by in those of a batch."""
    import sympy

    from sgdsym.noise import minibatch_covariance, minibatch_fourth_moment, minibatch_third_cumulant

    # symbols one by one, so that the fourth moment splits into its two kinds of terms
    moment, pair = sympy.symbols("moment pair")
    sizes = (_BATCH, _EXAMPLES, replacement)
    fourth = sympy.expand(minibatch_fourth_moment(moment, pair, *sizes))
    return {
        "second": minibatch_covariance(moment, *sizes).subs(moment, 1),
        "third": minibatch_third_cumulant(moment, *sizes).subs(moment, 1),
        "fourth": sympy.factor(fourth.coeff(moment)),
        # three pairings of four factors
        "pairs": sympy.factor(fourth.coeff(pair, 2)) / 3,
    }
