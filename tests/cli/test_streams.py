"""Standard output and error as a shell gives them: full, short, slow, closed, and in other encodings."""

import contextlib
import io
import os
import re
import subprocess
import sys
import threading

import pytest

from sgdsym.cli import main
from sgdsym.cli.spelling import LONGEST, one_line, spelled
from sgdsym.cli.streams import send

FULL = "/dev/full"
needs_full_device = pytest.mark.skipif(not os.path.exists(FULL), reason="there is no full device")
COMMANDS = [
    *(f"expand --order 2 --format {name}" for name in ("text", "json", "html", "numpy", "png")),
    "compare sgd sde --order 2",
    "diagrams --order 3 --format dot",
    "resum --order 1 --format json",
    "modified --order 2",
    "paper --order 1",
    "stationary covariance --hessian 1 --noise 1",
    "stationary gibbs",
    "stationary escape",
    "stationary noise --gradients 1;2",
    "verify --cases 1 --order 1",
    "--help",
    "expand --help",
    "--version",
]


@contextlib.contextmanager
def standing_in(monkeypatch, name, raw, *, buffered):
    """A stream of text as the interpreter makes it, with and without PYTHONUNBUFFERED, in the place of a standard one."""
    with raw, monkeypatch.context() as patch:
        buffer = io.BufferedWriter(raw) if buffered else raw
        stream = io.TextIOWrapper(buffer, encoding="utf-8", write_through=not buffered)
        patch.setattr(sys, name, stream)
        yield
        stream.detach()
        if buffered:
            buffer.detach()


def ran(command):
    """The exit code, also of help, which ends the parser."""
    try:
        return main(command.split())
    except SystemExit as stop:
        return stop.code


@needs_full_device
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_said_in_one_line(monkeypatch, capsys, command, buffered):
    with standing_in(monkeypatch, "stdout", io.FileIO(FULL, "w"), buffered=buffered):
        assert ran(command) == 1
    complaints = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
    assert complaints == [
        "sgdsym: cannot write all to standard output: no space left on device; the output is incomplete"
    ]


def timeless(printed):
    """What is printed, without how long it took."""
    return re.sub(rb"[0-9.]+ s\b", b"- s", printed)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_byte_is_lost_on_a_pipe_that_takes_a_few_at_a_time(monkeypatch, capsysbinary, command):
    """The pipe does not block, is full most of the time, and what the reader gets is what is printed otherwise."""
    assert ran(command) == 0
    expected = capsysbinary.readouterr().out
    for buffered in (True, False):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        received = bytearray()
        thread = threading.Thread(target=read_slowly, args=(reader, received))
        thread.start()
        with standing_in(monkeypatch, "stdout", io.FileIO(writer, "w"), buffered=buffered):
            code = ran(command)
        thread.join()
        os.close(reader)
        assert code == 0
        assert timeless(bytes(received)) == timeless(expected)


def read_slowly(reader, received):
    while part := os.read(reader, 3000):
        received += part


class Reluctant(io.RawIOBase):
    """A file that takes three bytes, and sometimes more than it is given time for."""

    def __init__(self, room):
        self.taken = bytearray()
        self.room = room

    def write(self, content):
        count = min(3, len(content), self.room - len(self.taken))
        self.taken += content[:count]
        return count


def test_what_is_taken_in_parts_is_sent_whole_and_what_is_not_taken_is_an_error():
    file = Reluctant(room=1000)
    send(file, b"a whole sentence")
    assert bytes(file.taken) == b"a whole sentence"
    with pytest.raises(OSError, match="nothing more is taken"):
        send(Reluctant(room=4), b"a whole sentence")


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_gone_is_no_error(monkeypatch, capsys, command, buffered):
    reader, writer = os.pipe()
    os.close(reader)
    with standing_in(monkeypatch, "stdout", io.FileIO(writer, "w"), buffered=buffered):
        assert ran(command) == 0
    assert "sgdsym: " not in capsys.readouterr().err


@pytest.mark.parametrize("command", [*COMMANDS, "demo"])
def test_a_closed_output_is_said_in_one_line(monkeypatch, tmp_path, capsys, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdout", None)
    assert ran(command) == 1
    assert capsys.readouterr().err == "sgdsym: standard output is closed; write to a file with --output\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["verify --cases 3 --order 1", "compare sgd sde --order 1", "expand --order 1"])
def test_a_closed_error_stream_takes_nothing_from_the_result(monkeypatch, capsys, command):
    assert main(command.split()) == 0
    expected = capsys.readouterr().out
    monkeypatch.setattr(sys, "stderr", None)
    assert main(command.split()) == 0
    assert timeless(capsys.readouterr().out.encode()) == timeless(expected.encode())
    assert main(["expand", "--order", "-1"]) == 2


@needs_full_device
def test_a_full_error_stream_takes_nothing_from_the_result(monkeypatch, capsys):
    with standing_in(monkeypatch, "stderr", io.FileIO(FULL, "w"), buffered=True):
        assert main(["compare", "sgd", "sde", "--order", "1"]) == 0
    assert capsys.readouterr().out


@needs_full_device
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("redirection", "code", "complaint"),
    [
        (
            f">{FULL}",
            1,
            "sgdsym: cannot write all to standard output: no space left on device; the output is incomplete",
        ),
        (">&-", 1, "sgdsym: standard output is closed; write to a file with --output"),
        ("2>&- | tail -c 2", 0, ""),
    ],
)
def test_a_shell_sees_the_exit_code_and_one_line(unbuffered, redirection, code, complaint):
    """The interpreter, too, has nothing to add when it ends."""
    command = f"set -o pipefail; {sys.executable} -m sgdsym expand --order 3 --format json {redirection}"
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    result = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, check=False, env=environment)
    assert (result.returncode, result.stderr.strip()) == (code, complaint)
    assert "\n" not in complaint


@pytest.mark.parametrize("words", [[], ["--output", "series.json"]])
def test_a_limit_on_the_size_of_files_is_said_in_one_line(tmp_path, words):
    # the program sets the limit itself: a process with threads, as that of the tests may be, should not run Python after a fork
    limited = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); "
    limited += "runpy.run_module('sgdsym', run_name='__main__', alter_sys=True)"
    with (tmp_path / "printed").open("wb") as printed:
        result = subprocess.run(
            [sys.executable, "-c", limited, "expand", "--order", "4", "--format", "json", *words],
            stdout=printed,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            check=False,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "file too large" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["printed"]


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "utf-16"])
@pytest.mark.parametrize("command", [*COMMANDS, "expand --order é", "diagrams --explain --order 2"])
def test_what_an_encoding_lacks_is_spelled(monkeypatch, command, encoding):
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    assert ran(command) == (2 if "é" in command else 0)
    printed, said = (stream.buffer.getvalue() for stream in streams)
    if "png" not in command:
        assert "?" not in printed.decode(encoding) + said.decode(encoding) or "html" in command
    if command == "expand --order 2 --format text" and encoding == "ascii":
        assert printed == b"l\n- eta T G.G\n+ eta^2 (T(2T - 1)/2) G.H G\n+ eta^2 (T/(2B)) tr(H C)\n"


def test_a_page_is_the_same_page_in_every_encoding(monkeypatch):
    """Characters become references that a browser reads as what they were, and none stands in a script, where they are not read."""
    from html import unescape

    pages = []
    for encoding in ("utf-8", "ascii"):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["expand", "--order", "2", "--format", "html"]) == 0
        pages.append(stream.buffer.getvalue())
    whole, plain = (page.decode() for page in pages)
    assert plain.isascii()
    assert unescape(plain) == unescape(whole)
    for element in ("script", "style"):
        scripts = [page.split(f"<{element}")[1:] for page in (whole, plain)]
        assert [part.split(f"</{element}")[0] for part in scripts[0]] == [
            part.split(f"</{element}")[0] for part in scripts[1]
        ]


def test_help_in_ascii_from_a_shell():
    result = subprocess.run(
        [sys.executable, "-m", "sgdsym", "expand", "--help"],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"--schedule W1,W2,..." in result.stdout


def test_every_letter_of_every_formula_has_a_spelling():
    letters = [
        chr(code)
        for code in (*range(0xA0, 0x180), *range(0x370, 0x400), *range(0x2070, 0x20A0), *range(0x2200, 0x2300))
    ]
    assert all(spelled(letter).isascii() and spelled(letter) for letter in letters)
    assert [spelled(letter) for letter in "ηθΔκ²³₁·−×≤"] == [
        "eta",
        "theta",
        "Delta",
        "kappa",
        "^2",
        "^3",
        "_1",
        ".",
        "-",
        "x",
        "<=",
    ]


@pytest.mark.parametrize(
    "text", ["x" * 10**7, "a\nb" * 1000, "\x1b" * 200, "\udcff" * 100, "é" * 301, "", "\u202e\x00"]
)
def test_a_message_is_one_line_of_printable_characters(text):
    line = one_line(text)
    assert len(line) <= LONGEST
    assert line.isprintable()
