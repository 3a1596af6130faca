"""One row of the log pane, drawn. Pure: runs and how they are looked at give a strip."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ..draw.line import Line
from ..draw.log_line import Runs, marked
from ..glyphs import Glyphs
from ..theme import Palette
from ..view.columns import MARGIN, RIGHT

CLOCK = 10
"""Cells of the time before a line."""


def row_strip(
    palette: Palette,
    width: int,
    runs: Runs,
    *,
    start: int,
    count: int | None,
    left: int,
    clock: str | None,
    spans: Sequence[tuple[int, int]],
    current: int,
    selected: tuple[int, int] | None,
    place: int,
) -> Strip:
    """A row of a line.

    `start` and `count` are the characters of it (None: all), `left` cells are out of sight. `spans` are matches; number
    `current` of them is the one that was gone to. `clock` is the time before the line, None for no such column.
    `place` is what a selection knows the line by.
    """
    found, here = palette.style("bright", on="tint"), palette.style("bg", on="accent", bold=True)
    runs = marked(runs, [(a, b, here if n == current else found) for n, (a, b) in enumerate(spans)])
    if selected is not None:
        first, last = selected
        runs = marked(runs, [(first, 1 << 30 if last < 0 else last, Style(reverse=True))])
    pieces = _part(runs, start, count)
    ground = palette.ground("bg")
    segments = [Segment(text, style if style.bgcolor else ground + style) for text, style in pieces]
    before = MARGIN + (CLOCK if clock is not None else 0)
    strip = Strip(segments)
    room = width - before - 1
    strip = strip.crop(left, left + room) if left or strip.cell_length > room else strip
    strip = strip.apply_offsets(start + left, place)
    head = Line(palette).pad_to(MARGIN)
    if clock is not None:
        head.add(clock.ljust(CLOCK), "dim")
    return Strip.join([head.strip(before), strip]).adjust_cell_length(width, ground)


def _part(runs: Runs, start: int, count: int | None) -> Runs:
    if not start and count is None:
        return runs
    end = start + count if count is not None else 1 << 30
    found: list[tuple[str, Style]] = []
    at = 0
    for text, style in runs:
        piece = text[max(0, start - at) : max(0, end - at)]
        if piece:
            found.append((piece, style))
        at += len(text)
    return tuple(found)


def marker_strip(palette: Palette, glyphs: Glyphs, width: int, time: str) -> Strip:
    """A line across the log, with the time at which it was drawn."""
    line = Line(palette, limit=width).pad_to(MARGIN).add(f"{time} ", "accent")
    return line.add(glyphs.rule * max(0, width - line.width - RIGHT), "rule").strip(width)


def sentence_strip(palette: Palette, width: int, text: str) -> Strip:
    """A sentence where a log would be, or nothing."""
    return Line(palette, limit=width).pad_to(MARGIN).add(text, "dim").strip(width)
