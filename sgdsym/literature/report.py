"""All findings, the choice among them, and their report as text, LaTeX, JSON, BibTeX or a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from textwrap import indent
from typing import Literal, get_args

from sgdsym.arguments import quoted
from sgdsym.formula.escaping import escaped
from sgdsym.literature.batches import batch_findings
from sgdsym.literature.conventions import convention_findings
from sgdsym.literature.curved_minima import curved_minimum_findings
from sgdsym.literature.examples import example_findings
from sgdsym.literature.finding import Finding
from sgdsym.literature.fluctuations import fluctuation_findings
from sgdsym.literature.implicit import implicit_findings
from sgdsym.literature.long_times import quadratic_minimum_findings
from sgdsym.literature.minibatches import minibatch_findings
from sgdsym.literature.regression_laws import regression_findings
from sgdsym.literature.short_times import short_time_findings
from sgdsym.literature.stationary_laws import stationary_findings
from sgdsym.literature.thermal_laws import thermal_findings
from sgdsym.literature.typeset import latex_formula
from sgdsym.references import REFERENCES
from sgdsym.templating import render

_GROUPS = (
    short_time_findings,
    batch_findings,
    quadratic_minimum_findings,
    curved_minimum_findings,
    convention_findings,
    example_findings,
    implicit_findings,
    minibatch_findings,
    stationary_findings,
    regression_findings,
    thermal_findings,
    fluctuation_findings,
)
_NOTATION = (
    "T updates, N training points, batches of B, E epochs, learning rate η or eta; tau = eta T.",
    "G, H, J: mean gradient, Hessian and third derivative; C, S, κ: joint cumulants over the data; g, h, j: one data point.",
    "A term of a series carries one η for each edge of its diagram.",
    "A stationary law is in the symbols of its source: λ learning rate, S, B or b batch size, μ momentum, Σ covariance of the weights.",
)
Report = Literal["text", "latex", "json", "html", "bibtex"]
REPORTS: tuple[Report, ...] = get_args(Report)
Numbered = Mapping[int, Finding]


def check_literature() -> tuple[Finding, ...]:
    """Every formula of the literature that is checked, with what is derived and the verdict, computed now.

    >>> findings = check_literature()
    >>> len(findings), sum(finding.verdict == "differs" for finding in findings)
    (120, 30)
    """
    return tuple(finding for group in _GROUPS for finding in group())


def numbered(findings: tuple[Finding, ...]) -> dict[int, Finding]:
    """The findings by the number that the report gives them."""
    return dict(enumerate(findings, 1))


def select(findings: Numbered, wanted: str | None = None, source: str | None = None) -> dict[int, Finding]:
    """The findings of a number, or with some words in their name, or of a source.

    Args:
        findings: by number.
        wanted: a number, or words of a name; all if left out.
        source: the surname of the first author of a source, in small letters; all if left out.

    Raises:
        ValueError: if there is none, naming what there is.

    >>> found = numbered((Finding("a sum", "G. Peano, arithmetic", "1 + 1", "2"), Finding("a root", "Euclid, elements", "√2", "√2")))
    >>> list(select(found, "root")), list(select(found, source="peano")), list(select(found, "2"))
    ([2], [1], [2])
    """
    keys = sorted({finding.key for finding in findings.values()})
    if source is not None and source.lower() not in keys:
        raise ValueError(f"there is no source {quoted(source)}; there are {', '.join(keys)}")
    kept = {number: f for number, f in findings.items() if source is None or f.key == source.lower()}
    if wanted is None:
        return kept
    words = wanted.strip().lower()
    if words.isascii() and words.isdigit():
        kept = {number: f for number, f in kept.items() if str(number) == words.lstrip("0")}
    else:
        kept = {number: f for number, f in kept.items() if words in f.name.lower()}
    if not kept or not words:
        where = "" if source is None else f" of source {source}"
        raise ValueError(
            f"no formula{where} is called {quoted(wanted)}; give a number up to {len(findings)} or words of a name"
        )
    return kept


def report(findings: Numbered, kind: Report = "text") -> str:
    """The findings as text, as a LaTeX document, as JSON, as an HTML page, or their sources as BibTeX.

    >>> found = numbered((Finding("sum", "folklore", "1 + 1 = 3", "1 + 1 = 2", "one less", "a misprint"),))
    >>> print(report(found))    # doctest: +ELLIPSIS
    #  verdict  formula
    1  DIFFERS  sum
    <BLANKLINE>
    0 of 1 formulas are confirmed, 1 differs from its printed form.
    ...
    """
    return _WRITERS[kind](findings)


def _text(findings: Numbered) -> str:
    """A table of verdicts, then each formula as printed, as derived, and how and why the two differ."""
    width = len(str(max(findings)))
    table = [f"{'#':>{width}}  {'verdict':9}  formula"]
    table += [f"{i:>{width}}  {_verdict(finding):9}  {finding.name}" for i, finding in findings.items()]
    details = [_details(i, finding) for i, finding in findings.items()]
    return "\n\n".join(["\n".join(table), _summary(findings), "\n".join(_NOTATION), *details]) + "\n"


def _summary(findings: Numbered) -> str:
    wrong = sum(finding.verdict == "differs" for finding in findings.values())
    words = "differs from its printed form" if wrong == 1 else "differ from their printed form"
    return f"{len(findings) - wrong} of {len(findings)} formulas are confirmed, {wrong} {words}."


def _verdict(finding: Finding) -> str:
    return finding.verdict.upper() if finding.verdict == "differs" else finding.verdict


def _details(number: int, finding: Finding) -> str:
    lines = [f"{number}. {finding.name}", f"   source:   {finding.source}", _field("printed", finding.printed)]
    lines.append(_field("derived", finding.derived))
    lines.append(f"   verdict:  {_verdict(finding)}" + (f": {finding.difference}" if finding.difference else ""))
    if finding.why:
        lines.append(_field("why", finding.why))
    return "\n".join(lines)


def _field(label: str, text: str) -> str:
    first, *rest = text.splitlines()
    return "\n".join([f"   {label + ':':9} {first}", *(indent(line, " " * 13) for line in rest)])


def _json(findings: Numbered) -> str:
    entries = [
        {
            "number": number,
            "name": finding.name,
            "source": finding.source,
            "key": finding.key,
            "printed": finding.printed,
            "derived": finding.derived,
            "verdict": finding.verdict,
            "difference": finding.difference,
            "why": finding.why,
        }
        for number, finding in findings.items()
    ]
    return json.dumps({"format": "sgdsym-literature/1", "findings": entries}, ensure_ascii=False, indent=1) + "\n"


def _latex(findings: Numbered) -> str:
    lines = [
        r"\documentclass[10pt]{article}",
        r"\usepackage[T1]{fontenc}",
        r"\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}",
        r"\usepackage[utf8]{inputenc}",
        r"\usepackage{amsmath}",
        r"\usepackage[margin=2.5cm]{geometry}",
        r"\setlength{\parindent}{0pt}",
        r"\raggedright",
        r"\begin{document}",
        r"\section*{The literature, checked}",
        *(_mixed(line) + r"\par" for line in (_summary(findings), *_NOTATION)),
    ]
    for number, finding in findings.items():
        lines += [rf"\subsection*{{{number}. {_mixed(finding.name)}}}", rf"{_mixed(finding.source)}.\par"]
        lines += [rf"Printed: \({latex_formula(finding.printed)}\)\par"]
        lines += [
            r"Derived: " + ", ".join(rf"\({latex_formula(line)}\)" for line in finding.derived.splitlines()) + r"\par"
        ]
        lines.append(
            rf"\textbf{{{finding.verdict.capitalize()}}}."
            if not finding.why
            else rf"\textbf{{Differs}}: {_mixed(finding.why)}."
        )
    return "\n".join([*lines, r"\end{document}", ""])


def _mixed(words: str) -> str:
    """Prose with symbols in it: letters past those of LaTeX's text, and their scripts, go into math mode."""
    return "".join(
        word
        if word.isspace()
        else escaped(word)
        if word.isascii() or _is_prose(word)
        else rf"\({latex_formula(word)}\)"
        for word in _split(words)
    )


def _split(words: str) -> list[str]:
    found = [""]
    for character in words:
        if character.isspace() != found[-1].isspace() and found[-1]:
            found.append("")
        found[-1] += character
    return [word for word in found if word]


def _is_prose(word: str) -> bool:
    """Whether a word is a name with an accent."""
    # below U+0180 letters are Latin, in Unicode's first blocks; mathematics has Greek ones
    return all(c.isascii() or (c.isalpha() and ord(c) < 0x180) for c in word)


def _html(findings: Numbered) -> str:
    return render(
        "literature.html.jinja", findings=findings, summary=_summary(findings), notation=_NOTATION, verdict=_verdict
    )


def _bibtex(findings: Numbered) -> str:
    """The works in which the formulas are printed, each once."""
    keys = {key for finding in findings.values() for key in re.findall(r"\[(\w+)\]", finding.source)}
    return "\n\n".join(work.to_bibtex() for work in REFERENCES if work.key in keys) + "\n"


_WRITERS: Mapping[Report, Callable[[Numbered], str]] = {
    "text": _text,
    "latex": _latex,
    "json": _json,
    "html": _html,
    "bibtex": _bibtex,
}
