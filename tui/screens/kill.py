"""Before tasks are killed: which ones, what becomes of each, and what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..draw import numbers
from ..draw.cells import cut_middle, padded
from ..draw.line import Span
from ..glyphs import state_glyph, state_role
from ..view.row import TaskRow
from ..widgets.dress import glyphs_of
from .dialog import BLANK, Choice, Dialog, Row, row, wrapped

How = Literal["stop", "now"]

_LISTED = 8


class KillDialog(Dialog[How]):
    """Asks once. `others` is how many tasks keep running; with `now` there is no grace period."""

    deed = "bad"
    stay_label = "keep running"

    def __init__(self, rows: Sequence[TaskRow], *, grace: float, others: int = 0, now: bool = False) -> None:
        super().__init__()
        self._tasks, self._grace, self._others, self._now = tuple(rows), grace, others, now

    @property
    def title_row(self) -> Row:
        """The question."""
        deed = "Kill now:" if self._now else "Kill"
        what = self._tasks[0].task if len(self._tasks) == 1 else f"{len(self._tasks)} tasks"
        return row(Span(f"{deed} {what}?", "bright", bold=True))

    def rows(self, width: int) -> list[Row]:
        """The tasks, and what happens to them."""
        listed = [self._row_of(task, width) for task in self._tasks[:_LISTED]]
        if len(self._tasks) > _LISTED:
            listed.append(row(f"and {len(self._tasks) - _LISTED} more"))
        told = [Span("SIGKILL now, without a grace period. ", "dim")]
        if not self._now:
            told = [Span("SIGTERM now, SIGKILL after ", "dim"), Span(f"{self._grace:g}", "text"), Span(" s. ", "dim")]
        told.append(Span("Logs and results so far are kept. ", "dim"))
        if self._others:
            noun = "task keeps" if self._others == 1 else "tasks keep"
            told.append(Span(f"{self._others} other {noun} running. ", "dim"))
        told += [Span("A killed task can be run again with ", "dim"), Span("r", "bright", bold=True), Span(".", "dim")]
        return [*listed, BLANK, *wrapped(told, width)]

    def _row_of(self, task: TaskRow, width: int) -> Row:
        glyphs = glyphs_of(self.sheet)
        how = task.state
        if task.fraction is not None and task.state == "pulling":
            how += f" {numbers.percent(task.fraction)}"
        elif task.seconds is not None:
            how += f" {numbers.elapsed(task.seconds)}"
        name = cut_middle(task.task, max(8, width - 46), glyphs.ellipsis)
        return row(
            Span(f"{state_glyph(glyphs, task.state)} ", state_role(task.state), bold=True),
            Span(padded(name, max(8, min(22, width - 46))), "bright"),
            Span(f"  {how}", "text"),
            right=[Span(self._kept(task), "dim")],
        )

    def _kept(self, task: TaskRow) -> str:
        if task.state == "queued":
            return "will not start"
        if task.state == "pulling":
            return "no container yet"
        if task.state == "stopping":
            return "already stopping"
        if task.done and task.total:
            return f"{numbers.count(task.done)} of {numbers.count(task.total)} samples kept"
        return f"{numbers.count(task.done)} samples kept" if task.done else ""

    def choices(self) -> list[Choice]:
        """Yes."""
        what = "it" if len(self._tasks) == 1 else f"{len(self._tasks)} tasks"
        return [Choice("y", f"kill {what} now" if self._now else f"kill {what}", "kill", "bad")]

    def action_kill(self) -> None:
        """Do it."""
        self.dismiss("now" if self._now else "stop")
