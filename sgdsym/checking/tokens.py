r"""The marks of a formula, LaTeX or text: ways to type a mark become one, and mere typesetting is left out.

>>> [token.text for token in tokens(r"-\eta^{2} \, \frac{T}{2} \operatorname{tr}(H C)")]
['-', '\\eta', '^', '{', '2', '}', '\\frac', '{', 'T', '}', '{', '2', '}', '\\operatorname', '{', 't', 'r', '}', '(', 'H', 'C', ')']
>>> [token.text for token in tokens("η³ Gᵀ")]
['\\eta', '^', '{', '3', '}', 'G', '^', '{', '\\top', '}']
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sgdsym.checking.errors import FormulaError

# 28 000 of them, a thousand terms, take 0.8 s to read
LONGEST = 100_000  # characters of a formula
_MARK = re.compile(r"\\([A-Za-z]+|.)|([0-9]+(?:\.[0-9]+)?)|(\*\*)|(.)", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
# what says how a formula is set, and nothing of what it means
_SETTING = re.compile(
    r"\\(?:begin|end|label|tag|eqref)\s*\{[^{}]*\}|\\\\(?:\[[^\]]*\])?|\\(?:notag|nonumber|displaystyle|textstyle|limits|left|right"
    r"|[bB]ig{1,2}[lr]?|qquad|quad|thinspace)(?![A-Za-z])|\\[\[\]()]"
)
_SPACES = frozenset({"\\,", "\\;", "\\:", "\\!", "\\ ", "&", "$", "~"})
# a sign that is set as no operation stands in braces of its own
_SIGN = re.compile(r"\{([-+])\}")
# what is said of a formula, to its end
_SAID = re.compile(
    r"(?:\\text\{where\}|^where\b|(?:\\text\{)?averaged over the orders|^[^\n]*are derivatives of).*?(?=\\end\{|\Z)",
    re.MULTILINE | re.DOTALL,
)
_SAME = {
    **dict.fromkeys(("\\cdot", "⋅"), "·"),
    **dict.fromkeys(("\\times", "×", "\\ast", "∗"), "*"),
    **dict.fromkeys(("−", "–"), "-"),
    **dict.fromkeys(("\\|", "‖", "\\lVert", "\\rVert", "\\lvert", "\\rvert", "\\Vert", "\\vert", "∥"), "|"),
    "\\nabla": "∇",
    "\\partial": "∂",
    "\\otimes": "⊗",
    "∑": "\\sum",
    **dict.fromkeys(("⊤", "\\intercal"), "\\top"),
    **dict.fromkeys(("\\dfrac", "\\tfrac"), "\\frac"),
    **dict.fromkeys(("\\dbinom", "\\tbinom"), "\\binom"),
    "\\colon": ":",
    **dict.fromkeys(("\\ell", "ℓ"), "l"),
    "\\lbrack": "[",
    "\\rbrack": "]",
    "**": "^",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A mark, whether space stands before it, and where it stands in the text."""

    text: str
    spaced: bool
    place: int


def tokens(text: str) -> list[Token]:
    """The marks of a formula.

    Raises:
        FormulaError: if the text is long.
    """
    if len(text) > LONGEST:
        raise FormulaError(f"it has {len(text)} characters; a formula may have {LONGEST}")
    text = _COMMENT.sub(_blank, text)
    text = _SIGN.sub(r" \1 ", _SETTING.sub(_blank, _SAID.sub(_blank, text)))
    found: list[Token] = []
    spaced = False
    for match in _MARK.finditer(text):
        mark = match.group()
        if mark.isspace() or mark in _SPACES:
            spaced = True
            continue
        for part in _parts(mark):
            found.append(Token(part, spaced, match.start()))
            spaced = False
    return _closed(found)


def _blank(match: re.Match[str]) -> str:
    """Spaces in place of the text that is left out, so that places stay."""
    return " " * len(match.group())


def _parts(mark: str) -> tuple[str, ...]:
    """The marks of the formula that one mark of the text stands for."""
    if mark in _SAME or len(mark) > 1 or mark.isascii():
        return (_SAME.get(mark, mark),)
    # Unicode itself says that ² is a raised 2 and ½ the fraction 1⁄2, so that no table is kept
    kind, *digits = unicodedata.decomposition(mark).split() or [""]
    plain = "".join(chr(int(digit, 16)) for digit in digits)
    above, _, below = plain.partition("⁄")
    name = unicodedata.name(mark, "").split()
    found: tuple[str, ...] = (mark,)
    if kind == "<super>" or mark == "ᵀ":
        found = ("^", "\\top" if mark == "ᵀ" else plain)
    elif kind == "<sub>":
        found = ("_", plain)
    elif kind == "<fraction>" and below:
        found = ("(", above, "/", below, ")")
    elif len(name) == 4 and name[0] == "GREEK" and name[2] == "LETTER":
        letter = name[3].replace("LAMDA", "LAMBDA")
        found = (f"\\{letter.lower() if name[1] == 'SMALL' else letter.title()}",)
    return found


def _closed(found: list[Token]) -> list[Token]:
    """Raised and lowered characters of Unicode in braces: each brought its own mark, those that follow go on with it."""
    closed: list[Token] = []
    place = 0
    while place < len(found):
        token = found[place]
        script = token.text in ("^", "_") and place + 1 < len(found) and found[place + 1].place == token.place
        if not script:
            closed.append(token)
            place += 1
            continue
        closed += [token, Token("{", False, token.place)]
        last = None
        while (
            place + 1 < len(found)
            and found[place].text == token.text
            and (found[place + 1].place == found[place].place and (last is None or found[place].place == last + 1))
        ):
            last = found[place].place
            closed.append(Token(found[place + 1].text, False, last))
            place += 2
        closed.append(Token("}", False, token.place))
    return _joined_digits(closed)


def _joined_digits(found: list[Token]) -> list[Token]:
    """Digits that were raised one by one as one number."""
    joined: list[Token] = []
    for token in found:
        last = joined[-1] if joined else None
        if (
            last
            and last.text.isdigit()
            and token.text.isdigit()
            and not token.spaced
            and token.place == last.place + len(last.text)
        ):
            joined[-1] = Token(last.text + token.text, last.spaced, last.place)
        else:
            joined.append(token)
    return joined
