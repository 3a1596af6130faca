"""Several runs of one task by one model taken together: each is one more answer to the same samples."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence
from dataclasses import replace

from ...catalog.measure import Unit
from ...run.score import Score
from ...run.store import Run
from ..measured import evidence_interval, evidence_mean
from ..samples.evidence import Evidence
from .side import Side, single_sides


def sides_of(run: Run, jobs: Collection[str] | None = None) -> dict[str, Side]:
    """Task -> the newest of its jobs that has a score, else its newest; repeats are taken together.

    Raises RunDamaged.
    """
    found: dict[str, Side] = {}
    for group in repeat_groups(single_sides(run, jobs)):
        side = pooled(group)
        if side.score is not None or side.task not in found:
            found[side.task] = side
    return found


def repeat_groups(sides: Sequence[Side]) -> list[list[Side]]:
    """The jobs that are repeats of one task together, all others by themselves."""
    groups: dict[tuple[int, int], list[Side]] = {}
    for place, side in enumerate(sides):
        key = (1, side.spec.position) if side.spec.repeat else (0, place)
        groups.setdefault(key, []).append(side)
    return list(groups.values())


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
    evidence = _together(fitting)
    score = _score([side.score for side in fitting if side.score is not None], evidence)
    if len(fitting) < len(sides):
        score = replace(score, why=f"{score.why} {len(fitting)} of {len(sides)} repeats have a score.".strip())
    runs = tuple(dict.fromkeys(side.run for side in fitting))
    return replace(first, run="+".join(runs), score=score, evidence=evidence, runs=runs, pairs=None)


_WORST = ("valid", "suspect", "invalid")


def _error(scores: Sequence[Score]) -> float:
    """What a single run says of its own error, at most; 0.0 where none says anything."""
    known = [score.stderr for score in scores if score.stderr is not None]
    return statistics.fmean(known) if known else 0.0


def _score(scores: Sequence[Score], evidence: Evidence | None) -> Score:
    """Of several runs: the mean of the items' means, with the error of the items where they are known."""
    values = [score.value for score in scores]
    whole = replace(
        scores[0],
        value=statistics.fmean(values),
        stderr=max(statistics.stdev(values) / len(values) ** 0.5, _error(scores)),
        repeats=sum(score.repeats for score in scores),
        validity=max((score.validity for score in scores), key=_WORST.index),
        why=" ".join(dict.fromkeys(score.why for score in scores if score.why)),
    )
    if evidence is not None:
        mean, ends = evidence_mean(evidence), evidence_interval(evidence, Unit(whole.unit))
        return replace(
            whole,
            value=mean.value,
            stderr=mean.error,
            n=mean.n,
            low=ends.low if ends else None,
            high=ends.high if ends else None,
            ci=ends.method.value if ends else "",
        )
    lows, highs = [score.low for score in scores], [score.high for score in scores]
    known = None not in lows and None not in highs
    # The same samples again narrow only what is chance in the answers: how much that is, nothing tells.
    low = statistics.fmean(low for low in lows if low is not None) if known else None
    high = statistics.fmean(high for high in highs if high is not None) if known else None
    return replace(whole, low=low, high=high)


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
