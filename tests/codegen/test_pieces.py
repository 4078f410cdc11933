"""The pieces of fragments, what they leave open and what they cost, against canonical forms and searches of all plans."""

from itertools import combinations

import numpy as np
import pytest

import sgdsym
from sgdsym.codegen.lower import products
from sgdsym.codegen.moments import distinct_coefficients, networks
from sgdsym.codegen.planning import pieces
from sgdsym.codegen.planning.fragment import DEVIATION, MEAN, SAMPLE, Fragment, canonical
from sgdsym.codegen.planning.joins import joins_of, plan_alone
from sgdsym.codegen.planning.pieces import LEFT, RIGHT, pieces_of
from sgdsym.codegen.planning.planner import is_power, is_square, shared_recipes
from sgdsym.diagrams import connected_parts
from tests.codegen.test_backends import tensors

SETTINGS = [
    {"order": 5},
    {"order": 4, "observable": "function"},
    {"order": 3, "sampling": "reshuffle", "observable": "generalization-gap"},
    {"order": 4, "observable": "loss-variance"},
]
RING = Fragment(
    ((1, DEVIATION),) * 4 + ((3, MEAN), (3, MEAN)),
    ((0, 4), (1, 4), (2, 5), (3, 5), (4, 5)),
    ((0, 1), (2, 3)),
)
CROSSED = Fragment(RING.tensors, RING.edges, ((0, 2), (1, 3)))
POWER = Fragment(((1, DEVIATION),) * 5 + ((5, MEAN),), tuple((v, 5) for v in range(5)), (tuple(range(5)),))
MIXED = Fragment(
    ((1, DEVIATION), (1, MEAN), (2, SAMPLE), (2, DEVIATION), (3, MEAN), (1, DEVIATION)),
    ((0, 2), (2, 4), (1, 3), (3, 4), (4, 5)),
    ((0, 3), (2, 5)),
)


def fragments_of_series(options):
    series = sgdsym.expand(**options)
    terms = networks(series)
    number = distinct_coefficients(terms)
    sums = products([(network, number[c]) for network, c in terms.items()], series.setting.observable.carries_function)
    return list(dict.fromkeys(fragment for _, product in sums for fragment in product))


def parts_of(fragment):
    """All connected parts, as the canonical fragment of every set of nodes that is in one piece."""
    size = len(fragment.tensors)
    links = (*fragment.edges, *fragment.averaged, *fragment.open)
    for count in range(1, size + 1):
        for nodes in combinations(range(size), count):
            inside = [tuple(nodes.index(v) for v in link if v in nodes) for link in links]
            if len(connected_parts(count, [link for link in inside if link])) == 1:
                yield nodes, fragment.part(list(nodes))[0]


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_pieces_are_the_canonical_parts(options):
    """Each isomorphism class of connected parts is one piece, with the legs and blocks of its canonical form."""
    fragments = fragments_of_series(options)
    found = pieces_of(fragments)
    wanted = {part for fragment in fragments for _, part in parts_of(fragment)}
    canonicals = [found.canonical(piece)[0] for piece in range(len(found.mask))]
    assert set(canonicals) == wanted
    assert len(canonicals) == len(wanted)
    for i, part in enumerate(canonicals):
        counted = (found.nodes[i], found.legs[i], found.samples[i], found.averaged[i])
        assert counted == (len(part.tensors), len(part.legs), len(part.open), len(part.averaged))
        assert found.formed[i] == (len(part.tensors) == 1 and part.tensors[0][1] == DEVIATION)
        assert found.number(part) == i


@pytest.mark.parametrize("whole", [RING, CROSSED, POWER, MIXED], ids=["ring", "crossed", "power", "mixed"])
def test_splits_are_all_pairs_of_connected_parts(whole):
    fragment = canonical(whole.tensors, whole.edges, whole.averaged, whole.open)[0]
    found = pieces_of([fragment])
    splits = found.splits
    for i in range(len(found.mask)):
        piece = found.canonical(i)[0]
        parts = dict(parts_of(piece))
        everything = set(range(len(piece.tensors)))
        pairs = [
            (part, parts.get(tuple(sorted(everything - set(nodes))))) for nodes, part in parts.items() if 0 in nodes
        ]
        wanted = sorted(tuple(sorted(map(str, pair))) for pair in pairs if pair[1] is not None)
        (here,) = np.nonzero(splits.whole == i)
        named = [(found.canonical(splits.left[k])[0], found.canonical(splits.right[k])[0]) for k in here]
        assert sorted(tuple(sorted(map(str, pair))) for pair in named) == wanted
        for k, (left, right) in zip(here, named, strict=True):
            taken = [is_power(*pair) or is_square(*pair, piece) for pair in ((left, right), (right, left))]
            assert splits.power[k] == (LEFT if taken[0] else RIGHT * taken[1])
        opened = [found.canonical(to)[0] for whose, _, to in found.opened if whose == i]
        known = {found.canonical(k)[0] for k in range(len(found.mask))}
        assert set(opened) == {piece.opened(b)[0] for b in range(len(piece.averaged))} & known


def test_rings_of_blocks_are_told_apart():
    """J(g_a, g_a, J(g_b, g_b)) and J(g_a, g_b, J(g_a, g_b)): every node sees the same neighbours and block mates."""
    both = [canonical(f.tensors, f.edges, f.averaged, f.open)[0] for f in (RING, CROSSED)]
    assert len(set(pieces_of(both).of.values())) == 2


@pytest.mark.parametrize("whole", [RING, CROSSED, MIXED], ids=["ring", "crossed", "mixed"])
def test_the_plan_alone_is_the_best_of_all_trees_of_contractions(whole):
    """The sum of the costs of the joins, minimised over all ways to join all tensors one after the other."""
    fragment = canonical(whole.tensors, whole.edges, whole.averaged, whole.open)[0]
    points, parameters = 7, 5
    alone = plan_alone(joins_of(pieces_of([fragment]), points, parameters))
    assert alone.cost[alone.joins.pieces.of[fragment]] == pytest.approx(
        _best_of_all(fragment, points, parameters), rel=1e-12
    )


def _best_of_all(fragment, n, p):
    """The cheapest tree of contractions, by a search over all; the price list is that of the module joins."""
    if len(fragment.tensors) == 1:
        return n * p ** fragment.tensors[0][0] if fragment.tensors[0][1] == DEVIATION else 0
    best = float("inf")
    parts = dict(parts_of(fragment))
    for nodes, left in parts.items():
        right = parts.get(tuple(v for v in range(len(fragment.tensors)) if v not in nodes))
        if right is None:
            continue
        joined = (len(left.legs) + len(right.legs) - len(fragment.legs)) // 2
        averaged = len(fragment.averaged) - len(left.averaged) - len(right.averaged)
        sizes = [n ** len(f.open) * p ** len(f.legs) for f in (left, right, fragment)]
        flops = n ** (len(fragment.open) + averaged) * p ** (len(fragment.legs) + joined)
        traffic = 8 * (sum(sizes) + (2 * min(sizes[:2]) if averaged else 0))
        pairs = max(len(f.open) for f in (left, right, fragment)) > 1
        cost = (30 if pairs else 1) * (flops * (1 if joined or averaged else 16) + traffic) + 20_000
        best = min(best, cost + _best_of_all(left, n, p) + _best_of_all(right, n, p))
    return best


@pytest.mark.parametrize("options", [{"order": 4}, {"order": 4, "observable": "loss-variance"}], ids=str)
def test_a_recipe_says_how_to_make_every_part(options):
    """From the fragments down to single tensors, and nothing besides; some averages are taken last."""
    fragments = fragments_of_series(options)
    recipes = shared_recipes(fragments, plan_alone(joins_of(pieces_of(fragments), 300, 40)))
    assert any(choice < 0 for recipe in recipes for choice in recipe.choice.values())
    for recipe in recipes:
        made = set()
        for fragment in fragments:
            _make(fragment, recipe, made)
        assert {recipe.joins.pieces.number(fragment) for fragment in made} == set(recipe.choice)


def _make(fragment, recipe, made):
    if len(fragment.tensors) == 1 or fragment in made:
        return
    made.add(fragment)
    split = recipe.split(fragment)
    if isinstance(split, int):
        _make(fragment.opened(split)[0], recipe, made)
        return
    parts = [fragment.part(nodes)[0] for nodes in split]
    for part, other in (parts, parts[::-1]):
        if not is_power(part, other) and not is_square(part, other, fragment):
            _make(part, recipe, made)


@pytest.mark.parametrize(
    "options", [{"order": 4}, {"order": 3, "observable": "displacement", "basis": "moment"}], ids=str
)
def test_fingerprints_that_tell_hardly_anything_apart_make_no_value_wrong(monkeypatch, options):
    """The plan rests on fingerprints, the program on canonical forms."""
    series = sgdsym.expand(**options)
    given = {"derivatives": tensors(3), "T": 7, "B": 2}
    wanted = series.kernel().coefficients(**given)

    def weak(stack, row, mask, inside):
        nodes = np.array([m.bit_count() for m in mask.tolist()], np.uint64)
        return nodes * np.uint64(64) + inside.sum(axis=1).astype(np.uint64)

    monkeypatch.setattr(pieces, "fingerprints", weak)
    assert len(pieces_of([RING, CROSSED]).of.values()) > len(set(pieces_of([RING, CROSSED]).of.values()))
    np.testing.assert_allclose(series.kernel().coefficients(**given), wanted, rtol=1e-11)
