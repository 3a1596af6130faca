"""`evaldock shell`: a look around inside a container that runs."""

from __future__ import annotations

import os
import sys

import click

from ..desktop import shell_command
from .complete import IdType
from .epilog import examples
from .errors import Failure, UsageProblem
from .exit_codes import ExitCode
from .select import Target, targets


@click.command(epilog=examples(("shell 3f2a.0", "look around while it runs")))
@click.argument("target", type=IdType(), metavar="ID")
def command(target: str) -> ExitCode:
    """Open a shell in the container of a running job (or of a run with only one running job).

    The exit code is the shell's own.
    """
    from ...core.run.access import refuse_when_read_only

    refuse_when_read_only()
    (found,) = targets([target])
    words = shell_command(_container(found), terminal=sys.stdin.isatty())
    if words is None:
        raise Failure("A shell needs the program `docker`, and there is none on PATH.")
    sys.stdout.flush()
    os.execvp(words[0], words)


def _container(target: Target) -> str:
    """The name of the one container that is meant. Raises UsageProblem."""
    from ...core.run.events import JobState

    views = target.run.state().jobs
    running = [views[job] for job in target.jobs if views[job].state in (JobState.RUNNING, JobState.STOPPING)]
    if len(running) == 1:
        return running[0].container
    if running:
        jobs = ", ".join(view.id for view in running[:8])
        raise UsageProblem(f"Several jobs of {target.run.invocation} are running: name one of {jobs}.")
    if target.whole:
        raise UsageProblem(
            f"None of its jobs is running, so there is no container. Its files: evaldock open {target.jobs[0]}"
        )
    view = views[target.jobs[0]]
    if view.state.terminal:
        raise UsageProblem(
            f"{view.id} has ended ({view.state}), and its container is gone. Its files: evaldock open {view.id}"
        )
    raise UsageProblem(f"{view.id} is {view.state}: its container does not run yet.")
