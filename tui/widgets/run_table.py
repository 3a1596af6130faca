"""The list of runs, newest first, under the day they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Blur, Click, Focus, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..actions import bindings
from ..view.run_row import RunRow, heading
from .dress import glyphs_of, palette_of
from .run_table_line import draw_heading, draw_heads, draw_run

_WHEEL = 3

_Entry = RunRow | str | None
"""A line of the list: a run, a heading, or a blank."""


class RunTable(Widget, can_focus=True, inherit_bindings=False):
    """All runs. The cursor and the filter are the table's own; the rows come from outside."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "RunTable { height: 1fr; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        *("down", "up", "page_down", "page_up", "half_down", "half_up", "top", "bottom", "open"), call="{id}"
    )

    @dataclass
    class Moved(Message):
        """The cursor is on another run; None when there is none."""

        invocation: str | None

    @dataclass
    class Opened(Message):
        """A run was opened."""

        invocation: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[RunRow, ...] = ()
        self._shown: list[RunRow] = []
        self._entries: list[_Entry] = []
        self._filter = ""
        self._cursor: str | None = None
        self._last_place = 0
        self._top = 0

    def show(self, rows: Sequence[RunRow]) -> None:
        """Show these runs."""
        self._rows = tuple(rows)
        self._arrange()
        self.refresh()

    def set_filter(self, text: str) -> None:
        """Show only runs that hold these words; "" shows all."""
        self._filter = text
        self._arrange()
        self.refresh()

    @property
    def filter(self) -> str:
        """The words of the filter."""
        return self._filter

    @property
    def visible_rows(self) -> tuple[RunRow, ...]:
        """The runs that the filter lets through."""
        return tuple(self._shown)

    @property
    def lines(self) -> int:
        """How many lines all of it takes, its head included."""
        return max(1, len(self._entries)) + 2

    @property
    def cursor_row(self) -> RunRow | None:
        """The run under the cursor."""
        return next((row for row in self._shown if row.invocation == self._cursor), None)

    def move_to(self, invocation: str) -> None:
        """Put the cursor on a run, if it is shown."""
        for place, row in enumerate(self._shown):
            if row.invocation == invocation:
                self._go(place)

    def _arrange(self) -> None:
        words = self._filter.lower().split()
        self._shown = [row for row in self._rows if all(word in row.words for word in words)]
        self._entries = _entries(self._shown, datetime.now().astimezone())
        known = [row.invocation for row in self._shown]
        if self._cursor not in known:
            # What stood there is gone: the cursor stays at its place.
            place = min(self._last_place, len(known) - 1)
            self._point_at(known[place] if known else None)
        self._see()

    # Cursor

    def action_down(self) -> None:
        """One run down."""
        self._go(self._place() + 1)

    def action_up(self) -> None:
        """One run up."""
        self._go(self._place() - 1)

    def action_page_down(self) -> None:
        """A page down."""
        self._go(self._place() + self._room())

    def action_page_up(self) -> None:
        """A page up."""
        self._go(self._place() - self._room())

    def action_half_down(self) -> None:
        """Half a page down."""
        self._go(self._place() + self._room() // 2)

    def action_half_up(self) -> None:
        """Half a page up."""
        self._go(self._place() - self._room() // 2)

    def action_top(self) -> None:
        """To the newest run."""
        self._go(0)

    def action_bottom(self) -> None:
        """To the oldest run."""
        self._go(len(self._shown) - 1)

    def action_open(self) -> None:
        """Open the run under the cursor."""
        if self._cursor is not None:
            self.post_message(self.Opened(self._cursor))

    def _place(self) -> int:
        return next((place for place, row in enumerate(self._shown) if row.invocation == self._cursor), 0)

    def _go(self, place: int) -> None:
        if self._shown:
            self._point_at(self._shown[max(0, min(place, len(self._shown) - 1))].invocation)
            self._see()
            self.refresh()

    def _point_at(self, invocation: str | None) -> None:
        if invocation != self._cursor:
            self._cursor = invocation
            self._last_place = self._place()
            self.post_message(self.Moved(invocation))

    def _room(self) -> int:
        """Lines for entries: the heads of the columns take one, and a blank another where there is room."""
        return max(1, self.size.height - self._head_lines)

    @property
    def _head_lines(self) -> int:
        return 2 if self.size.height >= min(8, self.lines) else 1

    def _see(self) -> None:
        """Scroll so that the cursor's run is seen, and the heading above the first one with it."""
        row = self.cursor_row
        line = next((n for n, entry in enumerate(self._entries) if entry is row), 0) if row is not None else 0
        first = line - 1 if line and isinstance(self._entries[line - 1], str) else line
        top = min(max(self._top, line - self._room() + 1), first)
        self._top = max(0, min(top, len(self._entries) - self._room()))

    # Mouse

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self._go(self._place() + _WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """As down."""
        event.stop()
        self._go(self._place() - _WHEEL)

    def on_click(self, event: Click) -> None:
        """A run is chosen, and opened by a second click."""
        line = self._top + event.y - self._head_lines
        if event.y < self._head_lines or line >= len(self._entries):
            return
        entry = self._entries[line]
        if isinstance(entry, RunRow):
            self.move_to(entry.invocation)
            if event.chain == 2:
                self.action_open()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """The heads, a heading, a run, or nothing."""
        palette, glyphs, width = palette_of(self), glyphs_of(self), self.size.width
        if y == 0:
            return draw_heads(palette, glyphs, width)
        line = self._top + y - self._head_lines
        if y < self._head_lines or line >= len(self._entries):
            empty = self._rows and not self._shown and y == self._head_lines
            return draw_heading(palette, width, "No run fits the filter." if empty else "")
        entry = self._entries[line]
        if not isinstance(entry, RunRow):
            return draw_heading(palette, width, entry or "")
        cursor = entry.invocation == self._cursor
        return draw_run(palette, glyphs, width, entry, cursor=cursor, focus=self.has_focus)

    def on_resize(self, _event: Resize) -> None:
        """The cursor stays in sight."""
        self._see()
        self.refresh()

    def on_focus(self, _event: Focus) -> None:
        """The cursor bar takes the accent."""
        self.refresh()

    def on_blur(self, _event: Blur) -> None:
        """The cursor bar steps back."""
        self.refresh()


def _entries(rows: Sequence[RunRow], now: datetime) -> list[_Entry]:
    entries: list[_Entry] = []
    before = ""
    for row in rows:
        day = heading(row.created, now.date())
        if day != before:
            entries += [None, day] if entries else [day]
            before = day
        entries.append(row)
    return entries
