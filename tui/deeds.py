"""What the dashboard has done to a run: each function blocks, belongs on a worker thread, and returns what to say.

They leave requests for the run's engine (core/run/requests.py) and see to it that there is one to carry them out.
All raise errors that `cli.errors.explain` knows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.control.ask import ask_kill, ask_pause, ask_unpause
from ..core.run.store import Run

if TYPE_CHECKING:
    from ..core.config.model import Config
    from ..core.plan.spec import Plan


def counted(number: int, noun: str = "task") -> str:
    """`1 task`, `3 tasks`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def start(run: Run, env: Mapping[str, str]) -> str:
    """Give the run an engine that goes on with its queue."""
    from ..core.engine.start import spawn_engine

    spawn_engine(run.paths.root, env)
    return ""


def resume(run: Run, env: Mapping[str, str]) -> str:
    """As `start`, but what is still to be started must find its variables in `env`."""
    from .cli.launch import refuse_missing_env

    jobs = run.state().jobs.values()
    waiting = {view.id for view in jobs if view.state.value in ("queued", "pulling", "starting")}
    refuse_missing_env(run.current_plan(), env, waiting)
    start(run, env)
    return "A new engine has taken the run over."


def kill(run: Run, jobs: Sequence[str], env: Mapping[str, str], *, force: bool) -> str:
    """Ask to end `jobs`."""
    # Last job first: the queue must be empty before a slot falls free, or a queued job would start.
    asked = sum(ask_kill(run, job, force) for job in reversed(jobs))
    _engine_for_requests(run, env)
    if not asked:
        return "Nothing left to kill: it has ended, or is asked to end already."
    return f"Asked {counted(asked)} to end" + (" at once." if force else ".")


def kill_all(run: Run, env: Mapping[str, str], *, force: bool) -> str:
    """Ask to end everything that has not ended."""
    return kill(run, [view.id for view in run.state().jobs.values() if not view.state.terminal], env, force=force)


def rerun(run: Run, jobs: Sequence[str], overrides: Sequence[str], env: Mapping[str, str]) -> str:
    """Ask for a new attempt of `jobs`, all of which have ended, and have an engine for it."""
    from ..core.control.ask import ask_planned
    from ..core.control.rerun import plan_reruns
    from .cli.launch import refuse_missing_env

    reruns = plan_reruns(run, jobs, overrides, env=env)
    if run.engine_alive() is None:
        refuse_missing_env(reruns.plan, env)
    for planned in reruns.jobs:
        ask_planned(run, planned)
    start(run, env)
    return f"Running {counted(len(reruns.jobs))} again."


def pause(run: Run, *, on: bool) -> str:
    """Start no further task, or start tasks again."""
    (ask_pause if on else ask_unpause)(run)
    return "No further task starts. Those that run go on." if on else "Tasks start again."


def delete(run: Run, env: Mapping[str, str]) -> str:
    """Delete a run that has ended, and containers of it that were left."""
    from ..core.control.prune import delete_run

    delete_run(run, env=env)
    return f"Run {run.invocation} is deleted."


def find_runs(folder: str) -> str:
    """Look for runs in a folder and list them from now on."""
    from ..core.run.index import scan

    path = Path(os.path.expanduser(folder))
    if not path.is_dir():
        return f"{folder} is not a folder."
    found = len(scan(path))
    return f"Found {counted(found, 'run')} in {path}." if found else f"There is no run in {path}."


def _engine_for_requests(run: Run, env: Mapping[str, str]) -> None:
    """Requests are carried out by an engine; a run without one gets one that does nothing else."""
    from ..core.engine.start import spawn_engine

    if run.engine_alive() is None and not run.state().done:
        spawn_engine(run.paths.root, env, start_jobs=False)


def docker_again(env: Mapping[str, str]) -> str:
    """Ask Docker now; the engine takes its answer up by itself."""
    from ..core.engine.docker.reach import quick_version

    if version := quick_version(env):
        return f"Docker {version} answers. The engine looks for its tasks again within seconds."
    return "Docker still does not answer."


def export(run: Run, typed: str) -> str:
    """Write the scores of a run to a file."""
    from ..core.results.export import export_scores

    path = Path(os.path.expanduser(typed))
    number = export_scores(run, path)
    return f"Wrote {counted(number, 'score')} to {path}."


def create(plan: Plan, config: Config) -> Run:
    """Make a new run; its engine is started by whoever shows it."""
    from ..core.api import new_run

    return new_run(config, plan)
