r"""Optimisers that are linear in their gradients, as values: a few registers a weight, and four arrays.

.. math:: z_{t+1} = A_t z_t - \eta\,b_t\,g_t, \qquad g_t \text{ taken at } \theta_t = c_t\cdot z_t, \qquad
          \text{read off: } e\cdot z_T

An optimiser is to a run what a tableau is to a Runge–Kutta method.  All that an expansion needs of it are the weights of edges,

.. math:: w(t, s) = c_t A_{t-1}\cdots A_{s+1} b_s, \qquad w(T, s) = e\,A_{T-1}\cdots A_{s+1} b_s \text{ to a root},

and where the optimiser is the same at every update these are sums of *modes* :math:`f\,\binom{\Delta-1}j\,r^{\Delta-1-j}`, the
partial fractions of the resolvent :math:`c\,(x-A)^{-1}b`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from math import inf
from operator import add

from sgdsym.arguments import read_integer, read_items
from sgdsym.series import Coefficient
from sgdsym.times.modes import Matrix, Mode, Vector, modes_of
from sgdsym.times.register_arrays import Entry, nesting, read_entry, read_matrices, read_vectors

# each update that a gradient is late takes a register; each listed update takes a matrix of coefficients that is kept
LONGEST_DELAY, MOST_UPDATES = 100, 100_000


@dataclass(frozen=True, slots=True)
class Update:
    """The registers of one update: matrix, what a gradient adds, and where it is taken."""

    matrix: Matrix
    gain: Vector
    point: Vector


@dataclass(frozen=True)
class LinearOptimizer:
    r"""An optimiser that is linear in its gradients.

    Args:
        A: the matrix of the registers, rows of integers, fractions or symbol names; or a sequence of matrices, one an update.
        b: what a gradient adds to the registers (times :math:`-\eta`); or a sequence of these.
        c: the weights at which the gradient is taken, as a combination of the registers; or a sequence of these.
        read: the weights that are read off at the end.

    Raises:
        ValueError: if the shapes do not fit, an entry is no exact number or symbol, or the weights would move without
            gradients: there must be registers that no update changes and of which every ``c`` and ``read`` make the start.

    >>> mu = "mu"
    >>> heavy_ball = LinearOptimizer([[1, mu], [0, mu]], [1, 1], [1, 0], [1, 0])      # z = (θ, -η m)
    >>> heavy_ball == LinearOptimizer.heavy_ball("mu"), heavy_ball.updates
    (True, None)
    >>> LinearOptimizer([[2]], [1], [1], [1])
    Traceback (most recent call last):
    ValueError: without gradients the weights must stay where they are: no registers are unchanged by A and read as the start
    """

    A: tuple[Matrix, ...]
    b: tuple[Vector, ...]
    c: tuple[Vector, ...]
    read: Vector
    start: int = 0
    listed: bool = False

    def __init__(self, A: object, b: object, c: object, read: object, *, start: int = 0) -> None:
        self._fill(A, b, c, read, start)
        if not _has_fixed_registers(self.A, (*self.c, self.read)):
            raise ValueError(
                "without gradients the weights must stay where they are: no registers are unchanged by A and read as the start"
            )

    @classmethod
    def from_registers(cls, A: object, b: object, c: object, read: object, *, start: int = 0) -> LinearOptimizer:
        """The same without the demand that the reading stays at the start: a mean over :math:`T` is that of :math:`T` updates alone.

        Raises:
            ValueError: if the shapes do not fit, or an entry is no exact number or symbol.

        >>> LinearOptimizer.from_registers([[1, 1], [0, 1]], [1, 1], [0, 1], [Coefficient("1/2"), 0]).read[0]
        Coefficient('1/2')
        """
        optimizer = object.__new__(cls)
        optimizer._fill(A, b, c, read, start)
        return optimizer

    def _fill(self, A: object, b: object, c: object, read: object, start: int) -> None:
        """Read the arrays and set what this value holds."""
        listed = nesting(A, "A") > 2 or max(nesting(b, "b"), nesting(c, "c")) > 1
        matrices, gains, points = read_matrices(A), read_vectors(b, 1, "b"), read_vectors(c, 1, "c")
        length = max(map(len, (matrices, gains, points)))
        for name, given in (("A", matrices), ("b", gains), ("c", points)):
            if len(given) not in (1, length):
                raise ValueError(
                    f"{name} is given for {len(given)} updates, another part for {length}; give one, or as many"
                )
        (last,) = read_vectors(read, 1, "read")
        size = len(last)
        for name, vectors in (("b", gains), ("c", points)):
            if any(len(vector) != size for vector in vectors):
                raise ValueError(f"{name} must have {size} entries, one a register, like read")
        if any(len(matrix) != size or any(len(row) != size for row in matrix) for matrix in matrices):
            raise ValueError(f"A must be {size} by {size}, a row and a column a register, like read")
        for name, value in (
            ("A", matrices),
            ("b", gains),
            ("c", points),
            ("read", last),
            ("start", read_integer("start", start, least=0)),
            ("listed", listed),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def sgd(cls) -> LinearOptimizer:
        """Plain gradient steps."""
        return cls([[1]], [1], [1], [1])

    @classmethod
    def heavy_ball(cls, momentum: Entry) -> LinearOptimizer:
        r"""Heavy ball, PyTorch's ``momentum``: :math:`m \leftarrow \mu m + g,\ \theta \leftarrow \theta - \eta m`.

        Source: [Polyak1964]_.
        """
        return cls([[1, momentum], [0, momentum]], [1, 1], [1, 0], [1, 0])

    @classmethod
    def nesterov(cls, momentum: Entry) -> LinearOptimizer:
        r"""PyTorch's ``nesterov``: :math:`m \leftarrow \mu m + g,\ \theta \leftarrow \theta - \eta(g + \mu m)`.

        Source: [Sutskever2013]_.
        """
        mu = read_entry("momentum", momentum)
        return cls([[1, mu * mu], [0, mu]], [1 + mu, 1], [1, 0], [1, 0])

    @classmethod
    def quasi_hyperbolic(cls, momentum: Entry, discount: Entry) -> LinearOptimizer:
        r"""Quasi-hyperbolic momentum: :math:`m \leftarrow \beta m + (1-\beta)g,\ \theta \leftarrow \theta - \eta((1-\nu)g + \nu m)`.

        Args:
            momentum: :math:`\beta`.
            discount: :math:`\nu`; 0 is plain SGD.

        Source: [Ma2019]_, algorithm 1.
        """
        beta, nu = read_entry("momentum", momentum), read_entry("discount", discount)
        return cls([[1, nu * beta], [0, beta]], [1 - nu * beta, 1 - beta], [1, 0], [1, 0])

    @classmethod
    def aggregated(cls, momenta: Sequence[Entry]) -> LinearOptimizer:
        r"""Aggregated momentum: :math:`m_i \leftarrow \beta_i m_i + g,\ \theta \leftarrow \theta - \frac\eta K\sum_i m_i`.

        Source: [Lucas2019]_.
        """
        betas = [
            read_entry("momenta", beta) for beta in read_items("momenta", momenta, "list of numbers and symbol names")
        ]
        if not betas:
            raise ValueError("momenta must be at least one number or symbol")
        count = len(betas)
        rows = [[Coefficient(1), *(beta / count for beta in betas)]]
        for i, beta in enumerate(betas):
            rows.append([Coefficient(0), *(beta * (i == j) for j in range(count))])
        first = [1, *[0] * count]
        return cls(rows, [1] * (count + 1), first, first)

    @classmethod
    def schedule_free(cls, interpolation: Entry, steps: int) -> LinearOptimizer:
        r"""Schedule-free SGD, read at its average.

        .. math:: y_t = (1-\beta)z_t + \beta x_t, \quad z_{t+1} = z_t - \eta\,g(y_t), \quad
                  x_{t+1} = \frac{t}{t+1}x_t + \frac1{t+1}z_{t+1}, \qquad t = 1, …, T

        Args:
            interpolation: :math:`\beta`.
            steps: the number of updates :math:`T`.

        Source: [Defazio2024]_, equations 6 to 8.
        """
        steps = read_integer("steps", steps, least=1, most=MOST_UPDATES)
        beta = read_entry("interpolation", interpolation)
        # x takes z as it is after the update: (1 - s) x + s z' with z' = z - η g, hence s in the row of z and in the
        # gain
        shares = [Fraction(1, t + 1) for t in range(1, steps + 1)]
        return cls(
            [[[1, 0], [share, 1 - share]] for share in shares],
            [[1, share] for share in shares],
            [1 - beta, beta],
            [0, 1],
        )

    @property
    def updates(self) -> int | None:
        """The number of updates where they are given one by one, ``None`` where all are the same."""
        return max(map(len, (self.A, self.b, self.c))) if self.listed else None

    @cached_property
    def symbols(self) -> frozenset[str]:
        """Names of the symbols in the arrays."""
        rows = [row for matrix in self.A for row in matrix]
        return frozenset(name for row in (*rows, *self.b, *self.c, self.read) for x in row for name in x.symbols)

    def substitute(self, values: Mapping[str, Coefficient]) -> LinearOptimizer:
        """The same with symbols replaced.

        >>> LinearOptimizer.heavy_ball("mu").substitute({"mu": Coefficient(0)}).A
        (((Coefficient('1'), Coefficient('0')), (Coefficient('0'), Coefficient('0'))),)
        """

        def replaced(vectors: Sequence[Vector]) -> list[list[Coefficient]]:
            return [[x.substitute(values) for x in vector] for vector in vectors]

        matrices, gains, points = [replaced(matrix) for matrix in self.A], replaced(self.b), replaced(self.c)
        (read,) = replaced([self.read])
        if self.listed:
            return self.from_registers(matrices, _unstacked(gains), _unstacked(points), read, start=self.start)
        return self.from_registers(matrices[0], gains[0], points[0], read, start=self.start)

    def update(self, t: int) -> Update:
        """The registers of update ``t``, counted from zero; before ``start`` gradients are not taken."""
        t = read_integer("t", t, least=0, most=inf if self.updates is None else self.updates - 1)
        gain = self.b[t % len(self.b)]
        # a part that is given once is that of every update
        return Update(self.A[t % len(self.A)], gain if t >= self.start else _zeros(len(gain)), self.c[t % len(self.c)])

    def delayed(self, steps: int) -> LinearOptimizer:
        r"""The same with gradients taken at :math:`\theta_{t-K}`; the updates before :math:`t=K` are left out.

        >>> [str(mode.weight) for mode in LinearOptimizer.sgd().delayed(1).modes]       # 1 - [Δ = 1]
        ['1', '-1']
        """
        steps = read_integer("steps", steps, least=0, most=LONGEST_DELAY)
        if not steps:
            return self
        size = len(self.read)
        matrices = []
        for matrix, point in _paired(self.A, self.c):
            rows = [(*row, *_zeros(steps)) for row in matrix]
            # registers past the old ones hold the weights of the last updates
            rows += [(*point, *_zeros(steps)), *(_unit(size + k, size + steps) for k in range(steps - 1))]
            matrices.append(rows)
        return LinearOptimizer(
            matrices if self.listed else matrices[0],
            _unstacked([(*gain, *_zeros(steps)) for gain in self.b]),
            _unit(size + steps - 1, size + steps),
            (*self.read, *_zeros(steps)),
            start=steps,
        )

    def averaged(self, decay: Coefficient) -> LinearOptimizer:
        r"""The same, read at :math:`a \leftarrow \beta a + (1-\beta)\theta`, after every update, :math:`a = \theta_0` first.

        >>> [(str(mode.rate), str(mode.weight)) for mode in LinearOptimizer.sgd().averaged(Coefficient("1/3")).root_modes]
        [('1', '1'), ('1/3', '-1/3')]
        """
        return self._with_register(decay, 1 - decay, Coefficient(1))

    def summed(self, steps: Coefficient) -> LinearOptimizer:
        r"""The same, read at the uniform average of :math:`\theta_1, …, \theta_T`.

        >>> modes = LinearOptimizer.sgd().summed(Coefficient.symbol("T")).root_modes
        >>> [(str(mode.rate), mode.depth, str(mode.weight)) for mode in modes]                  # Δ/T
        [('1', 0, '1/T'), ('1', 1, '1/T')]
        """
        return self._with_register(Coefficient(1), Coefficient(1), 1 / steps)

    def _with_register(self, own: Coefficient, new: Coefficient, share: Coefficient) -> LinearOptimizer:
        """One more register in front, ``own`` times itself plus ``new`` times the weights after the update; it is read."""
        matrices, gains = [], []
        for matrix, gain in _paired(self.A, self.b):
            # e·z after the update is e·A z - η e·b g: a row of the matrix and an entry of the gain
            moved = [
                reduce(add, (e * row[j] for e, row in zip(self.read, matrix, strict=True))) for j in range(len(matrix))
            ]
            matrices.append([(own, *(new * x for x in moved)), *((Coefficient(0), *row) for row in matrix)])
            gains.append((new * reduce(add, (e * x for e, x in zip(self.read, gain, strict=True))), *gain))
        points = _unstacked([(Coefficient(0), *point) for point in self.c])
        read = (share, *_zeros(len(self.read)))
        if self.listed:
            return self.from_registers(matrices, gains, points, read, start=self.start)
        return self.from_registers(matrices[0], gains[0], points, read, start=self.start)

    def scheduled_by(self, name: str) -> LinearOptimizer:
        r"""The same at rates :math:`\eta\lambda_t` that have a name and no values: it stands in the arrays for the rate of the update.

        Raises:
            ValueError: if the updates differ already, or the name can be that of no symbol.

        >>> str(LinearOptimizer.heavy_ball("mu").scheduled_by("rate").A[0][0][1])
        'mu*rate'
        """
        if self.updates is not None:
            raise ValueError("the updates of this optimiser differ already; give the rates as a list, with scheduled()")
        matrix, gain = self._rated(self.start, Coefficient.symbol(name))
        return LinearOptimizer(matrix, gain, self.c[0], self.read, start=self.start)

    def scheduled(self, weights: Sequence[Coefficient]) -> LinearOptimizer:
        r"""The same with :math:`\eta\lambda_t` for :math:`\eta` at update :math:`t`: the increment of the weights is scaled, buffers not.

        The weights are the first register; PyTorch's schedulers multiply its increment.
        """
        matrices, gains = zip(*(self._rated(t, weight) for t, weight in enumerate(weights)), strict=True)
        return LinearOptimizer(matrices, gains, _unstacked(self.c), self.read, start=self.start)

    def _rated(self, t: int, weight: Coefficient) -> tuple[Matrix, Vector]:
        """Matrix and gain of an update, with the increment of the weights, the first register, multiplied."""
        update = self.update(t)
        first, *rest = update.matrix
        return ((first[0], *(weight * x for x in first[1:])), *rest), (weight * update.gain[0], *update.gain[1:])

    @cached_property
    def modes(self) -> tuple[Mode, ...]:
        """The modes of the edge from one step to another.

        Raises:
            ValueError: if the updates differ, or a rate is not rational in the symbols.
        """
        return modes_of(self._matrix, self.b[0], self.c[0])

    @cached_property
    def root_modes(self) -> tuple[Mode, ...]:
        """The modes of the edge from a step to a root."""
        return modes_of(self._matrix, self.b[0], self.read)

    @cached_property
    def start_modes(self) -> tuple[Mode, ...]:
        r"""The modes of being after the first ``start`` updates: :math:`1 - \sum_{j<K}[\Delta = j+1]`."""
        zero, one = Coefficient(0), Coefficient(1)
        # at the rate zero C(Δ-1, j) 0^(Δ-1-j) is one where Δ = j + 1, and zero elsewhere
        return (Mode(one, 0, one), *(Mode(zero, j, -one) for j in range(self.start)))

    @property
    def _matrix(self) -> Matrix:
        if self.updates is not None:
            raise ValueError(
                "the updates of this optimiser differ, so that its edges have no modes; give the number of steps"
            )
        return self.A[0]


def _has_fixed_registers(matrices: Sequence[Matrix], readings: Sequence[Vector]) -> bool:
    r"""Whether some :math:`z` has :math:`A z = z` for all matrices and :math:`c\cdot z = 1` for all readings."""
    rows: list[list[Coefficient]] = []
    for matrix in dict.fromkeys(matrices):
        rows += [[x - (i == j) for j, x in enumerate(row)] + [Coefficient(0)] for i, row in enumerate(matrix)]
    rows += [[*reading, Coefficient(1)] for reading in dict.fromkeys(readings)]
    # Gaussian elimination in exact numbers, so that any entry other than zero is a pivot; a row 0 = x that is left
    # says no
    for column in range(len(readings[0])):
        pivot = next((row for row in rows if row[column]), None)
        if pivot is not None:
            rows.remove(pivot)
            rows = [
                [x - row[column] / pivot[column] * y for x, y in zip(row, pivot, strict=True)] if row[column] else row
                for row in rows
            ]
    return not any(row[-1] for row in rows)


def _unstacked(stack: Sequence[object]) -> object:
    return stack[0] if len(stack) == 1 else stack


def _paired(first: Sequence[Matrix], second: Sequence[Vector]) -> list[tuple[Matrix, Vector]]:
    """Two parts for each update, one that is the same for all repeated."""
    length = max(len(first), len(second))
    return [(first[t % len(first)], second[t % len(second)]) for t in range(length)]


def _zeros(count: int) -> Vector:
    return (Coefficient(0),) * count


def _unit(place: int, size: int) -> Vector:
    return tuple(Coefficient(int(i == place)) for i in range(size))
