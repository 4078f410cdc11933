"""Sympy's code printers on series: names that every language lets through, and the numbers of the interpreter."""

import subprocess
from shutil import which

import pytest
import sympy as sp

from sgdsym import Diagram, expand, interpret
from sgdsym.diagrams import grow
from sgdsym.numeric import interpret_diagram
from sgdsym.report.values import example_tensors
from sgdsym.tensors import Contraction, code_names

REQUESTS = [
    {"order": order, "sampling": sampling, "basis": basis, "observable": observable}
    for order in (1, 2, 3)
    for sampling, observable in (("online", "test-loss"), ("fixed", "generalization-gap"), ("replace", "train-loss"))
    for basis in ("cumulant", "moment")
]
REQUESTS += [{"order": 4}, {"order": 2, "momentum": "mu"}, {"order": 2, "observable": "loss-variance"}]
PRINTERS = (sp.mathematica_code, sp.julia_code, sp.fcode, sp.rust_code, sp.octave_code, sp.jscode, sp.rcode)
NUMBERS = {"eta": 0.1, "T": 6, "N": 6, "B": 3, "E": 3, "mu": 0.25}


@pytest.fixture(scope="module")
def series():
    return [expand(**request) for request in REQUESTS]


def numbers(found, expression):
    """The values of all names in the code of a series, and the series' own value."""
    tensors = example_tensors(found.truncation)
    values = {
        name: float(interpret_diagram(value.diagram, value.basis, tensors))
        for name, value in code_names(expression).items()
    }
    sizes = {name: NUMBERS[name] for name in found.symbols}
    expected = interpret(found.subs(**{name: sp.nsimplify(value) for name, value in sizes.items()}), tensors)
    total = sum(float(part) * NUMBERS["eta"] ** order for order, part in enumerate(expected))
    return {**values, **sizes, "eta": NUMBERS["eta"]}, total


def test_python_code_gives_the_numbers_of_the_interpreter(series):
    assert len(series) >= 20
    for found in series:
        expression = found.as_expr()
        values, expected = numbers(found, expression)
        assert eval(sp.pycode(expression), {}, values) == pytest.approx(expected, rel=1e-9)  # noqa: S307 - our own text
        arguments = [*code_names(expression).values(), *map(sp.Symbol, ("eta", *found.symbols))]
        function = sp.lambdify(arguments, expression)
        given = [*(values[name] for name in code_names(expression)), values["eta"], *(values[n] for n in found.symbols)]
        assert function(*given) == pytest.approx(expected, rel=1e-9)


@pytest.mark.skipif(which("cc") is None, reason="needs a C compiler")
def test_c_code_gives_the_numbers_of_the_interpreter(series, tmp_path):
    lines, wanted = ["#include <math.h>", "#include <stdio.h>", "int main(void) {"], []
    for found in series:
        expression = found.as_expr()
        values, expected = numbers(found, expression)
        wanted.append(expected)
        declared = " ".join(f"double {name} = {float(value)!r};" for name, value in values.items())
        lines.append(f'{{ {declared} printf("%.17g\\n", (double)({sp.ccode(expression)})); }}')
    source = tmp_path / "series.c"
    source.write_text("\n".join([*lines, "return 0; }"]))
    subprocess.run(["cc", str(source), "-o", str(tmp_path / "series"), "-lm"], check=True)  # noqa: S607
    run = subprocess.run([str(tmp_path / "series")], check=True, capture_output=True, text=True)
    assert [float(line) for line in run.stdout.split()] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("printer", PRINTERS, ids=lambda printer: printer.__name__)
def test_every_printer_writes_names(series, printer):
    for found in series:
        expression = found.as_expr()
        text = "".join(printer(expression).split())
        assert all(name in text.replace("@", "").replace("&", "") for name in code_names(expression))


def test_names_are_told_apart_without_case_and_are_short():
    for basis in ("cumulant", "moment"):
        grown = [diagram for layer in grow(4) for diagram in layer.diagrams]
        names = [Contraction(diagram, basis).code_name for diagram in grown]
        assert len({name.lower() for name in names}) == len(names)
        assert all(name.isalnum() and not name[0].isdigit() and len(name) <= 63 for name in names)


def test_only_expressions_have_names():
    with pytest.raises(ValueError, match="expression must be a value of type Basic, not 'tr'"):
        code_names("tr")
    assert code_names(sp.Symbol("x")) == {}
    assert list(code_names(Contraction(Diagram(1)) + 1)) == ["l"]
