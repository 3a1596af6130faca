"""Intervals by a method that somebody asks for, in place of the one that fits the figure best."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..catalog.measure import Unit
from ..statistics.interval import LEVEL, Interval, Method, bootstrap, mean_interval, mean_of, wilson
from ..statistics.paired import Contrast, MeanPairs, Test, contrast
from .measured import evidence_mean
from .samples.evidence import Evidence


class Ci(StrEnum):
    """`wilson`: items are independent, whatever they share (of a difference: the score interval). `cluster`: items of
    one source count as one, by Student's t. `bootstrap`: whole sources are drawn again and again."""

    WILSON = "wilson"
    CLUSTER = "cluster"
    BOOTSTRAP = "bootstrap"


def interval_by(evidence: Evidence, unit: Unit, how: Ci) -> Interval | None:
    """Of the mean of the items' means; None where the method cannot tell: of no share, or of a single item."""
    means = list(evidence.means.values())
    if how is Ci.BOOTSTRAP:
        return bootstrap(means, _clusters(evidence)) if len(means) > 1 else None
    if how is Ci.WILSON:
        if unit is not Unit.FRACTION:
            return None
        return Interval(*wilson(sum(means), len(means)), Method.WILSON)
    return mean_interval(evidence_mean(evidence), share=unit is Unit.FRACTION, clustered=bool(evidence.clusters))


def contrast_by(
    before: Sequence[float], after: Sequence[float], clusters: Sequence[Hashable] | None, how: Ci | None, *, share: bool
) -> Contrast:
    """`contrast`, with the interval that is asked for; the test stays, unless clusters are to be passed over."""
    found = contrast(before, after, None if how is Ci.WILSON else clusters, share=share)
    differences = [a - b for b, a in zip(before, after, strict=True)]
    if how in (None, Ci.WILSON) or len(differences) < 2:
        return found
    if how is Ci.BOOTSTRAP:
        return _Over(found, lambda level: bootstrap(differences, clusters, level=level))
    mean = mean_of(differences, clusters)
    return _Over(found, MeanPairs(mean.value, mean.error or 0.0, mean.groups, clusters is not None).interval)


@dataclass(frozen=True)
class _Over:
    """The test of one contrast with the interval of another method."""

    base: Contrast
    made: Callable[[float], Interval | None]

    @property
    def test(self) -> Test:
        return self.base.test

    @property
    def delta(self) -> float:
        return self.base.delta

    @property
    def error(self) -> float | None:
        return self.base.error

    @property
    def p(self) -> float:
        return self.base.p

    def interval(self, level: float = LEVEL) -> Interval | None:
        return self.made(level)


def _clusters(evidence: Evidence) -> list[str] | None:
    return [evidence.clusters.get(item, item) for item in evidence.values] if evidence.clusters else None
