"""Thousands of random command lines: each ends in a result, or in one line and nothing else."""

import io
import random
import shlex
import sys
from pathlib import Path

import pytest

from sgdsym.cli import dispatch, main
from tests.cli.grammar import Grammar, files, state

SEEDS, LINES = 20, 110
PICTURES = (b"\x89PNG", b"%PDF")
ENCODINGS = ("utf-8", "ascii", "latin-1", "cp437")


@pytest.fixture(scope="module")
def parser():
    return dispatch.build_parser()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_random_line_ends_in_a_result_or_in_one_line(monkeypatch, tmp_path, parser, seed):
    # one parser for all lines takes half of the time
    monkeypatch.setattr(dispatch, "build_parser", lambda words: parser)
    monkeypatch.chdir(tmp_path)
    files(tmp_path)
    grammar = Grammar(parser, tmp_path, random.Random(seed))
    faults = []
    for _ in range(LINES):
        words = grammar.line()
        fault = fault_of(monkeypatch, tmp_path, words, grammar.draw.choice(ENCODINGS))
        if fault:
            faults.append(f"{fault[:400]}\n    sgdsym {shlex.join(words)[:400]}")
    assert not faults, "\n".join(faults)


def fault_of(monkeypatch, folder, words, encoding):
    """What is wrong with how a line ends, if anything."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2)]
    outputs = folder / "outputs"
    before = state(outputs)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        try:
            code = main(words)
        except SystemExit as stop:
            code = stop.code
        except BaseException as error:
            return f"{type(error).__name__} got out: {error}"
    printed, said = (stream.buffer.getvalue() for stream in streams)
    try:
        text = "" if printed.startswith(PICTURES) else printed.decode(encoding)
        said = said.decode(encoding)
    except UnicodeDecodeError as error:
        return f"not in the encoding of the stream: {error}"
    after = state(outputs)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    target = {Path(path).name for path in grammar_outputs(words)}
    for name in changed & target:
        # the next line finds the folder as this one did
        (outputs / name).write_bytes(before[name]) if name in before else (outputs / name).unlink()
    return next(complaints(code, text or printed, said, changed, target, words[0] if words else ""), None)


def complaints(code, printed, said, changed, target, command):
    ours = [line for line in said.splitlines() if line.startswith("sgdsym: ")]
    if command == "check" and code == 1 and not ours:
        # a formula that is not right is a result
        code = 0
    if code not in (0, 1, 2):
        yield f"exit code {code}"
    if "internal error" in said or "Traceback" in said:
        yield said
    if len(ours) != (code != 0):
        yield f"exit code {code} with {len(ours)} complaints: {said}"
    if any(len(line) > 300 for line in said.splitlines()):
        yield f"a line of {max(map(len, said.splitlines()))} characters: {said}"
    if code and printed and not said.startswith("["):
        yield f"exit code {code} after {printed!r}"
    if changed - (target if code == 0 else set()):
        yield f"exit code {code} and changed {sorted(changed)}"


def grammar_outputs(words):
    """The paths that a line says to write to."""
    for place, word in enumerate(words):
        if word.startswith("--output="):
            yield word.removeprefix("--output=")
        elif word == "--output" and place + 1 < len(words):
            yield words[place + 1]
