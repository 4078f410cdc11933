"""A printed formula beside the derived one, and the verdict, computed by comparing the two."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from sgdsym.render import series_to_text
from sgdsym.series import Coefficient, Series

if TYPE_CHECKING:
    import sympy

Verdict = Literal["confirmed", "differs"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A formula of the literature, checked.

    Attributes:
        name: what the formula is about.
        source: where it is printed.
        printed: the formula as printed.
        derived: what the expansion gives, computed when the finding is made.
        difference: how the two differ; empty where they agree.
    """

    name: str
    source: str
    printed: str
    derived: str
    difference: str = ""

    @property
    def verdict(self) -> Verdict:
        """``"confirmed"`` or ``"differs"``.

        >>> Finding("order of addition", "folklore", "1 + 2 = 2 + 1", "3 = 3").verdict
        'confirmed'
        """
        return "differs" if self.difference else "confirmed"


def series_finding(name: str, source: str, printed: str, formula: Series, derived: Series) -> Finding:
    """Compare a printed series with a derived one, diagram by diagram, in the basis of the printed one.

    Args:
        name: what the formula is about.
        source: where it is printed.
        printed: the formula as printed.
        formula: the printed formula as a series.
        derived: the derived series.

    >>> from sgdsym.sgd import squared_gradient
    >>> series_finding("a half", "a sketch", "|G|²/2", squared_gradient() / 2, squared_gradient()).difference
    'the printed formula is 1/2 times the derived one'
    """
    right = derived.in_basis(formula.basis)
    return Finding(name, source, printed, series_to_text(right), _series_difference(formula, right))


def expression_finding(
    name: str, source: str, printed: str, formula: sympy.Expr, derived: sympy.Expr, shown: str = ""
) -> Finding:
    """Compare two polynomials as sympy expressions.

    Args:
        name: what the formula is about.
        source: where it is printed.
        printed: the formula as printed.
        formula: the printed formula as an expression.
        derived: the derived expression.
        shown: the derived expression in words, if it is clearer than the expression itself.

    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> expression_finding("square", "a sketch", "x² + 1", x**2 + 1, x**2).difference
    'derived minus printed: -1'
    """
    import sympy

    rest = sympy.expand(derived - formula)
    text = shown or _by_order(derived)
    difference = ""
    if rest != 0:
        ratio = sympy.cancel(formula / derived) if derived != 0 else sympy.nan
        if ratio.is_Rational:
            difference = f"the printed formula is {ratio} times the derived one"
        else:
            difference = f"derived minus printed: {_by_order(rest)}"
    return Finding(name, source, printed, text, difference)


def _by_order(expression: sympy.Expr) -> str:
    """A polynomial as text, one factored term for each power of the learning rate, or of the time tau."""
    import sympy

    variables = [x for x in sorted(expression.free_symbols, key=str) if x.name in ("eta", "tau")]
    expanded = sympy.expand(expression)
    return str(sympy.collect(expanded, variables[0], sympy.factor)) if variables else str(sympy.factor(expanded))


def _series_difference(formula: Series, derived: Series) -> str:
    rest = derived - formula
    if not rest.terms:
        return ""
    ratio = _ratio(formula, derived)
    if ratio is not None:
        return f"the printed formula is {ratio} times the derived one"
    return f"derived minus printed: {' '.join(series_to_text(rest).splitlines())}"


def _ratio(formula: Series, derived: Series) -> Fraction | None:
    """The number that the first is of the second, if there is one."""
    if set(formula.terms) != set(derived.terms):
        return None
    ratios: set[Coefficient] = {formula.terms[diagram] / c for diagram, c in derived.terms.items()}
    ratio = ratios.pop()
    return ratio.as_fraction() if not ratios and not ratio.symbols else None
