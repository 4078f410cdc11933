"""What a framework says when a loss fails, as one line with a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

LENGTH = 130


@dataclass(frozen=True, slots=True)
class Remedy:
    """What helps against an error.

    Attributes:
        pattern: a regular expression that its message holds.
        advice: what to do.
        final: whether the loss fails in whichever way it is differentiated.
    """

    pattern: str
    advice: str
    final: bool = False


class FinalError(ValueError):
    """A loss that fails in whichever way it is differentiated."""


@contextmanager
def in_one_line(framework: str, remedies: Sequence[Remedy]) -> Iterator[None]:
    """Say what a framework, or the loss itself, raises in one line, with the first remedy that fits.

    Raises:
        ValueError: in place of every other error; memory that is lacking and interrupts are left alone.

    >>> with in_one_line("JAX", [Remedy("zero", "add 1")]):
    ...     1 / 0
    Traceback (most recent call last):
    ValueError: the loss fails in JAX (ZeroDivisionError: division by zero); add 1
    """
    try:
        yield
    except (FinalError, MemoryError):
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        found = next((remedy for remedy in remedies if re.search(remedy.pattern, text)), Remedy("", ""))
        said = f"{type(error).__name__}: {text}" if text else type(error).__name__
        shown = said if len(said) <= LENGTH else f"{said[:LENGTH]}…"
        kind = FinalError if found.final else ValueError
        raise kind(f"the loss fails in {framework} ({shown}){'; ' if found.advice else ''}{found.advice}") from error
