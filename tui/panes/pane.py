"""What the panes but the log have in common: files are read on a thread, and drawn as lines."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from textual import work
from textual.events import Resize

from ...core.run.store import Run, RunDamaged
from ..draw.line import Span
from ..view.columns import MARGIN, RIGHT
from ..view.row import TaskRow
from ..view.snapshot import Snapshot
from ..widgets.lines_pane import LinesView

T = TypeVar("T")

_KEPT = 64


class ReadPane(LinesView, Generic[T]):
    """Shows something about one attempt of one task.

    A subclass says when to read anew, reads, and makes lines of what it read. What was read is kept, so that a task
    that was looked at before is there at once. One read goes on at a time.
    """

    def __init__(self) -> None:
        super().__init__(margin=MARGIN)
        self._task_run: Run | None = None
        self._task_row: TaskRow | None = None
        self._task_attempt: int | None = None
        self._stamp: Hashable = None
        self._wanted_again = False
        self._reading = False
        self._kept: dict[Hashable, T] = {}
        self._data: T | None = None

    # What a subclass says

    def stamp(self, row: TaskRow, run: Run, snapshot: Snapshot) -> Hashable:
        """What must change for the files to be read again. Quick: it is asked on each refresh."""
        return (row.job, row.attempt, self.attempt, row.state)

    def read(self, row: TaskRow, run: Run) -> T:
        """Read the files. On a thread; may raise OSError, RunDamaged, KeyError."""
        raise NotImplementedError

    def lines(self, data: T, row: TaskRow, width: int) -> Sequence[Sequence[Span]]:
        """The lines for so many cells."""
        raise NotImplementedError

    def other_task(self) -> None:
        """Another task or attempt is shown from now on."""

    # What it may ask

    @property
    def attempt(self) -> int:
        """The attempt that is shown."""
        return self._task_attempt or (self._task_row.attempt if self._task_row is not None else 1)

    @property
    def cells(self) -> int:
        """Cells from the left to the right edge of all text."""
        return max(1, self.size.width - MARGIN - RIGHT)

    def folder(self, row: TaskRow, run: Run) -> Path:
        """Where the shown attempt has its files."""
        job = run.paths.job(row.dir_name)
        return job.root if self.attempt == row.attempt else job.attempt(self.attempt)

    # What happens to it

    def show(self, row: TaskRow, run: Run, snapshot: Snapshot, attempt: int | None = None) -> None:
        """Show a task as it is now, or an earlier attempt of it."""
        other = self._task_row is None or (self._task_row.job, self._task_attempt) != (row.job, attempt)
        self._task_row, self._task_run, self._task_attempt = row, run, attempt
        if other:
            self._data = None
            self.other_task()
        stamp = self.stamp(row, run, snapshot)
        if other:
            self._data = self._kept.get(stamp)
            self.action_top()
            if self._data is None:
                self.show_lines([])
        if stamp != self._stamp:
            self._stamp = stamp
            self.read_again()
        self._draw()

    def read_again(self) -> None:
        """Read the files anew, after what is being read now."""
        self._wanted_again = True
        if not self._reading:
            self._reading = True
            self._read()

    @work
    async def _read(self) -> None:
        try:
            while self._wanted_again:
                self._wanted_again = False
                await self._read_once()
        finally:
            self._reading = False

    async def _read_once(self) -> None:
        row, run, attempt, stamp = self._task_row, self._task_run, self._task_attempt, self._stamp
        if row is None or run is None:
            return
        try:
            data = await asyncio.to_thread(self.read, row, run)
        except (OSError, RunDamaged, KeyError) as error:
            self._data = None
            self.show_lines([(Span(f"This cannot be read: {error}", "bad"),)])
            return
        except Exception as error:  # noqa: BLE001 - what a stranger wrote must not end the dashboard
            self._data = None
            self.log.error(error)
            self.show_lines([(Span(f"This cannot be read: a defect in evaldock ({type(error).__name__}).", "bad"),)])
            return
        now = self._task_row
        if now is None or (now.job, self._task_attempt) != (row.job, attempt):
            return
        self._data = data
        self._kept.pop(stamp, None)
        self._kept[stamp] = data
        if len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        self._draw()

    def _draw(self) -> None:
        if self._data is not None and self._task_row is not None and self.size.width:
            self.show_lines(self.lines(self._data, self._task_row, self.cells))

    def on_resize(self, event: Resize) -> None:
        """Lines are made for a width."""
        self._draw()
        super().on_resize(event)

    def copy_text(self) -> str:
        """All that the pane holds, as text."""
        return self.plain_text()
