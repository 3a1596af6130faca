"""A rerun with overrides survives kill -9 of its engine between any two steps: one ending, by the amended spec."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from evaldock.core.catalog.load import load_catalog
from evaldock.core.config.load import load_config
from evaldock.core.control.ask import ask_rerun
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.engine import Engine
from evaldock.core.plan.make import make_plan
from evaldock.core.run.events import JobState, RerunRequested
from evaldock.core.run.journal import read_events
from evaldock.core.run.layout import create_run
from evaldock.core.run.store import Run

from .conftest import IMAGE, Bench, containers_of
from .test_engine_crash import endings

SCORE = "evaluation.tasks.0.overrides.config.params.extra.score"


def ended(bench: Bench, *, proxy: bool = False) -> Run:
    """A run of one job that has ended, made from a config as a user's is."""
    config = {
        "execution": {"output_dir": str(bench.root / "out"), "pull": "never", "proxy": proxy},
        "target": {"api_endpoint": {"model_id": "m", "url": "http://127.0.0.1:1/v1/chat/completions"}},
        "evaluation": {"tasks": [{"name": "t0", "container": IMAGE, "overrides": {"config.params.extra.score": 0.5}}]},
    }
    path = bench.root / "c.yaml"
    path.write_text(yaml.safe_dump(config))
    composed = load_config(path=path)
    plan = make_plan(composed, load_catalog(), invocation=os.urandom(4).hex())
    bench.invocations.append(plan.invocation)
    run = Run.open(create_run(plan, composed.tree, now=datetime.now(UTC)).root)
    Engine(run, {}, DockerExecutor()).run()
    assert run.state().jobs[plan.jobs[0].id].state is JobState.SUCCEEDED
    return run


def score_of(artifacts: Path) -> float:
    scores = yaml.safe_load((artifacts / "results.yml").read_text())
    text = yaml.safe_dump(scores)
    return float(text.partition("value: ")[2].split()[0])


POINTS = [
    *(("before", "archive", 1), ("after", "rename", 1), ("after", "rename", 2), ("after", "archive", 1)),
    *(("before", "keep_spec", 1), ("after", "keep_spec", 1)),
    # the engine's start is the first event, the rerun the second, then starting, running and the end
    *(("before", "record", 2), ("after", "record", 2), ("before", "done", 1), ("after", "done", 1)),
    *(("before", "record", 3), ("after", "record", 3), ("before", "write_inputs", 1)),
    *(("before", "create", 1), ("after", "create", 1), ("before", "start", 1), ("after", "start", 1)),
    *(("after", "record", 4), ("before", "hand_back", 1), ("before", "record", 5), ("after", "record", 5)),
    *(("before", "remove", 1), ("after", "remove", 1)),
]


@pytest.mark.parametrize(("when", "step", "time"), POINTS)
def test_an_engine_killed_at_any_step_of_a_rerun_is_taken_over(bench: Bench, when: str, step: str, time: int) -> None:
    run = ended(bench)
    job = run.plan.jobs[0].id
    ask_rerun(run, job, [f"{SCORE}=0.25"])
    command = [sys.executable, "-m", "tests.docker.dying_engine", str(run.paths.root), when, step, str(time)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    Engine(run, {}, DockerExecutor()).run()
    view = run.state().jobs[job]
    assert (view.state, view.attempt, view.amended) == (JobState.SUCCEEDED, 2, (2,))
    assert view.score is not None
    assert view.score.value == 0.25
    assert endings(run) == Counter({(job, 1): 1, (job, 2): 1})
    asked = [event for event in read_events(run.paths.journal) if isinstance(event, RerunRequested)]
    assert [event.overrides for event in asked] == [(f"{SCORE}=0.25",)]
    paths = run.paths.job("t0")
    assert score_of(paths.attempt(1) / "artifacts") == 0.5
    assert score_of(paths.artifacts) == 0.25
    assert b"running t0" in (paths.attempt(1) / "logs" / "stdout.log").read_bytes()
    assert b"0.5" in (paths.attempt(1) / "run_config.yaml").read_bytes()
    assert not list(run.paths.requests.iterdir())
    assert containers_of(run.invocation) == []


def test_the_proxy_of_a_rerun_works_by_the_amended_spec(bench: Bench) -> None:
    run = ended(bench, proxy=True)
    job = run.plan.jobs[0].id
    ask_rerun(run, job, ["target.api_endpoint.model_id=other", f"{SCORE}=0.75"])
    Engine(run, {}, DockerExecutor()).run()
    config = yaml.safe_load(run.paths.job("t0").run_config.read_text())
    assert config["target"]["api_endpoint"]["model_id"] == "other"
    assert config["target"]["api_endpoint"]["url"] != run.plan.url  # but the proxy's
    assert run.views()[0]["score"] is not None
    assert run.job(job).model_id == "other"


def test_a_request_with_a_damaged_spec_is_dropped_with_a_notice(bench: Bench) -> None:
    run = ended(bench)
    job = run.plan.jobs[0].id
    (run.paths.requests / f"rerun-{job}-2").write_bytes(b"{ torn")
    notices: list[str] = []
    Engine(run, {}, DockerExecutor(), on_notice=notices.append).run()
    assert run.state().jobs[job].attempt == 1
    assert len(notices) == 1
    assert "not JSON" in notices[0]
    assert not list(run.paths.requests.iterdir())


def test_a_job_whose_amended_spec_is_lost_fails_and_runs_by_no_other(bench: Bench) -> None:
    run = ended(bench)
    job = run.plan.jobs[0].id
    ask_rerun(run, job, [f"{SCORE}=0.25"])
    command = [sys.executable, "-m", "tests.docker.dying_engine", str(run.paths.root), "after", "done", "1"]
    subprocess.run(command, capture_output=True, check=False)
    run.paths.job("t0").spec(2).unlink()
    reader = Run.open(run.paths.root)
    Engine(reader, {}, DockerExecutor()).run()
    view = reader.state().jobs[job]
    assert (view.state, view.attempt) == (JobState.FAILED, 2)
    assert "specs/2.json is damaged" in view.detail
