"""All findings, and their report."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

from sgdsym.literature.batches import batch_findings
from sgdsym.literature.conventions import convention_findings
from sgdsym.literature.curved_minima import curved_minimum_findings
from sgdsym.literature.examples import example_findings
from sgdsym.literature.finding import Finding
from sgdsym.literature.implicit import implicit_findings
from sgdsym.literature.long_times import quadratic_minimum_findings
from sgdsym.literature.short_times import short_time_findings

_GROUPS = (
    short_time_findings,
    batch_findings,
    quadratic_minimum_findings,
    curved_minimum_findings,
    convention_findings,
    example_findings,
    implicit_findings,
)
_NOTATION = (
    "T updates, N training points, batches of B, E epochs, learning rate η or eta; tau = eta T.",
    "G, H, J: mean gradient, Hessian and third derivative; C, S, κ: joint cumulants over the data; g, h, j: one data point.",
    "A term of a series carries one η for each edge of its diagram.",
)


def check_literature() -> tuple[Finding, ...]:
    """Every formula of the literature that is checked, with what is derived and the verdict, computed now.

    >>> findings = check_literature()
    >>> len(findings), sum(finding.verdict == "differs" for finding in findings)
    (51, 10)
    """
    return tuple(finding for group in _GROUPS for finding in group())


def report_text(findings: Sequence[Finding]) -> str:
    """A table of verdicts, then each formula as printed, as derived, and how the two differ.

    >>> print(report_text([Finding("sum", "folklore", "1 + 1 = 3", "1 + 1 = 2", "one less")]))    # doctest: +ELLIPSIS
    #  verdict  formula
    1  DIFFERS  sum
    <BLANKLINE>
    0 of 1 formulas are confirmed, 1 differs from its printed form.
    ...
    """
    width = len(str(len(findings)))
    table = [f"{'#':>{width}}  {'verdict':9}  formula"]
    table += [f"{i:>{width}}  {_verdict(finding):9}  {finding.name}" for i, finding in enumerate(findings, 1)]
    wrong = sum(finding.verdict == "differs" for finding in findings)
    words = "differs from its printed form" if wrong == 1 else "differ from their printed form"
    summary = f"{len(findings) - wrong} of {len(findings)} formulas are confirmed, {wrong} {words}."
    details = [_details(i, finding) for i, finding in enumerate(findings, 1)]
    return "\n\n".join(["\n".join(table), summary, "\n".join(_NOTATION), *details]) + "\n"


def _verdict(finding: Finding) -> str:
    return finding.verdict.upper() if finding.verdict == "differs" else finding.verdict


def _details(number: int, finding: Finding) -> str:
    lines = [f"{number}. {finding.name}", f"   source:   {finding.source}", _field("printed", finding.printed)]
    lines.append(_field("derived", finding.derived))
    lines.append(f"   verdict:  {_verdict(finding)}" + (f": {finding.difference}" if finding.difference else ""))
    return "\n".join(lines)


def _field(label: str, text: str) -> str:
    first, *rest = text.splitlines()
    return "\n".join([f"   {label + ':':9} {first}", *(indent(line, " " * 13) for line in rest)])
