"""`evaldock attach`: the dashboard on a run that is there already."""

from __future__ import annotations

from pathlib import Path

import click

from .complete import IdType
from .epilog import examples
from .errors import UsageProblem
from .exit_codes import ExitCode
from .face import can_show
from .look import look_options
from .options import env_file_option, environment


@click.command(epilog=examples(("attach", "the newest run"), ("attach 3f2a", "the run whose id begins so")))
@click.argument("invocation", required=False, type=IdType(jobs=False), metavar="[RUN]")
@env_file_option
@look_options
def command(invocation: str | None, env_files: tuple[Path, ...]) -> ExitCode:
    """Open the dashboard on a run, live or finished; without RUN on the newest one.

    Leaving it does not affect the run. The exit code is 0 while tasks run; once all have ended, it is 0 only if
    every one succeeded.
    """
    from ...core.run.index import find, last_run
    from .dashboard import open_run

    run = last_run() if invocation is None else find(invocation).run
    if not can_show():
        raise UsageProblem(
            f"The dashboard needs a terminal. Without one: evaldock status {run.invocation}, or "
            f"evaldock logs -f {run.invocation}"
        )
    return open_run(run, environment(env_files), start=False)
