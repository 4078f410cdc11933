"""What artefacts are made of, whatever words stand in them."""

import ast
import base64
import hashlib
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from sgdsym.render import diagram_to_dot, diagrams_to_svg, diagrams_to_tikz, series_to_table
from sgdsym.report import write_page

COMMANDS = re.compile(r"\\[A-Za-z]+")


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
            assert found <= expected | {rf"\text{word}" for word in ESCAPES} | {r"\text", r"\cdot"}, name
        else:
            assert found == expected, name


ESCAPES = ("backslash", "asciitilde", "asciicircum", "less", "greater", "bar")
