"""Axes and histograms: round values where they belong, in as many cells as there are."""

from __future__ import annotations

import pytest
from evaldock.tui.draw.axis import duration_labels, label_line, linear
from evaldock.tui.draw.histogram import histogram
from evaldock.tui.draw.line import spans_width
from evaldock.tui.glyphs import ASCII, UNICODE, Glyphs
from hypothesis import example, given
from hypothesis import strategies as st

numbers = st.floats(-1e6, 1e6, allow_nan=False)


def test_an_axis_ends_at_round_values() -> None:
    axis = linear(0.41, 0.79, 5)
    assert [label for _, label in axis.ticks] == [".4", ".5", ".6", ".7", ".8"]
    assert label_line(axis, 41) == ".4       .5        .6        .7        .8"
    assert [label for _, label in linear(0.0, 1.0, 6).ticks] == ["0", ".2", ".4", ".6", ".8", "1"]
    assert [label for _, label in linear(57, 64, 5).ticks] == ["56", "58", "60", "62", "64"]


@given(numbers, numbers, st.integers(2, 9), st.integers(8, 80))
@example(0.0, 5e-324, 2, 9)
def test_an_axis_holds_its_values(a: float, b: float, most: int, width: int) -> None:
    low, high = sorted((a, b))
    axis = linear(low, high, most)
    slack = 1e-6 * (axis.last - axis.first)
    assert axis.first - slack <= low and high <= axis.last + slack
    assert 2 <= len(axis.ticks) <= most + 1
    assert len(label_line(axis, width)) >= width


def test_durations_are_named_as_people_do() -> None:
    assert duration_labels(0.1, 30, 62).split("   ")[0] == "100 ms"
    assert "1 s" in duration_labels(0.1, 30, 62)
    assert duration_labels(2, 14, 62).split() == ["2", "s", "5", "s", "10", "s"]
    assert duration_labels(0.08, 0.2, 62).split() == ["80", "ms", "200", "ms"]
    assert duration_labels(0, 1, 62) == ""


@given(
    st.floats(1e-5, 100),
    st.lists(st.integers(0, 10_000), max_size=200),
    st.integers(12, 120),
    st.integers(1, 9),
    st.sampled_from([UNICODE, ASCII]),
)
def test_a_histogram_fits(first: float, counts: list[int], width: int, height: int, glyphs: Glyphs) -> None:
    buckets = [(first * 2 ** (n / 4), count) for n, count in enumerate(counts)]
    lines = histogram(buckets, glyphs, width, height, 1.0, 10.0)
    if not any(counts):
        assert lines == []
        return
    assert len(lines) == height + 2
    assert len({spans_width(line) for line in lines}) == 1
    assert spans_width(lines[0]) <= width
    drawn = [line for line in lines[:height] if "".join(span.text for span in line).strip()]
    assert drawn, "the tallest bar is seen"


@pytest.mark.parametrize("count", [1, 1000])
def test_one_bucket_is_a_bar_and_no_slab(count: int) -> None:
    lines = histogram([(0.5, count)], UNICODE, 64, 7, 10.0, 10.0)
    bottom = "".join(span.text for span in lines[6])
    assert 1 <= len(bottom.strip()) <= 3 < len(bottom)


def test_the_slow_end_stands_out() -> None:
    lines = histogram([(1.0, 5), (1.19, 3), (1.41, 1), (1.68, 1)], UNICODE, 64, 7, 1.1, 1.4)
    roles = [(span.role, span.fade > 0) for span in lines[6] if span.text.strip()]
    assert roles == [("accent", True), ("accent", False), ("warn", False)]
