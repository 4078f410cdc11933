import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdsym.diagrams import Diagram
from sgdsym.tensors import (
    Contraction,
    JointCumulant,
    JointMoment,
    component_symbol,
    cumulant_in_moments,
    moment_in_cumulants,
)
from tests.tensors.support import Population, closed_diagrams

OTHER = {"cumulant": "moment", "moment": "cumulant"}
bases = st.sampled_from(["cumulant", "moment"])


def _evaluated(expression: sp.Expr, population: Population) -> sp.Expr:
    def number(contraction: Contraction) -> sp.Rational:
        value = population.value(contraction.diagram, contraction.basis)
        return sp.Rational(value.numerator, value.denominator)

    return expression.xreplace({c: number(c) for c in expression.atoms(Contraction)})


@settings(max_examples=40)
@given(closed_diagrams(max_nodes=6, forest=True), bases)
def test_there_and_back_is_the_identity(diagram: Diagram, basis: str) -> None:
    value = Contraction.from_diagram(diagram, basis)
    there = value.xreplace({c: c.in_basis(OTHER[basis]) for c in value.atoms(Contraction)})
    back = there.xreplace({c: c.in_basis(basis) for c in there.atoms(Contraction)})
    assert sp.expand(back) == value
    assert {c.basis for c in there.atoms(Contraction)} == {OTHER[basis]}


@settings(max_examples=20)
@given(closed_diagrams(max_nodes=5, forest=True), bases, st.integers(0, 2**16))
def test_both_bases_have_the_same_number(diagram: Diagram, basis: str, seed: int) -> None:
    population = Population(seed)
    value = Contraction.from_diagram(diagram, basis)
    there = value.xreplace({c: c.in_basis(OTHER[basis]) for c in value.atoms(Contraction)})
    expected = population.value(diagram, basis)
    assert _evaluated(value, population) == sp.Rational(expected.numerator, expected.denominator)
    assert _evaluated(there, population) == sp.Rational(expected.numerator, expected.denominator)


def test_the_same_basis_is_no_change() -> None:
    contraction = Contraction(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]), "moment")
    assert contraction.in_basis("moment") is contraction
    with pytest.raises(ValueError, match="basis must be one of cumulant, moment, not 'mean'"):
        contraction.in_basis("mean")


@settings(max_examples=30)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=4), st.integers(0, 2**16), st.data())
def test_components_convert_to_the_right_numbers(degrees: list[int], seed: int, data: st.DataObject) -> None:
    population = Population(seed)
    groups = [tuple(data.draw(st.integers(0, 1)) for _ in range(k)) for k in sorted(degrees)]
    cumulant, moment = JointCumulant(*degrees), JointMoment(*degrees)
    for written, basis, expected in (
        (cumulant_in_moments(cumulant, *groups), "moment", population.cumulant(groups)),
        (moment_in_cumulants(moment, *groups), "cumulant", population.moment(groups)),
    ):
        kind = JointMoment if basis == "moment" else JointCumulant
        subsets = {tuple(s) for s in _sublists(range(len(groups)))}
        tensors = {kind(*(len(groups[i]) for i in s)) for s in subsets}
        numbers = population.substitution(sorted(tensors, key=str), basis)
        assert written.free_symbols <= set(numbers)
        assert written.subs(numbers) == sp.Rational(expected.numerator, expected.denominator)


def _sublists(items: range) -> list[list[int]]:
    found: list[list[int]] = [[]]
    for item in items:
        found += [[*chosen, item] for chosen in found]
    return found[1:]


def test_open_slots_carry_letters() -> None:
    third = cumulant_in_moments(JointCumulant(1, 1, 2))
    expected = "E_ga_gb_hcd - E_ga_gb*H_cd - E_ga_hcd*G_b - E_gb_hcd*G_a + 2*G_a*G_b*H_cd"  # Speed 1983
    assert third == sp.sympify(expected)
    assert moment_in_cumulants(JointMoment(1, 1), "b", "d") == sp.sympify("C_bd + G_b*G_d")


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4))
@settings(max_examples=30)
def test_open_components_there_and_back(degrees: list[int]) -> None:
    cumulant = JointCumulant(*degrees)
    letters = iter("abcdefikmnqr")
    slots = [[next(letters) for _ in range(k)] for k in cumulant.degrees]
    back = {
        component_symbol(JointMoment(*(len(slots[i]) for i in s)), *(slots[i] for i in s)): moment_in_cumulants(
            JointMoment(*(len(slots[i]) for i in s)), *(slots[i] for i in s)
        )
        for s in _sublists(range(len(slots)))
    }
    round_trip = sp.expand(cumulant_in_moments(cumulant, *slots).xreplace(back))
    assert round_trip == component_symbol(cumulant, *slots)


def test_slots_must_fit() -> None:
    with pytest.raises(ValueError, match="takes 2 index groups"):
        cumulant_in_moments(JointCumulant(1, 2), (0,))
