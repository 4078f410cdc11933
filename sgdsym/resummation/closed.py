r"""Closed forms in an eigenbasis of the Hessian, as sympy expressions.

A time-sum is a divided difference of :math:`x^T` at products of the :math:`1-\eta h`; :class:`PowerDifference` keeps it as
such, so that equal eigenvalues and flat directions are its limits and never a division by zero, and ``doit`` writes it out.
Where an edge carries several rates they are written as roots, and time-sums are sums over them.
Tensors are their components in the eigenbasis, ``G[a]``, ``C[a, b]``, ``J[a, b, c]``, …, and the Hessian is ``h[a]``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import product
from operator import mul
from typing import Any

import sympy as sp

from sgdsym.arguments import quoted
from sgdsym.diagrams import Diagram
from sgdsym.resummation.laws import EdgeLaw, is_contracting
from sgdsym.resummation.resummed import Resummed, index_letters, tensor_indices
from sgdsym.resummation.time_sum import Clock, Difference, TimeSum
from sgdsym.tensors.notation import base_name
from sgdsym.times.differences import complete_homogeneous, confluent_difference

ETA = sp.Symbol("eta")
DIMENSION = sp.Symbol("p", integer=True, positive=True)
_X = sp.Dummy("x")


class PowerDifference(sp.Function):  # type: ignore[misc]
    r"""The divided difference :math:`[R_0, …, R_k]\,x^T`, with arguments :math:`T, R_0, …, R_k`; ``doit`` writes it out.

    >>> T, r = sp.symbols("T r")
    >>> PowerDifference(T, 1, r).doit()
    r**T/(r - 1) + 1/(1 - r)
    >>> PowerDifference(T, 1, 1, 1).doit()
    T*(T - 1)/2
    >>> PowerDifference(3, 1, r).doit()
    r**2 + r + 1
    """

    def doit(self, **hints: Any) -> sp.Expr:
        """The sum of powers that it is; equal nodes are limits."""
        steps, *nodes = (arg.doit(**hints) for arg in self.args)
        nodes = _identified(nodes)
        # a polynomial: no denominator has to cancel, and nodes may come together
        if steps.is_Integer:
            return sp.expand(complete_homogeneous(int(steps) - len(nodes) + 1, nodes))

        def taylor(node: sp.Expr, k: int) -> sp.Expr:
            return (
                reduce(mul, (steps - i for i in range(k)), sp.S.One) / sp.factorial(k) * _power(node, steps) / node**k
            )

        return confluent_difference(nodes, taylor)

    def _latex(self, printer: Any) -> str:
        steps, *nodes = map(printer._print, self.args)
        return rf"\left[{', '.join(nodes)}\right] x^{{{steps}}}"


class ExponentialDifference(sp.Function):  # type: ignore[misc]
    r"""The divided difference :math:`[R_0, …, R_k]\,e^{xT}`, with arguments :math:`T, R_0, …, R_k`; ``doit`` writes it out.

    >>> T, h = sp.symbols("T h")
    >>> ExponentialDifference(T, 0, -h).doit()
    1/h - exp(-T*h)/h
    """

    def doit(self, **hints: Any) -> sp.Expr:
        """The sum of exponentials that it is; equal nodes are limits."""
        steps, *nodes = (arg.doit(**hints) for arg in self.args)
        return confluent_difference(
            _identified(nodes), lambda node, k: steps**k / sp.factorial(k) * sp.exp(sp.expand(node * steps))
        )

    def _latex(self, printer: Any) -> str:
        steps, *nodes = map(printer._print, self.args)
        return rf"\left[{', '.join(nodes)}\right] e^{{x {steps}}}"


def as_expr(resummed: Resummed) -> sp.Expr:
    r"""The resummed series as sums over eigen-indices of components times time-sums.

    Components are ``Indexed``, indices run over :math:`0, …, p-1`, and ``h[a]`` are the eigenvalues of the Hessian.  A
    displacement has the free index ``i``, a covariance ``i`` and ``k``.

    >>> from sgdsym.sgd import at_minimum, resum
    >>> as_expr(at_minimum(resum(order=2, batch_size=1)))
    eta**2*Sum(PowerDifference(T, 1, (-eta*h[a] + 1)**2)*C[a, a]*h[a], (a, 0, p - 1))/2 + l
    """
    _check_law(resummed)
    eigenvalues, function = sp.IndexedBase("h"), resummed.setting.observable.carries_function
    steps = resummed.steps.as_expr()
    terms = []
    for diagram, time in resummed:
        letters = index_letters(diagram, function)
        index = {letter: sp.Symbol(letter, integer=True) for letter in letters}
        values = [eigenvalues[index[letter]] for letter in letters]
        tensors = _indexed(diagram, [index[letter] for letter in letters], function)
        summand = tensors * _time(resummed, diagram, time, values, ETA, steps)
        limits = [(index[x], 0, DIMENSION - 1) for x in dict.fromkeys(letters) if x not in "ik"]
        terms.append(ETA**diagram.order * (sp.Sum(summand, *limits) if limits else summand))
    return sp.Add(*(_numbers_outside(term) for term in terms))


def closed_form(
    resummed: Resummed,
    eigenvalues: Sequence[Any],
    tensors: Mapping[tuple[int, ...], Any],
    *,
    learning_rate: Any = ETA,
    steps: Any = None,
) -> Any:
    r"""The value of a resummed series for given eigenvalues and tensors, written out exactly.

    Args:
        resummed: any resummed series.
        eigenvalues: those of the Hessian, numbers or sympy expressions; equal ones must be equal expressions.
        tensors: by the degrees of its members, sorted, each joint cumulant in the eigenbasis as nested lists or an array,
            ``{(1,): G, (1, 1): C, (3,): J, (1, 2): …}``, with one axis per index; what is left out is zero.  For the
            observable ``function`` the derivatives of the function by degree, ``{("s", 1): …}``.
        learning_rate: a number or an expression.
        steps: a number or an expression in place of the symbol.

    Returns:
        A sympy expression; for an observable with open indices a sympy array.

    Raises:
        ValueError: if the limit of many steps is asked for and does not exist, naming the eigenvalue; if two rates of an edge
            are equal; if a tensor has not the axes that its degrees say; or for text, which is not evaluated.

    >>> from sgdsym.sgd import at_minimum, resum
    >>> H, C = sp.symbols("H C")
    >>> sp.factor(closed_form(at_minimum(resum(order=2, batch_size=1)), [H], {(1, 1): [[C]]}, steps=1))
    C*H*eta**2/2
    """
    _check_law(resummed)
    function = resummed.setting.observable.carries_function
    values = [_expression("an eigenvalue", value) for value in eigenvalues]
    rate = _expression("the learning rate", learning_rate)
    exponent = resummed.steps.as_expr() if steps is None else _expression("the number of steps", steps)
    if resummed.stationary:
        _check_stable(values, rate, resummed)
    arrays = {degrees: _array(degrees, tensor, len(values)) for degrees, tensor in tensors.items()}
    total: dict[tuple[int, ...], list[sp.Expr]] = {}
    for diagram, time in resummed:
        letters = index_letters(diagram, function)
        names = list(dict.fromkeys(letters))
        left = [name for name in "ik" if name in names]
        known: dict[tuple[sp.Expr, ...], sp.Expr] = {}
        for place in product(range(len(values)), repeat=len(names)):
            at = dict(zip(names, place, strict=True))
            component = _component(diagram, [at[x] for x in letters], arrays, values, function)
            if component != 0:
                rates = tuple(values[at[x]] for x in letters)
                # places with equal eigenvalues share a time-sum, and writing it out is what takes long
                if rates not in known:
                    known[rates] = _time(resummed, diagram, time, rates, rate, exponent).doit()
                key = tuple(at[name] for name in left)
                total.setdefault(key, []).append(rate**diagram.order * component * known[rates])
    axes = resummed.setting.open_indices
    if not axes:
        return sp.Add(*total.get((), []))
    return _symmetric_array(total, len(values), axes)


def _expression(name: str, value: Any) -> sp.Expr:
    """A number or an expression; text is refused, because sympy would evaluate it."""
    try:
        return sp.sympify(value, strict=True)
    except sp.SympifyError as error:
        raise ValueError(f"{name} must be a number or a sympy expression, not {quoted(value)}") from error


def _array(degrees: tuple[Any, ...], tensor: Any, size: int) -> Any:
    """The components of a joint tensor, each a number or an expression."""
    axes = _indices(degrees)
    entries = [tensor]
    for _ in range(axes):
        entries = [entry.tolist() if hasattr(entry, "tolist") else entry for entry in entries]
        if not all(
            isinstance(entry, Sequence) and not isinstance(entry, str) and len(entry) == size for entry in entries
        ):
            raise ValueError(f"the tensor {degrees} must have shape {(size,) * axes}, one axis for each index")
        entries = [inner for entry in entries for inner in entry]
    entries = [_expression(f"an entry of the tensor {degrees}", entry) for entry in entries]
    return sp.Array(entries, (size,) * axes) if axes else entries[0]


def _check_law(resummed: Resummed) -> None:
    """Updates that differ have no rates."""
    if resummed.updates is not None:
        raise ValueError("updates that differ have no closed form: use kernel(), which follows them")


def _check_stable(eigenvalues: Sequence[sp.Expr], rate: sp.Expr, resummed: Resummed) -> None:
    """Numbers must be such that every step contracts; where the loss is flat it depends on the tensors."""
    for value in eigenvalues:
        moved = rate * value
        if value.is_number and value.is_negative:
            raise ValueError(
                f"no limit of many steps: the Hessian has the eigenvalue {value}, the point is not a minimum"
            )
        if not resummed.law.is_plain and moved.is_number and moved:
            coefficients = sp.Poly(_polynomial(resummed.law, moved, _X), _X).all_coeffs()[::-1]
            if all(c.is_number for c in coefficients) and not is_contracting(coefficients):
                raise ValueError(
                    f"no limit of many steps: learning rate {rate} times the Hessian's eigenvalue {value} is {moved}, unstable: a rate"
                    " is not inside the unit circle"
                )
        # 1 - eta h leaves the unit circle at eta h = 2
        elif not resummed.continuous and moved.is_number and moved >= 2:
            raise ValueError(
                f"no limit of many steps: learning rate {rate} times the Hessian's eigenvalue {value} is {moved}, not below 2"
            )


def _indices(degrees: tuple[Any, ...]) -> int:
    """The number of indices of a joint tensor; the name of a function in front has none."""
    return sum(degree for degree in degrees if isinstance(degree, int))


def _symmetric_array(total: Mapping[tuple[int, ...], Sequence[sp.Expr]], size: int, axes: int) -> sp.Array:
    """Entries with open indices; two are not told apart, so the average over their exchange."""
    entries = {}
    for place in product(range(size), repeat=axes):
        parts = [*total.get(place, []), *total.get(place[::-1], [])]
        entries[place] = sp.Add(*parts) / 2
    return sp.Array([entries[place] for place in product(range(size), repeat=axes)], (size,) * axes)


def _time(
    resummed: Resummed,
    diagram: Diagram,
    time: TimeSum,
    eigenvalues: Sequence[sp.Expr],
    rate: sp.Expr,
    steps: sp.Expr,
) -> sp.Expr:
    """A time-sum with the eigenvalue of each edge put in."""
    evaluate: Callable[[Difference], sp.Expr]
    if resummed.continuous:
        edges = [-rate * h for h in eigenvalues]
        zero = sp.S.Zero

        def evaluate(difference: Difference) -> sp.Expr:
            nodes = [sum((edges[e] for e in node), zero) for node in difference.nodes]
            if resummed.stationary or len(nodes) == 1:
                return _limit(nodes, zero)
            return ExponentialDifference(steps, *nodes)

    else:
        rooted = resummed.rooted(diagram)
        modes = [_modes(resummed.law, rate * h, root) for h, root in zip(eigenvalues, rooted, strict=True)]

        def evaluate(difference: Difference) -> sp.Expr:
            front, parts = difference.factors()
            summands = []
            for chosen in product(*(modes[e] for e in difference.edges)):
                carried = {e: r for e, (r, _) in zip(difference.edges, chosen, strict=True)}
                factors = [weight for _, weight in chosen] + [carried[e] for e in front]
                for clock, edges in parts:
                    nodes = [reduce(mul, (carried[e] for e in node), sp.S.One) for node in edges]
                    factors.append(_difference(resummed, clock, nodes, steps))
                summands.append(reduce(mul, factors, sp.S.One))
            return sp.Add(*summands)

    return sp.Add(*(c.as_expr() * reduce(mul, map(evaluate, factors), sp.S.One) for factors, c in time.terms))


def _difference(resummed: Resummed, clock: Clock, nodes: Sequence[sp.Expr], steps: sp.Expr) -> sp.Expr:
    """A divided difference over the steps, the epochs or the slots of an epoch."""
    slots = sp.S.One if resummed.slots is None else resummed.slots.as_expr()
    if clock == "slots":
        return PowerDifference(slots, *nodes)
    if clock == "epochs":
        nodes = [_power(node, slots) for node in nodes]
    if resummed.stationary or len(nodes) == 1:
        return _limit(nodes, sp.S.One)
    return PowerDifference(steps - resummed.law.start if clock == "steps" else steps / slots, *nodes)


def _modes(law: EdgeLaw, moved: sp.Expr, rooted: bool) -> list[tuple[sp.Expr, sp.Expr]]:
    """The rates of an edge and their weights."""
    if law.is_plain:
        return [(1 - moved, sp.S.One)]
    below = _polynomial(law, moved, _X)
    above = law.root_gain if rooted else law.gain
    if rooted:
        below *= sum((c.as_expr() * _X**k for k, c in enumerate(law.root_memory)), sp.S.Zero)
    # radicals, of a degree of up to four
    zeros = sp.roots(sp.Poly(below, _X))
    if sum(zeros.values()) < sp.degree(below, _X):
        raise ValueError("the rates of this optimiser have no formula; use kernel()")
    if any(times > 1 for times in zeros.values()):
        raise ValueError(
            f"two rates are equal at the curvature {moved!s:.60}, so that no formula holds there; use kernel()"
        )
    # partial fractions at simple zeros: P(r)/Q'(r)
    weight = sum((c.as_expr() * _X**k for k, c in enumerate(above)), sp.S.Zero) / sp.diff(below, _X)
    return [(zero, weight.subs(_X, zero)) for zero in zeros]


def _polynomial(law: EdgeLaw, moved: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """The polynomial whose zeros are the rates of an edge between steps."""
    memory, gain = (sum((c.as_expr() * x**k for k, c in enumerate(part)), sp.S.Zero) for part in (law.memory, law.gain))
    return memory + moved * gain


def _limit(nodes: Sequence[sp.Expr], top: sp.Expr) -> sp.Expr:
    r""":math:`\prod 1/(1-R_i)` over the nodes past the first, or :math:`\prod 1/(-R_i)` in continuous time."""
    # the first node is 1 (0 in continuous time), and every power but its own dies out
    _, *rest = nodes
    distances = [top - node for node in rest]
    if any(sp.expand(distance) == 0 for distance in distances):
        raise ValueError(
            "no limit of many steps: the Hessian has the eigenvalue 0, a flat direction in which the weights keep moving"
        )
    return reduce(mul, (1 / distance for distance in distances), sp.S.One)


def _indexed(diagram: Diagram, indices: Sequence[sp.Symbol], function: bool) -> sp.Expr:
    """The tensors of a diagram as Indexed components, bare Hessians as eigenvalues."""
    factors = []
    for degrees, groups in tensor_indices(diagram, indices, function):
        if degrees == (2,):
            factors.append(sp.IndexedBase("h")[groups[0][0]])
            continue
        name = "s" if degrees[0] == "s" else base_name("cumulant", tuple(map(int, degrees)))
        places = [x for group in groups for x in group]
        factors.append(sp.IndexedBase(name)[tuple(places)] if places else sp.Symbol(name))
    return sp.Mul(*factors)


def _component(
    diagram: Diagram,
    indices: Sequence[int],
    arrays: Mapping[tuple[Any, ...], Any],
    eigenvalues: Sequence[sp.Expr],
    function: bool,
) -> sp.Expr:
    """The product of the components of a diagram's tensors at these eigen-indices."""
    factors = []
    for degrees, groups in tensor_indices(diagram, indices, function):
        places = tuple(x for group in groups for x in group)
        if degrees == (2,):
            factors.append(eigenvalues[places[0]])
        elif degrees not in arrays:
            return sp.S.Zero
        else:
            factors.append(arrays[degrees][places] if places else _expression("a tensor", arrays[degrees]))
    return sp.Mul(*factors)


def _identified(nodes: Sequence[sp.Expr]) -> list[sp.Expr]:
    """The nodes, equal ones made the same expression."""
    # equal numbers that are written in two ways would be divided by their difference, 0
    kept: list[sp.Expr] = []
    for node in nodes:
        kept.append(next((other for other in kept if sp.expand(other - node) == 0), node))
    return kept


def _power(node: sp.Expr, steps: sp.Expr) -> sp.Expr:
    """A product to a power, factor by factor."""
    powers = (base ** (exponent * steps) for base, exponent in node.as_powers_dict().items())
    return reduce(mul, powers, sp.S.One)


def _numbers_outside(term: sp.Expr) -> sp.Expr:
    """A term whose sum has its number in front."""
    if not term.has(sp.Sum):
        return term
    ((total, *_),) = [list(term.atoms(sp.Sum))]
    number, rest = total.function.as_coeff_Mul()
    return term.xreplace({total: number * sp.Sum(rest, *total.limits)})
