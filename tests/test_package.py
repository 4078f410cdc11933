"""The package as it is installed: templates, types and the cost of importing it."""

import ast
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import sgdsym
from sgdsym.templating import template_folder

SOURCE = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built by the build backend without network."""
    folder = tmp_path_factory.mktemp("wheel")
    code = f"import hatchling.build, os; os.chdir({str(SOURCE)!r}); print(hatchling.build.build_wheel({str(folder)!r}))"
    built = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return folder / built.stdout.split()[-1]


def test_the_wheel_holds_templates_and_types(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    templates = {path.name for path in (SOURCE / "templates").iterdir()}
    assert templates
    assert {f"sgdsym/templates/{name}" for name in templates} <= set(names)
    assert "sgdsym/py.typed" in names
    assert not [name for name in names if name.startswith("tests")]


def test_distributions_are_small_and_hold_no_tests(wheel, tmp_path):
    """Below 1 MiB and 3 MB; the sources hold what a wheel is built from."""
    code = (
        f"import hatchling.build, os; os.chdir({str(SOURCE)!r}); print(hatchling.build.build_sdist({str(tmp_path)!r}))"
    )
    built = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    source = tmp_path / built.stdout.split()[-1]
    assert wheel.stat().st_size < 2**20
    assert source.stat().st_size < 3_000_000
    with tarfile.open(source) as packed:
        names = {Path(*Path(name).parts[1:]).as_posix() for name in packed.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "sgdsym/__init__.pyi", "templates/kernel.py.jinja"} <= names
    assert not [name for name in names if name.startswith(("tests", "notebooks"))]


def test_the_version_stands_in_one_place(wheel):
    """In pyproject.toml; the newest entry of the changes is about it, and texts that would have to follow do not name it."""
    version = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert wheel.name.split("-")[1] == version
    changes = (SOURCE / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+) .*?(?=^## |\Z)", changes, re.MULTILINE | re.DOTALL)
    assert newest[1] == version
    assert re.findall(r"^### (\w+)", newest[0], re.MULTILINE) == ["Added", "Changed", "Fixed"]
    followers = ["README.md", "CITATION.cff", "docs/conf.py", "sgdsym/__init__.py", "sgdsym/__init__.pyi"]
    assert not [name for name in followers if version in (SOURCE / name).read_text(encoding="utf-8")]


def test_kernels_are_generated_from_the_wheel(wheel, tmp_path):
    shutil.unpack_archive(wheel, tmp_path, "zip")
    code = (
        "import sys, importlib.metadata, sgdsym; from sgdsym.templating import template_folder;"
        "print(template_folder()); print(len(sgdsym.expand(order=2).kernel().source))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(tmp_path)},
    )
    folder, size = result.stdout.split()
    assert Path(folder) == (tmp_path / "sgdsym" / "templates").resolve()
    assert int(size) > 500


def test_the_source_tree_finds_its_templates():
    assert (template_folder() / "kernel.py.jinja").is_file()
    if not (Path(sgdsym.__file__).parent / "templates").exists():
        assert template_folder() == SOURCE / "templates"


def test_import_stays_light():
    """Libraries that only some consumers need are loaded by those consumers."""
    code = "import sys, sgdsym; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"networkx", "pydot", "jinja2", "matplotlib", "sklearn", "scipy"}.isdisjoint(loaded)


def test_public_names_exist_and_are_documented():
    for name in sgdsym.__all__:
        assert getattr(sgdsym, name).__doc__, name


def test_the_stub_lists_what_the_facade_has():
    """Editors read the stub: each name that it imports is public, and each public name is found by a dot."""
    tree = ast.parse((Path(sgdsym.__file__).parent / "__init__.pyi").read_text(encoding="utf-8"))
    imported = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imported == set(sgdsym.__all__) <= set(dir(sgdsym))
    assert all(f":func:`{name}`" in sgdsym.__doc__ for name in ("expand", "compare", "resum", "modified"))


@pytest.mark.parametrize("room", ["diagrams", "noise", "numeric", "numeric.jax", "numeric.torch", "sgd", "stationary"])
def test_rooms_are_found_by_a_dot(room):
    """In a fresh process, in which nothing has been imported yet."""
    code = f"import sgdsym; print(sgdsym.{room}.__name__, *sgdsym.{room}.__all__)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.startswith(f"sgdsym.{room} ")
    assert len(result.stdout.split()) > 1


def test_the_lowest_versions_that_are_tested_are_those_that_are_declared():
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = dict(requirement.split(">=") for requirement in project["dependencies"])
    lines = (SOURCE / ".ci" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert tested.keys() == declared.keys()
    for name, version in declared.items():
        assert f"{tested[name]}.".startswith(f"{version}."), name
