"""`core.control` for the dashboard: each function blocks, belongs on a worker thread, and returns what to say.

All raise what `core.base.errors.explain` knows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.control import ask, kill, start
from ...core.run.store import Run
from ..draw.numbers import counted

if TYPE_CHECKING:
    from ...core.config.model import Config
    from ...core.plan.spec import Plan


def start_engine(run: Run, env: Mapping[str, str]) -> str:
    """Give the run an engine that continues with its queue."""
    start.start(run, env)
    return ""


def resume(run: Run, env: Mapping[str, str]) -> str:
    """As `start_engine`, but what is still to be started must find its variables in `env`."""
    start.resume(run, env)
    return "A new engine has taken the run over."


def kill_jobs(run: Run, jobs: Sequence[str], env: Mapping[str, str], *, force: bool) -> str:
    """Ask to end `jobs`."""
    asked = kill.kill(run, jobs, env, force=force)
    if not asked:
        return "Nothing left to kill: it has ended, or is asked to end already."
    return f"Asked {counted(asked)} to end" + (" at once." if force else ".")


def rerun(run: Run, jobs: Sequence[str], overrides: Sequence[str], env: Mapping[str, str]) -> str:
    """Ask for a new attempt of `jobs`, all of which have ended, and have an engine for it."""
    from ...core.control.rerun import plan_reruns

    reruns = plan_reruns(run, jobs, overrides, env=env)
    if run.engine_alive() is None:
        start.require_env(reruns.plan, env)
    ask.ask_reruns(run, reruns)
    start.start(run, env)
    return f"Rerunning {counted(len(reruns.jobs))}."


def pause(run: Run, *, on: bool) -> str:
    """Start no further task, or start tasks again."""
    (ask.ask_pause if on else ask.ask_unpause)(run)
    return "Queue paused; running tasks continue." if on else "Queue resumed."


def delete(run: Run, env: Mapping[str, str]) -> str:
    """Delete a run that has ended, and containers of it that were left."""
    from ...core.control.prune import delete_run

    delete_run(run, env=env)
    return f"Run {run.invocation} is deleted."


def find_runs(folder: str) -> str:
    """Look for runs in a folder and list them from now on."""
    from ...core.run.index import scan

    path = Path(os.path.expanduser(folder))
    if not path.is_dir():
        return f"{folder} is not a folder."
    found = len(scan(path))
    return f"Found {counted(found, 'run')} in {path}." if found else f"There is no run in {path}."


def docker_again(env: Mapping[str, str]) -> str:
    """Ask Docker now; the engine takes its answer up by itself."""
    from ...core.engine.docker.reach import quick_version

    if version := quick_version(env):
        return f"Docker {version} answers. The engine looks for its tasks again within seconds."
    return "Docker still does not answer."


def export(run: Run, typed: str) -> str:
    """Write the scores of a run to a file."""
    from ...core.results.export import export_scores

    path = Path(os.path.expanduser(typed))
    number = export_scores(run, path)
    return f"Wrote {counted(number, 'score')} to {path}."


def create(plan: Plan, config: Config) -> Run:
    """Make a new run; its engine is started by whoever shows it."""
    return start.create(plan, config.tree, config.sources)
