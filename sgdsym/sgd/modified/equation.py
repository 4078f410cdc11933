r"""The modified equation of a dynamics, and the map of an epoch: requests checked, counted, made series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from sgdsym.arguments import plain_integer, quoted, read_choice, read_integer
from sgdsym.diagrams import MAX_ORDER, Diagram, bell_number, count_rooted_trees
from sgdsym.series import FIXED, GD, Basis, Coefficient, Observable, Scalar, Series, Setting, undecided
from sgdsym.series.series import Recount
from sgdsym.sgd.expand import as_size
from sgdsym.sgd.modified.field import MAX_FIELD_ORDER, field_terms
from sgdsym.sgd.modified.generator import part_terms
from sgdsym.sgd.options import Number, Size
from sgdsym.sgd.request import Request
from sgdsym.sgd.resum import law_of
from sgdsym.sgd.sampling import Given, Online, Sampling
from sgdsym.times.calendar import Calendar, PlainTiming, RateTiming
from sgdsym.times.optimizers import LinearOptimizer

Progress: TypeAlias = "Callable[[int, int], None]"
PARTS = ("drift", "diffusion")


def modified(
    *,
    dynamics: str = "sgd",
    sampling: str = "online",
    order: int = 3,
    part: str | int = "drift",
    dataset_size: Size | None = None,
    batch_size: Size | None = None,
    momentum: Number = 0,
    nesterov: bool = False,
    delay: int = 0,
    optimizer: LinearOptimizer | None = None,
    basis: Basis = "cumulant",
    progress: Progress | None = None,
) -> Series:
    r"""The modified equation: the continuous dynamics that a discrete one follows, with time counted in steps.

    For gradient descent it is the vector field :math:`\dot\theta = \sum_k \eta^k f_k(\theta)` whose flow passes through the iterates, to
    every order in :math:`\eta`; for SGD the part of the generator :math:`L = \ln P` with so many indices,

    .. math:: E\,s(\theta_T) = e^{TL}s, \qquad
              L s = \sum_{m\ge1} \frac1{m!} A_m^{i_1…i_m}\,\partial_{i_1}\cdots\partial_{i_m} s.

    The population of the series is what a step draws from: fresh points (``online``), or the points of the training set
    (``gd``, ``replace``, ``reshuffle``), so that a kernel is given those points.  For ``reshuffle`` the operator is that of an
    epoch, and its logarithm is divided by the :math:`N/B` steps in it.  ``replace`` draws from the training set as ``online`` does from
    the population, and has its equation.

    With momentum, for gradient descent, it is the flow on the slow manifold, which the iterates approach like
    :math:`\mu^t`: heavy ball, :math:`m \leftarrow \mu m + g,\ \theta \leftarrow \theta - \eta m`, or Nesterov, with the look-ahead point as
    :math:`\theta`.  It holds after the transient, in which the start moves by :math:`O(\eta)`.  Any optimiser whose updates are alike has
    such an equation, at the points where it takes gradients; what average is read off makes no difference to it.

    Args:
        dynamics: ``"gd"`` or ``"sgd"``.
        sampling: how SGD draws data: ``"online"``, ``"replace"`` or ``"reshuffle"``.
        order: the highest power of the learning rate.
        part: ``"drift"``, ``"diffusion"``, or the number of indices, 3 and more for jumps.
        dataset_size: the number of points :math:`N`, for ``reshuffle``.
        batch_size: the number of data points per update :math:`B`.
        momentum: :math:`\mu`, a number or a symbol name, for ``gd``.
        nesterov: whether the momentum looks ahead.
        delay: by how many updates gradients are late, for ``gd``.
        optimizer: any other update rule, for ``gd``.
        basis: joint ``"cumulant"`` or joint ``"moment"`` blocks.
        progress: called with each finished order and its number of diagrams.

    Returns:
        The series; multiply by :math:`1/\eta` for time in units of :math:`\eta\cdot` steps.  Its diagrams have one open root for
        each index.

    Raises:
        ValueError: saying which option is wrong and what it may be.

    Source: [Hairer2006]_, chapter IX (backward error analysis); [Barrett2021]_, for the first correction of gradient descent.

    >>> print(modified(dynamics="gd", order=3))
    - η G
    - (1/2) η² H G
    - (1/12) η³ J[G, G]
    - (1/3) η³ H² G
    >>> print(modified(order=2, part="diffusion"))
    η² (1/B) C_ik
    """
    order = read_integer("order", order, least=0)
    indices = _indices(part)
    if isinstance(optimizer, LinearOptimizer) and optimizer.updates is not None:
        raise ValueError(
            "the updates of this optimizer differ, so that no one equation says where it goes; give one update"
        )
    options = {"dataset_size": dataset_size, "batch_size": batch_size, "momentum": momentum}
    rule = {"nesterov": nesterov, "delay": delay, "optimizer": optimizer}
    request = _checked(dynamics, sampling, order, basis, {**options, **rule})
    if request.setting.dynamics == GD:
        if indices > 1:
            raise ValueError("gradient descent has no noise, so its drift is all there is; leave the part out")
        terms = dict(field_terms(order, law_of(request)))
    else:
        terms = part_terms(_draws(request), order, indices, progress)
    observable = (*PARTS, f"jump-{indices}")[min(indices, 3) - 1]
    if request.scheme.is_in_epochs:
        batches = request.sizes.batches
        terms = {diagram: c / batches for diagram, c in terms.items()}
    setting = replace(request.setting, observable=Observable.named(observable))
    common = {"dynamics": dynamics, "sampling": sampling, "order": order, "part": part, **rule}
    again = partial(modified, **common, **options)  # type: ignore[arg-type]
    return _series(terms, order, setting, partial(_recounted, again, request), request).in_basis(basis)


def epoch_map(
    *,
    sampling: str = "reshuffle",
    order: int = 3,
    dataset_size: Size | None = None,
    batch_size: Size | None = None,
    basis: Basis = "cumulant",
    progress: Progress | None = None,
) -> Series:
    r"""The mean displacement by one epoch over a training set that is given.

    The population of the series is the training set: its moments are means over the :math:`N` points, so that the series
    evaluated on them is the mean over the order of the points alone.  To treat batches as given, let each be a point and :math:`B = 1`.

    Args:
        sampling: ``"reshuffle"``, every point once, in uniformly random order; or ``"replace"``, as many steps whose slots all
            draw one of the points.
        order: the highest power of the learning rate.
        dataset_size: the number of points :math:`N`.
        batch_size: the number of data points per update :math:`B`.
        basis: joint ``"cumulant"`` or joint ``"moment"`` blocks.
        progress: called with each finished order and its number of diagrams.

    Raises:
        ValueError: saying which option is wrong and what it may be.

    Source: [Smith2021]_, for the second order.

    >>> print(epoch_map(sampling="replace", order=2, batch_size=1) - epoch_map(order=2, batch_size=1))
    η² (N/2) κ[h g]
    """
    order = read_integer("order", order, least=0)
    options = {"dataset_size": dataset_size, "batch_size": batch_size}
    if not isinstance(sampling, str) or sampling not in ("reshuffle", "replace"):
        raise ValueError(
            f"sampling must be one of reshuffle, replace, not {quoted(sampling)}: an epoch goes through given points"
        )
    request = _checked("sgd", sampling, order, basis, options, bounded=True)
    sizes = request.sizes
    one = Coefficient(1)
    if request.scheme.is_in_epochs:
        draws: Sampling = Given(sizes, PlainTiming(Calendar(one, sizes.batches)))
    else:
        # given points, drawn with replacement, are fresh points of the population that they are
        draws = Online(sizes, PlainTiming(Calendar(sizes.batches, one)))
    setting = replace(request.setting, sampling=request.scheme.of_given_points())
    terms = part_terms(draws, order, 1, progress)
    again = partial(epoch_map, sampling=sampling, order=order, **options)  # type: ignore[arg-type]
    return _series(terms, order, setting, partial(_recounted, again, request), request).in_basis(basis)


def estimate_parts(dynamics: str, order: int) -> int:
    """About how many trees or placements the modified equation goes through, without going through them.

    Raises:
        ValueError: if the order is out of reach.

    >>> estimate_parts("gd", 12), estimate_parts("sgd", 4)
    (7813, 73)
    """
    if order > MAX_FIELD_ORDER:
        raise ValueError(f"order {order} is out of reach; the highest order is {MAX_FIELD_ORDER}")
    counts = [0, *count_rooted_trees(max(order - 1, 0))][: order + 1]
    return sum(counts) if dynamics == GD.name else sum(count * bell_number(d) for d, count in enumerate(counts))


def _indices(part: str | int) -> int:
    """The number of indices of a part of the generator."""
    if isinstance(part, str) and part in PARTS:
        return PARTS.index(part) + 1
    number = plain_integer(part)
    if number is None or number < 1:
        raise ValueError(f"part must be drift, diffusion or a number of indices of at least 1, not {quoted(part)}")
    return number


def _checked(
    dynamics: str,
    sampling: str,
    order: int,
    basis: Basis,
    options: Mapping[str, Any],
    bounded: bool = False,
) -> Request:
    """The request behind a modified equation; ``bounded`` where the number of points counts with every sampling."""
    trees = read_choice("dynamics", dynamics, ("gd", "sgd")) == GD.name
    # trees are many fewer than placements: gradient descent goes past the order that a request may have
    highest = MAX_FIELD_ORDER if trees else MAX_ORDER
    reachable = min(read_integer("order", order, least=0, most=highest), MAX_ORDER)
    request = Request(
        observable="displacement",
        dynamics=dynamics,
        sampling=sampling,
        order=reachable,
        basis=basis,
        **options,
    )
    given = options["dataset_size"] is not None
    rules = request.given_rules
    for wrong, complaint in (
        (
            request.setting.sampling == FIXED and not trees,
            "a fixed order of the points has no generator: its epochs are alike, but which order it is differs from run to run;"
            " choose reshuffle",
        ),
        (
            given and (trees or request.scheme.repeats) and not bounded,
            "the equation does not depend on the number of points it is evaluated on; leave the dataset size out",
        ),
        (
            bool(rules) and not trees,
            f"with noise the velocity is a variable of its own; give {(*rules, '')[0]} with dynamics gd",
        ),
        (request.nesterov and not request.momentum, "nesterov looks ahead along the momentum; give it with momentum"),
    ):
        if wrong:
            raise ValueError(complaint)
    return request


def _draws(request: Request) -> Sampling:
    if request.scheme.is_in_epochs:
        return Given(request.sizes, RateTiming(request.sizes.batches))
    return Online(request.sizes, RateTiming(Coefficient(1)))


def _series(
    terms: dict[Diagram, Coefficient], order: int, setting: Setting, recount: Recount, request: Request
) -> Series:
    return Series(terms, order, "cumulant", setting, recount, undecided(request.conditions, {}))


def _recounted(again: Callable[..., Series], request: Request, values: Mapping[str, Scalar]) -> Series:
    """Count again, in the cumulant basis, with symbols replaced."""
    given = {name: Coefficient(value) for name, value in values.items()}
    found: dict[str, Any] = {option: as_size(given[name]) for option, name in request.symbols.items() if name in given}
    if request.optimizer is not None:
        found["optimizer"] = request.optimizer.substitute(given)
    return again(**found)
