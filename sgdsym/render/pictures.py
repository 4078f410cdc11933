"""Which pen draws which kind of picture, and pictures as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sgdsym.diagrams import Diagram
from sgdsym.render.dot import diagram_to_dot, diagrams_to_dot
from sgdsym.render.figure import diagram_to_image, diagrams_to_image
from sgdsym.render.svg import diagram_to_svg, diagrams_to_svg
from sgdsym.render.tikz import diagram_to_tikz, diagrams_to_tikz

ATLASES: dict[str, Callable[[list[Diagram]], str | bytes]] = {
    "svg": diagrams_to_svg,
    "tikz": diagrams_to_tikz,
    "dot": diagrams_to_dot,
    "png": lambda diagrams: diagrams_to_image(diagrams, "png"),
    "pdf": lambda diagrams: diagrams_to_image(diagrams, "pdf"),
}
_BY_SUFFIX: dict[str, Callable[[Diagram, float], str | bytes]] = {
    ".svg": lambda diagram, scale: diagram_to_svg(diagram, scale=scale),
    ".tikz": lambda diagram, scale: diagram_to_tikz(diagram, scale=scale),
    ".tex": lambda diagram, scale: diagram_to_tikz(diagram, scale=scale, document=True),
    ".dot": lambda diagram, _: diagram_to_dot(diagram),
    ".png": lambda diagram, scale: diagram_to_image(diagram, "png", scale=scale),
    ".pdf": lambda diagram, scale: diagram_to_image(diagram, "pdf", scale=scale),
}


def save_picture(diagram: Diagram, path: str | Path, *, scale: float = 1.0) -> None:
    """Draw a diagram into a file; the suffix says how.

    Args:
        diagram: any diagram.
        path: ends in ``.svg``, ``.tikz`` (a picture for a document), ``.tex`` (a document), ``.dot``, ``.png`` or
            ``.pdf``.
        scale: size on the page.

    Raises:
        ValueError: if the suffix is another one.
        RuntimeError: if the picture needs matplotlib, which is not installed.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save_picture(Diagram(2, [(0, 1)]), Path(folder) / "gradient.svg")
    ...     len(list(Path(folder).iterdir()))
    1
    """
    target = Path(path)
    pen = _BY_SUFFIX.get(target.suffix.lower())
    if pen is None:
        raise ValueError(f"cannot draw into {target.name}: end the name in {', '.join(_BY_SUFFIX)}")
    picture = pen(diagram, scale)
    target.write_bytes(picture if isinstance(picture, bytes) else picture.encode())
