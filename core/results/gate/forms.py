"""A decision as Markdown for a pull request, and as JUnit XML for CI systems."""

from __future__ import annotations

from xml.etree import ElementTree as XML

from ...base.sanitize import clean
from ..compare.markdown import escaped
from .decide import Decision, Outcome, Passed
from .policy import Tier

_MARKS = {Outcome.GO: "🟢", Outcome.NO_GO: "🔴", Outcome.INCONCLUSIVE: "🟡"}
_PASSED = {Passed.PASS: "✓", Passed.FAIL: "✗", Passed.UNSURE: "?"}


def gate_markdown(decision: Decision, title: str) -> str:
    """A heading and a table, what failed first. Ends in a newline."""
    order = (Passed.FAIL, Passed.UNSURE, Passed.PASS)
    checks = sorted(decision.checks, key=lambda check: (list(Tier).index(check.tier), order.index(check.passed)))
    lines = [f"### {_MARKS[decision.outcome]} {decision.outcome.value}: {escaped(title)}", ""]
    lines += ["| | tier | task | rule | what was found |", "|---|---|---|---|---|"]
    for check in checks:
        cells = (_PASSED[check.passed], check.tier.value, check.task, check.rule, check.why)
        lines.append("| " + " | ".join(escaped(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def gate_junit(decision: Decision, title: str) -> str:
    """A test case a check: failed is a failure, inconclusive an error; of the advisory tier both are skipped."""
    root = XML.Element("testsuites")
    suite = XML.SubElement(root, "testsuite", name=clean(title), tests=str(len(decision.checks)))
    counts = {"failure": 0, "error": 0, "skipped": 0}
    for check in decision.checks:
        case = XML.SubElement(suite, "testcase", name=clean(f"{check.task} {check.rule}"), classname=check.tier.value)
        if check.passed is Passed.PASS:
            continue
        kind = "failure" if check.passed is Passed.FAIL else "error"
        kind = "skipped" if check.tier is Tier.ADVISORY else kind
        counts[kind] += 1
        XML.SubElement(case, kind, message=clean(check.why))
    suite.set("failures", str(counts["failure"]))
    suite.set("errors", str(counts["error"]))
    suite.set("skipped", str(counts["skipped"]))
    properties = XML.Element("properties")
    XML.SubElement(properties, "property", name="outcome", value=decision.outcome.value)
    suite.insert(0, properties)
    XML.indent(root)
    return XML.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
