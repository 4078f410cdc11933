"""The same program for PyTorch: gradients flow, and arrays stay on their device."""

from __future__ import annotations

from sgdsym.codegen.backends.printer import Printer

TEMPLATE = "torch_kernel.py.jinja"
IN_BLOCKS = False
PRINTER = Printer(
    "torch",
    permute="permute",
    inner="({left} * {right}).sum()",
    convert="torch.as_tensor({array}, dtype={like}.dtype, device={like}.device)",
)
