"""`evaldock results`: what runs scored, for people, programs and documents."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ...core.run.external import UNVERIFIED
from ..draw import numbers
from .complete import IdType
from .epilog import examples
from .options import ci_option
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
_EXTERNAL = Column("EXTERNAL")


@click.command(
    epilog=examples(
        ("results", "the newest run"),
        ("results 3f2a 90bc --metric acc", "all figures of that name"),
        ("results --md", "for a document"),
    )
)
@click.argument("ids", nargs=-1, type=IdType(), metavar="[RUN|JOB]...")
@ci_option
@click.option("--metric", help="Only metrics whose name holds this; all of them, not only the one of each task.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
@click.option("--md", "form", flag_value="md", help="Print a Markdown table.")
def command(ids: tuple[str, ...], ci: str | None, metric: str | None, form: str | None) -> None:
    """Show what runs or jobs scored; without an ID the newest run."""
    from ...core.results.ci import Ci
    from ...core.results.scores import as_csv, as_json, score_rows
    from .select import newest, targets

    if ci and metric:
        raise click.UsageError("--ci is for the figure that a task is known by, and goes without --metric.")
    found, how = targets(ids) if ids else newest(), Ci(ci) if ci else None
    rows = [row for target in found for row in score_rows(target.run, target.jobs, metric, how)]
    if form == "json":
        click.echo(as_json(rows), nl=False)
    elif form == "csv":
        click.echo(as_csv(rows), nl=False)
    elif form == "md":
        columns = _columns(rows)
        click.echo("| " + " | ".join(column.title for column in columns) + " |")
        click.echo("|" + "---|" * len(columns))
        for row in _shown(rows):
            click.echo("| " + " | ".join(text.replace("|", "\\|") for text in _texts(row)[: len(columns)]) + " |")
    elif not rows:
        click.echo("No scores yet." if found else "There are no runs yet. Start one: evaldock run PATH.yaml", err=True)
    else:
        columns, shown = _columns(rows), _shown(rows)
        for line in render(columns, [_cells(row)[: len(columns)] for row in shown], style_of(sys.stdout)):
            click.echo(line)
        for row in shown:
            if row["run_sd"] is not None:
                click.echo(f"{row['run']} {plain(row['task'])}: {_repeats(row)}.")
        reasons = dict.fromkeys(
            f"{row['run']} {plain(row['task'])} {_about(row)}: {plain(row['why'])}" for row in rows if row["why"]
        )
        for reason in reasons:
            click.echo(reason)


def _columns(rows: Sequence[Mapping[str, Any]]) -> Sequence[Column]:
    """How scores stand against what others report is shown where something is reported."""
    known = any(row["external"] not in (None, UNVERIFIED) for row in rows)
    return (*_COLUMNS, _EXTERNAL) if known else _COLUMNS


def _shown(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Repeats of a task as one row."""
    together = {(row["run"], row["task"]) for row in rows if row["repeat"] == 0}
    return [row for row in rows if not row["repeat"] or (row["run"], row["task"]) not in together]


def _about(row: Mapping[str, Any]) -> str:
    """What the sentence of a row is about: its figure where that is no score, else what the score is worth."""
    return plain(row["metric"]) if row["value"] is None else f"is {row['validity']}"


def _repeats(row: Mapping[str, Any]) -> str:
    """`5 runs, of which two differ by ±2.2 pp by themselves; avg@5 0.231, pass@5 0.310, maj@5 0.240`."""
    from ...core.results.compare.words import figure, threshold
    from ...core.statistics.repeats import Spread, reach

    k, unit = row["repeats"], row["unit"]
    apart = threshold(reach(Spread(row["run_sd"], k - 1)), unit)
    at_k = [
        f"{name}@{k} {figure(row[key], unit)}"
        for name, key in (("avg", "value"), ("pass", "pass_at_k"), ("maj", "maj_at_k"))
        if row[key] is not None
    ]
    return f"{k} runs, of which two differ by ±{apart} by themselves; {', '.join(at_k)}"


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
        numbers.elapsed(row["seconds"]),
        row["external"] or "",
    ]


def _cells(row: Mapping[str, Any]) -> list[Cell]:
    doubtful = row["validity"] not in ("", "valid")
    styles = {3: "dim" if doubtful else "bold", 5: "dim", 7: "invalid" if doubtful else ""}
    return [Cell(text, styles.get(place, "")) for place, text in enumerate(_texts(row))]
