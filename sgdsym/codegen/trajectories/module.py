"""The text of the module of a whole run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from sgdsym.arguments import read_choice
from sgdsym.codegen.module import coded
from sgdsym.codegen.runtime import completed
from sgdsym.codegen.trajectories.contraction import Size
from sgdsym.codegen.trajectories.lower import TYPICAL, lower_reading, lower_step, variable
from sgdsym.series import GENERALIZATION_GAP, Coefficient, symbol_name
from sgdsym.templating import Code, render
from sgdsym.times import LinearOptimizer
from sgdsym.trajectories import Trajectory, read_trajectory

BACKENDS = ("numpy", "jax")
# arguments of the functions of a module that take symbols by name, and what stands in expressions
_TAKEN = frozenset(
    {
        "derivatives_at",
        "history",
        "learning_rate",
        "root_derivatives_at",
        "schedule",
        "start",
        "steps",
        "t",
        "T",
        "weights",
        "float",
    }
)


def generate_trajectory(trajectory: Trajectory, backend: str = "numpy") -> str:
    """The source of a module that evaluates a whole run with one array library alone.

    The module offers ``coefficients(derivatives_at, start, learning_rate, *, steps, weights=None, history=False, **symbols)``; see
    :class:`TrajectoryKernel`.  Equal requests give equal bytes.

    Args:
        trajectory: what is evaluated.
        backend: ``"numpy"`` or ``"jax"``.

    Raises:
        ValueError: if the argument is no trajectory, the backend is unknown, or a symbol is named like an argument.

    >>> from sgdsym.trajectories import trajectory
    >>> lines = generate_trajectory(trajectory(order=1)).splitlines()
    >>> [line.strip() for line in lines if "new_k1_2 =" in line]
    ['new_k1_2 = (-rate)**2 * t4', 'new_k1_2 = new_k1_2 + t5']
    """
    given = read_trajectory(trajectory)
    read_choice("backend", backend, BACKENDS)
    for name in given.symbols:
        if symbol_name(name) in _TAKEN:
            raise ValueError(f"the symbol {name} cannot be an argument of the module; give it another name")
    rule = given.optimizer
    unit = (Coefficient(1), *[Coefficient(0)] * (len(rule.read) - 1))
    plain = len(rule.read) == 1 and all(vector == unit for vector in (*rule.c, rule.read))
    step, reading = lower_step(given, plain=plain), lower_reading(given, plain=plain)
    read_here = given.read.has_free_root
    read = sorted(reading.sampled | reading.averaged) if read_here else []
    sampled = step.sampled | (reading.sampled if read_here else frozenset())
    averaged = (step.averaged | (reading.averaged if read_here else frozenset())) - sampled
    used = {cumulant for terms in given.readings for term in terms for cumulant in term.cumulants}
    text = render(
        "trajectory.py.jinja",
        library=backend,
        version=version("sgdsym"),
        observable=given.observable,
        noise=given.noise,
        size=given.size,
        order=given.order,
        rank=given.open_indices,
        gap=given.read == GENERALIZATION_GAP,
        symbols=given.symbols,
        has_function=given.read.carries_function,
        roots=sorted(reading.averaged),
        sampled=sorted(sampled),
        averaged=sorted(averaged),
        read=read,
        cost=Code(_cost(step.program.operations, step.program.numbers, len(rule.read))),
        operations=Code(_powers(step.program.operations, len(rule.read))),
        memory=Code(_powers(step.program.numbers, len(rule.read))),
        plain=plain,
        listed=given.updates,
        rate=given.rate,
        named=given.schedule if isinstance(given.schedule, str) else None,
        scheduled=coded([f"{_expression(x)}," for x in given.schedule]) if isinstance(given.schedule, tuple) else None,
        registers=len(rule.read),
        decay=Code(_expression(given.weight_decay)) if given.weight_decay else None,
        update=coded(_update(rule)),
        reading=Code(_vector(rule.read)),
        cumulants=[(variable(c), c.legs, c.points) for c in given.cumulants],
        read_cumulants=[variable(c) for c in sorted(used)],
        step_averaged=sorted(step.averaged - {1}),
        step_sampled=sorted(step.sampled),
        read_averaged=sorted(reading.averaged - {0}),
        read_sampled=sorted(reading.sampled),
        uses_same=any("same" in line for line in step.lines),
        step=coded(step.lines),
        values=coded(reading.lines),
    )
    numpy = backend == "numpy"
    files = ("runs", "inputs", "arrays", "libraries", "program")
    return completed(text, files, kind="" if numpy else "run", library="np" if numpy else "jnp")


def _update(rule: LinearOptimizer) -> list[str]:
    """Lines that return the arrays of an update."""
    size = len(rule.read)

    def arrays(t: int) -> str:
        found = rule.update(t)
        rows = ", ".join(_vector(row) for row in found.matrix)
        return f"([{rows}], {_vector(found.gain)}, {_vector(found.point)})"

    if rule.updates is not None:
        return ["return [", *(f"    {arrays(t)}," for t in range(rule.updates)), "][t]"]
    if not rule.start:
        return [f"return {arrays(0)}"]
    late = arrays(rule.start)
    early = f"matrix, [0.0] * {size}, point"
    return [f"matrix, gain, point = {late}", f"return (matrix, gain, point) if t >= {rule.start} else ({early})"]


def _vector(entries: Sequence[Coefficient]) -> str:
    return "[" + ", ".join(map(_expression, entries)) + "]"


def _expression(entry: Coefficient) -> str:
    """A number of the optimiser as an expression of Python."""
    return str(entry) if entry.symbols else repr(float(entry.as_fraction()))


def _powers(counts: Mapping[Size, int], registers: int) -> str:
    """Counts by powers of n and p, the registers multiplied in, as entries of a dictionary."""
    merged: dict[tuple[int, int], int] = {}
    for (n, p, r), count in counts.items():
        merged[n, p] = merged.get((n, p), 0) + count * registers**r
    return ", ".join(f"({n}, {p}): {count}" for (n, p), count in sorted(merged.items()))


def _cost(operations: Mapping[Size, int], numbers: Mapping[Size, int], registers: int) -> str:
    """What a step costs at typical sizes, in a line."""

    def total(counts: Mapping[Size, int]) -> float:
        return float(sum(c * TYPICAL[0] ** n * TYPICAL[1] ** p * registers**r for (n, p, r), c in counts.items()))

    sizes = f"{TYPICAL[0]} data points and {TYPICAL[1]} weights"
    return f"A step with {sizes} takes {total(operations):.2e} operations and {8 * total(numbers):.2e} bytes beside its inputs."
