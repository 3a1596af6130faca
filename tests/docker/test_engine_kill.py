"""Killing: queued, running, deaf, all at once, twice at once, and racing the natural end."""

from __future__ import annotations

import os
import signal
import threading

from evaldock.core.control.ask import ask_kill
from evaldock.core.control.kill import kill
from evaldock.core.engine.spawn import spawn_engine
from evaldock.core.run.events import JobChanged, JobState, KillRequested, Reason
from evaldock.core.run.requests import take_requests

from .conftest import Bench, containers_of, wait_for


def test_a_running_job_is_stopped_and_a_queued_one_never_gets_a_container(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600}, {"sleep": 600}, {}, workers=1)
    run = bench.run(plan)
    going = bench.start(run)
    going.until(0, "running")
    ask_kill(run, plan.jobs[1].id)
    going.until(1, "killed")
    assert containers_of(plan.invocation) == [going.view(0).container]
    ask_kill(run, plan.jobs[0].id)
    state = going.end()
    assert [v.state.value for v in state.jobs.values()] == ["killed", "killed", "succeeded"]
    assert state.jobs[plan.jobs[0].id].reason is Reason.USER
    assert run.paths.job("t0").stdout.read_bytes().endswith(b"interrupted\n")


def test_a_job_that_ignores_term_is_killed_after_its_grace(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600, "ignore_term": True}, kill_grace=1.0)
    run = bench.run(plan)
    going = bench.start(run)
    going.until(0, "running")
    ask_kill(run, plan.jobs[0].id)
    going.until(0, "stopping", "killed")
    view = going.end().jobs[plan.jobs[0].id]
    assert (view.state, view.exit_code) == (JobState.KILLED, 137)


def test_a_second_kill_does_not_wait_for_the_grace(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600, "ignore_term": True}, kill_grace=600.0)
    run = bench.run(plan)
    going = bench.start(run)
    going.until(0, "running")
    ask_kill(run, plan.jobs[0].id)
    going.until(0, "stopping")
    ask_kill(run, plan.jobs[0].id, force=True)
    assert going.end().jobs[plan.jobs[0].id].state is JobState.KILLED


def test_many_kills_at_once_are_one(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600})
    run = bench.run(plan)
    going = bench.start(run)
    going.until(0, "running")
    threads = [threading.Thread(target=ask_kill, args=(run, plan.jobs[0].id)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    going.end()
    ends = [e for e in going.events if isinstance(e, JobChanged) and e.state.terminal]
    assert [e.state for e in ends] == [JobState.KILLED]
    assert len([e for e in going.events if isinstance(e, KillRequested)]) == 1


def test_a_job_that_succeeds_before_the_signal_stays_a_success(bench: Bench) -> None:
    plan = bench.plan(*[{"sleep": 0.05 * n} for n in range(8)])
    run = bench.run(plan)
    going = bench.start(run)
    going.until(0, "running", "succeeded")
    for job in plan.jobs:
        ask_kill(run, job.id)
    state = going.end()
    for view in state.jobs.values():
        assert view.state in (JobState.SUCCEEDED, JobState.KILLED)
        wrote_results = (run.paths.job(view.task).artifacts / "results.yml").exists()
        marker = (run.paths.job(view.task).artifacts / ".nemo_evaluator_interrupted").exists()
        if view.state is JobState.SUCCEEDED:
            assert wrote_results and not marker


def test_an_interrupt_stops_everything_and_a_second_one_kills(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600}, {"sleep": 600, "ignore_term": True}, {}, {}, workers=2, kill_grace=600.0)
    run = bench.run(plan)
    going = bench.start(run)
    going.until(0, "running")
    going.until(1, "running")
    going.engine.interrupt()
    going.until(0, "killed")
    going.until(3, "killed")
    going.engine.interrupt()
    state = going.end()
    assert {v.state for v in state.jobs.values()} == {JobState.KILLED}


def test_a_kill_that_a_leaving_engine_does_not_see_is_carried_out_all_the_same(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600}, {"sleep": 600}, workers=1, kill_grace=1.0)
    run = bench.run(plan)
    pid = spawn_engine(run.paths.root, os.environ)
    wait_for(lambda: run.state().jobs[plan.jobs[0].id].state is JobState.RUNNING, "running")
    # It is told to go and cannot: its lock is still held when the kill is asked for.
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGTERM)
    killing = threading.Thread(target=kill, args=(run, [job.id for job in plan.jobs], os.environ))
    killing.start()
    wait_for(lambda: take_requests(run.paths), "the requests")
    os.kill(pid, signal.SIGCONT)
    killing.join(60)
    wait_for(lambda: run.state().done and run.engine_alive() is None, "the end")
    assert {view.state for view in run.state().jobs.values()} == {JobState.KILLED}
