"""The fields of JSON text from outside: each is what it may be, or the text is refused; nothing is converted silently."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

HIGHEST_ORDER = (
    18  # of a series that is read: the modified equation of gradient descent reaches it, nothing goes past it
)


def read_object(text: str, expected: str, what: str) -> dict[str, Any]:
    """The object that JSON text holds, if it is of the expected format.

    Raises:
        ValueError: if it is not, in the words of what it should be.
    """
    data = read_json(text)
    if not isinstance(data, dict) or data.get("format") != expected:
        raise ValueError(f'not {what}: "format" must be "{expected}"')
    return data


def read_json(text: str) -> Any:
    """The value that JSON text holds.

    Raises:
        ValueError: if it is no JSON, holds ``NaN``, ``Infinity`` or a number of thousands of digits, or is nested hundreds of times.
    """
    try:
        return json.loads(text, parse_constant=_refused)
    except RecursionError as error:
        raise ValueError("not JSON: nested too deeply") from error
    except (ValueError, TypeError) as error:
        raise ValueError(f"not JSON: {str(error)[:200]}") from error


def field(data: Any, name: str) -> Any:
    """A field of an object.

    Raises:
        ValueError: if there is none of that name, or no object.
    """
    if not isinstance(data, dict):
        raise ValueError(f"missing or misshapen entry: {shown(data)} is no object with the field {name!r}")
    if name not in data:
        raise ValueError(f"missing or misshapen entry: the field {name!r} is missing")
    return data[name]


def integer_field(data: Any, name: str, least: int, most: int) -> int:
    """A field that is an integer between bounds.

    Raises:
        ValueError: if it is anything else; ``1.0`` and ``true`` are.
    """
    return _integer(field(data, name), name, least, most)


def list_field(data: Any, name: str) -> list[Any]:
    """A field that is a list.

    Raises:
        ValueError: if it is anything else.
    """
    found = field(data, name)
    if not isinstance(found, list):
        raise ValueError(f"missing or misshapen entry: {name} must be a list, not {shown(found)}")
    return found


def integers(values: Any, name: str, least: int, most: int) -> tuple[int, ...]:
    """A list of integers between bounds.

    Raises:
        ValueError: if it is anything else.
    """
    if not isinstance(values, list):
        raise ValueError(f"missing or misshapen entry: {name} must hold lists of integers, not {shown(values)}")
    return tuple(_integer(value, name, least, most) for value in values)


def word_field(data: Any, name: str, words: Sequence[str]) -> str:
    """A field that is one of some words.

    Raises:
        ValueError: naming the words, if it is anything else.
    """
    found = field(data, name)
    if not isinstance(found, str) or found not in words:
        raise ValueError(f"{name} must be one of {', '.join(words)}, not {shown(found)}")
    return found


def text_field(data: Any, name: str) -> str:
    """A field that is text.

    Raises:
        ValueError: if it is anything else.
    """
    found = field(data, name)
    if not isinstance(found, str):
        raise ValueError(f"missing or misshapen entry: {name} must be text, not {shown(found)}")
    return found


def shown(value: Any) -> str:
    """The beginning of a value, for a message of one line."""
    text = repr(value)
    return text if len(text) <= 50 else f"{text[:47]}..."


def _integer(value: Any, name: str, least: int, most: int) -> int:
    # true is an integer to Python, not to JSON
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(
            f"missing or misshapen entry: {name} must hold integers from {least} to {most}, not {shown(value)}"
        )
    return value


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")
