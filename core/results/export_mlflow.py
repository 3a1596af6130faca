"""Scores to an MLflow tracking server, through its REST API (version 2.0): no MLflow package is needed for that.

One MLflow run for each job that has a score. Its tags say which job and attempt it is, so exporting twice makes no
second one. Settings are those of nemo-evaluator-launcher: tracking_uri, experiment_name, run_name, description, tags,
extra_metadata, log_metrics, log_artifacts. MLFLOW_TRACKING_URI, _USERNAME, _PASSWORD and _TOKEN are honoured.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ..base.atomic import read_head
from ..base.clock import parse_iso
from ..base.narrow import Json, as_items, as_text, as_tree
from ..plan.spec import JobSpec
from ..run.events import JobState
from ..run.figures import read_figures
from ..run.status import JobStatus
from ..run.store import Run
from .delivery import ExportFailed, ExportOptions
from .mlflow_api import Mlflow
from .scores import tree_of

_EXPERIMENT = "evaldock"
_MOST = {"metrics": 1000, "params": 100, "tags": 100}  # of one request
_ODD = re.compile(r"[^\w\-./ ]")  # what not every version takes in a name
_LONGEST = 500
_ARTIFACTS = ("run_config.yaml", "requests.json")
_MOST_BYTES = 32 << 20


def export_mlflow(run: Run, jobs: Collection[str] | None, options: ExportOptions) -> list[str]:
    """The addresses of the MLflow runs. Raises ExportFailed, RunDamaged."""
    settings = options.settings
    uri = as_text(settings.get("tracking_uri")) or options.env.get("MLFLOW_TRACKING_URI", "")
    server = Mlflow(uri, options.env)
    found = [one for one in run.statuses() if (jobs is None or one.job in jobs) and _counts(one)]
    if not found:
        raise ExportFailed(f"No task of run {run.invocation} has a score to export.")
    name = as_text(settings.get("experiment_name")) or run.plan.config_name or _EXPERIMENT
    experiment = server.experiment(name)
    return [_job(server, experiment, run, one, settings) for one in found]


def _counts(status: JobStatus) -> bool:
    return status.state is JobState.SUCCEEDED and status.score is not None


def _job(server: Mlflow, experiment: str, run: Run, status: JobStatus, settings: Mapping[str, object]) -> str:
    job, attempt = status.job, str(status.attempt)
    own = {"evaldock.job": job, "evaldock.attempt": attempt}
    known = server.find(experiment, own)
    if known:
        return server.address(experiment, known)
    spec = run.job(job)
    title = as_text(settings.get("run_name")) or f"{run.invocation} {spec.task}"
    begun, ended = _milliseconds(status.started), _milliseconds(status.ended)
    made = server.begin(experiment, title, begun, own | _tags(run, status, spec, settings))
    identity = as_text(made.get("run_id"))
    server.log(identity, "metrics", _MOST["metrics"], _metrics(run, status, settings, ended))
    server.log(identity, "params", _MOST["params"], _params(run, spec, settings))
    if settings.get("log_artifacts", True) is not False:
        _artifacts(server, as_text(made.get("artifact_uri")), run, spec)
    server.end(identity, ended)
    return server.address(experiment, identity)


def _tags(run: Run, status: JobStatus, spec: JobSpec, settings: Mapping[str, object]) -> dict[str, str]:
    score = status.score
    tags = {
        "invocation_id": run.invocation,
        "job_id": status.job,
        "benchmark": spec.task,
        "harness": spec.harness,
        "model": spec.model_id,
        "executor": "local",
        "validity": score.validity if score else "",
        "validity_why": score.why if score else "",
        "mlflow.note.content": as_text(settings.get("description")),
    }
    tags |= {str(name): str(value) for name, value in as_tree(settings.get("tags")).items()}
    return {_name(name): value[:_LONGEST] for name, value in tags.items() if value}


def _metrics(run: Run, status: JobStatus, settings: Mapping[str, object], at: int) -> list[Json]:
    wanted = [str(name).lower() for name in as_items(settings.get("log_metrics"))]
    numbers = _numbers(run, status)
    found = {name: value for name, value in numbers if not wanted or any(part in name.lower() for part in wanted)}
    return [{"key": _name(name), "value": value, "timestamp": at, "step": 0} for name, value in found.items()]


def _numbers(run: Run, status: JobStatus) -> Iterator[tuple[str, float]]:
    for node in tree_of(run, status.job).nodes:
        for figure in node.figures:
            if figure.value is not None:
                yield figure.name, figure.value
                yield from ((f"{figure.name}_stderr", figure.stderr),) if figure.stderr is not None else ()
                yield from ((f"{figure.name}_n", float(figure.n)),) if figure.n is not None else ()
    figures = read_figures(run, status.job, status.attempt)
    if figures is not None:
        yield "requests", float(figures.sent)
        yield "tokens_in", float(figures.tokens_in)
        yield "tokens_out", float(figures.tokens_out)
        yield from ((f"latency_p{part}", seconds) for part, seconds in figures.latency)
    if status.seconds is not None:
        yield "seconds", status.seconds


def _params(run: Run, spec: JobSpec, settings: Mapping[str, object]) -> list[Json]:
    params = as_tree(as_tree(spec.run_config.get("config")).get("params"))
    found: Json = {"model": spec.model_id, "task": spec.task, "image": spec.image, "config": run.plan.config_name}
    found |= {f"params.{name}": value for name, value in params.items() if not isinstance(value, (dict, list))}
    found |= as_tree(settings.get("extra_metadata"))
    return [{"key": _name(name), "value": str(value)[:_LONGEST]} for name, value in found.items() if value != ""]


def _artifacts(server: Mlflow, folder: str, run: Run, spec: JobSpec) -> None:
    root = run.paths.job(spec.dir_name).root
    results = root / "artifacts" / (tree_of(run, spec.id).file or "results.yml")
    for path in (results, *(root / name for name in _ARTIFACTS)):
        data = _content(path)
        if data is not None:
            server.upload(folder, path.name, data)


def _content(path: Path) -> bytes | None:
    data = read_head(path, _MOST_BYTES + 1)
    return data if data is not None and len(data) <= _MOST_BYTES else None


def _name(text: str) -> str:
    return _ODD.sub("_", text)[:250]


def _milliseconds(iso: str | None) -> int:
    moment = parse_iso(iso)
    return int((moment.timestamp() if moment is not None else time.time()) * 1000)
