"""The text of generated modules, their errors, and the reuse of pieces."""

import importlib.metadata
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import sgdsym
from sgdsym.codegen import Kernel, compile_kernel, generate
from sgdsym.codegen.planning.fragment import DEVIATION, MEAN, Fragment, canonical, connected_fragments, whole_fragment
from sgdsym.codegen.planning.joins import joins_of, plan_alone
from sgdsym.codegen.planning.pieces import pieces_of
from sgdsym.codegen.planning.planner import shared_recipes
from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient, Series, Setting

T = Coefficient.symbol("T")


def _run(command, check=True, **options):
    return subprocess.run(command, check=check, capture_output=True, **options)


@pytest.fixture(scope="module")
def kernel():
    return sgdsym.expand(order=3).kernel()


@pytest.fixture
def tensors():
    rng = np.random.default_rng(0)
    hessian = rng.normal(size=(5, 3, 3))
    return {0: np.ones(5), 1: rng.normal(size=(5, 3)), 2: hessian + hessian.transpose(0, 2, 1), 3: np.zeros((3, 3, 3))}


def test_the_module_of_order_two(golden):
    source = generate(sgdsym.expand(order=2))
    golden("numpy_order_2.py", source.replace(importlib.metadata.version("sgdsym"), "VERSION"))


@pytest.mark.parametrize("order", [0, 3, 6])
@pytest.mark.parametrize("observable", ["test-loss", "displacement"])
def test_the_module_is_clean_and_formatted(order, observable, tmp_path):
    pytest.importorskip("ruff")
    series = sgdsym.expand(order=order)
    if observable == "displacement":
        bend = Diagram(3, [(0, 1), (1, 2)], [(1,), (2,)], [0])
        series = Series({bend: T / 2}, order, setting=Setting.named(observable))
    path = tmp_path / "kernel.py"
    path.write_text(generate(series), encoding="utf-8")
    for command in (["check"], ["format", "--check", "--line-length", "120"]):
        run = _run([sys.executable, "-m", "ruff", *command, "--isolated", str(path)], check=False, text=True)
        assert run.returncode == 0, run.stdout


def test_the_module_stands_alone_and_does_not_depend_on_the_hash_seed(tmp_path, tensors):
    write = "import sgdsym; print(sgdsym.expand(order=4).kernel().source, end='')"
    texts = [
        _run([sys.executable, "-c", write], env=os.environ | {"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")
    ]
    assert texts[0] == texts[1]
    (tmp_path / "kernel_3.py").write_text(generate(sgdsym.expand(order=3)), encoding="utf-8")
    np.savez(tmp_path / "tensors.npz", *[tensors[k] for k in range(4)])
    use = (
        "import sys, numpy as np, kernel_3\n"
        "data = np.load('tensors.npz')\n"
        "print(repr(kernel_3.evaluate([data[f'arr_{k}'] for k in range(4)], 0.1, T=10, B=2)))\n"
        "assert not any(name.startswith('sgdsym') for name in sys.modules)\n"
    )
    run = _run([sys.executable, "-c", use], cwd=tmp_path, text=True)
    assert float(run.stdout) == sgdsym.expand(order=3).kernel()(tensors, 0.1, T=10, B=2)


def test_equal_pieces_are_contracted_once():
    """H G is one array, although GHG, GHHG, JGGG's neighbours and C:HG all need it."""
    source = generate(sgdsym.expand(order=5))
    made = [line.split("#")[1].strip() for line in source.splitlines() if " = " in line and "  # " in line]
    assert len(made) == len(set(made))
    assert made.count("H(G, .)") == 1
    assert not any("einsum" in line and "N,M" in line for line in source.splitlines())


def test_no_array_over_pairs_of_data_points():
    for order in (3, 4, 5):
        for line in generate(sgdsym.expand(order=order)).splitlines():
            assert "_m" not in line.partition("  # ")[2], line


def test_kernels_pickle_and_compare(kernel, tensors):
    again = pickle.loads(pickle.dumps(kernel))  # noqa: S301
    assert isinstance(again, Kernel)
    assert again == kernel
    assert again(tensors, 0.1, T=3, B=1) == kernel(tensors, 0.1, T=3, B=1)


@pytest.mark.parametrize(
    ("change", "symbols", "message"),
    [
        ({}, {"T": 1}, "the symbol B is missing"),
        ({}, {"T": 1, "B": 1, "N": 2}, "unknown symbol N; the symbols are: B, T"),
        ({}, {"T": np.nan, "B": 1}, "the symbol T must be a finite real number, not nan"),
        ({}, {"T": "3", "B": 1}, "the symbol T must be a finite real number, not '3'"),
        ({}, {"T": 1, "B": 0}, "batch size must be an integer of at least 1, not 0"),
        ({2: None}, {"T": 1, "B": 1}, r"derivatives\[2\] is missing"),
        (
            {2: np.zeros((5, 3, 4))},
            {"T": 1, "B": 1},
            r"derivatives\[2\] must have shape \(n, p, p\) with n = 5 and p = 3",
        ),
        ({2: np.zeros((3, 3))}, {"T": 1, "B": 1}, r"derivatives\[2\] must have shape \(n, p, p\)"),
        ({1: np.zeros((4, 3))}, {"T": 1, "B": 1}, r"derivatives\[1\] must have shape .*, not \(4, 3\)"),
        ({3: np.zeros((3, 3))}, {"T": 1, "B": 1}, r"derivatives\[3\] must have shape \(n, p, p, p\) or \(3, 3, 3\)"),
        ({1: [[1.0, 2.0], [3.0]]}, {"T": 1, "B": 1}, r"derivatives\[1\] is not an array of real numbers"),
        ({1: np.zeros((5, 3), dtype=complex)}, {"T": 1, "B": 1}, r"derivatives\[1\] is not an array of real numbers"),
    ],
)
def test_errors_name_the_culprit(kernel, tensors, change, symbols, message):
    with pytest.raises(ValueError, match=message):
        kernel.coefficients(tensors | change, **symbols)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_entry_that_is_not_finite_is_named(kernel, tensors, bad):
    tensors[2][3, 1, 2] = bad
    tensors[2][4, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"derivatives\[2\] is -?(nan|inf) at index \(3, 1, 2\)"):
        kernel(tensors, 0.1, T=1, B=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": np.full(5, 0.25)}, "weights must sum to 1, not to 1.25"),
        ({"weights": np.full(4, 0.25)}, r"weights must have shape \(5,\), not \(4,\)"),
        ({"weights": [1.0, np.nan, 0.0, 0.0, 0.0]}, "weights is nan at index 1"),
        ({"metric": np.eye(2)}, r"metric must have shape \(3,\) or \(3, 3\), not \(2, 2\)"),
        ({"metric": np.triu(np.ones((3, 3)))}, "metric must be symmetric"),
        ({"metric": [1.0, np.inf, 1.0]}, "metric is inf at index 1"),
        ({"learning_rate": [0.1, np.nan]}, "learning_rate is nan at index 1"),
    ],
)
def test_errors_of_the_other_arguments(kernel, tensors, arguments, message):
    with pytest.raises(ValueError, match=message):
        kernel(tensors, **({"learning_rate": 0.1} | arguments), T=1, B=1)


def test_a_function_needs_its_derivatives():
    series = Series({Diagram(2, [(0, 1)], [(1,)], [0]): T}, 1, setting=Setting.named("function"))
    with pytest.raises(ValueError, match=r"root_derivatives\[1\] is missing"):
        series.kernel().coefficients([None, np.ones(3)], T=1)
    with pytest.raises(ValueError, match=r"root_derivatives\[1\] must have shape"):
        series.kernel().coefficients([None, np.ones(3)], root_derivatives=[0.0, np.ones(4)], T=1)


def test_series_that_have_no_kernel():
    mixed = Series({Diagram(2, [(0, 1)], [(1,)], [0]): T, Diagram(2, [(0, 1)]): T}, 1)
    with pytest.raises(ValueError, match="number of open indices"):
        compile_kernel(mixed)
    with pytest.raises(ValueError, match="exactly one neighbour"):
        compile_kernel(Series({Diagram(1, roots=[0]): T}, 1))
    for name in ("weights", "learning_rate"):
        with pytest.raises(ValueError, match=f"the symbol {name} cannot be an argument"):
            compile_kernel(Series({Diagram(1): Coefficient.symbol(name)}, 0))


def test_fragments_are_equal_if_and_only_if_isomorphic():
    """Twice C in a D4: whichever leaves are paired, one fragment; all four in one block is another."""
    star = [(0, 1), (0, 2), (0, 3), (0, 4)]

    def fragments_of(blocks):
        return connected_fragments(whole_fragment(Diagram(5, star, blocks), False))

    pairs = [fragments_of(blocks) for blocks in ([(1, 2), (3, 4)], [(1, 4), (2, 3)])]
    assert pairs[0] == pairs[1]
    assert pairs[0] != fragments_of([(1, 2, 3, 4)])
    tensors = ((1, DEVIATION), (1, DEVIATION), (2, MEAN))
    left = canonical(tensors, ((0, 2),), ((0, 1),), ())[0]
    right = canonical(tensors, ((1, 2),), ((0, 1),), ())[0]
    assert left == right
    assert str(left) == "H(g_a, .) g_a(.)"


def test_a_mean_tensor_meets_small_factors_first():
    """D4 with four gradients: gradients one after the other, never an outer product of gradients."""
    whole = Fragment(((1, MEAN),) * 4 + ((4, MEAN),), tuple((v, 4) for v in range(4)))
    whole = canonical(whole.tensors, whole.edges, (), ())[0]
    recipe = shared_recipes([whole], plan_alone(joins_of(pieces_of([whole]), 300, 30)))[0]
    sizes = sorted(len(part) for part in recipe.split(whole))
    assert sizes == [1, 4]


@pytest.mark.parametrize(("observable", "shape"), [("displacement", (1, 3)), ("covariance", (1, 3, 3))])
def test_a_series_without_terms_keeps_its_open_indices(observable, shape):
    kernel = sgdsym.expand(observable=observable, order=0).kernel()
    assert kernel.coefficients({1: np.zeros((2, 3))}).shape == shape
