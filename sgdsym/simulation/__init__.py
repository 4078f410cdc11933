"""Real runs of SGD, many side by side: landscapes, every way to draw data, every linear optimiser, means with standard errors.

Knows losses of numpy, JAX, PyTorch and sympy, and how requests are run step by step, in floats.  Refuses to know series: what is
measured here owes nothing to what is derived there.  The names are listed in ``__init__.pyi`` and loaded when they are first used,
since the command line reads the list of landscapes whenever it starts.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
