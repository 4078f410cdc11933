"""Random command lines, from a grammar that is read off the parser: every command and every option, with values right and wrong.

A line is a command, what it must have, some of its options, and now and then a mistake: a word too many, too few, broken or
doubled.  Values come by the type that reads them, so a new option is drawn without being named here.
"""

import argparse
import json
import os
from pathlib import Path

# values that a reader takes, and values that it does not, or not beside others
SIZES = (
    ["1", "2", "3", "6", "T", "B", "N", "E", "n_1"],
    ["0", "-1", "1/2", "0.5", "1/0", "eta", "1e3", "10**9", "9" * 40, "T+1"],
)
NUMBERS = (
    ["0", "1/2", "-1/3", "0.9", "mu"],
    ["1", "-1", "2", "1e-3", "1e400", "nan", "inf", "1/0", "0x10", "--", "beta"],
)
MATRICES = {1: ["1", "h", "0.5", "2"], 2: ["2,1/2;1/2,1", "1,0;0,1", "2,0;0,1"]}
BROKEN = [
    "0",
    "-1",
    "a,b;b,c",
    "1,2;3",
    "",
    ";",
    ",",
    "1,0;0,1;",
    "1,x y",
    "1,2,3",
    "0,1;1,0",
    "1,2;3,4",
    "0,0;0,0",
    "-1,0;0,2",
]
GRADIENTS = (["1,0;0,1", "1;2;3", "1;2", "1,2;3,4;5,6", "a,b;1,2", "0,0;0,0;0,0"], ["1", "1,2", "1,2;3", "", ";;", "x"])
RATES = (
    ["1/10", "eta", "0.1", "1/3", "2", "x"],
    ["0", "-1", "3", "1e-30", "zz9", "lambda", "oo", "I", "pi", "E", "1e9"],
)
NOTATIONS = (
    [r"eta=\varepsilon", "l=L", "G=g", "eta=h"],
    ["T=n,eta=h", "=", "eta", "eta=", r"eta=\input{x}", "G=g,G=h", r"Q=\x", "eta=η", "eta={", "a,b"],
)
SETTINGS = (
    [
        "sgd",
        "sde",
        "ode",
        "gd",
        "gd:N=N",
        "sgd:sampling=online,B=1",
        "fixed:E=E,scale=1/E",
        "reshuffle",
        "replace:N=4,B=2",
        "sgd:weight-decay=1/3",
        "sgd:T=T/c,B=c*B,scale=c",
        "sgd:B=[1,2],schedule=[1,1/2]",
    ],
    [
        "adam",
        "",
        ":",
        "sgd:",
        "sgd:T=0",
        "sgd:B=-1",
        "sgd:B",
        "fixed:E=2,scale=1/0",
        "sgd:momentum=mu",
        "gd:scale=(((1",
        "sgd:B=c*(B",
        "sgd:B=[1,2",
    ],
)
DIAGRAMS = (
    ["c(0)()", "c(0-1)(01)", "c(01-2)(02-12)", "c(0-1-2)(01-12)", "(01)(01)", "Vlvs"],
    ["c(", "", "c(0-1)(00)", "c(0-9)(01)", "c(0-1)(01", "m(01)(01)", "c(0-1-2)(01)", "Vlsv", "Ipln("],
)
FORMULAS = (
    ["l", "-η T G·G", "-T G_a G_a", r"-\eta T G^\top G", "η² (T/2) tr(H C)", "-η T G", "η² C_ik", "l - η·T·G·∇s", "0"],
    ["", "G", "l +", "E[g", "-x", "--x", "l = l", r"\input{x}", "(" * 99, "T/2B l", "l^(40)", "η¹² l", "1/0 l"],
)
SCHEDULES = (["1,1/2", "1,w", "w", "1", "lambda"], ["1," * 3, "0,0", "", "a,a", "1,x=2", "1;2"])
TEXTS = (["x", "eq:one"], ["}", "%", r"\end", "a b", "", "é", "_", "1"])
ORDERS = (["0", "1", "1", "2", "2", "2"], ["40", "1000", "-1", "1.5", "x", "9" * 17, "9" * 30])
CASES = (["1", "1", "2"], ["0", "-1", "x"])
COUNTS = (["1", "2", "3"], ["0", "-1", "x", "9" * 30])
ODD = [
    "",
    "-",
    "--",
    "\udcff",
    "a\udc80b",
    "\x00",
    "\x1b[2J",
    "\n",
    "x\ny",
    "é" * 40,
    "q" * 5000,
    "9" * 5000,
    "(" * 400,
    "'\"",
    "%s",
    "{0}",
]
ODD += [
    "\u202e",
    "🙂",
    "-1",
    "-x",
    "--x",
    "=",
    "None",
    "1_000",
    "١",
    "$HOME",
    "`id`",
    "../..",
    "__import__('os')",
    "\ud800",
]
# how often a command is drawn; what takes a minute is only asked for wrongly
SHARES = {
    "simulate": 2,
    "expand": 5,
    "compare": 3,
    "resum": 3,
    "modified": 3,
    "diagrams": 2,
    "check": 3,
    "explain": 2,
    "paper": 2,
    "stationary": 2,
}
SLOW = {
    "demo": [["--seed", "x"], ["--colour"], ["--seed"], ["--help"]],
    "literature": [["--order", "1"], ["--output", "."], ["--help"]],
}


def files(folder):
    """Files to be read, whole and broken, by suffix; the folder of the outputs is empty but for one old file."""
    given = folder / "given"
    given.mkdir()
    whole = {"format": "sgdsym-values/1", "values": {"c(0)()": 1, "c(0-1)(01)": 2}}
    texts = {
        "whole.json": json.dumps(whole),
        "about.json": json.dumps(whole | {"about": "\ud800"}),
        "deep.json": "[" * 100_000,
        "nested.json": json.dumps(whole | {"values": 1}).replace("1}", "[" * 800 + "1" + "]" * 800 + "}"),
        "number.json": json.dumps(whole | {"values": {"c(0)()": 10**400}}),
        "digits.json": '{"values": ' + "9" * 5000 + "}",
        "list.json": "[]",
        "whole.csv": "1,0\n0,1\n",
        "ragged.csv": "1,0\n1\n",
        "words.csv": "a b,c\n",
        "empty.csv": "\n\n",
    }
    for name, text in texts.items():
        (given / name).write_text(text, encoding="utf-8")
    (given / "bytes.csv").write_bytes(b"\xff\xfe1,2\n")
    (given / "bytes.json").write_bytes(b"\xff\xfe{}")
    headers = {
        "whole": ("<f8", "(2, 2)", 32),
        "one": ("<f8", "(1, 1)", 8),
        "large": ("<f8", "(1000000, 1000000)", 32),
        "wrapped": ("<f8", "(4611686018427387904, 8)", 0),
        "endless": ("<f8", "(" + "9" * 30 + ", 0)", 0),
        "negative": ("<f8", "(-2, -2)", 32),
        "objects": ("|O", "(2, 2)", 32),
        "words": ("<U2", "(2, 2)", 32),
        "code": ("<f8", "__import__('os')", 32),
        "brackets": ("<f8", "(" * 3000, 32),
    }
    for name, (kind, shape, count) in headers.items():
        header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}\n".encode()
        # a diagonal of ones where there is room
        numbers = (b"\0" * 6 + b"\xf0\x3f" + b"\0" * 8) * 4
        (given / f"{name}.npy").write_bytes(
            b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + numbers[:count]
        )
    (given / "text.npy").write_text("1,2", encoding="utf-8")
    (given / "pickle.npy").write_bytes(b"\x80\x04]\x94.")
    outputs = folder / "outputs"
    outputs.mkdir()
    (outputs / "old.json").write_text("old", encoding="utf-8")
    (folder / "loop").symlink_to("loop")
    (folder / "nowhere").symlink_to(folder / "no" / "file")
    return given


class Grammar:
    """Draws command lines for a parser.

    Args:
        parser: of all commands.
        folder: where :func:`files` were made.
        draw: a :class:`random.Random`.
    """

    def __init__(self, parser, folder, draw):
        self.commands = dict(_commands(parser))
        self.folder = folder
        self.draw = draw
        self.json = _sorted_out(folder / "given", ".json")
        self.numbers = _sorted_out(folder / "given", ".csv", ".npy")

    def line(self):
        """The words of one command line."""
        draw = self.draw
        names = sorted(self.commands)
        words = list(draw.choices(names, [SHARES.get(name[0], 1) for name in names])[0])
        if words[0] in SLOW:
            return words + draw.choice(SLOW[words[0]])
        self.size = draw.choice([1, 2])
        share = draw.choice([0.02, 0.1, 0.2])
        optional = []
        for action in self.commands[tuple(words)]:
            often = {"order": 0.9, "format": 0.5, "output": 0.5}.get(action.dest, share)
            if not action.option_strings:
                words += [self.value(action)]
            elif action.required or draw.random() < often:
                optional += [self.option(action) for _ in range(2 if isinstance(action, argparse._AppendAction) else 1)]
        if words[-1] == "noise" and draw.random() < 0.9:
            optional = [option for option in optional if option[0] not in ("--gradients", "--covariance")]
            optional.append(
                draw.choice([["--gradients", draw.choice(GRADIENTS[0])], ["--covariance", draw.choice(MATRICES[2])]])
            )
        if words[0] == "verify":
            # unasked it takes half a minute
            optional = [option for option in optional if option[0][:7] not in ("--cases", "--order")]
            optional += [["--cases", draw.choice(draw.choice(CASES))], ["--order", draw.choice(["0", "1", "9", "x"])]]
        if any(option[0].startswith(("--average", "--delay", "--momentum")) for option in optional):
            # with symbols for all sizes an order more takes seconds
            optional = [option for option in optional if not option[0].startswith("--order")] + [["--order", "1"]]
        draw.shuffle(optional)
        words += [word for option in optional for word in option]
        return self.mistaken(words) if draw.random() < 0.1 else words

    def option(self, action):
        """An option with what it takes, in one word or two."""
        name = self.draw.choice(action.option_strings)
        if action.nargs == 0:
            return [name]
        value = self.value(action)
        return [f"{name}={value}"] if value.startswith("-") or self.draw.random() < 0.1 else [name, value]

    def value(self, action):
        """A value that an option takes, or one that it does not."""
        draw = self.draw
        if draw.random() < 0.02:
            return draw.choice(ODD)
        if action.choices is not None:
            return str(draw.choice([*map(str, action.choices)])) if draw.random() < 0.98 else "x"
        right, wrong = self.output() if action.dest == "output" else self.pool(action)
        return draw.choice(right if draw.random() < 0.93 else wrong)

    def pool(self, action):
        """Values by the name of an option, or else of the type that reads it."""
        by_option = {
            "gradients": GRADIENTS,
            "cases": CASES,
            "order": ORDERS,
            "first": SETTINGS,
            "second": SETTINGS,
            "diagram": DIAGRAMS,
            "formula": FORMULAS,
            "values": self.json,
            "cycle": (["1/10", "1/10,1/5", "eta"], ["", "0,1", "9,9", "1/2,x y"]),
            "adam": (["1/2,9/10", "0,1/2"], ["1/2", "1,1", "mu,nu", ""]),
            "batch_sizes": (["1", "1,2"], ["0", "1/2", "", "x"]),
            "landscape": (["gauss", "helix", "three-points"], ["moon", ""]),
            "loss": (["no_such_module:landscape"], ["x", "a:b:c", "os:getcwd", "math:pi"]),
            "record": (["1", "1,2", "0"], ["", "1,", "-1", "99"]),
        }
        if action.dest in by_option:
            return by_option[action.dest]
        by_type = {
            "size": SIZES,
            "batch_sizes": ([*SIZES[0], "1,2", "2,2,1"], [*SIZES[1], "1,", "1,x"]),
            "number": NUMBERS,
            "natural": COUNTS,
            "schedule": SCHEDULES,
            "matrix": (MATRICES[self.size] * 3 + self.numbers[0], BROKEN + self.numbers[1]),
            "value": RATES,
            "rate": RATES,
            "_sizes": SIZES,
            "_notation": NOTATIONS,
            "_part": (["drift", "diffusion", "3"], COUNTS[1]),
        }
        return by_type.get(getattr(action.type, "__name__", ""), TEXTS)

    def output(self):
        """Paths to write to."""
        suffixes = (".txt", ".tex", ".json", ".py", ".html", ".svg", ".dot", ".tikz", *[""] * 6)
        right = [str(self.folder / "outputs" / f"new{suffix}") for suffix in suffixes]
        right += [str(self.folder / "outputs" / "old.json"), str(self.folder / "outputs" / "a\udcff")]
        wrong = [
            str(self.folder),
            str(self.folder / "no" / "file"),
            str(self.folder / "loop"),
            str(self.folder / "nowhere"),
            "",
        ]
        wrong += [
            "/dev/full" if os.path.exists("/dev/full") else ".",
            str(self.folder / ("n" * 300)),
            os.devnull,
            "a\0b",
        ]
        return right, wrong

    def mistaken(self, words):
        """The line with a mistake of whoever types it."""
        draw = self.draw
        place = draw.randrange(len(words))
        before, word, after = words[:place], words[place], words[place + 1 :]
        match draw.randrange(6):
            case 0:
                return before + after
            case 1:
                return [*before, word, word, *after]
            case 2:
                return [*before, draw.choice(ODD), word, *after]
            case 3:
                return [*before, word[: draw.randrange(len(word) + 1)], *after]
            case 4:
                return [*before, word + draw.choice(ODD), *after]
            case _:
                return [*words, draw.choice(["--help", "--version", "--force", *ODD])]


def _sorted_out(folder, *suffixes):
    """The files that are whole, and those that are not."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in suffixes]
    return tuple([str(path) for path in paths if (path.stem in ("whole", "one")) is whole] for whole in (True, False))


def _commands(parser, words=()):
    """Every command by its words, with its actions."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in inner:
        for name, command in action.choices.items():
            yield from _commands(command, (*words, name))
    if not inner:
        yield words, [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]


def state(folder: Path):
    """What lies in a folder, by name and content."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
