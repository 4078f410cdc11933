r"""What a stationary law asks of its input as a whole: a stable step, noise that does not feed on itself, matrices that commute.

Exact numbers are judged exactly, floats up to rounding, and what holds symbols is taken as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from sgdsym.quantities import ROUNDING, has_symbols, is_nonnegative


def check_stable(rates: Any, learning_rate: Any, momentum: Any) -> None:
    r"""Refuse a step that does not contract every direction: :math:`0 < \lambda h_i < 2(1+\mu)`.

    Args:
        rates: :math:`H` with a scalar learning rate, else :math:`\Lambda H`; or, of floats, their eigenvalues.
        learning_rate: the scalar, or None where ``rates`` holds it already.
        momentum: :math:`\mu`.

    Raises:
        ValueError: naming the eigenvalue and the bound that it misses.

    >>> check_stable(sp.Matrix([[5]]), None, 0)
    Traceback (most recent call last):
    ...
    ValueError: unstable: learning rate times Hessian has the eigenvalue 5, which must be below 2; take smaller learning rates
    >>> check_stable(sp.Matrix([[0]]), sp.Rational(1, 2), 0)
    Traceback (most recent call last):
    ...
    ValueError: the Hessian has the eigenvalue 0; all must be above 0 for the weights to settle
    """
    if has_symbols(rates):
        return
    exactly = isinstance(rates, sp.MatrixBase)
    eigenvalues = np.linalg.eigvals(_floats(rates)).real if exactly else np.asarray(rates)
    least, most = float(eigenvalues.min()), float(eigenvalues.max())
    whose = "the Hessian" if learning_rate is not None else "learning rate times Hessian"
    rounding = len(eigenvalues) * np.finfo(float).eps * abs(most)
    if not (is_nonnegative(rates, strictly=True) if exactly else least > rounding):
        raise ValueError(f"{whose} has the eigenvalue {least:.6g}; all must be above 0 for the weights to settle")
    if has_symbols(learning_rate, momentum):
        return
    rate = sp.S.One if learning_rate is None else learning_rate
    limit = 2 * (1 + momentum)
    room = limit * sp.eye(rates.rows) - rate * rates if exactly else limit - rate * most
    if is_nonnegative(room, strictly=True) if exactly else room > 0:
        return
    bound = f"which must be below {_number(limit)}"
    if learning_rate is None:
        raise ValueError(f"unstable: {whose} has the eigenvalue {most:.6g}, {bound}; take smaller learning rates")
    raise ValueError(
        f"unstable: the eigenvalue {most:.6g} of the Hessian times the learning rate {_number(rate)} is "
        f"{most * float(rate):.6g}, {bound}; take a learning rate below {float(limit) / most:.6g}"
    )


def check_share(share: Any, batch: Any, what: str) -> None:
    """Refuse noise that feeds on itself by the whole batch or more.

    Raises:
        ValueError: naming the share.

    >>> check_share(sp.Rational(9, 2), 4, "t")
    Traceback (most recent call last):
    ...
    ValueError: unstable: t is 4.5, which must be below the batch size 4
    """
    if not has_symbols(share, batch) and not share < batch:
        raise ValueError(f"unstable: {what} is {float(share):.6g}, which must be below the batch size {batch}")


def check_commuting(first_name: str, first: Any, second_name: str, second: Any) -> None:
    """Refuse matrices that do not commute.

    Raises:
        ValueError: naming the largest entry of the commutator, or one that is not 0.

    >>> check_commuting("A", sp.Matrix([[0, 1], [1, 0]]), "B", sp.diag(1, 2))
    Traceback (most recent call last):
    ...
    ValueError: A and B must commute, but AB - BA has the entry 1; the law holds for commuting matrices only
    """
    commutator = first @ second - second @ first
    if isinstance(commutator, np.ndarray):
        largest = float(np.abs(commutator).max())
        wrong = [largest] if largest > ROUNDING * float(np.abs(first).max() * np.abs(second).max()) else []
    else:
        wrong = [abs(entry) for entry in commutator.applyfunc(sp.simplify) if entry != 0]
    if wrong:
        raise ValueError(
            f"{first_name} and {second_name} must commute, but {first_name}{second_name} - {second_name}{first_name} "
            f"has the entry {wrong[0]}; the law holds for commuting matrices only"
        )


def _floats(matrix: Any) -> Any:
    return np.array(matrix.tolist() if isinstance(matrix, sp.MatrixBase) else matrix, dtype=float)


def _number(value: Any) -> str:
    return f"{float(value):.6g}" if not has_symbols(value) else str(value)
