"""The table of tasks. It draws lines from frozen rows and repaints only those that changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from textual.events import Click, Key
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from ..glyphs import Glyphs
from ..theme import Palette
from ..view.columns import Columns, Name, columns
from ..view.order import arranged, kept, matching
from ..view.row import TaskRow
from .dress import animated, glyphs_of, palette_of
from .list_table import ListTable
from .task_line import Pencil, RowLook, below_line, empty_line, head_line

_SORT_WAITS = 2.0  # seconds after a key in which rows keep their places
_FLASH = 0.6
_FLASH_STEP = 0.15


class TaskTable(ListTable[TaskRow]):
    """All tasks of a run. Marks and order are the table's own, too.

    The first line has the heads of the columns, the last one says how many rows are out of sight when some are.
    """

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
        self._marks: frozenset[str] = frozenset()
        self._sort: tuple[Name, bool] = ("state", False)
        self._stale: bool = False
        self._queue: dict[str, int] = {}
        self._holding: str = ""
        self._last_key = float("-inf")
        self._flashes: dict[str, float] = {}
        self._strips: dict[str, tuple[TaskRow, RowLook, Columns, Palette, Glyphs, Strip]] = {}
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
    def cursor_job(self) -> str | None:
        """The job under the cursor."""
        return self._cursor

    @property
    def marked(self) -> frozenset[str]:
        """The marked jobs."""
        return self._marks

    # Marks

    def toggle_mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go one down."""
        if self._cursor is not None:
            self.toggle_mark_of(self._cursor)
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

    def _key(self, row: TaskRow) -> str:
        return row.job

    def _moved(self, key: str | None) -> None:
        self.post_message(self.Moved(key))

    def _opened(self, key: str) -> None:
        self.post_message(self.Opened(key))

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
        self._keep_cursor()

    def on_key(self, _event: Key) -> None:
        """Rows keep their places for a moment while somebody works on them."""
        self._last_key = time.monotonic()

    # Mouse

    def _turn(self, lines: int) -> None:
        """What is seen moves, and the cursor only as far as it must."""
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
            cursor=row.job == self._cursor,
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
