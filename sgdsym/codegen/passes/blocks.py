"""Large inputs are read once: all that needs the samples of one degree is made in one pass over the data points.

Statements are reordered.  Whatever can be made without large samples is made first; then come the products that read
samples of the lowest degree, all that are ready in one pass, then what follows from them, and so on.  The arrays of the
highest degree are read last, when all that they are contracted with is at hand.

Sums over the data points that make large arrays are made apart, all in one matrix product with the samples.  So are the
products that sum over the first index or two of a large mean, as soon as they can be made.

What follows at each data point from large products of a pass is made in the same pass, while they are in the cache; what
nothing else reads is never stored for all data points.  The same is done with large products of other arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sgdsym.codegen.ir import (
    Contract,
    Deviations,
    Mean,
    Moments,
    Pass,
    Pointwise,
    Program,
    RootDerivative,
    Samples,
    Shape,
    Statement,
    makes,
    reads,
    shapes,
)

# Samples of the gradient, n p numbers, stay in a cache at typical sizes; those of the Hessian, p times as many, do not.
_LOWEST_DEGREE = 2
_LARGE = 2  # indices at a data point, by the same reason
_LARGE_MEAN = 4  # indices of a mean: 20 MB at 40 parameters, more than the last cache of most machines has for a core


def read_once(program: Program) -> Program:
    """The same statements, in another order, and products that read the same samples together."""
    return replace(program, statements=tuple(_Schedule(program).run()))


@dataclass(slots=True)
class _Schedule:
    program: Program
    done: set[str] = field(default_factory=set)
    ordered: list[Statement] = field(default_factory=list)
    pending: list[Statement] = field(default_factory=list)
    shape: dict[str, Shape] = field(default_factory=dict)
    degrees: dict[str, int] = field(default_factory=dict)
    means: set[str] = field(default_factory=set)

    def run(self) -> list[Statement]:
        """The statements in their new order."""
        self.pending = list(self.program.statements)
        self.shape = shapes(self.pending)
        self.degrees = {
            s.target: s.degree for s in self.pending if isinstance(s, Samples) and s.degree >= _LOWEST_DEGREE
        }
        self.means = {
            s.target for s in self.pending if isinstance(s, Mean | RootDerivative) and s.degree >= _LARGE_MEAN
        }
        while self.pending:
            ready = self._advance()
            means = self.means & ready.keys()
            for name in sorted(means):
                self._read_mean(name, ready[name])
            if ready and not means:
                # the lowest degree first: what it yields may be what the products with the next one wait for
                chosen = min(ready, key=lambda name: self.degrees[name])
                self._pass_over(chosen, ready[chosen])
        return self.ordered

    def _advance(self) -> dict[str, list[Pointwise]]:
        """Make all that needs no large samples or means; what could be made from which of them now."""
        ready: dict[str, list[Pointwise]] = {}
        position = 0
        while position < len(self.pending):
            statement = self.pending[position]
            position += 1
            if not self.done.issuperset(reads(statement)):
                continue
            large = self._samples_read(statement) or self._mean_read(statement)
            if large and isinstance(statement, Contract | Deviations):
                ready.setdefault(large, []).append(statement)
                continue
            # it leaves the list, so that the next one has its place
            position -= 1
            if isinstance(statement, Contract) and self._is_large(statement.target) and self._points(statement) == 1:
                self._pass_over("", [statement])
            else:
                del self.pending[position]
                self.ordered.append(statement)
                self.done.update(makes(statement))
        return ready

    def _read_mean(self, mean: str, body: Sequence[Pointwise]) -> None:
        """Make the products with a large mean, those that can be made together first."""
        sums = tuple(s for s in body if isinstance(s, Contract) and _is_moment(s, mean))
        together = [Moments(mean, sums)] if len(sums) > 1 else sums
        self.ordered += [*together, *(s for s in body if s not in sums)]
        self._finish(body)

    def _finish(self, finished: Sequence[Statement]) -> None:
        self.pending = [s for s in self.pending if s not in finished]
        self.done.update(name for s in finished for name in makes(s))

    def _pass_over(self, samples: str, body: list[Pointwise]) -> None:
        """Make these and what follows from them at each data point; without samples only if that saves an array."""
        # the mean, made with the weights, streams the samples into the cache faster than anything else
        body.sort(key=lambda s: min(sum(self.shape[name]) for name in reads(s)) > 1)
        inside = {name for s in body for name in makes(s) if self.shape[name][0]}
        for statement in self.pending:
            if not isinstance(statement, Pointwise) or statement in body:
                continue
            if self._follows(statement, inside) and self._samples_read(statement) in ("", samples):
                body.append(statement)
                inside.update(name for name in makes(statement) if self.shape[name][0])
        sums, others = self._moments(samples, body)
        # what is read after the pass, or summed in the end, is kept for all data points; so is every array without them
        needed = {name for s in self.pending if s not in body for name in reads(s)}
        needed |= {name for term in self.program.terms for name, _ in term.factors}
        kept = tuple(name for s in others for name in makes(s) if name in needed or not self.shape[name][0])
        if sums:
            self.ordered.append(Moments(samples, tuple(sums)))
        if len(others) > 1 and (samples or body[0].target not in kept):
            degree = self.degrees[samples] if samples else self.shape[body[0].target][1]
            self.ordered.append(Pass(samples, degree, tuple(others), kept))
        else:
            others = others[:1]
            self.ordered += others
        self._finish([*sums, *others])

    def _moments(self, samples: str, body: list[Pointwise]) -> tuple[list[Contract], list[Pointwise]]:
        """The sums to be made in one product with the samples, and the other statements."""
        made = {s.target for s in body}
        sums = [s for s in body if isinstance(s, Contract) and _is_moment(s, samples) and not made & {s.left, s.right}]
        others = [s for s in body if s not in sums]
        factors = Moments(samples, tuple(sums)).factors
        # a sum whose other factor has axes of its own makes several rows of the product, for which one call pays
        is_wide = any(set(axes) & set(s.axes) for s, (_, axes) in zip(sums, factors, strict=True))
        return (sums, others) if len(sums) > 1 and (is_wide or not others) else ([], body)

    def _follows(self, statement: Pointwise, inside: set[str]) -> bool:
        """Whether a statement belongs at each data point, and reads something large that the pass makes there."""
        if self._points(statement) != 1:
            return False
        names = reads(statement)
        if not self.done.issuperset(set(names) - inside):
            return False
        return any(name in inside and self._is_large(name) for name in names)

    def _is_large(self, name: str) -> bool:
        samples, indices = self.shape[name]
        return samples == 1 and indices >= _LARGE

    def _samples_read(self, statement: Statement) -> str:
        """The largest samples that a statement can read in blocks, or nothing."""
        if not isinstance(statement, Contract | Deviations) or self._points(statement) != 1:
            return ""
        names = [name for name in reads(statement) if name in self.degrees]
        return max(names, key=lambda name: self.degrees[name]) if names else ""

    def _mean_read(self, statement: Statement) -> str:
        """The large mean that a product without data points reads, or nothing."""
        if not isinstance(statement, Contract) or self._points(statement):
            return ""
        return next((name for name in reads(statement) if name in self.means), "")

    def _points(self, statement: Statement) -> int:
        """Over how many data points a statement runs."""
        if isinstance(statement, Contract):
            return len({letter for letter in statement.left_axes + statement.right_axes if letter.isupper()})
        return max(self.shape[name][0] for name in makes(statement))


def _is_moment(s: Contract, samples: str) -> bool:
    """Whether a product sums over the first axis of an array, or over the first two, which come first in the other too."""
    if samples not in (s.left, s.right):
        return False
    own, other = (s.left_axes, s.right_axes) if s.left == samples else (s.right_axes, s.left_axes)
    summed = "".join(letter for letter in own if letter in other and letter not in s.axes)
    return bool(summed) and len(summed) <= 2 and own.startswith(summed) and other.startswith(summed)
