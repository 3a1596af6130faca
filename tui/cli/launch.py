"""What `run`, `resume` and `rerun` have in common: refuse early, then run here or detached."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...core.base.errors import NotStarted
from ...core.base.sanitize import json_text
from ...core.control.ask import ask_reruns
from ...core.control.start import create, endpoint_problems, require_env, start
from ...core.engine.executors import checked_executor
from . import exit_codes
from .errors import Failure
from .exit_codes import ExitCode
from .follow import selected, watch
from .foreground import drive, launch_of
from .reporter import make_reporter
from .rows import plain
from .select import warn_unregistered

if TYPE_CHECKING:
    from ...core.control.rerun import Reruns
    from ...core.engine.executor import Executor
    from ...core.plan.spec import Plan
    from ...core.preflight.early import EarlyLook
    from ...core.run.store import Run
    from .face import Face


def early_look(plan: Plan, env: Mapping[str, str]) -> EarlyLook:
    """Begin to ask the endpoints whether they would take requests, beside whatever comes next."""
    from ...core.preflight.early import EarlyLook

    return EarlyLook(plan, env)


def refuse_bad_endpoint(early: EarlyLook | None) -> None:
    """Raises NotStarted when every request to an endpoint would fail, as far as it has said so within its second."""
    problems = endpoint_problems(early) if early else ()
    if problems:
        raise NotStarted("\n".join([*problems, "Nothing was started. To start anyway, add --no-check."]))


def executor_for(face: Face) -> Executor | None:
    """As `checked_executor`; None when another process will drive the run and the local daemon gave a quick answer."""
    from ...core.engine.docker.reach import quick_version

    return None if not face.here and quick_version() is not None else checked_executor()


def start_new(
    plan: Plan,
    config: dict[str, object],
    env: Mapping[str, str],
    face: Face,
    *,
    check: bool,
    sources: Sequence[Path] = (),
    told: Collection[str] = (),
) -> ExitCode:
    """Makes a new run of `plan` and has it worked off; `check` looks at its endpoint first. See `create`, `go`."""
    require_env(plan, env)
    early = early_look(plan, env) if check else None
    executor = executor_for(face)
    refuse_bad_endpoint(early)
    run = create(plan, config, sources)
    return go(run, env, face, executor, told=[*told, *warn_unregistered(run)])


def go(
    run: Run,
    env: Mapping[str, str],
    face: Face,
    executor: Executor | None,
    *,
    jobs: Collection[str] | None = None,
    told: Collection[str] = (),
) -> ExitCode:
    """Has the run's queue worked off, shown as `face` says; the exit code tells of `jobs` (all when None).

    `told` are sentences that the dashboard keeps in its event log.
    """
    if face.dashboard:
        from .dashboard import open_run

        return open_run(run, env, start=True, jobs=jobs, told=told)
    if face.detach or executor is None:
        return run_detached(run, env, as_json=face.as_json, jobs=jobs)
    return run_here(run, env, executor, as_json=face.as_json, jobs=jobs)


def run_here(
    run: Run, env: Mapping[str, str], executor: Executor, *, as_json: bool, jobs: Collection[str] | None = None
) -> ExitCode:
    """Drives the run in this process; the exit code tells how `jobs` (all when None) ended."""
    os.umask(0o077)
    return drive(run, env, make_reporter(as_json=as_json), executor, jobs=jobs)


def run_detached(run: Run, env: Mapping[str, str], *, as_json: bool, jobs: Collection[str] | None = None) -> ExitCode:
    """Starts the run's engine as a process of its own and says how to reach it."""
    start(run, env)
    tell_detached(run, as_json=as_json, jobs=jobs)
    return ExitCode.OK


def tell_detached(run: Run, *, as_json: bool, jobs: Collection[str] | None) -> None:
    """One JSON object, or the invocation on stdout and hints on stderr."""
    if as_json:
        click.echo(json_text(launch_of(run).to_json()))
        return
    invocation = run.invocation
    number = len(run.plan.jobs if jobs is None else jobs)
    click.echo(invocation)
    for line in (
        f"started {number} {'job' if number == 1 else 'jobs'} in {plain(run.paths.root)}",
        f"  evaldock status {invocation}",
        f"  evaldock logs -f {invocation}",
        f"  evaldock kill {invocation}",
    ):
        click.echo(line, err=True)


def rerun(run: Run, reruns: Reruns, env: Mapping[str, str], face: Face, executor: Executor | None) -> ExitCode:
    """Asks for the new attempts that were planned, and sees to it that an engine makes them."""
    attempts = {item.job: item.attempt for item in reruns.jobs}
    jobs = tuple(attempts)
    ask_reruns(run, reruns)
    if not face.here or run.engine_alive() is None:
        return go(run, env, face, executor, jobs=jobs)
    click.echo("The run's engine takes this over, with the environment it was started in.", err=True)
    reporter = make_reporter(as_json=face.as_json)
    reporter.launched(launch_of(run))
    try:
        ended = watch(run, attempts, reporter)
    except KeyboardInterrupt:
        reporter.note(f"no longer watching; tasks keep running. Stop them: evaldock kill {run.invocation}")
        return ExitCode.INTERRUPTED
    if not ended:
        raise Failure(f"The engine of {run.invocation} has stopped. Resume it: evaldock resume {run.invocation}")
    rows = run.statuses()
    code = exit_codes.of_finished(row.state.value for row in selected(rows, jobs))
    reporter.finished(rows, code)
    return code
