"""Which modules are not collected, and on which numbers sympy computes."""

import os
from importlib.util import find_spec

# python-flint is an oracle of the tests; sympy would compute with its numbers, which users without it do not have
os.environ.setdefault("SYMPY_GROUND_TYPES", "python")

# examples of modules and pages that need a framework which is not installed
collect_ignore_glob = [f"sgdsym/*/{name}/*" for name in ("jax", "torch") if find_spec(name) is None]
if find_spec("jax") is None:
    collect_ignore_glob += ["sgdsym/numeric/matrix_free/frontend.py"]
if find_spec("torch") is None:
    collect_ignore_glob += ["docs/howto/network.md", "docs/howto/run.md"]
# what the manual is built from, and its tools, which are imported by Sphinx
collect_ignore_glob += ["docs/generated/*", "docs/conf.py", "docs/_ext/*"]
