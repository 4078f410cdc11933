r"""A closed diagram as one commutative scalar of sympy.

The expression knows its diagram and its basis and nothing about numbers: for sympy it is an indivisible real
constant, like a symbol without a name, that prints itself in the conventional letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import sympy as sp
from sympy.core.cache import cacheit
from sympy.core.symbol import Str
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.stringpict import prettyForm

from sgdsym.arguments import plain_integer, quoted, read_choice, read_instance, read_integer
from sgdsym.diagrams import Diagram, connected_parts, refinements
from sgdsym.tensors.components import component_sum, indexed_sum
from sgdsym.tensors.notation import LATEX, TEXT, UNICODE, Style, chain_notation, index_notation
from sgdsym.tensors.tensor import InverseMetric, JointTensor
from sgdsym.tensors.wiring import Wiring, wire

BASES = ("cumulant", "moment")
LARGEST_DIMENSION = 1_000_000


class DiagramAtom(sp.Atom):  # type: ignore[misc]
    """A diagram as a leaf of a sympy expression, so that no rewriting reaches its integers."""

    __slots__ = ("diagram",)

    diagram: Diagram

    def __new__(cls, diagram: Diagram) -> Self:
        """Wrap a diagram."""
        atom: Self = super().__new__(cls)
        atom.diagram = diagram
        return atom

    def __getnewargs__(self) -> tuple[Diagram]:
        return (self.diagram,)

    def _hashable_content(self) -> tuple[Any, ...]:
        diagram = self.diagram
        # sympy orders arguments by this tuple, so that the order of the diagram comes first
        return len(diagram.edges), diagram.nodes, diagram.edges, diagram.blocks

    def _sympystr(self, _printer: Any) -> str:
        return repr(self.diagram)

    def _sympyrepr(self, _printer: Any) -> str:
        return f"DiagramAtom({self.diagram!r})"


class Contraction(sp.Expr):  # type: ignore[misc]
    r"""The value of a closed diagram, one real commutative scalar.

    Two contractions are equal if and only if their diagrams are isomorphic and their bases equal.  Roots do not alter
    the value of a closed diagram and are forgotten.

    Args:
        diagram: a diagram without open roots whose blocks and edges join all its nodes.
        basis: ``"cumulant"`` or ``"moment"``: what the blocks of the diagram are.

    Raises:
        ValueError: if the diagram has an open root or falls into factors (:meth:`from_diagram` takes those), or
            the basis is another word.

    >>> gradient_noise = Contraction(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]))
    >>> eta = sp.Symbol("eta")
    >>> sp.expand(eta * (gradient_noise + eta))
    eta**2 + eta*tr(HC)
    >>> gradient_noise.func(*gradient_noise.args) == gradient_noise
    True
    >>> sp.latex(gradient_noise.in_basis("moment"))
    '- G^{\\top} H G + \\operatorname{tr}\\left(H E[g g^{\\top}]\\right)'
    """

    is_commutative = True
    is_real = True
    is_symbol = True  # as for Indexed: lambdify takes it as an argument
    is_Atom = True  # as for Indexed: cse and expand stop here  # noqa: N815
    _diff_wrt = True

    def __new__(cls, diagram: Diagram | DiagramAtom, basis: str | Str = "cumulant") -> Self:
        """Check the diagram and the basis."""
        atom = diagram if isinstance(diagram, DiagramAtom) else DiagramAtom(_closed(diagram))
        name = read_choice("basis", basis.name if isinstance(basis, Str) else basis, BASES)
        # a product would be hidden from sympy, and GG**2 and GG*GG would be different expressions
        if len(_factors(atom.diagram)) > 1:
            raise ValueError(f"{atom.diagram} is a product of diagrams; Contraction.from_diagram writes it as one")
        contraction: Self = super().__new__(cls, atom, Str(name))
        return contraction

    @classmethod
    def from_diagram(cls, diagram: Diagram, basis: str = "cumulant") -> sp.Expr:
        """The value of a closed diagram; a forest that no block joins is the product of the values of its parts.

        Raises:
            ValueError: if the diagram has an open root: its value is not a scalar.

        >>> pair = Diagram(2, [(0, 1)])
        >>> Contraction.from_diagram(pair * pair * Diagram(1))
        (GG)**2*l
        """
        return sp.Mul(*(cls(factor, basis) for factor in _factors(_closed(diagram))))

    @property
    def diagram(self) -> Diagram:
        """The diagram, without roots."""
        diagram: Diagram = self.args[0].diagram
        return diagram

    @property
    def basis(self) -> str:
        """The kind of the blocks, ``"cumulant"`` or ``"moment"``."""
        return str(self.args[1])

    @property
    def tensors(self) -> tuple[JointTensor, ...]:
        """The joint tensor of each block, joint ones first, then means of falling degree.

        >>> Contraction(Diagram(3, [(0, 1), (1, 2)], [(0, 2)])).tensors
        (C, H)
        """
        return tuple(tensor for tensor, _ in self._wiring().factors if isinstance(tensor, JointTensor))

    def in_basis(self, basis: str) -> sp.Expr:
        """The same value over joint cumulants or joint moments: a sum of products of contractions.

        Source: Möbius inversion over set partitions [Rota1964]_, see :func:`sgdsym.diagrams.refinements`.

        >>> print(Contraction(Diagram(3, [(0, 1), (1, 2)], [(0, 2)])).in_basis("moment"))
        -GHG + tr(HE[gg])
        """
        if read_choice("basis", basis, BASES) == self.basis:
            return self
        return sp.Add(
            *(
                (weight if basis == "moment" else 1) * self.from_diagram(self.diagram.with_blocks(blocks), basis)
                for blocks, weight in refinements(self.diagram.blocks)
            )
        )

    def as_components(self, dimension: int, *, metric: InverseMetric | None = None, limit: int = 100_000) -> sp.Expr:
        """The value written out in the symbols of :func:`sgdsym.tensors.component_symbol`.

        Args:
            dimension: the number of values of an index.
            metric: the inverse metric that contracts the two ends of an edge; the identity if left out.
            limit: the largest number of terms to write out before equal ones are collected.

        Raises:
            ValueError: if the sum would have more terms, or the dimension is not a positive integer.

        >>> Contraction(Diagram(2, [(0, 1)])).as_components(2)
        G_0**2 + G_1**2
        """
        number = plain_integer(dimension)
        if number is None or not 1 <= number <= LARGEST_DIMENSION:
            raise ValueError(
                f"the dimension must be a positive integer of at most {LARGEST_DIMENSION}, not {quoted(dimension)}"
            )
        dimension = number
        limit = read_integer("limit", limit, least=1)
        wiring = self._wiring(metric)
        terms = dimension**wiring.labels
        if terms > limit:
            raise ValueError(
                f"{terms} terms in dimension {dimension}, past the limit of {limit}: lower one, raise the other"
            )
        return component_sum(wiring, dimension)

    def as_indexed(self, dimension: sp.Expr | int | None = None, *, metric: InverseMetric | None = None) -> sp.Expr:
        """The value as a sympy ``Sum`` of products of ``Indexed``, for display: ``Indexed`` knows no symmetry.

        Args:
            dimension: the number of values of an index, ``p`` if left out.
            metric: the inverse metric that contracts the two ends of an edge; the identity if left out.

        >>> Contraction(Diagram(3, [(0, 1), (1, 2)], [(0, 2)])).as_indexed()
        Sum(C[a, b]*H[a, b], (a, 0, p - 1), (b, 0, p - 1))
        """
        return indexed_sum(self._wiring(metric), sp.Symbol("p") if dimension is None else dimension)

    def _wiring(self, metric: InverseMetric | None = None) -> Wiring:
        if metric is not None:
            read_instance("metric", metric, InverseMetric)
        return wire(self.diagram, self.basis, metric)

    @cacheit  # type: ignore[untyped-decorator]
    def sort_key(self, order: str | None = None) -> tuple[Any, ...]:
        """Sympy's key of an atom, with the basis added: mean tensors print alike in both."""
        return self.class_key(), (1, (f"{self._text(TEXT)[0]} {self.basis}",)), sp.S.One.sort_key(), sp.S.One

    # one can differentiate by it as by a symbol; it depends on nothing else, so that the expansions below leave it
    # alone
    def _eval_derivative(self, symbol: Any) -> sp.Expr:
        return sp.S.One if self == symbol else sp.S.Zero

    def _eval_nseries(self, *_arguments: Any, **_options: Any) -> sp.Expr:
        return self

    def _eval_is_polynomial(self, _symbols: Any) -> bool:
        return True

    def _eval_is_rational_function(self, _symbols: Any) -> bool:
        return True

    def _text(self, style: Style) -> tuple[str, int]:
        """The text and how tightly it binds: a name, a matrix product, or a product with indices."""
        factors = self._wiring().factors
        if len(factors) == 1 and not self.diagram.order:
            return str(factors[0][0]._name(style)), PRECEDENCE["Atom"]
        text = _chain(factors, style)
        if text is not None:
            # above a product and below a power, which brackets it: 2*GHG, but (GHG)**2
            return text, PRECEDENCE["Atom"] if "tr" in text else PRECEDENCE["Mul"] + 1
        written = [
            (t.kind, [(k, [str(x) for x in group]) for k, group in zip(t.degrees, slots, strict=True)])
            for t, slots in factors
            if isinstance(t, JointTensor)
        ]
        return index_notation(written, style), PRECEDENCE["Add"]

    @property
    def precedence(self) -> int:
        """How tightly the printed form binds: sympy's printers put brackets accordingly."""
        return self._text(TEXT)[1]

    def _sympystr(self, _printer: Any) -> str:
        return self._text(TEXT)[0]

    def _sympyrepr(self, printer: Any) -> str:
        return f"Contraction({printer._print(self.args[0])}, {self.basis!r})"

    def _latex(self, _printer: Any) -> str:
        return self._text(LATEX)[0]

    @property
    def code_name(self) -> str:
        """The name of the value in programs that sympy's printers write: its letters and digits, which every language lets through.

        >>> Contraction(Diagram(3, [(0, 1), (1, 2)], [(0, 2)])).code_name
        'trHC'
        """
        return "".join(filter(str.isalnum, self._text(TEXT)[0]))

    def _code(self, _printer: Any) -> str:
        return self.code_name

    # each of sympy's printers looks for a method of its own name; where there is none it calls the value unsupported
    _pythoncode = _numpycode = _scipycode = _jaxcode = _mpmathcode = _torchcode = _tensorflowcode = _code
    _ccode = _fcode = _julia = _octave = _rust_code = _mcode = _javascript = _rcode = _maple = _code

    def _pretty(self, printer: Any) -> prettyForm:
        text, tightness = self._text(UNICODE if printer._use_unicode else TEXT)
        loose = {PRECEDENCE["Atom"]: prettyForm.ATOM, PRECEDENCE["Add"]: prettyForm.ADD}
        return prettyForm(text, binding=loose.get(tightness, prettyForm.MUL))


def code_names(expression: sp.Expr) -> dict[str, Contraction]:
    """The contractions behind the names in the code of an expression, sorted; sympy's printers write code with them.

    Args:
        expression: holds contractions, as those of :meth:`sgdsym.Series.as_expr` do.

    Raises:
        ValueError: if two contractions would have one name.

    >>> noise = Contraction(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]))
    >>> print(sp.ccode(2 * noise)), code_names(2 * noise)
    2*trHC
    (None, {'trHC': tr(HC)})
    """
    found: dict[str, Contraction] = {}
    for value in sorted(read_instance("expression", expression, sp.Basic).atoms(Contraction), key=str):
        # mean tensors are the same in both bases, and so are the values made of them alone
        known = found.setdefault(value.code_name, value)
        if str(known) != str(value):
            raise ValueError(f"{known} and {value} would both be called {value.code_name}")
    return found


def _chain(factors: Sequence[tuple[Any, tuple[tuple[int, ...], ...]]], style: Style) -> str | None:
    """The matrix form, if every factor is a mean gradient, a mean Hessian or a pair of gradients."""
    names = {(1,): "G", (2,): "H", (1, 1): "C" if factors[0][0].kind == "cumulant" else _pair_moment(style)}
    if any(tensor.degrees not in names for tensor, _ in factors):
        return None
    holders: dict[int, list[int]] = {}
    for j, (_, slots) in enumerate(factors):
        for group in slots:
            for label in group:
                holders.setdefault(label, []).append(j)
    ends = {}
    for j, (_, slots) in enumerate(factors):
        others = [holders[label] for group in slots for label in group]
        # a label on two slots of one factor leads back to it
        ends[j] = tuple(pair[1] if pair[0] == j else pair[0] for pair in others)
    return chain_notation(ends, {j: names[tensor.degrees] for j, (tensor, _) in enumerate(factors)}, style)


def _pair_moment(style: Style) -> str:
    return f"E[g{style.space}g{style.transpose}]"


def _closed(diagram: Diagram) -> Diagram:
    """The diagram without roots."""
    read_instance("diagram", diagram, Diagram)
    if not diagram.roots:
        return diagram
    if diagram.open_roots:
        raise ValueError(
            f"{diagram} has an open root, so its value is not a scalar; a contraction needs a closed diagram"
        )
    return Diagram(diagram.nodes, diagram.edges, diagram.blocks)


def _factors(diagram: Diagram) -> list[Diagram]:
    """The parts that neither an edge nor a block joins."""
    # one tree: edges alone join all nodes, which is nearly always so
    if len(diagram.edges) == diagram.nodes - 1:
        return [diagram]
    factors = []
    for part in connected_parts(diagram.nodes, (*diagram.edges, *diagram.blocks)):
        label = {v: i for i, v in enumerate(part)}
        edges = [(label[a], label[b]) for a, b in diagram.edges if a in label]
        factors.append(Diagram(len(label), edges, [[label[v] for v in b] for b in diagram.blocks if b[0] in label]))
    return factors
