"""The reader's symbols: a value that is passed along, never a global setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sgdsym.arguments import quoted, read_items, read_text
from sgdsym.formula import Formula, Symbol
from sgdsym.formula.letters import LETTERS
from sgdsym.render.commands import checked_symbol
from sgdsym.render.schedules import written_sum
from sgdsym.series import ScheduleSum

_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega "
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK = dict(zip(_GREEK_NAMES.split(" "), "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True))

_ALIASES = {
    **dict.fromkeys(("l", "L"), "loss"),
    "G": "gradient",
    "H": "hessian",
    "J": "jerk",
    "g": "sample_gradient",
    "h": "sample_hessian",
    "j": "sample_jerk",
    "C": "covariance",
    "S": "skewness",
    "s": "function",
    "eta": "learning_rate",
    "theta": "weights",
    "kappa": "cumulant",
}
_FIELDS = (*sorted({*_ALIASES.values()}), "metric", "sample_loss", "steps", "expectation", "part")
# of these each has a letter of its own; the metric is told from the gradient of a data point by its raised indices
TENSORS = (*sorted({*_ALIASES.values()} - {"learning_rate", "weights", "cumulant"}), "sample_loss")
_LONGEST = 2000  # of the text of all symbols


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    r"""The LaTeX of every symbol in a rendered formula.

    Args:
        loss: the population loss, which also names its derivatives past the third, :math:`l^{(4)}, l^{(5)}, …`.
        gradient: the mean of the gradient over the data.
        hessian: the mean of the second derivative.
        jerk: the mean of the third derivative.
        sample_loss: the loss on one data point, which also names its derivatives past the third.
        sample_gradient: the gradient on one data point.
        sample_hessian: the second derivative on one data point.
        sample_jerk: the third derivative on one data point.
        covariance: the covariance of the gradient over the data.
        skewness: the third joint cumulant of the gradient.
        learning_rate: the parameter of the series.
        metric: the inverse metric, whose indices are raised, :math:`g^{ab}`; it is written in style ``"metric"`` alone.
        weights: the weights that are trained.
        steps: the number of updates, as the index of the weights on the left-hand side.
        expectation: the mean over the data.
        cumulant: the joint cumulant over the data.
        function: the function that an open root carries the derivatives of.
        part: the coefficient of a power of the learning rate, where each has an equation of its own.
        sizes: LaTeX for the symbols in the coefficients, by name; the others are set by :meth:`size`.
        sums: what the symbols stand for that are sums over a schedule, as a series holds them; they are written as sums.

    Raises:
        ValueError: if a symbol is not made of letters, digits, brackets, scripts, accents, fonts and commands that are letters,
            or two tensors have the same.

    >>> Notation(loss="f", sizes={"B": "b"}).size("B")
    'b'
    """

    loss: str = LETTERS["loss"].latex
    gradient: str = LETTERS["gradient"].latex
    hessian: str = LETTERS["hessian"].latex
    jerk: str = LETTERS["jerk"].latex
    sample_loss: str = LETTERS["sample_loss"].latex
    sample_gradient: str = LETTERS["sample_gradient"].latex
    sample_hessian: str = LETTERS["sample_hessian"].latex
    sample_jerk: str = LETTERS["sample_jerk"].latex
    covariance: str = LETTERS["covariance"].latex
    skewness: str = LETTERS["skewness"].latex
    learning_rate: str = LETTERS["learning_rate"].latex
    metric: str = LETTERS["metric"].latex
    weights: str = LETTERS["weights"].latex
    steps: str = LETTERS["steps"].latex
    expectation: str = LETTERS["expectation"].latex
    cumulant: str = LETTERS["cumulant"].latex
    function: str = LETTERS["function"].latex
    part: str = LETTERS["part"].latex
    sizes: Mapping[str, str] | tuple[tuple[str, str], ...] = ()
    sums: Mapping[str, ScheduleSum] | tuple[tuple[str, ScheduleSum], ...] = ()

    def __post_init__(self) -> None:
        for name in _FIELDS:
            checked_symbol(read_text(name, getattr(self, name)))
        meant: dict[str, str] = {}
        for name in (*TENSORS, "learning_rate"):
            letter = getattr(self, name)
            if letter in meant:
                raise ValueError(
                    f"{letter} would stand for {meant[letter]} and for {name}; set another letter for one of them"
                )
            meant[letter] = name
        pairs = self.sizes.items() if isinstance(self.sizes, Mapping) else read_items("sizes", self.sizes)
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            raise ValueError(f"sizes must be a mapping from symbol names to LaTeX, not {quoted(self.sizes)}")
        sizes = {
            read_text("a size", name): checked_symbol(read_text("the LaTeX of a size", latex)) for name, latex in pairs
        }
        object.__setattr__(self, "sizes", tuple(sorted(sizes.items())))
        known = read_items("sums", [*self.sums.items()] if isinstance(self.sums, Mapping) else self.sums)
        if not all(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], ScheduleSum) for pair in known):
            raise ValueError(f"sums must be a mapping from symbols to sums over a schedule, not {quoted(self.sums)}")
        object.__setattr__(self, "sums", tuple(sorted(known, key=itemgetter(0))))

    def size(self, name: str) -> str:
        r"""LaTeX of a symbol in a coefficient: single letters and Greek names as such, words upright.

        >>> [Notation().size(name) for name in ("T", "mu", "N_1", "batch_size")]
        ['T', '\\mu', 'N_{1}', '\\mathrm{batch}_{\\mathrm{size}}']
        """
        given = dict(self.sizes)
        if read_text("a size", name) in given:
            return given[name]
        word, _, index = name.partition("_")
        return _word(word) + (f"_{{{_word(index.replace('_', ' '))}}}" if index else "")

    def symbol(self, name: str) -> Symbol:
        r"""One of the symbols above, by its name, as a part of a formula.

        >>> Notation(loss=r"\ell").symbol("loss")
        Symbol(latex='\\ell', text='l')
        """
        return _symbol(getattr(self, name), LETTERS[name].text)

    def size_symbol(self, name: str) -> Formula:
        """A symbol of a coefficient, as a part of a formula; what stands for a sum over a schedule is that sum.

        >>> Notation().size_symbol("mu").text
        'μ'
        """
        if name in (sums := dict(self.sums)):
            return written_sum(sums[name], self.size_symbol)
        word, underscore, index = name.partition("_")
        return _symbol(self.size(name), GREEK.get(word, word) + underscore + index)

    @classmethod
    def parse(cls, text: str) -> Notation:
        r"""Read symbols from text such as ``l=\ell, C=\Sigma, eta=\varepsilon, theta=w``.

        The left sides are symbols as they stand in the formulas (``l L G H J g h j C S s eta theta kappa``), names of the
        arguments above (``learning_rate``), or names of sizes (``T``, ``N``, ``batch_size``); ``T`` is also the index of the
        weights.  A new letter for the loss is also that of the loss on one data point.

        Raises:
            ValueError: if a name is no identifier, or a symbol is not made of letters, digits, brackets, scripts and commands
                that are letters.

        >>> Notation.parse(r"L=\ell, eta=\varepsilon, N=n").size("N")
        'n'
        """
        if len(read_text("the notation", text)) > _LONGEST:
            raise ValueError(
                f"{text[:40]!r} and so on is too long: all symbols together have at most {_LONGEST} characters"
            )
        given: dict[str, Any] = {}
        sizes: dict[str, str] = {}
        for entry in _entries(text):
            name, equals, symbol = (part.strip() for part in entry.partition("="))
            if not equals or not name.isidentifier() or not name.isascii():
                raise ValueError(
                    f"{quoted(entry.strip()[:40])} is not of the form symbol=LaTeX, such as eta=\\varepsilon"
                )
            checked_symbol(symbol)
            # scripts of its own would collide with those that the formula adds
            symbol = f"{{{symbol}}}" if set(symbol) & set("^_'") else symbol
            if field := _ALIASES.get(name, name if name in _FIELDS else None):
                given[field] = symbol
            else:
                sizes[name] = symbol
        if "loss" in given:
            given.setdefault("sample_loss", f"{given['loss']}_{{x}}")
        if "T" in sizes:
            given.setdefault("steps", sizes["T"])
        return cls(**given, sizes=sizes)


@lru_cache(maxsize=1024)
def _symbol(latex: str, text: str) -> Symbol:
    return Symbol(latex, text)


def checked_notation(notation: Notation | None) -> Notation:
    """The reader's symbols, or those of the literature where there are none.

    Raises:
        ValueError: if they are something else, such as text that nobody has parsed.
    """
    if not isinstance(notation, Notation | None):
        raise ValueError(f"notation must be a Notation, not {quoted(notation)}; Notation.parse reads one from text")
    return notation or Notation()


def _word(word: str) -> str:
    if word in GREEK:
        return f"\\{word}"
    if len(word) == 1 or word.isdigit():
        return word
    return r"\mathrm{" + word.replace(" ", r"\ ") + "}"


def _entries(text: str) -> list[str]:
    """The entries between commas outside braces."""
    entries, depth = [""], 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        # \, is a space of LaTeX, which ends no entry
        if character == "," and depth == 0 and not entries[-1].endswith("\\"):
            entries.append("")
        else:
            entries[-1] += character
    return entries
