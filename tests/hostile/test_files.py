"""Files: each field of JSON is what it may be, or the file is refused."""

import ast
import json

import pytest

from sgdsym import Series, expand, resum
from sgdsym.codegen.closed_forms.resummed import generate_resummed
from sgdsym.report import read_values
from sgdsym.report.values import example_values
from sgdsym.resummation.exchange import read_resummed, write_resummed
from sgdsym.series import Setting
from tests.hostile.artefacts import (
    run_every_artefact,
)
from tests.hostile.texts import HOSTILE, OTHERS, check_one_line, leaves, made, with_value

SERIES = json.loads(expand(order=1).to_json())
FUNCTION = json.loads(expand(order=1, observable="function", sampling="replace").to_json())
RATED = json.loads(expand(order=1, sampling="fixed", momentum="mu", delay=1, schedule="lambda").to_json())
RESUMMED = json.loads(write_resummed(resum(order=2)))
MOMENTUM = json.loads(write_resummed(resum(order=1, momentum="mu", average="beta")))
EPOCHS = json.loads(write_resummed(resum(order=1, sampling="reshuffle", epochs=2)))
UPDATES = json.loads(write_resummed(resum(order=1, schedule=[1, 2], batch_size=1)))
STATIONARY = json.loads(write_resummed(resum(order=2, steps=5).at_infinity()))
# nobody reads these: they say again what the terms hold
UNREAD = {"symbols"}


@pytest.mark.parametrize("data", [SERIES, FUNCTION, RATED], ids=["test-loss", "function", "rates"])
def test_no_field_of_a_series_is_anything_but_what_it_may_be(data):
    for path in leaves(data):
        if not path or path[0] in UNREAD:
            continue
        for value in HOSTILE + OTHERS:
            text = json.dumps(with_value(data, path, value))
            if (series := made(lambda text=text: Series.from_json(text))) is not None:
                # another way to write the same, such as no root, or other blocks; never words
                assert not isinstance(value, str), (path, value)
                assert series.setting in (
                    Setting(),
                    Setting.named("function", "sgd", "replace"),
                    Setting.named(sampling="fixed"),
                )
                run_every_artefact(series, series, ["numpy", "text"])
    for name in UNREAD:
        text = json.dumps(data | {name: HOSTILE, HOSTILE[0]: HOSTILE[0]})
        assert Series.from_json(text) == Series.from_json(json.dumps(data))


@pytest.mark.parametrize(
    "data",
    [RESUMMED, STATIONARY, MOMENTUM, EPOCHS, UPDATES],
    ids=["discrete", "stationary", "momentum", "epochs", "updates"],
)
def test_no_field_of_a_resummed_series_is_anything_but_what_it_may_be(data):
    for path in leaves(data):
        if not path or path[0] in UNREAD:
            continue
        for value in [HOSTILE[0], HOSTILE[4], HOSTILE[-1], *OTHERS]:
            text = json.dumps(with_value(data, path, value))
            if (resummed := made(lambda text=text: read_resummed(text))) is not None:
                assert not isinstance(value, str), (path, value)
                ast.parse(generate_resummed(resummed))


VALUES = json.loads(example_values(expand(order=1)).to_json())


def test_values_that_are_no_numbers_are_refused():
    names = [path for path in leaves(VALUES["values"]) if path]
    for value in (*HOSTILE, None, True, 1e999, [], {}, [[1.0]]):
        changed = [VALUES | {"values": with_value(VALUES["values"], path, value)} for path in names]
        for data in (*changed, VALUES | {"values": value}, VALUES | {"format": value}):
            with pytest.raises(ValueError, match=r"value|number|not JSON") as caught:
                read_values(json.dumps(data), expand(order=1))
            check_one_line(caught.value)
