"""A formula that was read: the coefficient of each diagram, and the order of its remainder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from sgdsym.arguments import read_text
from sgdsym.checking.errors import FormulaError
from sgdsym.checking.grammar import Grammar
from sgdsym.checking.tensors import Tensor, Value
from sgdsym.checking.tokens import Token, tokens
from sgdsym.checking.words import Vocabulary, Word, vocabulary
from sgdsym.diagrams import Diagram
from sgdsym.formula import to_latex
from sgdsym.render import Notation
from sgdsym.render.latex import left_side
from sgdsym.series import LOSS_VARIANCE, Coefficient, Observable, Series, Setting, collect
from sgdsym.series.extent import Symbol
from sgdsym.sgd import Request

_SET_ASIDE = frozenset({"{", "}", "\\mathrm", "\\text", "\\operatorname", "\\mathbb"})


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as coefficients of diagrams.

    Attributes:
        terms: by the power of the learning rate, the coefficient of each diagram, in joint cumulants.
        remainder: the order of the remainder O(…), where there is one.
        has_rate: whether the learning rate stands in it; otherwise it is left out of every term.
    """

    terms: Mapping[int, Mapping[Diagram, Coefficient]]
    remainder: int | None
    has_rate: bool

    @property
    def orders(self) -> tuple[int, int] | None:
        """The lowest and the highest order of its terms, or nothing where it is 0."""
        present = [rate for rate, terms in self.terms.items() if terms]
        return (min(present), max(present)) if present else None


def read_formula(text: str, notation: Notation, request: Request) -> Formula:
    r"""Read a formula in our text or in LaTeX, with the symbols of a notation and the sizes of a request.

    Raises:
        FormulaError: saying in one line what cannot be read.

    >>> found = read_formula("l - \\eta T \\, G^{\\top} G", Notation(), Request(batch_size=1))
    >>> {rate: [str(c) for c in terms.values()] for rate, terms in found.terms.items()}
    {0: ['1'], 1: ['-T']}
    """
    read_text("formula", text)
    sizes = size_names(request)
    if isinstance(request.schedule, str):
        raise FormulaError("sums over a schedule without values are not read; give its rates as a list")
    observable, plain = request.setting.observable, has_plain_roots(request)
    words = replace(
        vocabulary(
            notation,
            {name: Symbol(name) for name in sizes},
            function=observable.carries_function,
            plain=plain,
        ),
        # scripts alone tell the two apart: text writes those of several letters without braces
        is_latex="\\" in text,
        # our text writes their powers without brackets, mu^2T, and those of nothing else
        decays=frozenset({*sizes} & {"mu", str(request.momentum), str(request.average)}),
    )
    marks = tokens(text)
    while marks and marks[-1].text in (".", ",", ";"):
        marks.pop()
    if not marks:
        raise FormulaError("the formula is empty")
    main, words = _parts(marks, words, notation)
    if not main:
        raise FormulaError(f"the equation that {notation.part} is a part of is missing")
    main = _right_side(main, notation, request)
    main, remainder = _without_remainder(main, words)
    values = Grammar(main, words).whole() if main else []
    # a formula without the learning rate lists coefficients; the order of a diagram then says which power it belongs
    # to
    rated = any(tensor.rate for value in values for tensor, _ in value.terms) or remainder is not None
    pairs: dict[int, list[tuple[Diagram, Coefficient]]] = {}
    for value in values:
        _check_open(value, observable, plain)
        for tensor, tree in value.terms:
            coefficient = Coefficient.of_expression(tree, sizes, text.strip())
            if not coefficient:
                continue
            if not tensor.nodes:
                raise FormulaError("a term has no tensor; the loss at the start is l")
            if tensor.loose:
                raise FormulaError("a tensor of one data point, g, h, j or l_x, stands outside the brackets of E or κ")
            diagram = _diagram(tensor, plain)
            pairs.setdefault(tensor.rate if rated else diagram.order, []).append((diagram, coefficient))
    terms = {rate: {d: c for d, c in collect(found).items() if c} for rate, found in sorted(pairs.items())}
    return Formula(terms, remainder, rated)


def size_names(request: Request) -> dict[str, Coefficient]:
    """The value of each name of a size: the symbols of a request, and T, N, B, E where they mean something.

    >>> {name: str(value) for name, value in size_names(Request(sampling="fixed", batch_size=1)).items()}
    {'E': 'E', 'N': 'N', 'T': 'E*N', 'B': '1'}
    """
    found = {name: Coefficient.symbol(name) for name in request.symbols.values()}
    for weight in request.rates or ():
        if isinstance(weight, str):
            found[weight] = Coefficient.symbol(weight)
    sizes, dynamics = request.sizes, request.setting.dynamics
    # a letter means what it always does, also where the request has a number or another symbol in its place
    found.setdefault("T", sizes.steps)
    if request.scheme.is_finite:
        found.setdefault("N", sizes.dataset_size)
        found.setdefault("E", sizes.epochs)
    if dynamics.has_batches:
        found.setdefault("B", sizes.batch_size)
    if request.momentum and not isinstance(request.momentum, str):
        found.setdefault("mu", Coefficient(request.momentum))
    return found


def has_plain_roots(request: Request) -> bool:
    """Whether roots carry the plain loss, beside nodes that carry weight decay.

    Raises:
        FormulaError: where such a root may share the data point of other nodes, which no letter says.
    """
    observable = request.setting.observable
    if not request.setting.weight_decay or observable.open_indices or observable.carries_function:
        return False
    if observable.is_trained:
        raise FormulaError(
            f"the {observable} with weight decay has no notation; leave the decay out, or check the test loss"
        )
    return True


def as_written(diagram: Diagram, plain: bool) -> Diagram:
    """The diagram without the marks of roots that are tensors like any other, unless those carry the plain loss."""
    return diagram if plain else Diagram(diagram.nodes, diagram.edges, diagram.blocks, diagram.open_roots)


def _diagram(tensor: Tensor, plain: bool) -> Diagram:
    try:
        return tensor.diagram(plain=plain)
    except ValueError as error:
        raise FormulaError(
            "a term closes a loop of derivatives of the mean loss, such as tr(H): no order has such a diagram"
        ) from error


def _check_open(value: Value, observable: Observable, plain: bool) -> None:
    """Refuse a term that has other open indices than the observable, or lacks the function that is observed."""
    found, wanted = value.rank + len(value.letters), observable.open_indices
    if found != wanted and any(tensor.nodes for tensor, _ in value.terms):
        raise FormulaError(f"a term has {_counted(found)}; the observable {observable} has {_counted(wanted)}")
    roots = (2 if observable == LOSS_VARIANCE else 1) if plain or observable.carries_function else 0
    if any(tensor.nodes and len(tensor.functions) != roots for tensor, _ in value.terms):
        letter, times = "l" if plain else "s", "twice" if roots == 2 else "once"
        raise FormulaError(
            f"every term of the observable {observable} holds {letter}, or a derivative ∇{letter} of it, {times}"
        )


def _counted(indices: int) -> str:
    return {0: "no open index", 1: "1 open index"}.get(indices, f"{indices} open indices")


def _parts(marks: list[Token], words: Vocabulary, notation: Notation) -> tuple[list[Token], Vocabulary]:
    """The first equation, and the words with the parts that further equations define."""
    name = tuple(token.text for token in tokens(notation.part))
    texts = tuple(token.text for token in marks)
    # the name and the marks _ { 1 } =
    length = len(name) + 5
    found = [
        place
        for place in range(len(texts) - length)
        if (*name, "_", "{", texts[place + length - 3], "}", "=") == texts[place : place + length]
    ]
    defined = dict(words.words)
    for place, end in zip(found, [*found[1:], len(marks)][: len(found)], strict=True):
        (first, *rest) = Grammar(_without_empty(marks[place + length : end]), words).whole()
        terms = first.plus((False, value) for value in rest).terms
        defined[texts[place : place + length - 1]] = Word("part", terms=terms)
    main = marks[: found[0]] if found else marks
    return main, replace(words, words=defined)


def _without_empty(marks: list[Token]) -> list[Token]:
    """The marks without the empty groups {} that LaTeX has beside a sign of equality."""
    while len(marks) > 1 and (marks[0].text, marks[1].text) == ("{", "}"):
        marks = marks[2:]
    return marks


def _right_side(marks: list[Token], notation: Notation, request: Request) -> list[Token]:
    """The right side of the first sign of equality, provided that the left side is that of the derived series."""
    depths = accumulate((token.text == "{") - (token.text == "}") for token in marks)
    places = [i for i, (token, depth) in enumerate(zip(marks, depths, strict=True)) if token.text == "=" and not depth]
    if not places:
        return marks
    left, right = marks[: places[0]], marks[places[0] + 1 :]
    # which dynamics they are need not be said
    known = [
        to_latex(left_side(Series({}, 0, setting=said), notation))
        for said in (request.setting, Setting(request.setting.observable))
    ]
    if _bare(left) not in [_bare(tokens(side)) for side in known]:
        raise FormulaError(f"what stands left of = is not {known[0]}, which is derived here; leave it out")
    return _without_empty(right)


def _bare(marks: list[Token]) -> list[str]:
    return [token.text for token in marks if token.text not in _SET_ASIDE]


def _without_remainder(marks: list[Token], words: Vocabulary) -> tuple[list[Token], int | None]:
    """The marks before a last summand O(η³), and its order."""
    texts = [token.text for token in marks]
    for letter in (["\\mathcal", "{", "O", "}"], ["O"]):
        starts = [i for i in range(len(texts)) if texts[i : i + len(letter) + 1] == [*letter, "("]]
        if not starts:
            continue
        start = starts[0]
        inside = marks[start + len(letter) :]
        values = Grammar(inside, words).whole()
        tensor = values[0].terms[0][0]
        if len(values) != 1 or tensor.nodes or not tensor.rate or texts[start - 1 : start] not in ([], ["+"]):
            raise FormulaError("the remainder is the last summand, + O(η³), with a power of the learning rate")
        return marks[: max(start - 1, 0)], tensor.rate
    return marks, None
