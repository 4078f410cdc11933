"""Every notebook runs in a fresh kernel without errors and warnings, in a minute, and is committed without outputs."""

import importlib
import os
from pathlib import Path

import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SECONDS = 60
STRICT = "import warnings\nwarnings.simplefilter('error')"
QUICK = f"import time\nassert time.process_time() < {SECONDS}, 'too slow'"


@pytest.fixture(scope="module", autouse=True)
def _fonts():
    # the first use of matplotlib on a machine looks for fonts, and says so on standard error
    importlib.import_module("matplotlib.font_manager")


def executed(notebook, folder):
    """The notebook after a run in a new kernel of this interpreter, warnings being errors and one core being used."""
    strict = new_notebook(cells=[new_code_cell(STRICT), *notebook.cells, new_code_cell(QUICK)])
    # without folders to look in, the only kernel there is runs this interpreter
    kernels = KernelSpecManager(kernel_dirs=[])
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=kernels)
    client = NotebookClient(
        strict,
        km=manager,
        allow_errors=True,
        timeout=5 * SECONDS,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    one_core = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    client.execute(cleanup_kc=True, env={**os.environ, **one_core, "IPYTHONDIR": str(folder)})
    return strict


def keep(done, name):
    """Leave what was executed, without our own cells, for the manual, if somebody asks for it."""
    if folder := os.environ.get("SGDSYM_EXECUTED"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        done.cells = done.cells[1:-1]
        nbformat.write(done, Path(folder) / name)


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def complaints(notebook):
    """What went wrong in cells: exceptions with their tracebacks, and everything on standard error."""
    raised = ["\n".join(output.traceback) for output in outputs(notebook) if output.output_type == "error"]
    streams = [output for output in outputs(notebook) if output.output_type == "stream"]
    return raised + [output.text for output in streams if output.name == "stderr"]


def test_there_are_notebooks():
    papers, readers = ("gdc", "literature", "matrix_free"), ("tour", "order_two", "gallery", "own_network")
    assert {path.stem for path in NOTEBOOKS} >= {*papers, *readers}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_runs(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    for framework in ("jax", "torch"):
        if any(f"import {framework}\n" in cell.source for cell in notebook.cells):
            pytest.importorskip(framework)
    done = executed(notebook, tmp_path)
    assert complaints(done) == []
    keep(done, path.name)
    figures = [output for output in outputs(done) if "image/png" in output.get("data", ())]
    assert len(figures) == sum("plt.show()" in cell.source for cell in notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_committed_without_outputs(path):
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None), cell.id
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert text == nbformat.writes(notebook) + "\n"


def test_errors_warnings_and_slowness_are_seen(tmp_path):
    sources = [
        "1 / 0",
        "import numpy\nnumpy.log(0.0)",
        "import sys\nprint('oh', file=sys.stderr)",
        "import time\ntime.process_time = lambda: 61",
    ]
    seen = complaints(executed(new_notebook(cells=[new_code_cell(source) for source in sources]), tmp_path))
    words = ("ZeroDivisionError", "RuntimeWarning", "too slow", "oh")
    assert [word for word, text in zip(words, seen, strict=True) if word not in text] == []
