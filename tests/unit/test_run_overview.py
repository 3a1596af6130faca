"""The summaries of all runs: what they say, what is kept of them, and that nothing kept is believed too long."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.base.lock import EngineLock
from evaldock.core.run.events import (
    EngineStarted,
    EngineStopped,
    Event,
    JobChanged,
    JobState,
    RerunRequested,
    RunFinished,
)
from evaldock.core.run.journal import JournalWriter
from evaldock.core.run.layout import create_run
from evaldock.core.run.overview import Overview
from evaldock.core.run.score import Score
from evaldock.core.run.store import Run

from .test_run_layout import NOW, make_plan, new_run, state_env

SCORE = Score("acc", 0.5, 0.1, 20)


def at(seconds: int) -> str:
    return (NOW + timedelta(seconds=seconds)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def record(run: Run, *events: Event) -> None:
    with JournalWriter(run.paths.journal) as journal:
        for event in events:
            journal.append(event)


def finish(run: Run, seconds: int = 60, state: JobState = JobState.SUCCEEDED, attempt: int = 1) -> None:
    ends = [JobChanged(job.id, attempt, state, at(seconds), 1.0, score=SCORE) for job in run.plan.jobs]
    record(run, EngineStarted(1, "", at(0)), *ends, RunFinished(at(seconds)), EngineStopped(at(seconds), "done"))


def kept(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "state/evaldock/summaries.jsonl").read_bytes().splitlines()[1])


def test_a_summary_tells_what_a_home_screen_shows(tmp_path: Path) -> None:
    plan = replace(make_plan(tmp_path / "out"), config_path="/conf/nightly.yaml")
    run = Run.open(create_run(plan, {}, now=NOW, env=state_env(tmp_path)).root)
    finish(run)
    (summary,) = Overview(state_env(tmp_path)).summaries()
    assert summary == run.summary()
    assert (summary["config"], summary["ended"], summary["seconds"]) == ("nightly", at(60), 60.0)
    assert summary["scores"] == [{"task": "alpha", **SCORE.to_json()}, {"task": "beta", **SCORE.to_json()}]
    assert (summary["state"], summary["workers"]) == ("succeeded", 2)


def test_only_the_time_that_engines_were_at_work_counts(tmp_path: Path) -> None:
    run = new_run(tmp_path, "alpha")
    job = run.plan.jobs[0].id
    record(run, EngineStarted(1, "", at(0)), JobChanged(job, 1, JobState.RUNNING, at(10), 1.0))
    # The first engine died after that; the next one came an hour later.
    record(run, EngineStarted(2, "", at(3600)), JobChanged(job, 1, JobState.FAILED, at(3605), 1.0))
    record(run, RunFinished(at(3605)), EngineStopped(at(3605), "done"))
    assert run.summary()["seconds"] == 15.0
    record(run, EngineStarted(3, "", at(90000)), RerunRequested(job, 2, at(90000)))
    assert run.summary()["seconds"] == 15.0
    assert run.state().seconds(at(90030)) == 45.0


def test_what_has_ended_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        finish(new_run(tmp_path, invocation=f"0000000{n}", now=NOW + timedelta(seconds=n)))
    first = Overview(state_env(tmp_path)).summaries()
    assert [summary["invocation"] for summary in first] == ["00000002", "00000001", "00000000"]
    assert len(kept(tmp_path)) == 3

    def never(_root: Path) -> Run:
        raise AssertionError("read again")

    monkeypatch.setattr(Run, "open", never)
    again = Overview(state_env(tmp_path))
    assert again.summaries() == first
    assert again.summaries() == first


def test_a_run_that_goes_on_is_read_on(tmp_path: Path) -> None:
    run = new_run(tmp_path, "alpha")
    overview = Overview(state_env(tmp_path))
    assert overview.summaries()[0]["state"] == "interrupted"
    with EngineLock(run.paths.lock) as lock:
        assert lock.acquire()
        assert overview.summaries()[0]["engine"] == os.getpid()
    finish(run)
    assert overview.summaries()[0]["state"] == "succeeded"
    assert list(kept(tmp_path)) == ["1a2b3c4d"]
    record(run, EngineStarted(9, "", at(99)), RerunRequested(run.plan.jobs[0].id, 2, at(99)))
    assert overview.summaries()[0]["counts"] == {"queued": 1}
    finish(run, 120, JobState.FAILED, attempt=2)
    assert overview.summaries()[0]["state"] == "failed"
    assert Overview(state_env(tmp_path)).summaries()[0]["state"] == "failed"


def test_runs_come_and_go(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    finish(run)
    overview = Overview(state_env(tmp_path))
    assert len(overview.summaries()) == 1
    new_run(tmp_path, invocation="99999999")
    assert len(overview.summaries()) == 2
    shutil.rmtree(run.paths.root)
    assert [summary["invocation"] for summary in overview.summaries()] == ["99999999"]


def test_another_run_in_the_place_of_one_is_not_taken_for_it(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    finish(run)
    overview = Overview(state_env(tmp_path))
    assert len(overview.summaries()) == 1
    plan = run.paths.plan.read_text().replace("1a2b3c4d", "99999999")
    run.paths.plan.write_text(plan)
    finish(run, 61)
    assert overview.summaries() == []


@pytest.mark.parametrize(
    "content", ["", "[]", "null", '{"version": 1}', '{"version": 1, "runs": {"1a2b3c4d": [1]}}', "{" * 50_000]
)
def test_a_damaged_memory_is_only_slower(tmp_path: Path, content: str) -> None:
    run = new_run(tmp_path)
    finish(run)
    (tmp_path / "state/evaldock/summaries.jsonl").write_text(content)
    assert Overview(state_env(tmp_path)).summaries() == [run.summary()]


def test_a_damaged_run_is_left_out(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    finish(run)
    run.paths.plan.write_text("{")
    overview = Overview(state_env(tmp_path))
    assert overview.summaries() == []
    assert overview.summaries() == []


def test_times_without_sense_give_no_negative_duration(tmp_path: Path) -> None:
    run = new_run(tmp_path, "alpha")
    record(run, EngineStarted(1, "", at(100)), EngineStopped(at(40), "died"), EngineStarted(2, "", "never"))
    assert run.summary()["seconds"] == 0.0
    assert run.state().seconds(datetime.now(UTC).isoformat()) == 0.0
