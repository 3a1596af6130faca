"""One run as one HTML file that needs nothing else: no network, no second file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from ..base.narrow import Json
from ..base.sanitize import json_text
from ..base.urls import bare_url
from ..run.config_text import config_text
from ..run.figures import RequestFigures, read_figures
from ..run.sample import Sample
from ..run.samples import SampleLog
from ..run.status import JobStatus
from ..run.store import Run
from .scores import tree_of
from .tree import MetricTree

_TEMPLATE = "report.html"
_PLACE = "/*REPORT*/null"
_FILE_LIMIT = 1 << 20
_SAMPLES = 200
_TEXT = 20_000
_SHOWN = ("job", "task", "state", "reason", "detail", "attempt", "seconds", "score", "log")


def render_report(run: Run, *, samples: int = _SAMPLES) -> str:
    """The page. `samples` is how many request and answer pairs of each job it holds at most. Raises RunDamaged."""
    template = files(__package__ or "").joinpath(_TEMPLATE).read_text("utf-8")
    data = json_text(report_tree(run, samples=samples), separators=(",", ":"))
    # Inside a script element only these can end it or open a comment in it; U+2028 and U+2029 end a line.
    for character in "<>&\u2028\u2029":
        data = data.replace(character, f"\\u{ord(character):04x}")
    return template.replace(_PLACE, data, 1)


def report_tree(run: Run, *, samples: int = _SAMPLES) -> Json:
    """Everything that the page shows, as one JSON object. Values of secrets are in none of it. Raises RunDamaged."""
    return {
        "invocation": run.invocation,
        "created": run.created,
        "model": run.plan.model_id,
        "url": bare_url(run.plan.url),
        "mode": run.plan.mode,
        "config": config_text(run),
        "provenance": run.provenance(),
        "jobs": [_job(run, status, samples) for status in run.statuses()],
    }


def _job(run: Run, status: JobStatus, samples: int) -> Json:
    spec, shown = run.job(status.job), status.to_json()
    paths = run.paths.job(spec.dir_name)
    tree = tree_of(run, status.job)
    figures = read_figures(run, status.job, status.attempt)
    return {
        **{key: shown[key] for key in _SHOWN},
        "harness": spec.harness,
        "image": spec.image,
        "digest": spec.digest,
        "metrics": _metrics(tree),
        "problem": tree.problem,
        "requests": _requests(figures) if figures is not None else None,
        "samples": _samples(paths.root, samples),
    }


def _metrics(tree: MetricTree) -> list[Json]:
    rows: list[Json] = []
    for node in tree.nodes:
        for figure in node.figures:
            found = figure.interval if figure.value is not None else None
            rows.append(
                {
                    "node": node.label,
                    "depth": node.depth,
                    "metric": figure.metric,
                    "value": figure.value,
                    "stderr": figure.stderr,
                    "n": figure.n,
                    "low": found.low if found else None,
                    "high": found.high if found else None,
                    "primary": figure.primary,
                }
            )
    return rows


def _requests(figures: RequestFigures) -> Json:
    return {
        **{name: getattr(figures, name) for name in ("sent", "ok", "failed", "cancelled", "retried", "cached")},
        "tokens_in": figures.tokens_in,
        "tokens_out": figures.tokens_out,
        "by_status": figures.by_status,
        "finish_reasons": figures.finish_reasons,
        "latency": figures.latency,
        "buckets": figures.buckets,
        "errors": figures.last_errors,
    }


def _samples(folder: Path, most: int) -> Json:
    log = SampleLog(folder)
    total = log.refresh()
    shown = [_sample(log.read(number)) for number in range(min(total, most))]
    return {"total": total, "shown": shown}


def _sample(sample: Sample) -> Json:
    return {
        "id": sample.id,
        "at": sample.at,
        "messages": [[message.role, message.text[:_TEXT]] for message in sample.messages],
        "answered": sample.answered,
        "answer": sample.answer[:_TEXT],
        "reasoning": sample.reasoning[:_TEXT],
        "finish": sample.finish_reason,
        "error": sample.error[:_TEXT],
        "status": sample.status,
        "cached": sample.cached,
        "seconds": sample.seconds,
        "tokens_in": sample.tokens_in,
        "tokens_out": sample.tokens_out,
    }
