"""Text of coefficients: what it stands for is bounded before it is multiplied out."""

import json
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdsym import Coefficient, Series, compare, expand
from sgdsym.diagrams import Diagram
from sgdsym.series.parsing import parse_arithmetic, read_arithmetic
from sgdsym.sgd import Request

# each is short, and each would take minutes or gigabytes
UNBOUNDED = [
    "((T+1)**100)**100",
    "(T+B+N+E)**1000",
    "(a+b+c+d)**300",
    "1/(T**997+T+1)",
    "*".join(f"(a{k}+b{k})" for k in range(25)),
    "*".join(f"(T+{k})**40*(B+{k})**40" for k in range(25)),
    "+".join(f"1/(a{k}+1)" for k in range(25)),
    "(T+1)**1000/(T+1)**1000",
    "(T**1000*B+1)/(T-B-1)",
    "1/((a+b+c+d+e+f)**9+1)",
    "9**9**9",
    "2**(10**9*T)",
    "mu**(T+10**9)",
    "T**(10**9)",
    "1/T**(10**9)",
    "1" * 5000,
    "(" * 5000 + "T" + ")" * 5000,
    "-" * 5000 + "T",
]
# long or deep, but no work: these have the right value
BOUNDED = [
    ("+".join(f"{k}*T" for k in range(1, 900)), f"{899 * 450}*T"),
    ("*".join(f"(T+{k})/(T+{k})" for k in range(10)), "1"),
    ("(T+1)**20/(T+1)**18", "T**2+2*T+1"),
    ("1/(T**24+T+1)*(T**24+T+1)", "1"),
    ("(" * 20 + "T" + ")" * 20, "T"),
    ("T**1000*T**-1000", "1"),
    ("-T**2", "0-T*T"),
    ("2**-1", "1/2"),
    ("T/2*4/T", "2"),
    ("mu**(2*T)*mu**T", "mu**(3*T)"),
    ("1/mu**(40*T)", "mu**(-40*T)"),
]


def limited(code, *arguments):
    """Seconds and megabytes of a process that imports the package and then runs ``f(argument)`` for each; one line each."""
    script = (
        "import json, sys, time\n"
        "from sgdsym import Coefficient, Series\n"
        f"{code}\n"
        "for argument in json.load(sys.stdin):\n"
        "    start = time.process_time()\n"
        "    try:\n"
        "        found = f(argument) or 'done'\n"
        "    except ValueError as error:\n"
        "        found = str(error)\n"
        "    print(json.dumps([time.process_time() - start, found]))\n"
        # the peak that getrusage knows begins with that of the process which started this one
        "peak = [line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')]\n"
        "print(float(peak[0]) / 1024)\n"
    )
    run = [sys.executable, "-c", script]
    lines = subprocess.run(
        run, input=json.dumps(arguments), capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    return [json.loads(line) for line in lines[:-1]], float(lines[-1])


def test_short_text_of_long_coefficients_is_refused_at_once():
    answers, megabytes = limited("f = lambda text: Coefficient.parse(text) and None", *UNBOUNDED)
    for text, (seconds, answer) in zip(UNBOUNDED, answers, strict=True):
        assert seconds < 1, (text[:60], seconds)
        assert answer.startswith("not plain arithmetic"), (text[:60], answer)
        assert len(answer) <= 300
        assert "\n" not in answer
    assert megabytes < 200


@pytest.mark.parametrize(("text", "same"), BOUNDED)
def test_long_text_of_short_coefficients_has_its_value(text, same):
    assert Coefficient.parse(text) == Coefficient.parse(same)


expressions = st.recursive(
    st.one_of(st.integers(0, 9).map(str), st.sampled_from("xy")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map("({0[0]}){0[1]}({0[2]})".format),
        st.tuples(inner, st.sampled_from("+-*"), inner).map("{0[0]}{0[1]}{0[2]}".format),
        st.tuples(inner, st.integers(-2, 3)).map("({0[0]})**{0[1]}".format),
        inner.map("-{}".format),
    ),
    max_leaves=8,
)


@given(expressions)
def test_text_means_what_it_means_to_python(text):
    """At two points the value is that of Python's own parser; where that divides by zero or refuses, so do we."""
    for x, y in ((Fraction(3, 2), Fraction(-5, 7)), (Fraction(11, 13), Fraction(2))):
        values = {"x": x, "y": y}
        numbered = "".join(f"Fraction({c})" if c.isdigit() else c for c in text)
        # exponents stay integers
        for k in range(10):
            numbered = numbered.replace(f"**Fraction({k})", f"**{k}").replace(f"**-Fraction({k})", f"**-{k}")
        try:
            expected = eval(numbered, {"Fraction": Fraction}, dict(values))  # noqa: S307 - text of our own strategy
        except ZeroDivisionError:
            with pytest.raises(ValueError, match="arithmetic"):
                read_arithmetic(text, Fraction, values.__getitem__, pow)
        else:
            assert read_arithmetic(text, Fraction, values.__getitem__, pow) == expected


@pytest.mark.parametrize(
    "text", ["1 2", "2T", "T 2", "()", "T+", "*T", "T**", "(T", "T)", "T..", "é", "１", "T\0", "_T"]
)
def test_text_that_is_no_arithmetic(text):
    with pytest.raises(ValueError, match=r"not plain arithmetic|cannot name a symbol"):
        Coefficient.parse(text)


def test_trees_have_the_precedence_of_python():
    assert parse_arithmetic("-x**-2*y") == parse_arithmetic("(-(x**(-2)))*y")
    assert parse_arithmetic("x-y-2") == parse_arithmetic("x - y - 2") != parse_arithmetic("x-(y-2)")


def document(nodes, edges, blocks, coefficient="1", **fields):
    diagram = {"nodes": nodes, "edges": edges, "blocks": blocks, "root": None}
    head = {"observable": "test-loss", "dynamics": "sgd", "sampling": "online", "basis": "cumulant", "order": 11}
    terms = [{"order": len(edges), "coefficient": coefficient, "diagram": diagram}]
    return json.dumps({"format": "sgdsym-series/1", **head, "symbols": [], "terms": terms} | fields)


def star(size):
    return [(0, v) for v in range(1, size + 1)]


def pairs(count):
    """A node with so many neighbours that have one more each: any of them may change places."""
    return [edge for k in range(count) for edge in ((0, 2 * k + 1), (2 * k + 1, 2 * k + 2))]


def test_files_of_huge_or_symmetric_diagrams_are_refused_at_once():
    texts = [
        document(10**9, [], []),
        document(41, star(40), [list(range(41))]),
        document(41, star(40), [list(range(1, 41))]),
        document(41, pairs(20), [[1, 2]]),
        document(41, pairs(20), [[2 * k + 1, 2 * k + 2] for k in range(20)]),
        document(2, [[0, 1]], [], order=10**9),
        *(document(2, [[0, 1]], [], coefficient=text) for text in UNBOUNDED),
        "[" * 100_000,
        '{"format": ' * 5000,
        document(2, [[0, 1]], []).replace('"nodes": 2', '"nodes": ' + "9" * 5000),
    ]
    answers, megabytes = limited("f = lambda text: Series.from_json(text) and None", *texts)
    for text, (seconds, answer) in zip(texts, answers, strict=True):
        assert seconds < 1, (text[:200], seconds)
        assert answer.startswith(("not a series: ", "not JSON: ")), (text[:200], answer)
        assert len(answer) <= 300
        assert "\n" not in answer
    assert megabytes < 200


def test_diagrams_that_nobody_can_go_through_are_refused_in_python_too():
    with pytest.raises(ValueError, match="up to 100 of them, not 1000000000"):
        Diagram(10**9)
    with pytest.raises(ValueError, match="symmetries is out of reach"):
        Diagram(41, pairs(20), [(1, 2)])
    with pytest.raises(ValueError, match=r"can be split in 1.6e[+]35 ways"):
        Series({Diagram(41, star(40), [range(1, 41)]): Coefficient(1)}, 40).as_moments()


@pytest.mark.parametrize(
    "make",
    [
        lambda: compare("sgd:scale=(a+b+c+d)**300", "sde"),
        lambda: compare("sgd:scale=(a+b+c+d)**9", "sde"),
        lambda: compare("sgd:scale=1/(a+b+c+d)**9", "sde"),
        lambda: Request(momentum=Fraction(1, 10**999)),
        lambda: Request(steps=10**999),
        lambda: Request(schedule=tuple(f"w{k}" for k in range(60))),
        lambda: Request(schedule=("w", Fraction(1, 10**99))),
    ],
)
def test_numbers_and_factors_that_make_long_coefficients_are_refused(make):
    with pytest.raises(ValueError, match=r"large|digits|terms|size") as caught:
        make()
    assert len(str(caught.value)) <= 300


# of high degree, with long numbers, and over a high power: each took minutes to factorise
@pytest.mark.parametrize("text", ["T**997 + T + 1", "T/10**900 + B/7**900 + 1", "1/(a+b+c+d)**300", "3*T**200"])
def test_polynomials_too_large_to_factorise_are_printed_as_they_are(text):
    series = Series({Diagram(2, [(0, 1)]): Coefficient(text)}, 1)
    for printed in (series.to_text(), series.latex()):
        assert len(printed) < 6000
    assert Series.from_json(series.to_json()) == series


def test_long_coefficients_have_kernels():
    text = "+".join(f"{k + 1}*T**{k % 50}*B**{k // 50}" for k in range(1200))
    series = Series({Diagram(1): Coefficient(text)}, 0)
    exact = series.subs(T=2, B=3).terms[Diagram(1)].as_fraction()
    assert series.kernel(unbiased=False)([[1.0]], 0.1, T=2, B=3) == float(exact)


def test_what_is_derived_is_read_again():
    for request in ({"order": 3, "momentum": "mu", "nesterov": True, "sampling": "replace"}, {"order": 5}):
        series = expand(**request)
        assert Series.from_json(series.to_json()).terms == series.terms
