"""How a series shows itself: the one door from this room to the consumers above it.

Each method hands the series to a room above when it is called, so importing this file imports none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

from sgdsym.arguments import quoted_names, read_flag

if TYPE_CHECKING:
    from sgdsym.codegen import Kernel
    from sgdsym.noise import NoiseModel
    from sgdsym.render import Notation, Style
    from sgdsym.series.series import Series


class SeriesViews:
    """Display and lowering of a series."""

    def latex(
        self, style: Style = "matrix", notation: Notation | None = None, *, document: bool = False, **choices: Any
    ) -> str:
        """LaTeX with amsmath; the choices are those of :class:`sgdsym.render.Typesetting`.

        Args:
            style: ``"matrix"``, ``"index"``, ``"metric"`` or ``"diagram"``.
            notation: the symbols.
            document: whether to write a complete document.
            choices: such as ``sums="explicit"``, ``polynomials="binomial"``, ``shape="equations"``, ``terms_per_line=2``.

        Raises:
            ValueError: if a choice is unknown.
        """
        from sgdsym.render import Notation, Typesetting, series_to_latex, typeset_document

        read_flag("document", document)
        unknown = sorted(set(choices) - {choice.name for choice in fields(Typesetting)})
        if unknown:
            raise ValueError(f"there is no choice {quoted_names(unknown)} in how formulas are set")
        symbols = Notation() if notation is None else notation
        typesetting = Typesetting(style=style, notation=symbols, **choices)
        text = series_to_latex(cast("Series", self), typesetting)
        return typeset_document(text) if document else text

    def to_text(self, style: Style = "matrix") -> str:
        """Unicode text, one term per line, in style ``"matrix"``, ``"index"`` or ``"metric"``; see :func:`sgdsym.render.series_to_text`."""
        from sgdsym.render import series_to_text

        return series_to_text(cast("Series", self), style=style)

    def kernel(self, backend: str = "numpy", *, unbiased: bool | None = None) -> Kernel:
        """The evaluator of the series for numpy, jax or torch; see :func:`sgdsym.codegen.compile_kernel`."""
        from sgdsym.codegen import compile_kernel

        return compile_kernel(cast("Series", self), backend, unbiased=unbiased)

    def with_noise(self, model: NoiseModel, root_derivatives: Mapping[int, Any] | None = None) -> Any:
        """The closed form under a model of the noise, a sympy expression; see :func:`sgdsym.noise.with_noise`."""
        from sgdsym.noise import with_noise

        return with_noise(cast("Series", self), model, root_derivatives)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        series = cast("Series", self)
        return f"Series({series.setting} to order {series.truncation}: {len(series)} diagrams over {series.basis}s)"

    def _repr_latex_(self) -> str:
        from sgdsym.render import series_head_to_latex

        return series_head_to_latex(cast("Series", self))
