"""Tasks that a run asked several times: what all answers say together, and how much single runs differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..catalog.measure import Measure
from ..run.external import standing
from ..run.score import Score
from ..run.store import Run
from ..statistics.repeats import Spread, majority, pass_at_k, run_scores, spread_of
from .apart import ReadingFailed, read_apart
from .compare.pool import pooled, repeat_groups
from .compare.side import Side, single_sides
from .extracted import extracted_answers
from .samples.evidence import Evidence


@dataclass(frozen=True)
class Repeated:
    """One task, asked `k` times: as `jobs` of its own, or by its harness in one.

    `score` is that of all answers; `runs` are the scores of the single runs, where they are known, and `spread` is how
    much they differ. `pass_at_k`: of the items, how many are right in at least one of k answers; `majority`: in the
    answer that is given most often. None where the samples do not tell.
    """

    task: str
    jobs: tuple[str, ...]
    k: int
    score: Score
    runs: tuple[float, ...] = ()
    spread: Spread | None = None
    pass_at_k: float | None = None
    majority: float | None = None
    side: Side | None = None

    @property
    def external(self) -> str:
        """How the score stands against what others report."""
        spec = self.side.spec if self.side is not None else None
        return standing(self.score, spec.reported, smoke=spec.limit is not None) if spec is not None else ""


def repeats_in(run: Run, jobs: Collection[str] | None = None, *, texts: bool = True) -> list[Repeated]:
    """Each task among `jobs` (default: all) that has two answers to its samples or more, in plan order.

    `texts`: also what the answers were, for `majority`. Raises RunDamaged.
    """
    chosen = {status.job for status in run.statuses() if _perhaps(run, status.job, status.score)}
    if jobs is not None:
        chosen &= set(jobs)
    if not chosen:
        return []
    found = (_repeated(group, texts=texts) for group in repeat_groups(single_sides(run, chosen)))
    return [one for one in found if one is not None]


def _perhaps(run: Run, job: str, score: Score | None) -> bool:
    return run.job(job).repeat > 0 or (score is not None and score.repeats > 1)


def _repeated(sides: Sequence[Side], *, texts: bool) -> Repeated | None:
    scored = [side for side in sides if side.score is not None and side.score.valid]
    if not scored:
        return None
    side = pooled(sides)
    if side.score is None or side.score.repeats < 2:
        return None
    runs = _runs(scored, side.evidence)
    binary = side.evidence is not None and all(
        score in (0.0, 1.0) for scores in side.evidence.values.values() for score in scores
    )
    k = min(map(len, side.evidence.values.values())) if side.evidence is not None else side.score.repeats
    return Repeated(
        side.task,
        tuple(one.job for one in sides),
        k,
        side.score,
        tuple(runs),
        spread_of(runs),
        pass_at_k(list(side.evidence.values.values()), k) if side.evidence is not None and binary else None,
        _majority(scored, side.evidence) if texts and binary and side.evidence is not None else None,
        side,
    )


def _runs(sides: Sequence[Side], evidence: Evidence | None) -> list[float]:
    """The score of each run. Of a harness that repeats by itself, the n-th answers to all samples are one run."""
    if evidence is not None:
        return run_scores(evidence.values)
    return [side.score.value for side in sides if side.score is not None] if len(sides) > 1 else []


def _majority(sides: Sequence[Side], evidence: Evidence) -> float | None:
    given: dict[str, list[tuple[str, float]]] = {}
    for side in sides:
        for item, answers in _extracted(side.artifacts, side.spec.measure, evidence.label).items():
            given.setdefault(item, []).extend(answers)
    if any(len(given.get(item, ())) != len(scores) for item, scores in evidence.values.items()):
        return None
    return sum(majority(given[item]) for item in evidence.values) / len(evidence.values)


def _extracted(artifacts: Path, measure: Measure, label: str) -> dict[str, list[tuple[str, float]]]:
    try:
        return read_apart(extracted_answers, artifacts, measure, label)
    except ReadingFailed:
        return {}
