"""The reader's symbols: a value that is passed along, never a global setting."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_GREEK = re.compile(
    "alpha|beta|[gG]amma|[dD]elta|epsilon|zeta|eta|[tT]heta|iota|kappa|[lL]ambda|mu|nu|[xX]i|[pP]i|rho|[sS]igma|tau"
    "|[uU]psilon|[pP]hi|chi|[pP]si|[oO]mega"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    r"""The LaTeX of every symbol in a rendered formula.

    Args:
        loss: the population loss, which also names its derivatives past the third, :math:`l^{(4)}, l^{(5)}, …`.
        gradient: the mean of the gradient over the data.
        hessian: the mean of the second derivative.
        jerk: the mean of the third derivative.
        sample_loss: the loss on one data point, which also names its derivatives past the third.
        sample_gradient: the gradient on one data point.
        sample_hessian: the second derivative on one data point.
        sample_jerk: the third derivative on one data point.
        covariance: the covariance of the gradient over the data.
        skewness: the third joint cumulant of the gradient.
        learning_rate: the parameter of the series.
        weights: the weights that are trained.
        steps: the number of updates, as the index of the weights on the left-hand side.
        expectation: the mean over the data.
        cumulant: the joint cumulant over the data.
        function: the function that an open root carries the derivatives of.
        sizes: LaTeX for the symbols in the coefficients, by name; the others are set by :meth:`size`.

    >>> Notation(loss="f", sizes={"B": "b"}).size("B")
    'b'
    """

    loss: str = "l"
    gradient: str = "G"
    hessian: str = "H"
    jerk: str = "J"
    sample_loss: str = "l_{x}"
    sample_gradient: str = "g"
    sample_hessian: str = "h"
    sample_jerk: str = "j"
    covariance: str = "C"
    skewness: str = "S"
    learning_rate: str = r"\eta"
    weights: str = r"\theta"
    steps: str = "T"
    expectation: str = r"\mathbb{E}"
    cumulant: str = r"\kappa"
    function: str = "s"
    sizes: Mapping[str, str] | tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", tuple(sorted(dict(self.sizes).items())))

    def size(self, name: str) -> str:
        r"""LaTeX of a symbol in a coefficient: single letters and Greek names as such, words upright.

        >>> [Notation().size(name) for name in ("T", "mu", "N_1", "batch_size")]
        ['T', '\\mu', 'N_{1}', '\\mathrm{batch}_{\\mathrm{size}}']
        """
        given = dict(self.sizes)
        if name in given:
            return given[name]
        word, _, index = name.partition("_")
        return _word(word) + (f"_{{{_word(index.replace('_', ' '))}}}" if index else "")


def _word(word: str) -> str:
    if _GREEK.fullmatch(word):
        return f"\\{word}"
    if len(word) == 1 or word.isdigit():
        return word
    return r"\mathrm{" + word.replace(" ", r"\ ") + "}"
