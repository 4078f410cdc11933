"""Pages that are made from the package itself: the reference of every room, the gallery, and the tutorials.

A public name that nobody has written a page for cannot be missing, nor can one that is gone stay.
"""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from itertools import groupby, takewhile
from pathlib import Path
from types import GenericAlias
from typing import TYPE_CHECKING, Any

from sgdsym import expand
from sgdsym.diagrams import format_notation
from sgdsym.formula import to_latex
from sgdsym.references import REFERENCES
from sgdsym.render import Notation, diagram_to_latex, diagram_to_svg, explain
from sgdsym.render.factors import factor

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOMS = {
    "sgdsym": "The names that most work needs",
    "sgdsym.sgd": "Requests, optimisers, comparisons and what follows from them",
    "sgdsym.stationary": "Laws of the weights near and between minima",
    "sgdsym.noise": "How batches are noisy",
    "sgdsym.quantities": "Numbers as they are given",
    "sgdsym.numeric": "Numbers for series",
    "sgdsym.numeric.torch": "Models of PyTorch",
    "sgdsym.numeric.jax": "Models of JAX",
    "sgdsym.numeric.matrix_free": "What models give: values, statistics, runs, efforts",
    "sgdsym.schedules": "Learning-rate schedules",
    "sgdsym.trajectories": "Whole runs",
    "sgdsym.diagrams": "Diagrams",
    "sgdsym.series": "Series and their coefficients",
    "sgdsym.resummation": "Resummed series and their time-sums",
    "sgdsym.times": "Update rules, and sums over the times of steps",
    "sgdsym.tensors": "The sympy face",
    "sgdsym.render": "Formulas and pictures",
    "sgdsym.formula": "A formula as a value",
    "sgdsym.codegen": "Generated modules",
    "sgdsym.report": "Appendices and pages",
    "sgdsym.literature": "What papers print",
    "sgdsym.checking": "Formulas of one's own",
    "sgdsym.verify": "Exact enumeration",
    "sgdsym.simulation": "Runs of SGD",
    "sgdsym.demo": "The demo",
}
GALLERY_ORDER = 4


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before any is read."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "generated"
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("", "api", "notebooks"):
        (folder / part).mkdir()
    names = []
    for room, title in ROOMS.items():
        name = room.replace(".", "-")
        names.append(name)
        (folder / "api" / f"{name}.rst").write_text(room_page(room, title), encoding="utf-8")
    listed = "\n".join(f"   {name}" for name in names)
    (folder / "api" / "index.rst").write_text(
        f"{_title('Every public name')}\n.. toctree::\n   :maxdepth: 1\n\n{listed}\n", "utf-8"
    )
    (folder / "bibliography.rst").write_text(bibliography(), encoding="utf-8")
    (folder / "references.bib").write_text(
        "\n\n".join(work.to_bibtex() for work in REFERENCES) + "\n", encoding="utf-8"
    )
    (folder / "diagrams.md").write_text(_gallery(folder), encoding="utf-8")
    _copy_notebooks(Path(app.srcdir).parent / "notebooks", folder / "notebooks")


def room_page(room: str, title: str) -> str:
    """A page with every name that a module offers, each once in the manual: where it is defined, else a link."""
    module = import_module(room)
    lines = [_title(f"``{room}``: {title}"), f".. currentmodule:: {room}\n"]
    if room != "sgdsym":
        lines.append(f".. automodule:: {room}\n")
    for name in sorted(module.__all__, key=str.lower):
        value = getattr(module, name)
        is_call = callable(value) and not isinstance(value, GenericAlias)
        kind = "autoclass" if isinstance(value, type) else "autofunction" if is_call else "py:data"
        if type(value).__name__ == "module":
            lines.append(f"* ``{room}.{name}`` has :doc:`a page of its own <{room.replace('.', '-')}-{name}>`\n")
            continue
        lines.append(f".. {kind}:: {name}")
        if kind == "autoclass":
            lines.append("   :members:")
        if kind == "py:data":
            lines.append(f"   :type: {type(value).__name__}")
        if room == "sgdsym" or (is_call and _stands_before(room, name, value)):
            lines.append("   :no-index:")
        lines.append("")
    return "\n".join(lines)


def _stands_before(room: str, name: str, value: Any) -> bool:
    """Whether a room above offers the same, where links lead."""
    above = [import_module(other) for other in takewhile(lambda other: other != room, ROOMS) if other != "sgdsym"]
    return any(name in module.__all__ and getattr(module, name) is value for module in above)


def _title(text: str) -> str:
    return f"{text}\n{'=' * len(text)}\n"


def bibliography() -> str:
    """A page with every work that is named as a source: each key is an anchor, to which docstrings and pages lead."""
    lines = [
        _title("Bibliography"),
        "The works that the manual, the docstrings and the reports name.  A key leads here from wherever it stands.  All of them as "
        ":download:`BibTeX <references.bib>`; ``sgdsym literature --format bibtex`` writes those whose formulas are checked.\n",
        f"By year: {' '.join(f'[{work.key}]_' for work in sorted(REFERENCES, key=lambda work: work.year or 9999))}\n",
    ]
    for work in REFERENCES:
        # the backslash keeps initials from being read as the marks of a list
        link = f".  `{work.identifier} <{work.address}>`__" if work.identifier else ""
        lines.append(f".. _bib-{work.key.lower()}:\n\n.. [{work.key}] \\{work}{link}\n")
    return "\n".join(lines)


def _gallery(folder: Path) -> str:
    """The diagrams of the test loss, order by order, with pictures and words."""
    series = expand(order=GALLERY_ORDER)
    parts = [
        "# A gallery of diagrams\n",
        "The diagrams of the test loss of one-pass SGD.  A node is a derivative of the loss, an edge a contraction, and nodes in one "
        "outline see the same data point.  Below each picture stand its term, the coefficient times the value of the diagram, the value "
        "in words, and its name.\n",
    ]
    for order, terms in groupby(series, key=lambda term: term[0].order):
        parts.append(f"## Order {order}\n")
        for diagram, coefficient in terms:
            name = format_notation(diagram)
            picture = f"{order}-{len(list(folder.glob(f'{order}-*.svg')))}.svg"
            (folder / picture).write_text(diagram_to_svg(diagram), encoding="utf-8")
            rate = (r"\;\eta", rf"\;\eta^{order}")[order > 1] if order else ""
            term = rf"{to_latex(factor(coefficient).signed(Notation()))}{rate}\;\cdot\;{diagram_to_latex(diagram)}"
            parts.append(f"![{name}]({picture})\n\n${term}$\n\n{explain(diagram)}; `{name}`\n")
    return "\n".join(parts)


def _copy_notebooks(source: Path, folder: Path) -> None:
    """The tutorials, executed where the tests have left them."""
    executed = Path(os.environ.get("SGDSYM_EXECUTED") or source)
    for path in sorted(source.glob("*.ipynb")):
        done = executed / path.name
        shutil.copy(done if done.exists() else path, folder / path.name)
    for path in source.glob("*.py"):
        shutil.copy(path, folder / path.name)
