r"""A loss as a sympy expression: its derivative tensors and the exact joint cumulants of its population.

No derivative is formed by hand: from :math:`l_x(w)` and the law of :math:`x` follow

.. math:: \kappa(k_1, …, k_m) = \sum_\pi (-1)^{|\pi|-1}(|\pi|-1)! \prod_{c\in\pi} E_x\Big[\bigotimes_{v\in c}\nabla^{k_v} l_x\Big]

exactly, at numbers or at symbols.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from sgdsym.arguments import is_list, quoted, quoted_names, read_integer
from sgdsym.diagrams import moebius, set_partitions
from sgdsym.noise.model import NamedCumulants, read_degrees
from sgdsym.numeric.distributions import Distribution, Finite, read_distribution
from sgdsym.quantities import MOST_AXES, as_array, check_real, exact_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ENTRIES = 200_000  # of one tensor, each a sympy expression


def from_sympy(loss: Any, weights: Any, data: Any = (), distribution: Any = None) -> SymbolicLoss:
    r"""A loss as a sympy expression in weights and data, with the law of the data.

    Args:
        loss: the loss :math:`l_x(w)` of one data point.
        weights: the symbols of the weights, one or a list.
        data: the symbols of one data point, one or a list; none if every point has the same loss.
        distribution: :class:`~sgdsym.numeric.Finite` or :class:`~sgdsym.numeric.Gaussian`, or the points of a finite
            one, (n,) or (n, d), all as likely; standard normal if left out.

    Returns:
        The loss; :meth:`SymbolicLoss.at` a point it is a model of the noise, which
        :meth:`Series.with_noise <sgdsym.Series.with_noise>` takes.

    Raises:
        ValueError: if the loss is no expression, a symbol has two meanings, or the distribution does not fit.

    >>> from sgdsym.sgd import expand
    >>> w, x = sp.symbols("w x")
    >>> population = from_sympy((w + x**2 * sp.exp(-w)) / 2, w, x)         # x is standard normal
    >>> population.mean_loss
    w/2 + exp(-w)/2
    >>> expand(order=2, batch_size=1).with_noise(population.at(0)).subs("T", 1)
    eta**2/8 + 1/2
    """
    expression = _expression(loss)
    symbols = _symbols("weights", weights), _symbols("data", data)
    if not symbols[0]:
        raise ValueError("weights must be one symbol or more")
    names = [symbol.name for symbol in (*symbols[0], *symbols[1])]
    if len(set(names)) < len(names):
        raise ValueError("weights and data must be different symbols, each named once")
    law = read_distribution(distribution, len(symbols[1]))
    return SymbolicLoss(expression, *symbols, law)


@dataclass(frozen=True, slots=True, eq=False)
class SymbolicLoss:
    """A random loss whose formula is known; made by :func:`from_sympy`.

    Attributes:
        loss: the loss of one data point.
        weights: its weights.
        data: the symbols of one data point.
        distribution: the law of the data.
    """

    loss: sp.Expr
    weights: tuple[sp.Symbol, ...]
    data: tuple[sp.Symbol, ...]
    distribution: Distribution

    @property
    def mean_loss(self) -> sp.Expr:
        """The population loss, an expression in the weights."""
        return self.distribution.mean(self.distribution.variable(self.loss, self.data))

    @property
    def gradient(self) -> tuple[sp.Expr, ...]:
        """The gradient of the loss of one data point."""
        return tuple(self.loss.diff(w) for w in self.weights)

    def at(self, place: Any) -> LocalLoss:
        """The population at one point: numbers, expressions, or the weights themselves.

        Args:
            place: a value for each weight, in their order, or a mapping; one number for one weight.

        Raises:
            ValueError: if there are not as many as weights, or one is no finite number or expression.

        >>> v, w, x = sp.symbols("v w x")
        >>> from_sympy((v * w - x) ** 2 / 2, [v, w], x, [1, 3]).at([1, w]).G
        Matrix([
        [w**2 - 2*w],
        [     w - 2]])
        """
        if isinstance(place, Mapping):
            known = {str(key): value for key, value in place.items()}
            missing = [str(w) for w in self.weights if str(w) not in known]
            if missing or len(known) > len(self.weights):
                raise ValueError(f"place must give a value for each of {quoted_names(map(str, self.weights))}")
            values = [known[str(w)] for w in self.weights]
        else:
            values = list(place) if is_list(place) else [place]
        if len(values) != len(self.weights):
            raise ValueError(f"place has {len(values)} values, and there are {len(self.weights)} weights")
        return LocalLoss(self, tuple(_expression(value, "place") for value in values))


@dataclass(frozen=True, slots=True, eq=False)
class LocalLoss(NamedCumulants):
    """A symbolic loss at one point: derivative tensors, exact joint cumulants and moments.

    Attributes:
        population: the loss.
        place: the value of each weight.

    >>> w, x = sp.symbols("w x")
    >>> place = from_sympy(w**3 - w * x**2, w, x).at(0)
    >>> place.G, place.C, place.cumulant((1, 1, 1)).tolist()
    (Matrix([[-1]]), Matrix([[2]]), [[[-8]]])
    """

    population: SymbolicLoss
    place: tuple[sp.Expr, ...]
    _variables: dict[tuple[int, ...], Any] = field(default_factory=dict, init=False, repr=False)
    _means: dict[tuple[tuple[int, ...], ...], sp.Expr] = field(default_factory=dict, init=False, repr=False)

    def moment(self, degrees: Sequence[int]) -> NDArray[Any]:
        """The joint moment of the derivatives of these degrees, with the axes of the members in the order given."""
        return self._tensor(read_degrees(degrees), self._mean)

    def cumulant(self, degrees: Sequence[int]) -> NDArray[Any]:
        """The joint cumulant of the derivatives of these degrees, with the axes of the members in the order given."""
        return self._tensor(read_degrees(degrees), self._joint)

    def derivatives(self, order: int) -> list[NDArray[Any]]:
        """By degree the derivative tensors of every data point, (n, p, …, p): what kernels and :func:`interpret` read.

        Entries are fractions, or floats where one is not rational; the weights of the points are :attr:`probabilities`.

        Raises:
            ValueError: if the data are not finitely many, or an entry holds a symbol.

        >>> w, x = sp.symbols("w x")
        >>> from_sympy((w - x) ** 2 / 2, w, x, [0, 4]).at(1).derivatives(2)[1].tolist()
        [[Fraction(1, 1)], [Fraction(-3, 1)]]
        """
        law = self._finite()
        order = read_integer("order", order, least=0, most=MOST_AXES - 1)
        size = len(self.place)
        tensors = []
        for k in range(order + 1):
            self._check_entries(k)
            columns = [self._variable(axes) for axes in product(range(size), repeat=k)]
            entries = [_number(column[i]) for i in range(len(law.points)) for column in columns]
            tensors.append(as_array(entries, (len(law.points), *(size,) * k)))
        if any(isinstance(entry, float) for tensor in tensors for entry in tensor.flat):
            return [tensor.astype(float) for tensor in tensors]
        return tensors

    @property
    def probabilities(self) -> NDArray[Any]:
        """The probabilities of the data points, (n,)."""
        law = self._finite()
        return as_array(map(_number, law.probabilities), law.probabilities.shape)

    def _finite(self) -> Finite:
        law = self.population.distribution
        if not isinstance(law, Finite):
            raise ValueError("normal data have no list of points; put the model into a series with with_noise")
        return law

    def _tensor(self, degrees: tuple[int, ...], entry: Any) -> NDArray[Any]:
        rank, size = sum(degrees), len(self.place)
        self._check_entries(rank)
        ends = np.cumsum(degrees)
        values = []
        for axes in product(range(size), repeat=rank):
            # derivatives do not care for the order of their axes, nor joint moments for that of their members
            parts = (tuple(sorted(axes[end - k : end])) for k, end in zip(degrees, ends, strict=True))
            values.append(entry(tuple(sorted(parts))))
        return as_array(values, (size,) * rank)

    def _check_entries(self, rank: int) -> None:
        if len(self.place) ** rank > MOST_ENTRIES:
            raise ValueError(
                f"a tensor of {rank} axes of length {len(self.place)} has more than {MOST_ENTRIES} entries; lower the order"
            )

    def _joint(self, parts: tuple[tuple[int, ...], ...]) -> sp.Expr:
        """The joint cumulant of some partial derivatives."""
        total: sp.Expr = sp.S.Zero
        for blocks in set_partitions(len(parts)):
            term: sp.Expr = sp.Integer(moebius(len(blocks)))
            for block in blocks:
                term *= self._mean(tuple(sorted(parts[v] for v in block)))
            total += term
        return sp.expand(total)

    def _mean(self, parts: tuple[tuple[int, ...], ...]) -> sp.Expr:
        """The joint moment of some partial derivatives."""
        if parts not in self._means:
            law = self.population.distribution
            variable = self._variable(parts[0])
            for part in parts[1:]:
                variable = law.product(variable, self._variable(part))
            self._means[parts] = law.mean(variable)
        return self._means[parts]

    def _variable(self, axes: tuple[int, ...]) -> Any:
        """A partial derivative at the place, as a random variable."""
        axes = tuple(sorted(axes))
        if axes not in self._variables:
            loss = self.population
            partial = loss.loss.diff(*(loss.weights[i] for i in axes)) if axes else loss.loss
            moved = partial.subs(dict(zip(loss.weights, self.place, strict=True)), simultaneous=True)
            check_real("the loss at this place", moved)
            self._variables[axes] = loss.distribution.variable(moved, loss.data)
        return self._variables[axes]


def _number(value: Any) -> Fraction | float:
    value = sp.sympify(value)
    if isinstance(value, sp.Rational):
        return Fraction(int(value.p), int(value.q))
    if value.free_symbols or not value.is_real:
        raise ValueError(f"an entry is {quoted(value)}, which is no number; give numbers for all symbols of the loss")
    return float(value)


def _expression(value: Any, name: str = "loss") -> sp.Expr:
    if isinstance(value, str):
        value = exact_text(name, value)
    try:
        expression = sp.sympify(value, strict=True)
    except (sp.SympifyError, TypeError, ValueError, RecursionError):
        expression = None
    if not isinstance(expression, sp.Expr):
        raise ValueError(f"{name} must be a sympy expression, not {quoted(value)}")
    check_real(name, expression)
    return expression


def _symbols(name: str, value: Any) -> tuple[sp.Symbol, ...]:
    found = tuple(value) if is_list(value) else (value,)
    for symbol in found:
        if not isinstance(symbol, sp.Symbol):
            raise ValueError(f"{name} must be sympy symbols, not {quoted(symbol)}")
    return found
