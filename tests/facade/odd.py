"""Values that nobody means to pass, by name; each is made afresh, so that no call sees what another has changed."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import sympy as sp

from sgdsym import Coefficient, Diagram, expand


class Hostile:
    """An object whose text is long, of many lines and not encodable."""

    def __init__(self, *_):
        pass

    def __repr__(self):
        return "line\n" * 200 + "\ud800"


def _masked():
    return np.ma.masked_array([[1.0, 2.0], [2.0, 5.0]], mask=[[False, True], [True, False]])


ODD = {
    "None": lambda: None,
    "True": lambda: True,
    "False": lambda: False,
    "NaN": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "minus infinity": lambda: float("-inf"),
    "a huge integer": lambda: 10**400,
    "a large integer": lambda: 2**63,
    "minus one": lambda: -1,
    "zero": lambda: 0,
    "a half": lambda: 0.5,
    "minus zero": lambda: -0.0,
    "the smallest float": lambda: 5e-324,
    "the largest float": lambda: 1.7e308,
    "a complex number": lambda: 1 + 2j,
    "a fraction": lambda: Fraction(-7, 3),
    "a decimal": lambda: Decimal("0.1"),
    "a decimal NaN": lambda: Decimal("sNaN"),
    "text": lambda: "ab",
    "empty text": lambda: "",
    "a number in text": lambda: "1/2",
    "a division by zero in text": lambda: "1/0",
    "code in text": lambda: "__import__('os').system('false')",
    "long text": lambda: "a" * 5000,
    "a surrogate": lambda: "\ud800",
    "lines of text": lambda: "a\nb\nc",
    "bytes": lambda: b"ab",
    "an empty list": list,
    "nested empty lists": lambda: [[[]]],
    "a list": lambda: [1, 2, 3],
    "ragged rows": lambda: [[1, 2], [3]],
    "a list of text": lambda: ["a", "b"],
    "a list of None": lambda: [None, None],
    "a long list": lambda: list(range(3000)),
    "a deep list": lambda: _deep(400),
    "a set": lambda: {1, 2},
    "a dictionary": lambda: {"a": 1, 2: None},
    "an empty dictionary": dict,
    "a generator": lambda: (i for i in range(3)),
    "a function": lambda: lambda *_: None,
    "a type": lambda: Hostile,
    "an object": object,
    "a hostile object": Hostile,
    "a numpy integer": lambda: np.int64(3),
    "a numpy float": lambda: np.float32(0.25),
    "a numpy bool": lambda: np.True_,
    "an array of no axes": lambda: np.array(2),
    "an empty array": lambda: np.zeros((0, 2)),
    "an array of objects": lambda: np.array([[object(), None], [1, "a"]], dtype=object),
    "an array of fractions": lambda: np.array([[Fraction(1, 2), 0], [0, Fraction(3)]], dtype=object),
    "a complex array": lambda: np.array([[1, 2j], [-2j, 1]]),
    "an array of NaN": lambda: np.full((2, 2), np.nan),
    "an array of small numbers": lambda: np.full((2, 2), 5e-324),
    "an array of text": lambda: np.array([["a", "b"], ["c", "d"]]),
    "an array of dates": lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "an array of records": lambda: np.zeros(2, dtype=[("a", int), ("b", float)]),
    "a masked array": _masked,
    "an array of six axes": lambda: np.ones((1, 2, 1, 2, 1, 2)),
    "a sympy symbol": lambda: sp.Symbol("x"),
    "a sympy integer": lambda: sp.Integer(2),
    "a sympy rational": lambda: sp.Rational(1, 3),
    "a sympy float": lambda: sp.Float("0.3"),
    "sympy's infinity": lambda: sp.oo,
    "sympy's complex infinity": lambda: sp.zoo,
    "sympy's NaN": lambda: sp.nan,
    "sympy's imaginary unit": lambda: sp.I,
    "a sympy matrix": lambda: sp.Matrix([[1, 2], [3, 4]]),
    "an empty sympy matrix": lambda: sp.Matrix(0, 0, []),
    "a sympy truth value": lambda: sp.true,
    "a sympy relation": lambda: sp.Symbol("x") < 1,
    "a sympy tuple": lambda: sp.Tuple(1, 2),
    "a coefficient": lambda: Coefficient("1/(T + 1)"),
    "a diagram": lambda: Diagram(2, [(0, 1)]),
    "a series": lambda: expand(order=1),
}


def _deep(levels):
    value = [1]
    for _ in range(levels):
        value = [value]
    return value
