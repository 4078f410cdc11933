"""Odd arguments to every public call: it returns, or refuses them in one line of ours.

Each call of the table is made with one argument replaced, and with two, by values that nobody means to pass; which, is drawn
with a fixed seed.  A refusal counts as ours if it is raised by a statement of this package or of a module it generates, as one
of the documented errors, in one line of at most 300 characters that can be encoded.
"""

import linecache
import random
import signal
import warnings
from contextlib import contextmanager
from inspect import isclass, isfunction

import pytest

import sgdsym
from sgdsym import noise, stationary
from tests.facade.calls import CALLS
from tests.facade.odd import ODD

SINGLE, DOUBLE = 8, 8  # odd values for each argument, and pairs of them for each call
SECONDS = 20
DOCUMENTED = (ValueError, TypeError, RuntimeError)
DIVISIONS = ("Series /", "Coefficient.substitute", "Coefficient **")  # by zero, as numbers of Python
# values that are made by others, and whose constructors check nothing
RESULTS = {
    "AdamLaw",
    "Barrier",
    "Decomposition",
    "EdgeFlow",
    "Equilibrium",
    "FisherLink",
    "MeanSquareStability",
    "NoiseModel",
    "QuadraticForm",
}
RESULTS |= {"RegressionLaw", "Relation", "Resummed", "Trajectory"}


def replaced(positional, named, changes):
    made = {place: ODD[name]() for place, name in changes.items()}
    return [made.get(i, value) for i, value in enumerate(positional)], {k: made.get(k, v) for k, v in named.items()}


def drawn_changes(name):
    """Which arguments of a call are replaced by what: the same in every run."""
    _, positional, named = CALLS[name]
    places, draw = [*range(len(positional)), *named], random.Random(name)
    changes = [{place: odd} for place in places for odd in draw.sample(sorted(ODD), SINGLE)]
    pairs = [draw.sample(places, 2) for _ in range(DOUBLE if len(places) > 1 else 0)]
    return changes + [{place: draw.choice(sorted(ODD)) for place in pair} for pair in pairs]


@contextmanager
def time_limit(seconds):
    """Long work is an error too."""

    def ring(*_):
        raise AssertionError(f"took more than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def fault_of(name, error):
    """What is wrong with a refusal, or None."""
    text, where = str(error), error.__traceback__
    while where.tb_next:
        where = where.tb_next
    file = where.tb_frame.f_code.co_filename
    if not isinstance(error, (*DOCUMENTED, ZeroDivisionError) if name in DIVISIONS else DOCUMENTED):
        return f"{type(error).__name__} is not documented"
    if "/sgdsym/" not in file and not file.startswith("<sgdsym"):
        return f"raised in {file}"
    if not file.startswith("<") and not linecache.getline(file, where.tb_lineno).strip().startswith("raise "):
        return f"not raised by a check, but in {linecache.getline(file, where.tb_lineno).strip()}"
    if len(text) > 300 or len(text.splitlines()) != 1 or not text.isprintable():
        return "not one line of at most 300 characters"
    return None


def faults_in(name):
    call, positional, named = CALLS[name]
    for changes in drawn_changes(name):
        args, kwargs = replaced(positional, named, changes)
        try:
            with time_limit(SECONDS), warnings.catch_warnings():
                # what leaves the range of floats is said by numpy in its own way
                warnings.simplefilter("ignore", RuntimeWarning)
                call(*args, **kwargs)
        except Exception as error:
            fault = fault_of(name, error)
            if fault:
                yield f"{changes}: {fault}: {type(error).__name__}: {str(error)[:200]}"


@pytest.mark.parametrize("name", CALLS)
def test_odd_arguments_are_taken_or_refused_in_one_line(name):
    call, positional, named = CALLS[name]
    call(*positional, **named)
    assert list(faults_in(name)) == []


def test_the_table_holds_every_public_call_and_thousands_of_changes():
    for module in (sgdsym, noise, stationary):
        prefix = "" if module is sgdsym else f"{module.__name__.rpartition('.')[2]}."
        for word in module.__all__:
            public = getattr(module, word)
            if (isclass(public) or isfunction(public)) and word not in RESULTS | {"InverseMetric"}:
                assert {f"{prefix}{word}", f"stationary.{word}"} & set(CALLS), word
    assert sum(len(drawn_changes(name)) for name in CALLS) >= 3000
