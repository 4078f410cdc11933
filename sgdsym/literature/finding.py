"""A printed formula beside the derived one, and the verdict, computed by comparing the two."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from sgdsym.render import series_to_text
from sgdsym.series import Coefficient, Series

if TYPE_CHECKING:
    import sympy

Verdict = Literal["confirmed", "differs"]
_LONGEST = 16  # characters of a fraction that is written out


@dataclass(frozen=True, slots=True)
class Finding:
    """A formula of the literature, checked.

    Attributes:
        name: the subject of the formula.
        source: where it is printed.
        printed: the formula as printed.
        derived: what the expansion gives, computed when the finding is made.
        difference: how the two differ; empty where they agree.
        why: the reason in a sentence where they differ: a misprint, a mixed convention, an approximation and its size.
    """

    name: str
    source: str
    printed: str
    derived: str
    difference: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        if not self.difference:
            object.__setattr__(self, "why", "")

    @property
    def key(self) -> str:
        """The surname of the first author of the source, in small letters of ASCII.

        >>> Finding("n", 'S. Jastrzębski et al., "Three Factors"', "p", "d").key
        'jastrzebski'
        """
        authors = self.source.partition(",")[0].partition(" and ")[0].removesuffix(" et al.")
        plain = unicodedata.normalize("NFKD", authors.split()[-1])
        return plain.encode("ascii", "ignore").decode().lower()

    @property
    def verdict(self) -> Verdict:
        """``"confirmed"`` or ``"differs"``.

        >>> Finding("order of addition", "folklore", "1 + 2 = 2 + 1", "3 = 3").verdict
        'confirmed'
        """
        return "differs" if self.difference else "confirmed"


def series_finding(name: str, source: str, printed: str, formula: Series, derived: Series, why: str = "") -> Finding:
    """Compare a printed series with a derived one, diagram by diagram, in the basis of the printed one.

    Args:
        name: the subject of the formula.
        source: where it is printed.
        printed: the formula as printed.
        formula: the printed formula as a series.
        derived: the derived series.
        why: the reason, should they differ.

    >>> from sgdsym.sgd import squared_gradient
    >>> series_finding("a half", "a sketch", "|G|²/2", squared_gradient() / 2, squared_gradient()).difference
    'the printed formula is 1/2 times the derived one'
    """
    right = derived.in_basis(formula.basis)
    return Finding(name, source, printed, series_to_text(right), _series_difference(formula, right), why)


def expression_finding(
    name: str, source: str, printed: str, formula: sympy.Expr, derived: sympy.Expr, shown: str = "", why: str = ""
) -> Finding:
    """Compare two polynomials as sympy expressions.

    Args:
        name: the subject of the formula.
        source: where it is printed.
        printed: the formula as printed.
        formula: the printed formula as an expression.
        derived: the derived expression.
        shown: the derived expression in words, if it is clearer than the expression itself.
        why: the reason, should they differ.

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
    return Finding(name, source, printed, text, difference, why)


def quantity_finding(
    name: str,
    source: str,
    printed: str,
    quantities: Mapping[str, tuple[Any, Any]],
    *,
    why: str = "",
    close: float = 0,
    note: str = "",
) -> Finding:
    """Compare what a printed formula gives with what is derived, quantity by quantity.

    Args:
        name: the subject of the formula.
        source: where it is printed.
        printed: the formula as printed.
        quantities: by name what the formula gives and what is derived, exact numbers or expressions.
        why: the reason, should they differ.
        close: the relative error up to which numbers count as equal, where they are no exact ones.
        note: how the derived values were found, in a few words.

    >>> quantity_finding("a root", "a sketch", "√2 = 3/2", {"the square": (Fraction(9, 4), 2)}).difference
    'printed: the square = 9/4'
    """
    wrong, lines = [], []
    for label, (formula, derived) in quantities.items():
        left, right = (sympified(value) for value in (formula, derived))
        lines.append(f"{label} = {_shown(right)}")
        if not _agree(left, right, close):
            wrong.append(f"{label} = {_shown(left)}")
    text = ", ".join(lines) + (f" ({note})" if note else "")
    return Finding(name, source, printed, text, f"printed: {', '.join(wrong)}" if wrong else "", why)


def sympified(value: Any) -> Any:
    """A number or an expression as one of sympy, fractions exactly.

    >>> sympified(Fraction(1, 3))
    1/3
    """
    import sympy

    return sympy.Rational(value) if isinstance(value, Fraction) else sympy.sympify(value)


def _agree(left: Any, right: Any, close: float) -> bool:
    import sympy

    if close:
        return bool(abs(left - right) <= close * abs(right))
    # for rational functions this decides; simplify is for roots and exponentials, and slow
    rest = sympy.cancel(sympy.together(left - right))
    return bool(rest == 0 or sympy.simplify(rest) == 0)


def _shown(value: Any) -> str:
    import sympy

    if value.is_Float:
        return f"{float(value):.7g}"
    if value.is_Rational and len(str(value)) > _LONGEST:
        return f"≈ {float(value):.10g}"
    return str(value if value.is_Number else sympy.factor(value))


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
