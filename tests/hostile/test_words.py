"""Words and names given in Python: settings, symbols, notation, captions."""

import json

import numpy as np
import pytest

from sgdsym import Coefficient, Notation, Series, expand, resum
from sgdsym.codegen.closed_forms.laws import generate_law
from sgdsym.codegen.closed_forms.resummed import ResummedKernel, generate_resummed
from sgdsym.diagrams import Diagram
from sgdsym.render import Typesetting, diagram_to_dot, diagrams_to_svg, diagrams_to_tikz
from sgdsym.render.commands import SYMBOL_COMMANDS, Latex
from sgdsym.report import DiagramValues, read_values, write_page
from sgdsym.report.values import example_values
from sgdsym.series import Setting, symbol_name
from sgdsym.sgd import Request, parse_setting
from sgdsym.templating import Code, Markup
from tests.hostile.artefacts import (
    ARTEFACTS,
    COMMANDS,
    ESCAPES,
    commands,
    page,
    picture,
    program,
    run_every_artefact,
)
from tests.hostile.texts import HOSTILE, made

VALUES = json.loads(example_values(expand(order=1)).to_json())


@pytest.mark.parametrize("hostile", HOSTILE[:-2])
def test_a_setting_made_by_hand_stays_words_in_every_artefact(hostile):
    terms, summed = expand(order=1).terms, resum(order=2)
    changed, harmless = Setting.named(hostile, hostile, hostile), Setting.named("mine", "mine", "mine")
    slow = ("jax", "torch", "html")
    both = (Series(terms, 1, setting=changed), Series(terms, 1, setting=harmless))
    run_every_artefact(*both, [name for name in ARTEFACTS if name not in slow])
    assert program(_resummed(summed, changed)) == program(_resummed(summed, harmless))


@pytest.mark.parametrize("hostile", [HOSTILE[0], HOSTILE[10]])
def test_a_setting_made_by_hand_stays_words_in_every_library_and_on_pages(hostile):
    terms = expand(order=1).terms
    series, harmless = (Series(terms, 1, setting=Setting.named(word, word, word)) for word in (hostile, "mine"))
    run_every_artefact(series, harmless)


def _resummed(resummed, setting):
    return generate_resummed(type(resummed)(resummed.terms, resummed.truncation, setting, resummed.steps))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_words_that_name_something_are_refused(hostile):
    series = expand(order=1)
    checks = [
        lambda: symbol_name(hostile),
        lambda: Coefficient(hostile),
        lambda: Coefficient.symbol(hostile),
        lambda: series.subs(T=hostile),
        lambda: Request(steps=hostile),
        lambda: Request(schedule=(hostile,)),
        lambda: Request(observable=hostile),
        lambda: parse_setting(f"sgd:scale={hostile}"),
        lambda: Notation(loss=hostile),
        lambda: Notation(sizes={"T": hostile}),
        lambda: Notation.parse(f"l={hostile}"),
        lambda: Typesetting(label=hostile),
        lambda: generate_law(hostile, Coefficient("T").as_expr(), "title"),
        lambda: series.kernel(hostile),
        lambda: Latex(hostile + r"\input{x}"),
        lambda: Markup(hostile + "<script>"),
        lambda: Code(hostile + "'"),
    ]
    for number, check in enumerate(checks):
        with pytest.raises((ValueError, KeyError)) as caught:
            check()
        assert number in (6, 7, 13) or len(str(caught.value)) <= 300, number


@pytest.mark.parametrize(
    "command", ["InputIfFileExists", "renewcommand", "scantokens", "openin", "csname", "url", "href", "foo"]
)
def test_symbols_in_latex_hold_listed_commands_alone(command):
    for symbol in (rf"\{command}", rf"\mathrm{{\{command} x}}", rf"\hat\{command}"):
        with pytest.raises(ValueError, match="is not a symbol in LaTeX"):
            Notation.parse(f"l={symbol}")
        with pytest.raises(ValueError, match="is not a symbol in LaTeX"):
            Notation(loss=symbol)
    with pytest.raises(ValueError, match="is no command"):
        Latex(rf"\{command}{{x}}")


def test_listed_commands_are_letters_fonts_accents_and_spaces():
    for symbol in (r"\ell", r"\hat{\mathcal{L}}_{x}", r"\boldsymbol\theta^{(t)}", r"\mathrm{tr}\,C'", r"\bar g", "|x|"):
        assert Notation(loss=symbol).loss == symbol
    readers = {"input", "include", "read", "write", "openin", "openout", "special", "catcode", "def", "let", "csname"}
    assert not SYMBOL_COMMANDS & readers
    for symbol in ("{" * 20 + "x" + "}" * 20, "}{", "{", "x" * 81, "", "%", "^^41"):
        with pytest.raises(ValueError, match="is not a symbol in LaTeX"):
            Notation(loss=symbol)
    with pytest.raises(ValueError, match="too long"):
        Notation.parse(",".join(f"x{k}=y" for k in range(1000)))


# names that mean something inside a module: each works or is refused, and none is wrong
TAKEN = (
    "self Fraction range symbols np numpy float int isinstance ValueError sum exact name value math print given run steps "
    "c e x0 x i1 pi E"
)


@pytest.mark.parametrize("name", TAKEN.split())
def test_symbols_named_like_what_a_module_uses(name):
    import sympy

    derivatives = [np.zeros(2), np.array([[1.0], [-1.0]]), np.array([[2.0]])]
    plain, summed = expand(order=2, batch_size=1), resum(order=2)
    size = sympy.Symbol(name)
    law = sympy.Matrix([[sympy.exp(size) * size**2 / (1 + sympy.exp(size)) + sympy.sqrt(1 + sympy.exp(size))]])
    known = {}
    exec(generate_law("f", law.subs(size, sympy.Symbol("h")), "a law"), known)  # noqa: S102 - our own module
    cases = [
        (plain.kernel()(derivatives, 0.1, T=7), lambda: plain.subs(T=name).kernel()(derivatives, 0.1, **{name: 7})),
        (
            ResummedKernel(summed)(derivatives, 0.1, steps=7, B=3),
            lambda: ResummedKernel(summed.subs(B=name))(derivatives, 0.1, steps=7, **{name: 3}),
        ),
        (known["f"](h=1.0), lambda: _law(law)(**{name: 1.0})),
    ]
    for expected, computed in cases:
        found = made(computed)
        if found is not None:
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def _law(law):
    module = {}
    exec(generate_law("f", law, "a law"), module)  # noqa: S102 - our own module
    return module["f"]


def test_a_law_of_functions_without_a_formula_is_refused():
    import sympy

    with pytest.raises(ValueError, match="function without a formula"):
        generate_law("f", sympy.Function("exec")(sympy.Symbol("x")), "a law")


@pytest.mark.parametrize("hostile", HOSTILE[:-2])
def test_words_about_values_and_captions_stay_words(hostile):
    series = expand(order=1)
    read = made(lambda: read_values(json.dumps(VALUES | {"about": hostile, "more": hostile}), series))
    if read is not None:
        assert page(write_page(series, values=read)) == page(write_page(series))
    by_hand = DiagramValues(hostile, VALUES["values"])
    assert page(write_page(series, values=by_hand)) == page(write_page(series))
    captions = [hostile.translate({0: None}), "b"]
    assert picture(diagrams_to_svg(series.diagrams(), captions=captions)) == picture(diagrams_to_svg(series.diagrams()))
    known = commands(diagrams_to_tikz(series.diagrams()))
    words = diagrams_to_tikz(series.diagrams(), captions=captions)
    assert set(COMMANDS.findall(words)) <= known | {rf"\text{word}" for word in ESCAPES} | {r"\cdot"}
    with pytest.raises(ValueError, match="name of a graph"):
        diagram_to_dot(Diagram(1), name=hostile)
