"""Which modules are not collected: those whose examples need a framework that is not installed."""

from importlib.util import find_spec

collect_ignore_glob = [f"sgdsym/*/{name}/*" for name in ("jax", "torch") if find_spec(name) is None]
