"""Every way a job can end, on a real Docker Engine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from evaldock.core.config.model import Resources
from evaldock.core.control.ask import ask_kill, ask_pause, ask_rerun, ask_unpause
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.engine import Engine
from evaldock.core.engine.executor import EngineBusy
from evaldock.core.run.events import JobChanged, JobState, Reason

from .conftest import Bench, containers_of, docker, wait_for


def test_jobs_end_as_their_containers_do(bench: Bench) -> None:
    plan = bench.plan(
        {"score": 0.25}, {"exit": 3}, {"no_results": True}, {"requests_404": 3}, {"kill_self": "KILL"}, {"exit": 137}
    )
    run, state = bench.finish(plan)
    views = [state.jobs[job.id] for job in plan.jobs]
    assert [(v.state, v.reason) for v in views] == [
        (JobState.SUCCEEDED, None),
        (JobState.FAILED, Reason.EXIT_NONZERO),
        (JobState.FAILED, Reason.NO_RESULTS),
        (JobState.FAILED, Reason.NO_VALID_REQUESTS),
        (JobState.FAILED, Reason.SIGNAL),
        (JobState.FAILED, Reason.SIGNAL),
    ]
    assert [v.exit_code for v in views] == [0, 3, 0, 0, 137, 137]
    assert views[0].score is not None and views[0].score.value == 0.25
    assert all(v.score is None for v in views[1:])
    assert "404" in views[3].detail
    assert state.finished
    assert (Path(plan.output_dir) / "t0/logs/stdout.log").read_bytes().endswith(b"done\n")
    assert containers_of(plan.invocation) == []
    assert run.engine_alive() is None


def test_the_log_is_what_the_container_wrote_byte_for_byte(bench: Bench) -> None:
    plan = bench.plan({"lines": 200_000, "big_line": 70_000, "binary": True})
    run, _ = bench.finish(plan)
    head = b"running t0\n" + b"".join(b"line %d\n" % n for n in range(1, 200_001))
    tail = b"a\0b\xff\xfe\x1b[2Jc\rd\xc3\n" + b"x" * 70_000 + b"\ndone\n"
    assert run.paths.job("t0").stdout.read_bytes() == head + tail


def test_memory_is_limited_and_running_out_of_it_is_said(bench: Bench) -> None:
    plan = bench.plan({"oom": True}, {"fork_oom": True, "exit": 4}, resources=Resources(memory=32 << 20))
    _, state = bench.finish(plan)
    assert [v.reason for v in state.jobs.values()] == [Reason.OOM, Reason.OOM]


def test_a_job_that_takes_too_long_is_stopped(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600}, timeout=0.5)
    _, state = bench.finish(plan)
    view = state.jobs[plan.jobs[0].id]
    assert (view.state, view.reason) == (JobState.FAILED, Reason.TIMEOUT)
    assert "0.5 s" in view.detail


def test_an_image_that_is_not_there_fails_with_a_sentence_and_leaves_nothing(bench: Bench) -> None:
    plan = bench.plan({}, image="evaldock/nowhere:none", pull="never")
    _, state = bench.finish(plan)
    view = state.jobs[plan.jobs[0].id]
    assert (view.state, view.reason) == (JobState.FAILED, Reason.IMAGE_NOT_FOUND)
    assert "evaldock/nowhere:none" in view.detail


def test_environment_reaches_the_container_and_no_file(bench: Bench) -> None:
    secret = "s3cr3t-" + os.urandom(8).hex()
    plan = bench.plan({"env_echo": "MY_KEY", "sleep": 600}, env={"MY_KEY": "HOST_KEY"})
    run = bench.run(plan)
    going = bench.start(run, env={"HOST_KEY": secret})
    log = run.paths.job("t0").stdout
    wait_for(lambda: b"MY_KEY=" in log.read_bytes(), "the echo")
    ask_kill(run, plan.jobs[0].id, force=True)
    going.end()
    assert f"MY_KEY={secret}\n".encode() in log.read_bytes()
    holders = [p for p in run.paths.root.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]
    assert holders == [log]


def test_a_missing_variable_is_named_not_passed_as_empty(bench: Bench) -> None:
    plan = bench.plan({}, env={"MY_KEY": "NOT_SET_ANYWHERE"})
    _, state = bench.finish(plan)
    view = state.jobs[plan.jobs[0].id]
    assert view.state is JobState.FAILED
    assert "NOT_SET_ANYWHERE" in view.detail


def test_sequential_is_one_at_a_time_and_parallel_keeps_its_limit(bench: Bench) -> None:
    for workers, jobs in ((1, 3), (2, 5)):
        plan = bench.plan(*[{"sleep": 0.2}] * jobs, workers=workers)
        going = bench.start(bench.run(plan))
        assert going.end().done
        running: set[str] = set()
        most = 0
        for event in going.events:
            if isinstance(event, JobChanged):
                (running.discard if event.state.terminal else running.add)(event.job)
                most = max(most, len(running))
        assert most == workers


def test_a_second_engine_is_refused(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600})
    run = bench.run(plan)
    going = bench.start(run)
    going.until(0, "running")
    with pytest.raises(EngineBusy):
        Engine(run, {}, DockerExecutor()).run()
    ask_kill(run, plan.jobs[0].id, force=True)
    going.end()


def test_a_rerun_is_a_new_attempt_beside_the_old_one(bench: Bench) -> None:
    plan = bench.plan({"exit": 3, "lines": 2})
    run, _ = bench.finish(plan)
    job = run.paths.job("t0")
    first = job.stdout.read_bytes()
    assert ask_rerun(run, plan.jobs[0].id)
    assert not ask_rerun(run, plan.jobs[0].id)
    state = Engine(run, {}, DockerExecutor()).run()
    view = state.jobs[plan.jobs[0].id]
    assert (view.attempt, view.state) == (2, JobState.FAILED)
    assert (job.attempt(1) / "logs/stdout.log").read_bytes() == first
    assert job.stdout.read_bytes() == first


def test_pausing_holds_the_queue_and_lets_running_jobs_go_on(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600}, {}, workers=1)
    run = bench.run(plan)
    going = bench.start(run)
    going.until(0, "running")
    ask_pause(run)
    wait_for(lambda: run.state().paused, "the pause")
    ask_kill(run, plan.jobs[0].id)
    going.until(0, "killed")
    assert going.view(1).state is JobState.QUEUED
    ask_unpause(run)
    state = going.end()
    assert state.jobs[plan.jobs[1].id].state is JobState.SUCCEEDED


def test_files_of_another_user_are_handed_back(bench: Bench) -> None:
    plan = bench.plan({"write_as_root": True})
    plan = type(plan)(**{**vars(plan), "jobs": tuple(_as_user(job, "1234:1234") for job in plan.jobs)})
    run, state = bench.finish(plan)
    assert state.jobs[plan.jobs[0].id].state is JobState.SUCCEEDED
    owners = {path.lstat().st_uid for path in run.paths.job("t0").root.rglob("*")}
    assert owners == {os.geteuid()}


def _as_user(job: object, user: str) -> object:
    from dataclasses import replace

    from evaldock.core.plan.spec import JobSpec

    assert isinstance(job, JobSpec)
    return replace(job, docker=replace(job.docker, user=user))


def test_a_container_removed_by_somebody_else_is_lost(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600})
    run = bench.run(plan)
    going = bench.start(run)
    view = going.until(0, "running")
    docker("rm", "-f", view.container)
    state = going.end()
    view = state.jobs[plan.jobs[0].id]
    assert (view.state, view.reason) == (JobState.LOST, Reason.REMOVED)
