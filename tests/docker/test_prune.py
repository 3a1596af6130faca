"""House-keeping with a real Engine: leftovers are told from what somebody may come back to."""

from __future__ import annotations

import os
import shutil
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from evaldock.core.control.ask import ask_rerun
from evaldock.core.control.prune import delete_run, ended_runs, leftovers, old_attempts
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.engine import Engine
from evaldock.core.engine.spawn import spawn_engine
from evaldock.core.run.access import RequestRefused
from evaldock.core.run.index import list_runs
from evaldock.core.run.store import Run

from .conftest import IMAGE, Bench, containers_of, docker, wait_for


def made_by_hand(run: Run, attempt: int) -> str:
    """A container of the run's first job, made and not started."""
    name = f"evaldock-{run.invocation}-0-a{attempt}"
    labels = {"invocation": run.invocation, "job": f"{run.invocation}.0", "attempt": str(attempt)}
    labels["run_dir"] = str(run.paths.root)
    docker("create", "--name", name, *[p for k, v in labels.items() for p in ("--label", f"evaldock.{k}={v}")], IMAGE)
    return name


def left(*names: str) -> dict[str, str]:
    """Which of these containers are leftovers, and why. There may be others on this machine."""
    return {item.container.name: item.why for item in leftovers(DockerExecutor()) if item.container.name in names}


def interrupted(bench: Bench) -> Run:
    """A run whose engine was killed while its container runs."""
    run = bench.run(bench.plan({"sleep": 600}))
    pid = spawn_engine(run.paths.root, os.environ)
    wait_for(lambda: run.state().jobs[run.plan.jobs[0].id].state.value == "running", "running")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: run.engine_alive() is None, "the engine to be gone")
    return run


def test_leftovers_are_told_from_what_can_be_resumed(bench: Bench) -> None:
    ended, _ = bench.finish(bench.plan({}))
    after_its_end, of_old_attempt = made_by_hand(ended, 1), made_by_hand(ended, 7)
    resumable = interrupted(bench)
    running = f"evaldock-{resumable.invocation}-0-a1"
    gone, _ = bench.finish(bench.plan({}))
    orphan = made_by_hand(gone, 1)
    shutil.rmtree(gone.paths.root)
    assert left(after_its_end, of_old_attempt, running, orphan) == {
        after_its_end: "its job has ended",
        of_old_attempt: "its job has ended",
        orphan: "its run is gone",
    }
    docker("rm", "-f", running, after_its_end, of_old_attempt, orphan)


def test_a_run_at_work_keeps_everything(bench: Bench) -> None:
    going = bench.start(bench.run(bench.plan({"sleep": 600})))
    going.until(0, "running")
    try:
        assert left(f"evaldock-{going.run.invocation}-0-a1") == {}
        assert going.run.invocation not in [run.invocation for run in ended_runs(datetime.now(UTC))]
        with pytest.raises(RequestRefused, match="still has a running engine"):
            delete_run(going.run)
    finally:
        going.engine.interrupt()
        going.end()
    delete_run(going.run)
    assert not going.run.paths.root.exists()


def test_an_interrupted_run_goes_with_its_containers(bench: Bench) -> None:
    run = interrupted(bench)
    assert containers_of(run.invocation)
    delete_run(run)
    assert containers_of(run.invocation) == []
    assert not run.paths.root.exists()
    assert list_runs() == []


def test_without_docker_only_what_has_ended_can_go(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, _ = bench.finish(bench.plan({}))
    open_run = bench.run(bench.plan({}))
    with monkeypatch.context() as away:
        away.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
        with pytest.raises(RequestRefused, match="may have containers that run"):
            delete_run(open_run)
        delete_run(ended)
    assert not ended.paths.root.exists()
    assert open_run.paths.root.exists()


def test_ended_runs_and_earlier_attempts_by_age(bench: Bench) -> None:
    run, state = bench.finish(bench.plan({}))
    job = run.plan.jobs[0].id
    ask_rerun(run, job)
    Engine(run, {}, DockerExecutor()).run()
    now = datetime.now(UTC)
    assert [found.invocation for found in ended_runs(now)] == [run.invocation]
    assert [one.job for one in old_attempts(now)] == [job]
    assert ended_runs(now - timedelta(hours=1)) == []
    assert old_attempts(now - timedelta(hours=1)) == []
    assert state.finished
