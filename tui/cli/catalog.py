"""`evaldock catalog`: bring the catalog of NVIDIA's containers up to date, or back to the packaged one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...core.base.sanitize import json_text
from .epilog import examples
from .errors import UsageProblem
from .exit_codes import ExitCode
from .options import json_option
from .rows import plain

if TYPE_CHECKING:
    from ...core.catalog.builtin import Builtin
    from ...core.catalog.update import TaskChange


@click.group()
def command() -> None:
    """Keep the catalog of NVIDIA's evaluation containers up to date."""


@command.command(
    "update",
    short_help="Read the newest launcher's tasks.",
    epilog=examples(("catalog update --dry-run", "what the newest launcher knows that evaldock does not")),
)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would change; write nothing.")
@click.option(
    "--wheel", type=click.Path(path_type=Path, dir_okay=False), help="Read this wheel instead of fetching one."
)
@json_option
def update(dry_run: bool, wheel: Path | None, as_json: bool) -> ExitCode:
    """Read the tasks of the newest nemo-evaluator-launcher and show what changed.

    The wheel is fetched by pip with your own settings, and nothing in it is run. Your own catalog files stay.
    """
    from ...core.base.atomic import write_atomic
    from ...core.catalog.builtin import format_builtin, read_builtin
    from ...core.catalog.load import current_builtin, updated_path
    from ...core.catalog.model import CatalogError
    from ...core.catalog.update import differences, fetch_wheel, read_wheel

    try:
        before = current_builtin()
    except CatalogError:
        before = read_builtin()  # a damaged file is what an update mends
    if wheel is not None and not wheel.is_file():
        raise UsageProblem(f"There is no file {wheel}.")
    with tempfile.TemporaryDirectory(prefix="evaldock-") as folder:
        after = read_wheel(wheel or fetch_wheel(Path(folder)), before)
    found = differences(before, after)
    path = updated_path()
    if not dry_run:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, format_builtin(after).encode(), mode=0o644)
    if as_json:
        tree = {"version": after.version, "differences": [vars(one) for one in found], "written": not dry_run}
        click.echo(json_text(tree, indent=2))
    else:
        _tell(before, after, found, None if dry_run else path)
    return ExitCode.OK


def _tell(before: Builtin, after: Builtin, found: Sequence[TaskChange], path: Path | None) -> None:
    for one in found:
        click.echo(f"{one.sign} {plain(one.name)}" + (f"  {plain(one.what)}" if one.what else ""))
    counts = [sum(one.sign == sign for one in found) for sign in "+-~"]
    words = ", ".join(f"{n} {what}" for n, what in zip(counts, ("new", "gone", "changed"), strict=True) if n)
    click.echo(
        f"nemo-evaluator-launcher {after.version} against {before.version or 'the packaged catalog'}: "
        f"{words or 'nothing is different'}; {len(after.tasks)} tasks, {len(after.harnesses)} harnesses.",
        err=True,
    )
    click.echo(f"Written to {path}." if path else "Nothing was written.", err=True)


@command.command(
    "reset",
    short_help="Return to the packaged catalog.",
    epilog=examples(("catalog reset", "the list that came with evaldock")),
)
def reset() -> ExitCode:
    """Return to the packaged catalog. Your own catalog files stay."""
    from ...core.catalog.load import updated_path

    path = updated_path()
    try:
        path.unlink()
        click.echo(f"Removed {path}.", err=True)
    except OSError:
        if os.path.lexists(path):
            raise
        # What may not be read is not used.
        click.echo("The packaged catalog is in use already.", err=True)
    return ExitCode.OK
