"""MathML: well formed, complete, and character by character what another converter makes of the same LaTeX."""

import unicodedata
from html import unescape
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdsym.formula import read_symbol, to_latex, to_mathml
from sgdsym.render import Notation
from sgdsym.render.factors import factor
from sgdsym.render.formulas import diagram_formula
from sgdsym.render.latex import left_side
from sgdsym.render.scripts import Script
from sgdsym.sgd import expand

OWN = Notation.parse(r"L=\mathcal{L},G=\hat{g},C=\Sigma,eta=\varepsilon,theta=\boldsymbol{w}")
OPEN, CLOSE = '<mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo>'
REQUESTS = [
    {"order": 3, "sampling": "reshuffle"},
    {"order": 3, "observable": "displacement"},
    {"order": 2, "observable": "function", "momentum": "mu"},
    {"order": 2, "observable": "loss-variance", "basis": "moment"},
]


def formulas(notation):
    for request in REQUESTS:
        series = expand(**request)
        yield left_side(series, notation)
        function = request.get("observable") == "function"
        for diagram, coefficient in series:
            yield factor(coefficient).formula(notation)
            for style, sums in (("matrix", "einstein"), ("index", "einstein"), ("metric", "explicit")):
                yield diagram_formula(diagram, Script(series.basis, notation), style, sums, function)


def leaves(mathml):
    """The characters of all leaves in reading order, letters of mathematical alphabets as plain ones."""
    root = ElementTree.fromstring(mathml)  # noqa: S314 - our own text
    text = "".join("".join(root.itertext()).split())
    return unicodedata.normalize("NFKC", text).translate(str.maketrans("⋅∗^", "·*ˆ"))


@pytest.mark.parametrize("notation", [Notation(), OWN], ids=["usual", "own"])
def test_formulas_read_as_another_converter_sets_them(notation):
    converter = pytest.importorskip("latex2mathml.converter")
    for formula in set(formulas(notation)):
        ours = to_mathml(formula)
        assert "\\" not in ours, formula
        assert leaves(ours) == leaves(unescape(converter.convert(to_latex(formula)))), formula


def tree(element):
    """What stands in an element: characters, and scripts and fractions with what stands in their parts."""
    parts = []
    for child in element:
        name = child.tag.rpartition("}")[2]
        match name:
            case "mrow" | "mstyle" | "mpadded":
                parts += tree(child)
            case "mspace":
                pass
            case "mi" | "mn" | "mo" | "mtext":
                parts += leaf(child)
            case _:
                # sums have their limits below or beside, as the converter likes
                beside = {"munder": "msub", "munderover": "msubsup"}.get(name, name)
                parts.append((beside, *(tuple(tree([part])) for part in child)))
    return parts


def leaf(element):
    text = unicodedata.normalize("NFKC", "".join("".join(element.itertext()).split()))
    return list(text.translate(str.maketrans("⋅∗^", "·*ˆ", "\u2061\ufe00\ufe01")))


@pytest.mark.parametrize("notation", [Notation(), OWN], ids=["usual", "own"])
def test_formulas_have_the_structure_that_math_core_gives_them(notation):
    """What is a base, a script, a numerator, too: characters alone would not see a script in a wrong place."""
    converter = pytest.importorskip("math_core").LatexToMathML()
    for formula in sorted(set(formulas(notation)), key=to_latex):
        latex = to_latex(formula)
        theirs = ElementTree.fromstring(unescape(converter.convert_with_local_state(latex, displaystyle=False)))  # noqa: S314
        ours = ElementTree.fromstring(to_mathml(formula))  # noqa: S314 - our own text
        assert tree(ours) == tree(theirs), formula


@pytest.mark.parametrize(
    ("latex", "mathml"),
    [
        (r"\operatorname{tr}(H)", f"<mi>tr</mi>{OPEN}<mi>H</mi>{CLOSE}"),
        (r"\mathrm{E}", '<mi mathvariant="normal">E</mi>'),
        (r"l_x^{(4)}", f"<msubsup><mi>l</mi><mi>x</mi><mrow>{OPEN}<mn>4</mn>{CLOSE}</mrow></msubsup>"),
        (r"\binom{T}{2}", '<mrow><mo>(</mo><mfrac linethickness="0"><mi>T</mi><mn>2</mn></mfrac><mo>)</mo></mrow>'),
        (r"\sum_{a}", "<munder><mo>∑</mo><mi>a</mi></munder>"),
        (r"\epsilon\varepsilon\phi\varphi", "<mi>ϵ</mi><mi>ε</mi><mi>ϕ</mi><mi>φ</mi>"),
        (r"\mathfrak{Lg}", '<mi mathvariant="normal">𝔏</mi><mi mathvariant="normal">𝔤</mi>'),
        (r"f''", "<msup><mi>f</mi><mrow><mo>′</mo><mo>′</mo></mrow></msup>"),
        (r"\text{a < b}", "<mtext>a\u00a0&lt;\u00a0b</mtext>"),
        (r"\unheard", "<mtext>\\unheard</mtext>"),
    ],
)
def test_commands(latex, mathml):
    assert to_mathml(read_symbol(latex)) == f"<math>{mathml}</math>"


@given(st.text(alphabet="\\{}^_'<>&\"abT12 +-()[]", max_size=30) | st.text(max_size=12))
def test_any_text_becomes_one_well_formed_element(text):
    plain = "".join(c for c in text if c.isprintable())
    element = ElementTree.fromstring(to_mathml(read_symbol(plain)))  # noqa: S314 - that it holds no surprise is the test
    assert element.tag == "math"
