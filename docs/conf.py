"""How the manual is built: ``sphinx-build -W docs build/docs``.  The pages need no network, neither to build nor to read."""

import os
import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "sgdsym"
author = "The sgdsym developers"
release = installed("sgdsym")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "sphinx_argparse_cli",
    "generated",
]
exclude_patterns = ["_ext"]
templates_path = []
html_theme = "furo"
html_title = f"sgdsym {release}"
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["manual.css"]
html_copy_source = False

myst_enable_extensions = ["amsmath", "dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3

# notebooks are committed without outputs; the tests keep what they have executed, otherwise they are executed here
nb_execution_mode = "off" if os.environ.get("SGDSYM_EXECUTED") else "cache"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
suppress_warnings = ["ref.python"]  # names that two rooms offer: the first is meant
