"""How far a job is: what counts as done, when a total means something, how long it still takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from evaldock.core.plan.spec import JobSpec
from evaldock.core.run.events import JobState
from evaldock.core.run.progress import progress_of, requests_of
from evaldock.core.run.state import JobView

SPEC = JobSpec("1a2b3c4d.0", 0, "alpha", "h", "i", "", "chat", "http://h/v1", "m", (), "alpha", samples=20)
VIEW = JobView(SPEC.id, SPEC.task, JobState.RUNNING, started="2026-11-23T11:00:10.000Z")


def live(answers: int, **figures: Any) -> dict[str, Any]:
    """An entry of live.json."""
    return {"progress": answers, "requests": {"ok": answers, "answers": answers, **figures}}


@pytest.mark.parametrize(
    ("entry", "in_file", "samples", "repeats", "wanted"),
    [
        ({}, None, 20, 1, None),
        (live(5), None, 20, 1, (5, 20, None)),
        (live(5, minute_rate=0.5), None, 20, 1, (5, 20, 30.0)),
        (live(5, minute_rate=0.0), None, 20, 1, (5, 20, None)),
        (live(0, failed=15, minute_rate=2.5), None, 20, 1, (0, 20, None)),
        (live(5, failed=5, minute_rate=0.5), None, 20, 1, (5, 20, 60.0)),
        (live(5, minute_rate=0.5), None, 20, 3, (5, 60, 110.0)),
        (live(5, minute_rate=0.5), None, None, 1, (5, None, None)),
        (live(5), 3, 20, 1, (5, 20, None)),
        (live(0), 3, 20, 1, (3, 20, None)),
        ({}, 3, 20, 1, (3, 20, None)),
        (live(21, minute_rate=0.5), None, 20, 1, (21, None, None)),
        ({"progress": 8, "requests": {"ok": 2, "answers": 8, "minute_rate": 0.5}}, None, 20, 1, (8, 20, 6.0)),
        ({"progress": 8, "total": 16, "requests": {}}, None, 20, 1, (8, 16, None)),
        ({"progress": 8, "total": 16, "requests": {}}, 3, None, 1, (8, 16, None)),
        ({"progress": "x", "requests": 7}, None, 20, 1, None),
    ],
)
def test_progress(
    entry: dict[str, Any],
    in_file: int | None,
    samples: int | None,
    repeats: int,
    wanted: tuple[int, int | None, float | None] | None,
) -> None:
    found = progress_of(replace(SPEC, samples=samples, repeats=repeats), VIEW, entry, in_file)
    assert found == (None if wanted is None else dict(zip(("done", "total", "left"), wanted, strict=True)))


def test_a_job_that_has_not_started_has_no_progress() -> None:
    assert progress_of(SPEC, replace(VIEW, started=None), live(5), 5) is None


def test_requests_of_a_running_job_come_from_its_live_figures() -> None:
    assert requests_of(VIEW, {}) is None
    found = requests_of(VIEW, live(5, sent=7, rate=1.5, by_status={"200": 5}, in_flight=2))
    assert found is not None
    assert (found["sent"], found["ok"], found["in_flight"], found["rate"]) == (7, 5, 2, 1.5)
    assert found["by_status"] == {"200": 5}


def test_what_a_damaged_file_holds_is_passed_over() -> None:
    found = requests_of(VIEW, {"requests": {"ok": -1, "rate": "fast", "by_status": [], "sent": True}})
    assert found is not None
    assert (found["ok"], found["rate"], found["by_status"], found["sent"]) == (0, None, {}, 0)
