"""The Timeline tab."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime

from ...core.run.journal import read_events
from ...core.run.store import Run
from ...core.run.timeline import TimelineEntry, timeline
from ..draw.line import Span
from ..view.row import TaskRow
from ..view.snapshot import Snapshot
from ..view.timeline_lines import timeline_lines
from ..widgets.dress import glyphs_of
from .pane import ReadPane


class TimelinePane(ReadPane[tuple[TimelineEntry, ...]]):
    """The journal of one task in words, over all its attempts."""

    def stamp(self, row: TaskRow, run: Run, snapshot: Snapshot) -> Hashable:
        """Every event of the job, and those of the run."""
        return (row.job, row.attempt, row.state, row.kill_requested, snapshot.paused, snapshot.engine)

    def read(self, row: TaskRow, run: Run) -> tuple[TimelineEntry, ...]:
        """The whole journal."""
        return timeline(read_events(run.paths.journal), row.job)

    def lines(self, data: tuple[TimelineEntry, ...], row: TaskRow, width: int) -> Sequence[Sequence[Span]]:
        """One line an event."""
        now = None if row.ended else datetime.now(UTC)
        return timeline_lines(data, glyphs_of(self), width, now=now)
