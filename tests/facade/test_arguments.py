"""What is asked of arguments: integers of any library, lists that are no text, one name for one size."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import sgdsym
from sgdsym.arguments import quoted, read_integer
from sgdsym.numeric.matrix_free import run_tasks
from sgdsym.numeric.matrix_free.tasks import Workers

TENSORS = [[0.0, 1.0], [[1.0], [3.0]], [[[0.0]], [[2.0]]]]


class Index:
    """A number of another library, as far as the language goes."""

    def __index__(self):
        return 2


TWOS = [np.int64(2), np.uint8(2), np.array(2), sp.Integer(2), Index()]


@pytest.mark.parametrize("two", TWOS, ids=lambda two: type(two).__name__)
def test_whatever_has_an_index_is_an_integer_everywhere(two):
    plain = sgdsym.expand(order=2, steps=2, batch_size=2)
    assert sgdsym.expand(order=two, steps=two, batch_size=two) == plain
    assert sgdsym.expand(order=2).subs(T=two, B=two) == plain
    assert plain.order(two) == plain.order(2)
    assert plain.truncate(two) == plain
    assert sgdsym.resum(order=two, batch_size=two) == sgdsym.resum(order=2, batch_size=2)
    assert sgdsym.modified(order=two, part=two) == sgdsym.modified(order=2, part=2)
    assert sgdsym.compare("sgd:B=1", "gd", order=two) == sgdsym.compare("sgd:B=1", "gd", order=2)
    assert sgdsym.Diagram(two, [(0, 1)]) == sgdsym.Diagram(2, [(0, 1)])
    assert sgdsym.Coefficient(two) == sgdsym.Coefficient("T").power(two).substitute({"T": 1}) * two == 2
    assert sgdsym.DerivativeTensor(two) == sgdsym.DerivativeTensor(2)
    assert sgdsym.expand(order=1, schedule=[two, 1]) == sgdsym.expand(order=1, schedule=[2, 1])


@pytest.mark.parametrize("half", [sp.Rational(1, 2), Fraction(1, 2)])
def test_fractions_of_other_libraries_are_fractions(half):
    series = sgdsym.expand(order=2, momentum=half, batch_size=1)
    assert series == sgdsym.expand(order=2, momentum=Fraction(1, 2), batch_size=1)


@pytest.mark.parametrize("text", ["ab", b"ab", "1,2"])
def test_text_is_no_list(text):
    for refused in (
        lambda: sgdsym.Diagram(2, text),
        lambda: sgdsym.Diagram(2, [text]),
        lambda: sgdsym.Diagram(2, [(0, 1)], text),
        lambda: sgdsym.Diagram(2, [(0, 1)], [(0,)], text),
        lambda: sgdsym.expand(order=1).latex(lengths=text),
        lambda: sgdsym.interpret(sgdsym.expand(order=1), text, T=1, B=1),
        lambda: sgdsym.noise.Empirical(text),
        lambda: sgdsym.noise.Empirical({1: [[1], [2]]}).cumulant(text),
        lambda: sgdsym.stationary.mean_square_stability(text, batch_size=1),
    ):
        with pytest.raises(ValueError, match=r"must be a (list|mapping|sequence)"):
            refused()


@pytest.mark.parametrize("name", ["self", "Fraction", "range", "float", "numpy", "np", "sum", "steps", "name"])
def test_symbols_named_like_words_of_the_program_mean_what_they_say(name):
    series, plain = sgdsym.expand(order=2, steps=name, batch_size=1), sgdsym.expand(order=2, steps=2, batch_size=1)
    assert sgdsym.Series.from_json(series.to_json()) == series
    assert series.subs(**{name: 2}) == plain
    assert sgdsym.interpret(series, TENSORS, **{name: 2}) == sgdsym.interpret(plain, TENSORS)
    assert series.latex()
    assert answer(lambda: series.kernel().coefficients(TENSORS, **{name: 2}).tolist(), name) in (
        None,
        plain.kernel().coefficients(TENSORS).tolist(),
    )
    long, short = sgdsym.resum(order=2, steps=name, batch_size=1), sgdsym.resum(order=2, batch_size=1)
    assert long.subs(**{name: 2}) == short.subs(T=2)
    kernel = short.kernel()
    assert answer(lambda: long.kernel()(TENSORS, 0.1, **{name: 2}), name) in (None, kernel(TENSORS, 0.1, steps=2))


@pytest.mark.parametrize("name", ["None", "lambda", "__class__", "eta", "a b", ""])
def test_what_cannot_name_a_symbol_is_refused(name):
    for verb in (sgdsym.expand, sgdsym.resum):
        with pytest.raises(ValueError, match="cannot name a symbol"):
            verb(order=2, steps=name)


def answer(call, name):
    """What is returned, or None where a name is refused in one line."""
    with contextlib.suppress(RefusedError):
        try:
            return call()
        except ValueError as error:
            if f"the symbol {name} cannot be an argument of the module" not in str(error):
                raise
            raise RefusedError from error
    return None


class RefusedError(Exception):
    """A symbol that has no place in a module."""


def test_sizes_have_one_meaning_by_symbol_and_by_word():
    series = sgdsym.expand(order=2, sampling="replace", epochs=None)
    by_symbol, by_word = {"T": 4, "N": 6, "B": 2}, {"steps": 4, "dataset_size": 6, "batch_size": 2}
    assert series.subs(**by_symbol) == series.subs(**by_word)
    assert sgdsym.interpret(series, TENSORS, **by_symbol) == sgdsym.interpret(series, TENSORS, **by_word)
    assert series.kernel()(TENSORS, 0.1, **by_symbol) == series.kernel()(TENSORS, 0.1, **by_word)
    long = sgdsym.resum(order=2)
    assert long.subs(T=4, B=2) == long.subs(steps=4, batch_size=2)
    assert long.kernel()(TENSORS, 0.1, T=4, B=2) == long.kernel()(TENSORS, 0.1, steps=4, batch_size=2)
    for twice in (lambda: series.subs(T=4, steps=4), lambda: long.kernel()(TENSORS, 0.1, T=4, steps=4, B=2)):
        with pytest.raises(ValueError, match=r"twice|same number"):
            twice()


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (sgdsym.resum(order=1), "Resummed; evaluate its .kernel"),
        (sgdsym.compare("sgd", "gd", order=1), "Comparison; evaluate its .difference"),
        (sgdsym.expand(order=1).kernel(), "Kernel; evaluate its .series"),
        ("sgd", "not 'sgd'; expand"),
    ],
)
def test_what_is_no_series_says_how_to_get_one(given, remedy):
    refusals = [lambda: sgdsym.interpret(given, TENSORS), lambda: sgdsym.Kernel(given)]
    for framework in ("jax", "torch"):
        numeric = pytest.importorskip(f"sgdsym.numeric.{framework}")
        refusals += [
            lambda numeric=numeric: numeric.evaluate(given, abs, np.ones(1), np.ones(2), 0.1, T=1),
            lambda numeric=numeric: numeric.plan(given, abs, np.ones(1), np.ones(2)),
        ]
    for refused in refusals:
        with pytest.raises(ValueError, match=remedy):
            refused()


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-200, 1e200])
def test_numbers_at_the_ends_of_the_range_of_floats_give_no_nan(scale):
    hessian = scale * np.eye(2)
    for refused in (
        lambda: sgdsym.stationary_covariance(hessian, np.eye(2), 0.5),
        lambda: sgdsym.stationary_covariance(np.eye(2), np.eye(2), scale),
        lambda: sgdsym.stationary.gibbs_covariance(hessian, learning_rate=0.1, variance=1.0),
        lambda: sgdsym.stationary.tail_index(scale, batch_size=1),
    ):
        with pytest.raises(ValueError, match="out of the range from 1e-100 to 1e\\+100; choose other units"):
            refused()


def test_an_executor_function_makes_one_pool_for_all_passes():
    made = []

    def pool():
        made.append(ThreadPoolExecutor(1))
        return made[-1]

    with Workers(pool) as workers:
        for number in range(5):
            assert run_tasks({0: lambda number=number: (divmod, (number, 2))}, workers) == {0: divmod(number, 2)}
        assert len(made) == 1
    with pytest.raises(RuntimeError, match="shutdown"):
        made[0].submit(divmod, 1, 2)


def test_a_pool_that_is_handed_over_stays_open():
    with ThreadPoolExecutor(1) as pool:
        with Workers(pool) as workers:
            workers.run({0: lambda: (divmod, (7, 2))})
        assert pool.submit(divmod, 7, 2).result() == (3, 1)


LONG = {
    "an integer": 10**5000,
    "lines": "a\nb" * 999,
    "a surrogate": "\ud800",
    "rows": [[1] * 999] * 999,
    "an object": object(),
    "a fraction": Fraction(10**5000, 3),
}


@pytest.mark.parametrize("value", LONG.values(), ids=LONG)
def test_quoted_values_are_short_and_printable(value):
    text = quoted(value)
    assert len(text) <= 60
    assert text.isprintable()
    assert text.encode()
    with pytest.raises(ValueError, match=r"^n must be an integer of at least 1, not "):
        read_integer("n", value if not isinstance(value, int) else -value, least=1)
