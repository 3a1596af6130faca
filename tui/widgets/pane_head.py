"""The head of a pane: tabs over a rule, the active one underlined by a heavy piece of that rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..draw.line import Line, Span, spans_width
from ..view.columns import MARGIN, RIGHT
from .dress import glyphs_of, palette_of

_GAP = 3


class PaneHead(Widget):
    """Two lines. What stands right of the tabs says what the pane shows, the most important last."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "PaneHead { height: 2; background: $background; }"

    @dataclass
    class TabChosen(Message):
        """A tab was clicked."""

        name: str

    def __init__(self, tabs: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs = tuple(tabs)
        self._active = self._tabs[0] if self._tabs else ""
        self._focused: bool = False
        self._right: tuple[tuple[Span, ...], ...] = ()

    def show(self, active: str, *, focused: bool = False, right: Sequence[Sequence[Span]] = ()) -> None:
        """Show a tab as the active one. `right` are items, of which the first ones are left out where room is short."""
        new = (active, focused, tuple(tuple(item) for item in right))
        if new != (self._active, self._focused, self._right):
            self._active, self._focused, self._right = new
            self.refresh()

    def _places(self) -> list[tuple[str, int]]:
        places: list[tuple[str, int]] = []
        x = MARGIN
        for name in self._tabs:
            places.append((name, x))
            x += len(name) + _GAP
        return places

    def on_click(self, event: Click) -> None:
        """A click on a tab chooses it."""
        for name, x in self._places():
            if x - 1 <= event.x < x + len(name) + 1:
                self.post_message(self.TabChosen(name))

    def render_line(self, y: int) -> Strip:
        """The names, or the rule under them."""
        palette, glyphs, width = palette_of(self), glyphs_of(self), self.size.width
        line = Line(palette, limit=width)
        if y == 0:
            for name, x in self._places():
                active = name == self._active
                line.pad_to(x).add(name, "bright" if active else "dim", bold=active)
            return line.right(self._fitting(width - RIGHT - line.width - _GAP), width - RIGHT).strip(width)
        for name, x in self._places():
            if name == self._active:
                heavy = "accent" if self._focused else "text"
                line.pad_to(MARGIN).add(glyphs.rule * (x - MARGIN), "rule").add(glyphs.heavy_rule * len(name), heavy)
        line.pad_to(MARGIN).add(glyphs.rule * max(0, width - RIGHT - line.width), "rule")
        return line.strip(width)

    def _fitting(self, room: int) -> list[Span]:
        items = list(self._right)
        while items:
            spans = [span for place, item in enumerate(items) for span in ((Span("  "),) if place else ()) + item]
            if spans_width(spans) <= room:
                return spans
            # The first item names the task: it stays longest.
            items.pop(1 if len(items) > 2 else -1)
        return []
