"""What one run, or several of one model, have of a task."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...base.narrow import Json, as_items, as_text, as_tree
from ...catalog.measure import Direction, Unit, known_measure
from ...plan.spec import JobSpec
from ...run.score import Score
from ...run.status import JobStatus
from ...run.store import Run
from ..apart import ReadingFailed, read_apart
from ..measured import Source
from ..samples.evidence import Evidence
from .reading import figure_behind


@dataclass(frozen=True)
class Side:
    """One job of a task: its score (None when it has none), its samples, and how it was run.

    `evidence` holds several runs of one model as repeats, when they are taken together; `runs` names them.
    """

    task: str
    run: str
    job: str
    spec: JobSpec
    score: Score | None
    artifacts: Path
    evidence: Evidence | None = field(default=None, repr=False)
    image: str = ""
    state: str = ""
    runs: tuple[str, ...] = ()


def single_sides(run: Run, jobs: Collection[str] | None = None) -> list[Side]:
    """Each of `jobs` (default: all) by itself, in plan order. Raises RunDamaged."""
    provenance = as_tree(run.provenance().get("jobs"))
    return [_side(run, status, provenance) for status in run.statuses() if jobs is None or status.job in jobs]


def _side(run: Run, status: JobStatus, provenance: Json) -> Side:
    job = status.job
    spec = run.job(job)
    artifacts = run.paths.job(spec.dir_name).artifacts
    source = Source(artifacts, spec.harness, spec.primary_metric, spec.repeats, spec.measure)
    score, evidence = _measured(spec, status.score, source)
    attempts = as_items(provenance.get(job))
    newest = as_tree(attempts[-1]) if attempts else {}
    digests = [as_text(digest) for digest in as_items(newest.get("digests"))]
    image = digests[0] if digests else as_text(newest.get("image_id"))
    state = status.state.value
    return Side(spec.task, run.invocation, job, spec, score, artifacts, evidence, image, state, (run.invocation,))


def _measured(spec: JobSpec, score: Score | None, source: Source) -> tuple[Score | None, Evidence | None]:
    """The score as it is read today, for older records know no units, and the samples behind it."""
    if score is None:
        return None, None
    try:
        metric, evidence = read_apart(figure_behind, source, spec.result_format, spec.result_file, score.metric)
    except ReadingFailed:
        metric, evidence = None, None
    if metric is None:
        return _named(score, spec.harness), None
    score = replace(
        score,
        value=metric.value,
        stderr=metric.stderr,
        n=metric.n,
        unit=metric.unit.value,
        direction=metric.direction.value,
        repeats=metric.repeats,
        low=metric.interval.low if metric.interval else None,
        high=metric.interval.high if metric.interval else None,
    )
    return score, evidence


def _named(score: Score, harness: str) -> Score:
    """An older record, of which nothing is left but the name of its metric."""
    if score.unit != Unit.NUMBER or score.direction != Direction.UNKNOWN:
        return score
    unit, direction = known_measure(score.metric, harness)
    if unit is Unit.FRACTION and not 0 <= score.value <= 1:
        unit = Unit.NUMBER
    return replace(score, unit=unit.value, direction=direction.value)


def params_of(spec: JobSpec) -> Mapping[str, object]:
    """`config.params` that the container was given."""
    return as_tree(as_tree(spec.run_config.get("config")).get("params"))
