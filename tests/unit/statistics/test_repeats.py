"""Figures at k and the spread of runs against oracles: scipy, numpy, and counting everything."""

from __future__ import annotations

import itertools
import random
import statistics

import numpy as np
import pytest
from evaldock.core.statistics.repeats import (
    Spread,
    majority,
    pass_at,
    pass_at_k,
    pooled_spread,
    reach,
    run_scores,
    spread_of,
)
from scipy import stats


def test_pass_at_is_one_minus_the_chance_of_drawing_wrong_answers_only() -> None:
    for answers in range(1, 25):
        for right in range(answers + 1):
            for k in range(1, answers + 1):
                none = stats.hypergeom.pmf(0, answers, right, k)
                assert pass_at(answers, right, k) == pytest.approx(1 - none, abs=1e-9)


def test_pass_at_k_is_what_counting_all_draws_gives() -> None:
    draw = random.Random(1)
    items = [[float(draw.random() < share) for _ in range(6)] for share in (0.0, 0.1, 0.5, 0.9, 1.0)]
    for k in range(1, 7):
        counted = [np.mean([max(some) for some in itertools.combinations(scores, k)]) for scores in items]
        assert pass_at_k(items, k) == pytest.approx(float(np.mean(counted)), abs=1e-12)


def test_a_majority_is_right_when_its_answer_is_and_a_tie_is_their_mean() -> None:
    assert majority([("4", 1.0), ("5", 0.0), ("4", 1.0)]) == 1.0
    assert majority([("4", 1.0), ("5", 0.0), ("5", 0.0)]) == 0.0
    assert majority([("4", 1.0), ("5", 0.0)]) == 0.5
    assert majority([("4", 1.0), ("5", 0.0), ("6", 0.0)]) == pytest.approx(1 / 3)


def test_a_spread_is_the_standard_deviation_of_a_sample() -> None:
    scores = [0.31, 0.29, 0.335, 0.30, 0.31]
    found = spread_of(scores)
    assert found is not None and found.freedom == 4
    assert found.deviation == pytest.approx(statistics.stdev(scores), rel=1e-12)
    assert spread_of([0.5]) is None


def test_several_sets_are_pooled_as_an_analysis_of_variance_does() -> None:
    sets = [[0.3, 0.32, 0.29], [0.5, 0.49], [0.31, 0.35, 0.33, 0.30]]
    found = pooled_spread([one for scores in sets if (one := spread_of(scores))])
    within = sum((score - float(np.mean(scores))) ** 2 for scores in sets for score in scores)
    assert found is not None and found.freedom == 6
    assert found.deviation == pytest.approx((within / 6) ** 0.5, rel=1e-12)
    assert pooled_spread([]) is None


def test_two_runs_of_one_model_are_further_apart_than_that_in_one_case_of_twenty() -> None:
    draw, outside, trials = np.random.default_rng(5), 0, 4000
    for _ in range(trials):
        *repeats, first, second = draw.normal(0.3, 0.01, size=7)
        known = spread_of(repeats)
        assert known is not None
        outside += abs(first - second) > reach(known)
    assert 0.04 < outside / trials < 0.06


def test_two_models_have_the_degrees_of_freedom_of_welch() -> None:
    one, other = [0.30, 0.31, 0.33, 0.29], [0.5, 0.52, 0.47]
    before, after = spread_of(one), spread_of(other)
    assert before is not None and after is not None
    # The same as Welch's for sets of n, whose variances of the mean are n times smaller, where n is the same.
    a, b = before.deviation**2, after.deviation**2
    freedom = (a + b) ** 2 / (a**2 / 3 + b**2 / 2)
    assert reach(before, after) == pytest.approx(stats.t.ppf(0.975, freedom) * (a + b) ** 0.5, rel=1e-9)
    assert reach(Spread(0.0, 4), Spread(0.0, 2)) == reach(Spread(0.0, 4)) == 0.0


def test_run_scores_are_the_means_of_the_columns() -> None:
    assert run_scores({"a": [1, 0, 1], "b": [0, 0, 1]}) == [0.5, 0.0, 1.0]
