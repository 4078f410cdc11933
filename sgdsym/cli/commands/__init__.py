"""The commands, a file each: options, help, and the call into the rooms below.

A command adds its parser in ``add`` and leaves the function to call in ``run``.  What it is for stands here, so that a list
of the commands loads none of them; a command loads the rooms that its options lean on, and runs with those that only it needs.
"""

PURPOSES = {
    "derive a formula": {
        "expand": "the expansion of an observable in the learning rate",
        "compare": "the difference of two settings, first minus second",
        "resum": "the resummed series, exact at long times near a point",
        "trajectory": "whole runs: the noise expanded around the noise-free trajectory",
        "modified": "the modified equation, or one part of the generator",
        "stationary": "where SGD settles: covariance, Gibbs law, escape, and minibatch noise",
    },
    "check and explain": {
        "check": "hold a formula of your own against what is derived",
        "explain": "how the coefficient of a diagram is counted",
        "diagrams": "list, count, draw or explain the diagrams of an order",
        "literature": "every printed formula, what sgdsym derives, and the verdict",
    },
    "write": {"paper": "a LaTeX appendix: definitions, every order, the diagrams, what is exact"},
    "numbers and trust": {
        "simulate": "run SGD many times and read an observable off, beside its series",
        "verify": "check the installed tool against exact enumeration",
        "demo": "derive, generate, predict and compare with real SGD, in a minute or less",
    },
}
COMMANDS = {name: summary for commands in PURPOSES.values() for name, summary in commands.items()}

__all__ = ["COMMANDS", "PURPOSES"]
