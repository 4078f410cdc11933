"""How a whole run shows itself: the door from this room to the consumers above it.

Each method hands the value to a room above when it is called, so importing this file imports none of them.
"""

from __future__ import annotations


class TrajectoryViews:
    """Display, exchange and lowering of the expansion of a run."""
