r"""The letters of the theory, once: in LaTeX and in plain text, by their meaning.

Means over the data are capitals, :math:`l, G, H, J`; the loss of one data point has small letters, :math:`l_x, g, h, j`.
"""

from __future__ import annotations

from typing import Literal

from sgdsym.formula.tree import Symbol

Kind = Literal["mean", "sample", "plain mean", "plain sample", "function"]

LETTERS = {
    "loss": Symbol("l", "l"),
    "gradient": Symbol("G", "G"),
    "hessian": Symbol("H", "H"),
    "jerk": Symbol("J", "J"),
    "sample_loss": Symbol("l_{x}", "lₓ"),
    "sample_gradient": Symbol("g", "g"),
    "sample_hessian": Symbol("h", "h"),
    "sample_jerk": Symbol("j", "j"),
    "covariance": Symbol("C", "C"),
    "skewness": Symbol("S", "S"),
    "learning_rate": Symbol(r"\eta", "η"),
    # with its indices raised it is told from the gradient of one data point
    "metric": Symbol("g", "g"),
    "weights": Symbol(r"\theta", "θ"),
    "steps": Symbol("T", "T"),
    "expectation": Symbol(r"\mathrm{E}", "E"),
    "cumulant": Symbol(r"\kappa", "κ"),
    "function": Symbol("s", "s"),
    "part": Symbol(r"\Delta", "Δ"),
}
# by degree; past the last the loss is written with its number of derivatives
DERIVATIVES: dict[Kind, tuple[str, ...]] = {
    "mean": ("loss", "gradient", "hessian", "jerk"),
    "sample": ("sample_loss", "sample_gradient", "sample_hessian", "sample_jerk"),
}
# what is written with nablas: what is observed, and not trained on
OBSERVED: dict[Kind, str] = {"function": "function", "plain mean": "loss", "plain sample": "sample_loss"}
# of so many gradients, where these have a letter
CUMULANTS = {2: "covariance", 3: "skewness"}
