"""How a resummed series shows itself: the door from this room to the consumers above it.

Each method hands the series to a room above when it is called, so importing this file imports none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import sympy

    from sgdsym.codegen import ResummedKernel
    from sgdsym.render import Notation
    from sgdsym.sgd.resummation.resummed import Resummed


class ResummedViews:
    """Display, exchange and lowering of a resummed series."""

    def latex(self, notation: Notation | None = None) -> str:
        """LaTeX with sums over eigen-indices; see :func:`sgdsym.render.resummed_to_latex`."""
        from sgdsym.render import resummed_to_latex

        return resummed_to_latex(cast("Resummed", self), notation=notation)

    def to_text(self) -> str:
        """Unicode text, one term per line; see :func:`sgdsym.render.resummed_to_text`."""
        from sgdsym.render import resummed_to_text

        return resummed_to_text(cast("Resummed", self))

    def kernel(self) -> ResummedKernel:
        """The numpy evaluator; see :func:`sgdsym.codegen.compile_resummed`."""
        from sgdsym.codegen import compile_resummed

        return compile_resummed(cast("Resummed", self))

    def as_expr(self) -> sympy.Expr:
        """A sympy expression in an eigenbasis; see :func:`sgdsym.sgd.resummation.closed.as_expr`."""
        from sgdsym.sgd.resummation.closed import as_expr

        return as_expr(cast("Resummed", self))

    def to_json(self) -> str:
        """JSON text; see :func:`sgdsym.sgd.resummation.exchange.write_resummed`."""
        from sgdsym.sgd.resummation.exchange import write_resummed

        return write_resummed(cast("Resummed", self))

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        resummed = cast("Resummed", self)
        return (
            f"Resummed({resummed.setting} to order {resummed.truncation}: {len(resummed.terms)} diagrams without links)"
        )

    def _repr_latex_(self) -> str:
        return self.latex()
