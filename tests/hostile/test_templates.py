"""Templates, by the values that really reach them."""

import re

import pytest

from sgdsym import Coefficient, expand, resum
from sgdsym.codegen.closed_forms.laws import generate_covariance, generate_law
from sgdsym.codegen.closed_forms.noise import generate_noise
from sgdsym.codegen.closed_forms.resummed import generate_resummed
from sgdsym.render.commands import Latex
from sgdsym.report import write_page, write_paper
from sgdsym.sgd import Request
from sgdsym.templating import Code, Markup, Written
from tests.hostile.artefacts import LIBRARIES, Page
from tests.hostile.texts import HOSTILE


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
            "codegen.closed_forms.resummed",
            "codegen.closed_forms.laws",
            "codegen.closed_forms.noise",
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

    texts = {path.name: path.read_text() for path in template_folder().glob("*.jinja")}
    parts = {name for text in texts.values() for name in re.findall(r'include "([^"]+)"', text)}
    pages = {name for name in texts if name.endswith(".html.jinja")}
    # that of whole runs is printed from a trajectory alone
    assert texts.keys() - parts - pages - {"trajectory.py.jinja"} <= printed.keys()
    assert {values["library"] for values in printed["kernel.py.jinja"]} == set(LIBRARIES)
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
