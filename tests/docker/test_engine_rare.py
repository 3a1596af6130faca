"""Rare moments: answers lost on their way, a full disk, requests at the last instant, leftovers of a crash."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.base.clock import utc_iso
from evaldock.core.control.ask import ask_kill, ask_rerun
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.engine import Engine
from evaldock.core.engine.executor import Attempt, ExecutorUnavailable, JobProblem
from evaldock.core.engine.worker import JobWorker
from evaldock.core.run.events import JobState, KillRequested, Paused
from evaldock.core.run.journal import JournalWriter
from evaldock.core.run.paths import JobPaths
from evaldock.core.run.store import Run

from .conftest import IMAGE, Bench, containers_of, docker, wait_for


class Going:
    """An engine with an executor of our choice, at work in a thread."""

    def __init__(self, run: Run, executor: Any, **options: Any) -> None:
        self.run, self.error = run, None
        self.engine = Engine(run, {}, executor, **options)
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        try:
            self.engine.run()
        except BaseException as error:  # noqa: BLE001
            self.error = error

    def end(self, seconds: float = 30) -> None:
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "the engine did not end"
        if self.error is not None:
            raise self.error

    def until(self, n: int, *states: str) -> None:
        job = self.run.plan.jobs[n].id
        wait_for(lambda: self.run.state().jobs[job].state.value in states or self.error, f"{states}", 20)


def half_made(run: Run) -> str:
    """A container that an engine made and died before it started it."""
    name = f"evaldock-{run.invocation}-0-a1"
    labels = [f"evaldock.invocation={run.invocation}", f"evaldock.job={run.invocation}.0", "evaldock.attempt=1"]
    labels.append(f"evaldock.run_dir={run.paths.root}")
    docker("create", "--name", name, *[part for text in labels for part in ("--label", text)], IMAGE, "ls")
    return name


def record(run: Run, *events: Any) -> None:
    with JournalWriter(run.paths.journal) as journal:
        for event in events:
            journal.append(event)


@pytest.mark.parametrize("start_jobs", [True, False])
def test_a_half_made_container_of_a_killed_job_is_removed(bench: Bench, start_jobs: bool) -> None:
    plan = bench.plan({})
    run = bench.run(plan)
    half_made(run)
    record(run, KillRequested(job=plan.jobs[0].id, attempt=1, force=False, at=utc_iso()))
    state = Engine(run, {}, DockerExecutor(), start_jobs=start_jobs).run()
    assert state.jobs[plan.jobs[0].id].state is JobState.KILLED
    assert containers_of(plan.invocation) == []


def test_a_half_made_container_is_not_started_while_the_run_is_paused(bench: Bench) -> None:
    plan = bench.plan({})
    run = bench.run(plan)
    half_made(run)
    record(run, Paused(at=utc_iso()))
    going = Going(run, DockerExecutor())
    looked = threading.Event()
    original = going.engine._take_requests
    count = 0

    def counted() -> None:
        nonlocal count
        count += 1
        if count > 20:
            looked.set()
        original()

    going.engine._take_requests = counted  # type: ignore[method-assign]
    looked.wait(20)
    state = run.state().jobs[plan.jobs[0].id].state
    going.engine.interrupt()
    going.end()
    assert state is JobState.QUEUED


def test_a_rerun_that_cannot_be_done_does_not_take_the_engine_down(bench: Bench, tmp_path: Path) -> None:
    plan = bench.plan({"exit": 1}, {"sleep": 600})
    run = bench.run(plan)
    going = Going(run, DockerExecutor())
    going.until(0, "failed")
    going.until(1, "running")
    (run.paths.job("t0").attempts).symlink_to(tmp_path)
    ask_rerun(run, plan.jobs[0].id)
    wait_for(lambda: not list(run.paths.requests.iterdir()) or not going.thread.is_alive(), "the request to be taken")
    ask_kill(run, plan.jobs[1].id, force=True)
    going.end()
    assert run.state().jobs[plan.jobs[1].id].state is JobState.KILLED


class SlowRemoval(DockerExecutor):
    def __init__(self) -> None:
        super().__init__()
        self.go, self.there = threading.Event(), threading.Event()

    def remove(self, name: str) -> None:
        if name.endswith("-a1"):
            self.there.set()
            self.go.wait(30)
        super().remove(name)


def test_a_rerun_while_the_old_container_is_being_removed_keeps_the_engine(bench: Bench) -> None:
    plan = bench.plan({"sleep": 3, "exit": 1})
    run = bench.run(plan)
    executor = SlowRemoval()
    going = Going(run, executor)
    job = plan.jobs[0].id
    assert executor.there.wait(30), "attempt 1 has ended and is being removed"
    ask_rerun(run, job)
    wait_for(
        lambda: run.state().jobs[job].attempt == 2 and run.state().jobs[job].state is JobState.RUNNING, "attempt 2"
    )
    executor.go.set()
    going.end()
    assert run.state().jobs[job].state is JobState.FAILED


def test_a_broken_credential_helper_is_a_failed_pull_not_an_outage(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "docker-credential-locked"
    helper.write_text("#!/bin/sh\necho 'the keychain is locked'\nexit 1\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "locked"}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    job = bench.plan({}, image="127.0.0.1:9/none:1").jobs[0]
    with pytest.raises(JobProblem):
        DockerExecutor().prepare(job, "missing", lambda _text: None, lambda: False)


def test_the_container_that_gives_files_back_is_found_after_a_crash(bench: Bench) -> None:
    plan = bench.plan({})
    run = bench.run(plan)
    executor = DockerExecutor()
    seen: dict[str, Any] = {}
    client = executor._clients.get()
    create = client.create_container

    def spy(*args: Any, **kwargs: Any) -> Any:
        seen.update(kwargs)
        return create(*args, **kwargs)

    client.create_container = spy
    client.start = lambda *_a, **_k: None
    client.wait = lambda *_a, **_k: {"StatusCode": 0}
    client.remove_container = lambda *_a, **_k: None  # died here
    executor._chown(Attempt(plan.jobs[0], 1, run.paths.job("t0")))
    assert containers_of(plan.invocation) == [seen["name"]]
    Engine(run, {}, DockerExecutor()).run()
    assert containers_of(plan.invocation) == []


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    full = threading.Event()
    append = JournalWriter.append

    def refusing(self: JournalWriter, event: Any) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, event)

    monkeypatch.setattr(JournalWriter, "append", refusing)
    return full


def test_an_engine_can_leave_while_the_disk_is_full(bench: Bench, full_disk: threading.Event) -> None:
    plan = bench.plan({"sleep": 600}, {"sleep": 600})
    run = bench.run(plan)
    told = threading.Event()
    going = Going(run, DockerExecutor(), on_notice=lambda _text: told.set())
    going.until(0, "running")
    going.until(1, "running")
    full_disk.set()
    docker("kill", run.state().jobs[plan.jobs[0].id].container)
    assert told.wait(20)
    going.engine.leave()
    going.thread.join(15)
    left = not going.thread.is_alive()
    full_disk.clear()
    going.engine.interrupt()
    going.thread.join(30)
    docker("rm", "-f", *containers_of(plan.invocation))
    assert left, "the engine waits for disk space and hears nothing else"


def test_a_running_job_can_be_killed_while_the_disk_is_full(bench: Bench, full_disk: threading.Event) -> None:
    plan = bench.plan({"sleep": 600})
    run = bench.run(plan)
    told = threading.Event()
    going = Going(run, DockerExecutor(), on_notice=lambda _text: told.set())
    going.until(0, "running")
    name = run.state().jobs[plan.jobs[0].id].container
    full_disk.set()
    going.engine.interrupt()
    going.engine.interrupt()
    assert told.wait(20)
    try:
        wait_for(lambda: docker("inspect", "-f", "{{.State.Running}}", name) == "false", "its end", 5)
    finally:
        full_disk.clear()
        going.end()


class LosesAnswers(DockerExecutor):
    """Docker makes the container, but the answer is lost; then it is away until told."""

    def __init__(self, made: threading.Event) -> None:
        super().__init__()
        self.made = made

    def create(self, attempt: Attempt, env: Mapping[str, str]) -> None:
        if not self.made.is_set():
            super().create(attempt, env)
            self.made.set()
        raise ExecutorUnavailable("away")


def test_a_job_killed_while_its_creation_is_in_doubt_leaves_no_container(bench: Bench) -> None:
    plan = bench.plan({})
    run = bench.run(plan)
    made = threading.Event()
    going = Going(run, LosesAnswers(made))
    assert made.wait(20)
    ask_kill(run, plan.jobs[0].id)
    going.end()
    assert run.state().jobs[plan.jobs[0].id].state is JobState.KILLED
    assert containers_of(plan.invocation) == []


def test_a_defect_of_ours_leaves_no_container(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = bench.plan({})
    run = bench.run(plan)

    def broken(*_: Any) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(JobWorker, "_collect", broken)
    Engine(run, {}, DockerExecutor()).run()
    assert containers_of(plan.invocation) == []


class RefusesOneStop(DockerExecutor):
    """The first stop fails with an error of the daemon's, as `tried to kill container` does."""

    def __init__(self) -> None:
        super().__init__()
        self.stops = 0

    def stop(self, name: str, grace: float) -> None:
        self.stops += 1
        if self.stops == 1:
            raise ExecutorUnavailable("Docker does not answer: 500 Server Error")
        super().stop(name, grace)


def test_a_stop_that_docker_refuses_once_is_asked_again(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600})
    run = bench.run(plan)
    executor = RefusesOneStop()
    going = Going(run, executor)
    going.until(0, "running")
    ask_kill(run, plan.jobs[0].id)
    going.thread.join(25)
    ended = not going.thread.is_alive()
    going.engine.interrupt()
    going.engine.interrupt()
    going.thread.join(30)
    assert ended, "the kill was lost"


def test_figures_of_a_container_that_is_being_removed_do_not_end_the_engine() -> None:
    executor = DockerExecutor()

    class Vanishing(dict[str, Any]):
        def __contains__(self, _key: object) -> bool:
            return True  # and removed by a worker before it is read

    executor._cgroups = Vanishing()
    assert executor.sample("gone") is None


class GoneForGood(DockerExecutor):
    """Docker goes away once the job has ended."""

    def remove(self, name: str) -> None:
        raise ExecutorUnavailable("away")


def test_ctrl_c_ends_an_engine_whose_docker_is_gone_for_good(bench: Bench) -> None:
    plan = bench.plan({})
    run = bench.run(plan)
    going = Going(run, GoneForGood())
    going.until(0, "succeeded")
    going.engine.interrupt()
    going.engine.interrupt()
    going.thread.join(10)
    ended = not going.thread.is_alive()
    going.engine.leave()
    going.thread.join(10)
    docker("rm", "-f", *containers_of(plan.invocation))
    assert ended


def test_a_paused_container_can_be_killed(bench: Bench) -> None:
    plan = bench.plan({"sleep": 600}, kill_grace=1.0)
    run = bench.run(plan)
    going = Going(run, DockerExecutor())
    going.until(0, "running")
    name = run.state().jobs[plan.jobs[0].id].container
    docker("pause", name)
    ask_kill(run, plan.jobs[0].id)
    going.thread.join(15)
    ended = not going.thread.is_alive()
    if not ended:
        docker("unpause", name)
        ask_kill(run, plan.jobs[0].id, force=True)
        going.thread.join(20)
    assert ended


def test_a_request_left_while_the_engine_ends_is_carried_out(bench: Bench) -> None:
    plan = bench.plan({"exit": 1})
    run = bench.run(plan)
    going_engine = Engine(run, {}, DockerExecutor())
    shut_down = going_engine._shut_down
    asked: list[bool] = []

    def late(why: str) -> None:
        if not asked:
            assert run.engine_alive() is not None, "so a face leaves its request to this engine"
            asked.append(ask_rerun(run, plan.jobs[0].id))
        shut_down(why)

    going_engine._shut_down = late  # type: ignore[method-assign]
    going_engine.run()
    assert run.state().jobs[plan.jobs[0].id].attempt == 2
    assert not os.listdir(run.paths.requests)


def test_the_address_of_another_socket_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.sock"
    other.symlink_to("/var/run/docker.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{other}")
    executor = DockerExecutor()
    assert str(other) in str(executor.check())


def test_files_are_given_back_from_a_directory_with_a_colon_in_its_name(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "a:b").mkdir()
    other = Bench(tmp_path / "a:b")
    plan = other.plan({})
    run = other.run(plan)
    left = run.paths.job("t0").artifacts / "left"
    left.touch()
    os.chown(left, 4242, 4242)
    DockerExecutor()._chown(Attempt(plan.jobs[0], 1, run.paths.job("t0")))
    assert left.stat().st_uid == os.getuid()


def test_a_killed_job_whose_artifacts_may_not_be_read_is_killed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a user that is not root, when the image has no chown: stat of the marker is refused."""
    exists = Path.exists

    def refused(self: Path) -> bool:
        if self.name == ".nemo_evaluator_interrupted":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return exists(self)

    monkeypatch.setattr(Path, "exists", refused)
    plan = bench.plan({"sleep": 600})
    run = bench.run(plan)
    going = Going(run, DockerExecutor())
    going.until(0, "running")
    going.engine.interrupt()
    going.end()
    assert run.state().jobs[plan.jobs[0].id].state is JobState.KILLED


def test_a_pull_that_the_daemon_breaks_off_is_an_outage(bench: Bench) -> None:
    from urllib3.exceptions import ProtocolError

    executor = DockerExecutor()

    class Breaking:
        def pull(self, *_: Any, **__: Any) -> Any:
            yield {"status": "Downloading", "id": "a"}
            raise ProtocolError("Connection broken: InvalidChunkLength")

    executor._puller._client = Breaking
    job = bench.plan({}, image="registry/x:1").jobs[0]
    with pytest.raises(ExecutorUnavailable):
        executor.prepare(job, "missing", lambda _text: None, lambda: False)


def test_a_wait_that_returns_at_once_is_not_asked_without_a_pause(bench: Bench) -> None:
    executor = DockerExecutor()
    asked = 0

    def state(_name: str) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {"Status": "removing", "ExitCode": 137}

    executor._state = state  # type: ignore[method-assign]
    executor._hint = lambda _name: None  # type: ignore[method-assign]
    over = threading.Timer(0.5, (done := threading.Event()).set)
    over.start()
    with pytest.raises(Exception):  # noqa: B017 - Cancelled
        attempt = Attempt(bench.plan({}).jobs[0], 1, JobPaths(bench.root))
        executor.wait(attempt, done.is_set, lambda _down: None, lambda: False)
    assert asked < 50
