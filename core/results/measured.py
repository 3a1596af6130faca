"""From the numbers that a harness wrote to figures: unit, direction, n, interval, and the samples behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..catalog.measure import Direction, Measure, Unit, known_measure, writes_percent
from ..statistics.interval import (
    Z95,
    Interval,
    Mean,
    Method,
    interval,
    mean_interval,
    mean_of,
    share_interval,
    successes,
)
from .merge import Found
from .model import Metric
from .primary import named
from .samples.evidence import Evidence, SampleFiles

NOT_RUN = "Not run."
"""What is said of a figure of which no category ran."""

_LARGER = 1.1  # from here on a harness's own error says more than the samples do


@dataclass(frozen=True)
class Source:
    """Where figures come from: the artifacts of a job, and what the plan knows of it; see `JobSpec`."""

    artifacts: Path
    harness: str = ""
    primary_metric: str = ""
    repeats: int = 1
    measure: Measure = field(default_factory=Measure)


def measured(figures: Sequence[Found], source: Source, files: SampleFiles | None = None) -> tuple[Found, ...]:
    """`figures` with everything that is known of them. `files` (default: those of the source) are read when needed."""
    files = files or SampleFiles(source.artifacts, source.measure)
    declared = named(figures, source.primary_metric) if source.primary_metric else None
    units = [_unit(found, found is declared, source, files) for found in figures]
    percent = writes_percent(source.harness) or any(
        unit is Unit.FRACTION and 1 < found.metric.value <= 100 for found, (unit, _) in zip(figures, units, strict=True)
    )
    return tuple(
        _measured(found, unit, direction, percent, source, files)
        for found, (unit, direction) in zip(figures, units, strict=True)
    )


def _unit(found: Found, declared: bool, source: Source, files: SampleFiles) -> tuple[Unit, Direction]:
    """The harness knows best, then the user's catalog, then the name."""
    unit, direction = known_measure(found.label, source.harness)
    if declared or not source.primary_metric:
        unit = Unit(source.measure.unit) if source.measure.unit else unit
        direction = Direction(source.measure.direction) if source.measure.direction else direction
    written = found.metric.direction
    if written is Direction.UNKNOWN:
        written = files.direction(found)
    return unit, direction if written is Direction.UNKNOWN else written


def _measured(
    found: Found, unit: Unit, direction: Direction, percent: bool, source: Source, files: SampleFiles
) -> Found:
    metric = found.metric
    if metric.unknown:
        return replace(found, metric=replace(metric, unit=unit, direction=direction))
    shares = unit is Unit.PERCENT or (unit is Unit.FRACTION and percent)
    if shares:
        stderr = None if metric.stderr is None else metric.stderr / 100
        metric, unit = replace(metric, value=metric.value / 100, stderr=stderr), Unit.FRACTION
    run = files.parts_run(found.label)
    if run is not None and run[0] < run[1]:
        note = f"{run[0]} of {run[1]} categories ran." if run[0] else NOT_RUN
        return replace(found, metric=replace(metric, n=0, unit=unit, direction=direction, note=note))
    behind = files.behind(found, metric.value, rounded=shares) if metric.n != 0 else ""
    if isinstance(behind, Evidence):
        if unit is Unit.NUMBER and all(0 <= value <= 1 for each in behind.values.values() for value in each):
            unit = Unit.FRACTION
        metric = _with_evidence(metric, behind, unit)
    else:
        if unit is Unit.NUMBER and successes(metric.value, metric.n) is not None:
            unit = Unit.FRACTION
        times = source.repeats
        if metric.n is None and (counted := files.generated(found.label)) is not None:
            items, times = counted
            metric = replace(metric, n=items * times)
        metric = _without(replace(metric, note=behind), times, unit)
    return replace(found, metric=replace(metric, unit=unit, direction=direction))


def _with_evidence(metric: Metric, evidence: Evidence, unit: Unit) -> Metric:
    ends, error = evidence_interval(evidence, unit), evidence_mean(evidence).error
    # An error that the harness gives may know of more than these samples: of a judge, or of several runs.
    if metric.stderr is not None and error and metric.stderr > _LARGER * error:
        ends = interval(metric.value, metric.stderr, None)
    stderr = error if metric.stderr is None else max(metric.stderr, error or 0.0)
    n = len(evidence.values)
    return replace(metric, n=n, repeats=evidence.repeats, stderr=stderr, interval=ends, evidence=evidence.file)


def evidence_interval(evidence: Evidence, unit: Unit) -> Interval | None:
    """Wilson's for independent items that are right or wrong; else by t, over the means of items, or over clusters."""
    if evidence.binary and not evidence.clusters:
        right = sum(scores[0] for scores in evidence.values.values())
        return share_interval(int(right), len(evidence.values))
    clustered = bool(evidence.clusters)
    return mean_interval(evidence_mean(evidence), share=unit is Unit.FRACTION, clustered=clustered)


def evidence_mean(evidence: Evidence) -> Mean:
    """The mean of the items' means, with its error."""
    clusters = [evidence.clusters.get(item, item) for item in evidence.values] if evidence.clusters else None
    return mean_of(list(evidence.means.values()), clusters)


def _without(metric: Metric, repeats: int, unit: Unit) -> Metric:
    n, times = metric.n, 1
    if n and repeats > 1 and n % repeats == 0:
        # The harness counts answers; items are what is independent.
        n, times = n // repeats, repeats
    value, stderr = metric.value, metric.stderr
    ends: Interval | None = None
    if unit is Unit.FRACTION:
        if times > 1 and n and stderr is None:
            stderr = math.sqrt(max(0.0, value * (1 - value)) / n)
        ends = interval(value, stderr, n if times == 1 else None)
    elif stderr is not None:
        ends = Interval(value - Z95 * stderr, value + Z95 * stderr, Method.ERROR)
    return replace(metric, n=n, repeats=times, interval=ends)
