"""Comparisons: settings in words, common symbols, and known differences."""

from fractions import Fraction

import pytest

from sgdsym.diagrams import parse_notation
from sgdsym.series import Coefficient
from sgdsym.sgd import Request, Side, at_minimum, compare, expand, parse_setting, scaled_learning_rate

T, N, B, E, C = (Coefficient.symbol(name) for name in "TNBEc")
CHH, SJ, GHG, CH, GKG = (
    parse_notation(text)[0]
    for text in (
        "c(03-1-2)(01-12-23)",
        "c(012-3)(03-13-23)",
        "c(0-1-2)(01-12)",
        "c(02-1)(01-12)",
        "c(01-2)(01-12)",
    )
)


def test_sgd_minus_sde_at_a_minimum():
    """S. C. Tenka, "SGD at Small Learning Rates", section 3.4: the noise of discrete steps and its skewness."""
    found = compare("sgd:B=1", "sde", order=3)
    assert at_minimum(found.difference).terms == {CHH: T / 2, SJ: -T / 6}
    assert found.difference.order(2).terms == {GHG: -T / 2}
    with_batches = at_minimum(compare("sgd", "sde", order=3).difference)
    assert with_batches.terms == {CHH: T / (2 * B), SJ: -T / (6 * B**2)}


def test_the_length_that_is_left_out_follows_the_other_side():
    found = compare("gd:N=N", "sgd:sampling=fixed", order=2)
    assert found.first.steps == found.second.steps == E * N / B
    assert found.difference.terms == {GKG: E * (N - B) / (2 * B**2)}
    direct = expand(dynamics="gd", order=2).map_coefficients(lambda c: c.substitute({"T": E * N / B}))
    assert found.difference.terms == (direct - expand(sampling="fixed", order=2)).terms


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("gd:N=6", "fixed:B=2,T=12", ("gd:N=6,T=12", "fixed:N=6,B=2,T=12")),
        ("fixed:N=4,E=3", "replace:B=2", ("fixed:N=4,B=2,E=3", "replace:N=4,B=2,T=6")),
        ("reshuffle", "gd:N=4,T=8", ("reshuffle:N=4,B=B,T=8", "gd:N=4,T=8")),
        ("sgd:T=5,B=3", "sde", ("sgd:T=5,B=3", "sde:T=5,B=3")),
        ("sgd:T=5", "ode", ("sgd:T=5,B=B", "ode:T=5")),
    ],
)
def test_sizes_that_are_left_out_are_the_other_sides(first, second, same):
    assert compare(first, second, order=2).difference == compare(*same, order=2).difference


def test_symbols_do_not_get_into_each_others_way():
    """The number of updates of one side may be called like another size of the other."""
    found = compare("gd", "fixed:N=M,B=T", order=2).difference
    plain = compare("gd", "fixed", order=2).difference
    assert found.terms == plain.subs(N="M", B="T").terms


def test_shuffling_matters_from_order_4_on():
    assert compare("fixed", "reshuffle", order=3).leading_order is None
    found = compare("fixed:N=2,B=1,E=2", "reshuffle:N=2,B=1,E=2", order=4)
    assert found.leading_order == 4
    assert found.leading.terms == found.difference.terms
    assert "order 4" in found.summary()
    assert "vanishes through order 3" in compare("fixed", "reshuffle", order=3).summary()


def test_reshuffling_minus_replacement_vanishes_without_repetition():
    found = compare("reshuffle", "replace", order=2).difference
    assert found.symbols == ("B", "E", "N")
    assert found.subs(N=1, B=1, E=3).terms == {}
    assert found.terms[CH] == -E * (N - 1) / (2 * B**2)


def test_epochs_at_a_smaller_rate():
    found = compare("fixed:B=1,E=E,scale=1/E", "fixed:B=1,E=1", order=2)
    assert found.leading_order == 2
    assert found.difference.terms == {GHG: N * (E - 1) / (2 * E), GKG: N * (E - 1) / (2 * E)}
    assert "learning rate times 1/E" in found.summary()


SCALED = "T=T/c,B=c*B,scale=c"


@pytest.mark.parametrize(
    ("first", "second", "lost"),
    [
        ("sgd:T=T,B=B", f"sgd:{SCALED}", T * (C - 1) / 2),
        ("fixed:E=E,B=B", "fixed:E=E,B=c*B,scale=c", E * N * (C - 1) / (2 * B)),
        ("reshuffle:E=E,B=B", "reshuffle:E=E,B=c*B,scale=c", E * N * (C - 1) / (2 * B)),
    ],
)
def test_the_linear_scaling_rule_loses_one_term(first, second, lost):
    """P. Goyal et al., "Accurate, Large Minibatch SGD" (2017): c times the rate with c times the batch."""
    assert compare(first, second, order=2).difference.terms == {GHG: lost}


@pytest.mark.parametrize(
    ("first", "second", "numbers", "plain"),
    [
        ("sgd:T=T,B=B", f"sgd:{SCALED}", {"T": 6, "B": 2, "c": 3}, ("sgd:T=6,B=2", "sgd:T=2,B=6,scale=3")),
        (
            "sgd:T=T,B=B,momentum=mu,nesterov=yes",
            f"sgd:momentum=mu,nesterov=yes,{SCALED}",
            {"T": 4, "B": 1, "c": 2, "mu": Fraction(1, 3)},
            ("sgd:T=4,B=1,momentum=1/3,nesterov=yes", "sgd:T=2,B=2,scale=2,momentum=1/3,nesterov=yes"),
        ),
        (
            "sgd:T=T,B=B,momentum=mu",
            "sgd:T=T/2,batch_size=2*B,momentum=mu**2,scale=2",
            {"T": 4, "B": 1, "mu": Fraction(1, 2)},
            ("sgd:T=4,B=1,momentum=1/2", "sgd:T=2,B=2,scale=2,momentum=1/4"),
        ),
        (
            "replace:N=2*N,T=T",
            "sgd:sampling=replace,T=T/2,B=N/2",
            {"N": 2, "T": 4},
            ("replace:N=4,T=4,B=1", "replace:N=4,T=2,B=1"),
        ),
        ("gd", "fixed:N=N,E=2*k,B=N/2", {"N": 4, "k": 1}, ("gd:N=4,T=4", "fixed:N=4,E=2,B=2")),
        (
            "reshuffle:B=B,E=2*E",
            "fixed:B=c*B,E=E*c,N=N,scale=2",
            {"N": 4, "B": 1, "c": 2, "E": 1},
            ("reshuffle:N=4,B=1,E=2", "fixed:N=4,B=2,E=2,scale=2"),
        ),
        (
            "sgd:T=T,average=beta,B=T*B",
            "sgd:T=B,average=beta**2,B=T",
            {"T": 2, "B": 3, "beta": Fraction(1, 2)},
            ("sgd:T=2,B=6,average=1/2", "sgd:T=3,B=2,average=1/4"),
        ),
        (
            "sgd:T=T,B=B,schedule=w",
            "sgd:T=T,B=c*B,schedule=w,scale=c",
            {"B": 1, "c": 2, "schedule": [1, Fraction(1, 2), 3]},
            ("sgd:B=1,schedule=[1,1/2,3]", "sgd:B=2,schedule=[1,1/2,3],scale=2"),
        ),
        (
            "sgd:T=T,B=B,weight-decay=a*b",
            "sgd:T=T,B=2*B,weight-decay=a*b",
            {"T": 2, "B": 1, "a": 3, "b": Fraction(1, 2)},
            ("sgd:T=2,B=1,weight-decay=3/2", "sgd:T=2,B=2,weight-decay=3/2"),
        ),
    ],
)
def test_expressions_are_what_their_numbers_give(first, second, numbers, plain):
    """A formula in symbols at some sizes, and the same two settings counted with these sizes."""
    found = compare(first, second, order=3).difference
    assert found.subs(**numbers).terms == compare(*plain, order=3).difference.terms


def test_expressions_that_are_numbers_or_names_are_read_as_such():
    side = parse_setting("fixed:N=2*3,B=(b),E=4/2,momentum=1-9/10,weight-decay=(1+1)/4")
    assert side == parse_setting("fixed:N=6,B=b,E=2,momentum=1/10,weight-decay=1/2")
    side = parse_setting("sgd:B=[3, 4],schedule=[1,-1/2]")
    assert (side.request.batch_size, side.request.schedule) == ((3, 4), (1, Fraction(-1, 2)))
    words = compare("fixed:N=2*N,E=E", "fixed:B=c*B,E=E,momentum=mu**2").headline()
    assert "(sgd, fixed: 2*E*N/(B*c) updates, 2*N points, batches of B*c)" in words
    assert "momentum mu**2)" in words


def test_what_expressions_ask_of_sizes_is_asked():
    found = compare("fixed:E=1", "fixed:B=c*B,E=1,scale=2", order=1).difference
    with pytest.raises(ValueError, match="batch size 4 does not divide dataset size 6"):
        found.subs(N=6, c=2, B=2)


def test_changing_the_learning_rate_is_a_change_of_variable():
    series = expand(order=3)
    assert scaled_learning_rate(scaled_learning_rate(series, 1 / E), E) == series
    assert scaled_learning_rate(series, Fraction(1, 2)).order(3) == series.order(3) / 8


def test_requests_and_texts_say_the_same():
    text = compare("gd:N=N", "sgd:sampling=fixed,B=1", order=2)
    request = compare(Request(dynamics="gd", dataset_size="N"), Request(sampling="fixed", batch_size=1), order=2)
    assert text.difference == request.difference
    assert compare(Side(Request()), "sgd").difference.terms == {}


def test_an_observable_named_once_is_meant_for_both():
    once = compare("gd:observable=displacement", "ode", order=2)
    assert once.difference == compare("gd", "ode", order=2, observable="displacement").difference
    assert compare("gd:observable=test-loss", "gd:observable=train-loss", order=1).leading_order == 1


def test_words_of_a_setting():
    side = parse_setting("sgd:sampling=replace,N=7:batch-size=2, momentum=-1/4, nesterov=yes, scale=1/(1 - mu)")
    request = side.request
    assert (request.sampling, request.dataset_size, request.batch_size) == ("replace", 7, 2)
    assert request.momentum == Fraction(-1, 4)
    assert request.nesterov
    assert side.scale == 1 / (1 - Coefficient.symbol("mu"))
    assert parse_setting("sgd:momentum=0.9").request.momentum == Fraction(9, 10)
    assert parse_setting("reshuffle").request == Request(sampling="reshuffle")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must begin with one of"),
        ("adam", "must begin with one of"),
        ("sgd:batch=3", "unknown word 'batch'"),
        ("sgd:B", "key=value"),
        ("sgd:B=", "key=value"),
        ("sgd:B=1,batch-size=2", "twice"),
        ("sgd:sampling=sorted", "sampling must be one of"),
        ("fixed:sampling=replace", "twice"),
        ("sgd:B=__import__('os')", "neither a number nor a symbol name"),
        ("sgd:B=0", "batch size"),
        ("sgd:momentum=1", "momentum"),
        ("sgd:momentum=1/0", "divides by zero"),
        ("sgd:nesterov=perhaps", "yes or no"),
        ("sgd:scale=f(2)", "scale"),
        ("sgd:B=c*__import__('os')", "not plain arithmetic"),
        ("sgd:B=c*(B", "not plain arithmetic"),
        ("sgd:momentum=c**9", "too much for a size or a number"),
        ("sgd:B=a+b+c+d+f+g+h", "too much for a size or a number"),
        ("sgd:B=1/(a+b)**9", "too much for a size or a number"),
        ("sgd:average=mu**T", "no power with a symbol in its exponent"),
        ("sgd:B=8/3", "'8/3' is 8/3, which is no whole number"),
        ("sgd:B=1-3", "batch size must be an integer of at least 1"),
        ("sgd:B=(a+b+c+d)**300", "of moderate size"),
        ("sgd:momentum=3-1", "momentum must"),
        ("sgd:delay=2*k", "delay"),
        ("sgd:schedule=[1,x*y]", "schedule in setting"),
        ("sgd:B=[1,2", "B in setting"),
        ("sgd:scale=0", "stays where it is"),
        ("gd:B=2,N=3", "leave the batch size out"),
    ],
)
def test_bad_settings_say_what_is_wrong_in_one_line(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        parse_setting(text)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_compared():
    with pytest.raises(ValueError, match="one observable with itself"):
        compare("sgd:observable=displacement", "sgd:observable=test-loss")
    with pytest.raises(ValueError, match="no whole number"):
        compare("sgd", "replace:N=3,B=2,E=1", order=1)


@pytest.mark.parametrize(("text", "message"), [(5, "must be text"), ("sgd:" + "T" * 2000, "it may have 1000")])
def test_settings_that_are_no_short_text_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_setting(text)
