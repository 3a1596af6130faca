"""A pane of finished lines that scrolls, and can be searched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import BindingType
from textual.events import MouseScrollDown, MouseScrollUp, Resize
from textual.strip import Strip
from textual.widget import Widget

from ..actions import bindings
from ..draw.line import Line, Span, cut_end
from .dress import glyphs_of, palette_of


class LinesView(Widget, can_focus=True, inherit_bindings=False):
    """Lines of spans from column `margin` on. What is too long is cut; what matches a search is tinted."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LinesView { height: 1fr; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        *("down", "up", "page_down", "page_up", "half_down", "half_up", "top", "bottom"), call="{id}"
    )

    def __init__(self, *, margin: int = 3, id: str | None = None) -> None:
        super().__init__(id=id)
        self._margin = margin
        self._lines: tuple[tuple[Span, ...], ...] = ()
        self._top = 0
        self._pattern: re.Pattern[str] | None = None
        self._hits: list[int] = []
        self._hit = -1

    def show_lines(self, lines: Sequence[Sequence[Span]]) -> None:
        """Show these lines; the place is kept as far as there are so many."""
        new = tuple(tuple(line) for line in lines)
        if new != self._lines:
            self._lines = new
            self._find()
            self._go(self._top)
            self.refresh()

    def see(self, line: int) -> None:
        """Bring a line to the top, as far as there is enough below it."""
        self._go(line)

    def plain_text(self) -> str:
        """All lines as text."""
        return "\n".join(_text(line).rstrip() for line in self._lines)

    @property
    def hits(self) -> int:
        """How many lines match the search."""
        return len(self._hits)

    @property
    def hit(self) -> int:
        """Which of them is current, from 1; 0 for none."""
        return self._hit + 1

    def search(self, text: str) -> None:
        """Look for a text, whatever its case; "" ends the search."""
        self._pattern = re.compile(re.escape(text), re.IGNORECASE) if text else None
        self._hit = -1
        self._find()
        if self._hits:
            self.next_hit(1)
        self.refresh()

    def next_hit(self, step: int) -> bool:
        """Go to the next matching line, or back; False when there is none further."""
        place = self._hit + step
        if not 0 <= place < len(self._hits):
            return False
        self._hit = place
        line = self._hits[place]
        if not self._top <= line < self._top + self.size.height:
            self._go(line - self.size.height // 3)
        self.refresh()
        return True

    def _find(self) -> None:
        pattern = self._pattern
        self._hits = [n for n, line in enumerate(self._lines) if pattern and pattern.search(_text(line))]
        self._hit = min(self._hit, len(self._hits) - 1)

    def _go(self, top: int) -> None:
        top = max(0, min(top, len(self._lines) - self.size.height))
        if top != self._top:
            self._top = top
            self.refresh()

    def action_down(self) -> None:
        """One line down."""
        self._go(self._top + 1)

    def action_up(self) -> None:
        """One line up."""
        self._go(self._top - 1)

    def action_page_down(self) -> None:
        """A page down."""
        self._go(self._top + self.size.height)

    def action_page_up(self) -> None:
        """A page up."""
        self._go(self._top - self.size.height)

    def action_half_down(self) -> None:
        """Half a page down."""
        self._go(self._top + self.size.height // 2)

    def action_half_up(self) -> None:
        """Half a page up."""
        self._go(self._top - self.size.height // 2)

    def action_top(self) -> None:
        """To the first line."""
        self._go(0)

    def action_bottom(self) -> None:
        """To the last line."""
        self._go(len(self._lines))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self._go(self._top + 3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self._go(self._top - 3)

    def on_resize(self, _event: Resize) -> None:
        """No blank below the last line while there is something above."""
        self._go(self._top)

    def render_line(self, y: int) -> Strip:
        """One line, its matches tinted."""
        palette, glyphs, width = palette_of(self), glyphs_of(self), self.size.width
        place = self._top + y
        line = Line(palette, limit=width).pad_to(self._margin)
        if place >= len(self._lines):
            return line.strip(width)
        current = self._hit >= 0 and self._hits[self._hit] == place
        room = width - self._margin - 1
        for span in _cut(self._lines[place], room, glyphs.ellipsis):
            self._add(line, span, current=current)
        return line.strip(width)

    def _add(self, line: Line, span: Span, *, current: bool) -> None:
        palette, style, at = palette_of(self), line.style(span), 0
        for match in self._pattern.finditer(span.text) if self._pattern else ():
            line.add(span.text[at : match.start()], style)
            found = palette.style("bg", on="accent", bold=True) if current else palette.style("bright", on="tint")
            line.add(match[0], found)
            at = match.end()
        line.add(span.text[at:], style)


class LinesPane(LinesView):
    """Lines that whoever owns the pane makes."""

    def show(self, lines: Sequence[Sequence[Span]]) -> None:
        """Show these lines; the place is kept as far as there are so many."""
        self.show_lines(lines)


def _text(line: tuple[Span, ...]) -> str:
    return "".join(span.text for span in line)


def _cut(line: tuple[Span, ...], width: int, ellipsis: str) -> list[Span]:
    kept: list[Span] = []
    for span in line:
        cells = cell_len(span.text)
        if cells > width:
            return [*kept, replace(span, text=cut_end(span.text, width, ellipsis))]
        kept.append(span)
        width -= cells
    return kept
