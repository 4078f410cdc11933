r"""Whole runs for readers: diagrams with propagators between times, and the recursion of the cumulants, in text and in LaTeX.

Everything is in indices, of which those that occur twice are summed.  Both languages print the same factors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction

from sgdsym.formula import to_latex
from sgdsym.formula.text import raised
from sgdsym.render.factors import factor
from sgdsym.render.notation import Notation
from sgdsym.render.trajectory_factors import OUTER, POINTS, Factor, diagram_factors, statement_factors, time_chain
from sgdsym.series import Coefficient
from sgdsym.trajectories import Cumulant, Statement, Term, Trajectory, read_trajectory

_LETTERS = {1: "m", 2: "S", 3: "k", 4: "q"}
_WITH_POINTS = {1: "y", 2: "Y", 3: "W"}
_MEANS, _DEVIATIONS = ("l", "G", "H", "J"), ("l", "g", "h", "j")
_TITLES = {
    "test-loss": ("E[l]", r"\mathrm{E}[l(\theta_T)]"),
    "function": ("E[s]", r"\mathrm{E}[s(\theta_T)]"),
    "displacement": ("E[θ - θ₀]_i", r"\mathrm{E}[\theta_T - \theta_0]_i"),
    "covariance": ("Cov[θ, θ]_ij", r"\mathrm{Cov}[\theta_T, \theta_T]_{ij}"),
    "generalization-gap": ("E[gap]", r"\mathrm{E}[l(\theta_T) - l_{\mathrm{train}}(\theta_T)]"),
}


def trajectory_to_text(trajectory: Trajectory) -> str:
    """The expansion of a whole run in unicode: what is read off, the recursion behind it, and the same as diagrams.

    Raises:
        ValueError: if the argument is no trajectory.

    >>> from sgdsym.trajectories import trajectory
    >>> print(trajectory_to_text(trajectory(order=1)))
    E[l] = l + ...
      1/B   (G_a m_a + (1/2) H_ab S_ab)
    from each step to the next, at the weights θ' = θ - η G of the run without noise, K = 1 - η H:
      m'_i = -(1/2) η J_iab S_ab + K_ia m_a
      S'_ij = η² κ(g_i, g_j) + K_ia K_jb S_ab
    summed over all times, the later one first in each K, the last T:
      1/B   (1/2) η² H_ac(T) K_ab(T,s) K_cd(T,s) κ(g_b, g_d)(s)
      1/B   - (1/2) η³ G_a(T) K_ab(T,t) J_bce(t) K_cd(t,s) K_ef(t,s) κ(g_d, g_f)(s)
    """
    given = read_trajectory(trajectory)
    pen = _TextPen(given)
    lines = [
        f"{_TITLES[given.observable][0]} = {pen.free()} + ..."
        if given.order
        else f"{_TITLES[given.observable][0]} = {pen.free()}"
    ]
    for order, terms in enumerate(given.readings, start=1):
        lines.append(f"  {pen.size(order)}   ({pen.sum(terms)})")
    if given.order:
        lines.append(
            f"from each step to the next, at the weights {pen.path()} of the run without noise, {pen.propagator()}:"
        )
        lines += [f"  {pen.left(cumulant)} = {pen.sum(terms)}" for cumulant, terms in given.recursions.items()]
        if any(len(term.placements) > 1 for terms in given.recursions.values() for term in terms):
            lines.append("  sym: summed over the distinct ways to place the free indices")
        if given.noise == "dataset":
            lines.append("  g, h, ... are deviations at a data point; points that occur twice are averaged over")
        lines.append("summed over all times, the later one first in each K, the last T:")
        lines += [f"  {pen.size(term.order)}   {pen.term(term)}" for term in given.terms if term.order]
    return "\n".join(lines)


def trajectory_to_latex(trajectory: Trajectory) -> str:
    r"""The same as an ``align*`` of amsmath.

    Raises:
        ValueError: if the argument is no trajectory.

    >>> from sgdsym.trajectories import trajectory
    >>> print(trajectory_to_latex(trajectory(observable="covariance", order=1)))
    \begin{align*}
    & \mathrm{Cov}[\theta_T, \theta_T]_{ij} = 0 + \dots \\
    & \quad + \frac{1}{B} \, \bigl( S_{ij} \bigr) \\
    & \bar\theta_{t+1} = \bar\theta_t - \eta \, G, \qquad K_t = 1 - \eta \, H \\
    & S_{ij}' = \eta^{2} \, \kappa(g_{i}, g_{j}) + K_{ia} \, K_{jb} \, S_{ab} \\
    & \text{in sums over times, } K(t, s) = K_{t-1} \cdots K_{s+1}: \\
    & \quad + \frac{1}{B} \, \eta^{2} \sum_{s<T} K_{ia}(T,s) \, K_{jb}(T,s) \, \kappa(g_{a}, g_{b})(s)
    \end{align*}
    """
    given = read_trajectory(trajectory)
    pen = _LatexPen(given)
    lines = [f"{_TITLES[given.observable][1]} = {pen.free()}" + (r" + \dots" if given.order else "")]
    for order, terms in enumerate(given.readings, start=1):
        lines.append(rf"\quad + {pen.size(order)} \, \bigl( {pen.sum(terms)} \bigr)")
    if given.order:
        lines.append(rf"{pen.path()}, \qquad {pen.propagator()}")
        lines += [f"{pen.left(cumulant)} = {pen.sum(terms)}" for cumulant, terms in given.recursions.items()]
        if any(len(term.placements) > 1 for terms in given.recursions.values() for term in terms):
            lines.append(r"\text{sym: summed over the distinct ways to place the free indices}")
        if given.noise == "dataset":
            lines.append(r"\text{points that occur twice are averaged over}")
        lines.append(r"\text{in sums over times, } K(t, s) = K_{t-1} \cdots K_{s+1}:")
        lines += [rf"\quad {pen.term(term)}" for term in given.terms if term.order]
    body = " \\\\\n".join(f"& {line}" for line in lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


class _Pen(ABC):
    """The words of a language; factors are the same in all."""

    def __init__(self, given: Trajectory) -> None:
        self.given = given
        self.function = given.read.carries_function
        self.plain = len(given.optimizer.read) == 1 and given.optimizer.updates is None and not given.weight_decay

    def sum(self, statements: Sequence[Statement]) -> str:
        """Terms one after the other."""
        text = ""
        for statement in statements:
            # each power of the rate comes from a step, which goes by -η
            negative = (statement.weight < 0) != (statement.power % 2 == 1)
            factors = [self.factor(factor) for factor in statement_factors(statement)]
            body = self.product([*self.scale(abs(statement.weight), statement.power), *factors])
            if len(statement.placements) > 1:
                body = self.symmetrised(body)
            text += (" - " if text else "-") if negative else " + " if text else ""
            text += body
        return text or "0"

    def left(self, cumulant: Cumulant) -> str:
        """The left-hand side of a recursion."""
        factor = Factor("cumulant", 0, OUTER[: cumulant.legs], POINTS[: cumulant.points], cumulant)
        return self.factor(factor, "'")

    def mean(self, factor: Factor) -> str:
        """The letter of a mean tensor; at the end that of the function, where one is observed."""
        return _letter(_MEANS, "D", factor.degree, self.function and (factor.kind == "root" or factor.times == ("T",)))

    @abstractmethod
    def factor(self, factor: Factor, mark: str = "") -> str:
        """A tensor."""

    @abstractmethod
    def scale(self, number: Fraction, power: int) -> list[str]:
        """Number and learning rate."""

    @abstractmethod
    def product(self, words: Sequence[str]) -> str:
        """Words side by side."""

    @abstractmethod
    def symmetrised(self, body: str) -> str:
        """A sum over placements."""


class _TextPen(_Pen):
    def size(self, order: int) -> str:
        return f"1/{self.given.size}{raised(order)}"

    def free(self) -> str:
        first = {"test-loss": "l", "function": "s", "displacement": "(θ - θ₀)_i"}
        return first.get(self.given.observable, "0")

    def path(self) -> str:
        return "θ' = θ - η G" if self.plain else "c·z, z' = A z - η b G,"

    def propagator(self) -> str:
        decay = "" if not self.given.weight_decay else f" + {self.given.weight_decay}"
        hessian = f"(H{decay})" if decay else "H"
        if self.plain:
            return f"K = 1 - η {hessian}"
        return f"K = A - η b c {hessian}; tensors enter the registers by b, old legs enter tensors by c"

    def term(self, term: Term) -> str:
        factors = [self.factor(factor) for factor in diagram_factors(term.diagram, self.given.noise)]
        sign = "- " if term.coefficient < 0 else ""
        return sign + self.product([*self.scale(abs(term.coefficient), term.power), *factors])

    def factor(self, factor: Factor, mark: str = "") -> str:
        at = f"({','.join(factor.times)})" if factor.times else ""
        where = f"({','.join(factor.points)})" if factor.points else ""
        if factor.kind == "joint":
            return f"κ({', '.join(self._member(*member) for member in factor.members)}){at}"
        letter = "K"
        if factor.kind in ("mean", "root"):
            letter = self.mean(factor)
        elif factor.kind == "noise":
            letter = _letter(_DEVIATIONS, "d", factor.degree, False)
        elif factor.kind == "cumulant":
            letter = _cumulant_letter(factor.cumulant) + _subscript(factor.cumulant)
        return f"{letter}{mark}{'_' + factor.indices if factor.indices else ''}{where}{at}"

    def _member(self, degree: int, indices: str) -> str:
        return (
            indices if degree < 0 else f"{_letter(_DEVIATIONS, 'd', degree, False)}{'_' + indices if indices else ''}"
        )

    def scale(self, number: Fraction, power: int) -> list[str]:
        text = str(number) if number.denominator == 1 else f"({number})"
        return [text] * (number != 1) + [f"η{raised(power)}"] * (power > 0)

    def product(self, words: Sequence[str]) -> str:
        return " ".join(words)

    def symmetrised(self, body: str) -> str:
        return f"sym[{body}]"


class _LatexPen(_Pen):
    def size(self, order: int) -> str:
        return rf"\frac{{1}}{{{self.given.size}{f'^{{{order}}}' if order > 1 else ''}}}"

    def free(self) -> str:
        first = {"test-loss": r"l(\bar\theta_T)", "function": r"s(\bar\theta_T)"}
        first["displacement"] = r"\bar\theta_{T,i} - \theta_{0,i}"
        return first.get(self.given.observable, "0")

    def path(self) -> str:
        if self.plain:
            return r"\bar\theta_{t+1} = \bar\theta_t - \eta \, G"
        return r"\bar z_{t+1} = A_t \bar z_t - \eta \, b_t \, G"

    def propagator(self) -> str:
        hessian = "H"
        if self.given.weight_decay:
            decay = self.given.weight_decay
            hessian = f"(H + {_latex_number(decay)})"
        if self.plain:
            return rf"K_t = 1 - \eta \, {hessian}"
        return rf"K_t = A_t - \eta \, b_t c_t \, {hessian}"

    def term(self, term: Term) -> str:
        found = diagram_factors(term.diagram, self.given.noise)
        times = "<".join(time_chain(term.diagram, self.given.noise))
        factors = self.product([self.factor(factor) for factor in found])
        words = self.product([self.size(term.order), *self.scale(abs(term.coefficient), term.power)])
        total = rf"\sum_{{{times}}} " if times else ""
        return f"{'-' if term.coefficient < 0 else '+'} {words} {total}{factors}"

    def factor(self, factor: Factor, mark: str = "") -> str:
        at = f"({','.join(factor.times)})" if factor.times else ""
        where = f"({','.join(factor.points)})" if factor.points else ""
        if factor.kind == "joint":
            return rf"\kappa({', '.join(self._member(*member) for member in factor.members)}){at}"
        letter, lower = "K", factor.indices
        above = mark
        if factor.kind in ("mean", "root"):
            letter = _latex_letter(self.mean(factor))
        elif factor.kind == "noise":
            letter = _latex_letter(_letter(_DEVIATIONS, "d", factor.degree, False))
        elif factor.kind == "cumulant":
            letter = _cumulant_letter(factor.cumulant)
            if _subscript(factor.cumulant):
                assert factor.cumulant is not None
                above = f"^{{({factor.cumulant.order})}}{mark}"
        return f"{letter}{f'_{{{lower}}}' if lower else ''}{above}{where}{at}"

    def _member(self, degree: int, indices: str) -> str:
        if degree < 0:
            return indices
        return _latex_letter(_letter(_DEVIATIONS, "d", degree, False)) + (f"_{{{indices}}}" if indices else "")

    def scale(self, number: Fraction, power: int) -> list[str]:
        text = str(number) if number.denominator == 1 else rf"\frac{{{number.numerator}}}{{{number.denominator}}}"
        rate = r"\eta" if power == 1 else rf"\eta^{{{power}}}"
        return [text] * (number != 1) + [rate] * (power > 0)

    def product(self, words: Sequence[str]) -> str:
        return r" \, ".join(words)

    def symmetrised(self, body: str) -> str:
        return rf"\mathrm{{sym}}\bigl[ {body} \bigr]"


def _letter(known: Sequence[str], beyond: str, degree: int, observed: bool) -> str:
    if observed:
        return "s" if degree == 0 else f"s{degree}"
    return known[degree] if degree < len(known) else f"{beyond}{degree}"


def _latex_letter(letter: str) -> str:
    return letter if len(letter) == 1 else f"{letter[0]}^{{({letter[1:]})}}"


def _latex_number(number: Coefficient) -> str:
    return to_latex(factor(number).formula(Notation()))


def _cumulant_letter(cumulant: Cumulant | None) -> str:
    assert cumulant is not None
    letters = _WITH_POINTS if cumulant.points else _LETTERS
    return letters.get(cumulant.legs, "k")


def _subscript(cumulant: Cumulant | None) -> str:
    """The order, where it is not the least that there is."""
    assert cumulant is not None
    # a joint cumulant of n averages over B points is of order B^(1-n), and what moves the mean begins at 1/B
    least = max(1, cumulant.legs + cumulant.points - 1)
    return "" if cumulant.order == least else "₀₁₂₃₄₅₆₇₈₉"[cumulant.order]
