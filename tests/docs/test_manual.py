"""The manual has a page for every room, and a place for every public name."""

import importlib
import pkgutil
import sys
from pathlib import Path

import pytest

import sgdsym
from sgdsym.references import REFERENCES

DOCS = Path(__file__).parents[2] / "docs"
# the command line has a page of its own, made from its parser
WITHOUT_PAGE = {"sgdsym.cli"}


@pytest.fixture(scope="module")
def generated():
    """The extension that makes the pages."""
    pytest.importorskip("sphinx")
    sys.path.insert(0, str(DOCS / "_ext"))
    yield importlib.import_module("generated")
    sys.path.remove(str(DOCS / "_ext"))


def test_every_room_has_a_page(generated):
    rooms = {
        f"sgdsym.{module.name}"
        for module in pkgutil.iter_modules(sgdsym.__path__)
        if module.ispkg or module.name in sgdsym.__all__
    }
    top = {room for room in generated.ROOMS if room.count(".") == 1}
    assert rooms - WITHOUT_PAGE == top


def test_every_public_name_is_on_a_page(generated):
    for room in generated.ROOMS:
        try:
            module = importlib.import_module(room)
        except ModuleNotFoundError:
            continue
        page = generated.room_page(room, "")
        for name in module.__all__:
            assert f":: {name}\n" in page or f"{room}.{name}" in page, (room, name)


def test_the_bibliography_has_an_anchor_for_every_work(generated):
    """Sphinx, which takes warnings as errors, sees to it that each key in a docstring leads to one."""
    page = generated.bibliography()
    for work in REFERENCES:
        assert f".. _bib-{work.key.lower()}:\n\n.. [{work.key}] \\{work}" in page
        assert work.identifier in page


def test_the_gallery_shows_the_terms_of_the_series_with_their_signs(generated, tmp_path):
    page = generated._gallery(tmp_path)
    series = sgdsym.expand(order=generated.GALLERY_ORDER)
    shown = [line for line in page.splitlines() if line.startswith("$")]
    assert len(shown) == len(series) == len(list(tmp_path.glob("*.svg")))
    assert [line.startswith("$-") for line in shown] == [c.as_fraction() < 0 for _, c in series.subs(T=9, B=1)]
    assert r"$-T\;\eta\;\cdot\;G^{\top} G$" in shown
    assert r"$\frac{T}{2B}\;\eta^2\;\cdot\;\operatorname{tr}(H C)$" in shown


def test_pages_link_to_pages_that_are_there():
    """Each page but the index is in the list of a folder."""
    for folder in ("howto", "understand"):
        listed = (DOCS / folder / "index.md").read_text(encoding="utf-8").split("```")[1].split("\n\n")[1].split()
        assert sorted(listed) == sorted(path.stem for path in (DOCS / folder).glob("*.md") if path.stem != "index")
