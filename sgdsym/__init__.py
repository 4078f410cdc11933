"""Symbolic computer algebra for stochastic gradient descent.

What SGD does is expanded in powers of the learning rate, exactly; a series is printed, drawn, put into LaTeX and evaluated.

===================== =========================================================================================
:func:`expand`        the series of an observable, of an optimiser, of a way to draw data, to an order
:func:`compare`       the difference of two settings
:func:`resum`         the series summed over all bare Hessians, for long times
:func:`modified`      the modified equation of a dynamics, and its generator
``sgdsym.diagrams``   diagrams: generate, name, draw and count them
``sgdsym.sgd``        requests, optimisers, corollaries and substitutions
``sgdsym.stationary`` laws of the weights near and between minima
``sgdsym.noise``      the noise of minibatches: models, moments, a sampler
``sgdsym.numeric``    numbers for series: the interpreter; models of PyTorch (``numeric.torch``) and JAX (``numeric.jax``)
===================== =========================================================================================

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
