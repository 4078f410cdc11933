"""Values with a name: what a setting is made of.  Requests and files hold the names, the code holds the values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar, Self

_SIGNS = re.compile(r" ([-+*]) ")
_LONGEST = 400  # of names that sums and products have joined


@dataclass(frozen=True, slots=True)
class Named:
    """A value that text calls by its name; sums, differences and products of series join the names and what they stand for.

    Attributes:
        name: the word of the command line and of files.
    """

    known: ClassVar[Mapping[str, Named]] = {}

    name: str

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, name: str) -> Self:
        """The value of a name, or of names joined by signs; a name that is not known has no properties."""
        first, *rest = _SIGNS.split(name)
        pairs = zip(rest[::2], rest[1::2], strict=True)
        return reduce(lambda value, pair: value.joined(pair[0], cls._one(pair[1])), pairs, cls._one(first))

    @classmethod
    def check(cls, kind: str, name: object) -> None:
        """Refuse a name that no series of this package has: a file or a module is told what it may hold.

        Raises:
            ValueError: naming the word and what it may be.
        """
        parts = _SIGNS.split(name)[::2] if isinstance(name, str) and len(name) <= _LONGEST else [""]
        if not all(cls.is_known(part) for part in parts):
            shown = name if isinstance(name, str) and len(name) <= 30 else f"{name!s:.27}..."
            words = ", ".join(word for word in cls.known if " " not in word)
            raise ValueError(f"{kind} must be one of {words}, or such words joined by + - *, not {shown!r}")

    @classmethod
    def is_known(cls, name: str) -> bool:
        """Whether series of this package have such a thing."""
        return name in cls.known

    @classmethod
    def _one(cls, name: str) -> Self:
        found = cls.known.get(name)
        return found if isinstance(found, cls) else cls(name)

    def joined(self, sign: str, other: Self) -> Self:
        """The value that takes the place of both in a sum, difference or product: the value itself where both are equal."""
        return self if self == other else type(self)(f"{self.name} {sign} {other.name}")
