"""How long it takes to write a series of order 6 as LaTeX and as a numpy module, in a fresh process each.

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
    "numpy": "series.kernel().source",
    "json": "series.to_json()",
    "text": "str(series)",
}


def main() -> None:
    """Print a table; the time includes loading what only the writer needs."""
    print("format  basis     diagrams  characters  seconds")
    for name, call in CALLS.items():
        for basis in ("cumulant", "moment"):
            command = [sys.executable, "-c", CODE.format(basis=basis, call=call)]
            words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            print(f"{name:7} {basis:9} {words[0]:>8} {words[1]:>11} {float(words[2]):8.2f}")


if __name__ == "__main__":
    main()
