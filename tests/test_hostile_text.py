"""Text from outside stays text: whatever a field holds, nothing of it is executed, opened or fetched.

Every field of every file and option is given text that would close a docstring, a string, a comment, an element, a command.  It is
refused in one line, or it stands in the artefact as text: the program, the markup, the commands are those of harmless text.
"""

import ast
import base64
import builtins
import copy
import hashlib
import json
import re
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from sgdsym import Coefficient, Notation, Series, expand, resum
from sgdsym.cli import main
from sgdsym.codegen.laws import generate_covariance, generate_law
from sgdsym.codegen.noise import generate_noise
from sgdsym.codegen.resummed import ResummedKernel, generate_resummed
from sgdsym.diagrams import Diagram
from sgdsym.render import Typesetting, diagram_to_dot, diagrams_to_svg, diagrams_to_tikz, series_to_table
from sgdsym.render.commands import SYMBOL_COMMANDS, Latex
from sgdsym.report import DiagramValues, read_values, write_page, write_paper
from sgdsym.report.values import example_values
from sgdsym.series import Setting, symbol_name
from sgdsym.sgd import Request, parse_setting
from sgdsym.sgd.resummation.exchange import read_resummed, write_resummed
from sgdsym.templating import Code, Markup, Written

HOSTILE = [
    '"""\nimport builtins\nbuiltins.hostile = 1\n"""',
    "'''\nimport builtins\nbuiltins.hostile = 1\n'''",
    '"); import builtins; builtins.hostile = 1 #',
    '\\"""\nimport builtins; builtins.hostile = 1\n"""',
    "__import__('builtins').__dict__.update(hostile=1)",
    "online\nimport builtins; builtins.hostile = 1",
    "online\r\rimport builtins",
    "online\u2028import builtins",
    "{{ 7 * 7 }}{% for x in [].__class__.__mro__ %}{% endfor %}",
    r"\VAR{7}\BLOCK{ for x in y }",
    "</title></script><script>window.hostile = 1</script>",
    '"><img src="https://example.invalid/x" onerror="hostile()">',
    "]]><x/>",
    r"\input{/etc/passwd}\immediate\write18{touch hostile}",
    "^^5cinput{/etc/passwd}",
    "% \n\\input{/etc/passwd}",
    '"]; node [URL="https://example.invalid"]; x [label="',
    "\0\x1b[31m\ud800",
    "x" * 20_000,
]
OTHERS = [None, True, 1.5, -1, 10**40, 1e999, [], {}, [[[[]]]], {"nodes": 1}]
COMMANDS = re.compile(r"\\[A-Za-z]+")


seen = []
watching = [False]


def _watch(event, arguments):
    if watching[0] and (event in FOREIGN or (event == "open" and re.search("passwd|invalid", str(arguments[0])))):
        seen.append((event, arguments))


FOREIGN = {
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "subprocess.Popen",
    "socket.connect",
    "socket.getaddrinfo",
    "urllib.Request",
}


@pytest.fixture(scope="module", autouse=True)
def _watched():
    """What the interpreter is asked to open, start or reach; its hooks stay, so this one is switched."""
    sys.addaudithook(_watch)
    watching[0] = True
    yield
    watching[0] = False


@pytest.fixture(autouse=True)
def _nothing_happens():
    yield
    assert not hasattr(builtins, "hostile")
    assert not seen


def check_one_line(error):
    text = str(error)
    assert 0 < len(text) <= 300, text
    assert not re.search(r"[\n\r\u2028\0\x1b\ud800]", text), text


def made(make):
    """What is made, or nothing where one line refuses it."""
    try:
        return make()
    except ValueError as error:
        check_one_line(error)
        return None


# what artefacts are made of, whatever words stand in them


def program(source):
    """The syntax tree of a module without its docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


class Page(HTMLParser):
    """The elements of a page with the names of their attributes, and its scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.links, self.policy = [], [], set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, tuple(name for name, _ in attributes)))
        given = dict(attributes)
        self.links |= {given[name] for name in ("href", "src", "action", "xlink:href") if name in given}
        self.policy = given.get("content", "") if "http-equiv" in given else self.policy

    def handle_data(self, data):
        if self.elements and self.elements[-1] == ("script", ()) and self.lasttag == "script":
            self.scripts.append(data)


def page(text):
    """What a page is made of; its one script is the one that its policy allows, and nothing is fetched."""
    found = Page(text)
    assert found.links <= {"data:,", "#terms"}
    (script,) = found.scripts[:1]
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in found.policy
    assert not any(name.startswith("on") for _, names in found.elements for name in names)
    return found.elements


def picture(text):
    return [element.tag for element in ElementTree.fromstring(text).iter()]  # noqa: S314 - our own text


def commands(text):
    assert "^^" not in text
    return set(COMMANDS.findall(text))


def graph(text):
    return re.sub(r'"[^"]*"', '""', text)


ARTEFACTS = {
    "numpy": (lambda s: s.kernel().source, program),
    "jax": (lambda s: s.kernel("jax").source, program),
    "torch": (lambda s: s.kernel("torch").source, program),
    "html": (write_page, page),
    "latex": (lambda s: s.latex(document=True), commands),
    "text": (lambda s: s.to_text(), len),
    "table": (series_to_table, len),
    "svg": (lambda s: diagrams_to_svg(s.diagrams()), picture),
    "dot": (lambda s: "".join(map(diagram_to_dot, s.diagrams())), graph),
    "tikz": (lambda s: diagrams_to_tikz(s.diagrams(), document=True), commands),
}
LIBRARIES = {"numpy": "numpy", "jax": "jax", "torch": "torch"}


def run_every_artefact(series, harmless, names=tuple(ARTEFACTS)):
    """Make the artefacts of a series and compare them with those of harmless words."""
    for name in names:
        write, made_of = ARTEFACTS[name]
        if name in LIBRARIES:
            pytest.importorskip(LIBRARIES[name])
        found, expected = made_of(write(series)), made_of(write(harmless))
        if name == "latex":
            # words are escaped by these
            assert found <= expected | {rf"\text{word}" for word in _ESCAPES} | {r"\text", r"\cdot"}, name
        else:
            assert found == expected, name


_ESCAPES = ("backslash", "asciitilde", "asciicircum", "less", "greater", "bar")


def leaves(data, path=()):
    """The places of all values in nested lists and objects, the containers too."""
    yield path
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield from leaves(value, (*path, key))


def with_value(data, path, value):
    changed = copy.deepcopy(data)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


SERIES = json.loads(expand(order=1).to_json())
FUNCTION = json.loads(expand(order=1, observable="function", sampling="replace").to_json())
RESUMMED = json.loads(write_resummed(resum(order=2)))
STATIONARY = json.loads(write_resummed(resum(order=2, steps=5).at_infinity()))
# nobody reads these: they say again what the terms hold
UNREAD = {"symbols"}


@pytest.mark.parametrize("data", [SERIES, FUNCTION], ids=["test-loss", "function"])
def test_no_field_of_a_series_is_anything_but_what_it_may_be(data):
    for path in leaves(data):
        if not path or path[0] in UNREAD:
            continue
        for value in HOSTILE + OTHERS:
            text = json.dumps(with_value(data, path, value))
            if (series := made(lambda text=text: Series.from_json(text))) is not None:
                # another way to write the same, such as no root, or other blocks; never words
                assert not isinstance(value, str), (path, value)
                assert series.setting in (Setting(), Setting("function", "sgd", "replace"))
                run_every_artefact(series, series, ["numpy", "text"])
    for name in UNREAD:
        text = json.dumps(data | {name: HOSTILE, HOSTILE[0]: HOSTILE[0]})
        assert Series.from_json(text) == Series.from_json(json.dumps(data))


@pytest.mark.parametrize("data", [RESUMMED, STATIONARY], ids=["discrete", "stationary"])
def test_no_field_of_a_resummed_series_is_anything_but_what_it_may_be(data):
    for path in leaves(data):
        if not path or path[0] in UNREAD:
            continue
        for value in [HOSTILE[0], HOSTILE[4], HOSTILE[-1], *OTHERS]:
            text = json.dumps(with_value(data, path, value))
            if (resummed := made(lambda text=text: read_resummed(text))) is not None:
                assert not isinstance(value, str), (path, value)
                ast.parse(generate_resummed(resummed))


@pytest.mark.parametrize("hostile", HOSTILE[:-2])
def test_a_setting_made_by_hand_stays_words_in_every_artefact(hostile):
    terms, summed = expand(order=1).terms, resum(order=2)
    changed, harmless = Setting(hostile, hostile, hostile), Setting("mine", "mine", "mine")
    slow = ("jax", "torch", "html")
    both = (Series(terms, 1, setting=changed), Series(terms, 1, setting=harmless))
    run_every_artefact(*both, [name for name in ARTEFACTS if name not in slow])
    assert program(_resummed(summed, changed)) == program(_resummed(summed, harmless))


@pytest.mark.parametrize("hostile", [HOSTILE[0], HOSTILE[10]])
def test_a_setting_made_by_hand_stays_words_in_every_library_and_on_pages(hostile):
    terms = expand(order=1).terms
    series, harmless = (Series(terms, 1, setting=Setting(word, word, word)) for word in (hostile, "mine"))
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
    "self Fraction range symbols np numpy float int sum exact name value math print given run steps c e x0 x i1 pi E"
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


VALUES = json.loads(example_values(expand(order=1)).to_json())


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
    assert set(COMMANDS.findall(words)) <= known | {rf"\text{word}" for word in _ESCAPES} | {r"\cdot"}
    with pytest.raises(ValueError, match="name of a graph"):
        diagram_to_dot(Diagram(1), name=hostile)


def test_values_that_are_no_numbers_are_refused():
    names = [path for path in leaves(VALUES["values"]) if path]
    for value in (*HOSTILE, None, True, 1e999, [], {}, [[1.0]]):
        changed = [VALUES | {"values": with_value(VALUES["values"], path, value)} for path in names]
        for data in (*changed, VALUES | {"values": value}, VALUES | {"format": value}):
            with pytest.raises(ValueError, match=r"value|number|not JSON") as caught:
                read_values(json.dumps(data), expand(order=1))
            check_one_line(caught.value)


# the templates, by the values that really reach them


@pytest.fixture(scope="module")
def printed():
    """By template the values that it was given while every kind of artefact was made."""
    from sgdsym import templating

    calls = {}
    original = templating.render

    def spy(name, /, **values):
        calls.setdefault(name, []).append(values)
        return original(name, **values)

    with pytest.MonkeyPatch.context() as patch:
        for module in (
            "codegen.module",
            "codegen.resummed",
            "codegen.laws",
            "codegen.noise",
            "report.page",
            "report.paper",
        ):
            patch.setattr(f"sgdsym.{module}.render", spy)
        series = expand(order=2, observable="function")
        write_page(series, request=Request(order=2, observable="function"))
        write_paper(Request(order=2, momentum="mu"))
        generate_resummed(resum(order=2))
        generate_law("f", Coefficient("T/2").as_expr(), "a law")
        generate_covariance([[2]], [[1]], 0.5, 0.1, [[1]])
        generate_noise([[1], [2]])
        for library in LIBRARIES:
            from sgdsym.codegen import generate

            generate(series, library)
    return calls


def strings(value, path=()):
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from strings(entry, (*path, key))
    elif isinstance(value, list | tuple):
        for place, entry in enumerate(value):
            yield from strings(entry, (*path, place))


def exchanged(value, path, new):
    if not path:
        return new
    if isinstance(value, dict):
        return value | {path[0]: exchanged(value[path[0]], path[1:], new)}
    entries = list(value)
    entries[path[0]] = exchanged(entries[path[0]], path[1:], new)
    return type(value)(entries) if isinstance(value, list) else tuple(entries)


def test_every_template_of_code_refuses_hostile_text_in_every_place(printed):
    from sgdsym.templating import render, template_folder

    whole = {
        path.name
        for path in template_folder().glob("*.jinja")
        if "{% extends" in path.read_text() or "VAR" in path.read_text()
    }
    assert whole <= {*printed, "kernel.py.jinja"}
    assert len(printed) >= 9
    tried = 0
    for name, calls in printed.items():
        if name.endswith(".html.jinja"):
            continue
        for values in calls:
            places = list(strings(values))
            for place in places[:: max(1, len(places) // 60)]:
                for hostile in HOSTILE[:-1]:
                    with pytest.raises(ValueError, match="only numbers, plain words and checked text"):
                        render(name, **exchanged(values, place, hostile))
                    tried += 1
    assert tried > 2000


def test_every_string_of_a_page_is_escaped_unless_it_is_checked_markup(printed):
    from sgdsym.templating import render

    ((values,),) = [calls for name, calls in printed.items() if name.endswith(".html.jinja")]
    expected = Page(render("report.html.jinja", **values)).elements
    hostile = HOSTILE[10] + HOSTILE[11]
    for place in strings(values):
        if place[0] not in ("script", "script_hash"):
            changed = Page(render("report.html.jinja", **exchanged(values, place, hostile)))
            plain = Page(render("report.html.jinja", **exchanged(values, place, "words")))
            assert [e for e in changed.elements if e[0] in ("script", "img")] == [
                e for e in plain.elements if e[0] == "script"
            ], place
    assert expected


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (Code, ['"""', "a\\\n", "x.__class__", "'a'", '"a""b"', 'f("a\'")', "# '", "x\ry", '"a\nb"', "é"]),
        (Latex, [r"\input{x}", r"\write18", "^^5c", "a\rb", r"\catcode"]),
        (
            Markup,
            ["<script>", "<b onclick='x'>", '<svg onload="x">', '<g href="x"/>', "<", "a > b", "<!-- -->", "<iframe/>"],
        ),
    ],
)
def test_written_text_checks_itself(kind, texts):
    assert kind in Written.__subclasses__()
    for text in texts:
        with pytest.raises(ValueError, match=r"is no|written as such"):
            kind(text)


# the command line: csv, npy, names of files, options


def test_no_option_or_file_of_numbers_is_more_than_numbers(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, hostile in enumerate(HOSTILE[:-2]):
        table = tmp_path / f"table{number}.csv"
        table.write_text(hostile, encoding="utf-8", errors="replace")
        array = tmp_path / f"array{number}.npy"
        array.write_bytes(b"\x93NUMPY\x01\x00" + hostile.encode(errors="replace"))
        values = tmp_path / "values.json"
        values.write_text(hostile, encoding="utf-8", errors="replace")
        for words in (
            ["stationary", "covariance", "--hessian", str(table), "--noise", "1"],
            ["stationary", "covariance", "--hessian", str(array), "--noise", "1"],
            ["stationary", "covariance", "--hessian", hostile, "--noise", "1", "--format", "numpy"],
            ["stationary", "noise", "--gradients", hostile, "--batch-size", "1"],
            ["expand", "--order", "1", "--format", "html", "--values", str(values)],
            ["expand", "--order", "1", "--steps", hostile],
            ["expand", "--order", "1", "--momentum", hostile],
            ["expand", "--order", "1", "--schedule", hostile],
            ["expand", "--order", "1", "--format", "latex", "--notation", f"l={hostile}"],
            ["expand", "--order", "1", "--format", "latex", "--label", hostile],
            ["paper", "--order", "1", "--batch-size", hostile],
            ["compare", f"sgd:scale={hostile}", "sde", "--order", "1"],
        ):
            assert main(words) != 0, words
            assert capsys.readouterr().out == ""
    pickled = tmp_path / "objects.npy"
    np.save(pickled, np.array([{"hostile": 1}], dtype=object), allow_pickle=True)
    assert main(["stationary", "covariance", "--hessian", str(pickled), "--noise", "1"]) != 0
    assert {re.sub(r"[0-9]*\..*", "", path.name) for path in tmp_path.iterdir()} == {
        "table",
        "array",
        "values",
        "objects",
    }


@pytest.mark.parametrize(
    "name", ['a"""b.py', "a;touch hostile.py", "$(touch hostile).py", "a\nb.py", "</script>.py", r"\input{x}.py"]
)
def test_the_name_of_a_file_is_not_in_the_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "there"
    folder.mkdir()
    for suffix in (".py", ".html", ".tex", ".svg", ".dot", ".tikz", ".json"):
        odd, plain = folder / name.replace("/", "_").replace(".py", suffix), tmp_path / f"plain{suffix}"
        assert main(["expand", "--order", "1", "--output", str(odd)]) == 0
        assert main(["expand", "--order", "1", "--output", str(plain)]) == 0
        assert odd.read_bytes() == plain.read_bytes()
    assert {path.suffix for path in tmp_path.glob("hostile*")} == set()
