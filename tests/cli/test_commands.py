"""The command line as a user meets it: what it prints, where it writes, how it refuses."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction

import pytest

from sgdsym import Series, expand
from sgdsym.cli import formats, main
from sgdsym.cli.commands import diagrams as diagrams_command

IMAGES = ("png", "pdf")
SERIES_FORMATS = [name for name in formats.FORMATS if name not in IMAGES]
DIAGRAM_FORMATS = [name for name in diagrams_command.FORMATS if name not in IMAGES]


def run(capsys, *arguments):
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("output_format", SERIES_FORMATS)
def test_every_format_writes_what_it_prints(capsys, tmp_path, output_format):
    code, printed, _ = run(capsys, "expand", "--order", "2", "--format", output_format)
    assert code == 0
    assert printed.strip()
    file = tmp_path / "result"
    assert run(capsys, "expand", "--order", "2", "--format", output_format, "--output", str(file))[:2] == (0, "")
    assert file.read_text(encoding="utf-8") == printed
    assert [entry.name for entry in tmp_path.iterdir()] == ["result"]


def test_expand_agrees_with_python(capsys):
    _, printed, _ = run(capsys, "expand", "--order", "3", "--batch-size", "4", "--basis", "moment", "--format", "json")
    assert Series.from_json(printed) == expand(order=3, batch_size=4, basis="moment")


def test_every_setting_reaches_the_expansion(capsys):
    words = "--observable train-loss --sampling reshuffle --order 2 --dataset-size 6 --batch-size 2 --epochs E"
    _, printed, _ = run(capsys, "expand", *words.split(), "--format", "json")
    expected = expand(observable="train-loss", sampling="reshuffle", order=2, dataset_size=6, batch_size=2, epochs="E")
    assert Series.from_json(printed) == expected
    _, printed, _ = run(capsys, "expand", "--order", "2", "--momentum", "0.9", "--steps", "5", "--format", "json")
    assert Series.from_json(printed) == expand(order=2, momentum=Fraction(9, 10), steps=5)


def test_schedules_are_read(capsys):
    _, printed, _ = run(capsys, "expand", "--order", "2", "--schedule", "1,1/2,w", "--format", "json")
    assert Series.from_json(printed) == expand(order=2, schedule=[1, Fraction(1, 2), "w"])


def test_a_schedule_may_be_a_name(capsys, tmp_path):
    words = ["expand", "--order", "2", "--schedule", "lambda", "--momentum", "mu"]
    _, printed, _ = run(capsys, *words, "--format", "json")
    series = expand(order=2, schedule="lambda", momentum="mu")
    assert Series.from_json(printed) == series
    _, printed, _ = run(capsys, *words, "--format", "numpy")
    assert printed == series.kernel().source
    code, _, said = run(capsys, *words, "--format", "html")
    assert code == 2
    assert "no place for the rates lambda" in said
    code, _, _ = run(capsys, "paper", *words[1:], "--output", str(tmp_path / "rates.tex"))
    assert code == 0
    assert r"\sum_{s<t} W_s W_t" in (tmp_path / "rates.tex").read_text()


def test_the_mean_over_the_run_is_an_option(capsys):
    _, printed, _ = run(capsys, "expand", "--order", "1", "--mean-over-run")
    assert printed == "l\n- η ((T + 1)/2) G·G\n"
    _, printed, _ = run(capsys, "expand", "--order", "1", "--mean-over-run", "--format", "latex")
    assert r"\frac{1}{T} \sum_{t=1}^{T} \mathrm{E}[l(\theta_{t})] = l" in printed
    _, printed, said = run(capsys, "compare", "sgd:mean-over-run=yes", "sgd", "--order", "1")
    assert printed == "η ((T - 1)/2) G·G\n"
    assert "averaged over the run" in said


def test_compare_at_a_minimum(capsys):
    """SGD minus its Itô SDE at a minimum of the test loss: (T/2) C:HH - (T/6) S:J at order 3."""
    code, printed, said = run(capsys, "compare", "sgd:B=1", "sde", "--at-minimum", "--order", "3")
    assert (code, printed) == (0, "- η³ (T/6) J[S]\n+ η³ (T/2) tr(H² C)\n")
    assert "is of order 3" in said


def test_literature_finds_what_is_wrong_in_print(capsys):
    code, printed, _ = run(capsys, "literature")
    assert code == 0
    assert printed.count("\n") > 20
    assert "DIFFERS" in printed
    assert "confirmed" in printed


def test_verify_says_so_in_one_line(capsys):
    code, printed, said = run(capsys, "verify", "--cases", "3", "--order", "2")
    assert code == 0
    assert printed.startswith("3 of 3 cases agree with exact enumeration to order 2")
    assert "3/3" in said


def test_verify_can_fail(capsys, monkeypatch):
    """A planted wrong coefficient ends in exit code 1 and a command that shows it again."""
    import sgdsym.verify

    def wrong(**options):
        series = expand(**options)
        return series + series.order(1) * Fraction(1, 7)

    honest = sgdsym.verify.run_verification
    monkeypatch.setattr(sgdsym.verify, "run_verification", lambda **options: honest(expand=wrong, **options))
    code, printed, _ = run(capsys, "verify", "--cases", "5", "--order", "2")
    assert code == 1
    assert "see it again: sgdsym verify --cases 1 --seed" in printed


@pytest.mark.parametrize("output_format", [*DIAGRAM_FORMATS, "count"])
def test_diagrams_are_listed_counted_and_drawn(capsys, output_format):
    code, printed, _ = run(capsys, "diagrams", "--order", "4", "--format", output_format)
    assert code == 0
    if output_format in ("table", "count"):
        assert "order 4: 20 diagrams, generated in" in printed
    if output_format == "table":
        assert printed.count("c(") == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("expand --order -1", "order"),
        ("expand --order 2.5", "order"),
        ("expand --order 40", "out of reach"),
        ("expand --order 40 --force", "out of reach"),
        ("expand --order 1000", "order 1000: out of reach"),
        ("expand --order " + "9" * 5000, "is not an integer of at least 0 and 18 digits"),
        ("expand --output loop/file", "too many levels of symbolic links"),
        ("expand --output=--", "no value"),
        ("compare sgd sde --order 2 --format latex --label }", "label"),
        ("stationary escape --curvature 1,2;3,4;5,6", "a square matrix"),
        ("stationary escape --loss-saddle 0", "above 0"),
        (
            "stationary escape --learning-rate 1/1000000 --loss-minimum 1/7 --loss-saddle 1 --curvature 1 "
            "--saddle-curvature -1 --batch-size 9",
            "the loss ratio has the exponent 9e.06; give floats, or a larger learning rate",
        ),
        ("expand --order 10", "about 1.1e.06 diagrams and needs about 7.* MB of memory; add --force"),
        ("expand --order 7 --sampling reshuffle", "add --force"),
        ("diagrams --order 10", "add --force"),
        ("expand --observable accuracy", "accuracy"),
        ("expand --dynamics adam", "adam"),
        ("expand --sampling sorted", "sorted"),
        ("expand --basis monomial", "monomial"),
        ("expand --format gif", "gif"),
        ("expand --colour red", "colour"),
        ("expand --ord 2", "ord"),
        ("expand --steps __import__('os')", "neither a number nor a symbol name"),
        ("expand --batch-size 0", "batch size"),
        ("expand --steps B", "share the symbol"),
        ("expand --momentum 1", "momentum"),
        ("expand --momentum 1/0", "divides by zero"),
        ("expand --momentum 1e99999999", "neither a number nor a symbol name"),
        ("compare sgd:B=+-5 sde", "neither a number nor a symbol name"),
        ("compare fixed:scale=((a+1)**1000)**1000 sgd", "not plain arithmetic"),
        ("expand --epochs 2", "epochs"),
        ("expand --sampling fixed --dataset-size 5 --batch-size 2", "does not divide"),
        ("expand --observable train-loss", "training set"),
        ("expand --output no/such/folder/file", "no folder"),
        ("expand --output .", "folder"),
        ("nonsense", "nonsense"),
        ("expand --steps eta", "meaning of its own"),
        ("expand --momentum nan", "meaning of its own"),
        ("expand --steps " + "9" * 5000, "neither a number"),
        ("expand --output " + "n" * 300, "cannot write"),
        ("expand --sampling replace --epochs 1 --dataset-size 3 --batch-size 2", "no whole number of updates"),
        ("expand --nesterov", "momentum"),
        ("expand --dynamics sde --sampling fixed", "leave the sampling out"),
        ("expand --dynamics gd --sampling replace", "leave the sampling out"),
        ("expand --schedule 1,x=2", "neither a number nor a symbol name"),
        (
            "expand --order 5 --sampling fixed --momentum mu",
            "momentum over epochs takes hours; lower it, or add --force",
        ),
        ("expand --schedule 1,2 --steps 3", "the schedule has 2 updates"),
        ("expand --schedule eta", "meaning of its own"),
        ("expand --schedule lambda --dynamics ode", "discrete steps"),
        ("expand --mean-over-run --observable covariance", "no mean over the run"),
        ("expand --order 5 --sampling fixed --mean-over-run", "mean over the run over epochs takes hours"),
        ("resum --schedule lambda", "the rates lambda are unknown"),
        ("resum --mean-over-run", "mean over the run is not resummed"),
        ("compare sgd:schedule=1 sgd", "cannot name a symbol"),
        ("compare sgd:mean-over-run=1 sgd", "yes or no"),
        ("compare sgd adam", "adam"),
        ("compare sgd sde:T", "key=value"),
        ("compare sgd sde --order 40", "out of reach"),
        ("verify --cases 0", "cases"),
        ("verify --order 9", "too long"),
        ("", "COMMAND"),
    ],
)
def test_a_wrong_request_gets_one_line_and_writes_nothing(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    code, printed, complaint = run(capsys, *arguments.split())
    assert code == 2
    assert printed == ""
    assert complaint.startswith("sgdsym: ")
    assert complaint.count("\n") == 1
    assert len(complaint) <= 301
    assert re.search(message, complaint), complaint
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_protected_folder_is_refused(capsys, tmp_path):
    tmp_path.chmod(0o500)
    code, _, complaint = run(capsys, "expand", "--output", str(tmp_path / "file"))
    assert code == 2
    assert "permission" in complaint


def test_a_link_keeps_pointing_and_a_pipe_is_written_to(capsys, tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    assert run(capsys, "expand", "--order", "1", "--output", str(link))[0] == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("l\n")
    assert run(capsys, "expand", "--order", "1", "--output", os.devnull)[0] == 0
    assert not os.path.isfile(os.devnull)


def test_output_without_greek_letters_in_the_encoding():
    result = subprocess.run(
        [sys.executable, "-m", "sgdsym", "expand", "--order", "1"],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert result.stdout == b"l\n- eta T G.G\n"


@pytest.mark.parametrize(
    "command", ["paper", "resum", "expand --format html", "expand --format latex", "expand --format table"]
)
def test_a_run_without_a_step_leaves_the_loss_as_it_is(capsys, command):
    code, printed, _ = run(capsys, *command.split(), "--order", "1", "--steps", "0")
    assert code == 0
    assert printed
    assert "makes -0 updates" not in printed


def test_a_comparison_says_nothing_before_it_has_been_written(capsys):
    code, printed, said = run(capsys, "compare", "sgd", "sde", "--order", "2", "--document")
    assert (code, printed) == (2, "")
    assert said == "sgdsym: --document is for --format latex, not text\n"


def test_an_internal_error_says_where_it_is_and_what_to_do(capsys, monkeypatch):
    """It is the last line of defence: whatever no command expects."""

    def broken(series, options):
        raise KeyError("lost\nkey")

    monkeypatch.setitem(formats.FORMATS, "text", broken)
    code, _, said = run(capsys, "expand", "--order", "1")
    assert code == 1
    assert re.fullmatch(
        r"sgdsym: internal error in sgdsym/cli/formats.py:\d+: KeyError: .*; please report it .*\n", said
    )


def test_an_output_may_be_what_standard_output_is(tmp_path):
    """The file is not put in the place of the one that a shell has opened for others, too."""
    command = f"(echo first; {sys.executable} -m sgdsym expand --order 1 --output /dev/stdout; echo last) > file"
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)  # noqa: S602 - our own words
    assert (tmp_path / "file").read_text(encoding="utf-8") == "first\nl\n- η T G·G\nlast\n"


def test_an_existing_file_is_replaced_whole(capsys, tmp_path):
    file = tmp_path / "series.json"
    file.write_text("old")
    assert run(capsys, "expand", "--order", "1", "--format", "json", "--output", str(file))[0] == 0
    assert json.loads(file.read_text())["order"] == 1


def shell(*arguments, **settings):
    return subprocess.run(
        [sys.executable, "-m", "sgdsym", *arguments], capture_output=True, text=True, check=False, **settings
    )


def test_the_module_is_the_command_line():
    result = shell("expand", "--order", "1")
    assert (result.returncode, result.stdout) == (0, "l\n- η T G·G\n")
    assert shell("expand", "--order", "-1").returncode == 2


@pytest.mark.parametrize("output_format", SERIES_FORMATS)
def test_output_does_not_depend_on_the_hash_seed(output_format):
    outputs = {
        shell("expand", "--order", "4", "--format", output_format, env=os.environ | {"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m sgdsym expand --order 6 --format json | head -n 1"
    result = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)  # noqa: S602 - our own words
    assert result.stdout.startswith("{")
    assert result.stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="interrupts are sent the POSIX way")
def test_an_interrupt_leaves_no_mess(tmp_path):
    file = tmp_path / "series.json"
    words = ["expand", "--order", "10", "--force", "--format", "json", "--output", str(file)]
    # a child of a background job inherits that interrupts are ignored
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "import sgdsym.cli.output; sgdsym.cli.output.PATIENCE = 0.0;"
        # a program of its own: called from another, an exception would have to find its way through the libraries
        f"from sgdsym.cli import main; sys.argv[1:] = {words!r}; sys.exit(main())"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("order 9"):
            break
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    complaint = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert complaint.strip().splitlines()[-1] == "sgdsym: interrupted, nothing was written"
    assert not list(tmp_path.iterdir())
