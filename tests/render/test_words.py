"""Diagrams in words: every one differently, by its structure."""

import re

import pytest

from sgdsym.diagrams import Diagram, grow
from sgdsym.render import diagrams_to_words, explain
from sgdsym.render.text import wrapped

GROWN = [diagram for layer in grow(6) for diagram in layer.diagrams]


@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_different_diagrams_are_explained_differently(basis):
    assert len({explain(diagram, basis) for diagram in GROWN}) == len(GROWN)


def test_the_words_name_every_derivative_and_every_block():
    names = {1: "gradient", 2: "curvature", 3: "jerk", 4: "fourth derivative", 5: "fifth derivative"}
    for diagram in GROWN[4:120]:
        text = explain(diagram).split(": ")[0]
        joint = [block for block in diagram.blocks if len(block) > 1]
        mixed = [block for block in joint if any(diagram.degrees[v] > 1 for v in block)]
        assert text.count(" over ") == len(mixed)
        for degree, name in names.items():
            if degree > 1:
                assert (name in text) == (degree in diagram.degrees)
        for block in joint:
            if block not in mixed:
                noise = {2: "gradient covariance", 3: "gradient skewness"}.get(len(block), "cumulant of the gradient")
                assert noise in text


@pytest.mark.parametrize(
    ("edges", "blocks", "words"),
    [
        ([(0, 1)], [], "gradient contracted with the gradient: how fast small steps descend"),
        (
            [(0, 1), (1, 2)],
            [(0, 2)],
            "curvature contracted with the gradient covariance: noise pushed uphill by sharpness",
        ),
        (
            [(0, 1), (0, 2), (0, 3)],
            [(1, 2, 3)],
            "jerk contracted with the gradient skewness: skewed noise, which no Gaussian model has",
        ),
        (
            [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)],
            [],
            "chain of gradient, curvature, curvature, curvature, curvature and gradient",
        ),
        (
            [(0, 1), (1, 2), (2, 3), (3, 4)],
            [(0, 4), (1, 3)],
            "ring of curvature, curvature at x, gradient covariance and curvature at x; covariance over x",
        ),
    ],
)
def test_known_words(edges, blocks, words):
    assert explain(Diagram(len(edges) + 1, edges, blocks)) == words


def test_products_roots_and_functions():
    assert explain(Diagram(1) * Diagram(2, [(0, 1)])) == "gradient contracted with the gradient, times loss"
    moved = Diagram(4, [(0, 1), (0, 2), (0, 3)], [(1, 2)], roots=[3])
    assert explain(moved) == (
        "jerk contracted with the gradient covariance, one index open: the force of noise towards flatter ground"
    )
    assert explain(moved, function=True).endswith("the gradient covariance and the gradient of the function")
    assert explain(Diagram(1, roots=[0], blocks=[]), function=True) == "function itself"
    with pytest.raises(ValueError, match="basis must be one of cumulant, moment"):
        explain(moved, "means")


def test_explanations_fit_the_width():
    for width in (40, 80):
        lines = diagrams_to_words(GROWN[:30], width=width).splitlines()
        words = [line for line in lines if not line.startswith("c(")]
        assert len(lines) == len(words) + 30
        assert all(line.startswith("    ") and len(line) <= width for line in words)
    assert Diagram(1).explain() == "loss: where the run begins"


def test_long_lines_are_cut_outside_brackets():
    line = "+ η² (T(T - 1)/2) tr(H C) and more"
    for width in range(10, 40):
        parts = wrapped(line, width)
        assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", line)
        assert max(map(len, parts)) <= max(width, 13)
    assert wrapped(line, 26) == ["+ η² (T(T - 1)/2) tr(H C)", "    and more"]
