"""How a resummed series shows itself: the door from this room to the consumers above it.

Each method hands the series to a room above when it is called, so importing this file imports none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sgdsym.arguments import quoted, read_by_degree

if TYPE_CHECKING:
    import sympy

    from sgdsym.codegen import ResummedKernel
    from sgdsym.noise import NoiseModel
    from sgdsym.render import Notation
    from sgdsym.resummation.resummed import Resummed


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
        """A sympy expression in an eigenbasis; see :func:`sgdsym.resummation.closed.as_expr`."""
        from sgdsym.resummation.closed import as_expr

        return as_expr(cast("Resummed", self))

    def with_noise(
        self, model: NoiseModel, root_derivatives: Mapping[int, Any] | None = None, *, learning_rate: Any = None
    ) -> Any:
        r"""The closed form under a model of the noise, exact at every time.

        The tensors of the model are turned into the eigenbasis of its mean Hessian and the result back, so that it is in the weights
        that the model is written in.

        Args:
            model: gives the joint cumulants, as for :meth:`Series.with_noise <sgdsym.Series.with_noise>`; exact, with a mean Hessian
                that is diagonal (symbols too) or whose eigenvalues are fractions.
            root_derivatives: for the observable ``function`` by degree the derivatives of that function, (p, …, p).
            learning_rate: an exact number or an expression in place of ``eta``.

        Returns:
            An expression in ``eta``, the sizes and the symbols of the model; a column for a displacement, a matrix for the covariance of
            the weights.

        Raises:
            ValueError: if the model does not know a cumulant, holds floats, or has an eigenvalue that is no fraction; if updates differ; if
                the limit of many steps does not exist.

        >>> import sympy as sp
        >>> from sgdsym.noise import Isotropic
        >>> from sgdsym.sgd import at_minimum, resum
        >>> h, v = sp.symbols("h v")
        >>> model = Isotropic({0: 0, 1: [0], 2: [[h]]}, variance=v)
        >>> cloud = at_minimum(resum(observable="covariance", order=2, batch_size=1, form="stationary"))
        >>> sp.factor(cloud.with_noise(model)[0])
        -eta*v/(h*(eta*h - 2))
        """
        import sympy

        from sgdsym.noise.model import read_cumulant
        from sgdsym.quantities import exact_text, read_tensor
        from sgdsym.resummation.modelled import modelled_form, needed_roots

        resummed = cast("Resummed", self)
        roots = None
        if resummed.setting.observable.carries_function:
            given = {} if root_derivatives is None else read_by_degree("root_derivatives", root_derivatives)
            missing = [degree for degree in needed_roots(resummed) if degree not in given]
            if missing:
                raise ValueError(f"root_derivatives[{missing[0]}] is missing; the series needs it")
            roots = {k: read_tensor(f"root_derivatives[{k}]", value).array for k, value in given.items()}
        elif root_derivatives is not None:
            raise ValueError("the series is not of the observable function; leave root_derivatives out")
        rate = sympy.Symbol("eta")
        if isinstance(learning_rate, str):
            rate = exact_text("learning_rate", learning_rate)
        elif learning_rate is not None:
            rate = read_tensor("learning_rate", learning_rate).array[()]
            if not isinstance(rate, sympy.Expr) or rate.has(sympy.Float):
                raise ValueError(f"learning_rate must be an exact number or an expression, not {quoted(learning_rate)}")
        return modelled_form(resummed, lambda degrees: read_cumulant(model, degrees), roots, rate)

    def to_json(self) -> str:
        """JSON text; see :func:`sgdsym.resummation.exchange.write_resummed`."""
        from sgdsym.resummation.exchange import write_resummed

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
