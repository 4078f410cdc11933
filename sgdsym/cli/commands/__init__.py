"""The commands, a file each: options, help, and the call into the rooms below.

A command adds its parser in ``add`` and leaves the function to call in ``run``; rooms that only it needs are imported when
it runs.
"""

from sgdsym.cli.commands import (
    check,
    compare,
    demo,
    diagrams,
    expand,
    explain,
    literature,
    modified,
    paper,
    resum,
    simulate,
    stationary,
    verify,
)

COMMANDS = (
    *(expand, compare, check, diagrams, explain, literature, resum, modified, paper, stationary),
    *(simulate, verify, demo),
)

__all__ = ["COMMANDS"]
