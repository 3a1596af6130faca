"""Opens the dashboard and turns how it was left into words and an exit code."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import click

from . import exit_codes
from .exit_codes import ExitCode
from .look import current_look

if TYPE_CHECKING:
    from ...core.run.store import Run
    from ..outcome import Left


def open_run(
    run: Run,
    env: Mapping[str, str],
    *,
    start: bool,
    jobs: Collection[str] | None = None,
    told: Collection[str] = (),
) -> ExitCode:
    """Show `run`. With `start` its engine is started, a process of its own with `env`, once the screen is drawn.

    `jobs` are those that the exit code tells of (all when None); `told` are sentences for the event log.
    """
    from ..app import EvaldockApp

    app = EvaldockApp(current_look(), env=env)
    app.begin_with(run, start=start, told=tuple(told))
    return _after(app.show(), run, jobs)


def open_home(env: Mapping[str, str] | None = None) -> ExitCode:
    """Show the list of runs."""
    from ..app import EvaldockApp

    app = EvaldockApp(current_look(), env=os.environ if env is None else env)
    return _after(app.show(), None, None)


def _after(left: Left | None, run: Run | None, jobs: Collection[str] | None) -> ExitCode:
    """Words on what goes on without the dashboard, and the exit code."""
    if left is None:
        return ExitCode.FAILED
    if left.killed:
        click.echo("evaldock: killing the tasks.", err=True)
        return ExitCode.INTERRUPTED
    if left.run is None:
        return ExitCode.OK
    state = left.run.state()
    if not state.done:
        return _tell_open(left.run)
    chosen = jobs if run is not None and run.invocation == left.run.invocation else None
    return exit_codes.of_finished(
        view.state.value for view in state.jobs.values() if chosen is None or view.id in chosen
    )


def _tell_open(run: Run) -> ExitCode:
    open_jobs = sum(not view.state.terminal for view in run.state().jobs.values())
    tasks = "1 task" if open_jobs == 1 else f"{open_jobs} tasks"
    if run.engine_alive() is None:
        click.echo(f"evaldock: {tasks} of {run.invocation} wait without an engine.", err=True)
        click.echo(f"  evaldock resume {run.invocation}", err=True)
        return ExitCode.FAILED
    verb = "goes" if open_jobs == 1 else "go"
    click.echo(f"evaldock: {tasks} of {run.invocation} {verb} on. Come back with:", err=True)
    click.echo(f"  evaldock attach {run.invocation}", err=True)
    return ExitCode.OK
