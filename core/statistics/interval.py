"""Intervals of one figure: of a share of right answers, and of a mean of anything."""

from __future__ import annotations

import math
import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .distributions import normal_quantile, student_quantile

LEVEL = 0.95
Z95 = normal_quantile(0.975)
_RESAMPLES = 2000
_ALMOST_WHOLE = 1e-6


class Method(StrEnum):
    """How an interval was made."""

    WILSON = "wilson"
    STUDENT = "t"
    CLUSTERED = "clustered"
    BOOTSTRAP = "bootstrap"
    SCORE = "score"
    NEWCOMBE = "newcombe"
    ERROR = "error"


@dataclass(frozen=True)
class Interval:
    """Where the truth is with 95 % confidence, in the unit of the figure.

    `wilson`: of a share, from its n. `t`: of a mean, from the spread of its items. `clustered`: the same, where items
    of one source count as one. `bootstrap`: percentiles of resampled means. `score` and `newcombe`: of a difference of
    shares, paired and unpaired. `error`: from a standard error that the harness gave.
    """

    low: float
    high: float
    method: Method


@dataclass(frozen=True)
class Mean:
    """A mean of n values, its standard error (None for a single group) and how many groups are independent."""

    value: float
    error: float | None
    n: int
    groups: int


def mean_of(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Mean:
    """The mean of `values` (one or more). Values of one cluster are not taken to be independent of each other.

    The error is that of a regression on a constant with cluster-robust errors (CR1); without clusters the usual one.
    """
    n = len(values)
    mean = math.fsum(values) / n
    residuals: Sequence[float] = [value - mean for value in values]
    if clusters is not None:
        sums: dict[Hashable, float] = {}
        for residual, cluster in zip(residuals, clusters, strict=True):
            sums[cluster] = sums.get(cluster, 0.0) + residual
        residuals = list(sums.values())
    groups = len(residuals)
    if groups < 2:
        return Mean(mean, None, n, groups)
    square = math.fsum(residual * residual for residual in residuals)
    return Mean(mean, math.sqrt(square * groups / (groups - 1)) / n, n, groups)


def mean_error(values: Sequence[float]) -> float | None:
    """The standard error of the mean of independent `values`, None for fewer than two."""
    return mean_of(values).error if values else None


def wilson(right: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval of the share `right` / `n`; both may be effective numbers, which need not be whole."""
    share, z2 = right / n, z * z
    centre = share + z2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n)
    return (0.0 if right == 0 else max(0.0, low)), (1.0 if right == n else min(1.0, high))


def share_interval(right: int, n: int) -> Interval:
    """The interval of `right` out of `n` independent items."""
    return Interval(*wilson(right, n), Method.WILSON)


def mean_interval(mean: Mean, *, share: bool, clustered: bool = False, level: float = LEVEL) -> Interval | None:
    """The interval of a mean by Student's t, None for a single group that is no share.

    `share`: the values lie between 0 and 1. There t may leave that range, or shrink to a point where all items agree;
    then Wilson's interval is given, with as many items as independent ones would give the same error.
    """
    n, quantile = float(mean.groups), normal_quantile((1 + level) / 2)
    if mean.error is not None:
        t = student_quantile((1 + level) / 2, mean.groups - 1)
        low, high = mean.value - t * mean.error, mean.value + t * mean.error
        if not share or (mean.error > 0 and low >= 0 and high <= 1):
            return Interval(low, high, Method.CLUSTERED if clustered else Method.STUDENT)
        if mean.error > 0:
            n, quantile = max(1.0, mean.value * (1 - mean.value) / mean.error**2), t
    if not share:
        return None
    ends = wilson(mean.value * n, n, quantile)
    return Interval(*ends, Method.CLUSTERED if clustered else Method.WILSON)


def interval(value: float, stderr: float | None, n: int | None) -> Interval | None:
    """The interval of a figure of which only the error and the n are known; None when neither helps.

    A share of right answers gets Wilson's interval. An error that is larger than n alone gives (repeats, clusters) is
    the harness's knowledge and is used instead.
    """
    right = successes(value, n)
    if right is not None and n is not None:
        own = math.sqrt(max(0.0, value * (1 - value)) / max(1, n - 1))
        if stderr is None or stderr <= 1.1 * own:
            return share_interval(right, n)
    if stderr is None:
        return None
    low, high = value - Z95 * stderr, value + Z95 * stderr
    if 0 <= value <= 1:
        low, high = max(0.0, low), min(1.0, high)
    return Interval(low, high, Method.ERROR)


def successes(value: float, n: int | None) -> int | None:
    """How many of `n` samples were right if `value` is their share, None when it cannot be a share of `n`."""
    if not n or not 0 <= value <= 1:
        return None
    right = round(value * n)
    return right if abs(value * n - right) <= _ALMOST_WHOLE * n else None


def bootstrap(
    values: Sequence[float], clusters: Sequence[Hashable] | None = None, seed: int = 0, *, level: float = LEVEL
) -> Interval:
    """Percentiles of 2,000 means of resampled values, or of resampled whole clusters; the same for the same seed."""
    sums: dict[Hashable, tuple[float, int]] = {}
    for value, cluster in zip(values, clusters if clusters is not None else range(len(values)), strict=True):
        total, n = sums.get(cluster, (0.0, 0))
        sums[cluster] = (total + value, n + 1)
    groups = list(sums.values())
    draw = random.Random(seed)
    means: list[float] = []
    for _ in range(_RESAMPLES):
        chosen = draw.choices(groups, k=len(groups))
        means.append(sum(total for total, _ in chosen) / sum(n for _, n in chosen))
    means.sort()
    tail = (1 - level) / 2
    return Interval(_percentile(means, tail), _percentile(means, 1 - tail), Method.BOOTSTRAP)


def _percentile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
