"""Numbers for series: derivative tensors of real losses, and a slow interpreter that is the executable specification.

Knows arrays, exact ones included, and what a diagram means on them.  Refuses to know how kernels are made and how
formulas are printed.  Where the tensors are too large to form, :mod:`sgdsym.numeric.jax` and :mod:`sgdsym.numeric.torch`
evaluate the same series by products along the trees; they load no framework until they are used.

The names are listed in ``__init__.pyi`` and loaded when they are first used: not every command needs sympy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
