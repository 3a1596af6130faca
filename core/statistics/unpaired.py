"""Two runs of which no items are known, or not the same: their figures alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .distributions import log_choose, normal_p, normal_quantile
from .interval import LEVEL, Interval, Method, wilson
from .paired import Test

_FEW = 5  # below this expected count the normal approximation of a proportion is off, and Fisher's test is exact


@dataclass(frozen=True)
class TwoShares:
    """`right` out of `n` before and after, of independent items. The interval is Newcombe's hybrid of Wilson's."""

    right_before: int
    n_before: int
    right_after: int
    n_after: int

    @property
    def test(self) -> Test:
        """Two proportions."""
        return Test.PROPORTIONS

    @property
    def delta(self) -> float:
        """The difference of the shares."""
        return self.right_after / self.n_after - self.right_before / self.n_before

    @property
    def error(self) -> float:
        """Of both shares taken together."""
        # Half an item more of each kind, for shares of 0 and 1 have no error at all.
        pooled = (self.right_before + self.right_after + 0.5) / (self.n_before + self.n_after + 1)
        return math.sqrt(pooled * (1 - pooled) * (1 / self.n_before + 1 / self.n_after))

    @property
    def p(self) -> float:
        """Two-sided."""
        return two_proportions(self.right_before, self.n_before, self.right_after, self.n_after)

    def interval(self, level: float = LEVEL) -> Interval:
        """Newcombe's."""
        z = normal_quantile((1 + level) / 2)
        before, after = self.right_before / self.n_before, self.right_after / self.n_after
        low_b, high_b = wilson(self.right_before, self.n_before, z)
        low_a, high_a = wilson(self.right_after, self.n_after, z)
        return Interval(
            self.delta - math.hypot(after - low_a, high_b - before),
            self.delta + math.hypot(high_a - after, before - low_b),
            Method.NEWCOMBE,
        )


@dataclass(frozen=True)
class TwoErrors:
    """Two figures of which only the standard errors are known."""

    delta: float
    error: float

    @property
    def test(self) -> Test:
        """By standard errors."""
        return Test.ERRORS

    @property
    def p(self) -> float:
        """Two-sided."""
        return normal_p(self.delta / self.error) if self.error > 0 else float(self.delta == 0)

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Normal."""
        if self.error <= 0:
            return None
        half = normal_quantile((1 + level) / 2) * self.error
        return Interval(self.delta - half, self.delta + half, Method.ERROR)


def two_proportions(right_a: int, n_a: int, right_b: int, n_b: int) -> float:
    """Two-sided p that two shares come from one: the pooled z test, or Fisher's exact test where counts are small."""
    pooled = (right_a + right_b) / (n_a + n_b)
    if min(n_a, n_b) * min(pooled, 1 - pooled) < _FEW:
        return fisher(right_a, n_a, right_b, n_b)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    return normal_p((right_a / n_a - right_b / n_b) / error)


def fisher(right_a: int, n_a: int, right_b: int, n_b: int) -> float:
    """Fisher's exact test, two-sided: the chance of a table as unlikely as this one or more."""
    total, right = n_a + n_b, right_a + right_b
    first, last = max(0, right - n_b), min(right, n_a)

    def log_chance(k: int) -> float:
        return log_choose(n_a, k) + log_choose(n_b, right - k) - log_choose(total, right)

    seen = log_chance(right_a)
    chances = (log_chance(k) for k in range(first, last + 1))
    return min(1.0, math.fsum(math.exp(chance) for chance in chances if chance <= seen + 1e-9))
