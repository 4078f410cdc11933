"""Moments of minibatch gradients from the gradients of all examples, and the stationary covariance of any matrices."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from sgdsym.arrays import real_array as _real_array
from sgdsym.codegen.runtime.program import (
    GRADIENTS,
    HESSIAN,
    LEARNING_RATE,
    MOMENTUM,
    NOISE,
    PRECONDITIONER,
    _fourth_with,
    _fourth_without,
    _pairs_with,
    _pairs_without,
    _second_with,
    _second_without,
    _third_with,
    _third_without,
)


def covariance(batch_size: int, replacement: bool = True, gradients: Any = GRADIENTS) -> Any:
    """The covariance of the mean gradient of a batch, (p, p).

    batch_size: a number of examples.
    replacement: whether an example can be drawn twice in one batch.
    gradients: one row for each example, (N, p).
    """
    centred = _centred(gradients, batch_size, replacement, 2)
    weight = _second_with(batch_size) if replacement else _second_without(batch_size, len(centred))
    return weight * np.einsum("si,sj->ij", centred, centred) / len(centred)


def third_cumulant(batch_size: int, replacement: bool = True, gradients: Any = GRADIENTS) -> Any:
    """The third cumulant of the mean gradient of a batch, (p, p, p); the arguments are those of covariance."""
    centred = _centred(gradients, batch_size, replacement, 3)
    weight = _third_with(batch_size) if replacement else _third_without(batch_size, len(centred))
    return weight * np.einsum("si,sj,sk->ijk", centred, centred, centred) / len(centred)


def fourth_moment(batch_size: int, replacement: bool = True, gradients: Any = GRADIENTS) -> Any:
    """The fourth central moment of the mean gradient of a batch, (p, p, p, p); the arguments are those of covariance."""
    centred = _centred(gradients, batch_size, replacement, 4)
    sizes = (batch_size,) if replacement else (batch_size, len(centred))
    fourth, pairs = (_fourth_with, _pairs_with) if replacement else (_fourth_without, _pairs_without)
    second = np.einsum("si,sj->ij", centred, centred) / len(centred)
    moment = np.einsum("si,sj,sk,sl->ijkl", centred, centred, centred, centred) / len(centred)
    paired = np.multiply.outer(second, second)
    paired = paired + paired.transpose(0, 2, 1, 3) + paired.transpose(0, 2, 3, 1)
    return fourth(*sizes) * moment + pairs(*sizes) * paired


def epoch_autocovariance(batch_size: int, lag: int, gradients: Any = GRADIENTS) -> Any:
    """The covariance of batch gradients that are lag steps apart, (p, p), where every epoch is shuffled anew."""
    n = len(gradients)
    if n % batch_size:
        raise ValueError(f"batches of {batch_size} do not fill an epoch of {n} examples")
    if not lag:
        return covariance(batch_size, False, gradients)
    return -max(0, n - abs(lag) * batch_size) / (n * (n - 1)) * covariance(1, True, gradients)


def _centred(gradients: Any, batch_size: int, replacement: bool, order: int) -> Any:
    rows = _real_array(gradients, "gradients").astype(float)
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise ValueError(f"gradients has shape {rows.shape}; it must be (N, p), of finite numbers")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    if not replacement and batch_size > len(rows):
        raise ValueError(f"a batch of {batch_size} cannot be drawn from {len(rows)} examples without replacement")
    if not replacement and len(rows) < order:
        raise ValueError(f"without replacement order {order} needs at least {order} examples, not {len(rows)}")
    return rows - rows.mean(axis=0)


def covariance_stationary(
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
