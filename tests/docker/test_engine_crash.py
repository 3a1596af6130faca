"""kill -9 of the engine at any moment: every job ends once, logs are whole, nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter

import pytest
from evaldock.core.control.ask import ask_kill
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.engine import Engine
from evaldock.core.engine.spawn import EngineStartError, spawn_engine
from evaldock.core.plan.spec import Plan
from evaldock.core.run.events import JobChanged, JobState
from evaldock.core.run.journal import read_events
from evaldock.core.run.store import Run

from .conftest import Bench, containers_of, docker, wait_for


def crash(run: Run) -> None:
    """kill -9 the engine of a run, and wait until its lock is free."""
    pid = run.engine_alive()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: run.engine_alive() is None, "the engine to be gone")


def endings(run: Run) -> Counter[tuple[str, int]]:
    """How often each attempt became terminal."""
    changes = [e for e in read_events(run.paths.journal) if isinstance(e, JobChanged) and e.state.terminal]
    return Counter((e.job, e.attempt) for e in changes)


def assert_all_done_once(run: Run, plan: Plan) -> None:
    assert {view.state for view in run.state().jobs.values()} == {JobState.SUCCEEDED}
    assert endings(run) == Counter({(job.id, 1): 1 for job in plan.jobs})
    assert containers_of(plan.invocation) == []


def test_an_engine_killed_with_three_of_six_running_loses_nothing(bench: Bench) -> None:
    plan = bench.plan(*[{"count_for": 3, "interval": 0.05}] * 6, workers=3)
    run = bench.run(plan)
    spawn_engine(run.paths.root, os.environ)
    wait_for(lambda: sum(v.state is JobState.RUNNING for v in run.state().jobs.values()) == 3, "three running")
    crash(run)
    wait_for(lambda: "exited" in docker("ps", "-a", "--format", "{{.State}}").split(), "an end that nobody sees")
    Engine(run, {}, DockerExecutor()).run()
    assert_all_done_once(run, plan)
    counted = b"".join(b"count %d\n" % n for n in range(1, 61))
    for job in plan.jobs:
        log = run.paths.job(job.dir_name).stdout.read_bytes()
        assert log == b"running " + job.task.encode() + b"\n" + counted + b"done\n"


@pytest.mark.parametrize("at", ["starting", "running", "succeeded"])
def test_an_engine_killed_at_each_step_is_taken_over(bench: Bench, at: str) -> None:
    plan = bench.plan({"sleep": 0.3}, {"sleep": 0.3})
    run = bench.run(plan)
    spawn_engine(run.paths.root, os.environ)
    wait_for(lambda: any(v.state.value == at for v in run.state().jobs.values()), at)
    pid = run.engine_alive()
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: run.engine_alive() is None, "the engine to be gone")
    Engine(run, {}, DockerExecutor()).run()
    assert_all_done_once(run, plan)


def test_a_container_made_but_not_started_is_replaced(bench: Bench) -> None:
    plan = bench.plan({})
    run = bench.run(plan)
    name = f"evaldock-{plan.invocation}-0-a1"
    labels = ["evaldock.invocation=" + plan.invocation, "evaldock.job=" + plan.jobs[0].id, "evaldock.attempt=1"]
    labels.append(f"evaldock.run_dir={run.paths.root}")
    docker("create", "--name", name, *[part for text in labels for part in ("--label", text)], plan.jobs[0].image, "ls")
    Engine(run, {}, DockerExecutor()).run()
    assert_all_done_once(run, plan)


def test_a_kill_of_a_dead_run_ends_that_job_and_starts_no_other(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600}, {}, workers=1)
    run = bench.run(plan)
    spawn_engine(run.paths.root, os.environ)
    wait_for(lambda: run.state().jobs[plan.jobs[0].id].state is JobState.RUNNING, "running")
    crash(run)
    ask_kill(run, plan.jobs[0].id)
    state = Engine(run, {}, DockerExecutor(), start_jobs=False).run()
    assert [v.state.value for v in state.jobs.values()] == ["killed", "queued"]
    assert not state.finished


def test_a_detached_engine_survives_its_starter(bench: Bench) -> None:
    plan = bench.plan({"sleep": 1})
    run = bench.run(plan)
    script = "import os,sys,pathlib; from evaldock.core.engine.spawn import spawn_engine; "
    script += "spawn_engine(pathlib.Path(sys.argv[1]), os.environ); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", script, str(run.paths.root)], check=False)
    wait_for(lambda: run.state().finished, "the end")
    assert_all_done_once(run, plan)


def test_an_engine_told_to_go_leaves_its_containers_to_the_next(bench: Bench) -> None:
    plan = bench.plan({"count_for": 2, "interval": 0.1})
    run = bench.run(plan)
    pid = spawn_engine(run.paths.root, os.environ)
    wait_for(lambda: run.state().jobs[plan.jobs[0].id].state is JobState.RUNNING, "running")
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: run.engine_alive() is None, "the engine to leave")
    Engine(run, {}, DockerExecutor()).run()
    assert_all_done_once(run, plan)


def test_an_engine_that_cannot_take_its_run_says_why_in_a_sentence(bench: Bench) -> None:
    run = bench.run(bench.plan({}))
    run.paths.lock.mkdir()
    with pytest.raises(EngineStartError, match=rf"did not start: {run.paths.lock}: Is a directory\.$"):
        spawn_engine(run.paths.root, os.environ)
    assert run.state().counts == {JobState.QUEUED: 1}
