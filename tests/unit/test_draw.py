"""Lines, bars and figures: no width is ever overrun, and what is there is shown."""

from __future__ import annotations

from datetime import UTC

import pytest
from evaldock.tui.draw import numbers
from evaldock.tui.draw.bars import bar, interval, run_line, shares, sparkline, squeezed
from evaldock.tui.draw.line import Line, Span, cut_end, cut_middle, spans_width
from evaldock.tui.glyphs import ASCII, UNICODE
from evaldock.tui.theme import ROLES, THEMES, Role, palette
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

DARK = palette(THEMES["evaldock-dark"])
glyph_sets = st.sampled_from([UNICODE, ASCII])
fractions = st.floats(0, 1)


@given(glyph_sets, st.integers(0, 60), fractions)
def test_a_bar_is_as_wide_as_asked(glyphs, width: int, fraction: float) -> None:
    assert spans_width(bar(glyphs, width, fraction)) == width


@pytest.mark.parametrize(
    ("fraction", "text"), [(0, "──────"), (0.5, "━━━───"), (0.58, "━━━╸──"), (1, "━━━━━━"), (0.999, "━━━━━╸")]
)
def test_a_bar_moves_in_half_cells_and_is_full_only_at_the_end(fraction: float, text: str) -> None:
    assert "".join(span.text for span in bar(UNICODE, 6, fraction)) == text


@given(glyph_sets, st.lists(st.floats(-5, 1e9), max_size=80), st.integers(0, 40))
def test_a_sparkline_is_as_wide_as_asked_and_never_a_full_block(glyphs, values: list[float], width: int) -> None:
    line = sparkline(glyphs, values, width)
    assert cell_len(line) == width
    assert "█" not in line


@given(st.lists(st.floats(0, 1000), max_size=70), st.integers(1, 20))
def test_a_squeezed_history_keeps_its_mean(values: list[float], width: int) -> None:
    small = squeezed(values, width)
    assert len(small) == min(width, len(values))
    assert all(min(values) - 1e-6 <= value <= max(values) + 1e-6 for value in small)


@given(st.lists(st.one_of(st.just(0.0), st.floats(0.01, 1000)), max_size=12), st.integers(0, 200))
def test_shares_use_every_cell_and_hide_nobody(weights: list[float], width: int) -> None:
    cells = shares(weights, width)
    assert sum(cells) == (width if sum(weights) else 0)
    present = [n for n, weight in zip(cells, weights, strict=True) if weight > 0]
    if len(present) <= width:
        assert all(present)


def test_a_run_line_has_a_piece_for_each_part() -> None:
    parts: list[tuple[Role, str, float]] = [("ok", "━", 4.0), ("bad", "╍", 2.0), ("dim", "─", 2.0)]
    assert [(span.role, span.text) for span in run_line(UNICODE, parts, 8)] == [
        ("ok", "━━━━"),
        ("bad", "╍╍"),
        ("dim", "──"),
    ]


@given(fractions, fractions, fractions, st.integers(1, 50))
def test_an_interval_is_as_wide_as_asked(a: float, b: float, c: float, width: int) -> None:
    low, value, high = sorted((a, b, c))
    assert spans_width(interval(UNICODE, (low, value, high), (0, 1), width)) == width


@given(st.text(), st.integers(0, 30), st.sampled_from(["…", "~"]))
def test_cut_text_fits(text: str, width: int, ellipsis: str) -> None:
    assert cell_len(cut_end(text, width, ellipsis)) <= max(width, 0)
    assert cell_len(cut_middle(text, width, ellipsis)) <= max(width, 0)


def test_the_middle_is_cut_because_the_ends_differ() -> None:
    assert cut_middle("gsm8k_cot_instruct", 11) == "gsm8k…truct"


@given(st.lists(st.text(max_size=8), max_size=6), st.integers(0, 40))
def test_a_line_is_as_wide_as_asked(texts: list[str], width: int) -> None:
    line = Line(DARK, limit=width)
    for text in texts:
        line.add(text.replace("\n", " "))
    assert line.strip(width).cell_length == width


def test_what_stands_right_ends_at_the_edge_or_is_left_out() -> None:
    spans = [Span("12:41", "dim")]
    assert Line(DARK).add("task").right(spans, 20).strip(20).text == "task           12:41"
    assert Line(DARK).add("a long task name").right(spans, 20).strip(20).text == "a long task name    "


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (numbers.elapsed(None), ""),
        (numbers.elapsed(7), "00:07"),
        (numbers.elapsed(2472), "41:12"),
        (numbers.elapsed(7440), "2h04"),
        (numbers.elapsed(3 * 86400 + 5), "3d"),
        (numbers.left(45), "45s"),
        (numbers.left(480), "8m"),
        (numbers.left(4200), "1h10"),
        (numbers.age(10), "now"),
        (numbers.age(3 * 3600), "3 h"),
        (numbers.age(86400), "1 d"),
        (numbers.latency(0.41), "410 ms"),
        (numbers.latency(1.9), "1.9 s"),
        (numbers.latency(12.4), "12.4 s"),
        (numbers.latency(0.9996), "1.0 s"),
        (numbers.size(3.1 * (1 << 30)), "3.1 GiB"),
        (numbers.size(812 * (1 << 20)), "812 MiB"),
        (numbers.size(1023 * (1 << 20)), "1.0 GiB"),
        (numbers.size(999), "999 B"),
        (numbers.size(1.024 * (1 << 30), 3), "1.02 GiB"),
        (numbers.size(9.97 * (1 << 20)), "10 MiB"),
        (numbers.short_size_parts(3.1 * (1 << 30)), ("3.1", "G")),
        (numbers.rate(4.2), "4.2/s"),
        (numbers.rate(112), "112/s"),
        (numbers.rate(1842), "1,842/s"),
        (numbers.rate(0), "0/s"),
        (numbers.rate(0.01), "<0.1/s"),
        (numbers.progress(0, None), "0"),
        (numbers.progress(1842, 12032), "1,842/12,032 15%"),
        (numbers.progress(9, 5), "9/5 100%"),
        (numbers.progress(1, 0), "1"),
        (numbers.clock(None), " " * 8),
        (numbers.clock("2026-11-23T11:04:05.120Z", UTC), "11:04:05"),
        (numbers.percent(0.61), "61%"),
        (numbers.percent(0.999), "99%"),
        (numbers.percent(0.001), "1%"),
        (numbers.count(14042), "14,042"),
        (numbers.score(0.7811), "0.781"),
        (numbers.error(0.011), "±0.011"),
        (numbers.change(0.007), "+0.007"),
        (numbers.change(-0.096), "−0.096"),
        (numbers.change(-0.0001), "+0.000"),
        (numbers.tokens(1_200_000), ("1.2", "M")),
        (numbers.tokens(340_000), ("340", "k")),
    ],
)
def test_figures_read_as_the_design_says(shown: object, expected: object) -> None:
    assert shown == expected


@pytest.mark.parametrize("name", list(THEMES))
def test_text_can_be_read_on_every_ground(name: str) -> None:
    """WCAG 2: 4.5 and more for every role of text on the three grounds that carry text."""
    colours = palette(THEMES[name])
    for ground in ("bg", "raised", "cursor"):
        for role in ("dim", "text", "bright", "accent", "ok", "bad", "warn"):
            assert _contrast(colours.colour(role), colours.colour(ground)) >= 4.5, (role, ground)


def test_every_sign_is_one_cell_wide() -> None:
    for glyphs in (UNICODE, ASCII):
        for name, sign in vars(glyphs).items():
            assert all(cell_len(character) == 1 for character in sign), name
    assert len(set(ROLES)) == 13


def _contrast(one: str, other: str) -> float:
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
