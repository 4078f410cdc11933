"""Where the jinja2 templates are, how they are read, and what may be printed into them.

Templates hold text and loops over ready strings, no mathematics.  They live in ``templates/`` at the top of the source
tree and beside this file in an installed wheel.

A template of a program or of LaTeX prints numbers, plain words, and what a writer of this package has made and vouched for:
:class:`Written` text, of which each kind checks itself when it is made.  Anything else is refused by :func:`render`, the only door,
so that no text from outside becomes code.  Pages escape what they print.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from jinja2 import Environment

_LATEX_DELIMITERS: dict[str, Any] = {
    "block_start_string": r"\BLOCK{",
    "block_end_string": "}",
    "variable_start_string": r"\VAR{",
    "variable_end_string": "}",
    "comment_start_string": r"\NOTE{",
    "comment_end_string": "}",
}

# elements of formulas and pictures with attributes that say how they look, between them text without brackets
_MARKUP = re.compile(
    r"(?:[^<>]|</?(?:m[a-z]+|svg|g|title|rect|path|circle|ellipse|text)(?: (?!on|href|src)[a-zA-Z-]+=\"[^\"<>]*\")*/?>)*"
)
LONGEST_WORDS = 400  # characters of what stands in the heading of a module
# letters, digits, blanks and signs that neither call, quote nor end anything, in Python, JavaScript or LaTeX
_WORDS = re.compile(r"(?!.*__)(?:_?[A-Za-z|][A-Za-z0-9 .,:|^+*_-]*|[0-9]+(?:\.[A-Za-z0-9+]+)*)?")
# names, numbers, operators and brackets, quoted words with names in braces, a comment at the end; a quotation mark never stands
# beside another
_CODE = re.compile(
    r"""(?:[A-Za-z0-9]|_(?!_)|[ .,:;()\[\]{}+*/%@=<>!&|^~-]"""
    r"""|(?<!")"(?:[A-Za-z0-9_ ,.;:>=/*+()-]|\{[A-Za-z][A-Za-z0-9_]*\})*"(?!"))*(?:\#[ !\#-&(-\[\]-~]*)?"""
)


class Written(str):
    """Text in a language of the templates that its writer vouches for; each kind checks it when it is made."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """The text, checked."""
        cls.check(text)
        return super().__new__(cls, text)

    @classmethod
    def check(cls, text: str) -> None:
        """Refuse text that is not of this kind.

        Raises:
            ValueError: saying what is wrong with it.
        """
        raise NotImplementedError


class Code(Written):
    """Lines of Python or JavaScript that a printer has made of names and numbers.

    >>> Code('t1 = _contract("ab,b->a", mean_2, mean_1)  # H(G)')
    't1 = _contract("ab,b->a", mean_2, mean_1)  # H(G)'
    """

    __slots__ = ()

    @classmethod
    def check(cls, text: str) -> None:
        """Refuse lines with private names of Python, backslashes, or quotes around more than plain words."""
        for line in text.split("\n"):
            if not _CODE.fullmatch(line):
                raise ValueError(f"{_shown(line)} is no line that a printer of code makes")


class Source(Written):
    r"""Functions of this package that a module holds a copy of.

    >>> Source("def _half(x):\n    return x / 2")
    'def _half(x):\n    return x / 2'
    """

    __slots__ = ()

    @classmethod
    def check(cls, text: str) -> None:
        """Refuse what is no Python."""
        try:
            ast.parse(text)
        except SyntaxError as error:
            raise ValueError(f"{_shown(text)} is no source of Python") from error


def plain_words(words: str) -> str:
    """Words as any template prints them: other characters than letters, digits and plain signs become blanks.

    >>> plain_words("|G|^2 of sgd - gd"), plain_words("mine'); quit()")
    ('|G|^2 of sgd - gd', 'mine quit')
    """
    found = re.sub(r"[^A-Za-z0-9 .,:|^+*_-]|__+", " ", str(words)[:LONGEST_WORDS])
    return " ".join(re.sub(r"^[^A-Za-z|]+", "", found).split())


class Markup(Written):
    """Formulas in MathML and pictures in SVG, which pages hold as they are; all other text is escaped there.

    >>> Markup("<mi>T</mi>")
    '<mi>T</mi>'
    """

    __slots__ = ()

    @classmethod
    def check(cls, text: str) -> None:
        """Refuse elements besides those of formulas and pictures, and attributes that act or refer to something."""
        if not _MARKUP.fullmatch(text):
            raise ValueError(f"{_shown(text)} is no formula or picture for a page")

    def __html__(self) -> str:
        """The text as it is, for jinja2."""
        return str(self)


def template_folder() -> Path:
    """The folder of the templates, in a wheel or in an editable install.

    Raises:
        FileNotFoundError: if neither place holds them: the installation is broken.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "templates", here.parent / "templates"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the sgdsym templates are missing beside {here}; install sgdsym again")


def render(name: str, /, **values: Any) -> str:
    r"""The text of the template of that name with these values; every variable that it uses must be among them.

    Those named ``….tex.jinja`` are written with ``\VAR{…}``, ``\BLOCK{…}`` and ``\NOTE{…}``, as braces and per cent signs have a
    meaning of their own in LaTeX.

    Raises:
        ValueError: if a value is neither a number, nor plain words, nor :class:`Written`; pages, which escape them, take any words.

    >>> values = {"title": "x", "name": "f", "symbols": [], "shape": "", "statements": [], "result": "1"}
    >>> render("numpy_law.py.jinja", version="import os; f()", **values)
    Traceback (most recent call last):
    ValueError: version is 'import os; f()': only numbers, plain words and checked text are printed into a module
    """
    if not name.endswith(".html.jinja"):
        for key, value in values.items():
            _check(key, value)
    return _environment(latex=name.endswith(".tex.jinja")).get_template(name).render(**values)


def _check(key: str, value: Any) -> None:
    """Refuse values that no template of a program may print, however they are wrapped."""
    match value:
        case None | bool() | int() | Fraction() | Written() | FunctionType() | MethodType():
            return
        case float() if math.isfinite(value):
            return
        case str() if _WORDS.fullmatch(value):
            return
        case list() | tuple():
            for entry in value:
                _check(key, entry)
            return
        case Mapping():
            for name, entry in value.items():
                _check(key, name)
                _check(key, entry)
            return
    raise ValueError(f"{key} is {_shown(value)}: only numbers, plain words and checked text are printed into a module")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


@cache
def _environment(*, latex: bool) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    delimiters = _LATEX_DELIMITERS if latex else {}
    return Environment(
        loader=FileSystemLoader(template_folder()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=select_autoescape(["html.jinja"]),  # the others write Python and LaTeX
        **delimiters,
    )
