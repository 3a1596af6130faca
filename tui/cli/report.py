"""`evaldock report`: a run as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from .complete import IdType
from .epilog import examples
from .errors import Failure, UsageProblem
from .rows import plain


@click.command(epilog=examples(("report 3f2a", "3f2a....html, which needs no network")))
@click.argument("run_id", type=IdType(), metavar="[RUN]", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it, - for stdout. Default: report.html in the run's directory.",
)
@click.option("--samples", type=click.IntRange(0), default=200, show_default=True, help="Most samples of each task.")
def command(run_id: str | None, output: Path | None, samples: int) -> None:
    """Write a run (default: the newest) as one HTML file: scores, requests, samples, config.

    The file is self-contained. It holds prompts and answers, but no key.
    """
    from ...core.base.atomic import write_report
    from ...core.results.report import render_report
    from .select import newest, targets

    found = targets([run_id]) if run_id else newest()
    if not found:
        raise UsageProblem("There are no runs yet. Start one: evaldock run PATH.yaml")
    run = found[0].run
    page = render_report(run, samples=samples)
    if str(output) == "-":
        click.echo(page.encode("utf-8", "replace"))
        return
    path = output or run.paths.root / "report.html"
    try:
        write_report(path, page)
    except OSError as error:
        raise Failure(f"Cannot write {plain(path)}: {error.strerror}.") from error
    click.echo(plain(path))
