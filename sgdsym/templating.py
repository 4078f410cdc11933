"""Where the jinja2 templates are, and how they are read.

Templates hold text and loops over ready strings, no mathematics.  They live in ``templates/`` at the top of the source
tree and beside this file in an installed wheel.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment, Template

_LATEX_DELIMITERS: dict[str, Any] = {
    "block_start_string": r"\BLOCK{",
    "block_end_string": "}",
    "variable_start_string": r"\VAR{",
    "variable_end_string": "}",
    "comment_start_string": r"\NOTE{",
    "comment_end_string": "}",
}


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


def template(name: str) -> Template:
    r"""The template of that name; every variable it uses must be given to it.

    Those named ``….tex.jinja`` are written with ``\VAR{…}``, ``\BLOCK{…}`` and ``\NOTE{…}``, as braces and per cent signs have a
    meaning of their own in LaTeX.
    """
    return _environment(latex=name.endswith(".tex.jinja")).get_template(name)


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
