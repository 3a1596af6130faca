"""What the tables of tasks and of runs share: a cursor that follows its row, a filter, keys, wheel and focus."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar

from textual.binding import BindingType
from textual.events import Blur, Focus, MouseScrollDown, MouseScrollUp, Resize
from textual.widget import Widget

from ..actions import bindings

R = TypeVar("R")

_WHEEL = 3


class ListTable(Widget, Generic[R], can_focus=True, inherit_bindings=False):
    """Rows with a cursor. The cursor and the filter are the table's own; the rows come from outside."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "ListTable { height: 1fr; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        *("down", "up", "page_down", "page_up", "half_down", "half_up", "top", "bottom", "open"), call="{id}"
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[R, ...] = ()
        self._shown: list[R] = []
        self._filter = ""
        self._cursor: str | None = None
        self._last_place = 0
        self._top = 0

    @abstractmethod
    def _key(self, row: R) -> str:
        """What names a row for as long as it exists."""

    @abstractmethod
    def _arrange(self, *, now: bool = False) -> None:
        """Choose and order `_shown` of `_rows`, then `_keep_cursor`. `now`: rows need not keep their places."""

    @abstractmethod
    def _see(self, place: int) -> None:
        """Scroll so that the row at `place` is seen."""

    @abstractmethod
    def _room(self) -> int:
        """How many lines there are for rows."""

    @abstractmethod
    def _moved(self, key: str | None) -> None:
        """The cursor is on another row; None when there is none."""

    @abstractmethod
    def _opened(self, key: str) -> None:
        """A row was opened."""

    def _repaint(self, everything: bool = False) -> None:
        """Ask for the lines that look different now."""
        self.refresh()

    def set_filter(self, text: str) -> None:
        """Show only rows that hold these words; "" shows all."""
        self._filter = text
        self._arrange(now=True)
        self._repaint(True)

    @property
    def filter(self) -> str:
        """The words of the filter."""
        return self._filter

    @property
    def visible_rows(self) -> tuple[R, ...]:
        """The rows that the filter lets through, in their order."""
        return tuple(self._shown)

    @property
    def cursor_row(self) -> R | None:
        """The row under the cursor."""
        return next((row for row in self._shown if self._key(row) == self._cursor), None)

    # Cursor

    def move_to(self, key: str) -> None:
        """Put the cursor on a row, if it is shown."""
        for place, row in enumerate(self._shown):
            if self._key(row) == key:
                self._go(place)

    def action_down(self) -> None:
        """One row down."""
        self._go(self._place() + 1)

    def action_up(self) -> None:
        """One row up."""
        self._go(self._place() - 1)

    def action_page_down(self) -> None:
        """As many rows down as are seen."""
        self._go(self._place() + self._room())

    def action_page_up(self) -> None:
        """As many rows up as are seen."""
        self._go(self._place() - self._room())

    def action_half_down(self) -> None:
        """Half a page down."""
        self._go(self._place() + self._room() // 2)

    def action_half_up(self) -> None:
        """Half a page up."""
        self._go(self._place() - self._room() // 2)

    def action_top(self) -> None:
        """To the first row."""
        self._go(0)

    def action_bottom(self) -> None:
        """To the last row."""
        self._go(len(self._shown) - 1)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self._cursor is not None:
            self._opened(self._cursor)

    def _place(self) -> int:
        return next((place for place, row in enumerate(self._shown) if self._key(row) == self._cursor), 0)

    def _go(self, place: int) -> None:
        if self._shown:
            place = max(0, min(place, len(self._shown) - 1))
            self._see(place)
            self._point_at(self._key(self._shown[place]))
            self._repaint()

    def _point_at(self, key: str | None) -> None:
        if key != self._cursor:
            self._cursor = key
            self._moved(key)

    def _keep_cursor(self) -> None:
        keys = [self._key(row) for row in self._shown]
        if self._cursor not in keys:
            # What stood there is gone: the cursor stays at its place.
            place = min(self._last_place, len(keys) - 1)
            self._point_at(keys[place] if keys else None)
        self._last_place = self._place()
        self._see(self._last_place)

    # Mouse, size, focus

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel moves what is shown."""
        event.stop()
        self._turn(_WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """As down."""
        event.stop()
        self._turn(-_WHEEL)

    def _turn(self, lines: int) -> None:
        """The wheel was turned by so many lines: the cursor moves."""
        self._go(self._place() + lines)

    def on_resize(self, _event: Resize) -> None:
        """The cursor stays in sight."""
        self._see(self._place())
        self.refresh()

    def on_focus(self, _event: Focus) -> None:
        """The cursor bar takes the accent."""
        self.refresh()

    def on_blur(self, _event: Blur) -> None:
        """The cursor bar steps back."""
        self.refresh()
