"""One line of the screen, put together from left to right by cells and not by characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from .cells import cut_end as cut_end
from .cells import cut_middle as cut_middle

if TYPE_CHECKING:
    from textual.strip import Strip

    from ..theme import Palette, Role


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text with a role; bold where it is to stand out.

    `fade` is the share of the ground that is mixed into its colour. `solid`: the colour fills the cells, so that full
    blocks above each other leave no seam in any font.
    """

    text: str
    role: Role = "text"
    bold: bool = False
    fade: float = 0.0
    solid: bool = False

    @property
    def width(self) -> int:
        """Cells."""
        return cell_len(self.text)


def spans_width(spans: list[Span] | tuple[Span, ...]) -> int:
    """Cells of several spans."""
    return sum(span.width for span in spans)


class Line:
    """A line in the making. What does not fit into `limit` cells is cut off at its end."""

    def __init__(self, palette: Palette, *, on: Role = "bg", limit: int | None = None) -> None:
        self._palette = palette
        self._on: Role = on
        self._limit = limit
        self._segments: list[Segment] = []
        self.width = 0

    def add(self, text: str, role: Role | Style = "text", *, bold: bool = False) -> Line:
        """Text in a role, or in a style of its own."""
        cells = cell_len(text)
        if self._limit is not None and self.width + cells > self._limit:
            text = set_cell_size(text, max(0, self._limit - self.width))
            cells = cell_len(text)
        if text:
            style = role if isinstance(role, Style) else self._palette.style(role, on=self._on, bold=bold)
            self._segments.append(Segment(text, style))
            self.width += cells
        return self

    def spans(self, spans: list[Span] | tuple[Span, ...]) -> Line:
        """Several spans, one behind the other."""
        for span in spans:
            self.add(span.text, self.style(span))
        return self

    def style(self, span: Span) -> Style:
        """How a span looks on this line's ground."""
        plain = self._palette.faded(span.role, span.fade, on=self._on, bold=span.bold)
        return Style(color=plain.color, bgcolor=plain.color) if span.solid else plain

    def pad_to(self, column: int) -> Line:
        """Blanks up to a column; nothing when the line is there already."""
        return self.add(" " * (column - self.width), "text") if column > self.width else self

    def right(self, spans: list[Span] | tuple[Span, ...], edge: int) -> Line:
        """Spans that end at column `edge`, with at least one blank before them; left out when there is no room."""
        start = edge - spans_width(spans)
        if start >= self.width + (1 if self.width else 0):
            self.pad_to(start).spans(spans)
        return self

    def strip(self, width: int) -> Strip:
        """The line as Textual draws it, `width` cells wide, its rest in the ground."""
        from textual.strip import Strip

        strip = Strip(self._segments, self.width)
        return strip.adjust_cell_length(width, self._palette.ground(self._on))
