"""What runs scored, as rows: the figure of each task, or all figures of a metric."""

from __future__ import annotations

from collections.abc import Collection

from ..run.events import Json
from ..run.figures import read_figures
from ..run.narrow import as_text, as_tree
from ..run.store import Run
from .tree import read_tree


def score_rows(run: Run, jobs: Collection[str], metric: str | None = None) -> list[Json]:
    """Rows of `jobs` in plan order: run, job, task, state, metric, value, stderr, n, validity, why, tokens, seconds.

    One row a job with the figure that it is known by (values None where it has none); with `metric` a row for each
    figure whose name holds that text, whatever its case. Raises RunDamaged.
    """
    rows: list[Json] = []
    for view in run.views():
        if view["job"] in jobs:
            rows += _figures(run, view, metric) if metric else [_row(run, view)]
    return rows


def validity_of(score: Json) -> str:
    """How far a score that was recorded counts; "" for no score. Older records have only `valid`."""
    if not score:
        return ""
    return as_text(score.get("validity")) or ("valid" if score.get("valid", True) else "invalid")


def _row(run: Run, view: Json) -> Json:
    score = as_tree(view["score"])
    figures = read_figures(run, str(view["job"]), int(str(view["attempt"])))
    tokens = figures.tokens_in + figures.tokens_out if figures is not None else None
    return {
        "run": run.invocation,
        "job": view["job"],
        "task": view["task"],
        "state": view["state"],
        **{key: score.get(key) for key in ("metric", "value", "stderr", "n")},
        "metric": as_text(score.get("metric")),
        "validity": validity_of(score),
        "why": as_text(score.get("why")),
        "tokens": tokens,
        "seconds": view["seconds"],
    }


def _figures(run: Run, view: Json, metric: str) -> list[Json]:
    spec = run.job(str(view["job"]))
    tree = read_tree(
        run.paths.job(spec.dir_name).artifacts,
        fmt=spec.result_format,
        file=spec.result_file,
        task=spec.task,
        primary_metric=spec.primary_metric,
    )
    base = _row(run, view)
    return [
        {**base, "metric": figure.name, "value": figure.value, "stderr": figure.stderr, "n": figure.n}
        for node in tree.nodes
        for figure in node.figures
        if metric.lower() in figure.name.lower()
    ]
