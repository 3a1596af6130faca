"""Files in the layout of nemo-evaluator-launcher's local exporter, for scripts that read it.

    <folder>/<invocation>/<job>/processed_results.{json,csv}    one job
    <folder>/processed_results.{json,csv}                       several jobs together

JSON: {"benchmarks": {<task>: {"models": {<model>: [{invocation_id, job_id, harness, container, scores, timestamp,
executor, results_dir}]}}}, "export_timestamp"}. An entry here also has `stats` (stderr and n by score) and `validity`.
A file that is there is added to; a job in it is replaced. The shape is that of its version 0.2.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ..base.atomic import read_head
from ..base.clock import utc_iso
from ..base.narrow import Json, as_items, as_text, as_tree
from ..base.sanitize import json_text
from ..base.trees import copy_tree
from ..run.events import JobState
from ..run.status import JobStatus
from ..run.store import Run
from .delivery import ExportFailed, ExportOptions, write_file
from .scores import cell, tree_of

_NAME = "processed_results"
_REQUIRED = ("results.yml", "eval_factory_metrics.json", "run_config.yml", "metadata.yaml", "omni-info.json")
_LIMIT = 1 << 28
_HEAD = {
    "Model Name": "model",
    "Harness": "harness",
    "Task Name": "task",
    "Executor": "executor",
    "Container": "container",
    "Invocation ID": "invocation_id",
    "Job ID": "job_id",
    "Results Dir": "results_dir",
}


def export_local(run: Run, jobs: Collection[str] | None, options: ExportOptions) -> list[Path]:
    """The files that were written. Raises ExportFailed.

    Settings: `format` is json (default) or csv, `output_filename` the name of the files, `log_metrics` parts of the
    names of the figures that are wanted. `copy_logs` and `copy_artifacts` put the files of each job beside its scores,
    of its results with `only_required` (default) those that NeMo's containers always write.
    """
    form = str(options.settings.get("format") or "json")
    if form not in ("json", "csv"):
        raise ExportFailed(f"The local export knows json and csv, not '{form}'.")
    name = as_text(options.settings.get("output_filename")) or f"{_NAME}.{form}"
    if name != Path(name).name or name in (".", ".."):
        raise ExportFailed(f"The local export's output_filename is the name of a file, not '{name}'.")
    entries = [entry for one in run.statuses() if jobs is None or one.job in jobs for entry in _entry(run, one)]
    if not entries:
        raise ExportFailed(f"No task of run {run.invocation} has a score to export.")
    entries = [_wanted(entry, options.settings) for entry in entries]
    folders = [(options.folder / run.invocation / as_text(entry["job_id"]), [entry]) for entry in entries]
    if len(entries) > 1:
        folders.append((options.folder, entries))
    paths: list[Path] = []
    for folder, those in folders:
        path = folder / name
        write_file(path, _json(path, those) if form == "json" else _csv(path, those))
        paths.append(path)
    for entry in entries:
        job = as_text(entry["job_id"])
        paths += _copies(run, job, options.folder / run.invocation / job, options.settings)
    return paths


def _wanted(entry: Json, settings: Mapping[str, object]) -> Json:
    """`entry` with the figures whose names hold one of the settings' `log_metrics`; all of them without any."""
    given = settings.get("log_metrics")
    listed = [given] if isinstance(given, str) else as_items(given)
    parts = [text.lower() for text in map(as_text, listed) if text]
    if not parts:
        return entry
    kept = {
        key: {name: value for name, value in as_tree(entry[key]).items() if any(part in name.lower() for part in parts)}
        for key in ("scores", "stats")
    }
    return {**entry, **kept}


def _copies(run: Run, job: str, folder: Path, settings: Mapping[str, object]) -> Iterable[Path]:
    paths = run.paths.job(run.job(job).dir_name)
    try:
        if settings.get("copy_logs") is True:
            yield copy_tree(paths.logs, folder / "logs")
        if settings.get("copy_artifacts") is True:
            only = None if settings.get("only_required") is False else _REQUIRED
            yield copy_tree(paths.artifacts, folder / "artifacts", only)
    except OSError as error:
        why = error.strerror or "not all could be read"
        raise ExportFailed(f"The files of {job} cannot be copied: {why}.") from error


def _entry(run: Run, status: JobStatus) -> Iterable[Json]:
    score, job = status.score, status.job
    if status.state is not JobState.SUCCEEDED or score is None:
        return
    spec = run.job(job)
    figures = [f for node in tree_of(run, job).nodes for f in node.figures if f.value is not None]
    yield {
        "task": spec.task,
        "model": spec.model_id,
        "invocation_id": run.invocation,
        "job_id": job,
        "harness": spec.harness,
        "container": spec.image,
        "scores": {f.name: f.value for f in figures} or {score.metric: score.value},
        "stats": {f.name: {"stderr": f.stderr, "n": f.n} for f in figures},
        "validity": score.validity,
        "timestamp": status.ended or "",
        "executor": "local",
        "results_dir": str(run.paths.job(spec.dir_name).artifacts),
    }


def _json(path: Path, entries: Sequence[Json]) -> str:
    tree = as_tree(_parsed(path))
    benchmarks = as_tree(tree.get("benchmarks"))
    for entry in entries:
        task, model = as_text(entry["task"]), as_text(entry["model"])
        of_task = as_tree(benchmarks.setdefault(task, {"models": {}}))
        models = as_tree(of_task.setdefault("models", {}))
        others = [one for one in as_items(models.get(model)) if as_tree(one).get("job_id") != entry["job_id"]]
        models[model] = [*others, {key: value for key, value in entry.items() if key not in ("task", "model")}]
        benchmarks[task] = {**of_task, "models": models}
    whole = {"benchmarks": benchmarks, "export_timestamp": utc_iso()}
    return json_text(whole, indent=2) + "\n"


def _csv(path: Path, entries: Sequence[Json]) -> str:
    """One line a job; a column for each score that any of them has."""
    new = {as_text(entry["job_id"]) for entry in entries}
    rows = [row for row in _lines(path) if row.get("Job ID") not in new]
    for entry in entries:
        scores = {str(cell(name)): str(value) for name, value in as_tree(entry["scores"]).items()}
        rows.append({**{head: str(cell(as_text(entry[key]))) for head, key in _HEAD.items()}, **scores})
    columns = list(dict.fromkeys([*_HEAD, *(name for row in rows for name in row)]))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _lines(path: Path) -> list[dict[str, str]]:
    text = (read_head(path, _LIMIT) or b"").decode("utf-8", "replace")
    rows = csv.DictReader(io.StringIO(text))
    return [{str(name): str(value) for name, value in row.items() if name and value} for row in rows]


def _parsed(path: Path) -> object:
    """What is in the file already. Raises ExportFailed rather than lose something that is no export of ours."""
    data = read_head(path, _LIMIT)
    if not data:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ExportFailed(f"{path} is there already and is no JSON; move it away, then export again.") from error
