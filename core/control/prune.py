"""House-keeping: what can be thrown away, and throwing it away. A run that an engine works on is never touched."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..base.clock import parse_iso
from ..engine.executor import Executor, ExecutorUnavailable, FoundContainer
from ..engine.executors import docker_executor
from ..proxy.process import find_proxy
from ..run.access import RequestRefused, refuse_when_read_only
from ..run.index import list_runs
from ..run.paths import JobPaths, is_gone
from ..run.pointers import pointers
from ..run.store import Run, RunDamaged
from .remove import remove_attempts, remove_run


@dataclass(frozen=True)
class OldAttempts:
    """The files of the earlier attempts at one job."""

    job: str
    paths: JobPaths


@dataclass(frozen=True)
class Leftover:
    """A container that nothing will come back to, and why in a few words."""

    container: FoundContainer
    why: str


def ended_runs(before: datetime, env: Mapping[str, str] | None = None) -> list[Run]:
    """Runs whose jobs have all ended, the last one at `before` (aware) or earlier, newest first."""
    return [run for run in list_runs(env) if (moment := _ended(run)) is not None and moment <= before]


def old_attempts(before: datetime, env: Mapping[str, str] | None = None) -> list[OldAttempts]:
    """What earlier attempts left, of runs as in `ended_runs`."""
    return [
        OldAttempts(job.id, paths)
        for run in ended_runs(before, env)
        for job in run.plan.jobs
        if (paths := run.paths.job(job.dir_name)).attempts.is_dir()
    ]


def leftovers(executor: Executor, env: Mapping[str, str] | None = None) -> list[Leftover]:
    """Containers of runs that are gone, and of attempts that have ended. Raises ExecutorUnavailable.

    Those of a run that was interrupted stay: `resume` takes them over. `env` (default: this process's) says where
    the pointers to runs are: no run is opened because a container names it.
    """
    known = {os.path.realpath(root): root for root in pointers(env).values()}
    runs: dict[str, Run | None] = {}
    found: list[Leftover] = []
    for container in executor.find(None):
        home = container.run_dir
        if home not in runs:
            runs[home] = _open(known[home]) if home in known else None
        why = _why_left(container, runs[home])
        if why:
            found.append(Leftover(container, why))
    return found


def delete_run(run: Run, executor: Executor | None = None, env: Mapping[str, str] | None = None) -> None:
    """Delete a run with the containers that it left; `env` (default: this process's) says where its pointer is.

    `executor` is Docker unless given. When that is away, only a run whose jobs have all ended can go. Blocks: call it
    on a thread of your own. Raises RequestRefused.
    """
    refuse_when_read_only()
    if run.engine_alive() is not None:
        raise RequestRefused(
            f"Run {run.invocation} still has a running engine: stop it first (evaldock kill {run.invocation})."
        )
    try:
        executor = executor or docker_executor()
        home = os.path.realpath(run.paths.root)
        for container in executor.find(run.invocation):
            if container.run_dir == home:
                executor.remove(container.name)
    except ExecutorUnavailable as error:
        if not run.state().done:
            raise RequestRefused(f"{run.invocation} may have containers that run: {error}") from error
    proxy = find_proxy(run.paths.root)
    if proxy is not None:
        proxy.stop()
    remove_run(run.paths.root, env)


def delete_attempts(attempts: Sequence[OldAttempts]) -> None:
    """Delete what earlier attempts left; their specs stay. Raises RequestRefused."""
    for one in attempts:
        remove_attempts(one.paths)


def _ended(run: Run) -> datetime | None:
    state = run.state()
    if not state.done or run.engine_alive() is not None:
        return None
    return max((moment for view in state.jobs.values() if (moment := parse_iso(view.ended))), default=None)


def _open(root: Path) -> Run | None:
    try:
        return Run.open(root)
    except RunDamaged:
        return None


def _why_left(container: FoundContainer, run: Run | None) -> str:
    if run is None:
        # One that is there but cannot be read may be somebody else's.
        return "its run is gone" if container.run_dir and is_gone(Path(container.run_dir)) else ""
    if run.engine_alive() is not None:
        return ""
    view = run.state().jobs.get(container.job)
    if view is None:
        return "its run does not know it"
    return "its job has ended" if view.state.terminal or container.attempt != view.attempt else ""
