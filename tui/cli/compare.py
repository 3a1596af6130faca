"""`evaldock compare`: what differs between runs by more than chance."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from .complete import IdType
from .epilog import examples
from .errors import UsageProblem
from .options import json_option
from .rows import plain
from .style import Style, style_of
from .table import Cell, Column, render

if TYPE_CHECKING:
    from ...core.results.compare import Difference
    from ...core.run.store import Run

_COLUMNS = (
    Column("TASK", least=18),
    Column("BEFORE", right=True),
    Column("AFTER", right=True),
    Column("CHANGE", right=True),
    Column("P", right=True),
    Column("", least=12),
)
_HOW = {"paired": "sample by sample", "proportions": "by right answers", "errors": "by standard errors", "none": ""}


@click.command(
    epilog=examples(
        ("compare 3f2a 90bc", "what differs by more than chance"), ("compare 3f2a 90bc --json", "for programs")
    )
)
@click.argument("ids", nargs=-1, required=True, type=IdType(jobs=False), metavar="RUN RUN...")
@json_option
def command(ids: tuple[str, ...], as_json: bool) -> None:
    """Compare runs with the first of them, task by task.

    Where both runs answered the same samples they are compared one by one (McNemar's test, or a paired t), else by the
    numbers of right answers or the standard errors. From p = 0.05 on a difference is called noise.
    """
    from ...core.results.compare import compare
    from .select import targets

    found = targets(ids)
    if len(found) < 2:
        raise UsageProblem("Give two runs at least: evaldock compare RUN RUN. `evaldock ls runs` lists them.")
    first, *others = (target.run for target in found)
    pairs = [(other, compare(first, other)) for other in others]
    if as_json:
        rows = [{**asdict(one), "noise": one.noise} for _, differences in pairs for one in differences]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    style = style_of(sys.stdout)
    for number, (other, differences) in enumerate(pairs):
        if number:
            click.echo()
        click.echo(f"{_named(first)}  ->  {_named(other)}")
        if not differences:
            click.echo("They have no task in common.")
            continue
        for line in render(_COLUMNS, [_cells(one, style) for one in differences], style):
            click.echo(line)


def _named(run: Run) -> str:
    return f"{run.invocation} {plain(run.plan.model_id)}"


def _cells(one: Difference, style: Style) -> list[Cell]:
    def figure(value: float | None) -> str:
        return "–" if value is None else f"{value:.3f}"

    change = "" if one.delta is None else f"{one.delta:+.3f}".replace("-", "−" if style.plus_minus != "+-" else "-")
    words = _verdict(one)
    return [
        Cell(plain(one.task)),
        Cell(figure(one.before.value)),
        Cell(figure(one.after.value), "bold"),
        Cell(change, "dim" if one.noise else ""),
        Cell("" if one.p is None else "<.001" if one.p < 0.001 else f"{one.p:.3f}", "dim"),
        Cell(words, "dim" if one.noise else ""),
    ]


def _verdict(one: Difference) -> str:
    if one.delta is None:
        missing = one.before if one.before.value is None else one.after
        if missing.validity == "invalid":
            return f"the score of {missing.run} is invalid"
        return f"no score in {missing.run}" if missing.value is None else "other metrics"
    if one.noise is None:
        return "nobody knows: no n and no error"
    how = _HOW[one.test]
    return f"noise ({how})" if one.noise else f"{'better' if one.delta > 0 else 'worse'} ({how})"
