"""The Results tab."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.results.tree import MetricTree, tree_apart
from ...core.run.paths import JobPaths
from ...core.run.store import Run
from ..draw.line import Span
from ..view.results_lines import results_lines
from ..view.row import TaskRow
from ..widgets.dress import glyphs_of
from .earlier import row_of
from .pane import ReadPane


class ResultsPane(ReadPane[tuple[MetricTree, TaskRow]]):
    """All scores of a task."""

    def read(self, row: TaskRow, run: Run) -> tuple[MetricTree, TaskRow]:
        """What the harness wrote, and how the attempt ended."""
        spec = run.job(row.job, self.attempt)
        return tree_apart(spec, JobPaths(self.folder(row, run)).artifacts), row_of(run, row, self.attempt)

    def lines(self, data: tuple[MetricTree, TaskRow], row: TaskRow, width: int) -> Sequence[Sequence[Span]]:
        """The table."""
        tree, ended = data
        return results_lines(tree, ended, glyphs_of(self), width)
