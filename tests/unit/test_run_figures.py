"""The proxy's counters as a value: which file they come from, and what odd files give."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from evaldock.core.plan.spec import JobSpec, Plan
from evaldock.core.proxy.figures import Figures
from evaldock.core.run.events import Event, JobChanged, JobState, RerunRequested
from evaldock.core.run.figures import RequestFigures, figures_from_json, read_figures
from evaldock.core.run.journal import JournalWriter
from evaldock.core.run.layout import create_run
from evaldock.core.run.store import Run
from hypothesis import given
from hypothesis import strategies as st

JOB = "0a1b2c3d.0"
AT = "2026-11-24T10:00:00.000Z"


def make(root: Path, *events: Event) -> Run:
    job = JobSpec(JOB, 0, "t", "h", "i:1", "", "chat", "http://x", "m", ("true",), "t")
    plan = Plan("0a1b2c3d", str(root / "out"), "parallel", 1, "never", "m", "http://x", (job,))
    run = Run.open(create_run(plan, {}, now=datetime(2026, 11, 24, tzinfo=UTC), env={"XDG_STATE_HOME": str(root)}).root)
    happen(run, *events)
    return run


def happen(run: Run, *events: Event) -> None:
    with JournalWriter(run.paths.journal) as journal:
        for event in events:
            journal.append(event)


def changed(state: JobState, attempt: int = 1) -> JobChanged:
    return JobChanged(JOB, attempt, state, AT, 1.0)


def keep(folder: Path, **figures: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requests.json").write_text(json.dumps({"at": AT, "attempt": 1, "sent": 0, **figures}))


def live(run: Run, **figures: object) -> None:
    run.paths.live.write_text(json.dumps({"at": AT, "jobs": {JOB: {"requests": figures}}}))


def test_what_the_proxy_writes_is_what_is_read() -> None:
    counted = Figures()
    counted.begin()
    counted.begin()
    counted.answered(200, 0.0)
    counted.answered(429, 0.0)
    counted.count({"usage": {"prompt_tokens": 5, "completion_tokens": 3}, "choices": [{"finish_reason": "length"}]})
    counted.error("it broke")
    found = figures_from_json(counted.to_json())
    assert found is not None
    assert (found.sent, found.ok, found.failed, found.in_flight) == (2, 1, 1, 0)
    assert found.by_status == ((200, 1), (429, 1))
    assert found.finish_reasons == (("length", 1),)
    assert (found.tokens_in, found.tokens_out, found.last_errors) == (5, 3, ("it broke",))
    assert [part for part, _ in found.latency] == [50, 90, 95, 99]
    assert sum(count for _, count in found.buckets) == 2
    assert len(found.rates) == 60


def test_live_figures_go_before_kept_ones_while_the_job_runs(tmp_path: Path) -> None:
    run = make(tmp_path, changed(JobState.RUNNING))
    assert read_figures(run, JOB, 1) is None
    keep(run.paths.job("t").root, sent=3)
    live(run, sent=4)
    found = read_figures(run, JOB, 1)
    assert found is not None and (found.sent, found.at) == (4, AT)
    happen(run, changed(JobState.SUCCEEDED))
    found = read_figures(run, JOB, 1)
    assert found is not None and found.sent == 3


def test_an_earlier_attempt_has_its_own(tmp_path: Path) -> None:
    run = make(tmp_path, changed(JobState.FAILED), RerunRequested(JOB, 2, AT))
    paths = run.paths.job("t")
    keep(paths.attempt(1), sent=7)
    keep(paths.root, sent=9)
    found = read_figures(run, JOB, 1)
    assert found is not None and found.sent == 7
    # The file still tells of attempt 1: nothing is known of attempt 2 yet.
    assert read_figures(run, JOB, 2) is None


def test_odd_parts_count_as_nothing() -> None:
    assert figures_from_json(None) is None
    assert figures_from_json({}) is None
    odd = {
        "sent": True,
        "ok": -1,
        "by_status": {"x": 1, "200": "y"},
        "latency_ms": 3,
        "latency_buckets": [[1], 2, [5, 1]],
    }
    found = figures_from_json(odd)
    assert found == RequestFigures(by_status=((0, 1),), buckets=((0.005, 1),))


NAMES = ("sent", "by_status", "attempts", "latency_ms", "latency_buckets", "rates", "last_errors", "at")
LEAVES = st.none() | st.integers() | st.floats() | st.text(max_size=3)
PARTS = st.sampled_from(["p50", "200", "²", "x"])
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PARTS, inner))


@given(st.dictionaries(st.sampled_from(NAMES), TREES))
def test_any_object_gives_figures_or_none(tree: dict[str, object]) -> None:
    found = figures_from_json(tree)
    assert (found is not None) == ("sent" in tree)
