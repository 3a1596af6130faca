"""What a comparison can see, before and after it is made."""

from __future__ import annotations

import math

from .distributions import normal_quantile

POWER = 0.8
ALPHA = 0.05
_REACH = normal_quantile(1 - ALPHA / 2) + normal_quantile(POWER)  # 2.8


def smallest_difference(error: float) -> float:
    """The true difference that a two-sided test at 5 % finds four times in five; `error` is that of the difference."""
    return _REACH * error


def paired_error(discordant: float, n: int) -> float:
    """The standard error of a paired difference of shares under "no difference"; `discordant` share of `n` pairs."""
    return math.sqrt(discordant / n)


def pairs_needed(error: float, n: int, difference: float) -> int:
    """How many pairs like the `n` that gave `error` would be needed to find `difference` (not 0) four times in five."""
    return math.ceil(n * (_REACH * error / difference) ** 2)


def repeats_needed(discordant: float, n: int, difference: float) -> int:
    """How often a benchmark of `n` samples has to be asked to find `difference` (above 0) four times in five.

    `discordant` is the share of samples that two runs score otherwise. That is chance in the answers, which repeats
    average; what is not makes it more.
    """
    return math.ceil(pairs_needed(paired_error(discordant, n), n, difference) / n)
