"""How a series shows itself: the one door from this room to the consumers above it.

Each method hands the series to a room above when it is called, so importing this file imports none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from sgdsym.codegen import Kernel
    from sgdsym.render import Notation
    from sgdsym.series.series import Series


class SeriesViews:
    """Display and lowering of a series."""

    def latex(self, style: str = "matrix", notation: Notation | None = None) -> str:
        """LaTeX with amsmath, one term per line; see :func:`sgdsym.render.series_to_latex`."""
        from sgdsym.render import series_to_latex

        return series_to_latex(cast("Series", self), style=style, notation=notation)

    def to_text(self) -> str:
        """Unicode text, one term per line; see :func:`sgdsym.render.series_to_text`."""
        from sgdsym.render import series_to_text

        return series_to_text(cast("Series", self))

    def kernel(self) -> Kernel:
        """The numpy evaluator of the series; see :func:`sgdsym.codegen.compile_kernel`."""
        from sgdsym.codegen import compile_kernel

        return compile_kernel(cast("Series", self))

    def __str__(self) -> str:
        return self.to_text()

    def _repr_latex_(self) -> str:
        return self.latex()
