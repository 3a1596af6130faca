"""An earlier attempt of a task: what was known of it when it had ended."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from ...core.base.clock import Moment
from ...core.run.events import Event, RerunRequested
from ...core.run.journal import read_events
from ...core.run.state import JobView, RunState
from ...core.run.store import Run
from ..view.row import TaskRow
from ..view.rows import RowMaker


def view_of(run: Run, row: TaskRow, attempt: int) -> JobView:
    """What the journal says of an attempt. Reads it for another one than the newest; raises OSError, RunDamaged."""
    if attempt == row.attempt:
        return run.state().jobs[row.job]

    def before(event: Event) -> bool:
        return not (isinstance(event, RerunRequested) and event.job == row.job and event.attempt > attempt)

    events = takewhile(before, read_events(run.paths.journal))
    return RunState.empty(run.plan).fold(events).jobs[row.job]


def row_of(run: Run, row: TaskRow, attempt: int) -> TaskRow:
    """An attempt as a row: `row` itself for the newest. Raises OSError, RunDamaged."""
    if attempt == row.attempt:
        return row
    (made,) = RowMaker(run).rows([view_of(run, row, attempt)], {}, Moment.this_second())
    return replace(made, index=row.index)
