r"""The stationary law of a periodic schedule: the covariance of the weights at each phase, once many periods have passed.

Learning rate and batch size come back after P updates, and near a minimum

.. math:: m \leftarrow \mu m + Hw + \xi_k, \qquad w \leftarrow w - \lambda_k m, \qquad \mathrm{Cov}\,\xi_k = C/S_k,

so that the second moments Z of :math:`z=(w, m)` are mapped by :math:`Z \mapsto A_kZA_k^\top + b_kb_k^\top\otimes C/S_k` and the map of a
period has one fixed point if it contracts.  A single update need not contract: :math:`\lambda_kh` may be above 2 now and then.

Knows quadratic losses and noise that does not depend on the weights.  Source: the
schedules are those of [Jastrzebski2017]_; the law is derived from the recursion itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import quoted, read_items
from sgdsym.quantities import (
    Arithmetic,
    check_size,
    finite,
    has_symbols,
    in_field,
    is_nonnegative,
    simplified_matrix,
    solve_symmetric,
)

LONGEST_EXACT, LONGEST = 1000, 1_000_000  # updates of a period, exactly and in floats


def periodic_covariance(
    H: Any,  # noqa: N803
    C: Any,  # noqa: N803
    learning_rates: Any,
    momentum: Any = 0,
    *,
    batch_sizes: Any = None,
) -> list[Any]:
    r"""The stationary covariances of a periodic schedule, one for each phase.

    .. math:: \Sigma_{k+1} = (I-\lambda_kH)\,\Sigma_k\,(I-\lambda_kH) + \lambda_k^2\,C/S_k, \qquad \Sigma_P = \Sigma_0

    without momentum; with it the same for weights and momentum together.  Nothing is assumed about small steps, Gaussian noise or
    commuting matrices.

    Args:
        H: Hessian, (p, p), symmetric and positive definite.
        C: covariance of the gradient of a batch, (p, p); of a single data point where ``batch_sizes`` are given.
        learning_rates: :math:`\lambda_0, …, \lambda_{P-1}`, in the order of the updates.
        momentum: :math:`\mu`, heavy-ball.
        batch_sizes: :math:`S_k` for each update, or one for all; 1 if left out.

    Returns:
        P matrices: the covariance of the weights *before* update k = 0, …, P-1 of a period.  Sympy matrices if everything is exact
        or there are symbols, else arrays.

    Raises:
        ValueError: naming the number that is out of range, or if a period does not contract.

    >>> first, second = periodic_covariance([[1]], [[1]], [sp.Rational(1, 2), 1])
    >>> first, second                   # a whole step forgets the past
    (Matrix([[1]]), Matrix([[1/2]]))
    """
    rates = list(read_items("learning_rates", learning_rates, "list of learning rates"))
    if not rates:
        raise ValueError("learning_rates must be one number or more")
    sizes = 1 if batch_sizes is None else batch_sizes
    many = isinstance(sizes, (list, tuple, np.ndarray, sp.MatrixBase))
    batches = list(read_items("batch_sizes", sizes)) if many else [sizes] * len(rates)
    if len(batches) != len(rates):
        raise ValueError(f"there are {len(batches)} batch sizes and {len(rates)} learning rates; give as many")
    arithmetic = Arithmetic.of(H, C, rates, momentum, batches)
    most = LONGEST_EXACT if arithmetic.exact else LONGEST
    if len(rates) > most:
        raise ValueError(f"a period has {len(rates)} updates; {most} are the most")
    hessian = arithmetic.positive_definite("the Hessian", H)
    noise = arithmetic.semidefinite("the noise covariance", C, hessian.shape[0])
    phases = _Phases(
        hessian,
        noise,
        tuple(arithmetic.learning_rate(rate) for rate in rates),
        tuple(arithmetic.count("the batch size", batch) for batch in batches),
        arithmetic.momentum(momentum),
    )
    return _exactly(phases) if arithmetic.exact else _in_floats(phases)


@dataclass(frozen=True, slots=True, eq=False)
class _Phases:
    """A checked period."""

    hessian: Any
    noise: Any
    rates: tuple[Any, ...]
    batches: tuple[Any, ...]
    momentum: Any

    def maps(self) -> Iterator[tuple[Any, Any]]:
        """For each update the matrix of the weights, with their momentum where there is any, and the covariance it adds."""
        size = self.hessian.shape[0]
        exactly = isinstance(self.hessian, sp.MatrixBase)
        one = sp.eye(size) if exactly else np.eye(size)
        for rate, batch in zip(self.rates, self.batches, strict=True):
            noise = self.noise / batch
            if self.momentum == 0:
                yield one - rate * self.hessian, rate**2 * noise
                continue
            # the momentum is taken before it is scaled by the learning rate
            rows = [
                [one - rate * self.hessian, -rate * self.momentum * one],
                [self.hessian, self.momentum * one],
            ]
            kicks = [[rate**2 * noise, -rate * noise], [-rate * noise, noise]]
            yield _blocks(rows, exactly), _blocks(kicks, exactly)


def _blocks(rows: list[list[Any]], exactly: bool) -> Any:
    return sp.Matrix(sp.BlockMatrix(rows)) if exactly else np.block(rows)


def _exactly(phases: _Phases) -> list[sp.Matrix]:
    listed = list(phases.maps())
    width = listed[0][0].rows
    check_size(width, *(matrix for pair in listed for matrix in pair))
    in_common = in_field(*(matrix for pair in listed for matrix in pair))
    pushes, kicks = in_common[::2], in_common[1::2]
    whole, kick = pushes[0] ** 0, kicks[0] - kicks[0]
    for push, added in zip(pushes, kicks, strict=True):
        whole, kick = push * whole, push * kick * push.transpose() + added
    back = whole.transpose()
    if not has_symbols(whole.to_Matrix()):
        _check_contraction(solve_symmetric(lambda x: x - whole * x * back, whole**0), whole.to_Matrix())
    moments = solve_symmetric(lambda x: x - whole * x * back, kick)
    size, found = phases.hessian.rows, []
    for push, added in listed:
        found.append(simplified_matrix(moments[:size, :size]))
        moments = (push * moments * push.T + added).applyfunc(sp.expand)
    return found


def _check_contraction(witness: sp.Matrix, whole: sp.Matrix) -> None:
    """A map contracts if and only if the X with X = 1 + M X Mᵀ is positive definite (Lyapunov, Stein)."""
    if not is_nonnegative(witness, strictly=True):
        _refuse(float(np.abs(np.linalg.eigvals(np.array(whole.tolist(), dtype=float))).max()))


def _in_floats(phases: _Phases) -> list[Any]:
    whole, kick = None, None
    for push, added in phases.maps():
        whole = push if whole is None else push @ whole
        kick = added if kick is None else push @ kick @ push.T + added
    assert whole is not None
    assert kick is not None
    radius = float(np.abs(np.linalg.eigvals(finite("the map of a period", whole))).max())
    if not radius < 1:
        _refuse(radius)
    moments, power = kick, whole
    # the sum over all periods, twice as many in each round
    while np.abs(power).max() > 0:
        moments = moments + power @ moments @ power.T
        # rounding alone would grow what is not symmetric
        moments = (moments + moments.T) / 2
        power = power @ power
        power[np.abs(power) < np.finfo(float).tiny] = 0
    size, found = phases.hessian.shape[0], []
    for push, added in phases.maps():
        block = finite("the covariance", moments[:size, :size])
        found.append((block + block.T) / 2)
        moments = push @ moments @ push.T + added
    return found


def _refuse(radius: float) -> None:
    raise ValueError(
        f"unstable: a period multiplies some direction by {quoted(round(radius, 6))}, which must be below 1; take smaller learning rates"
    )
