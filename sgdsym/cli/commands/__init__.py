"""The commands, a file each: options, help, and the call into the rooms below.

A command adds its parser in ``add`` and leaves the function to call in ``run``; rooms that only it needs are imported when
it runs.
"""

from sgdsym.cli.commands import (
    compare,
    demo,
    diagrams,
    expand,
    literature,
    modified,
    paper,
    resum,
    stationary,
    trajectory,
    verify,
)

COMMANDS = (expand, compare, diagrams, literature, resum, trajectory, modified, paper, stationary, verify, demo)

__all__ = ["COMMANDS"]
