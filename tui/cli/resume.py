"""`evaldock resume`: take over a run whose engine has died."""

from __future__ import annotations

from pathlib import Path

import click

from .complete import IdType
from .epilog import examples
from .errors import UsageProblem
from .exit_codes import TERMINAL_STATES, ExitCode
from .face import face_for
from .look import look_options
from .options import detach_option, env_file_option, environment, json_option, no_tui_option
from .rows import counts
from .select import rows_of, targets


@click.command(epilog=examples(("resume 3f2a", "continue where a dead engine stopped")))
@click.argument("invocation", type=IdType(jobs=False), metavar="ID")
@env_file_option
@no_tui_option
@json_option
@detach_option
@look_options
def command(invocation: str, env_files: tuple[Path, ...], no_tui: bool, as_json: bool, detach: bool) -> ExitCode:
    """Take over a run whose engine has died.

    Running containers are adopted, ended ones are recorded, and jobs that never started are queued.
    """
    from ...core.control.start import require_env, unstarted
    from . import launch

    (target,) = targets([invocation])
    run = target.run
    if not target.whole:
        raise UsageProblem(f"{invocation} is a job. A whole run is resumed: evaldock resume {run.invocation}")
    pid = run.engine_alive()
    if pid is not None:
        click.echo(f"{run.invocation} has its engine (process {pid}): nothing to resume.", err=True)
        return ExitCode.OK
    rows = rows_of(target)
    if all(row.state in TERMINAL_STATES for row in rows):
        click.echo(f"{run.invocation} has ended: nothing to resume. evaldock rerun runs jobs again.", err=True)
        return ExitCode.OK
    env = environment(env_files)
    require_env(run.current_plan(), env, unstarted(run))
    face = face_for(no_tui=no_tui, as_json=as_json, detach=detach)
    executor = launch.executor_for(face)
    if not face.dashboard:
        click.echo(f"taking over {run.invocation}: {counts(rows)}", err=True)
    return launch.go(run, env, face, executor)
