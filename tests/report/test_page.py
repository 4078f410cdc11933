"""The page of a series as text: whole, safe, the same in every run; and the values that it reads."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from sgdsym.cli import main
from sgdsym.render import Notation, Typesetting
from sgdsym.report import diagram_values, read_values, write_page
from sgdsym.report.values import example_tensors, example_values
from sgdsym.series import Setting
from sgdsym.sgd import Request, expand_request

KINDS = {
    "momentum": Request(order=3, momentum="mu"),
    "gap": Request(order=3, sampling="reshuffle", observable="generalization-gap"),
    "gd": Request(order=3, dynamics="gd", steps="K"),
    "ode": Request(order=3, dynamics="ode"),
    "schedule": Request(order=2, schedule=("w", 1)),
    "covariance": Request(order=3, observable="covariance"),
    "function": Request(order=3, observable="function"),
    "moments": Request(order=3, observable="loss-variance", basis="moment"),
    "nothing": Request(order=0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_series_has_a_page_that_asks_for_nothing(kind):
    series = expand_request(KINDS[kind])
    page = write_page(series, request=KINDS[kind])
    assert page.count("<article") == page.count('<svg xmlns="http://www.w3.org/2000/svg"') == len(series)
    assert not re.findall(r"""\b(?:src|href)=["'](?!#|data:)|@import|\burl\(|https:""", page)
    assert page.count("data-size=") == len(series.symbols)
    assert all(name in page for name in series.symbols)


def test_order_four_with_every_term_stays_small():
    sizes = []
    for options in ({"sampling": "replace"}, {"sampling": "reshuffle", "observable": "generalization-gap"}):
        request = Request(order=4, **options)
        sizes.append(len(write_page(expand_request(request), request=request).encode()))
    assert max(sizes) < 2_000_000


def test_only_the_script_of_the_page_may_run():
    page = write_page(expand_request(Request(order=1)))
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'" in page


def test_words_from_outside_stay_words():
    series = replace(expand_request(Request(order=1)), setting=Setting.named("</title><script>x", "<b>", "&"))
    own = Typesetting(notation=Notation(loss=r"\text{a}", sizes={"T": r"\mathrm{T}"}))
    values = replace(example_values(series), about="</textarea><script>y")
    page = write_page(series, typesetting=own, values=values)
    assert page.count("<script") == 2
    assert "<b>" not in page


def test_the_bytes_do_not_depend_on_the_run():
    command = [sys.executable, "-m", "sgdsym", "expand", "--order", "2", "--sampling", "reshuffle", "--format", "html"]
    pages = {
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    }
    assert len(pages) == 1


def test_values_of_diagrams_sum_to_the_kernel():
    series = expand_request(Request(order=3, sampling="replace"))
    values = diagram_values(series, example_tensors(3), about="five points")
    assert read_values(values.to_json(), series) == values
    sizes = {"T": 7, "N": 5, "B": 2}
    sums = np.zeros(4)
    for (diagram, coefficient), value in zip(series, values.by_name.values(), strict=True):
        sums[diagram.order] += float(coefficient.substitute(sizes).as_fraction()) * value
    assert sums == pytest.approx(series.kernel().coefficients(example_tensors(3), **sizes), rel=1e-12)
    assert min(map(abs, values.by_name.values())) > 1e-7  # nothing vanishes by accident


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda data: "[", "not JSON"),
        (lambda data: "[]", 'not values of diagrams: "format" must be "sgdsym-values/1"'),
        (lambda data: data["values"].pop("c(0-1)(01)") and None, r"the value of c\(0-1\)\(01\) is missing"),
        (
            lambda data: data["values"].update({"c(0)()": "1"}),
            r"the value of c\(0\)\(\) must be a finite number, not \"1\"",
        ),
        (lambda data: data["values"].update({"c(0)()": True}), "must be a finite number, not true"),
        (lambda data: data["values"].update({"c(0)()": [1]}), r"must be a finite number, not \[1\]"),
        (lambda data: data["values"].update({"c(0)()": float("nan")}), "must be a finite number, not NaN"),
    ],
)
def test_wrong_values_are_named(change, complaint):
    series = expand_request(Request(order=1))
    data = json.loads(example_values(series).to_json())
    text = change(data) or json.dumps(data)
    with pytest.raises(ValueError, match=complaint):
        read_values(text, series)


def test_values_with_components_agree_in_their_number():
    series = expand_request(Request(order=2, observable="displacement"))
    data = json.loads(example_values(series).to_json())
    name = next(iter(data["values"]))
    data["values"][name] = [1, 2, 3]
    with pytest.raises(ValueError, match=r"different numbers of components: \(2,\) and \(3,\)"):
        read_values(json.dumps(data), series)


def test_the_command_line_writes_pages_with_values_of_ones_own(tmp_path, capsys):
    given, page = tmp_path / "values.json", tmp_path / "page.html"
    given.write_text(
        json.dumps({"format": "sgdsym-values/1", "about": "my loss", "values": {"c(0)()": 3, "c(0-1)(01)": 5}})
    )
    assert main(["expand", "--order", "1", "--values", str(given), "--output", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert '<span id="about">my loss</span>' in text
    assert "<code>sgdsym expand --order 1</code>" in text
    assert main(["compare", "sgd:B=1", "sde", "--order", "3", "--format", "html", "--output", str(page)]) == 0
    assert "SGD - SDE" in page.read_text(encoding="utf-8")
    capsys.readouterr()
    for wrong, complaint in (
        (["--values", str(given)], "--values is for --format html, not text"),
        (["--values", str(tmp_path / "none"), "--format", "html"], "no such file"),
        (["--values", str(given), "--format", "html", "--order", "2"], "the value of c(0-1-2)(01-12) is missing"),
        (["--shape", "equations", "--format", "html"], "--shape is for --format latex, not html"),
    ):
        assert main(["expand", "--order", "1", *wrong]) == 2
        said = capsys.readouterr().err
        assert complaint in said
        assert said.count("\n") == 1
