"""The libraries that a kernel can be written for.

JAX runs the same program as pure functions that can be compiled, mapped and differentiated; with PyTorch gradients flow, and arrays
stay on their device.
"""

from __future__ import annotations

from typing import NamedTuple

from sgdsym.codegen.backends.numpy import NumpyPrinter
from sgdsym.codegen.backends.printer import Printer


class Backend(NamedTuple):
    """A library: its printer, and whether its programs read in blocks; its functions are in the runtime."""

    printer: Printer
    in_blocks: bool = False


BACKENDS = {
    "numpy": Backend(NumpyPrinter(), in_blocks=True),
    "jax": Backend(Printer("jnp")),
    "torch": Backend(Printer("torch", permute="permute", inner="({left} * {right}).sum()")),
}
