"""Asking for something at the moment in which the run's engine leaves."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest
from evaldock.core.base.lock import EngineLock
from evaldock.core.control.ask import ask_pause, ask_unpause
from evaldock.core.control.kill import kill
from evaldock.core.control.start import start
from evaldock.core.engine.spawn import EngineStartError
from evaldock.core.run.requests import take_requests
from evaldock.core.run.store import Run
from evaldock.tui.commands import control

from .test_run_layout import new_run


@contextmanager
def leaving_engine(run: Run) -> Generator[None, None, None]:
    """Holds the run until something is asked, and goes without having looked at it."""
    lock = EngineLock(run.paths.lock)
    assert lock.acquire()

    def leave() -> None:
        while not take_requests(run.paths):
            sleep(0.01)
        lock.release()

    thread = threading.Thread(target=leave, daemon=True)
    thread.start()
    yield
    thread.join(30)


def without_docker(folder: Path) -> dict[str, str]:
    """An engine that is started with this says so at once."""
    return {**os.environ, "DOCKER_HOST": f"unix://{folder}/none.sock", "XDG_STATE_HOME": str(folder / "state")}


@pytest.mark.parametrize("face", ["core", "dashboard"])
def test_a_kill_that_an_engine_leaves_behind_gets_another_engine(face: str, tmp_path: Path) -> None:
    run, env = new_run(tmp_path, "alpha"), without_docker(tmp_path)
    jobs = [run.plan.jobs[0].id]
    with leaving_engine(run), pytest.raises(EngineStartError, match="Docker"):
        if face == "dashboard":
            control.kill_jobs(run, jobs, env, force=True)
        else:
            kill(run, jobs, env)
    # It stays asked: the next engine that comes up does it.
    assert len(take_requests(run.paths)) == 1


def test_an_engine_that_leaves_what_was_asked_is_followed_by_another(tmp_path: Path) -> None:
    run = new_run(tmp_path, "alpha")
    with leaving_engine(run), pytest.raises(EngineStartError, match="Docker"):
        ask_pause(run)
        ask_unpause(run)
        start(run, without_docker(tmp_path))


def test_an_engine_that_takes_what_was_asked_is_left_alone(tmp_path: Path) -> None:
    run = new_run(tmp_path, "alpha")
    lock = EngineLock(run.paths.lock)
    assert lock.acquire()

    def work() -> None:
        while not (asked := take_requests(run.paths)):
            sleep(0.01)
        for request in asked:
            assert request.path is not None
            request.path.unlink()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        assert kill(run, [run.plan.jobs[0].id], without_docker(tmp_path)) == 1
        assert run.engine_alive() == os.getpid()
    finally:
        thread.join(30)
        lock.release()
