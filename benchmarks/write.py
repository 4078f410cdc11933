"""How long it takes to write a series of order 6 as LaTeX and as a numpy module, and to draw all diagrams to order 5.

Each in a fresh process, so the time includes loading what only the writer needs.

python benchmarks/write.py
"""

from __future__ import annotations

import subprocess
import sys

CODE = """
import time, sgdsym
series = sgdsym.expand(order=6, basis={basis!r})
begin = time.perf_counter()
text = {call}
print(len(series), len(text), time.perf_counter() - begin)
"""
CALLS = {
    "latex": "series.latex()",
    "latex, binomials": "series.latex(polynomials='binomial', shape='equations')",
    "latex, indices": "series.latex('index', sums='explicit')",
    "latex, pictures": "series.latex('diagram')",
    "numpy": "series.kernel().source",
    "numpy, last order": "series.order(6).kernel().source",
    "json": "series.to_json()",
    "text": "str(series)",
}
ATLAS = """
import time
begin = time.perf_counter()
from sgdsym.diagrams import grow
from sgdsym.render import ATLASES
diagrams = [diagram for layer in grow(5) for diagram in layer.diagrams]
picture = ATLASES[{kind!r}](diagrams)
print(len(diagrams), len(picture), time.perf_counter() - begin)
"""


def main() -> None:
    """Print a table of writers and a table of pens."""
    print("format            basis     diagrams  characters  seconds")
    for name, call in CALLS.items():
        for basis in ("cumulant", "moment"):
            print(f"{name:17} {basis:9} {_row(CODE.format(basis=basis, call=call))}")
    print("atlas of orders 0 to 5")
    for kind in ("svg", "tikz", "dot", "png", "pdf"):
        print(f"{kind:27} {_row(ATLAS.format(kind=kind))}")


def _row(code: str) -> str:
    words = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    return f"{words[0]:>8} {words[1]:>11} {float(words[2]):8.2f}"


if __name__ == "__main__":
    main()
