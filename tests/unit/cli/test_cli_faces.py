"""All faces show one run the same way: status, its JSON, the reporters, the dashboard, exports, compare, Python."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from evaldock.core import scores
from evaldock.core.base.clock import Moment, utc_iso
from evaldock.core.results.compare.pool import sides_of
from evaldock.core.results.report import report_tree
from evaldock.core.run.journal import read_events
from evaldock.core.run.state import RunState
from evaldock.core.run.status import JobStatus
from evaldock.core.run.store import Run
from evaldock.tui.cli.follow import Follower
from evaldock.tui.cli.reporter import JsonReporter, Out
from evaldock.tui.view.row import TaskRow
from evaldock.tui.view.rows import RowMaker
from evaldock.tui.view.run_row import run_row

from .conftest import Machine
from .story import every_state


@pytest.fixture
def run(machine: Machine) -> Run:
    return every_state(machine)


@pytest.fixture
def faces(run: Run) -> list[tuple[JobStatus, TaskRow]]:
    """Each job for programs and as the dashboard shows it, at one moment."""
    now = Moment(utc_iso(datetime.now(UTC).replace(microsecond=0)))
    rows = RowMaker(run).rows(run.state().jobs.values(), run.live(), now)
    return list(zip(run.statuses(now), rows, strict=True))


def test_the_dashboard_shows_what_status_says(faces: list[tuple[JobStatus, TaskRow]]) -> None:
    for status, row in faces:
        progress, requests = status.progress, status.requests
        assert (row.job, row.attempt) == (status.job, status.attempt)
        assert (row.state, row.reason) == (status.state, status.reason)
        assert (row.detail or row.note) == status.to_json()["detail"]
        assert row.exit_code == status.exit_code
        assert row.done == (progress and progress.done)
        assert row.total == (progress.total if progress else 100), "what was planned while nothing is counted"
        assert row.left == (progress and progress.left)
        assert row.score == status.score
        assert row.seconds == (None if status.lasted is None else int(status.lasted))
        if requests is not None:
            assert row.requests is not None
            assert (row.requests.in_flight, row.requests.retried) == (requests.in_flight, requests.retried)
            assert row.requests.rate == (requests.rate or 0.0)


def test_progress_and_time_left_do_not_need_the_proxy(faces: list[tuple[JobStatus, TaskRow]]) -> None:
    """The second task counts for itself; nobody measures its rate, so it is as fast as it was so far."""
    status, row = faces[1]
    assert status.progress is not None and status.progress.left is not None
    assert (row.done, row.total, row.left) == (61, 100, status.progress.left)
    assert status.seconds is not None
    assert status.progress.left == pytest.approx(39 * status.seconds / 61, abs=0.1)


def test_status_in_lines_and_as_json(machine: Machine, run: Run) -> None:
    told = json.loads(machine.cli("status", "--json").stdout)
    lines = machine.cli("status").stdout.splitlines()[3:]
    for status, line in zip(told, lines, strict=True):
        assert line.startswith(status["job"]) and status["state"] in line
        assert status["state"] == "succeeded" or status["progress"] is None or "61/100 61%" in line or "100/100" in line
        assert status["score"] is None or f"{status['score']['value']:.3f}" in line
    assert [status["score"] and status["score"]["validity"] for status in told[4:7]] == ["valid", "suspect", "invalid"]


def test_the_end_of_a_job_is_told_as_status_tells_it(run: Run) -> None:
    """`run --json` prints the object of `status --json`: of a job that has ended they are the same."""
    stream = io.StringIO()
    follower = Follower(run, RunState.empty(run.plan), JsonReporter(Out(stream)))
    for event in read_events(run.paths.journal):
        follower.take(event)
    newest = {line["job"]: line for line in map(json.loads, stream.getvalue().splitlines())}
    ended = [status for status in run.statuses() if status.state.terminal]
    assert len(ended) == 8
    for status in ended:
        told = {key: value for key, value in newest[status.job].items() if key not in ("event", "at")}
        assert told == status.to_json()


def test_python_exports_and_report_read_the_same_scores(machine: Machine, run: Run) -> None:
    by_job = {status.job: status.score for status in run.statuses()}
    for row in scores(run):
        score = by_job[str(row["job"])]
        assert (row["value"], row["validity"]) == (score and score.value, score.validity if score else "")
    for job in report_tree(run)["jobs"]:  # type: ignore[attr-defined]
        score = by_job[job["job"]]
        assert job["score"] == (score and score.to_json())
    exported = json.loads(machine.cli("results", "--json").stdout)
    assert [{**row, "seconds": 0} for row in exported] == [{**row, "seconds": 0} for row in scores(run)]
    (listed,) = json.loads(machine.cli("ls", "runs", "--json").stdout)
    assert [score for _, score in run_row(listed).scores] == [score for score in by_job.values() if score is not None]


def test_compare_takes_the_scores_that_status_shows(run: Run) -> None:
    sides = sides_of(run)
    for status in run.statuses():
        side, score = sides[status.task], status.score
        assert (side.job, side.state) == (status.job, status.state)
        assert (side.score and side.score.validity) == (score and score.validity)
        assert (side.score and side.score.value) == (score and score.value)


def test_an_earlier_attempt_is_told_by_its_own_files(run: Run) -> None:
    """What the newest attempt counts is not what an earlier one did."""
    paths = run.paths.job("anew")
    paths.artifacts.mkdir(parents=True, exist_ok=True)
    (paths.artifacts / "progress").write_text("7")
    view = run.state().jobs[f"{run.invocation}.12"]
    now = run.status(view, {}, Moment.now())
    before = run.status(replace(view, attempt=1), {}, Moment.now())
    assert now.progress is not None and now.progress.done == 7
    assert before.progress is None and "/attempts/1/" in before.log
