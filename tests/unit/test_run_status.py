"""How far a job is: what counts as done, when a total means something, how long it still takes (ten seconds in)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.plan.spec import JobSpec
from evaldock.core.run.events import JobState
from evaldock.core.run.state import JobView
from evaldock.core.run.status import Progress, RequestTally, progress_of, tally_of

SPEC = JobSpec("1a2b3c4d.0", 0, "alpha", "h", "i", "", "chat", "http://h/v1", "m", (), "alpha", samples=20)
VIEW = JobView(SPEC.id, SPEC.task, JobState.RUNNING, started="2026-11-23T11:00:10.000Z")


def live(answers: int, **figures: Any) -> dict[str, Any]:
    """An entry of live.json."""
    return {"progress": answers, "requests": {"ok": answers, "answers": answers, **figures}}


@pytest.mark.parametrize(
    ("entry", "in_file", "samples", "repeats", "wanted"),
    [
        ({}, None, 20, 1, None),
        (live(5), None, 20, 1, (5, 20, 30.0)),
        (live(5, minute_rate=0.5), None, 20, 1, (5, 20, 30.0)),
        (live(5, minute_rate=0.0), None, 20, 1, (5, 20, None)),
        (live(0, failed=15, minute_rate=2.5), None, 20, 1, (0, 20, None)),
        (live(5, failed=5, minute_rate=0.5), None, 20, 1, (5, 20, 60.0)),
        (live(5, minute_rate=0.5), None, 20, 3, (5, 60, 110.0)),
        (live(5, minute_rate=0.5), None, None, 1, (5, None, None)),
        (live(5), 3, 20, 1, (5, 20, 30.0)),
        (live(0), 3, 20, 1, (3, 20, 56.7)),
        ({}, 3, 20, 1, (3, 20, 56.7)),
        (live(21, minute_rate=0.5), None, 20, 1, (21, None, None)),
        ({"progress": 8, "requests": {"ok": 2, "answers": 8, "minute_rate": 0.5}}, None, 20, 1, (8, 20, 6.0)),
        ({"progress": 8, "total": 16, "requests": {}}, None, 20, 1, (8, 16, 10.0)),
        ({"progress": 8, "total": 16, "requests": {}}, 3, None, 1, (8, 16, 10.0)),
        ({"progress": "x", "requests": 7}, None, 20, 1, None),
    ],
)
def test_progress(
    entry: dict[str, Any],
    in_file: int | None,
    samples: int | None,
    repeats: int,
    wanted: tuple[int, int | None, float | None] | None,
    tmp_path: Path,
) -> None:
    if in_file is not None:
        (tmp_path / "progress").write_text(str(in_file))
    spec = replace(SPEC, samples=samples, repeats=repeats)
    found = progress_of(spec, VIEW, entry, tally_of(VIEW, entry), tmp_path, 10.0)
    assert found == (None if wanted is None else Progress(*wanted))


def test_nothing_is_said_of_the_end_in_the_first_seconds(tmp_path: Path) -> None:
    found = progress_of(SPEC, VIEW, live(5), tally_of(VIEW, live(5)), tmp_path, 2.9)
    assert found == Progress(5, 20, None)


def test_a_job_that_has_not_started_has_no_progress(tmp_path: Path) -> None:
    assert progress_of(SPEC, replace(VIEW, started=None), live(5), None, tmp_path, None) is None


def test_what_was_answered_is_known_after_the_end(tmp_path: Path) -> None:
    ended = replace(VIEW, state=JobState.KILLED, requests={"total": 9, "ok": 7, "answers": 8})
    assert progress_of(SPEC, ended, {}, tally_of(ended, {}), tmp_path, 10.0) == Progress(8, 20, None)
    (tmp_path / "progress").write_text("3")
    uncounted = replace(ended, requests=None)
    assert progress_of(SPEC, uncounted, {}, None, tmp_path, 10.0) == Progress(3, 20, None)


def test_requests_of_a_running_job_come_from_its_live_figures() -> None:
    assert tally_of(VIEW, {}) is None
    found = tally_of(VIEW, live(5, sent=7, rate=1.5, by_status={"200": 5}, in_flight=2))
    assert found == RequestTally(sent=7, ok=5, in_flight=2, rate=1.5, by_status={"200": 5}, answers=5)


@pytest.mark.parametrize("pairs", [[["200", 7], ["500", 2]], (("200", 7), ("500", 2))])
def test_what_the_journal_keeps_reads_the_same_before_it_is_written(pairs: object) -> None:
    ended = replace(VIEW, state=JobState.FAILED, requests={"total": 9, "ok": 7, "cancelled": 1, "by_status": pairs})
    assert tally_of(ended, {}) == RequestTally(sent=10, ok=7, failed=2, cancelled=1, by_status={"200": 7, "500": 2})


def test_what_a_damaged_file_holds_is_passed_over() -> None:
    found = tally_of(VIEW, {"requests": {"ok": -1, "rate": "fast", "by_status": [], "sent": True}})
    assert found == RequestTally()
