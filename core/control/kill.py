"""Killing jobs: ask for it, see that an engine does it, and wait for the end."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

from ..run.requests import take_requests
from ..run.store import Run
from .ask import ask_kill
from .start import start

_POLL = 0.05  # seconds between looks at a run
_RESPAWN = 3.0  # seconds between attempts to have an engine


def kill(run: Run, jobs: Sequence[str], env: Mapping[str, str], *, force: bool = False) -> int:
    """Ask to end `jobs`, at once with `force`, and have an engine that does it; how many were asked to end.

    A run without an engine gets one, with `env`, that starts no job. Raises RequestRefused, EngineStartError.
    """
    # Last job first: the queue must be empty before a slot falls free, or a queued job would start.
    asked = sum(ask_kill(run, job, force) for job in reversed(jobs))
    if take_requests(run.paths):
        start(run, env, start_jobs=False)
    return asked


def wait_ended(run: Run, jobs: Collection[str], env: Mapping[str, str], until: float) -> bool:
    """Wait for the end of killed `jobs`, until `time.monotonic()` is `until`; whether all have ended.

    An engine that dies meanwhile is replaced.
    """
    looked = time.monotonic()
    while not (ended := _ended(run, jobs)) and time.monotonic() < until:
        if run.engine_alive() is None and time.monotonic() - looked > _RESPAWN:
            looked = time.monotonic()
            start(run, env, start_jobs=False)
        time.sleep(_POLL)
    return ended


def _ended(run: Run, jobs: Collection[str]) -> bool:
    views = run.state().jobs
    return all(views[job].state.terminal for job in jobs)
