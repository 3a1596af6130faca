"""The Requests tab."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from ...core.plan.spec import JobSpec
from ...core.plan.trees import tree_at
from ...core.run.figures import read_figures
from ...core.run.samples import SampleLog
from ...core.run.store import Run
from ..actions import bindings
from ..draw.line import Span
from ..view.requests_lines import RequestsData, requests_lines, sample_starts_at
from ..view.row import TaskRow
from ..view.sample_lines import Shown
from ..view.snapshot import Snapshot
from ..widgets.dress import glyphs_of
from .pane import ReadPane

_LOGGING = ("request_logging", "response_logging")


class RequestsPane(ReadPane[RequestsData]):
    """What the proxy saw of a task's requests, and one logged pair at a time."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("left", "right", call="{id}")

    def __init__(self) -> None:
        super().__init__()
        self._log: SampleLog | None = None
        self._folder: Path | None = None
        self._wanted = 0

    def stamp(self, row: TaskRow, run: Run, snapshot: Snapshot) -> Hashable:
        """Figures move while the task is at work."""
        moving = (row.requests, row.done) if row.live and self.attempt == row.attempt else None
        return (row.job, row.attempt, self.attempt, row.state, moving, self._wanted)

    def other_task(self) -> None:
        """Begin with the first pair."""
        self._wanted = 0

    def read(self, row: TaskRow, run: Run) -> RequestsData:
        """Figures, and the pair that is looked at."""
        attempt = self.attempt
        spec = run.job(row.job, attempt)
        params = tree_at(dict(spec.run_config), "config", "params")
        return RequestsData(
            read_figures(run, row.job, attempt),
            self._shown(self.folder(row, run)),
            limit=_whole(params.get("max_new_tokens")),
            parallel=_whole(params.get("parallelism")),
            live=row.live and attempt == row.attempt,
            logs=_logs(spec),
        )

    def _shown(self, folder: Path) -> Shown | None:
        if self._log is None or self._folder != folder:
            self._log, self._folder = SampleLog(folder), folder
        total = self._log.refresh()
        place = min(self._wanted, total - 1)
        return Shown(self._log.read(place), place, total) if total else None

    def lines(self, data: RequestsData, row: TaskRow, width: int) -> Sequence[Sequence[Span]]:
        """Figures, then the pair."""
        return requests_lines(data, glyphs_of(self), width)

    def action_left(self) -> None:
        """The pair before."""
        self._walk(-1)

    def action_right(self) -> None:
        """The next pair."""
        self._walk(1)

    def _walk(self, step: int) -> None:
        data = self._data
        if data is None or data.shown is None:
            return
        self._wanted = max(0, min(data.shown.place + step, data.shown.total - 1))
        self.read_again()
        # The pair comes into sight: its head to the top, as far as there is so much below it.
        self.see(sample_starts_at(data, glyphs_of(self), self.cells))


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _logs(spec: JobSpec) -> bool:
    listed = spec.adapter.get("interceptors")
    return any(name in str(listed) for name in _LOGGING)
