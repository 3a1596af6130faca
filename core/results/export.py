"""Where the scores of a run can go: files for people and programs, or an MLflow server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..base.atomic import write_atomic
from ..base.errors import EvaldockError
from ..config.exports import Destination
from ..run.access import RequestRefused
from ..run.store import Run
from .scores import as_csv, as_json, score_rows


class ExportFailed(EvaldockError):
    """Scores that could not be delivered; the message is a sentence for the user."""


@dataclass(frozen=True)
class ExportOptions:
    """`folder` is where files go; `settings` is what the config says under `export.<destination>`; `env` is where
    MLflow's own variables are looked up."""

    folder: Path
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    env: Mapping[str, str] = field(default_factory=dict[str, str])


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


def write_file(path: Path, text: str) -> str:
    """Write a file for others to read, with the folders above it, and return its path. Raises ExportFailed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode("utf-8", "replace"), mode=0o644)
    except OSError as error:
        raise ExportFailed(f"{path} cannot be written: {error.strerror}. Choose another folder.") from error
    return str(path)
