r"""Quantities as they are given: exact numbers, symbols or floats, asked once what they are and computed in what they are.

=================  =====================================================================================================
arithmetic         whether a formula is computed by sympy or by numpy; it reads, checks and makes the numbers of its kind
number             an integer, a fraction or a sympy expression, which are exact; a float; text that is one or names a symbol
tensor             an array of sympy expressions or of floats, with the way back to what was given
linear equation    for a symmetric matrix, solved exactly over the field that its coefficients lie in
=================  =====================================================================================================

Knows numbers, shapes, symmetry, definiteness, rounding, and how they are refused in one line.  Refuses to know what a
quantity is used for, but for the learning rate, the momentum and the batch size, whose ranges are said once, here.

The names are listed in ``__init__.pyi`` and loaded when they are first used: not every command needs sympy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
