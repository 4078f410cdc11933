"""Formulas of diagrams mean what they say: every notation is evaluated and compared with the definition."""

from collections import defaultdict

import numpy as np
import pytest

from sgdsym.diagrams import Diagram, grow, set_partitions
from sgdsym.render import Notation, diagram_to_latex, diagram_to_text
from sgdsym.render.indices import index_form
from sgdsym.render.network import matrix_form
from sgdsym.render.scripts import Script
from tests.render.arrays import as_python, evaluate, value

TREES = [diagram for layer in grow(4) for diagram in layer.diagrams if len(diagram.blocks) == diagram.nodes]
PARTITIONED = sorted(
    {tree.with_blocks(blocks) for tree in TREES for blocks in set_partitions(tree.nodes)}, key=Diagram.sort_key
)
FORESTS = [
    Diagram(1) * Diagram(2, [(0, 1)]) * Diagram(2, [(0, 1)]),
    Diagram(4, [(0, 1), (2, 3)], [(0, 2), (1,), (3,)], [1, 3]),
    Diagram(4, [(0, 1), (2, 3)], [(0, 2)], [1, 3]),
    Diagram(4, [(0, 1), (2, 3)], [(0, 2), (1, 3)]),
    Diagram(6, [(0, 1), (1, 2), (3, 4), (4, 5)], [(0, 3)]),
]
OPEN = [
    Diagram(2, [(0, 1)], roots=[1]),
    Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 1)], roots=[3]),
    Diagram(4, [(0, 1), (0, 2), (0, 3)], [(1, 2)], roots=[3]),
    Diagram(5, [(0, 1), (1, 2), (1, 3), (3, 4)], [(0, 3)], roots=[4]),
]


@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_every_notation_has_the_value_of_the_diagram(basis):
    script = Script(basis)
    written = 0
    for diagram in PARTITIONED + FORESTS + OPEN:
        expected = value(diagram, basis)
        np.testing.assert_allclose(
            evaluate(as_python(index_form(diagram, script), basis), basis), expected, rtol=1e-9, atol=1e-6
        )
        matrix = matrix_form(diagram, script)
        if matrix is not None:
            written += 1
            np.testing.assert_allclose(
                evaluate(as_python(matrix, basis), basis), expected, rtol=1e-9, atol=1e-6, err_msg=repr(diagram)
            )
    assert written > 60


@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_with_weight_decay_a_root_has_derivatives_of_the_plain_loss(basis):
    script = Script(basis, weight_decay=True)
    # a loss itself has one letter, with and without weight decay
    for drawn in (diagram for diagram in PARTITIONED if diagram.order):
        for root in range(drawn.nodes):
            diagram = Diagram(drawn.nodes, drawn.edges, drawn.blocks, [root])
            expected = value(diagram, basis, weight_decay=True)
            for formula in (index_form(diagram, script), matrix_form(diagram, script)):
                if formula is not None:
                    np.testing.assert_allclose(
                        evaluate(as_python(formula, basis), basis), expected, rtol=1e-9, atol=1e-6
                    )


def test_a_function_at_an_open_root_has_its_own_derivatives():
    script = Script("cumulant")
    marked = [Diagram(3, [(0, 1), (0, 2)], roots=[0]), Diagram(3, [(0, 1), (0, 2)], [(1, 2)], roots=[0]), *OPEN[:2]]
    for diagram in marked:
        for formula in (matrix_form(diagram, script, True), index_form(diagram, script, True)):
            np.testing.assert_allclose(
                evaluate(as_python(formula, "cumulant"), "cumulant"), value(diagram, "cumulant", True), rtol=1e-9
            )
    assert diagram_to_latex(marked[0], function=True) == r"G^{\top}\,\nabla^{2} s G"
    assert diagram_to_text(marked[1], function=True) == "tr(∇²s C)"
    assert diagram_to_text(OPEN[0], function=True) == "G·∇s"
    assert diagram_to_text(OPEN[0]) == "G"
    assert diagram_to_latex(OPEN[0], style="index") == "G_i"


@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_different_diagrams_read_differently(basis):
    grown = [diagram for layer in grow(5) for diagram in layer.diagrams]
    for diagrams in (grown, PARTITIONED):
        seen = defaultdict(set)
        for diagram in diagrams:
            seen["matrix"].add(diagram_to_latex(diagram, basis))
            seen["index"].add(diagram_to_latex(diagram, basis, style="index"))
            seen["metric"].add(diagram_to_text(diagram, basis, style="metric"))
            seen["text"].add(diagram_to_text(diagram, basis))
        assert {kind: len(texts) for kind, texts in seen.items()} == dict.fromkeys(seen, len(diagrams))


@pytest.mark.parametrize("style", ["matrix", "index", "metric"])
@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_brackets_match(basis, style):
    for diagram in PARTITIONED + FORESTS + OPEN:
        assert_balanced(diagram_to_latex(diagram, basis, style=style))


def assert_balanced(text):
    stack = []
    for character in text:
        if character in "{[(":
            stack.append("}])"["{[(".index(character)])
        elif character in "}])":
            assert stack, text
            assert stack.pop() == character, text
    assert not stack, text


@pytest.mark.parametrize(
    ("edges", "blocks", "cumulant", "moment"),
    [
        ([(0, 1)], [], r"G^{\top} G", r"G^{\top} G"),
        ([(0, 1), (1, 2)], [], r"G^{\top} H G", r"G^{\top} H G"),
        ([(0, 1), (1, 2), (2, 3)], [], r"G^{\top} H^{2} G", r"G^{\top} H^{2} G"),
        ([(0, 1), (1, 2)], [(0, 2)], r"\operatorname{tr}(H C)", r"\operatorname{tr}(H\,\mathrm{E}[g g^{\top}])"),
        (
            [(0, 1), (1, 2), (2, 3)],
            [(0, 3)],
            r"\operatorname{tr}(H^{2} C)",
            r"\operatorname{tr}(H^{2}\,\mathrm{E}[g g^{\top}])",
        ),
        ([(0, 1), (0, 2), (0, 3)], [], "J[G, G, G]", "J[G, G, G]"),
        ([(0, 1), (0, 2), (0, 3)], [(1, 2)], "J[C, G]", r"J[\mathrm{E}[g g^{\top}], G]"),
        ([(0, 1), (0, 2), (0, 3)], [(1, 2, 3)], "J[S]", r"J[\mathrm{E}[g^{\otimes 3}]]"),
        ([(0, 1), (1, 2)], [(0, 1)], r"G^{\top}\,\kappa[h g]", r"G^{\top}\,\mathrm{E}[h g]"),
        ([(0, 1), (1, 2)], [(0, 1, 2)], r"\kappa[g^{\top} h g]", r"\mathrm{E}[g^{\top} h g]"),
        (
            [(0, 1), (1, 2), (2, 3)],
            [(0, 2)],
            r"G_a \, \kappa(h_{ab}, g_c) \, H_{bc}",
            r"G_a \, \mathrm{E}[h_{ab} g_c] \, H_{bc}",
        ),
    ],
)
def test_known_forms(edges, blocks, cumulant, moment):
    diagram = Diagram(len(edges) + 1, edges, blocks)
    assert diagram_to_latex(diagram) == cumulant
    assert diagram_to_latex(diagram, "moment") == moment


def test_products_of_trees_are_bracketed():
    assert diagram_to_text(FORESTS[0]) == "l (G·G)²"
    assert diagram_to_latex(FORESTS[1]) == r"G^{\top} C G"
    assert diagram_to_latex(FORESTS[2]) == "C_{ik}"
    assert diagram_to_text(Diagram(2, [(0, 1)]) * Diagram(3, [(0, 1), (1, 2)], [(0, 2)])) == "tr(H C) (G·G)"


def test_the_symbols_are_the_callers():
    notation = Notation(gradient=r"\bar g", hessian=r"\bar H", covariance=r"\Sigma", loss=r"\mathcal{L}")
    assert diagram_to_latex(Diagram(3, [(0, 1), (1, 2)]), notation=notation) == r"\bar g^{\top}\,\bar H\,\bar g"
    noise = Diagram(3, [(0, 1), (1, 2)], [(0, 2)])
    assert diagram_to_latex(noise, notation=notation) == r"\operatorname{tr}(\bar H\,\Sigma)"
    assert diagram_to_latex(Diagram(1), notation=notation) == r"\mathcal{L}"
    assert diagram_to_latex(noise) == r"\operatorname{tr}(H C)"


def test_wrong_requests_are_refused():
    with pytest.raises(ValueError, match="style must be one of matrix, index, metric, diagram, not 'words'"):
        diagram_to_latex(Diagram(1), style="words")
    with pytest.raises(ValueError, match="basis must be one of cumulant, moment, not 'means'"):
        diagram_to_text(Diagram(1), "means")
    with pytest.raises(ValueError, match="letters for 15 edges"):
        diagram_to_latex(Diagram(17, [(0, v) for v in range(1, 17)]), style="index")
