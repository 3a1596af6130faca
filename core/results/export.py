"""Where the scores of a run can go: files for people and programs, or an MLflow server."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ..config.exports import Destination
from ..run.access import RequestRefused
from ..run.store import Run
from .delivery import ExportFailed, ExportOptions, write_file
from .scores import as_csv, as_json, score_rows


def export_run(run: Run, jobs: Collection[str] | None, to: Destination, options: ExportOptions) -> list[str]:
    """Deliver the scores of `jobs` (default: all of the run), and return where they are: paths or addresses.

    Raises ExportFailed, RunDamaged.
    """
    match to:
        case "local":
            from .export_local import export_local

            return [str(path) for path in export_local(run, jobs, options)]
        case "mlflow":
            from .export_mlflow import export_mlflow

            return export_mlflow(run, jobs, options)
        case "junit":
            from .junit import junit

            return [write_file(options.folder / f"{run.invocation}.xml", junit(run, jobs))]
        case "json":
            return [write_file(options.folder / f"{run.invocation}.json", as_json(score_rows(run, jobs)))]
        case "csv":
            return [write_file(options.folder / f"{run.invocation}.csv", as_csv(score_rows(run, jobs)))]


def export_scores(run: Run, path: Path) -> int:
    """Write the scores to a new file; how many jobs have one. Raises RequestRefused, RunDamaged."""
    rows = score_rows(run)
    if path.suffix not in (".csv", ".json"):
        raise RequestRefused(f"{path} must end in .csv or .json: the suffix says what is written.")
    if path.exists():
        raise RequestRefused(f"{path} is there already; nothing was written over it.")
    try:
        write_file(path, as_json(rows) if path.suffix == ".json" else as_csv(rows))
    except ExportFailed as error:
        raise RequestRefused(str(error)) from error
    return sum(row["value"] is not None for row in rows)
