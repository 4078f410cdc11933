"""What modules of JAX do with the arrays of a run."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def _check_precision(derivatives: Any, arrays: Any) -> None:
    """Refuse derivatives in double precision where JAX makes them single."""
    for k in arrays:
        if getattr(derivatives[k], "dtype", None) == "float64" and jnp.asarray(arrays[k]).dtype != "float64":
            raise ValueError(
                f"derivatives_at(theta)[{k}] is in double precision and JAX computes in single: call "
                "jax.config.update('jax_enable_x64', True) first, or give float32"
            )


def _on_device(*trees: Any) -> Any:
    """The arrays as those of JAX."""
    return jax.tree.map(jnp.asarray, trees)


def _contract(axes: str, left: Any, right: Any) -> Any:
    """The contraction of two tensors."""
    return jnp.einsum(axes, left, right)
