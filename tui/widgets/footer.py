"""The last line: what can be done now, and with which key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..draw.line import Line, Span, spans_width
from ..view.columns import MARGIN, RIGHT
from .dress import palette_of

Item = tuple[str, str]
"""A key and what it does."""

_GAP = 3


class Footer(Widget):
    """Keys and names, as many as there is room for, the most important first; the global ones stand right."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Footer { height: 1; background: $background; }"

    @dataclass
    class Pressed(Message):
        """A key was clicked."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items: tuple[Item, ...] = ()
        self._right: tuple[Item, ...] = ()

    def show(self, items: Sequence[Item], right: Sequence[Item] = ()) -> None:
        """Show these keys."""
        new = (tuple(items), tuple(right))
        if new != (self._items, self._right):
            self._items, self._right = new
            self.refresh()

    def _placed(self) -> list[tuple[Item, int]]:
        """What there is room for, with its column."""
        right_width = sum(_width(item) for item in self._right) + _GAP * max(0, len(self._right) - 1)
        edge = self.size.width - RIGHT
        placed: list[tuple[Item, int]] = []
        x = MARGIN
        for item in self._items:
            if x + _width(item) > edge - right_width - (_GAP if self._right else 0):
                break
            placed.append((item, x))
            x += _width(item) + _GAP
        x = edge - right_width
        for item in self._right:
            if x >= MARGIN:
                placed.append((item, x))
            x += _width(item) + _GAP
        return placed

    def on_click(self, event: Click) -> None:
        """A click on a key presses it."""
        for (key, label), x in self._placed():
            if x <= event.x < x + _width((key, label)):
                self.post_message(self.Pressed(key))

    def render_line(self, y: int) -> Strip:
        """Keys in bold, names dim."""
        line = Line(palette_of(self), limit=self.size.width)
        for (key, label), x in self._placed():
            line.pad_to(x).add(key, "bright", bold=True).add(f" {label}" if key else label, "dim")
        return line.strip(self.size.width)


def _width(item: Item) -> int:
    # A deed that is blocked is told without a key.
    return spans_width([Span(f"{item[0]} {item[1]}" if item[0] else item[1])])
