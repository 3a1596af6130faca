"""The table of tasks. It draws lines from frozen rows and repaints only those that changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Blur, Click, Focus, Key, MouseScrollDown, MouseScrollUp, Resize
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..actions import bindings
from ..glyphs import Glyphs
from ..theme import Palette
from ..view.columns import Columns, Name, columns
from ..view.order import arranged, kept, matching
from ..view.row import TaskRow
from .dress import animated, glyphs_of, palette_of
from .task_line import Pencil, RowLook, below_line, empty_line, head_line

_SORT_WAITS = 2.0  # seconds after a key in which rows keep their places
_FLASH = 0.6
_FLASH_STEP = 0.15
_WHEEL = 3


class TaskTable(Widget, can_focus=True, inherit_bindings=False):
    """All tasks of a run: cursor, marks, filter and order are the table's own; the rows come from outside.

    The first line has the heads of the columns, the last one says how many rows are out of sight when some are.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "TaskTable { height: 1fr; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        *("down", "up", "page_down", "page_up", "half_down", "half_up", "top", "bottom", "open"), call="{id}"
    )

    @dataclass
    class Moved(Message):
        """The cursor is on another task; None when there is no task."""

        job: str | None

    @dataclass
    class Opened(Message):
        """A task was opened."""

        job: str

    @dataclass
    class MarksChanged(Message):
        """Other tasks are marked."""

        jobs: frozenset[str]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[TaskRow, ...] = ()
        self._shown: list[TaskRow] = []
        self._top = 0
        self._cursor_job: str | None = None
        self._marks: frozenset[str] = frozenset()
        self._filter = ""
        self._sort: tuple[Name, bool] = ("state", False)
        self._stale: bool = False
        self._queue: dict[str, int] = {}
        self._holding: str = ""
        self._last_key = float("-inf")
        self._flashes: dict[str, float] = {}
        self._strips: dict[str, tuple[TaskRow, RowLook, Columns, Palette, Glyphs, Strip]] = {}
        self._last_shown = 0
        self._drawn: dict[int, tuple[TaskRow, RowLook]] = {}

    # What comes from outside

    def show(
        self, rows: Sequence[TaskRow], *, stale: bool = False, queue: Sequence[str] = (), holding: str = ""
    ) -> None:
        """Show these rows. `stale`: they are only what was last seen. `queue`: job ids, next first."""
        old = {row.job: row.state for row in self._rows}
        self._rows = tuple(rows)
        self._queue = {job: place for place, job in enumerate(queue)}
        everything = stale != self._stale or holding != self._holding
        self._stale, self._holding = stale, holding
        if old and animated(self) and not stale:
            self._flash([row.job for row in rows if old.get(row.job, row.state) != row.state])
        self._marks &= {row.job for row in rows}
        self._arrange()
        self._repaint(everything)

    def set_filter(self, text: str) -> None:
        """Show only rows that hold these words; "" shows all."""
        self._filter = text
        self._arrange(now=True)
        self._repaint(True)

    def sort_by(self, column: Name, reverse: bool = False) -> None:
        """Sort by a column from now on."""
        self._sort = (column, reverse)
        self._arrange(now=True)
        self._repaint(True)

    # What others may ask

    @property
    def sorted_by(self) -> tuple[Name, bool]:
        """The column that rows are sorted by, and whether the other way round."""
        return self._sort

    @property
    def filter(self) -> str:
        """The words of the filter."""
        return self._filter

    @property
    def visible_rows(self) -> tuple[TaskRow, ...]:
        """The rows that the filter lets through, in their order."""
        return tuple(self._shown)

    @property
    def cursor_job(self) -> str | None:
        """The job under the cursor."""
        return self._cursor_job

    @property
    def cursor_row(self) -> TaskRow | None:
        """The row under the cursor."""
        return next((row for row in self._shown if row.job == self._cursor_job), None)

    @property
    def marked(self) -> frozenset[str]:
        """The marked jobs."""
        return self._marks

    # Marks

    def toggle_mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go one down."""
        if self._cursor_job is not None:
            self.toggle_mark_of(self._cursor_job)
            self.action_down()

    def toggle_mark_of(self, *jobs: str) -> None:
        """Mark these jobs, or take their marks away."""
        self._set_marks(self._marks ^ frozenset(jobs))

    def mark_all(self) -> None:
        """Mark all rows that are shown; when they are, take their marks away."""
        shown = {row.job for row in self._shown}
        self._set_marks(self._marks - shown if shown <= self._marks else self._marks | shown)

    def clear_marks(self) -> None:
        """Take all marks away."""
        self._set_marks(frozenset())

    def _set_marks(self, marks: frozenset[str]) -> None:
        if marks != self._marks:
            self._marks = marks
            self._repaint()
            self.post_message(self.MarksChanged(marks))

    # Cursor

    def move_to(self, job: str) -> None:
        """Put the cursor on a job, if it is shown."""
        for place, row in enumerate(self._shown):
            if row.job == job:
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
        if self._cursor_job is not None:
            self.post_message(self.Opened(self._cursor_job))

    def _place(self) -> int:
        return next((place for place, row in enumerate(self._shown) if row.job == self._cursor_job), 0)

    def _go(self, place: int) -> None:
        if not self._shown:
            return
        place = max(0, min(place, len(self._shown) - 1))
        self._see(place)
        self._point_at(self._shown[place].job)
        self._repaint()

    def _point_at(self, job: str | None) -> None:
        if job != self._cursor_job:
            self._cursor_job = job
            self.post_message(self.Moved(job))

    def _see(self, place: int) -> None:
        room = self._room()
        top = min(max(self._top, place - room + 1), place)
        top = max(0, min(top, len(self._shown) - room))
        if top != self._top:
            self._top = top
            self.refresh()

    def _room(self) -> int:
        """How many rows are seen: one line is for the heads, and one tells what is not seen."""
        lines = max(1, self.size.height - 1)
        return lines if len(self._shown) <= lines else max(1, lines - 1)

    # Order

    def _arrange(self, *, now: bool = False) -> None:
        fitting = matching(self._rows, self._filter)
        if not now and time.monotonic() - self._last_key < _SORT_WAITS:
            self._shown = kept(fitting, [row.job for row in self._shown])
        else:
            self._shown = arranged(fitting, self._sort[0], reverse=self._sort[1])
        jobs = [row.job for row in self._shown]
        if self._cursor_job not in jobs:
            # What stood there is gone: the cursor stays at its place.
            place = min(self._last_shown, len(jobs) - 1)
            self._point_at(jobs[place] if jobs else None)
        self._last_shown = self._place()
        self._see(self._last_shown)

    def on_key(self, _event: Key) -> None:
        """Rows keep their places for a moment while somebody works on them."""
        self._last_key = time.monotonic()

    # Mouse

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel moves what is seen, and the cursor only as far as it must."""
        event.stop()
        self._scroll(_WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """As down."""
        event.stop()
        self._scroll(-_WHEEL)

    def _scroll(self, lines: int) -> None:
        room = self._room()
        top = max(0, min(self._top + lines, len(self._shown) - room))
        if top != self._top and self._shown:
            self._top = top
            place = max(top, min(self._place(), top + room - 1))
            self._point_at(self._shown[place].job)
            self.refresh()

    def on_click(self, event: Click) -> None:
        """A head sorts, the gutter marks, a row is chosen, and opened by a second click."""
        if event.y == 0:
            column = columns(self.size.width).at(event.x)
            if column is not None:
                self.sort_by(column.name, self._sort == (column.name, False))
            return
        place = self._top + event.y - 1
        if event.y > self._room() or place >= len(self._shown):
            return
        self._go(place)
        if event.x < 2:
            self.toggle_mark_of(self._shown[place].job)
        elif event.chain == 2:
            self.action_open()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One line, from the cache where nothing changed."""
        palette, glyphs, spec = palette_of(self), glyphs_of(self), columns(self.size.width)
        if y == 0:
            note = f'"{self._filter}"' if self._filter else ""
            return head_line(palette, glyphs, spec, self._sort[0], self._sort[1], note)
        room, place = self._room(), self._top + y - 1
        self._drawn.pop(y, None)
        if y > room and len(self._shown) > room:
            return below_line(palette, glyphs, spec.width, len(self._shown) - self._top - room, self._top)
        if place >= len(self._shown):
            empty = "No task fits the filter." if self._rows and y == 1 else ""
            return empty_line(palette, spec.width, empty if not self._shown else "")
        return self._row_strip(y, self._shown[place], palette, glyphs, spec)

    def _row_strip(self, y: int, row: TaskRow, palette: Palette, glyphs: Glyphs, spec: Columns) -> Strip:
        look = self._look(row)
        self._drawn[y] = (row, look)
        known = self._strips.get(row.job)
        if known is not None and known[1:5] == (look, spec, palette, glyphs) and known[0] == row:
            return known[5]
        strip = Pencil(palette, glyphs, spec, row, look).draw()
        if len(self._strips) > 4 * max(50, self.size.height):
            self._strips.clear()
        self._strips[row.job] = (row, look, spec, palette, glyphs, strip)
        return strip

    def _look(self, row: TaskRow) -> RowLook:
        since = time.monotonic() - self._flashes[row.job] if row.job in self._flashes else _FLASH
        return RowLook(
            cursor=row.job == self._cursor_job,
            focus=self.has_focus,
            marked=row.job in self._marks,
            stale=self._stale,
            place=self._queue.get(row.job),
            holding=self._holding if row.state == "queued" else "",
            flash=round(max(0.0, 1 - since / _FLASH), 1),
        )

    def _repaint(self, everything: bool = False) -> None:
        """Ask for the lines that look different now."""
        if everything:
            self.refresh()
            return
        room = self._room()
        width = self.size.width
        seen = self._shown[self._top : self._top + room]
        changed = [y for y, row in enumerate(seen, 1) if self._drawn.get(y) != (row, self._look(row))]
        # What stood below the last row has to go, too; and the line that counts what is out of sight.
        changed += [y for y in self._drawn if y > len(seen)]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in (*changed, room + 1)))

    def _flash(self, jobs: list[str]) -> None:
        if not jobs:
            return
        now = time.monotonic()
        idle = not self._flashes
        self._flashes.update((job, now) for job in jobs)
        if idle:
            self._fade()

    def _fade(self) -> None:
        now = time.monotonic()
        self._flashes = {job: at for job, at in self._flashes.items() if now - at < _FLASH}
        self._repaint()
        if self._flashes:
            self.set_timer(_FLASH_STEP, self._fade)

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
