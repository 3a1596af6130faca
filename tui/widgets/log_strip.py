"""One row of the log pane, drawn. Pure: a row and how it is looked at give a strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ..draw.line import Line
from ..glyphs import Glyphs
from ..log.frame import LogRow
from ..log.log_line import Run, marked, piece
from ..theme import Palette
from ..view.columns import MARGIN, RIGHT

CLOCK = 10
"""Cells of the time before a line."""


@dataclass(frozen=True, slots=True)
class LogLook:
    """What all rows of a pane are drawn with: its width, the cells out of sight at the left, a column of times."""

    palette: Palette
    glyphs: Glyphs
    width: int
    left: int = 0
    clock: bool = False

    @property
    def drawn_with(self) -> tuple[Palette, Glyphs, int]:
        """What a line's drawn form depends on."""
        return self.palette, self.glyphs, self.room

    @property
    def before(self) -> int:
        """Cells before the text."""
        return MARGIN + (CLOCK if self.clock else 0)

    @property
    def room(self) -> int:
        """Cells for the text."""
        return max(1, self.width - self.before - RIGHT)


def row_strip(look: LogLook, row: LogRow, selected: tuple[int, int] | None, *, offsets: bool) -> Strip:
    """A row of a line; the characters `selected` (from, to; to -1 is the end) are the user's selection.

    With `offsets` the strip knows what is under the mouse: characters of the drawn line, counted backwards before its
    first. That takes half the time of a row, so it is left out where a row is only painted.
    """
    if row.marker:
        return _marker_strip(look, row.marker)
    ground = look.palette.ground("bg")
    text = Strip([Segment(text, style) for text, style in _overlaid(look.palette, row, selected)])
    head = Strip([Segment(" " * MARGIN, ground)], MARGIN)
    if look.clock:
        time = Segment(row.clock.ljust(CLOCK), look.palette.style("dim"))
        head = Strip([Segment(" " * MARGIN, ground), time], look.before)
    start = row.start
    if look.left or text.cell_length > look.room:
        start += len(text.crop(0, look.left).text)
        text = text.crop(look.left, look.left + look.room)
    if offsets:
        head, text = head.apply_offsets(-look.before, row.place), text.apply_offsets(start, row.place)
    free = max(0, look.width - 1 - look.before - text.cell_length)
    return Strip([*head, *text, Segment(" " * free, ground), _edge(look, row)], look.width)


def _overlaid(palette: Palette, row: LogRow, selected: tuple[int, int] | None) -> Sequence[Run]:
    if not row.marks and selected is None:
        return row.text.runs if row.end - row.start == row.text.length else piece(row.text.runs, row.start, row.end)
    found, here = palette.style("bright", on="tint"), palette.style("bg", on="accent", bold=True)
    runs = marked(row.text.runs, [(a, b, here if n == row.here else found) for n, (a, b) in enumerate(row.marks)])
    if selected is not None:
        first, last = max(0, selected[0]), 1 << 30 if selected[1] == -1 else max(0, selected[1])
        runs = marked(runs, [(first, last, Style(reverse=True))])
    return piece(runs, row.start, row.end)


def _edge(look: LogLook, row: LogRow) -> Segment:
    """At the right edge: whether a match is in the row, out of sight as it may be, or what was gone to."""
    marks = [n for n, (at, _) in enumerate(row.marks) if row.start <= at < row.end]
    here = row.spot or row.here in marks
    glyph = look.glyphs.hit_here if here else look.glyphs.hit if marks else " "
    return Segment(glyph, look.palette.style("accent", bold=here))


def _marker_strip(look: LogLook, time: str) -> Strip:
    """A line across the log, with the time at which it was drawn."""
    line = Line(look.palette, limit=look.width).pad_to(MARGIN).add(f"{time} ", "accent")
    return line.add(look.glyphs.rule * max(0, look.width - line.width - RIGHT), "rule").strip(look.width)


def sentence_strip(look: LogLook, text: str, place: int) -> Strip:
    """A sentence where a log would be, or nothing. For a selection it is the end of the log, `place`."""
    strip = Line(look.palette, limit=look.width).pad_to(MARGIN).add(text, "dim").strip(look.width)
    return strip.apply_offsets(-cell_len(text) - MARGIN, place)
