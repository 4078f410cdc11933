"""What helps against the errors that losses for JAX commonly end in."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sgdsym.numeric.matrix_free.refusal import Remedy, in_one_line

MODES = "call it in evaluation mode: dropout and batch normalisation in training are no function of one data point"
REMEDIES = (
    Remedy(r"Rng|requires a key|ModifyScopeVariable|batch_stats|running statistics", MODES, final=True),
    Remedy(
        r"[Tt]racer|[Cc]oncret|traced",
        "use jax.numpy throughout: no float(), item(), numpy functions and no if on values",
    ),
    Remedy(r"custom_vjp", "give it a rule by jax.custom_jvp, which can be differentiated again in both directions"),
    Remedy(r"while_loop|fori_loop", "use jax.lax.scan, or a loop with a fixed number of rounds"),
    Remedy(r"RESOURCE_EXHAUSTED|[Oo]ut of memory", "lower chunk= or memory="),
    Remedy(r"dtype", "give the parameters, the data and what the loss holds itself one type"),
)


def told() -> AbstractContextManager[None]:
    """Errors of a loss in one line."""
    return in_one_line("JAX", REMEDIES)
