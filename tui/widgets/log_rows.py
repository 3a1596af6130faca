"""From lines of a log to rows of a screen, for any size of log: only what is near the screen is ever looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells


@dataclass(frozen=True, slots=True)
class Row:
    """A row: part `part` of the wrapped line `line`; or the marker under a line, whose part is -1."""

    line: int
    part: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """What stands at the top: a line and how many of its rows are above the edge."""

    line: int = 0
    part: int = 0


class Rows:
    """Walks over rows. `count` says how many lines there are, `text_of` what one shows, `marks` which have a marker.

    Lines longer than `wrap_at` cells take several rows; 0 wraps nothing.
    """

    def __init__(self, count: Callable[[], int], text_of: Callable[[int], str], marks: Callable[[int], bool]) -> None:
        self._count, self._text_of, self._marks = count, text_of, marks
        self.wrap_at = 0

    def pieces(self, line: int) -> list[str]:
        """The parts of a line, one where it is not wrapped."""
        text = self._text_of(line)
        if not self.wrap_at or cell_len(text) <= self.wrap_at:
            return [text]
        return chop_cells(text, self.wrap_at) or [""]

    def _height(self, line: int) -> int:
        parts = len(self.pieces(line)) if self.wrap_at else 1
        return parts + self._marks(line)

    def _row(self, line: int, part: int) -> Row:
        return Row(line, -1 if self._marks(line) and part == self._height(line) - 1 else part)

    def down(self, top: Place, most: int) -> Iterator[Row]:
        """At most `most` rows from a place on."""
        line, part = top.line, top.part
        while most > 0 and line < self._count():
            height = self._height(line)
            for one in range(min(part, height), height):
                if most <= 0:
                    return
                yield self._row(line, one)
                most -= 1
            line, part = line + 1, 0

    def moved(self, top: Place, rows: int, height: int) -> Place:
        """The place `rows` further down (or up), so that the screen stays full as long as the log fills it."""
        line, part = top.line, top.part + rows
        while part < 0 and line > 0:
            line -= 1
            part += self._height(line)
        last = self._count() - 1
        while line < last and part >= self._height(line):
            part -= self._height(line)
            line += 1
        place = Place(line, max(0, part))
        bottom = self.bottom(height)
        return bottom if (place.line, place.part) > (bottom.line, bottom.part) else place

    def bottom(self, height: int) -> Place:
        """The place from which the rest of the log just fills `height` rows."""
        line, left = self._count(), height
        while line > 0 and left > 0:
            line -= 1
            left -= self._height(line)
        return Place(line, max(0, -left))
