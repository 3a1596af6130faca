"""Errors, intervals and tests of scores, against values worked out by hand or known from tables."""

from __future__ import annotations

import math

import pytest
from evaldock.core.results.statistics import (
    fisher,
    interval,
    mcnemar,
    mean_error,
    normal_p,
    paired_t,
    student_p,
    successes,
    two_proportions,
)
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
    assert mcnemar(10, 2) == pytest.approx(2 * (1 + 12 + 66) / 4096)
    assert mcnemar(0, 0) == 1.0


def test_two_shares() -> None:
    z = 0.05 / math.sqrt(0.525 * 0.475 * 2 / 1000)
    assert two_proportions(500, 1000, 550, 1000) == pytest.approx(normal_p(z))
    assert two_proportions(0, 20, 1, 20) == pytest.approx(1.0)


def test_paired_values() -> None:
    assert paired_t([0.0, 0.0]) == 1.0
    assert paired_t([0.5, 0.5, 0.5]) == 0.0
    # t = 0.5 / (0.5 / sqrt(3)) = sqrt(3), with 2 degrees of freedom.
    assert paired_t([0.0, 0.5, 1.0]) == pytest.approx(0.2254, abs=1e-4)
    assert mean_error([1.0]) is None


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
