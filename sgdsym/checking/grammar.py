r"""The grammar of formulas, LaTeX and text alike; a formula is read into tensors, nothing is evaluated as code.

.. code-block:: text

    sum      ::= [+|-] chain ((+|-) chain)*
    chain    ::= product ((· | :) product)*              inner product, full contraction
    product  ::= factor ([* | /] factor)*                side by side: matrices multiply
    factor   ::= ∇ factor | ∂_a factor | \sum_{a,b} factor | atom postfix*
    postfix  ::= ^ power | ^⊤ | ' | _ letters | [sum, …]
    atom     ::= number | word | (sum) | [sum] | {sum} | |sum|^2 | \frac{sum}{sum} | \binom{sum}{number} | E[sum] | κ(sum, …) | tr factor

A dot and a colon bind less than what stands side by side: ``G·H G`` is :math:`G^\top (HG)`.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from sgdsym.checking.errors import FormulaError
from sgdsym.checking.reader import CLOSING, DEEPEST, NO_FACTOR, Reader
from sgdsym.checking.tensors import ONE, Tensor, Value
from sgdsym.checking.tokens import Token
from sgdsym.checking.words import Vocabulary, Word
from sgdsym.diagrams import MAX_ORDER, parse_notation
from sgdsym.series.extent import Expression, Number, Product, Symbol

LONGEST_NUMBER = 300
_SHOWN, _WIDEST = 6, 40  # marks, and their characters, that a message quotes


class Grammar(Reader):
    """Reads marks by recursive descent."""

    def __init__(self, marks: list[Token], words: Vocabulary) -> None:
        super().__init__(marks, words.is_latex)
        self.words = words
        self.bars = False

    def whole(self) -> list[Value]:
        """The summands of the formula that all marks make, each with its sign.

        Raises:
            FormulaError: saying what cannot be read, and after what.
        """
        try:
            found = [part.negated() if negative else part for negative, part in self._summands()]
            if self._peek():
                raise FormulaError(f"{self._peek()!r:.20} cannot stand there")
        except FormulaError as error:
            before = " ".join(token.text for token in self.marks[max(0, self.place - _SHOWN) : self.place])
            where = f", after {before[-_WIDEST:]!r}" if before else ""
            raise FormulaError(f"{error}{where}") from error
        return found

    def _summands(self) -> list[tuple[bool, Value]]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError(f"brackets are nested more than {DEEPEST} deep")
        negative = self._peek() == "-"
        if self._peek() in ("+", "-"):
            self.place += 1
        found = [(negative, self._chain())]
        while (sign := self._peek()) in ("+", "-"):
            self.place += 1
            found.append((sign == "-", self._chain()))
        self.depth -= 1
        return found

    def _sum(self) -> Value:
        (negative, first), *rest = self._summands()
        return (first.negated() if negative else first).plus(rest)

    def _chain(self) -> Value:
        found = self._product()
        while (sign := self._peek()) in ("·", ":"):
            self.place += 1
            following = self._product()
            found = found.inner(following) if sign == "·" else found.contracted(following)
        return found

    def _product(self) -> Value:
        found = self._factor()
        while True:
            if self._take("/"):
                found = found.over(self._factor())
                # in 1/2B some readers divide by B and others multiply by it: that is refused, and with a blank the
                # fraction is over
                if self._begins_factor() and not self.marks[self.place].spaced:
                    raise FormulaError(
                        f"what is divided by is unclear before {self._peek()!r:.20}; write brackets, as in 1/(2B) or (1/2)B"
                    )
            elif self._take("*") or self._begins_factor():
                found = found.beside(self._factor())
            else:
                return found

    def _begins_factor(self) -> bool:
        text = self._peek()
        return bool(text) and text not in NO_FACTOR and not (text == "|" and self.bars)

    def _factor(self) -> Value:
        if self._take("∇"):
            times = 1
            if self._take("^"):
                times = self._small(self._script())
            letters = self._letters() if self._take("_") else ""
            return self._differentiated(times if not letters else len(letters), letters)
        if self._take("∂"):
            letters = self._letters() if self._take("_") else ""
            if not letters:
                raise FormulaError("∂ needs its index, as in ∂_a")
            return self._differentiated(len(letters), letters)
        if self._take("\\sum"):
            return self._summed()
        return self._postfixed()

    def _differentiated(self, times: int, letters: str) -> Value:
        # the derivative acts on the next factor alone: ∇G H is (∇G) H
        found = self._nested(self._factor)
        if times > MAX_ORDER:
            raise FormulaError(f"more than {MAX_ORDER} derivatives are taken at once")
        for _ in range(times):
            found = found.gradient()
        return self._with_postfixes(found.named(letters) if letters else found)

    def _summed(self) -> Value:
        """An explicit sum: its letters must be those of indices that what follows contracts."""
        self._expect("_")
        letters = self._letters()
        found = self._nested(self._product)
        # indices that stand twice were contracted when they met, so that a letter still open was met once
        if set(letters) & set(found.letters):
            raise FormulaError(f"the sum over {letters} has an index that stands once only")
        return found

    def _postfixed(self) -> Value:
        return self._with_postfixes(self._atom())

    def _with_postfixes(self, found: Value) -> Value:
        while True:
            if found.symmetric and found.rank and self._take("["):
                found = found.applied(self._arguments("]"))
            elif self._take("^"):
                found = self._raised(found)
            elif self._take("'"):
                found = found.transposed()
            elif self._take("⊗"):
                self._expect("^")
                found = found.outer_power(self._small(self._script()))
            elif self._peek() == "_":
                self.place += 1
                found = found.named(self._letters())
            else:
                return found

    def _raised(self, found: Value) -> Value:
        """The value with its superscript: a power, transposition, bracketed derivative or falling factorial."""
        marks = self._exponent_marks(found)
        texts = [token.text for token in marks]
        # only tensors with open indices are transposed: the T of a number is the number of steps, an exponent
        if found.rank and texts in (["\\top"], ["T"], ["t"]):
            return found.transposed()
        if texts[:1] == ["⊗"]:
            return found.outer_power(self._small(self._read(marks[1:])))
        if texts[:1] == ["\\underline"]:
            return found.falling(self._small(self._read(marks[1:])))
        if not found.rank and not found.tree and texts[:1] == ["("] and _is_loss(found):
            degree = self._small(self._read(marks))
            # the plain loss of a root is written with nablas
            found = found.without_functions()
            for _ in range(degree):
                found = found.gradient()
            return found
        return found.power(self._read(marks))

    def _script(self) -> Value:
        return self._read(self._script_marks())

    def _exponent_marks(self, base: Value) -> list[Token]:
        """The marks of the exponent of a base; in our text ``mu^2T`` has all of 2T in it, as nothing else has.

        Raises:
            FormulaError: where such a run can be read in two ways.
        """
        marks = self._script_marks()
        if self.is_latex or len(marks) != 1 or not marks[0].text.isalnum() or self._peek(-2) != "^":
            return marks
        run = list(marks)
        while self._peek().isalnum() and not self.marks[self.place].spaced:
            run.append(self.marks[self.place])
            self.place += 1
        tree = base.tree
        decays = isinstance(tree, Symbol) and tree.name in self.words.decays
        if len(run) > 1 and not (decays or _is_number(tree)):
            raise FormulaError(f"the end of the exponent is unclear after {marks[0].text!r}; write brackets or a space")
        return run

    def _read(self, marks: list[Token]) -> Value:
        """The value of some marks by themselves."""
        if not marks:
            raise FormulaError("an exponent is missing")
        inner = Grammar(marks, self.words)
        # an exponent is read by a reader of its own, which has to go on counting the brackets around it
        inner.depth = self.depth + 1
        found = inner._sum()
        if inner._peek():
            raise FormulaError(f"{inner._peek()!r:.20} cannot stand there")
        return found

    def _small(self, value: Value) -> int:
        tree = value.tree
        if not isinstance(tree, Number) or tree.value > MAX_ORDER + 1:
            raise FormulaError(f"a whole number from 0 to {MAX_ORDER + 1} must stand there")
        return tree.value

    def _arguments(self, closing: str) -> list[Value]:
        found = [self._sum()]
        while self._take(","):
            found.append(self._sum())
        self._expect(closing)
        return found

    def _atom(self) -> Value:
        text, following = self._peek(), self._peek(1)
        if text == "E" and following == "[":
            self.place += 1
            return self._average(moment=True)
        if word := self.words.at(self.marks, self.place):
            self.place = word[1]
            return self._word(word[0])
        if text == "c" and following == "(":
            return self._named_diagram()
        if text == "|":
            return self._squared_norm()
        return self._mark(text)

    def _mark(self, text: str) -> Value:
        """A number, a group, a fraction or a binomial."""
        if not text:
            raise FormulaError("an operand is missing at the end")
        self.place += 1
        if text[0].isdigit() and text.isascii():
            return Value.scalar(_number(text))
        if text in CLOSING:
            found = self._sum()
            self._expect(CLOSING[text])
            return found
        if text in ("\\frac", "\\binom"):
            above, below = self._argument(), self._argument()
            return above.over(below) if text == "\\frac" else above.binomial(self._small(below))
        self.place -= 1
        raise FormulaError(_unknown(text, self.words))

    def _argument(self) -> Value:
        """The argument of a LaTeX command: a group, or one mark."""
        if self._take("{"):
            found = self._sum()
            self._expect("}")
            return found
        text = self._peek()
        if text.isdigit() and len(text) > 1:
            # \frac12
            token = self.marks[self.place]
            self.marks[self.place : self.place + 1] = [
                replace(token, text=text[0]),
                Token(text[1:], False, token.place + 1),
            ]
        return self._atom()

    def _squared_norm(self) -> Value:
        if self.bars:
            # the same sign opens and closes bars: a bar inside bars is their end
            raise FormulaError("bars stand inside bars; write G·G for |G|^2")
        self._expect("|")
        self.bars = True
        found = self._sum()
        self.bars = False
        self._expect("|")
        self._expect("^")
        if self._small(self._script()) != 2 or found.rank != 1:
            raise FormulaError("bars stand for the length of a vector, squared: |G|^2")
        return found.inner(found)

    def _word(self, word: Word) -> Value:
        match word.kind:
            case "mean" | "sample" | "function":
                node = (0,)
                loose, functions = (node if word.kind == kind else () for kind in ("sample", "function"))
                tensor = Tensor(1, legs=node * word.degree, loose=loose, functions=functions)
                found = Value(((tensor, ONE),), symmetric=True)
            case "gradients":
                found = self._gradients(word.degree)
            case "rate":
                found = Value(((Tensor(rate=1), ONE),))
            case "size":
                assert word.tree is not None
                found = Value.scalar(word.tree)
            case "trace":
                found = self._nested(self._postfixed).trace()
            case "part":
                found = Value(word.terms)
            case "expectation" | "cumulant":
                found = self._average(moment=word.kind == "expectation")
        return found

    def _named_diagram(self) -> Value:
        """A diagram in string notation, c(01-2)(02-12)."""
        start = self.place
        self.place += 1
        for _ in range(2):
            if self._peek() != "(":
                raise FormulaError("a diagram in string notation has two brackets, as in c(01-2)(02-12)")
            self._skip_group()
        diagram, _ = parse_notation("".join(token.text for token in self.marks[start : self.place]))
        joint = tuple(block for block in diagram.blocks if len(block) > 1)
        return Value(((Tensor(diagram.nodes, diagram.edges, joint), ONE),))

    def _gradients(self, count: int) -> Value:
        """The covariance or the skewness; C(T, 2) is a binomial."""
        # C(T, 2) is a binomial and C (H G) a product: only the comma tells, so that the reader goes back
        if count == 2 and self._peek() == "(":
            start = self.place
            self._expect("(")
            above = self._sum()
            if self._take(","):
                below = self._small(self._sum())
                self._expect(")")
                return above.binomial(below)
            self.place = start
        tensor = Tensor(count, blocks=(tuple(range(count)),), legs=tuple(range(count)))
        return Value(((tensor, ONE),), symmetric=True)

    def _average(self, *, moment: bool) -> Value:
        """The average behind the letter of E[…], κ[…] or κ(…, …); factors may stand between commas."""
        if self._take("_"):
            # which dynamics, or over what
            if self._peek() == "{":
                self._skip_group()
            else:
                self.place += 1
        opening = self._peek()
        if opening not in ("[", "("):
            raise FormulaError("an average needs square brackets, as in E[g gᵀ] or κ[h g]")
        self.place += 1
        factors = self._arguments(CLOSING[opening])
        found = factors[0]
        for factor in factors[1:]:
            found = found.times(factor)
        return found.averaged(moment)


def _number(text: str) -> Expression:
    if len(text) > LONGEST_NUMBER:
        raise FormulaError(f"a number has {len(text)} digits; it may have {LONGEST_NUMBER}")
    number = Fraction(text)
    above = Number(number.numerator)
    return above if number.denominator == 1 else Product(((False, above), (True, Number(number.denominator))))


def _is_number(tree: Expression | None) -> bool:
    match tree:
        case Number():
            return True
        case Product(factors):
            return all(isinstance(factor, Number) for _, factor in factors)
    return False


def _is_loss(value: Value) -> bool:
    """Whether a value is one tensor without indices, whose derivatives ``l^{(4)}`` writes."""
    return len(value.terms) == 1 and value.terms[0][0].nodes == 1


def _unknown(text: str, words: Vocabulary) -> str:
    sizes = sorted({"".join(marks) for marks, word in words.words.items() if word.kind == "size" and len(marks) == 1})
    if text in (")", "]", "}", "|") or text in NO_FACTOR:
        return f"an operand is missing before {text!r}"
    known = f"; the sizes of this run are {', '.join(name.removeprefix(chr(92)) for name in sizes)}" if sizes else ""
    return f"{text!r:.30} is no symbol of a formula{known}"
