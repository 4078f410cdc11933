r"""Formulas as they are printed in this room, in Unicode, as LaTeX for math mode.

>>> print(latex_formula("η² (T/2) C:H,  T = MN"))
\eta^{2} (T/2) C:H,\ T = MN
>>> print(latex_formula("λσ²/(2S - t₁) where S is large, √(h|h_s|)"))
\lambda \sigma^{2}/(2S - t_{1}) \text{ where } S \text{ is large}, \surd (h|h_s|)
"""

from __future__ import annotations

import re
import unicodedata

_OPERATORS = frozenset({"tr", "Tr", "det", "exp", "log", "max", "min", "Var", "var", "Cov", "corr", "vec", "diag"})
_SIGNS = {
    "·": r"\cdot ",
    "×": r"\times ",
    "≈": r"\approx ",
    "≪": r"\ll ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "∝": r"\propto ",
    "∇": r"\nabla ",
    "∈": r"\in ",
    "∞": r"\infty ",
    "→": r"\to ",
    "←": r"\leftarrow ",
    "∂": r"\partial ",
    "√": r"\surd ",
    "⊗": r"\otimes ",
    "⊕": r"\oplus ",
    "⟨": r"\langle ",
    "⟩": r"\rangle ",
    "ℓ": r"\ell ",
    "…": r"\ldots ",
    "λ": r"\lambda ",
    "Λ": r"\Lambda ",
    "%": r"\%",
    "#": r"\#",
    "&": r"\&",
    "~": r"\sim ",
    "½": r"\tfrac12 ",
    "∏": r"\prod ",
    "φ": r"\varphi ",
    "⁺": "^{+}",
}
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0305": "bar"}
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀᵈ⁽⁾]+")
_LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉ₓ]+")
_WORD = r"[A-Za-z]+(?:-[a-z]{2,})*"
_WORDS = re.compile(rf"{_WORD}(?: +{_WORD})*")
_GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "eta",
    "theta",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "chi",
    "psi",
    "omega",
]


def latex_formula(text: str) -> str:
    r"""A formula in Unicode as LaTeX; its words are set as text.

    >>> latex_formula("eta**2*h/2")
    '\\eta^{2} h/2'
    """
    text = unicodedata.normalize("NFD", text).replace("sigma2", "σ²")
    text = re.sub(r"\*\*\(", "^(", re.sub(r"\*\*([A-Za-z0-9]+)", r"^{\1}", text)).replace("*", " ")
    text = re.sub(r"\^\(((?:[^()]|\([^()]*\))*)\)", r"^{(\1)}", text)
    text = _RAISED.sub(lambda m: f"^{{{_plain(m.group())}}}", text)
    text = _LOWERED.sub(lambda m: f"_{{{_plain(m.group())}}}", text)
    text = re.sub(r"(.)([\u0300-\u036f])", _accented, text)
    text = _WORDS.sub(_worded, text)
    text = "".join(_sign(character) for character in text)
    text = re.sub(r",  +", r",\\ ", text)
    text = re.sub(r" \}(?=[:;,.)\]]|$)", "}", re.sub(r" (?=\(\\text\{)", r"\\ ", text))
    return re.sub(r" +(?=[,^)/_]|$)", "", text).strip()


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("T", r"\top ").replace("−", "-")


def _accented(match: re.Match[str]) -> str:
    accent = _ACCENTS.get(match.group(2))
    return rf"\{accent}{{{match.group(1)}}}" if accent else match.group(1)


def _worded(match: re.Match[str]) -> str:
    """A run of letters and blanks: symbols stay, operators and Greek letters become commands, the rest is text."""
    text, start = match.string, match.start()
    if start and text[start - 1] == "\\":
        return match.group()
    parts: list[str] = []
    words = match.group().split()
    for word, following in zip(words, [*words[1:], ""], strict=True):
        # the indices of a tensor
        lowered = start and text[start - 1] == "_" and not parts and len(word) < 4 and word not in _OPERATORS
        # an article stands before a word
        article = word == "a" and following and _symbol(following) is None
        symbol = word if lowered else None if article else _symbol(word)
        if symbol is not None:
            parts.append(symbol)
        elif parts and parts[-1].startswith(r"\text"):
            parts[-1] = f"{parts[-1][:-1]}{word} }}"
        else:
            parts.append(rf"\text{{ {word} }}" if parts or (start and text[start - 1] != "(") else rf"\text{{{word} }}")
    if start and text[start - 1] in "_^" and len(parts[0]) > 1:
        parts[0] = f"{{{parts[0]}}}"
    return " ".join(parts)


def _symbol(word: str) -> str | None:
    """A word that is no prose."""
    if word in _OPERATORS:
        return rf"\operatorname{{{word}}}"
    if word in _GREEK:
        return rf"\{word} "
    # capitals side by side are a product, and so are a letter and another
    if (
        len(word) < 2
        or set(word) <= set("ghj")
        or (word.isupper() and len(word) < 5)
        or (len(word) == 2 and not word.islower())
    ):
        return word
    return None


def _sign(character: str) -> str:
    if character in _SIGNS:
        return _SIGNS[character]
    name = unicodedata.name(character, "").split()
    if len(name) == 4 and name[0] == "GREEK" and name[2] == "LETTER":
        # capitals that look like Latin letters have no command
        return rf"\{name[3].lower() if name[1] == 'SMALL' else name[3].title()} "
    return character
