"""The Results tab."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.results.tree import MetricTree, read_tree
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
        tree = read_tree(
            JobPaths(self.folder(row, run)).artifacts,
            fmt=spec.result_format,
            file=spec.result_file,
            task=spec.task,
            primary_metric=spec.primary_metric,
        )
        return tree, row_of(run, row, self.attempt)

    def lines(self, data: tuple[MetricTree, TaskRow], row: TaskRow, width: int) -> Sequence[Sequence[Span]]:
        """The table."""
        tree, ended = data
        return results_lines(tree, ended, glyphs_of(self), width)
