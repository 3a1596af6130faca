"""What stands at the right of the tabs: which task, and how the pane stands to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..draw import numbers
from ..draw.line import Span
from ..glyphs import Glyphs
from .row import TaskRow

if TYPE_CHECKING:
    from ..log.frame import LogStatus


def pane_title(row: TaskRow, harness: bool = True) -> list[list[Span]]:
    """The task's name, and its harness."""
    items = [[Span(row.task, "text", bold=True)]]
    return [*items, [Span(row.harness, "dim")]] if harness and row.harness else items


def log_title(row: TaskRow, status: LogStatus, attempt: int | None, glyphs: Glyphs) -> list[list[Span]]:
    """The task, how long its log is, and whether its end is followed."""
    items = pane_title(row)
    if attempt is not None:
        items.append([Span(f"attempt {attempt} of {row.attempt}", "warn")])
    if status.lines:
        noun = " line" if status.lines == 1 else " lines"
        items.append([Span(numbers.count(status.lines), "text"), Span(noun, "dim")])
    if status.gone:
        items.append([Span("file removed", "warn")])
    elif status.following:
        if row.live:
            items.append([Span(f"following {glyphs.down}", "accent")])
    elif status.paused_new:
        items.append([Span(f"paused, {numbers.count(status.paused_new)} new below", "warn")])
    elif row.live:
        items.append([Span("paused", "warn")])
    return items


def other_title(row: TaskRow, attempt: int | None = None) -> list[list[Span]]:
    """The task, and the attempt that is shown: amber where it is not the newest."""
    if attempt is not None:
        return [*pane_title(row), [Span(f"attempt {attempt} of {row.attempt}", "warn")]]
    return [*pane_title(row), [Span(f"attempt {row.attempt}", "dim")]]
