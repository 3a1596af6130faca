"""Answers to the same items, asked several times: figures at k, and how much whole runs differ by themselves."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from .distributions import log_choose, student_quantile
from .interval import LEVEL


@dataclass(frozen=True)
class Spread:
    """The standard deviation of the scores of single runs, in the unit of the figure, and its degrees of freedom."""

    deviation: float
    freedom: int


def pass_at(answers: int, right: int, k: int) -> float:
    """The chance that `k` (at most `answers`) answers drawn without putting back hold a right one.

    Unbiased for "one of k answers is right" (Chen et al. 2021, arXiv 2107.03374).
    """
    wrong = answers - right
    return 1.0 if wrong < k else 1.0 - math.exp(log_choose(wrong, k) - log_choose(answers, k))


def pass_at_k(items: Sequence[Sequence[float]], k: int) -> float:
    """The mean over items (one or more) of `pass_at`; each holds at least `k` scores of 0 or 1."""
    return math.fsum(pass_at(len(scores), sum(score == 1 for score in scores), k) for scores in items) / len(items)


def majority(answers: Sequence[tuple[Hashable, float]]) -> float:
    """The score of the answer that was given most often; of several such, their mean. `answers` are one or more."""
    groups: dict[Hashable, list[float]] = {}
    for answer, score in answers:
        groups.setdefault(answer, []).append(score)
    most = max(map(len, groups.values()))
    likeliest = [math.fsum(scores) / len(scores) for scores in groups.values() if len(scores) == most]
    return math.fsum(likeliest) / len(likeliest)


def spread_of(scores: Sequence[float]) -> Spread | None:
    """Of the scores of whole runs over the same items; None for fewer than two."""
    if len(scores) < 2:
        return None
    mean = math.fsum(scores) / len(scores)
    square = math.fsum((score - mean) ** 2 for score in scores)
    return Spread(math.sqrt(square / (len(scores) - 1)), len(scores) - 1)


def pooled_spread(spreads: Sequence[Spread]) -> Spread | None:
    """Several sets of repeats as one: variances weighted by their degrees of freedom. None for no set."""
    freedom = sum(one.freedom for one in spreads)
    if not freedom:
        return None
    return Spread(math.sqrt(math.fsum(one.freedom * one.deviation**2 for one in spreads) / freedom), freedom)


def reach(before: Spread, after: Spread | None = None) -> float:
    """How far two single runs, one of each kind, are apart in 95 of 100 cases where nothing but chance differs.

    Without `after` both are of one kind. By Student's t, with the degrees of freedom of Welch and Satterthwaite.
    """
    one, other = before.deviation**2, (after or before).deviation ** 2
    if one + other == 0:
        return 0.0
    if after is None:
        freedom = float(before.freedom)
    else:
        freedom = (one + other) ** 2 / (one**2 / before.freedom + other**2 / after.freedom)
    return student_quantile((1 + LEVEL) / 2, freedom) * math.sqrt(one + other)


def run_scores(items: Mapping[str, Sequence[float]]) -> list[float]:
    """The mean score of each run, of items that each run answered: as many runs as the shortest item has answers."""
    runs = min(map(len, items.values()))
    return [math.fsum(scores[number] for scores in items.values()) / len(items) for number in range(runs)]
