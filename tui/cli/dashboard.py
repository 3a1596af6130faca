"""Opens the dashboard and turns how it was left into words and an exit code."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import click

from . import exit_codes
from .exit_codes import ExitCode
from .look import current_appearance

if TYPE_CHECKING:
    from ...core.run.store import Run
    from ..crash import Crash
    from ..dashboard import DashboardExit


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

    app = EvaldockApp(current_appearance(), env=env)
    app.begin_with(run, start=start, messages=tuple(told))
    left = app.show()
    return _after_a_crash(app.crash) if left is None else _after(left, run, jobs)


def open_home(env: Mapping[str, str] | None = None) -> ExitCode:
    """Show the list of runs."""
    from ..app import EvaldockApp

    app = EvaldockApp(current_appearance(), env=os.environ if env is None else env)
    left = app.show()
    return _after_a_crash(app.crash) if left is None else _after(left, None, None)


def _after_a_crash(crash: Crash | None) -> ExitCode:
    """Three lines: that it was a defect, how the run stands, and where the details are."""
    run = crash.run if crash is not None else None
    click.echo("evaldock: the dashboard hit a bug and had to close.", err=True)
    if run is None:
        click.echo("  Runs are not affected. Come back: evaldock", err=True)
    elif run.engine_alive() is not None:
        click.echo(f"  Your run continues. Come back: evaldock attach {run.invocation}", err=True)
    else:
        click.echo(f"  Your run is not affected. Look at it: evaldock status {run.invocation}", err=True)
    file = crash.file if crash is not None else None
    where = file or "none, because the state directory cannot be written"
    click.echo(f"  Details for a bug report: {where}", err=True)
    return ExitCode.FAILED


def _after(left: DashboardExit, run: Run | None, jobs: Collection[str] | None) -> ExitCode:
    """Words on what continues without the dashboard, and the exit code."""
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
        verb = "is" if open_jobs == 1 else "are"
        click.echo(f"evaldock: {tasks} of {run.invocation} {verb} waiting, but no engine is running.", err=True)
        click.echo(f"  evaldock resume {run.invocation}", err=True)
        return ExitCode.FAILED
    verb = "continues" if open_jobs == 1 else "continue"
    click.echo(f"evaldock: {tasks} of {run.invocation} {verb}. Come back, or stop {_them(open_jobs)}:", err=True)
    click.echo(f"  evaldock attach {run.invocation}", err=True)
    click.echo(f"  evaldock kill {run.invocation}", err=True)
    return ExitCode.OK


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
