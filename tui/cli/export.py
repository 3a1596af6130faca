"""`evaldock export`: the scores of runs as files for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from .complete import IdType
from .errors import Failure, UsageProblem
from .rows import plain


@click.command()
@click.argument("ids", nargs=-1, type=IdType(jobs=False), metavar="[RUN]...")
@click.option(
    "--dest", type=click.Choice(["json", "csv", "junit"]), default="json", show_default=True, help="What to write."
)
@click.option(
    "--output-dir", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Where. Default: here."
)
def command(ids: tuple[str, ...], dest: str, output_dir: Path) -> None:
    """Write the scores of runs to files, one a run: `<invocation>.json`, `.csv` or `.xml`. Without RUN the newest.

    JUnit is what CI systems show: a task that did not succeed, or whose score does not count, is a failed test.
    """
    from ...core.results.junit import junit
    from ...core.run.atomic import write_atomic
    from ...core.run.export import scores_text
    from .select import newest, targets

    found = targets(ids) if ids else newest()
    if not found:
        raise UsageProblem("There are no runs yet. Start one: evaldock run PATH.yaml")
    for target in found:
        run = target.run
        text = junit(run) if dest == "junit" else scores_text(run, f".{dest}")
        path = output_dir / f"{run.invocation}.{'xml' if dest == 'junit' else dest}"
        try:
            output_dir.mkdir(parents=True, exist_ok=True)
            write_atomic(path, text.encode("utf-8", "replace"), mode=0o644)
        except OSError as error:
            raise Failure(f"Cannot write {plain(path)}: {error.strerror}.") from error
        click.echo(plain(path))
