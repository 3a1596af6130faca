"""A run as JUnit XML, which every CI system shows: a test case a task, a failure where it did not succeed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from xml.etree import ElementTree as XML

from ..base.narrow import Json, as_text, as_tree
from ..base.sanitize import clean
from ..run.store import Run


def junit(run: Run, jobs: Collection[str] | None = None) -> str:
    """The document on `jobs` (default: all). A score that does not count is a failure, too. Raises RunDamaged."""
    views = [view for view in run.views() if jobs is None or view["job"] in jobs]
    suite = XML.Element("testsuite", name=clean(run.plan.config_name or run.invocation), tests=str(len(views)))
    suite.set("timestamp", run.created)
    suite.set("failures", str(sum(_failure(view) is not None for view in views)))
    suite.set("skipped", str(sum(_skipped(view) for view in views)))
    suite.set("time", f"{sum(_seconds(view) for view in views):.3f}")
    _properties(suite, [("invocation", run.invocation), ("model", run.plan.model_id)])
    for view in views:
        _case(suite, view)
    root = XML.Element("testsuites")
    root.append(suite)
    XML.indent(root)
    return XML.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: XML.Element, view: Json) -> None:
    case = XML.SubElement(suite, "testcase", name=clean(str(view["task"])), classname=str(view["invocation"]))
    case.set("time", f"{_seconds(view):.3f}")
    if score := as_tree(view["score"]):
        _properties(case, [(key, str(value)) for key, value in score.items() if value not in (None, "")])
    failure = _failure(view)
    if _skipped(view):
        XML.SubElement(case, "skipped", message=str(view["state"]))
    elif failure is not None:
        element = XML.SubElement(case, "failure", type=str(view["reason"] or view["state"]), message=clean(failure))
        element.text = f"log: {view['log']}"


def _failure(view: Json) -> str | None:
    if _skipped(view):
        return None
    if view["state"] == "succeeded":
        score = as_tree(view["score"])
        return str(score.get("why")) if as_text(score.get("validity")) == "invalid" else None
    return str(view["detail"] or view["reason"] or view["state"])


def _skipped(view: Json) -> bool:
    return view["state"] in ("queued", "skipped")


def _seconds(view: Json) -> float:
    seconds = view["seconds"]
    return float(seconds) if isinstance(seconds, (int, float)) else 0.0


def _properties(parent: XML.Element, pairs: Sequence[tuple[str, str]]) -> None:
    properties = XML.SubElement(parent, "properties")
    for name, value in pairs:
        XML.SubElement(properties, "property", name=name, value=clean(value))
