"""A run as JUnit XML, which every CI system shows: a test case a task, a failure where it did not succeed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from xml.etree import ElementTree as XML

from ..base.sanitize import clean
from ..run.events import JobState
from ..run.status import JobStatus
from ..run.store import Run


def junit(run: Run, jobs: Collection[str] | None = None) -> str:
    """The document on `jobs` (default: all). A score that does not count is a failure, too. Raises RunDamaged."""
    found = [status for status in run.statuses() if jobs is None or status.job in jobs]
    suite = XML.Element("testsuite", name=clean(run.plan.config_name or run.invocation), tests=str(len(found)))
    suite.set("timestamp", run.created)
    suite.set("failures", str(sum(_failure(status) is not None for status in found)))
    suite.set("skipped", str(sum(_skipped(status) for status in found)))
    suite.set("time", f"{sum(status.seconds or 0.0 for status in found):.3f}")
    _properties(suite, [("invocation", run.invocation), ("model", run.plan.model_id)])
    for status in found:
        _case(suite, status)
    root = XML.Element("testsuites")
    root.append(suite)
    XML.indent(root)
    return XML.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: XML.Element, status: JobStatus) -> None:
    case = XML.SubElement(suite, "testcase", name=clean(status.task), classname=status.invocation)
    case.set("time", f"{status.seconds or 0.0:.3f}")
    if status.score is not None:
        pairs = status.score.to_json().items()
        _properties(case, [(key, str(value)) for key, value in pairs if value not in (None, "")])
    failure = _failure(status)
    if _skipped(status):
        XML.SubElement(case, "skipped", message=status.state.value)
    elif failure is not None:
        kind = status.reason or status.state
        element = XML.SubElement(case, "failure", type=kind.value, message=clean(failure))
        element.text = f"log: {status.log}"


def _failure(status: JobStatus) -> str | None:
    if _skipped(status):
        return None
    if status.state is JobState.SUCCEEDED:
        return status.score.why if status.score is not None and not status.score.valid else None
    return status.detail or status.note or (status.reason or status.state).value


def _skipped(status: JobStatus) -> bool:
    return status.state in (JobState.QUEUED, JobState.SKIPPED)


def _properties(parent: XML.Element, pairs: Sequence[tuple[str, str]]) -> None:
    properties = XML.SubElement(parent, "properties")
    for name, value in pairs:
        XML.SubElement(properties, "property", name=name, value=clean(value))
