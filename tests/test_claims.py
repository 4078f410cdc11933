"""The table of claims: every row names a notebook, a command or a function that is there, and a verdict."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from sgdsym.cli import main
from sgdsym.cli.dispatch import build_parser

ROOT = Path(__file__).parents[1]
VERDICTS = ("holds", "holds with a correction", "fails")


def rows():
    """Document, claim, where, verdict and remark of each row."""
    document = ""
    for line in (ROOT / "docs" / "claims.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            document = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0].isdigit():
            yield document, *cells


ROWS = list(rows())
# these take long, and have tests of their own
LONG = ("sgdsym verify", "sgdsym literature", "sgdsym demo")
COMMANDS = sorted(
    {code for row in ROWS for code in re.findall(r"`(sgdsym [^`]+)`", row[3]) if not code.startswith(LONG)}
)


def test_rows_are_numbered_and_every_document_has_some():
    assert [int(number) for _, number, *_ in ROWS] == list(range(1, len(ROWS) + 1))
    assert len({document for document, *_ in ROWS}) == 6
    assert len(ROWS) >= 68


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_a_row_says_where_and_how_it_ends(row):
    _, _, claim, where, verdict, remark = row
    assert claim
    assert verdict in VERDICTS
    assert remark or verdict == "holds"
    places = re.findall(r"\[\w+\]\((\S+?)\)|`([^`]+)`", where)
    assert places, where
    for link, code in places:
        if link:
            assert (ROOT / "docs" / link.replace("generated/notebooks", "../notebooks")).exists(), link
        elif code.startswith("sgdsym "):
            build_parser().parse_args(shlex.split(code)[1:])
        else:
            module, _, name = code.rpartition(".")
            assert hasattr(import_module(f"sgdsym.{module}" if module else "sgdsym"), name), code


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_named_runs(command, capsys):
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out
