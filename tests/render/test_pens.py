"""The pens on one sheet of all diagrams to order 5: what SVG and TikZ say is read back and measured."""

import math
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

import pytest

from sgdsym.diagrams import Diagram, grow
from sgdsym.render import (
    ATLASES,
    diagram_to_dot,
    diagram_to_image,
    diagram_to_svg,
    diagram_to_tikz,
    diagrams_to_svg,
    diagrams_to_tikz,
    save_picture,
)
from sgdsym.render.drawing import PALETTE

GROWN = [diagram for layer in grow(5) for diagram in layer.diagrams]
NODE, CAPSULE = 5.0, 8.5
LETTER, ASCENT, DESCENT = 0.61, 0.8, 0.25  # of a monospace font, in font sizes
SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Sheet:
    """What a sheet says: nodes, capsules with their colour, curves, and words with their size."""

    nodes: list
    capsules: list
    curves: list
    words: list

    @property
    def boxes(self):
        """The rectangles that captions and headings take."""
        for text, x, y, size, centred in self.words:
            width = LETTER * size * len(text)
            left = x - width / 2 if centred else x
            yield left, y - ASCENT * size, left + width, y + DESCENT * size


def svg_sheet():
    root = ElementTree.fromstring(diagrams_to_svg(GROWN))  # noqa: S314 - our own text
    sheet = Sheet([], [], [], [])
    for text in root.findall(f"{SVG}text"):
        place = (float(text.get("x")), float(text.get("y")), float(text.get("font-size")))
        sheet.words.append((text.text, *place, text.get("text-anchor") == "middle"))
    for group in root.findall(f"{SVG}g"):
        dx, dy = map(float, re.findall(r"[-\d.]+", group.get("transform")))
        for circle in group.findall(f"{SVG}circle"):
            sheet.nodes.append((float(circle.get("cx")) + dx, float(circle.get("cy")) + dy))
        for path in group.findall(f"{SVG}path"):
            if path.get("stroke") in PALETTE:
                sheet.capsules.append((points_of(path.get("d"), dx, dy), PALETTE.index(path.get("stroke"))))
            elif path.get("stroke") != "#FFFFFF":
                sheet.curves.append(curve_of(path.get("d"), dx, dy))
    return sheet


def points_of(text, dx, dy):
    numbers = [float(n) for n in re.findall(r"-?[\d.]+", text)]
    return [(x + dx, y + dy) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


def curve_of(text, dx, dy):
    """The corners of an SVG path of the kinds M, H and C."""
    points = []
    for command, arguments in re.findall(r"([MHC])([^MHC]*)", text):
        if command == "H":
            points.append((float(arguments) + dx, points[-1][1]))
        else:
            points += points_of(arguments, dx, dy)
    return points


def tikz_sheet():
    sheet = Sheet([], [], [], [])
    for line in diagrams_to_tikz(GROWN).splitlines():
        numbers = [float(n) for pair in re.findall(r"\((-?[\d.]+),(-?[\d.]+)\)", line) for n in pair]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if "circle" in line:
            sheet.nodes += points
        elif line.startswith(r"\node"):
            text = line[line.index(r"family ") + 7 : -2]
            size = 10 * float(re.search(r"scale=([\d.]+)", line)[1])
            sheet.words.append((text, *points[0], size, "base," in line))
        elif match := re.match(r"\\draw\[sgdblock(\w),", line):
            sheet.capsules.append((points, "abcdef".index(match[1])))
        elif line.startswith(r"\draw[sgdink"):
            sheet.curves.append(points)
    return sheet


@pytest.fixture(scope="module", params=[svg_sheet, tikz_sheet], ids=["svg", "tikz"])
def sheet(request):
    return request.param()


def test_both_pens_draw_the_same_sheet():
    first, second = svg_sheet(), tikz_sheet()
    assert len(first.nodes) == sum(diagram.nodes for diagram in GROWN)
    assert len(first.curves) == sum(diagram.order for diagram in GROWN)
    assert_near(first.nodes, second.nodes)
    assert [colour for _, colour in first.capsules] == [colour for _, colour in second.capsules]
    for (points, _), (others, _) in zip(first.capsules, second.capsules, strict=True):
        assert_near(points, others)
    for points, others in zip(first.curves, second.curves, strict=True):
        assert_near(points, others)
    assert [word[0] for word in first.words] == [word[0] for word in second.words]


def assert_near(points, others):
    assert all(math.dist(p, q) < 0.03 for p, q in zip(points, others, strict=True))


def test_nodes_and_blocks_are_apart(sheet):
    assert min(math.dist(p, q) for p, q in combinations(sheet.nodes, 2)) > 2 * NODE + 2
    assert len(sheet.capsules) == sum(len(block) > 1 for diagram in GROWN for block in diagram.blocks)
    ends = [(points[0], points[-1]) for points, _ in sheet.capsules]
    for (p, q), (r, s) in combinations(ends, 2):
        assert segment_distance(p, q, r, s) > 2 * CAPSULE
    for points, _ in sheet.capsules:
        p, q = points[0], points[-1]
        inside = [v for v in sheet.nodes if segment_distance(p, q, v, v) < CAPSULE + NODE]
        assert sorted(inside) == sorted(points)


def segment_distance(p, q, r, s):
    """Distance of two upright segments."""
    gap = max(0.0, min(q[1], p[1]) - max(r[1], s[1]), min(r[1], s[1]) - max(p[1], q[1]))
    return math.hypot(p[0] - r[0], gap)


def test_words_touch_nothing(sheet):
    boxes = list(sheet.boxes)
    assert len(boxes) == len(GROWN) + 6
    for (left, top, right, bottom), (l2, t2, r2, b2) in combinations(boxes, 2):
        assert right < l2 or r2 < left or bottom < t2 or b2 < top
    marks = [(p, NODE) for p in sheet.nodes] + [(p, CAPSULE) for points, _ in sheet.capsules for p in points]
    marks += [(p, 1.0) for points in sheet.curves for p in points]
    for left, top, right, bottom in boxes:
        for (x, y), radius in marks:
            assert math.hypot(x - min(max(x, left), right), y - min(max(y, top), bottom)) > radius


@pytest.mark.parametrize("kind", ATLASES)
def test_the_atlas_of_order_five_takes_less_than_five_seconds(kind):
    begin = time.process_time()  # of this process, whatever else the machine does
    assert ATLASES[kind]([diagram for layer in grow(5) for diagram in layer.diagrams])
    assert time.process_time() - begin < 5


def test_golden_tikz(golden):
    noise = Diagram(5, [(0, 1), (1, 2), (1, 3), (0, 4)], [(0, 3), (2, 4)])
    golden("tikz_diagram.tex", diagram_to_tikz(noise) + "\n")
    golden("tikz_roots.tex", diagram_to_tikz(Diagram(4, [(0, 1), (2, 3)], [(0, 2), (1,)], [1, 3]), document=True))
    golden("tikz_sheet.tex", diagrams_to_tikz(GROWN[:10], document=True))


DRAW_ALL = """
import hashlib, sys
from sgdsym.diagrams import grow
from sgdsym.render import ATLASES
diagrams = [diagram for layer in grow(5) for diagram in layer.diagrams]
for kind in ("svg", "tikz", "dot"):
    print(kind, hashlib.sha256(ATLASES[kind](diagrams).encode()).hexdigest())
for kind in ("png", "pdf"):
    print(kind, hashlib.sha256(ATLASES[kind](diagrams[:10])).hexdigest())
"""


def test_bytes_are_the_same_in_every_run():
    pytest.importorskip("matplotlib")
    runs = {
        subprocess.run(
            [sys.executable, "-c", DRAW_ALL],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "4711")
    }
    assert len(runs) == 1


def test_images_show_the_colours_of_the_blocks():
    pytest.importorskip("matplotlib")
    import io

    from matplotlib.image import imread

    diagram = Diagram(4, [(0, 1), (0, 2), (0, 3)], [(1, 2)])
    pixels = imread(io.BytesIO(diagram_to_image(diagram, scale=2)))
    svg = ElementTree.fromstring(diagram_to_svg(diagram))  # noqa: S314
    width, height = (round(4 * float(svg.get(side))) for side in ("width", "height"))
    assert pixels.shape[:2] == (height, width)
    for circle in svg.findall(f"{SVG}circle"):
        found = pixels[round(4 * float(circle.get("cy"))), round(4 * float(circle.get("cx"))), :3]
        wanted = [int(circle.get("fill")[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        assert found == pytest.approx(wanted, abs=0.01)
    assert (pixels[0, 0, :3] == 1).all()


@pytest.mark.parametrize("suffix", [".svg", ".tikz", ".tex", ".dot", ".png", ".pdf"])
def test_a_diagram_saves_itself(tmp_path, suffix):
    target = tmp_path / f"picture{suffix}"
    Diagram(3, [(0, 1), (0, 2)], [(1, 2)]).savefig(target, scale=0.5)
    begins = {".svg": b"<svg", ".tikz": b"\\begin{tikz", ".tex": b"\\document", ".dot": b"graph", ".png": b"\x89PNG"}
    assert target.read_bytes().startswith(begins.get(suffix, b"%PDF"))


def test_what_cannot_be_drawn_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"cannot draw into picture\.jpg: end the name in \.svg, \.tikz"):
        save_picture(Diagram(1), tmp_path / "picture.jpg")
    with pytest.raises(ValueError, match="a picture is png or pdf, not 'gif'"):
        diagram_to_image(Diagram(1), "gif")
    with pytest.raises(ValueError, match="pixels is too large"):
        diagram_to_image(Diagram(1), scale=10_000)


def test_without_matplotlib_images_say_what_to_install(monkeypatch):
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(RuntimeError, match=r"need matplotlib: pip install 'sgdsym\[pictures\]'"):
        diagram_to_image(Diagram(1))


def test_a_diagram_draws_itself_with_every_pen():
    diagram = Diagram(3, [(0, 1), (0, 2)], [(1, 2)])
    assert diagram.to_svg() == diagram._repr_svg_() == diagram_to_svg(diagram)
    assert diagram.to_tikz() == diagram_to_tikz(diagram)
    assert diagram.to_dot() == diagram_to_dot(diagram)
