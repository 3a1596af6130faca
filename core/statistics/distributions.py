"""The normal distribution and Student's t, to the precision of a float."""

from __future__ import annotations

import functools
import math
import statistics

_TINY = 1e-300
_NORMAL = statistics.NormalDist()


def normal_p(z: float) -> float:
    """Two-sided p of a standard normal."""
    return math.erfc(abs(z) / math.sqrt(2))


def normal_quantile(share: float) -> float:
    """z below which `share` (0 < share < 1) of a standard normal lies."""
    return _NORMAL.inv_cdf(share)


def student_p(t: float, freedom: float) -> float:
    """Two-sided p of Student's t with `freedom` degrees of freedom (> 0)."""
    if not math.isfinite(t):
        return 0.0
    return _beta(freedom / (freedom + t * t), freedom / 2, 0.5)


@functools.lru_cache(maxsize=256)
def student_quantile(share: float, freedom: float) -> float:
    """t below which `share` (0.5 <= share < 1) of Student's t lies."""
    # The distribution is concave here and its tail heavier than the normal's: Newton's steps come from below.
    t = normal_quantile(share)
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2
    for _ in range(100):
        density = math.exp(scale - (freedom + 1) / 2 * math.log1p(t * t / freedom))
        step = (student_p(t, freedom) / 2 - (1 - share)) / density
        t += step
        if abs(step) < 1e-12 * max(1.0, t):
            break
    return t


def log_choose(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose `k` of `n`."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    # The fraction converges quickly on this side of the mean only.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 10_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
