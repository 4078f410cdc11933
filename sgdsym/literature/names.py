r"""The names that the literature gives to the diagrams of the first three orders, in joint moments.

The letter tells the tree (I one edge, V a path of two, Y a star of three, Z a path of three), the rest the blocks.
Source: [Tenka2020]_ and its companion code.
"""

from __future__ import annotations

from collections.abc import Mapping

from sgdsym.arguments import quoted
from sgdsym.diagrams import Diagram, parse_notation
from sgdsym.series import Basis, Coefficient, Series

_TREES = {"I": "(01)", "V": "(01-12)", "Y": "(03-13-23)", "Z": "(01-12-23)"}
_BLOCKS = {
    "Ipln": "0-1",
    "Iall": "01",
    "Vpln": "0-1-2",
    "Vlvs": "02-1",
    "Vtwg": "01-2",
    "Vall": "012",
    "Ypln": "0-1-2-3",
    "Ylvs": "01-2-3",
    "Yerg": "012-3",
    "Ytwg": "03-1-2",
    "Ysli": "01-23",
    "Yvee": "013-2",
    "Yall": "0123",
    "Zpln": "0-1-2-3",
    "Zlvs": "03-1-2",
    "Zalt": "02-1-3",
    "Zexc": "023-1",
    "Ztwg": "01-2-3",
    "Zmid": "0-12-3",
    "Zsli": "03-12",
    "Zvee": "012-3",
    "Zall": "0123",
    "Zsll": "01-23",
    "Zsii": "02-13",
}

DIAGRAM_NAMES: Mapping[str, Diagram] = {
    name: parse_notation(f"({blocks}){_TREES[name[0]]}")[0] for name, blocks in _BLOCKS.items()
}


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
    found = {_diagram(name): Coefficient.parse(text) for name, text in terms.items()}
    return Series(found, max(diagram.order for diagram in found), basis)


def times(text: str, series: Series) -> Series:
    """A series times a coefficient given as text.

    >>> print(times("-T/2", named_series({"Ipln": "1"})))
    - η (T/2) G·G
    """
    return series * Coefficient.parse(text)


def _diagram(name: str) -> Diagram:
    if name in DIAGRAM_NAMES:
        return DIAGRAM_NAMES[name]
    if not name.startswith("("):
        raise ValueError(f"no diagram is called {quoted(name)}; the names are {', '.join(DIAGRAM_NAMES)}")
    return parse_notation(name)[0]
