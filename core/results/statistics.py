"""What a score's error says, and whether two scores differ by more than chance. Plain formulas, no packages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Z95 = 1.959964
_ALMOST_WHOLE = 1e-6
_FEW = 5  # below this expected count the normal approximation of a proportion is off, and Fisher's test is exact
_MOST_EXACT = 100_000  # trials up to which sums over all outcomes stay fast


@dataclass(frozen=True)
class Interval:
    """The 95 % interval of a score. `wilson`: of a proportion, from its n; `error`: 1.96 standard errors each way."""

    low: float
    high: float
    method: Literal["wilson", "error"]


def interval(value: float, stderr: float | None, n: int | None) -> Interval | None:
    """The 95 % interval of a score, None when neither its error nor its n tells.

    A share of right answers gets Wilson's interval, which stays inside 0..1 and does not shrink to a point at 0 of 20.
    An error that is larger than n alone gives (repeats, clusters) is the harness's knowledge and is used instead.
    """
    right = successes(value, n)
    if right is not None and n is not None:
        own = math.sqrt(max(0.0, value * (1 - value)) / max(1, n - 1))
        if stderr is None or stderr <= 1.1 * own:
            low, high = wilson(right, n)
            return Interval(low, high, "wilson")
    if stderr is None:
        return None
    low, high = value - Z95 * stderr, value + Z95 * stderr
    if 0 <= value <= 1:
        low, high = max(0.0, low), min(1.0, high)
    return Interval(low, high, "error")


def successes(value: float, n: int | None) -> int | None:
    """How many of `n` samples were right if the score is their share, None when it cannot be a share of `n`."""
    if not n or not 0 <= value <= 1:
        return None
    right = round(value * n)
    return right if abs(value * n - right) <= _ALMOST_WHOLE * n else None


def wilson(right: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of `right` out of `n`."""
    share, z2 = right / n, Z95 * Z95
    centre = share + z2 / (2 * n)
    half = Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n)
    return (0.0 if right == 0 else low), (1.0 if right == n else high)


def mean_error(values: Sequence[float]) -> float | None:
    """The standard error of the mean of `values`, None for fewer than two."""
    n = len(values)
    if n < 2:
        return None
    mean = math.fsum(values) / n
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)


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
        return _log_choose(n_a, k) + _log_choose(n_b, right - k) - _log_choose(total, right)

    seen = log_chance(right_a)
    chances = (log_chance(k) for k in range(first, last + 1))
    return min(1.0, math.fsum(math.exp(chance) for chance in chances if chance <= seen + 1e-9))


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p for the same samples under two runs, of which `only_a` were right in the first run alone: exact."""
    n, k = only_a + only_b, min(only_a, only_b)
    if n == 0:
        return 1.0
    if n > _MOST_EXACT:
        return normal_p((only_a - only_b) / math.sqrt(n))
    tail = math.fsum(math.exp(_log_choose(n, i) - n * math.log(2)) for i in range(k + 1))
    return min(1.0, 2 * tail)


def paired_t(differences: Sequence[float]) -> float:
    """Two-sided p that the mean of per-sample differences is 0: Student's t. 1.0 when nothing differs."""
    error = mean_error(differences)
    if error is None or not any(differences):
        return 1.0
    if error == 0:
        return 0.0
    return student_p(math.fsum(differences) / len(differences) / error, len(differences) - 1)


def normal_p(z: float) -> float:
    """Two-sided p of a standard normal."""
    return math.erfc(abs(z) / math.sqrt(2))


def student_p(t: float, freedom: int) -> float:
    """Two-sided p of Student's t: with t = sqrt(f) tan(u) the tail is an integral of cos(u) ** (f - 1), by Simpson."""
    if freedom > 200:
        return normal_p(t * (1 - 1 / (4 * freedom)) / math.sqrt(1 + t * t / (2 * freedom)))
    steps = 400
    start = math.atan(abs(t) / math.sqrt(freedom))
    width = (math.pi / 2 - start) / steps
    # cos is clipped at 0: at pi/2 rounding may leave it a hair below.
    heights = [max(0.0, math.cos(start + i * width)) ** (freedom - 1) for i in range(steps + 1)]
    area = width / 3 * (heights[0] + heights[-1] + 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2]))
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    return min(1.0, 2 * scale * area)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
