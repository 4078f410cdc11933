r"""Two settings side by side: the difference of their series, in common symbols.

What is equated: a size that one side leaves out is the other side's (training set, batch size), and a side that leaves
out how long it runs makes as many *updates* as the other.  So gradient descent beside :math:`E` epochs of batches makes
:math:`T = EN/B` steps.  Where both say how long they run, each does as it says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from sgdsym.arguments import quoted, read_choice
from sgdsym.series import GD, Basis, Coefficient, Series, check_factor, undecided
from sgdsym.series.coefficient import Scalar
from sgdsym.sgd.expand import expand_request
from sgdsym.sgd.observables import OBSERVABLES
from sgdsym.sgd.request import Request
from sgdsym.sgd.settings import Side, parse_setting


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """The difference of two settings, first minus second.

    Attributes:
        first: the first setting, with the sizes it was given by the second.
        second: the second setting, likewise.
        difference: the series of the first minus that of the second.

    >>> found = compare("sgd:B=1", "ode", order=2)
    >>> found.leading_order
    2
    >>> print(found.summary())
    test-loss: (sgd, online: T updates, batches of 1) minus (ode: T updates) is of order 2 in the learning rate:
    - η² (T/2) G·H G
    + η² (T/2) tr(H C)
    """

    first: Side
    second: Side
    difference: Series

    @property
    def leading_order(self) -> int | None:
        """The lowest order at which the settings differ, ``None`` if they agree as far as they were expanded."""
        return min((diagram.order for diagram in self.difference.terms), default=None)

    @property
    def leading(self) -> Series:
        """The terms of the difference at its leading order."""
        order = self.leading_order
        return self.difference if order is None else self.difference.order(order)

    def headline(self) -> str:
        """The two sides, and the order at which they part."""
        observable = self.difference.setting.observable
        sides = f"{observable}: ({self.first.describe()}) minus ({self.second.describe()})"
        if self.leading_order is None:
            return f"{sides} vanishes through order {self.difference.truncation} in the learning rate"
        return f"{sides} is of order {self.leading_order} in the learning rate"

    def __repr__(self) -> str:
        return f"Comparison({self.headline()})"

    def _repr_latex_(self) -> str:
        return self.leading.latex()

    def summary(self) -> str:
        """The headline, and the terms of the leading order."""
        return self.headline() if self.leading_order is None else f"{self.headline()}:\n{self.leading.to_text()}"


def compare(
    first: str | Request | Side,
    second: str | Request | Side,
    *,
    order: int = 3,
    observable: str | None = None,
    basis: Basis = "cumulant",
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    r"""The difference of two settings as a series, first minus second.

    Args:
        first: a setting in words (:func:`sgdsym.sgd.parse_setting`), a request, or either with a learning rate (:class:`Side`).
        second: the other setting.
        order: the highest power of the learning rate, for both.
        observable: what is compared, for both; if left out what the settings say, or the test loss.
        basis: joint ``"cumulant"`` or joint ``"moment"`` blocks.
        progress: called with each finished order and its number of diagrams, for one side after the other.

    Raises:
        ValueError: saying which setting is wrong, or that the two cannot be compared.

    >>> print(compare("sgd:B=1", "sde", order=2).difference)
    - η² (T/2) G·H G
    >>> print(compare("gd", "fixed:B=1", order=2).difference)                      # E epochs, T = E N
    η² (E(N - 1)/2) G·κ[h g]
    >>> print(compare("fixed:B=1,E=E,scale=1/E", "fixed:E=1", order=2).difference)
    η² (N(E - 1)/(2E)) G·H G
    + η² (N(E - 1)/(2E)) G·κ[h g]
    >>> print(compare("sgd:T=T,B=B", "sgd:T=T/c,B=c*B,scale=c", order=2).difference)    # the linear scaling rule
    η² (T(c - 1)/2) G·H G
    """
    if observable is not None:
        read_choice("observable", observable, OBSERVABLES)
    sides = [_side(side, observable) for side in (first, second)]
    sides = [_with_observable(side, observable or _named_observable(first, second, sides)) for side in sides]
    observables = {side.request.setting.observable for side in sides}
    if len(observables) > 1 and not all(compared.has_free_root for compared in observables):
        raise ValueError(
            f"{' and '.join(sorted(map(str, observables)))} are different things; compare one observable with itself"
        )
    sides = [replace(side, request=replace(side.request, order=order, basis=basis)) for side in sides]
    for side in sides:
        # order k is multiplied by the k-th power of the factor, which must not grow out of hand
        check_factor(str(side.scale), side.request.order)
    left, right = _aligned(_sized(sides[0], sides[1]), _sized(sides[1], sides[0]))
    return Comparison(left, right, expand_side(left, progress) - expand_side(right, progress))


def scaled_learning_rate(series: Series, factor: Scalar) -> Series:
    r"""The series after the change :math:`\eta \to c\,\eta`: order :math:`k` is multiplied by :math:`c^k`.

    >>> from sgdsym.sgd import expand
    >>> print(scaled_learning_rate(expand(order=2, dynamics="ode"), 1 / Coefficient.symbol("T")))
    l
    - η G·G
    + η² G·H G
    """
    c = Coefficient(factor)
    terms = {diagram: value * c**diagram.order for diagram, value in series.terms.items()}
    return replace(series, terms=terms, recount=series.again(lambda s: scaled_learning_rate(s, c)))


def expand_side(side: Side, progress: Callable[[int, int], None] | None = None) -> Series:
    """The series of one side of a comparison, its number of updates and learning rate put in."""
    if side.updates is not None:
        rest = tuple(pair for pair in side.given if pair[0] not in ("steps", "epochs"))
        unset = replace(side, request=replace(side.request, steps=None, epochs=None), given=rest)
        side = replace(unset.with_expression("steps", side.updates), updates=None)
    series = expand_request(side.request, progress)
    if exact := side.exact:
        known = {name: value for name, value in exact.items() if name in (*series.symbols, *series.lengths)}
        conditions = undecided(series.conditions, exact)
        series = replace(series.subs(**known) if known else series, conditions=conditions)
    return scaled_learning_rate(series, side.scale) if side.scale != 1 else series


def _side(given: str | Request | Side, observable: str | None) -> Side:
    if isinstance(given, str):
        return parse_setting(given, observable=observable)
    if not isinstance(given, Side | Request):
        raise ValueError(f"a side of a comparison is a setting in words, a Request or a Side, not {quoted(given)}")
    return given if isinstance(given, Side) else Side(given)


def _with_observable(side: Side, observable: str | None) -> Side:
    return side if observable is None else replace(side, request=replace(side.request, observable=observable))


def _named_observable(first: object, second: object, sides: list[Side]) -> str | None:
    """The observable that only one of two texts names; it is meant for both."""
    named = [not isinstance(given, str) or "observable" in given for given in (first, second)]
    return sides[named.index(True)].request.observable if sum(named) == 1 else None


def _sized(side: Side, other: Side) -> Side:
    """The side with training set and batches taken from the other where it leaves them out."""
    request, model = side.request, other.request
    # what one side leaves out is meant to be the other's, or the difference would be one of sizes
    if request.dataset_size is None and request.scheme.is_finite:
        side = side.taking("dataset_size", other)
    # the batch of gradient descent can only be its whole training set, so it is not taken for a batch of SGD
    batched = request.setting.dynamics.has_batches and request.batch_size is None
    if batched and model.setting.dynamics != GD:
        side = side.taking("batch_size", other)
    return side


def _aligned(first: Side, second: Side) -> tuple[Side, Side]:
    """Both sides, one that leaves out how long it runs making as many updates as the other."""
    lengthy = [_says_length(side.request) for side in (first, second)]
    if all(lengthy):
        return first, second
    if not any(lengthy):
        # epochs have a step count of their own, T = E N / B, which is the one with meaning for both
        lengthy = [side.request.scheme.is_in_epochs for side in (first, second)]
    if lengthy[1] and not lengthy[0]:
        return _with_updates(first, second.steps), second
    return first, _with_updates(second, first.steps)


def _says_length(request: Request) -> bool:
    return any(given is not None for given in (request.steps, request.epochs, request.rates))


def _with_updates(side: Side, updates: Coefficient) -> Side:
    """The side with a number of updates: in the request where that can say it, beside it otherwise."""
    if updates.symbols:
        if updates == side.steps:
            return side
        return replace(side, updates=updates)
    number: Fraction = updates.as_fraction()
    if number.denominator != 1:
        raise ValueError(f"the other side makes {number} updates, which is no whole number; give both their steps")
    return replace(side, request=replace(side.request, steps=int(number)))
