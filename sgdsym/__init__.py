"""Symbolic computer algebra for stochastic gradient descent.

The names of this package are listed in ``__init__.pyi`` and loaded when they are first used.

>>> import sgdsym
>>> series = sgdsym.expand(observable="test-loss", order=2, batch_size=1)
>>> print(series)
l
- η T G·G
+ η² (T(2T - 1)/2) G·H G
+ η² (T/2) tr(H C)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
