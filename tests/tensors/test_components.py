from itertools import permutations, product

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdsym.diagrams import Diagram
from sgdsym.tensors import (
    Contraction,
    InverseMetric,
    JointCumulant,
    JointMoment,
    component_symbol,
    independent_components,
)
from tests.tensors.support import Population, closed_diagrams

PAIR = Diagram(2, [(0, 1)])
NOISE = Diagram(3, [(0, 1), (1, 2)], [(0, 2)])


@settings(max_examples=30)
@given(closed_diagrams(max_nodes=5), st.sampled_from(["cumulant", "moment"]), st.integers(0, 2**16))
def test_components_give_the_contraction(diagram: Diagram, basis: str, seed: int) -> None:
    population = Population(seed)
    contraction = Contraction(diagram, basis)
    numbers = population.substitution(contraction.tensors, basis)
    value = population.value(diagram, basis)
    assert contraction.as_components(2).subs(numbers) == sp.Rational(value.numerator, value.denominator)


@settings(max_examples=10)
@given(closed_diagrams(max_nodes=4), st.sampled_from(["cumulant", "moment"]), st.integers(0, 2**16))
def test_components_with_a_metric(diagram: Diagram, basis: str, seed: int) -> None:
    population = Population(seed)
    contraction = Contraction(diagram, basis)
    numbers = population.substitution(contraction.tensors, basis)
    value = population.value(diagram, basis, with_metric=True)
    written = contraction.as_components(2, metric=InverseMetric())
    assert written.subs(numbers) == sp.Rational(value.numerator, value.denominator)


def test_equal_components_are_one_symbol() -> None:
    assert Contraction(NOISE).as_components(2) == sp.sympify("C_00*H_00 + 2*C_01*H_01 + C_11*H_11")
    tensor = JointCumulant(1, 1, 2)
    spellings = {
        component_symbol(tensor, *gradients, hessian)
        for gradients in permutations([(0,), (1,)])
        for hessian in permutations((0, 1))
    }
    assert spellings == {sp.Symbol("kappa_g0_g1_h01")}


def test_groups_of_equal_degree_travel_whole() -> None:
    tensor = JointMoment(2, 2)
    assert component_symbol(tensor, (0, 0), (1, 1)) == component_symbol(tensor, (1, 1), (0, 0))
    assert component_symbol(tensor, (0, 0), (1, 1)) != component_symbol(tensor, (0, 1), (0, 1))


@pytest.mark.parametrize("degrees", [(0,), (3,), (1, 1), (1, 2), (2, 2), (1, 1, 4), (0, 1), (10,)], ids=str)
def test_names_are_distinct_identifiers(degrees: tuple[int, ...]) -> None:
    values = (0, 1, 11) if sum(degrees) < 9 else (1, 11)
    tensor = JointCumulant(*degrees)
    spellings: dict[tuple[object, ...], set[str]] = {}
    for flat in product(values, repeat=tensor.rank):
        entry = iter(flat)
        groups = [tuple(next(entry) for _ in range(k)) for k in tensor.degrees]
        key = tuple(sorted((k, tuple(sorted(group))) for k, group in zip(tensor.degrees, groups, strict=True)))
        spellings.setdefault(key, set()).add(component_symbol(tensor, *groups).name)
    names = [name for found in spellings.values() for name in found]
    assert len(names) == len(spellings) == len(set(names))
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize(
    ("tensor", "dimension", "number"),
    [
        (JointCumulant(0), 3, 1),
        (JointCumulant(3), 3, 10),
        (JointMoment(1, 2), 3, 18),
        (JointCumulant(2, 2), 2, 6),
        (InverseMetric(), 4, 10),
    ],
    ids=str,
)
def test_independent_components_are_counted_by_multisets(tensor: JointCumulant, dimension: int, number: int) -> None:
    found = list(independent_components(tensor, dimension))
    assert len(found) == len({component_symbol(tensor, *indices) for indices in found}) == number


def test_a_mean_is_the_same_in_both_bases() -> None:
    assert component_symbol(JointCumulant(2), (0, 1)) == component_symbol(JointMoment(2), (1, 0))


@pytest.mark.parametrize("indices", [((0,),), ((0,), (0,), (0,)), ((0, 1), (0,))], ids=str)
def test_index_groups_must_fit(indices: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match="takes 2 index groups of lengths 1, 2"):
        component_symbol(JointCumulant(1, 2), *indices)


@pytest.mark.parametrize("label", [-1, True, "g", "A", "", "a_b", "x y", 1.5], ids=repr)
def test_an_index_is_a_number_or_a_free_letter(label: object) -> None:
    with pytest.raises(ValueError, match="an index is an integer"):
        component_symbol(JointCumulant(1), (label,))  # type: ignore[arg-type]


def test_an_explosion_is_refused_with_its_size() -> None:
    star = Contraction(Diagram(6, [(0, v) for v in range(1, 6)]))
    with pytest.raises(ValueError, match="100000 terms in dimension 10, past the limit of 99999"):
        star.as_components(10, limit=99_999)
    with pytest.raises(ValueError, match="10000000000 terms"):
        star.as_components(10, metric=InverseMetric())


@pytest.mark.parametrize("dimension", [0, -2, 1.5])
def test_a_dimension_is_a_positive_integer(dimension: int) -> None:
    with pytest.raises(ValueError, match="the dimension must be a positive integer"):
        Contraction(PAIR).as_components(dimension)


@pytest.mark.parametrize("metric", [None, InverseMetric()], ids=["identity", "metric"])
@pytest.mark.parametrize(
    "diagram", [Diagram(1), Diagram(2, [], [(0, 1)]), PAIR, NOISE, Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 2)])]
)
def test_indexed_sums_mean_the_same_as_components(diagram: Diagram, metric: InverseMetric | None) -> None:
    contraction = Contraction(diagram)
    tensors = {str(sp.IndexedBase(name)): tensor for name, tensor in _bases(contraction).items()}
    done = contraction.as_indexed(2, metric=metric).doit()

    def entry(indexed: sp.Indexed) -> sp.Symbol:
        tensor = tensors[str(indexed.base)]
        flat = iter(int(i) for i in indexed.indices)
        degrees = (2,) if isinstance(tensor, InverseMetric) else tensor.degrees
        return component_symbol(tensor, *(tuple(next(flat) for _ in range(k)) for k in degrees))

    written = done.replace(lambda part: isinstance(part, sp.Indexed), entry)
    assert sp.expand(written - contraction.as_components(2, metric=metric)) == 0


def _bases(contraction: Contraction) -> dict[str, sp.Basic]:
    names = {(1,): "G", (2,): "H", (3,): "J", (1, 1): "C", (1, 2): "kappa_g_h"}
    named = {names[tensor.degrees]: tensor for tensor in contraction.tensors if tensor.degrees in names}
    return {**named, "ginv": InverseMetric()}


def test_indexed_sum_reads_well() -> None:
    assert str(Contraction(NOISE).as_indexed()) == "Sum(C[a, b]*H[a, b], (a, 0, p - 1), (b, 0, p - 1))"
    assert str(Contraction(Diagram(1)).as_indexed()) == "l"
