"""Intervals by a method that is asked for, against scipy and statsmodels."""

from __future__ import annotations

import random
import statistics

import numpy as np
import pytest
from evaldock.core.catalog.measure import Unit
from evaldock.core.results.ci import Ci, contrast_by, interval_by
from evaldock.core.results.samples.evidence import Evidence
from scipy import stats
from statsmodels.regression.linear_model import OLS

DRAW = random.Random(11)
VALUES = {f"q{n}": [float(DRAW.random() < 0.7)] for n in range(90)}
CLUSTERS = {item: f"c{n // 3}" for n, item in enumerate(VALUES)}
PLAIN, CLUSTERED = Evidence("f", "acc", VALUES), Evidence("f", "acc", VALUES, CLUSTERS)
MEANS = [scores[0] for scores in VALUES.values()]


def clustered(values: list[float]) -> tuple[float, float]:
    groups = np.repeat(range(30), 3)
    fit = OLS(np.array(values), np.ones(90)).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    # statsmodels corrects by (n - 1) / (n - k) as well, which is 1 here.
    low, high = fit.conf_int()[0]
    return float(low), float(high)


def test_of_one_score() -> None:
    oracle = stats.binomtest(int(sum(MEANS)), 90).proportion_ci(0.95, "wilson")
    for evidence in (PLAIN, CLUSTERED):
        found = interval_by(evidence, Unit.FRACTION, Ci.WILSON)
        assert found is not None and (found.low, found.high) == pytest.approx((oracle.low, oracle.high))
    found = interval_by(CLUSTERED, Unit.FRACTION, Ci.CLUSTER)
    assert found is not None and (found.low, found.high) == pytest.approx(clustered(MEANS), rel=1e-6)
    found = interval_by(PLAIN, Unit.FRACTION, Ci.CLUSTER)
    each = stats.t.interval(0.95, 89, statistics.fmean(MEANS), stats.sem(MEANS))
    assert found is not None and (found.low, found.high) == pytest.approx(each)
    found = interval_by(PLAIN, Unit.FRACTION, Ci.BOOTSTRAP)
    drawn = stats.bootstrap((MEANS,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(1))
    assert found is not None and (found.low, found.high) == pytest.approx(tuple(drawn.confidence_interval), abs=0.012)


def test_what_a_method_cannot_tell_is_none() -> None:
    assert interval_by(PLAIN, Unit.SECONDS, Ci.WILSON) is None
    single = Evidence("f", "acc", {"q": [1.0]})
    assert interval_by(single, Unit.FRACTION, Ci.BOOTSTRAP) is None
    assert interval_by(single, Unit.SECONDS, Ci.CLUSTER) is None


def test_of_a_difference_the_test_stays() -> None:
    after = [float(value or DRAW.random() < 0.3) for value in MEANS]
    names = list(CLUSTERS.values())
    usual = contrast_by(MEANS, after, names, None, share=True)
    student = contrast_by(MEANS, after, None, Ci.CLUSTER, share=True)
    found = student.interval()
    paired = stats.ttest_rel(after, MEANS).confidence_interval()
    assert student.test == "McNemar mid-p"
    assert found is not None and (found.low, found.high) == pytest.approx((paired.low, paired.high))
    drawn = contrast_by(MEANS, after, names, Ci.BOOTSTRAP, share=True)
    assert (drawn.p, drawn.test) == (usual.p, "clustered paired t")
    narrow, wide = drawn.interval(0.9), drawn.interval()
    assert narrow is not None and wide is not None and wide.low < narrow.low < narrow.high < wide.high
    assert contrast_by(MEANS, after, names, Ci.WILSON, share=True).test == "McNemar mid-p"
