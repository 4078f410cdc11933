"""Where limits of many steps exist."""

from __future__ import annotations

from typing import Any

import numpy as np


def _check_minimum(h: Any, rate: Any) -> None:
    """Where the loss is flat, or falls, the weights keep moving."""
    scale = np.abs(h).max(initial=0.0) * len(h) * np.finfo(float).eps
    for value in h:
        if abs(value) <= scale:
            raise ValueError(f"no limit of many steps: the Hessian has the eigenvalue {value:.6g}, a flat direction")
        if value < 0:
            raise ValueError(
                f"no limit of many steps: the Hessian has the eigenvalue {value:.6g}, the point is not a minimum"
            )
    if not (rate > 0).all():
        raise ValueError(f"no limit of many steps: the learning rate {rate.min():.6g} is not positive")


def _check_contracts(h: Any, rate: Any) -> None:
    """Every step contracts in every direction."""
    if rate.size and h.size and rate.max() * h[-1] >= 2:
        raise ValueError(
            f"no limit of many steps: learning rate {rate.max():.6g} times the Hessian's eigenvalue {h[-1]:.6g} is "
            f"{rate.max() * h[-1]:.6g}, not below 2"
        )
