"""`evaldock results`: what runs scored, for people, programs and documents."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from . import formats
from .complete import IdType
from .epilog import examples
from .rows import plain
from .style import style_of
from .table import Cell, Column, render

_COLUMNS = (
    Column("RUN", give_up=2),
    Column("TASK", least=18),
    Column("METRIC", give_up=1, least=10),
    Column("SCORE", right=True),
    Column("± ERR", right=True),
    Column("95 %", right=True, give_up=5),
    Column("N", right=True),
    Column("VALIDITY"),
    Column("TOKENS", right=True, give_up=3),
    Column("TIME", right=True, give_up=4),
)


@click.command(
    epilog=examples(
        ("results", "the newest run"),
        ("results 3f2a 90bc --metric acc", "all figures of that name"),
        ("results --md", "for a document"),
    )
)
@click.argument("ids", nargs=-1, type=IdType(), metavar="[RUN|JOB]...")
@click.option("--metric", help="Only metrics whose name holds this; all of them, not only the one of each task.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
@click.option("--md", "form", flag_value="md", help="Print a Markdown table.")
def command(ids: tuple[str, ...], metric: str | None, form: str | None) -> None:
    """Show what runs or jobs scored; without an ID the newest run."""
    from ...core.results.scores import as_csv, as_json, score_rows
    from .select import newest, targets

    found = targets(ids) if ids else newest()
    rows = [row for target in found for row in score_rows(target.run, target.jobs, metric)]
    if form == "json":
        click.echo(as_json(rows), nl=False)
    elif form == "csv":
        click.echo(as_csv(rows), nl=False)
    elif form == "md":
        click.echo("| " + " | ".join(column.title for column in _COLUMNS) + " |")
        click.echo("|" + "---|" * len(_COLUMNS))
        for row in rows:
            click.echo("| " + " | ".join(text.replace("|", "\\|") for text in _texts(row)) + " |")
    elif not rows:
        click.echo("No scores yet." if found else "There are no runs yet. Start one: evaldock run PATH.yaml", err=True)
    else:
        for line in render(_COLUMNS, [_cells(row) for row in rows], style_of(sys.stdout)):
            click.echo(line)
        reasons = dict.fromkeys(
            f"{row['run']} {plain(row['task'])} is {row['validity']}: {plain(row['why'])}" for row in rows if row["why"]
        )
        for reason in reasons:
            click.echo(reason)


def _texts(row: Mapping[str, Any]) -> list[str]:
    def figure(key: str) -> str:
        return "" if row[key] is None else f"{row[key]:.3f}"

    return [
        row["run"],
        plain(row["task"]),
        plain(row["metric"]),
        figure("value") or "–",
        figure("stderr"),
        "" if row["low"] is None or row["high"] is None else f"{figure('low')} {figure('high')}",
        "" if row["n"] is None else f"{row['n']:,}" + (f" x {row['repeats']}" if (row["repeats"] or 1) > 1 else ""),
        row["validity"],
        "" if row["tokens"] is None else f"{row['tokens']:,}",
        formats.elapsed(row["seconds"]),
    ]


def _cells(row: Mapping[str, Any]) -> list[Cell]:
    doubtful = row["validity"] not in ("", "valid")
    styles = {3: "dim" if doubtful else "bold", 5: "dim", 7: "invalid" if doubtful else ""}
    return [Cell(text, styles.get(place, "")) for place, text in enumerate(_texts(row))]
