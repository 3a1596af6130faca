"""`evaldock ls`: tasks of the catalog, runs of this machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ...core.base.clock import parse_iso
from ...core.base.sanitize import json_text
from ..draw.numbers import age
from .epilog import examples
from .errors import UsageProblem
from .exit_codes import ExitCode
from .ls_tasks import task, tasks
from .options import json_option, parse_span
from .select import warn_unregistered
from .style import Style, style_of
from .table import Cell, Column, render


class _TasksByDefault(click.Group):
    """`evaldock ls` and `evaldock ls PATTERN` mean `ls tasks`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["tasks", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_TasksByDefault)
def command() -> None:
    """List tasks (the default) or runs."""


command.add_command(tasks)
command.add_command(task)


@command.command("runs", epilog=examples(("ls runs", "the newest"), ("ls runs --limit 5 --json", "for programs")))
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most this many.")
@click.option("--since", metavar="WHEN", help="Only runs since a date (2026-11-23) or for 30m, 12h, 7d.")
@click.option("--executor", metavar="NAME", help="Only runs of this executor; there is local.")
@click.option("--scan", type=click.Path(path_type=Path, file_okay=False), help="First find the runs in this directory.")
@json_option
def runs(limit: int, since: str | None, executor: str | None, scan: Path | None, as_json: bool) -> ExitCode:
    """List runs, newest first."""
    from ...core.run import index

    if scan is not None:
        for run in index.scan(scan):
            warn_unregistered(run)
    earliest = None if since is None else _since(since, datetime.now(UTC))
    found: list[dict[str, Any]] = []
    summaries = index.summaries() if executor in (None, "local") else []
    for entry in summaries:
        if len(found) == limit:
            break
        created = parse_iso(str(entry["created"]))
        if earliest is None or (created is not None and created >= earliest):
            found.append(entry)
    if as_json:
        click.echo(json_text(found, indent=2))
    elif not found:
        click.echo("There are no runs here yet. Start one: evaldock run PATH.yaml", err=True)
    else:
        click.echo("\n".join(_run_lines(found, style_of(sys.stdout))))
    if damaged := index.unreadable(summaries):
        names, why = _few(damaged), f"evaldock status {damaged[0]}"
        click.echo(f"evaldock: warning: not listed, because they cannot be read: {names}. Why: {why}", err=True)
    return ExitCode.OK


def _since(text: str, now: datetime) -> datetime:
    span = parse_span(text)
    try:
        if span is not None:
            return now - span
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageProblem(
            f"--since {text}: expected a date or time (2026-11-23, 2026-11-23T11:00) or a span (30m, 12h, 7d)."
        ) from None
    # A date as people write it means their own day.
    return moment.astimezone() if moment.tzinfo is None else moment


_RUN_COLUMNS = (
    Column("RUN"),
    Column("AGE", right=True),
    Column("STATE"),
    Column("JOBS"),
    Column("MODEL", least=16),
    Column("TASKS", least=16, give_up=2),
    Column("DIRECTORY", give_up=1),
)


def _run_lines(found: Sequence[dict[str, Any]], style: Style) -> list[str]:
    return render(_RUN_COLUMNS, [_run_cells(entry, style) for entry in found], style)


def _run_cells(entry: dict[str, Any], style: Style) -> list[Cell]:
    from .rows import plain

    created = parse_iso(entry["created"])
    # `interrupted` is a run's word: its look is that of a job nobody knows about.
    look = "lost" if entry["state"] == "interrupted" else entry["state"]
    counts: dict[str, int] = entry["counts"]
    return [
        Cell(entry["invocation"]),
        Cell(age((datetime.now(UTC) - created).total_seconds()) if created else ""),
        Cell(f"{style.glyph(look)} {entry['state']}", look),
        Cell(", ".join(f"{number} {state}" for state, number in counts.items())),
        Cell(plain(entry["model"])),
        Cell(plain(_few(entry["tasks"]))),
        Cell(plain(entry["run_dir"]), "dim"),
    ]


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" +{len(names) - 3}" if len(names) > 3 else "")
