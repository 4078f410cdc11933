"""A contraction as a citizen of sympy; each test also pins the behaviour of sympy that the design leans on."""

import copy
import os
import pickle
import subprocess
import sys
import time

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from sgdsym.diagrams import Diagram
from sgdsym.tensors import Contraction
from tests.tensors.support import closed_diagrams

LOSS = Contraction(Diagram(1))
GG = Contraction(Diagram(2, [(0, 1)]))
GHG = Contraction(Diagram(3, [(0, 1), (1, 2)]))
NOISE = Contraction(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]))
JERK = Contraction(Diagram(4, [(0, 1), (0, 2), (0, 3)], [(1, 2)]), "moment")
eta, T = sp.symbols("eta T")


@given(closed_diagrams(), st.sampled_from(["cumulant", "moment"]))
def test_it_rebuilds_from_its_arguments(diagram: Diagram, basis: str) -> None:
    contraction = Contraction(diagram, basis)
    assert contraction.func(*contraction.args) == contraction
    assert all(isinstance(argument, sp.Basic) for argument in contraction.args)
    assert contraction.diagram == diagram
    assert contraction.basis == basis
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(contraction, protocol))  # noqa: S301
        assert again == contraction
        assert hash(again) == hash(contraction)
    assert copy.deepcopy(eta * contraction) == eta * contraction


@given(closed_diagrams(), st.randoms(use_true_random=False))
def test_isomorphic_diagrams_are_one_contraction(diagram: Diagram, random: object) -> None:
    labels = list(range(diagram.nodes))
    random.shuffle(labels)  # type: ignore[attr-defined]
    edges = [(labels[b], labels[a]) for a, b in diagram.edges]
    relabelled = Diagram(diagram.nodes, edges, [[labels[v] for v in block] for block in diagram.blocks])
    assert Contraction(relabelled) - Contraction(diagram) == 0
    assert Contraction(relabelled, "moment") != Contraction(diagram, "cumulant")


def test_the_constructor_refuses_what_is_not_one_closed_diagram() -> None:
    vector = Diagram(2, [(0, 1)], roots=[0])
    for build in (Contraction, Contraction.from_diagram):
        with pytest.raises(ValueError, match="has an open root, so its value is not a scalar"):
            build(vector)
    with pytest.raises(ValueError, match="is a product of diagrams"):
        Contraction(Diagram(2))
    with pytest.raises(ValueError, match="basis must be one of cumulant, moment, not 'mean'"):
        Contraction(Diagram(2, [(0, 1)]), "mean")


def test_a_closed_root_does_not_alter_the_value() -> None:
    assert Contraction(Diagram(3, [(0, 1), (1, 2)], [(0,), (1,), (2,)], roots=[1])) == GHG


@given(closed_diagrams(forest=True), closed_diagrams(forest=True))
def test_a_product_of_diagrams_is_a_product_of_contractions(a: Diagram, b: Diagram) -> None:
    product = Contraction.from_diagram(a * b)
    assert product == Contraction.from_diagram(a) * Contraction.from_diagram(b)


def test_a_block_that_joins_two_trees_keeps_them_in_one_contraction() -> None:
    joined = Contraction.from_diagram(Diagram(4, [(0, 1), (2, 3)], [(1, 2)]))
    assert isinstance(joined, Contraction)
    assert str(joined) == "GCG"


def test_algebra_treats_it_as_an_indivisible_real_scalar() -> None:
    assert NOISE * GG == GG * NOISE
    assert sp.expand((eta + GG) ** 2) == eta**2 + 2 * eta * GG + GG**2
    assert sp.expand((GG + eta * NOISE) * (GG - eta * NOISE)) == GG**2 - eta**2 * NOISE**2
    assert sp.factor(eta**2 + 2 * eta * GG + GG**2) == (eta + GG) ** 2
    assert sp.simplify(sp.sin(GG) ** 2 + sp.cos(GG) ** 2) == 1
    assert sp.Poly(eta * GG**2 + 1, eta, GG).degree(GG) == 2
    assert sp.collect(sp.expand(eta * (GG + T * NOISE)), eta).coeff(eta) == GG + T * NOISE
    assert sp.conjugate(GG) == GG
    assert not GG.is_number
    assert not GG.free_symbols
    assert GG.n() == GG
    assert GG.doit() == GG


def test_calculus_treats_it_as_a_constant() -> None:
    assert sp.diff(eta**2 * GG, eta) == 2 * eta * GG
    assert sp.diff(GG, eta) == 0
    assert sp.diff(eta * GG**2, GG) == 2 * eta * GG
    assert sp.diff(GG, NOISE) == 0
    assert sp.series(sp.exp(eta * GG), eta, 0, 3) == 1 + eta * GG + eta**2 * GG**2 / 2 + sp.O(eta**3)
    assert sp.integrate(eta * GG, eta) == eta**2 * GG / 2
    assert sp.limit(GG * eta / (eta + 1), eta, sp.oo) == GG
    assert sp.solve(eta * GG - T, eta) == [T / GG]


def test_substitution_reaches_it_and_nothing_inside_it() -> None:
    x = sp.Symbol("x")
    expression = -T * eta * GG + T * eta**2 * NOISE / 2
    assert expression.subs({GG: x, NOISE: 2 * x}) == -T * eta * x + T * eta**2 * x
    assert expression.subs(eta, GG) == -T * GG**2 + T * GG**2 * NOISE / 2
    assert (GG + 1).subs(1, 5) == GG + 5
    assert (GG + 2).xreplace({sp.Integer(0): x, sp.Integer(1): x, sp.Integer(2): x}) == GG + x
    assert expression.has(GG)
    assert not expression.has(GHG)
    assert expression.atoms(Contraction) == {GG, NOISE}


def test_common_subexpressions_stop_at_it() -> None:
    replaced, (reduced,) = sp.cse((GG + NOISE) ** 2 + sp.sqrt(GG + NOISE) + GG)
    assert [expression for _, expression in replaced] == [GG + NOISE]
    assert GG in reduced.args


@pytest.mark.parametrize("contraction", [LOSS, GG, NOISE, JERK], ids=str)
@pytest.mark.parametrize("modules", ["math", "numpy", "mpmath"])
def test_lambdify_takes_it_as_an_argument(contraction: Contraction, modules: str) -> None:
    expression = (contraction + eta) ** 2 + (contraction + eta) ** 3
    function = sp.lambdify([eta, contraction], expression, modules=modules, cse=True)
    assert function(2, 3) == 150


@pytest.mark.parametrize("contraction", [GG, NOISE, JERK], ids=str)
def test_lambdify_takes_a_symbol_in_its_place(contraction: Contraction) -> None:
    x = sp.Symbol("x")
    expression = ((contraction + eta) ** 2 + (contraction + eta) ** 3).subs(contraction, x)
    assert sp.lambdify([eta, x], expression, modules="math", cse=True)(2, 3) == 150


@pytest.mark.parametrize(
    ("contraction", "text", "latex"),
    [
        (LOSS, "l", "l"),
        (GG, "GG", r"G^{\top} G"),
        (Contraction(Diagram(5, [(0, 1), (1, 2), (2, 3), (3, 4)])), "GHHHG", r"G^{\top} H^{3} G"),
        (Contraction(Diagram(2, [(0, 1)], [(0, 1)])), "tr(C)", r"\operatorname{tr}\left(C\right)"),
        (NOISE, "tr(HC)", r"\operatorname{tr}\left(H C\right)"),
        (NOISE.func(NOISE.diagram, "moment"), "tr(HE[gg])", r"\operatorname{tr}\left(H E[g g^{\top}]\right)"),
        (JERK, "E[g_a g_b] J_abc G_c", r"E[g_{a} g_{b}] J_{abc} G_{c}"),
        (Contraction(JERK.diagram), "C_ab J_abc G_c", r"C_{ab} J_{abc} G_{c}"),
        (
            Contraction(Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 2)])),
            "kappa(g_a, h_bc) H_ab G_c",
            r"\kappa(g_{a}, h_{bc}) H_{ab} G_{c}",
        ),
        (Contraction(Diagram(2, [], [(0, 1)])), "kappa(l_x, l_x)", r"\kappa(l_{x}, l_{x})"),
        (
            Contraction(Diagram(5, [(0, v) for v in range(1, 5)])),
            "L4_abcd G_a G_b G_c G_d",
            r"(\nabla^{4} l)_{abcd} G_{a} G_{b} G_{c} G_{d}",
        ),
    ],
    ids=str,
)
def test_printed_forms(contraction: Contraction, text: str, latex: str) -> None:
    assert str(contraction) == text
    assert sp.latex(contraction) == latex
    assert sp.pretty(contraction, use_unicode=True) == text.replace("kappa", "κ")
    assert sp.pretty(contraction, use_unicode=False) == text


def test_printers_put_brackets_where_juxtaposition_would_mislead() -> None:
    assert str(eta * GG) == "eta*GG"
    assert str(GG**2) == "(GG)**2"
    assert str(NOISE**2) == "tr(HC)**2"
    assert str(eta * JERK) == "eta*(E[g_a g_b] J_abc G_c)"
    assert sp.latex(GG**2) == r"\left(G^{\top} G\right)^{2}"
    assert sp.latex(eta * GG) == r"\eta G^{\top} G"
    assert sp.latex(eta * JERK) == r"\eta \left(E[g_{a} g_{b}] J_{abc} G_{c}\right)"
    assert sp.pretty(eta * JERK, use_unicode=True) == "η⋅(E[g_a g_b] J_abc G_c)"


def test_representation_rebuilds_it() -> None:
    assert sp.srepr(NOISE) == "Contraction(DiagramAtom(Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)])), 'cumulant')"


def test_output_and_order_do_not_depend_on_the_hash_seed() -> None:
    code = (
        "import sympy as sp\n"
        "from sgdsym.diagrams import Diagram, set_partitions\n"
        "from sgdsym.tensors import Contraction\n"
        "found = {Contraction(Diagram(4, [(0, 1), (1, 2), (2, 3)], part), basis)\n"
        "         for part in set_partitions(4) for basis in ('cumulant', 'moment')}\n"
        "total = sp.Add(*(c * (1 + c) for c in found))\n"
        "print(sp.sstr(total), sp.latex(total), sp.srepr(sp.expand(total)), total.args)\n"
        "print(sorted(found, key=sp.default_sort_key))\n"
        "print([(c.basis, str(c)) for c in sp.ordered(found)])\n"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert "tr(HHC)" in outputs[0]


def test_a_few_hundred_contractions_are_quick() -> None:
    diagrams = [
        Diagram(8, [(v, max(0, v - step)) for v in range(1, 8)], [(a, b)])
        for step in (1, 2, 3)
        for a in range(8)
        for b in range(a)
    ]
    start = time.perf_counter()
    total = sp.Add(*(eta * T * Contraction.from_diagram(diagram) for diagram in diagrams))
    assert time.perf_counter() - start < 1
    assert total.has(eta)
