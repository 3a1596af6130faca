"""`evaldock export`: the scores of runs as files for other programs, or to an MLflow server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import click

from .complete import IdType
from .epilog import examples
from .errors import UsageProblem
from .rows import plain


@click.command(
    epilog=examples(
        ("export 3f2a --dest junit --output-dir reports", "for a CI system"),
        ("export --dest local --format csv", "the newest run, as the launcher writes it"),
        ("export 3f2a --dest mlflow --tracking-uri http://127.0.0.1:5000 -o experiment_name=nightly", "to a server"),
    )
)
@click.argument("ids", nargs=-1, type=IdType(), metavar="[RUN|JOB]...")
@click.option(
    "--dest",
    type=click.Choice(["local", "json", "csv", "junit", "mlflow"]),
    default="json",
    show_default=True,
    help="Where the scores go. `local` is the folder layout of nemo-evaluator-launcher.",
)
@click.option(
    "--output-dir",
    "-out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where files go. Default: here.",
)
@click.option("--format", "form", type=click.Choice(["json", "csv"]), help="What `local` writes. Default: json.")
@click.option("--tracking-uri", metavar="URL", help="The MLflow server. Default: the config's, or MLFLOW_TRACKING_URI.")
@click.option("--output-filename", "-fname", metavar="NAME", help="The name of the files of `local`.")
@click.option("--log-metrics", multiple=True, metavar="TEXT", help="Only figures with this in their name. Repeatable.")
@click.option("--copy-logs", is_flag=True, help="With `local`: put the logs beside the scores.")
@click.option("--copy-artifacts", is_flag=True, help="With `local`: put the results' files beside the scores.")
@click.option("--only-required/--all-files", default=None, help="Of those, what every NeMo container writes (default).")
@click.option(
    "--job-dirs", multiple=True, type=click.Path(path_type=Path, file_okay=False), help="First find the runs in here."
)
@click.option(
    "-o",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting, as under `export.<dest>`.",
)
def command(
    ids: tuple[str, ...],
    dest: str,
    output_dir: Path,
    form: str | None,
    tracking_uri: str | None,
    output_filename: str | None,
    log_metrics: tuple[str, ...],
    copy_logs: bool,
    copy_artifacts: bool,
    only_required: bool | None,
    job_dirs: tuple[Path, ...],
    overrides: tuple[str, ...],
) -> None:
    """Deliver the scores of runs or jobs (default: the newest run), and print where they are.

    Files are `<invocation>.json`, `.csv` or `.xml`, one a run. CI systems show JUnit: a task that did not
    succeed, or whose score does not count, is a failed test. Settings under `export` in the run's config apply.
    """
    from ...core.config.exports import Destination, export_settings
    from ...core.results.auto_export import config_of
    from ...core.results.delivery import ExportOptions
    from ...core.results.export import export_run
    from ...core.run.index import scan
    from .select import newest, targets

    given = _given(dest, form, tracking_uri, overrides)
    if (output_filename or copy_logs or copy_artifacts) and dest != "local":
        raise UsageProblem("--output-filename, --copy-logs and --copy-artifacts go with --dest local.")
    more = {"output_filename": output_filename, "log_metrics": list(log_metrics) or None}
    more |= {"copy_logs": copy_logs or None, "copy_artifacts": copy_artifacts or None, "only_required": only_required}
    given |= {key: value for key, value in more.items() if value is not None}
    for folder in job_dirs:
        scan(folder)
    found = targets(ids) if ids else newest()
    if not found:
        raise UsageProblem("There are no runs yet. Start one: evaldock run PATH.yaml")
    for target in found:
        settings = {**export_settings(config_of(target.run), dest), **given}
        options = ExportOptions(output_dir, settings, os.environ)
        places = export_run(target.run, target.jobs, cast(Destination, dest), options)
        for place in places:
            click.echo(plain(place))


def _given(dest: str, form: str | None, tracking_uri: str | None, overrides: tuple[str, ...]) -> dict[str, object]:
    """The settings of the command line. Raises UsageProblem."""
    import yaml

    given: dict[str, object] = {}
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageProblem(f"-o {plain(text)}: write KEY=VALUE, such as -o experiment_name=nightly.")
        try:
            given[key.removeprefix(f"export.{dest}.")] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UsageProblem(f"-o {plain(text)}: the value is not valid YAML.") from error
    if form is not None:
        given["format"] = form
    if tracking_uri is not None:
        given["tracking_uri"] = tracking_uri
    return given
