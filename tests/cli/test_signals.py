"""Signals at any moment: one line at most, the exit code of the convention, and no file."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")

PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL); from sgdsym.cli import main; "
)
INTERRUPTED = "sgdsym: interrupted, nothing was written"
# a step that took a while, or a bar; both may say how much time is left
PROGRESS = r"\w.* \(\d+\.\d s(, about .* s left)?\)|\[[#.]+\] \d+/\d+(, about .* s left)?"


def started(words, folder, *options, before="pass", **settings):
    """The program on its way; a child of a background job inherits that signals are ignored, which it must not here."""
    code = f"{PROGRAM}sys.argv = {['sgdsym', *words]!r}; {before}; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, *options, "-c", code], cwd=folder, stderr=subprocess.PIPE, text=True, **settings
    )


@pytest.mark.parametrize("module", ["sgdsym.cli.dispatch", "numpy", "symengine", "sgdsym.render"])
def test_an_interrupt_while_libraries_are_loaded_is_one_line(tmp_path, module):
    """The interpreter says what it has loaded, so that the moment is known."""
    process = started(["expand", "--order", "1", "--output", "file"], tmp_path, "-X", "importtime")
    for line in process.stderr:
        if line.split("|")[-1].strip().startswith(module):
            break
    process.send_signal(signal.SIGINT)
    said = [line for line in process.communicate(timeout=60)[1].splitlines() if not line.startswith("import time:")]
    assert (process.returncode, said) == (130, [INTERRUPTED])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGINT, [INTERRUPTED]), (signal.SIGTERM, []), (signal.SIGHUP, [])]
)
@pytest.mark.parametrize("words", [["expand", "--order", "9", "--output", "file"], ["demo"]])
def test_a_signal_at_work_leaves_no_file(tmp_path, words, number, said):
    process = started(words, tmp_path, before="print('ready', file=sys.stderr, flush=True)")
    process.stderr.readline()
    time.sleep(1.5)
    process.send_signal(number)
    rest = process.communicate(timeout=60)[1].splitlines()
    # what it was doing is said after a second, which may be before the signal or not
    rest = [line for line in rest if not re.fullmatch(PROGRESS, line)]
    assert (process.returncode, rest) == (128 + number, said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_file_is_half_written_removes_it(tmp_path, number):
    """The file is written to for ever, as on a disk that hangs."""
    slow = "raw.write(content[:9]), print('half', file=sys.stderr, flush=True), time.sleep(60)"
    before = f"import time; from sgdsym.cli import output; output.send = lambda raw, content: content and ({slow})"
    process = started(["expand", "--order", "1", "--output", "file"], tmp_path, before=before)
    assert process.stderr.readline() == "half\n"
    assert len(list(tmp_path.iterdir())) == 1
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert not list(tmp_path.iterdir())


def test_an_interrupt_while_a_reader_is_slow_says_that_output_is_missing(tmp_path):
    # more text than a pipe holds
    process = started(["expand", "--order", "6", "--format", "json"], tmp_path, stdout=subprocess.PIPE)
    assert process.stdout.read(1) == "{"
    process.send_signal(signal.SIGINT)
    code, said = process.wait(timeout=60), process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    assert (code, said) == (130, "sgdsym: interrupted; the output is incomplete\n")


def test_ignored_interrupts_stay_ignored(tmp_path):
    """As in a background job, or under nohup."""
    before = "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.raise_signal(signal.SIGINT)"
    process = started(["expand", "--order", "1", "--output", "file"], tmp_path, before=before)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0
    assert (tmp_path / "file").exists()


def test_a_file_does_not_take_the_place_of_a_closed_stream(tmp_path):
    """What libraries print to the second stream must not get into the result, which is opened when the stream is closed."""
    before = "import os; os.close(2); sys.stderr = None"
    process = started(["expand", "--order", "1", "--output", "file"], tmp_path, before=before)
    process.communicate(timeout=60)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "l\n- η T G·G\n"
