"""One-pass SGD: closed forms and laws of the expansion."""

from fractions import Fraction
from itertools import combinations, product
from math import comb

import pytest

from sgdsym import Coefficient, Diagram, expand
from sgdsym.diagrams import parse_notation

T, B = Coefficient.symbol("T"), Coefficient.symbol("B")
GG, GHG, HGGG = "(0-1)(01)", "(0-1-2)(01-12)", "(0-1-2-3)(01-12-23)"


def term(series, notation):
    diagram, _ = parse_notation(notation)
    return series[diagram]


def choose(n, k):
    result = Coefficient(1)
    for i in range(k):
        result = result * (n - i) / (i + 1)
    return result


def test_closed_form_to_order_3_in_moments():
    """S. C. Tenka, "SGD at Small Learning Rates", appendix of order-3 coefficients, with the factor 2 of GHG put right."""
    s = expand(order=3, batch_size=1, basis="moment")
    expected = {
        "(0)()": Coefficient(1),
        "(0-1)(01)": -T,
        "(0-1-2)(01-12)": 2 * choose(T, 2),
        "(01-2)(02-12)": T / 2,
        "(0-1-2-3)(01-12-23)": -4 * choose(T, 3),
        "(0-1-2-3)(03-13-23)": -2 * choose(T, 3),
        "(01-2-3)(03-13-23)": Fraction(-3, 2) * choose(T, 2),
        "(01-2-3)(02-13-23)": -choose(T, 2),
        "(0-12-3)(01-13-23)": -choose(T, 2),
        "(012-3)(03-13-23)": -T / 6,
    }
    assert {parse_notation(text)[0]: c for text, c in expected.items()} == s.terms


def test_batch_size_enters_as_inverse_powers():
    """In the cumulant basis a diagram with m blocks besides the root's carries B^(m - d)."""
    with_batches, single = expand(order=5), expand(order=5, batch_size=1)
    for diagram, c in with_batches.terms.items():
        assert c == single[diagram] * B ** (len(diagram.blocks) - 1 - diagram.order)


def test_infinite_batches_leave_gradient_descent():
    """Only single-node blocks survive B to infinity: the expansion of deterministic descent on the mean loss."""
    for diagram, c in expand(order=4).terms.items():
        assert ("B" in c.symbols) == (len(diagram.blocks) < diagram.nodes)


def test_numbers_and_substituted_symbols_agree():
    for steps, batch_size in product((0, 1, 7), (1, 3)):
        for basis in ("cumulant", "moment"):
            symbolic = expand(order=4, basis=basis).subs(T=steps, B=batch_size)
            assert symbolic == expand(order=4, basis=basis, steps=steps, batch_size=batch_size)


def moment_count(diagram, steps, batch_size):
    """Assignments of the nodes to cells (time, slot): same block iff same cell, times strict towards some root."""
    total = 0
    cells = list(product(range(steps), range(batch_size)))
    for root in [block[0] for block in diagram.blocks if len(block) == 1]:
        blocks = [block for block in diagram.blocks if root not in block]
        order, parent = [root], {root: None}
        for v in order:
            for w in diagram.neighbours[v]:
                if w not in parent:
                    parent[w] = v
                    order.append(w)
        for chosen in combinations(cells, len(blocks)):
            total += sum(_is_timed(dict(zip(blocks, p, strict=True)), parent, root) for p in _permutations(chosen))
    return total


def _permutations(items):
    if not items:
        yield ()
    for i, item in enumerate(items):
        for rest in _permutations(items[:i] + items[i + 1 :]):
            yield (item, *rest)


def _is_timed(cell_of_block, parent, root):
    time = {v: cell[0] for block, cell in cell_of_block.items() for v in block}
    return all(p is None or p == root or time[v] < time[p] for v, p in parent.items() if v != root)


@pytest.mark.parametrize(("steps", "batch_size"), [(1, 1), (3, 1), (2, 2), (3, 2)])
def test_moment_coefficients_count_assignments(steps, batch_size):
    s = expand(order=4, steps=steps, batch_size=batch_size, basis="moment")
    for diagram in expand(order=4).diagrams():
        count = Fraction(moment_count(diagram, steps, batch_size), diagram.symmetry_factor)
        assert s[diagram] == (-1) ** diagram.order * count / batch_size**diagram.order


def test_sum_rule():
    """For the deterministic loss exp(w) at w = 0 every diagram is 1: compare with iterated gradient descent."""
    order, steps = 6, 5
    s = expand(order=order, steps=steps, batch_size=1)
    sums = [Fraction(0)] * (order + 1)
    for diagram, c in s.terms.items():
        if all(len(block) == 1 for block in diagram.blocks):
            sums[diagram.order] += c.as_fraction()
    weight = [Fraction(0)] * (order + 1)
    for _ in range(steps):
        gradient = exponential(weight)
        weight = [w - (gradient[k - 1] if k else 0) for k, w in enumerate(weight)]
    assert sums == exponential(weight)


def exponential(series):
    """Exponential of a power series without constant term."""
    result = [Fraction(1)] + [Fraction(0)] * (len(series) - 1)
    for n in range(1, len(series)):
        result[n] = sum((k * series[k] * result[n - k] for k in range(1, n + 1)), Fraction(0)) / n
    return result


def test_cubic_chi_landscape():
    """Tenka's test landscape l_x(w) = w^3 - w x^2 with x standard normal: the loss at w = 0 as a series in eta."""
    s = expand(order=5, batch_size=1, basis="moment")
    total = [Coefficient() for _ in range(6)]
    for diagram, c in s.terms.items():
        total[diagram.order] += c * chi_value(diagram)
    expected = [Coefficient(), -T, Coefficient(), 12 * choose(T, 3) + 27 * choose(T, 2) + 15 * T, Coefficient()]
    assert total[:5] == expected


def chi_value(diagram):
    """Moments of -x^2 for one-edge nodes (E x^(2k) = 1, 3, 15, 105, …), 6 for third derivatives, else 0."""
    value = 1
    for block in diagram.blocks:
        degrees = [diagram.degrees[v] for v in block]
        if any(k not in (1, 3) for k in degrees):
            return 0
        slopes = degrees.count(1)
        value *= 6 ** degrees.count(3) * (-1) ** slopes
        for odd in range(1, 2 * slopes, 2):
            value *= odd
    return value


def test_orders_are_nested():
    assert expand(order=5).truncate(3) == expand(order=3)


def test_zero_steps_change_nothing():
    assert expand(order=4, steps=0).terms == {Diagram(1): Coefficient(1)}


def test_pinned_binomials_at_high_order():
    """A path of d edges grows only one step at a time: coefficient (-1)^d 2^(d-1) C(T, d) in the top binomial."""
    s = expand(order=6, batch_size=1)
    for d in range(1, 7):
        path = Diagram(d + 1, [(v, v + 1) for v in range(d)])
        leading = [number for number, powers in s[path].monomials() if powers == (("T", d),)]
        ways = sum(comb(d, r) for r in range(d + 1))
        assert leading == [Fraction((-1) ** d * ways, 2 * _factorial(d))]


def _factorial(n):
    return n * _factorial(n - 1) if n else 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": -1}, "order"),
        ({"order": 2.5}, "order"),
        ({"order": 40}, "order"),
        ({"observable": "accuracy"}, "observable"),
        ({"dynamics": "adam"}, "dynamics"),
        ({"sampling": "sorted"}, "sampling"),
        ({"basis": "monomial"}, "basis"),
        ({"steps": -1}, "steps"),
        ({"steps": "__import__('os')"}, "steps"),
        ({"batch_size": 0}, "batch size"),
        ({"batch_size": 1.5}, "batch size"),
        ({"steps": "B"}, "share the symbol"),
    ],
)
def test_bad_requests_say_what_is_wrong(options, message):
    with pytest.raises(ValueError, match=message):
        expand(**options)
