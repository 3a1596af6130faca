"""Start an engine as a process of its own, which outlives the terminal and the program that asked for it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from ..base.errors import EvaldockError
from ..base.helper import NEUTRAL, helper_command
from ..run.access import refuse_foreign, refuse_when_read_only
from ..run.store import Run

_PATIENCE = 20.0  # seconds until a detached engine must hold its lock; loading Python may be slow on a busy machine

_TAIL = 4096

ONLY_REQUESTS = "--only-requests"


class EngineStartError(EvaldockError):
    """The detached engine did not come up; the message ends with its own last words."""


def spawn_engine(run_dir: Path, env: Mapping[str, str], *, start_jobs: bool = True) -> int:
    """Start the engine of `run_dir` detached from this terminal, and return its pid once it holds the run's lock.

    The child gets `env` as its environment: that is how secrets reach it, never by a file or an argument. With
    `start_jobs=False` it only carries out what was asked, and starts no job of the queue. Raises EngineStartError,
    RequestRefused (read-only, a run of another user).
    """
    refuse_when_read_only()
    refuse_foreign(run_dir)
    run = Run.open(run_dir)
    alive = run.engine_alive()
    if alive is not None:
        return alive
    log = run.paths.engine_log
    with log.open("ab") as sink:
        child = subprocess.Popen(
            helper_command("evaldock.core.engine", str(run_dir), *([] if start_jobs else [ONLY_REQUESTS])),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env=dict(env),
            cwd=NEUTRAL,
            start_new_session=True,
        )
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        alive = run.engine_alive()
        if alive is not None:
            return alive
        if child.poll() is not None:
            # A short run may be over before we look: exit 0 is a run well done.
            if child.returncode == 0:
                return child.pid
            raise EngineStartError(
                f"The engine of {run.invocation} did not start: {last_words(log) or f'{log} is empty'}"
            )
        time.sleep(0.01)
    raise EngineStartError(f"The engine of {run.invocation} is not up after {_PATIENCE:.0f} s; see {log}")


def last_words(log: Path) -> str:
    """The last line of an engine's log, as it is; "" when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""
