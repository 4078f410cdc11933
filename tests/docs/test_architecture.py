"""The files and folders that ARCHITECTURE.md names are there, and its picture holds every room, in the order that is enforced."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "sgdsym"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
# a path ends as a file or as a folder does
NAMED = re.compile(r"`((?:[A-Za-z_]+/)*[A-Za-z_]*(?:\.(?:py|pyi|js|md|toml|jinja)|/))`")
WORD = re.compile(r"(?:`|\*\*)([a-z_]+(?:/[a-z_]+)*)(?:`|\*\*)")


def places(path):
    """What a path with a folder can mean: below the package, below the repository, or a file of the package that ends so."""
    below = [folder / path for folder in (SOURCE, ROOT) if (folder / path).exists()]
    return below or [found for found in SOURCE.rglob(Path(path).name) if found.as_posix().endswith(f"/{path}")]


def missing(block):
    """The paths of a paragraph, an item or a row that are not there: a bare name stands in a folder that the block names."""
    named = NAMED.findall(block)
    found = {path: places(path) for path in named if "/" in path}
    folders = [SOURCE, *(SOURCE / word for word in WORD.findall(block))]
    folders += [place if place.is_dir() else place.parent for known in found.values() for place in known]
    bare = [path for path in named if "/" not in path]
    lost = [path for path in bare if not any((folder / path).exists() for folder in folders)]
    return [path for path, known in found.items() if not known] + lost


def test_every_file_that_is_named_is_there():
    blocks = re.split(r"\n(?=\n|[*|]|\d+\. )", TEXT)
    assert sum(len(NAMED.findall(block)) for block in blocks) > 60
    assert [path for block in blocks for path in missing(block)] == []


def test_a_file_that_is_gone_is_missed():
    assert missing("The room `series` (`no_such.py`, `series.py`, `sgd/nothing.py`)") == [
        "sgd/nothing.py",
        "no_such.py",
    ]


def test_the_picture_is_the_contract():
    """Row by row, from the top; what stands in the table is in the picture."""
    picture = re.search(r"```\n(cli .*?)```", TEXT, re.DOTALL)[1]
    rows = [
        set(re.findall(r"[a-z]+", line.split("  ")[0])) for line in picture.splitlines() if not line.startswith(" ")
    ]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = [set(re.findall(r"sgdsym\.(\w+)", layer)) for layer in contracts[0]["layers"]]
    assert set.union(*rows) == set.union(*layers)
    order = {room: k for k, row in enumerate(rows) for room in row}
    rows_of = [[order[room] for room in layer] for layer in layers]
    assert all(max(above) < min(below) for above, below in pairwise(rows_of))
    table = re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.MULTILINE)
    assert set(table) <= set(order)
