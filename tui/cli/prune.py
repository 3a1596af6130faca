"""`evaldock prune`: throw away runs, what earlier attempts left, and leftover containers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from ...core.base.clock import parse_iso
from ...core.base.sanitize import json_text
from ..draw.numbers import age, counted, size
from .complete import IdType
from .epilog import examples
from .errors import UsageProblem
from .exit_codes import ExitCode
from .options import json_option, parse_span
from .rows import plain
from .style import style_of
from .table import Cell, Column, render

if TYPE_CHECKING:
    from ...core.engine.executor import Executor
    from ...core.run.store import Run

_COLUMNS = (
    Column("WHAT"),
    Column("NAME", least=16),
    Column("AGE", right=True),
    Column("SIZE", right=True),
    Column("WHY", least=20),
)


@dataclass(frozen=True)
class _Item:
    """One thing to throw away. `bytes` is what that frees, `remove` does it."""

    what: str
    name: str
    why: str
    remove: Callable[[], object]
    age: str = ""
    bytes: int = 0


@click.command(
    epilog=examples(
        ("prune --dry-run", "which containers are left over"),
        ("prune --runs --older-than 30d", "runs that ended a month ago"),
    )
)
@click.argument("ids", nargs=-1, type=IdType(jobs=False), metavar="[RUN]...")
@click.option("--runs", is_flag=True, help="Runs that have ended, with everything in them. Needs --older-than.")
@click.option("--attempts", is_flag=True, help="Files of earlier attempts, in runs that have ended.")
@click.option("--containers", is_flag=True, help="Leftover containers (the default).")
@click.option(
    "--older-than", "span", metavar="AGE", help="Only runs that ended at least this long ago: 12h, 30d; 0 for all."
)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be deleted; delete nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def command(
    ids: tuple[str, ...],
    runs: bool,
    attempts: bool,
    containers: bool,
    span: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> ExitCode:
    """Delete what is no longer needed: the runs named, or what the options choose.

    Without RUN and options: leftover containers, and pointers to runs that are gone. A run with a live engine, and
    anything that `evaldock resume` could take over, is never touched.
    """
    if ids and (runs or attempts or containers or span):
        raise UsageProblem("Name runs, or choose them by options: not both.")
    if runs and span is None:
        raise UsageProblem("How old must a run be to go? --older-than 30d, or --older-than 0 for all that have ended.")
    before = datetime.now(UTC) - _span(span)
    nothing = not (ids or runs or attempts or containers)
    items = [
        *(_named(ids) if ids else ()),
        *(_runs(before) if runs else ()),
        *(_attempts(before, runs) if attempts else ()),
        *(_leftovers() if containers or nothing else ()),
        *(_pointers() if nothing else ()),
    ]
    if as_json and dry_run:
        click.echo(json_text([_object(item) for item in items], indent=2))
        return ExitCode.OK
    if not as_json:
        _show(items)
    if dry_run or not items:
        return ExitCode.OK
    if not yes:
        _confirm(items)
    return _remove(items, as_json=as_json)


def _span(text: str | None) -> timedelta:
    span = parse_span(text or "0")
    if span is None:
        raise UsageProblem(f"--older-than {text}: expected a span such as 12h, 30d or 2w; 0 for all.")
    return span


def _named(ids: Sequence[str]) -> Iterator[_Item]:
    from ...core.run.access import RequestRefused
    from .select import targets

    for target in targets(ids):
        if not target.whole:
            raise UsageProblem(f"{target.jobs[0]} is a job. Whole runs are removed: evaldock prune RUN")
        if target.run.engine_alive() is not None:
            raise RequestRefused(
                f"Run {target.run.invocation} still has a running engine: stop it first "
                f"(evaldock kill {target.run.invocation})."
            )
        yield _run_item(target.run, "named")


def _runs(before: datetime) -> Iterator[_Item]:
    from ...core.control.prune import ended_runs

    for run in ended_runs(before):
        yield _run_item(run, "has ended")


def _run_item(run: Run, why: str) -> _Item:
    from ...core.control.prune import delete_run
    from ...core.control.remove import size_of

    created = parse_iso(run.created)
    since = age((datetime.now(UTC) - created).total_seconds()) if created else ""
    where = f"{why}: {run.paths.root}"
    return _Item("run", run.invocation, where, lambda: delete_run(run), since, size_of(run.paths.root))


def _attempts(before: datetime, runs_go: bool) -> Iterator[_Item]:
    from ...core.control.prune import delete_attempts, old_attempts
    from ...core.control.remove import size_of

    for one in () if runs_go else old_attempts(before):
        number = len(list(one.paths.attempts.iterdir()))
        why = f"{counted(number, 'earlier attempt')}: {one.paths.attempts}"
        yield _Item("attempts", one.job, why, lambda one=one: delete_attempts([one]), "", size_of(one.paths.attempts))


def _leftovers() -> Iterator[_Item]:
    from ...core.control.prune import leftovers
    from ...core.engine.executors import checked_executor

    executor: Executor = checked_executor()
    for left in leftovers(executor):
        name = left.container.name
        yield _Item("container", name, left.why, lambda name=name: executor.remove(name), left.container.status)


def _pointers() -> Iterator[_Item]:
    from ...core.run.pointers import forget_gone

    for invocation in forget_gone(dry_run=True):
        yield _Item("pointer", invocation, "its run is gone", lambda: forget_gone())


def _show(items: Sequence[_Item]) -> None:
    if not items:
        click.echo("Nothing to remove.", err=True)
        return
    cells = [
        [Cell(i.what), Cell(plain(i.name)), Cell(i.age), Cell(size(i.bytes) if i.bytes else ""), Cell(plain(i.why))]
        for i in items
    ]
    for line in render(_COLUMNS, cells, style_of(sys.stdout)):
        click.echo(line)


def _confirm(items: Sequence[_Item]) -> None:
    if not sys.stdin.isatty():
        raise UsageProblem("There is no terminal to ask on: look with --dry-run, then add --yes.")
    freed = sum(item.bytes for item in items)
    what = f"Remove {'this' if len(items) == 1 else f'these {len(items)}'}"
    click.confirm(f"{what} and free {size(freed)}?" if freed else f"{what}?", abort=True, err=True)


def _remove(items: Sequence[_Item], *, as_json: bool) -> ExitCode:
    from ...core.base.errors import EvaldockError

    done: list[_Item] = []
    code = ExitCode.OK
    for item in items:
        try:
            item.remove()
        except (EvaldockError, OSError) as error:
            # What is wrong with one must not keep the others.
            click.echo(f"evaldock: {item.what} {plain(item.name)}: {plain(error)}", err=True)
            code = ExitCode.FAILED
        else:
            done.append(item)
    if as_json:
        click.echo(json_text([_object(item) for item in done], indent=2))
    else:
        freed = sum(item.bytes for item in done)
        click.echo(f"{len(done)} removed" + (f", {size(freed)} freed" if freed else ""), err=True)
    return code


def _object(item: _Item) -> dict[str, object]:
    return {"what": item.what, "name": item.name, "why": item.why, "bytes": item.bytes}
