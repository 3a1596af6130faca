"""Errors, intervals and tests of scores, against values worked out by hand or known from tables."""

from __future__ import annotations

import math

import pytest
from evaldock.core.statistics.distributions import normal_p, student_p
from evaldock.core.statistics.interval import interval, mean_error, mean_interval, mean_of, successes
from evaldock.core.statistics.paired import MeanPairs, SharePairs, contrast, equivalent, mcnemar_exact
from evaldock.core.statistics.unpaired import TwoErrors, TwoShares, fisher, two_proportions
from hypothesis import given
from hypothesis import strategies as st


def test_none_of_twenty_is_no_certain_zero() -> None:
    found = interval(0.0, 0.0, 20)
    assert found is not None and found.method == "wilson"
    assert (found.low, round(found.high, 3)) == (0.0, 0.161)


def test_a_larger_error_than_n_gives_is_believed() -> None:
    found = interval(0.5, 0.1, 400)
    assert found is not None and found.method == "error"
    assert (round(found.low, 3), round(found.high, 3)) == (0.304, 0.696)


def test_an_interval_of_a_share_stays_between_0_and_1() -> None:
    found = interval(0.99, 0.1, None)
    assert found is not None and found.high == 1.0


def test_without_error_and_n_there_is_no_interval() -> None:
    assert interval(0.5, None, None) is None
    assert interval(57.3, None, 100) is None


def test_a_score_that_is_no_share_has_no_successes() -> None:
    assert successes(0.25, 8) == 2
    assert successes(0.3, 8) is None
    assert successes(2.0, 8) is None
    assert successes(0.5, None) is None


def test_known_p_values() -> None:
    assert normal_p(1.959964) == pytest.approx(0.05, abs=1e-6)
    assert student_p(2.228, 10) == pytest.approx(0.05, abs=1e-4)
    assert student_p(12.706, 1) == pytest.approx(0.05, abs=1e-4)
    assert student_p(1.972, 200) == pytest.approx(0.05, abs=1e-4)
    assert student_p(1.9647, 500) == pytest.approx(0.05, abs=1e-4)
    # The lady tasting tea: 3 of 4 against 1 of 4.
    assert fisher(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert mcnemar_exact(10, 2) == pytest.approx(2 * (1 + 12 + 66) / 4096)
    assert mcnemar_exact(0, 0) == 1.0


def test_two_shares() -> None:
    z = 0.05 / math.sqrt(0.525 * 0.475 * 2 / 1000)
    assert two_proportions(500, 1000, 550, 1000) == pytest.approx(normal_p(z))
    assert two_proportions(0, 20, 1, 20) == pytest.approx(1.0)


def test_errors_alone() -> None:
    assert TwoErrors(0.1, 0.05).p == pytest.approx(normal_p(2))
    assert (TwoErrors(0.0, 0.0).p, TwoErrors(0.1, 0.0).p, TwoErrors(0.1, 0.0).interval()) == (1.0, 0.0, None)
    ends = TwoErrors(2.0, 1.0).interval()
    assert ends is not None and (ends.low, ends.high) == pytest.approx((0.04, 3.96), abs=0.001)


def test_paired_values() -> None:
    # t = 0.5 / (0.5 / sqrt(3)) = sqrt(3), with 2 degrees of freedom.
    assert contrast([0.0, 0.0, 0.0], [0.0, 0.5, 1.0], share=True).p == pytest.approx(0.2254, abs=1e-4)
    assert mean_error([1.0]) is None


def test_nothing_that_differs_is_no_certain_sameness() -> None:
    few = contrast([0.2, 0.4, 1.0], [0.2, 0.4, 1.0], share=True)
    assert few == SharePairs(0, 0, 3) and few.p == 1.0 and not equivalent(few, 0.01)
    many = contrast([1.0] * 1000, [1.0] * 1000, share=True)
    assert equivalent(many, 0.01)
    ratings = contrast([7.0, 7.0], [7.0, 7.0], share=False)
    assert ratings.p == 1.0 and ratings.interval() is None and not equivalent(ratings, 1.0)


def test_items_that_all_differ_by_the_same_are_so_many_signs() -> None:
    found = contrast([1.0, 2.0, 3.0], [1.5, 2.5, 3.5], share=False)
    assert isinstance(found, MeanPairs) and found.p == 0.25 and found.interval() is None


def test_a_mean_at_the_end_of_its_range_keeps_an_interval() -> None:
    found = mean_interval(mean_of([1.0] * 20, [i // 2 for i in range(20)]), share=True, clustered=True)
    assert found is not None and (round(found.low, 3), found.high) == (0.722, 1.0)
    near = mean_interval(mean_of([1.0] * 39 + [0.8]), share=True)
    assert near is not None and 0.9 < near.low < 0.995 < near.high <= 1.0
    assert mean_interval(mean_of([3.0]), share=False) is None


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.6, 1.0]), st.sampled_from([0.0, 0.4, 1.0])), min_size=1))
def test_swapped_runs_mirror_every_number(pairs: list[tuple[float, float]]) -> None:
    before, after = [b for b, _ in pairs], [a for _, a in pairs]
    one, other = contrast(before, after, share=True), contrast(after, before, share=True)
    assert (one.p, one.delta, one.error) == pytest.approx((other.p, -other.delta, other.error))
    ends, mirrored = one.interval(), other.interval()
    assert (ends is None) == (mirrored is None)
    if ends is not None and mirrored is not None:
        assert (ends.low, ends.high) == pytest.approx((-mirrored.high, -mirrored.low))
    there, back = TwoShares(3, 9, 8, 11).interval(), TwoShares(8, 11, 3, 9).interval()
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_p_is_a_chance_and_does_not_care_who_comes_first(n_a: int, n_b: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, n_a)), data.draw(st.integers(0, n_b))
    for test in (two_proportions, fisher):
        p = test(a, n_a, b, n_b)
        assert 0 <= p <= 1
        assert p == pytest.approx(test(b, n_b, a, n_a), abs=1e-9)


@given(st.integers(1, 400), st.data())
def test_an_interval_holds_its_score(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    found = interval(right / n, None, n)
    assert found is not None and 0 <= found.low <= right / n <= found.high <= 1
