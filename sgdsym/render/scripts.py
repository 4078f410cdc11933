r"""How the tensors of a formula are called: the words that :mod:`sgdsym.render.network` and :mod:`sgdsym.render.indices` put together.

A script knows letters and what a joint moment or cumulant is.  It refuses to know diagrams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sgdsym.formula import (
    Bracket,
    Digits,
    Formula,
    Indexed,
    Outer,
    Row,
    Scripts,
    Sign,
    Symbol,
    call,
    power,
    row,
    to_text,
)
from sgdsym.formula.letters import CUMULANTS, DERIVATIVES, OBSERVED, Kind
from sgdsym.render.notation import Notation
from sgdsym.series import Basis


@dataclass(frozen=True, slots=True)
class Script:
    r"""The words of formulas.

    Attributes:
        basis: whether blocks are joint cumulants or joint moments.
        notation: the reader's symbols.
        weight_decay: whether nodes carry weight decay, so that the plain loss of a root is another one.

    >>> from sgdsym.formula import Inner, to_latex
    >>> script = Script()
    >>> gradient, hessian = script.tensor("mean", 1), script.tensor("mean", 2)
    >>> to_latex(Inner(gradient, script.product([hessian, hessian, gradient], powers=True)))
    'G^{\\top} H^{2} G'
    """

    basis: Basis = "cumulant"
    notation: Notation = field(default_factory=Notation)
    weight_decay: bool = False

    def tensor(self, kind: Kind, degree: int) -> Formula:
        """A derivative tensor: of the mean loss, of the loss on one data point, both also plain, or of the observed function."""
        if kind in OBSERVED:
            observed = self.notation.symbol(OBSERVED[kind])
            return Row((power(Sign("nabla"), degree), observed), "operator") if degree else observed
        names = DERIVATIVES[kind]
        if degree < len(names):
            return self.notation.symbol(names[degree])
        return Scripts(self.notation.symbol(names[0]), above=Bracket(Digits(str(degree))))

    def gradients(self, count: int) -> Formula:
        """The joint moment or cumulant of ``count`` gradients, a symmetric tensor."""
        if self.basis == "cumulant" and count in CUMULANTS:
            return self.notation.symbol(CUMULANTS[count])
        gradient = self.notation.symbol("sample_gradient")
        if count == 2:
            return self.average(Outer(gradient, gradient))
        return self.average(Scripts(gradient, above=Row((Sign("otimes"), Digits(str(count))), "plain")))

    def average(self, inside: Formula) -> Formula:
        """The joint moment or cumulant of the tensors inside, contracted as written."""
        return call(self._bracket, inside, square=True)

    def product(self, words: Sequence[Formula], powers: bool) -> Formula:
        """A matrix product, with equal neighbours as powers if wanted."""
        written: list[Formula] = []
        for word, run in groupby(words):
            count = len(list(run))
            # a symbol such as H^* has a superscript already, and TeX refuses a second one
            simple = powers and isinstance(word, Symbol) and "^" not in word.latex
            written += [power(word, count)] if simple else [word] * count
        return row(written, "chain")

    def times(self, scalar: Formula, exponent: int, bracket: bool) -> Formula:
        """A power of a scalar that is multiplied with others."""
        bracketed = bracket or (exponent > 1 and not isinstance(scalar, Symbol))
        return power(Bracket(scalar) if bracketed else scalar, exponent)

    def indexed(self, kind: Kind, degree: int, indices: str) -> Formula:
        """A derivative tensor with indices."""
        if kind not in OBSERVED:
            return Indexed(self.tensor(kind, degree), indices)
        observed = self.notation.symbol(OBSERVED[kind])
        return Row((Indexed(Sign("partial"), indices), observed), "plain") if degree else observed

    def joint(self, members: Sequence[Formula], indices: str, only_gradients: bool) -> Formula:
        """The joint moment or cumulant of tensors with indices."""
        if self.basis == "moment":
            return call(self._bracket, row(members, "plain"), square=True)
        if only_gradients and len(members) in CUMULANTS:
            return Indexed(self.gradients(len(members)), indices)
        return call(self._bracket, row(members, "listed"))

    @property
    def _bracket(self) -> Symbol:
        return self.notation.symbol("expectation" if self.basis == "moment" else "cumulant")


def rank(formula: Formula) -> tuple[int, str]:
    """The key by which the words of a formula are sorted: short ones first, whatever symbols the reader has."""
    # the text has the usual letters, whatever LaTeX a reader's symbols have, so that no notation changes an order
    text = to_text(formula)
    return len(text), text
