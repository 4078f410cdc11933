"""Fixtures of all tests.

Golden texts are files under ``tests/golden`` that the output must equal; ``pytest --update`` writes them anew.  Documents are
compiled by pdfLaTeX where it is installed.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

# how long an example takes says something of the machine, not of the code
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser):
    parser.addoption("--update", action="store_true", help="write the golden texts instead of comparing with them")


@pytest.fixture
def golden(request):
    """``golden(name, text)`` compares a text with ``tests/golden/name``."""

    def compare(name, text):
        path = GOLDEN / name
        if request.config.getoption("--update"):
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"{name} is missing; run pytest --update and read what it writes"
        assert text == path.read_bytes().decode("utf-8")

    return compare


@pytest.fixture
def pdflatex(tmp_path):
    """``pdflatex(document)`` compiles a document, fails if a line is more than 2 points too wide, and returns the PDF."""
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")

    def compiled(document):
        (tmp_path / "document.tex").write_text(document, encoding="utf-8")
        command = [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "document.tex"]
        run = subprocess.run(
            command, check=False, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120
        )
        assert run.returncode == 0, run.stdout[-2000:]
        log = (tmp_path / "document.log").read_text(encoding="latin-1")
        assert [width for width in re.findall(r"Overfull .hbox \(([\d.]+)pt", log) if float(width) > 2] == []
        return tmp_path / "document.pdf"

    return compiled
