"""From lines of a log to rows of a screen, for any size of log: only what is near the screen is ever looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len, chop_cells

MARKER = -1
"""The part of a line that is the marker under it."""


@dataclass(frozen=True, slots=True)
class LinePlace:
    """A row: the part `part` of the wrapped line that stands at place `line` of the view."""

    line: int = 0
    part: int = 0


@lru_cache(maxsize=512)
def wrapped(text: str, cells: int) -> tuple[tuple[int, int], ...]:
    """From which to which character the rows go that a text takes."""
    if cell_len(text) <= cells:
        return ((0, len(text)),)
    rows: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        # No character is wider than its share of this slice, but for those without a width of their own.
        end = at + max(1, len(chop_cells(text[at : at + cells], cells)[0]))
        if text[end : end + 1] == " ":
            # A blank may hang over the edge, where nobody sees it.
            end += 1
        elif end < len(text) and (blank := text.rfind(" ", at, end)) >= (at + end) // 2:
            # A word goes to the next row as a whole, unless half of this one would stay empty.
            end = blank + 1
        rows.append((at, end))
        at = end
    return tuple(rows)


class Rows:
    """Walks over rows. `count` says how many lines there are, `drawn` what one shows, `marked` which have a marker.

    Lines longer than `wrap_at` cells take several rows; 0 wraps nothing. How high the whole wrapped log is nobody
    knows or needs to: only lines on the way from where the screen is to where it goes are wrapped.
    """

    def __init__(self, count: Callable[[], int], drawn: Callable[[int], str], marked: Callable[[int], bool]) -> None:
        self._count, self._drawn, self._marked = count, drawn, marked
        self.wrap_at = 0

    def parts(self, line: int) -> tuple[tuple[int, int], ...]:
        """The characters of each part of a line, where it is wrapped."""
        return wrapped(self._drawn(line), self.wrap_at)

    def _height(self, line: int) -> int:
        return (len(self.parts(line)) if self.wrap_at else 1) + self._marked(line)

    def down(self, top: LinePlace, most: int) -> Iterator[LinePlace]:
        """At most `most` rows from a place on; the part of a marker is MARKER."""
        line, first = top.line, top.part
        while most > 0 and line < self._count():
            height = self._height(line)
            marker = height - 1 if self._marked(line) else height
            for part in range(min(first, height - 1), height)[:most]:
                yield LinePlace(line, MARKER if part == marker else part)
                most -= 1
            line, first = line + 1, 0

    def moved(self, top: LinePlace, rows: int, height: int) -> LinePlace:
        """The place `rows` further down (or up), so that the screen stays full as long as the log fills it."""
        line, part = top.line, top.part + rows
        while part < 0 and line > 0:
            line -= 1
            part += self._height(line)
        last = self._count() - 1
        while line < last and part >= self._height(line):
            part -= self._height(line)
            line += 1
        place = LinePlace(line, max(0, part))
        bottom = self.bottom(height)
        return bottom if (place.line, place.part) > (bottom.line, bottom.part) else place

    def bottom(self, height: int) -> LinePlace:
        """The place from which the rest of the log just fills `height` rows."""
        line, left = self._count(), height
        while line > 0 and left > 0:
            line -= 1
            left -= self._height(line)
        return LinePlace(line, max(0, -left))
