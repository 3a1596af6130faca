"""Every formula against scipy and statsmodels, on thousands of generated cases."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from evaldock.core.statistics.distributions import normal_quantile, student_p, student_quantile
from evaldock.core.statistics.interval import bootstrap, mean_interval, mean_of, wilson
from evaldock.core.statistics.paired import MeanPairs, contrast, equivalent, mcnemar_exact, mcnemar_mid_p, tango_z
from evaldock.core.statistics.power import paired_error, pairs_needed, smallest_difference
from evaldock.core.statistics.several import holm
from evaldock.core.statistics.unpaired import TwoShares, fisher, two_proportions
from scipy import optimize, stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
from statsmodels.stats.weightstats import ttost_paired

pytestmark = pytest.mark.wide


def cases(number: int, seed: int) -> Iterator[random.Random]:
    draw = random.Random(seed)
    for _ in range(number):
        yield draw


def test_student() -> None:
    for draw in cases(2000, 1):
        t, freedom = draw.uniform(-30, 30), draw.choice([1, 2, 3, 10, 29, 100, 1000, 14_041, draw.randint(1, 500)])
        assert student_p(t, freedom) == pytest.approx(2 * stats.t.sf(abs(t), freedom), rel=1e-9, abs=1e-290)
    for draw in cases(300, 2):
        share, freedom = draw.uniform(0.5, 0.9999), draw.randint(1, 2000)
        assert student_quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-8, abs=1e-9)
        assert normal_quantile(share) == pytest.approx(stats.norm.ppf(share), rel=1e-9, abs=1e-12)


def test_wilson() -> None:
    for draw in cases(1000, 3):
        n = draw.randint(1, 20_000)
        right = draw.choice([0, n, draw.randint(0, n)])
        oracle = stats.binomtest(right, n).proportion_ci(0.95, "wilson")
        assert wilson(right, n) == pytest.approx((oracle.low, oracle.high), abs=1e-12)


def test_mcnemar() -> None:
    for draw in cases(1000, 4):
        fixed, broke = draw.randint(0, 80), draw.randint(0, 80)
        oracle: Any = mcnemar([[0, fixed], [broke, 0]], exact=True)
        exact = oracle.pvalue if fixed + broke else 1.0
        assert mcnemar_exact(fixed, broke) == pytest.approx(exact, rel=1e-9)
        half = float(stats.binom.pmf(min(fixed, broke), fixed + broke, 0.5))
        mid = exact - half if fixed != broke else 1.0
        assert mcnemar_mid_p(fixed, broke) == pytest.approx(mid, rel=1e-9)


def test_the_score_of_no_difference_is_mcnemars_without_correction() -> None:
    for draw in cases(500, 5):
        fixed, broke, same = draw.randint(0, 60), draw.randint(1, 60), draw.randint(0, 300)
        oracle: Any = mcnemar([[0, fixed], [broke, same]], exact=False, correction=False)
        assert tango_z(fixed, broke, fixed + broke + same, 0.0) ** 2 == pytest.approx(oracle.statistic, rel=1e-9)


def test_the_score_statistic_against_a_maximiser_of_the_likelihood() -> None:
    for draw in cases(150, 6):
        fixed, broke, same = draw.randint(1, 40), draw.randint(1, 40), draw.randint(1, 150)
        pairs, delta = fixed + broke + same, draw.uniform(-0.6, 0.6)
        least, most = max(0.0, -delta) + 1e-12, (1 - delta) / 2 - 1e-12

        def loss(q: float, f: int = fixed, b: int = broke, s: int = same, d: float = delta) -> float:
            return -(f * math.log(q + d) + b * math.log(q) + s * math.log(1 - 2 * q - d))

        best: Any = optimize.minimize_scalar(loss, bounds=(least, most), method="bounded", options={"xatol": 1e-12})
        q = best.x
        oracle = (fixed - broke - pairs * delta) / math.sqrt(pairs * (2 * q + delta - delta * delta))
        assert tango_z(fixed, broke, pairs, delta) == pytest.approx(oracle, rel=1e-4, abs=1e-4)


def test_the_ends_of_a_paired_interval_are_where_its_score_is_the_quantile() -> None:
    for draw in cases(300, 7):
        pairs = draw.randint(1, 400)
        fixed = draw.randint(0, pairs)
        broke = draw.randint(0, pairs - fixed)
        before, after = [0.0] * pairs, [0.0] * pairs
        after[:fixed] = [1.0] * fixed
        before[fixed : fixed + broke] = [1.0] * broke
        found = contrast(before, after, share=True).interval()
        assert found is not None and -1 <= found.low <= (fixed - broke) / pairs <= found.high <= 1
        for end in (found.low, found.high):
            if abs(end) < 1 - 1e-6:
                assert abs(tango_z(fixed, broke, pairs, end)) == pytest.approx(1.959964, abs=1e-3)


def test_means_and_paired_differences() -> None:
    for draw in cases(300, 8):
        n = draw.randint(3, 200)
        before = [draw.uniform(1, 10) for _ in range(n)]
        after = [value + draw.gauss(0.2, 1) for value in before]
        oracle = stats.ttest_rel(after, before)
        found = contrast(before, after, share=False)
        assert isinstance(found, MeanPairs) and found.p == pytest.approx(oracle.pvalue, rel=1e-8)
        ends, wanted = found.interval(), oracle.confidence_interval()
        assert ends is not None and (ends.low, ends.high) == pytest.approx((wanted.low, wanted.high), rel=1e-8)
        mean = mean_interval(mean_of(after), share=False)
        single = stats.t.interval(0.95, n - 1, loc=np.mean(after), scale=stats.sem(after))
        assert mean is not None and (mean.low, mean.high) == pytest.approx(single, rel=1e-8)
        margin = draw.uniform(0.05, 1)
        assert equivalent(found, margin) == (ttost_paired(np.array(after), np.array(before), -margin, margin)[0] < 0.05)


def test_clusters() -> None:
    for draw in cases(200, 9):
        n = draw.randint(10, 200)
        clusters = [draw.randint(0, max(2, n // 3)) for _ in range(n)]
        before = [draw.random() for _ in range(n)]
        after = [draw.random() for _ in range(n)]
        clusters[0] = clusters[1]
        fit = OLS(np.subtract(after, before), np.ones(n)).fit(
            cov_type="cluster", cov_kwds={"groups": np.array(clusters)}, use_t=True
        )
        found = contrast(before, after, clusters, share=False)
        assert isinstance(found, MeanPairs) and found.clustered
        assert (found.delta, found.error, found.p) == pytest.approx((fit.params[0], fit.bse[0], fit.pvalues[0]))
        ends = found.interval()
        assert ends is not None and (ends.low, ends.high) == pytest.approx(tuple(fit.conf_int()[0]))


def test_holm() -> None:
    for draw in cases(20, 10):
        p = [draw.random() ** 3 for _ in range(draw.randint(1, 30))]
        _, corrected, *_ = multipletests(p, method="holm")
        assert corrected is not None and holm(p) == pytest.approx(list(corrected))
    assert holm([]) == []


def test_two_proportions() -> None:
    for draw in cases(500, 11):
        n_a, n_b = draw.randint(1, 400), draw.randint(1, 400)
        a, b = draw.randint(0, n_a), draw.randint(0, n_b)
        assert fisher(a, n_a, b, n_b) == pytest.approx(stats.fisher_exact([[a, n_a - a], [b, n_b - b]])[1], rel=1e-6)
        pooled = (a + b) / (n_a + n_b)
        if min(n_a, n_b) * min(pooled, 1 - pooled) >= 5:
            assert two_proportions(a, n_a, b, n_b) == pytest.approx(proportions_ztest([a, b], [n_a, n_b])[1], rel=1e-8)
        found = TwoShares(a, n_a, b, n_b).interval()
        oracle = confint_proportions_2indep(b, n_b, a, n_a, method="newcomb", compare="diff")
        assert (found.low, found.high) == pytest.approx(oracle, abs=1e-9)


def test_bootstrap_is_the_same_for_one_seed_and_near_scipys() -> None:
    draw = random.Random(12)
    values = [draw.uniform(0, 10) for _ in range(80)]
    found = bootstrap(values, seed=3)
    assert found == bootstrap(values, seed=3) != bootstrap(values, seed=4)
    oracle = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=0.1)
    clusters = [number // 4 for number in range(80)]
    paired = [value for value in values[:20] for _ in range(4)]
    whole = bootstrap(paired, clusters)
    assert whole.high - whole.low > 1.5 * (bootstrap(paired).high - bootstrap(paired).low)


@pytest.mark.parametrize(
    ("n", "pp"),
    [
        (30, (16, 23, 28)),
        (100, (9, 13, 15)),
        (164, (6.9, 9.8, 12)),
        (198, (6.3, 8.9, 10.9)),
        (294, (5.2, 7.3, 8.9)),
        (541, (3.8, 5.4, 6.6)),
        (1319, (2.4, 3.4, 4.2)),
        (14_042, (0.7, 1.1, 1.3)),
    ],
)
def test_what_a_paired_comparison_can_see(n: int, pp: tuple[float, ...]) -> None:
    """The published rule: 2.8 * sqrt(q / n)."""
    for share, expected in zip((0.1, 0.2, 0.3), pp, strict=True):
        assert 100 * smallest_difference(paired_error(share, n)) == pytest.approx(
            expected, abs=0.51 if n < 164 else 0.06
        )


def test_as_many_pairs_as_needed_do_see_it() -> None:
    error = paired_error(0.2, 198)
    needed = pairs_needed(error, 198, 0.03)
    assert smallest_difference(paired_error(0.2, needed)) <= 0.03 < smallest_difference(paired_error(0.2, needed - 2))
