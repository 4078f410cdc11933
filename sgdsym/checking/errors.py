"""What can be wrong with a formula."""

from __future__ import annotations


class FormulaError(ValueError):
    """A formula cannot be read; the message says why, in one line."""
