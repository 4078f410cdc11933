"""Printed formulas as series of named diagrams; the names are those of :data:`sgdsym.diagrams.DIAGRAM_NAMES`."""

from __future__ import annotations

from collections.abc import Mapping

from sgdsym.diagrams import parse_notation
from sgdsym.series import Basis, Coefficient, Series


def named_series(terms: Mapping[str, str], basis: Basis = "moment") -> Series:
    """A printed formula as a series: coefficients of named diagrams.

    Args:
        terms: a coefficient for each diagram, by the literature's name or in its string notation without ``c``.
        basis: whether the blocks are joint moments, as the names have it, or joint cumulants.

    Raises:
        ValueError: if a name is unknown or a coefficient is not one.

    >>> print(named_series({"Vpln": "T*(T - 1)", "Vlvs": "T/2"}))
    η² T(T - 1) G·H G
    + η² (T/2) tr(H E[g gᵀ])
    """
    found = {parse_notation(name)[0]: Coefficient.parse(text) for name, text in terms.items()}
    return Series(found, max(diagram.order for diagram in found), basis)


def times(text: str, series: Series) -> Series:
    """A series times a coefficient given as text.

    >>> print(times("-T/2", named_series({"Ipln": "1"})))
    - η (T/2) G·G
    """
    return series * Coefficient.parse(text)
