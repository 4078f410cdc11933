r"""The words that a formula may hold: the symbols of a notation, the sizes of a run, and a few fixed names.

A word is a sequence of marks, such as ``\mathrm { E }`` or ``m u``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

from sgdsym.checking.tensors import ONE, Tensor
from sgdsym.checking.tokens import Token, tokens
from sgdsym.diagrams import DIAGRAM_NAMES, Diagram
from sgdsym.render import Notation
from sgdsym.series.extent import Expression

Kind = Literal["mean", "sample", "function", "gradients", "rate", "size", "expectation", "cumulant", "trace", "part"]
Marks: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """The meaning of a word.

    Attributes:
        kind: of thing.
        degree: of a derivative tensor; how many gradients a noise tensor is the cumulant of.
        tree: the number that a size is.
        terms: of a part of the formula that has an equation of its own.
    """

    kind: Kind
    degree: int = 0
    tree: Expression | None = None
    terms: tuple[tuple[Tensor, Expression], ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """All words, to be looked up at a place among marks.

    Attributes:
        words: by their marks.
        is_latex: whether the formula is LaTeX, where an exponent without braces is one mark.
        decays: the sizes that our text raises to powers with symbols, such as the momentum.
    """

    words: Mapping[Marks, Word]
    is_latex: bool = True
    decays: frozenset[str] = frozenset()

    @cached_property
    def longest(self) -> int:
        """The marks of the longest word."""
        return max(map(len, self.words))

    def at(self, marks: list[Token], place: int) -> tuple[Word, int] | None:
        """The longest word that begins at a place, and the place after it."""
        # the longest first: l_x begins with l
        for length in range(min(self.longest, len(marks) - place), 0, -1):
            found = marks[place : place + length]
            word = self.words.get(tuple(token.text for token in found))
            # letters of one name stand together, commands may stand apart
            apart = any(token.spaced for token in found[1:]) and not any(len(token.text) > 1 for token in found)
            if word and not apart:
                return word, place + length
        return None


def vocabulary(
    notation: Notation, sizes: Mapping[str, Expression], *, function: bool = False, plain: bool = False
) -> Vocabulary:
    """The words of a notation and of a run.

    Args:
        notation: the symbols of tensors, and of sizes in LaTeX.
        sizes: the number or symbol that each name of a size stands for.
        function: whether the observable has a function of its own.
        plain: whether the letter of the loss is the plain one of a root, beside nodes that carry weight decay.
    """
    n = notation
    words: dict[Marks, Word] = {}

    def put(word: Word, names: Iterable[str]) -> None:
        for name in names:
            # the first meaning stays: a reader's own symbols are put in before the usual ones
            words.setdefault(tuple(token.text for token in tokens(name)), word)

    means = (n.loss, n.gradient, n.hessian, n.jerk)
    samples = (n.sample_loss, n.sample_gradient, n.sample_hessian, n.sample_jerk)
    # a root with weight decay carries the plain loss, and has the letter of the loss before the trained mean gets it
    if plain:
        put(Word("function"), [n.loss, "l"])
    for degree, (mean, sample) in enumerate(zip(means, samples, strict=True)):
        put(Word("mean", degree), [mean])
        put(Word("sample", degree), [sample])
    put(Word("gradients", 2), [n.covariance])
    put(Word("gradients", 3), [n.skewness])
    if function:
        put(Word("function"), [n.function])
    put(Word("rate"), [n.learning_rate])
    put(Word("expectation"), [n.expectation])
    put(Word("cumulant"), [n.cumulant])
    for name, tree in sizes.items():
        put(Word("size", tree=tree), [n.size(name)])
    # what our text and most papers write, where the notation gives it no other meaning
    put(Word("sample", 0), ["lₓ", "l_x", "l_{x}"])
    for degree, (mean, sample) in enumerate(zip("lGHJ", ("l_x", *"ghj"), strict=True)):
        put(Word("mean", degree), [mean])
        put(Word("sample", degree), [sample])
    put(Word("gradients", 2), ["C"])
    put(Word("gradients", 3), ["S"])
    for name, diagram in DIAGRAM_NAMES.items():
        put(Word("part", terms=_moments(diagram)), [name])
    put(Word("rate"), ["η", "eta"])
    put(Word("expectation"), [r"\mathbb{E}", r"\operatorname{E}", r"\mathrm{E}", r"\mathbf{E}", "𝔼", r"\mathbb E"])
    put(Word("cumulant"), ["κ", "kappa"])
    put(
        Word("trace"),
        ["tr", "Tr", r"\operatorname{tr}", r"\operatorname{Tr}", r"\mathrm{tr}", r"\text{tr}", r"\tr", r"\Tr"],
    )
    for name, tree in sizes.items():
        put(Word("size", tree=tree), [name, f"\\{name}"] if name.isalpha() and len(name) > 1 else [name])
    return Vocabulary(words)


def _moments(diagram: Diagram) -> tuple[tuple[Tensor, Expression], ...]:
    """A diagram in joint moments, each a sum of products of cumulants."""
    found = [Tensor(diagram.nodes, diagram.edges)]
    for block in diagram.blocks:
        found = [part for tensor in found for part in replace(tensor, loose=block).averaged(moment=True)]
    return tuple((tensor, ONE) for tensor in found)
