r"""Values of diagrams as JSON, which the page of a series reads, and a small loss whose values every page has with it.

The text is ``{"format": "sgdsym-values/1", "about": "…", "values": {"c(0-1)(01)": 0.25, …}}``: a number for each diagram under its
name in the literature's notation, or a list of numbers, nested once for each open index more.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdsym.numeric import interpret_diagram, logistic_derivatives
from sgdsym.numeric.population import Tensors
from sgdsym.render.names import diagram_name
from sgdsym.series import Series

FORMAT = "sgdsym-values/1"
_FEATURES = ((1.0, 0.5), (-0.5, 1.5), (0.8, -1.0), (-1.2, -0.4), (0.3, 1.1))
_LABELS = (1, -1, 1, -1, 1)
_START, _L2 = (0.5, -0.25), 0.1
_ABOUT = (
    "logistic loss log(1 + exp(-y x·w)) + 0.05 |w|² at w = (0.5, -0.25), with the data points (x; y) = "
    "(1, 0.5; 1), (-0.5, 1.5; -1), (0.8, -1; 1), (-1.2, -0.4; -1), (0.3, 1.1; 1)"
)
_OBSERVED = "; the observed function is the loss without 0.05 |w|²"


@dataclass(frozen=True, slots=True)
class DiagramValues:
    """The values of the diagrams of a series.

    Attributes:
        about: the loss and the place of the values, in words.
        by_name: by the name of the diagram a number, or a list of as many numbers as the values have components.
    """

    about: str
    by_name: dict[str, Any]

    def to_json(self) -> str:
        """The text that a page and ``--values`` read, a diagram a line.

        >>> print(DiagramValues("two points", {"c(0-1)(01)": 0.25}).to_json())
        {"format": "sgdsym-values/1",
         "about": "two points",
         "values": {
          "c(0-1)(01)": 0.25
        }}
        """
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in self.by_name.items())
        head = f'{{"format": "{FORMAT}",\n "about": {json.dumps(self.about, ensure_ascii=False)},'
        return f'{head}\n "values": {{\n{lines}\n}}}}'


def diagram_values(
    series: Series,
    derivatives: Tensors,
    *,
    about: str = "",
    weights: Any = None,
    metric: Any = None,
    root_derivatives: Tensors | None = None,
    start: Any = None,
) -> DiagramValues:
    r"""The value of each diagram of a series on a population of data points.

    Args:
        series: its diagrams are evaluated.
        derivatives: by degree :math:`k` the tensors :math:`\nabla^k l_x`, as :func:`sgdsym.interpret` takes them.
        about: words that say what the values are of.
        weights: the probabilities of the data points.
        metric: the inverse metric.
        root_derivatives: the derivatives of the observed function.
        start: with weight decay the weights where the derivatives are taken.

    Raises:
        ValueError: naming the tensor that is missing, misshapen or not finite, or if the weight decay is a symbol.

    >>> from sgdsym.sgd import expand
    >>> slopes = [[1.0], [3.0]]
    >>> diagram_values(expand(order=1), [[0.0, 0.0], slopes]).by_name
    {'c(0)()': 0.0, 'c(0-1)(01)': 4.0}
    """
    decay, found = series.setting.weight_decay, {}
    if decay.symbols:
        raise ValueError(
            f"diagrams have values at one weight decay; put a number in for {', '.join(sorted(decay.symbols))}"
        )
    for diagram in series.diagrams():
        value = interpret_diagram(
            diagram,
            series.basis,
            derivatives,
            weights=weights,
            metric=metric,
            root_derivatives=root_derivatives,
            weight_decay=decay.as_fraction(),
            start=start,
        )
        found[diagram_name(diagram, series.basis)] = np.asarray(value, dtype=float).tolist()
    return DiagramValues(about, found)


def example_tensors(order: int) -> dict[int, Any]:
    """Derivatives of a logistic loss with two weights on five data points, up to ``order``; no diagram vanishes on them.

    >>> example_tensors(1)[1].shape
    (5, 2)
    """
    return logistic_derivatives(_FEATURES, _LABELS, _START, order, l2=_L2)


def example_root_tensors(order: int) -> dict[int, Any]:
    """Derivatives of the function that is observed on the example: the mean loss without its quadratic term."""
    return logistic_derivatives(_FEATURES, _LABELS, _START, order, per_sample=())


def example_values(series: Series) -> DiagramValues:
    """The values on :func:`example_tensors`, and where a function is observed on :func:`example_root_tensors`."""
    function = series.setting.observable.carries_function
    roots = example_root_tensors(series.truncation) if function else None
    decay = series.setting.weight_decay
    about = _ABOUT + (_OBSERVED if function else "") + (f"; trained with weight decay {decay}" if decay else "")
    start, tensors = _START if decay else None, example_tensors(series.truncation)
    return diagram_values(series, tensors, about=about, root_derivatives=roots, start=start)


def read_values(text: str, series: Series) -> DiagramValues:
    """Values from JSON text, one for each diagram of the series.

    Raises:
        ValueError: naming the diagram whose value is missing or wrong, or saying what the text is not.

    >>> from sgdsym.sgd import expand
    >>> read_values('{"format": "sgdsym-values/1", "values": {"c(0)()": 1}}', expand(order=1))
    Traceback (most recent call last):
    ValueError: the value of c(0-1)(01) is missing
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError("a number in the values has too many digits, or lists are nested too deeply") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("values"), dict):
        raise ValueError(f'not values of diagrams: "format" must be "{FORMAT}", and "values" numbers by diagram')
    about = data.get("about", "")
    if not isinstance(about, str) or not about.isprintable():
        raise ValueError('"about" must be one line of text that says what the values are of')
    found: dict[str, Any] = {}
    shapes: set[tuple[int, ...]] = set()
    for diagram in series.diagrams():
        name = diagram_name(diagram, series.basis)
        if name not in data["values"]:
            raise ValueError(f"the value of {name} is missing")
        found[name] = data["values"][name]
        axes = 0 if series.setting.observable.carries_function else len(diagram.open_roots)
        shapes.add(_shape(found[name], axes, name))
    if len(shapes) > 1:
        raise ValueError(f"the values have different numbers of components: {' and '.join(map(str, sorted(shapes)))}")
    return DiagramValues(about, found)


def _shape(value: Any, axes: int, name: str) -> tuple[int, ...]:
    """The shape of nested lists of finite numbers."""
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        array = np.array(math.nan)
    fits = array.ndim == axes and array.size and np.isfinite(array).all()
    if not fits or any(isinstance(x, bool) or not isinstance(x, (int, float)) for x in _entries(value)):
        wanted = "a finite number" if not axes else f"{axes} times nested lists of finite numbers"
        # lists may be nested as deep as they can be read, which is too deep to be written
        shown = reprlib.repr(value) if isinstance(value, (list, dict)) else json.dumps(value)
        raise ValueError(f"the value of {name} must be {wanted}, not {shown[:40]}")
    return array.shape


def _entries(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for entry in value:
            yield from _entries(entry)
    else:
        yield value
