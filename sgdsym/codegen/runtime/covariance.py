"""The stationary covariance of any matrices, in floats."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from sgdsym.arrays import real_array as _real_array
from sgdsym.codegen.runtime.program import HESSIAN, LEARNING_RATE, MOMENTUM, NOISE, PRECONDITIONER


def covariance(
    hessian: Any = HESSIAN,
    noise: Any = NOISE,
    learning_rate: float = LEARNING_RATE,
    momentum: float = MOMENTUM,
    preconditioner: Any = PRECONDITIONER,
) -> Any:
    """The covariance of the weights, (p, p); without arguments that of the request.

    hessian: (p, p), symmetric and positive semidefinite; noise along its flat directions is left out, with a warning.
    noise: covariance of the gradient of a batch, (p, p), symmetric and positive semidefinite.
    learning_rate: a number; the steps are learning_rate * preconditioner where there is one.
    momentum: heavy-ball, at least 0 and below 1.
    preconditioner: (p, p), symmetric and positive definite, or None.
    """
    (hessian, least), (noise, rounding) = _symmetric("hessian", hessian), _symmetric("noise", noise)
    if hessian.shape != noise.shape:
        raise ValueError(f"hessian has shape {hessian.shape} and noise {noise.shape}; they must agree")
    if not learning_rate > 0:
        raise ValueError(f"the learning rate is {learning_rate}; it must be above 0")
    if not 0 <= momentum < 1:
        raise ValueError(f"the momentum is {momentum}; it must be at least 0 and below 1")
    lowest, scale = np.linalg.eigvalsh(noise)[0], np.abs(noise).max()
    if lowest < -max(1e-10, 64 * rounding) * scale:
        raise ValueError(f"noise has the eigenvalue {lowest:.6g}; none may be below 0")
    root = np.eye(len(hessian)) if preconditioner is None else _root(preconditioner)
    # in these coordinates the steps are the learning rate times the identity, and the Hessian is diagonal
    curvatures, basis = np.linalg.eigh(root.T @ hessian @ root)
    limit = 2 * (1 + momentum)
    flat = np.abs(curvatures) <= max(16 * least, len(curvatures) * np.finfo(float).eps) * np.abs(curvatures).max()
    if flat.all():
        raise ValueError("the Hessian is 0 in every direction; the weights do not settle anywhere")
    for rate in learning_rate * curvatures[~flat][[0, -1]]:
        if not 0 < rate < limit:
            raise ValueError(
                f"unstable: learning rate times Hessian has the eigenvalue {rate:.6g}, outside (0, {limit:.6g})"
            )
    a, b = curvatures[:, None], curvatures[None, :]
    over = (1 - momentum) * (a + b) - learning_rate / (1 - momentum**2) * (
        (1 + momentum**2) * a * b - momentum * (a**2 + b**2)
    )
    turn = root @ basis
    inner = basis.T @ root.T @ noise @ root @ basis
    beside = flat[:, None] | flat[None, :]
    if np.abs(inner[beside]).max(initial=0.0) > max(1e-10, 16 * least) * np.abs(inner).max():
        warnings.warn(
            f"noise reaches flat directions of the Hessian ({flat.sum()} there are); it is left out there", stacklevel=2
        )
    return turn @ (np.where(beside, 0.0, learning_rate * inner) / np.where(beside, 1.0, over)) @ turn.T


def _root(preconditioner: Any) -> Any:
    """The lower triangular root of the preconditioner."""
    try:
        return np.linalg.cholesky(_symmetric("preconditioner", preconditioner)[0])
    except np.linalg.LinAlgError:
        raise ValueError("the preconditioner is not positive definite") from None


def _symmetric(name: str, matrix: Any) -> tuple[Any, float]:
    """The symmetric matrix, and the rounding unit of the floats that it is given in."""
    given = _real_array(matrix, name)
    kind: Any = given.dtype.type if given.dtype in (np.float16, np.float32) else float
    unit = float(np.finfo(kind).eps)
    matrix = given.astype(float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} has shape {matrix.shape}; it must be (p, p)")
    if not np.allclose(matrix, matrix.T, rtol=0.0, atol=max(1e-10, 64 * unit) * np.abs(matrix).max()):
        raise ValueError(f"{name} is not symmetric")
    return (matrix + matrix.T) / 2, unit
