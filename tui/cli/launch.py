"""What `run`, `resume` and `rerun` have in common: refuse early, then run here or detached."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import exit_codes
from .errors import Failure, UsageProblem
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


def refuse_missing_env(plan: Plan, env: Mapping[str, str], jobs: Collection[str] | None = None) -> None:
    """Raises UsageProblem naming every variable that `jobs` (all when None) need and `env` lacks."""
    from ...core.plan.environ import missing_env

    if jobs is not None:
        plan = replace(plan, jobs=tuple(job for job in plan.jobs if job.id in jobs))
    problems = missing_env(plan, env)
    if problems:
        raise UsageProblem(
            "\n".join(
                [*(str(problem) for problem in problems), "Set them in your shell, or give a file with --env-file."]
            )
        )


def early_look(plan: Plan, env: Mapping[str, str]) -> EarlyLook:
    """Begin to ask the endpoints whether they would take requests, beside whatever comes next."""
    from ...core.preflight.early import EarlyLook

    return EarlyLook(plan, env)


def refuse_bad_endpoint(early: EarlyLook | None) -> None:
    """Raises Failure when every request to an endpoint would fail, as far as it has said so within its second."""
    failed = early.failures() if early else ()
    if failed:
        lines = [f"{check.name}: {check.text}. {check.remedy}" for check in failed]
        raise Failure("\n".join([*lines, "Nothing was started. Start it all the same: --no-check"]))


def checked_executor() -> Executor:
    """The Docker executor, once it has answered. Raises ExecutorUnavailable with a remedy."""
    from ...core.engine.docker.executor import DockerExecutor

    executor = DockerExecutor()
    executor.check()
    return executor


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
    """Makes a new run of `plan` and has it worked off; `check` looks at its endpoint first. See `create_run`, `go`."""
    from ...core.run.layout import create_run
    from ...core.run.store import Run

    refuse_missing_env(plan, env)
    early = early_look(plan, env) if check else None
    executor = executor_for(face)
    refuse_bad_endpoint(early)
    run = Run.open(create_run(plan, config, now=datetime.now(UTC), sources=sources).root)
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
    from ...core.engine.start import spawn_engine

    spawn_engine(run.paths.root, env)
    tell_detached(run, as_json=as_json, jobs=jobs)
    return ExitCode.OK


def tell_detached(run: Run, *, as_json: bool, jobs: Collection[str] | None) -> None:
    """One JSON object, or the invocation on stdout and hints on stderr."""
    if as_json:
        click.echo(json.dumps(launch_of(run).to_json(), ensure_ascii=False))
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
    from ...core.control.ask import ask_planned

    attempts = {item.job: item.attempt for item in reruns.jobs}
    jobs = tuple(attempts)
    for item in reruns.jobs:
        ask_planned(run, item)
    if not face.here or run.engine_alive() is None:
        return go(run, env, face, executor, jobs=jobs)
    click.echo("The run's engine takes this over, with the environment it was started in.", err=True)
    reporter = make_reporter(as_json=face.as_json)
    reporter.launched(launch_of(run))
    try:
        ended = watch(run, attempts, reporter)
    except KeyboardInterrupt:
        reporter.note(f"no longer watching; the tasks go on. Stop them: evaldock kill {run.invocation}")
        return ExitCode.INTERRUPTED
    if not ended:
        raise Failure(f"The engine of {run.invocation} has gone. Go on: evaldock resume {run.invocation}")
    rows = list(run.views())
    code = exit_codes.of_finished(str(row["state"]) for row in selected(rows, jobs))
    reporter.finished(rows, code)
    return code
