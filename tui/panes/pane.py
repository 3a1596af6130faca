"""What the panes but the log have in common: files are read on a thread, and drawn as lines."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from textual import work
from textual.events import Resize

from ...core.run.store import Run, RunDamaged
from ..draw.line import Span
from ..view.row import TaskRow
from ..view.snapshot import Snapshot
from ..widgets.lines_pane import LinesView

T = TypeVar("T")


class ReadPane(LinesView, Generic[T]):
    """Shows something about one task. A subclass says when to read anew, reads, and makes lines of what it read."""

    def __init__(self) -> None:
        super().__init__()
        self._task_run: Run | None = None
        self._task_row: TaskRow | None = None
        self._stamp: Hashable = None
        self._data: T | None = None

    def stamp(self, row: TaskRow, run: Run, snapshot: Snapshot) -> Hashable:
        """What must change for the files to be read again. Quick: it is asked on each refresh."""
        return (row.job, row.attempt, row.state)

    def read(self, row: TaskRow, run: Run) -> T:
        """Read the files. On a thread; may raise OSError, RunDamaged, KeyError."""
        raise NotImplementedError

    def lines(self, data: T, row: TaskRow, width: int) -> Sequence[Sequence[Span]]:
        """The lines for so many cells."""
        raise NotImplementedError

    def show(self, row: TaskRow, run: Run, snapshot: Snapshot) -> None:
        """Show a task as it is now."""
        stamp = self.stamp(row, run, snapshot)
        other = self._task_row is None or self._task_row.job != row.job
        self._task_row, self._task_run = row, run
        if other:
            self._data = None
            self.show_lines([])
            self.action_top()
        if stamp != self._stamp:
            self._stamp = stamp
            self._read_again()
        elif self._data is not None:
            self._draw()

    @work(exclusive=True)
    async def _read_again(self) -> None:
        row, run = self._task_row, self._task_run
        if row is None or run is None:
            return
        try:
            data = await asyncio.to_thread(self.read, row, run)
        except (OSError, RunDamaged, KeyError) as error:
            self.show_lines([(Span(f"This cannot be read: {error}", "bad"),)])
            return
        if self._task_row is not None and self._task_row.job == row.job:
            self._data = data
            self._draw()

    def _draw(self) -> None:
        if self._data is not None and self._task_row is not None and self.size.width:
            self.show_lines(self.lines(self._data, self._task_row, self.size.width - 5))

    def on_resize(self, event: Resize) -> None:
        """Lines are made for a width."""
        self._draw()
        super().on_resize(event)

    def copy_text(self) -> str:
        """All that the pane holds, as text."""
        return self.plain_text()
