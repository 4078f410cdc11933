"""The functions that generated modules hold copies of: their arithmetic, and that every module has all that it calls."""

import ast
import builtins
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sgdsym import resum
from sgdsym.codegen import generate, generate_covariance, generate_noise, generate_resummed, generate_trajectory
from sgdsym.codegen.runtime import completed, steps
from sgdsym.sgd import expand
from sgdsym.trajectories import trajectory

HALF = Fraction(1, 2)


def exact(number):
    return Fraction(float(number[0])) + Fraction(float(number[1]))


def pair(value):
    """A fraction as two floats."""
    head = float(value)
    return head, float(value - Fraction(head))


@pytest.mark.parametrize(
    ("computed", "meant"),
    [
        (steps._plus, lambda x, y: x + y),
        (steps._times, lambda x, y: x * y),
        (steps._over, lambda x, y: x / y),
    ],
    ids=["plus", "times", "over"],
)
def test_two_floats_carry_thirty_digits(computed, meant):
    """Against fractions, which round nothing."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        x, y = (Fraction(int(rng.integers(1, 10**9)), int(rng.integers(1, 10**9))) for _ in range(2))
        expected = meant(x, y)
        assert abs(exact(computed(pair(x), pair(y))) - expected) <= abs(expected) / 10**30


def test_powers_by_squaring():
    base = Fraction(999, 1000)
    found = steps._power(tuple(np.array([part]) for part in pair(base)), np.array([1000.0]))
    assert abs(exact([part[0] for part in found]) - base**1000) <= base**1000 / 10**27


def kinds():
    """A module of each kind, by name."""
    for library in ("numpy", "jax", "torch"):
        for name, options in (
            ("loss", {"order": 4, "batch_size": 1}),
            ("function", {"order": 2, "observable": "function"}),
            ("decay", {"order": 2, "weight_decay": "d"}),
            ("schedule", {"order": 2, "schedule": "s"}),
            ("covariance", {"order": 3, "observable": "covariance"}),
        ):
            yield f"{library}-{name}", generate(expand(**options), library)
    for form in ("discrete", "stationary"):
        yield f"plain-{form}", generate_resummed(resum(order=2, form=form))
        yield f"momentum-{form}", generate_resummed(resum(order=2, momentum=HALF, observable="function", form=form))
        yield f"epochs-{form}", generate_resummed(resum(order=2, sampling="reshuffle", form=form))
        yield (
            f"time-{form}",
            generate_resummed(resum(order=2, dynamics="sde", form=form if form != "discrete" else None)),
        )
    yield "updates", generate_resummed(resum(order=2, schedule=[1, 2, 3], steps=3))
    for library in ("numpy", "jax"):
        for order in (0, 2):
            yield f"run-{library}-{order}", generate_trajectory(trajectory(order=order, momentum="mu"), library)
    yield "law", generate_covariance([[2]], [[1]], 0.5)
    yield "batches", generate_noise([[1], [2]])


def test_every_module_has_what_it_calls_and_imports_nothing_else():
    """No name is read that nothing binds, nothing private is held that nothing reads, and no mark of a template is left."""
    for kind, source in kinds():
        tree = ast.parse(source)
        nodes = list(ast.walk(tree))
        read = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        bound |= {n.arg for n in nodes if isinstance(n, ast.arg)} | {"__name__"}
        bound |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler) and n.name}
        imported = {a.asname or a.name for n in nodes if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names}
        assert read <= bound | imported | set(dir(builtins)), kind
        assert imported <= read, kind
        held = {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("_")}
        assert held <= read | {"_check_sizes"}, kind
        assert "# functions" not in source, kind
        assert "# imports" not in source, kind
        assert not [name for name in held if re.search(r"\w_(jax|torch|flow|followed|run|stationary)$", name)], kind


def test_the_suffix_of_a_kind_takes_the_place_of_a_function():
    text = "# imports\n\n\nprint(_limit([]))\n\n\n# functions\n"
    assert "_plus((np.ones_like(head), 0.0)" in completed(text, ["steps"])
    assert "(-head, -tail)" in completed(text, ["steps"], "flow")


def test_templates_hold_the_lines_of_programs_and_little_else():
    """Lines of functions in templates, without blank ones and those of jinja: mathematics belongs into the runtime."""
    folder = Path(__file__).resolve().parents[2] / "templates"
    count = 0
    for path in folder.glob("*.py.jinja"):
        inside = False
        for line in path.read_text(encoding="utf-8").splitlines():
            inside = line.startswith("def ") or (inside and not (line and line[0] not in " {"))
            count += inside and bool(line.strip()) and not line.startswith("{")
    assert count <= 330
