"""`evaldock kill`: stop jobs or whole runs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence

import click

from .complete import IdType
from .epilog import examples
from .exit_codes import TERMINAL_STATES, ExitCode
from .options import json_option
from .rows import Row, plain
from .select import Target, rows_of, targets

_POLL = 0.05  # seconds between looks at a run while waiting
_MARGIN = 10.0  # seconds beyond the grace period for Docker to do what it was told
_RESPAWN = 3.0  # seconds between attempts to have an engine


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
    found = targets(ids)
    before = _rows(found)
    for target in found:
        _ask(target, before, force=now)
    if wait:
        _wait(found, time.monotonic() + _patience(found, now))
    after = _rows(found)
    results = [_result(before[job], after[job]) for job in before]
    if as_json:
        click.echo(json.dumps(results, ensure_ascii=False, indent=2))
    else:
        for result in results:
            click.echo(f"{result['job']}  {plain(result['task'])}  {result['result']}")
    ended = all(row["state"] in TERMINAL_STATES for row in after.values())
    return ExitCode.OK if ended or not wait else ExitCode.FAILED


def _rows(found: Sequence[Target]) -> dict[str, Row]:
    return {str(row["job"]): row for target in found for row in rows_of(target)}


def _ask(target: Target, rows: dict[str, Row], *, force: bool) -> None:
    from ...core.control.ask import ask_kill

    open_jobs = [job for job in target.jobs if rows[job]["state"] not in TERMINAL_STATES]
    # Last job first: the queue must be empty before a slot falls free, or a queued job would start.
    for job in reversed(open_jobs):
        ask_kill(target.run, job, force)
    if open_jobs:
        _ensure_engine(target)


def _ensure_engine(target: Target) -> None:
    """Requests are carried out by an engine; a dead run gets one that does nothing else."""
    if target.run.engine_alive() is not None:
        return
    from ...core.engine.start import spawn_engine

    spawn_engine(target.run.paths.root, os.environ, start_jobs=False)


def _patience(found: Sequence[Target], now: bool) -> float:
    if now:
        return _MARGIN
    graces = [job.kill_grace for target in found for job in target.run.plan.jobs if job.id in target.jobs]
    return max(graces, default=0.0) + _MARGIN


def _wait(found: Sequence[Target], deadline: float) -> None:
    looked = time.monotonic()
    open_targets = list(found)
    while open_targets and time.monotonic() < deadline:
        open_targets = [target for target in open_targets if not _ended(target)]
        if open_targets and time.monotonic() - looked > _RESPAWN:
            # An engine that was about to leave may not have seen the request.
            looked = time.monotonic()
            for target in open_targets:
                _ensure_engine(target)
        if open_targets:
            time.sleep(_POLL)


def _ended(target: Target) -> bool:
    jobs = target.run.state().jobs
    return all(jobs[job].state.terminal for job in target.jobs)


def _result(before: Row, after: Row) -> dict[str, str]:
    if before["state"] in TERMINAL_STATES:
        text = f"already {before['state']}"
    elif after["state"] in TERMINAL_STATES:
        text = str(after["state"])
    else:
        text = f"asked to stop, still {after['state']}"
    return {
        "job": str(before["job"]),
        "task": str(before["task"]),
        "result": text,
        "state": str(after["state"]),
    }
