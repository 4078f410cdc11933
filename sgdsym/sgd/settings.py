r"""Settings in words: ``sgd:sampling=fixed,B=1`` read into a request, and a request with a learning rate put in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from sgdsym.arguments import quoted, read_text
from sgdsym.series import SGD, Coefficient, read_number, read_size, schedule_name
from sgdsym.series.powers import Power
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
# the symbol that stands for an expression in a request, where nothing else is called so
_LETTERS = {
    "steps": "T",
    "dataset_size": "N",
    "batch_size": "B",
    "epochs": "E",
    "momentum": "mu",
    "average": "beta",
    "weight_decay": "decay",
}
_FLAGS = ("nesterov", "mean-over-run")
_KEYS = (*_WORDS, *_SIZES, *_NUMBERS, *_FLAGS, "schedule", "delay", "scale")
LONGEST_SETTING = 1000
# of an expression, which every coefficient holds to its own order
_HIGHEST, _MOST_TERMS = 8, 6
_UNSCALED = Coefficient(1)


@dataclass(frozen=True, slots=True)
class Side:
    r"""One side of a comparison: a request, run at a multiple of the learning rate.

    Attributes:
        request: what is expanded.
        scale: the factor :math:`c` of the learning rate :math:`c\,\eta`.
        updates: the number of updates where it is not the request's own but set by the other side.
        given: options that are expressions, such as a batch size of :math:`cB`; in the request a symbol stands for each.

    >>> side = parse_setting("sgd:B=c*B,T=T/c,scale=c")
    >>> side.request.batch_size, side.exact
    ('B', {'B': Coefficient('B*c'), 'T': Coefficient('T/c')})
    """

    request: Request
    scale: Coefficient = _UNSCALED
    updates: Coefficient | None = None
    given: tuple[tuple[str, Coefficient], ...] = ()

    @property
    def exact(self) -> dict[str, Coefficient]:
        """The expression behind each symbol that stands for one."""
        return {getattr(self.request, option): value for option, value in self.given}

    @property
    def steps(self) -> Coefficient:
        """The number of updates."""
        return self.request.sizes.steps.substitute(self.exact) if self.updates is None else self.updates

    def taking(self, option: str, other: Side) -> Side:
        """The side with an option of another one, which may be an expression."""
        value = dict(other.given).get(option)
        if value is not None:
            return self.with_expression(option, value)
        return self._with(option, getattr(other.request, option))

    def with_expression(self, option: str, value: Coefficient) -> Side:
        """The side with an expression for an option of its request."""
        options = {known.name: getattr(self.request, known.name) for known in fields(Request)}
        return replace(self._with(option, _stand_in(option, options)), given=(*self.given, (option, value)))

    def _with(self, option: str, value: Any) -> Side:
        return replace(self, request=replace(self.request, **{option: value}))

    def describe(self) -> str:
        """The side in words.

        >>> parse_setting("fixed:B=1,scale=1/E").describe()
        'sgd, fixed: E*N updates, N points, batches of 1, learning rate times 1/E'
        """
        request, sizes = self.request, self.request.sizes
        words = [f"{self.steps} updates"]
        if request.scheme.is_finite:
            words.append(f"{sizes.dataset_size.substitute(self.exact)} points")
        given = dict(self.given)
        if request.setting.dynamics.has_batches:
            words.append(f"batches of {given.get('batch_size', request.batch_words)}")
        words += _rule_words(request, given)
        if self.scale != 1:
            words.append(f"learning rate times {self.scale}")
        name = f"sgd, {request.sampling}" if request.setting.dynamics == SGD else request.dynamics
        return f"{name}: {', '.join(words)}"


def _rule_words(request: Request, given: Mapping[str, Coefficient]) -> list[str]:
    """The update rule, and when the weights are read."""
    words: list[str] = []
    if request.momentum:
        words.append(f"{'Nesterov ' if request.nesterov else ''}momentum {given.get('momentum', request.momentum)}")
    if isinstance(request.schedule, str):
        words.append(f"rates {request.schedule} given later")
    elif request.schedule is not None:
        words.append(f"schedule {', '.join(map(str, request.schedule))}")
    if request.delay:
        words.append(f"gradients {request.delay} updates late")
    if request.average is not None:
        uniform = request.average == "uniform"
        decay = given.get("average", request.average)
        words.append("read at the uniform average" if uniform else f"read at the average of decay {decay}")
    if request.optimizer is not None:
        words.append("an optimiser of its own")
    if request.weight_decay:
        words.append(f"weight decay {given.get('weight_decay', request.weight_decay)}")
    if request.mean_over_run:
        words.append("averaged over the run")
    return words


def parse_setting(text: str, *, observable: str | None = None) -> Side:
    r"""Read a setting such as ``sgd``, ``gd:N=N``, ``sgd:sampling=fixed,B=1`` or ``fixed:E=E,scale=1/E``.

    The first word is the dynamics (``sgd``, ``gd``, ``ode``, ``sde``), or a sampling, which means SGD with it.  Pairs
    ``key=value`` follow, each after a colon or a comma: ``sampling``, ``observable``; the sizes ``T`` or ``steps``, ``N`` or
    ``dataset-size``, ``B`` or ``batch-size``, ``E`` or ``epochs``, integers, symbol names or expressions such as ``c*B``, batch
    sizes a list, too, such as ``[32,32,64]``; ``momentum``, a number, a symbol name or an expression such as ``mu**2``;
    ``nesterov=yes``; ``schedule``, the name of rates that are given later, or a list such as ``[1,1/2]``; ``delay``, an integer;
    ``average``, ``uniform`` or a decay; ``weight-decay``, a number, a symbol name or an expression; ``mean-over-run=yes``;
    ``scale``, the factor of the learning rate, such as ``1/E``.  Expressions are arithmetic and are never evaluated as code.

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
    # at colons and commas, but for the commas of a list, after which a closing bracket comes before an opening one
    first, *pairs = re.split(r"[:,](?![^\[\]]*\])", text)
    options: dict[str, Any] = {} if observable is None else {"observable": observable}
    options |= _first_word(text, first.strip())
    scale, seen = Coefficient(1), set(options) - {"observable"}
    for pair in pairs:
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not (key and equals and value):
            raise ValueError(f"{quoted(pair.strip())} in setting {quoted(text)} is not of the form key=value")
        key = key.replace("_", "-")
        if key not in _KEYS:
            raise ValueError(f"unknown word {quoted(key)} in setting {quoted(text)}; use {', '.join(_KEYS)}")
        option = _SIZES.get(key, key.replace("-", "_"))
        if option in seen:
            raise ValueError(f"setting {quoted(text)} gives the {option.replace('_', ' ')} twice; give it once")
        seen.add(option)
        if key == "scale":
            scale = _scale(text, value)
        else:
            options[option] = _value(text, key, value)
    given = {option: value for option, value in options.items() if isinstance(value, Coefficient)}
    for option in given:
        options[option] = _stand_in(option, options)
    try:
        return Side(Request(**options), scale, given=tuple(given.items()))
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


def _stand_in(option: str, options: Mapping[str, Any]) -> str:
    """A symbol for an option of a request that none of its other options is called, given or left out."""
    others = [options.get(other, default) for other, default in _LETTERS.items() if other != option]
    # a size that is left out has its letter, even where another one says the same
    others += [letter for size, letter in _LETTERS.items() if size != option]
    rates, optimizer = options.get("schedule"), options.get("optimizer")
    others += [rates] if isinstance(rates, str) else list(rates or ())
    others += [] if optimizer is None else optimizer.symbols
    taken = {name for name in others if isinstance(name, str)}
    words = (_LETTERS[option], *(f"{option}{k}" for k in range(1, len(taken) + 2)))
    # a name that begins with that of a schedule and an underscore is one of its sums
    return next(word for word in words if not any(word == name or word.startswith(f"{name}_") for name in taken))


def _value(text: str, key: str, value: str) -> Size | Number | bool | tuple[Size | Number, ...] | Coefficient:
    if key in _WORDS:
        return value
    if key in _FLAGS:
        if value not in ("yes", "no"):
            raise ValueError(f"{key} in setting {quoted(text)} is yes or no, not {quoted(value)}")
        return value == "yes"
    try:
        if value.startswith("[") and value.endswith("]") and key in ("schedule", "B", "batch-size"):
            read = read_number if key == "schedule" else read_size
            return tuple(read(part.strip()) for part in value[1:-1].split(","))
        if key == "schedule":
            return schedule_name(value)
        return read_size(value) if key == "delay" else _arithmetic(value, whole=key not in _NUMBERS)
    except ValueError as error:
        raise ValueError(f"{key} in setting {quoted(text)}: {error}") from error


def _arithmetic(text: str, *, whole: bool) -> Size | Number | Coefficient:
    """A number, the name of a symbol, or an expression; one that is a number or a name is read as such."""
    try:
        return read_size(text) if whole else read_number(text)
    except ValueError as error:
        if not re.search(r"[-+*/()]", text.lstrip("+-")):
            raise
        try:
            value = Coefficient.parse(text)
        except ValueError as wrong:
            raise ValueError(f"{error}; {wrong}") from wrong
    _check_moderate(text, value)
    names = sorted(value.symbols)
    if names:
        return names[0] if value == Coefficient.symbol(names[0]) else value
    number: Fraction = value.as_fraction()
    if not whole:
        return number
    if number.denominator != 1:
        raise ValueError(f"{quoted(text)} is {number}, which is no whole number")
    return int(number)


def _check_moderate(text: str, value: Coefficient) -> None:
    """Refuse an expression whose powers would be long, where every coefficient holds some."""
    parts = [(value.monomials(), 1), *((pole.monomials(), exponent) for pole, exponent in value.denominators)]
    powers = [(monomial, times) for part, times in parts for _, monomial in part]
    degrees = [times * sum(abs(exponent) for _, exponent in monomial) for monomial, times in powers]
    if (
        any(isinstance(base, Power) for monomial, _ in powers for base, _ in monomial)
        or max(degrees, default=0) > _HIGHEST
        or max(len(part) for part, _ in parts) > _MOST_TERMS
    ):
        raise ValueError(
            f"{quoted(text)} is too much for a size or a number; an expression has at most {_MOST_TERMS} terms of degree "
            f"at most {_HIGHEST}, and no power with a symbol in its exponent"
        )


def _scale(text: str, value: str) -> Coefficient:
    try:
        scale = Coefficient.parse(value)
    except ValueError as error:
        raise ValueError(f"scale in setting {quoted(text)}: {error}") from error
    if not scale:
        raise ValueError(f"scale in setting {quoted(text)} is 0; a run without a learning rate stays where it is")
    return scale
