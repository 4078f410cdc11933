"""Numpy modules for laws in closed form, and for the stationary covariance of any matrices.

Knows how a sympy expression is written as arithmetic.  Refuses to know where it comes from.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sgdsym.arrays import real_array
from sgdsym.codegen.runtime import completed
from sgdsym.series import symbol_name
from sgdsym.templating import Code, render

if TYPE_CHECKING:
    import sympy

_TAKEN = frozenset({"numpy", "float"})  # names that the module itself uses beside its arguments


def generate_law(name: str, law: sympy.Expr | sympy.MatrixBase, title: str) -> str:
    """A self-contained numpy module with one function that evaluates an expression or a matrix of expressions.

    Args:
        name: of the function.
        law: what it returns; its symbols become keyword arguments, in the order of their names.
        title: one line that says what it is.

    Raises:
        ValueError: if a symbol cannot name an argument, the law holds a function that has no formula, or what is returned would
            not be finite.

    >>> import sympy
    >>> h, c, rate = sympy.symbols("h c rate")
    >>> source = generate_law("variance", rate * c / (h * (2 - rate * h)), "The variance in one dimension.")
    >>> print(source.splitlines()[-1])
        return c*rate/(h*(-h*rate + 2))
    """
    import sympy
    from sympy.core.function import AppliedUndef

    if law.atoms(AppliedUndef):
        raise ValueError(f"{law.atoms(AppliedUndef).pop()!s:.60} is a function without a formula")
    if law.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise ValueError(f"{title.rstrip('.')} is not finite here, so no function can return it")
    names = [symbol_name(symbol.name) for symbol in sorted(law.free_symbols, key=lambda symbol: symbol.name)]
    if taken := sorted(_TAKEN & set(names)):
        raise ValueError(f"the symbol {taken[0]} cannot be an argument of the module; choose another name")
    matrix = isinstance(law, sympy.MatrixBase)
    parts, entries = sympy.cse(list(law) if matrix else [law], symbols=_fresh(names))
    results = [arithmetic(entry) for entry in entries]
    result = results[0]
    if matrix:
        rows = ["[" + ", ".join(results[i * law.cols : (i + 1) * law.cols]) + "]" for i in range(law.rows)]
        result = f"numpy.array([{', '.join(rows)}], dtype=float)"
    return render(
        "numpy_law.py.jinja",
        title=Code(title),
        version=version("sgdsym"),
        name=symbol_name(name),
        symbols=names,
        shape=Code(str(law.shape)) if matrix else "",
        statements=[Code(f"{symbol} = {arithmetic(part)}") for symbol, part in parts],
        result=Code(result),
    )


def generate_covariance(
    hessian: Any, noise: Any, learning_rate: Any, momentum: Any = 0, preconditioner: Any = None
) -> str:
    """A self-contained numpy module that computes stationary covariances in floats, with the given numbers as defaults.

    Args:
        hessian: (p, p), numbers.
        noise: (p, p), numbers.
        learning_rate: a number.
        momentum: a number.
        preconditioner: (p, p), numbers, or None.

    >>> source = generate_covariance([[2]], [[1]], 0.5)
    >>> "HESSIAN = np.array([[2.0]])" in source
    True
    """
    text = render(
        "numpy_covariance.py.jinja",
        version=version("sgdsym"),
        hessian=float_rows(hessian),
        noise=float_rows(noise),
        learning_rate=float(learning_rate),
        momentum=float(momentum),
        preconditioner=Code("None" if preconditioner is None else f"np.array({float_rows(preconditioner)})"),
    )
    return completed(text, ("moments", "arrays"), kind="stationary", offered=("covariance",))


def arithmetic(law: sympy.Expr) -> str:
    """An expression as numpy text.

    >>> import sympy
    >>> arithmetic(sympy.exp(-sympy.Symbol("x") / 2))
    'numpy.exp(-1/2*x)'
    """
    from sympy.printing.numpy import NumPyPrinter

    return str(NumPyPrinter().doprint(law))


def float_rows(matrix: Any) -> list[list[float]]:
    """The rows of a sympy matrix, an array or nested sequences of numbers, as floats.

    >>> float_rows([[1, 2]])
    [[1.0, 2.0]]
    """
    rows = matrix.tolist() if hasattr(matrix, "free_symbols") else real_array(matrix, "the matrix")
    return [[float(entry) for entry in row] for row in rows]


def _fresh(names: list[str]) -> Any:
    import sympy

    return sympy.numbered_symbols("x", exclude=[sympy.Symbol(name) for name in names])
