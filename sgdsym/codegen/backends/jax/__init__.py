"""The same program for JAX: pure functions that can be compiled, mapped and differentiated."""

from __future__ import annotations

from sgdsym.codegen.backends.printer import Printer

TEMPLATE = "jax_kernel.py.jinja"
IN_BLOCKS = False
PRINTER = Printer("jnp", convert="jnp.asarray({array}, dtype={like}.dtype)")
