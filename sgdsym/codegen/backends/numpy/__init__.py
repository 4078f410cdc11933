"""The default backend: a module that needs only numpy, with inputs read in blocks that stay in the cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sgdsym.codegen.backends.printer import INDENT, Printer, commented, length
from sgdsym.codegen.ir import (
    Combine,
    Contract,
    ContractPair,
    Deviations,
    Moments,
    Pairs,
    Pass,
    Pointwise,
    Program,
    Release,
    Shape,
    Statement,
    Weigh,
    reads,
    shapes,
)


@dataclass(frozen=True, slots=True)
class NumpyPrinter(Printer):
    """Numpy, with passes over samples as loops."""

    module: str = "np"

    def statement_lines(self, program: Program) -> list[str]:
        """The statements of a program, with a comment that names each value."""
        shape = shapes(program.statements)
        squares = _read_once(program)
        lines: list[str] = []
        for statement in program.statements:
            match statement:
                case Pairs(target) if target in squares:
                    pass
                case ContractPair(pairs=pairs) if pairs in squares:
                    lines += self._squares_in_blocks(statement, squares[pairs])
                case Release(names):
                    left = [name for name in names if name not in squares]
                    lines += self.lines(Release(tuple(left))) if left else []
                case Pass():
                    lines += self._loop(statement, shape)
                case Moments():
                    lines += self._moments(statement)
                case _:
                    lines += self.lines(statement)
        return lines

    def _squares_in_blocks(self, s: ContractPair, vectors: str) -> list[str]:
        """Squares that nothing else takes are never there for all data points."""
        product = f"{s.target}[rows] = _pair_product(_squares({vectors}[rows]), {s.tensor})"
        return [
            f"{s.target} = np.empty((n{', p' * s.indices}))",
            "for rows in _blocks(n, 1 + p**2 // 16, 0):",
            *(f"    {line}" for line in commented(product, s.note, 2 * INDENT)),
        ]

    def _tensordot(self, first: str, second: str, first_axes: str, second_axes: str, summed: str) -> str:
        """A product of matrices, where both have what is summed together at an end; ``tensordot`` takes longer to call."""
        ends = ((first, first_axes, True), (second, second_axes, False)) if summed else ()
        sides = [_as_matrix(array, axes, summed, last=last) for array, axes, last in ends]
        if not sides or not all(sides):
            return Printer._tensordot(self, first, second, first_axes, second_axes, summed)
        free = [x for axes in (first_axes, second_axes) for x in axes if x not in summed]
        product = " @ ".join(sides)
        shape = ", ".join("p" if x.islower() else "-1" for x in free)
        return product if max(len(first_axes), len(second_axes)) - len(summed) < 2 else f"({product}).reshape({shape})"

    def _moments(self, statement: Moments) -> list[str]:
        """One call for all the sums: those over the data points, then those over a first index too."""
        factor = dict(zip(statement.body, statement.factors, strict=True))
        over_points = [s for s in statement.body if len(_summed(s)) == 1]
        over_indices = [s for s in statement.body if len(_summed(s)) > 1]
        sums = over_points + over_indices
        lists = (f"[{', '.join(factor[s][0] for s in group)}]" for group in (over_points, over_indices))
        lines = [f"# {s.target}: {s.note}" for s in sums if s.note]
        lines.append(f"{', '.join(s.target for s in sums)} = _moments({statement.samples}, {', '.join(lists)})")
        for s in sums:
            own = s.left_axes if s.left == statement.samples else s.right_axes
            axes = "".join(letter for letter in factor[s][1] + own if letter in s.axes)
            if axes != s.axes:
                lines.append(f"{s.target} = {self.transposed(s.target, axes, s.axes)}")
        return lines

    def _loop(self, statement: Pass, shape: Mapping[str, Shape]) -> list[str]:
        """A loop over blocks of data points: sums are added up, kept rows are filled in, the rest is local."""
        block = f"block_{statement.degree}"
        local = {s.target for s in statement.body} - set(statement.kept)
        seen = {name: f"{name}[rows]" for name, (samples, _) in shape.items() if samples and name not in local}
        if statement.samples:
            seen[statement.samples] = block
        before, after = [], []
        inside = [f"{block} = {statement.samples}[rows]"] if statement.samples else []
        passing = _passing(statement)
        for s in statement.body:
            samples, indices = shape[s.target]
            if isinstance(s, Weigh) and s.source in passing and s.target in local:
                inside.append(f"{seen.get(s.source, s.source)} *= {self.weights_along(s, 'rows')}")
                seen[s.target] = seen.get(s.source, s.source)
                continue
            if s.target not in local:
                sizes = ["n"] * samples + ["p"] * indices
                shown = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
                start = f"np.{'empty' if samples else 'zeros'}({shown})" if sizes else "0.0"
                before.append(f"{s.target} = {start}")
            if isinstance(s, Contract) and not samples:
                product, axes = self.product(_seen_product(s, seen))
                inside += commented(f"{s.target} += {product}", s.note, 2 * INDENT)
                if axes != s.axes:
                    after.append(f"{s.target} = {self.transposed(s.target, axes, s.axes)}")
            else:
                goal = f"{s.target}[rows]" if s.target not in local else s.target
                inside += self._block_lines(_seen(s, seen), goal)
        largest = max((shape[s.target][1] for s in statement.body if not shape[s.target][0]), default=0)
        loop = [f"for rows in _blocks(n, p**{statement.degree}, p**{largest}):", *(f"    {line}" for line in inside)]
        title = f"# what needs {statement.samples}, in one pass" if statement.samples else "# large only for some rows"
        return [title, *before, *loop, *after]

    def _block_lines(self, s: Statement, goal: str) -> list[str]:
        if isinstance(s, Combine):
            return self.combination(goal, s.parts, s.axes)
        return self.assignment(goal, s, "rows", 2 * INDENT)


def _read_once(program: Program) -> dict[str, str]:
    """The squares that one statement takes, a product with pairs, and the vectors they are of."""
    read = Counter(name for s in program.statements for name in reads(s))
    taken = {s.pairs for s in program.statements if isinstance(s, ContractPair)}
    squares = (s for s in program.statements if isinstance(s, Pairs) and s.squares)
    return {s.target: s.source for s in squares if s.target in taken and read[s.target] == 1}


def _as_matrix(array: str, axes: str, summed: str, *, last: bool) -> str:
    """An array as a matrix with the summed axes last, or first; nothing where they do not stand together at an end."""
    free = "".join(x for x in axes if x not in summed)
    if axes not in (free + summed, summed + free):
        return ""
    groups = [group for group in ((free, summed) if axes == free + summed else (summed, free)) if group]
    if max(map(len, groups)) > 1:
        array += f".reshape({', '.join(map(length, groups)) if len(groups) > 1 else '-1'})"
    return array + ".T" if free and (axes == free + summed) != last else array


def _passing(statement: Pass) -> set[str]:
    """What a pass makes for the block at hand and one other statement alone."""
    read = Counter(name for s in statement.body for name in reads(s))
    made = {s.target for s in statement.body if isinstance(s, Contract | Deviations | Weigh)}
    return {name for name in made - set(statement.kept) if read[name] == 1}


def _summed(s: Contract) -> str:
    return "".join(letter for letter in s.left_axes if letter in s.right_axes and letter not in s.axes)


def _seen_product(s: Contract, seen: Mapping[str, str]) -> Contract:
    return replace(s, left=seen.get(s.left, s.left), right=seen.get(s.right, s.right))


def _seen(s: Pointwise, seen: Mapping[str, str]) -> Statement:
    """The statement on the rows of a block."""
    match s:
        case Contract():
            return _seen_product(s, seen)
        case Deviations(samples=samples, mean=mean):
            return replace(s, samples=seen.get(samples, samples), mean=seen.get(mean, mean))
        case Combine(parts=parts):
            return replace(s, parts=tuple(replace(part, name=seen.get(part.name, part.name)) for part in parts))
    return replace(s, source=seen.get(s.source, s.source))
