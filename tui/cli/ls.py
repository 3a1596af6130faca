"""`evaldock ls`: tasks of the catalog, runs of this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .complete import TaskType
from .errors import UsageProblem
from .exit_codes import ExitCode
from .formats import age, parse_time
from .options import json_option
from .style import Style, style_of
from .table import Cell, Column, render

if TYPE_CHECKING:
    from ...core.catalog.model import TaskSpec


class _TasksByDefault(click.Group):
    """`evaldock ls` and `evaldock ls PATTERN` mean `ls tasks`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["tasks", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_TasksByDefault)
def command() -> None:
    """List tasks (the default) or runs."""


@command.command("tasks")
@click.argument("pattern", required=False, type=TaskType())
@click.option("--harness", help="Only tasks of this harness.")
@click.option("--endpoint", help="Only tasks for this endpoint type: chat, completions, vlm, embedding.")
@json_option
def tasks(pattern: str | None, harness: str | None, endpoint: str | None, as_json: bool) -> ExitCode:
    """List the tasks that can be run, by harness.

    PATTERN is a part of a name (of `harness.task`), or a pattern with * and ?.
    """
    from ...core.catalog.load import load_catalog

    found = [task for task in load_catalog().tasks if _fits(task, pattern, harness, endpoint)]
    if as_json:
        click.echo(json.dumps([_task_json(task) for task in found], ensure_ascii=False, indent=2))
        return ExitCode.OK
    if not found:
        click.echo("No task fits. `evaldock ls tasks` lists all; `evaldock ls runs` lists runs.", err=True)
        return ExitCode.OK
    click.echo("\n".join(_task_lines(found, style_of(sys.stdout))))
    return ExitCode.OK


def _fits(task: TaskSpec, pattern: str | None, harness: str | None, endpoint: str | None) -> bool:
    if harness is not None and task.harness.lower() != harness.lower():
        return False
    if endpoint is not None and endpoint.lower() not in task.endpoint_types:
        return False
    if pattern is None:
        return task.listed
    wanted, name, full = pattern.lower(), task.name.lower(), task.full_name.lower()
    if any(mark in wanted for mark in "*?["):
        from fnmatch import fnmatchcase

        return task.listed and (fnmatchcase(name, wanted) or fnmatchcase(full, wanted))
    # Who spells out the name of a task that is not listed knows it and gets it.
    return wanted in (name, full) or (task.listed and wanted in full)


def _task_json(task: TaskSpec) -> dict[str, Any]:
    return {
        "task": task.name,
        "harness": task.harness,
        "endpoint_types": list(task.endpoint_types),
        "image": task.image,
        "digest": task.digest,
        "architectures": task.architectures,
        "required_env": list(task.required_env),
        "description": task.description,
    }


def _task_lines(found: Sequence[TaskSpec], style: Style) -> list[str]:
    groups: dict[tuple[str, str], list[TaskSpec]] = {}
    for task in found:
        groups.setdefault((task.harness, task.image), []).append(task)
    lines: list[str] = []
    for (harness, image), members in groups.items():
        name = max(len(task.name) for task in members)
        kinds = max(len(", ".join(task.endpoint_types)) for task in members)
        lines.append(f"{style.paint(harness, 'bold')}  {style.paint(image, 'dim')}")
        for task in sorted(members, key=lambda task: task.name.lower()):
            head = f"  {task.name.ljust(name)}  {', '.join(task.endpoint_types).ljust(kinds)}"
            room = None if style.width is None else max(0, style.width - len(head) - 2)
            lines.append(f"{head}  {style.paint(_cut(task.description, room), 'dim')}".rstrip())
        lines.append("")
    number = "1 task" if len(found) == 1 else f"{len(found)} tasks"
    return [*lines, number]


def _cut(text: str, room: int | None) -> str:
    line = " ".join(text.split())
    if room is None or len(line) <= room:
        return line
    return line[: room - 1] + "~" if room > 8 else ""


@command.command("runs")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most this many.")
@click.option("--since", metavar="WHEN", help="Only runs since a date (2026-11-23) or for 30m, 12h, 7d.")
@click.option(
    "--scan", type=click.Path(path_type=Path, file_okay=False), help="Find the runs in this directory again first."
)
@json_option
def runs(limit: int, since: str | None, scan: Path | None, as_json: bool) -> ExitCode:
    """List runs, newest first."""
    from ...core.run import index

    if scan is not None:
        index.scan(scan)
    earliest = None if since is None else _since(since, datetime.now(UTC))
    found: list[dict[str, Any]] = []
    for entry in index.summaries():
        if len(found) == limit:
            break
        created = parse_time(str(entry["created"]))
        if earliest is None or (created is not None and created >= earliest):
            found.append(entry)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif not found:
        click.echo("There are no runs here yet. Start one: evaldock run PATH.yaml", err=True)
    else:
        click.echo("\n".join(_run_lines(found, style_of(sys.stdout))))
    return ExitCode.OK


def _since(text: str, now: datetime) -> datetime:
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    number, unit = text[:-1], text[-1:].lower()
    try:
        if unit in units and number.isdigit():
            return now - timedelta(**{units[unit]: int(number)})
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

    created = parse_time(entry["created"])
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
