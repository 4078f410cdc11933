"""Exact matrices for hypothesis, and the equation for the stationary covariance written out once more, from the update."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

RATIONALS = st.fractions(min_value=-2, max_value=2, max_denominator=6)


def rational(value):
    return sp.Rational(Fraction(value).numerator, Fraction(value).denominator)


@st.composite
def symmetric_matrices(draw, size, definite=True):
    """A random A Aᵀ, plus the identity where it must be definite."""
    factor = sp.Matrix(size, size, lambda i, j: rational(draw(RATIONALS)))
    return factor * factor.T + (sp.eye(size) if definite else sp.zeros(size))


@st.composite
def processes(draw, preconditioned=True):
    """Random H, C, Λ, μ whose steps contract: Λ is scaled by a bound on its product with H."""
    size = draw(st.integers(1, 3))
    hessian = draw(symmetric_matrices(size))
    noise = draw(symmetric_matrices(size, definite=False))
    steps = draw(symmetric_matrices(size)) if preconditioned and draw(st.booleans()) else sp.eye(size)
    momentum = rational(draw(st.fractions(min_value=0, max_value=Fraction(9, 10), max_denominator=10)))
    share = rational(draw(st.fractions(min_value=Fraction(1, 10), max_value=Fraction(19, 10), max_denominator=10)))
    return hessian, noise, steps * share / (steps * hessian).trace(), momentum


def phase_space(hessian, noise, steps, momentum):
    """The map of (w_t, w_{t-1}) in one step and the covariance of its noise."""
    size = hessian.rows
    push = (1 + momentum) * sp.eye(size) - steps * hessian
    step = push.row_join(-momentum * sp.eye(size)).col_join(sp.eye(size).row_join(sp.zeros(size)))
    kick = sp.zeros(2 * size)
    kick[:size, :size] = steps * noise * steps
    return step, kick
