"""`evaldock rerun --exact`: a run again, as a new run with the very images that ran."""

from __future__ import annotations

from secrets import token_hex

import click

from ...core.base.sanitize import json_text
from .errors import UsageProblem
from .exit_codes import ExitCode
from .face import Face
from .rows import plain
from .select import Target


def replay(target: Target, env: dict[str, str], face: Face, *, dry_run: bool, check: bool) -> ExitCode:
    """Plan the run that `target` names anew, and run it (or show it)."""
    from ...core.control.exact import plan_replay
    from ...core.engine.provenance import evaldock_version
    from . import launch

    run = target.run
    if not target.whole:
        raise UsageProblem(f"{target.jobs[0]} is a job. A whole run is done again: --exact {run.invocation}")
    found = plan_replay(run, token_hex(4), evaldock=evaldock_version())
    notes = [plain(note) for note in found.notes]
    for note in notes:
        click.echo(f"evaldock: warning: {note}", err=True)
    if not dry_run:
        # The catalogs that were kept beside the run's config go along.
        sources = [run.paths.config]
        return launch.start_new(found.plan, found.config, env, face, check=check, sources=sources, told=notes)
    if face.as_json:
        from ...core.plan.codec import plan_to_json

        click.echo(json_text(plan_to_json(found.plan)))
    else:
        from ...core.plan.render import render_plan

        click.echo(render_plan(None, found.plan, env), nl=False)
    return ExitCode.OK
