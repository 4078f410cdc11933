"""Pages of help: commands by purpose, examples that are right, where the manual is; and what a shell completes."""

import argparse
import os
import shlex
import subprocess
import sys
from email.message import Message

import pytest

from sgdsym.cli import main
from sgdsym.cli.commands import COMMANDS, PURPOSES
from sgdsym.cli.dispatch import build_parser
from sgdsym.cli.parser import manual_address


def parsers(parser):
    """A parser and those of its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from parsers(command)


PARSERS = {parser.prog: parser for parser in parsers(build_parser())}


@pytest.mark.parametrize("name", PARSERS)
def test_a_page_has_two_examples_that_are_right_and_says_where_the_manual_is(name):
    _, _, ending = PARSERS[name].format_help().partition("\nexamples:\n")
    examples, _, manual = ending.partition("\n\nmanual: ")
    commands = [line.strip() for line in examples.splitlines() if line.startswith("  sgdsym ")]
    assert len(commands) >= 2
    assert manual.strip() == manual_address()
    for command in commands:
        assert command.startswith(name.partition(" ")[0])
        build_parser().parse_args(shlex.split(command)[1:])
    assert any(command.startswith(f"{name} ") for command in commands)


def test_the_address_is_that_of_the_distribution(monkeypatch):
    described = Message()
    described["Project-URL"] = "Source, https://example.org/source"
    monkeypatch.setattr("sgdsym.cli.parser.metadata", lambda name: described)
    address = manual_address.__wrapped__
    assert address() == "docs/ among the sources of sgdsym"
    described["Project-URL"] = "Documentation, https://example.org/manual"
    assert address() == "https://example.org/manual"


def test_commands_are_listed_by_purpose_each_once(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    positions = [printed.index(f"\n  {purpose}:\n") for purpose in PURPOSES]
    assert positions == sorted(positions)
    for command in COMMANDS:
        assert printed.count(f"\n    {command}  ") == 1


@pytest.mark.skipif(os.name != "posix", reason="argcomplete serves the shells of POSIX")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sgdsym tra", {"trajectory"}),
        ("sgdsym trajectory --noise ", {"batch", "dataset"}),
        ("sgdsym expand --ord", {"--order"}),
    ],
)
def test_a_shell_completes_commands_options_and_values(line, offered, tmp_path):
    pytest.importorskip("argcomplete")
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "offered"),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    code = "import sys; sys.argv[0] = 'sgdsym'; from sgdsym.cli import main; sys.exit(main())"
    subprocess.run([sys.executable, "-c", code], env=os.environ | asked, capture_output=True, check=True)
    assert {word.strip() for word in (tmp_path / "offered").read_text().split("\013")} == offered


def test_a_list_of_the_commands_loads_no_library():
    code = (
        "import sys\n"
        "from sgdsym.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted({'numpy', 'symengine', 'sympy', 'networkx'} & set(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr == "\n"
    assert "sgdsym paper --order 3" in ended.stdout
