import copy
import pickle
import subprocess
import sys

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from sgdsym.tensors import DerivativeTensor, InverseMetric, JointCumulant, JointMoment

TENSORS = [
    DerivativeTensor(0),
    DerivativeTensor(7),
    JointCumulant(1, 1),
    JointCumulant(3, 0, 2),
    JointMoment(2, 1, 1),
    InverseMetric(),
]


@pytest.mark.parametrize("tensor", TENSORS, ids=str)
def test_a_tensor_rebuilds_from_its_arguments_and_survives_pickling(tensor: sp.Basic) -> None:
    assert tensor.func(*tensor.args) == tensor
    assert all(isinstance(argument, sp.Basic) for argument in tensor.args)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(tensor, protocol)) == tensor  # noqa: S301
    assert copy.deepcopy(tensor) == tensor
    assert not tensor.free_symbols


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_members_does_not_matter(degrees: list[int], random: object) -> None:
    shuffled = list(degrees)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert JointCumulant(*degrees) == JointCumulant(*shuffled)
    assert hash(JointMoment(*degrees)) == hash(JointMoment(*shuffled))
    assert JointMoment(*degrees) != JointCumulant(*degrees)
    assert JointCumulant(*degrees).rank == sum(degrees)
    assert JointCumulant(*degrees).members == tuple(DerivativeTensor(k) for k in sorted(degrees))


@pytest.mark.parametrize(
    ("tensor", "text", "pretty", "latex"),
    [
        (DerivativeTensor(0), "l_x", "l_x", "l_{x}"),
        (DerivativeTensor(1), "g", "g", "g"),
        (DerivativeTensor(5), "l5", "l5", r"(\nabla^{5} l_{x})"),
        (JointCumulant(0), "l", "l", "l"),
        (JointCumulant(2), "H", "H", "H"),
        (JointMoment(3), "J", "J", "J"),
        (JointCumulant(4), "L4", "L4", r"(\nabla^{4} l)"),
        (JointCumulant(1, 1), "C", "C", "C"),
        (JointCumulant(1, 1, 1), "S", "S", "S"),
        (JointCumulant(1, 1, 1, 1), "kappa(g, g, g, g)", "κ(g, g, g, g)", r"\kappa(g, g, g, g)"),
        (JointCumulant(4, 1), "kappa(g, l4)", "κ(g, l4)", r"\kappa(g, (\nabla^{4} l_{x}))"),
        (JointMoment(1, 1), "E[g g]", "E[g g]", "E[g g]"),
        (InverseMetric(), "g^-1", "g⁻¹", "g^{-1}"),
    ],
    ids=str,
)
def test_conventional_names(tensor: sp.Basic, text: str, pretty: str, latex: str) -> None:
    assert sp.sstr(tensor) == text
    assert sp.pretty(tensor, use_unicode=True) == pretty
    assert sp.pretty(tensor, use_unicode=False) == text
    assert sp.latex(tensor) == latex


@pytest.mark.parametrize("degree", [-1, 1.0, True, "2", sp.Rational(1, 2), sp.Symbol("k")], ids=repr)
def test_a_degree_is_a_non_negative_integer(degree: object) -> None:
    for build in (DerivativeTensor, JointCumulant, JointMoment):
        with pytest.raises(ValueError, match="the degree of a derivative tensor is an integer"):
            build(degree)  # type: ignore[arg-type]


def test_a_joint_tensor_has_members() -> None:
    with pytest.raises(ValueError, match="JointMoment needs at least one degree"):
        JointMoment()


def test_the_import_brings_no_graph_template_or_plot_library() -> None:
    code = (
        "import sys, sgdsym.tensors\n"
        "print(sorted({'networkx', 'pydot', 'jinja2', 'matplotlib', 'sklearn'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
