"""Several runs of one model taken together: each is one more answer to the same samples."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from ...run.store import Run
from ..samples.evidence import Evidence
from .side import Side, sides_of


def by_model(runs: Sequence[Run]) -> dict[str, dict[str, Side]]:
    """Model -> task -> what its runs have together; models in the order in which they are first named.

    Raises RunDamaged.
    """
    found: dict[str, list[dict[str, Side]]] = {}
    for run in runs:
        found.setdefault(run.plan.model_id, []).append(sides_of(run))
    return {
        model: {task: pooled([side[task] for side in sides if task in side]) for side in sides for task in side}
        for model, sides in found.items()
    }


def pooled(sides: Sequence[Side]) -> Side:
    """Those of `sides` (one or more, of one task) that have the same valid metric, as one."""
    scored = [side for side in sides if side.score is not None and side.score.valid]
    first = scored[0] if scored else sides[0]
    fitting = [side for side in scored if first.score and side.score and side.score.metric == first.score.metric]
    if len(fitting) < 2 or first.score is None:
        return first
    values = [side.score.value for side in fitting if side.score is not None]
    error = statistics.stdev(values) / len(values) ** 0.5
    score = replace(first.score, value=statistics.fmean(values), stderr=error, repeats=len(fitting))
    name = "+".join(side.run for side in fitting)
    runs = tuple(side.run for side in fitting)
    return replace(first, run=name, score=score, evidence=_together(fitting), runs=runs)


def spread(sides: Sequence[Side]) -> float | None:
    """The standard deviation of the scores of runs of one model; None for fewer than two."""
    values = [side.score.value for side in sides if side.score is not None and side.score.valid]
    return statistics.stdev(values) if len(values) > 1 else None


def _together(sides: Sequence[Side]) -> Evidence | None:
    each = [side.evidence for side in sides]
    known = [evidence for evidence in each if evidence is not None]
    if len(known) < len(each):
        return None
    first = known[0]
    shared = [item for item in first.values if all(item in evidence.values for evidence in known)]
    values = {item: [score for evidence in known for score in evidence.values[item]] for item in shared}
    return replace(first, values=values) if values else None
