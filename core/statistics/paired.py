"""Two runs over the same items: how much they differ, and whether by more than chance."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from .distributions import log_choose, normal_p, normal_quantile, student_p, student_quantile
from .interval import LEVEL, Interval, Method, mean_of

_MOST_EXACT = 100_000  # trials up to which sums over all outcomes stay fast


class Test(StrEnum):
    """How a difference was judged."""

    __test__ = False  # pytest: this is no test

    MCNEMAR = "McNemar mid-p"
    PAIRED_T = "paired t"
    CLUSTERED_T = "clustered paired t"
    PROPORTIONS = "two proportions"
    ERRORS = "standard errors"
    NONE = ""


class Contrast(Protocol):
    """A difference "after minus before" in the unit of the figures, with what is known of its chance part."""

    @property
    def test(self) -> Test: ...
    @property
    def delta(self) -> float: ...
    @property
    def error(self) -> float | None:
        """Its standard error if the truth is "no difference"; None where that cannot be known."""
        ...

    @property
    def p(self) -> float:
        """Two-sided p of "no difference"."""
        ...

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Where the true difference is; None where the items do not tell."""
        ...


@dataclass(frozen=True)
class SharePairs:
    """Independent items that are right or wrong: `fixed` right only after, `broke` right only before, of `pairs`.

    p is McNemar's mid-p: the exact test is far too careful where few pairs differ. The interval is Tango's score
    interval, which does not shrink to a point where none differ.
    """

    fixed: int
    broke: int
    pairs: int

    @property
    def test(self) -> Test:
        """McNemar."""
        return Test.MCNEMAR

    @property
    def delta(self) -> float:
        """The difference of the shares."""
        return (self.fixed - self.broke) / self.pairs

    @property
    def error(self) -> float:
        """From the share of discordant pairs; where none is, from a single one."""
        return math.sqrt(max(1, self.fixed + self.broke)) / self.pairs

    @property
    def p(self) -> float:
        """Two-sided."""
        return mcnemar_mid_p(self.fixed, self.broke)

    def interval(self, level: float = LEVEL) -> Interval:
        """Tango's."""
        z = normal_quantile((1 + level) / 2)
        high = _tango_upper(self.fixed, self.broke, self.pairs, z)
        low = -_tango_upper(self.broke, self.fixed, self.pairs, z)
        return Interval(low, high, Method.SCORE)


@dataclass(frozen=True)
class MeanPairs:
    """Items with values of any kind: the mean of their differences, its error, and how many groups are independent.

    `error` is 0 where all groups differ by the same; p is then that of so many signs in a row.
    """

    delta: float
    error: float
    groups: int
    clustered: bool

    @property
    def test(self) -> Test:
        """Student's t."""
        return Test.CLUSTERED_T if self.clustered else Test.PAIRED_T

    @property
    def p(self) -> float:
        """Two-sided."""
        if self.error > 0:
            return student_p(self.delta / self.error, self.groups - 1)
        return 1.0 if self.delta == 0 else min(1.0, 2.0 ** (1 - self.groups))

    def interval(self, level: float = LEVEL) -> Interval | None:
        """By Student's t."""
        if self.error <= 0:
            return None
        half = student_quantile((1 + level) / 2, self.groups - 1) * self.error
        return Interval(self.delta - half, self.delta + half, Method.CLUSTERED if self.clustered else Method.STUDENT)


def contrast(
    before: Sequence[float], after: Sequence[float], clusters: Sequence[Hashable] | None = None, *, share: bool
) -> SharePairs | MeanPairs:
    """The difference of the same items (one or more) in two runs; an item that was repeated gives its mean.

    `clusters` says which items are not independent of each other; `share` that values lie between 0 and 1.
    """
    pairs = list(zip(before, after, strict=True))
    if clusters is not None and len(set(clusters)) == len(clusters):
        clusters = None
    if clusters is None and all(value in (0.0, 1.0) for pair in pairs for value in pair):
        return SharePairs(sum(b < a for b, a in pairs), sum(b > a for b, a in pairs), len(pairs))
    mean = mean_of([a - b for b, a in pairs], clusters)
    if share and mean.value == 0 and not mean.error:
        # Nothing differs: what so many independent items leave open is still more than nothing.
        return SharePairs(0, 0, mean.groups)
    return MeanPairs(mean.value, mean.error or 0.0, mean.groups, clusters is not None)


def equivalent(contrast: Contrast, margin: float) -> bool:
    """Two one-sided tests at 5 %: the difference is less than `margin` either way."""
    found = contrast.interval(0.90)
    return found is not None and -margin < found.low and found.high < margin


def mcnemar_mid_p(fixed: int, broke: int) -> float:
    """Two-sided mid-p of so many changes each way, were both ways equally likely."""
    n, k = fixed + broke, min(fixed, broke)
    if n == 0 or fixed == broke:
        return 1.0
    if n > _MOST_EXACT:
        return normal_p((fixed - broke) / math.sqrt(n))
    chances = [math.exp(log_choose(n, i) - n * math.log(2)) for i in range(k + 1)]
    return min(1.0, 2 * math.fsum(chances) - chances[-1])


def mcnemar_exact(fixed: int, broke: int) -> float:
    """Two-sided p of the exact test."""
    n, k = fixed + broke, min(fixed, broke)
    if n == 0 or fixed == broke:
        return 1.0
    return min(1.0, 2 * math.fsum(math.exp(log_choose(n, i) - n * math.log(2)) for i in range(k + 1)))


def tango_z(fixed: int, broke: int, pairs: int, delta: float) -> float:
    """The score statistic of "the true difference is `delta`" (-1 < delta < 1), standard normal if it is."""
    a = 2 * pairs
    b = -fixed - broke + (2 * pairs - fixed + broke) * delta
    c = -broke * delta * (1 - delta)
    likeliest = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = pairs * (2 * likeliest + delta * (1 - delta))
    distance = fixed - broke - pairs * delta
    if variance <= 0:
        return 0.0 if distance == 0 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def _tango_upper(fixed: int, broke: int, pairs: int, z: float) -> float:
    low, high = (fixed - broke) / pairs, 1.0
    while high - low > 1e-10:
        middle = (low + high) / 2
        low, high = (middle, high) if tango_z(fixed, broke, pairs, middle) > -z else (low, middle)
    return (low + high) / 2
