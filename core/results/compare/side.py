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
from ..model import Metric
from ..samples.evidence import Evidence
from ..samples.pairs import Pairs, has_pairs, read_pairs
from .reading import Behind, figure_behind


@dataclass(frozen=True)
class Side:
    """One job of a task: its score (None when it has none), its samples, and how it was run.

    `folder` is the job's directory; `pairs` what the proxy wrote down there, `all_pairs` whether of every request.
    `cached` answers were kept ones, `reported` the names that the endpoint gave the model. `version` is the harness's,
    `params` are those that it worked with as far as it says. `evidence` holds several runs of one model as repeats,
    when they are taken together; `runs` names them.
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
    folder: Path = Path()
    pairs: Pairs | None = field(default=None, repr=False)
    all_pairs: bool = False
    cached: int = 0
    reported: tuple[str, ...] = ()
    version: str = ""
    params: Mapping[str, object] = field(default_factory=dict[str, object])


def single_sides(run: Run, jobs: Collection[str] | None = None) -> list[Side]:
    """Each of `jobs` (default: all) by itself, in plan order. Raises RunDamaged."""
    provenance = as_tree(run.provenance().get("jobs"))
    return [_side(run, status, provenance) for status in run.statuses() if jobs is None or status.job in jobs]


def _side(run: Run, status: JobStatus, provenance: Json) -> Side:
    job = status.job
    spec = run.job(job)
    paths = run.paths.job(spec.dir_name)
    behind = _behind(spec, status.score, paths.artifacts)
    attempts = as_items(provenance.get(job))
    newest = as_tree(attempts[-1]) if attempts else {}
    digests = [as_text(digest) for digest in as_items(newest.get("digests"))]
    pairs = _pairs(paths.root)
    tally = status.requests
    return Side(
        spec.task,
        run.invocation,
        job,
        spec,
        _as_of_today(status.score, behind.metric, spec.harness),
        paths.artifacts,
        behind.evidence,
        digests[0] if digests else as_text(newest.get("image_id")),
        status.state.value,
        (run.invocation,),
        folder=paths.root,
        pairs=pairs,
        all_pairs=pairs is not None and tally is not None and pairs.total >= tally.ok,
        cached=tally.cached if tally is not None else 0,
        reported=tuple(as_text(name) for name in as_items(newest.get("reported"))),
        version=behind.made.version or as_text(newest.get("image_version")),
        params=behind.made.params,
    )


def _behind(spec: JobSpec, score: Score | None, artifacts: Path) -> Behind:
    if score is None:
        return Behind()
    source = Source(artifacts, spec.harness, spec.primary_metric, spec.repeats, spec.measure)
    try:
        return read_apart(figure_behind, source, spec.result_format, spec.result_file, score.metric)
    except ReadingFailed:
        return Behind()


def _pairs(folder: Path) -> Pairs | None:
    try:
        return read_apart(read_pairs, folder) if has_pairs(folder) else None
    except ReadingFailed:
        return None


def _as_of_today(score: Score | None, metric: Metric | None, harness: str) -> Score | None:
    """The score as it is read today: older records know no units."""
    if score is None:
        return None
    if metric is None:
        return _named(score, harness)
    return replace(
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
