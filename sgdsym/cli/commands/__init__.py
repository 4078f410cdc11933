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
    trajectory,
    verify,
)

PURPOSES = {
    "derive a formula": (expand, compare, resum, trajectory, modified, stationary),
    "check and explain": (check, explain, diagrams, literature),
    "write": (paper,),
    "numbers and trust": (simulate, verify, demo),
}
COMMANDS = tuple(command for commands in PURPOSES.values() for command in commands)

__all__ = ["COMMANDS", "PURPOSES"]
