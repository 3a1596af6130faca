"""The Requests tab."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ...core.plan.trees import tree_at
from ...core.run.figures import read_figures
from ...core.run.samples import SampleLog
from ...core.run.store import Run
from ..draw.line import Span
from ..view.requests_lines import RequestsData, requests_lines
from ..view.row import TaskRow
from ..view.snapshot import Snapshot
from ..widgets.dress import glyphs_of
from .pane import ReadPane

_SHOWN = 20


class RequestsPane(ReadPane[RequestsData]):
    """What the proxy saw of a task's requests."""

    def __init__(self) -> None:
        super().__init__()
        self._log: tuple[str, int, SampleLog] | None = None

    def stamp(self, row: TaskRow, run: Run, snapshot: Snapshot) -> Hashable:
        """Figures move while the task is at work."""
        return (row.job, row.attempt, row.state, row.requests if row.live else None)

    def read(self, row: TaskRow, run: Run) -> RequestsData:
        """Figures, and the newest pairs that are logged."""
        spec = run.job(row.job)
        if self._log is None or self._log[:2] != (row.job, row.attempt):
            self._log = (row.job, row.attempt, SampleLog(run.paths.job(spec.dir_name).root))
        log = self._log[2]
        total = log.refresh()
        samples = tuple(log.read(number) for number in range(max(0, total - _SHOWN), total))
        limit = tree_at(dict(spec.run_config), "config", "params").get("max_new_tokens")
        figures = read_figures(run, row.job, row.attempt)
        return RequestsData(figures, samples, total, limit if isinstance(limit, int) else None)

    def lines(self, data: RequestsData, row: TaskRow, width: int) -> Sequence[Sequence[Span]]:
        """Figures, then samples."""
        return requests_lines(data, glyphs_of(self), width)
