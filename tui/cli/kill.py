"""`evaldock kill`: stop jobs or whole runs."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ...core.base.sanitize import json_text
from .complete import IdType
from .epilog import examples
from .exit_codes import TERMINAL_STATES, ExitCode
from .options import json_option
from .rows import plain
from .select import Target, rows_of, targets

if TYPE_CHECKING:
    from ...core.run.status import JobStatus

_MARGIN = 10.0  # seconds beyond the grace period for Docker to do what it was told


@click.command(epilog=examples(("kill 3f2a.1", "one job"), ("kill 3f2a --now", "a whole run at once")))
@click.argument("ids", nargs=-1, required=True, type=IdType(), metavar="ID...")
@click.option("--now", is_flag=True, help="Kill immediately, without a grace period.")
@click.option("--wait/--no-wait", default=True, help="Wait until the jobs have ended (default).")
@json_option
def command(ids: tuple[str, ...], now: bool, wait: bool, as_json: bool) -> ExitCode:
    """Stop jobs or whole runs.

    Tasks get `execution.kill_grace` seconds to shut down. Exit code 0 when all of them have ended (with --no-wait:
    when all were asked to), 1 when one has not, 2 for an unknown ID.
    """
    from ...core.control.kill import kill, wait_ended

    found = targets(ids)
    before = _rows(found)
    for target in found:
        kill(target.run, target.jobs, os.environ, force=now)
    until = time.monotonic() + _patience(found, now)
    for target in found if wait else ():
        wait_ended(target.run, target.jobs, os.environ, until)
    after = _rows(found)
    results = [_result(before[job], after[job]) for job in before]
    if as_json:
        click.echo(json_text(results, indent=2))
    else:
        for result in results:
            click.echo(f"{result['job']}  {plain(result['task'])}  {result['result']}")
    ended = all(row.state in TERMINAL_STATES for row in after.values())
    return ExitCode.OK if ended or not wait else ExitCode.FAILED


def _rows(found: Sequence[Target]) -> dict[str, JobStatus]:
    return {row.job: row for target in found for row in rows_of(target)}


def _patience(found: Sequence[Target], now: bool) -> float:
    if now:
        return _MARGIN
    graces = [job.kill_grace for target in found for job in target.run.plan.jobs if job.id in target.jobs]
    return max(graces, default=0.0) + _MARGIN


def _result(before: JobStatus, after: JobStatus) -> dict[str, str]:
    if before.state in TERMINAL_STATES:
        text = f"already {before.state}"
    elif after.state in TERMINAL_STATES:
        text = after.state.value
    else:
        text = f"asked to stop, still {after.state}"
    return {
        "job": before.job,
        "task": before.task,
        "result": text,
        "state": after.state.value,
    }
