"""Which modules are not collected, and on which numbers sympy computes."""

import os
from importlib.util import find_spec

# python-flint is an oracle of the tests; sympy would compute with its numbers, which users without it do not have
os.environ.setdefault("SYMPY_GROUND_TYPES", "python")

# examples of modules that need a framework which is not installed
collect_ignore_glob = [f"sgdsym/*/{name}/*" for name in ("jax", "torch") if find_spec(name) is None]
