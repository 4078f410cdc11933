r"""Settings in words: ``sgd:sampling=fixed,B=1`` read into a request, and a request with a learning rate put in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sgdsym.arguments import quoted, read_text
from sgdsym.series import SGD, Coefficient, read_number, read_size, schedule_name
from sgdsym.sgd.options import Number, Size
from sgdsym.sgd.request import DYNAMICS, SAMPLINGS, Request

_SIZES = {
    "N": "dataset_size",
    "dataset-size": "dataset_size",
    "B": "batch_size",
    "batch-size": "batch_size",
    "E": "epochs",
    "epochs": "epochs",
    "T": "steps",
    "steps": "steps",
}
_WORDS = ("sampling", "observable", "last-batch")
_NUMBERS = ("momentum", "average", "weight-decay")
_FLAGS = ("nesterov", "mean-over-run")
_KEYS = (*_WORDS, *_SIZES, *_NUMBERS, *_FLAGS, "schedule", "delay", "scale")
LONGEST_SETTING = 1000
_UNSCALED = Coefficient(1)


@dataclass(frozen=True, slots=True)
class Side:
    r"""One side of a comparison: a request, run at a multiple of the learning rate.

    Attributes:
        request: what is expanded.
        scale: the factor :math:`c` of the learning rate :math:`c\,\eta`.
        updates: the number of updates where it is not the request's own but set by the other side.
    """

    request: Request
    scale: Coefficient = _UNSCALED
    updates: Coefficient | None = None

    @property
    def steps(self) -> Coefficient:
        """The number of updates."""
        return self.request.sizes.steps if self.updates is None else self.updates

    def describe(self) -> str:
        """The side in words.

        >>> parse_setting("fixed:B=1,scale=1/E").describe()
        'sgd, fixed: E*N updates, N points, batches of 1, learning rate times 1/E'
        """
        request, sizes = self.request, self.request.sizes
        words = [f"{self.steps} updates"]
        if request.scheme.is_finite:
            words.append(f"{sizes.dataset_size} points")
        if request.setting.dynamics.has_batches:
            words.append(f"batches of {request.batch_words}")
        words += _rule_words(request)
        if self.scale != 1:
            words.append(f"learning rate times {self.scale}")
        name = f"sgd, {request.sampling}" if request.setting.dynamics == SGD else request.dynamics
        return f"{name}: {', '.join(words)}"


def _rule_words(request: Request) -> list[str]:
    """The update rule, and when the weights are read."""
    words: list[str] = []
    if request.momentum:
        words.append(f"{'Nesterov ' if request.nesterov else ''}momentum {request.momentum}")
    if isinstance(request.schedule, str):
        words.append(f"rates {request.schedule} given later")
    elif request.schedule is not None:
        words.append(f"schedule {', '.join(map(str, request.schedule))}")
    if request.delay:
        words.append(f"gradients {request.delay} updates late")
    if request.average is not None:
        uniform = request.average == "uniform"
        words.append("read at the uniform average" if uniform else f"read at the average of decay {request.average}")
    if request.optimizer is not None:
        words.append("an optimiser of its own")
    if request.weight_decay:
        words.append(f"weight decay {request.weight_decay}")
    if request.mean_over_run:
        words.append("averaged over the run")
    return words


def parse_setting(text: str, *, observable: str | None = None) -> Side:
    r"""Read a setting such as ``sgd``, ``gd:N=N``, ``sgd:sampling=fixed,B=1`` or ``fixed:E=E,scale=1/E``.

    The first word is the dynamics (``sgd``, ``gd``, ``ode``, ``sde``), or a sampling, which means SGD with it.  Pairs
    ``key=value`` follow, each after a colon or a comma: ``sampling``, ``observable``; the sizes ``T`` or ``steps``, ``N`` or
    ``dataset-size``, ``B`` or ``batch-size``, ``E`` or ``epochs``, integers or symbol names; ``momentum``, a rational number or
    a symbol name; ``nesterov=yes``; ``schedule``, the name of rates that are given later; ``delay``, an integer; ``average``,
    ``uniform`` or a decay; ``weight-decay``, a number or a symbol name; ``mean-over-run=yes``; ``scale``, the factor of the
    learning rate, such as ``1/E``.

    Args:
        text: the setting.
        observable: the observable of a setting that names none; the test loss if left out.

    Raises:
        ValueError: naming the word that is wrong and what it may be.

    >>> side = parse_setting("gd:N=50")
    >>> side.request.dynamics, side.request.dataset_size, str(side.scale)
    ('gd', 50, '1')
    >>> parse_setting("adam:T=3")
    Traceback (most recent call last):
    ValueError: setting 'adam:T=3' must begin with one of sgd, gd, ode, sde, online, fixed, reshuffle, replace, not 'adam'
    """
    read_text("a setting", text, longest=LONGEST_SETTING)
    first, *pairs = text.replace(",", ":").split(":")
    fields: dict[str, Any] = {} if observable is None else {"observable": observable}
    fields |= _first_word(text, first.strip())
    scale, seen = Coefficient(1), set(fields) - {"observable"}
    for pair in pairs:
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not (key and equals and value):
            raise ValueError(f"{quoted(pair.strip())} in setting {quoted(text)} is not of the form key=value")
        if key not in _KEYS:
            raise ValueError(f"unknown word {quoted(key)} in setting {quoted(text)}; use {', '.join(_KEYS)}")
        field = _SIZES.get(key, key.replace("-", "_"))
        if field in seen:
            raise ValueError(f"setting {quoted(text)} gives the {field.replace('_', ' ')} twice; give it once")
        seen.add(field)
        if key == "scale":
            scale = _scale(text, value)
        else:
            fields[field] = _value(text, key, value)
    try:
        return Side(Request(**fields), scale)
    except ValueError as error:
        raise ValueError(f"setting {quoted(text)}: {error}") from error


def _first_word(text: str, word: str) -> dict[str, str]:
    if word in DYNAMICS:
        return {"dynamics": word}
    if word in SAMPLINGS:
        return {"dynamics": "sgd", "sampling": word}
    raise ValueError(
        f"setting {quoted(text)} must begin with one of {', '.join((*DYNAMICS, *SAMPLINGS))}, not {quoted(word)}"
    )


def _value(text: str, key: str, value: str) -> Size | Number | bool:
    if key in _WORDS:
        return value
    if key in _FLAGS:
        if value not in ("yes", "no"):
            raise ValueError(f"{key} in setting {quoted(text)} is yes or no, not {quoted(value)}")
        return value == "yes"
    try:
        if key == "schedule":
            return schedule_name(value)
        return read_number(value) if key in _NUMBERS else read_size(value)
    except ValueError as error:
        raise ValueError(f"{key} in setting {quoted(text)}: {error}") from error


def _scale(text: str, value: str) -> Coefficient:
    try:
        scale = Coefficient.parse(value)
    except ValueError as error:
        raise ValueError(f"scale in setting {quoted(text)}: {error}") from error
    if not scale:
        raise ValueError(f"scale in setting {quoted(text)} is 0; a run without a learning rate stays where it is")
    return scale
