"""`evaldock open`: the folder of a run, or of what a job has written."""

from __future__ import annotations

import click

from ..desktop import show_on_desktop
from .complete import IdType
from .epilog import examples
from .exit_codes import ExitCode
from .select import targets


@click.command(epilog=examples(("open 3f2a", "the folder of the run"), ("open 3f2a.0", "the results of a job")))
@click.argument("target", type=IdType(), metavar="ID")
@click.option("--print", "only_print", is_flag=True, help="Print the folder's path instead, as for `cd`.")
def command(target: str, only_print: bool) -> ExitCode:
    """Open a folder in the desktop's file manager: of a run, or of the results of a job.

    Without a desktop, the path is printed: cd "$(evaldock open ID --print)"
    """
    (found,) = targets([target])
    run = found.run
    path = run.paths.root if found.whole else run.paths.job(run.job(found.jobs[0]).dir_name).artifacts
    if only_print or not show_on_desktop(path):
        click.echo(str(path))
    return ExitCode.OK
