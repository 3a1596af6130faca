"""Starting runs and resuming them: what speaks against it, a run's directory, and an engine for it."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.errors import ExitCode, NotStarted
from ..run.access import refuse_when_read_only
from ..run.requests import take_requests
from ..run.store import Run

if TYPE_CHECKING:
    from ..plan.spec import Plan
    from ..preflight.early import EarlyLook

_PATIENCE = 20.0  # seconds for an engine to take requests: one that works looks at once, one that leaves may need 5
_POLL = 0.05  # seconds between looks at the requests


class MissingVariables(NotStarted):
    """Jobs need variables that are not set."""

    exit_code = ExitCode.USAGE


def require_env(plan: Plan, env: Mapping[str, str], jobs: Collection[str] | None = None) -> None:
    """Raise MissingVariables naming every variable that `jobs` (all when None) need and `env` lacks."""
    missing = missing_variables(plan, env, jobs)
    if missing:
        raise MissingVariables("\n".join([*missing, "Set them in your shell, or give a file with --env-file."]))


def missing_variables(plan: Plan, env: Mapping[str, str], jobs: Collection[str] | None = None) -> list[str]:
    """A sentence for every variable that `jobs` (all when None) need and `env` lacks."""
    from ..plan.environ import missing_env

    if jobs is not None:
        plan = replace(plan, jobs=tuple(job for job in plan.jobs if job.id in jobs))
    return [str(problem) for problem in missing_env(plan, env)]


def endpoint_problems(early: EarlyLook) -> list[str]:
    """Why every request to an endpoint would fail, as far as it has said so within its second, each with a remedy."""
    return [f"{failed.name}: {failed.text}. {failed.remedy}" for failed in early.failures()]


def create(plan: Plan, config: dict[str, object], sources: Sequence[Path] = ()) -> Run:
    """Make the directory of a new run, with every job queued. See `create_run`. Raises RequestRefused (read-only)."""
    from datetime import UTC, datetime

    from ..run.layout import create_run

    refuse_when_read_only()
    return Run.open(create_run(plan, config, now=datetime.now(UTC), sources=sources).root)


def start(run: Run, env: Mapping[str, str], *, start_jobs: bool = True) -> None:
    """Have an engine at work on the run, a process of its own with `env`, that has taken what was asked of it.

    With `start_jobs=False` an engine that has to be started only carries out requests. One that is on its way out may
    not look at them any more: then another takes its place. Raises EngineStartError, RequestRefused (read-only).
    """
    from ..engine.spawn import spawn_engine

    spawn_engine(run.paths.root, env, start_jobs=start_jobs)
    deadline = time.monotonic() + _PATIENCE
    while take_requests(run.paths) and time.monotonic() < deadline:
        if run.engine_alive() is None:
            spawn_engine(run.paths.root, env, start_jobs=start_jobs)
        time.sleep(_POLL)


def resume(run: Run, env: Mapping[str, str]) -> None:
    """Have an engine take over where another stopped. Raises MissingVariables, and what `start` raises."""
    require_env(run.current_plan(), env, unstarted(run))
    start(run, env)


def unstarted(run: Run) -> set[str]:
    """The jobs that still need their variables: a container that is there has its environment."""
    jobs = run.state().jobs.values()
    return {view.id for view in jobs if view.state.value in ("queued", "pulling", "starting")}
