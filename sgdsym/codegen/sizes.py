"""The check of sizes as lines of a generated module: the conditions of a series, decided when numbers are given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sgdsym.codegen.scalars import joined, quotient
from sgdsym.series import Coefficient, Condition


def checks(conditions: Iterable[Condition], symbols: Collection[str]) -> list[str]:
    r"""Lines that refuse the values of symbols which break a condition; what holds other symbols too is left out.

    >>> N, B = Coefficient.symbol("N"), Coefficient.symbol("B")
    >>> batches = Condition(N / B, "batches of {0} do not fill an epoch of {1} points", (B, N))
    >>> print("\n".join(checks([batches], ("B", "N"))))
    if N % B:
        raise ValueError(f"batches of {B} do not fill an epoch of {N} points")
    """
    return [line for c in conditions if c.value.symbols <= set(symbols) for line in _lines(c)]


def whole_symbols(conditions: Iterable[Condition]) -> set[str]:
    """The symbols that must be whole numbers.

    >>> whole_symbols([Condition(Coefficient.symbol("N"), "N is whole", ())])
    {'N'}
    """
    return {str(c.value) for c in conditions if c.whole and str(c.value) in c.value.symbols}


def _lines(condition: Condition) -> Iterator[str]:
    names = (_named(size) for size in condition.named)
    complaint = condition.complaint.replace("{", "{{").replace("}", "}}")
    for i, name in enumerate(names):
        complaint = complaint.replace(f"{{{{{i}}}}}", name)
    prefix = "f" if "{" in complaint else ""
    yield f"if {_broken(condition)}:"
    yield f'    raise ValueError({prefix}"{complaint}")'


def _named(size: Coefficient) -> str:
    """A size in a complaint, with the values of its symbols."""
    text = str(size)
    if text in size.symbols or not size.symbols:
        return f"{{{text}}}" if size.symbols else text
    return f"{text} ({', '.join(f'{name} = {{{name}}}' for name in sorted(size.symbols))})"


def _broken(condition: Condition) -> str:
    """The condition's contrary as Python text; quotients are those of whole numbers that are checked before."""
    terms, denominator = quotient(condition.value)
    above = joined(terms)
    bound = f"{'<=' if condition.strict else '<'} {condition.least}"
    if denominator:
        above, below = (text if text.isidentifier() or text.isdigit() else f"({text})" for text in (above, denominator))
        # of sizes that are not negative
        return f"{above} % {below}" + (f" or {above} < {below}" if condition.least else "")
    if condition.whole and above.isidentifier():
        return f"not isinstance({above}, int) or {above} {bound}"
    return f"{above} {bound}"
