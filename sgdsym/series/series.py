r"""The truncated series in the learning rate: an ordered map from diagrams to exact coefficients.

.. math:: \sum_{D} c_D\, \eta^{|edges(D)|}\, value(D) + O(\eta^{d+1})

The file holds the data, its invariants and the vector-space verbs; changes of basis, exchange and display live beside
it or in the rooms above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from sgdsym.arguments import quoted, quoted_names, read_choice, read_function, read_instance, read_integer, read_mapping
from sgdsym.diagrams import Diagram
from sgdsym.series.arithmetic import as_exact, symbol_name
from sgdsym.series.bases import BASES, Basis, change_basis, collect
from sgdsym.series.coefficient import Coefficient, Scalar
from sgdsym.series.conditions import Condition, named_conditions, undecided
from sgdsym.series.exchange import read_series, write_series
from sgdsym.series.filled import exact_sums, known_steps, read_rates
from sgdsym.series.reach import can_vanish
from sgdsym.series.refined import refined_sums
from sgdsym.series.setting import Setting
from sgdsym.series.sums import ScheduleSum, joined_sums, substituted_sums
from sgdsym.series.views import SeriesViews
from sgdsym.series.words import by_symbol

if TYPE_CHECKING:
    import sympy
Recount: TypeAlias = "Callable[[Mapping[str, Scalar]], Series]"


@dataclass(frozen=True, repr=False)
class Series(SeriesViews):
    r"""A series in the learning rate :math:`\eta`, exact up to and including ``truncation``.

    Args:
        terms: coefficient of each diagram, sign included, power of :math:`\eta` not; zeros are dropped, diagrams
            past the truncation too.
        truncation: the highest order the series is known to.
        basis: whether the blocks of the diagrams are joint cumulants or joint moments.
        setting: what the series is the expansion of.
        recount: counts the series again with some sizes given as numbers, for sizes where its coefficients have no value.
        conditions: what the run asks of the sizes that are still symbols.
        sums: what the symbols stand for that are sums over a schedule; those that do not occur are dropped.

    It supports ``+``, ``-``, multiplication by exact numbers, coefficients and other series of the same basis, and ``==``.

    >>> T = Coefficient.symbol("T")
    >>> descent = Series({Diagram(1): Coefficient(1), Diagram(2, [(0, 1)]): -T}, truncation=1)
    >>> print(descent.to_text())
    l
    - η T G·G
    >>> (descent - descent).terms
    {}
    """

    terms: Mapping[Diagram, Coefficient]
    truncation: int
    basis: Basis = "cumulant"
    setting: Setting = field(default_factory=Setting)
    recount: Recount | None = field(default=None, compare=False, repr=False)
    conditions: tuple[Condition, ...] = field(default=(), compare=False, repr=False)
    sums: Mapping[str, ScheduleSum] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        read_choice("basis", self.basis, BASES)
        read_instance("setting", self.setting, Setting)
        kept = dict(read_mapping("terms", self.terms, "diagrams to coefficients"))
        for kind in ({*map(type, kept)} - {Diagram}) | ({*map(type, kept.values())} - {Coefficient}):
            raise ValueError(f"terms must map diagrams to coefficients; one is of type {kind.__name__}")
        object.__setattr__(self, "truncation", read_integer("truncation", self.truncation))
        # many diagrams share one coefficient, so that each object is compared with zero once
        zeros = {key for key, c in {id(c): c for c in kept.values()}.items() if not c}
        for diagram in [d for d, c in kept.items() if id(c) in zeros or len(d.edges) > self.truncation]:
            del kept[diagram]
        object.__setattr__(self, "terms", kept)
        if read_mapping("sums", self.sums, "symbols to sums over a schedule"):
            for name, known in self.sums.items():
                if read_instance("a sum over a schedule", known, ScheduleSum).name != name:
                    raise ValueError(f"the sum {quoted(name)} is that which is called {known.name}")
            occurring = {name for c in set(kept.values()) for name in c.symbols}
            object.__setattr__(self, "sums", {name: self.sums[name] for name in sorted(self.sums) if name in occurring})

    def __hash__(self) -> int:
        return hash((frozenset(self.terms.items()), self.truncation, self.basis, self.setting))

    def __reduce__(self) -> tuple[type[Series], tuple[object, ...]]:
        """The parts to pickle: all but the way to count again, which is a function."""
        return type(self), (self.terms, self.truncation, self.basis, self.setting, None, self.conditions, self.sums)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """Names of the sizes in the coefficients and of a weight decay, sorted; a sum over a schedule is none, but the sizes in it are."""
        coefficients = {*self.terms.values(), self.setting.weight_decay}
        names = {name for c in coefficients for name in c.symbols} - self.sums.keys()
        return tuple(sorted(names.union(*(known.recursion.symbols for known in self.sums.values()))))

    @property
    def schedule(self) -> str | None:
        """The name of the rates that the series has sums over, ``None`` without such."""
        return next((known.recursion.schedule for known in self.sums.values()), None)

    def diagrams(self) -> list[Diagram]:
        """The diagrams, sorted by order, tree and blocks."""
        return sorted(self.terms, key=Diagram.sort_key)

    def __iter__(self) -> Iterator[tuple[Diagram, Coefficient]]:
        """The terms, sorted by order, tree and blocks."""
        return ((diagram, self.terms[diagram]) for diagram in self.diagrams())

    def __len__(self) -> int:
        return len(self.terms)

    def __getitem__(self, diagram: Diagram) -> Coefficient:
        """The coefficient of a diagram, zero where it does not occur."""
        read_instance("the key of a series", diagram, Diagram)
        return self.terms.get(diagram, Coefficient())

    def order(self, k: int) -> Series:
        """The terms of one order alone."""
        k = read_integer("order", k)
        terms = {diagram: c for diagram, c in self.terms.items() if diagram.order == k}
        return replace(self, terms=terms, recount=self.again(lambda s: s.order(k)))

    def truncate(self, k: int) -> Series:
        """The series up to and including order ``k``."""
        k = read_integer("order", k)
        return replace(self, truncation=min(k, self.truncation), recount=self.again(lambda s: s.truncate(k)))

    def map_coefficients(self, function: Callable[[Coefficient], Coefficient]) -> Series:
        """The series with a function applied to every coefficient, once for equal ones."""
        read_function("function", function)
        image = {c: function(c) for c in set(self.terms.values())}
        terms = {diagram: image[c] for diagram, c in self.terms.items()}
        return replace(self, terms=terms, recount=self.again(lambda s: s.map_coefficients(function)))

    def again(self, verb: Callable[[Series], Series]) -> Recount | None:
        """How to count the result of a verb again: the result takes it as ``recount``."""
        return None if self.recount is None else lambda values: _given(verb(_given(self, values)), values)

    @cached_property
    def poles(self) -> tuple[Coefficient, ...]:
        """Denominators of the coefficients besides symbols, such as ``N - 1``: they hold where none of these is 0."""
        return tuple(sorted({pole for c in set(self.terms.values()) for pole in c.poles}, key=str))

    @cached_property
    def reachable_poles(self) -> tuple[Coefficient, ...]:
        """Those of the :attr:`poles` that can vanish at sizes that the run allows."""
        return tuple(pole for pole in self.poles if can_vanish(pole, self.conditions))

    def subs(self, /, **values: Any) -> Series:
        """The series with sizes replaced, by integers, fractions or the name of another symbol.

        A size is called by its symbol, or by its word in a request: ``steps`` is ``T``, ``batch_size`` is ``B``.  A series with
        sums over a schedule takes its rates as ``schedule``, a list of numbers and symbol names, one for each update.

        Where a coefficient has no value at these sizes (see :attr:`poles`) the series is counted again with them.

        Raises:
            ValueError: if a name is not a symbol of the series, or a value is a float or no symbol name, or no size that the
                run can have, or a coefficient has no value and cannot be counted again.

        >>> T = Coefficient.symbol("T")
        >>> Series({Diagram(2, [(0, 1)]): -T}, 1).subs(T=10).terms
        {Diagram(2, [(0, 1)], [(0,), (1,)]): Coefficient('-10')}
        """
        if self.sums and "schedule" in values:
            return self._scheduled(values.pop("schedule"), values)
        values = by_symbol(values, (*self.symbols, *self.lengths))
        unknown = sorted(set(values) - {*self.symbols, *self.lengths})
        if unknown:
            known = f"its symbols are {', '.join(self.symbols)}" if self.symbols else "it has none"
            raise ValueError(f"the series has no symbol {quoted_names(unknown)}; {known}")
        exact = {name: Coefficient(_exact(name, value)) for name, value in values.items()}
        conditions, setting = undecided(self.conditions, exact), self.setting.substitute(exact)
        if self.setting.weight_decay and not setting.weight_decay:
            if self.recount is None:
                raise ValueError("without weight decay the series has other diagrams; expand again without it")
            return _counted(self.recount, exact)
        sums, renamed = substituted_sums(self.sums, exact)
        try:
            image = {c: c.substitute(exact | renamed) for c in set(self.terms.values())}
        except ZeroDivisionError as error:
            # counted with numbers, 0/0 may turn out to have a value; with other names of symbols nothing changes
            if self.recount is None or all(value.symbols for value in exact.values()):
                raise ValueError(f"{error}; expand again with the numbers") from error
            return _counted(self.recount, exact)
        again = None if self.recount is None else partial(_counted_after, self.recount, exact)
        terms = {diagram: image[c] for diagram, c in self.terms.items()}
        return replace(self, terms=terms, setting=setting, recount=again, conditions=conditions, sums=sums)

    @property
    def lengths(self) -> frozenset[str]:
        """Names of the sizes that say how many rates a schedule has."""
        return frozenset(name for known in self.sums.values() for name in known.recursion.steps.symbols)

    def _scheduled(self, schedule: Any, values: dict[str, Any]) -> Series:
        """The series at the rates of a schedule, and at sizes."""
        rates = read_rates(schedule)
        values = by_symbol(values, (*self.symbols, *self.lengths))
        exact = {name: Coefficient(_exact(name, value)) for name, value in values.items()}
        lengths = known_steps(self.sums, len(rates), exact)
        sized = self.subs(**values, **lengths)
        known = exact_sums(sized.sums.values(), rates)
        image = {c: c.substitute(known) for c in set(sized.terms.values())}
        again = sized.again(lambda s: s.subs(schedule=rates) if s.sums else s)
        terms = {diagram: image[c] for diagram, c in sized.terms.items()}
        return replace(sized, terms=terms, recount=again, sums={})

    def __add__(self, other: Series) -> Series:
        return self._combined("+", other) if isinstance(other, Series) else NotImplemented

    def __sub__(self, other: Series) -> Series:
        return self._combined("-", other) if isinstance(other, Series) else NotImplemented

    def __neg__(self) -> Series:
        return self * -1

    def __mul__(self, other: Series | Scalar) -> Series:
        if isinstance(other, Series):
            return self._product(other)
        if isinstance(other, (Coefficient, int, Fraction)):
            factor = Coefficient(other)
            return self.map_coefficients(lambda c: c * factor)
        return NotImplemented

    def __rmul__(self, other: Scalar) -> Series:
        return self * other

    def __truediv__(self, other: Scalar) -> Series:
        return self * (1 / Coefficient(other)) if isinstance(other, (Coefficient, int, Fraction)) else NotImplemented

    def _combined(self, sign: Literal["+", "-"], other: Series) -> Series:
        self._require_same_basis(other)
        # sums over one schedule are compared in the same pieces, or what is equal would not cancel
        if self.sums and other.sums:
            self, other = self._refined(other.sums), other._refined(self.sums)  # noqa: PLW0642
        terms = dict(self.terms)
        for diagram, c in other.terms.items():
            signed = c if sign == "+" else -c
            terms[diagram] = terms[diagram] + signed if diagram in terms else signed
        truncation = min(self.truncation, other.truncation)
        setting = self.setting.joined(sign, other.setting)
        recount = _again_both(self, other, lambda s, t: s._combined(sign, t))
        return replace(
            self, terms=terms, truncation=truncation, setting=setting, recount=recount, **_joined(self, other)
        )

    def _refined(self, other: Mapping[str, ScheduleSum]) -> Series:
        """The series with its sums over a schedule in the pieces that another takes."""
        sums, images = refined_sums(self.sums, other)
        image = {c: c.substitute(images) for c in set(self.terms.values())}
        return replace(self, terms={diagram: image[c] for diagram, c in self.terms.items()}, sums=sums)

    def _product(self, other: Series) -> Series:
        """Values multiply, so diagrams are put side by side; known as far as the shorter factor is."""
        self._require_same_basis(other)
        truncation = min(self.truncation, other.truncation)
        products = (
            (a * b, x * y)
            for a, x in self.terms.items()
            for b, y in other.terms.items()
            # beyond, terms that one factor does not know would be missing
            if a.order + b.order <= truncation
        )
        setting = self.setting.joined("*", other.setting)
        recount, terms = _again_both(self, other, lambda s, t: s * t), collect(products)
        return replace(
            self, terms=terms, truncation=truncation, setting=setting, recount=recount, **_joined(self, other)
        )

    def _require_same_basis(self, other: Series) -> None:
        if self.basis != other.basis:
            raise ValueError(
                f"one series is in {self.basis}s, the other in {other.basis}s; convert with as_{self.basis}s()"
            )

    def as_moments(self) -> Series:
        """The same series with joint moments in the blocks."""
        return self.in_basis("moment")

    def as_cumulants(self) -> Series:
        """The same series with joint cumulants in the blocks."""
        return self.in_basis("cumulant")

    def in_basis(self, basis: Basis) -> Series:
        """The same series with joint moments or joint cumulants in the blocks."""
        if read_choice("basis", basis, BASES) == self.basis:
            return self
        recount = self.again(lambda s: s.in_basis(basis))
        return replace(self, terms=change_basis(self.terms, basis), basis=basis, recount=recount)

    def as_expr(self) -> sympy.Expr:
        r"""The series as a sympy expression in :math:`\eta`, the sizes and one commutative scalar per diagram.

        Raises:
            ValueError: if the diagrams have an open root, so that their values are not scalars.
        """
        import sympy

        from sgdsym.tensors import Contraction

        self.setting.require_plain("a sympy expression")
        eta = sympy.Symbol("eta")
        image = {c: c.as_expr() for c in set(self.terms.values())}
        return sympy.Add(*(image[c] * eta**d.order * Contraction.from_diagram(d, self.basis) for d, c in self))

    def to_json(self) -> str:
        """The series as JSON text of format ``sgdsym-series/1``, one term a line."""
        return write_series(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote; terms may come in any order, nodes be labelled in any way.

        Raises:
            ValueError: naming what is missing or wrong.
        """
        terms, truncation, basis, setting, sums = read_series(text)
        series = cls(terms, truncation, basis, setting, sums=sums)
        # a file holds no conditions; those on sizes of the usual names are known from the setting
        return replace(series, conditions=named_conditions(setting, series.symbols))


def _exact(name: str, given: Scalar | str) -> Scalar:
    value: Scalar | str = as_exact(given)
    if isinstance(value, str):
        return Coefficient.symbol(symbol_name(value))
    if isinstance(value, (Coefficient, int, Fraction)) and not isinstance(value, bool):
        return value
    raise ValueError(f"{name} must be an integer, a fraction or a symbol name, not {quoted(value)}")


def _joined(first: Series, second: Series) -> dict[str, Any]:
    """The conditions and the sums of both."""
    conditions = tuple(dict.fromkeys((*first.conditions, *second.conditions)))
    return {"conditions": conditions, "sums": joined_sums(first.sums, second.sums)}


def _again_both(first: Series, second: Series, verb: Callable[[Series, Series], Series]) -> Recount | None:
    """Recount a series that a verb made from two others."""
    if first.recount is None or second.recount is None:
        return None
    return lambda values: _given(verb(_given(first, values), _given(second, values)), values)


def _given(series: Series, values: Mapping[str, Scalar]) -> Series:
    return series.subs(**{name: value for name, value in values.items() if name in series.symbols})


def _counted(recount: Recount, values: Mapping[str, Coefficient]) -> Series:
    """The series counted again with the numbers among the values; symbols that it still holds are replaced afterwards, at once.

    Raises:
        ValueError: if a coefficient has no value then either.
    """
    series = recount({name: value for name, value in values.items() if not value.symbols})
    left = {name: value for name, value in values.items() if name in series.symbols}
    sums, renamed = substituted_sums(series.sums, left)
    try:
        image = {c: c.substitute(left | renamed) for c in set(series.terms.values())}
    except ZeroDivisionError as error:
        raise ValueError(f"{error}; expand again with the numbers") from error
    terms = {diagram: image[c] for diagram, c in series.terms.items()}
    again = None if series.recount is None else partial(_counted_after, series.recount, left)
    setting, conditions = series.setting.substitute(left), undecided(series.conditions, left)
    return replace(series, terms=terms, setting=setting, recount=again, conditions=conditions, sums=sums)


def _counted_after(recount: Recount, earlier: Mapping[str, Coefficient], later: Mapping[str, Scalar]) -> Series:
    """The series counted again where some sizes were given, or renamed, earlier: the later values are for the new names."""
    given = {name: value.substitute(later) for name, value in earlier.items()}
    rest = {name: Coefficient(value) for name, value in later.items() if name not in earlier}
    return _counted(recount, given | rest)
