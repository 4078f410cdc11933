"""Text for streams that cannot carry every character: what is missing is spelled with what there is.

Greek letters become their names, raised and lowered digits ``^2`` and ``_2``, accents fall, signs become their likeness, and
anything else its escape.  A page of markup has exact references instead.
"""

from __future__ import annotations

import codecs
import unicodedata

LONGEST = 300  # characters of a message
_LIKENESS = (
    dict.fromkeys("·⋅•", ".")
    | dict.fromkeys("−–—", "-")
    | dict.fromkeys("‘’′", "'")
    | dict.fromkeys("“”", '"')
    | {"×": "x", "…": "...", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "±": "+-", "∞": "oo", "√": "sqrt", "∝": "~"}
    | {"∂": "d", "∇": "grad ", "∑": "Sum", "∏": "Prod", "∫": "Int", "⊗": "(x)", "∈": " in ", "→": "->", "∣": "|"}
    | {"⟨": "<", "⟩": ">", "ᵀ": "^T", "⊤": "^T", "ℬ": "B"}
)
_MARKS = {"<super>": "^", "<sub>": "_"}


def encoded(text: str, encoding: str, *, markup: bool = False) -> bytes:
    """The text in an encoding, with characters spelled that the encoding lacks.

    >>> encoded("- η³ (T/6) J[S] ≤ κ₃·é", "ascii")
    b'- eta^3 (T/6) J[S] <= kappa_3.e'
    >>> encoded("η ≤ 1", "latin-1", markup=True)
    b'&#951; &#8804; 1'
    """
    if markup and codecs.lookup(encoding).name != "utf-8":
        # a page declares UTF-8 and is read as that whatever the stream is, so only what all encodings share will do
        return text.encode("ascii", "xmlcharrefreplace").decode("ascii").encode(encoding)
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(c if _carries(encoding, c) else spelled(c) for c in text).encode(encoding)


def spelled(character: str) -> str:
    r"""A character in ASCII, as a reader would type it.

    >>> [spelled(c) for c in "ηΣ²₁ö−☃"]
    ['eta', 'Sigma', '^2', '_1', 'o', '-', '\\u2603']
    """
    if character.isascii():
        return character
    if character in _LIKENESS:
        return _LIKENESS[character]
    words = unicodedata.name(character, "").split()
    if len(words) == 4 and words[0] == "GREEK" and words[2] == "LETTER":
        return words[3].lower() if words[1] == "SMALL" else words[3].title()
    mark, *parts = unicodedata.decomposition(character).split() or [""]
    if mark in _MARKS:
        return _MARKS[mark] + "".join(spelled(chr(int(part, 16))) for part in parts)
    plain = [c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c)]
    if not plain or plain == [character]:
        return character.encode("ascii", "backslashreplace").decode("ascii")
    return "".join(map(spelled, plain))


def one_line(message: object, longest: int = LONGEST) -> str:
    r"""A message in one line of printable characters that is not too long: its middle is left out, its end says how to mend.

    >>> one_line("no file\n'a\x1b[2J'")
    "no file 'a\\x1b[2J'"
    >>> len(one_line("x" * 10**6)) == LONGEST
    True
    """
    text = str(message)
    if len(text) > 20 * longest:
        # what is far from both ends is dropped before each character is looked at
        text = text[: 10 * longest] + text[-10 * longest :]
    text = "".join(c if c.isprintable() else _escape(c) for c in " ".join(text.split()))
    end = longest // 3
    return text if len(text) <= longest else f"{text[: longest - end - 5]} ... {text[-end:]}"


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def _carries(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
