"""What the README and the manual show is what the program prints."""

import re
import shlex
from pathlib import Path

import pytest

from sgdsym.cli import main

SOURCE = Path(__file__).parents[2]
PAGES = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("[!g]*/*.md")), SOURCE / "docs" / "index.md"]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shown(page):
    """The commands of a page with what it shows below each."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            # a command may go on in the next line; lines of LaTeX in the output end like that, too
            while command.endswith("\\"):
                more, _, output = output.partition("\n")
                command = f"{command[:-1]} {more}"
            if command.startswith("sgdsym ") and output.strip():
                yield command, output


EXAMPLES = [(page.relative_to(SOURCE).as_posix(), *example) for page in PAGES for example in shown(page)]


def test_there_are_examples():
    assert {page for page, _, _ in EXAMPLES} >= {"README.md", "docs/index.md"}


@pytest.mark.parametrize(("page", "command", "output"), EXAMPLES, ids=[f"{e[0]}: {e[1]}" for e in EXAMPLES])
def test_a_page_shows_what_is_printed(page, command, output, capsys, monkeypatch, tmp_path):
    """Three dots stand for any text; the two streams of a terminal come in either order, and messages may be left out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    words = shlex.split(command)[1:]
    code = main(words[: words.index("|")] if "|" in words else words)
    printed = capsys.readouterr()
    pattern = re.escape(output.strip()).replace("…", r"(.|\n)*")
    streams = (printed.out, printed.out + printed.err, printed.err + printed.out)
    assert any(re.fullmatch(pattern, text.strip()) for text in streams), f"{printed.out}{printed.err}"
    assert code in (0, 1, 2)
