"""The list of runs, newest first, under the day they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from ..view.run_row import RunRow, heading
from .dress import glyphs_of, palette_of
from .list_table import ListTable
from .run_table_line import draw_heading, draw_heads, draw_run

_Entry = RunRow | str | None
"""A line of the list: a run, a heading, or a blank."""


class RunTable(ListTable[RunRow]):
    """All runs."""

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
        self._entries: list[_Entry] = []

    def show(self, rows: Sequence[RunRow]) -> None:
        """Show these runs."""
        self._rows = tuple(rows)
        self._arrange()
        self.refresh()

    @property
    def lines(self) -> int:
        """How many lines all of it takes, its head included."""
        return max(1, len(self._entries)) + 2

    def _arrange(self, *, now: bool = False) -> None:
        words = self._filter.lower().split()
        self._shown = [row for row in self._rows if all(word in row.words for word in words)]
        self._entries = _entries(self._shown, datetime.now().astimezone())
        self._keep_cursor()

    # Cursor

    def _key(self, row: RunRow) -> str:
        return row.invocation

    def _moved(self, key: str | None) -> None:
        self.post_message(self.Moved(key))

    def _opened(self, key: str) -> None:
        self.post_message(self.Opened(key))

    def _room(self) -> int:
        """Lines for entries: the heads of the columns take one, and a blank another where there is room."""
        return max(1, self.size.height - self._head_lines)

    @property
    def _head_lines(self) -> int:
        return 2 if self.size.height >= min(8, self.lines) else 1

    def _see(self, place: int) -> None:
        """Scroll so that a run is seen, and the heading above the first one with it."""
        row = self._shown[place] if self._shown else None
        line = next((n for n, entry in enumerate(self._entries) if entry is row), 0) if row is not None else 0
        first = line - 1 if line and isinstance(self._entries[line - 1], str) else line
        top = min(max(self._top, line - self._room() + 1), first)
        self._top = max(0, min(top, len(self._entries) - self._room()))

    # Mouse

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
