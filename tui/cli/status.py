"""`evaldock status`: how runs and jobs stand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ...core.base.sanitize import json_text
from . import exit_codes
from .complete import IdType
from .epilog import examples
from .exit_codes import TERMINAL_STATES, ExitCode
from .options import ShapedCommand, json_option, nel_option
from .rows import counts, plain, status_table
from .select import Target, newest, rows_of, targets
from .style import Style, style_of

if TYPE_CHECKING:
    from ...core.run.status import JobStatus


@click.command(
    cls=ShapedCommand, epilog=examples(("status", "the newest run"), ("status 3f2a.0 --json", "one job, for programs"))
)
@click.argument("ids", nargs=-1, type=IdType(), metavar="[ID]...")
@json_option
@nel_option
def command(ids: tuple[str, ...], as_json: bool, as_nel: bool) -> ExitCode:
    """Show the status of runs or jobs (default: the newest run).

    An ID is an invocation or a job id, or any unique beginning of one. Exit code: 1 when a job failed, was killed
    or lost, or when jobs are left but the run has no engine; 0 otherwise.
    """
    found = targets(ids) if ids else newest()
    if as_nel:
        from .nel_json import status_json

        click.echo(json_text([entry for target in found for entry in status_json(target)], indent=2))
        return exit_codes.of_snapshot(row.state.value for target in found for row in rows_of(target))
    if not found and not as_json:
        click.echo("There are no runs yet. Start one: evaldock run PATH.yaml", err=True)
    rows = {target.run.invocation: rows_of(target) for target in found}
    if as_json:
        click.echo(json_text([row.to_json() for part in rows.values() for row in part], indent=2))
    style = style_of(sys.stdout)
    orphaned = False
    for number, target in enumerate(found):
        part = rows[target.run.invocation]
        pid = target.run.engine_alive()
        orphan = pid is None and any(row.state not in TERMINAL_STATES for row in part)
        orphaned = orphaned or orphan
        if not as_json:
            _show(target, part, style, pid, first=number == 0)
        if orphan:
            click.echo(_resume_hint(target.run.invocation), err=True)
    snapshot = exit_codes.of_snapshot(row.state.value for part in rows.values() for row in part)
    return ExitCode.FAILED if orphaned else snapshot


def _show(target: Target, rows: list[JobStatus], style: Style, pid: int | None, *, first: bool) -> None:
    if not first:
        click.echo()
    run = target.run
    head = [style.paint(f"run {run.invocation}", "bold"), plain(run.plan.model_id), counts(rows)]
    if any(row.state not in TERMINAL_STATES for row in rows):
        head.append(f"engine {pid}" if pid is not None else "no engine")
    click.echo("  ".join(part for part in head if part))
    click.echo(style.paint(plain(run.paths.root), "dim"))
    for line in status_table(rows, style, str(run.paths.root)):
        click.echo(line)


def _resume_hint(invocation: str) -> str:
    return f"Run {invocation} is unfinished and its engine has stopped. Resume it: evaldock resume {invocation}"
